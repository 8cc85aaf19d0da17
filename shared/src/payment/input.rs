//! What a payment hears, and the words that the table has for it.

use super::{Attempt, Refund};
use crate::fact::{AskKind, Fact};
use crate::hold;
use crate::id::{AttemptId, RefundId};
use crate::means::Presentation;

/// Something that happened, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A buyer begins to pay; the token was checked and its `jti` is this checkout's own.
    Begin(Attempt),
    /// All pieces of stock answered one command.
    Stock {
        /// Whose claim; [`Attempt::claim`].
        attempt: AttemptId,
        /// What was asked.
        command: hold::Command,
        /// Whether all of them said yes.
        kept: bool,
    },
    /// A provider's answer, or its silence.
    Fact {
        /// Which attempt was asked about.
        attempt: AttemptId,
        /// What was asked.
        asked: AskKind,
        /// What it said.
        fact: Fact,
    },
    /// A provider's answer about giving money back.
    RefundFact {
        /// Which refund.
        refund: RefundId,
        /// What it said.
        fact: Fact,
    },
    /// Somebody says that something may have changed.
    LookNow {
        /// Which attempt.
        attempt: AttemptId,
        /// Who says so: `return`, `webhook`, `buyer`, `operator`.
        source: &'static str,
    },
    /// The buyer left the window and wants another method.
    Abandon(AttemptId),
    /// The window is shown another way.
    Presentation(AttemptId, Presentation),
    /// The shop cancels the checkout.
    ShopCancel,
    /// The shop gives money back; checked by [`Payment::check_refund`].
    Refund(Refund),
    /// Time passed.
    Tick,
}

/// The names of the inputs that the table knows. What a fact amounts to (the right amount or not, an
/// attempt of ours or a stray) is decided before the table is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputKind {
    /// A buyer begins.
    Begin,
    /// The stock says yes.
    StockKept,
    /// The stock says no.
    StockLost,
    /// Something may have changed.
    LookNow,
    /// The buyer leaves the window.
    Abandon,
    /// The shop cancels.
    ShopCancel,
    /// The attempt's clock ended.
    AttemptOver,
    /// The checkout's clock ended.
    CheckoutOver,
    /// The window may be shown.
    Prepared,
    /// The buyer is not done.
    Waiting,
    /// The provider knows nothing of it.
    NotFound,
    /// Authenticated for exactly what we asked.
    Authenticated,
    /// Authenticated or issued for something else; no money moved.
    Mismatched,
    /// A virtual account for exactly what we asked.
    DepositIssued,
    /// Captured, exactly what we asked.
    Captured,
    /// Captured, but not what we asked.
    CapturedWrong,
    /// Captured for an attempt that is not the present one.
    StrayCaptured,
    /// The same for what was asked, of an attempt that had failed and may pay yet.
    LateApproved,
    /// The provider's explicit no.
    Declined,
    /// Can never be paid any more.
    Closed,
    /// Silence, garbage, busy.
    Unknown,
}

impl InputKind {
    /// Every kind, in the order of the enum.
    pub const ALL: [Self; 21] = [
        Self::Begin,
        Self::StockKept,
        Self::StockLost,
        Self::LookNow,
        Self::Abandon,
        Self::ShopCancel,
        Self::AttemptOver,
        Self::CheckoutOver,
        Self::Prepared,
        Self::Waiting,
        Self::NotFound,
        Self::Authenticated,
        Self::Mismatched,
        Self::DepositIssued,
        Self::Captured,
        Self::CapturedWrong,
        Self::StrayCaptured,
        Self::LateApproved,
        Self::Declined,
        Self::Closed,
        Self::Unknown,
    ];
}

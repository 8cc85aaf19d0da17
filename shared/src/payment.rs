//! THE machine: how a checkout is paid. Knows no provider, no HTTP, no SQL.
//!
//! [`Payment::step`] takes one input and says what happened; [`Payment::take_work`] says what the state
//! wants done in the world and marks it as asked. The shell's one rule: load, step, store everything in
//! one transaction, then do the work; every result is a new input. After a crash the stored state and
//! its [`Payment::due`] time are enough to go on, because work is derived from state, never queued.
//!
//! Map: `state` what is kept · `input` what is heard · `table` what an input does in a phase ·
//! `verdict` what comes of it · `step` from an input to the table · `arrive` from the table to the next
//! phase · `late_approval` money of failed attempts · `refund` money going back · `patience` with providers · `undecided` outcomes that stay unknown · `work` what is due in the
//! world · `undelivered` notices that died.
//!
//! # Why only a look-up moves a payment
//! Return, webhook, poll, cron and operator all arrive as [`Input::LookNow`]. What moves the machine is
//! a [`Fact`] that the provider told us when we asked, compared here with what we asked for (I-2, I-18).

mod arrive;
mod input;
mod late_approval;
mod patience;
mod refund;
mod state;
mod step;
mod table;
mod undecided;
mod undelivered;
mod verdict;
mod work;

#[cfg(test)]
mod tests;

pub use input::{Input, InputKind};
pub use patience::PATIENCE_MAX;
pub use refund::{Refund, RefundCause, RefundError, RefundPlan, RefundState};
pub use state::{Attempt, CaptureTurn, Phase, PhaseKind, Style, Why};
pub use table::verdict;
pub use verdict::{Case, CaseCode, Event, Refusal, Step, Verdict};
pub use work::{Retry, UNDECIDED, Work};

use crate::checkout::Checkout;
use crate::hold;
use crate::id::AttemptId;
use crate::time::Timestamp;

/// At most this many attempts in a checkout: a buyer with more trouble needs a person.
pub const ATTEMPTS_MAX: usize = 10;
/// At most this many refunds, reversals included.
pub const REFUNDS_MAX: usize = 50;
/// At most this many cases are kept.
pub const CASES_MAX: usize = 20;
/// The state of a checkout's payment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Payment {
    /// Rises by one with every change; a stale writer shows by it (I-10).
    pub version: u64,
    /// Where it stands.
    pub phase: Phase,
    /// When the phase's question is put next.
    pub retry: Retry,
    /// Every attempt, oldest first.
    pub attempts: Vec<Attempt>,
    /// Money on its way back.
    pub refunds: Vec<Refund>,
    /// Stock commands not yet acknowledged.
    pub stock_debts: Vec<(AttemptId, hold::Command, Retry)>,
    /// Ended attempts that somebody says have changed.
    pub strays: Vec<(AttemptId, Retry)>,
    /// The shop wants to cancel as soon as the outcome is known.
    pub shop_cancels: bool,
    /// For people.
    pub cases: Vec<Case>,
}

impl Default for Payment {
    fn default() -> Self {
        Self {
            version: 1,
            phase: Phase::Open,
            retry: Retry::never(),
            attempts: Vec::new(),
            refunds: Vec::new(),
            stock_debts: Vec::new(),
            strays: Vec::new(),
            shop_cancels: false,
            cases: Vec::new(),
        }
    }
}

impl Payment {
    /// The attempt of this id.
    #[must_use]
    pub fn attempt(&self, id: AttemptId) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.id == id)
    }

    /// The attempt that the phase is about, or the last one.
    #[must_use]
    pub fn current(&self) -> Option<&Attempt> {
        match self.phase.attempt() {
            Some(id) => self.attempt(id),
            None => self.attempts.last(),
        }
    }

    /// Whether money that must not be with us is still on its way back: no new attempt meanwhile.
    #[must_use]
    pub fn reversing(&self) -> bool {
        self.refunds.iter().any(|refund| match refund.cause {
            RefundCause::Reversal(_) => refund.state == RefundState::Requested,
            RefundCause::Shop(_) | RefundCause::External => false,
        })
    }

    /// Why no new attempt may begin; `None` when one may.
    #[must_use]
    pub fn why_not_begin(&self, checkout: &Checkout, now: Timestamp) -> Option<Refusal> {
        if let Verdict::Refuse(why) = verdict(self.phase.kind(), InputKind::Begin) {
            return Some(why);
        }
        match () {
            () if self.reversing() => Some(Refusal::AttemptOpen),
            () if now >= checkout.expires_at => Some(Refusal::Closed),
            () if self.attempts.len() >= ATTEMPTS_MAX => Some(Refusal::TooManyAttempts),
            () => None,
        }
    }

    /// Whether a new attempt may begin.
    #[must_use]
    pub fn may_begin(&self, checkout: &Checkout, now: Timestamp) -> bool {
        self.why_not_begin(checkout, now).is_none()
    }
}

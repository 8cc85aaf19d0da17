//! THE machine: how a checkout is paid. Knows no provider, no HTTP, no SQL.
//!
//! [`Payment::step`] takes one input and says what happened; [`Payment::take_work`] says what the state
//! wants done in the world and marks it as asked. The shell's one rule: load, step, store everything in
//! one transaction, then do the work; every result is a new input. After a crash the stored state and
//! its [`Payment::due`] time are enough to go on, because work is derived from state, never queued.
//!
//! # Why only a look-up moves a payment
//! Return, webhook, poll, cron and operator all arrive as [`Input::LookNow`]. What moves the machine is
//! a [`Fact`] that the provider told us when we asked, compared here with what we asked for (I-2, I-18).

mod refund;
mod table;
mod work;

#[cfg(test)]
mod tests;

pub use refund::{Refund, RefundCause, RefundError, RefundState};
pub use table::verdict;
pub use work::{Retry, Work};

use crate::checkout::Checkout;
use crate::fact::{AskKind, Decline, DeclineCode, Deposit, Fact, ProviderPaymentId, Sighting};
use crate::hold;
use crate::id::{AttemptId, ChannelId, MethodId, RefundId};
use crate::means::{Device, Means, Presentation};
use crate::posting::Entry;
use crate::time::Timestamp;

/// At most this many attempts in a checkout: a buyer with more trouble needs a person.
pub const ATTEMPTS_MAX: usize = 10;
/// At most this many refunds, reversals included.
pub const REFUNDS_MAX: usize = 50;
/// At most this many cases are kept.
pub const CASES_MAX: usize = 20;

/// What the core needs to know of the attempt's provider; copied from its capabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Must announce the payment before the window.
    pub prepares: bool,
    /// Can close a session for good.
    pub closes: bool,
    /// The provider takes the money in its window.
    pub captures_itself: bool,
    /// Can give a part back.
    pub partial_cancel: bool,
}

/// One try at one provider's window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its id; its request id follows from it.
    pub id: AttemptId,
    /// Which contract.
    pub channel: ChannelId,
    /// What the buyer chose.
    pub method: MethodId,
    /// How the buyer pays.
    pub means: Means,
    /// On what.
    pub device: Device,
    /// How the window is shown now.
    pub presentation: Presentation,
    /// How often the presentation changed: the newest window key wins.
    pub rung: u32,
    /// `ko` or `en`.
    pub locale: String,
    /// The provider's ways.
    pub style: Style,
    /// How the provider names the merchant, where its answers do.
    pub merchant: Option<String>,
    /// Digest of the token's `jti` and the request's key: a repeat has the same.
    pub begun_by: [u8; 32],
    /// When it began.
    pub started_at: Timestamp,
    /// When its window's life ends.
    pub ends_at: Timestamp,
    /// The provider's token, stored before its page is shown (R49).
    pub token: Option<String>,
    /// The provider's id, learnt by look-up.
    pub payment_id: Option<ProviderPaymentId>,
    /// How it ended, if it ended without money.
    pub decline: Option<Decline>,
}

/// Why an attempt is being closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The buyer left the window and wants another method.
    BuyerLeft,
    /// The shop cancels the checkout.
    ShopCancels,
    /// The attempt's clock ran out.
    Over,
}

/// What is to be asked next while capturing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureTurn {
    /// Tell it to take the money, with the attempt's key.
    Capture,
    /// Ask what became of it.
    LookUp,
}

/// Where the payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Nobody pays at the moment.
    Open,
    /// The attempt is recorded, the stock is being asked.
    Holding(AttemptId),
    /// The provider is asked to begin.
    Preparing(AttemptId),
    /// The window may be shown.
    Presented(AttemptId),
    /// Authenticated; the stock is being secured before the money moves.
    Rechecking(AttemptId, Sighting),
    /// Told to take the money; outcome unknown until the provider says.
    Capturing(AttemptId, Sighting, CaptureTurn),
    /// A virtual account waits for the deposit.
    AwaitingDeposit(AttemptId, Sighting, Deposit),
    /// The attempt is being closed; an unpaid virtual account has to be cancelled first.
    Closing(AttemptId, Why, Option<Sighting>),
    /// The provider has the money; the stock is being secured.
    Securing(AttemptId, Sighting),
    /// Paid.
    Paid(AttemptId, Sighting, Timestamp),
    /// Cancelled by the shop.
    Cancelled(Timestamp),
    /// Nobody paid in time.
    Expired(Timestamp),
}

/// The names of the phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhaseKind {
    /// [`Phase::Open`]
    Open,
    /// [`Phase::Holding`]
    Holding,
    /// [`Phase::Preparing`]
    Preparing,
    /// [`Phase::Presented`]
    Presented,
    /// [`Phase::Rechecking`]
    Rechecking,
    /// [`Phase::Capturing`]
    Capturing,
    /// [`Phase::AwaitingDeposit`]
    AwaitingDeposit,
    /// [`Phase::Closing`]
    Closing,
    /// [`Phase::Securing`]
    Securing,
    /// [`Phase::Paid`]
    Paid,
    /// [`Phase::Cancelled`]
    Cancelled,
    /// [`Phase::Expired`]
    Expired,
}

impl PhaseKind {
    /// Every phase, in the order of the enum.
    pub const ALL: [Self; 12] = [
        Self::Open,
        Self::Holding,
        Self::Preparing,
        Self::Presented,
        Self::Rechecking,
        Self::Capturing,
        Self::AwaitingDeposit,
        Self::Closing,
        Self::Securing,
        Self::Paid,
        Self::Cancelled,
        Self::Expired,
    ];
}

impl Phase {
    /// Its name.
    #[must_use]
    pub const fn kind(&self) -> PhaseKind {
        match self {
            Self::Open => PhaseKind::Open,
            Self::Holding(_) => PhaseKind::Holding,
            Self::Preparing(_) => PhaseKind::Preparing,
            Self::Presented(_) => PhaseKind::Presented,
            Self::Rechecking(..) => PhaseKind::Rechecking,
            Self::Capturing(..) => PhaseKind::Capturing,
            Self::AwaitingDeposit(..) => PhaseKind::AwaitingDeposit,
            Self::Closing(..) => PhaseKind::Closing,
            Self::Securing(..) => PhaseKind::Securing,
            Self::Paid(..) => PhaseKind::Paid,
            Self::Cancelled(_) => PhaseKind::Cancelled,
            Self::Expired(_) => PhaseKind::Expired,
        }
    }

    /// The attempt it is about.
    #[must_use]
    pub const fn attempt(&self) -> Option<AttemptId> {
        match self {
            Self::Open | Self::Cancelled(_) | Self::Expired(_) => None,
            Self::Holding(attempt)
            | Self::Preparing(attempt)
            | Self::Presented(attempt)
            | Self::Rechecking(attempt, _)
            | Self::Capturing(attempt, ..)
            | Self::AwaitingDeposit(attempt, ..)
            | Self::Closing(attempt, ..)
            | Self::Securing(attempt, _)
            | Self::Paid(attempt, ..) => Some(*attempt),
        }
    }

    /// What the provider showed us last, where this phase rests on it.
    #[must_use]
    pub const fn sighting(&self) -> Option<&Sighting> {
        match self {
            Self::Rechecking(_, sighting)
            | Self::Capturing(_, sighting, _)
            | Self::AwaitingDeposit(_, sighting, _)
            | Self::Closing(_, _, Some(sighting))
            | Self::Securing(_, sighting)
            | Self::Paid(_, sighting, _) => Some(sighting),
            Self::Open
            | Self::Holding(_)
            | Self::Preparing(_)
            | Self::Presented(_)
            | Self::Closing(_, _, None)
            | Self::Cancelled(_)
            | Self::Expired(_) => None,
        }
    }
}

/// Something that happened, with its evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A buyer begins to pay; the token was checked and its `jti` is this checkout's own.
    Begin(Attempt),
    /// All pieces of stock answered one command.
    Stock {
        /// Whose claim.
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
    /// The provider's explicit no.
    Declined,
    /// Can never be paid any more.
    Closed,
    /// Silence, garbage, busy.
    Unknown,
}

impl InputKind {
    /// Every kind, in the order of the enum.
    pub const ALL: [Self; 20] = [
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
        Self::Declined,
        Self::Closed,
        Self::Unknown,
    ];
}

/// Why the caller is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Another attempt is under way.
    AttemptOpen,
    /// It is paid.
    Paid,
    /// It is cancelled or expired.
    Closed,
    /// [`ATTEMPTS_MAX`] is reached.
    TooManyAttempts,
}

/// What a person must look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseCode {
    /// The provider holds another amount, currency, merchant or id than we asked for.
    AmountMismatch,
    /// Money came after the attempt had ended.
    LateCapture,
    /// Money came and the last piece was gone.
    SoldOut,
    /// The provider contradicts what it said before.
    Contradiction,
    /// The provider refuses to give money back.
    RefundRefused,
    /// An outcome is still unknown near the end of the provider's undo window.
    OutcomeUnknown,
    /// A notice could not be delivered.
    NoticeUndelivered,
}

impl CaseCode {
    /// Every code.
    pub const ALL: [Self; 7] = [
        Self::AmountMismatch,
        Self::LateCapture,
        Self::SoldOut,
        Self::Contradiction,
        Self::RefundRefused,
        Self::OutcomeUnknown,
        Self::NoticeUndelivered,
    ];

    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AmountMismatch => "amount_mismatch",
            Self::LateCapture => "late_capture",
            Self::SoldOut => "sold_out_after_payment",
            Self::Contradiction => "provider_contradiction",
            Self::RefundRefused => "refund_refused",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::NoticeUndelivered => "notice_undelivered",
        }
    }

    /// Reads the code on the wire.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.code() == code)
    }
}

/// Something for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Which kind.
    pub code: CaseCode,
    /// What was seen; no personal data.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// What the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// To this phase.
    Go(PhaseKind),
    /// A repeat, or nothing to do.
    Same,
    /// Stay, and ask the provider now.
    Ask,
    /// Stay, and remember the shop's cancel until the outcome is known (F38).
    Note,
    /// Money that must not be with us goes back; a person is told.
    Undo(CaseCode),
    /// The caller's fault.
    Refuse(Refusal),
    /// The world contradicts our books: stay, and call a person.
    Alarm(CaseCode),
}

/// What the shop is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// Paid.
    Paid,
    /// An attempt ended without money.
    Declined,
    /// A virtual account was issued.
    DepositIssued,
    /// Cancelled before payment.
    Cancelled,
    /// Nobody paid in time.
    Expired,
    /// Money went back.
    Refunded,
    /// A person should look.
    Review,
}

impl Event {
    /// The type on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Paid => "checkout.paid",
            Self::Declined => "checkout.declined",
            Self::DepositIssued => "checkout.deposit_issued",
            Self::Cancelled => "checkout.cancelled",
            Self::Expired => "checkout.expired",
            Self::Refunded => "checkout.refunded",
            Self::Review => "checkout.review",
        }
    }
}

/// What one input did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What the table said.
    pub verdict: Verdict,
    /// The input as the table saw it, where it came to the table.
    pub seen: Option<InputKind>,
    /// What the shop is told.
    pub events: Vec<Event>,
    /// What the ledger gets; each sums to zero.
    pub entries: Vec<Entry>,
    /// Whether anything changed: an unchanged state is not stored and has no new version.
    pub changed: bool,
}

/// The state of a checkout's payment.
#[derive(Debug, Clone, PartialEq, Eq)]
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

    /// Whether a new attempt may begin.
    #[must_use]
    pub fn may_begin(&self, checkout: &Checkout, now: Timestamp) -> bool {
        self.phase.kind() == PhaseKind::Open
            && !self.reversing()
            && self.attempts.len() < ATTEMPTS_MAX
            && now < checkout.expires_at
    }

    /// One input. Never panics; an input that does not fit changes nothing.
    pub fn step(&mut self, checkout: &Checkout, input: Input, now: Timestamp) -> Step {
        let before = self.clone();
        let mut step = Step {
            verdict: Verdict::Same,
            seen: None,
            events: Vec::new(),
            entries: Vec::new(),
            changed: false,
        };
        self.take(checkout, input, now, &mut step);
        if *self != before {
            self.version = before.version.saturating_add(1);
            step.changed = true;
        }
        step
    }

    fn take(&mut self, checkout: &Checkout, input: Input, now: Timestamp, step: &mut Step) {
        match input {
            Input::Begin(attempt) => self.begin(checkout, attempt, now, step),
            Input::Stock { attempt, command, kept } => {
                self.stock_answered(checkout, (attempt, command, kept), now, step);
            }
            Input::Fact { attempt, asked, fact } => {
                self.fact(checkout, attempt, asked, fact, now, step);
            }
            Input::RefundFact { refund, fact } => {
                self.refund_answered(checkout, refund, &fact, now, step);
            }
            Input::LookNow { attempt, .. } => self.look_now(checkout, attempt, now, step),
            Input::Abandon(attempt) => {
                if self.phase.attempt() == Some(attempt) {
                    self.decide(checkout, InputKind::Abandon, None, now, step);
                }
            }
            Input::Presentation(attempt, presentation) => self.present(attempt, presentation),
            Input::ShopCancel => self.decide(checkout, InputKind::ShopCancel, None, now, step),
            Input::Refund(refund) => {
                if self.check_refund(checkout, &refund).is_ok() {
                    self.refunds.push(refund);
                }
            }
            Input::Tick => self.tick(checkout, now, step),
        }
    }

    fn begin(&mut self, checkout: &Checkout, attempt: Attempt, now: Timestamp, step: &mut Step) {
        if self.attempts.iter().any(|known| known.id == attempt.id) {
            return;
        }
        step.seen = Some(InputKind::Begin);
        step.verdict = verdict(self.phase.kind(), InputKind::Begin);
        if matches!(step.verdict, Verdict::Go(_)) && !self.may_begin(checkout, now) {
            step.verdict = Verdict::Refuse(match () {
                () if self.reversing() => Refusal::AttemptOpen,
                () if now >= checkout.expires_at => Refusal::Closed,
                () => Refusal::TooManyAttempts,
            });
        }
        if matches!(step.verdict, Verdict::Go(_)) {
            self.phase = Phase::Holding(attempt.id);
            self.retry = Retry::now(now);
            self.attempts.push(attempt);
        }
    }

    fn present(&mut self, id: AttemptId, presentation: Presentation) {
        let shown = self.phase.kind() == PhaseKind::Presented && self.phase.attempt() == Some(id);
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == id)
            && shown
        {
            attempt.presentation = presentation;
            attempt.rung = attempt.rung.saturating_add(1);
        }
    }

    fn look_now(&mut self, checkout: &Checkout, id: AttemptId, now: Timestamp, step: &mut Step) {
        if self.phase.attempt() == Some(id) {
            self.decide(checkout, InputKind::LookNow, None, now, step);
        } else if let Some(attempt) = self.attempt(id) {
            // Only a provider that captures by itself can surprise us after the end.
            let known = self.strays.iter().any(|(stray, _)| *stray == id);
            if attempt.style.captures_itself && !known {
                self.strays.push((id, Retry::now(now)));
            }
            step.seen = Some(InputKind::LookNow);
        }
    }

    fn tick(&mut self, checkout: &Checkout, now: Timestamp, step: &mut Step) {
        let ends_at = self.phase.attempt().and_then(|id| self.attempt(id)).map(|a| a.ends_at);
        let kind = match ends_at {
            None if now >= checkout.expires_at => InputKind::CheckoutOver,
            Some(ends_at) if now >= ends_at => InputKind::AttemptOver,
            None | Some(_) => return,
        };
        self.decide(checkout, kind, None, now, step);
    }

    fn stock_answered(
        &mut self,
        checkout: &Checkout,
        answer: (AttemptId, hold::Command, bool),
        now: Timestamp,
        step: &mut Step,
    ) {
        let (attempt, command, kept) = answer;
        match command {
            hold::Command::Commit | hold::Command::Release => {
                self.stock_debts.retain(|(whose, debt, _)| (*whose, *debt) != (attempt, command));
                if command == hold::Command::Commit && !kept {
                    self.call_person(CaseCode::SoldOut, "stock lost after payment", now, step);
                }
            }
            hold::Command::Hold | hold::Command::Secure => {
                let prepares = self.attempt(attempt).is_some_and(|a| a.style.prepares);
                let expected = match self.phase {
                    Phase::Holding(_) => hold::Command::Hold,
                    Phase::Open
                    | Phase::Preparing(_)
                    | Phase::Presented(_)
                    | Phase::Rechecking(..)
                    | Phase::Capturing(..)
                    | Phase::AwaitingDeposit(..)
                    | Phase::Closing(..)
                    | Phase::Securing(..)
                    | Phase::Paid(..)
                    | Phase::Cancelled(_)
                    | Phase::Expired(_) => hold::Command::Secure,
                };
                if self.phase.attempt() != Some(attempt) || expected != command {
                    return;
                }
                let kind = match (command, kept) {
                    (hold::Command::Hold, true) if !prepares => InputKind::Prepared,
                    (_, true) => InputKind::StockKept,
                    (_, false) => InputKind::StockLost,
                };
                self.decide(checkout, kind, None, now, step);
            }
        }
    }

    fn fact(
        &mut self,
        checkout: &Checkout,
        id: AttemptId,
        asked: AskKind,
        fact: Fact,
        now: Timestamp,
        step: &mut Step,
    ) {
        if let Fact::Busy { retry_after } = &fact {
            self.retry.not_before(now.after(*retry_after));
        }
        let Some(attempt) = self.attempt(id) else { return };
        let present = self.phase.attempt() == Some(id);
        let kind = self.kind_of(checkout, attempt, asked, &fact);
        if let Fact::Authenticated(s) | Fact::DepositIssued(s, _) | Fact::Captured(s) = &fact
            && let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == id)
            && attempt.payment_id.is_none()
        {
            attempt.payment_id = Some(s.provider_payment_id.clone());
        }
        let captured = match &fact {
            Fact::Captured(sighting) => Some(sighting.clone()),
            _ => None,
        };
        if present {
            self.present_fact(checkout, kind, fact, now, step);
        } else {
            self.stray_fact(checkout, id, kind, captured.as_ref(), now, step);
        }
        if let Some(sighting) = captured {
            self.heard_cancelled(checkout, id, &sighting, now, step);
        }
    }

    fn present_fact(
        &mut self,
        checkout: &Checkout,
        kind: InputKind,
        fact: Fact,
        now: Timestamp,
        step: &mut Step,
    ) {
        // The order to capture was put; from here on we ask what became of it (F15, F16, F18).
        if let Phase::Capturing(_, _, turn) = &mut self.phase {
            *turn = CaptureTurn::LookUp;
        }
        // A paid checkout is asked only on a hint, and this answers it.
        if self.phase.kind() == PhaseKind::Paid && kind != InputKind::Unknown {
            self.retry = Retry::never();
        }
        self.decide(checkout, kind, Some(fact), now, step);
    }

    /// A fact about an attempt that ended: only money matters, and it goes back.
    fn stray_fact(
        &mut self,
        checkout: &Checkout,
        id: AttemptId,
        kind: InputKind,
        captured: Option<&Sighting>,
        now: Timestamp,
        step: &mut Step,
    ) {
        // Silence says nothing; anything else answers the question.
        if kind != InputKind::Unknown {
            self.strays.retain(|(stray, _)| *stray != id);
        }
        step.seen = Some(kind);
        if let (InputKind::Captured | InputKind::CapturedWrong, Some(sighting)) = (kind, captured) {
            step.seen = Some(InputKind::StrayCaptured);
            step.verdict = verdict(self.phase.kind(), InputKind::StrayCaptured);
            if let Verdict::Undo(code) = step.verdict {
                self.reverse(checkout, code, id, sighting, now, step);
            }
        }
    }

    /// What a fact amounts to, for this attempt in this phase.
    fn kind_of(
        &self,
        checkout: &Checkout,
        attempt: &Attempt,
        asked: AskKind,
        fact: &Fact,
    ) -> InputKind {
        let closing = self.phase.kind() == PhaseKind::Closing;
        // An attempt that only we could capture is closed as soon as we know that we did not.
        let ours_to_close = closing && !attempt.style.closes && !attempt.style.captures_itself;
        // A window that was never shown cannot be paid, whatever became of our announcing it.
        let never_shown = closing && attempt.style.prepares && attempt.token.is_none();
        let fits = |sighting: &Sighting| sighting_fits(checkout, attempt, sighting);
        match fact {
            Fact::NotFound | Fact::Waiting | Fact::Authenticated(_) if ours_to_close => {
                InputKind::Closed
            }
            Fact::NotFound if never_shown => InputKind::Closed,
            Fact::NotFound => InputKind::NotFound,
            Fact::Prepared { .. } => InputKind::Prepared,
            Fact::Waiting => InputKind::Waiting,
            Fact::Authenticated(s) if fits(s) => InputKind::Authenticated,
            Fact::DepositIssued(s, _) if fits(s) => InputKind::DepositIssued,
            Fact::Authenticated(_) | Fact::DepositIssued(..) => InputKind::Mismatched,
            // Everything went back already (by the provider's console): no money is here.
            Fact::Captured(s) if s.cancelled == s.amount && !self.holds_money() => {
                InputKind::Closed
            }
            Fact::Captured(s) if fits(s) => InputKind::Captured,
            Fact::Captured(_) => InputKind::CapturedWrong,
            Fact::Declined(_) => InputKind::Declined,
            Fact::Closed => InputKind::Closed,
            // The answer to the cancel of an unpaid virtual account.
            Fact::Cancelled { .. } if asked == AskKind::Cancel => InputKind::Closed,
            Fact::Cancelled { .. } | Fact::CancelRefused { .. } => InputKind::Unknown,
            Fact::Busy { .. } | Fact::Unclear { .. } | Fact::Silence => InputKind::Unknown,
        }
    }

    const fn holds_money(&self) -> bool {
        matches!(self.phase, Phase::Paid(..) | Phase::Securing(..))
    }

    /// Asks the table and carries out what it says.
    fn decide(
        &mut self,
        checkout: &Checkout,
        kind: InputKind,
        fact: Option<Fact>,
        now: Timestamp,
        step: &mut Step,
    ) {
        step.seen = Some(kind);
        step.verdict = verdict(self.phase.kind(), kind);
        match step.verdict {
            Verdict::Go(to) => self.go(checkout, to, kind, fact, now, step),
            Verdict::Same => {}
            Verdict::Ask => self.ask_again(kind, fact, now),
            Verdict::Note => self.shop_cancels = true,
            Verdict::Undo(code) => self.undo(checkout, code, kind, fact, now, step),
            Verdict::Refuse(_) => {}
            Verdict::Alarm(code) => {
                let detail = format!("{kind:?} while {:?}", self.phase.kind());
                self.call_person(code, &detail, now, step);
            }
        }
    }

    fn ask_again(&mut self, kind: InputKind, fact: Option<Fact>, now: Timestamp) {
        match (&mut self.phase, kind) {
            // Not captured yet after all: the same order again, with the same key (I-12).
            (Phase::Capturing(_, _, turn), InputKind::Authenticated) => {
                *turn = CaptureTurn::Capture;
            }
            (Phase::Closing(_, _, seen), InputKind::DepositIssued) => {
                if let Some(Fact::DepositIssued(sighting, _)) = fact {
                    *seen = Some(sighting);
                }
            }
            _ => {}
        }
        self.retry.soon(now);
    }

    fn go(
        &mut self,
        checkout: &Checkout,
        to: PhaseKind,
        kind: InputKind,
        fact: Option<Fact>,
        now: Timestamp,
        step: &mut Step,
    ) {
        let was = self.phase.clone();
        let Some(next) = self.next_phase(to, kind, fact.as_ref(), now) else { return };
        // F38: the shop cancelled while the outcome was unknown, and now the money is here.
        if self.shop_cancels && matches!(next, Phase::Securing(..) | Phase::Paid(..)) {
            self.undo(checkout, CaseCode::LateCapture, kind, fact, now, step);
            return;
        }
        if let (Some(attempt), Some(Fact::Prepared { token })) = (was.attempt(), fact.as_ref())
            && let Some(attempt) = self.attempts.iter_mut().find(|a| a.id == attempt)
        {
            attempt.token.clone_from(token);
        }
        self.phase = next;
        self.retry = Retry::now(now);
        self.arrive(checkout, &was, kind, fact.as_ref(), now, step);
    }

    fn next_phase(
        &self,
        to: PhaseKind,
        kind: InputKind,
        fact: Option<&Fact>,
        now: Timestamp,
    ) -> Option<Phase> {
        let attempt = self.phase.attempt();
        let seen = match fact {
            Some(Fact::Authenticated(s) | Fact::DepositIssued(s, _) | Fact::Captured(s)) => Some(s),
            Some(_) | None => self.phase.sighting(),
        }
        .cloned();
        Some(match to {
            PhaseKind::Open => match self.phase {
                Phase::Closing(_, Why::ShopCancels, _) => Phase::Cancelled(now),
                _ if self.shop_cancels => Phase::Cancelled(now),
                _ => Phase::Open,
            },
            PhaseKind::Holding => Phase::Holding(attempt?),
            PhaseKind::Preparing => Phase::Preparing(attempt?),
            PhaseKind::Presented => Phase::Presented(attempt?),
            PhaseKind::Rechecking => Phase::Rechecking(attempt?, seen?),
            PhaseKind::Capturing => Phase::Capturing(attempt?, seen?, CaptureTurn::Capture),
            PhaseKind::AwaitingDeposit => match fact {
                Some(Fact::DepositIssued(s, deposit)) => {
                    Phase::AwaitingDeposit(attempt?, s.clone(), deposit.clone())
                }
                Some(_) | None => return None,
            },
            PhaseKind::Closing => {
                let why = match kind {
                    InputKind::ShopCancel => Why::ShopCancels,
                    InputKind::Abandon => Why::BuyerLeft,
                    _ => Why::Over,
                };
                let unpaid = match &self.phase {
                    Phase::AwaitingDeposit(_, sighting, _) => Some(sighting.clone()),
                    _ => None,
                };
                Phase::Closing(attempt?, why, unpaid)
            }
            PhaseKind::Securing => Phase::Securing(attempt?, seen?),
            PhaseKind::Paid => Phase::Paid(attempt?, seen?, now),
            PhaseKind::Cancelled => Phase::Cancelled(now),
            PhaseKind::Expired => Phase::Expired(now),
        })
    }

    /// What follows from having come here: clocks, debts to the stock, entries, notices.
    fn arrive(
        &mut self,
        checkout: &Checkout,
        was: &Phase,
        kind: InputKind,
        fact: Option<&Fact>,
        now: Timestamp,
        step: &mut Step,
    ) {
        match self.phase.clone() {
            Phase::Presented(_) => self.retry = Retry::first_poll(now),
            Phase::AwaitingDeposit(id, _, deposit) => {
                self.retry = Retry::first_poll(now);
                if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == id) {
                    attempt.ends_at = deposit.until;
                }
                step.events.push(Event::DepositIssued);
            }
            Phase::Paid(id, ..) => {
                self.retry = Retry::never();
                self.owe_stock(id, hold::Command::Commit, now);
                step.entries.extend(refund::capture_entry(checkout, self.attempt(id)));
                step.events.push(Event::Paid);
            }
            Phase::Open => {
                self.retry = Retry::never();
                let decline = decline_for(was, kind, fact);
                if let Some(id) = was.attempt() {
                    self.owe_stock(id, hold::Command::Release, now);
                    if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == id)
                    {
                        attempt.decline = Some(decline);
                    }
                    step.events.push(Event::Declined);
                }
                if kind == InputKind::Mismatched {
                    self.call_person(CaseCode::AmountMismatch, "refused before capture", now, step);
                }
            }
            Phase::Cancelled(_) | Phase::Expired(_) => {
                self.retry = Retry::never();
                if let Some(id) = was.attempt() {
                    self.owe_stock(id, hold::Command::Release, now);
                }
                let expired = self.phase.kind() == PhaseKind::Expired;
                step.events.push(if expired { Event::Expired } else { Event::Cancelled });
            }
            Phase::Holding(_)
            | Phase::Preparing(_)
            | Phase::Rechecking(..)
            | Phase::Capturing(..)
            | Phase::Closing(..)
            | Phase::Securing(..) => {}
        }
    }

    fn owe_stock(&mut self, attempt: AttemptId, command: hold::Command, now: Timestamp) {
        let known = self.stock_debts.iter().any(|(a, c, _)| (*a, *c) == (attempt, command));
        if !known {
            self.stock_debts.push((attempt, command, Retry::now(now)));
        }
    }

    fn call_person(&mut self, code: CaseCode, detail: &str, now: Timestamp, step: &mut Step) {
        let known = self.cases.iter().any(|case| case.code == code && case.detail == detail);
        if !known && self.cases.len() < CASES_MAX {
            self.cases.push(Case { code, detail: detail.to_owned(), at: now });
            step.events.push(Event::Review);
        }
    }
}

/// Everything that must be equal before a provider's word is believed (I-2, R32, R33, F20 to F22).
fn sighting_fits(checkout: &Checkout, attempt: &Attempt, sighting: &Sighting) -> bool {
    let merchant = match (&attempt.merchant, &sighting.merchant) {
        (Some(ours), Some(theirs)) => ours == theirs,
        (Some(_), None) | (None, Some(_)) | (None, None) => true,
    };
    let payment_id = match &attempt.payment_id {
        Some(known) => *known == sighting.provider_payment_id,
        None => true,
    };
    merchant
        && payment_id
        && sighting.request_id == attempt.id.request_id().to_string()
        && sighting.amount == checkout.amount.total()
}

/// What the buyer is told about an attempt that ended.
fn decline_for(was: &Phase, kind: InputKind, fact: Option<&Fact>) -> Decline {
    if let Some(Fact::Declined(decline)) = fact {
        return decline.clone();
    }
    let code = match (kind, was) {
        (InputKind::StockLost, _) => DeclineCode::SoldOut,
        (InputKind::Mismatched | InputKind::CapturedWrong, _) => DeclineCode::AmountMismatch,
        (InputKind::Abandon, _) | (_, Phase::Closing(_, Why::BuyerLeft, _)) => {
            DeclineCode::BuyerCancelled
        }
        (InputKind::AttemptOver, _) | (_, Phase::Closing(_, Why::Over, _)) => DeclineCode::Expired,
        (_, Phase::Preparing(_)) => DeclineCode::ProviderUnavailable,
        _ => DeclineCode::Other,
    };
    Decline { code, provider_code: None }
}

//! What the state wants done in the world, and when.

use super::{
    Attempt, CaptureTurn, InputKind, Payment, Phase, PhaseKind, Refund, RefundState, Verdict,
    verdict,
};
use crate::checkout::Checkout;
use crate::fact::{Ask, Fact, FactKind, ProviderPaymentId, Sighting};
use crate::hold;
use crate::id::{AttemptId, RefundId};
use crate::money::Total;
use crate::time::{Span, Timestamp};

/// Waits between two times of putting the same question (F15): what nobody has answered for an hour and a
/// half is asked every hour, after a day four times a day. By then a person knows ([`UNDECIDED`]), and a
/// provider that answers "no" to a question that we must not give up is not asked a thousand times (F17).
const fn wait_after(count: u32) -> Span {
    match count {
        0 => Span::seconds(1),
        1 => Span::seconds(3),
        2 => Span::seconds(10),
        3 => Span::seconds(30),
        4 => Span::minutes(2),
        5..14 => Span::minutes(10),
        14..38 => Span::hours(1),
        38.. => Span::hours(6),
    }
}

/// A question about money that is still open so long after its attempt, or its refund, is a person's as
/// well (F15, I-16); it goes on being asked. A capture of ours is undone from then on: every provider that
/// waits for our capture takes a cancel for longer than this.
pub const UNDECIDED: Span = Span::minutes(45);

/// Where a quiet poll enters the plan: the buyer needs some seconds in any window.
const FIRST_POLL: u32 = 2;
/// Look-ups that many hints ask for are put at most once in this time.
const HINT_GAP: Span = Span::seconds(1);

/// How long after its window's life an attempt that nothing closes is looked at. A buyer may stand in
/// the last step of an authentication at its end; what comes later than this is told by webhook.
const WATCH: Span = Span::hours(1);

/// How often a paid escrow is looked at without a hint: its callbacks are unsigned and may be lost, and its
/// people may give the money back.
const SYNC_GAP: Span = Span::hours(24);
/// How long after it was paid: a delivery, a return and the days in between take no longer.
const SYNC_LIFE: Span = Span::hours(24 * 60);

/// When a question is put next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Retry {
    /// How often it was put since the last hint.
    pub count: u32,
    /// When it was put last.
    pub last_at: Timestamp,
    /// When it is put next; `None` when only a hint makes us ask.
    pub next_at: Option<Timestamp>,
}

impl Retry {
    /// Nothing is asked until somebody hints.
    #[must_use]
    pub const fn never() -> Self {
        Self { count: 0, last_at: Timestamp::from_millis(0), next_at: None }
    }

    /// Asked at once.
    #[must_use]
    pub const fn now(now: Timestamp) -> Self {
        Self { count: 0, last_at: Timestamp::from_millis(0), next_at: Some(now) }
    }

    /// Asked at this time, if nobody hints before.
    #[must_use]
    pub const fn at(at: Timestamp) -> Self {
        Self { count: 0, last_at: Timestamp::from_millis(0), next_at: Some(at) }
    }

    /// Polled quietly from some seconds on.
    #[must_use]
    pub fn first_poll(now: Timestamp) -> Self {
        let mut retry = Self { count: FIRST_POLL, ..Self::never() };
        retry.put(now);
        // Nothing was asked yet: the first hint need not wait for the gap.
        Self { last_at: Self::never().last_at, ..retry }
    }

    /// A hint: ask as soon as the gap since the last time allows.
    pub fn soon(&mut self, now: Timestamp) {
        let earliest = now.max(self.last_at.after(HINT_GAP));
        self.count = 0;
        self.next_at = Some(self.next_at.map_or(earliest, |next| next.min(earliest)));
    }

    /// The answer was only a step: the same question at once.
    pub const fn again(&mut self, now: Timestamp) {
        self.count = self.count.saturating_sub(1);
        self.next_at = Some(now);
    }

    /// The provider asked for patience.
    pub fn not_before(&mut self, at: Timestamp) {
        self.next_at = self.next_at.map(|next| next.max(at));
    }

    /// Whether a hint came since it was put last: it is newer than any answer that is heard now.
    pub(super) const fn is_hinted(self) -> bool {
        self.count == 0 && self.next_at.is_some()
    }

    fn is_due(self, now: Timestamp) -> bool {
        self.next_at.is_some_and(|next| next <= now)
    }

    /// It is put now; the next time follows the plan.
    fn put(&mut self, now: Timestamp) {
        let wait = wait_after(self.count);
        self.count = self.count.saturating_add(1);
        self.last_at = now;
        self.next_at = Some(now.after(wait));
    }

    fn take(&mut self, now: Timestamp) -> bool {
        let due = self.is_due(now);
        if due {
            self.put(now);
        }
        due
    }
}

/// Something to be done in the world; its result comes back as an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// A command to every piece of stock of the checkout.
    Stock {
        /// Whose claim; [`Attempt::claim`].
        attempt: AttemptId,
        /// What.
        command: hold::Command,
    },
    /// A question to the attempt's provider.
    Ask {
        /// Whose.
        attempt: AttemptId,
        /// What; on the heap, because it is ten times the size of a stock command.
        ask: Box<Ask>,
        /// The refund that it is about, if it is.
        refund: Option<RefundId>,
    },
}

impl Payment {
    /// What is due now, marked as asked: the caller stores this state before it does the work, and a
    /// second caller gets nothing (house rule: intent before action).
    pub fn take_work(&mut self, checkout: &Checkout, now: Timestamp) -> Vec<Work> {
        let mut work = Vec::new();
        if self.retry.is_due(now) {
            let item = self.phase_work(checkout);
            match &item {
                None => self.retry = Retry::never(),
                Some(Work::Ask { attempt, .. }) => {
                    self.retry.not_before(self.patience(*attempt, now));
                }
                Some(Work::Stock { .. }) => {}
            }
            work.extend(item.filter(|_| self.retry.take(now)));
        }
        for (attempt, command, retry) in &mut self.stock_debts {
            if retry.take(now) {
                work.push(Work::Stock { attempt: *attempt, command: *command });
            }
        }
        let mut strays = core::mem::take(&mut self.strays);
        for (attempt, retry) in &mut strays {
            retry.not_before(self.patience(*attempt, now));
            if retry.take(now) {
                work.push(self.stray_work(checkout, *attempt, retry.count));
            }
        }
        self.strays = strays;
        for at in self.next_refunds().collect::<Vec<_>>() {
            self.ask_refund(at, &mut work, now);
        }
        work
    }

    /// When the state wants to be looked at next, if ever.
    #[must_use]
    pub fn due(&self, checkout: &Checkout) -> Option<Timestamp> {
        let kind = self.phase.kind();
        let clock = |input| matches!(verdict(kind, input), Verdict::Go(_));
        let over = self.over_at().filter(|_| clock(InputKind::AttemptOver));
        let expiry = Some(checkout.expires_at).filter(|_| clock(InputKind::CheckoutOver));
        let debts = self.stock_debts.iter().filter_map(|(_, _, retry)| retry.next_at);
        let strays = self.strays.iter().filter_map(|(_, retry)| retry.next_at);
        let refunds = self.next_refunds().filter_map(|at| self.refunds.get(at)?.retry.next_at);
        [over, expiry, self.retry.next_at]
            .into_iter()
            .flatten()
            .chain(debts)
            .chain(strays)
            .chain(refunds)
            .min()
    }

    /// When the present attempt's clock ends: its window's, or, once the money was ordered, the time until
    /// which we wait for the outcome. A window's life counts from its beginning, an account's from its end.
    pub(super) fn over_at(&self) -> Option<Timestamp> {
        let attempt = self.attempt(self.phase.attempt()?)?;
        if self.phase.kind() == PhaseKind::Capturing {
            return Some(undecided_at(attempt)).filter(|_| !Self::undo_refused(attempt));
        }
        Some(attempt.ends_at)
    }

    /// The question of the present phase.
    fn phase_work(&self, checkout: &Checkout) -> Option<Work> {
        let attempt = self.phase.attempt()?;
        let ask = |ask| Some(Work::Ask { attempt, ask: Box::new(ask), refund: None });
        let claim = self.claim_of(attempt);
        let stock = |command| Some(Work::Stock { attempt: claim, command });
        match &self.phase {
            Phase::Open | Phase::Cancelled(_) | Phase::Expired(_) => None,
            Phase::Holding(_) => stock(hold::Command::Hold),
            Phase::Preparing(_) => ask(prepare(checkout, attempt)),
            // The buyer joins in the window, and what pays is prepared behind it.
            Phase::Presented(_) if self.attempt(attempt).is_some_and(Attempt::joins) => {
                ask(prepare(checkout, attempt))
            }
            Phase::Rechecking(..) | Phase::Securing(..) => stock(hold::Command::Secure),
            Phase::Capturing(_, sighting, CaptureTurn::Capture) => ask(Ask::Capture {
                request_id: attempt.request_id(),
                provider_payment_id: sighting.provider_payment_id.clone(),
                amount: checkout.amount,
            }),
            // By turns: a deposit that came first, or a provider that cannot close because it was paid,
            // shows in a look-up alone.
            Phase::Closing(..) if !self.retry.count.is_multiple_of(2) => {
                Some(self.look_up(attempt))
            }
            Phase::Closing(_, _, Some(sighting)) => ask(match self.undoing() {
                Some(taken) => undo(checkout, attempt, taken),
                None => void(checkout, attempt, &sighting.provider_payment_id),
            }),
            Phase::Closing(..) if self.attempt(attempt).is_some_and(|a| a.style.closes) => {
                ask(Ask::Close { request_id: attempt.request_id() })
            }
            Phase::Presented(_)
            | Phase::Capturing(_, _, CaptureTurn::LookUp)
            | Phase::AwaitingDeposit(..)
            | Phase::Closing(..)
            | Phase::Paid(..) => Some(self.look_up(attempt)),
        }
    }

    /// When a paid checkout is looked at again by itself, if it is.
    pub(super) fn next_sync(&self, now: Timestamp) -> Retry {
        let Phase::Paid(id, sighting, at) = &self.phase else { return Retry::never() };
        let held = self.attempt(*id).is_some_and(|attempt| attempt.style.escrow)
            && self.given_back(*id, sighting.amount) != sighting.amount
            && now < at.after(SYNC_LIFE);
        if held { Retry::at(now.after(SYNC_GAP)) } else { Retry::never() }
    }

    fn look_up(&self, attempt: AttemptId) -> Work {
        let provider_payment_id = self.attempt(attempt).and_then(|a| a.payment_id.clone());
        let ask = Ask::LookUp { request_id: attempt.request_id(), provider_payment_id };
        Work::Ask { attempt, ask: Box::new(ask), refund: None }
    }

    /// The question of an attempt that ended. An account that was issued in a window which nothing closes,
    /// or that did not fit, is voided, by turns with looking whether somebody paid into it.
    fn stray_work(&self, checkout: &Checkout, attempt: AttemptId, count: u32) -> Work {
        let issued = self
            .attempt(attempt)
            .filter(|a| a.style.stays_open() || !a.style.captures_itself)
            .filter(|_| count.is_multiple_of(2))
            .filter(|_| !self.refunds.iter().any(|refund| refund.attempt == attempt))
            .and_then(|a| a.payment_id.as_ref());
        match issued {
            Some(payment_id) => {
                let ask = Box::new(void(checkout, attempt, payment_id));
                Work::Ask { attempt, ask, refund: None }
            }
            None => self.look_up(attempt),
        }
    }

    /// Whether an attempt that ended can be paid yet, by what the provider says of it now.
    pub(super) fn may_still_pay(&self, id: AttemptId, fact: &Fact, now: Timestamp) -> bool {
        let Some(attempt) = self.attempt(id) else { return false };
        let style = attempt.style;
        let watched = now < attempt.ends_at.after(WATCH);
        // Of what only we capture, an account alone can be paid without us.
        let known = !style.captures_itself && attempt.payment_id.is_some();
        match fact.kind() {
            FactKind::NotFound | FactKind::Waiting => watched && (known || style.stays_open()),
            FactKind::Prepared | FactKind::Authenticated => watched && style.stays_open(),
            FactKind::DepositIssued => true,
            FactKind::More
            | FactKind::Captured
            | FactKind::Declined
            | FactKind::Closed
            | FactKind::Cancelled
            | FactKind::CancelRefused
            | FactKind::Busy
            | FactKind::Unclear
            | FactKind::Silence => false,
        }
    }

    /// One refund at a time of each capture: each tells the provider the balance that it expects.
    fn next_refunds(&self) -> impl Iterator<Item = usize> + '_ {
        let requested = |refund: &Refund| refund.state == RefundState::Requested;
        self.refunds.iter().enumerate().filter_map(move |(at, refund)| {
            let earlier = self.refunds.iter().take(at);
            let blocked = earlier.clone().any(|e| requested(e) && e.attempt == refund.attempt);
            (requested(refund) && !blocked).then_some(at)
        })
    }

    fn ask_refund(&mut self, at: usize, work: &mut Vec<Work>, now: Timestamp) {
        let Some((attempt, captured)) = self.refunds.get(at).map(|r| (r.attempt, r.captured))
        else {
            return;
        };
        let cancelled_before = self.given_back(attempt, captured);
        // What is asked about the attempt now may be answered with a plea: one question at a time.
        let asks = |work: &Work| matches!(work, Work::Ask { attempt: of, .. } if *of == attempt);
        let gap = if work.iter().any(asks) { now.after(HINT_GAP) } else { now };
        let earliest = gap.max(self.patience(attempt, now));
        let Some(refund) = self.refunds.get_mut(at) else { return };
        refund.retry.not_before(earliest);
        if !refund.retry.take(now) {
            return;
        }
        let ask = Ask::Cancel {
            request_id: attempt.request_id(),
            provider_payment_id: refund.payment_id.clone(),
            amount: refund.amount,
            captured,
            cancelled_before,
            key: refund.id.to_string(),
            reason: refund.reason.clone(),
            account: refund.account.clone(),
        };
        work.push(Work::Ask { attempt, ask: Box::new(ask), refund: Some(refund.id) });
    }
}

/// When the outcome of an attempt is unknown for too long.
pub(super) fn undecided_at(attempt: &Attempt) -> Timestamp {
    attempt.ends_at.max(attempt.started_at.after(UNDECIDED))
}

/// The order to announce the payment.
fn prepare(checkout: &Checkout, attempt: AttemptId) -> Ask {
    Ask::Prepare {
        request_id: attempt.request_id(),
        amount: checkout.amount,
        goods_name: checkout.label.clone(),
        buyer: checkout.buyer.to_string(),
    }
}

/// The order to give back whatever a capture took: what was ordered, until a look shows another sum. Each sum
/// has a key of its own.
fn undo(checkout: &Checkout, attempt: AttemptId, taken: &Sighting) -> Ask {
    let left = taken.amount.minus(taken.cancelled).ok().and_then(Total::amount);
    let amount = left.unwrap_or(checkout.amount);
    let request_id = attempt.request_id();
    let mut key = format!("{request_id}-close");
    if amount != checkout.amount {
        key.push_str(&amount.minor().to_string());
    }
    Ask::Cancel {
        request_id,
        provider_payment_id: taken.provider_payment_id.clone(),
        amount,
        captured: taken.amount,
        cancelled_before: taken.cancelled,
        key,
        reason: "outcome unknown".to_owned(),
        account: None,
    }
}

/// The order to void an account into which nobody has paid.
fn void(checkout: &Checkout, attempt: AttemptId, payment_id: &ProviderPaymentId) -> Ask {
    let none = Total::zero(checkout.currency());
    Ask::Cancel {
        request_id: attempt.request_id(),
        provider_payment_id: payment_id.clone(),
        amount: checkout.amount,
        captured: none,
        cancelled_before: none,
        key: format!("{}-close", attempt.request_id()),
        reason: "not paid in time".to_owned(),
        account: None,
    }
}

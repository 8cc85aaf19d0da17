//! Money on its way back: refunds by the shop, reversals of money that must not be with us, and cancels
//! that the provider's console made. One machine for the three, because they share one balance (I-11).

use super::arrive::decline_for;
use super::{Attempt, CaseCode, Event, InputKind, Payment, Phase, Retry, Step};
use crate::checkout::Checkout;
use crate::fact::{Fact, FactKind, ProviderPaymentId, RefundAccount, Sighting};
use crate::id::{AttemptId, OrderId, RefundId};
use crate::money::{Amount, Total};
use crate::posting::{Account, Entry, Side};
use crate::terms::{Billed, Closed, Prospect, RefundTerms};
use crate::time::Timestamp;

/// Why money goes back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RefundCause {
    /// The shop gives back (a part of) this order.
    Shop(OrderId),
    /// It should never have come; for this reason.
    Reversal(CaseCode),
    /// The provider's console or the bank did it (R36, F39).
    External,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RefundState {
    /// Reserved here, and asked of the provider until it answers.
    Requested,
    /// The provider says it is done.
    Done,
    /// The provider says no.
    Refused,
}

/// One amount going back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Refund {
    /// Its id; also the provider's idempotency key (I-12).
    pub id: RefundId,
    /// Why.
    pub cause: RefundCause,
    /// Whose capture it undoes: an attempt may undo only what it did (F43).
    pub attempt: AttemptId,
    /// The provider's id of that capture.
    pub payment_id: ProviderPaymentId,
    /// How much.
    pub amount: Amount,
    /// Everything that capture took.
    pub captured: Total,
    /// How far.
    pub state: RefundState,
    /// For the provider's console.
    pub reason: String,
    /// Only for cash-like methods; erased when done.
    pub account: Option<RefundAccount>,
    /// When the provider is asked next.
    pub retry: Retry,
    /// When it was asked for.
    pub at: Timestamp,
}

/// Why a refund is refused before anybody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundError {
    /// Nothing was captured.
    NotPaid,
    /// No such order in this checkout.
    UnknownOrder,
    /// More than is left of the order or of the capture, requested refunds included.
    ExceedsAvailable,
    /// The provider gives back all or nothing.
    PartialUnsupported,
    /// The provider gave it back until then, and no longer does (R66).
    WindowClosed(Timestamp),
    /// [`super::REFUNDS_MAX`] is reached.
    TooMany,
}

/// A refund as it will be: what the shop is shown before, and what is done when it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundPlan {
    /// Whose capture it undoes.
    pub attempt: AttemptId,
    /// How much.
    pub amount: Amount,
    /// The figure in the order to the provider, which may mean what stays paid.
    pub figure: Total,
    /// How, when, and what closes when.
    pub prospect: Prospect,
}

impl Payment {
    /// What a refund of this order comes to, if it is asked for at this time: everything that is left when
    /// no amount is named. The preview and the refund are this one function (R62, R66).
    ///
    /// # Errors
    /// [`RefundError`], and nothing is to be asked of anybody.
    pub fn plan_refund(
        &self,
        checkout: &Checkout,
        (order, amount): (&OrderId, Option<Amount>),
        terms: &RefundTerms,
        now: Timestamp,
    ) -> Result<RefundPlan, RefundError> {
        let Phase::Paid(attempt, sighting, paid_at) = &self.phase else {
            return Err(RefundError::NotPaid);
        };
        let left = self.left_of(checkout, order)?;
        let amount = amount.or(left.amount()).ok_or(RefundError::ExceedsAvailable)?;
        self.check_left(left, amount)?;
        let from = self.attempt(*attempt).map_or(*paid_at, |attempt| attempt.started_at);
        let prospect = terms
            .prospect(Billed { from, to: *paid_at }, now)
            .map_err(|Closed(at)| RefundError::WindowClosed(at))?;
        if !prospect.partial && amount.total() != sighting.amount {
            return Err(RefundError::PartialUnsupported);
        }
        let figure = terms
            .told
            .figure(sighting.amount, self.reserved(*attempt, sighting.amount), amount)
            .map_err(|_| RefundError::ExceedsAvailable)?;
        Ok(RefundPlan { attempt: *attempt, amount, figure, prospect })
    }

    fn left_of(&self, checkout: &Checkout, order: &OrderId) -> Result<Total, RefundError> {
        checkout.order(order).ok_or(RefundError::UnknownOrder)?;
        self.refundable(checkout, order).ok_or(RefundError::ExceedsAvailable)
    }

    fn check_left(&self, left: Total, amount: Amount) -> Result<(), RefundError> {
        if self.refunds.len() >= super::REFUNDS_MAX {
            return Err(RefundError::TooMany);
        }
        left.minus(amount.total()).map(|_| ()).map_err(|_| RefundError::ExceedsAvailable)
    }

    /// What is still left of this order for a refund; refunds that are only requested count (F40).
    #[must_use]
    pub fn refundable(&self, checkout: &Checkout, order: &OrderId) -> Option<Total> {
        let Phase::Paid(attempt, sighting, _) = &self.phase else { return None };
        let order = checkout.order(order)?;
        let mut of_order = order.amount.total();
        let mut of_capture = sighting.amount;
        for refund in self.refunds.iter().filter(|refund| refund.attempt == *attempt) {
            match refund.state {
                RefundState::Refused => continue,
                RefundState::Requested | RefundState::Done => {}
            }
            of_capture = of_capture.minus(refund.amount.total()).ok()?;
            if refund.cause == RefundCause::Shop(order.id.clone()) {
                of_order = of_order.minus(refund.amount.total()).ok()?;
            }
        }
        [of_order, of_capture].into_iter().min_by_key(|left| left.minor())
    }

    /// Whether this refund may be taken, whatever was promised for it: never more than is left (I-11).
    ///
    /// # Errors
    /// [`RefundError`].
    pub fn check_refund(&self, checkout: &Checkout, refund: &Refund) -> Result<(), RefundError> {
        if !matches!(self.phase, Phase::Paid(..)) {
            return Err(RefundError::NotPaid);
        }
        let RefundCause::Shop(order) = &refund.cause else { return Err(RefundError::UnknownOrder) };
        self.check_left(self.left_of(checkout, order)?, refund.amount)
    }

    /// Everything that went back of this attempt's capture, or is asked for.
    fn reserved(&self, attempt: AttemptId, captured: Total) -> Total {
        let of_it = self.refunds.iter().filter(|refund| refund.attempt == attempt);
        of_it
            .filter(|refund| refund.state != RefundState::Refused)
            .fold(Total::zero(captured.currency()), |sum, refund| {
                sum.plus(refund.amount.total()).unwrap_or(sum)
            })
    }

    /// Everything given back of this attempt's capture.
    #[must_use]
    pub fn given_back(&self, attempt: AttemptId, captured: Total) -> Total {
        let mut sum = Total::zero(captured.currency());
        for refund in &self.refunds {
            if refund.attempt == attempt && refund.state == RefundState::Done {
                sum = sum.plus(refund.amount.total()).unwrap_or(sum);
            }
        }
        sum
    }

    /// Money of the present attempt that must go back; the attempt ends.
    pub(super) fn undo(
        &mut self,
        checkout: &Checkout,
        code: CaseCode,
        kind: InputKind,
        fact: Option<&Fact>,
        now: Timestamp,
        step: &mut Step,
    ) {
        let was = self.phase.clone();
        let captured = fact.filter(|fact| fact.kind() == FactKind::Captured);
        let sighting = captured.and_then(Fact::sighting).or(was.sighting()).cloned();
        let (Some(id), Some(sighting)) = (was.attempt(), sighting) else { return };
        let closed_by_shop = self.closed_by_shop();
        self.phase = if closed_by_shop { Phase::Cancelled(now) } else { Phase::Open };
        self.retry = Retry::never();
        self.end_attempt(id, decline_for(&was, kind, None), now);
        step.events.push(if closed_by_shop { Event::Cancelled } else { Event::Declined });
        self.reverse(checkout, code, id, &sighting, now, step);
    }

    /// Sends captured money back, and tells a person why.
    pub(super) fn reverse(
        &mut self,
        checkout: &Checkout,
        code: CaseCode,
        attempt: AttemptId,
        sighting: &Sighting,
        now: Timestamp,
        step: &mut Step,
    ) {
        if self.take_back(code, attempt, sighting, now, step) {
            let detail = format!("{attempt} holds {} for {}", sighting.amount, checkout.amount);
            self.call_person(code, &detail, now, step);
        }
    }

    /// Money that must not be with us, and its way back. Keyed to its attempt, so that a second call
    /// changes nothing (F43).
    pub(super) fn take_back(
        &mut self,
        code: CaseCode,
        attempt: AttemptId,
        sighting: &Sighting,
        now: Timestamp,
        step: &mut Step,
    ) -> bool {
        let (mut id, mut name) = (RefundId::new(attempt.bits()), format!("stray:{attempt}"));
        let given = self.given_back(attempt, sighting.amount).minor();
        // What is left although everything that we gave back has gone is another sum.
        if given > 0 && sighting.cancelled.minor() >= given {
            id = RefundId::new(attempt.bits() ^ u128::from(sighting.cancelled.minor()));
            name = format!("stray:{id}");
        }
        // A sum that does not even fit its own currency goes back whole.
        let left = sighting.amount.minus(sighting.cancelled).unwrap_or(sighting.amount).amount();
        let known = self.refunds.iter().any(|refund| refund.id == id);
        let Some(amount) = left.filter(|_| !known) else { return false };
        let channel = self.attempt(attempt).map(|a| a.channel.to_string()).unwrap_or_default();
        step.entries.extend(Entry::split(
            name,
            (Account::Provider(channel), Side::Debit, amount),
            vec![(Account::Suspense, amount)],
        ));
        self.refunds.push(Refund {
            id,
            cause: RefundCause::Reversal(code),
            attempt,
            payment_id: sighting.provider_payment_id.clone(),
            amount,
            captured: sighting.amount,
            state: RefundState::Requested,
            reason: code.code().to_owned(),
            account: None,
            retry: Retry::now(now),
            at: now,
        });
        true
    }

    pub(super) fn refund_answered(
        &mut self,
        checkout: &Checkout,
        id: RefundId,
        fact: &Fact,
        now: Timestamp,
        step: &mut Step,
    ) {
        let Some(at) = self.refunds.iter().position(|refund| refund.id == id) else { return };
        let Some(attempt) = self.refunds.get(at).map(|refund| refund.attempt) else { return };
        self.hear_patience(attempt, fact, now);
        if self.learn(attempt, fact, now) == Some(true)
            && let Some(refund) = self.refunds.get_mut(at)
        {
            refund.retry.again(now);
        }
        match fact {
            // Heard already.
            Fact::More(_) | Fact::Busy { .. } => {}
            Fact::Cancelled { .. } => self.refund_done(checkout, at, step),
            Fact::CancelRefused { provider_code } => {
                let Some(refund) = self.refunds.get_mut(at) else { return };
                if refund.state == RefundState::Requested {
                    refund.state = RefundState::Refused;
                    refund.account = None;
                    refund.retry = Retry::never();
                    let detail = format!("{id} refused with {provider_code}");
                    self.call_person(CaseCode::RefundRefused, &detail, now, step);
                    // Its key may have been forgotten after days without an answer, and the refusal be due
                    // to its own success: what went back, the balance tells.
                    self.look_after_refund(at, now);
                }
            }
            // Undecided: besides repeating the order, look what the balance says (F41).
            Fact::NotFound
            | Fact::Prepared { .. }
            | Fact::Waiting
            | Fact::Authenticated(_)
            | Fact::DepositIssued(..)
            | Fact::Captured(_)
            | Fact::Declined(_)
            | Fact::Closed
            | Fact::Unclear { .. }
            | Fact::Silence => self.look_after_refund(at, now),
        }
    }

    fn look_after_refund(&mut self, at: usize, now: Timestamp) {
        let Some(attempt) = self.refunds.get(at).map(|refund| refund.attempt) else { return };
        if self.phase.attempt() == Some(attempt) {
            self.retry.soon(now);
        } else {
            self.also_look_at(attempt, now);
        }
    }

    pub(super) fn refund_done(&mut self, checkout: &Checkout, at: usize, step: &mut Step) {
        let channel = self
            .refunds
            .get(at)
            .and_then(|refund| self.attempt(refund.attempt))
            .map(|attempt| attempt.channel.to_string())
            .unwrap_or_default();
        let Some(refund) = self.refunds.get_mut(at) else { return };
        if refund.state != RefundState::Requested {
            return;
        }
        refund.state = RefundState::Done;
        refund.account = None;
        refund.retry = Retry::never();
        step.entries.extend(refund_entry(checkout, refund, channel));
        step.events.push(Event::Refunded);
    }

    /// The provider's word of how much went back in all: settles a refund whose answer was lost, and
    /// finds cancels that were not ours.
    pub(super) fn heard_cancelled(
        &mut self,
        checkout: &Checkout,
        id: AttemptId,
        sighting: &Sighting,
        now: Timestamp,
        step: &mut Step,
    ) {
        // Each turn settles one that is pending, and the last one finds none.
        for _ in 0..=self.refunds.len() {
            let done = self.given_back(id, sighting.amount);
            let Ok(beyond) = sighting.cancelled.minus(done) else { return };
            let pending = self
                .refunds
                .iter()
                .position(|refund| refund.attempt == id && refund.state == RefundState::Requested);
            let Some(extra) = beyond.amount() else { return };
            match pending {
                Some(at)
                    if self.refunds.get(at).is_some_and(|refund| {
                        extra.total().minus(refund.amount.total()).is_ok()
                    }) =>
                {
                    self.refund_done(checkout, at, step);
                }
                // The order of ours may still be travelling: it decides first.
                Some(_) => return,
                None => {
                    self.external(checkout, id, sighting, extra, now, step);
                    return;
                }
            }
        }
    }

    fn external(
        &mut self,
        checkout: &Checkout,
        attempt: AttemptId,
        sighting: &Sighting,
        amount: Amount,
        now: Timestamp,
        step: &mut Step,
    ) {
        // F23: a balance of another sum or currency than was paid is a contradiction, nothing given back.
        let paid =
            |(of, paid): (AttemptId, &Sighting)| of == attempt && paid.amount == sighting.amount;
        if !matches!(&self.phase, Phase::Paid(of, seen, _) if paid((*of, seen))) {
            return;
        }
        // Deterministic and different for each new balance, so that a repeat is the same refund.
        let id = RefundId::new(attempt.bits() ^ u128::from(sighting.cancelled.minor()));
        self.refunds.push(Refund {
            id,
            cause: RefundCause::External,
            attempt,
            payment_id: sighting.provider_payment_id.clone(),
            amount,
            captured: sighting.amount,
            state: RefundState::Requested,
            reason: "cancelled at the provider".to_owned(),
            account: None,
            retry: Retry::never(),
            at: now,
        });
        self.refund_done(checkout, self.refunds.len().saturating_sub(1), step);
    }
}

/// What a capture writes: the provider owes us the whole, we owe each seller a part.
pub(super) fn capture_entry(checkout: &Checkout, attempt: Option<&Attempt>) -> Option<Entry> {
    let attempt = attempt?;
    let provider = Account::Provider(attempt.channel.to_string());
    let parts =
        checkout.orders.iter().map(|o| (Account::Seller(o.seller.to_string()), o.amount)).collect();
    Entry::split(format!("capture:{}", attempt.id), (provider, Side::Debit, checkout.amount), parts)
        .ok()
}

fn refund_entry(checkout: &Checkout, refund: &Refund, channel: String) -> Option<Entry> {
    let parts = match &refund.cause {
        RefundCause::Shop(order) => {
            vec![(Account::Seller(checkout.order(order)?.seller.to_string()), refund.amount)]
        }
        RefundCause::Reversal(_) | RefundCause::External => {
            vec![(Account::Suspense, refund.amount)]
        }
    };
    let name = format!("refund:{}", refund.id);
    Entry::split(name, (Account::Provider(channel), Side::Credit, refund.amount), parts).ok()
}

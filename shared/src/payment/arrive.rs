//! From the table's word to the next phase, and what follows from having come there.

use super::{
    CASES_MAX, CaptureTurn, Case, CaseCode, Event, InputKind, Payment, Phase, PhaseKind, Retry,
    Step, Verdict, Why, refund, verdict,
};
use crate::checkout::Checkout;
use crate::fact::{Decline, DeclineCode, Fact};
use crate::hold;
use crate::id::AttemptId;
use crate::time::Timestamp;

impl Payment {
    /// Asks the table and carries out what it says.
    pub(super) fn decide(
        &mut self,
        checkout: &Checkout,
        kind: InputKind,
        fact: Option<&Fact>,
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

    fn ask_again(&mut self, kind: InputKind, fact: Option<&Fact>, now: Timestamp) {
        match (&mut self.phase, kind) {
            // Not captured yet after all: the same order again, with the same key (I-12).
            (Phase::Capturing(_, _, turn), InputKind::Authenticated) => {
                *turn = CaptureTurn::Capture;
            }
            // Known already: the plan goes on, and no provider is asked every second.
            (Phase::Closing(_, _, Some(_)), InputKind::DepositIssued) => return,
            (Phase::Closing(_, _, seen), InputKind::DepositIssued) => {
                *seen = fact.and_then(Fact::sighting).cloned();
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
        fact: Option<&Fact>,
        now: Timestamp,
        step: &mut Step,
    ) {
        let was = self.phase.clone();
        let Some(next) = self.next_phase(to, kind, fact, now) else { return };
        // F38: the shop cancelled while the outcome was unknown, and now the money is here.
        if self.closed_by_shop() && matches!(next, Phase::Securing(..) | Phase::Paid(..)) {
            self.undo(checkout, CaseCode::LateCapture, kind, fact, now, step);
            return;
        }
        // F38 again: an account issued after the shop's cancel is closed, not waited for.
        let next = if let Phase::AwaitingDeposit(id, sighting, _) = &next
            && self.closed_by_shop()
        {
            Phase::Closing(*id, Why::ShopCancels, Some(sighting.clone()))
        } else {
            next
        };
        self.phase = next;
        let hinted = core::mem::replace(&mut self.retry, Retry::now(now)).is_hinted();
        self.arrive(checkout, &was, kind, fact, now, step);
        self.look_after(&was, hinted && fact.is_some(), now);
    }

    fn next_phase(
        &self,
        to: PhaseKind,
        kind: InputKind,
        fact: Option<&Fact>,
        now: Timestamp,
    ) -> Option<Phase> {
        let attempt = self.phase.attempt();
        let seen = fact.and_then(Fact::sighting).or(self.phase.sighting()).cloned();
        Some(match to {
            PhaseKind::Open if self.closed_by_shop() => Phase::Cancelled(now),
            PhaseKind::Open => Phase::Open,
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
                // What an account issued, or a capture ordered, has to be taken back.
                let issued = PhaseKind::AwaitingDeposit == self.phase.kind();
                let ordered = PhaseKind::Capturing == self.phase.kind();
                Phase::Closing(attempt?, why_closing(kind), seen.filter(|_| issued || ordered))
            }
            PhaseKind::Securing => Phase::Securing(attempt?, seen?),
            PhaseKind::Paid => Phase::Paid(attempt?, seen?, now),
            PhaseKind::Cancelled => Phase::Cancelled(now),
            PhaseKind::Expired => Phase::Expired(now),
        })
    }

    /// Whether the shop's cancel decides where an attempt without money leads (F38).
    pub(super) const fn closed_by_shop(&self) -> bool {
        self.shop_cancels || matches!(self.phase, Phase::Closing(_, Why::ShopCancels, _))
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
                self.retry = self.next_sync(now);
                self.owe_stock(id, hold::Command::Commit, now);
                step.entries.extend(refund::capture_entry(checkout, self.attempt(id)));
                step.events.push(Event::Paid);
            }
            Phase::Open => {
                self.retry = Retry::never();
                if let Some(id) = was.attempt() {
                    self.watch(id, kind, fact, now);
                    self.end_attempt(id, decline_for(was, kind, fact), now);
                    step.events.push(Event::Declined);
                }
                if kind == InputKind::Mismatched {
                    self.call_person(CaseCode::AmountMismatch, "refused before capture", now, step);
                }
            }
            Phase::Cancelled(_) | Phase::Expired(_) => {
                self.retry = Retry::never();
                if let Some(id) = was.attempt() {
                    self.watch(id, kind, fact, now);
                    self.owe_stock(id, hold::Command::Release, now);
                }
                let expired = self.phase.kind() == PhaseKind::Expired;
                step.events.push(if expired { Event::Expired } else { Event::Cancelled });
            }
            Phase::Closing(id, ..)
                if was.kind() == PhaseKind::Capturing && kind == InputKind::AttemptOver =>
            {
                self.begin_undo(id, now);
            }
            Phase::Holding(_)
            | Phase::Preparing(_)
            | Phase::Rechecking(..)
            | Phase::Capturing(..)
            | Phase::Closing(..)
            | Phase::Securing(..) => {}
        }
    }

    /// An attempt that we let go without the provider's word that it is over: it is looked at until
    /// nobody can pay it any more, and late money goes back (F43). So is one whose account does not fit:
    /// refusing it keeps nobody from paying into it (F20).
    fn watch(&mut self, id: AttemptId, kind: InputKind, fact: Option<&Fact>, now: Timestamp) {
        let known = self.strays.iter().any(|(stray, _)| *stray == id);
        let open = fact.is_some_and(|fact| self.may_still_pay(id, fact, now));
        if matches!(kind, InputKind::Closed | InputKind::Mismatched) && open && !known {
            self.strays.push((id, Retry::first_poll(now)));
        }
    }

    /// F24: who ended while a hint was newer than the answer that ended it is looked at once more.
    fn look_after(&mut self, was: &Phase, hinted: bool, now: Timestamp) {
        let ended = was.attempt().filter(|_| hinted && self.phase.attempt().is_none());
        let attempt = ended.and_then(|id| self.attempt(id));
        let id = attempt.filter(|attempt| attempt.style.captures_itself).map(|a| a.id);
        if let Some(id) = id {
            self.also_look_at(id, now);
        }
    }

    /// What is not the present attempt is looked at as well, if it is not yet.
    pub(super) fn also_look_at(&mut self, id: AttemptId, now: Timestamp) {
        if self.strays.iter().all(|(stray, _)| *stray != id) {
            self.strays.push((id, Retry::now(now)));
        }
    }

    /// An attempt that ended without money: its buyer is told why, its pieces are freed.
    pub(super) fn end_attempt(&mut self, id: AttemptId, decline: Decline, now: Timestamp) {
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == id) {
            attempt.decline = Some(decline);
        }
        self.owe_stock(id, hold::Command::Release, now);
    }

    pub(super) fn owe_stock(&mut self, id: AttemptId, command: hold::Command, now: Timestamp) {
        let attempt = self.claim_of(id);
        let known = self.stock_debts.iter().any(|(a, c, _)| (*a, *c) == (attempt, command));
        if !known {
            self.stock_debts.push((attempt, command, Retry::now(now)));
        }
    }

    pub(super) fn call_person(
        &mut self,
        code: CaseCode,
        detail: &str,
        now: Timestamp,
        step: &mut Step,
    ) {
        let known = self.cases.iter().any(|case| case.code == code && case.detail == detail);
        if !known && self.cases.len() < CASES_MAX {
            self.cases.push(Case { code, detail: detail.to_owned(), at: now });
            step.events.push(Event::Review);
        }
    }
}

/// Why an attempt is being closed, by what the table closed it for.
const fn why_closing(kind: InputKind) -> Why {
    match kind {
        InputKind::ShopCancel => Why::ShopCancels,
        InputKind::Abandon => Why::BuyerLeft,
        InputKind::AttemptOver
        | InputKind::Begin
        | InputKind::StockKept
        | InputKind::StockLost
        | InputKind::LookNow
        | InputKind::CheckoutOver
        | InputKind::Prepared
        | InputKind::Waiting
        | InputKind::NotFound
        | InputKind::Authenticated
        | InputKind::Mismatched
        | InputKind::DepositIssued
        | InputKind::Captured
        | InputKind::CapturedWrong
        | InputKind::StrayCaptured
        | InputKind::LateApproved
        | InputKind::Declined
        | InputKind::Closed
        | InputKind::Unknown => Why::Over,
    }
}

/// What the buyer is told about an attempt that ended.
pub(super) fn decline_for(was: &Phase, kind: InputKind, fact: Option<&Fact>) -> Decline {
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

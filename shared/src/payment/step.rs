//! From an input to the table: what it amounts to for this attempt in this phase.

use super::{
    Attempt, CaptureTurn, CaseCode, Input, InputKind, Payment, Phase, PhaseKind, Retry, Step,
    Verdict, verdict,
};
use crate::checkout::Checkout;
use crate::fact::{AskKind, Fact, FactKind, Sighting};
use crate::hold;
use crate::id::AttemptId;
use crate::means::Presentation;
use crate::time::{Span, Timestamp};

/// An event about a payment that is paid for longer than this tells something new.
const NEWS_AFTER: Span = Span::minutes(1);
/// The steps of the plan by which it is looked into: at once, after half a minute, two minutes later.
const LOOKS_AGAIN: core::ops::Range<u32> = 3..6;
/// So often what somebody spoke of is looked for after its attempt has ended: for almost three minutes at
/// least.
const MISSING_LOOKS: u32 = 6;

/// At most this many steps on the way to one answer are taken at once; a longer way goes on by the plan
/// (I-16).
const STEPS_MAX: u32 = 12;

impl Payment {
    /// One input. Never panics; an input that does not fit changes nothing.
    pub fn step(&mut self, checkout: &Checkout, input: Input, now: Timestamp) -> Step {
        let mut step = Step {
            verdict: Verdict::Same,
            seen: None,
            events: Vec::new(),
            entries: Vec::new(),
            changed: false,
        };
        // Most looks at the clock find nothing: they are not worth a copy.
        if matches!(input, Input::Tick)
            && self.over(checkout, now).is_none()
            && self.late(now).next().is_none()
        {
            return step;
        }
        let before = self.clone();
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
                self.fact(checkout, attempt, asked, &fact, now, step);
            }
            Input::RefundFact { refund, fact } => {
                self.refund_answered(checkout, refund, &fact, now, step);
            }
            Input::LookNow { attempt, source } => {
                self.look_now(checkout, attempt, now, step);
                self.look_again(source, now);
            }
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
        step.verdict = match self.why_not_begin(checkout, now) {
            Some(why) => Verdict::Refuse(why),
            None => verdict(self.phase.kind(), InputKind::Begin),
        };
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
            let captures_itself = attempt.style.captures_itself;
            match self.strays.iter_mut().find(|(stray, _)| *stray == id) {
                Some((_, retry)) => retry.soon(now),
                None if captures_itself => self.strays.push((id, Retry::now(now))),
                None => {}
            }
            step.seen = Some(InputKind::LookNow);
        }
    }

    /// F19: what a provider tells of a payment long paid is news (a cancel in its console), and the copy
    /// that we read may lag behind it: one look is not the last, whatever it shows, as it may show an older
    /// refund, or have been on its way before. The event that follows each payment at once is none of that.
    fn look_again(&mut self, source: &str, now: Timestamp) {
        let long_paid = self.phase.paid_at().is_some_and(|at| now >= at.after(NEWS_AFTER));
        if long_paid && source == "webhook" && self.retry.count == 0 {
            self.retry.count = LOOKS_AGAIN.start;
        }
    }

    fn tick(&mut self, checkout: &Checkout, now: Timestamp, step: &mut Step) {
        self.tell_undecided(now, step);
        if let Some(kind) = self.over(checkout, now) {
            self.decide(checkout, kind, None, now, step);
        }
    }

    /// Which clock has ended, if one has: the attempt's, or where there is none, the checkout's.
    fn over(&self, checkout: &Checkout, now: Timestamp) -> Option<InputKind> {
        let (ends_at, kind) = match self.phase.attempt() {
            Some(_) => (self.over_at()?, InputKind::AttemptOver),
            None => (checkout.expires_at, InputKind::CheckoutOver),
        };
        (now >= ends_at).then_some(kind)
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
                if self.phase.attempt().map(|id| self.claim_of(id)) != Some(attempt)
                    || expected != command
                {
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
        fact: &Fact,
        now: Timestamp,
        step: &mut Step,
    ) {
        let present = self.phase.attempt() == Some(id);
        if let Some(goes_on) = self.learn(id, fact, now) {
            let stray = self.strays.iter_mut().find(|(stray, _)| *stray == id);
            let retry = if present { Some(&mut self.retry) } else { stray.map(|(_, retry)| retry) };
            if let Some(retry) = retry.filter(|_| goes_on) {
                retry.again(now);
            }
            return;
        }
        self.hear_patience(id, fact, now);
        let ours = |sighting: &Sighting| sighting.request_id == id.request_id().to_string();
        if fact.sighting().is_some_and(|sighting| !ours(sighting)) {
            // F22, F43: an answer about somebody else's payment. Nothing of it is believed, least of all
            // that there is something to give back: the outcome stays unknown, and a person looks.
            if let Phase::Capturing(_, _, turn) = &mut self.phase {
                *turn = CaptureTurn::LookUp;
            }
            step.seen = Some(InputKind::Unknown);
            let detail = format!("an answer about {id} speaks of another request");
            self.call_person(CaseCode::Contradiction, &detail, now, step);
            return;
        }
        let Some(attempt) = self.attempt(id) else { return };
        let kind = self.kind_of(checkout, attempt, asked, fact);
        if let Some(sighting) = fact.sighting()
            && let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == id)
            && attempt.payment_id.is_none()
        {
            attempt.payment_id = Some(sighting.provider_payment_id.clone());
        }
        // R49: kept before a window is shown, and while its buyer joins, behind it.
        if let Fact::Prepared { token } = fact
            && matches!(self.phase, Phase::Preparing(of) | Phase::Presented(of) if of == id)
            && let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == id)
            && attempt.token.is_none()
        {
            attempt.token.clone_from(token);
        }
        let captured = fact.sighting().filter(|_| fact.kind() == FactKind::Captured).cloned();
        let undoing = self.undoing().filter(|_| present).cloned();
        if present {
            self.present_fact(checkout, kind, fact, now, step);
        } else {
            self.stray_fact(checkout, id, kind, fact, now, step);
        }
        if let Some(sighting) = captured {
            self.heard_cancelled(checkout, id, &sighting, now, step);
        }
        if let Some(sighting) = undoing {
            self.undo_answered(checkout, (id, sighting), asked, fact, now, step);
        }
    }

    /// A step on the way to an answer: kept, and nothing decided by it. Whether the same question is put
    /// again at once; `None` for an answer.
    pub(super) fn learn(&mut self, id: AttemptId, fact: &Fact, now: Timestamp) -> Option<bool> {
        let attempt = self.attempts.iter_mut().find(|attempt| attempt.id == id)?;
        let Fact::More(learnt) = fact else {
            attempt.steps = 0;
            return None;
        };
        attempt.notes.keep(learnt.name, &learnt.value, now);
        attempt.steps = attempt.steps.saturating_add(1);
        Some(attempt.steps <= STEPS_MAX)
    }

    fn present_fact(
        &mut self,
        checkout: &Checkout,
        kind: InputKind,
        fact: &Fact,
        now: Timestamp,
        step: &mut Step,
    ) {
        // The order to capture was put; from here on we ask what became of it (F15, F16, F18).
        if let Phase::Capturing(_, _, turn) = &mut self.phase {
            *turn = CaptureTurn::LookUp;
        }
        // A paid checkout is asked on a hint, and this answers it, unless it may not know all yet; an
        // escrow's also day by day.
        let again = LOOKS_AGAIN.contains(&self.retry.count);
        let answered = kind != InputKind::Unknown && !again && !self.retry.is_hinted();
        if self.phase.kind() == PhaseKind::Paid && answered {
            self.retry = self.next_sync(now);
        }
        self.decide(checkout, kind, Some(fact), now, step);
    }

    /// A fact about an attempt that ended: only money matters, and it goes back, or pays after all (F24).
    fn stray_fact(
        &mut self,
        checkout: &Checkout,
        id: AttemptId,
        kind: InputKind,
        fact: &Fact,
        now: Timestamp,
        step: &mut Step,
    ) {
        let money = matches!(kind, InputKind::Captured | InputKind::CapturedWrong);
        // Silence says nothing; anything else answers the question, unless it may have another answer yet.
        if kind != InputKind::Unknown && !self.may_still_pay(id, fact, now) {
            // A copy may be older than the money, or the account, of which somebody spoke, or than what we
            // gave back (F19): one that does not even show that does not tell what is left.
            use FactKind::{Authenticated, NotFound, Prepared, Waiting};
            let given = self.given_back(id, checkout.amount.total());
            let lags = matches!(fact.kind(), NotFound | Waiting | Prepared | Authenticated)
                || fact.sighting().is_some_and(|seen| seen.cancelled.minus(given).is_err());
            self.strays.retain(|(stray, retry)| {
                let once_more = retry.is_hinted() && !money || lags && retry.count < MISSING_LOOKS;
                *stray != id || once_more
            });
        }
        step.seen = Some(kind);
        if let (InputKind::Captured | InputKind::CapturedWrong, Some(sighting)) =
            (kind, fact.sighting())
        {
            let late = kind == InputKind::Captured && self.may_pay_late(id, sighting);
            let seen = if late { InputKind::LateApproved } else { InputKind::StrayCaptured };
            step.seen = Some(seen);
            step.verdict = verdict(self.phase.kind(), seen);
            match step.verdict {
                Verdict::Undo(code) => self.reverse(checkout, code, id, sighting, now, step),
                Verdict::Go(_) => self.approve_late(id, sighting, now),
                Verdict::Same
                | Verdict::Ask
                | Verdict::Note
                | Verdict::Refuse(_)
                | Verdict::Alarm(_) => {}
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
        // An attempt that only we could capture is closed as soon as we know that we did not. An account
        // that was seen, or an order that was put, is not: what does not show it may be older than it, and
        // it has to be taken back (I-13).
        let issued = matches!(self.phase, Phase::Closing(_, _, Some(_)));
        let style = attempt.style;
        let ours_to_close = closing && !style.closes && !style.captures_itself && !issued;
        // One that nothing can close is let go when it shows no money, and watched from then on.
        let let_go = closing && attempt.style.stays_open();
        // A window that was never shown cannot be paid, whatever became of our announcing it.
        let never_shown = closing && attempt.style.prepares && attempt.token.is_none();
        let fits = |sighting: &Sighting| sighting_fits(checkout, attempt, sighting);
        match fact {
            Fact::NotFound | Fact::Waiting | Fact::Authenticated(_) if ours_to_close => {
                InputKind::Closed
            }
            Fact::NotFound | Fact::Waiting if let_go => InputKind::Closed,
            Fact::NotFound if never_shown => InputKind::Closed,
            Fact::NotFound => InputKind::NotFound,
            Fact::Prepared { .. } => InputKind::Prepared,
            Fact::Waiting => InputKind::Waiting,
            // Older than what was issued or ordered, it ends nothing, whatever it says.
            Fact::Authenticated(s) if fits(s) || issued => InputKind::Authenticated,
            Fact::DepositIssued(s, _) if fits(s) => InputKind::DepositIssued,
            Fact::Authenticated(_) | Fact::DepositIssued(..) => InputKind::Mismatched,
            // Everything went back already (by the provider's console): no money is here.
            Fact::Captured(s) if s.cancelled == s.amount && !self.holds_money() => {
                InputKind::Closed
            }
            // An order of ours to give it back may be on its way: it is not ours to keep.
            Fact::Captured(_) if self.undoing().is_some() => InputKind::Unknown,
            Fact::Captured(s) if fits(s) => InputKind::Captured,
            Fact::Captured(_) => InputKind::CapturedWrong,
            Fact::Declined(_) => InputKind::Declined,
            Fact::Closed => InputKind::Closed,
            // The answer to an order of ours that knew of a smaller sum: something is left.
            Fact::Cancelled { cancelled: Some(sum) }
                if self.undoing().is_some_and(|taken| sum.minor() < taken.amount.minor()) =>
            {
                InputKind::Unknown
            }
            // The answer to the cancel of an unpaid virtual account, or of a whole capture.
            Fact::Cancelled { .. } if asked == AskKind::Cancel => InputKind::Closed,
            Fact::Cancelled { .. } | Fact::CancelRefused { .. } => InputKind::Unknown,
            Fact::More(_) | Fact::Busy { .. } | Fact::Unclear { .. } | Fact::Silence => {
                InputKind::Unknown
            }
        }
    }

    const fn holds_money(&self) -> bool {
        matches!(self.phase, Phase::Paid(..) | Phase::Securing(..))
    }
}

/// Everything that must be equal before a provider's word is believed (I-2, R32, R33, F20 to F22).
pub(super) fn sighting_fits(checkout: &Checkout, attempt: &Attempt, sighting: &Sighting) -> bool {
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

//! Outcomes that stay unknown: a person learns of them, and a capture of ours is undone while that is
//! possible (F15).
//!
//! # Why it is not looked at only
//! A buyer who saw no end goes and buys elsewhere, and money that nobody knows of is worst of all. So an
//! order to capture that has no known outcome by [`UNDECIDED`](super::UNDECIDED) is followed by the order
//! to cancel, under its own key, by turns with looking. From the first such order on the payment cannot
//! become paid any more, because the order may still be travelling; the provider's refusal of it ends
//! that, and then the look-up decides as before.

use super::work::{UNDECIDED, undecided_at};
use super::{
    Attempt, CaptureTurn, Case, CaseCode, Payment, Phase, PhaseKind, Refund, RefundState, Step,
};
use crate::checkout::Checkout;
use crate::fact::{AskKind, Fact, FactKind, Sighting};
use crate::id::AttemptId;
use crate::money::Total;
use crate::time::Timestamp;

/// The note of an attempt that is being undone, or whose undoing the provider refused. A note, because a
/// closing attempt may as well be an account that is voided, and no row has a word for the difference.
pub(super) const UNDO: &str = "undo";
const ASKED: &str = "asked";
const REFUSED: &str = "refused";

impl Payment {
    /// From now on whatever this attempt took is given back.
    pub(super) fn begin_undo(&mut self, id: AttemptId, now: Timestamp) {
        self.undo_word(id, ASKED, now);
    }

    fn undo_word(&mut self, id: AttemptId, word: &str, now: Timestamp) {
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == id) {
            attempt.notes.keep(UNDO, word, now);
        }
    }

    /// What is being given back without knowing whether it was taken.
    pub(super) fn undoing(&self) -> Option<&Sighting> {
        let Phase::Closing(id, _, Some(sighting)) = &self.phase else { return None };
        let asked = self.attempt(*id)?.notes.get(UNDO) == Some(ASKED);
        asked.then_some(sighting)
    }

    /// Whether the provider will not give back what this attempt may have taken.
    pub(super) fn undo_refused(attempt: &Attempt) -> bool {
        attempt.notes.get(UNDO) == Some(REFUSED)
    }

    /// What the provider says while a capture of unknown outcome is being undone.
    pub(super) fn undo_answered(
        &mut self,
        checkout: &Checkout,
        (id, mut sighting): (AttemptId, Sighting),
        asked: AskKind,
        fact: &Fact,
        now: Timestamp,
        step: &mut Step,
    ) {
        if let Fact::CancelRefused { provider_code } = fact
            && asked == AskKind::Cancel
        {
            self.phase = Phase::Capturing(id, sighting, CaptureTurn::LookUp);
            self.undo_word(id, REFUSED, now);
            self.retry.soon(now);
            let detail = format!("{id} refused with {provider_code}");
            self.call_person(CaseCode::RefundRefused, &detail, now, step);
            return;
        }
        if let (Phase::Closing(_, _, Some(known)), Fact::Captured(seen)) = (&mut self.phase, fact) {
            // Another sum than was ordered: that one goes back.
            known.clone_from(seen);
            return;
        }
        // It had been taken, and all of it went back, in however many orders: the books say both.
        let went_back = matches!(fact.kind(), FactKind::Cancelled | FactKind::Captured);
        if went_back && self.phase.kind() != PhaseKind::Closing {
            sighting.cancelled = Total::zero(sighting.amount.currency());
            self.take_back(CaseCode::OutcomeUnknown, id, &sighting, now, step);
            let at = self.refunds.iter().rposition(|refund| refund.attempt == id);
            self.refund_done(checkout, at.unwrap_or(usize::MAX), step);
            // The order named the sum that was asked for; whether that was all, a look tells.
            self.also_look_at(id, now);
        }
    }

    /// Questions about money that are open for too long: of which attempt, and of which refund.
    pub(super) fn late(&self, now: Timestamp) -> impl Iterator<Item = (&Attempt, Option<&Refund>)> {
        let asks = matches!(self.phase.kind(), PhaseKind::Capturing | PhaseKind::Closing);
        let begun = self.phase.attempt().filter(|_| asks).and_then(|id| self.attempt(id));
        let begun =
            begun.filter(|attempt| now >= undecided_at(attempt)).map(|attempt| (attempt, None));
        let open = |refund: &&Refund| refund.state == RefundState::Requested;
        let refunds = self.refunds.iter().filter(open);
        let refunds = refunds.filter(move |refund| now >= refund.at.after(UNDECIDED));
        refunds
            .filter_map(|refund| Some((self.attempt(refund.attempt)?, Some(refund))))
            .chain(begun)
    }

    /// F15: whatever is still unknown near the end of a provider's undo window is told to a person, once,
    /// with the names under which the provider knows it. The journal has each question and each answer.
    pub(super) fn tell_undecided(&mut self, now: Timestamp, step: &mut Step) {
        let mut new = Vec::new();
        for (attempt, refund) in self.late(now) {
            let what =
                refund.map_or_else(|| attempt.id.to_string(), |refund| refund.id.to_string());
            let told = |c: &Case| c.code == CaseCode::OutcomeUnknown && c.detail.starts_with(&what);
            if !self.cases.iter().any(told) {
                new.push([&what, " is undecided: ", &names(attempt)].concat());
            }
        }
        for detail in new {
            self.call_person(CaseCode::OutcomeUnknown, &detail, now, step);
        }
    }
}

/// What the provider calls an attempt.
fn names(attempt: &Attempt) -> String {
    let own = attempt.payment_id.as_ref().map_or("no id of its own yet", |id| id.as_str());
    format!("request {}, at {} {own}", attempt.id.request_id(), attempt.channel)
}

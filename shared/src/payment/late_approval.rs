//! Money of an attempt that had failed: a provider said no, or time ran out, and then it was approved
//! (F24). While nobody else has paid or pays, it pays if its pieces can be won once more; else it goes back.

use super::undecided::UNDO;
use super::{Attempt, Payment, Phase, Retry};
use crate::fact::{DeclineCode, Sighting};
use crate::id::AttemptId;
use crate::time::Timestamp;

/// The note of an attempt that was approved late. A note, because what was given back at its end stays
/// given back, and no row has a word for the second claim.
const LATE: &str = "late";

impl Attempt {
    /// Whether its money came after it had failed.
    #[must_use]
    pub fn approved_late(&self) -> bool {
        self.notes.get(LATE).is_some()
    }

    /// The id of its claim at the stock: nothing revives a claim that was given back (F14), so a late
    /// approval has to win its pieces by another.
    #[must_use]
    pub fn claim(&self) -> AttemptId {
        if self.approved_late() { self.id.again() } else { self.id }
    }
}

impl Payment {
    /// The claim of this attempt at the stock.
    pub(super) fn claim_of(&self, id: AttemptId) -> AttemptId {
        self.attempt(id).map_or(id, Attempt::claim)
    }

    /// Whether exactly what was asked for may pay although its attempt has ended, if nobody else pays: the
    /// buyer did not leave it, and nothing of it was refused, has gone back or is on its way.
    pub(super) fn may_pay_late(&self, id: AttemptId, sighting: &Sighting) -> bool {
        let failed = |attempt: &Attempt| {
            let code = attempt.decline.as_ref().map(|decline| decline.code);
            let refused = [DeclineCode::BuyerCancelled, DeclineCode::AmountMismatch];
            code.is_some_and(|code| !refused.contains(&code)) && attempt.notes.get(UNDO).is_none()
        };
        self.attempt(id).is_some_and(failed)
            && sighting.cancelled.is_zero()
            && !self.refunds.iter().any(|refund| refund.attempt == id)
    }

    /// It is the present attempt again, and its pieces are asked for.
    pub(super) fn approve_late(&mut self, id: AttemptId, sighting: &Sighting, now: Timestamp) {
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == id) {
            attempt.notes.keep(LATE, "approved", now);
            attempt.decline = None;
        }
        self.phase = Phase::Securing(id, sighting.clone());
        self.retry = Retry::now(now);
    }
}

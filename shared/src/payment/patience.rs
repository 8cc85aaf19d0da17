//! A provider's plea to be left alone for a while (F17): until then no question about that attempt goes to
//! it, whoever hints, whatever the plan says, and whether the attempt is present or has ended.
//!
//! # Why it has a bound
//! An order to undo what may have been taken goes out after 45 minutes and has to be there before 50
//! (I-3): nobody's wait of a day may cross that.

use super::Payment;
use crate::fact::Fact;
use crate::id::AttemptId;
use crate::time::{Span, Timestamp};

/// The longest wait that a provider's own word makes of it.
pub const PATIENCE_MAX: Span = Span::minutes(4);

/// The note of an attempt that says until when, in milliseconds. A note, because it outlives the question
/// that it answers and is asked for by every other.
const PATIENCE: &str = "patience";

impl Payment {
    /// Keeps until when nothing is asked about this attempt, if that is what is heard.
    pub(super) fn hear_patience(&mut self, id: AttemptId, fact: &Fact, now: Timestamp) {
        let Fact::Busy { retry_after } = fact else { return };
        let until = now.after((*retry_after).min(PATIENCE_MAX));
        if let Some(attempt) = self.attempts.iter_mut().find(|attempt| attempt.id == id) {
            attempt.notes.keep(PATIENCE, &until.as_millis().to_string(), now);
        }
    }

    /// Nothing is asked about this attempt before this. A clock that was set back makes nobody wait longer
    /// than the bound (F56).
    pub(super) fn patience(&self, id: AttemptId, now: Timestamp) -> Timestamp {
        let known = self.attempt(id).and_then(|attempt| attempt.notes.get(PATIENCE));
        let until = known.and_then(|until| until.parse().ok()).map(Timestamp::from_millis);
        until.filter(|until| *until <= now.after(PATIENCE_MAX)).unwrap_or_default()
    }
}

//! Whether a channel's provider answers at the moment: a buyer who cannot pay there is told before an
//! attempt is made, with the time after which it is worth another press (F17).
//!
//! # Why it stops nobody but new buyers
//! What was begun goes on: look-ups, captures and cancels follow their own plan, which is slow enough for
//! any provider, and they are what tells us that it is back. So no money hangs on this; it lives in
//! memory, each owner's for itself, and is forgotten with it.

use core::cell::RefCell;

use shared::id::ChannelId;
use shared::sorted::Sorted;
use shared::time::{Span, Timestamp};

/// So many questions in a row without a word of the provider's, within [`WINDOW`], close its door.
const FAILURES_MAX: u32 = 5;
/// Failures further apart than this have causes of their own.
const WINDOW: Span = Span::minutes(1);
/// The door is closed for this long.
const SHUT: Span = Span::seconds(30);
/// The longest wait that a provider's own word makes of it.
const SHUT_MAX: Span = Span::minutes(2);
/// Then one buyer may try, and the others wait for what comes of it, at most this long.
const TRIAL: Span = Span::seconds(10);

/// The doors of an owner's channels.
#[derive(Debug, Default)]
pub struct Breakers(RefCell<Sorted<ChannelId, Breaker>>);

impl Breakers {
    /// What became of a question: whether the provider answered, and how long it asked to be left alone.
    pub fn heard(&self, channel: &ChannelId, answers: bool, wait: Span, now: Timestamp) {
        let mut doors = self.0.borrow_mut();
        let mut door = doors.get(channel).copied().unwrap_or_default();
        door.heard(answers, wait, now);
        doors.insert(channel.clone(), door);
    }

    /// Lets a buyer in.
    ///
    /// # Errors
    /// How long not.
    pub fn enter(&self, channel: &ChannelId, now: Timestamp) -> Result<(), Span> {
        let mut doors = self.0.borrow_mut();
        let Some(mut door) = doors.get(channel).copied() else { return Ok(()) };
        let entered = door.enter(now);
        doors.insert(channel.clone(), door);
        entered
    }
}

/// One channel's door.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Breaker {
    /// Failures since the last answer.
    failures: u32,
    /// When the last of them was.
    failed_at: Timestamp,
    /// Until when nobody enters.
    shut_until: Timestamp,
}

impl Breaker {
    fn heard(&mut self, answers: bool, wait: Span, now: Timestamp) {
        if answers {
            *self = Self::default();
            return;
        }
        let of_late = now < self.failed_at.after(WINDOW) || self.failures >= FAILURES_MAX;
        self.failures = if of_late { self.failures.saturating_add(1) } else { 1 };
        self.failed_at = now;
        if self.failures >= FAILURES_MAX {
            self.shut_until = now.after(wait.max(SHUT).min(SHUT_MAX));
        }
    }

    fn enter(&mut self, now: Timestamp) -> Result<(), Span> {
        // A clock that was set back keeps nobody out (F56).
        let shut = now < self.shut_until && self.shut_until <= now.after(SHUT_MAX);
        if shut {
            return Err(self.shut_until.since(now));
        }
        if self.failures >= FAILURES_MAX {
            self.shut_until = now.after(TRIAL);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const NONE: Span = Span::seconds(0);

    /// A door at which so many questions failed, a second apart.
    fn after(failures: u64) -> (Breaker, Timestamp) {
        let mut door = Breaker::default();
        for n in 0..failures {
            door.heard(false, NONE, T.after(Span::seconds(n)));
        }
        (door, T.after(Span::seconds(failures.saturating_sub(1))))
    }

    #[test]
    fn f17_five_failures_in_a_row_close_the_door_and_one_answer_opens_it() {
        let (mut door, now) = after(4);
        assert_eq!(door.enter(now), Ok(()), "four are bad luck");
        door.heard(false, NONE, now);
        assert_eq!(door.enter(now), Err(SHUT));
        assert_eq!(door.enter(now.after(Span::seconds(29))), Err(Span::seconds(1)));
        door.heard(true, NONE, now);
        assert_eq!(door.enter(now), Ok(()));
        let (mut door, now) = after(4);
        door.heard(true, NONE, now);
        door.heard(false, NONE, now);
        assert_eq!(door.enter(now), Ok(()), "in a row");
    }

    #[test]
    fn f17_after_the_wait_one_buyer_tries_and_the_others_wait_for_that() {
        let (mut door, now) = after(5);
        let later = now.after(SHUT);
        assert_eq!(door.enter(later), Ok(()), "the trial");
        assert_eq!(door.enter(later), Err(TRIAL));
        assert_eq!(
            door.enter(later.after(TRIAL)),
            Ok(()),
            "a trial that nobody heard of is no lock"
        );
        door.heard(false, NONE, later.after(TRIAL));
        assert_eq!(door.enter(later.after(TRIAL)), Err(SHUT), "one failure is enough now");
    }

    #[test]
    fn f17_a_provider_s_own_wait_counts_within_bounds() {
        for (asked, waited) in [(1, SHUT), (45, Span::seconds(45)), (86_400, SHUT_MAX)] {
            let (mut door, now) = after(4);
            door.heard(false, Span::seconds(asked), now);
            assert_eq!(door.enter(now), Err(waited), "{asked}");
        }
    }

    #[test]
    fn f17_failures_minutes_apart_close_nothing() {
        let mut door = Breaker::default();
        for n in 0..20 {
            let now = T.after(Span::seconds(n * 61));
            door.heard(false, NONE, now);
            assert_eq!(door.enter(now), Ok(()));
        }
    }

    #[test]
    fn f56_a_clock_that_was_set_back_keeps_nobody_out() {
        let (mut door, _) = after(5);
        assert_eq!(door.enter(T.before(Span::hours(3))), Ok(()));
    }

    #[test]
    fn f17_each_channel_has_a_door_of_its_own() {
        let doors = Breakers::default();
        let (toss, kb) = (ChannelId::parse("toss").unwrap(), ChannelId::parse("kb").unwrap());
        for _ in 0..FAILURES_MAX {
            doors.heard(&toss, false, NONE, T);
        }
        assert_eq!(doors.enter(&toss, T), Err(SHUT));
        assert_eq!(doors.enter(&kb, T), Ok(()));
    }
}

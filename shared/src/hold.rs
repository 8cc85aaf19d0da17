//! The hold: one attempt's claim on pieces of one SKU, and the machine that keeps the count.
//!
//! The stock object of a SKU keeps one [`Stock`]. Every command names its attempt, and an attempt that
//! was released or committed leaves a tombstone: an older command that arrives late finds it and
//! changes nothing (I-4, F14).
//!
//! # Why untracked stock exists
//! A shop that never told how many there are sells without limit; asking it to register every book
//! before the first payment would keep it from starting.

use crate::id::AttemptId;
use crate::sorted::Sorted;
use crate::time::{Span, Timestamp};

/// How long a hold lasts after the buyer begins to pay (R11).
pub const HOLD_LIFE: Span = Span::minutes(15);
/// How long a tombstone is kept: longer than any command can still travel.
pub const TOMBSTONE_LIFE: Span = Span::hours(24 * 30);

/// One claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Claim {
    /// Kept for a buyer until `until`.
    Held {
        /// How many pieces.
        quantity: u32,
        /// When it lapses by itself.
        until: Timestamp,
    },
    /// The money is moving or has moved: it does not lapse.
    Secured {
        /// How many pieces.
        quantity: u32,
        /// Since when.
        at: Timestamp,
    },
    /// Sold.
    Committed {
        /// When.
        at: Timestamp,
    },
    /// Given back; nothing revives it.
    Released {
        /// When.
        at: Timestamp,
    },
}

/// What a checkout wants of a SKU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Command {
    /// Keep pieces until the attempt's clock ends.
    Hold,
    /// Keep them without a clock: the money is about to move.
    Secure,
    /// Sold.
    Commit,
    /// Give them back.
    Release,
}

impl Claim {
    /// How many pieces it keeps at this time.
    #[must_use]
    pub fn keeps(self, now: Timestamp) -> u32 {
        match self {
            Self::Held { quantity, until } if until > now => quantity,
            Self::Secured { quantity, .. } => quantity,
            Self::Held { .. } | Self::Committed { .. } | Self::Released { .. } => 0,
        }
    }
}

impl Command {
    /// The word between the objects.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Secure => "secure",
            Self::Commit => "commit",
            Self::Release => "release",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Hold, Self::Secure, Self::Commit, Self::Release]
            .into_iter()
            .find(|command| command.code() == code)
    }
}

/// What the SKU answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Done, now or by an earlier copy of the same command.
    Done,
    /// Not enough is left; when the next hold lapses, if one does.
    Short {
        /// When it is worth asking again.
        until: Option<Timestamp>,
    },
    /// The claim was given back before: the command is too late.
    Gone,
}

/// What anybody may know (R15): whether one can enter now, and until when not. Never who.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// Pieces that nobody holds; `None` when the stock is not tracked.
    pub available: Option<u32>,
    /// When the next hold lapses, if nothing is available and one does.
    pub until: Option<Timestamp>,
}

/// What an owner knows of claims that it does not load: a command is decided by its own claim and by how
/// much the others keep, so that the millionth costs what the first did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Others {
    /// Pieces that they keep now.
    pub pieces: u32,
    /// The newest time that any of them knows.
    pub latest: Timestamp,
}

/// The stock of one SKU, or as much of it as a command needs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Stock {
    /// Pieces not yet sold; `None` when not tracked.
    pub units: Option<u32>,
    /// Claims by attempt.
    pub claims: Sorted<AttemptId, Claim>,
    /// Claims that are not among them.
    pub others: Others,
}

impl Stock {
    /// How many pieces nobody holds at `now`.
    #[must_use]
    pub fn outlook(&self, now: Timestamp) -> Outlook {
        let Some(units) = self.units else { return Outlook { available: None, until: None } };
        let keeps = self.claims.values().map(|claim| claim.keeps(now));
        let taken = keeps.fold(self.others.pieces, u32::saturating_add);
        let available = units.saturating_sub(taken);
        let until = if available == 0 { self.next_lapse(now) } else { None };
        Outlook { available: Some(available), until }
    }

    /// Carries out a command. A refusal and a repeat change nothing.
    pub fn apply(
        &mut self,
        command: Command,
        attempt: AttemptId,
        quantity: u32,
        now: Timestamp,
    ) -> Answer {
        let now = now.max(self.latest());
        self.forget(now);
        let claim = self.claims.get(&attempt).copied();
        match command {
            Command::Hold => self.hold(claim, attempt, quantity, now),
            Command::Secure => self.secure(claim, attempt, quantity, now),
            Command::Commit => self.commit(claim, attempt, quantity, now),
            Command::Release => {
                match claim {
                    Some(Claim::Committed { .. } | Claim::Released { .. }) => {}
                    Some(Claim::Held { .. } | Claim::Secured { .. }) | None => {
                        self.claims.insert(attempt, Claim::Released { at: now });
                    }
                }
                Answer::Done
            }
        }
    }

    fn hold(
        &mut self,
        claim: Option<Claim>,
        attempt: AttemptId,
        quantity: u32,
        now: Timestamp,
    ) -> Answer {
        match claim {
            Some(Claim::Held { until, .. }) if until > now => Answer::Done,
            Some(Claim::Secured { .. } | Claim::Committed { .. }) => Answer::Done,
            Some(Claim::Released { .. }) => Answer::Gone,
            Some(Claim::Held { .. }) | None => self.take(
                attempt,
                quantity,
                now,
                Claim::Held { quantity, until: now.after(HOLD_LIFE) },
            ),
        }
    }

    fn secure(
        &mut self,
        claim: Option<Claim>,
        attempt: AttemptId,
        quantity: u32,
        now: Timestamp,
    ) -> Answer {
        let secured = Claim::Secured { quantity, at: now };
        match claim {
            Some(Claim::Secured { .. } | Claim::Committed { .. }) => Answer::Done,
            Some(Claim::Released { .. }) => Answer::Gone,
            Some(Claim::Held { until, .. }) if until > now => {
                self.claims.insert(attempt, secured);
                Answer::Done
            }
            // Lapsed: it may still be won back if nobody took the piece meanwhile.
            Some(Claim::Held { .. }) | None => self.take(attempt, quantity, now, secured),
        }
    }

    fn commit(
        &mut self,
        claim: Option<Claim>,
        attempt: AttemptId,
        quantity: u32,
        now: Timestamp,
    ) -> Answer {
        match claim {
            Some(Claim::Committed { .. }) => return Answer::Done,
            Some(Claim::Released { .. }) | None => return Answer::Gone,
            // A lapsed hold has to win its piece again before it can be sold.
            Some(Claim::Held { .. } | Claim::Secured { .. }) => {}
        }
        match self.secure(claim, attempt, quantity, now) {
            Answer::Done => {
                self.units = self.units.map(|units| units.saturating_sub(quantity));
                self.claims.insert(attempt, Claim::Committed { at: now });
                Answer::Done
            }
            short @ (Answer::Short { .. } | Answer::Gone) => short,
        }
    }

    fn take(&mut self, attempt: AttemptId, quantity: u32, now: Timestamp, claim: Claim) -> Answer {
        let available = self.outlook(now).available;
        if available.is_some_and(|available| available < quantity) {
            return Answer::Short { until: self.next_lapse(now) };
        }
        self.claims.insert(attempt, claim);
        Answer::Done
    }

    fn next_lapse(&self, now: Timestamp) -> Option<Timestamp> {
        let lapse = |claim: &Claim| match *claim {
            Claim::Held { until, .. } => (until > now).then_some(until),
            Claim::Secured { .. } | Claim::Committed { .. } | Claim::Released { .. } => None,
        };
        self.claims.values().filter_map(lapse).min()
    }

    /// The newest time that any claim knows: a clock that steps back revives no hold that had lapsed when
    /// its piece went to somebody else (I-17).
    #[must_use]
    pub fn latest(&self) -> Timestamp {
        let made = |claim: &Claim| match *claim {
            Claim::Held { until, .. } => until.before(HOLD_LIFE),
            Claim::Secured { at, .. } | Claim::Committed { at } | Claim::Released { at } => at,
        };
        self.claims.values().map(made).fold(self.others.latest, Timestamp::max)
    }

    /// Drops what no command can ask for any more.
    fn forget(&mut self, now: Timestamp) {
        self.claims.retain(|_, claim| match *claim {
            Claim::Held { until, .. } => now.since(until) < TOMBSTONE_LIFE,
            Claim::Committed { at } | Claim::Released { at } => now.since(at) < TOMBSTONE_LIFE,
            Claim::Secured { .. } => true,
        });
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test, as it should")]

    use super::*;
    use crate::id::Home;
    use proptest::prelude::*;

    fn attempt(bits: u128) -> AttemptId {
        AttemptId::new(Home { generation: 1, shard: 0 }, bits)
    }

    fn one_piece() -> Stock {
        Stock { units: Some(1), ..Stock::default() }
    }

    const T: Timestamp = Timestamp::from_seconds(1_000_000);

    #[test]
    fn r11_the_last_piece_goes_to_the_first_and_the_others_wait_fifteen_minutes() {
        let mut stock = one_piece();
        assert_eq!(stock.apply(Command::Hold, attempt(1), 1, T), Answer::Done);
        let until = T.after(HOLD_LIFE);
        assert_eq!(
            stock.apply(Command::Hold, attempt(2), 1, T),
            Answer::Short { until: Some(until) }
        );
        assert_eq!(stock.outlook(T), Outlook { available: Some(0), until: Some(until) });
        assert_eq!(stock.apply(Command::Hold, attempt(2), 1, until), Answer::Done);
    }

    #[test]
    fn i4_f11_a_hold_whose_answer_was_lost_is_asked_again_and_is_the_same_hold() {
        let mut stock = Stock { units: Some(2), ..Stock::default() };
        assert_eq!(stock.apply(Command::Hold, attempt(1), 1, T), Answer::Done);
        let (held, later) = (stock.clone(), T.after(Span::minutes(5)));
        for _ in 0..3 {
            assert_eq!(stock.apply(Command::Hold, attempt(1), 1, later), Answer::Done);
        }
        assert_eq!(stock, held, "no second piece, and no longer hold");
        assert_eq!(stock.apply(Command::Hold, attempt(2), 1, later), Answer::Done);
        assert!(matches!(stock.apply(Command::Hold, attempt(3), 1, later), Answer::Short { .. }));
    }

    #[test]
    fn i4_f14_an_old_release_or_hold_that_arrives_late_changes_nothing() {
        let mut stock = one_piece();
        stock.apply(Command::Release, attempt(1), 1, T);
        assert_eq!(stock.apply(Command::Hold, attempt(1), 1, T), Answer::Gone);
        stock.apply(Command::Hold, attempt(2), 1, T);
        stock.apply(Command::Commit, attempt(2), 1, T);
        assert_eq!(stock.apply(Command::Release, attempt(2), 1, T), Answer::Done);
        assert_eq!(stock.units, Some(0), "a sold piece does not come back by an old release");
    }

    #[test]
    fn i4_f13_a_secured_hold_does_not_lapse_while_the_money_moves() {
        let mut stock = one_piece();
        stock.apply(Command::Hold, attempt(1), 1, T);
        assert_eq!(stock.apply(Command::Secure, attempt(1), 1, T), Answer::Done);
        let later = T.after(Span::hours(5));
        assert_eq!(stock.apply(Command::Hold, attempt(2), 1, later), Answer::Short { until: None });
        assert_eq!(stock.apply(Command::Commit, attempt(1), 1, later), Answer::Done);
    }

    #[test]
    fn a_lapsed_hold_is_won_back_only_if_nobody_took_the_piece() {
        let later = T.after(HOLD_LIFE);
        let mut free = one_piece();
        free.apply(Command::Hold, attempt(1), 1, T);
        assert_eq!(free.apply(Command::Secure, attempt(1), 1, later), Answer::Done);
        let mut taken = one_piece();
        taken.apply(Command::Hold, attempt(1), 1, T);
        taken.apply(Command::Hold, attempt(2), 1, later);
        assert!(matches!(taken.apply(Command::Secure, attempt(1), 1, later), Answer::Short { .. }));
    }

    #[test]
    fn i17_a_clock_that_steps_back_revives_no_hold() {
        let mut stock = one_piece();
        stock.apply(Command::Hold, attempt(1), 1, T);
        let ahead = T.after(HOLD_LIFE);
        for command in [Command::Hold, Command::Secure, Command::Commit] {
            assert_eq!(stock.apply(command, attempt(2), 1, ahead), Answer::Done);
        }
        assert!(matches!(stock.apply(Command::Secure, attempt(1), 1, T), Answer::Short { .. }));
        assert!(matches!(stock.apply(Command::Commit, attempt(1), 1, T), Answer::Short { .. }));
    }

    #[test]
    fn untracked_stock_never_runs_short() {
        let mut stock = Stock::default();
        for n in 0..100 {
            assert_eq!(stock.apply(Command::Hold, attempt(n), 9, T), Answer::Done);
        }
        assert_eq!(stock.outlook(T), Outlook { available: None, until: None });
    }

    #[test]
    fn r11_a_hold_lasts_fifteen_minutes_and_a_tombstone_a_month() {
        let minute = 60 * 1_000;
        let lives = [HOLD_LIFE, TOMBSTONE_LIFE].map(Span::as_millis);
        assert_eq!(lives, [15 * minute, 30 * 24 * 60 * minute]);
    }

    #[test]
    fn the_words_between_the_objects_read_back() {
        let words = [
            (Command::Hold, "hold"),
            (Command::Secure, "secure"),
            (Command::Commit, "commit"),
            (Command::Release, "release"),
        ];
        for (command, word) in words {
            assert_eq!((command.code(), Command::parse(word)), (word, Some(command)));
        }
        assert_eq!([Command::parse(""), Command::parse("Hold")], [None, None]);
    }

    #[test]
    fn r11_a_lapsed_hold_that_is_asked_again_is_a_new_one_if_the_piece_is_there() {
        let later = T.after(HOLD_LIFE);
        let mut free = one_piece();
        free.apply(Command::Hold, attempt(1), 1, T);
        assert_eq!(free.apply(Command::Hold, attempt(1), 1, later), Answer::Done);
        let until = Some(later.after(HOLD_LIFE));
        assert_eq!(free.outlook(later), Outlook { available: Some(0), until });
        let mut taken = one_piece();
        taken.apply(Command::Hold, attempt(1), 1, T);
        taken.apply(Command::Hold, attempt(2), 1, later);
        assert_eq!(taken.apply(Command::Hold, attempt(1), 1, later), Answer::Short { until });
    }

    #[test]
    fn r15_the_next_hold_that_lapses_is_told_and_none_that_has_lapsed() {
        let mut stock = Stock { units: Some(3), ..Stock::default() };
        let (first, second) = (T.after(HOLD_LIFE), T.after(Span::minutes(16)));
        stock.apply(Command::Hold, attempt(1), 1, T);
        stock.apply(Command::Hold, attempt(2), 1, T.after(Span::minutes(1)));
        let short = stock.apply(Command::Hold, attempt(3), 2, T.after(Span::minutes(1)));
        assert_eq!(short, Answer::Short { until: Some(first) }, "one is left, two are wanted");
        stock.units = Some(1);
        assert_eq!(stock.outlook(first), Outlook { available: Some(0), until: Some(second) });
        stock.apply(Command::Secure, attempt(2), 1, T.after(Span::minutes(1)));
        assert_eq!(stock.outlook(first), Outlook { available: Some(0), until: None });
    }

    #[test]
    fn f14_a_tombstone_and_a_lapsed_hold_are_forgotten_after_a_month_and_money_is_not() {
        let known = |command: Option<Command>, at: Timestamp| {
            let mut stock = Stock { units: Some(9), ..Stock::default() };
            for command in [Some(Command::Hold), command].into_iter().flatten() {
                stock.apply(command, attempt(1), 1, T);
            }
            stock.apply(Command::Hold, attempt(2), 1, at);
            stock.claims.get(&attempt(1)).is_some()
        };
        let (gone, lapsed) = (T.after(TOMBSTONE_LIFE), T.after(HOLD_LIFE).after(TOMBSTONE_LIFE));
        let rows = [(Some(Command::Release), gone), (Some(Command::Commit), gone), (None, lapsed)];
        for (command, at) in rows {
            assert!(known(command, at.before(Span::millis(1))), "{command:?}");
            assert!(!known(command, at), "{command:?}");
        }
        assert!(known(Some(Command::Secure), lapsed));
    }

    fn any_command() -> impl Strategy<Value = (Command, u128, u64)> {
        let command = prop_oneof![
            Just(Command::Hold),
            Just(Command::Secure),
            Just(Command::Commit),
            Just(Command::Release)
        ];
        (command, 0u128..6, 0u64..1_200)
    }

    proptest! {
        #[test]
        fn i4_never_more_winners_than_pieces(units in 0u32..4, script in prop::collection::vec(any_command(), 0..80)) {
            let mut stock = Stock { units: Some(units), ..Stock::default() };
            let mut now = T;
            for (command, n, wait) in script {
                now = now.after(Span::seconds(wait));
                let before = stock.clone();
                let first = stock.apply(command, attempt(n), 1, now);
                let once = stock.clone();
                let second = stock.apply(command, attempt(n), 1, now);
                prop_assert_eq!(first, second, "a repeat has the same answer");
                prop_assert_eq!(&once.units, &stock.units, "a repeat changes nothing");
                if matches!(first, Answer::Short { .. }) {
                    prop_assert_eq!(before.units, stock.units);
                }
                let count = |wanted: fn(&Claim) -> bool| stock.claims.values().filter(|c| wanted(c)).count();
                let sold = count(|c| matches!(c, Claim::Committed { .. }));
                let secured = count(|c| matches!(c, Claim::Secured { .. }));
                prop_assert!(sold + secured <= usize::try_from(units).unwrap());
            }
        }
    }
}

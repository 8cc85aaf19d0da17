//! Which pairs of phase and input met: the phase before an input, and what the input amounted to
//! (`Step::seen`).
//!
//! Which of them can be met is the model check's to say: a pair counts as out of reach only where
//! `shared/testdata/pairs.txt` says that every order of events was walked through and never came by it.

use std::sync::LazyLock;

use shared::payment::{InputKind, PhaseKind};

/// The list that `cargo x model --keep` writes.
const LIST: &str = include_str!("../../../shared/testdata/pairs.txt");
/// The pairs that can be met.
static REACHABLE: LazyLock<Pairs> = LazyLock::new(|| {
    let mut pairs = Pairs::default();
    for (phase, input) in Pairs::all() {
        let line = format!("{phase:?} + {input:?} = ");
        let word = LIST.lines().find_map(|known| known.strip_prefix(&line));
        // What the list does not know is proved by nothing.
        if word != Some("unreachable") {
            pairs.reach((phase, input));
        }
    }
    pairs
});

/// How many phases there are.
const PHASES: usize = PhaseKind::ALL.len();
/// How many inputs.
const INPUTS: usize = InputKind::ALL.len();

/// Pairs that were reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pairs([u32; PHASES]);

const _: () = assert!(INPUTS <= 32, "a row is one word");

impl Pairs {
    /// One more.
    pub fn reach(&mut self, (phase, input): (PhaseKind, InputKind)) {
        self.0[phase as usize] |= 1 << (input as usize);
    }

    /// Whether it was reached.
    #[must_use]
    pub const fn has(&self, phase: PhaseKind, input: InputKind) -> bool {
        self.0[phase as usize] & (1 << (input as usize)) != 0
    }

    /// Both.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine |= theirs;
        }
    }

    /// Every pair there is.
    pub fn all() -> impl Iterator<Item = (PhaseKind, InputKind)> {
        PhaseKind::ALL
            .into_iter()
            .flat_map(|phase| InputKind::ALL.into_iter().map(move |input| (phase, input)))
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|row| row.count_ones() as usize).sum()
    }

    /// Whether none was reached.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many were reached of those that can be, and how many those are.
    #[must_use]
    pub fn coverage(&self) -> (usize, usize) {
        (self.len() - self.against_proof().count(), REACHABLE.len())
    }

    /// Pairs that can be met, and were not.
    pub fn missing(&self) -> impl Iterator<Item = (PhaseKind, InputKind)> {
        Self::all().filter(|(phase, input)| !self.has(*phase, *input) && can_meet(*phase, *input))
    }

    /// Pairs that were met, though the model check came by them nowhere: the proof or this world is wrong.
    pub fn against_proof(&self) -> impl Iterator<Item = (PhaseKind, InputKind)> {
        Self::all().filter(|(phase, input)| self.has(*phase, *input) && !can_meet(*phase, *input))
    }

    /// A row a phase, a sign an input: `+` reached, `.` out of reach, `?` neither, `!` both.
    pub fn table(&self) -> impl Iterator<Item = (String, String)> {
        let sign = |phase, input| match (self.has(phase, input), can_meet(phase, input)) {
            (true, true) => '+',
            (true, false) => '!',
            (false, true) => '?',
            (false, false) => '.',
        };
        PhaseKind::ALL.into_iter().map(move |phase| {
            let row = InputKind::ALL.into_iter().map(|input| sign(phase, input)).collect();
            (format!("{phase:?}"), row)
        })
    }
}

/// Whether a pair can be met.
#[must_use]
pub fn can_meet(phase: PhaseKind, input: InputKind) -> bool {
    REACHABLE.has(phase, input)
}

#[cfg(test)]
mod tests {
    use shared::payment::{Verdict, verdict};

    use super::*;

    #[test]
    fn every_pair_is_on_the_list_and_some_are_proved_to_be_out_of_reach() {
        assert_eq!(LIST.lines().count(), Pairs::all().count());
        let out = Pairs::all().filter(|(phase, input)| !can_meet(*phase, *input)).count();
        assert_eq!(out, LIST.lines().filter(|line| line.ends_with(" = unreachable")).count());
        assert!(out > 0);
    }

    #[test]
    fn a_pair_that_is_out_of_reach_moves_nothing_or_has_another_guard() {
        for (phase, input) in Pairs::all().filter(|(phase, input)| !can_meet(*phase, *input)) {
            let moves = matches!(verdict(phase, input), Verdict::Go(_) | Verdict::Undo(_));
            assert!(!moves, "{phase:?} x {input:?}: {:?}", verdict(phase, input));
        }
    }

    #[test]
    fn counted_once_however_often_it_was_reached() {
        let mut pairs = Pairs::default();
        assert!(pairs.is_empty());
        pairs.reach((PhaseKind::Open, InputKind::Begin));
        pairs.reach((PhaseKind::Open, InputKind::Begin));
        let (reached, total) = pairs.coverage();
        assert_eq!((reached, total, pairs.missing().count()), (1, REACHABLE.len(), total - 1));
    }

    #[test]
    fn what_was_met_against_its_proof_is_no_coverage() {
        let out = Pairs::all().find(|(phase, input)| !can_meet(*phase, *input)).unwrap();
        let mut pairs = Pairs::default();
        pairs.reach(out);
        assert_eq!(pairs.coverage().0, 0);
        assert_eq!(pairs.against_proof().collect::<Vec<_>>(), [out]);
    }
}

//! Which inputs meet which phases: the list that the simulator's coverage counts by.
//!
//! A pair is the phase before an input and `Step::seen`, what the input amounted to. `shared/testdata/pairs.txt`
//! has all of them. One that is `unreachable` there was never come by in any scene, each walked to its end: that
//! is its proof, and `cargo x model` fails when the list says anything else than the walks.

use std::fmt::Write as _;

use shared::payment::{InputKind, PhaseKind};

use super::Seen;

/// The list of the last full run.
const LIST: &str = include_str!("../../../shared/testdata/pairs.txt");

/// A phase and an input.
pub type Pair = (PhaseKind, InputKind);

/// Every pair.
pub fn pairs() -> impl Iterator<Item = Pair> {
    PhaseKind::ALL
        .into_iter()
        .flat_map(|phase| InputKind::ALL.into_iter().map(move |input| (phase, input)))
}

/// Whether a pair can be met at all; the others are proven never to be.
#[must_use]
pub fn reachable((phase, input): Pair) -> bool {
    LIST.lines().any(|line| line == told(phase, input, true))
}

/// The list as the walks have it.
#[must_use]
pub fn print_pairs(seen: &Seen) -> String {
    let mut list = String::new();
    for (phase, input) in pairs() {
        writeln!(list, "{}", told(phase, input, seen.pair(phase, input))).unwrap();
    }
    list
}

fn told(phase: PhaseKind, input: InputKind, reachable: bool) -> String {
    let word = if reachable { "reachable" } else { "unreachable" };
    format!("{phase:?} + {input:?} = {word}")
}

//! Which pairs of phase and input the table was asked for.
//!
//! A pair is counted when the table itself was asked for it, not when an input of that name was heard:
//! most inputs about an attempt that is not the phase's own never come to the table.

use shared::id::AttemptId;
use shared::payment::{Input, InputKind, Payment, PhaseKind, Step};

/// How many phases there are.
const PHASES: usize = PhaseKind::ALL.len();
/// How many inputs.
const INPUTS: usize = InputKind::ALL.len();

/// Pairs that were reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pairs([u32; PHASES]);

const _: () = assert!(INPUTS <= 32, "a row is one word");

/// What a payment was before it took an input.
#[derive(Debug, Clone, Copy)]
pub struct Before {
    phase: PhaseKind,
    present: Option<AttemptId>,
}

impl Before {
    /// Of this payment.
    #[must_use]
    pub fn of(payment: &Payment) -> Self {
        Self { phase: payment.phase.kind(), present: payment.phase.attempt() }
    }

    /// The pair for which the table was asked, if it was. `of` is the attempt that the input named.
    #[must_use]
    pub fn asked(self, of: Option<AttemptId>, step: &Step) -> Option<(PhaseKind, InputKind)> {
        let kind = step.seen?;
        let about = of.is_none() || of == self.present;
        let table = about || matches!(kind, InputKind::Begin | InputKind::StrayCaptured);
        table.then_some((self.phase, kind))
    }
}

/// The attempt that an input is about, where the table is asked only for the phase's own.
#[must_use]
pub fn attempt_of(input: &Input) -> Option<AttemptId> {
    match input {
        Input::Stock { attempt, .. }
        | Input::Fact { attempt, .. }
        | Input::LookNow { attempt, .. }
        | Input::Abandon(attempt) => Some(*attempt),
        Input::Begin(_)
        | Input::RefundFact { .. }
        | Input::Presentation(..)
        | Input::ShopCancel
        | Input::Refund(_)
        | Input::Tick => None,
    }
}

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

    /// How many were reached of those that are not proved to be out of reach, and how many those are. One
    /// that was reached against its proof counts, and its test fails.
    #[must_use]
    pub fn coverage(&self) -> (usize, usize) {
        let total = Self::all().filter(|(p, i)| self.has(*p, *i) || !out_of_reach(*p, *i)).count();
        (self.len(), total)
    }

    /// Pairs that were neither reached nor proved to be out of reach.
    pub fn missing(&self) -> impl Iterator<Item = (PhaseKind, InputKind)> {
        Self::all()
            .filter(|(phase, input)| !self.has(*phase, *input) && !out_of_reach(*phase, *input))
    }

    /// A row a phase, a sign an input: `+` reached, `.` out of reach, `?` neither.
    pub fn table(&self) -> impl Iterator<Item = (String, String)> {
        let sign = |phase, input| match (self.has(phase, input), out_of_reach(phase, input)) {
            (true, _) => '+',
            (false, true) => '.',
            (false, false) => '?',
        };
        PhaseKind::ALL.into_iter().map(move |phase| {
            let row = InputKind::ALL.into_iter().map(|input| sign(phase, input)).collect();
            (format!("{phase:?}"), row)
        })
    }
}

/// Whether it is proved that the table is never asked for this pair.
#[must_use]
pub fn out_of_reach(phase: PhaseKind, input: InputKind) -> bool {
    let _ = (phase, input);
    false
}

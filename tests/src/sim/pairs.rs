//! Which pairs of phase and input met: the phase before an input, and what the input amounted to
//! (`Step::seen`).

use shared::payment::{InputKind, PhaseKind};

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

/// Whether a pair can never meet, with the reason. The tests hold each against the table and against what
/// the simulator meets; the model check walks through every order.
#[must_use]
pub const fn out_of_reach(phase: PhaseKind, input: InputKind) -> bool {
    use InputKind as I;
    use PhaseKind as P;
    let present = !matches!(phase, P::Open | P::Cancelled | P::Expired);
    match input {
        // A token is out only where one may begin: every turn that leads elsewhere takes it back.
        I::Begin => !matches!(phase, P::Open),
        // Of the present attempt alone; and where there is one, the checkout's clock is not asked.
        I::Abandon | I::AttemptOver => !present,
        I::CheckoutOver => present,
        // Heard of the present attempt alone. It is secured from authentication or payment on, and from
        // there nothing leads back to its window.
        I::StockKept | I::StockLost => !present || matches!(phase, P::Preparing | P::Presented),
        // Money of another attempt is a stray; of the present one none is asked before it is held.
        I::Captured | I::CapturedWrong => !present || matches!(phase, P::Holding),
        I::LookNow
        | I::ShopCancel
        | I::Prepared
        | I::Waiting
        | I::NotFound
        | I::Authenticated
        | I::Mismatched
        | I::DepositIssued
        | I::StrayCaptured
        | I::LateApproved
        | I::Declined
        | I::Closed
        | I::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shared::payment::{Verdict, verdict};

    use super::*;

    /// Every phase to which the table leads an attempt from here.
    fn ahead_of(from: PhaseKind) -> BTreeSet<PhaseKind> {
        let next = |phase: PhaseKind| {
            let inputs = InputKind::ALL.into_iter().filter(move |kind| !out_of_reach(phase, *kind));
            inputs.filter_map(move |kind| match verdict(phase, kind) {
                // There the attempt has ended; the next one is another.
                Verdict::Go(to) if to != PhaseKind::Open => Some(to),
                _ => None,
            })
        };
        let (mut found, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(phase) = open.pop() {
            open.extend(next(phase).filter(|to| found.insert(*to)));
        }
        found
    }

    #[test]
    fn nothing_leads_an_attempt_back_to_where_it_was_not_secured_or_held() {
        for secured in [PhaseKind::Rechecking, PhaseKind::Securing] {
            let ahead = ahead_of(secured);
            for before in [PhaseKind::Holding, PhaseKind::Preparing, PhaseKind::Presented] {
                assert!(!ahead.contains(&before), "{secured:?} leads to {before:?}");
            }
        }
        for asked in [PhaseKind::Preparing, PhaseKind::Presented] {
            assert!(!ahead_of(asked).contains(&PhaseKind::Holding), "{asked:?}");
        }
    }

    #[test]
    fn a_pair_that_is_out_of_reach_moves_nothing_or_has_another_guard() {
        for (phase, input) in Pairs::all().filter(|(phase, input)| out_of_reach(*phase, *input)) {
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
        assert_eq!((reached, total, pairs.missing().count()), (1, 208, 207));
    }
}

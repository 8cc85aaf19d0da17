//! A failing seed's shortest story: faults and sales are left out, one after the other, as long as the same
//! rule is broken.
//!
//! # Why greedily
//! What is left out changes everything after it, so no order of leaving out is the right one. Kinds first,
//! because each takes many strikes with it, then sales, then single strikes from the last to the first;
//! and all of it again, until nothing more can go. It is a function of the seed: the same command tells the
//! same story.

use super::weather::{Cuts, KINDS};
use super::{How, Outcome};

/// At most so many runs: a world of bytes takes milliseconds each.
const RUNS_MAX: u32 = 1_500;
/// Single strikes that can be left out.
const STRIKES_MAX: u64 = 128;

/// What is left of a failing seed.
#[derive(Debug, Clone, Copy)]
pub struct Shrunken {
    /// What is left out.
    pub cuts: Cuts,
    /// Strikes before and after.
    pub strikes: (u64, u64),
    /// Events before and after.
    pub events: (u64, u64),
    /// How many runs it took.
    pub runs: u32,
}

/// Shrinks a seed that breaks a rule; `None` when it breaks none.
#[must_use]
pub fn shrink(how: &How, run: impl Fn(&How) -> Outcome) -> Option<Shrunken> {
    let whole = run(how);
    let rule = whole.violations.first()?.rule;
    let breaks = |outcome: &Outcome| outcome.violations.iter().any(|each| each.rule == rule);
    let mut best = Shrunken {
        cuts: how.cuts,
        strikes: (counted(&whole), counted(&whole)),
        events: (whole.events, whole.events),
        runs: 1,
    };
    loop {
        let before = best.cuts;
        let kinds = (0..KINDS).map(|n| Cuts { kinds: 1 << n, ..Cuts::default() });
        let sales = (0..whole.sales.min(8)).map(|n| Cuts { sales: 1 << n, ..Cuts::default() });
        let strikes = (0..whole.strikes.min(STRIKES_MAX)).rev();
        let strikes = strikes.map(|n| Cuts { strikes: 1 << n, ..Cuts::default() });
        for cut in kinds.chain(sales).chain(strikes) {
            let cuts = best.cuts.with(cut);
            if cuts == best.cuts || best.runs >= RUNS_MAX {
                continue;
            }
            best.runs += 1;
            let outcome = run(&How { cuts, tells: false, ..*how });
            if breaks(&outcome) {
                (best.cuts, best.strikes.1, best.events.1) =
                    (cuts, counted(&outcome), outcome.events);
            }
        }
        if best.cuts == before || best.runs >= RUNS_MAX {
            return Some(best);
        }
    }
}

fn counted(outcome: &Outcome) -> u64 {
    outcome.counts.iter().map(|count| u64::from(*count)).sum()
}

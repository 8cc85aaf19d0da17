//! The model check: every order in which things can happen to a small world, walked through to the end.
//!
//! It runs the functions of production: `shared::payment` (`step`, `take_work`, `due`) and `shared::hold`
//! (`apply`), as the shell drives them: a round is a tick and the work that is due, errands are carried one
//! after the other, every answer is an input. The checker is `stateright`; what is ours is the world around.
//!
//! Map: `buyer` the payment of production, and what the model forgets of it · `provider` the other side, honest
//! or saying anything · `scene` what can happen at all · `world` what can happen next · `rules` what must always be and what must be possible ·
//! `pairs` phases and inputs that meet, and those that never do · `plant` mistakes on purpose.
//!
//! # Why time is no number here
//! A plan that is set may come due at any moment, a message may arrive at any moment, and time passes only
//! from one end to the next (of a window, a hold, a checkout, a watch), whether alarms rang or not. So there
//! are finitely many states, and more can happen in them than in any real run: what is never seen here never
//! happens there. What is possible here need not be possible there; that is the simulator's to show.
//!
//! # Why the bounds are small
//! Two attempts are one that is present and one that ended; a third differs from the second in its number
//! alone. Two buyers are one who has the last piece and one who has not.

use std::sync::Arc;
use std::time::Instant;

use shared::payment::Style;
use stateright::{Checker, HasDiscoveries, Model};

mod buyer;
mod pairs;
mod plant;
mod provider;
mod rules;
mod scene;
mod seen;
mod world;

#[cfg(test)]
mod tests;

use crate::answers::STYLES;
pub use pairs::{Pair, pairs, print_pairs, reachable};
pub use plant::Plant;
pub use scene::Scene;
pub use seen::Seen;
use world::Walk;

/// What came of a scene.
#[derive(Debug)]
pub struct Outcome {
    /// Which.
    pub name: &'static str,
    /// States that were come to, those come to before included.
    pub states: usize,
    /// Different ones.
    pub unique: usize,
    /// The longest of the shortest ways to a state.
    pub depth: usize,
    /// How long it took.
    pub seconds: f64,
    /// Rules that were broken, each with the way there.
    pub violations: Vec<(&'static str, Vec<String>)>,
    /// What should be possible and is not.
    pub missing: Vec<&'static str>,
}

/// Ways that the machine allows, and that no adapter of ours has: announced, and then captured by our call.
const OTHER_STYLES: [(&str, Style); 2] = [
    ("announced", Style { partial_cancel: false, ..ANNOUNCED }),
    ("announced_open", Style { closes: false, ..ANNOUNCED }),
];

const ANNOUNCED: Style = Style {
    prepares: true,
    closes: true,
    captures_itself: false,
    partial_cancel: true,
    joins: false,
    escrow: false,
};

fn style(name: &str) -> Style {
    let mut styles = STYLES.into_iter().chain(OTHER_STYLES);
    styles.find(|(each, _)| *each == name).unwrap().1
}

/// Every scene; `short` leaves out second attempts and faults where they make most of the
/// states.
#[must_use]
pub fn scenes(short: bool) -> Vec<Scene> {
    let (attempts, faults) = if short { (1, 0) } else { (2, 1) };
    let liar = |name, about, of: &str, attempts| Scene {
        name,
        about,
        buyers: vec![vec![style(of)]],
        attempts,
        faults: 0,
        honest: false,
        wishes: 0,
        cancels: true,
        deposits: true,
        apart: false,
        stale: false,
        plant: None,
    };
    let one = |name, about, of: &str, attempts| Scene {
        faults: 1,
        honest: true,
        wishes: 1,
        ..liar(name, about, of, attempts)
    };
    let apart = |name, about, of: &str| Scene { apart: true, ..one(name, about, of, 1) };
    // What an instance asked is heard by it after it was replaced.
    let stale = |name, about, of: &str| Scene { stale: true, ..liar(name, about, of, 1) };
    let two = |name, about, of: [&str; 2], faults| Scene {
        buyers: of.into_iter().map(|name| vec![style(name)]).collect(),
        faults,
        wishes: 0,
        cancels: false,
        deposits: false,
        ..one(name, about, of[0], 1)
    };
    let mut scenes = vec![
        liar("any-toss", "whatever can be said; captured by our call", "tosspayments", 2),
        liar("any-kb", "the same; captured at once, in a window that closes", "kb", attempts),
        liar("any-portone", "the same; in a window that nothing closes", "portone_v2", attempts),
        liar("any-unicro", "the same; in escrow, where buyers have to join", "unicro", attempts),
        liar("any-danal", "the same; announced, and captured by our call as a whole", "danal", 1),
        one("one-toss", "a provider with books, and a fault", "tosspayments", 2),
        one("one-kb", "the same", "kb", attempts),
        one("one-portone", "the same", "portone_v2", 1),
        one("one-unicro", "the same", "unicro", 1),
        one("one-danal", "the same", "danal", 1),
        apart("apart-toss", "answers that travel, and are overtaken", "tosspayments"),
        apart("apart-portone", "the same", "portone_v2"),
        stale("stale-toss", "whatever can be said, also to who was replaced", "tosspayments"),
        stale("stale-kb", "the same", "kb"),
        stale("stale-portone", "the same", "portone_v2"),
        stale("stale-unicro", "the same", "unicro"),
        stale("stale-other", "the same; announced, and captured by our call", "announced"),
        stale("stale-another", "the same; in a window that nothing closes", "announced_open"),
        Scene { stale: true, ..one("late-toss", "books, and who was replaced", "tosspayments", 1) },
        two("two-toss", "two buyers, one piece", ["tosspayments", "tosspayments"], faults),
        two("two-toss-kb", "the same, in two styles", ["tosspayments", "kb"], faults),
    ];
    if !short {
        // What ended in one way, while another is tried: the buyer takes another method.
        let mixed = liar("any-mixed", "the same; of two providers", "tosspayments", 2);
        let styles = vec![style("tosspayments"), style("kb")];
        scenes.push(Scene { buyers: vec![styles], ..mixed });
        scenes.push(two("two-portone", "the same, in another", ["portone_v2", "portone_v2"], 0));
    }
    scenes
}

/// Walks through a scene, to the end.
pub fn walk(scene: &Scene, seen: &Arc<Seen>, threads: usize) -> Outcome {
    let begun = now();
    let walk = Walk { scene: scene.clone(), seen: Arc::clone(seen) };
    let names: Vec<_> = walk.properties();
    let checker =
        walk.checker().threads(threads).finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let mut found = checker.discoveries();
    let mut violations = Vec::new();
    let mut missing = Vec::new();
    for property in names {
        let way = found.remove(property.name);
        match (property.expectation, way) {
            (stateright::Expectation::Sometimes, None) => missing.push(property.name),
            (stateright::Expectation::Sometimes, Some(_)) | (_, None) => {}
            (_, Some(way)) => {
                let told = way.into_vec().into_iter().map(|(state, act)| world::tell(&state, act));
                violations.push((property.name, told.collect()));
            }
        }
    }
    Outcome {
        name: scene.name,
        states: checker.state_count(),
        unique: checker.unique_state_count(),
        depth: checker.max_depth(),
        seconds: begun.elapsed().as_secs_f64(),
        violations,
        missing,
    }
}

/// The wall clock of the figures.
#[expect(clippy::disallowed_methods, reason = "a rate for people; nothing that is walked knows it")]
fn now() -> Instant {
    Instant::now()
}

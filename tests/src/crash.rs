//! Kills the running runtime: again and again, at any time and at every step that it persists, while
//! payments run. After each restart nothing that was acknowledged is gone and nothing is there twice; in the
//! end every order has its end, and our books are the providers'. And a thousand buyers for one last piece.
//!
//! Map: `runtime` the process group · `points.js` stops it at a write · `moment` when to kill · `wires` shop
//! and providers, who outlive it · `scene` and `page` how shops and buyers ask · `story` what they want ·
//! `ledger` what they were told · `audit` what must be true · `world` lives, calm, end · `rush` the thousand
//! buyers.
//!
//! # What counts as acknowledged
//! An answer of success that somebody got: the shop for an opening, a refund, a cancel or a count of stock;
//! the buyer for an attempt, a look or a return; the provider for a webhook; and us from the shop, for a
//! notice. Whoever got none asks again by the same key, as shops and pages do.
//!
//! # Why beside the simulator
//! The simulator kills more cleverly and ten thousand times as often, but what it kills is a model of the
//! runtime. Here are the real process, its real files and its real gates; the price is that no seed brings
//! the same run again.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use audit::Findings;
use moment::Moments;
use world::{Outcome, World};

pub mod audit;
mod ledger;
mod moment;
mod page;
mod runtime;
pub mod rush;
mod scene;
mod story;
mod wires;
mod world;

/// What is wanted of a run.
#[derive(Debug, Clone)]
pub struct Order {
    /// The repository.
    pub root: PathBuf,
    /// Where storage and logs may lie.
    pub folder: PathBuf,
    /// How often to kill, in all worlds together.
    pub kills: u64,
    /// Worlds beside each other.
    pub worlds: usize,
    /// Chooses the moments; the run itself is never the same.
    pub seed: u64,
    /// Whether the disk lies, so that something has to be found.
    pub doubt: bool,
    /// Whether progress is shown.
    pub shows: bool,
}

/// What became of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// Kills, restarts, findings and acknowledgements of all worlds.
    pub outcome: Outcome,
    /// How often each moment came: those that never did included.
    pub moments: std::collections::BTreeMap<String, u64>,
}

/// What the worlds of a run share.
pub struct Shared {
    kills: u64,
    begun: AtomicU64,
    seed: u64,
    doubt: bool,
    shows: bool,
    moments: Mutex<Moments>,
}

impl Shared {
    /// The number of the next kill, if there is another.
    fn next_kill(&self) -> Option<u64> {
        let kill = self.begun.fetch_add(1, Ordering::Relaxed);
        (kill < self.kills).then_some(kill)
    }

    fn moments<T>(&self, with: impl FnOnce(&mut Moments) -> T) -> T {
        with(&mut self.moments.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn killed(&self, of_this_world: u64) {
        if self.shows && of_this_world.is_multiple_of(25) {
            let begun = self.begun.load(Ordering::Relaxed).min(self.kills);
            eprintln!("{begun} of {} kills", self.kills);
        }
    }
}

/// Kills as often as is wanted, and compares.
///
/// # Errors
/// When the runtime cannot be started; what it did wrong is in the report.
pub fn run(order: &Order) -> Result<Report, String> {
    let shared = Shared {
        kills: order.kills,
        begun: AtomicU64::new(0),
        seed: order.seed,
        doubt: order.doubt,
        shows: order.shows,
        moments: Mutex::default(),
    };
    let worlds = worlds(&order.root, &order.folder, order.worlds)?;
    let outcomes: Vec<Result<Outcome, String>> = thread::scope(|scope| {
        let all: Vec<_> = worlds.iter().map(|world| scope.spawn(|| world.run(&shared))).collect();
        let ended = |run: thread::ScopedJoinHandle<'_, _>| {
            run.join().unwrap_or_else(|_| Err("a world broke".to_owned()))
        };
        all.into_iter().map(ended).collect()
    });
    let mut report = Report { moments: shared.moments(|all| all.kills()), ..Report::default() };
    for outcome in outcomes {
        let outcome = outcome?;
        let sum = &mut report.outcome;
        sum.kills += outcome.kills;
        sum.checkouts += outcome.checkouts;
        sum.restarts.extend(outcome.restarts);
        sum.findings.add(outcome.findings);
        for (kind, count) in outcome.acknowledged {
            *sum.acknowledged.entry(kind).or_default() += count;
        }
    }
    report.outcome.restarts.sort();
    Ok(report)
}

fn worlds(root: &Path, folder: &Path, count: usize) -> Result<Vec<World>, String> {
    let _old = std::fs::remove_dir_all(folder);
    (0..count).map(|nth| World::build(root, folder, nth)).collect()
}

/// A number that looks like any other (SplitMix64).
fn dice(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The wall clock of waiting.
#[expect(clippy::disallowed_methods, reason = "what is killed is a real process in real time")]
fn now() -> Instant {
    Instant::now()
}

impl Report {
    /// What is wrong.
    #[must_use]
    pub fn findings(&self) -> &Findings {
        &self.outcome.findings
    }
}

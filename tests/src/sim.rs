//! The simulator: buyers, widget, edge, stock, providers, shop and queue under one seed, without a
//! network, a clock or a browser; and an auditor with books of its own.
//!
//! It runs the functions of production: `widget::flow` and `widget::question`, `edge::serve`,
//! `edge::owner`, `edge::stock`, `edge::letter`, every adapter of `edge::provider` with the bytes that it
//! writes and reads, and the providers' engines of `sandbox`. Only thin files are replaced, each by one
//! beside it: `shopper` and `window` stand for the browser, `door` and `objects` for `edge/src/shell` and
//! `entry.js`, `queue` and `book` for the queue and its database, `network` for the network.
//!
//! Map: `world` one seed · `workload` what it is about · `weather` what goes wrong · `network` · `door`,
//! `objects` the edge · `queue`, `book` · `providers` · `shop`, `quoted` what it signs ahead, `rival` what it names twice · `shopper`, `window` buyers · `auditor`, `path` ·
//! `plant` mistakes on purpose, `switch` where a build has some · `pairs` what met what · `progress` long runs · `trace` hash and story · `chance`.
//!
//! Invariants, as absences: nothing reads a clock, draws from another source than the seed, or walks over
//! anything without an order. The same seed and commit give the same hash (I-19).
//!
//! # Why the whole wire
//! Every request travels as its bytes: to the door, to the objects, to the providers and back, and through
//! every adapter. It finds what a model of the adapters would not, and a hundred thousand schedules are
//! still a matter of minutes. Only the rows of the objects' tables are written and read in one seed of
//! sixteen; a test holds that such a run is the same run.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use edge::config::Config;

mod auditor;
mod book;
mod browser;
mod chance;
mod door;
mod drives;
mod facts;
mod inbox;
mod network;
mod notes;
mod objects;
pub mod pairs;
mod path;
mod plant;
pub mod progress;
mod providers;
mod queue;
mod quoted;
mod rival;
mod rules;
mod shop;
mod shopper;
pub mod shrink;
mod switch;
mod trace;
mod weather;
mod window;
mod workload;
mod world;

#[cfg(test)]
mod tests;

pub use notes::Violation;
use pairs::Pairs;
pub use plant::{Found, find_all, mistake};
use rules::Ends;
pub use weather::{Cuts, KINDS, Kind};
use world::World;

/// One seed of so many runs the full wire: everything travels as its bytes.
pub const WIRE_EVERY: u64 = 16;
/// One of so many of those writes and reads the rows of every turn: it is the same run, only slower.
const ROWS_EVERY: u64 = 16;

/// How much of the world a seed runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Everything, as bytes.
    Wire,
    /// The machines, and engines that speak facts.
    Facts,
}

impl Level {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Wire, Self::Facts];

    /// The level of a seed, where none is forced.
    #[must_use]
    pub const fn of(seed: u64) -> Self {
        if seed.is_multiple_of(WIRE_EVERY) { Self::Wire } else { Self::Facts }
    }
}

/// What came of one seed.
#[derive(Debug)]
pub struct Outcome {
    /// The same for the same seed and commit.
    pub hash: u64,
    /// How much happened.
    pub events: u64,
    /// What the auditor found.
    pub violations: Vec<Violation>,
    /// What happened, when it was to be told.
    pub story: Vec<String>,
    /// How often each kind of fault struck.
    pub counts: [u32; KINDS],
    /// Strikes in all, those that were left out included.
    pub strikes: u64,
    /// How many sales there were.
    pub sales: usize,
    /// How everything ended.
    pub ends: Ends,
    /// Pairs of phase and input for which the table was asked.
    pub pairs: Pairs,
}

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The first seed.
    pub first: u64,
    /// How many.
    pub seeds: u64,
    /// How many threads.
    pub threads: usize,
    /// It ends when so many seeds have failed.
    pub failures_max: usize,
    /// A mistake on purpose.
    pub plant: Option<usize>,
    /// Every seed at this level; by its number when none is named.
    pub level: Option<Level>,
}

/// What a run shows while it goes on, and how it is told to end.
#[derive(Debug, Default)]
pub struct Watch {
    /// Seeds that were run.
    pub done: AtomicU64,
    /// Seeds that failed.
    pub failed: AtomicU64,
    /// It ends when each thread is through with its seed.
    pub stop: Arc<AtomicBool>,
}

/// What came of many seeds of one level.
#[derive(Debug, Clone, Copy, Default)]
pub struct Share {
    /// How many ran.
    pub schedules: u64,
    /// How much happened in them.
    pub events: u64,
    /// How long they took, all threads together.
    pub seconds: f64,
}

/// What came of many seeds.
#[derive(Debug, Default)]
pub struct Report {
    /// How many ran.
    pub schedules: u64,
    /// How many of them wrote and read the rows of every turn.
    pub with_rows: u64,
    /// How much happened in them.
    pub events: u64,
    /// By level.
    pub shares: [Share; 2],
    /// Of all runs, in whatever order they ended.
    pub hash: u64,
    /// How often each fault struck.
    pub faults: BTreeMap<&'static str, u64>,
    /// How checkouts, attempts and money ended, and for what a person was called.
    pub ends: Ends,
    /// Pairs that were reached.
    pub pairs: Pairs,
    /// Seeds that failed, and why.
    pub failures: BTreeMap<u64, Vec<Violation>>,
}

/// The demo's installation, as the runtime would be told it.
///
/// # Panics
/// When the demo's configuration is not valid, which its own test says better.
#[must_use]
pub fn installation() -> Rc<Config> {
    let document = include_str!("../../edge/testdata/demo-config.json");
    let secrets: BTreeMap<String, String> =
        serde_json::from_str(include_str!("../../edge/testdata/demo-secrets.json"))
            .expect("the demo's secrets are a table");
    let lookup = |name: &str| secrets.get(name).cloned();
    Rc::new(Config::load(document, &lookup, true).expect("the demo's configuration is valid"))
}

/// How a seed is run. What is told and written changes nothing of what happens; a mistake on purpose, a
/// level and what is left out do.
#[derive(Debug, Clone, Copy, Default)]
pub struct How {
    /// A mistake on purpose, by its number in the list; only some builds have any.
    pub plant: Option<usize>,
    /// The story is kept.
    pub tells: bool,
    /// Every turn writes and reads its rows.
    pub rows: bool,
    /// At this level; by the seed's number when none is named.
    pub level: Option<Level>,
    /// Faults and sales that are left out.
    pub cuts: Cuts,
}

impl How {
    /// How a seed is run at a level, or at its own, when nobody wants anything else.
    #[must_use]
    pub fn of(seed: u64, level: Option<Level>) -> Self {
        let wire = level.unwrap_or(Level::of(seed)) == Level::Wire;
        let every = if level.is_none() { ROWS_EVERY * WIRE_EVERY } else { ROWS_EVERY };
        Self { rows: wire && seed.is_multiple_of(every), level, ..Self::default() }
    }
}

/// Runs one seed.
#[must_use]
pub fn run(config: &Rc<Config>, seed: u64, how: &How) -> Outcome {
    switch::make(how.plant);
    match how.level.unwrap_or(Level::of(seed)) {
        Level::Wire => World::new(Rc::clone(config), seed, how).run(),
        Level::Facts => facts::run(seed, how),
    }
}

/// Runs many seeds on many threads. What is kept grows with the failures alone.
#[must_use]
pub fn run_all(order: &Order, watch: &Watch) -> Report {
    let next = AtomicU64::new(0);
    let report = Mutex::new(Report::default());
    thread::scope(|scope| {
        for _ in 0..order.threads.max(1) {
            scope.spawn(|| work(order, &next, watch, &report));
        }
    });
    report.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn work(order: &Order, next: &AtomicU64, watch: &Watch, report: &Mutex<Report>) {
    let config = installation();
    let mut mine = Report::default();
    let mut counts = [0_u64; KINDS];
    while !watch.stop.load(Ordering::Relaxed) {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= order.seeds {
            break;
        }
        let seed = order.first + n;
        let how = How { plant: order.plant, ..How::of(seed, order.level) };
        let begun = clock();
        let outcome = run(&config, seed, &how);
        let share = &mut mine.shares[how.level.unwrap_or(Level::of(seed)) as usize];
        share.seconds += begun.elapsed().as_secs_f64();
        share.schedules += 1;
        share.events += outcome.events;
        mine.with_rows += u64::from(how.rows);
        mine.schedules += 1;
        mine.events += outcome.events;
        mine.hash ^= outcome.hash.wrapping_mul(seed | 1);
        mine.pairs.add(&outcome.pairs);
        for (sum, count) in counts.iter_mut().zip(outcome.counts) {
            *sum += u64::from(count);
        }
        for (end, count) in outcome.ends {
            *mine.ends.entry(end).or_default() += count;
        }
        if !outcome.violations.is_empty() {
            mine.failures.insert(seed, outcome.violations);
            let failed = watch.failed.fetch_add(1, Ordering::Relaxed) + 1;
            if failed >= order.failures_max as u64 {
                watch.stop.store(true, Ordering::Relaxed);
            }
        }
        watch.done.fetch_add(1, Ordering::Relaxed);
    }
    let Ok(mut sum) = report.lock() else { return };
    sum.schedules += mine.schedules;
    sum.events += mine.events;
    sum.with_rows += mine.with_rows;
    sum.hash ^= mine.hash;
    sum.pairs.add(&mine.pairs);
    for (sum, mine) in sum.shares.iter_mut().zip(mine.shares) {
        sum.schedules += mine.schedules;
        sum.events += mine.events;
        sum.seconds += mine.seconds;
    }
    sum.failures.append(&mut mine.failures);
    for (end, count) in mine.ends {
        *sum.ends.entry(end).or_default() += count;
    }
    for (kind, count) in Kind::ALL.iter().zip(counts) {
        *sum.faults.entry(kind.name()).or_default() += count;
    }
}

/// The wall clock of the figures.
#[expect(clippy::disallowed_methods, reason = "rates are of real time; nothing in a run knows it")]
fn clock() -> std::time::Instant {
    std::time::Instant::now()
}

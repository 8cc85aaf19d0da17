//! The benchmark: our worker beside what a good team would write, and beside what the runtime itself
//! costs, on the same runtime in the same run.
//!
//! Map: `worker` who is compared, what each is asked and must answer · `jobs` turns and checks · `load`
//! connections and clocks · `server` the runtime's process · `growth` what an order costs when a million are
//! there · `count` what it does, by number · `cold` the first answer of a fresh runtime · `report` medians and ratios. The peers are in
//! `tests/bench/`.
//!
//! # What makes it fair
//! The workers take turns at every row, so that a slow minute of the machine strikes all of them. Every
//! answer is read and checked, so that a wrong one cannot be fast; in the end every runtime is killed, and
//! must still know the tokens that it took. Storage is always files: on the disk, or in a file system in
//! memory, never the runtime's own memory. Ratios are compared, never times.

use jobs::{Field, Job, Row, Samples, Storage};

pub mod cold;
pub mod count;
pub mod growth;
pub mod jobs;
pub mod load;
pub mod report;
pub mod server;
pub mod worker;

pub use report::Report;

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// Turns of every worker at every row.
    pub rounds: usize,
    /// How long a turn lasts, about.
    pub seconds: f64,
    /// The first of four ports.
    pub base: u16,
    /// One storage alone.
    pub storage: Option<Storage>,
    /// One part alone.
    pub part: Option<Part>,
    /// The largest size: a million takes many minutes and some gigabytes.
    pub most: u32,
    /// Orders at each size.
    pub orders: u64,
}

/// A part of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Every worker at every row.
    Peers,
    /// The same orders on shards of ever more checkouts.
    Growth,
    /// What an order does, by number.
    Count,
    /// From the spawn to the first answer.
    Cold,
}

impl Part {
    /// In the order in which they run.
    pub const ALL: [Self; 4] = [Self::Cold, Self::Count, Self::Growth, Self::Peers];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Peers => "peers",
            Self::Growth => "growth",
            Self::Count => "count",
            Self::Cold => "cold",
        }
    }
}

/// Checkouts that are there when further orders are measured.
pub const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];

/// The rows of a storage.
fn rows(storage: Storage) -> Vec<Row> {
    let row = |job, connections| Row { storage, job, connections };
    let mut rows = Vec::new();
    for connections in [32, 128] {
        rows.extend([
            row(Job::Floor("/post"), connections),
            row(Job::Floor("/door"), connections),
            row(Job::Floor("/object"), connections),
            row(Job::Floor("/insert"), connections),
            row(Job::Floor("/group"), connections),
            row(Job::Floor("/kept"), connections),
            row(Job::Issue, connections),
            row(Job::Verify, connections),
            row(Job::Reserve, connections),
        ]);
    }
    rows.extend([
        row(Job::LastItem(256), 256),
        row(Job::ItemEach(256), 256),
        row(Job::LastItem(1_000), 1_000),
        row(Job::ItemEach(1_000), 1_000),
    ]);
    rows
}

/// Runs everything, and says what it is doing.
///
/// # Errors
/// What was wrong, in one sentence.
pub fn run(order: &Order, say: &dyn Fn(&str)) -> Result<Report, String> {
    let runs = |part| order.part.is_none_or(|only| only == part);
    let starts = if runs(Part::Cold) { cold::run(order.base, say)? } else { Vec::new() };
    let counts = if runs(Part::Count) { count::run(order.base, say)? } else { Vec::new() };
    let sizes: Vec<u32> = SIZES.into_iter().filter(|size| *size <= order.most).collect();
    let grown = if runs(Part::Growth) { growth::run(order, &sizes, say)? } else { Vec::new() };
    let samples = if runs(Part::Peers) { peers(order, say)? } else { Samples::new() };
    Ok(Report { counts, grown, starts, ..Report::of(&samples) })
}

fn peers(order: &Order, say: &dyn Fn(&str)) -> Result<Samples, String> {
    let mut samples = Samples::new();
    let wanted = |storage: &Storage| order.storage.is_none_or(|only| only == *storage);
    for storage in Storage::ALL.into_iter().filter(wanted) {
        say(&format!("starting four workers on {}", storage.name()));
        let mut field = Field::start(storage, order.base, order.seconds)?;
        for round in 1..=order.rounds {
            for row in rows(storage) {
                say(&format!(
                    "{} {round}/{}: {} over {} connections",
                    storage.name(),
                    order.rounds,
                    row.job.name(),
                    row.connections
                ));
                field.take_turns(row, &mut samples)?;
            }
        }
        say("cutting the power, and asking who remembers");
        field.end()?;
    }
    Ok(samples)
}

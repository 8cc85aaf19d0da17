//! Running a target: over its corpus, over what a seed makes of it, and what a run may cost.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Mutator, Target};

/// A run may take this long whatever its input, and so much for each byte of it: a hundred times what it
/// takes, so that a busy machine fails nothing.
const PATIENCE: Duration = Duration::from_millis(60);
const PATIENCE_PER_BYTE: Duration = Duration::from_micros(2);
/// Without optimisation everything takes longer.
const SLOWER: u32 = if cfg!(debug_assertions) { 10 } else { 1 };
/// A run may ask for this much memory in all whatever its input, and so much for each byte of it.
const BYTES: usize = 4 * 1024 * 1024;
const BYTES_PER_BYTE: usize = 400;

/// What a run has cost, as far as somebody counts: bytes that were asked for up to now.
pub type Cost = fn() -> usize;

/// What came of a hunt.
#[derive(Debug, Default)]
pub struct Hunt {
    /// Inputs that were run.
    pub runs: u64,
    /// Of these, inputs that got past the first refusal.
    pub deep: u64,
    /// Inputs that broke something, and what they broke.
    pub failures: Vec<(Vec<u8>, String)>,
}

/// Where a target's corpus lies.
#[must_use]
pub fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(target)
}

/// A target's corpus, in the order of its files' names.
#[must_use]
pub fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder(target)).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            Some((name, std::fs::read(entry.path()).ok()?))
        })
        .collect();
    files.sort();
    files
}

/// Runs every input of the corpus, and some beginnings of each.
#[must_use]
pub fn replay(target: Target, cost: Option<Cost>) -> Hunt {
    let mut hunt = Hunt::default();
    for (_, input) in corpus(target.name) {
        hunt.run(target, &input, cost);
        for length in (0..input.len().min(400)).step_by(41) {
            hunt.run(target, &input[..length], cost);
        }
    }
    hunt
}

/// Runs what this seed makes of the corpus, until `goes_on` says no; stops at the first failure.
pub fn hunt(
    target: Target,
    seed: u64,
    cost: Option<Cost>,
    mut goes_on: impl FnMut(u64) -> bool,
) -> Hunt {
    let inputs: Vec<Vec<u8>> = corpus(target.name).into_iter().map(|(_, input)| input).collect();
    let mut mutator = Mutator::new(seed, target.words);
    let mut hunt = Hunt::default();
    while hunt.failures.is_empty() && goes_on(hunt.runs) {
        let input = mutator.bend(&inputs);
        hunt.run(target, &input, cost);
    }
    hunt
}

impl Hunt {
    fn run(&mut self, target: Target, input: &[u8], cost: Option<Cost>) {
        self.runs += 1;
        match bounded(target, input, cost) {
            Ok(deep) => self.deep += u64::from(deep),
            Err(why) => self.failures.push((input.to_vec(), why)),
        }
    }
}

/// One run within its bounds (I-16, I-20). Whoever is late may have been interrupted: only who is late
/// three times is.
fn bounded(target: Target, input: &[u8], cost: Option<Cost>) -> Result<bool, String> {
    let bytes = u32::try_from(input.len()).unwrap_or(u32::MAX);
    let patience = (PATIENCE + PATIENCE_PER_BYTE * bytes) * SLOWER;
    let mut late = Duration::ZERO;
    for _ in 0..3 {
        let (begun, before) = (now(), cost.map(|cost| cost()));
        let deep = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
        let deep = deep.map_err(|panic| told(panic.as_ref()))?;
        late = begun.elapsed();
        let asked = cost.zip(before).map_or(0, |(cost, before)| cost() - before);
        if asked > BYTES + BYTES_PER_BYTE * input.len() {
            return Err(format!("{} bytes made it ask for {asked}", input.len()));
        }
        if late <= patience {
            return Ok(deep);
        }
    }
    Err(format!("{} bytes took it {late:?}", input.len()))
}

fn told(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

/// The wall clock of the bound.
#[expect(clippy::disallowed_methods, reason = "what is measured is how long it takes")]
fn now() -> Instant {
    Instant::now()
}

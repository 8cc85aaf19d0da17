//! Mistakes on purpose, one after the other, until the auditor finds each by a rule that it breaks. Which
//! they are and how they come into a build: `tests/src/planted.rs`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::switch::IS_PLANTED;
use super::{How, Level, Order, WIRE_EVERY, installation, run};
use crate::planted::{Mistake, list};

/// Every price is a multiple of a thousand, and every wrong amount is off by this.
pub(super) const WRONG_BY: u64 = 7;

/// How a planted mistake was found.
#[derive(Debug)]
pub struct Found {
    /// The mistake.
    pub mistake: Mistake,
    /// After so many schedules.
    pub schedules: u64,
    /// The last of them ran everything as bytes, or facts alone.
    pub level: Level,
    /// By a violation of these rules; `None` when it was not found.
    pub rule: Option<&'static str>,
    /// What was seen, or which other rules were violated.
    pub seen: String,
}

/// The number of the mistake of this name.
///
/// # Errors
/// A sentence, when there is none, or when this build can make none.
pub fn mistake(name: &str) -> Result<usize, String> {
    let list = planted()?;
    let at = list.iter().position(|mistake| mistake.name == name);
    at.ok_or_else(|| {
        let names: Vec<&str> = list.iter().map(|mistake| mistake.name).collect();
        format!("{name} is none of {}", names.join(", "))
    })
}

fn planted() -> Result<Vec<Mistake>, String> {
    let build = "this build has no mistakes: `cargo x sim --planted` makes one that has";
    if IS_PLANTED { list() } else { Err(build.to_owned()) }
}

/// Makes every mistake until the auditor finds it, each for so many seeds at most; `told` hears of each at
/// once.
///
/// # Errors
/// A sentence, when this build can make none.
pub fn find_all(
    order: &Order,
    wanted: &dyn Fn(&Mistake) -> bool,
    told: &(dyn Fn(&Found) + Sync),
) -> Result<Vec<Found>, String> {
    let list = planted()?;
    let wanted: Vec<usize> = (0..list.len()).filter(|n| wanted(&list[*n])).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut mine = Vec::new();
        while let Some(n) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
            let one = find(order, *n, &list[*n]);
            told(&one);
            mine.push((*n, one));
        }
        mine
    };
    let mut found: Vec<(usize, Found)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..order.threads.max(1)).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    });
    found.sort_by_key(|(n, _)| *n);
    Ok(found.into_iter().map(|(_, found)| found).collect())
}

fn find(order: &Order, n: usize, mistake: &Mistake) -> Found {
    let config = installation();
    let mut others: Vec<&'static str> = Vec::new();
    for seed in order.first..order.first + order.seeds {
        // Rows have mistakes too: more of these seeds write and read them than of others.
        let rows = seed.is_multiple_of(2 * WIRE_EVERY);
        let how = How { plant: Some(n), rows, ..How::of(seed, order.level) };
        let outcome = run(&config, seed, &how);
        let fits = |rule: &str| rule.split(' ').any(|word| mistake.rules.contains(&word));
        let schedules = seed - order.first + 1;
        if let Some(violation) = outcome.violations.iter().find(|one| fits(one.rule)) {
            let (rule, seen) = (Some(violation.rule), violation.text.clone());
            let level = order.level.unwrap_or(Level::of(seed));
            return Found { mistake: mistake.clone(), schedules, level, rule, seen };
        }
        others.extend(outcome.violations.iter().map(|violation| violation.rule));
        others.sort_unstable();
        others.dedup();
    }
    let seen = format!("other rules: {others:?}");
    let (schedules, level) = (order.seeds, order.level.unwrap_or(Level::Facts));
    Found { mistake: mistake.clone(), schedules, level, rule: None, seen }
}

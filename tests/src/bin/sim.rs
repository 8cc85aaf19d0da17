//! `cargo x sim`: runs seeds, and tells the story of one that failed.

use std::process::ExitCode;
use std::time::Instant;

use serde_json::json;
use tests::sim::{How, Order, Plant, Report, doubt, installation, run, run_all};

/// Seeds that are run when none are named.
const SEEDS: u64 = 2_000;
/// Failing seeds that are named.
const NAMED_MAX: usize = 10;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        words.iter().position(|word| word == name).and_then(|at| words.get(at + 1)).cloned()
    };
    let number = |name: &str| value(name).and_then(|text| text.parse::<u64>().ok());
    let plant = value("--plant");
    let known = plant.as_deref().map(Plant::parse);
    if let (Some(name), Some(None)) = (&plant, known) {
        let all: Vec<&str> = Plant::ALL.iter().map(|(name, ..)| *name).collect();
        eprintln!("sim: {name} is none of {}", all.join(", "));
        return ExitCode::from(2);
    }
    let plant = known.flatten();
    let has = |name: &str| words.iter().any(|word| word == name);
    let (seed, seeds) = (number("--seed"), number("--seeds"));
    let order = Order {
        first: seed.unwrap_or(0),
        seeds: seeds.unwrap_or(SEEDS),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        failures_max: number("--failures").map_or(NAMED_MAX, |n| n as usize),
        plant,
    };
    match (seed, seeds) {
        _ if has("--doubt") => found_all(&order),
        (Some(seed), None) => tell(seed, plant),
        _ => many(&order, has("--json")),
    }
}

/// Whether the auditor finds every mistake that is made on purpose.
fn found_all(order: &Order) -> ExitCode {
    let mut all = true;
    for found in doubt(order) {
        all &= found.rule.is_some();
        let how = found.rule.map_or("NOT FOUND".to_owned(), |rule| format!("found by {rule}"));
        println!("{:<22} {how} in {} schedules", found.name, found.schedules);
    }
    if all { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One seed, with everything that happened.
fn tell(seed: u64, plant: Option<Plant>) -> ExitCode {
    let outcome = run(&installation(), seed, &How { plant, tells: true, rows: true });
    for line in &outcome.story {
        println!("{line}");
    }
    println!("seed {seed}: {} events, trace {:016x}", outcome.events, outcome.hash);
    for violation in &outcome.violations {
        println!("✗ {}: {}", violation.rule, violation.text);
    }
    if outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn many(order: &Order, as_json: bool) -> ExitCode {
    let begun = now();
    let report = run_all(order);
    let seconds = begun.elapsed().as_secs_f64();
    if as_json {
        println!("{}", json_of(&report, order, seconds));
    } else {
        print_of(&report, seconds);
    }
    for (seed, violations) in report.failures.iter().take(NAMED_MAX) {
        eprintln!("seed {seed}: replay it with  cargo x sim --seed {seed}{}", planted(order.plant));
        for violation in violations {
            eprintln!("  ✗ {}: {}", violation.rule, violation.text);
        }
    }
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn planted(plant: Option<Plant>) -> String {
    let name = Plant::ALL.into_iter().find(|(_, each, _)| Some(*each) == plant);
    name.map(|(name, ..)| format!(" --plant {name}")).unwrap_or_default()
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn per_second(count: u64, seconds: f64) -> f64 {
    (count as f64 / seconds * 10.0).round() / 10.0
}

fn json_of(report: &Report, order: &Order, seconds: f64) -> serde_json::Value {
    let violations: usize = report.failures.values().map(Vec::len).sum();
    json!({
        "schedules": report.schedules,
        "first_seed": order.first,
        "violations": violations,
        "failing_seeds": report.failures.keys().collect::<Vec<_>>(),
        "schedules_per_second": per_second(report.schedules, seconds),
        "full_wire_schedules": report.schedules,
        "schedules_with_rows": report.with_rows,
        "events": report.events,
        "events_per_second": per_second(report.events, seconds),
        "seconds": (seconds * 10.0).round() / 10.0,
        "threads": order.threads,
        "ends": report.ends,
        "trace": format!("{:016x}", report.hash),
        "faults": report.faults.values().sum::<u64>(),
        "fault_kinds": report.faults,
    })
}

fn print_of(report: &Report, seconds: f64) {
    let faults: u64 = report.faults.values().sum();
    let kinds = report.faults.values().filter(|count| **count > 0).count();
    println!(
        "{} schedules in {seconds:.1} s ({} a second), {} events, {faults} faults of {kinds} kinds, \
         {} failing seeds, trace {:016x}",
        report.schedules,
        per_second(report.schedules, seconds),
        report.events,
        report.failures.len(),
        report.hash,
    );
}

/// The wall clock of the figures.
#[expect(clippy::disallowed_methods, reason = "rates are of real time; nothing in a run knows it")]
fn now() -> Instant {
    Instant::now()
}

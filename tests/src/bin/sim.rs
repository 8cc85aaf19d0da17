//! `cargo x sim`: runs seeds, and tells the story of one that failed.

use std::process::ExitCode;
use std::time::Instant;

use serde_json::json;
use tests::planted::{Mistake, list};
use tests::sim::{Found, How, Order, Report, find_all, installation, mistake, run, run_all};

/// Seeds that are run when none are named.
const SEEDS: u64 = 2_000;
/// Seeds that a planted mistake gets, and those that it gets where only the frequent ones are looked for.
const PLANTED_SEEDS: u64 = 20_000;
const QUICK_SEEDS: u64 = 1_000;
/// Failing seeds that are named.
const NAMED_MAX: usize = 10;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        words.iter().position(|word| word == name).and_then(|at| words.get(at + 1)).cloned()
    };
    let number = |name: &str| value(name).and_then(|text| text.parse::<u64>().ok());
    let plant = match value("--plant").map(|name| mistake(&name)).transpose() {
        Ok(plant) => plant,
        Err(why) => {
            eprintln!("sim: {why}");
            return ExitCode::from(2);
        }
    };
    let has = |name: &str| words.iter().any(|word| word == name);
    let (seed, seeds) = (number("--seed"), number("--seeds"));
    let order = Order {
        first: seed.unwrap_or(0),
        seeds: seeds.unwrap_or(match (has("--planted"), has("--quick")) {
            (true, true) => QUICK_SEEDS,
            (true, false) => PLANTED_SEEDS,
            (false, _) => SEEDS,
        }),
        threads: std::thread::available_parallelism().map_or(1, usize::from),
        failures_max: number("--failures").map_or(NAMED_MAX, |n| n as usize),
        plant,
    };
    match (seed, seeds) {
        _ if has("--planted") => planted(&order, value("--planted").as_deref(), &has),
        (Some(seed), None) => tell(seed, plant),
        _ => many(&order, has("--json")),
    }
}

/// Whether the auditor finds every mistake that is made on purpose.
fn planted(order: &Order, name: Option<&str>, has: &dyn Fn(&str) -> bool) -> ExitCode {
    let named = name.filter(|name| !name.starts_with("--"));
    let quick = has("--quick");
    let wanted = |mistake: &Mistake| {
        named.is_none_or(|name| mistake.name.contains(name)) && !(quick && mistake.rare)
    };
    let begun = now();
    let found = match find_all(order, &wanted, &|one| eprintln!("{}", line_of(one))) {
        Ok(found) => found,
        Err(why) => {
            eprintln!("sim: {why}");
            return ExitCode::from(2);
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    let (planted, count) = (found.len(), found.iter().filter(|one| one.rule.is_some()).count());
    let schedules: u64 = found.iter().map(|one| one.schedules).sum();
    if has("--json") {
        let mistakes: Vec<_> = found.iter().map(json_of_one).collect();
        let document = json!({
            "planted": planted,
            "found": count,
            "listed": list().map_or(0, |list| list.len()),
            "schedules": schedules,
            "seconds": (seconds * 10.0).round() / 10.0,
            "mistakes": mistakes,
        });
        println!("{document}");
    } else {
        println!("{count} of {planted} mistakes found, {schedules} schedules in {seconds:.1} s");
    }
    if count == planted { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn line_of(found: &Found) -> String {
    let Found { mistake, schedules, rule, seen } = found;
    match rule {
        Some(rule) => format!("{:<32} {schedules:>6}  {rule}: {seen}", mistake.name),
        None => format!("{:<32} NOT FOUND in {schedules} schedules; {seen}", mistake.name),
    }
}

fn json_of_one(found: &Found) -> serde_json::Value {
    let Found { mistake, schedules, rule, seen } = found;
    json!({
        "name": mistake.name,
        "breaks": mistake.rules,
        "rule": rule,
        "schedules": schedules,
        "seen": seen,
        "story": mistake.story,
        "elsewhere": mistake.elsewhere,
    })
}

/// One seed, with everything that happened.
fn tell(seed: u64, plant: Option<usize>) -> ExitCode {
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
        eprintln!(
            "seed {seed}: replay it with  cargo x sim --seed {seed}{}",
            on_purpose(order.plant)
        );
        for violation in violations {
            eprintln!("  ✗ {}: {}", violation.rule, violation.text);
        }
    }
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn on_purpose(plant: Option<usize>) -> String {
    let list = list().unwrap_or_default();
    let mistake = plant.and_then(|n| list.get(n));
    mistake.map(|mistake| format!(" --plant {}", mistake.name)).unwrap_or_default()
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

//! `cargo x sim`: runs seeds, and tells the story of one that failed.

use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Value, json};
use tests::planted::{Mistake, list};
use tests::sim::pairs::Pairs;
use tests::sim::progress::run_watched;
use tests::sim::shrink::{Shrunken, shrink};
use tests::sim::{Found, How, Level, Order, Report, find_all, installation, mistake, run};
use tests::words::Words;

/// Seeds that are run when none are named.
const SEEDS: u64 = 32_000;
/// Seeds that a planted mistake gets, one of sixteen with the full wire, and those that it gets where only the frequent ones are looked for.
const PLANTED_SEEDS: u64 = 320_000;
const QUICK_SEEDS: u64 = 16_000;
/// A run of so many seeds has to meet every pair that can be met; shorter ones only say which they met.
const COVERING_SEEDS: u64 = 10_000_000;
/// Failing seeds that are named.
const NAMED_MAX: usize = 10;

fn main() -> ExitCode {
    let words = Words::of_this_process();
    let number = |name: &str| words.number::<u64>(name);
    let plant = match words.value("--plant").map(mistake).transpose() {
        Ok(plant) => plant,
        Err(why) => {
            eprintln!("sim: {why}");
            return ExitCode::from(2);
        }
    };
    let has = |name: &str| words.has(name);
    let (seed, seeds) = (number("--seed"), number("--seeds"));
    let level = match (has("--wire"), has("--facts")) {
        (true, _) => Some(Level::Wire),
        (false, true) => Some(Level::Facts),
        (false, false) => None,
    };
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
        level,
    };
    match (seed, seeds) {
        _ if has("--planted") => planted(&order, words.value("--planted"), &has),
        (Some(seed), None) => tell(seed, &order, has("--shrink")),
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
    let Found { mistake, schedules, rule, seen, .. } = found;
    match rule {
        Some(rule) => format!("{:<32} {schedules:>6}  {rule}: {seen}", mistake.name),
        None => format!("{:<32} NOT FOUND in {schedules} schedules; {seen}", mistake.name),
    }
}

fn json_of_one(found: &Found) -> serde_json::Value {
    let Found { mistake, schedules, level, rule, seen } = found;
    json!({
        "name": mistake.name,
        "breaks": mistake.rules,
        "rule": rule,
        "schedules": schedules,
        "full_wire": *level == Level::Wire,
        "seen": seen,
        "story": mistake.story,
        "elsewhere": mistake.elsewhere,
    })
}

/// How the order runs one seed.
fn how(order: &Order) -> How {
    How { plant: order.plant, level: order.level, ..How::default() }
}

/// One seed, with everything that happened; or with what of it is enough to break the rule.
fn tell(seed: u64, order: &Order, shrinks: bool) -> ExitCode {
    let (config, mut how) = (installation(), how(order));
    if shrinks {
        match shrink(&how, |how| run(&config, seed, how)) {
            None => println!("seed {seed} breaks no rule: there is nothing to shrink"),
            Some(shrunken) => {
                println!("{}", shrunken_text(&shrunken));
                how.cuts = shrunken.cuts;
            }
        }
    }
    let outcome = run(&config, seed, &How { tells: true, rows: true, ..how });
    for line in &outcome.story {
        println!("{line}");
    }
    println!("seed {seed}: {} events, trace {:016x}", outcome.events, outcome.hash);
    for violation in &outcome.violations {
        println!("✗ {}: {}", violation.rule, violation.text);
    }
    if outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn shrunken_text(shrunken: &Shrunken) -> String {
    let Shrunken { strikes, events, runs, .. } = shrunken;
    format!(
        "shrunken from {} to {} faults and from {} to {} events, in {runs} runs",
        strikes.0, strikes.1, events.0, events.1
    )
}

fn many(order: &Order, as_json: bool) -> ExitCode {
    let begun = now();
    let (report, interrupted) = match run_watched(order) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("sim: cannot listen to signals: {error}");
            return ExitCode::from(2);
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    if as_json {
        println!("{}", json_of(&report, order, seconds));
    } else {
        print_of(&report, order, seconds);
    }
    if interrupted {
        eprintln!("sim: interrupted after {} of {} seeds", report.schedules, order.seeds);
    }
    let config = installation();
    for (at, (seed, violations)) in report.failures.iter().take(NAMED_MAX).enumerate() {
        let words = words(order);
        eprintln!("seed {seed}: replay it with  cargo x sim --seed {seed}{words} --shrink");
        for violation in violations {
            eprintln!("  ✗ {}: {}", violation.rule, violation.text);
        }
        // One story is enough to begin with.
        if at == 0
            && let Some(shrunken) = shrink(&how(order), |how| run(&config, *seed, how))
        {
            let how = How { cuts: shrunken.cuts, tells: true, ..how(order) };
            eprintln!("  {}:", shrunken_text(&shrunken));
            for line in run(&config, *seed, &how).story {
                eprintln!("    {line}");
            }
        }
    }
    let covered = order.seeds < COVERING_SEEDS || report.pairs.missing().next().is_none();
    if !covered && !interrupted {
        eprintln!(
            "✗ {COVERING_SEEDS} seeds have to meet every pair that the model check meets; not met:"
        );
        for (phase, input) in report.pairs.missing() {
            eprintln!("    {phase:?} + {input:?}");
        }
    }
    match report.failures.is_empty() && covered {
        _ if interrupted => ExitCode::from(130),
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

/// What has to be said again to run a seed the same way.
fn words(order: &Order) -> String {
    let list = list().unwrap_or_default();
    let mistake = order.plant.and_then(|n| list.get(n));
    let plant = mistake.map(|mistake| format!(" --plant {}", mistake.name)).unwrap_or_default();
    let level = match order.level {
        None => "",
        Some(Level::Wire) => " --wire",
        Some(Level::Facts) => " --facts",
    };
    format!("{level}{plant}")
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn per_second(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { (count as f64 / seconds * 10.0).round() / 10.0 } else { 0.0 }
}

/// Schedules of a level in a second of which it has every thread.
#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(report: &Report, order: &Order, level: Level) -> f64 {
    let share = report.shares[level as usize];
    per_second(share.schedules, share.seconds / order.threads as f64)
}

fn json_of(report: &Report, order: &Order, seconds: f64) -> Value {
    let violations: usize = report.failures.values().map(Vec::len).sum();
    let (reached, total) = report.pairs.coverage();
    let missing: Vec<String> =
        report.pairs.missing().map(|(phase, input)| format!("{phase:?} x {input:?}")).collect();
    json!({
        "schedules": report.schedules,
        "first_seed": order.first,
        "violations": violations,
        "failing_seeds": report.failures.keys().collect::<Vec<_>>(),
        "schedules_per_second": per_second(report.schedules, seconds),
        "full_wire_schedules": report.shares[Level::Wire as usize].schedules,
        "full_wire_per_second": rate(report, order, Level::Wire),
        "fact_schedules": report.shares[Level::Facts as usize].schedules,
        "fact_schedules_per_second": rate(report, order, Level::Facts),
        "fact_events": report.shares[Level::Facts as usize].events,
        "schedules_with_rows": report.with_rows,
        "events": report.events,
        "events_per_second": per_second(report.events, seconds),
        "seconds": (seconds * 10.0).round() / 10.0,
        "seeds_asked_for": order.seeds,
        "threads": order.threads,
        "ends": report.ends,
        "trace": format!("{:016x}", report.hash),
        "faults": report.faults.values().sum::<u64>(),
        "fault_kinds": report.faults,
        "pairs_reached": reached,
        "pairs_total": total,
        "pairs_missing": missing,
    })
}

fn print_of(report: &Report, order: &Order, seconds: f64) {
    let faults: u64 = report.faults.values().sum();
    let kinds = report.faults.values().filter(|count| **count > 0).count();
    println!(
        "{} schedules in {seconds:.1} s, {} events, {faults} faults of {kinds} kinds, {} failing \
         seeds, trace {:016x}",
        report.schedules,
        report.events,
        report.failures.len(),
        report.hash,
    );
    for (level, name) in [(Level::Facts, "facts"), (Level::Wire, "full wire")] {
        let share = report.shares[level as usize];
        println!(
            "  {name}: {} schedules, {} a second",
            share.schedules,
            rate(report, order, level)
        );
    }
    if report.shares[Level::Facts as usize].schedules > 0 {
        let (reached, total) = report.pairs.coverage();
        println!("  pairs of phase and input: {reached} of {total} reachable ones");
        print_pairs(&report.pairs);
    }
}

/// The table: `+` reached, `.` proved to be out of reach, `?` neither.
fn print_pairs(pairs: &Pairs) {
    for (phase, row) in pairs.table() {
        println!("    {phase:<16}{row}");
    }
}

/// The wall clock of the figures.
#[expect(clippy::disallowed_methods, reason = "rates are of real time; nothing in a run knows it")]
fn now() -> Instant {
    Instant::now()
}

//! `cargo x fuzz`: replays the corpora, then bends them until the time is over.

use std::alloc::System;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tests::fuzz::{Hunt, TARGETS, folder, hunt, named, replay};
use tests::words::Words;

/// Counts what an input makes us ask for.
#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// For all targets together, when nobody says how long.
const SECONDS: u64 = 60;

fn main() -> ExitCode {
    let words = Words::of_this_process();
    let only = words.value("--target");
    if let Some(name) = only.filter(|name| named(name).is_none()) {
        let all: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("fuzz: {name} is none of {}", all.join(", "));
        return ExitCode::from(2);
    }
    let targets = TARGETS.iter().filter(|target| only.is_none_or(|n| n == target.name));
    let targets: Vec<_> = targets.copied().collect();
    // Failures are told below, each with its input.
    std::panic::set_hook(Box::new(|_| {}));
    let share = Duration::from_secs(words.number("--seconds").unwrap_or(SECONDS))
        / u32::try_from(targets.len()).unwrap_or(1);
    let seed = words.number("--seed").unwrap_or(1);
    let mut told = Vec::new();
    let mut failed = 0;
    for target in targets {
        let begun = now();
        let replayed = replay(target, Some(asked));
        let bent = if replayed.failures.is_empty() {
            hunt(target, seed, Some(asked), |_| begun.elapsed() < share)
        } else {
            Hunt::default()
        };
        let seconds = begun.elapsed().as_secs_f64();
        let failures: Vec<_> = replayed.failures.iter().chain(&bent.failures).collect();
        failed += failures.len();
        for (input, why) in &failures {
            report(target.name, input, why);
        }
        let (runs, deep) = (replayed.runs + bent.runs, replayed.deep + bent.deep);
        if !words.has("--json") {
            println!(
                "{:<9} {runs:>8} inputs, {deep:>7} past the first refusal, {} failures  ({})",
                target.name,
                failures.len(),
                target.about,
            );
        }
        told.push(json!({
            "name": target.name,
            "corpus": replayed.runs,
            "inputs": runs,
            "deep": deep,
            "failures": failures.len(),
            "seconds": (seconds * 10.0).round() / 10.0,
        }));
    }
    if words.has("--json") {
        println!("{}", json!({ "seed": seed, "failures": failed, "targets": told }));
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Tells of a failure, and keeps its input where the next replay finds it.
fn report(target: &str, input: &[u8], why: &str) {
    let name = format!("found-{:08x}", checksum(input));
    let path = folder(target).join(&name);
    let kept = std::fs::write(&path, input).is_ok();
    eprintln!("✗ {target}: {why}");
    eprintln!("  input: {:?}", String::from_utf8_lossy(&input[..input.len().min(300)]));
    if kept {
        eprintln!("  kept as tests/fuzz/{target}/{name}: the tests replay it from now on");
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn asked() -> usize {
    let stats = GLOBAL.stats();
    stats.bytes_allocated
}

/// The wall clock of the shares.
#[expect(clippy::disallowed_methods, reason = "how long it may take is what people say")]
fn now() -> Instant {
    Instant::now()
}

//! `cargo x crash`: kills the running runtime while payments run, and lets a thousand buyers want one piece.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::crash::{Order, Report, run, rush};
use tests::words::Words;

/// Kills when none are named.
const KILLS: u64 = 50;
/// Worlds that live and die beside each other: one that restarts leaves the processor to the others.
const WORLDS: usize = 3;
/// Rounds when only buyers are named.
const ROUNDS: u64 = 3;
/// Findings that are shown.
const SHOWN_MAX: usize = 10;

fn main() -> ExitCode {
    let words = Words::of_this_process();
    let has = |name: &str| words.has(name);
    let number = |name: &str| words.number::<u64>(name);
    let root = tests::root();
    let folder = root.join(format!("target/tmp/crash-{}", std::process::id()));
    let begun = now();
    let told = if let Some(buyers) = number("--buyers") {
        let rounds = number("--rounds").unwrap_or(ROUNDS);
        rush::play(&root, &folder, buyers as usize, rounds)
            .map(|played| of_rounds(&played, buyers, begun.elapsed()))
    } else {
        let order = Order {
            folder: folder.clone(),
            root,
            kills: number("--kills").unwrap_or(KILLS),
            worlds: number("--worlds").map_or(WORLDS, |worlds| worlds.clamp(1, 20) as usize),
            seed: number("--seed").unwrap_or_else(|| u64::from(std::process::id())),
            doubt: has("--doubt"),
            shows: !has("--json"),
        };
        run(&order).map(|report| of_kills(&report, &order, begun.elapsed()))
    };
    let (figures, wrong) = match told {
        Ok(told) => told,
        Err(sentence) => {
            eprintln!("crash: {sentence}");
            return ExitCode::FAILURE;
        }
    };
    if has("--json") {
        println!("{figures}");
    } else {
        println!("{figures:#}");
    }
    for line in wrong.iter().take(SHOWN_MAX) {
        eprintln!("✗ {line}");
    }
    // A disk that lies has to be found out.
    let passes = if has("--doubt") { figures["lost"] != 0 } else { wrong.is_empty() };
    if !passes {
        eprintln!("crash: storage and logs are kept in {}", folder.display());
        return ExitCode::FAILURE;
    }
    let _removed = std::fs::remove_dir_all(folder);
    ExitCode::SUCCESS
}

fn of_kills(report: &Report, order: &Order, took: Duration) -> (Value, Vec<String>) {
    let outcome = &report.outcome;
    let found = report.findings();
    let restarts: Vec<u128> = outcome.restarts.iter().map(Duration::as_millis).collect();
    let steps = report.moments.iter().filter(|(label, _)| *label != "any time");
    let figures = json!({
        "kills": outcome.kills,
        "acknowledged": outcome.acknowledged.values().sum::<u64>(),
        "lost": found.lost.len(),
        "doubled": found.doubled.len(),
        "without_an_end": found.unended.len(),
        "unequal": found.unequal.len(),
        "checkouts": outcome.checkouts,
        "acknowledged_by_kind": outcome.acknowledged,
        "steps": steps.clone().count(),
        "steps_killed_at": steps.filter(|(_, kills)| **kills > 0).count(),
        "kills_by_moment": report.moments,
        "restart_ms_median": restarts.get(restarts.len() / 2),
        "restart_ms_longest": restarts.last(),
        "worlds": order.worlds,
        "seconds": rounded(took),
    });
    (figures, found.all())
}

fn of_rounds(played: &rush::Rounds, buyers: u64, took: Duration) -> (Value, Vec<String>) {
    let figures = json!({
        "buyers": buyers,
        "rounds": played.rounds,
        "winners": played.winners,
        "losers": played.losers,
        "wrong": played.wrong.len(),
        "seconds": rounded(took),
    });
    (figures, played.wrong.clone())
}

fn rounded(took: Duration) -> f64 {
    (took.as_secs_f64() * 10.0).round() / 10.0
}

/// The wall clock of the figures.
#[expect(clippy::disallowed_methods, reason = "kills are of real processes in real time")]
fn now() -> Instant {
    Instant::now()
}

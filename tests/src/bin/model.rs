//! `cargo x model`: walks through every scene, and compares what was seen with the list of pairs.

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;
use tests::model::{Outcome, Seen, pairs, print_pairs, reachable, scenes, walk};
use tests::words::Words;

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/testdata/pairs.txt");

fn main() -> ExitCode {
    let words = Words::of_this_process();
    let has = |name: &str| words.has(name);
    let only = words.value("--scene");
    let mut scenes = scenes(has("--short"));
    let names: Vec<&str> = scenes.iter().map(|scene| scene.name).collect();
    if let Some(only) = only {
        if !names.contains(&only) {
            eprintln!("model: {only} is none of {}", names.join(", "));
            return ExitCode::from(2);
        }
        scenes.retain(|scene| scene.name == only);
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let seen = Arc::new(Seen::default());
    let mut outcomes = Vec::new();
    for scene in &scenes {
        let outcome = walk(scene, &seen, threads);
        if !has("--json") {
            print_of(&outcome, scene.about);
        }
        for (rule, way) in &outcome.violations {
            eprintln!("✗ {}: {rule}", scene.name);
            for line in way {
                eprintln!("    {line}");
            }
        }
        for what in &outcome.missing {
            eprintln!("✗ {}: never \"{what}\"", scene.name);
        }
        outcomes.push(outcome);
    }
    let list = print_pairs(&seen);
    let whole = only.is_none();
    if has("--keep") && whole && !has("--short") {
        std::fs::write(LIST, &list).unwrap();
    }
    let agrees = if whole && !has("--short") { same(&list) } else { known(&seen) };
    let reached = pairs().filter(|(phase, input)| seen.pair(*phase, *input)).count();
    if has("--json") {
        println!("{}", json_of(&outcomes, reached));
    } else if whole {
        println!("{reached} of {} pairs of phase and input can be met", pairs().count());
    }
    let clean = outcomes.iter().all(|o| o.violations.is_empty() && o.missing.is_empty());
    if clean && agrees { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Whether the checked-in list has everything that was met; a part meets fewer.
fn known(seen: &Seen) -> bool {
    let met = pairs().filter(|(phase, input)| seen.pair(*phase, *input));
    let unknown: Vec<_> = met.filter(|pair| !reachable(*pair)).collect();
    for (phase, input) in &unknown {
        eprintln!(
            "✗ shared/testdata/pairs.txt calls {phase:?} + {input:?} unreachable, and it was met"
        );
    }
    unknown.is_empty()
}

/// Whether the checked-in list says the same.
fn same(list: &str) -> bool {
    let kept = std::fs::read_to_string(LIST).unwrap_or_default();
    for (ours, theirs) in list.lines().zip(kept.lines()) {
        if ours != theirs {
            eprintln!("✗ shared/testdata/pairs.txt has \"{theirs}\", seen was \"{ours}\"");
        }
    }
    if kept != list {
        eprintln!("the list of pairs is another: `cargo x model --keep` writes it");
    }
    kept == list
}

fn print_of(outcome: &Outcome, about: &str) {
    println!(
        "{:<12} {:>9} states, {:>8} different, depth {:>3}, {:>6.1} s, {} violations  ({about})",
        outcome.name,
        outcome.states,
        outcome.unique,
        outcome.depth,
        outcome.seconds,
        outcome.violations.len(),
    );
}

fn json_of(outcomes: &[Outcome], reached: usize) -> serde_json::Value {
    let sum = |count: fn(&Outcome) -> usize| outcomes.iter().map(count).sum::<usize>();
    let tenths = |seconds: f64| (seconds * 10.0).round() / 10.0;
    json!({
        "states": sum(|o| o.states),
        "unique_states": sum(|o| o.unique),
        "max_depth": outcomes.iter().map(|o| o.depth).max(),
        "seconds": tenths(outcomes.iter().map(|o| o.seconds).sum()),
        "violations": sum(|o| o.violations.len() + o.missing.len()),
        "pairs_reachable": reached,
        "pairs_unreachable": pairs().count() - reached,
        "scenes": outcomes.iter().map(|o| json!({
            "name": o.name,
            "states": o.states,
            "unique_states": o.unique,
            "max_depth": o.depth,
            "seconds": tenths(o.seconds),
            "violations": o.violations.iter().map(|(rule, _)| rule).collect::<Vec<_>>(),
            "missing": o.missing,
        })).collect::<Vec<_>>(),
    })
}

//! Mutation testing: `cargo-mutants` changes one thing at a time, and the crate's own tests must notice.
//!
//! Results are kept in `tests/mutants/<module>.txt`: how many were caught, and each that was not, with the
//! reason why it may stay. A module whose files are the same as when its results were written is not run
//! again, so a run that was interrupted goes on where it stopped.
//!
//! # Why by module
//! A run takes a build and the tests for each mistake: minutes for a module, hours for everything. The modules
//! here are those in which a wrong comparison costs money.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::args::Words;
use crate::run::{Failure, cargo, program, quiet, read, root, run, scratch, write};
use crate::setup;

/// A module: its name, its crate, its files, and which of the crate's tests must notice.
struct Module {
    name: &'static str,
    package: &'static str,
    files: &'static [&'static str],
    tests: &'static str,
}

const MODULES: [Module; 4] = [
    Module {
        name: "payment",
        package: "shared",
        files: &[
            "shared/src/payment.rs",
            "shared/src/payment/arrive.rs",
            "shared/src/payment/refund.rs",
            "shared/src/payment/state.rs",
            "shared/src/payment/step.rs",
            "shared/src/payment/table.rs",
            "shared/src/payment/undelivered.rs",
            "shared/src/payment/verdict.rs",
            "shared/src/payment/work.rs",
        ],
        tests: "payment",
    },
    Module { name: "hold", package: "shared", files: &["shared/src/hold.rs"], tests: "hold" },
    Module { name: "claims", package: "shared", files: &["shared/src/claims.rs"], tests: "claims" },
    Module { name: "token", package: "edge", files: &["edge/src/token.rs"], tests: "token" },
];

/// What is known of a module.
#[derive(Default)]
struct Results {
    digest: String,
    caught: u64,
    unviable: u64,
    /// Each that no test noticed, and why it may stay; empty when nobody has said.
    missed: BTreeMap<String, String>,
}

/// The task `mutants`.
pub fn mutants(words: &Words) -> Result<(), Failure> {
    let only = words.value("--module");
    let modules: Vec<_> =
        MODULES.iter().filter(|module| only.is_none_or(|name| name == module.name)).collect();
    if modules.is_empty() {
        let all: Vec<_> = MODULES.iter().map(|module| module.name).collect();
        return Err(Failure::usage(format!("--module is one of {}", all.join(", "))));
    }
    if let Some(since) = words.value("--diff") {
        return changed(&modules, since);
    }
    let mut told = Vec::new();
    let (mut caught, mut missed, mut silent) = (0, 0, Vec::new());
    for module in modules {
        let results = results_of(module, words.has("--again"))?;
        let open = results.missed.iter().filter(|(_, why)| why.is_empty());
        silent.extend(open.map(|(name, _)| name.clone()));
        let count = results.missed.len();
        caught += results.caught;
        missed += count;
        told.push(json!({ "name": module.name, "caught": results.caught, "missed": count }));
        if !words.has("--json") {
            println!("{:<8} {} caught, {count} missed", module.name, results.caught);
        }
    }
    if words.has("--json") {
        let explained = missed - silent.len();
        let modules =
            json!({ "caught": caught, "missed": missed, "explained": explained, "modules": told });
        println!("{modules}");
    }
    if silent.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("no test notices, and nobody says why:\n{}", silent.join("\n"))))
}

/// The kept results, if they are of these files; otherwise new ones, which are kept.
fn results_of(module: &Module, again: bool) -> Result<Results, Failure> {
    let kept = parse(&String::from_utf8_lossy(&read(&path(module)).unwrap_or_default()));
    let digest = digest(module)?;
    if kept.digest == digest && !again {
        return Ok(kept);
    }
    let mut results = Results { digest, ..mutate(module, None)? };
    for (name, why) in &mut results.missed {
        *why = kept.missed.get(name).cloned().unwrap_or_default();
    }
    let folder = root().join("tests/mutants");
    std::fs::create_dir_all(&folder).map_err(|error| Failure::new(error.to_string()))?;
    write(&path(module), print(module, &results))?;
    Ok(results)
}

/// Mistakes in lines that were changed since a revision, in the modules that are held to it.
fn changed(modules: &[&Module], since: &str) -> Result<(), Failure> {
    let mut silent = Vec::new();
    for module in modules {
        let mut ask = program("git");
        ask.args(["diff", since, "--"]).args(module.files);
        let diff = quiet(&mut ask)?.stdout;
        if diff.is_empty() {
            continue;
        }
        let file = scratch()?.join(format!("{}.diff", module.name));
        write(&file, diff)?;
        let kept = parse(&String::from_utf8_lossy(&read(&path(module)).unwrap_or_default()));
        let results = mutate(module, Some(&file))?;
        let explained = |name: &String| kept.missed.get(name).is_some_and(|why| !why.is_empty());
        silent.extend(results.missed.into_keys().filter(|name| !explained(name)));
        println!("{:<8} {} caught of what was changed", module.name, results.caught);
    }
    if silent.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("no test notices:\n{}", silent.join("\n"))))
}

/// Runs the tool over a module, in a copy of the tree.
fn mutate(module: &Module, diff: Option<&Path>) -> Result<Results, Failure> {
    setup::mutation_tool()?;
    let out = scratch()?.join("mutants").join(module.name);
    let _none_before = std::fs::remove_dir_all(&out);
    std::fs::create_dir_all(&out).map_err(|error| Failure::new(error.to_string()))?;
    let mut command = cargo();
    command
        .env("CARGO_TARGET_DIR", scratch()?.join("mutants/target"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .args(["mutants", "--no-shuffle", "--jobs", "1", "--timeout", "120", "--package"])
        .arg(module.package)
        .arg("--output")
        .arg(&out);
    for file in module.files {
        command.args(["--file", file]);
    }
    if let Some(diff) = diff {
        command.arg("--in-diff").arg(diff);
    }
    command.args(["--", "--lib", module.tests]);
    // It fails when something was missed; that is ours to judge.
    let outcome = run(&mut command);
    let file = out.join("mutants.out/outcomes.json");
    let Ok(text) = read(&file) else {
        // A diff without anything that can be changed has no outcomes.
        return outcome.map(|()| Results::default());
    };
    let outcomes: Value =
        serde_json::from_slice(&text).map_err(|error| Failure::new(error.to_string()))?;
    let mut results = Results::default();
    for outcome in outcomes["outcomes"].as_array().into_iter().flatten() {
        let name = outcome["scenario"]["Mutant"]["name"].as_str();
        match (outcome["summary"].as_str().unwrap_or_default(), name) {
            (_, None) => {}
            // Whoever waits for ever is noticed.
            ("CaughtMutant" | "Timeout", Some(_)) => results.caught += 1,
            ("Unviable", Some(_)) => results.unviable += 1,
            (_, Some(name)) => drop(results.missed.insert(without_line(name), String::new())),
        }
    }
    if results.caught == 0 && diff.is_none() {
        outcome?;
    }
    Ok(results)
}

/// `file:line:column: what` without line and column: they move with every change above.
fn without_line(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    let file = parts.next().unwrap_or_default();
    format!("{file}:{}", parts.nth(2).unwrap_or_default())
}

fn path(module: &Module) -> PathBuf {
    root().join("tests/mutants").join(format!("{}.txt", module.name))
}

/// Names the content of the files.
fn digest(module: &Module) -> Result<String, Failure> {
    let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
    for file in module.files {
        for byte in read(&root().join(file))? {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    Ok(format!("{sum:016x}"))
}

fn print(module: &Module, results: &Results) -> String {
    let mut text = format!(
        "What `cargo x mutants --module {}` found. After `missed`: what no test notices; below it, why it may stay.\n\
         digest {}\ncaught {}\nunviable {}\nmissed {}\n",
        module.name,
        results.digest,
        results.caught,
        results.unviable,
        results.missed.len(),
    );
    for (name, why) in &results.missed {
        text.push_str(&format!("- {name}\n  {why}\n"));
    }
    text
}

fn parse(text: &str) -> Results {
    let mut results = Results::default();
    let mut lines = text.lines().skip(1).peekable();
    while let Some(line) = lines.next() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "digest" => results.digest = rest.to_owned(),
            "caught" => results.caught = rest.parse().unwrap_or(0),
            "unviable" => results.unviable = rest.parse().unwrap_or(0),
            "-" => {
                let why = lines.next_if(|line| line.starts_with("  ")).unwrap_or_default();
                results.missed.insert(rest.to_owned(), why.trim().to_owned());
            }
            _ => {}
        }
    }
    results
}

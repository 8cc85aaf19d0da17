//! Mutation testing: `cargo-mutants` changes one thing at a time, and the crate's own tests must notice.
//!
//! Results are kept in `tests/mutants/<module>.txt`: how many were caught in each file, and each that was not,
//! with the reason why it may stay. A file that is the same as when its results were written is not run again,
//! so a run that was interrupted goes on where it stopped. `--again` is for what a digest does not see: tests
//! that were changed, and a file whose neighbour was.
//!
//! # Why by module
//! Each mistake takes a build and the tests that are meant to notice: about a second for `shared`. The modules
//! here are those in which a wrong comparison costs money, and a module answers to its own tests, in its own
//! crate: that a journey would have noticed says nothing of the rule.
//!
//! # Why properties have a seed here
//! They draw other cases each time, and what is found by luck is not found by the next run. Here they draw the
//! same few, look for no smaller ones, and write nothing down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::args::Words;
use crate::run::{Failure, cargo, program, quiet, read, root, run, scratch, write};
use crate::setup;

/// A module: its name, its crate, and which of the crate's tests must notice.
struct Module {
    name: &'static str,
    package: &'static str,
    /// Its file; those in the folder of the same name, tests apart, belong to it.
    file: &'static str,
    tests: &'static str,
    /// What of the crate has to be built for it.
    features: &'static str,
}

const MODULES: [Module; 4] = [
    Module {
        name: "payment",
        package: "shared",
        file: "shared/src/payment.rs",
        tests: "payment",
        features: "",
    },
    Module {
        name: "hold",
        package: "shared",
        file: "shared/src/hold.rs",
        tests: "hold",
        features: "",
    },
    Module {
        name: "claims",
        package: "shared",
        file: "shared/src/claims.rs",
        tests: "claims",
        features: "serde",
    },
    Module {
        name: "token",
        package: "edge",
        file: "edge/src/token.rs",
        tests: "token::",
        features: "",
    },
];

/// At most so many mistakes of a module in what was changed: CI waits for it. Of more, a part that is spread
/// over all of them.
const CHANGED_MAX: usize = 120;
/// Seconds: the tests of the largest module take one, on a machine that does nothing else.
const TESTS_SECONDS: &str = "20";

impl Module {
    /// Its files, as the tool and git know them.
    fn files(&self) -> Vec<String> {
        let mut files = vec![self.file.to_owned()];
        let folder = self.file.trim_end_matches(".rs");
        for entry in std::fs::read_dir(root().join(folder)).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".rs") && name != "tests.rs" {
                files.push(format!("{folder}/{name}"));
            }
        }
        files.sort();
        files
    }
}

/// What is known of a module, file by file.
type Kept = BTreeMap<String, Results>;

/// What is known of a file, or of what was changed in a module.
#[derive(Default)]
struct Results {
    /// Of the file's content.
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
        let of_module: u64 = results.values().map(|file| file.caught).sum();
        let mut open = 0;
        for (name, why) in results.values().flat_map(|file| &file.missed) {
            open += 1;
            if why.is_empty() {
                silent.push(name.clone());
            }
        }
        caught += of_module;
        missed += open;
        told.push(json!({ "name": module.name, "caught": of_module, "missed": open }));
        if !words.has("--json") {
            println!("{:<8} {of_module} caught, {open} missed", module.name);
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

/// The kept results of the files that are as they were; new ones of the others, which are kept.
fn results_of(module: &Module, again: bool) -> Result<Kept, Failure> {
    let mut kept = kept(module);
    let files = module.files();
    kept.retain(|file, _| files.contains(file));
    for file in files {
        let digest = digest(&file)?;
        let known = kept.remove(&file).unwrap_or_default();
        let results = if known.digest == digest && !again {
            known
        } else {
            let mut new = Results { digest, ..mutate(module, std::slice::from_ref(&file), None)? };
            for (name, why) in &mut new.missed {
                *why = known.missed.get(name).cloned().unwrap_or_default();
            }
            new
        };
        kept.insert(file, results);
        write(&path(module), print(module, &kept))?;
    }
    Ok(kept)
}

fn kept(module: &Module) -> Kept {
    parse(&String::from_utf8_lossy(&read(&path(module)).unwrap_or_default()))
}

/// Mistakes in lines that were changed since a revision, in the modules that are held to it.
fn changed(modules: &[&Module], since: &str) -> Result<(), Failure> {
    let mut silent = Vec::new();
    for module in modules {
        let mut ask = program("git");
        let files = module.files();
        ask.args(["diff", since, "--"]).args(&files);
        let diff = quiet(&mut ask)?.stdout;
        if diff.is_empty() {
            println!("{:<8} nothing was changed", module.name);
            continue;
        }
        let file = scratch()?.join(format!("{}.diff", module.name));
        write(&file, diff)?;
        let results = mutate(module, &files, Some(&file))?;
        let kept = kept(module);
        let explained = |name: &String| {
            let mut reasons = kept.values().filter_map(|file| file.missed.get(name));
            reasons.any(|why| !why.is_empty())
        };
        println!(
            "{:<8} {} caught of what was changed, {} missed",
            module.name,
            results.caught,
            results.missed.len()
        );
        silent.extend(results.missed.into_keys().filter(|name| !explained(name)));
    }
    if silent.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("no test notices, and nobody says why:\n{}", silent.join("\n"))))
}

/// What CI asks: the lines that the last commit changed, or a merge brought.
///
/// # Errors
///
/// When no test notices one of them.
pub fn of_this_commit() -> Result<(), Failure> {
    let mut ask = program("git");
    let parent = ask.args(["rev-parse", "--verify", "--quiet", "HEAD^"]).output();
    if parent.is_ok_and(|answer| answer.status.success()) {
        return changed(&MODULES.iter().collect::<Vec<_>>(), "HEAD^");
    }
    println!("no earlier commit is here to compare with");
    Ok(())
}

/// The tool, told which mistakes.
fn tool(module: &Module, files: &[String], diff: Option<&Path>) -> Command {
    let mut command = cargo();
    command.args(["mutants", "--package", module.package]);
    for file in files {
        command.args(["--file", file]);
    }
    if let Some(diff) = diff {
        command.arg("--in-diff").arg(diff);
    }
    command
}

/// Of how many parts one is taken, so that CI has its answer in minutes.
fn parts(module: &Module, files: &[String], diff: &Path) -> Result<usize, Failure> {
    let list = quiet(tool(module, files, Some(diff)).arg("--list"))?.stdout;
    let count = String::from_utf8_lossy(&list).lines().count();
    let parts = count.div_ceil(CHANGED_MAX).max(1);
    if parts > 1 {
        println!("{:<8} one of {parts} parts of {count}: all with --again", module.name);
    }
    Ok(parts)
}

/// Runs the tool over files of a module, in a copy of the tree.
fn mutate(module: &Module, files: &[String], diff: Option<&Path>) -> Result<Results, Failure> {
    setup::mutation_tool()?;
    let out = scratch()?.join("mutants").join(module.name);
    let _none_before = std::fs::remove_dir_all(&out);
    std::fs::create_dir_all(&out).map_err(|error| Failure::new(error.to_string()))?;
    let mut command = tool(module, files, diff);
    command
        .env("CARGO_TARGET_DIR", scratch()?.join("mutants/target"))
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "1")
        .env("PROPTEST_CASES", "128")
        .env("PROPTEST_RNG_SEED", "1")
        .env("PROPTEST_MAX_SHRINK_ITERS", "0")
        .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1")
        .args(["--jobs", "1", "--timeout", TESTS_SECONDS, "--build-timeout", "600"])
        // Also while building, or it builds the crate once more for its documentation's tests.
        .args(["--cargo-arg=--lib", "--output"])
        .arg(&out);
    if !module.features.is_empty() {
        command.args(["--features", module.features]);
    }
    if let Some(diff) = diff {
        let parts = parts(module, files, diff)?;
        command.args(["--sharding", "round-robin", "--shard", &format!("0/{parts}")]);
    }
    // Its progress is for people; ours may be read by a program.
    command.args(["--", module.tests]).stdout(Stdio::from(std::io::stderr()));
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
        let mutant = &outcome["scenario"]["Mutant"];
        match outcome["summary"].as_str().unwrap_or_default() {
            // The tests of what nobody changed do not pass: nothing is known.
            "Success" if mutant.is_null() => {}
            _ if mutant.is_null() => {
                return Err(Failure::new(format!("{}: the tests fail without any", module.name)));
            }
            // Whoever waits for ever is noticed.
            "CaughtMutant" | "Timeout" => results.caught += 1,
            "Unviable" => results.unviable += 1,
            _ => {
                let mut name = told(mutant);
                while results.missed.contains_key(&name) {
                    name.push_str(" (again)");
                }
                results.missed.insert(name, String::new());
            }
        }
    }
    if results.caught == 0 && diff.is_none() {
        outcome?;
    }
    Ok(results)
}

/// `file: what` and the line as it stands: the line's number moves with every change above it.
fn told(mutant: &Value) -> String {
    let file = mutant["file"].as_str().unwrap_or_default();
    let name = mutant["name"].as_str().unwrap_or_default();
    let what = name.splitn(4, ':').nth(3).unwrap_or_default();
    let at = mutant["span"]["start"]["line"].as_u64().and_then(|line| usize::try_from(line).ok());
    let text = read(&root().join(file)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let line = at.and_then(|at| text.lines().nth(at.checked_sub(1)?)).unwrap_or_default();
    format!("{file}:{what} | {}", line.trim())
}

fn path(module: &Module) -> PathBuf {
    root().join("tests/mutants").join(format!("{}.txt", module.name))
}

/// Names the content of a file.
fn digest(file: &str) -> Result<String, Failure> {
    let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in read(&root().join(file))? {
        sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    Ok(format!("{sum:016x}"))
}

fn print(module: &Module, kept: &Kept) -> String {
    let mut text = format!(
        "What `cargo x mutants --module {}` found: of each file its digest, how many mistakes the tests notice, how\n\
         many do not build; then what no test notices, and why it may stay.\n",
        module.name,
    );
    for (file, results) in kept {
        let Results { digest, caught, unviable, missed } = results;
        let missed_count = missed.len();
        text.push_str(&format!(
            "{file} {digest} caught {caught} unviable {unviable} missed {missed_count}\n"
        ));
        for (name, why) in missed {
            text.push_str(&format!("- {name}\n  {why}\n"));
        }
    }
    text
}

fn parse(text: &str) -> Kept {
    let mut kept = Kept::new();
    let mut file = String::new();
    let mut lines = text.lines().skip(2).peekable();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("- ") {
            let why = lines.next_if(|line| line.starts_with("  ")).unwrap_or_default();
            let results = kept.entry(file.clone()).or_default();
            results.missed.insert(name.to_owned(), why.trim().to_owned());
        } else if let [name, digest, "caught", caught, "unviable", unviable, ..] =
            line.split(' ').collect::<Vec<_>>()[..]
        {
            file = name.to_owned();
            let number = |text: &str| text.parse().unwrap_or(0);
            let (caught, unviable) = (number(caught), number(unviable));
            let digest = digest.to_owned();
            let missed = BTreeMap::new();
            kept.insert(file.clone(), Results { digest, caught, unviable, missed });
        }
    }
    kept
}

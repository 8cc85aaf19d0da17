//! Tests, the checks of CI, tidy.
//!
//! Four suites: `native` (the crates' own tests: tables, money, adapters), `sim` (some thousand seeds of
//! the simulator, the short model check, some seconds of the fuzz targets), `http` (the edge on its real
//! runtime, with the sandbox as the other side) and `browser` (journeys in Chromium and in WebKit).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Words;
use crate::browsers::Browser;
use crate::build::{Edge, edge, widget};
use crate::crash::kill;
use crate::examples::examples;
use crate::fuzz::bend;
use crate::model::check;
use crate::mutants::of_this_commit;
use crate::run::{
    Failure, Stages, cargo, npm_bin, program, quiet, read, root, run, scratch, tools, which,
};
use crate::setup::prepare;
use crate::sim::{doubt, simulate};
use crate::size::measure;

/// Seeds that every run of the tests takes, one of sixteen with every byte; seconds, and always the same.
const SEEDS: &str = "32000";
/// How many tests with a runtime or a browser run beside each other, whatever the machine: they wait more
/// than they work.
const BESIDE: &str = "6";
/// How often CI kills the runtime; a thousand times is for people with ten minutes.
const KILLS: &str = "50";
/// So long all fuzz targets together are given other inputs than their corpora; always the same ones.
const FUZZ_SECONDS: &str = "10";
const WASM: &[&str] = &["--target", "wasm32-unknown-unknown"];

/// One of the four suites.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Suite {
    Native,
    Sim,
    Http,
    Browser,
}

/// The task `test`.
pub fn test(words: &Words) -> Result<(), Failure> {
    let suites = match words.value("--only") {
        None => vec![Suite::Native, Suite::Sim, Suite::Http, Suite::Browser],
        Some("native") => vec![Suite::Native],
        Some("sim") => vec![Suite::Sim],
        Some("http") => vec![Suite::Http],
        Some("browser") => vec![Suite::Browser],
        Some(other) => {
            return Err(Failure::usage(format!(
                "--only {other} is none of native, sim, http, browser"
            )));
        }
    };
    let browsers = match words.value("--engine") {
        // The other doubles the time and is CI's: people wait for this one.
        None => vec![Browser::Chromium],
        Some(name) => vec![Browser::named(name)?],
    };
    let mut stages = Stages::begin();
    perform(&mut stages, &suites, &browsers, &words.free)?;
    stages.end("all tests passed");
    Ok(())
}

/// The task `ci`.
pub fn ci(_: &Words) -> Result<(), Failure> {
    let mut stages = Stages::begin();
    stages.stage("format", || run(cargo().args(["fmt", "--all", "--check"])))?;
    stages.stage("setup", prepare)?;
    stages.stage("lints, native", || {
        clippy(&["--workspace", "--all-targets", "--all-features"])?;
        clippy(&["--workspace", "--all-targets"])
    })?;
    stages.stage("lints, wasm32", || {
        clippy(&[&["-p", "edge", "-p", "widget", "--lib"], WASM].concat())?;
        clippy(&[&["-p", "edge", "--lib", "--features", "demo"], WASM].concat())
    })?;
    stages.stage("licences", licences)?;
    stages.stage("edge for release", || edge(Edge::Release))?;
    stages.stage("widget", widget)?;
    stages.stage("size", || measure(false))?;
    stages.stage("dry deployment", dry_deployment)?;
    stages.stage("release on the runtime", || {
        run(&mut suite(&["--features", "demo", "--test", "it", "release::", "--", "--ignored"]))
    })?;
    perform(
        &mut stages,
        &[Suite::Native, Suite::Sim, Suite::Http, Suite::Browser],
        Browser::WHOLE,
        &[],
    )?;
    stages.stage("mutants of what was changed", of_this_commit)?;
    stages.stage("kills of the runtime", || kill(&["--kills", KILLS]))?;
    stages.stage("kills, doubted", || kill(&["--kills", "6", "--worlds", "1", "--doubt"]))?;
    stages.stage("a thousand buyers", || kill(&["--buyers", "1000", "--rounds", "3"]))?;
    stages.end("everything passed");
    Ok(())
}

/// The task `tidy`.
pub fn tidy(_: &Words) -> Result<(), Failure> {
    prepare()?;
    edge(Edge::Demo)?;
    edge(Edge::Release)?;
    run(cargo().args(["test", "-p", "tests", "--features", "demo", "--test", "it", "tidy::"]))?;
    println!("rows cited by tests: {}", cited()?.into_iter().collect::<Vec<_>>().join(" "));
    Ok(())
}

fn perform(
    stages: &mut Stages,
    suites: &[Suite],
    browsers: &[Browser],
    filter: &[String],
) -> Result<(), Failure> {
    let has = |suite: Suite| suites.contains(&suite);
    let browsers = if has(Suite::Browser) { browsers } else { &[] };
    stages.stage("setup", || {
        browsers.iter().try_for_each(|browser| browser.install())?;
        prepare()
    })?;
    if has(Suite::Http) || has(Suite::Browser) {
        stages.stage("edge for the demo", || edge(Edge::Demo))?;
        stages.stage("widget", widget)?;
    }
    if has(Suite::Browser) {
        stages.stage("examples", examples)?;
    }
    if has(Suite::Native) {
        stages.stage("native tests", || {
            run(cargo().args(["test", "-p", "shared", "-p", "edge", "-p", "widget"]).args(filter))?;
            // The sandbox's engines and the demo shop: the other side has tests of its own.
            run(cargo()
                .args(["test", "-p", "tests", "--features", "demo,sim,model,fuzz", "--lib"])
                .args(filter))
        })?;
    }
    if has(Suite::Sim) {
        stages.stage("simulation", || simulate(&["--seeds", SEEDS]))?;
        stages.stage("planted mistakes", || doubt(&["--planted", "--quick"]))?;
        stages.stage("model check", || check(&["--short"]))?;
        stages.stage("fuzz targets", || bend(&["--seconds", FUZZ_SECONDS]))?;
    }
    if has(Suite::Http) {
        stages.stage("tests over HTTP", || {
            run(suite(&["--features", "demo", "--test", "it"]).args(filter))
        })?;
    }
    for browser in browsers {
        stages.stage(browser.stage(), || {
            run(browser
                .choose(&mut suite(&["--features", "browser", "--test", "browser"]))?
                .args(filter))?;
            matrix()
        })?;
    }
    Ok(())
}

/// Prints which story was told in which window, as the run wrote it down.
fn matrix() -> Result<(), Failure> {
    let table = root().join("target/tmp/browser/matrix.md");
    // A filtered run may have told none of them.
    if table.exists() {
        println!("{}", String::from_utf8_lossy(&read(&table)?));
        std::fs::remove_file(&table).map_err(|error| Failure::new(error.to_string()))?;
    }
    Ok(())
}

/// Tests that start the runtime learn here which Node to start it with.
fn suite(words: &[&str]) -> Command {
    let mut command = cargo();
    command.args(["test", "-p", "tests"]).args(words).env("HANBEON_NODE", npm_bin("node"));
    if std::env::var_os("RUST_TEST_THREADS").is_none() {
        command.env("RUST_TEST_THREADS", BESIDE);
    }
    command
}

fn clippy(words: &[&str]) -> Result<(), Failure> {
    run(cargo().arg("clippy").args(words).args(["--", "-D", "warnings"]))
}

/// Optional, because installing the checker takes longer than all of our lints together.
fn licences() -> Result<(), Failure> {
    let installed = tools()?.join("bin/cargo-deny");
    let checker = if installed.is_file() { Some(installed) } else { which("cargo-deny") };
    let Some(checker) = checker else {
        eprintln!(
            "cargo-deny is not installed: licences and sources are not checked here (`cargo install cargo-deny`)"
        );
        return Ok(());
    };
    run(program(checker).args(["--offline", "--workspace", "check", "bans", "licenses", "sources"]))
}

/// What deployment would upload, without uploading: it validates the configuration.
fn dry_deployment() -> Result<(), Failure> {
    let out = scratch()?.join("deploy");
    let mut command = program(npm_bin("wrangler"));
    command
        .current_dir(root().join("edge"))
        .env("CI", "true")
        .args(["deploy", "--dry-run", "--outdir"])
        .arg(&out);
    let answer = quiet(&mut command)?;
    let text = String::from_utf8_lossy(&answer.stdout);
    print!("{text}");
    let noise = String::from_utf8_lossy(&answer.stderr);
    eprint!("{noise}");
    if text.contains("WARNING") || noise.contains("WARNING") {
        return Err(Failure::new("the dry deployment has warnings"));
    }
    Ok(())
}

/// Rows of the field book (`R1` …) that a test names in its text or in a comment.
fn cited() -> Result<BTreeSet<String>, Failure> {
    let mut found = BTreeSet::new();
    for folder in ["shared", "edge", "widget", "tests"] {
        for file in rust_files(&root().join(folder)) {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            if !text.contains("#[test]") && !text.contains("::test]") {
                continue;
            }
            found.extend(text.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(row));
        }
    }
    // R2 before R18: by number, not by text.
    Ok(found.into_iter().map(|number| format!("R{number}")).collect())
}

fn row(word: &str) -> Option<String> {
    let number: u16 = word.strip_prefix('R')?.parse().ok()?;
    (1..=99).contains(&number).then(|| format!("{number:02}"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

//! Crash tests: the runtime is killed again and again while payments run.

use crate::args::Words;
use crate::build::{Edge, edge, widget};
use crate::run::{Failure, cargo, npm_bin, program, run, target};
use crate::setup::prepare;

/// What is passed on as it stands.
const PASSED: [&str; 5] = ["--kills", "--buyers", "--rounds", "--worlds", "--seed"];

/// The task `crash`.
pub fn crash(words: &Words) -> Result<(), Failure> {
    prepare()?;
    edge(Edge::Demo)?;
    widget()?;
    let mut passed = Vec::new();
    for name in PASSED {
        if let Some(value) = words.value(name) {
            passed.extend([name, value]);
        }
    }
    passed.extend(["--json", "--doubt"].into_iter().filter(|name| words.has(name)));
    kill(&passed)
}

/// Builds the one who kills, and lets it do these.
pub fn kill(words: &[&str]) -> Result<(), Failure> {
    run(cargo().args(["build", "-q", "-p", "tests", "--features", "demo", "--bin", "crash"]))?;
    run(program(target().join("debug/crash")).args(words).env("HANBEON_NODE", npm_bin("node")))
}

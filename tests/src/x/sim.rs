//! The simulator: seeds, one after the other, on every core; or the story of one.
//!
//! # Why
//!
//! It is a binary of its own, like the demo: this program stays quick to build, and the simulator is
//! compiled with optimisation and with its checks (profile `tools`).

use crate::args::Words;
use crate::planted::planted;
use crate::run::{Failure, cargo, program, run, target};

/// What is passed on as it stands.
const PASSED: [&str; 4] = ["--seeds", "--seed", "--failures", "--plant"];

/// The task `sim`.
pub fn sim(words: &Words) -> Result<(), Failure> {
    let mut passed = Vec::new();
    for name in PASSED {
        if let Some(value) = words.value(name) {
            passed.extend([name, value]);
        }
    }
    let flags = ["--json", "--planted", "--quick", "--shrink", "--wire", "--facts"];
    passed.extend(flags.into_iter().filter(|name| words.has(name)));
    if words.has("--planted") || words.has("--plant") { doubt(&passed) } else { simulate(&passed) }
}

/// Builds the simulator with mistakes and runs it with these words.
pub fn doubt(words: &[&str]) -> Result<(), Failure> {
    let simulator = planted()?;
    run(program(simulator).args(words))
}

/// Builds the simulator and runs it with these words.
pub fn simulate(words: &[&str]) -> Result<(), Failure> {
    let build = ["build", "-q", "--profile", "tools", "-p", "tests", "--features", "sim"];
    run(cargo().args(build).args(["--bin", "sim"]))?;
    run(program(target().join("tools/sim")).args(words))
}

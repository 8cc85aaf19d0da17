//! The simulator: seeds, one after the other, on every core; or the story of one.
//!
//! # Why
//!
//! It is a binary of its own, like the demo: this program stays quick to build, and the simulator is
//! compiled with optimisation and with its checks (profile `tools`).

use std::path::PathBuf;
use std::process::Command;

use crate::args::Words;
use crate::planted::planted;
use crate::run::{Failure, cargo, hand_over, program, run, target};

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
    let program =
        if words.has("--planted") || words.has("--plant") { planted()? } else { built()? };
    // Interrupted, it says what it has found by then.
    hand_over(&mut program_with(program, &passed))
}

fn program_with(path: PathBuf, words: &[&str]) -> Command {
    let mut command = program(path);
    command.args(words);
    command
}

/// Builds the simulator with mistakes and runs it with these words.
pub fn doubt(words: &[&str]) -> Result<(), Failure> {
    run(&mut program_with(planted()?, words))
}

/// Builds the simulator and runs it with these words.
pub fn simulate(words: &[&str]) -> Result<(), Failure> {
    run(&mut program_with(built()?, words))
}

/// Builds the simulator; where it is.
fn built() -> Result<PathBuf, Failure> {
    let build = ["build", "-q", "--profile", "tools", "-p", "tests", "--features", "sim"];
    run(cargo().args(build).args(["--bin", "sim"]))?;
    Ok(target().join("tools/sim"))
}

//! The model check: a binary of its own, compiled with optimisation, like the simulator.

use crate::args::Words;
use crate::run::{Failure, cargo, program, run, target};

/// The task `model`.
pub fn model(words: &Words) -> Result<(), Failure> {
    let mut passed = Vec::new();
    if let Some(scene) = words.value("--scene") {
        passed.extend(["--scene", scene]);
    }
    passed.extend(["--json", "--short", "--keep"].into_iter().filter(|name| words.has(name)));
    check(&passed)
}

/// Builds the checker and runs it with these words.
pub fn check(words: &[&str]) -> Result<(), Failure> {
    let build = ["build", "-q", "--profile", "tools", "-p", "tests", "--features", "model"];
    run(cargo().args(build).args(["--bin", "model"]))?;
    run(program(target().join("tools/model")).args(words))
}

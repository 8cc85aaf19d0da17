//! The fuzz targets: corpora replayed, then bent for a while. Compiled with optimisation, like the simulator.

use crate::args::Words;
use crate::run::{Failure, cargo, program, run, target};

/// The task `fuzz`.
pub fn fuzz(words: &Words) -> Result<(), Failure> {
    let mut passed = Vec::new();
    for name in ["--seconds", "--target", "--seed"] {
        if let Some(value) = words.value(name) {
            passed.extend([name, value]);
        }
    }
    passed.extend(words.has("--json").then_some("--json"));
    bend(&passed)
}

/// Builds the targets and runs them with these words.
pub fn bend(words: &[&str]) -> Result<(), Failure> {
    let build = ["build", "-q", "--profile", "tools", "-p", "tests", "--features", "fuzz"];
    run(cargo().args(build).args(["--bin", "fuzz"]))?;
    run(program(target().join("tools/fuzz")).args(words))
}

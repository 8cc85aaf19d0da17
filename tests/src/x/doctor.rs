//! What a page's headers break, the lines to use, and the inventory of its scripts.

use crate::args::Words;
use crate::run::{Failure, cargo, npm_bin, program, run, target};
use crate::setup::prepare;

/// The task `doctor`.
pub fn doctor(words: &Words) -> Result<(), Failure> {
    let [page] = words.free.as_slice() else {
        return Err(Failure::usage(
            "name one page: cargo x doctor https://shop.example.com/checkout",
        ));
    };
    let mut passed = vec!["--page", page];
    for name in ["--edge", "--frames", "--inventory"] {
        if let Some(value) = words.value(name) {
            passed.extend([name, value]);
        }
    }
    passed.extend(words.has("--json").then_some("--json"));
    prepare()?;
    run(cargo().args(["build", "-q", "-p", "tests", "--features", "doctor", "--bin", "doctor"]))?;
    let mut doctor = program(target().join("debug/doctor"));
    run(doctor.env("HANBEON_NODE", npm_bin("node")).args(passed))
}

//! The benchmark: our worker beside its peers, on the runtime that the tests use.
//!
//! # Why
//! Not a part of `cargo x test`: it takes minutes, and what it says on a machine that does other things
//! means little.

use crate::args::Words;
use crate::build::{Edge, edge};
use crate::run::{Failure, cargo, npm_bin, program, quiet, root, run, target};
use crate::setup::prepare;
use crate::size::uploads;

/// The workers in TypeScript, each a folder of `tests/bench`.
const PEERS: [&str; 3] = ["common", "twin", "floors"];
/// What is passed on as it stands.
const PASSED: [&str; 7] =
    ["--rounds", "--seconds", "--port", "--storage", "--only", "--most", "--orders"];

/// The task `bench`.
pub fn bench(words: &Words) -> Result<(), Failure> {
    match words.free.as_slice() {
        [what] if what == "edge" => {}
        [what] if what == "page" => return crate::page::page(words),
        _ => return Err(Failure::usage("name what is measured: cargo x bench edge, or page")),
    }
    prepare()?;
    edge(Edge::Release)?;
    edge(Edge::Load)?;
    for peer in PEERS {
        let folder = root().join("tests/bench").join(peer);
        let mut esbuild = program(npm_bin("esbuild"));
        esbuild.arg(folder.join("index.ts")).args(["--bundle", "--minify", "--format=esm"]);
        esbuild.args(["--target=es2022", "--log-level=warning", "--external:cloudflare:workers"]);
        quiet(esbuild.arg(format!("--outfile={}", folder.join("build/index.js").display())))?;
    }
    let built =
        ["common", "twin"].map(|peer| root().join(format!("tests/bench/{peer}/build/index.js")));
    let (ours, [common, twin]) = uploads(&built)?;
    let build = ["build", "-q", "--profile", "tools", "-p", "tests", "--features", "bench"];
    run(cargo().args(build).args(["--bin", "bench"]))?;
    let mut command = program(target().join("tools/bench"));
    for name in PASSED {
        if let Some(value) = words.value(name) {
            command.args([name, value]);
        }
    }
    command.args(["--uploads", &format!("ours={ours},common={common},twin={twin}")]);
    for name in ["--json", "--whole"] {
        if words.has(name) {
            command.arg(name);
        }
    }
    run(command.env("HANBEON_NODE", npm_bin("node")))
}

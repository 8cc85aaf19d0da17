//! A release's edge, kept as it is, so that the next release can prove that both read what both write.
//!
//! # Why the module and not its source
//! What runs at a shop is a module, built by the compiler of its day. Building an old commit again takes
//! minutes and proves something about a module that nobody has.

use std::path::Path;

use crate::args::Words;
use crate::build::{Edge, edge};
use crate::run::{Failure, Stages, read, root, write};
use crate::setup::prepare;

/// What the runtime's starter reads besides the built module.
const FILES: &[&str] =
    &["entry.js", "wrangler.jsonc", "testdata/demo-config.json", "testdata/demo-secrets.json"];

/// The task.
pub fn keep(_: &Words) -> Result<(), Failure> {
    let kept = root().join("tests/releases").join(env!("CARGO_PKG_VERSION"));
    if kept.exists() {
        return Err(Failure::new(format!(
            "{} is there already: a kept release never changes; raise the version first",
            kept.display()
        )));
    }
    let mut stages = Stages::begin();
    stages.stage("setup", prepare)?;
    stages.stage("edge, to be kept", || edge(Edge::Kept))?;
    let from = root().join("edge");
    for file in FILES {
        write(&kept.join(file), read(&from.join(file))?)?;
    }
    for file in folder(&from.join("migrations"))? {
        write(&kept.join("migrations").join(&file), read(&from.join("migrations").join(&file))?)?;
    }
    for file in ["index.js", "index_bg.wasm"] {
        // Under the name that the tests' starter builds: to it, this is an edge like the other.
        let built = from.join(Edge::Kept.folder()).join(file);
        write(&kept.join(Edge::Demo.folder()).join(file), read(&built)?)?;
    }
    stages.end(&format!("kept in {}", kept.display()));
    Ok(())
}

fn folder(path: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", path.display()));
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

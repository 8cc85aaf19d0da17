//! The simulator with mistakes: a copy of the sources in which every planted mistake stands behind a
//! switch (`tests/src/planted.rs` says why), compiled beside the real one.
//!
//! # Why
//! Only what differs is written, so that the copy compiles as little as the sources do. It is compiled into
//! a folder of its own: Cargo tells packages of a workspace apart by name and version, wherever they lie,
//! and would link one of these into the simulator.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tests::planted::{list, plant};

use crate::run::{Failure, cargo, read, root, run, scratch, write};

/// What the copy is made of. Nothing of it is needed by the browser or by a deployment.
const COPIED: &[&str] = &["Cargo.toml", "Cargo.lock", "shared", "edge", "widget", "tests"];
/// What was built, installed or kept is no source.
const LEFT_OUT: &[&str] = &[
    "target",
    "node_modules",
    "build",
    "build-demo",
    "build-kept",
    "dist",
    ".wrangler",
    "releases",
];

/// Builds the simulator with mistakes; where it is.
///
/// # Errors
/// When a mistake no longer finds its place, or the copy does not compile.
pub fn planted() -> Result<PathBuf, Failure> {
    let copy = scratch()?.join("planted");
    let mut files = BTreeMap::new();
    for name in COPIED {
        collect(&root(), Path::new(name), &mut files)?;
    }
    let mut sources: BTreeMap<String, String> = BTreeMap::new();
    for (name, bytes) in &files {
        if let Ok(text) = String::from_utf8(bytes.clone()) {
            sources.insert(name.clone(), text);
        }
    }
    plant(&mut sources, &list().map_err(Failure::new)?).map_err(Failure::new)?;
    for (name, text) in sources {
        files.insert(name, text.into_bytes());
    }
    keep(&copy, &files)?;
    let built = copy.join("target");
    let build = ["build", "-q", "--profile", "tools", "-p", "tests", "--features", "sim"];
    let manifest = copy.join("Cargo.toml");
    run(cargo()
        .env("CARGO_TARGET_DIR", &built)
        .args(build)
        .args(["--bin", "sim", "--manifest-path"])
        .arg(manifest))?;
    Ok(built.join("tools/sim"))
}

/// Every file under a path, by its name from the root.
fn collect(from: &Path, name: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    let path = from.join(name);
    if !path.is_dir() {
        files.insert(name.to_string_lossy().replace('\\', "/"), read(&path)?);
        return Ok(());
    }
    for entry in std::fs::read_dir(&path).into_iter().flatten().flatten() {
        let file = entry.file_name();
        if !LEFT_OUT.iter().any(|left_out| file == *left_out) {
            collect(from, &name.join(file), files)?;
        }
    }
    Ok(())
}

/// Makes the copy say this and nothing else.
fn keep(copy: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    let mut there = BTreeMap::new();
    if copy.exists() {
        collect(copy, Path::new(""), &mut there)?;
    }
    for name in there.keys().filter(|name| !files.contains_key(*name)) {
        std::fs::remove_file(copy.join(name))
            .map_err(|error| Failure::new(format!("{name}: {error}")))?;
    }
    for (name, bytes) in files {
        if there.get(name) != Some(bytes) {
            write(&copy.join(name), bytes)?;
        }
    }
    Ok(())
}

//! Everything that doubts.
//!
//! Map: `sandbox` the other side of every provider, pure, with its own books · `demo` the native
//! process that serves the demo shop and carries the sandbox over HTTP · `sim` everything of one seed,
//! without a network, a clock or a browser · `model` every order of events in a small world · `fuzz` what
//! strangers send · `answers` what adapters can make of an answer · `bench` our worker beside its peers ·
//! `crash` kills the running runtime again and again · `doctor` what a page's headers break · `http` requests and `pages` what comes of them, for
//! whoever has no browser · `it/` HTTP tests against the running runtime · `browser/` journeys in real
//! browsers · `order` how a module's functions lie · `planted` mistakes on purpose, for a copy of the
//! sources · `sayings` what
//! each script says in each language · `short` names between module and glue · `unused` what the glue need not have · `words` of the
//! command line · `bin/x.rs` the task runner.

#[cfg(any(feature = "model", feature = "fuzz", feature = "sim"))]
pub mod answers;
#[cfg(feature = "bench")]
pub mod bench;
#[cfg(feature = "demo")]
pub mod crash;
#[cfg(feature = "demo")]
pub mod demo;
#[cfg(feature = "doctor")]
pub mod doctor;
#[cfg(feature = "fuzz")]
pub mod fuzz;
#[cfg(feature = "demo")]
pub mod http;
#[cfg(feature = "model")]
pub mod model;
pub mod order;
#[cfg(feature = "sandbox")]
pub mod pages;
pub mod planted;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod sayings;
pub mod short;
#[cfg(feature = "sim")]
pub mod sim;
pub mod unused;
pub mod words;

use std::path::{Path, PathBuf};

/// The repository.
#[must_use]
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_path_buf()
}

//! What a fresh machine lacks: the wasm target, the library's sources, two cargo tools, the npm
//! packages. The browsers stand in `browsers.rs`.
//!
//! Needed beforehand: rustup, Node with npm, git. Everything else is installed here, announced in one
//! line, and skipped in milliseconds when it is there.
//!
//! # Why
//!
//! Versions are exact: the wasm-bindgen command must match the library to the digit. The tools are
//! built with a quick profile, because they run for a second and would compile for minutes.
//! Three entries of `package-lock.json` carry no digest, the runtime for macOS and Windows: npm
//! checks them by name and version only.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::args::Words;
use crate::browsers;
use crate::run::{
    Failure, Stages, cargo, npm_bin, program, quiet, read, root, run, tools, which, write,
};

const WASM_TARGET: &str = "wasm32-unknown-unknown";
pub const WASM_BINDGEN: &str = "0.2.130";
pub const WORKER_BUILD: &str = "0.8.7";
/// Only `cargo x mutants` needs it, and installs it when it runs.
const CARGO_MUTANTS: &str = "27.1.0";
/// Only the journeys in Firefox need it.
const GECKODRIVER: &str = "0.37.1";
/// The oldest Node whose npm reads our lockfile; the Node that runs things is an npm package.
const NODE_MAJOR_MIN: u32 = 18;

/// The task.
pub fn setup(words: &Words) -> Result<(), Failure> {
    let mut stages = Stages::begin();
    stages.stage("setup", || {
        prepare()?;
        if words.has("--browser") { browsers::install_all() } else { Ok(()) }
    })
}

/// Everything that building and the demo need.
///
/// # Errors
///
/// One sentence with the remedy for whatever is missing and cannot be installed.
pub fn prepare() -> Result<(), Failure> {
    wasm_target()?;
    compiler_sources()?;
    cargo_tool("wasm-bindgen-cli", "wasm-bindgen", WASM_BINDGEN, "1 minute", false)?;
    cargo_tool("worker-build", "worker-build", WORKER_BUILD, "1 to 2 minutes", true)?;
    npm_packages()
}

/// What mutation testing needs.
///
/// # Errors
///
/// When it cannot be installed.
pub fn mutation_tool() -> Result<(), Failure> {
    cargo_tool("cargo-mutants", "cargo-mutants", CARGO_MUTANTS, "2 minutes", true)
}

/// What the journeys in Firefox need besides the browser.
///
/// # Errors
///
/// When it cannot be installed.
pub fn firefox_driver() -> Result<(), Failure> {
    cargo_tool("geckodriver", "geckodriver", GECKODRIVER, "1 to 2 minutes", true)
}

/// A cargo tool that `prepare` installed.
///
/// # Errors
///
/// When there is no folder for tools.
pub fn tool(name: &str) -> Result<PathBuf, Failure> {
    Ok(tools()?.join("bin").join(name))
}

fn wasm_target() -> Result<(), Failure> {
    let mut ask = program("rustc");
    ask.args(["--print", "target-libdir", "--target", WASM_TARGET]);
    let answer = quiet(&mut ask)?;
    let folder = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    if Path::new(&folder).is_dir() {
        return Ok(());
    }
    if which("rustup").is_none() {
        return Err(Failure::new(format!(
            "the Rust target {WASM_TARGET} is missing and rustup is not on the PATH: install rustup from https://rustup.rs, or the target by other means"
        )));
    }
    eprintln!("installing the Rust target {WASM_TARGET} …");
    run(program("rustup").args(["target", "add", WASM_TARGET])).map_err(|_| {
        Failure::new(format!(
            "the Rust target {WASM_TARGET} could not be added: run `rustup target add {WASM_TARGET}` where the network allows it"
        ))
    })
}

/// Where the compiler's standard library lies as source, if it is installed.
///
/// # Errors
///
/// When there is no compiler.
pub fn library_sources() -> Result<PathBuf, Failure> {
    let answer = quiet(program("rustc").args(["--print", "sysroot"]))?;
    let root = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    Ok(Path::new(&root).join("lib/rustlib/src/rust/library"))
}

/// The sources make what ships smaller; a toolchain that cannot have them still builds everything.
fn compiler_sources() -> Result<(), Failure> {
    if library_sources()?.is_dir() {
        return Ok(());
    }
    eprintln!("installing the standard library's sources (rust-src) …");
    let added = which("rustup").is_some()
        && run(program("rustup").args(["component", "add", "rust-src"])).is_ok();
    if !added {
        eprintln!(
            "rust-src could not be added: the modules will be an eighth larger (`rustup component add rust-src`)"
        );
    }
    Ok(())
}

fn cargo_tool(
    package: &str,
    name: &str,
    version: &str,
    duration: &str,
    locked: bool,
) -> Result<(), Failure> {
    let file = tool(name)?;
    if file.is_file() {
        // One that is a word of cargo's wants to be called as cargo calls it.
        let word = name.strip_prefix("cargo-");
        let mut ask = program(&file);
        let answer = ask.args(word).arg("--version").stdin(Stdio::null()).output();
        let is_right = answer.is_ok_and(|answer| {
            String::from_utf8_lossy(&answer.stdout).split_whitespace().any(|word| word == version)
        });
        if is_right {
            return Ok(());
        }
    }
    let folder = tools()?;
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    eprintln!(
        "installing {package} {version} into {} (once, about {duration}) …",
        folder.display()
    );
    let install = |locked: bool| {
        let mut command = cargo();
        command
            // Outside the repository: its profiles and settings are the product's, not the tools'.
            .current_dir(&folder)
            .env_remove("CARGO_TARGET_DIR")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_RELEASE_LTO", "false")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_STRIP", "true")
            .args(["install", "--force", "--root"])
            .arg(&folder)
            .arg(format!("{package}@{version}"));
        if locked {
            command.arg("--locked");
        }
        run(&mut command)
    };
    // A tool's own lockfile may name versions that have since been withdrawn.
    let result = if locked { install(true).or_else(|_| install(false)) } else { install(false) };
    result.map_err(|_| {
        Failure::new(format!("{package} {version} could not be installed; cargo says why above"))
    })
}

fn npm_packages() -> Result<(), Failure> {
    let lock = read(&root().join("package-lock.json"))?;
    // A copy of what was installed, not dates: a checkout touches files that did not change.
    let installed = root().join("node_modules/.installed-lock.json");
    if std::fs::read(&installed).is_ok_and(|copy| copy == lock) {
        return Ok(());
    }
    node_is_there()?;
    eprintln!(
        "installing Node 22, the Workers runtime, wasm-opt and esbuild from npm (once, about half a minute) …"
    );
    // Its output is warnings about the Node that is being replaced; shown when it fails.
    quiet(program("npm").args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"]))?;
    if !npm_bin("node").exists() {
        return Err(Failure::new(
            "npm did not install the Node package: allow install scripts (`npm config set ignore-scripts false`) and run this again",
        ));
    }
    write(&installed, lock)
}

fn node_is_there() -> Result<(), Failure> {
    for name in ["node", "npm"] {
        if which(name).is_none() {
            return Err(Failure::new(format!(
                "{name} is not on the PATH: install Node.js {NODE_MAJOR_MIN} or later from https://nodejs.org"
            )));
        }
    }
    let answer = quiet(program("node").arg("--version"))?;
    let version = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    let major =
        version.trim_start_matches('v').split('.').next().and_then(|part| part.parse().ok());
    if major.is_some_and(|major: u32| major < NODE_MAJOR_MIN) {
        return Err(Failure::new(format!(
            "Node {version} is too old for npm's lockfile: install Node.js {NODE_MAJOR_MIN} or later from https://nodejs.org"
        )));
    }
    Ok(())
}

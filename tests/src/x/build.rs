//! Wasm modules and the widget's files: edge for release and for the demo, the widget for both.
//!
//! `edge/build`: release, optimised, no features; what is weighed and deployed.
//! `edge/build-demo`: quick profile, feature `demo` (movable clock, notices to loopback), not optimised.
//! `edge/build-load`: the same with feature `load` alone, which fills shards for the benchmark.
//! `widget/dist`: what the edge serves under `/widget/`.
//!
//! # Why
//!
//! Cargo decides what to compile; the steps after it (bindings, wasm-opt, minifying) take up to half
//! a minute, so they are skipped when their inputs have the digest of last time.
//!
//! What ships is linked against a standard library compiled with it, for size and without the texts of
//! panics: an eighth of every module, and a panic stays what it was, a trap. The compiler calls these
//! switches unstable, so one variable has to allow them; the compiler itself is the stable one.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tests::order::{ORDER, named_by_place};
use tests::sayings;
use tests::short::{SHORT, shortened};
use tests::unused::{snippets_once, table_without, without};

use crate::args::Words;
use crate::run::{
    Failure, Stages, cargo, npm_bin, program, quiet, read, root, run, scratch, target, write,
};
use crate::setup::{WASM_BINDGEN, WORKER_BUILD, library_sources, prepare, tool};
use crate::sri;

/// Which of the edge's builds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    Release,
    Demo,
    /// As small as what ships, with what tests need: kept for the tests of the next release.
    Kept,
    /// Fills shards for the benchmark.
    Load,
}

impl Edge {
    fn profile(self) -> &'static str {
        match self {
            Self::Release | Self::Kept => "release",
            Self::Demo | Self::Load => "demo",
        }
    }

    /// The folder inside `edge/`.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Release => "build",
            Self::Demo => "build-demo",
            Self::Kept => "build-kept",
            Self::Load => "build-load",
        }
    }

    /// Whether it is as small as what ships.
    fn is_small(self) -> bool {
        self.profile() == "release"
    }

    fn feature(self) -> Option<&'static str> {
        match self {
            Self::Release => None,
            Self::Demo | Self::Kept => Some("demo"),
            Self::Load => Some("load"),
        }
    }

    fn switches(self, command: &mut Command) -> Result<(), Failure> {
        if self.is_small() {
            smallest(command)?;
        }
        if let Some(feature) = self.feature() {
            command.args(["--features", feature]);
        }
        Ok(())
    }
}

/// What the compiler and the binding tool use of WebAssembly; browsers and the runtime have it all.
const WASM_FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-call-indirect-overlong",
    "--enable-exception-handling",
];

/// See the module's reason.
const SMALLEST: &[(&str, &str)] = &[
    ("RUSTC_BOOTSTRAP", "1"),
    ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
    ("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size"),
    (
        "RUSTFLAGS",
        // Our hashes and ciphers see a few hundred bytes a request: rounds that are not unrolled are as
        // good there, and half as long.
        "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none \
         --cfg=sha2_backend_soft=\"compact\" --cfg=aes_backend_soft=\"compact\"",
    ),
];

/// What a module is optimised with besides. Functions with one caller stay functions: taken into
/// it they save a few bytes, and cost a twentieth of the module once it is compressed, because code
/// repeats itself less in functions with a thousand locals. The first kilobyte of memory is the far end of
/// the stack, so no address is there by a sum that wraps around. A second round finds a little more.
const OPTIONS: &[&str] = &["--one-caller-inline-max-function-size=0", "--low-memory-unused", "-Oz"];

/// Interfaces that the crates `worker` and `wasm_streams` export and we do not use are dropped with all that they
/// call.
const EDGE_EXPORTS: &[&str] = &[
    "--remove-exports",
    "--pass-arg=remove-exports@*intounderlying*",
    "--remove-exports",
    "--pass-arg=remove-exports@*containerstartupoptions*",
    "--remove-exports",
    "--pass-arg=remove-exports@*minifyconfig*",
    "--remove-exports",
    "--pass-arg=remove-exports@*r2range*",
];

/// Leptos brings the same of `wasm_streams`.
const WIDGET_EXPORTS: &[&str] = &["--remove-exports", "--pass-arg=remove-exports@*intounderlying*"];

/// The crate whose interfaces most of those are; the module's table holds them too.
const UNUSED_CRATE: &str = "wasm_streams";

/// The same interfaces' classes in the edge's glue.
const UNUSED: &[&str] = &[
    "containerstartupoptions",
    "intounderlyingbytesource",
    "intounderlyingsink",
    "intounderlyingsource",
    "minifyconfig",
    "r2range",
];

/// The two halves of the binding tool's start, which `glue.js` puts together in its own way.
const INNER: &str = "
export { __wbg_get_imports as imports, __wbg_finalize_init as finish };
";

/// Prints what each file named on its command line can be held to.
const DIGEST: &str = r#"
const { createHash } = require("node:crypto");
const { readFileSync } = require("node:fs");
for (const file of process.argv.slice(1))
  console.log("sha256-" + createHash("sha256").update(readFileSync(file)).digest("base64"));
"#;

/// The widget is imported by pages of other origins. The page behind a checkout's own link speaks to us alone.
const WIDGET_HEADERS: &str = "/widget/*
  Access-Control-Allow-Origin: *
  Cross-Origin-Resource-Policy: cross-origin
  X-Content-Type-Options: nosniff
/window/pending*
  Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'self'; script-src 'self'; connect-src 'self'
  Referrer-Policy: no-referrer
  Cache-Control: no-cache
  X-Content-Type-Options: nosniff
";

/// The widget's own scripts: the loader, and what it fetches where a page needs it.
const SCRIPTS: [&str; 6] =
    ["element.js", "quote.js", "inapp.js", "form.js", "status.js", "availability.js"];
/// What is bundled with two of them.
const SHARED: &str = "plain.js";
/// What is bundled with the binding tool's glue.
const BUNDLED: [&str; 3] = ["glue.js", "adopt.js", "theme.css"];

/// The task.
pub fn build(_: &Words) -> Result<(), Failure> {
    let mut stages = Stages::begin();
    stages.stage("setup", prepare)?;
    stages.stage("edge for the demo", || edge(Edge::Demo))?;
    stages.stage("edge for release", || edge(Edge::Release))?;
    stages.stage("widget", widget)?;
    sri::print()?;
    stages.end("all built");
    Ok(())
}

/// Builds the edge.
///
/// # Errors
///
/// When the compiler or a tool says no.
pub fn edge(which: Edge) -> Result<(), Failure> {
    let folder = root().join("edge");
    // As worker-build will call it a moment later, so that its own call finds everything done.
    let mut compile = cargo();
    compile.current_dir(&folder).args([
        "build",
        "--lib",
        "--target",
        "wasm32-unknown-unknown",
        "--profile",
        which.profile(),
    ]);
    which.switches(&mut compile)?;
    run(&mut compile)?;
    let wasm = target().join("wasm32-unknown-unknown").join(which.profile()).join("edge.wasm");
    let salt = format!(
        "worker-build {WORKER_BUILD}, wasm-bindgen {WASM_BINDGEN}, {WASM_FEATURES:?}, {OPTIONS:?}, {EDGE_EXPORTS:?}, {UNUSED:?}, {UNUSED_CRATE}, {ORDER}, again, snippets once"
    );
    let lock = read(&root().join("package-lock.json"))?;
    let digest = digest(&[&read(&wasm)?, &lock, salt.as_bytes()]);
    let built = folder.join(which.folder());
    let stamp = Stamp::new(&format!("edge-{}", which.folder()), digest)?;
    if stamp.holds(&[built.join("index.js"), built.join("index_bg.wasm")]) {
        return Ok(());
    }
    let mut pack = program(tool("worker-build")?);
    pack.current_dir(&folder)
        // With these three set, and existing, it downloads nothing.
        .env("WASM_BINDGEN_BIN", existing(tool("wasm-bindgen")?)?)
        .env("WASM_OPT_BIN", existing(npm_bin("wasm-opt"))?)
        .env("ESBUILD_BIN", existing(npm_bin("esbuild"))?)
        // Its own call of wasm-opt keeps the names of functions, which are a quarter of the module.
        .args(["--out-dir", which.folder(), "--no-opt"]);
    if which.is_small() {
        pack.arg("--release");
    } else {
        pack.args(["--profile", which.profile()]);
    }
    which.switches(&mut pack)?;
    quiet(&mut pack)?;
    if which.is_small() {
        let module = built.join("index_bg.wasm");
        optimise(&module, &module, EDGE_EXPORTS)?;
        // In their new places functions have shorter numbers: once more, which leaves them there.
        opt(OPTIONS, &module, &module)?;
        let glue = built.join("index.js");
        let text = String::from_utf8_lossy(&read(&glue)?).into_owned();
        let smaller = UNUSED.iter().fold(text, |text, class| without(&text, class).unwrap_or(text));
        write(&glue, snippets_once(&smaller))?;
    }
    stamp.set()
}

/// Builds the widget: module, glue and loader, each as small as it gets.
///
/// # Errors
///
/// When the compiler or a tool says no.
pub fn widget() -> Result<(), Failure> {
    starters()?;
    let mut compile = cargo();
    compile.args(["build", "--lib", "--release", "--target", "wasm32-unknown-unknown"]);
    run(smallest(&mut compile)?.args(["-p", "widget"]))?;
    let wasm = target().join("wasm32-unknown-unknown/release/widget.wasm");
    let salt = format!(
        "wasm-bindgen {WASM_BINDGEN}, {WASM_FEATURES:?}, {OPTIONS:?}, {WIDGET_EXPORTS:?}, {UNUSED_CRATE}, {WIDGET_HEADERS}, {ORDER}, {SHORT}, digests, languages, {INNER}"
    );
    let lock = read(&root().join("package-lock.json"))?;
    let [scripts, bundled] = [&SCRIPTS[..], &BUNDLED]
        .map(|names| names.iter().map(|name| root().join("widget").join(name)));
    let (scripts, bundled): (Vec<_>, Vec<_>) = (scripts.collect(), bundled.collect());
    let languages = files(&root().join("widget/text"))?;
    let mut parts = vec![read(&wasm)?, lock, salt.into_bytes()];
    let shared = root().join("widget").join(SHARED);
    for source in scripts.iter().chain(&bundled).chain(&languages).chain([&shared]) {
        parts.push(read(source)?);
    }
    let digest = digest(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let dist = root().join("widget/dist");
    let stamp = Stamp::new("widget", digest)?;
    let [glue, module] =
        ["hanbeon.js", "hanbeon_bg.wasm"].map(|name| dist.join("widget").join(name));
    let smaller = SCRIPTS.map(|name| dist.join("widget").join(name));
    let made = [glue.clone(), module.clone(), dist.join("_headers"), sri::list()];
    if stamp.holds(&[made.as_slice(), &smaller].concat()) {
        return Ok(());
    }
    let bound = scratch()?.join("widget");
    quiet(
        program(tool("wasm-bindgen")?)
            // With its names, which say whose a function is.
            .args(["--target", "web", "--no-typescript", "--keep-debug"])
            .args(["--out-name", "hanbeon", "--out-dir"])
            .arg(&bound)
            .arg(&wasm),
    )?;
    write(&dist.join("_headers"), WIDGET_HEADERS)?;
    std::fs::create_dir_all(dist.join("widget"))
        .map_err(|error| Failure::new(format!("{}: {error}", dist.display())))?;
    optimise(&bound.join("hanbeon_bg.wasm"), &module, WIDGET_EXPORTS)?;
    let long = bound.join("hanbeon.js");
    if let Some((renamed, short)) =
        shortened(&read(&module)?, &String::from_utf8_lossy(&read(&long)?))
    {
        write(&module, renamed)?;
        write(&long, short)?;
    }
    let inner = String::from_utf8_lossy(&read(&long)?).into_owned() + INNER;
    write(&long, inner)?;
    let said = say(&languages, &dist.join("widget"))?;
    for from in scripts.iter().chain(&bundled).chain([&shared]) {
        let to = bound.join(from.file_name().unwrap_or_default());
        // The style is made small as what it is, before it goes into the glue as a text.
        if from.extension() == Some("css".as_ref()) {
            minify(from, &to)?;
        } else {
            let text = String::from_utf8_lossy(&read(from)?).into_owned();
            let text = said.iter().fold(text, |text, (place, said)| text.replace(place, said));
            write(&to, text)?;
        }
    }
    for to in &smaller {
        minify(&bound.join(to.file_name().unwrap_or_default()), to)?;
    }
    minify(&bound.join("glue.js"), &glue)?;
    let [element, quote, way_out, form] = ["element.js", "quote.js", "inapp.js", "form.js"]
        .map(|name| dist.join("widget").join(name));
    hold(&glue, &[quote, way_out, form])?;
    hold(&element, &[glue, module])?;
    sri::write_list()?;
    stamp.set()
}

/// Writes what a page fetches of each language; the answer is what scripts have in them, by its place there.
fn say(languages: &[PathBuf], to: &Path) -> Result<[(&'static str, String); 3], Failure> {
    let mut files = Vec::new();
    for file in languages {
        let said: Value = serde_json::from_slice(&read(file)?)
            .map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        files.push(said);
    }
    for folder in ["text", "status"] {
        std::fs::create_dir_all(to.join(folder))
            .map_err(|error| Failure::new(format!("{}: {error}", to.display())))?;
    }
    let mut pages = Vec::new();
    for file in &files {
        let name = format!("{}.json", sayings::language(file));
        write(&to.join("status").join(&name), sayings::status(file).to_string())?;
        pages.push(to.join("text").join(&name));
        write(&to.join("text").join(&name), sayings::page(file).to_string())?;
    }
    let held = files.iter().map(sayings::language).zip(digests(&pages)?);
    let held: Value = held.map(|(language, digest)| (language, Value::String(digest))).collect();
    Ok([
        ("\"text/loader\"", sayings::loader(&files).to_string()),
        ("\"text/inapp\"", sayings::inapp(&files).to_string()),
        ("\"text/digests\"", held.to_string()),
    ])
}

/// Without the library's sources the build goes on, larger: the budgets of `cargo x size` will say so.
fn smallest(command: &mut Command) -> Result<&mut Command, Failure> {
    if library_sources()?.is_dir() {
        command.envs(SMALLEST.iter().copied());
    }
    Ok(command)
}

/// Smaller code without the exports that we do not use, in an order that compresses well, and no names of functions.
fn optimise(from: &Path, to: &Path, exports: &[&str]) -> Result<(), Failure> {
    let text = scratch()?.join("module.wat");
    opt(&[exports, &["--debuginfo", "--emit-text"]].concat(), from, &text)?;
    write(&text, table_without(&String::from_utf8_lossy(&read(&text)?), UNUSED_CRATE))?;
    opt(&[OPTIONS, &["-Oz", "--strip-debug", "--strip-producers"]].concat(), &text, to)?;
    let Some(named) = named_by_place(&read(to)?) else { return Ok(()) };
    write(to, named)?;
    opt(&["--reorder-functions-by-name", "--strip-debug"], to, to)
}

fn opt(options: &[&str], from: &Path, to: &Path) -> Result<(), Failure> {
    let mut opt = program(npm_bin("wasm-opt"));
    opt.args(options).args(WASM_FEATURES).arg("-o").args([to, from]);
    quiet(&mut opt).map(|_| ())
}

/// The files of a folder, in the order of their names.
///
/// # Errors
///
/// When it cannot be read.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", folder.display()));
    let entries = std::fs::read_dir(folder).map_err(failed)?;
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    found.sort();
    Ok(found)
}

/// The small static files of the pages around a provider's window: served as they are.
fn starters() -> Result<(), Failure> {
    let (from, to) = (root().join("edge/assets/window"), root().join("widget/dist/window"));
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", from.display()));
    std::fs::create_dir_all(&to).map_err(failed)?;
    for entry in std::fs::read_dir(&from).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        std::fs::copy(entry.path(), to.join(entry.file_name())).map_err(failed)?;
    }
    Ok(())
}

/// Writes into a file what it holds others to: it has a place for each.
fn hold(file: &Path, others: &[PathBuf]) -> Result<(), Failure> {
    let mut text = String::from_utf8_lossy(&read(file)?).into_owned();
    for (other, digest) in others.iter().zip(digests(others)?) {
        let name = other.file_name().unwrap_or_default().to_string_lossy();
        let place = format!("\"sha256-{name}\"");
        if !text.contains(&place) {
            return Err(Failure::new(format!("{} holds {name} to nothing", file.display())));
        }
        text = text.replace(&place, &format!("\"{digest}\""));
    }
    write(file, text)
}

/// What a page can hold a file to, as its attribute `integrity` takes it.
fn digests(files: &[PathBuf]) -> Result<Vec<String>, Failure> {
    let answer = quiet(program(npm_bin("node")).args(["-e", DIGEST, "--"]).args(files))?;
    let lines: Vec<String> =
        String::from_utf8_lossy(&answer.stdout).lines().map(str::to_owned).collect();
    if lines.len() != files.len() {
        return Err(Failure::new("node digested another number of files than asked"));
    }
    Ok(lines)
}

/// One file of its own: snippets of the glue and its style are taken in.
fn minify(from: &Path, to: &Path) -> Result<(), Failure> {
    quiet(
        program(npm_bin("esbuild"))
            .arg(from)
            .args([
                "--bundle",
                "--minify",
                "--format=esm",
                "--target=es2022",
                // Modules are UTF-8, and a letter is shorter than its number.
                "--charset=utf8",
                "--log-level=warning",
            ])
            // The style is minified already, as what it is, and goes into the glue as a text.
            .args(if to.extension() == Some("css".as_ref()) {
                &[][..]
            } else {
                &["--loader:.css=text"]
            })
            .arg(format!("--outfile={}", to.display())),
    )
    .map(|_| ())
}

/// The remedy belongs to us: worker-build would only warn, and then try to download.
fn existing(file: PathBuf) -> Result<PathBuf, Failure> {
    if file.exists() {
        return Ok(file);
    }
    Err(Failure::new(format!("{} is missing: run `cargo x setup`", file.display())))
}

/// A note of which inputs an output was made from.
pub struct Stamp {
    file: PathBuf,
    digest: String,
}

impl Stamp {
    /// A note of that name.
    ///
    /// # Errors
    ///
    /// When there is no folder for it.
    pub fn new(name: &str, digest: u64) -> Result<Self, Failure> {
        let file = scratch()?.join(format!("{name}.stamp"));
        Ok(Self { file, digest: format!("{digest:016x}") })
    }

    /// Whether the outputs are there and were made from the same.
    pub fn holds(&self, outputs: &[PathBuf]) -> bool {
        outputs.iter().all(|output| output.is_file())
            && std::fs::read_to_string(&self.file).is_ok_and(|noted| noted == self.digest)
    }

    /// Notes that they are made.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn set(&self) -> Result<(), Failure> {
        write(&self.file, &self.digest)
    }
}

/// FNV-1a over eight bytes at a time: it tells builds apart and guards nothing.
pub fn digest(parts: &[&[u8]]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |word: u64| state = (state ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(23);
    for part in parts {
        mix(part.len() as u64);
        for chunk in part.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            mix(u64::from_le_bytes(word));
        }
    }
    state
}

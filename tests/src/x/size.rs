//! The bytes that ship, and their budgets.
//!
//! The page's figure is what a buyer's browser fetches from us before the first window can open:
//! loader, glue with its style, module, and the texts of one language, as brotli (which every browser takes).
//! The edge's figure is what the platform counts against its limit: entry, glue and module, as gzip.
//!
//! # Why
//!
//! Node's zlib measures, since it is here anyway and is what deployment uses; a crate for each
//! format would slow every first `cargo x`.
//!
//! # Where the page's bytes went
//!
//! What was decided, and what it bought, in bytes of brotli:
//!
//! - 73,147 to 58,371: the face as boxed data, a tag and its attributes as one text, no formatting machinery (`view`);
//!   short names between module and glue, and no glue for what the module no longer takes (`tests/src/short.rs`);
//!   the table without functions that nobody can call, and like functions side by side; style and what frameworks
//!   need in the glue. Given up: names of functions in what ships.
//! - 58,371 to 49,313, of which 8,900 are the module's: a language is a file of its own, where the module had the
//!   sentences of two and code to find them; and the loop draws when it has changed something, where Leptos' graph
//!   of signals found out by itself, with sets, locks and an executor. Given up: that a missing sentence does not
//!   compile; tests compare the files with each other and every state with its golden face.
//! - 450 of them: the glue puts the two halves of the binding tool's start together, without its other ways.
//!
//! Not done: an allocator for small heaps, whose code is a twentieth of the module; the page is within its budget
//! without one more crate. Of the module's 97 kB of code 52 are the widget's own, most of them the questions to the
//! edge, the effects and the machine; 21 the library's collections and texts, 14 the bindings, 5 the allocator.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::args::Words;
use crate::build::{Edge, edge, files, widget};
use crate::run::{Failure, npm_bin, program, quiet, root, scratch};
use crate::setup::prepare;

/// A first visit over a slow phone line stays under a second of transfer.
const PAGE_BROTLI_BYTES_MAX: u64 = 49_500;
/// What stands in a page's way is this alone; most of what is over 900 bytes are the others' digests.
const LOADER_BROTLI_BYTES_MAX: u64 = 1_200;
/// A cold start parses this; the platform's own limit is fourteen times as high. It was 200,000 with two
/// providers; there are five, and turns that write everything at once, which the benchmark asks for; the terms of
/// refunds, Seoul's calendar and ceilings have six thousand of it, phone bills 4,450. All adapters together have
/// 350,000.
const EDGE_GZIP_BYTES_MAX: u64 = 222_500;

/// Prints `[raw, gzip, brotli]` for each file named on its command line.
const WEIGH: &str = r#"
const { readFileSync } = require("node:fs");
const { gzipSync, brotliCompressSync, constants } = require("node:zlib");
console.log(JSON.stringify(process.argv.slice(1).map((file) => {
  const bytes = readFileSync(file);
  const brotli = brotliCompressSync(bytes, { params: {
    [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  return [bytes.length, gzipSync(bytes, { level: 9 }).length, brotli.length];
})));
"#;

/// One file's bytes.
#[derive(Clone, Copy)]
struct Weight {
    raw: u64,
    gzip: u64,
    brotli: u64,
}

/// The task.
pub fn size(words: &Words) -> Result<(), Failure> {
    prepare()?;
    edge(Edge::Release)?;
    widget()?;
    measure(words.has("--json"))
}

/// Weighs what is built.
///
/// # Errors
///
/// When a file is missing or a budget is exceeded.
pub fn measure(as_json: bool) -> Result<(), Failure> {
    let dist = root().join("widget/dist/widget");
    let page = ["element.js", "hanbeon.js", "hanbeon_bg.wasm"].map(|name| dist.join(name));
    let [loader, glue, module] = weigh(&page)?;
    // A page fetches one language: the heaviest counts.
    let languages = weigh_all(&files(&dist.join("text"))?)?;
    let text = languages.iter().map(|language| language.brotli).max().unwrap_or_default();
    let [entry, edge_glue, edge_module] = weigh(&worker()?)?;
    let page_brotli = loader.brotli + glue.brotli + module.brotli + text;
    let edge_gzip = entry.gzip + edge_glue.gzip + edge_module.gzip;
    let figures = json!({
        "page_brotli_bytes": page_brotli,
        "page_brotli_bytes_max": PAGE_BROTLI_BYTES_MAX,
        "loader_brotli_bytes": loader.brotli,
        "loader_brotli_bytes_max": LOADER_BROTLI_BYTES_MAX,
        "glue_brotli_bytes": glue.brotli,
        "widget_wasm_brotli_bytes": module.brotli,
        "widget_wasm_bytes": module.raw,
        "text_brotli_bytes": text,
        "page_requests": page.len() + 1,
        "edge_gzip_bytes": edge_gzip,
        "edge_gzip_bytes_max": EDGE_GZIP_BYTES_MAX,
        "edge_wasm_gzip_bytes": edge_module.gzip,
        "edge_wasm_bytes": edge_module.raw,
        "edge_js_bytes": entry.raw + edge_glue.raw,
    });
    print(&figures, as_json);
    within("the page", "brotli", page_brotli, PAGE_BROTLI_BYTES_MAX)?;
    within("the loader", "brotli", loader.brotli, LOADER_BROTLI_BYTES_MAX)?;
    within("the edge", "gzip", edge_gzip, EDGE_GZIP_BYTES_MAX)
}

/// What the platform counts of the edge, and of other workers, each a file: as gzip.
///
/// # Errors
///
/// When a file is missing.
pub fn uploads<const N: usize>(others: &[PathBuf; N]) -> Result<(u64, [u64; N]), Failure> {
    let ours = weigh(&worker()?)?.iter().map(|part| part.gzip).sum();
    Ok((ours, weigh(others)?.map(|other| other.gzip)))
}

fn worker() -> Result<[PathBuf; 3], Failure> {
    let build = root().join("edge/build");
    Ok([entry()?, build.join("index.js"), build.join("index_bg.wasm")])
}

/// The entry as the deployer's tool uploads it: `minify` of `wrangler.jsonc`.
fn entry() -> Result<PathBuf, Failure> {
    let small = scratch()?.join("entry.js");
    let mut esbuild = program(npm_bin("esbuild"));
    esbuild.arg(root().join("edge/entry.js")).args(["--minify", "--format=esm"]);
    quiet(esbuild.arg(format!("--outfile={}", small.display())))?;
    Ok(small)
}

fn within(what: &str, format: &str, bytes: u64, most: u64) -> Result<(), Failure> {
    if bytes <= most {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{what} weighs {bytes} bytes ({format}), {} over its budget of {most}",
        bytes - most
    )))
}

fn weigh<const N: usize>(files: &[PathBuf; N]) -> Result<[Weight; N], Failure> {
    let weights = weigh_all(files)?;
    weights.try_into().map_err(|_| Failure::new("node weighed another number of files than asked"))
}

fn weigh_all(files: &[PathBuf]) -> Result<Vec<Weight>, Failure> {
    if let Some(missing) = files.iter().find(|file| !file.is_file()) {
        return Err(Failure::new(format!("{} is missing: run `cargo x build`", missing.display())));
    }
    let answer = quiet(program(npm_bin("node")).args(["-e", WEIGH, "--"]).args(files))?;
    let rows: Vec<[u64; 3]> = serde_json::from_slice::<Vec<Vec<u64>>>(&answer.stdout)
        .ok()
        .and_then(|rows| rows.into_iter().map(|row| row.try_into().ok()).collect())
        .unwrap_or_default();
    Ok(rows.into_iter().map(|[raw, gzip, brotli]| Weight { raw, gzip, brotli }).collect())
}

fn print(figures: &Value, as_json: bool) {
    if as_json {
        println!("{figures:#}");
        return;
    }
    let none = Map::new();
    for (name, value) in figures.as_object().unwrap_or(&none) {
        match value.as_str() {
            None => println!("{name:<26} {value:>9}"),
            Some(text) => println!("{name:<26} {text}"),
        }
    }
}

//! The start of a page: how soon its button can be pressed, beside a floor and two drop-ins, in one browser.
//!
//! # Why
//! The peers are large and nobody else needs them: they are installed when this is asked for, into a folder of
//! their own with a lockfile of its own. Only ratios of one run fail it, since a clock on a busy machine says
//! little.

use serde_json::{Map, Value, json};

use crate::args::Words;
use crate::browsers::Browser;
use crate::build::widget;
use crate::run::{Failure, npm_bin, program, quiet, root, scratch, which};
use crate::setup::prepare;

/// The peers, each a file of `tests/bench/page` that is bundled as an application would.
const PEERS: [&str; 2] = ["adyen", "braintree"];
/// Our button beside Adyen's, at most.
const BUTTON_RATIO_MAX: f64 = 0.30;
/// Visits of each page; the median counts.
const ROUNDS: u64 = 9;
/// The chromiums that the journeys know.
const CHROMIUMS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The task `bench page`.
pub fn page(words: &Words) -> Result<(), Failure> {
    prepare()?;
    widget()?;
    Browser::Chromium.install()?;
    let folder = root().join("tests/bench/page");
    if !folder.join("node_modules/.package-lock.json").is_file() {
        eprintln!("installing what is compared (once) …");
        let words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
        quiet(program("npm").current_dir(&folder).args(words))?;
    }
    let built = scratch()?.join("bench-page");
    let mut esbuild = program(npm_bin("esbuild"));
    esbuild.args(PEERS.map(|peer| folder.join(peer).with_extension("js")));
    esbuild.args(["--bundle", "--minify", "--format=esm", "--target=es2022"]);
    esbuild.args(["--define:process.env.NODE_ENV=\"production\"", "--log-level=warning"]);
    quiet(esbuild.arg(format!("--outdir={}", built.display())))?;
    let rounds = words.value("--rounds").map_or(Ok(ROUNDS), |text| {
        text.parse().map_err(|_| Failure::usage("--rounds is a number"))
    })?;
    let order = json!({
        "chromium": CHROMIUMS.iter().find_map(|name| which(name)),
        "widget": root().join("widget/dist/widget"),
        "peers": built,
        "rounds": rounds,
        "only": words.value("--only"),
    });
    let mut node = program(npm_bin("node"));
    let answer = quiet(node.arg(folder.join("run.mjs")).arg(order.to_string()))?;
    let mut told: Value = serde_json::from_slice(&answer.stdout)
        .map_err(|error| Failure::new(format!("the benchmark's answer: {error}")))?;
    let ratios = ratios(&told);
    told["ratios_to_adyen"] = ratios.clone();
    print(&told, words.has("--json"));
    judge(&ratios, &told)
}

/// `ours.button_ms`, … as parts of Adyen's button, for each network.
fn ratios(told: &Value) -> Value {
    let none = Map::new();
    let pages = told["pages"].as_object().unwrap_or(&none);
    let of = |networks: &Value, page: &str, mark: &str| {
        let part = networks[page][mark].as_f64()? / networks["adyen"]["button_ms"].as_f64()?;
        Some(json!((part * 1_000.0).round() / 1_000.0))
    };
    pages
        .iter()
        .map(|(network, pages)| {
            let ratios = json!({
                "floor_button": of(pages, "floor", "button_ms"),
                "ours_button": of(pages, "ours", "button_ms"),
                "ours_methods": of(pages, "ours", "methods_ms"),
                "braintree_evaluated": of(pages, "braintree", "button_ms"),
            });
            (network.clone(), ratios)
        })
        .collect::<Map<_, _>>()
        .into()
}

fn judge(ratios: &Value, told: &Value) -> Result<(), Failure> {
    if told["early_click_kept"] != true {
        return Err(Failure::new("a press before the rest was there came to nothing"));
    }
    let none = Map::new();
    for (network, ratios) in ratios.as_object().unwrap_or(&none) {
        let ratio = ratios["ours_button"].as_f64().unwrap_or(f64::INFINITY);
        if ratio > BUTTON_RATIO_MAX {
            return Err(Failure::new(format!(
                "our button takes {ratio:.3} of Adyen's time ({network}), over {BUTTON_RATIO_MAX}"
            )));
        }
    }
    Ok(())
}

fn print(told: &Value, as_json: bool) {
    if as_json {
        println!("{told:#}");
        return;
    }
    let none = Map::new();
    for (network, pages) in told["pages"].as_object().unwrap_or(&none) {
        println!(
            "{network}: button ms, methods ms, blocking ms, heap kB, requests, kB on the wire"
        );
        for (name, page) in pages.as_object().unwrap_or(&none) {
            let cells =
                ["button_ms", "methods_ms", "blocking_ms", "heap_kb", "requests", "wire_kb"].map(
                    |cell| page[cell].as_f64().map_or("–".to_owned(), |it| format!("{it:.0}")),
                );
            let cells = cells.map(|cell| format!("{cell:>8}")).concat();
            println!("  {name:<10}{cells}");
        }
        println!("  to Adyen's button: {}", told["ratios_to_adyen"][network]);
    }
    println!("an early click is kept: {}", told["early_click_kept"]);
}

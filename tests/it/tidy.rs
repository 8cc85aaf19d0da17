//! The rules of the house that a compiler does not know, as tests over the source text.
//!
//! # Why
//!
//! A border between files is only a border while something fails when it is crossed. These checks
//! read text, so they are simple on purpose: comments are skipped, and a rule that needs an exception
//! names the file here, in one place that a review reads.

use std::fs;
use std::path::{Path, PathBuf};

/// Longer files are two files.
const FILE_LINES_MAX: usize = 600;
/// The crates and the folders that hold our own text.
const OURS: &[&str] = &["shared", "edge", "widget", "tests", "public"];
/// Feature `demo` carries this text into the module, so its absence proves the feature's absence.
const DEMO_MARK: &[u8] = b"hanbeon-demo-clock";
/// The same for feature `load`, which fills shards for the benchmark.
const LOAD_MARK: &[u8] = b"hanbeon-bench-load";

#[test]
fn the_runtime_crate_is_named_only_in_the_shell() {
    let elsewhere = lines("edge/src", &["rs"])
        .filter(|line| !line.within("edge/src/shell"))
        .filter(|line| line.names("worker::") || line.text.contains("use worker"));
    refuse("only edge/src/shell may name the crate `worker`", elsewhere);
}

#[test]
fn page_messages_are_sent_and_received_in_one_file_of_each_side() {
    let elsewhere = lines("widget", &["rs", "js"])
        .chain(lines("edge/src", &["rs"]))
        .chain(lines("shared/src", &["rs"]))
        // The edge's half is text that it writes into its pages.
        .filter(|line| !line.within("widget/src/channel.rs") && !line.within("edge/src/page"))
        .filter(|line| line.text.contains("postMessage") || line.text.contains("post_message"));
    refuse("only widget/src/channel.rs and edge/src/page.rs may say postMessage", elsewhere);
}

#[test]
fn the_widget_reaches_the_network_in_one_file() {
    // A quote is exchanged before the module is there, on pages that have one and on no other; status and
    // availability have no module.
    let may = [
        "widget/src/api.rs",
        "widget/quote.js",
        "widget/plain.js",
        "widget/status.js",
        "widget/availability.js",
    ];
    let elsewhere = lines("widget", &["rs", "js"])
        .filter(|line| !may.iter().any(|file| line.within(file)))
        // The loader takes the module, the glue a language; neither takes anything that has no digest.
        .filter(|line| {
            let takes = line.within("widget/element.js") || line.within("widget/glue.js");
            !takes || !line.text.contains("integrity: ")
        })
        .filter(|line| {
            line.names("gloo_net")
                || line.names("fetch(")
                || line.names("fetch_with_")
                || line.text.contains("XmlHttpRequest")
        });
    refuse(
        "only widget/src/api.rs, quote.js and the elements without a module may fetch",
        elsewhere,
    );
}

#[test]
fn clock_and_chance_are_read_in_one_file() {
    let readers = [
        "Date::now",
        "SystemTime::now",
        "Instant::now",
        "getrandom::",
        "Uuid::new_v4",
        "Uuid::now_v7",
    ];
    let elsewhere = lines("edge/src", &["rs"])
        .chain(lines("shared/src", &["rs"]))
        .filter(|line| !line.within("edge/src/shell/clock.rs"))
        .filter(|line| readers.iter().any(|reader| line.names(reader)));
    refuse("only edge/src/shell/clock.rs may read the clock or draw random numbers", elsewhere);
}

#[test]
fn a_status_is_never_a_string() {
    let strings = ["shared/src", "edge/src", "widget/src", "tests/src"]
        .into_iter()
        .flat_map(|folder| lines(folder, &["rs"]))
        .filter(|line| line.names("status: String") || line.names("status: Option<String>"));
    refuse("a status is a closed set: make it an enum", strings);
}

#[test]
fn providers_do_not_know_each_other() {
    let folder = root().join("edge/src/provider");
    let names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        // What several do alike is no adapter.
        .filter(|name| name != "parts")
        .collect();
    let crossings = lines("edge/src/provider", &["rs"]).filter(|line| {
        names.iter().any(|name| {
            let is_its_own = line.within(&format!("edge/src/provider/{name}"));
            !is_its_own
                && (line.text.contains(&format!("provider::{name}::"))
                    || line.text.contains(&format!("super::{name}::")))
        })
    });
    refuse("an adapter may not use another adapter", crossings);
}

#[test]
fn the_domain_depends_on_serde_only() {
    let manifest = fs::read_to_string(root().join("shared/Cargo.toml")).unwrap();
    let mut section = "";
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section == "[dependencies]" && line.contains('=') && !line.starts_with('#') {
            let name = line.split(['=', '.']).next().unwrap().trim();
            assert_eq!(name, "serde", "shared may depend on serde only; found: {line}");
        }
    }
}

#[test]
fn no_file_is_longer_than_a_reader_can_hold() {
    let long: Vec<String> = OURS
        .iter()
        .flat_map(|folder| files(&root().join(folder), &["rs", "js", "mjs", "css", "html"]))
        .filter_map(|path| {
            let count = fs::read_to_string(&path).ok()?.lines().count();
            (count > FILE_LINES_MAX).then(|| format!("{}: {count} lines", short(&path)))
        })
        .collect();
    assert!(long.is_empty(), "split at {FILE_LINES_MAX} lines:\n{}", long.join("\n"));
}

/// A name with this many parts is a test's.
const TEST_NAME_PARTS_MIN: usize = 5;

#[test]
fn every_test_that_the_readme_names_is_there() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let sources: String = ["shared/src", "edge/src", "widget/src", "tests"]
        .iter()
        .flat_map(|folder| files(&root().join(folder), &["rs"]))
        .filter_map(|path| fs::read_to_string(path).ok())
        .collect();
    let is_of_a_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let gone: Vec<&str> = readme
        .split(|c: char| !is_of_a_word(c))
        .filter(|word| word.split('_').count() >= TEST_NAME_PARTS_MIN)
        .filter(|word| !word.contains(|c: char| c.is_ascii_uppercase()))
        .filter(|word| !sources.contains(&format!("fn {word}(")))
        .collect();
    assert!(gone.is_empty(), "the README names tests that are not there:\n{}", gone.join("\n"));
}

#[test]
fn every_crate_begins_with_a_map() {
    for file in ["shared/src/lib.rs", "edge/src/lib.rs", "widget/src/lib.rs", "tests/src/lib.rs"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        assert!(text.starts_with("//!"), "{file} must begin with its map and invariants");
    }
}

/// The clock moves in the demo only, and shards are filled in the benchmark only. `cargo x tidy` and
/// `cargo x ci` build what is released and the demo first.
#[test]
fn the_released_module_lacks_the_demo_and_the_benchmark() {
    let has_mark = |folder: &str, mark: &[u8]| {
        let module = fs::read(root().join("edge").join(folder).join("index_bg.wasm")).ok()?;
        Some(module.windows(mark.len()).any(|window| window == mark))
    };
    for (mark, made) in [(DEMO_MARK, "build-demo"), (LOAD_MARK, "build-load")] {
        let name = String::from_utf8_lossy(mark);
        assert_ne!(has_mark("build", mark), Some(true), "the released edge has code of {name}");
        assert_ne!(
            has_mark(made, mark),
            Some(false),
            "{made} lacks the mark {name}, by which its absence elsewhere is proved"
        );
    }
    assert_ne!(has_mark("build-demo", LOAD_MARK), Some(true), "the demo fills no shards");
}

/// Mistakes on purpose are made in a copy of the sources alone; what was built from ours has no word of them.
#[test]
fn what_ships_knows_no_planted_mistake() {
    for module in ["edge/build", "edge/build-demo", "widget/dist/widget"] {
        for file in files_of(&root().join(module)) {
            let bytes = fs::read(&file).unwrap_or_default();
            let says = bytes.windows(b"planted".len()).any(|window| window == b"planted");
            assert!(!says, "{} speaks of planted mistakes", short(&file));
        }
    }
}

/// Every file of a folder of what was built, if it is there.
fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

/// One line of a source file that is not a comment.
struct Line {
    file: String,
    number: usize,
    text: String,
}

impl Line {
    fn within(&self, path: &str) -> bool {
        self.file.starts_with(path)
    }

    /// The word, not as the tail of a longer one.
    fn names(&self, word: &str) -> bool {
        self.text.match_indices(word).any(|(at, _)| {
            !self.text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_')
        })
    }
}

fn refuse(rule: &str, lines: impl Iterator<Item = Line>) {
    let found: Vec<String> =
        lines.map(|line| format!("{}:{}: {}", line.file, line.number, line.text.trim())).collect();
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}

fn lines(folder: &str, extensions: &'static [&'static str]) -> impl Iterator<Item = Line> {
    files(&root().join(folder), extensions).into_iter().flat_map(|path| {
        let text = fs::read_to_string(&path).unwrap_or_default();
        let file = short(&path);
        let kept =
            text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
        kept.map(|(index, line)| Line {
            file: file.clone(),
            number: index + 1,
            text: line.to_owned(),
        })
        .collect::<Vec<_>>()
    })
}

/// Our own files: what was built or installed is not text that people read.
fn files(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let built = [
        "target",
        "node_modules",
        "build",
        "build-demo",
        "build-load",
        "dist",
        ".wrangler",
        ".next",
    ];
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !built.contains(&name.as_str()) {
            found.extend(files(&path, extensions));
        } else if path.extension().is_some_and(|end| extensions.contains(&&*end.to_string_lossy()))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn short(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

//! `cargo x`: the one door to every task of this repository, for people, CI and scripts alike.
//!
//! Map: `args` words of the command line · `run` starting programs, failing in one sentence,
//! telling time · `setup` what a fresh machine lacks · `build` wasm modules and the widget's files ·
//! `size` the bytes that ship, and their budgets · `demo` shop, sandbox and edge on this machine ·
//! `doctor` what a page's headers break ·
//! `sim` the simulator, `planted` with mistakes · `model` the model check · `fuzz` what strangers send ·
//! `mutants` whether tests would notice · `crash` kills of the running runtime · `bench` our worker beside
//! its peers · `page` a page's start beside others · `suites` tests, the checks of CI, tidy.
//!
//! Invariants: nothing but `std` and `serde_json` is linked, so that the first `cargo x` compiles in
//! seconds. A missing prerequisite or a wrong word is one sentence that names the remedy. Every
//! installed version is pinned in `setup` or in `package-lock.json`.
//!
//! # Why
//!
//! One Rust program instead of scripts: it runs the same on every system, is linted like the rest,
//! and is found by `cargo x --help`. A library for arguments was given up for the compile time.

#[path = "../x/args.rs"]
mod args;
#[path = "../x/bench.rs"]
mod bench;
#[path = "../x/browsers.rs"]
mod browsers;
#[path = "../x/build.rs"]
mod build;
#[path = "../x/crash.rs"]
mod crash;
#[path = "../x/demo.rs"]
mod demo;
#[path = "../x/doctor.rs"]
mod doctor;
#[path = "../x/examples.rs"]
mod examples;
#[path = "../x/fuzz.rs"]
mod fuzz;
#[path = "../x/keep.rs"]
mod keep;
#[path = "../x/model.rs"]
mod model;
#[path = "../x/mutants.rs"]
mod mutants;
#[path = "../x/page.rs"]
mod page;
#[path = "../x/planted.rs"]
mod planted;
#[path = "../x/run.rs"]
mod run;
#[path = "../x/setup.rs"]
mod setup;
#[path = "../x/sim.rs"]
mod sim;
#[path = "../x/size.rs"]
mod size;
#[path = "../x/sri.rs"]
mod sri;
#[path = "../x/suites.rs"]
mod suites;

use std::process::ExitCode;

use args::{Opt, Task};

/// Every task, in the order of the help text.
const TASKS: &[Task] = &[
    Task {
        name: "demo",
        about: "set up, build and start shop, sandbox and edge; then pay in your browser",
        options: &[
            Opt {
                name: "--port",
                value: Some("BASE"),
                about: "first of three ports (default 4410): shop, sandbox, edge",
            },
            Opt { name: "--no-open", value: None, about: "do not open the browser" },
        ],
        filter: None,
        perform: demo::demo,
    },
    Task {
        name: "test",
        about: "set up, build and run every test: native, simulated, over HTTP, in the browser",
        options: &[
            Opt {
                name: "--only",
                value: Some("native|sim|http|browser"),
                about: "run one of the four suites",
            },
            Opt {
                name: "--engine",
                value: Some("chromium|firefox|webkit"),
                about: "which browser the journeys run in (default chromium; CI runs chromium and webkit)",
            },
        ],
        filter: Some("run only tests whose name contains this"),
        perform: suites::test,
    },
    Task {
        name: "ci",
        about: "all that CI does: format, lints for both targets, size, tests, a dry deployment",
        options: &[],
        filter: None,
        perform: suites::ci,
    },
    Task {
        name: "sandbox",
        about: "start only the providers' sandbox, to develop a shop against it offline",
        options: &[Opt {
            name: "--port",
            value: Some("BASE"),
            about: "the sandbox listens on BASE + 1 (default 4410)",
        }],
        filter: None,
        perform: demo::sandbox,
    },
    Task {
        name: "doctor",
        about: "what a page's headers break, those to use, and the inventory of its scripts for PCI DSS",
        options: &[
            Opt {
                name: "--edge",
                value: Some("URL"),
                about: "where the element comes from, if the page's markup does not say",
            },
            Opt {
                name: "--frames",
                value: Some("URL,URL"),
                about: "the providers whose windows are shown in frames",
            },
            Opt {
                name: "--inventory",
                value: Some("FILE"),
                about: "where the inventory goes (default script-inventory.json)",
            },
            Opt { name: "--json", value: None, about: "the report as JSON on stdout" },
        ],
        filter: Some("the page's address"),
        perform: doctor::doctor,
    },
    Task {
        name: "sim",
        about: "everything of one seed, many times, with faults; then an auditor with its own books",
        options: &[
            Opt {
                name: "--seeds",
                value: Some("N"),
                about: "run N seeds (default 32000); from 10000000 on every pair of phase and input that \
                        can be met has to be met",
            },
            Opt {
                name: "--seed",
                value: Some("S"),
                about: "tell the story of seed S; with --seeds, begin there",
            },
            Opt {
                name: "--shrink",
                value: None,
                about: "with --seed: leave out of a failing seed what its failure does not need",
            },
            Opt {
                name: "--facts",
                value: None,
                about: "engines speak facts in every seed, not in fifteen of sixteen",
            },
            Opt { name: "--wire", value: None, about: "everything travels as bytes in every seed" },
            Opt { name: "--json", value: None, about: "figures as JSON on stdout" },
            Opt {
                name: "--failures",
                value: Some("N"),
                about: "stop after N failing seeds (default 10)",
            },
            Opt {
                name: "--plant",
                value: Some("MISTAKE"),
                about: "make this mistake on purpose, which the auditor must find",
            },
            Opt {
                name: "--planted",
                value: None,
                about: "make every mistake of the list until it is found (at most 320000 seeds each)",
            },
            Opt {
                name: "--quick",
                value: None,
                about: "with --planted: leave out what only thousands of seeds find",
            },
        ],
        filter: None,
        perform: sim::sim,
    },
    Task {
        name: "crash",
        about: "kill the real runtime while payments run, and compare what was acknowledged",
        options: &[
            Opt { name: "--kills", value: Some("N"), about: "kill N times (default 50)" },
            Opt { name: "--json", value: None, about: "figures as JSON on stdout" },
            Opt {
                name: "--worlds",
                value: Some("N"),
                about: "so many runtimes beside each other (default 3)",
            },
            Opt {
                name: "--seed",
                value: Some("S"),
                about: "which moments are chosen; no two runs are the same",
            },
            Opt {
                name: "--doubt",
                value: None,
                about: "let the disk forget every other life, which must be found",
            },
            Opt {
                name: "--buyers",
                value: Some("N"),
                about: "instead: N buyers at once for one last piece",
            },
            Opt {
                name: "--rounds",
                value: Some("N"),
                about: "so many pieces, one after the other",
            },
        ],
        filter: None,
        perform: crash::crash,
    },
    Task {
        name: "bench",
        about: "beside their peers, in minutes: `cargo x bench edge` our worker, `cargo x bench page` a page's start",
        options: &[
            Opt {
                name: "--rounds",
                value: Some("N"),
                about: "turns of each worker (default 3), visits of each page (default 9)",
            },
            Opt { name: "--seconds", value: Some("S"), about: "length of a turn (default 1)" },
            Opt {
                name: "--port",
                value: Some("P"),
                about: "the first of four ports (default 27300)",
            },
            Opt {
                name: "--storage",
                value: Some("memory|disk"),
                about: "files on one storage alone (default both; growth runs on the disk)",
            },
            Opt {
                name: "--only",
                value: Some("peers|growth|count|cold"),
                about: "one part alone: beside peers, cost as work grows, what an order does, cold start; of a page: cpu or slow_4g",
            },
            Opt {
                name: "--whole",
                value: None,
                about: "growth to a million checkouts, not to a hundred thousand: minutes, and gigabytes",
            },
            Opt {
                name: "--most",
                value: Some("N"),
                about: "growth to 10000, 100000 (default) or 1000000 checkouts",
            },
            Opt {
                name: "--orders",
                value: Some("N"),
                about: "further orders at each size of growth (default 10000)",
            },
            Opt { name: "--json", value: None, about: "figures as JSON on stdout" },
        ],
        filter: Some("edge or page: what is measured"),
        perform: bench::bench,
    },
    Task {
        name: "model",
        about: "every order of events in small worlds, walked to the end: rules, and pairs that can be met",
        options: &[
            Opt { name: "--json", value: None, about: "figures as JSON on stdout" },
            Opt { name: "--scene", value: Some("NAME"), about: "one scene alone" },
            Opt {
                name: "--short",
                value: None,
                about: "fewer faults at once: what every run of the tests walks through",
            },
            Opt {
                name: "--keep",
                value: None,
                about: "write the pairs that were met to shared/testdata/pairs.txt",
            },
        ],
        filter: None,
        perform: model::model,
    },
    Task {
        name: "fuzz",
        about: "what strangers send, bent and sent again: tokens, bodies, webhooks, answers, messages",
        options: &[
            Opt {
                name: "--seconds",
                value: Some("N"),
                about: "for all targets together (default 60)",
            },
            Opt { name: "--target", value: Some("NAME"), about: "one target alone" },
            Opt { name: "--seed", value: Some("S"), about: "other inputs (default 1)" },
            Opt { name: "--json", value: None, about: "figures as JSON on stdout" },
        ],
        filter: None,
        perform: fuzz::fuzz,
    },
    Task {
        name: "mutants",
        about: "one mistake at a time in the modules where it costs money: do the tests notice?",
        options: &[
            Opt { name: "--module", value: Some("NAME"), about: "payment, hold, claims or token" },
            Opt { name: "--diff", value: Some("REV"), about: "only what was changed since then" },
            Opt { name: "--again", value: None, about: "also where the files are as they were" },
            Opt { name: "--json", value: None, about: "figures as JSON on stdout" },
        ],
        filter: None,
        perform: mutants::mutants,
    },
    Task {
        name: "size",
        about: "build for release and weigh what ships against its budgets",
        options: &[Opt { name: "--json", value: None, about: "figures as JSON on stdout" }],
        filter: None,
        perform: size::size,
    },
    Task {
        name: "tidy",
        about: "the rules of the house that a compiler does not know",
        options: &[],
        filter: None,
        perform: suites::tidy,
    },
    Task {
        name: "build",
        about: "build the edge (demo and release) and the widget",
        options: &[],
        filter: None,
        perform: build::build,
    },
    Task {
        name: "keep",
        about: "keep this version's edge in tests/releases, for the tests of the next version",
        options: &[],
        filter: None,
        perform: keep::keep,
    },
    Task {
        name: "setup",
        about: "install what this machine lacks for building and for the demo",
        options: &[Opt {
            name: "--browser",
            value: None,
            about: "also Chromium, Firefox, WebKitGTK and their drivers, which the browser tests need",
        }],
        filter: None,
        perform: setup::setup,
    },
];

/// Names that are taken, so that a guess gets an honest answer.
const TO_COME: &[&str] = &[];

fn main() -> ExitCode {
    match args::dispatch(TASKS, TO_COME, std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("x: {}", failure.sentence);
            ExitCode::from(failure.code)
        }
    }
}

//! `cargo x bench edge`: our worker beside its peers.

use std::process::ExitCode;

use tests::bench::jobs::Storage;
use tests::bench::{Order, run};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        words.iter().position(|word| word == name).and_then(|at| words.get(at + 1)).cloned()
    };
    let order = Order {
        rounds: value("--rounds").and_then(|text| text.parse().ok()).unwrap_or(3),
        seconds: value("--seconds").and_then(|text| text.parse().ok()).unwrap_or(1.0),
        base: value("--port").and_then(|text| text.parse().ok()).unwrap_or(27_300),
        storage: value("--storage")
            .and_then(|name| Storage::ALL.into_iter().find(|storage| storage.name() == name)),
    };
    match run(&order, &|what| eprintln!("{what}")) {
        Ok(report) if words.iter().any(|word| word == "--json") => println!("{:#}", report.json()),
        Ok(report) => {
            println!("{}", report.table());
            println!("{:#}", report.json()["ratios"]);
        }
        Err(why) => {
            eprintln!("bench: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

//! `cargo x bench edge`: our worker beside its peers.

use std::process::ExitCode;

use tests::bench::jobs::Storage;
use tests::bench::{Order, Part, SIZES, run};
use tests::words::Words;

fn main() -> ExitCode {
    let words = Words::of_this_process();
    let order = Order {
        rounds: words.number("--rounds").unwrap_or(3),
        seconds: words.number("--seconds").unwrap_or(1.0),
        base: words.number("--port").unwrap_or(27_300),
        storage: words
            .value("--storage")
            .and_then(|name| Storage::ALL.into_iter().find(|storage| storage.name() == name)),
        part: words
            .value("--only")
            .and_then(|name| Part::ALL.into_iter().find(|part| part.name() == name)),
        most: if words.has("--whole") {
            SIZES[2]
        } else {
            words.number("--most").unwrap_or(SIZES[1])
        },
        orders: words.number("--orders").unwrap_or(10_000),
    };
    let uploads = words.value("--uploads").unwrap_or_default();
    let done = run(&order, &|what| eprintln!("{what}"));
    match done.map(|report| report.with_uploads(uploads)) {
        Ok(report) if words.has("--json") => println!("{:#}", report.json()),
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

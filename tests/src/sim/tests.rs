//! The simulator doubts itself: the same seed tells the same story, and each planted mistake is found.

use super::*;

/// So many seeds are enough to find each of the mistakes below.
const SEEDS: u64 = 300;

fn order(plant: Option<Plant>) -> Order {
    Order { first: 1, seeds: SEEDS, threads: 1, failures_max: 1, plant }
}

#[test]
fn i19_the_same_seed_has_the_same_trace_whether_told_and_written_into_rows_or_not() {
    let config = installation();
    for seed in [1, 7, 42] {
        let first = run(&config, seed, &How::default());
        let second = run(&config, seed, &How { tells: true, rows: true, ..How::default() });
        assert_eq!(first.hash, second.hash, "seed {seed}");
        assert!(first.story.is_empty() && !second.story.is_empty());
    }
    let hash = |seed| run(&config, seed, &How::default()).hash;
    assert_ne!(hash(1), hash(2));
}

#[test]
fn i19_the_number_of_threads_changes_nothing() {
    let run = |threads| run_all(&Order { seeds: 40, threads, ..order(None) }).hash;
    assert_eq!(run(1), run(3));
}

/// The others take some hundreds of seeds: `cargo x sim --doubt` finds them all, optimised.
#[test]
fn a_planted_mistake_is_found_by_the_rule_that_it_breaks() {
    for plant in [Plant::NoticeLost, Plant::TokenKept, Plant::SaleNotCounted] {
        let row = Plant::ALL.into_iter().find(|(_, each, _)| *each == plant);
        let rule = row.unwrap().2;
        let report = run_all(&order(Some(plant)));
        let found = report.failures.values().flatten().any(|violation| violation.rule == rule);
        assert!(found, "{plant:?} after {} schedules: {:?}", report.schedules, report.failures);
    }
}

#[test]
fn every_kind_of_fault_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), Kind::ALL.len());
}

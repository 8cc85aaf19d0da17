//! The simulator doubts itself: the same seed tells the same story.

use super::*;

fn order() -> Order {
    Order { first: 1, seeds: 40, threads: 1, failures_max: 1, plant: None }
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
    let run = |threads| run_all(&Order { threads, ..order() }).hash;
    assert_eq!(run(1), run(3));
}

#[test]
fn no_build_of_these_sources_can_make_a_mistake() {
    assert!(mistake("token-kept").unwrap_err().contains("no mistakes"));
}

#[test]
fn every_kind_of_fault_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), Kind::ALL.len());
}

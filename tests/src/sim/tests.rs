//! The simulator doubts itself: the same seed tells the same story.

use super::*;

fn order() -> Order {
    Order { first: 1, seeds: 40, threads: 1, failures_max: 1, plant: None, level: None }
}

#[test]
fn i19_the_same_seed_has_the_same_trace_whether_told_and_written_into_rows_or_not() {
    let config = installation();
    for (level, seed) in [(Level::Wire, 1), (Level::Wire, 7), (Level::Facts, 1), (Level::Facts, 9)]
    {
        let how = How { level: Some(level), ..How::default() };
        let first = run(&config, seed, &how);
        let second = run(&config, seed, &How { tells: true, rows: true, ..how });
        assert_eq!(first.hash, second.hash, "{level:?} {seed}");
        assert!(first.story.is_empty() && !second.story.is_empty());
        assert_ne!(first.hash, run(&config, seed + 1, &how).hash);
    }
}

#[test]
fn one_seed_of_sixteen_runs_the_full_wire() {
    let report = run_all(&order());
    let [wire, facts] = report.shares.map(|share| share.schedules);
    assert_eq!((wire, facts), (2, 38));
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

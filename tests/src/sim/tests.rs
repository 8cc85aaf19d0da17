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
    let report = run_all(&order(), &Watch::default());
    let [wire, facts] = report.shares.map(|share| share.schedules);
    assert_eq!((wire, facts), (2, 38));
}

#[test]
fn i19_the_number_of_threads_changes_nothing() {
    let run = |threads| run_all(&Order { threads, ..order() }, &Watch::default()).hash;
    assert_eq!(run(1), run(3));
}

#[test]
fn no_pair_is_met_that_is_proved_to_be_out_of_reach() {
    let order = Order { seeds: 600, level: Some(Level::Facts), ..order() };
    let report = run_all(&order, &Watch::default());
    assert!(report.failures.is_empty(), "{:?}", report.failures);
    assert_eq!(report.pairs.against_proof().count(), 0);
    assert!(report.pairs.len() > 100, "{} pairs", report.pairs.len());
}

#[test]
fn a_run_that_is_stopped_says_what_it_has() {
    let watch = Watch::default();
    watch.stop.store(true, Ordering::Relaxed);
    assert_eq!(run_all(&order(), &watch).schedules, 0);
}

#[test]
fn a_failing_seed_shrinks_to_the_same_story_with_fewer_faults() {
    // No seed fails, so one is made to: being paid is a violation.
    let failing = |seed: u64, how: &How| {
        let mut outcome = facts::run(seed, how);
        let paid = outcome.ends.contains_key("paid");
        let violation = Violation { rule: "I-1", text: String::new() };
        outcome.violations.extend(paid.then_some(violation));
        outcome
    };
    let stormy = |seed: &u64| {
        let outcome = failing(*seed, &How::default());
        outcome.strikes > 10 && !outcome.violations.is_empty()
    };
    let seed = (1..200).find(stormy).unwrap();
    let failing = |how: &How| failing(seed, how);
    let how = How { level: Some(Level::Facts), ..How::default() };
    let shrunken = shrink::shrink(&how, failing).unwrap();
    assert!(shrunken.strikes.1 == 0 && shrunken.strikes.0 > 10, "{shrunken:?}");
    let again = shrink::shrink(&how, failing).unwrap();
    assert_eq!((shrunken.cuts, shrunken.runs), (again.cuts, again.runs));
    assert!(!failing(&How { cuts: shrunken.cuts, ..how }).violations.is_empty());
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

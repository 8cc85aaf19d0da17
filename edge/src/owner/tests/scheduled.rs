//! Runs of the schedule: missed, overlapping, doubled, dying.

use super::*;

const FIVE: Span = Span::minutes(5);

/// A run that was scheduled for now begins; its fence, if it works.
fn begins(bench: &Bench, scheduled_at: Timestamp) -> Option<u64> {
    let heard = bench.run(Op::Run { scheduled_at: scheduled_at.as_millis() });
    match heard.http_status {
        200 => Some(heard.body.as_u64().unwrap()),
        status => {
            assert_eq!(status, 409);
            None
        }
    }
}

fn ends(bench: &Bench, fence: u64) {
    assert_eq!(bench.run(Op::Ran { fence }).http_status, 200);
}

#[test]
fn f50_a_window_has_one_run_and_its_event_may_come_twice_and_late() {
    let bench = Bench::new();
    let at = bench.now.get();
    let fence = begins(&bench, at).unwrap();
    assert_eq!(begins(&bench, at), None, "two at once");
    bench.wait(Span::seconds(3));
    ends(&bench, fence);
    assert_eq!(begins(&bench, at), None, "the same event again");
    bench.wait(FIVE);
    assert_eq!(begins(&bench, at.before(FIVE)), None, "an older one, late");
    let next = begins(&bench, at.after(FIVE)).unwrap();
    assert_ne!(next, fence);
}

#[test]
fn f50_a_run_that_is_longer_than_its_interval_or_dies_is_caught_up() {
    let bench = Bench::new();
    let at = bench.now.get();
    let died = begins(&bench, at).unwrap();
    bench.wait(Span::minutes(3));
    assert_eq!(begins(&bench, at), None, "its lease holds");
    bench.wait(Span::minutes(2));
    let second = begins(&bench, at.after(FIVE)).unwrap();
    // The first was only slow. What it says now ends nobody's run.
    ends(&bench, died);
    assert_eq!(begins(&bench, at.after(FIVE)), None);
    ends(&bench, second);
    assert_eq!(begins(&bench, at), None, "its window was caught up by the second");
    bench.wait(Span::hours(7));
    assert!(begins(&bench, bench.now.get()).is_some(), "hours without a run end with the next one");
}

#[test]
fn f50_f56_neither_a_schedule_in_the_future_nor_a_clock_set_back_stops_the_runs() {
    let bench = Bench::new();
    let at = bench.now.get();
    ends(&bench, begins(&bench, at.after(Span::hours(24 * 365))).unwrap());
    bench.wait(FIVE);
    let fence = begins(&bench, bench.now.get()).unwrap();
    bench.now.set(at);
    assert_eq!(begins(&bench, at), None, "done");
    bench.now.set(at.after(FIVE).after(FIVE));
    assert!(begins(&bench, bench.now.get()).is_some());
    ends(&bench, fence);
}

//! F17: a provider that asks to be left alone is left alone, by whoever it may be that wants to know.

use super::let_go::OPEN;
use super::*;

fn busy(seconds: u64) -> Fact {
    Fact::Busy { retry_after: Span::seconds(seconds) }
}

/// When the next question is put, with a hint every second.
fn asked_after(bench: &mut Bench) -> u64 {
    let began = bench.now;
    for _ in 0..2_000 {
        bench.now = bench.now.after(Span::seconds(1));
        bench.feed(Input::LookNow { attempt: AttemptId::new(HOME, 1), source: "webhook" });
        if !bench.asks().is_empty() {
            return bench.now.since(began).as_seconds();
        }
        let due = bench.payment.due(&bench.checkout);
        assert!(due.is_some_and(|due| due > bench.now), "planned, and not at once");
    }
    panic!("nobody asks any more")
}

#[test]
fn f17_no_hint_puts_a_question_before_the_wait_is_over() {
    for (wait, waited) in [(1, 1), (20, 20), (119, 119), (86_400, PATIENCE_MAX.as_seconds())] {
        let mut bench = Bench::capturing();
        bench.fact(1, AskKind::Capture, busy(wait));
        assert_eq!(asked_after(&mut bench), waited);
    }
}

#[test]
fn f17_an_ended_attempt_s_provider_is_left_alone_too() {
    let mut bench = Bench::present(OPEN);
    bench.feed(Input::Abandon(AttemptId::new(HOME, 1)));
    bench.asks();
    bench.fact(1, AskKind::LookUp, Fact::Waiting);
    assert_eq!((bench.phase(), bench.payment.strays.len()), (PhaseKind::Open, 1));
    bench.stock(1, hold::Command::Release, true);
    bench.fact(1, AskKind::LookUp, busy(90));
    assert_eq!(bench.payment.strays.len(), 1, "a plea is no answer");
    assert_eq!(asked_after(&mut bench), 90);
}

#[test]
fn f17_the_wait_is_the_attempt_s_whatever_is_asked_about_it() {
    let mut bench = Bench::paid();
    bench.work();
    bench.stock(1, hold::Command::Commit, true);
    bench.feed(Input::Refund(bench.refund(5, "o-1", 1_000)));
    assert_eq!(bench.asks(), vec![AskKind::Cancel]);
    bench.feed(Input::RefundFact { refund: RefundId::new(5), fact: busy(60) });
    assert_eq!(asked_after(&mut bench), 60, "neither the refund nor a look");
}

#[test]
fn f17_one_question_at_a_time_is_put_about_an_attempt() {
    let mut bench = Bench::paid();
    bench.work();
    bench.stock(1, hold::Command::Commit, true);
    bench.now = bench.now.after(Span::seconds(5));
    bench.feed(Input::LookNow { attempt: AttemptId::new(HOME, 1), source: "webhook" });
    bench.feed(Input::Refund(bench.refund(5, "o-1", 1_000)));
    assert_eq!(bench.asks(), vec![AskKind::LookUp]);
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    bench.now = bench.now.after(Span::seconds(1));
    assert!(bench.asks().contains(&AskKind::Cancel), "the next one soon after");
}

#[test]
fn f17_f15_no_wait_crosses_the_deadline_of_an_undo() {
    let mut bench = Bench::capturing();
    let deadline = T.after(Span::minutes(50));
    let mut turns = 0..100;
    while bench.payment.undoing().is_none() {
        assert!(turns.next().is_some(), "nothing is undone");
        bench.fact(1, AskKind::LookUp, busy(86_400));
        bench.now = bench.payment.due(&bench.checkout).unwrap().max(bench.now);
        bench.feed(Input::Tick);
        bench.work();
    }
    let asked = |bench: &mut Bench| bench.asks().contains(&AskKind::Cancel);
    while !asked(&mut bench) {
        assert!(turns.next().is_some(), "no cancel is put");
        bench.now = bench.payment.due(&bench.checkout).unwrap().max(bench.now);
        assert!(bench.now <= deadline, "I-3");
    }
}

#[test]
fn f17_f56_a_clock_that_was_set_back_makes_nobody_wait_longer() {
    let mut bench = Bench::capturing();
    bench.now = bench.now.after(Span::hours(1));
    bench.fact(1, AskKind::Capture, busy(86_400));
    bench.now = T.after(Span::seconds(2));
    assert!(asked_after(&mut bench) <= 1);
}

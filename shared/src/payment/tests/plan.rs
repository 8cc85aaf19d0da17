//! When questions are put: the plan of waits, hints, patience, and what ends it.

use super::*;

#[test]
fn f15_i16_waits_grow_from_a_second_to_six_hours() {
    let mut bench = Bench::new();
    bench.payment.stock_debts = vec![(id(1), hold::Command::Release, Retry::now(T))];
    let mut waits = vec![];
    for _ in 0..41 {
        bench.now = bench.now.before(Span::millis(1));
        assert_eq!(bench.work(), [], "not before its time");
        bench.now = bench.now.after(Span::millis(1));
        assert_eq!(bench.work().len(), 1);
        let next = bench.payment.stock_debts[0].2.next_at.unwrap();
        waits.push(next.since(bench.now).as_seconds());
        bench.now = next;
    }
    let plan = [&[1, 3, 10, 30, 120][..], &[600; 9], &[3_600; 24], &[21_600; 3]].concat();
    assert_eq!(waits, plan);
}

#[test]
fn a_quiet_poll_begins_after_ten_seconds_and_a_hint_need_not_wait() {
    let quiet = Retry::first_poll(T);
    let expected = Retry { count: 3, next_at: Some(T.after(Span::seconds(10))), ..Retry::never() };
    assert_eq!(quiet, expected);
    let mut hinted = quiet;
    hinted.soon(T);
    assert_eq!(hinted, Retry::now(T));
}

#[test]
fn f17_hints_keep_a_second_s_gap_and_patience_moves_only_what_is_planned() {
    let asked = Retry { count: 4, last_at: T, next_at: Some(T.after(Span::minutes(2))) };
    let mut hinted = asked;
    hinted.soon(T);
    assert_eq!(hinted, Retry { count: 0, next_at: Some(T.after(Span::seconds(1))), ..asked });
    let mut sooner = Retry { next_at: Some(T.after(Span::millis(10))), ..asked };
    sooner.soon(T);
    assert_eq!(sooner.next_at, Some(T.after(Span::millis(10))), "what is due sooner stays");
    let mut patient = asked;
    patient.not_before(T.after(Span::minutes(1)));
    assert_eq!(patient, asked, "it is later anyway");
    patient.not_before(T.after(Span::minutes(9)));
    assert_eq!(patient.next_at, Some(T.after(Span::minutes(9))));
    let mut never = Retry::never();
    never.not_before(T);
    assert_eq!(never, Retry::never());
    let mut step = asked;
    step.again(T);
    assert_eq!(step, Retry { count: 3, last_at: T, next_at: Some(T) });
}

#[test]
fn f40_i11_refunds_of_one_capture_are_asked_one_after_the_other() {
    let mut bench = Bench::paid();
    bench.work();
    let refund =
        |n, attempt, state| Refund { attempt: id(attempt), state, ..bench.refund(n, "o-1", 1_000) };
    use RefundState::{Done, Refused, Requested};
    bench.payment.refunds = vec![
        refund(7, 1, Done),
        refund(8, 1, Refused),
        refund(9, 1, Requested),
        refund(10, 1, Requested),
        refund(11, 2, Requested),
    ];
    let due = bench.payment.due(&bench.checkout);
    assert_eq!(due, Some(bench.now));
    let asked: Vec<Option<RefundId>> = bench
        .work()
        .into_iter()
        .map(|work| match work {
            Work::Ask { refund, .. } => refund,
            Work::Stock { .. } => None,
        })
        .collect();
    assert_eq!(asked, [Some(RefundId::new(9)), Some(RefundId::new(11))]);
}

#[test]
fn f43_an_account_of_an_ended_attempt_is_voided_unless_its_own_money_goes_back() {
    for (refunded, expected) in [(1, AskKind::LookUp), (2, AskKind::Cancel)] {
        let mut bench = Bench::new();
        let payment_id = ProviderPaymentId::parse("pay-1");
        bench.payment.attempts = vec![Attempt { payment_id, ..attempt(1, let_go::OPEN) }];
        // By turns with looking, and it is the turn of the other.
        bench.payment.strays = vec![(id(1), Retry { count: 1, ..Retry::now(T) })];
        let refund = bench.refund(7, "o-1", 1_000);
        let (attempt, retry) = (id(refunded), Retry::never());
        bench.payment.refunds = vec![Refund { attempt, retry, ..refund }];
        assert_eq!(bench.asks(), [expected]);
    }
}

#[test]
fn i16_a_watch_ends_to_the_moment_an_hour_after_the_window() {
    let prepared = Fact::Prepared { token: Some("t".to_owned()) };
    let facts = [Fact::Waiting, prepared, Fact::Authenticated(sighting(1, 10_000))];
    for fact in facts {
        let mut bench = Bench::present(let_go::OPEN);
        bench.feed(Input::Abandon(id(1)));
        bench.fact(1, AskKind::LookUp, Fact::Waiting);
        // Looked at often enough that no copy is older than what was let go.
        bench.payment.strays[0].1.count = 6;
        bench.now = T.after(Span::minutes(90)).before(Span::millis(1));
        bench.fact(1, AskKind::LookUp, fact.clone());
        assert_eq!(bench.payment.strays.len(), 1, "{fact:?}");
        bench.now = T.after(Span::minutes(90));
        bench.fact(1, AskKind::LookUp, fact.clone());
        assert_eq!(bench.payment.strays, [], "{fact:?}");
    }
}

#[test]
fn what_only_we_could_capture_is_not_watched() {
    for fact in [Fact::NotFound, Fact::Waiting, Fact::Authenticated(sighting(1, 10_000))] {
        let mut bench = Bench::present(OURS);
        bench.feed(Input::Abandon(id(1)));
        bench.fact(1, AskKind::LookUp, fact.clone());
        assert_eq!(bench.phase(), PhaseKind::Open, "{fact:?}");
        assert_eq!(bench.payment.strays, [], "{fact:?}");
    }
}

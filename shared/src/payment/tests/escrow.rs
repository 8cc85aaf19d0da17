//! Providers that are asked in several steps, that buyers join first, and that keep the money after it was
//! paid.

use super::*;

const ESCROW: Style =
    Style { prepares: true, captures_itself: true, joins: true, escrow: true, ..OURS };
const DAY: Span = Span::hours(24);

fn learnt(name: &'static str, value: &str) -> Fact {
    Fact::More(Learnt { name, value: value.to_owned() })
}

fn note(bench: &Bench, name: &str) -> Option<String> {
    bench.payment.attempts[0].notes.get(name).map(str::to_owned)
}

fn seen(cancelled: u64) -> Fact {
    let cancelled = Total::from_minor(cancelled, Currency::Krw).unwrap();
    Fact::Captured(Sighting { cancelled, ..sighting(1, 10_000) })
}

fn paid() -> Bench {
    let mut bench = Bench::present(ESCROW);
    bench.fact(1, AskKind::LookUp, seen(0));
    bench.stock(1, hold::Command::Secure, true);
    assert_eq!(bench.phase(), PhaseKind::Paid);
    bench.stock(1, hold::Command::Commit, true);
    bench
}

/// Runs to the time at which the state wants something next, and says what.
fn next_asks(bench: &mut Bench) -> Vec<AskKind> {
    bench.now = bench.payment.due(&bench.checkout).unwrap().max(bench.now);
    bench.asks()
}

#[test]
fn a_step_on_the_way_is_kept_with_the_attempt_and_decides_nothing_in_any_phase() {
    let stages: [fn() -> Bench; 4] = [
        || {
            let mut bench = Bench::new();
            bench.begin(1, ESCROW);
            bench.stock(1, hold::Command::Hold, true);
            bench
        },
        || Bench::present(ESCROW),
        Bench::capturing,
        paid,
    ];
    for stage in stages {
        let mut bench = stage();
        let before = bench.payment.clone();
        bench.fact(1, AskKind::LookUp, learnt("item", "221100"));
        assert_eq!(note(&bench, "item").as_deref(), Some("221100"));
        assert_eq!(bench.payment.phase, before.phase, "a capture stays the next question, too");
        let count = before.retry.count.saturating_sub(1);
        let (again, at) = (bench.payment.retry, Some(bench.now));
        assert_eq!((again.count, again.next_at), (count, at), "the same question, at once");
        assert_eq!(bench.payment.version, before.version + 1, "so it is stored");
        bench.fact(1, AskKind::LookUp, learnt("item", ""));
        assert_eq!(note(&bench, "item"), None);
    }
}

#[test]
fn i16_a_way_that_never_ends_goes_on_by_the_plan() {
    let mut bench = Bench::new();
    bench.begin(1, ESCROW);
    bench.stock(1, hold::Command::Hold, true);
    let mut asked = 0;
    while bench.asks() == [AskKind::Prepare] && asked < 100 {
        asked += 1;
        bench.fact(1, AskKind::Prepare, learnt("token", &asked.to_string()));
    }
    assert_eq!(asked, 13, "twelve steps at once, and the answer to the last one waits");
    assert!(bench.payment.due(&bench.checkout).unwrap() > bench.now);
    assert_eq!(next_asks(&mut bench), [AskKind::Prepare]);
    bench.fact(1, AskKind::Prepare, learnt("token", "again"));
    assert!(bench.payment.due(&bench.checkout).unwrap() > bench.now, "and each after it");
    bench.fact(1, AskKind::Prepare, Fact::Silence);
    bench.now = bench.now.after(Span::minutes(10));
    bench.asks();
    bench.fact(1, AskKind::Prepare, learnt("token", "fresh"));
    assert_eq!(
        bench.asks(),
        [AskKind::Prepare],
        "after an answer, even silence, the way begins anew"
    );
}

#[test]
fn a_step_of_a_refund_is_kept_with_the_attempt_that_took_the_money() {
    let mut bench = paid();
    bench.feed(Input::Refund(Refund { amount: won(10_000), ..bench.refund(1, "o-1", 1) }));
    let refund = bench.payment.refunds.first().map(|refund| refund.id);
    assert_eq!(refund, None, "one order is no whole, and no part goes back");
    let mut bench = Bench::paid();
    bench.feed(Input::Refund(bench.refund(7, "o-1", 1_000)));
    bench.feed(Input::RefundFact { refund: RefundId::new(7), fact: learnt("token", "t") });
    assert_eq!(note(&bench, "token").as_deref(), Some("t"));
    assert_eq!(bench.payment.refunds[0].state, RefundState::Requested);
}

#[test]
fn r49_a_buyer_who_joins_first_is_shown_that_window_and_what_pays_is_prepared_behind_it() {
    let mut bench = Bench::new();
    bench.begin(1, ESCROW);
    bench.stock(1, hold::Command::Hold, true);
    assert_eq!(bench.asks(), [AskKind::Prepare]);
    bench.fact(1, AskKind::Prepare, Fact::Prepared { token: None });
    assert_eq!(bench.phase(), PhaseKind::Presented);
    assert!(bench.payment.attempts[0].joins(), "nothing can be paid in this window");
    assert_eq!(next_asks(&mut bench), [AskKind::Prepare], "not looked up: prepared, quietly");
    bench.fact(1, AskKind::Prepare, Fact::Prepared { token: None });
    bench.now = bench.now.after(Span::seconds(1));
    bench.feed(Input::LookNow { attempt: AttemptId::new(HOME, 1), source: "buyer" });
    assert_eq!(bench.asks(), [AskKind::Prepare], "and at once when the window was closed");
    bench.fact(1, AskKind::Prepare, Fact::Prepared { token: Some("item token".to_owned()) });
    assert_eq!(bench.payment.attempts[0].token.as_deref(), Some("item token"));
    assert_eq!(bench.payment.attempts[0].rung, 0, "the same address shows the other window");
    assert_eq!(next_asks(&mut bench), [AskKind::LookUp]);
    bench.fact(1, AskKind::LookUp, seen(0));
    assert_eq!(bench.phase(), PhaseKind::Securing);
}

#[test]
fn a_buyer_who_never_joins_is_let_go() {
    let mut bench = Bench::new();
    bench.begin(1, ESCROW);
    bench.stock(1, hold::Command::Hold, true);
    bench.fact(1, AskKind::Prepare, Fact::Prepared { token: None });
    bench.feed(Input::Abandon(AttemptId::new(HOME, 1)));
    assert_eq!(bench.asks(), [AskKind::LookUp]);
    bench.fact(1, AskKind::LookUp, Fact::NotFound);
    assert_eq!(bench.phase(), PhaseKind::Open);
}

#[test]
fn r49_a_token_that_comes_after_the_end_is_not_kept() {
    let mut bench = Bench::new();
    bench.begin(1, ESCROW);
    bench.stock(1, hold::Command::Hold, true);
    bench.feed(Input::Abandon(AttemptId::new(HOME, 1)));
    bench.fact(1, AskKind::Prepare, Fact::Prepared { token: Some("late".to_owned()) });
    assert_eq!(bench.payment.attempts[0].token, None);
}

#[test]
fn r1_f39_a_paid_escrow_is_looked_at_every_day_and_money_given_back_there_reaches_the_books() {
    let mut bench = paid();
    for _ in 0..3 {
        let before = bench.now;
        assert_eq!(next_asks(&mut bench), [AskKind::LookUp]);
        assert_eq!(bench.now, before.after(DAY));
        bench.fact(1, AskKind::LookUp, seen(0));
        assert_eq!(bench.phase(), PhaseKind::Paid);
    }
    assert_eq!(next_asks(&mut bench), [AskKind::LookUp]);
    let entries = bench.entries.len();
    bench.fact(1, AskKind::LookUp, seen(10_000));
    assert!(bench.events.contains(&Event::Refunded));
    assert_eq!(bench.payment.refunds[0].cause, RefundCause::External);
    assert_eq!(bench.payment.refunds[0].amount, won(10_000), "the whole, never a part");
    assert_eq!(bench.entries.len(), entries + 1);
    if bench.payment.due(&bench.checkout).is_some() {
        assert_eq!(next_asks(&mut bench), [AskKind::LookUp]);
        bench.fact(1, AskKind::LookUp, seen(10_000));
    }
    assert_eq!(bench.payment.due(&bench.checkout), None, "nothing is held any more");
    assert_eq!(bench.payment.refunds.len(), 1, "and it is counted once");
}

#[test]
fn i16_a_paid_escrow_is_not_looked_at_for_ever_and_others_not_at_all() {
    let mut bench = paid();
    let mut looks = 0;
    while bench.payment.due(&bench.checkout).is_some() && looks < 100 {
        assert_eq!(next_asks(&mut bench), [AskKind::LookUp]);
        bench.fact(1, AskKind::LookUp, seen(0));
        looks += 1;
    }
    assert_eq!(looks, 60);
    let mut bench = Bench::paid();
    bench.stock(1, hold::Command::Commit, true);
    assert_eq!(bench.payment.due(&bench.checkout), None);
}

#[test]
fn f39_a_hint_that_comes_while_a_question_travels_is_looked_into_after_its_answer() {
    let mut bench = Bench::paid();
    let hint = Input::LookNow { attempt: AttemptId::new(HOME, 1), source: "webhook" };
    bench.feed(hint.clone());
    assert_eq!(bench.asks(), vec![AskKind::LookUp]);
    bench.feed(hint);
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    bench.now = bench.now.after(Span::seconds(2));
    assert_eq!(bench.asks(), vec![AskKind::LookUp], "the answer was older than the hint");
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    bench.now = bench.now.after(Span::hours(1));
    assert!(bench.asks().is_empty(), "and nothing is asked without one");
}

//! Windows that take the money themselves and that nothing closes: what is let go is watched.

use super::*;

pub(super) const OPEN: Style =
    Style { prepares: true, closes: false, captures_itself: true, ..OURS };

/// The buyer left the window, and the provider showed no money.
fn let_go(shown: Fact) -> Bench {
    let mut bench = Bench::present(OPEN);
    bench.feed(Input::Abandon(id(1)));
    assert_eq!(bench.asks(), vec![AskKind::LookUp], "asked before anything else is offered");
    assert_eq!(bench.phase(), PhaseKind::Closing);
    bench.fact(1, AskKind::LookUp, shown);
    bench
}

/// The questions that are due when the next one is.
fn next_asks(bench: &mut Bench) -> Vec<AskKind> {
    bench.now = bench.payment.due(&bench.checkout).unwrap().max(bench.now);
    bench.asks()
}

#[test]
fn r22_f43_a_window_that_nothing_closes_is_let_go_and_its_late_money_goes_back_once() {
    for shown in [Fact::Waiting, Fact::NotFound] {
        let mut bench = let_go(shown.clone());
        assert_eq!(bench.phase(), PhaseKind::Open, "{shown:?}");
        bench.begin(2, OPEN);
        assert_eq!(next_asks(&mut bench), vec![], "the stock first");
        bench.now = bench.now.after(Span::minutes(1));
        assert_eq!(bench.asks(), vec![AskKind::LookUp], "the old window is looked at");
        bench.fact(1, AskKind::LookUp, Fact::Waiting);
        bench.now = bench.now.after(Span::minutes(10));
        assert!(bench.asks().contains(&AskKind::LookUp), "it may be paid yet");
        for _ in 0..2 {
            bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
        }
        assert_eq!(bench.payment.refunds.len(), 1);
        assert_eq!(bench.payment.refunds[0].cause, RefundCause::Reversal(CaseCode::LateCapture));
        assert_eq!(bench.phase(), PhaseKind::Holding, "the new attempt goes on");
        assert!(bench.payment.strays.is_empty());
    }
}

#[test]
fn f15_silence_about_a_left_window_lets_nothing_go() {
    for silence in [Fact::Silence, Fact::Busy { retry_after: Span::seconds(9) }] {
        let bench = let_go(silence);
        assert_eq!(bench.phase(), PhaseKind::Closing, "unknown is not unpaid");
    }
}

#[test]
fn f6_a_left_window_that_was_paid_is_paid() {
    let mut bench = let_go(Fact::Captured(sighting(1, 10_000)));
    bench.stock(1, hold::Command::Secure, true);
    assert_eq!(bench.phase(), PhaseKind::Paid);
    assert!(bench.payment.strays.is_empty());
}

#[test]
fn f38_a_window_let_go_by_the_shop_s_cancel_is_watched_beyond_the_checkout_s_end() {
    let mut bench = Bench::present(OPEN);
    bench.feed(Input::ShopCancel);
    bench.asks();
    bench.fact(1, AskKind::LookUp, Fact::Waiting);
    assert_eq!(bench.phase(), PhaseKind::Cancelled);
    bench.now = bench.now.after(Span::minutes(1));
    assert_eq!(bench.asks(), vec![AskKind::LookUp]);
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    assert!(bench.payment.reversing());
    assert_eq!(bench.phase(), PhaseKind::Cancelled);
}

#[test]
fn i16_a_watch_ends_an_hour_after_the_window_and_a_hint_finds_what_came_later() {
    let mut bench = let_go(Fact::Waiting);
    bench.work();
    let (mut looks, mut turns) = (0, 0..100);
    while let Some(due) = bench.payment.due(&bench.checkout) {
        assert!(turns.next().is_some(), "the clock spins");
        bench.now = due.max(bench.now);
        bench.feed(Input::Tick);
        bench.stock(1, hold::Command::Release, true);
        for kind in bench.asks() {
            assert_eq!(kind, AskKind::LookUp);
            looks += 1;
            bench.fact(1, AskKind::LookUp, Fact::Waiting);
        }
    }
    assert!((8..=16).contains(&looks), "{looks} look-ups");
    assert!(bench.now >= T.after(Span::minutes(90)) && bench.now <= T.after(Span::minutes(101)));
    bench.feed(Input::LookNow { attempt: id(1), source: "webhook" });
    assert_eq!(bench.asks(), vec![AskKind::LookUp]);
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    assert!(bench.payment.reversing());
}

#[test]
fn a_hint_about_a_watched_window_is_looked_into_at_once() {
    let mut bench = let_go(Fact::Waiting);
    bench.work();
    bench.feed(Input::LookNow { attempt: id(1), source: "webhook" });
    assert_eq!(bench.asks(), vec![AskKind::LookUp]);
}

#[test]
fn an_account_issued_in_a_left_window_is_voided_before_anybody_pays_into_it() {
    let mut bench = let_go(Fact::Waiting);
    bench.work();
    bench.now = bench.now.after(Span::minutes(1));
    assert_eq!(bench.asks(), vec![AskKind::LookUp]);
    bench.fact(1, AskKind::LookUp, Fact::DepositIssued(sighting(1, 10_000), deposit()));
    assert_eq!(bench.phase(), PhaseKind::Open);
    let mut asked = vec![];
    for _ in 0..2 {
        bench.now = bench.now.after(Span::minutes(10));
        asked.extend(bench.asks());
        bench.fact(1, AskKind::LookUp, Fact::DepositIssued(sighting(1, 10_000), deposit()));
    }
    assert!(asked.contains(&AskKind::Cancel) && asked.contains(&AskKind::LookUp), "{asked:?}");
    bench.fact(1, AskKind::Cancel, Fact::Closed);
    assert!(bench.payment.strays.is_empty());
}

#[test]
fn an_account_is_voided_as_one_that_holds_nothing() {
    let mut bench = Bench::present(OPEN);
    bench.fact(1, AskKind::LookUp, Fact::DepositIssued(sighting(1, 10_000), deposit()));
    assert_eq!(bench.phase(), PhaseKind::AwaitingDeposit);
    bench.feed(Input::Abandon(id(1)));
    let Some(Work::Ask { ask, .. }) = bench.work().pop() else { panic!("a question") };
    let Ask::Cancel { captured, cancelled_before, amount, .. } = *ask else { panic!("a cancel") };
    assert!(captured.is_zero() && cancelled_before.is_zero());
    assert_eq!(amount, won(10_000));
    bench.fact(1, AskKind::Cancel, Fact::Closed);
    assert_eq!(bench.phase(), PhaseKind::Open);
    assert!(bench.payment.strays.is_empty(), "the provider's word needs no watch");
}

#[test]
fn f20_f34_an_account_that_does_not_fit_is_voided_and_its_money_goes_back() {
    for style in [OURS, OPEN] {
        let mut bench = Bench::present(style);
        bench.fact(1, AskKind::LookUp, Fact::DepositIssued(sighting(1, 9_000), deposit()));
        assert_eq!(bench.phase(), PhaseKind::Open, "refused, and the buyer may try again");
        let mut asked = vec![];
        for _ in 0..2 {
            bench.now = bench.now.after(Span::minutes(10));
            asked.extend(bench.asks());
            bench.fact(1, AskKind::LookUp, Fact::DepositIssued(sighting(1, 9_000), deposit()));
        }
        assert!(asked.contains(&AskKind::Cancel) && asked.contains(&AskKind::LookUp), "{asked:?}");
        bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 9_000)));
        assert!(bench.payment.reversing() && bench.payment.strays.is_empty());
    }
}

#[test]
fn f19_an_account_is_voided_even_if_an_older_answer_does_not_show_it() {
    let [right, wrong] = [10_000, 9_000].map(|amount| Fact::Authenticated(sighting(1, amount)));
    for older in [Fact::NotFound, Fact::Waiting, right, wrong] {
        let mut bench = Bench::present(OURS);
        bench.fact(1, AskKind::LookUp, Fact::DepositIssued(sighting(1, 10_000), deposit()));
        bench.feed(Input::Abandon(id(1)));
        bench.fact(1, AskKind::LookUp, older.clone());
        assert_eq!(bench.phase(), PhaseKind::Closing, "{older:?}");
        assert_eq!(bench.asks(), vec![AskKind::Cancel], "{older:?}");
    }
}

#[test]
fn f19_f43_what_was_let_go_is_watched_whatever_an_old_copy_shows() {
    let prepared = Fact::Prepared { token: Some("t".to_owned()) };
    for older in [Fact::NotFound, prepared, Fact::Authenticated(sighting(1, 10_000))] {
        let mut bench = let_go(Fact::Waiting);
        bench.fact(1, AskKind::LookUp, older.clone());
        assert_eq!(bench.payment.strays.len(), 1, "{older:?}");
    }
    let mut bench = Bench::present(OURS);
    bench.fact(1, AskKind::LookUp, Fact::DepositIssued(sighting(1, 9_000), deposit()));
    for older in [Fact::NotFound, Fact::Waiting, Fact::Authenticated(sighting(1, 9_000))] {
        bench.fact(1, AskKind::LookUp, older.clone());
        assert_eq!(bench.payment.strays.len(), 1, "an account does not vanish: {older:?}");
    }
    for _ in 0..6 {
        bench.now = bench.now.after(Span::hours(2));
        bench.asks();
        bench.fact(1, AskKind::LookUp, Fact::NotFound);
    }
    assert!(bench.payment.strays.is_empty(), "but nobody waits for ever");
}

#[test]
fn f19_f24_money_that_was_spoken_of_after_a_no_is_looked_for_until_the_copy_shows_it() {
    let mut bench = Bench::present(THEIRS);
    let declined = Decline { code: DeclineCode::CardDeclined, provider_code: None };
    bench.fact(1, AskKind::LookUp, Fact::Declined(declined));
    bench.feed(Input::LookNow { attempt: id(1), source: "webhook" });
    let mut looks = Vec::new();
    while bench.asks() == [AskKind::LookUp] {
        looks.push(bench.now.since(T).as_seconds());
        bench.fact(1, AskKind::LookUp, Fact::NotFound);
        bench.now = bench.payment.due(&bench.checkout).unwrap_or(bench.now);
        assert!(looks.len() < 10, "nobody looks for ever");
    }
    assert_eq!(looks.len(), 6, "for almost three minutes: {looks:?}");
}

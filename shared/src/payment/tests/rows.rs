//! Rows of the failure table that no other file tells.

use super::*;

#[test]
fn f42_a_late_word_of_the_payment_after_its_refund_revives_nothing() {
    let mut bench = Bench::paid();
    let refunds = [bench.refund(7, "o-1", 7_000), bench.refund(8, "o-2", 3_000)];
    for refund in refunds {
        let id = refund.id;
        bench.feed(Input::Refund(refund));
        bench.feed(Input::RefundFact { refund: id, fact: Fact::Cancelled { cancelled: None } });
    }
    let (entries, notices, before) =
        (bench.entries.clone(), bench.events.len(), bench.payment.clone());
    bench.now = bench.now.after(Span::hours(3));
    for cancelled in [10_000, 0] {
        // The copy that is read may not know of the refund yet.
        let cancelled = Total::from_minor(cancelled, Currency::Krw).unwrap();
        bench.feed(Input::LookNow { attempt: AttemptId::new(HOME, 1), source: "webhook" });
        let said = Fact::Captured(Sighting { cancelled, ..sighting(1, 10_000) });
        assert_eq!(bench.fact(1, AskKind::LookUp, said), Verdict::Same);
    }
    assert_eq!((&bench.payment.refunds, &bench.payment.phase), (&before.refunds, &before.phase));
    assert_eq!((bench.entries, bench.events.len()), (entries, notices));
    assert_eq!(bench.payment.cases, []);
}

#[test]
fn f10_f36_nobody_has_to_come_back_for_what_was_begun() {
    for style in [OURS, THEIRS] {
        let mut bench = Bench::present(style);
        // No return, no webhook, no page: only the clock.
        let (mut asked, mut turns) = (vec![], 0..100);
        while asked.is_empty() {
            assert!(turns.next().is_some(), "nothing is ever asked");
            bench.now = bench.payment.due(&bench.checkout).unwrap().max(bench.now);
            bench.feed(Input::Tick);
            asked = bench.asks();
        }
        assert_eq!(asked, [AskKind::LookUp]);
        assert!(bench.now < T.after(Span::minutes(1)));
    }
}

#[test]
fn f26_an_answer_that_comes_after_the_payment_was_settled_undoes_nothing() {
    let mut bench = Bench::capturing();
    bench.now = bench.now.after(Span::seconds(2));
    assert_eq!(bench.asks(), [AskKind::Capture], "another instance asks the same");
    bench.fact(1, AskKind::Capture, Fact::Captured(sighting(1, 10_000)));
    let (paid, version) = (bench.payment.phase.clone(), bench.payment.version);
    let late = [
        Fact::Silence,
        Fact::Unclear { detail: "HTTP 500".to_owned() },
        Fact::Captured(sighting(1, 10_000)),
        Fact::Busy { retry_after: Span::seconds(1) },
    ];
    for fact in late {
        bench.fact(1, AskKind::Capture, fact);
    }
    assert_eq!(bench.payment.phase, paid);
    assert!(bench.payment.version >= version, "I-10");
    assert_eq!(bench.events, [Event::Paid], "told once");
    assert_eq!(bench.entries.len(), 1, "booked once");
    assert!(bench.payment.refunds.is_empty() && bench.payment.cases.is_empty());
}

#[test]
fn f13_i3_a_piece_that_was_lost_before_the_money_came_sends_it_back() {
    let mut bench = Bench::present(THEIRS);
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    assert_eq!(bench.stock(1, hold::Command::Secure, false), Verdict::Undo(CaseCode::SoldOut));
    assert_eq!(bench.phase(), PhaseKind::Open);
    assert_eq!(bench.payment.refunds[0].cause, RefundCause::Reversal(CaseCode::SoldOut));
    assert!(bench.asks().contains(&AskKind::Cancel));
    let decline = bench.payment.attempts[0].decline.clone().unwrap();
    assert_eq!(decline.code, DeclineCode::SoldOut, "what the buyer is told");
    // Where we take the money ourselves, none moves.
    let mut ours = Bench::present(OURS);
    ours.fact(1, AskKind::LookUp, Fact::Authenticated(sighting(1, 10_000)));
    ours.stock(1, hold::Command::Secure, false);
    assert_eq!((ours.phase(), ours.asks()), (PhaseKind::Open, vec![]));
}

#[test]
fn f41_i6_a_repeat_whose_key_was_forgotten_is_refused_and_found_in_the_balance() {
    let mut bench = Bench::paid();
    let refund = bench.refund(7, "o-1", 7_000);
    bench.feed(Input::Refund(refund));
    let id = RefundId::new(7);
    bench.feed(Input::RefundFact { refund: id, fact: Fact::Silence });
    // Sixteen days later the provider takes the repeat for another cancel.
    bench.now = bench.now.after(Span::hours(16 * 24));
    let provider_code = "NOT_MATCHES_REFUNDABLE_AMOUNT".to_owned();
    bench.feed(Input::RefundFact { refund: id, fact: Fact::CancelRefused { provider_code } });
    assert!(bench.asks().contains(&AskKind::LookUp), "what went back, the balance tells");
    let cancelled = won(7_000).total();
    let said = Fact::Captured(Sighting { cancelled, ..sighting(1, 10_000) });
    bench.fact(1, AskKind::LookUp, said);
    let attempt = AttemptId::new(HOME, 1);
    assert_eq!(bench.payment.given_back(attempt, won(10_000).total()), cancelled);
    assert_eq!(bench.payment.refunds.last().unwrap().cause, RefundCause::External);
    let refused = |case: &Case| case.code == CaseCode::RefundRefused;
    assert!(bench.payment.cases.iter().any(refused), "a person matches the two");
}

//! Questions that stay open: a person learns of them, and no provider is asked a thousand times.

use super::*;

/// Lets so much time pass, with this answer to every question; how many were put.
pub(super) fn ask_for(bench: &mut Bench, span: Span, answer: &Fact) -> usize {
    let (end, mut asked) = (bench.now.after(span), 0_usize);
    let mut turns = 0..5_000;
    while let Some(due) = bench.payment.due(&bench.checkout).filter(|due| *due < end) {
        assert!(turns.next().is_some(), "the clock spins");
        bench.now = due.max(bench.now);
        bench.feed(Input::Tick);
        for work in bench.work() {
            match work {
                Work::Ask { refund: Some(refund), .. } => {
                    bench.feed(Input::RefundFact { refund, fact: answer.clone() });
                }
                Work::Ask { ask, .. } => drop(bench.fact(1, ask.kind(), answer.clone())),
                Work::Stock { attempt, command } => {
                    bench.feed(Input::Stock { attempt, command, kept: true });
                    continue;
                }
            }
            asked = asked.saturating_add(1);
        }
    }
    bench.now = end;
    asked
}

pub(super) fn unknown(bench: &Bench) -> usize {
    let cases = bench.payment.cases.iter();
    cases.filter(|case| case.code == CaseCode::OutcomeUnknown).count()
}

#[test]
fn f15_i16_a_capture_that_stays_unknown_calls_a_person_once_and_is_asked_ever_more_rarely() {
    let mut bench = Bench::capturing();
    ask_for(&mut bench, Span::minutes(44), &Fact::Silence);
    assert_eq!(unknown(&bench), 0, "not yet");
    ask_for(&mut bench, Span::minutes(30), &Fact::Silence);
    assert_eq!(unknown(&bench), 1);
    let of_a_month = ask_for(&mut bench, Span::hours(24 * 30), &Fact::Silence);
    assert!((120..200).contains(&of_a_month), "{of_a_month}");
    assert_eq!(unknown(&bench), 1, "once");
    assert_eq!(bench.phase(), PhaseKind::Closing, "unknown is no answer");
    assert_eq!(bench.events.iter().filter(|event| **event == Event::Review).count(), 1);
}

#[test]
fn f41_i16_a_refund_that_stays_undecided_calls_a_person_and_goes_on_being_asked() {
    let mut bench = Bench::paid();
    let refund = bench.refund(7, "o-1", 7_000);
    bench.feed(Input::Refund(refund));
    let unclear = Fact::Unclear { detail: "HTTP 400".to_owned() };
    ask_for(&mut bench, Span::hours(24 * 30), &unclear);
    assert_eq!(unknown(&bench), 1);
    assert_eq!(bench.payment.refunds[0].state, RefundState::Requested);
    let (id, now) = (bench.payment.refunds[0].id, bench.now);
    assert!(bench.payment.due(&bench.checkout).is_some_and(|due| due <= now.after(Span::hours(6))));
    bench.feed(Input::RefundFact { refund: id, fact: Fact::Cancelled { cancelled: None } });
    assert_eq!(bench.payment.refunds[0].state, RefundState::Done);
}

#[test]
fn f15_a_question_that_is_answered_in_time_calls_nobody() {
    let mut bench = Bench::capturing();
    ask_for(&mut bench, Span::minutes(40), &Fact::Silence);
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    ask_for(&mut bench, Span::hours(24), &Fact::Silence);
    assert_eq!(bench.phase(), PhaseKind::Paid);
    assert_eq!(unknown(&bench), 0);
}

#[test]
fn f19_r36_an_event_about_a_payment_long_paid_is_looked_into_until_the_copy_has_caught_up() {
    let mut bench = Bench::paid();
    bench.stock(1, hold::Command::Commit, true);
    let hint = || Input::LookNow { attempt: AttemptId::new(HOME, 1), source: "webhook" };
    let unchanged = Fact::Captured(sighting(1, 10_000));
    bench.now = bench.now.after(Span::seconds(2));
    bench.feed(hint());
    assert_eq!(
        ask_for(&mut bench, Span::minutes(9), &unchanged),
        1,
        "the event of the payment itself"
    );
    bench.feed(hint());
    assert_eq!(ask_for(&mut bench, Span::seconds(100), &unchanged), 2);
    let cancelled = won(4_000).total();
    let caught_up = Fact::Captured(Sighting { cancelled, ..sighting(1, 10_000) });
    assert_eq!(ask_for(&mut bench, Span::hours(24), &caught_up), 1);
    assert_eq!(bench.payment.refunds[0].cause, RefundCause::External);
    bench.feed(hint());
    assert_eq!(ask_for(&mut bench, Span::hours(24), &caught_up), 3, "and then it is enough");
}

#[test]
fn f19_f39_a_look_that_shows_an_older_refund_does_not_answer_what_was_told_since() {
    let at = |cancelled| {
        let cancelled = Total::from_minor(cancelled, Currency::Krw).unwrap();
        Fact::Captured(Sighting { cancelled, ..sighting(1, 10_000) })
    };
    let hint = || Input::LookNow { attempt: AttemptId::new(HOME, 1), source: "webhook" };
    let long_paid = |state: fn(&mut Bench, RefundId)| {
        let mut bench = Bench::paid();
        bench.stock(1, hold::Command::Commit, true);
        let refund = bench.refund(7, "o-1", 4_000);
        let id = refund.id;
        bench.feed(Input::Refund(refund));
        bench.work();
        state(&mut bench, id);
        bench.now = bench.now.after(Span::minutes(5));
        bench
    };
    // Told while a look was on its way, which shows for the first time what the shop has given back.
    let mut bench = long_paid(|bench, _| bench.payment.refunds[0].retry = Retry::never());
    bench.feed(hint());
    assert_eq!(bench.work().len(), 1);
    bench.feed(hint());
    bench.fact(1, AskKind::LookUp, at(4_000));
    assert_eq!(bench.payment.refunds[0].state, RefundState::Done);
    assert_eq!(ask_for(&mut bench, Span::minutes(9), &at(10_000)), 3);
    assert_eq!(bench.payment.refunds[1].amount, won(6_000));
    // A copy that lags even behind what the shop has given back.
    let mut bench = long_paid(|bench, refund| {
        let fact = Fact::Cancelled { cancelled: None };
        bench.feed(Input::RefundFact { refund, fact });
    });
    bench.feed(hint());
    assert_eq!(ask_for(&mut bench, Span::seconds(100), &at(0)), 2);
    assert_eq!(ask_for(&mut bench, Span::minutes(9), &at(10_000)), 1);
    assert_eq!(bench.payment.refunds[1].cause, RefundCause::External);
}

#[test]
fn f21_f23_i11_a_balance_in_another_currency_is_a_contradiction_and_no_refund() {
    let mut bench = Bench::paid();
    let refund = bench.refund(1, "o-1", 5_000);
    bench.feed(Input::Refund(refund));
    let yen = |minor| Total::from_minor(minor, Currency::Jpy).unwrap();
    let (amount, cancelled) = (yen(10_000), yen(5_000));
    let seen = Sighting { amount, cancelled, ..sighting(1, 10_000) };
    bench.fact(1, AskKind::LookUp, Fact::Captured(seen));
    assert_eq!(bench.payment.refunds.len(), 1, "nothing was given back in yen");
    assert_eq!(bench.payment.refunds[0].state, RefundState::Requested, "and ours is not done");
    assert!(bench.payment.cases.iter().any(|case| case.code == CaseCode::Contradiction));
}

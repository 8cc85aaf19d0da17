//! Captures of unknown outcome near the end of what a provider can undo.

use super::undecided::{ask_for, unknown};
use super::*;
use crate::posting::{Account, Posting};

/// A capture that was ordered, and about which nobody said anything for three quarters of an hour.
fn undone_soon() -> Bench {
    let mut bench = Bench::capturing();
    ask_for(&mut bench, Span::minutes(44), &Fact::Silence);
    assert_eq!((bench.phase(), unknown(&bench)), (PhaseKind::Capturing, 0), "not yet");
    bench
}

/// The next moment, with what is asked then.
fn next(bench: &mut Bench) -> Vec<Ask> {
    bench.now = bench.payment.due(&bench.checkout).unwrap().max(bench.now);
    bench.feed(Input::Tick);
    let asks = bench.work().into_iter().filter_map(|work| match work {
        Work::Ask { ask, .. } => Some(*ask),
        Work::Stock { .. } => None,
    });
    asks.collect()
}

/// To the first order to cancel.
fn undoing() -> Bench {
    let mut bench = undone_soon();
    let asks = next(&mut bench);
    assert_eq!(bench.phase(), PhaseKind::Closing);
    let [Ask::Cancel { amount, captured, cancelled_before, key, account, .. }] = &asks[..] else {
        panic!("{asks:?}")
    };
    assert_eq!((amount.total(), *captured), (won(10_000).total(), won(10_000).total()));
    assert!(cancelled_before.is_zero() && account.is_none());
    assert!(key.ends_with("-close"), "{key}");
    bench
}

fn net(bench: &Bench) -> u64 {
    let of = |side| {
        let lines = bench.entries.iter().flat_map(Entry::lines);
        let ours = |line: &&Posting| matches!(line.account, Account::Provider(_));
        lines.filter(ours).filter(|line| line.side == side).map(|l| l.amount.minor()).sum::<u64>()
    };
    of(Side::Debit).checked_sub(of(Side::Credit)).unwrap()
}

#[test]
fn f15_i3_what_is_unknown_for_45_minutes_is_cancelled_and_a_person_is_told_with_its_names() {
    let mut bench = undoing();
    assert_eq!(unknown(&bench), 1);
    let case = &bench.payment.cases[0].detail;
    let names = [
        bench.payment.attempts[0].id.to_string(),
        bench.payment.attempts[0].id.request_id().to_string(),
        "pay-1".to_owned(),
    ];
    assert!(names.iter().all(|name| case.contains(name.as_str())), "{case}");
    bench.fact(1, AskKind::Cancel, Fact::Cancelled { cancelled: Some(won(10_000).total()) });
    assert_eq!(bench.phase(), PhaseKind::Open, "another try may begin");
    let [refund] = &bench.payment.refunds[..] else { panic!() };
    assert_eq!(refund.state, RefundState::Done);
    assert_eq!(refund.cause, RefundCause::Reversal(CaseCode::OutcomeUnknown));
    assert_eq!((bench.entries.len(), net(&bench)), (2, 0), "taken and given back");
    let released = bench.payment.stock_debts.iter().any(|d| d.1 == hold::Command::Release);
    assert!(released);
}

#[test]
fn f15_i12_the_cancel_is_repeated_under_its_key_by_turns_with_looking() {
    let mut bench = undoing();
    let mut seen = vec![];
    for _ in 0..6 {
        bench.fact(1, AskKind::Cancel, Fact::Silence);
        for ask in next(&mut bench) {
            if let Ask::Cancel { key, .. } = &ask {
                assert!(key.ends_with("-close"), "{key}");
            }
            seen.push(ask.kind());
        }
    }
    let turns = [AskKind::LookUp, AskKind::Cancel];
    assert_eq!(seen, [turns, turns, turns].concat());
    assert_eq!(unknown(&bench), 1, "once");
}

#[test]
fn f15_i2_money_found_while_a_cancel_may_be_travelling_is_not_paid() {
    let mut bench = undoing();
    bench.fact(1, AskKind::Cancel, Fact::Silence);
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    assert_eq!(bench.phase(), PhaseKind::Closing);
    let cancelled = won(10_000).total();
    bench.fact(1, AskKind::LookUp, Fact::Captured(Sighting { cancelled, ..sighting(1, 10_000) }));
    assert_eq!(bench.phase(), PhaseKind::Open);
    assert_eq!(bench.payment.refunds[0].state, RefundState::Done);
    assert_eq!((bench.entries.len(), net(&bench)), (2, 0));
    assert!(!bench.events.contains(&Event::Paid));
}

#[test]
fn f15_an_explicit_no_ends_without_entries() {
    let decline = Decline { code: DeclineCode::Expired, provider_code: None };
    for word in [Fact::Declined(decline), Fact::Closed] {
        let mut bench = undoing();
        bench.fact(1, AskKind::LookUp, word);
        assert_eq!(bench.phase(), PhaseKind::Open);
        assert!(bench.payment.refunds.is_empty() && bench.entries.is_empty());
    }
}

#[test]
fn f15_i13_what_may_be_older_than_the_order_ends_nothing() {
    for word in [Fact::NotFound, Fact::Waiting, Fact::Authenticated(sighting(1, 10_000))] {
        let mut bench = undoing();
        bench.fact(1, AskKind::LookUp, word.clone());
        assert_eq!(bench.phase(), PhaseKind::Closing, "{word:?}");
        // A provider that really took nothing refuses the cancel; then the order is put again.
        let refused = Fact::CancelRefused { provider_code: "NOT_CANCELABLE_PAYMENT".to_owned() };
        bench.fact(1, AskKind::Cancel, refused);
        assert_eq!(bench.phase(), PhaseKind::Capturing);
    }
}

#[test]
fn f15_a_refused_cancel_is_a_person_s_and_the_look_up_decides_again() {
    let mut bench = undoing();
    let refused = Fact::CancelRefused { provider_code: "NOT_CANCELABLE".to_owned() };
    bench.fact(1, AskKind::Cancel, refused);
    assert_eq!(bench.phase(), PhaseKind::Capturing);
    assert!(bench.payment.cases.iter().any(|case| case.code == CaseCode::RefundRefused));
    let asks = next(&mut bench);
    assert!(matches!(asks[..], [Ask::LookUp { .. }]), "{asks:?}");
    assert_eq!(bench.phase(), PhaseKind::Capturing, "not undone again");
    ask_for(&mut bench, Span::hours(48), &Fact::Silence);
    assert_eq!(bench.phase(), PhaseKind::Capturing);
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    assert_eq!((bench.phase(), net(&bench)), (PhaseKind::Paid, 10_000));
}

#[test]
fn f15_f38_a_shop_s_cancel_meanwhile_is_where_it_leads() {
    let mut bench = undone_soon();
    assert_eq!(bench.feed(Input::ShopCancel), Verdict::Note);
    next(&mut bench);
    bench.fact(1, AskKind::Cancel, Fact::Cancelled { cancelled: None });
    assert_eq!((bench.phase(), net(&bench)), (PhaseKind::Cancelled, 0));
}

#[test]
fn f38_an_account_that_is_closed_as_it_is_issued_is_no_capture_to_undo() {
    let mut bench = Bench::capturing();
    bench.feed(Input::ShopCancel);
    let (bank, account) = ("KB".to_owned(), "X1".to_owned());
    let until = T.after(Span::hours(2));
    let deposit = Deposit { bank, account, holder: String::new(), until };
    bench.fact(1, AskKind::LookUp, Fact::DepositIssued(sighting(1, 10_000), deposit));
    assert_eq!(bench.phase(), PhaseKind::Closing);
    let refused = Fact::CancelRefused { provider_code: "NOT_CANCELABLE".to_owned() };
    bench.fact(1, AskKind::Cancel, refused);
    assert_eq!(bench.phase(), PhaseKind::Closing, "asked by its plan, not at once again");
}

#[test]
fn f15_f20_another_sum_than_was_ordered_goes_back_whole() {
    // Seen before the cancel is put, and found by the look after it.
    let mut seen = undoing();
    seen.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_007)));
    seen.now = seen.now.after(Span::minutes(1));
    seen.work();
    seen.now = seen.now.after(Span::minutes(1));
    let Some(Work::Ask { ask, .. }) = seen.work().pop() else { panic!("a question") };
    let Ask::Cancel { amount, captured, .. } = *ask else { panic!("a cancel") };
    assert_eq!((amount.minor(), captured.minor()), (10_007, 10_007));
    seen.fact(1, AskKind::Cancel, Fact::Cancelled { cancelled: None });
    assert_eq!((seen.phase(), net(&seen)), (PhaseKind::Open, 0));

    let mut found = undoing();
    found.fact(1, AskKind::Cancel, Fact::Cancelled { cancelled: None });
    assert!(found.asks().contains(&AskKind::LookUp));
    let cancelled = won(10_000).total();
    for _ in 0..2 {
        let rest = Sighting { cancelled, ..sighting(1, 10_007) };
        found.fact(1, AskKind::LookUp, Fact::Captured(rest));
    }
    let [_, rest] = &found.payment.refunds[..] else { panic!("{:?}", found.payment.refunds) };
    assert_eq!((rest.amount.minor(), rest.state), (7, RefundState::Requested));
    let id = rest.id;
    found.feed(Input::RefundFact { refund: id, fact: Fact::Cancelled { cancelled: None } });
    assert_eq!(net(&found), 0);
    let mut names: Vec<&str> = found.entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4, "what has one name is written once: {names:?}");
}

#[test]
fn f15_f20_the_answer_to_an_order_of_an_older_sum_leaves_the_rest_to_be_ordered() {
    let mut bench = undoing();
    bench.fact(1, AskKind::Cancel, Fact::Silence);
    let sum = |minor| Total::from_minor(minor, Currency::Krw).unwrap();
    let seen = Sighting { cancelled: sum(10_000), ..sighting(1, 10_007) };
    bench.fact(1, AskKind::LookUp, Fact::Captured(seen));
    // The first order's answer, which was long on its way.
    bench.fact(1, AskKind::Cancel, Fact::Cancelled { cancelled: Some(sum(10_000)) });
    assert_eq!(bench.phase(), PhaseKind::Closing);
    let ordered = (0..2).flat_map(|_| next(&mut bench)).find_map(|ask| match ask {
        Ask::Cancel { amount, cancelled_before, .. } => Some((amount, cancelled_before)),
        Ask::Prepare { .. } | Ask::LookUp { .. } | Ask::Capture { .. } | Ask::Close { .. } => None,
    });
    assert_eq!(ordered, Some((won(7), sum(10_000))));
    bench.fact(1, AskKind::Cancel, Fact::Cancelled { cancelled: Some(sum(10_007)) });
    assert_eq!((bench.phase(), net(&bench)), (PhaseKind::Open, 0));
    let [back] = &bench.payment.refunds[..] else { panic!("{:?}", bench.payment.refunds) };
    assert_eq!((back.amount, back.state), (won(10_007), RefundState::Done), "in two orders");
}

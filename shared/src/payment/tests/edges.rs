//! The exact edges of rules: what is refused from which moment or number on, and what is kept only once.

use super::*;
use crate::payment::arrive::decline_for;

/// One more attempt, whose piece somebody else had.
fn sold_out(bench: &mut Bench, n: u128) {
    assert_eq!(bench.begin(n, OURS), Verdict::Go(PhaseKind::Holding));
    bench.stock(n, hold::Command::Hold, false);
    assert_eq!(bench.phase(), PhaseKind::Open);
}

/// One more attempt, whose window the provider closed.
fn left(bench: &mut Bench, n: u128) {
    bench.begin(n, THEIRS);
    bench.stock(n, hold::Command::Hold, true);
    bench.fact(n, AskKind::Prepare, Fact::Prepared { token: Some("t".to_owned()) });
    bench.feed(Input::Abandon(id(n)));
    bench.fact(n, AskKind::Close, Fact::Closed);
    assert_eq!(bench.phase(), PhaseKind::Open);
}

#[test]
fn the_eleventh_attempt_is_refused() {
    let mut bench = Bench::new();
    for n in 1..=10 {
        assert!(bench.payment.may_begin(&bench.checkout, bench.now), "{n}");
        sold_out(&mut bench, n);
    }
    assert!(!bench.payment.may_begin(&bench.checkout, bench.now));
    assert_eq!(bench.begin(11, OURS), Verdict::Refuse(Refusal::TooManyAttempts));
}

#[test]
fn nobody_begins_from_the_checkout_s_end_on() {
    let mut bench = Bench::new();
    bench.now = bench.checkout.expires_at;
    assert_eq!(bench.begin(1, OURS), Verdict::Refuse(Refusal::Closed));
    bench.now = bench.now.before(Span::millis(1));
    assert_eq!(bench.begin(1, OURS), Verdict::Go(PhaseKind::Holding));
}

#[test]
fn the_current_attempt_is_the_phase_s_own_or_the_last_one() {
    let mut bench = Bench::new();
    let current = |bench: &Bench| bench.payment.current().map(|attempt| attempt.id);
    assert_eq!(current(&bench), None);
    sold_out(&mut bench, 1);
    assert_eq!(current(&bench), Some(id(1)));
    bench.begin(2, OURS);
    assert_eq!(current(&bench), Some(id(2)));
}

#[test]
fn each_attempt_that_ends_frees_its_own_pieces_once() {
    let mut bench = Bench::new();
    sold_out(&mut bench, 1);
    sold_out(&mut bench, 2);
    let owed = |bench: &Bench| {
        let debts = bench.payment.stock_debts.iter();
        debts.map(|(attempt, command, _)| (*attempt, *command)).collect::<Vec<_>>()
    };
    let release = |n| (id(n), hold::Command::Release);
    assert_eq!(owed(&bench), [release(1), release(2)]);
    bench.stock(1, hold::Command::Commit, true);
    assert_eq!(owed(&bench), [release(1), release(2)], "another command's answer pays no debt");
    bench.stock(1, hold::Command::Release, true);
    assert_eq!(owed(&bench), [release(2)]);
}

#[test]
fn f43_every_window_that_was_let_go_is_watched() {
    let mut bench = Bench::new();
    for n in 1..=2 {
        bench.begin(n, let_go::OPEN);
        bench.stock(n, hold::Command::Hold, true);
        bench.fact(n, AskKind::Prepare, Fact::Prepared { token: Some("t".to_owned()) });
        bench.feed(Input::Abandon(id(n)));
        bench.work();
        bench.fact(n, AskKind::LookUp, Fact::Waiting);
    }
    let strays: Vec<AttemptId> = bench.payment.strays.iter().map(|(id, _)| *id).collect();
    assert_eq!(strays, [id(1), id(2)]);
}

#[test]
fn f34_an_account_s_clock_is_its_own_attempt_s() {
    let mut bench = Bench::new();
    sold_out(&mut bench, 1);
    let ends_at = bench.payment.attempts[0].ends_at;
    bench.begin(2, OURS);
    bench.stock(2, hold::Command::Hold, true);
    bench.fact(2, AskKind::LookUp, Fact::DepositIssued(sighting(2, 10_000), deposit()));
    let ends: Vec<Timestamp> = bench.payment.attempts.iter().map(|a| a.ends_at).collect();
    assert_eq!(ends, [ends_at, deposit().until]);
    assert_eq!(bench.payment.phase.deposit(), Some(&deposit()));
}

#[test]
fn f34_an_account_that_shows_up_while_a_window_is_closed_is_voided() {
    let mut bench = Bench::present(THEIRS);
    bench.feed(Input::Abandon(id(1)));
    assert_eq!(bench.asks(), [AskKind::Close]);
    bench.fact(1, AskKind::Close, Fact::DepositIssued(sighting(1, 10_000), deposit()));
    assert_eq!(bench.payment.phase.sighting(), Some(&sighting(1, 10_000)));
    bench.now = bench.now.after(Span::seconds(1));
    assert_eq!(bench.asks(), [AskKind::Cancel]);
    let plan = bench.payment.retry;
    bench.fact(1, AskKind::LookUp, Fact::DepositIssued(sighting(1, 10_000), deposit()));
    assert_eq!(bench.payment.retry, plan, "what is known is no reason to ask at once again");
}

#[test]
fn a_person_is_called_once_for_each_thing_and_for_twenty_at_most() {
    let mut bench = Bench::present(OURS);
    let mut other = sighting(1, 10_000);
    other.request_id = "hb-g1s00-ffffffffffffffffffffffffffffffff".to_owned();
    for n in 0..100 {
        for _ in 0..2 {
            bench.fact(n, AskKind::LookUp, Fact::Waiting);
            bench.fact(n, AskKind::LookUp, Fact::Captured(other.clone()));
        }
        let told = usize::try_from(n).unwrap().saturating_add(1).min(20);
        assert_eq!((bench.payment.cases.len(), bench.events.len()), (told, told), "{n}");
    }
    assert!(bench.events.iter().all(|event| *event == Event::Review));
}

#[test]
fn what_the_buyer_is_told_says_how_the_attempt_ended() {
    let closing = |why| Phase::Closing(id(1), why, None);
    let (holding, presented) = (Phase::Holding(id(1)), Phase::Presented(id(1)));
    let rows = [
        (&holding, InputKind::StockLost, DeclineCode::SoldOut),
        (&holding, InputKind::Abandon, DeclineCode::BuyerCancelled),
        (&holding, InputKind::AttemptOver, DeclineCode::Expired),
        (&presented, InputKind::Mismatched, DeclineCode::AmountMismatch),
        (&presented, InputKind::CapturedWrong, DeclineCode::AmountMismatch),
        (&presented, InputKind::Closed, DeclineCode::Other),
        (&Phase::Preparing(id(1)), InputKind::Closed, DeclineCode::ProviderUnavailable),
        (&closing(Why::BuyerLeft), InputKind::Closed, DeclineCode::BuyerCancelled),
        (&closing(Why::Over), InputKind::Closed, DeclineCode::Expired),
        (&closing(Why::ShopCancels), InputKind::Closed, DeclineCode::Other),
    ];
    for (was, kind, code) in rows {
        assert_eq!(decline_for(was, kind, None).code, code, "{kind:?} while {was:?}");
    }
    let said = Decline { code: DeclineCode::CardDeclined, provider_code: Some("51".to_owned()) };
    let fact = Fact::Declined(said.clone());
    assert_eq!(decline_for(&presented, InputKind::Declined, Some(&fact)), said);
}

#[test]
fn f43_money_that_goes_back_has_its_attempt_s_names() {
    let mut bench = Bench::new();
    left(&mut bench, 1);
    let cancelled = won(1).total();
    let seen = Sighting { cancelled, ..sighting(1, 10_000) };
    bench.fact(1, AskKind::LookUp, Fact::Captured(seen));
    let refund = &bench.payment.refunds[0];
    assert_eq!((refund.id, refund.amount), (RefundId::new(1), won(9_999)));
    assert_eq!(bench.entries[0].name, format!("stray:{}", id(1)));
}

#[test]
fn f43_f19_a_copy_that_lags_behind_what_went_back_sends_nothing_more() {
    let mut bench = Bench::new();
    left(&mut bench, 1);
    let at = |cancelled| {
        let cancelled = Total::from_minor(cancelled, Currency::Krw).unwrap();
        Fact::Captured(Sighting { cancelled, ..sighting(1, 10_000) })
    };
    bench.fact(1, AskKind::LookUp, at(0));
    let done = Fact::Cancelled { cancelled: None };
    bench.feed(Input::RefundFact { refund: RefundId::new(1), fact: done });
    for cancelled in [0, 4_000, 9_999] {
        bench.fact(1, AskKind::LookUp, at(cancelled));
        assert_eq!(bench.payment.refunds.len(), 1, "{cancelled}");
    }
    // All that we gave back has gone, and something is left: another sum, under a name of its own.
    let seen = Sighting { cancelled: won(10_001).total(), ..sighting(1, 10_004) };
    bench.fact(1, AskKind::LookUp, Fact::Captured(seen));
    let rest = &bench.payment.refunds[1];
    assert_eq!((rest.id, rest.amount), (RefundId::new(1 ^ 10_001), won(3)));
}

#[test]
fn f19_f20_a_look_that_does_not_show_what_went_back_does_not_tell_what_is_left() {
    let mut bench = Bench::new();
    left(&mut bench, 1);
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    let done = Fact::Cancelled { cancelled: None };
    bench.feed(Input::RefundFact { refund: RefundId::new(1), fact: done });
    let watched = |bench: &Bench| !bench.payment.strays.is_empty();
    let at = |amount, cancelled, currency| {
        let of = |minor| Total::from_minor(minor, currency).unwrap();
        let (amount, cancelled) = (of(amount), of(cancelled));
        Fact::Captured(Sighting { amount, cancelled, ..sighting(1, 10_000) })
    };
    // Older than that, or of another currency than it went back in (F21).
    for bad in [at(10_007, 0, Currency::Krw), at(10_007, 10_000, Currency::Jpy)] {
        let now = bench.now;
        bench.payment.also_look_at(id(1), now);
        bench.work();
        bench.fact(1, AskKind::LookUp, bad);
        assert!(watched(&bench) && bench.payment.refunds.len() == 1);
    }
    bench.fact(1, AskKind::LookUp, at(10_007, 10_000, Currency::Krw));
    assert_eq!(bench.payment.refunds[1].amount, won(7));
    assert!(!watched(&bench), "answered");
    // It is not waited for without end (I-16).
    let now = bench.now;
    bench.payment.also_look_at(id(1), now);
    let old = at(10_007, 0, Currency::Krw);
    let asked = undecided::ask_for(&mut bench, Span::minutes(9), &old);
    assert!(!watched(&bench) && (6..20).contains(&asked), "{asked}");
}

#[test]
fn f41_an_undecided_refund_is_looked_into_where_its_money_was_taken() {
    let mut bench = Bench::paid();
    bench.feed(Input::Refund(bench.refund(7, "o-1", 1_000)));
    bench.feed(Input::RefundFact { refund: RefundId::new(7), fact: Fact::Silence });
    assert_eq!(bench.payment.retry.next_at, Some(bench.now), "the paid attempt's own question");
    assert!(bench.payment.strays.is_empty());

    let mut bench = Bench::new();
    left(&mut bench, 1);
    left(&mut bench, 2);
    for n in 1..=2 {
        bench.fact(n, AskKind::LookUp, Fact::Captured(sighting(n, 10_000)));
    }
    assert!(bench.payment.strays.is_empty(), "answered");
    for n in [1, 2, 1, 2] {
        bench.feed(Input::RefundFact { refund: RefundId::new(n), fact: Fact::Silence });
    }
    let strays: Vec<AttemptId> = bench.payment.strays.iter().map(|(id, _)| *id).collect();
    assert_eq!(strays, [id(1), id(2)], "each once");
}

#[test]
fn r36_a_console_s_cancel_has_a_name_of_its_balance_and_concerns_what_was_paid() {
    let mut bench = Bench::paid();
    let seen = |cancelled, amount| {
        let cancelled = Total::from_minor(cancelled, Currency::Krw).unwrap();
        Fact::Captured(Sighting { cancelled, ..sighting(1, amount) })
    };
    bench.fact(1, AskKind::LookUp, seen(7_001, 10_001));
    assert_eq!(bench.payment.refunds, [], "a balance of another sum is nobody's");
    bench.fact(1, AskKind::LookUp, seen(7_001, 10_000));
    let [refund] = &bench.payment.refunds[..] else { panic!("{:?}", bench.payment.refunds) };
    assert_eq!((refund.id, refund.amount), (RefundId::new(1 ^ 7_001), won(7_001)));

    // The console of an attempt that ended, while another is paid.
    let mut bench = Bench::new();
    left(&mut bench, 1);
    bench.begin(2, THEIRS);
    bench.stock(2, hold::Command::Hold, true);
    bench.fact(2, AskKind::Prepare, Fact::Prepared { token: None });
    bench.fact(2, AskKind::LookUp, Fact::Captured(sighting(2, 10_000)));
    bench.stock(2, hold::Command::Secure, true);
    assert_eq!(bench.phase(), PhaseKind::Paid);
    bench.fact(1, AskKind::LookUp, seen(10_000, 10_000));
    assert_eq!(bench.payment.refunds, []);
}

#[test]
fn f41_i16_a_refund_of_a_deposit_calls_a_person_before_the_account_s_end() {
    let mut bench = Bench::present(THEIRS);
    bench.fact(1, AskKind::LookUp, Fact::DepositIssued(sighting(1, 10_000), deposit()));
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    bench.stock(1, hold::Command::Secure, true);
    bench.feed(Input::Refund(bench.refund(7, "o-1", 1_000)));
    bench.now = bench.now.after(Span::minutes(45)).before(Span::millis(1));
    bench.feed(Input::Tick);
    assert_eq!(bench.payment.cases, []);
    bench.now = bench.now.after(Span::millis(1));
    bench.feed(Input::Tick);
    assert_eq!(bench.payment.cases[0].code, CaseCode::OutcomeUnknown);
}

#[test]
fn a_window_changes_its_presentation_while_it_is_shown_and_no_other_does() {
    let mut bench = Bench::new();
    left(&mut bench, 1);
    bench.begin(2, THEIRS);
    bench.stock(2, hold::Command::Hold, true);
    let shown = |bench: &Bench| {
        let attempts = bench.payment.attempts.iter();
        attempts.map(|a| (a.presentation, a.rung)).collect::<Vec<_>>()
    };
    let iframe = (Presentation::Iframe, 0);
    bench.feed(Input::Presentation(id(2), Presentation::Popup));
    assert_eq!(shown(&bench), [iframe, iframe], "not shown yet");
    bench.fact(2, AskKind::Prepare, Fact::Prepared { token: Some("t".to_owned()) });
    bench.feed(Input::Presentation(id(1), Presentation::Popup));
    assert_eq!(shown(&bench), [iframe, iframe], "that one ended");
    bench.feed(Input::Presentation(id(2), Presentation::Popup));
    assert_eq!(shown(&bench), [iframe, (Presentation::Popup, 1)]);
}

#[test]
fn f43_a_hint_about_an_attempt_that_ended_is_for_providers_that_capture_by_themselves() {
    for (style, strays) in [(OURS, 0), (THEIRS, 1)] {
        let mut bench = Bench::new();
        bench.begin(1, style);
        bench.stock(1, hold::Command::Hold, false);
        bench.feed(Input::LookNow { attempt: id(1), source: "webhook" });
        assert_eq!(bench.payment.strays.len(), strays);
    }
}

#[test]
fn f14_the_stock_s_word_counts_for_the_attempt_and_the_command_that_it_was_asked() {
    let mut bench = Bench::new();
    sold_out(&mut bench, 1);
    bench.begin(2, OURS);
    let before = bench.payment.phase.clone();
    bench.stock(1, hold::Command::Hold, true);
    bench.stock(2, hold::Command::Secure, true);
    assert_eq!(bench.payment.phase, before);
    bench.stock(2, hold::Command::Hold, true);
    assert_eq!(bench.phase(), PhaseKind::Presented);
}

#[test]
fn f13_a_piece_that_is_lost_after_the_payment_is_a_person_s_and_a_refused_release_nobody_s() {
    let rows = [
        (hold::Command::Commit, true, None),
        (hold::Command::Release, false, None),
        (hold::Command::Commit, false, Some(CaseCode::SoldOut)),
    ];
    for (command, kept, expected) in rows {
        let mut bench = Bench::paid();
        bench.stock(1, command, kept);
        assert_eq!(bench.payment.cases.first().map(|case| case.code), expected, "{command:?}");
    }
}

#[test]
fn a_step_about_an_attempt_that_ended_goes_on_with_that_one_alone() {
    let mut bench = Bench::new();
    for n in 1..=2 {
        left(&mut bench, n);
        bench.feed(Input::LookNow { attempt: id(n), source: "webhook" });
    }
    assert_eq!(bench.asks(), [AskKind::LookUp, AskKind::LookUp]);
    let more = Fact::More(Learnt { name: "note", value: "1".to_owned() });
    bench.fact(2, AskKind::LookUp, more);
    let due: Vec<bool> =
        bench.payment.strays.iter().map(|(_, retry)| retry.next_at == Some(bench.now)).collect();
    assert_eq!(due, [false, true]);
    bench.feed(Input::LookNow { attempt: id(1), source: "webhook" });
    assert_eq!(bench.payment.strays.len(), 2, "a second hint makes no second watch");
    assert_eq!(bench.payment.strays[0].1.next_at, Some(bench.now.after(Span::seconds(1))));
}

#[test]
fn a_window_that_was_never_shown_is_let_go_when_its_provider_knows_nothing_of_it() {
    let closing = |prepared| {
        let mut bench = Bench::new();
        bench.begin(1, THEIRS);
        bench.stock(1, hold::Command::Hold, true);
        if prepared {
            bench.fact(1, AskKind::Prepare, Fact::Prepared { token: Some("t".to_owned()) });
        }
        bench.feed(Input::Abandon(id(1)));
        bench.fact(1, AskKind::LookUp, Fact::NotFound);
        bench.phase()
    };
    assert_eq!(closing(false), PhaseKind::Open);
    assert_eq!(closing(true), PhaseKind::Closing, "it may be paid yet");
}

#[test]
fn a_cancel_that_nobody_ordered_closes_nothing() {
    let mut bench = Bench::present(THEIRS);
    bench.feed(Input::Abandon(id(1)));
    bench.fact(1, AskKind::LookUp, Fact::Cancelled { cancelled: None });
    assert_eq!(bench.phase(), PhaseKind::Closing);
}

#[test]
fn f15_what_was_undone_is_watched_beside_what_was_let_go() {
    let mut bench = Bench::new();
    bench.begin(1, let_go::OPEN);
    bench.stock(1, hold::Command::Hold, true);
    bench.fact(1, AskKind::Prepare, Fact::Prepared { token: Some("t".to_owned()) });
    bench.feed(Input::Abandon(id(1)));
    bench.fact(1, AskKind::LookUp, Fact::Waiting);
    bench.begin(2, OURS);
    bench.stock(2, hold::Command::Hold, true);
    bench.fact(2, AskKind::LookUp, Fact::Authenticated(sighting(2, 10_000)));
    bench.stock(2, hold::Command::Secure, true);
    assert!(bench.asks().contains(&AskKind::Capture));
    bench.now = T.after(Span::minutes(45));
    bench.feed(Input::Tick);
    assert!(bench.asks().contains(&AskKind::Cancel));
    bench.fact(2, AskKind::Cancel, Fact::Cancelled { cancelled: None });
    let strays: Vec<AttemptId> = bench.payment.strays.iter().map(|(id, _)| *id).collect();
    assert_eq!(strays, [id(1), id(2)]);
}

#[test]
fn f41_i16_each_question_that_stays_undecided_is_told_and_once() {
    let mut bench = Bench::paid();
    bench.feed(Input::Refund(bench.refund(7, "o-1", 1_000)));
    bench.now = bench.now.after(Span::minutes(1));
    bench.feed(Input::Refund(bench.refund(8, "o-2", 1_000)));
    for (minutes, told) in [(44, 1), (1, 2), (1, 2)] {
        bench.now = bench.now.after(Span::minutes(minutes));
        bench.feed(Input::Tick);
        assert_eq!(undecided::unknown(&bench), told);
    }

    let mut bench = Bench::present(THEIRS);
    bench.feed(Input::Abandon(id(1)));
    bench.now = bench.now.after(Span::minutes(45));
    bench.feed(Input::Tick);
    assert!(bench.payment.cases[0].detail.ends_with("at toss no id of its own yet"));
    bench.fact(1, AskKind::Close, Fact::DepositIssued(sighting(1, 10_000), deposit()));
    assert!(bench.payment.attempts[0].payment_id.is_some());
    bench.feed(Input::Tick);
    assert_eq!(undecided::unknown(&bench), 1, "another name is no other question");
}

#[test]
fn f24_what_ended_while_a_hint_was_newer_is_looked_at_once_more() {
    let strays = |style, hinted: bool, answer: Fact| {
        let mut bench = Bench::present(style);
        bench.feed(Input::Abandon(id(1)));
        bench.work();
        if hinted {
            bench.feed(Input::LookNow { attempt: id(1), source: "webhook" });
        }
        bench.fact(1, AskKind::LookUp, answer);
        assert_eq!(bench.phase(), PhaseKind::Open);
        bench.payment.strays.len()
    };
    assert_eq!(strays(THEIRS, true, Fact::Closed), 1);
    assert_eq!(strays(THEIRS, false, Fact::Closed), 0);
    assert_eq!(strays(OURS, true, Fact::Closed), 0, "nobody but us could have taken it");
    assert_eq!(strays(let_go::OPEN, true, Fact::Waiting), 1, "watched anyway");
}

#[test]
fn f43_an_answer_about_one_attempt_that_ended_leaves_the_others_watched() {
    let mut bench = Bench::new();
    for n in 1..=2 {
        left(&mut bench, n);
        bench.feed(Input::LookNow { attempt: id(n), source: "webhook" });
    }
    bench.work();
    bench.fact(1, AskKind::LookUp, Fact::Closed);
    let strays: Vec<AttemptId> = bench.payment.strays.iter().map(|(id, _)| *id).collect();
    assert_eq!(strays, [id(2)]);
}

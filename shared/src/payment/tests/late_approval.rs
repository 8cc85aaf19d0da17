//! F24: an attempt that had failed, and whose money comes all the same.

use super::let_go::OPEN;
use super::*;
use crate::hold::{Answer, Stock};

fn no(code: DeclineCode) -> Fact {
    Fact::Declined(Decline { code, provider_code: None })
}

/// The provider has said no, its window is gone, and the piece is given back.
fn failed(code: DeclineCode) -> Bench {
    let mut bench = Bench::present(THEIRS);
    bench.fact(1, AskKind::LookUp, no(code));
    assert_eq!(bench.phase(), PhaseKind::Open);
    bench
}

/// Somebody says that it has changed, and this is what the provider shows.
fn shows(bench: &mut Bench, n: u128, sighting: Sighting) -> Verdict {
    bench.feed(Input::LookNow { attempt: id(n), source: "webhook" });
    bench.now = bench.now.after(Span::seconds(1));
    assert!(bench.asks().contains(&AskKind::LookUp), "only a look-up is believed");
    bench.fact(n, AskKind::LookUp, Fact::Captured(sighting))
}

#[test]
fn f24_i3_what_is_approved_after_a_no_pays_if_its_pieces_can_be_won_once_more() {
    for code in [DeclineCode::CardDeclined, DeclineCode::Expired, DeclineCode::Other] {
        let mut bench = failed(code);
        let verdict = shows(&mut bench, 1, sighting(1, 10_000));
        assert_eq!(verdict, Verdict::Go(PhaseKind::Securing));
        let command = hold::Command::Secure;
        assert!(bench.work().contains(&Work::Stock { attempt: id(1).again(), command }));
        assert_eq!(bench.stock(1, command, true), Verdict::Same, "the old claim wins nothing");
        let again = Input::Stock { attempt: id(1).again(), command, kept: true };
        assert_eq!(bench.feed(again.clone()), Verdict::Go(PhaseKind::Paid));
        bench.feed(again);
        bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
        assert_eq!(bench.events, [Event::Declined, Event::Paid]);
        assert_eq!((bench.entries.len(), bench.payment.refunds.len()), (1, 0), "I-1, I-5");
        assert!(bench.payment.attempts[0].approved_late());
        assert_eq!(bench.payment.attempts[0].decline, None);
        let debts = bench.payment.stock_debts.iter().map(|(whose, debt, _)| (*whose, *debt));
        assert!(debts.into_iter().any(|debt| debt == (id(1).again(), hold::Command::Commit)));
    }
}

#[test]
fn f24_i4_f14_neither_the_old_claim_nor_its_late_release_meets_the_new_one() {
    let mut stock = Stock { units: Some(1), ..Stock::default() };
    let mut apply = |claim, command| stock.apply(command, claim, 1, T);
    let (old, new) = (id(1), id(1).again());
    apply(old, hold::Command::Hold);
    apply(old, hold::Command::Release);
    assert_eq!(apply(old, hold::Command::Secure), Answer::Gone);
    assert_eq!(apply(new, hold::Command::Secure), Answer::Done);
    apply(old, hold::Command::Release);
    assert_eq!(apply(new, hold::Command::Commit), Answer::Done);
    assert!(matches!(apply(id(2), hold::Command::Hold), Answer::Short { .. }));
    assert_eq!(new.again(), old, "each belongs to the other alone");
}

#[test]
fn f24_i1_without_its_pieces_it_goes_back_once_and_never_pays() {
    let mut bench = failed(DeclineCode::CardDeclined);
    shows(&mut bench, 1, sighting(1, 10_000));
    let command = hold::Command::Secure;
    let verdict = bench.feed(Input::Stock { attempt: id(1).again(), command, kept: false });
    assert_eq!(verdict, Verdict::Undo(CaseCode::SoldOut));
    for _ in 0..2 {
        let verdict = shows(&mut bench, 1, sighting(1, 10_000));
        assert_eq!(verdict, Verdict::Undo(CaseCode::LateCapture));
    }
    assert_eq!((bench.phase(), bench.payment.refunds.len()), (PhaseKind::Open, 1));
    let debts = bench.payment.stock_debts.iter().map(|(whose, debt, _)| (*whose, *debt));
    assert!(debts.into_iter().any(|debt| debt == (id(1).again(), hold::Command::Release)));
    assert!(!bench.events.contains(&Event::Paid));
}

#[test]
fn f24_f38_the_shop_s_cancel_meanwhile_gives_it_back() {
    let mut bench = failed(DeclineCode::CardDeclined);
    shows(&mut bench, 1, sighting(1, 10_000));
    assert_eq!(bench.feed(Input::ShopCancel), Verdict::Note);
    let command = hold::Command::Secure;
    bench.feed(Input::Stock { attempt: id(1).again(), command, kept: true });
    assert_eq!(bench.phase(), PhaseKind::Cancelled);
    assert!(bench.payment.reversing());
}

#[test]
fn f24_f43_what_its_buyer_or_the_shop_gave_up_goes_back() {
    let mut left = Bench::present(OPEN);
    left.feed(Input::Abandon(id(1)));
    left.asks();
    left.fact(1, AskKind::LookUp, Fact::Waiting);
    let mut cancelled = failed(DeclineCode::CardDeclined);
    cancelled.feed(Input::ShopCancel);
    let mut expired = failed(DeclineCode::CardDeclined);
    expired.now = expired.checkout.expires_at;
    expired.feed(Input::Tick);
    let mut tried_again = failed(DeclineCode::CardDeclined);
    tried_again.begin(2, THEIRS);
    let mut refused = Bench::present(THEIRS);
    refused.fact(1, AskKind::LookUp, no(DeclineCode::BuyerCancelled));
    for (why, mut bench) in [
        ("the buyer left", left),
        ("the buyer pressed cancel there", refused),
        ("the shop cancelled", cancelled),
        ("its time is over", expired),
        ("another attempt is present", tried_again),
    ] {
        let (phase, began) = (bench.phase(), bench.payment.attempts.len());
        let verdict = shows(&mut bench, 1, sighting(1, 10_000));
        assert_eq!(verdict, Verdict::Undo(CaseCode::LateCapture), "{why}");
        assert_eq!((bench.phase(), bench.payment.attempts.len()), (phase, began), "{why}");
        assert!(bench.payment.reversing(), "{why}");
    }
}

#[test]
fn f24_i2_only_exactly_what_was_asked_for_and_kept_pays_late() {
    let part = Sighting { cancelled: won(1_000).total(), ..sighting(1, 10_000) };
    for seen in [sighting(1, 9_000), part] {
        let mut bench = failed(DeclineCode::CardDeclined);
        let verdict = shows(&mut bench, 1, seen);
        assert_eq!(verdict, Verdict::Undo(CaseCode::LateCapture));
        assert_eq!(bench.phase(), PhaseKind::Open);
    }
}

#[test]
fn f24_f15_what_we_began_to_undo_never_pays() {
    let mut bench = Bench::capturing();
    bench.now = bench.now.after(UNDECIDED);
    bench.feed(Input::Tick);
    assert_eq!(bench.phase(), PhaseKind::Closing);
    bench.fact(1, AskKind::LookUp, no(DeclineCode::Other));
    assert_eq!(bench.phase(), PhaseKind::Open);
    // A copy of the answer to our order, from before.
    let late = bench.fact(1, AskKind::Capture, Fact::Captured(sighting(1, 10_000)));
    assert_eq!(late, Verdict::Undo(CaseCode::LateCapture));
    assert_eq!(bench.phase(), PhaseKind::Open);
}

#[test]
fn f24_i1_of_two_attempts_one_pays_and_the_other_s_late_money_goes_back() {
    let mut bench = failed(DeclineCode::CardDeclined);
    bench.begin(2, OURS);
    bench.stock(2, hold::Command::Hold, true);
    bench.fact(2, AskKind::LookUp, Fact::Authenticated(sighting(2, 10_000)));
    bench.stock(2, hold::Command::Secure, true);
    bench.fact(2, AskKind::Capture, Fact::Captured(sighting(2, 10_000)));
    assert_eq!(bench.phase(), PhaseKind::Paid);
    let verdict = shows(&mut bench, 1, sighting(1, 10_000));
    assert_eq!(verdict, Verdict::Undo(CaseCode::LateCapture));
    assert_eq!(bench.payment.phase.attempt(), Some(id(2)));
    assert_eq!(bench.payment.refunds.len(), 1);
}

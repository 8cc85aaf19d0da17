//! Every provider against its own sandbox engine, without a runtime: what the adapter asks goes to the
//! engine; what the engine answers and sends goes to the adapter. A new provider is tried here by its
//! line in `provider::ALL`, its line in the sandbox, and its channel in the demo's configuration.
//!
//! Map: the cases · `bench` one payment between the two.

mod bench;

use std::collections::BTreeSet;

use edge::provider::{CallbackRefused, CannotAsk, CaptureStyle, Provider};
use shared::fact::{AskKind, Fact, FactKind};
use shared::means::Means;
use shared::money::{Currency, Total};
use shared::time::Span;
use tests::sandbox::faults::{Faults, Remains, Webhook};

pub use bench::first_channel;
use bench::{AMOUNT, Bench, each};

/// Providers that sign nothing: whoever speaks for them only makes us look.
pub const UNSIGNED: [&str; 2] = ["tosspayments", "unicro"];
/// Providers that tell nobody of a payment that failed in their window: it never was.
const SILENT_ABOUT_FAILURES: [&str; 1] = ["unicro"];

/// Providers that send nothing: whatever comes under their name is somebody else's.
pub const SENDS_NOTHING: [&str; 1] = ["danal"];

/// Providers whose callbacks have no name by which a repeat is known.
const UNNAMED: [&str; 1] = ["unicro"];

/// Whether a provider gives a part of anything back.
pub fn gives_parts_back(provider: &dyn Provider) -> bool {
    provider.capabilities().means.iter().flat_map(|of| of.refunds).any(|terms| terms.partial)
}

fn refused(name: &str) -> FactKind {
    if SILENT_ABOUT_FAILURES.contains(&name) { FactKind::NotFound } else { FactKind::Declined }
}

fn total(minor: u64) -> Total {
    Total::from_minor(minor, Currency::Krw).unwrap()
}

#[test]
fn i1_i2_a_payment_is_captured_once_with_everything_that_is_compared() {
    each(|mut bench| {
        let name = bench.name();
        assert!(matches!(bench.look(), Fact::NotFound | Fact::Unclear { .. }), "{name}: not begun");
        bench.open();
        let shown = bench.look().kind();
        assert!(matches!(shown, FactKind::Waiting | FactKind::NotFound), "{name}: {shown:?}");
        bench.press("approve");
        let Fact::Captured(sighting) = bench.settle() else { panic!("{name} is not paid") };
        assert_eq!(sighting.request_id, bench.request_id.to_string());
        assert_eq!(sighting.merchant.as_deref(), bench.merchant());
        assert_eq!((sighting.amount, sighting.cancelled), (total(AMOUNT), total(0)));
        let line = bench.book();
        assert_eq!((line.captured, line.refunded, line.captures), (AMOUNT, 0, 1));
        let id = sighting.provider_payment_id.as_str();
        assert_eq!(line.provider_payment_id.as_deref(), Some(id), "{name}: F21");
        // Asked again, nothing moves.
        assert_eq!(bench.settle(), Fact::Captured(sighting));
        assert_eq!(bench.book().captures, 1, "{name}");
    });
}

#[test]
fn r20_a_refusal_of_the_issuer_is_an_explicit_word() {
    each(|mut bench| {
        bench.open();
        bench.press("decline");
        let fact = bench.look();
        assert_eq!(fact.kind(), refused(bench.name()), "{}: {fact:?}", bench.name());
        assert_eq!(bench.captured(), 0);
    });
}

#[test]
fn f15_f25_silence_after_the_capture_is_found_by_looking() {
    for remains in [Remains::Dropped, Remains::Html] {
        each(|mut bench| {
            let name = bench.name();
            bench.faults(Faults {
                answer_lost_after_capture: true,
                answer_lost_as: remains,
                ..Faults::default()
            });
            bench.open();
            bench.press("approve");
            if bench.provider.capabilities().capture == CaptureStyle::Merchant {
                let said = bench.settle().kind();
                assert!(matches!(said, FactKind::Silence | FactKind::Unclear), "{name}: {said:?}");
            }
            bench.faults(Faults::default());
            let fact = bench.look();
            assert_eq!(fact.kind(), FactKind::Captured, "{name}: {fact:?}");
            assert_eq!(bench.book().captures, 1, "{name}");
        });
    }
}

#[test]
fn f16_i13_an_error_of_the_provider_decides_nothing() {
    each(|mut bench| {
        bench.open();
        bench.press("approve");
        bench.faults(Faults { errors_5xx: 1, ..Faults::default() });
        let fact = bench.look();
        assert_eq!(fact.kind(), FactKind::Unclear, "{}: {fact:?}", bench.name());
        assert_eq!(bench.settle().kind(), FactKind::Captured, "{}", bench.name());
    });
}

#[test]
fn i12_i13_garbage_and_gateways_decide_nothing_whatever_was_asked() {
    each(|mut bench| {
        bench.open();
        bench.press("approve");
        bench.settle();
        for (status, body) in [
            (200, ""),
            (200, "<html>maintenance</html>"),
            (200, "[]"),
            (200, "{}"),
            (302, ""),
            (500, "{}"),
            (502, "<html>502</html>"),
            (504, ""),
        ] {
            for ask in bench.asks() {
                let kind = ask.kind();
                let fact = bench.answered(&ask, status, body);
                // An answer without content may still say that what was announced is announced.
                let announced = kind == AskKind::Prepare && fact.kind() == FactKind::Prepared;
                assert!(
                    fact.kind() == FactKind::Unclear || (announced && body == "{}"),
                    "{} to {kind:?} {status} {body}: {fact:?}",
                    bench.name()
                );
            }
        }
    });
}

#[test]
fn f27_a_callback_that_comes_twice_names_the_same_event_and_our_request() {
    each(|mut bench| {
        let name = bench.name();
        if SENDS_NOTHING.contains(&name) {
            return;
        }
        bench.faults(Faults { webhook: Webhook::Twice, ..Faults::default() });
        bench.open();
        bench.press("approve");
        bench.settle();
        let events = bench.events();
        assert!(events.len() >= 2, "{name} tells of nothing");
        let mut names = BTreeSet::new();
        for event in &events {
            let callback = bench.hear(event).unwrap_or_else(|no| panic!("{name}: {no:?}"));
            assert_eq!(callback.request_id, Some(bench.request_id), "{name}");
            // What has no name is a hint, however often it comes.
            names.insert(if callback.event.is_empty() {
                event.id.to_string()
            } else {
                callback.event
            });
            bench.acknowledge(event);
        }
        let copies = if UNNAMED.contains(&name) { 1 } else { 2 };
        assert_eq!(names.len() * copies, events.len(), "{name}: each event has one name");
        bench.pass(Span::hours(8 * 24));
        assert!(bench.events().is_empty(), "{name} takes our acknowledgement");
    });
}

#[test]
fn f31_i18_a_forged_callback_is_refused_or_moves_nothing() {
    each(|mut bench| {
        let name = bench.name();
        bench.open();
        bench.faults(Faults { webhook: Webhook::ForgedOnly, ..Faults::default() });
        bench.press("decline");
        let forged = bench.events();
        assert!(!forged.is_empty(), "{name}: nobody forges");
        for event in &forged {
            if UNSIGNED.contains(&name) {
                assert!(bench.hear(event).is_ok(), "{name}: it makes us look");
            } else {
                assert_eq!(bench.hear(event), Err(CallbackRefused::SignatureInvalid), "{name}");
            }
        }
        assert_eq!(bench.look().kind(), refused(name), "{name}");
        assert_eq!(bench.captured(), 0);
    });
}

#[test]
fn f31_a_callback_that_was_changed_on_its_way_is_refused_by_whom_it_is_signed() {
    each(|mut bench| {
        bench.open();
        bench.press("approve");
        bench.settle();
        for event in bench.events() {
            assert!(bench.hear(&event).is_ok(), "{}", bench.name());
            let mut changed = event.clone();
            let last = changed.body.len() - 1;
            changed.body.insert(last, b' ');
            let mut bare = event;
            bare.headers.retain(|(header, _)| header == "content-type");
            if !UNSIGNED.contains(&bench.name()) {
                let refused = Err(CallbackRefused::SignatureInvalid);
                assert_eq!(bench.hear(&changed), refused, "{}", bench.name());
                assert!(bench.hear(&bare).is_err(), "{}", bench.name());
            }
        }
    });
}

#[test]
fn f40_f41_a_part_goes_back_once_and_then_the_rest() {
    each(|mut bench| {
        let name = bench.name();
        bench.open();
        bench.press("approve");
        bench.settle();
        let part = bench.cancel(1_000, 0, "first");
        if !gives_parts_back(bench.provider) {
            assert!(matches!(bench.request(&part), Err(CannotAsk::Unsupported(_))), "{name}");
            return;
        }
        for _ in 0..2 {
            let fact = bench.ask(&part);
            assert_eq!(fact.kind(), FactKind::Cancelled, "{name}: {fact:?}");
            assert_eq!(bench.book().refunded, 1_000, "{name}: I-11, a repeat moves nothing");
        }
        // As long as we repeat, a forgotten key must not make a refusal of our own lost cancel; and the
        // balance that the order names guards it for ever.
        let undo_life = bench.provider.capabilities().undo_life;
        bench.pass(Span::seconds(undo_life.as_seconds() - 60));
        let late = bench.ask(&part).kind();
        assert!(matches!(late, FactKind::Cancelled | FactKind::Unclear), "{name}: {late:?}");
        bench.pass(Span::hours(20 * 24));
        bench.ask(&part);
        assert_eq!(bench.book().refunded, 1_000, "{name}: I-12");
        let rest = bench.cancel(AMOUNT - 1_000, 1_000, "second");
        assert_eq!(bench.ask(&rest).kind(), FactKind::Cancelled, "{name}");
        let Fact::Captured(sighting) = bench.look() else { panic!("{name} forgets the payment") };
        assert_eq!((sighting.amount, sighting.cancelled), (total(AMOUNT), total(AMOUNT)));
        assert_eq!(bench.book().refunded, AMOUNT);
    });
}

#[test]
fn f41_i12_a_whole_cancel_whose_answer_is_lost_is_made_once() {
    each(|mut bench| {
        let name = bench.name();
        bench.open();
        bench.press("approve");
        bench.settle();
        bench.faults(Faults { answer_lost_after_refund: true, ..Faults::default() });
        let cancel = bench.cancel(AMOUNT, 0, "whole");
        assert_eq!(bench.ask(&cancel), Fact::Silence, "{name}");
        bench.faults(Faults::default());
        let repeated = bench.ask(&cancel).kind();
        assert!(
            matches!(repeated, FactKind::Cancelled | FactKind::Unclear),
            "{name}: {repeated:?}"
        );
        let Fact::Captured(sighting) = bench.look() else { panic!("{name} forgets the payment") };
        assert_eq!(sighting.cancelled, total(AMOUNT), "{name}");
        assert_eq!(bench.book().refunded, AMOUNT);
    });
}

#[test]
fn f20_another_amount_is_seen_as_what_it_is_and_can_go_back() {
    each(|mut bench| {
        let name = bench.name();
        bench.faults(Faults { wrong_amount: Some(AMOUNT - 1), ..Faults::default() });
        bench.open();
        bench.press("approve");
        let Fact::Captured(sighting) = bench.settle() else { panic!("{name} took it") };
        assert_eq!(sighting.amount, total(AMOUNT - 1), "{name}: as the provider has it");
        let back = bench.cancel_of(AMOUNT - 1, AMOUNT - 1, 0, "reversal");
        assert_eq!(bench.ask(&back).kind(), FactKind::Cancelled, "{name}");
        let line = bench.book();
        assert_eq!((line.captured, line.refunded), (AMOUNT - 1, AMOUNT - 1), "{name}: I-3");
    });
}

#[test]
fn r35_an_account_is_paid_into_later_or_voided_for_good() {
    for pays_in in [true, false] {
        for mut bench in Bench::all_with(Means::VirtualAccount) {
            let name = bench.name();
            bench.open();
            bench.press("issue_account");
            let Fact::DepositIssued(sighting, deposit) = bench.settle() else {
                panic!("{name} issues no account")
            };
            assert_eq!(sighting.amount, total(AMOUNT), "{name}");
            assert!(!deposit.account.is_empty() && deposit.until > bench.moment(), "{name}");
            if pays_in {
                assert_eq!(bench.deposit(), 200, "{name}");
                assert_eq!(bench.look().kind(), FactKind::Captured, "{name}");
                continue;
            }
            let void = bench.cancel_of(AMOUNT, 0, 0, "void");
            let said = bench.ask(&void).kind();
            assert!(matches!(said, FactKind::Closed | FactKind::Cancelled), "{name}: {said:?}");
            let after = bench.look();
            let back = after.sighting().is_some_and(|seen| seen.cancelled == seen.amount);
            let ended = matches!(after.kind(), FactKind::Declined | FactKind::Closed);
            assert!(ended || back, "{name}: {after:?}");
            assert_eq!(bench.deposit(), 409, "{name}: nobody can pay into it any more");
        }
    }
}

#[test]
fn f43_a_close_that_the_provider_has_ends_the_attempt_and_a_missing_one_is_said_in_words() {
    each(|mut bench| {
        let name = bench.name();
        bench.open();
        let close = bench.close();
        if bench.provider.capabilities().closes {
            assert_eq!(bench.ask(&close), Fact::Closed, "{name}");
            bench.press("approve");
            assert_eq!(bench.book().captured, 0, "{name}");
        } else {
            assert!(matches!(bench.request(&close), Err(CannotAsk::Unsupported(_))), "{name}");
        }
    });
}

//! What is written is read again, whatever a payment went through; what is not ours is refused.

use std::cell::RefCell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use shared::fact::{AskKind, Fact};
use shared::id::Home;
use shared::notes::Learnt;
use shared::payment::{Input, PhaseKind};
use shared::time::Span;

use super::*;

const T: Timestamp = Timestamp::from_seconds(1_800_000_000);
const HOME: Home = Home { generation: 1, shard: 3 };
/// Cases of the property: with these every phase but one is met.
const CASES: u32 = 300;

fn won(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::Krw).unwrap()
}

fn record() -> Record {
    let order = |id: &str, seller: &str, minor| Order {
        id: OrderId::parse(id).unwrap(),
        seller: PartyId::parse(seller).unwrap(),
        lines: vec![Line {
            sku: Sku::parse("x100v").unwrap(),
            name: "후지필름 \"X100V\"\n".to_owned(),
            quantity: 2,
            unit: won(minor),
            unlimited: id == "o-2",
        }],
        amount: won(minor),
    };
    let grant = Grant { jti: Jti::new(7), issued_at: T };
    Record {
        checkout: Checkout {
            id: CheckoutId::new(HOME, u128::MAX),
            merchant: MerchantId::parse("m_camera").unwrap(),
            buyer: PartyId::parse("u1").unwrap(),
            orders: vec![order("o-1", "s1", 7_000), order("o-2", "s2", 3_000)],
            amount: won(10_000),
            label: "카메라 +1".to_owned(),
            return_url: "http://shop.localhost:4410/return.html?a=b".to_owned(),
            created_at: T,
            expires_at: T.after(Span::hours(2)),
        },
        payment: Payment::default(),
        grant: Some(grant),
        first_grant: grant,
        state_keys: vec![[0; 32], [0xff; 32]],
        is_listed: false,
    }
}

fn attempt(n: u128, style: Style) -> Attempt {
    Attempt {
        id: AttemptId::new(HOME, n),
        channel: ChannelId::parse("kb").unwrap(),
        method: MethodId::parse("kb_kb_pay").unwrap(),
        means: Means::KbPay,
        device: Device::Mobile,
        presentation: Presentation::Redirect,
        rung: 0,
        locale: "en".to_owned(),
        style,
        merchant: style.prepares.then(|| "KB0000001".to_owned()),
        begun_by: [u8::try_from(n).unwrap(); 32],
        started_at: T,
        ends_at: T.after(Span::minutes(30)),
        token: None,
        notes: Notes::none(),
        steps: 0,
        payment_id: None,
        decline: None,
    }
}

fn any_attempt() -> impl Strategy<Value = Attempt> {
    (1u128..3, any::<[bool; 4]>()).prop_map(|(n, [theirs, partial_cancel, joins, escrow])| {
        let (prepares, closes, captures_itself) = (theirs, theirs, theirs);
        let style = Style { prepares, closes, captures_itself, partial_cancel, joins, escrow };
        attempt(n, style)
    })
}

/// Mostly the first attempt: an answer about another request teaches nothing, and changes no row.
fn which() -> impl Strategy<Value = u128> {
    prop::sample::select(vec![1u128, 1, 1, 1, 2])
}

fn any_sighting() -> impl Strategy<Value = Sighting> {
    let amount = prop_oneof![6 => Just(10_000u64), 1 => Just(9_000)];
    let cancelled = prop_oneof![4 => Just(0u64), 1 => Just(1_500)];
    (which(), amount, cancelled, any::<bool>()).prop_map(|(n, amount, cancelled, named)| Sighting {
        request_id: AttemptId::new(HOME, n).request_id().to_string(),
        merchant: named.then(|| "KB0000001".to_owned()),
        provider_payment_id: ProviderPaymentId::parse("pay-1").unwrap(),
        amount: Total::from_minor(amount, Currency::Krw).unwrap(),
        cancelled: Total::from_minor(cancelled, Currency::Krw).unwrap(),
    })
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let decline = |code| Fact::Declined(Decline { code, provider_code: Some("1001".to_owned()) });
    let until = T.after(Span::hours(5));
    let text = str::to_owned;
    let deposit =
        move || Deposit { bank: text("KB"), account: text("X1"), holder: text("H"), until };
    prop_oneof![
        5 => any_sighting().prop_map(Fact::Authenticated),
        3 => any_sighting().prop_map(Fact::Captured),
        2 => any_sighting().prop_map(move |seen| Fact::DepositIssued(seen, deposit())),
        2 => Just(Fact::Prepared { token: Some("pt_1".to_owned()) }),
        1 => prop::sample::select(DeclineCode::ALL.to_vec()).prop_map(decline),
        1 => Just(Fact::More(Learnt { name: "item", value: "221100".to_owned() })),
        1 => Just(Fact::Closed),
        1 => Just(Fact::NotFound),
        1 => Just(Fact::Cancelled { cancelled: None }),
        1 => Just(Fact::CancelRefused { provider_code: "3301".to_owned() }),
        1 => Just(Fact::Busy { retry_after: Span::seconds(7) }),
        1 => Just(Fact::Silence),
    ]
}

fn any_refund() -> impl Strategy<Value = Refund> {
    (1u128..4, 1u64..8_000, any::<bool>()).prop_map(|(n, minor, cash)| Refund {
        id: RefundId::new(n),
        cause: RefundCause::Shop(OrderId::parse("o-1").unwrap()),
        attempt: AttemptId::new(HOME, 1),
        payment_id: ProviderPaymentId::parse("pay-1").unwrap(),
        amount: won(minor),
        captured: won(10_000).total(),
        state: RefundState::Requested,
        reason: "구매자 변심".to_owned(),
        account: cash.then(|| RefundAccount {
            bank: "06".to_owned(),
            number: "123".to_owned(),
            holder: "H".to_owned(),
        }),
        retry: Retry::now(T),
        at: T,
    })
}

fn any_input() -> impl Strategy<Value = Input> {
    let id = |n| AttemptId::new(HOME, n);
    let command = prop::sample::select(vec![
        Command::Hold,
        Command::Hold,
        Command::Secure,
        Command::Secure,
        Command::Commit,
        Command::Release,
    ]);
    let asked = prop::sample::select(vec![AskKind::LookUp, AskKind::Capture, AskKind::Cancel]);
    let shown = prop::sample::select(vec![Presentation::Popup, Presentation::Iframe]);
    prop_oneof![
        3 => any_attempt().prop_map(Input::Begin),
        12 => (which(), command, prop::bool::weighted(0.9))
            .prop_map(move |(n, command, kept)| Input::Stock { attempt: id(n), command, kept }),
        12 => (which(), asked, any_fact())
            .prop_map(move |(n, asked, fact)| Input::Fact { attempt: id(n), asked, fact }),
        3 => any_refund().prop_map(Input::Refund),
        2 => (1u128..4, any_fact())
            .prop_map(|(n, fact)| Input::RefundFact { refund: RefundId::new(n), fact }),
        1 => (1u128..4).prop_map(move |n| Input::LookNow { attempt: id(n), source: "webhook" }),
        1 => (1u128..4).prop_map(move |n| Input::Abandon(id(n))),
        1 => (1u128..4, shown).prop_map(move |(n, shown)| Input::Presentation(id(n), shown)),
        1 => prop::bool::weighted(0.2).prop_map(|c| if c { Input::ShopCancel } else { Input::Tick }),
    ]
}

#[test]
fn what_a_payment_went_through_is_read_as_it_was_written() {
    let phases = RefCell::new(BTreeSet::new());
    let refunds = RefCell::new(BTreeSet::new());
    let script = prop::collection::vec((any_input(), 0u64..40), 0..80);
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let rng = proptest::test_runner::TestRng::deterministic_rng(config.rng_algorithm);
    let run = TestRunner::new_with_rng(config, rng).run(&script, |script| {
        let mut record = record();
        let mut now = T;
        for (input, wait) in script {
            now = now.after(Span::seconds(wait));
            record.payment.step(&record.checkout, input, now);
            record.payment.take_work(&record.checkout, now);
            record.grant = record.grant.filter(|_| wait > 0);
            let again = read(&write(&record));
            prop_assert_eq!(again.as_ref(), Ok(&record));
            phases.borrow_mut().insert(record.payment.phase.kind());
            let kinds = record.payment.refunds.iter().map(|refund| match refund.cause {
                RefundCause::Shop(_) => "shop",
                RefundCause::Reversal(_) => "reversal",
                RefundCause::External => "external",
            });
            refunds.borrow_mut().extend(kinds);
        }
        Ok(())
    });
    assert_eq!(run, Ok(()));
    let unseen: Vec<_> =
        PhaseKind::ALL.into_iter().filter(|kind| !phases.borrow().contains(kind)).collect();
    // The clock of a checkout is longer than a script; its row is checked by itself below.
    assert_eq!(unseen, [PhaseKind::Expired], "the property met every phase that inputs reach");
    assert_eq!(refunds.into_inner().len(), 3, "and every cause of a refund");
}

#[test]
fn every_case_and_every_ending_is_read_as_it_was_written() {
    let mut record = record();
    let case = |code| Case { code, detail: "seen".to_owned(), at: T };
    record.payment.cases = CaseCode::ALL.map(case).to_vec();
    for phase in [Phase::Expired(T), Phase::Cancelled(T)] {
        record.payment.phase = phase;
        assert_eq!(read(&write(&record)), Ok(record.clone()));
    }
}

/// N reads what N-1 wrote: attempts without notes, and without the ways that came with them.
#[test]
fn a_row_of_the_release_before_is_read_with_nothing_noted() {
    let mut record = record();
    let style = Style {
        prepares: true,
        closes: true,
        captures_itself: true,
        partial_cancel: true,
        joins: false,
        escrow: false,
    };
    record.payment.attempts = vec![attempt(1, style)];
    let mut row = write(&record);
    for part in [r#""joins":false,"#, r#""escrow":false,"#, r#""steps":0,"#, r#""notes":"","#] {
        assert!(row.contains(part), "{part} in {row}");
        row = row.replace(part, "");
    }
    assert_eq!(read(&row), Ok(record));
}

/// The row with one part replaced, which must be there.
#[track_caller]
fn changed(from: &str, to: &str) -> Read<Record> {
    let row = write(&record());
    assert!(row.contains(from), "{from} in {row}");
    read(&row.replacen(from, to, 1))
}

#[test]
fn a_row_that_is_not_of_this_form_is_refused_and_never_filled_with_defaults() {
    assert_eq!(changed(r#""form":1"#, r#""form":2"#), Err(RowError("version of the row")));
    let rows = [
        (r#""form":1,"#, ""),
        (r#""phase":"open""#, r#""phase":"held_by_court""#),
        (r#""retry":[0,0,null]"#, r#""retry":[0]"#),
        (r#""currency":"KRW""#, r#""currency":"XXX""#),
        (r#""amount":10000"#, r#""amount":0"#),
        (r#""amount":10000"#, r#""amount":"10000""#),
        (r#""amount":10000,"#, ""),
        (r#""merchant":"m_camera""#, r#""merchant":"""#),
        (r#""id":"chk_"#, r#""id":"att_"#),
        (r#""shop_cancels":false"#, r#""shop_cancels":null"#),
        (r#""refunds":[]"#, r#""refunds":{}"#),
        (r#"{"form""#, r#" "form""#),
    ];
    for (from, to) in rows {
        assert!(changed(from, to).is_err(), "{from} as {to}");
    }
    assert!(read("").is_err());
}

//! The machine's tests: the golden matrix, the walk of whole payments, and what must never happen.

mod edges;
mod escrow;
mod late_approval;
mod let_go;
mod patience;
mod plan;
mod property;
mod refunds;
mod rows;
mod undecided;
mod undone;

use std::fmt::Write as _;

use super::*;
use crate::checkout::{Line, Order};
use crate::fact::{Ask, AskKind, Decline, DeclineCode, Deposit, Fact, ProviderPaymentId, Sighting};
use crate::id::{
    ChannelId, CheckoutId, Home, MerchantId, MethodId, OrderId, PartyId, RefundId, Sku,
};
use crate::means::{Device, Means, Presentation};
use crate::money::{Amount, Currency, Total};
use crate::notes::{Learnt, Notes};
use crate::posting::{Entry, Side};
use crate::time::Span;

const T: Timestamp = Timestamp::from_seconds(1_800_000_000);
const HOME: Home = Home { generation: 1, shard: 0 };

const OURS: Style = Style {
    prepares: false,
    closes: false,
    captures_itself: false,
    partial_cancel: true,
    joins: false,
    escrow: false,
};
const THEIRS: Style = Style { prepares: true, closes: true, captures_itself: true, ..OURS };

fn won(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::Krw).unwrap()
}

fn id(n: u128) -> AttemptId {
    AttemptId::new(HOME, n)
}

fn deposit() -> Deposit {
    Deposit {
        bank: "KB".to_owned(),
        account: "X123".to_owned(),
        holder: String::new(),
        until: T.after(Span::hours(24)),
    }
}

fn checkout() -> Checkout {
    let order = |id: &str, seller: &str, amount| Order {
        id: OrderId::parse(id).unwrap(),
        seller: PartyId::parse(seller).unwrap(),
        lines: vec![Line {
            sku: Sku::parse("sku").unwrap(),
            name: "Thing".to_owned(),
            quantity: 1,
            unit: won(amount),
            unlimited: false,
        }],
        amount: won(amount),
    };
    Checkout {
        id: CheckoutId::new(HOME, 9),
        merchant: MerchantId::parse("m").unwrap(),
        buyer: PartyId::parse("u").unwrap(),
        orders: vec![order("o-1", "s1", 7_000), order("o-2", "s2", 3_000)],
        amount: won(10_000),
        label: "Thing".to_owned(),
        return_url: "http://shop.test/".to_owned(),
        created_at: T,
        expires_at: T.after(Span::hours(1)),
    }
}

fn attempt(n: u128, style: Style) -> Attempt {
    Attempt {
        id: AttemptId::new(HOME, n),
        channel: ChannelId::parse("toss").unwrap(),
        method: MethodId::parse("toss_card").unwrap(),
        means: Means::Card,
        device: Device::Pc,
        presentation: Presentation::Iframe,
        rung: 0,
        locale: "ko".to_owned(),
        style,
        merchant: None,
        begun_by: [0; 32],
        started_at: T,
        ends_at: T.after(Span::minutes(30)),
        token: None,
        notes: Notes::none(),
        steps: 0,
        payment_id: None,
        decline: None,
    }
}

fn sighting(n: u128, amount: u64) -> Sighting {
    Sighting {
        request_id: AttemptId::new(HOME, n).request_id().to_string(),
        merchant: None,
        provider_payment_id: ProviderPaymentId::parse("pay-1").unwrap(),
        amount: Total::from_minor(amount, Currency::Krw).unwrap(),
        cancelled: Total::zero(Currency::Krw),
    }
}

/// A payment with its checkout, driven by hand.
struct Bench {
    checkout: Checkout,
    payment: Payment,
    now: Timestamp,
    events: Vec<Event>,
    entries: Vec<Entry>,
}

impl Bench {
    fn new() -> Self {
        Self {
            checkout: checkout(),
            payment: Payment::default(),
            now: T,
            events: vec![],
            entries: vec![],
        }
    }

    fn feed(&mut self, input: Input) -> Verdict {
        let step = self.payment.step(&self.checkout, input, self.now);
        self.events.extend(step.events);
        self.entries.extend(step.entries);
        step.verdict
    }

    fn begin(&mut self, n: u128, style: Style) -> Verdict {
        self.feed(Input::Begin(attempt(n, style)))
    }

    fn stock(&mut self, n: u128, command: hold::Command, kept: bool) -> Verdict {
        self.feed(Input::Stock { attempt: AttemptId::new(HOME, n), command, kept })
    }

    fn fact(&mut self, n: u128, asked: AskKind, fact: Fact) -> Verdict {
        self.feed(Input::Fact { attempt: AttemptId::new(HOME, n), asked, fact })
    }

    fn work(&mut self) -> Vec<Work> {
        self.payment.take_work(&self.checkout, self.now)
    }

    fn asks(&mut self) -> Vec<AskKind> {
        self.work()
            .into_iter()
            .filter_map(|work| match work {
                Work::Ask { ask, .. } => Some(ask.kind()),
                Work::Stock { .. } => None,
            })
            .collect()
    }

    fn phase(&self) -> PhaseKind {
        self.payment.phase.kind()
    }

    /// To the shown window.
    fn present(style: Style) -> Self {
        let mut bench = Self::new();
        bench.begin(1, style);
        bench.stock(1, hold::Command::Hold, true);
        if style.prepares {
            bench.fact(1, AskKind::Prepare, Fact::Prepared { token: Some("t".to_owned()) });
        }
        assert_eq!(bench.phase(), PhaseKind::Presented);
        bench
    }

    /// To the capture that was put.
    fn capturing() -> Self {
        let mut bench = Self::present(OURS);
        bench.fact(1, AskKind::LookUp, Fact::Authenticated(sighting(1, 10_000)));
        bench.stock(1, hold::Command::Secure, true);
        assert_eq!(bench.phase(), PhaseKind::Capturing);
        assert_eq!(bench.asks(), vec![AskKind::Capture]);
        bench
    }

    fn paid() -> Self {
        let mut bench = Self::capturing();
        bench.fact(1, AskKind::Capture, Fact::Captured(sighting(1, 10_000)));
        assert_eq!(bench.phase(), PhaseKind::Paid);
        bench
    }

    fn refund(&self, id: u128, order: &str, amount: u64) -> Refund {
        Refund {
            id: RefundId::new(id),
            cause: RefundCause::Shop(OrderId::parse(order).unwrap()),
            attempt: AttemptId::new(HOME, 1),
            payment_id: ProviderPaymentId::parse("pay-1").unwrap(),
            amount: won(amount),
            captured: won(10_000).total(),
            state: RefundState::Requested,
            reason: "test".to_owned(),
            account: None,
            retry: Retry::now(self.now),
            at: self.now,
        }
    }
}

#[test]
fn the_table_equals_its_golden_matrix() {
    let mut matrix = String::new();
    for phase in PhaseKind::ALL {
        for input in InputKind::ALL {
            writeln!(matrix, "{phase:?} + {input:?} = {:?}", verdict(phase, input)).unwrap();
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/payment.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &matrix).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), matrix, "set UPDATE_GOLDEN=1");
}

#[test]
fn every_phase_can_be_reached_and_every_phase_but_the_last_ones_can_be_left() {
    let targets = |phase| {
        InputKind::ALL.into_iter().filter_map(move |input| match verdict(phase, input) {
            Verdict::Go(to) => Some(to),
            Verdict::Undo(_) => Some(PhaseKind::Open),
            Verdict::Same | Verdict::Ask | Verdict::Note => None,
            Verdict::Refuse(_) | Verdict::Alarm(_) => None,
        })
    };
    let mut reached = vec![PhaseKind::Open];
    let mut next = 0;
    while next < reached.len() {
        for to in targets(reached[next]) {
            if !reached.contains(&to) {
                reached.push(to);
            }
        }
        next += 1;
    }
    assert_eq!(reached.len(), PhaseKind::ALL.len());
    let last = [PhaseKind::Paid, PhaseKind::Cancelled, PhaseKind::Expired];
    for phase in PhaseKind::ALL {
        let leaves = InputKind::ALL.iter().any(|i| matches!(verdict(phase, *i), Verdict::Go(_)));
        assert_eq!(leaves, !last.contains(&phase), "{phase:?}");
    }
}

#[test]
fn r22_a_payment_that_we_capture_compares_first_and_ends_paid() {
    let mut bench = Bench::paid();
    assert_eq!(bench.events, vec![Event::Paid]);
    let lines = bench.entries[0].lines();
    assert_eq!(lines.len(), 3, "one provider, two sellers (R44)");
    assert_eq!(lines[0].side, Side::Debit);
    assert!(matches!(bench.work()[..], [Work::Stock { command: hold::Command::Commit, .. }]));
}

#[test]
fn r22_a_payment_that_the_provider_captures_secures_the_stock_before_we_say_paid() {
    let mut bench = Bench::present(THEIRS);
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    assert_eq!(bench.phase(), PhaseKind::Securing);
    assert!(bench.events.is_empty(), "nobody is told before the stock is safe");
    bench.stock(1, hold::Command::Secure, true);
    assert_eq!(bench.phase(), PhaseKind::Paid);
}

#[test]
fn r49_the_provider_s_token_is_stored_before_the_window_may_be_shown() {
    let mut bench = Bench::new();
    bench.begin(1, THEIRS);
    bench.stock(1, hold::Command::Hold, true);
    assert_eq!(bench.phase(), PhaseKind::Preparing, "no window without the token");
    bench.fact(1, AskKind::Prepare, Fact::Prepared { token: Some("pay-token".to_owned()) });
    assert_eq!(bench.phase(), PhaseKind::Presented);
    assert_eq!(bench.payment.attempts[0].token.as_deref(), Some("pay-token"));
}

#[test]
fn r19_when_prepare_fails_the_hold_is_freed() {
    let mut bench = Bench::new();
    bench.begin(1, THEIRS);
    bench.stock(1, hold::Command::Hold, true);
    let decline = Decline { code: DeclineCode::ProviderUnavailable, provider_code: None };
    assert_eq!(bench.asks(), vec![AskKind::Prepare]);
    bench.fact(1, AskKind::Prepare, Fact::Declined(decline));
    assert_eq!(bench.phase(), PhaseKind::Open);
    assert!(matches!(bench.work()[..], [Work::Stock { command: hold::Command::Release, .. }]));
}

#[test]
fn f20_f21_another_amount_currency_or_merchant_is_never_paid() {
    let wrong = |change: fn(&mut Sighting)| {
        let mut seen = sighting(1, 10_000);
        change(&mut seen);
        seen
    };
    let rows = [
        wrong(|s| s.amount = Total::from_minor(9_999, Currency::Krw).unwrap()),
        wrong(|s| s.amount = Total::from_minor(10_000, Currency::Usd).unwrap()),
        wrong(|s| s.merchant = Some("another".to_owned())),
    ];
    for seen in rows {
        let mut bench = Bench::new();
        let mut ours = attempt(1, THEIRS);
        ours.merchant = Some("KB0000001".to_owned());
        bench.feed(Input::Begin(ours));
        bench.stock(1, hold::Command::Hold, true);
        bench.fact(1, AskKind::Prepare, Fact::Prepared { token: None });
        bench.fact(1, AskKind::LookUp, Fact::Captured(seen.clone()));
        assert_eq!(bench.phase(), PhaseKind::Open, "{seen:?}");
        assert!(bench.payment.reversing(), "the money goes back by itself");
        assert!(!bench.payment.may_begin(&bench.checkout, bench.now), "and nobody pays meanwhile");
        assert_eq!(bench.payment.cases[0].code, CaseCode::AmountMismatch);
        assert!(!bench.events.contains(&Event::Paid));
        assert!(bench.asks().contains(&AskKind::Cancel));
    }
}

#[test]
fn f22_f43_an_answer_about_another_request_teaches_nothing_and_gives_nothing_back() {
    let mut other = sighting(1, 10_000);
    other.request_id = "hb-g1s00-ffffffffffffffffffffffffffffffff".to_owned();
    for style in [OURS, THEIRS] {
        let mut bench = Bench::present(style);
        bench.fact(1, AskKind::LookUp, Fact::Captured(other.clone()));
        assert_eq!(bench.phase(), PhaseKind::Presented, "the outcome is as unknown as before");
        assert_eq!(bench.payment.attempts[0].payment_id, None);
        assert!(bench.payment.refunds.is_empty(), "a stranger's money is not ours to send back");
        assert_eq!(bench.payment.cases[0].code, CaseCode::Contradiction);
    }
}

#[test]
fn f38_an_account_issued_after_the_shop_s_cancel_is_closed_not_waited_for() {
    let mut bench = Bench::capturing();
    bench.feed(Input::ShopCancel);
    let deposit = Deposit {
        bank: "KB".to_owned(),
        account: "X123".to_owned(),
        holder: String::new(),
        until: T.after(Span::hours(24)),
    };
    bench.fact(1, AskKind::Capture, Fact::DepositIssued(sighting(1, 10_000), deposit));
    assert_eq!(bench.phase(), PhaseKind::Closing);
    assert!(!bench.events.contains(&Event::DepositIssued));
    assert_eq!(bench.asks(), vec![AskKind::Cancel]);
    bench.fact(1, AskKind::Cancel, Fact::Cancelled { cancelled: None });
    assert_eq!(bench.phase(), PhaseKind::Cancelled);
}

#[test]
fn f38_money_that_comes_while_the_shop_s_cancel_is_being_carried_out_goes_back() {
    let mut bench = Bench::present(THEIRS);
    bench.feed(Input::ShopCancel);
    assert_eq!(bench.phase(), PhaseKind::Closing);
    bench.fact(1, AskKind::Close, Fact::Captured(sighting(1, 10_000)));
    assert_eq!(bench.phase(), PhaseKind::Cancelled);
    assert!(bench.payment.reversing());
    assert!(!bench.events.contains(&Event::Paid));
}

#[test]
fn f17_a_busy_answer_about_an_ended_attempt_does_not_hold_up_the_present_one() {
    let mut bench = Bench::present(THEIRS);
    bench.feed(Input::Abandon(AttemptId::new(HOME, 1)));
    bench.fact(1, AskKind::Close, Fact::Closed);
    bench.begin(2, OURS);
    let due = bench.payment.retry;
    bench.fact(1, AskKind::LookUp, Fact::Busy { retry_after: Span::minutes(9) });
    assert_eq!(bench.payment.retry, due);
}

#[test]
fn a_wrong_amount_that_is_only_authenticated_is_never_captured() {
    let mut bench = Bench::present(OURS);
    bench.fact(1, AskKind::LookUp, Fact::Authenticated(sighting(1, 100)));
    assert_eq!(bench.phase(), PhaseKind::Open);
    assert_eq!(bench.asks(), vec![]);
    assert!(bench.payment.refunds.is_empty(), "no money moved, none goes back");
}

#[test]
fn f15_f16_silence_garbage_and_not_found_leave_the_outcome_unknown_and_are_asked_again() {
    for fact in [Fact::Silence, Fact::Unclear { detail: "500".to_owned() }, Fact::NotFound] {
        let mut bench = Bench::capturing();
        bench.fact(1, AskKind::Capture, fact);
        assert_eq!(bench.phase(), PhaseKind::Capturing);
        bench.now = bench.now.after(Span::seconds(1));
        assert_eq!(bench.asks(), vec![AskKind::LookUp]);
        bench.fact(1, AskKind::LookUp, Fact::Authenticated(sighting(1, 10_000)));
        bench.now = bench.now.after(Span::seconds(2));
        assert_eq!(bench.asks(), vec![AskKind::Capture], "the same order with the same key (I-12)");
        bench.fact(1, AskKind::Capture, Fact::Captured(sighting(1, 10_000)));
        assert_eq!(bench.phase(), PhaseKind::Paid);
    }
}

#[test]
fn f23_paid_is_sticky_against_contradictions() {
    for fact in [Fact::NotFound, Fact::Waiting, Fact::Closed, Fact::Captured(sighting(1, 1))] {
        let mut bench = Bench::paid();
        let verdict = bench.fact(1, AskKind::LookUp, fact);
        assert_eq!(verdict, Verdict::Alarm(CaseCode::Contradiction));
        assert_eq!(bench.phase(), PhaseKind::Paid);
        assert!(bench.payment.refunds.is_empty(), "no automatic reversal");
    }
}

#[test]
fn f38_a_shop_s_cancel_while_the_outcome_is_unknown_waits_and_then_gives_back() {
    let mut bench = Bench::capturing();
    assert_eq!(bench.feed(Input::ShopCancel), Verdict::Note);
    bench.fact(1, AskKind::Capture, Fact::Captured(sighting(1, 10_000)));
    assert_eq!(bench.phase(), PhaseKind::Cancelled);
    assert!(bench.payment.reversing());
    let mut other = Bench::capturing();
    other.feed(Input::ShopCancel);
    let decline = Decline { code: DeclineCode::CardDeclined, provider_code: None };
    other.fact(1, AskKind::Capture, Fact::Declined(decline));
    assert_eq!(other.phase(), PhaseKind::Cancelled);
    assert!(!other.payment.reversing());
}

#[test]
fn f41_a_lost_refund_answer_is_settled_by_the_balance() {
    let mut bench = Bench::paid();
    bench.work();
    let refund = bench.refund(1, "o-1", 5_000);
    bench.feed(Input::Refund(refund));
    assert_eq!(bench.asks(), vec![AskKind::Cancel]);
    bench.feed(Input::RefundFact { refund: RefundId::new(1), fact: Fact::Silence });
    let mut seen = sighting(1, 10_000);
    seen.cancelled = Total::from_minor(5_000, Currency::Krw).unwrap();
    bench.fact(1, AskKind::LookUp, Fact::Captured(seen.clone()));
    assert_eq!(bench.payment.refunds[0].state, RefundState::Done);
    bench.fact(1, AskKind::LookUp, Fact::Captured(seen));
    assert_eq!(bench.payment.refunds.len(), 1, "heard twice, done once");
}

#[test]
fn r36_f39_a_cancel_in_the_provider_s_console_is_found_and_booked() {
    let mut bench = Bench::paid();
    bench.feed(Input::LookNow { attempt: AttemptId::new(HOME, 1), source: "webhook" });
    assert!(bench.asks().contains(&AskKind::LookUp));
    let mut seen = sighting(1, 10_000);
    seen.cancelled = seen.amount;
    bench.fact(1, AskKind::LookUp, Fact::Captured(seen));
    assert_eq!(bench.payment.refunds[0].cause, RefundCause::External);
    assert!(bench.events.contains(&Event::Refunded));
}

#[test]
fn f43_late_money_of_an_ended_attempt_goes_back_once_and_touches_no_other() {
    let mut bench = Bench::present(THEIRS);
    bench.feed(Input::Abandon(AttemptId::new(HOME, 1)));
    assert_eq!(bench.asks(), vec![AskKind::Close]);
    bench.fact(1, AskKind::Close, Fact::Closed);
    assert_eq!(bench.begin(2, OURS), Verdict::Go(PhaseKind::Holding));
    for _ in 0..2 {
        bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    }
    assert_eq!(bench.payment.refunds.len(), 1);
    assert_eq!(bench.payment.refunds[0].attempt, AttemptId::new(HOME, 1));
    assert_eq!(bench.phase(), PhaseKind::Holding, "the new attempt goes on");
}

#[test]
fn a_window_closed_by_the_buyer_is_a_question_and_a_paid_one_stays_paid() {
    let mut bench = Bench::present(THEIRS);
    bench.feed(Input::Abandon(AttemptId::new(HOME, 1)));
    bench.fact(1, AskKind::Close, Fact::Captured(sighting(1, 10_000)));
    bench.stock(1, hold::Command::Secure, true);
    assert_eq!(bench.phase(), PhaseKind::Paid);
}

#[test]
fn an_abandoned_checkout_expires_and_an_abandoned_window_ends_with_its_clock() {
    let mut bench = Bench::present(OURS);
    bench.now = bench.now.after(Span::minutes(30));
    assert!(bench.payment.due(&bench.checkout).unwrap() <= bench.now);
    bench.feed(Input::Tick);
    assert_eq!(bench.phase(), PhaseKind::Closing);
    bench.fact(1, AskKind::LookUp, Fact::NotFound);
    assert_eq!(bench.phase(), PhaseKind::Open);
    bench.now = bench.now.after(Span::minutes(30));
    bench.feed(Input::Tick);
    assert_eq!(bench.phase(), PhaseKind::Expired);
    assert_eq!(bench.events, vec![Event::Declined, Event::Expired]);
}

#[test]
fn an_unpaid_virtual_account_is_cancelled_before_its_attempt_is_closed() {
    let mut bench = Bench::capturing();
    let deposit = Deposit {
        bank: "KB".to_owned(),
        account: "X123".to_owned(),
        holder: String::new(),
        until: T.after(Span::hours(24)),
    };
    bench.fact(1, AskKind::Capture, Fact::DepositIssued(sighting(1, 10_000), deposit));
    assert_eq!(bench.phase(), PhaseKind::AwaitingDeposit);
    bench.feed(Input::Abandon(AttemptId::new(HOME, 1)));
    assert_eq!(bench.asks(), vec![AskKind::Cancel]);
    bench.fact(1, AskKind::Cancel, Fact::Cancelled { cancelled: None });
    assert_eq!(bench.phase(), PhaseKind::Open);
}

#[test]
fn a_deposit_that_comes_before_its_account_is_closed_is_found_and_counts() {
    let mut bench = Bench::capturing();
    let deposit = Deposit {
        bank: "KB".to_owned(),
        account: "X123".to_owned(),
        holder: String::new(),
        until: T.after(Span::hours(24)),
    };
    bench.fact(1, AskKind::Capture, Fact::DepositIssued(sighting(1, 10_000), deposit));
    bench.feed(Input::Abandon(AttemptId::new(HOME, 1)));
    assert_eq!(bench.asks(), vec![AskKind::Cancel]);
    let refused = Fact::CancelRefused { provider_code: "INVALID_REFUND_ACCOUNT_INFO".to_owned() };
    bench.fact(1, AskKind::Cancel, refused);
    assert_eq!(bench.phase(), PhaseKind::Closing);
    bench.now = bench.now.after(Span::seconds(1));
    assert_eq!(bench.asks(), vec![AskKind::LookUp]);
    bench.fact(1, AskKind::LookUp, Fact::Captured(sighting(1, 10_000)));
    bench.stock(1, hold::Command::Secure, true);
    assert_eq!(bench.phase(), PhaseKind::Paid);
}

#[test]
fn a_double_click_changes_nothing_and_a_second_attempt_is_refused_while_one_is_open() {
    let mut bench = Bench::present(OURS);
    let before = bench.payment.clone();
    assert_eq!(bench.begin(1, OURS), Verdict::Same);
    assert_eq!(bench.begin(2, OURS), Verdict::Refuse(Refusal::AttemptOpen));
    assert_eq!(bench.payment, before);
}

#[test]
fn hints_are_coalesced_to_one_look_up_a_second() {
    let mut bench = Bench::present(OURS);
    let mut asked = 0;
    for _ in 0..1_000 {
        bench.feed(Input::LookNow { attempt: AttemptId::new(HOME, 1), source: "webhook" });
        asked += bench.asks().len();
        bench.now = bench.now.after(Span::millis(5));
    }
    assert!((1..=6).contains(&asked), "{asked} look-ups in five seconds");
}

#[test]
fn the_same_capture_is_asked_with_the_same_words_every_time() {
    let mut bench = Bench::present(OURS);
    bench.fact(1, AskKind::LookUp, Fact::Authenticated(sighting(1, 10_000)));
    bench.stock(1, hold::Command::Secure, true);
    let capture = |work: Vec<Work>| match work.into_iter().next() {
        Some(Work::Ask { ask, .. }) if matches!(*ask, Ask::Capture { .. }) => ask,
        other => panic!("{other:?}"),
    };
    let first = capture(bench.work());
    bench.now = bench.now.after(Span::seconds(1));
    assert_eq!(
        first,
        capture(bench.work()),
        "I-12: a crash before the answer repeats the question"
    );
}

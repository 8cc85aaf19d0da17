//! Any order of any inputs, each heard twice.

use proptest::prelude::*;

use super::*;
use crate::payment::step::sighting_fits;

fn any_fact() -> impl Strategy<Value = Fact> {
    let decline = Decline { code: DeclineCode::CardDeclined, provider_code: None };
    let deposit = Deposit {
        bank: "KB".to_owned(),
        account: "X1".to_owned(),
        holder: String::new(),
        until: T.after(Span::hours(2)),
    };
    prop_oneof![
        Just(Fact::More(Learnt { name: "note", value: "1".to_owned() })),
        Just(Fact::NotFound),
        Just(Fact::Prepared { token: None }),
        Just(Fact::Waiting),
        (1u128..4, prop_oneof![4 => Just(10_000u64), 1 => Just(9_000u64)]).prop_flat_map(
            move |(n, amount)| {
                let seen = sighting(n, amount);
                prop_oneof![
                    Just(Fact::Authenticated(seen.clone())),
                    Just(Fact::Captured(seen.clone())),
                    Just(Fact::DepositIssued(seen, deposit.clone())),
                ]
            }
        ),
        Just(Fact::Declined(decline)),
        Just(Fact::Closed),
        Just(Fact::Cancelled { cancelled: None }),
        Just(Fact::Busy { retry_after: Span::seconds(5) }),
        Just(Fact::Silence),
    ]
}

fn any_input() -> impl Strategy<Value = Input> {
    let id = |n| AttemptId::new(HOME, n);
    let command = prop_oneof![
        Just(hold::Command::Hold),
        Just(hold::Command::Secure),
        Just(hold::Command::Commit),
        Just(hold::Command::Release)
    ];
    let kind = prop_oneof![Just(AskKind::LookUp), Just(AskKind::Capture), Just(AskKind::Cancel)];
    prop_oneof![
        2 => (1u128..4, prop_oneof![Just(OURS), Just(THEIRS), Just(let_go::OPEN)])
            .prop_map(|(n, style)| Input::Begin(attempt(n, style))),
        4 => (1u128..4, command, prop::bool::weighted(0.8))
            .prop_map(move |(n, command, kept)| Input::Stock { attempt: id(n), command, kept }),
        6 => (1u128..4, kind, any_fact())
            .prop_map(move |(n, asked, fact)| Input::Fact { attempt: id(n), asked, fact }),
        1 => (1u128..4).prop_map(move |n| Input::LookNow { attempt: id(n), source: "webhook" }),
        1 => (1u128..4).prop_map(move |n| Input::Abandon(id(n))),
        1 => Just(Input::ShopCancel),
        1 => Just(Input::Tick),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// I-1, I-2, I-5, I-10, I-11 over any order of inputs, each heard twice.
    #[test]
    fn whatever_comes_in_any_order_and_twice_the_books_stay_right(
        script in prop::collection::vec((any_input(), 0u64..900), 0..40)
    ) {
        let mut bench = Bench::new();
        let mut was_paid = false;
        for (input, wait) in script {
            bench.now = bench.now.after(Span::seconds(wait));
            let version = bench.payment.version;
            bench.feed(input.clone());
            prop_assert!(bench.payment.version >= version, "I-10");
            let once = bench.payment.clone();
            let told = bench.events.len();
            let booked = bench.entries.len();
            // Ending an attempt is heard by the new phase; what moves money must not move it twice.
            bench.feed(input);
            prop_assert_eq!(booked, bench.entries.len(), "a repeat books nothing");
            prop_assert!(bench.events.len() <= told.saturating_add(1));
            prop_assert_eq!(once.refunds.len(), bench.payment.refunds.len());
            let paid = bench.phase() == PhaseKind::Paid;
            prop_assert!(!was_paid || paid, "paid is left by nothing");
            if let Phase::Paid(id, seen, _) = &bench.payment.phase {
                let attempt = bench.payment.attempt(*id).unwrap();
                prop_assert!(sighting_fits(&bench.checkout, attempt, seen), "I-2");
            }
            let captures = bench.entries.iter().filter(|e| e.name.starts_with("capture:")).count();
            prop_assert!(captures <= 1, "I-1");
            for entry in &bench.entries {
                let side = |s| entry.lines().iter().filter(|l| l.side == s).map(|l| l.amount.minor()).sum::<u64>();
                prop_assert_eq!(side(Side::Debit), side(Side::Credit), "I-5");
            }
            // The shell's turn: time passes, the work that is due is taken.
            bench.feed(Input::Tick);
            bench.feed(Input::Tick);
            bench.work();
            if let Some(due) = bench.payment.due(&bench.checkout) {
                prop_assert!(due > bench.now, "an alarm in the past would spin: {:?}", bench.payment);
            }
            was_paid = bench.phase() == PhaseKind::Paid;
        }
    }
}

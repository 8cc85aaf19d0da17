//! What a refund would come to, and that it does: by the terms of provider and means, at the time of asking.

use super::*;
use crate::provider;
use shared::calendar::month_ends;
use shared::means::Means;
use shared::terms::{Afterwards, Billed, Closed, Until, Way};
use shared::time::Civil;

const ACCOUNT: &str =
    r#""refund_account":{"bank":"88","number":"11098765432","holder":"Park Refund"}"#;

impl Bench {
    fn preview(&self, page: &Page, order: &str, amount: Option<&str>) -> Heard {
        self.run(Op::RefundPreview {
            merchant: "m_camera".to_owned(),
            checkout: page.checkout.clone(),
            order: order.to_owned(),
            amount: amount.map(str::to_owned),
        })
    }

    /// Paid by this method, at once.
    fn paid_by(method: &str) -> (Self, Page) {
        let bench = Self::new();
        let page = bench.begin(method);
        bench.say([
            Said(AskKind::LookUp, 200, toss!("in_progress")),
            Said(AskKind::Capture, 200, toss!("done")),
        ]);
        assert_eq!(bench.look(&page).text("/outcome"), "paid");
        (bench, page)
    }
}

fn body(amount: u64, rest: &str) -> String {
    let comma = if rest.is_empty() { "" } else { "," };
    format!(r#"{{"order_id":"o-1","amount":{amount},"reason":"returned"{comma}{rest}}}"#)
}

#[test]
fn r66_r62_a_phone_bill_is_cancelled_in_its_month_and_the_preview_says_until_when() {
    let (bench, page) = Bench::paid_by("toss_phone");
    let ends = month_ends(bench.now.get());
    let shown = bench.preview(&page, "o-1", None);
    assert_eq!(shown.http_status, 200);
    assert_eq!(shown.text("/plan/way"), "cancel");
    assert_eq!(shown.text("/closes_at"), ends.to_string());
    assert_eq!(
        (&shown.body["plan"]["sure"], &shown.body["plan"]["afterwards"]),
        (&true.into(), &Value::Null)
    );
    // No part of a phone bill: the preview's code is the refund's.
    let part = bench.preview(&page, "o-1", Some("1000"));
    assert_eq!(part.text("/code"), "refund_part_unsupported");
    bench.refund(&page, KEYS[0], &body(1_000, "")).refused(Code::RefundPartUnsupported);
    bench.now.set(ends.before(Span::seconds(2)));
    bench.say([Said(AskKind::Cancel, 200, toss!("canceled"))]);
    assert_eq!(bench.refund(&page, KEYS[1], &body(31_000, "")).text("/state"), "done");
}

#[test]
fn r66_i20_from_the_next_month_on_a_phone_bill_is_refused_and_nothing_is_changed() {
    let (bench, page) = Bench::paid_by("toss_phone");
    let ends = month_ends(bench.now.get());
    bench.now.set(ends);
    let shown = bench.preview(&page, "o-1", None);
    assert_eq!(
        (shown.text("/code"), shown.text("/closes_at")),
        ("refund_window_closed".to_owned(), ends.to_string())
    );
    assert_eq!((&shown.body["plan"], &shown.body["available"]), (&Value::Null, &31_000.into()));
    let (before, asked) = (bench.record(&page), bench.asked().len());
    bench.refund(&page, KEYS[0], &body(31_000, "")).refused(Code::RefundWindowClosed);
    assert_eq!((bench.record(&page), bench.asked().len()), (before, asked));
}

#[test]
fn r62_i20_a_virtual_account_is_refunded_to_a_named_account_or_not_at_all() {
    let bench = Bench::new();
    let page = bench.begin("toss_virtual_account");
    bench.say([
        Said(AskKind::LookUp, 200, toss!("in_progress")),
        Said(AskKind::Capture, 200, toss!("waiting_for_deposit")),
    ]);
    bench.look(&page);
    bench.say([Said(AskKind::LookUp, 200, toss!("done"))]);
    assert_eq!(bench.look(&page).text("/outcome"), "paid");
    let shown = bench.preview(&page, "o-1", Some("5000"));
    assert_eq!(shown.body["plan"]["needs_account"], true);
    // T is a Saturday: Monday and Tuesday.
    assert_eq!(shown.text("/plan/arrives_by"), "2026-11-24");
    assert_eq!(shown.body["plan"]["business_days"], 2);
    let (before, asked) = (bench.record(&page), bench.asked().len());
    for rest in [
        "",
        r#""refund_account":{"bank":"88","number":"11-098765432","holder":"Park"}"#,
        r#""refund_account":{"bank":"88","number":"","holder":"Park"}"#,
        r#""refund_account":{"bank":"88","number":"123456789012345678901","holder":"Park"}"#,
        r#""refund_account":{"bank":"","number":"11098765432","holder":"Park"}"#,
        r#""refund_account":{"bank":"88","number":"11098765432","holder":""}"#,
    ] {
        let key = format!("{}-{}", KEYS[0], rest.len());
        bench.refund(&page, &key, &body(5_000, rest)).refused(Code::RefundAccountInvalid);
    }
    assert_eq!((bench.record(&page), bench.asked().len()), (before, asked));
    bench.say([Said(AskKind::Cancel, 200, toss!("partial_canceled"))]);
    assert_eq!(bench.refund(&page, KEYS[1], &body(1_000, ACCOUNT)).text("/state"), "done");
}

#[test]
fn r62_an_account_that_is_not_needed_is_neither_kept_nor_sent() {
    let (bench, page) = Bench::paid();
    assert_eq!(bench.preview(&page, "o-1", None).body["plan"]["needs_account"], false);
    // Nobody answers, so what was asked stays there to be read.
    let asked = bench.refund(&page, KEYS[0], &body(1_000, ACCOUNT));
    assert_eq!(asked.text("/state"), "requested");
    assert_eq!(bench.record(&page).payment.refunds[0].account, None);
    let row = bench.shelf.row(CheckoutId::parse(&page.checkout).unwrap());
    assert!(!row.contains("11098765432"));
}

#[test]
fn f40_a_preview_counts_what_is_asked_for_and_changes_nothing() {
    let (bench, page) = Bench::paid();
    bench.refund(&page, KEYS[0], &body(1_000, ""));
    let before = bench.record(&page);
    let rest = bench.preview(&page, "o-1", None);
    assert_eq!(
        (&rest.body["available"], &rest.body["plan"]["amount"]),
        (&30_000.into(), &30_000.into())
    );
    assert_eq!(
        bench.preview(&page, "o-1", Some("30001")).text("/code"),
        "refund_exceeds_available"
    );
    for (order, amount, code) in [
        ("", None, Code::OrderIdInvalid),
        ("o-9", None, Code::RefundInvalid),
        ("o-1", Some("0"), Code::AmountInvalid),
        ("o-1", Some("-1"), Code::AmountInvalid),
        ("o-1", Some("01"), Code::AmountInvalid),
        ("o-1", Some("+1"), Code::AmountInvalid),
        ("o-1", Some(""), Code::AmountInvalid),
        ("o-1", Some("18446744073709551615"), Code::AmountOutOfRange),
        ("o-1", Some("18446744073709551616"), Code::AmountInvalid),
    ] {
        bench.preview(&page, order, amount).refused(code);
    }
    assert_eq!(bench.record(&page), before, "asking changes nothing");
    let unpaid = Bench::new();
    let page = unpaid.begin("toss_card");
    let shown = unpaid.preview(&page, "o-1", None);
    assert_eq!(
        (shown.text("/code").as_str(), &shown.body["available"]),
        ("refund_invalid", &Value::Null)
    );
}

/// One line for each provider, means and moment: what a refund comes to. A change of terms is a change of
/// this file.
#[test]
fn r62_r66_the_terms_of_every_provider_and_means_equal_their_golden_matrix() {
    let seoul = |year, month, day, hour, minute, second| {
        Timestamp::from_civil_seoul(Civil::new(year, month, day, hour, minute, second).unwrap())
    };
    let paid = seoul(2026, 11, 15, 12, 0, 0);
    let billed = Billed { from: paid, to: paid };
    let moments = [
        ("at-once", paid),
        ("month-last", seoul(2026, 11, 30, 23, 59, 59)),
        ("month-over", seoul(2026, 12, 1, 0, 0, 0)),
        ("day-180", seoul(2027, 5, 14, 23, 59, 59)),
        ("day-181", seoul(2027, 5, 15, 0, 0, 0)),
        ("day-365", seoul(2027, 11, 15, 23, 59, 59)),
        ("day-366", seoul(2027, 11, 16, 0, 0, 0)),
    ];
    let mut matrix = String::new();
    for provider in provider::ALL {
        let capabilities = provider.capabilities();
        for means in Means::ALL {
            let Some(of) = capabilities.terms(means) else { continue };
            assert!(of.refunds.windows(2).all(|pair| pair[0].since < pair[1].since));
            for (name, now) in moments {
                let terms = of.refunds_at(now).expect("terms since ever");
                let line = match terms.prospect(billed, now) {
                    Err(Closed(at)) => format!("closed since {at}"),
                    Ok(p) => format!(
                        "{} {} until {} then {} {} account:{} fee:{} days:{}",
                        if p.way == Way::Cancel { "cancel" } else { "transfer" },
                        if p.sure { "sure" } else { "perhaps" },
                        p.closes_at.map_or("ever".to_owned(), |at| at.to_string()),
                        if p.afterwards == Afterwards::Nothing { "nothing" } else { "transfer" },
                        if p.partial { "parts" } else { "whole" },
                        p.needs_account,
                        p.fee,
                        p.arrives_in,
                    ),
                };
                matrix += &format!("{} {} {name}: {line}\n", capabilities.name, means.code());
            }
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/refunds.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &matrix).unwrap();
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(matrix, golden, "run with UPDATE_GOLDEN=1, then read the difference");
    let months = Until::MonthEnds;
    let phones = provider::ALL.iter().filter_map(|p| p.capabilities().terms(Means::Phone));
    assert!(phones.flat_map(|of| of.refunds).all(|terms| terms.until == months), "R66");
}

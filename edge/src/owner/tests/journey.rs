//! Whole payments, over answers recorded by hand.

use super::*;

/// The kinds of a journal's inputs, in order.
fn inputs(bench: &Bench, page: &Page) -> Vec<String> {
    let id = CheckoutId::parse(&page.checkout).unwrap();
    bench.shelf.journal(id).unwrap().into_iter().map(|entry| entry.input).collect()
}

fn postings(bench: &Bench) -> Vec<(String, u64)> {
    let sent = bench.sent.borrow();
    let lines = sent.iter().flat_map(|message| message["postings"].as_array().unwrap());
    lines.map(|line| (line[1].as_str().unwrap().to_owned(), line[3].as_u64().unwrap())).collect()
}

#[test]
fn r22_a_toss_payment_is_looked_up_compared_secured_and_then_captured() {
    let (bench, page) = Bench::paid();
    assert_eq!(bench.asked(), [AskKind::LookUp, AskKind::Capture]);
    let read = bench.read(&page);
    assert_eq!(read.text("/payment/provider_payment_id"), "tgen_20261121104104ABCD1");
    assert_eq!(read.text("/payment/request_id"), page.request_id());
    assert_eq!(read.body["payment"]["captured_amount"], 31_000);
    assert_eq!(read.text("/attempts/0/state"), "paid");
    assert_eq!(bench.told(), ["checkout.paid"]);
    assert_eq!(
        postings(&bench),
        [("provider:toss".to_owned(), 31_000), ("seller:s1".to_owned(), 31_000)]
    );
    let expected = ["open", "begin", "stock", "look_now", "fact", "stock", "fact", "stock"];
    assert_eq!(inputs(&bench, &page), expected);
    let status = bench.status(&page);
    assert_eq!(status.body["poll_after_ms"], 0, "final");
    assert!(status.body["token"].is_null(), "a paid checkout gives no token");
}

#[test]
fn f18_a_capture_whose_answer_is_lost_is_looked_up_and_found_paid() {
    let bench = Bench::new();
    let page = bench.begin("toss_card");
    bench.say([Said(AskKind::LookUp, 200, toss!("in_progress"))]);
    assert_eq!(bench.look(&page).text("/outcome"), "checking", "the capture got no answer");
    bench.say([Said(AskKind::LookUp, 200, toss!("done"))]);
    assert_eq!(bench.look(&page).text("/outcome"), "paid");
    assert_eq!(bench.asked(), [AskKind::LookUp, AskKind::Capture, AskKind::LookUp]);
}

#[test]
fn f20_a_toss_payment_in_another_currency_goes_back_and_is_never_paid() {
    let bench = Bench::new();
    let page = bench.begin("toss_card");
    bench.say([Said(AskKind::LookUp, 200, toss!("dollars"))]);
    let status = bench.look(&page);
    assert_eq!(status.text("/outcome"), "checking", "until the money is back");
    assert!(status.body["token"].is_null());
    assert_eq!(bench.read(&page).text("/cases/0/code"), "amount_mismatch");
    assert!(!bench.told().contains(&"checkout.paid".to_owned()));
}

#[test]
fn a_virtual_account_waits_for_its_deposit_and_is_paid_by_it() {
    let bench = Bench::new();
    bench.units(1);
    let page = bench.begin("toss_virtual_account");
    bench.say([
        Said(AskKind::LookUp, 200, toss!("in_progress")),
        Said(AskKind::Capture, 200, toss!("waiting_for_deposit")),
    ]);
    let waiting = bench.look(&page);
    assert_eq!(waiting.text("/phase"), "awaiting_deposit");
    bench.wait(Span::hours(24));
    bench.say([Said(AskKind::LookUp, 200, toss!("done"))]);
    bench.callback(&page, "toss", "deposit-1");
    assert_eq!(bench.status(&page).text("/outcome"), "paid");
    assert_eq!(bench.told(), ["checkout.deposit_issued", "checkout.paid"]);
    let view = stock::Owner::default().handle(
        &bench.stock,
        &StockOp::Outlook { sku: "x100v".to_owned(), shop: true },
        bench.now.get(),
    );
    assert_eq!(heard(&view.unwrap()).body["units"], 0);
}

#[test]
fn r22_a_kb_payment_is_prepared_shown_found_paid_and_secured() {
    let bench = Bench::new();
    bench.units(1);
    bench.say([Said(AskKind::Prepare, 200, kb!("register_answer"))]);
    let page = bench.begin("kb_kb_pay");
    assert_eq!(bench.status(&page).text("/phase"), "presented");
    bench.say([Said(AskKind::LookUp, 200, kb!("inquire_authenticating"))]);
    assert_eq!(bench.look(&page).text("/phase"), "presented");
    bench.say([Said(AskKind::LookUp, 200, kb!("inquire_paid"))]);
    assert_eq!(bench.callback(&page, "kb", "report-1").http_status, 200);
    assert_eq!(bench.status(&page).text("/outcome"), "paid");
    let read = bench.read(&page);
    assert_eq!(read.text("/payment/provider_payment_id"), "KB20261121000001");
    assert_eq!(bench.told(), ["checkout.paid"]);
    assert!(!bench.asked().contains(&AskKind::Capture), "KB takes the money in its window");
}

#[test]
fn a_kb_window_that_the_buyer_leaves_is_closed_there_and_a_paid_one_stays_paid() {
    let rows = [
        (vec![Said(AskKind::Close, 200, kb!("close_answer"))], "not_paid"),
        (
            vec![
                Said(AskKind::Close, 200, kb!("close_paid")),
                Said(AskKind::LookUp, 200, kb!("inquire_paid")),
            ],
            "paid",
        ),
    ];
    for (answers, outcome) in rows {
        let bench = Bench::new();
        bench.say([Said(AskKind::Prepare, 200, kb!("register_answer"))]);
        let page = bench.begin("kb_kb_pay");
        bench.say(answers);
        bench.wait(Span::seconds(1));
        bench.run(Op::Abandon {
            checkout: page.checkout.clone(),
            state: page.state.clone(),
            body: format!(r#"{{"attempt":"{}"}}"#, page.attempt),
        });
        bench.wait(Span::seconds(5));
        bench.drive(CheckoutId::parse(&page.checkout).unwrap());
        assert_eq!(bench.status(&page).text("/outcome"), outcome);
    }
}

#[test]
fn f24_i14_a_payment_approved_after_its_no_pays_and_the_shop_is_told_why() {
    for (free, standing, told) in [
        (1, "paid", ["checkout.declined", "checkout.paid"].as_slice()),
        (0, "open", &["checkout.declined", "checkout.declined", "checkout.review"]),
    ] {
        let bench = Bench::new();
        bench.units(1);
        bench.say([
            Said(AskKind::Prepare, 200, kb!("register_answer")),
            Said(AskKind::LookUp, 200, kb!("inquire_failed")),
        ]);
        let page = bench.begin("kb_kb_pay");
        bench.callback(&page, "kb", "report-1");
        assert_eq!(bench.status(&page).text("/outcome"), "not_paid");
        assert_eq!(bench.read(&page).text("/attempts/0/decline/code"), "limit_exceeded");
        bench.units(free);
        bench.say([Said(AskKind::LookUp, 200, kb!("inquire_paid"))]);
        bench.callback(&page, "kb", "report-2");
        let read = bench.read(&page);
        assert_eq!(read.text("/status"), standing, "{read:?}");
        let paid = free > 0;
        assert_eq!(read.text("/payment/reason"), if paid { "late_approval" } else { "" });
        assert_eq!(read.body["refunds"].as_array().unwrap().len(), usize::from(!paid));
        assert_eq!(bench.told(), told);
        assert!(bench.journal(&page).contains("late_approval"));
        let sent = bench.sent.borrow();
        let reasons = sent.iter().filter(|sent| sent.to_string().contains("late_approval"));
        assert_eq!(reasons.count(), usize::from(paid), "in the notice, and in no other");
    }
}

#[test]
fn a_refused_kb_refund_calls_a_person_and_keeps_the_payment() {
    let bench = Bench::new();
    bench.say([
        Said(AskKind::Prepare, 200, kb!("register_answer")),
        Said(AskKind::LookUp, 200, kb!("inquire_paid")),
        Said(AskKind::Cancel, 200, kb!("cancel_over_balance")),
    ]);
    let page = bench.begin("kb_kb_pay");
    assert_eq!(bench.look(&page).text("/outcome"), "paid");
    let refund = bench.refund(&page, KEYS[0], r#"{"order_id":"o-1","reason":"returned"}"#);
    assert_eq!(refund.text("/state"), "refused");
    let read = bench.read(&page);
    assert_eq!(read.text("/status"), "paid");
    assert_eq!(read.text("/cases/0/code"), "refund_refused");
}

#[test]
fn a_checkout_that_nobody_pays_expires_by_its_own_due_time() {
    let bench = Bench::new();
    bench.open();
    for _ in 0..ROUNDS_MAX {
        let due = bench.shelf.next_due().unwrap().unwrap();
        bench.now.set(bench.now.get().max(due));
        for id in bench.shelf.due(bench.now.get(), 10).unwrap() {
            bench.drive(id);
        }
        if bench.told() == ["checkout.expired"] {
            return;
        }
    }
    panic!("it never expired");
}

//! What the shop's server asks.

use super::*;

#[test]
fn i8_f1_the_same_opening_gets_the_same_answer_and_the_same_token() {
    let bench = Bench::new();
    let first = bench.open_as(KEYS[0], "f1", "o-1");
    bench.wait(Span::minutes(1));
    let second = bench.open_as(KEYS[0], "f1", "o-1");
    assert_eq!((first.http_status, first.replayed), (201, false));
    assert_eq!((second.http_status, second.replayed), (201, true));
    assert_eq!(first.body, second.body);
}

#[test]
fn f2_the_same_key_with_another_content_is_refused() {
    let bench = Bench::new();
    bench.open();
    bench.open_as(KEYS[0], "f2", "o-2").refused(Code::IdempotencyKeyReused);
}

#[test]
fn i8_f3_of_two_equal_openings_at_once_the_first_word_holds_for_both() {
    let refuse = |bench: &Bench, fingerprint: &str| {
        let (merchant, key) = ("m_camera".to_owned(), KEYS[0].to_owned());
        bench.run(Op::RefuseOpening { merchant, key, fingerprint: fingerprint.to_owned() })
    };
    let bench = Bench::new();
    let opened = bench.open_as(KEYS[0], "f1", "o-1");
    let late = refuse(&bench, "f1");
    assert_eq!((late.http_status, late.body), (201, opened.body), "it was opened before");
    let bench = Bench::new();
    refuse(&bench, "f1").refused(Code::OrderIdConflict);
    bench.open_as(KEYS[0], "f1", "o-1").refused(Code::OrderIdConflict);
    assert!(bench.shelf.checkouts().is_empty(), "and nothing is opened");
}

#[test]
fn f2_a_name_is_claimed_by_one_fingerprint_alone() {
    let bench = Bench::new();
    let claim = |fingerprint: &str| {
        let name = "order/m_camera/o-1".to_owned();
        bench.run(Op::Claim { name, fingerprint: fingerprint.to_owned() }).http_status
    };
    assert_eq!([claim("a"), claim("a"), claim("b"), claim("a")], [201, 200, 409, 200]);
}

#[test]
fn f4_a_refusal_is_answered_again_even_when_it_would_succeed_by_now() {
    let bench = Bench::new();
    let page = bench.begin("toss_card");
    let body = r#"{"order_id":"o-1","reason":"returned"}"#;
    bench.refund(&page, KEYS[0], body).refused(Code::RefundInvalid);
    bench.say([
        Said(AskKind::LookUp, 200, toss!("in_progress")),
        Said(AskKind::Capture, 200, toss!("done")),
        Said(AskKind::Cancel, 200, toss!("canceled")),
    ]);
    assert_eq!(bench.look(&page).text("/outcome"), "paid");
    bench.refund(&page, KEYS[0], body).refused(Code::RefundInvalid);
    assert_eq!(bench.refund(&page, KEYS[1], body).http_status, 201);
}

#[test]
fn a_paid_checkout_is_not_cancelled_and_an_open_one_is_once() {
    let (bench, page) = Bench::paid();
    bench.cancel(&page, KEYS[0]).refused(Code::CheckoutPaid);
    bench.cancel(&page, KEYS[0]).refused(Code::CheckoutPaid);
    let bench = Bench::new();
    let page = bench.begin("toss_card");
    bench.say([Said(AskKind::LookUp, 404, toss!("error_not_found_payment"))]);
    assert_eq!(bench.cancel(&page, KEYS[0]).text("/status"), "cancelled");
    let again = bench.cancel(&page, KEYS[0]);
    assert_eq!((again.replayed, again.text("/status").as_str()), (true, "cancelled"));
    assert_eq!(bench.told(), ["checkout.cancelled"]);
}

#[test]
fn f40_i11_a_refund_is_refused_or_taken_by_what_is_left() {
    let account = r#""refund_account":{"bank":"KB","number":"12-34","holder":"Kim"}"#;
    let rows = [
        (
            r#"{"order_id":"o-1","amount":31001,"reason":"r"}"#.to_owned(),
            Code::RefundExceedsAvailable,
        ),
        (r#"{"order_id":"o-9","amount":1,"reason":"r"}"#.to_owned(), Code::RefundInvalid),
        (r#"{"order_id":"o-1","amount":0,"reason":"r"}"#.to_owned(), Code::AmountInvalid),
        (r#"{"order_id":"o-1","amount":"1","reason":"r"}"#.to_owned(), Code::AmountInvalid),
        (r#"{"order_id":"o-1","amount":1,"reason":""}"#.to_owned(), Code::LimitExceeded),
        (
            format!(r#"{{"order_id":"o-1","amount":1,"reason":"r",{account}}}"#),
            Code::RefundAccountInvalid,
        ),
    ];
    for (body, code) in rows {
        let (bench, page) = Bench::paid();
        bench.refund(&page, KEYS[0], &body).refused(code);
        assert!(!bench.asked().contains(&AskKind::Cancel), "{body}: nobody is asked");
    }
}

#[test]
fn f41_a_part_and_then_the_rest_go_back_each_once() {
    let (bench, page) = Bench::paid();
    let part = r#"{"order_id":"o-1","amount":1000,"reason":"scratch"}"#;
    bench.say([Said(AskKind::Cancel, 200, toss!("partial_canceled"))]);
    let first = bench.refund(&page, KEYS[0], part);
    assert_eq!((first.http_status, first.text("/state").as_str()), (201, "done"));
    assert_eq!(bench.read(&page).text("/status"), "partially_refunded");
    let again = bench.refund(&page, KEYS[0], part);
    assert!(again.replayed && again.body == first.body, "the same key gives nothing back twice");
    let rest = r#"{"order_id":"o-1","reason":"returned"}"#;
    bench.say([Said(AskKind::Cancel, 200, toss!("canceled"))]);
    let last = bench.refund(&page, KEYS[1], rest);
    assert_eq!(last.body["amount"], 30_000);
    let read = bench.read(&page);
    assert_eq!(
        (read.text("/status").as_str(), &read.body["refunded_amount"]),
        ("refunded", &31_000.into())
    );
    assert_eq!(bench.told(), ["checkout.paid", "checkout.refunded", "checkout.refunded"]);
    bench.refund(&page, KEYS[2], part).refused(Code::RefundExceedsAvailable);
}

#[test]
fn i15_another_merchant_s_checkout_does_not_exist() {
    let (bench, page) = Bench::paid();
    let merchant = || "m_books".to_owned();
    let checkout = || page.checkout.clone();
    bench.run(Op::Read { merchant: merchant(), checkout: checkout() }).refused(Code::NotFound);
    bench.run(Op::Journal { merchant: merchant(), checkout: checkout() }).refused(Code::NotFound);
    let refund = bench.read(&page).text("/refunds/0/refund");
    let op = Op::ReadRefund { merchant: merchant(), checkout: checkout(), refund };
    bench.run(op).refused(Code::NotFound);
}

#[test]
fn i9_what_the_shop_is_told_stays_out_until_its_delivery_is_confirmed() {
    let (bench, _) = Bench::paid();
    let out = bench.shelf.payloads();
    let id = |payload: &String| -> String {
        let message: Value = serde_json::from_str(payload).unwrap();
        message["id"].as_str().unwrap().to_owned()
    };
    for payload in &out {
        bench.run(Op::NoticeDone { notice: id(payload), replays: 0 });
    }
    assert!(!out.is_empty() && bench.shelf.payloads().is_empty());
}

#[test]
fn a_notice_that_nobody_took_is_in_the_journal() {
    let (bench, page) = Bench::paid();
    let message: Value = serde_json::from_str(&bench.shelf.payloads()[0]).unwrap();
    let notice = message["id"].as_str().unwrap().to_owned();
    bench.run(Op::NoticeDead { notice: notice.clone(), replays: 0, why: "HTTP 500".to_owned() });
    assert!(bench.journal(&page).contains(&format!("{notice} HTTP 500")));
}

#[test]
fn the_journal_the_book_and_the_notices_hold_no_personal_data() {
    let bench = Bench::new();
    let page = bench.begin("toss_virtual_account");
    bench.say([
        Said(AskKind::LookUp, 200, toss!("in_progress")),
        Said(AskKind::Capture, 200, toss!("waiting_for_deposit")),
    ]);
    let status = bench.look(&page);
    assert_eq!(status.text("/deposit/account"), "X6505636518308");
    bench.say([Said(AskKind::LookUp, 200, toss!("done"))]);
    assert_eq!(bench.look(&page).text("/outcome"), "paid");
    let body = r#"{"order_id":"o-1","reason":"returned",
        "refund_account":{"bank":"88","number":"11098765432","holder":"Park Refund"}}"#;
    bench.say([Said(AskKind::Cancel, 200, toss!("canceled"))]);
    assert_eq!(bench.refund(&page, KEYS[0], body).text("/state"), "done");
    let row = bench.shelf.row(CheckoutId::parse(&page.checkout).unwrap());
    let said =
        [bench.journal(&page), bench.shelf.payloads().concat(), bench.read(&page).body.to_string()];
    for personal in ["X6505636518308", "박토스", "11098765432", "Park Refund", "54287966"] {
        assert!(said.iter().all(|text| !text.contains(personal)), "{personal}");
        assert!(!row.contains(personal), "{personal} outlives its use");
    }
}

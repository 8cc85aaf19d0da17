//! What the shop's server asks: cancel, refund, journal, expiry, and nothing of anybody else's.

use serde_json::{Value, json};

use crate::world::{Answer, BOOKS, Buyer, CAMERA, Opened, World, alone, key, together, until};

fn cancel(world: &World, opened: &Opened, key: &str) -> Answer {
    let path = format!("/v1/checkouts/{}/cancel", opened.id);
    let call = world.shop_call(opened.merchant, "POST", &path).key(key);
    call.json(&json!({ "reason": "the seller withdrew it" })).send()
}

fn refund(world: &World, opened: &Opened, key: &str, body: &Value) -> Answer {
    let path = format!("/v1/checkouts/{}/refunds", opened.id);
    world.shop_call(opened.merchant, "POST", &path).key(key).json(body).send()
}

fn part(opened: &Opened, amount: u64) -> Value {
    json!({ "order_id": opened.order, "amount": amount, "reason": "a scratch" })
}

fn paid(world: &World, method: &str, amount: u64) -> Opened {
    let opened = world.open(CAMERA, amount);
    let mut buyer = Buyer::of(world, &opened);
    buyer.pay(method, "redirect");
    buyer.until_paid();
    world.assert_paid_once(&opened);
    opened
}

fn until_refunded(world: &World, opened: &Opened, amount: u64) -> Value {
    until(&format!("{amount} of {} went back", opened.id), || {
        let view = world.read(opened);
        (view["refunded_amount"] == amount).then_some(view)
    })
}

#[test]
fn a_checkout_is_cancelled_before_any_attempt() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let once = key();
    let answer = cancel(&world, &opened, &once);
    assert_eq!((answer.code, &answer.json()["status"]), (200, &json!("cancelled")));
    let again = cancel(&world, &opened, &once);
    assert_eq!((again.code, again.header("idempotency-replayed")), (200, "true"));
    let other = cancel(&world, &opened, &key());
    assert_eq!((other.code, &other.json()["status"]), (200, &json!("cancelled")));
    let buyer = Buyer::of(&world, &opened);
    let refused = buyer.post("toss_card", "redirect");
    assert_eq!(refused.code, 409, "{}", refused.body);
    world.until_notice(&opened, "checkout.cancelled");
    world.assert_no_money(&opened);
    assert_eq!(world.read(&opened)["attempts"], json!([]));
    until("the list says so", || world.listed(&opened).filter(|row| row["status"] == "cancelled"));
}

#[test]
fn r64_f38_a_cancel_while_the_window_is_open_closes_it_at_the_provider() {
    let world = together();
    for method in ["toss_card", "kb_kb_pay"] {
        let opened = world.open(CAMERA, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.begin(method, "popup");
        let window = buyer.window();
        let answer = cancel(&world, &opened, &key());
        assert_eq!(answer.code, 200, "{}", answer.body);
        world.until_standing(&opened, "cancelled");
        if let Some(back) = buyer.press(&window, "approve") {
            assert!(matches!(buyer.come_back(&back).code, 200 | 303));
        }
        let status = buyer.look();
        assert_eq!((&status["outcome"], &status["can_retry"]), (&json!("not_paid"), &json!(false)));
        world.assert_no_money(&opened);
        assert_eq!(world.money(&opened).2, 0, "never captured");
        world.until_notice(&opened, "checkout.cancelled");
    }
}

#[test]
fn a_paid_checkout_is_not_cancelled_but_refunded() {
    let world = together();
    let opened = paid(&world, "toss_card", 31_000);
    world.until_still(&opened);
    let before = world.snapshot(&opened);
    let once = key();
    cancel(&world, &opened, &once).refused(409, "checkout_paid");
    cancel(&world, &opened, &once).refused(409, "checkout_paid");
    assert_eq!(world.snapshot(&opened), before, "I-20");
}

#[test]
fn r25_i11_an_order_is_refunded_in_parts_and_then_whole_and_never_more() {
    let world = together();
    for method in ["toss_card", "kb_kb_pay"] {
        let opened = paid(&world, method, 31_000);
        let answer = refund(&world, &opened, &key(), &part(&opened, 1_000));
        assert_eq!(answer.code, 201, "{}", answer.body);
        assert_eq!(answer.json()["amount"], 1_000);
        let view = until_refunded(&world, &opened, 1_000);
        assert_eq!(view["status"], "partially_refunded");
        assert_eq!(view["orders"][0]["refunded_amount"], 1_000);
        world.until_notice(&opened, "checkout.refunded");
        world.until_still(&opened);
        let before = world.snapshot(&opened);
        refund(&world, &opened, &key(), &part(&opened, 30_001))
            .refused(422, "refund_exceeds_available");
        assert_eq!(world.snapshot(&opened), before, "I-20");
        // Without an amount: all that is left.
        let rest = json!({ "order_id": opened.order, "reason": "returned" });
        assert_eq!(refund(&world, &opened, &key(), &rest).json()["amount"], 30_000);
        let view = until_refunded(&world, &opened, 31_000);
        assert_eq!(view["status"], "refunded");
        assert_eq!(world.money(&opened), (31_000, 31_000, 1));
        refund(&world, &opened, &key(), &rest).refused(422, "refund_exceeds_available");
        refund(&world, &opened, &key(), &part(&opened, 1)).refused(422, "refund_exceeds_available");
        let row = until("the list says so", || {
            world.listed(&opened).filter(|row| row["status"] == "refunded")
        });
        assert_eq!(row["refunded_amount"], 31_000);
    }
}

#[test]
fn i8_i12_a_refund_asked_twice_with_one_key_is_made_once() {
    let world = together();
    let opened = paid(&world, "toss_card", 31_000);
    let once = key();
    let first = refund(&world, &opened, &once, &part(&opened, 2_000));
    assert_eq!(first.code, 201, "{}", first.body);
    let again = refund(&world, &opened, &once, &part(&opened, 2_000));
    assert_eq!((again.code, again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(again.json()["refund"], first.json()["refund"]);
    refund(&world, &opened, &once, &part(&opened, 3_000)).refused(422, "idempotency_key_reused");
    until_refunded(&world, &opened, 2_000);
    // F4: a refusal is an answer too, and the same key gets it again.
    let refused = key();
    refund(&world, &opened, &refused, &part(&opened, 31_000))
        .refused(422, "refund_exceeds_available");
    refund(&world, &opened, &refused, &part(&opened, 31_000))
        .refused(422, "refund_exceeds_available");
    assert_eq!(world.money(&opened), (31_000, 2_000, 1));
    assert_eq!(world.read(&opened)["refunds"].as_array().unwrap().len(), 1);
}

#[test]
fn i11_f40_refunds_at_once_never_exceed_the_capture() {
    let world = together();
    for method in ["toss_card", "kb_kb_pay"] {
        let opened = paid(&world, method, 31_000);
        let codes: Vec<u16> = std::thread::scope(|scope| {
            let ask = || refund(&world, &opened, &key(), &part(&opened, 10_000)).code;
            let calls: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            calls.into_iter().map(|call| call.join().unwrap()).collect()
        });
        assert_eq!(codes.iter().filter(|code| **code == 201).count(), 3, "{codes:?}");
        assert_eq!(codes.iter().filter(|code| **code == 422).count(), 5, "{codes:?}");
        until_refunded(&world, &opened, 30_000);
        assert_eq!(world.money(&opened), (31_000, 30_000, 1));
    }
}

#[test]
fn a_refund_that_does_not_fit_is_refused_and_changes_nothing() {
    let world = together();
    let unpaid = world.open(CAMERA, 31_000);
    refund(&world, &unpaid, &key(), &part(&unpaid, 1)).refused(422, "refund_invalid");
    let opened = paid(&world, "toss_card", 31_000);
    world.until_still(&opened);
    let before = world.snapshot(&opened);
    for (body, code, word) in [
        (json!({"order_id": "o-other", "amount": 1, "reason": "x"}), 422, "refund_invalid"),
        (json!({"order_id": "", "amount": 1, "reason": "x"}), 400, "order_id_invalid"),
        (json!({"order_id": opened.order, "amount": 0, "reason": "x"}), 422, "amount_invalid"),
        (json!({"order_id": opened.order, "amount": -1, "reason": "x"}), 422, "amount_invalid"),
        (json!({"order_id": opened.order, "amount": "1", "reason": "x"}), 422, "amount_invalid"),
        (json!({"order_id": opened.order, "amount": 1.5, "reason": "x"}), 422, "amount_exponent"),
        (json!({"order_id": opened.order, "amount": 1}), 400, "json_schema"),
        (json!({"order_id": opened.order, "amont": 1, "reason": "x"}), 400, "json_schema"),
        (json!({"order_id": opened.order, "reason": ""}), 422, "limit_exceeded"),
        (json!([opened.order, 1, "x"]), 400, "json_schema"),
        (
            json!({"order_id": opened.order, "amount": 1, "reason": "x",
                "refund_account": {"bank": "88", "number": "12-34", "holder": "Kim"}}),
            422,
            "refund_account_invalid",
        ),
    ] {
        refund(&world, &opened, &key(), &body).refused(code, word);
    }
    assert_eq!(world.snapshot(&opened), before, "I-20");
    assert_eq!(world.money(&opened), (31_000, 0, 1));
}

#[test]
fn a_paid_virtual_account_is_refunded_to_a_named_account() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_virtual_account", "redirect");
    let window = buyer.window();
    buyer.come_back(&buyer.press(&window, "issue_account").unwrap());
    buyer.until("the account", |status| status["phase"] == "awaiting_deposit");
    world.deposit(&buyer.request_id());
    buyer.until_paid();
    let body = json!({
        "order_id": opened.order, "amount": 5_000, "reason": "late",
        "refund_account": { "bank": "88", "number": "110123456789", "holder": "김구매" },
    });
    let answer = refund(&world, &opened, &key(), &body);
    assert_eq!(answer.code, 201, "{}", answer.body);
    until_refunded(&world, &opened, 5_000);
    assert_eq!(world.money(&opened), (31_000, 5_000, 1));
    for text in [world.read(&opened).to_string(), format!("{:?}", world.journal(&opened))] {
        assert!(!text.contains("110123456789"), "an account number is nobody's to read");
    }
}

#[test]
fn f39_a_cancel_made_at_the_providers_console_is_found() {
    let world = together();
    let opened = paid(&world, "toss_card", 31_000);
    let book = world.books(&opened)[0].clone();
    let url = format!(
        "{}/toss/v1/payments/{}/cancel",
        world.psp,
        book["provider_payment_id"].as_str().unwrap()
    );
    // base64("test_sk_camera:")
    let answer = world
        .call("POST", &url)
        .header("authorization", "Basic dGVzdF9za19jYW1lcmE6")
        .json(&json!({ "cancelReason": "console", "cancelAmount": 4_000 }))
        .send();
    assert_eq!(answer.code, 200, "{}", answer.body);
    let view = until_refunded(&world, &opened, 4_000);
    assert_eq!(view["refunds"][0]["cause"], "external");
    refund(&world, &opened, &key(), &part(&opened, 27_001))
        .refused(422, "refund_exceeds_available");
    let rest = refund(&world, &opened, &key(), &part(&opened, 27_000));
    assert_eq!(rest.code, 201, "{}", rest.body);
    until_refunded(&world, &opened, 31_000);
    assert_eq!(world.money(&opened), (31_000, 31_000, 1));
}

#[test]
fn an_abandoned_checkout_expires_with_a_notice() {
    let world = alone();
    let mut body = world.order_body("sku-expiry", 31_000);
    body["expires_in_seconds"] = json!(60);
    let opened = world.open_with(CAMERA, &body);
    let mut buyer = Buyer::of(&world, &opened);
    world.clock(61_000);
    world.cron();
    world.until_standing(&opened, "expired");
    let notice = world.until_notice(&opened, "checkout.expired");
    assert_eq!(notice["data"]["status"], "expired");
    buyer.key = key();
    let refused = buyer.post("toss_card", "redirect");
    assert_eq!(refused.code, 409, "{}", refused.body);
    cancel(&world, &opened, &key()).refused(409, "checkout_closed");
    world.assert_no_money(&opened);
}

#[test]
fn a_life_outside_its_bounds_is_refused() {
    let world = together();
    for bad in [json!(59), json!(604_801), json!(0), json!(-1), json!("60"), json!(60.5)] {
        let mut body = world.order_body("sku-life", 31_000);
        body["expires_in_seconds"] = bad.clone();
        let call = world.shop_call(CAMERA, "POST", "/v1/checkouts").key(&key()).json(&body);
        let answer = call.send();
        assert_eq!(answer.problem(), (422, "timestamp_invalid".to_owned()), "{bad}");
    }
}

#[test]
fn i15_nothing_of_one_merchant_exists_for_another() {
    let world = together();
    let opened = paid(&world, "toss_card", 31_000);
    world.until_still(&opened);
    let before = world.snapshot(&opened);
    for (method, rest, body) in [
        ("GET", "", None),
        ("GET", "/journal", None),
        ("GET", "/refund-preview?order_id=o-1", None),
        ("POST", "/cancel", Some(json!({}))),
        ("POST", "/refunds", Some(part(&opened, 1))),
    ] {
        let path = format!("/v1/checkouts/{}{rest}", opened.id);
        let call = world.shop_call(BOOKS, method, &path).key(&key());
        let answer = match &body {
            Some(body) => call.json(body).send(),
            None => call.send(),
        };
        answer.refused(404, "not_found");
        // The same words as for what never was.
        let unknown = path.replace(&opened.id[9..], &"0".repeat(opened.id.len() - 9));
        let call = world.shop_call(BOOKS, method, &unknown).key(&key());
        let never = match &body {
            Some(body) => call.json(body).send(),
            None => call.send(),
        };
        assert_eq!(never.problem(), answer.problem());
    }
    let list = world.shop_call(BOOKS, "GET", "/v1/checkouts?limit=100").send().json();
    assert!(!list.to_string().contains(&opened.id));
    // Row 76: another merchant's cursor finds nothing.
    let path = format!("/v1/checkouts?cursor={}", opened.id);
    let page = world.shop_call(BOOKS, "GET", &path).send();
    assert!(matches!(page.code, 200 | 400), "{}", page.body);
    if page.code == 200 {
        assert_eq!(page.json()["checkouts"], json!([]));
    }
    assert_eq!(world.snapshot(&opened), before, "I-20");
}

//! What a refund would come to, told before it is asked for, and the same thing done: over HTTP, at the
//! sandboxed providers' own calendars.

use serde_json::{Value, json};
use shared::time::Timestamp;

use crate::world::{Answer, Buyer, CAMERA, Opened, World, alone, key, together, until};

fn preview(world: &World, opened: &Opened, query: &str) -> Answer {
    let path = format!("/v1/checkouts/{}/refund-preview?{query}", opened.id);
    world.shop_call(opened.merchant, "GET", &path).send()
}

fn refund(world: &World, opened: &Opened, body: &Value) -> Answer {
    let path = format!("/v1/checkouts/{}/refunds", opened.id);
    world.shop_call(opened.merchant, "POST", &path).key(&key()).json(body).send()
}

fn whole(opened: &Opened) -> Value {
    json!({ "order_id": opened.order, "reason": "returned" })
}

fn paid(world: &World, method: &str) -> Opened {
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(world, &opened);
    buyer.pay(method, "redirect");
    buyer.until_paid();
    opened
}

/// Milliseconds from the machine's clock to this moment.
fn until_moment(text: &str) -> i64 {
    let at: Vec<u64> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().unwrap())
        .collect();
    let civil = shared::time::Civil::new(at[0], at[1], at[2], at[3], at[4], at[5]).unwrap();
    let at = Timestamp::from_civil_seoul(civil).as_millis() as i64 + 9 * 3_600_000;
    at - std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as i64
}

#[test]
fn r66_a_phone_bill_is_cancelled_until_its_month_is_over_in_seoul_and_not_after() {
    let world = alone();
    let (early, late) = (paid(&world, "toss_phone"), paid(&world, "toss_phone"));
    let shown = preview(&world, &late, &format!("order_id={}", late.order)).json();
    assert_eq!((&shown["code"], &shown["plan"]["way"]), (&Value::Null, &json!("cancel")));
    assert_eq!((&shown["plan"]["sure"], &shown["plan"]["partial"]), (&json!(true), &json!(false)));
    let closes_at = shown["closes_at"].as_str().unwrap().to_owned();
    assert!(closes_at.ends_with("T15:00:00.000Z"), "midnight in Seoul: {closes_at}");
    let part = preview(&world, &late, &format!("order_id={}&amount=1000", late.order)).json();
    assert_eq!(part["code"], "refund_part_unsupported");
    // A minute before, the provider's own calendar takes it.
    world.clock(until_moment(&closes_at) - 60_000);
    assert_eq!(refund(&world, &early, &whole(&early)).code, 201);
    until("the bill is cancelled", || {
        (world.read(&early)["refunds"][0]["state"] == "done").then_some(())
    });
    world.clock(until_moment(&closes_at) + 1_000);
    world.until_still(&late);
    let before = world.snapshot(&late);
    let shown = preview(&world, &late, &format!("order_id={}", late.order)).json();
    assert_eq!((&shown["code"], &shown["plan"]), (&json!("refund_window_closed"), &Value::Null));
    assert_eq!(shown["closes_at"], closes_at.as_str());
    refund(&world, &late, &whole(&late)).refused(422, "refund_window_closed");
    assert_eq!(world.snapshot(&late), before, "I-20");
    assert_eq!(world.money(&late), (31_000, 0, 1));
}

#[test]
fn r62_i20_a_deposit_goes_back_to_a_well_formed_account_or_not_at_all() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_virtual_account", "redirect");
    let window = buyer.window();
    buyer.come_back(&buyer.press(&window, "issue_account").unwrap());
    buyer.until("the account", |status| status["phase"] == "awaiting_deposit");
    world.deposit(&buyer.request_id());
    buyer.until_paid();
    world.until_still(&opened);
    let shown = preview(&world, &opened, &format!("order_id={}", opened.order)).json();
    assert_eq!(shown["plan"]["needs_account"], true);
    assert_eq!(shown["plan"]["business_days"], 2);
    let before = world.snapshot(&opened);
    for account in [
        Value::Null,
        json!({ "bank": "88", "number": "110-123-456789", "holder": "김구매" }),
        json!({ "bank": "88", "number": "110123456789", "holder": "" }),
        json!({ "bank": "88", "number": "1".repeat(21), "holder": "김구매" }),
    ] {
        let mut body = whole(&opened);
        body["refund_account"] = account;
        refund(&world, &opened, &body).refused(422, "refund_account_invalid");
    }
    assert_eq!(world.snapshot(&opened), before, "I-20");
    assert_eq!(world.money(&opened), (31_000, 0, 1));
}

#[test]
fn f40_a_preview_is_what_the_refund_comes_to_and_bad_questions_have_their_codes() {
    let world = together();
    let opened = paid(&world, "toss_card");
    world.until_still(&opened);
    let before = world.snapshot(&opened);
    let order = format!("order_id={}", opened.order);
    for (query, code, word) in [
        (String::new(), 400, "order_id_invalid"),
        ("order_id=".to_owned(), 400, "order_id_invalid"),
        ("order_id=o-other".to_owned(), 422, "refund_invalid"),
        (format!("{order}&{order}"), 400, "parameter_duplicated"),
        (format!("{order}&amount=0"), 422, "amount_invalid"),
        (format!("{order}&amount=-1"), 422, "amount_invalid"),
        (format!("{order}&amount=1e3"), 422, "amount_invalid"),
        (format!("{order}&amount=9007199254740993"), 422, "amount_out_of_range"),
    ] {
        preview(&world, &opened, &query).refused(code, word);
    }
    let over = preview(&world, &opened, &format!("{order}&amount=31001")).json();
    assert_eq!((&over["code"], &over["plan"]), (&json!("refund_exceeds_available"), &Value::Null));
    let shown = preview(&world, &opened, &format!("{order}&amount=1000")).json();
    assert_eq!(world.snapshot(&opened), before, "asking changes nothing");
    let mut body = whole(&opened);
    body["amount"] = shown["plan"]["amount"].clone();
    assert_eq!(refund(&world, &opened, &body).json()["amount"], shown["plan"]["amount"]);
    let rest = preview(&world, &opened, &order).json();
    assert_eq!((&rest["available"], &rest["plan"]["amount"]), (&json!(30_000), &json!(30_000)));
}

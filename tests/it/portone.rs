//! PortOne V2: captured in its window, told of by signed webhooks, and no call that closes a window.

use serde_json::{Value, json};
use tests::sandbox::cipher;

use crate::world::buyer::block;
use crate::world::{Alone, Answer, BOOKS, Buyer, Opened, World, alone, key, together, until};

const WEBHOOK_KEY: &[u8] = b"books-portone-webhook-secret-32b";
const MINUTE: i64 = 60_000;

fn hook(world: &World, body: &str, signed_with: &[u8]) -> Answer {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs().to_string();
    let id = format!("msg_{}", key());
    let signature = cipher::mac_base64(signed_with, format!("{id}.{now}.{body}").as_bytes());
    world
        .edge("POST", "/v1/webhooks/portone")
        .header("webhook-id", &id)
        .header("webhook-timestamp", &now)
        .header("webhook-signature", &format!("v1,{signature}"))
        .body("application/json", body.to_owned())
        .send()
}

fn event(request_id: &str, store: &str) -> String {
    json!({
        "type": "Transaction.Paid", "timestamp": "2026-11-21T12:00:00.000Z",
        "data": { "storeId": store, "paymentId": request_id, "transactionId": "somebody-elses" },
    })
    .to_string()
}

fn refund(world: &World, opened: &Opened, body: &Value) -> Answer {
    let path = format!("/v1/checkouts/{}/refunds", opened.id);
    world.shop_call(BOOKS, "POST", &path).key(&key()).json(body).send()
}

fn until_given_back(world: &World, opened: &Opened) -> Value {
    until("the money is back", || {
        let view = world.read(opened);
        (view["refunds"][0]["state"] == "done").then_some(view)
    })
}

#[test]
fn r18_r49_i1_i2_i3_portone_is_paid_once_by_redirect_and_the_shop_is_told() {
    let world = together();
    let opened = world.open(BOOKS, 18_000);
    let mut buyer = Buyer::of(&world, &opened);
    let back = buyer.pay("portone_transfer", "redirect");
    assert_eq!(back.code, 303, "{}", back.body);
    let home = format!("{}/return.html?hanbeon={}", world.shop_origin, opened.id);
    assert_eq!(back.header("location"), home);
    buyer.until_paid();
    let view = world.assert_paid_once(&opened);
    assert_eq!(view["payment"]["provider"], "portone_v2");
    let book = &world.books(&opened)[0];
    assert_eq!(view["payment"]["provider_payment_id"], book["provider_payment_id"]);
    assert_eq!((&book["merchant"], &book["status"]), (&json!("store-books"), &json!("PAID")));
    let told = until("the event is acknowledged", || {
        let all = world.deliveries(&buyer.request_id());
        all.into_iter().find(|one| one["state"] == "accepted")
    });
    assert_eq!((&told["topic"], &told["tries"]), (&json!("Transaction.Paid"), &json!(1)));
    // The amount was announced before the window could open, under a quoted key.
    let path = format!("/portone/payments/{}/pre-register", buyer.request_id());
    let announced =
        world.heard(0).into_iter().find(|entry| entry["path"] == path.as_str()).unwrap();
    let name = format!("\"prepare-{}\"", buyer.request_id());
    assert_eq!(announced["idempotency_key"], name.as_str());
    assert!(announced["request"].as_str().unwrap().contains("18000"), "{announced}");
}

#[test]
fn i1_r21_each_means_is_paid_once_in_a_popup_and_no_frame_is_offered() {
    let world = together();
    for means in ["transfer", "phone", "easy_pay"] {
        let opened = world.open(BOOKS, 18_000);
        let mut buyer = Buyer::of(&world, &opened);
        let method = format!("portone_{means}");
        let framed = buyer.post(&method, "iframe");
        assert_eq!(framed.problem().1, "presentation_unavailable");
        let back = buyer.pay(&method, "popup");
        assert_eq!(back.code, 200, "{}", back.body);
        assert_eq!(block(&back.body)["target"], world.shop_origin.as_str());
        buyer.until_paid();
        world.assert_paid_once(&opened);
    }
}

#[test]
fn i2_f9_a_window_opened_with_another_amount_is_refused_by_the_announced_one() {
    let world = together();
    let opened = world.open(BOOKS, 18_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("portone_transfer", "redirect");
    let page = world.call("GET", &buyer.url).send();
    let policy = page.header("content-security-policy").to_owned();
    let psp = world.psp.replace("127.0.0.1", "psp.localhost");
    assert!(policy.contains(&format!("script-src 'self' {psp};")), "{policy}");
    assert!(
        page.body.contains("/portone/v2/browser-sdk.js")
            && page.body.contains("/window/portone.js")
    );
    let data: Value = serde_json::from_str(block(&page.body)["data"].as_str().unwrap()).unwrap();
    let open = |amount: &str| {
        let query = format!(
            "storeId=store-books&channelKey=channel-key-books&paymentId={}&orderName=a&currency=KRW\
             &payMethod=CARD&redirectUrl={}&totalAmount={amount}",
            buyer.request_id(),
            data["redirectUrl"].as_str().unwrap(),
        );
        world.call("GET", &format!("{}/portone/window?{query}", world.psp)).send().code
    };
    assert_eq!((open("100"), open("18000")), (400, 200));
}

#[test]
fn r33_r37_f28_the_webhook_before_the_return_pays_once() {
    let world = together();
    let opened = world.open(BOOKS, 18_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("portone_transfer", "redirect");
    let window = buyer.window();
    let back = buyer.press(&window, "approve").unwrap();
    // The browser has not come back: the signed event alone settles it.
    world.until_standing(&opened, "paid");
    world.assert_paid_once(&opened);
    assert_eq!(buyer.come_back(&back).code, 303);
    buyer.until_paid();
    world.assert_paid_once(&opened);
}

#[test]
fn rows_96_98_106_f31_i18_a_forged_webhook_is_refused_and_a_signed_lie_only_makes_us_look() {
    let world = together();
    let opened = world.open(BOOKS, 18_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("portone_transfer", "popup");
    let _window = buyer.window();
    let before = world.snapshot(&opened);
    let body = event(&buyer.request_id(), "store-books");
    hook(&world, &body, b"another-secret-of-32-bytes-here!")
        .refused(401, "webhook_signature_invalid");
    let foreign = event(&buyer.request_id(), "store-of-another");
    hook(&world, &foreign, WEBHOOK_KEY).refused(401, "webhook_signature_invalid");
    let bare = world.edge("POST", "/v1/webhooks/portone").body("application/json", body.clone());
    bare.send().refused(401, "webhook_signature_missing");
    let stale = world
        .edge("POST", "/v1/webhooks/portone")
        .header("webhook-id", "msg_old")
        .header("webhook-timestamp", "1614265330")
        .header("webhook-signature", "v1,AAAA");
    stale.body("application/json", body.clone()).send().refused(401, "webhook_timestamp");
    assert_eq!(world.snapshot(&opened), before, "I-20");
    let answer = hook(&world, &body, WEBHOOK_KEY);
    assert_eq!((answer.code, answer.body.as_str()), (200, "OK"));
    let status = buyer.look();
    assert_eq!((&status["outcome"], &status["phase"]), (&json!("checking"), &json!("presented")));
    assert_eq!(world.money(&opened), (0, 0, 0));
}

#[test]
fn r20_r21_a_declined_or_left_window_may_be_followed_by_another_method() {
    let world = together();
    for press in ["decline", "cancel"] {
        let opened = world.open(BOOKS, 18_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.begin("portone_transfer", "redirect");
        let window = buyer.window();
        let back = buyer.press(&window, press).unwrap();
        assert!(back.url.contains("code="), "{}", back.url);
        assert_eq!(buyer.come_back(&back).code, 303);
        let status = buyer.until_declined();
        assert_eq!(status["outcome"], "not_paid");
        world.assert_no_money(&opened);
        buyer.pay("toss_books_card", "redirect");
        buyer.until_paid();
        world.assert_paid_once(&opened);
    }
}

#[test]
fn r22_f43_a_left_window_paid_later_gives_its_money_back_and_the_other_payment_stays() {
    let world = together();
    let opened = world.open(BOOKS, 18_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("portone_transfer", "popup");
    let window = buyer.window();
    buyer.abandon();
    let status = buyer.until_declined();
    assert_eq!(status["decline"]["code"], "buyer_cancelled");
    buyer.pay("toss_books_card", "popup");
    buyer.until_paid();
    // Nothing closed the first window, and the buyer approves there after all.
    buyer.press(&window, "approve");
    let view = until_given_back(&world, &opened);
    assert_eq!(view["refunds"][0]["cause"], "reversal");
    assert_eq!(view["cases"][0]["code"], "late_capture");
    assert_eq!((&view["status"], &view["refunded_amount"]), (&json!("paid"), &json!(0)));
    assert_eq!(world.money(&opened), (36_000, 18_000, 2), "I-3");
}

/// A left window of the first attempt is paid when no event tells of it.
fn paid_unseen(world: &Alone, opened: &Opened) {
    let mut buyer = Buyer::of(world, opened);
    buyer.begin("portone_transfer", "popup");
    let window = buyer.window();
    buyer.abandon();
    buyer.until_declined();
    world.faults("portone_v2", &json!({ "webhook": "lost" }));
    buyer.press(&window, "approve");
}

#[test]
fn r22_f29_f43_a_left_window_paid_without_any_word_is_found_by_the_watch() {
    let world = alone();
    let opened = world.open(BOOKS, 18_000);
    paid_unseen(&world, &opened);
    world.clock(11 * MINUTE);
    world.cron();
    let view = until_given_back(&world, &opened);
    assert_eq!(view["cases"][0]["code"], "late_capture");
    assert_eq!(world.money(&opened), (18_000, 18_000, 1), "I-3");
}

#[test]
fn i13_a_payment_that_the_pg_still_thinks_about_is_never_let_go() {
    let world = alone();
    let opened = world.open(BOOKS, 18_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("portone_transfer", "redirect");
    let window = buyer.window();
    let back = buyer.press(&window, "delay").unwrap();
    buyer.come_back(&back);
    let status = buyer.abandon();
    assert_eq!((&status["outcome"], &status["can_retry"]), (&json!("checking"), &json!(false)));
    world.clock(MINUTE);
    world.cron();
    buyer.until_paid();
    world.assert_paid_once(&opened);
}

#[test]
fn r35_r62_a_virtual_account_is_paid_by_its_later_deposit_and_refunded_to_an_account() {
    let world = together();
    let opened = world.open(BOOKS, 18_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("portone_virtual_account", "redirect");
    let window = buyer.window();
    buyer.come_back(&buyer.press(&window, "issue_account").unwrap());
    let status = buyer.until("the account", |status| status["phase"] == "awaiting_deposit");
    for name in ["bank", "account", "holder", "until"] {
        assert!(!status["deposit"][name].as_str().unwrap().is_empty(), "{status}");
    }
    world.until_notice(&opened, "checkout.deposit_issued");
    assert_eq!(world.money(&opened), (0, 0, 0));
    world.deposit(&buyer.request_id());
    world.until_standing(&opened, "paid");
    world.assert_paid_once(&opened);
    let body = json!({
        "order_id": opened.order, "amount": 8_000, "reason": "a scratch",
        "refund_account": { "bank": "KOOKMIN", "number": "12345678901234", "holder": "김테스트" },
    });
    let answer = refund(&world, &opened, &body);
    assert_eq!(answer.code, 201, "{}", answer.body);
    until_given_back(&world, &opened);
    assert_eq!(world.money(&opened), (18_000, 8_000, 1));
}

#[test]
fn an_unpaid_account_is_closed_at_portone_before_another_method_is_offered() {
    let world = together();
    let opened = world.open(BOOKS, 18_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("portone_virtual_account", "redirect");
    let window = buyer.window();
    buyer.come_back(&buyer.press(&window, "issue_account").unwrap());
    buyer.until("the account", |status| status["phase"] == "awaiting_deposit");
    buyer.abandon();
    buyer.until_declined();
    let book = &world.books(&opened)[0];
    assert_eq!((&book["status"], &book["captured"]), (&json!("CANCELLED"), &json!(0)));
    buyer.pay("toss_books_card", "redirect");
    buyer.until_paid();
    world.assert_paid_once(&opened);
}

#[test]
fn r49_f16_an_announcement_that_fails_is_repeated_under_the_same_key() {
    let world = alone();
    world.faults("portone_v2", &json!({ "errors_5xx": 1 }));
    let opened = world.open(BOOKS, 18_000);
    let mut buyer = Buyer::of(&world, &opened);
    let begun = buyer.begin("portone_transfer", "redirect");
    if begun["presentation"].is_null() {
        // No window is shown before the amount is announced.
        assert_eq!(begun["status"]["phase"], "preparing");
        buyer.until("the window", |status| status["phase"] == "presented");
        let again = buyer.post("portone_transfer", "redirect").json();
        again["presentation"]["url"].as_str().unwrap().clone_into(&mut buyer.url);
    }
    let window = buyer.window();
    buyer.come_back(&buyer.press(&window, "approve").unwrap());
    buyer.until_paid();
    world.assert_paid_once(&opened);
    let path = format!("/portone/payments/{}/pre-register", buyer.request_id());
    let keys: Vec<Value> = world
        .heard(0)
        .into_iter()
        .filter(|entry| entry["path"] == path.as_str())
        .map(|entry| entry["idempotency_key"].clone())
        .collect();
    assert!(keys.len() == 2 && keys[0] == keys[1], "I-12: {keys:?}");
}

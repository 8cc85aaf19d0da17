//! Unicro: buyers who join first, items that are registered, money that is kept, callbacks that anybody
//! could have sent.

use serde_json::{Value, json};

use crate::world::{Answer, Buyer, CAMERA, Opened, World, alone, key, together, until};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The buyer joins in the popup and closes it; afterwards the same address shows the page that pays.
fn join(buyer: &Buyer<'_>) {
    assert!(buyer.page().contains("/unicro/user/agreement\""), "the joining comes first");
    buyer.window();
    assert!(buyer.page().contains("/unicro/trades/web\""));
}

fn begin<'a>(world: &'a World, opened: &Opened, method: &str) -> Buyer<'a> {
    let mut buyer = Buyer::of(world, opened);
    buyer.begin(method, "popup");
    join(&buyer);
    buyer
}

/// To the payment, told by callback alone: the popup has no way back.
fn paid<'a>(world: &'a World, opened: &Opened) -> Buyer<'a> {
    let buyer = begin(world, opened, "unicro_card");
    let window = buyer.window();
    assert!(buyer.press(&window, "approve").is_none());
    buyer.until_paid();
    buyer
}

/// A checkout of a buyer who has one already.
fn open_again(world: &World, before: &Opened, amount: u64) -> Opened {
    let mut body = world.order_body("sku-again", amount);
    body["buyer"]["id"] = json!(before.buyer);
    world.open_with(CAMERA, &body)
}

fn refund(world: &World, opened: &Opened, amount: Option<u64>) -> Answer {
    let mut body = json!({ "order_id": opened.order, "reason": "구매자 변심" });
    if let Some(amount) = amount {
        body["amount"] = json!(amount);
    }
    let path = format!("/v1/checkouts/{}/refunds", opened.id);
    world.shop_call(CAMERA, "POST", &path).key(&key()).json(&body).send()
}

fn until_given_back(world: &World, opened: &Opened) -> Value {
    until("the money is back", || {
        let view = world.read(opened);
        (view["refunds"][0]["state"] == "done").then_some(view)
    })
}

/// Calls that Unicro's API heard about the members and trades of this run, oldest first.
fn calls(world: &World, after: u64) -> Vec<String> {
    let heard = world.heard(after).into_iter();
    let paths = heard.map(|entry| entry["path"].as_str().unwrap().to_owned());
    paths.filter(|path| path.starts_with("/unicro/api/")).collect()
}

fn callback(world: &World, body: &str) -> Answer {
    let form = "application/x-www-form-urlencoded";
    world.edge("POST", "/v1/webhooks/unicro").body(form, body.to_owned()).send()
}

fn journal(world: &World, opened: &Opened) -> String {
    json!(world.journal(opened)).to_string()
}

#[test]
fn r1_r49_i1_i2_i3_a_buyer_joins_and_pays_once_in_the_popup_and_the_shop_is_told() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    let buyer = paid(&world, &opened);
    let view = world.assert_paid_once(&opened);
    assert_eq!(view["payment"]["provider"], "unicro");
    let book = &world.books(&opened)[0];
    assert_eq!(view["payment"]["provider_payment_id"], book["provider_payment_id"]);
    assert_eq!(
        (&book["merchant"], &book["status"]),
        (&json!("danggeun01"), &json!("PAY_APPROVED"))
    );
    let told = until("7.2 is acknowledged", || {
        let all = world.deliveries(&buyer.request_id());
        all.into_iter().find(|one| one["topic"] == "7.2" && one["state"] == "accepted")
    });
    assert_eq!(told["tries"], 1);
    // Member, seller's token, item, buyer's token; then by number, then with the amount.
    let calls = calls(&world, 0);
    let order = ["/status", "/auth", "/items", "/auth", "/trades/partner/", "/seller/trades/"];
    let mut from = 0;
    for part in order {
        let at = calls[from..].iter().position(|path| path.contains(part));
        from += at.unwrap_or_else(|| panic!("{part} after {from} in {calls:?}")) + 1;
    }
    let journal = journal(&world, &opened);
    assert!(journal.contains("standing PAY_APPROVED"), "{journal}");
    for secret in ["eyJ", "$2a$"] {
        assert!(!journal.contains(secret), "{secret} is a secret: {journal}");
    }
}

#[test]
fn a_member_is_shown_the_paying_page_at_once_and_is_known_in_every_checkout() {
    let world = together();
    let first = world.open(CAMERA, 31_000);
    paid(&world, &first);
    for _ in 0..3 {
        let opened = open_again(&world, &first, 12_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.begin("unicro_transfer", "popup");
        let window = buyer.window();
        assert!(buyer.page().contains("/unicro/trades/web\""));
        buyer.press(&window, "approve");
        buyer.until_paid();
        world.assert_paid_once(&opened);
    }
}

#[test]
fn r10_r21_only_a_popup_is_offered_and_amounts_outside_the_limits_are_refused_before_any_call() {
    let world = alone();
    let before = world.heard(0).last().map_or(0, |entry| entry["n"].as_u64().unwrap());
    let rows = [
        (31_000, "unicro_card", "iframe", "presentation_unavailable"),
        (31_000, "unicro_card", "redirect", "presentation_unavailable"),
        (2_999, "unicro_card", "popup", "method_unavailable"),
        (5_000_001, "unicro_card", "popup", "method_unavailable"),
        (1_000_001, "unicro_transfer", "popup", "method_unavailable"),
        (5_000_001, "unicro_virtual_account", "popup", "method_unavailable"),
    ];
    for (amount, method, presentation, code) in rows {
        let opened = world.open(CAMERA, amount);
        let refused = Buyer::of(&world, &opened).post(method, presentation);
        assert_eq!(refused.problem().1, code, "{amount} {method} {presentation}");
    }
    assert_eq!(calls(&world, before), Vec::<String>::new());
}

#[test]
fn i18_f31_an_unsigned_callback_is_acknowledged_and_only_makes_us_look() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let buyer = begin(&world, &opened, "unicro_card");
    let request = buyer.request_id();
    let lie = format!("partnerTradeNo={request}&unicroTradeNo=99&payway=CARD&buyAmt=31000");
    for _ in 0..3 {
        let answer = callback(&world, &lie);
        assert_eq!(answer.code, 200, "{}", answer.body);
        assert_eq!(answer.json()["result"], "SUCCESS");
    }
    let status = buyer.look();
    assert_eq!((&status["outcome"], &status["phase"]), (&json!("checking"), &json!("presented")));
    assert_eq!(world.money(&opened), (0, 0, 0));
    // The same as JSON, and what speaks of nothing that is ours.
    world.until_still(&opened);
    let before = world.snapshot(&opened);
    for body in [
        r#"{"partnerTradeNo":"hb-g1s00-ffffffffffffffffffffffffffffffff","buyAmt":1}"#,
        r#"{"partnerTradeNo":7,"unicroTradeNo":null}"#,
        r#"{"unicroUserKey":"$2a$10$x","partnerUserId":"0123456789abcdef"}"#,
        r#"{"unicroUserKey":"$2a$10$x","partnerUserId":"somebody-else"}"#,
        "{}",
        "{",
    ] {
        let call = world.edge("POST", "/v1/webhooks/unicro");
        let answer = call.body("application/json", body.to_owned()).send();
        assert_eq!(
            (answer.code, answer.json()["result"].as_str()),
            (200, Some("SUCCESS")),
            "{body}"
        );
    }
    assert_eq!(world.snapshot(&opened), before, "I-20");
}

#[test]
fn f31_a_stranger_s_key_lets_nobody_in_and_the_buyer_s_own_joins_after_it() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("unicro_card", "popup");
    // The one id that was asked for; only this buyer's browser and Unicro know it.
    let form = buyer.page();
    let (_, rest) = form.split_once("name=\"partnerUserId\" value=\"").unwrap();
    let user = rest.split('"').next().unwrap();
    assert_eq!(user.len(), 16);
    callback(&world, &format!("unicroUserKey=%242a%2410%24stranger&partnerUserId={user}"));
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    buyer.look();
    assert!(buyer.page().contains("/unicro/user/agreement\""), "it got no token");
    join(&buyer);
    let window = buyer.window();
    buyer.press(&window, "approve");
    buyer.until_paid();
    world.assert_paid_once(&opened);
}

#[test]
fn r33_f29_without_any_callback_the_look_of_the_closed_popup_finds_the_money() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    let buyer = begin(&world, &opened, "unicro_card");
    world.faults("unicro", &json!({ "webhook": "lost", "answer_lost_after_capture": true }));
    let window = buyer.window();
    buyer.press(&window, "approve");
    until("the look finds it", || (buyer.look()["outcome"] == "paid").then_some(()));
    world.assert_paid_once(&opened);
}

#[test]
fn f22_a_cheaper_item_under_this_trade_s_number_goes_back() {
    let world = together();
    let dear = world.open(CAMERA, 31_000);
    let buyer = begin(&world, &dear, "unicro_card");
    let mut window = buyer.window();
    // Another item of the same seller: once cheaper, once of the very same price.
    for price in [3_000, 31_000] {
        let cheap = open_again(&world, &dear, price);
        let mut other = Buyer::of(&world, &cheap);
        other.begin("unicro_card", "popup");
        let item = other.window().field("unicroItemNo");
        if price == 31_000 {
            let again = open_again(&world, &dear, 31_000);
            let mut again_buyer = Buyer::of(&world, &again);
            again_buyer.begin("unicro_card", "popup");
            window = again_buyer.window();
            window.set("unicroItemNo", &item);
            again_buyer.press(&window, "approve");
            until_given_back(&world, &again);
            world.assert_no_money(&again);
        } else {
            window.set("unicroItemNo", &item);
            buyer.press(&window, "approve");
            let view = until_given_back(&world, &dear);
            assert_eq!(view["cases"][0]["code"], "amount_mismatch");
            world.assert_no_money(&dear);
        }
    }
}

#[test]
fn r20_r21_a_declined_or_left_popup_may_be_followed_by_another_method() {
    let world = together();
    for press in ["decline", "cancel"] {
        let opened = world.open(CAMERA, 31_000);
        let mut buyer = begin(&world, &opened, "unicro_card");
        let window = buyer.window();
        buyer.press(&window, press);
        buyer.abandon();
        buyer.until_declined();
        world.assert_no_money(&opened);
        buyer.pay("toss_card", "redirect");
        buyer.until_paid();
        world.assert_paid_once(&opened);
    }
}

#[test]
fn r22_f43_a_left_popup_paid_later_gives_its_money_back_and_the_other_payment_stays() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = begin(&world, &opened, "unicro_card");
    let window = buyer.window();
    buyer.abandon();
    buyer.until_declined();
    buyer.pay("toss_card", "popup");
    buyer.until_paid();
    buyer.press(&window, "approve");
    let view = until_given_back(&world, &opened);
    assert_eq!(view["cases"][0]["code"], "late_capture");
    assert_eq!((&view["status"], &view["refunded_amount"]), (&json!("paid"), &json!(0)));
    assert_eq!(world.money(&opened), (62_000, 31_000, 2), "I-3");
}

#[test]
fn a_buyer_who_does_not_join_chooses_another_method() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("unicro_card", "popup");
    buyer.press(&buyer.shown_window(), "cancel");
    buyer.abandon();
    buyer.until_declined();
    buyer.pay("toss_card", "redirect");
    buyer.until_paid();
    world.assert_paid_once(&opened);
}

#[test]
fn r35_a_virtual_account_is_paid_by_a_deposit_after_every_token_has_ended() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    let buyer = begin(&world, &opened, "unicro_virtual_account");
    let window = buyer.window();
    buyer.press(&window, "issue_account");
    let status = buyer.until("the account", |status| status["phase"] == "awaiting_deposit");
    for name in ["bank", "account", "holder", "until"] {
        assert!(!status["deposit"][name].as_str().unwrap().is_empty(), "{status}");
    }
    world.until_notice(&opened, "checkout.deposit_issued");
    assert_eq!(world.money(&opened), (0, 0, 0));
    world.clock(5 * HOUR);
    world.deposit(&buyer.request_id());
    world.until_standing(&opened, "paid");
    world.assert_paid_once(&opened);
}

#[test]
fn an_unpaid_account_is_cancelled_at_unicro_before_another_method_is_offered() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = begin(&world, &opened, "unicro_virtual_account");
    let window = buyer.window();
    buyer.press(&window, "issue_account");
    buyer.until("the account", |status| status["phase"] == "awaiting_deposit");
    buyer.abandon();
    buyer.until_declined();
    let book = &world.books(&opened)[0];
    assert_eq!((&book["status"], &book["captured"]), (&json!("CANCEL_DONE_BUYER"), &json!(0)));
    buyer.pay("toss_card", "redirect");
    buyer.until_paid();
    world.assert_paid_once(&opened);
}

#[test]
fn an_account_that_nobody_pays_into_ends_after_a_day() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = begin(&world, &opened, "unicro_virtual_account");
    let window = buyer.window();
    buyer.press(&window, "issue_account");
    buyer.until("the account", |status| status["phase"] == "awaiting_deposit");
    world.clock(25 * HOUR);
    world.cron();
    until("it is over", || {
        let view = world.read(&opened);
        ["open", "expired"].contains(&view["status"].as_str().unwrap()).then_some(())
    });
    world.assert_no_money(&opened);
    buyer.token.clear();
}

#[test]
fn f39_i11_money_goes_back_as_a_whole_once_or_not_at_all() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    paid(&world, &opened);
    let (status, code) = refund(&world, &opened, Some(1_000)).problem();
    assert_eq!((status, code.as_str()), (422, "refund_part_unsupported"), "no part of it");
    let answer = refund(&world, &opened, None);
    assert_eq!(answer.code, 201, "{}", answer.body);
    let view = until_given_back(&world, &opened);
    assert_eq!(view["refunded_amount"], 31_000);
    assert_eq!(world.books(&opened)[0]["status"], "CANCEL_DONE_SELLER");
    assert_eq!(world.money(&opened), (31_000, 31_000, 1));
}

#[test]
fn f41_i12_a_refund_whose_answer_is_lost_is_found_by_the_look() {
    let world = alone();
    for remains in ["dropped", "html"] {
        let opened = world.open(CAMERA, 31_000);
        paid(&world, &opened);
        let faults = json!({ "answer_lost_after_refund": true, "answer_lost_as": remains });
        world.faults("unicro", &faults);
        refund(&world, &opened, None);
        let view = until_given_back(&world, &opened);
        assert_eq!(view["refunds"].as_array().unwrap().len(), 1);
        assert_eq!(world.money(&opened), (31_000, 31_000, 1));
        world.faults("unicro", &json!({}));
    }
}

#[test]
fn f44_a_refund_after_shipping_is_refused_and_calls_a_person() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let buyer = paid(&world, &opened);
    world.happen(&buyer.request_id(), "ship");
    refund(&world, &opened, None);
    let view = until("it is refused", || {
        let view = world.read(&opened);
        (view["refunds"][0]["state"] == "refused").then_some(view)
    });
    assert_eq!(view["status"], "paid");
    assert_eq!(view["cases"][0]["code"], "refund_refused");
    assert_eq!(world.money(&opened), (31_000, 0, 1));
}

#[test]
fn r1_a_buyer_s_request_for_a_cancel_is_consented_to_by_the_shop_s_refund() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let buyer = paid(&world, &opened);
    world.happen(&buyer.request_id(), "buyer_cancel");
    refund(&world, &opened, None);
    until_given_back(&world, &opened);
    assert_eq!(world.books(&opened)[0]["status"], "CANCEL_DONE_BUYER");
}

#[test]
fn r36_f39_a_cancel_by_unicro_s_people_reaches_the_books_with_and_without_its_callback() {
    let world = alone();
    for webhook in ["normal", "lost"] {
        world.clock(0);
        let opened = world.open(CAMERA, 31_000);
        let buyer = paid(&world, &opened);
        world.assert_paid_once(&opened);
        world.faults("unicro", &json!({ "webhook": webhook }));
        world.happen(&buyer.request_id(), "admin_cancel");
        if webhook == "lost" {
            world.clock(DAY + HOUR);
            world.cron();
        }
        let view = until_given_back(&world, &opened);
        assert_eq!(view["refunds"][0]["cause"], "external");
        assert_eq!(
            (&view["status"], &view["refunded_amount"]),
            (&json!("refunded"), &json!(31_000))
        );
        world.until_notice(&opened, "checkout.refunded");
        world.faults("unicro", &json!({}));
    }
}

#[test]
fn r1_r22_every_state_between_paid_and_settled_is_kept_in_the_journal() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    let buyer = paid(&world, &opened);
    let mut day = 0;
    for (act, words) in [
        ("ship", ["standing DELIVERY_ING", "standing 32"]),
        ("confirm", ["standing PAY_DONE", "standing 33"]),
    ] {
        world.happen(&buyer.request_id(), act);
        day += 1;
        world.clock(day * (DAY + HOUR));
        world.cron();
        until(&format!("{act} is in the journal"), || {
            let journal = journal(&world, &opened);
            words.iter().any(|word| journal.contains(word)).then_some(())
        });
    }
    let view = world.read(&opened);
    assert_eq!((&view["status"], &view["cases"]), (&json!("paid"), &json!([])));
}

#[test]
fn r49_f16_steps_that_fail_are_taken_again_and_what_was_learnt_stays() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    world.faults("unicro", &json!({ "errors_5xx": 1 }));
    let begun = buyer.begin("unicro_card", "popup");
    assert!(begun["presentation"].is_null(), "no window before the first step: {begun}");
    buyer.until("the window", |status| status["phase"] == "presented");
    let again = buyer.post("unicro_card", "popup").json();
    again["presentation"]["url"].as_str().unwrap().clone_into(&mut buyer.url);
    let before = world.heard(0).last().map_or(0, |entry| entry["n"].as_u64().unwrap());
    world.faults("unicro", &json!({ "errors_5xx": 2 }));
    join(&buyer);
    let items = calls(&world, before);
    let registered = items.iter().filter(|path| path.ends_with("/items")).count();
    assert!((1..=2).contains(&registered), "{items:?}");
    let asked_again = items.iter().filter(|path| path.ends_with("/status")).count();
    assert_eq!(asked_again, 0, "the member's state was learnt before");
    let window = buyer.window();
    buyer.press(&window, "approve");
    buyer.until_paid();
    world.assert_paid_once(&opened);
}

//! Payments from the shop's call to its notice.

use serde_json::{Value, json};

use crate::world::buyer::block;
use crate::world::{BOOKS, Buyer, CAMERA, Merchant, alone, together, until};

#[test]
fn r18_r49_i1_i2_i3_toss_is_paid_once_by_redirect_and_the_shop_is_told() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    let back = buyer.pay("toss_card", "redirect");
    assert_eq!(back.code, 303, "{}", back.body);
    let home = format!("{}/return.html?hanbeon={}", world.shop_origin, opened.id);
    assert_eq!(back.header("location"), home);
    assert_eq!(back.header("referrer-policy"), "no-referrer", "row 94");
    let status = buyer.until_paid();
    assert_eq!(status["poll_after_ms"], 0, "nothing changes any more");
    let view = world.assert_paid_once(&opened);
    assert_eq!(view["payment"]["provider"], "tosspayments");
    assert_eq!(view["payment"]["request_id"], buyer.request_id().as_str());
    let book = &world.books(&opened)[0];
    assert_eq!(view["payment"]["provider_payment_id"], book["provider_payment_id"]);
    assert_eq!((&book["merchant"], &book["status"]), (&json!("test_sk_camera"), &json!("DONE")));
    let row =
        until("the list says paid", || world.listed(&opened).filter(|row| row["status"] == "paid"));
    assert_eq!((&row["amount"], &row["refunded_amount"]), (&json!(31_000), &json!(0)));
    // What the stock acknowledges later is a version that no notice speaks of.
    assert!(row["version"].as_u64() <= view["version"].as_u64(), "{row}");
    // The journal tells the whole way, and versions only rise.
    let journal = world.journal(&opened);
    let phases: Vec<&str> = journal.iter().filter_map(|line| line["phase"].as_str()).collect();
    for phase in ["open", "presented", "rechecking", "capturing", "paid"] {
        assert!(phases.contains(&phase), "{phases:?}");
    }
    let versions: Vec<u64> = journal.iter().map(|line| line["version"].as_u64().unwrap()).collect();
    assert!(versions.is_sorted(), "I-10: {versions:?}");
    let notice = world.until_notice(&opened, "checkout.paid");
    assert_eq!(notice["data"]["orders"], json!([opened.order]));
    assert_eq!(notice["data"]["status"], "paid");
    assert_eq!(notice["merchant"], "m_camera");
}

#[test]
fn i1_each_presentation_of_each_provider_is_paid_once() {
    let world = together();
    for (method, presentation) in [
        ("toss_card", "iframe"),
        ("toss_card", "popup"),
        ("toss_transfer", "popup"),
        ("toss_phone", "redirect"),
        ("toss_easy_pay", "redirect"),
        ("kb_kb_pay", "popup"),
        ("kb_kb_pay", "redirect"),
    ] {
        let opened = world.open(CAMERA, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        let back = buyer.pay(method, presentation);
        let code = if presentation == "redirect" { 303 } else { 200 };
        assert_eq!(back.code, code, "{method} {presentation}: {}", back.body);
        buyer.until_paid();
        let view = world.assert_paid_once(&opened);
        assert_eq!(view["payment"]["method"], method);
    }
}

#[test]
fn r24_kb_is_paid_once_in_a_frame_and_its_report_is_acknowledged() {
    let world = together();
    let opened = world.open(CAMERA, 12_000);
    let mut buyer = Buyer::of(&world, &opened);
    let begun = buyer.begin("kb_kb_pay", "iframe");
    let nonce = begun["presentation"]["nonce"].clone();
    let page = world.call("GET", &buyer.url).send();
    let policy = page.header("content-security-policy");
    assert!(policy.contains(&format!("frame-ancestors {}", world.shop_origin)), "{policy}");
    assert!(
        !page.body.contains("31000") && !page.body.contains("KB Sand"),
        "encrypted fields only"
    );
    let window = buyer.window();
    let back = buyer.press(&window, "approve").unwrap();
    assert!(back.form.is_some(), "KB sends the browser back by a form");
    let closing = buyer.come_back(&back);
    assert_eq!(closing.code, 200, "{}", closing.body);
    let data = block(&closing.body);
    assert_eq!(data["nonce"], nonce);
    assert_eq!(data["attempt"], buyer.attempt.as_str());
    assert_eq!(data["target"], world.shop_origin.as_str(), "one exact origin");
    assert!(closing.body.contains("/window/close.js"));
    assert!(!closing.body.contains("SUCCESS"), "I-18: the page carries no result");
    buyer.until_paid();
    world.assert_paid_once(&opened);
    let report = until("KB's report is acknowledged", || {
        world.deliveries(&buyer.request_id()).into_iter().find(|one| one["state"] == "accepted")
    });
    assert_eq!((&report["status"], &report["tries"]), (&json!(200), &json!(1)));
    let said = world.heard(0).into_iter().find(|entry| {
        entry["direction"] == "out" && entry.to_string().contains(&buyer.request_id())
    });
    assert_eq!(said.unwrap()["response"], "RESULT=OK");
}

/// A failed window, and the next method.
fn fail_then_retry(press: &str, first: &str, second: &str, code: &str) {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin(first, "redirect");
    let used = buyer.token.clone();
    let window = buyer.window();
    let back = buyer.press(&window, press).unwrap();
    assert_eq!(buyer.come_back(&back).code, 303);
    let status = buyer.until_declined();
    assert_eq!(status["outcome"], "not_paid");
    assert_eq!(status["decline"]["code"], code, "{first} {press}");
    assert_ne!(buyer.token, used, "a fresh token");
    world.assert_no_money(&opened);
    world.until_notice(&opened, "checkout.declined");
    assert_eq!(buyer.pay(second, "redirect").code, 303);
    buyer.until_paid();
    let view = world.assert_paid_once(&opened);
    let states: Vec<&Value> =
        view["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["state"]).collect();
    assert_eq!(states, ["declined", "paid"]);
    // The first token and the first window are of no use any more.
    let mut late = Buyer::of(&world, &opened);
    late.token = used;
    late.post(first, "redirect").refused(409, "token_replayed");
}

#[test]
fn r20_a_declined_toss_payment_is_tried_again_at_kb_with_a_fresh_token() {
    fail_then_retry("decline", "toss_card", "kb_kb_pay", "card_declined");
}

#[test]
fn r20_a_declined_kb_payment_is_tried_again_at_toss_with_a_fresh_token() {
    fail_then_retry("decline", "kb_kb_pay", "toss_card", "card_declined");
}

#[test]
fn r21_a_buyer_who_cancels_in_the_toss_window_may_choose_again() {
    fail_then_retry("cancel", "toss_card", "toss_transfer", "buyer_cancelled");
}

#[test]
fn r21_a_buyer_who_cancels_in_the_kb_window_may_choose_again() {
    fail_then_retry("cancel", "kb_kb_pay", "kb_kb_pay", "buyer_cancelled");
}

#[test]
fn r19_a_closed_window_is_asked_about_before_another_method_is_offered() {
    let world = together();
    for method in ["toss_card", "kb_kb_pay"] {
        let opened = world.open(CAMERA, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.begin(method, "popup");
        let window = buyer.window();
        let mut other = Buyer::of(&world, &opened);
        other.token = buyer.token.clone();
        other.post("toss_card", "popup").refused(409, "token_replayed");
        buyer.abandon();
        let status = buyer.until_declined();
        assert_eq!(status["decline"]["code"], "buyer_cancelled");
        // The old window is still on the screen, and the buyer approves there after all.
        if let Some(back) = buyer.press(&window, "approve") {
            buyer.come_back(&back);
        }
        buyer.pay("toss_card", "popup");
        buyer.until_paid();
        world.assert_paid_once(&opened);
    }
}

#[test]
fn f6_f43_a_window_closed_after_paying_there_is_paid() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("kb_kb_pay", "popup");
    let window = buyer.window();
    buyer.press(&window, "approve").unwrap();
    // The popup is closed before its return; the widget says so.
    buyer.abandon();
    buyer.until_paid();
    world.assert_paid_once(&opened);
}

#[test]
fn r27_a_blocked_popup_goes_on_in_another_window_of_the_same_attempt() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "popup");
    let old = buyer.url.clone();
    let path = format!("/v1/attempts/{}/presentation", buyer.attempt);
    let change = |buyer: &Buyer<'_>, kind: &str| {
        buyer.ask("POST", &path, Some(&json!({ "presentation": kind })))
    };
    change(&buyer, "fullscreen").refused(400, "json_schema");
    let answer = change(&buyer, "redirect");
    assert_eq!(answer.code, 200, "{}", answer.body);
    let next = answer.json();
    assert_eq!(next["attempt"], buyer.attempt.as_str());
    assert_eq!(next["presentation"]["kind"], "redirect");
    buyer.url = next["presentation"]["url"].as_str().unwrap().to_owned();
    assert_ne!(buyer.url, old);
    assert_eq!(world.call("GET", &old).send().code, 404, "the old window's key is dead");
    let window = buyer.window();
    let back = buyer.come_back(&buyer.press(&window, "approve").unwrap());
    assert_eq!(back.code, 303, "the newest presentation decides the way back");
    buyer.until_paid();
    world.assert_paid_once(&opened);
    assert_eq!(world.call("GET", &buyer.url).send().code, 404, "a window dies with its attempt");
    change(&buyer, "popup").refused(409, "checkout_closed");
}

#[test]
fn r29_a_virtual_account_is_paid_by_its_later_deposit() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_virtual_account", "redirect");
    let window = buyer.window();
    let back = buyer.press(&window, "issue_account").unwrap();
    buyer.come_back(&back);
    let status = buyer.until("the account", |status| status["phase"] == "awaiting_deposit");
    assert_eq!(status["outcome"], "checking");
    for name in ["bank", "account", "until"] {
        assert!(!status["deposit"][name].as_str().unwrap().is_empty(), "{status}");
    }
    world.until_notice(&opened, "checkout.deposit_issued");
    assert_eq!(world.money(&opened), (0, 0, 0));
    assert_eq!(world.read(&opened)["status"], "open");
    world.deposit(&buyer.request_id());
    buyer.until_paid();
    world.assert_paid_once(&opened);
    let heard: Vec<Value> = world
        .deliveries(&buyer.request_id())
        .into_iter()
        .filter(|one| one["topic"] == "DEPOSIT_CALLBACK" && one["state"] == "accepted")
        .collect();
    assert!(!heard.is_empty(), "the deposit was announced and acknowledged");
}

#[test]
fn an_unpaid_virtual_account_is_cancelled_with_its_checkout() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_virtual_account", "redirect");
    let window = buyer.window();
    buyer.come_back(&buyer.press(&window, "issue_account").unwrap());
    buyer.until("the account", |status| status["phase"] == "awaiting_deposit");
    buyer.abandon();
    buyer.until_declined();
    assert_eq!(world.books(&opened)[0]["status"], "CANCELED");
    world.assert_no_money(&opened);
    buyer.pay("toss_card", "redirect");
    buyer.until_paid();
    world.assert_paid_once(&opened);
}

#[test]
fn extra_authentication_takes_its_time_and_is_paid_once() {
    let world = together();
    for method in ["toss_card", "kb_kb_pay"] {
        let opened = world.open(CAMERA, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.begin(method, "redirect");
        let window = buyer.window();
        assert!(buyer.press(&window, "auth3ds").is_none(), "the issuer asks for more");
        let status = buyer.look();
        assert_eq!(status["outcome"], "checking");
        assert_eq!(world.money(&opened), (0, 0, 0));
        let back = buyer.press(&window, "auth3ds_done").unwrap();
        buyer.come_back(&back);
        buyer.until_paid();
        world.assert_paid_once(&opened);
    }
}

#[test]
fn i18_f37_row_90_92_the_return_may_come_twice_by_any_method_and_says_nothing() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let window = buyer.window();
    // Row 86: forged success before any payment.
    let key = buyer.press(&window, "auth3ds");
    assert!(key.is_none());
    let back = buyer.press(&window, "approve").unwrap();
    let (bare, _) = back.url.split_once('?').unwrap();
    for _ in 0..2 {
        assert_eq!(buyer.come_back(&back).code, 303);
        assert_eq!(world.call("GET", bare).send().code, 303, "without any parameter");
        let form = [("result".to_owned(), "FAIL".to_owned())];
        assert_eq!(world.call("POST", bare).form(&form).send().code, 303);
        buyer.until_paid();
    }
    // Another key of the same length, another attempt's key: nobody's address.
    let wrong = format!("{}{}", &bare[..bare.len() - 32], "0".repeat(32));
    world.call("GET", &wrong).send().refused(400, "state_mismatch");
    world.assert_paid_once(&opened);
}

#[test]
fn r33_row_86_i18_a_forged_return_only_makes_us_look() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut paid = Buyer::of(&world, &world.open(CAMERA, 500));
    paid.pay("toss_card", "redirect");
    paid.until_paid();
    let stolen = world.books(&paid.opened)[0]["provider_payment_id"].as_str().unwrap().to_owned();

    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let page = world.call("GET", &buyer.url).send();
    let data: Value = serde_json::from_str(block(&page.body)["data"].as_str().unwrap()).unwrap();
    let success = data["successUrl"].as_str().unwrap();
    // F22, row 88: the key of a cheaper payment that was paid.
    for query in [
        format!("paymentKey={stolen}&orderId={}&amount=31000", buyer.request_id()),
        format!("paymentKey={stolen}&orderId={}&amount=500", paid.request_id()),
        "result=success".to_owned(),
    ] {
        let answer = world.call("GET", &format!("{success}?{query}")).send();
        assert_eq!(answer.code, 303, "{}", answer.body);
        assert!(!answer.header("location").contains("paymentKey"));
        let status = buyer.look();
        assert_eq!(
            (&status["outcome"], &status["phase"]),
            (&json!("checking"), &json!("presented"))
        );
    }
    assert_eq!(world.money(&opened), (0, 0, 0));
    assert_eq!(world.money(&paid.opened), (500, 0, 1));
}

#[test]
fn i2_f9_the_amount_of_the_window_is_the_checkouts_whatever_the_browser_says() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    // The buyer opens the provider's window with an amount of their own.
    let page = world.call("GET", &buyer.url).send();
    let data: Value = serde_json::from_str(block(&page.body)["data"].as_str().unwrap()).unwrap();
    let fields = [
        ("clientKey", data["clientKey"].as_str().unwrap()),
        ("method", "CARD"),
        ("amount", "100"),
        ("currency", "KRW"),
        ("orderId", data["orderId"].as_str().unwrap()),
        ("orderName", "cheap"),
        ("successUrl", data["successUrl"].as_str().unwrap()),
        ("failUrl", data["failUrl"].as_str().unwrap()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let url = format!("{}/toss/window?{}", world.psp, crate::world::http::encoded(&fields));
    let shown = world.call("GET", &url).send();
    let key = shown.body.split_once("name=\"payment_key\" value=\"").unwrap().1;
    let key = key.split('"').next().unwrap().to_owned();
    let press = [("payment_key".to_owned(), key), ("action".to_owned(), "approve".to_owned())];
    let back = world.call("POST", &format!("{}/toss/window", world.psp)).form(&press).send();
    world.call("GET", back.header("location")).send();
    let status = buyer.until("that the attempt ended", |status| status["phase"] == "open");
    assert_eq!(status["decline"]["code"], "amount_mismatch");
    assert_eq!(world.money(&opened), (0, 0, 0), "never captured");
    let view = world.read(&opened);
    assert_eq!(view["cases"][0]["code"], "amount_mismatch");
    world.assert_no_money(&opened);
}

#[test]
fn r10_a_method_below_its_minimum_is_shown_and_refused() {
    let world = together();
    for (amount, reason) in [(50, "below_minimum"), (2_000_000, "above_maximum")] {
        let opened = world.open(CAMERA, amount);
        let session = world.edge("GET", "/v1/session").bearer(&opened.token).send().json();
        let phone = session["methods"]
            .as_array()
            .unwrap()
            .iter()
            .find(|method| method["id"] == "toss_phone")
            .unwrap()
            .clone();
        assert_eq!((&phone["available"], &phone["reason"]), (&json!(false), &json!(reason)));
        let buyer = Buyer::of(&world, &opened);
        buyer.post("toss_phone", "redirect").refused(422, "method_unavailable");
        assert_eq!(world.read(&opened)["attempts"], json!([]));
    }
}

#[test]
fn several_orders_of_several_sellers_are_one_payment() {
    let world = together();
    let mut body = world.order_body("sku-one", 31_000);
    let second = world.order_body("sku-two", 9_000)["orders"][0].clone();
    body["orders"].as_array_mut().unwrap().push(second);
    body["orders"][1]["seller"] = json!("s2");
    body["amount"] = json!(40_000);
    let opened = world.open_with(CAMERA, &body);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.pay("toss_card", "redirect");
    buyer.until_paid();
    let view = world.assert_paid_once(&opened);
    assert_eq!(view["orders"].as_array().unwrap().len(), 2);
    let notice = world.until_notice(&opened, "checkout.paid");
    assert_eq!(notice["data"]["orders"].as_array().unwrap().len(), 2);
}

#[test]
fn the_second_merchant_is_paid_on_its_own_contract() {
    let world = together();
    let opened = world.open(BOOKS, 18_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.pay("toss_books_card", "redirect");
    buyer.until_paid();
    world.assert_paid_once(&opened);
    let Merchant { books, id, .. } = BOOKS;
    assert_eq!(world.books(&opened)[0]["merchant"], books);
    assert_eq!(world.until_notice(&opened, "checkout.paid")["merchant"], id);
}

#[test]
fn an_attempt_whose_window_is_left_alone_ends_with_its_time() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let window = buyer.window();
    world.clock(31 * 60_000);
    world.cron();
    let status = buyer.until("that the attempt ended", |status| status["phase"] == "open");
    assert_eq!(status["decline"]["code"], "expired");
    // Approving in the old window leads nowhere any more.
    if let Some(back) = buyer.press(&window, "approve") {
        buyer.come_back(&back);
    }
    world.assert_no_money(&opened);
    buyer.until_declined();
    buyer.pay("toss_card", "redirect");
    buyer.until_paid();
    world.assert_paid_once(&opened);
}

#[test]
fn r64_a_person_with_a_dead_link_reads_a_page_and_a_program_a_problem() {
    let world = together();
    let key = "0".repeat(32);
    for path in [
        format!("/w/hb-g1s00-{key}.{key}"),
        format!("/r/hb-g1s00-{key}.{key}"),
        "/w/nothing".to_owned(),
    ] {
        world.edge("GET", &path).send().refused(404, "not_found");
        let read = world.edge("GET", &path).header("accept", "text/html,*/*;q=0.8").send();
        assert_eq!(read.code, 404);
        assert_eq!(read.header("content-type"), "text/html; charset=utf-8");
        assert!(read.body.contains("쇼핑몰") && read.body.contains("The shop's page"));
        assert!(!read.header("hanbeon-request-id").is_empty());
    }
}

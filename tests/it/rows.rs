//! One marked test for each rule of the shop owners' documents (R…) that has no better place: what the
//! rule says, seen from outside.

use serde_json::{Value, json};

use crate::world::{Buyer, CAMERA, alone, together};

/// The keys of everything a page can see, however deep.
fn keys(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                found.push(key.clone());
                keys(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

#[test]
fn r2_two_providers_of_opposite_styles_look_like_one_process_to_shop_and_page() {
    let world = together();
    let mut told = Vec::new();
    for method in ["toss_card", "kb_kb_pay"] {
        let opened = world.open(CAMERA, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.pay(method, "redirect");
        let status = buyer.until_paid();
        let view = world.assert_paid_once(&opened);
        let notice = world.until_notice(&opened, "checkout.paid");
        let mut shape = Vec::new();
        for value in [&status, &view["payment"], &view["orders"], &notice["data"]] {
            keys(value, &mut shape);
        }
        told.push(shape);
    }
    assert_eq!(told[0], told[1], "the shop and the page need not know who was paid through");
}

#[test]
fn r20_the_chosen_method_is_a_parameter_and_another_shop_s_is_none() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let buyer = Buyer::of(&world, &opened);
    for method in ["toss_books_card", "toss_bitcoin", "", "kb"] {
        buyer.post(method, "redirect").refused(422, "method_unavailable");
    }
    assert_eq!(
        world.read(&opened)["attempts"],
        json!([]),
        "the token is not burnt by a wrong choice"
    );
    let mut buyer = Buyer::of(&world, &opened);
    buyer.pay("toss_transfer", "redirect");
    buyer.until_paid();
    assert_eq!(world.read(&opened)["payment"]["method"], "toss_transfer");
}

#[test]
fn r21_the_way_a_window_is_shown_belongs_to_provider_and_device() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let ladder = |device: &str| {
        let path = format!("/v1/session?device={device}");
        let session = world.edge("GET", &path).bearer(&opened.token).send().json();
        let methods = session["methods"].as_array().unwrap().clone();
        methods.iter().find(|m| m["id"] == "toss_card").unwrap()["presentations"].clone()
    };
    assert_eq!(ladder("pc"), json!(["iframe", "popup", "redirect"]));
    assert_eq!(ladder("mobile"), json!(["redirect", "popup"]), "Toss takes no frame on a phone");
    world
        .edge("POST", "/v1/attempts")
        .bearer(&opened.token)
        .key("a-frame-on-a-phone")
        .json(&json!({"method": "toss_card", "presentation": "iframe", "device": "mobile"}))
        .send()
        .refused(422, "presentation_unavailable");
}

#[test]
fn r25_kb_s_fields_cross_the_browser_encrypted_and_toss_s_need_not() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("kb_kb_pay", "redirect");
    let page = world.call("GET", &buyer.url).send().body;
    assert!(page.contains("name=\"enc_data\""));
    assert!(!page.contains("31000") && !page.contains("name=\"amount\""), "{page}");
}

#[test]
fn r27_paying_needs_no_log_in_and_no_cookie_on_any_device() {
    let world = together();
    for device in ["pc", "mobile"] {
        let opened = world.open(CAMERA, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        let answer = world
            .edge("POST", "/v1/attempts")
            .bearer(&opened.token)
            .key(&buyer.key)
            .json(&json!({"method": "kb_kb_pay", "presentation": "redirect", "device": device}))
            .send();
        assert_eq!(answer.header("set-cookie"), "");
        let body = answer.json();
        buyer.state = body["state_key"].as_str().unwrap().to_owned();
        buyer.attempt = body["attempt"].as_str().unwrap().to_owned();
        buyer.url = body["presentation"]["url"].as_str().unwrap().to_owned();
        let window = buyer.window();
        let back = buyer.press(&window, "approve").unwrap();
        let home = buyer.come_back(&back);
        assert_eq!((home.code, home.header("set-cookie")), (303, ""), "a POST came back as a GET");
        buyer.until_paid();
        world.assert_paid_once(&opened);
    }
}

#[test]
fn r32_r33_paid_is_only_said_after_our_own_look_up_compared_the_provider_s_id_and_amount() {
    let world = together();
    let before = world.heard(0).last().map_or(0, |entry| entry["n"].as_u64().unwrap_or(0));
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let url = &world.call("GET", &buyer.url).send();
    assert_eq!(url.code, 200);
    let window = buyer.window();
    let back = buyer.press(&window, "approve").unwrap();
    // The browser lies about the amount: the return is a hint, so nothing is believed and nothing lost.
    let mut lied = back.clone();
    lied.url = back.url.replace("amount=31000", "amount=1");
    assert_ne!(lied.url, back.url);
    buyer.come_back(&lied);
    buyer.until_paid();
    world.assert_paid_once(&opened);
    let asked: Vec<String> = world
        .heard(before)
        .iter()
        .filter_map(|entry| entry["path"].as_str().map(str::to_owned))
        .filter(|path| path.contains(&buyer.request_id()) || path.ends_with("/confirm"))
        .collect();
    let look_up = asked.iter().position(|path| path.contains("/orders/"));
    let confirm = asked.iter().rposition(|path| path.ends_with("/confirm"));
    assert!(look_up.is_some() && look_up < confirm, "we look before we take: {asked:?}");
}

#[test]
fn r34_the_page_cannot_send_an_amount() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    for name in ["amount", "currency", "price"] {
        let mut body = json!({"method": "toss_card", "presentation": "redirect", "device": "pc"});
        body[name] = json!(100);
        let answer = world
            .edge("POST", "/v1/attempts")
            .bearer(&opened.token)
            .key("an-amount-of-the-page-s")
            .json(&body)
            .send();
        answer.refused(400, "json_schema");
    }
    assert_eq!(world.read(&opened)["attempts"], json!([]));
}

#[test]
fn r37_a_phone_that_never_comes_back_is_settled_by_the_webhook() {
    let world = alone();
    world.faults("kb", &json!({"return_lost": true}));
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("kb_kb_pay", "redirect");
    let window = buyer.window();
    assert!(buyer.press(&window, "approve").is_none(), "nothing leads back");
    world.assert_paid_once(&opened);
    let heard = world.journal(&opened).iter().any(|line| line["detail"] == "webhook");
    assert!(heard, "{:?}", world.journal(&opened));
}

#[test]
fn r48_no_field_for_card_data_exists_and_the_window_is_the_provider_s() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    for name in ["card_number", "number", "cvc", "expiry"] {
        let mut body = json!({"method": "toss_card", "presentation": "redirect", "device": "pc"});
        body[name] = json!("4330123412341234");
        let post = world.edge("POST", "/v1/attempts").bearer(&opened.token).key("card-in-a-body");
        let answer = post.json(&body).send();
        answer.refused(400, "json_schema");
        assert!(!answer.body.contains("4330"), "nothing of it is echoed");
    }
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let page = world.call("GET", &buyer.url).send();
    assert!(!page.body.contains("<input"), "our page asks the buyer for nothing");
}

#[test]
fn r54_r56_lost_answers_end_in_exactly_one_capture_and_equal_books() {
    let world = alone();
    for (provider, method) in [("tosspayments", "toss_card"), ("kb", "kb_kb_pay")] {
        world.faults(provider, &json!({"answer_lost_after_capture": true, "webhook": "lost"}));
        let opened = world.open(CAMERA, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.begin(method, "redirect");
        let window = buyer.window();
        if let Some(back) = buyer.press(&window, "approve") {
            buyer.come_back(&back);
        }
        world.faults(provider, &json!({}));
        buyer.look();
        buyer.until_paid();
        world.assert_paid_once(&opened);
    }
}

#[test]
fn r64_a_refusal_has_a_real_status_code_and_never_hides_in_a_200() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let path = format!("/v1/checkouts/{}", opened.id);
    let rows = [
        (world.edge("GET", &path).send(), 401, "unauthorized"),
        (world.shop_call(CAMERA, "GET", "/v1/checkouts/chk_none").send(), 404, "not_found"),
        (world.shop_call(CAMERA, "DELETE", &path).send(), 405, "method_not_allowed"),
        (world.edge("GET", "/v1/status").send(), 401, "token_missing"),
    ];
    for (answer, code, word) in rows {
        answer.refused(code, word);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert!(answer.json()["request_id"].as_str().is_some_and(|id| id.starts_with("req_")));
    }
}

#[test]
fn r67_the_data_of_an_attempt_is_kept_whatever_its_result_and_found_by_its_ids() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("kb_kb_pay", "redirect");
    let window = buyer.window();
    let back = buyer.press(&window, "decline").unwrap();
    buyer.come_back(&back);
    buyer.until_declined();
    let view = world.read(&opened);
    let attempt = &view["attempts"][0];
    assert_eq!(attempt["state"], "declined");
    assert_eq!(attempt["decline"]["code"], "card_declined");
    let book = &world.books(&opened)[0];
    assert_eq!(
        book["request_id"], attempt["request_id"],
        "the key that joins their calls and ours"
    );
    assert!(world.journal(&opened).iter().any(|line| line["input"] == "fact"));
}

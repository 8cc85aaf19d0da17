//! A page without a server: a quote that the shop signed ahead of time, from exchange to paid.

use serde_json::{Value, json};
use tests::demo::shop::poster::sign;

use crate::world::{
    Answer, BOOKS, Buyer, CAMERA, Merchant, Opened, POSTER, World, fresh, key, runtime, together,
    until,
};

/// The demo's quote keys: public, as everything in its configuration.
const CAMERA_KEY: &[u8] = b"demo-only:quote-key:camera:Jc7Xw2Lq9Rt4Vn";
const BOOKS_KEY: &[u8] = b"demo-only:quote-key:books:Pd8Km3Zs6Yh1Bf";

fn content(world: &World, usage: &str, sku: &str) -> Value {
    json!({
        "iss": "m_camera", "jti": format!("q-{}-{}", fresh(), std::process::id()), "use": usage,
        "exp": tomorrow(),
        "lines": [{ "sku": sku, "name": "Poster", "quantity": 1, "unit_amount": 31_000 }],
        "amount": 31_000, "currency": "KRW",
        "return_url": format!("{}/return.html", world.shop_origin),
    })
}

#[expect(clippy::disallowed_methods, reason = "the shop signs by its own clock")]
fn tomorrow() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_secs() + 86_400
}

fn exchange_from(world: &World, origin: Option<&str>, quote: &str) -> Answer {
    let call = world.edge("POST", "/v1/quotes/exchange").json(&json!({ "quote": quote }));
    match origin {
        Some(origin) => call.header("origin", origin).send(),
        None => call.send(),
    }
}

/// A page's exchange of what the camera shop signed.
fn exchange(world: &World, content: &Value) -> Opened {
    let quote = sign("camera-1", CAMERA_KEY, content);
    let answer = exchange_from(world, Some(&world.shop_origin), &quote);
    assert_eq!(answer.code, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    let view: shared::wire::QuoteView = serde_json::from_str(&answer.body).unwrap();
    Opened {
        id: view.checkout,
        token: view.token,
        order: content["jti"].as_str().unwrap().to_owned(),
        buyer: "guest-".to_owned(),
        amount: 31_000,
        merchant: CAMERA,
    }
}

fn read(world: &World, merchant: Merchant, opened: &Opened) -> Answer {
    world.shop_call(merchant, "GET", &format!("/v1/checkouts/{}", opened.id)).send()
}

fn session(world: &World, opened: &Opened) -> Answer {
    world
        .edge("GET", "/v1/session?device=pc")
        .header("origin", &world.shop_origin)
        .bearer(&opened.token)
        .send()
}

#[test]
fn a_static_page_sells_and_its_shop_learns_of_it_by_notice_and_list() {
    let world = together();
    let content = content(&world, "once", "poster");
    let opened = exchange(&world, &content);
    let shown = session(&world, &opened).json();
    assert_eq!((&shown["amount"], &shown["label"]), (&json!(31_000), &json!("Poster")));
    read(&world, CAMERA, &opened).refused(404, "not_found");
    let mut buyer = Buyer::of(&world, &opened);
    buyer.pay("toss_card", "redirect");
    buyer.until_paid();
    let view = world.assert_paid_once(&opened);
    assert_eq!(view["orders"][0]["order_id"], content["jti"]);
    until("the list has it", || (world.listed(&opened)?["status"] == "paid").then_some(()));
    read(&world, BOOKS, &opened).refused(404, "not_found");

    // Whoever opens the page afterwards meets the same checkout.
    let late = exchange(&world, &content);
    assert_eq!(late.id, opened.id);
    Buyer::of(&world, &late).post("toss_card", "redirect").refused(409, "checkout_paid");
    Buyer::of(&world, &opened).post("toss_card", "redirect").refused(409, "token_replayed");
    world.assert_paid_once(&opened);
}

#[test]
fn two_visitors_of_a_quote_for_one_begin_one_attempt() {
    let world = together();
    let content = content(&world, "once", "poster");
    let visitors = [exchange(&world, &content), exchange(&world, &content)];
    let codes: Vec<u16> = std::thread::scope(|scope| {
        let begin = |opened| Buyer::of(&world, opened).post("toss_card", "redirect").code;
        let posts = visitors.each_ref().map(|opened| scope.spawn(move || begin(opened)));
        posts.map(|post| post.join().unwrap()).into()
    });
    assert!(codes.contains(&201) && codes.contains(&409), "{codes:?}");
    let view = world.read(&visitors[0]);
    assert_eq!(view["attempts"].as_array().unwrap().len(), 1);
}

#[test]
fn a_quote_for_many_is_an_order_for_each_visitor_and_counts_the_stock() {
    let world = together();
    let sku = format!("sku-{}", fresh());
    let path = format!("/v1/stock/{sku}");
    let set = world.shop_call(CAMERA, "PUT", &path).json(&json!({ "units": 2 })).send();
    assert_eq!(set.code, 200, "{}", set.body);
    let content = content(&world, "many", &sku);
    let visitors = [(); 2].map(|()| exchange(&world, &content));
    assert_ne!(visitors[0].id, visitors[1].id);
    for opened in &visitors {
        let mut buyer = Buyer::of(&world, opened);
        buyer.pay("toss_card", "redirect");
        buyer.until_paid();
        world.assert_paid_once(opened);
    }
    let third = exchange(&world, &content);
    let refused = Buyer::of(&world, &third).post("toss_card", "redirect").json();
    assert_eq!(refused["status"]["decline"]["code"], "sold_out", "{refused}");
}

#[test]
fn an_order_id_belongs_to_the_quote_or_to_the_api_and_never_to_both() {
    let world = together();
    let by_api = world.open(CAMERA, 31_000);
    let mut content = content(&world, "once", "poster");
    content["jti"] = json!(by_api.order);
    let opened = exchange(&world, &content);
    Buyer::of(&world, &opened).post("toss_card", "redirect").refused(409, "order_id_conflict");
    read(&world, CAMERA, &opened).refused(404, "not_found");

    let content = self::content(&world, "once", "poster");
    let opened = exchange(&world, &content);
    assert_eq!(Buyer::of(&world, &opened).post("toss_card", "redirect").code, 201);
    let mut body = world.order_body("poster", 31_000);
    body["orders"][0]["order_id"] = content["jti"].clone();
    let call = world.shop_call(CAMERA, "POST", "/v1/checkouts").key(&key()).json(&body);
    call.send().refused(409, "order_id_conflict");
}

#[test]
fn i15_i20_what_is_no_quote_of_this_page_s_shop_is_refused_and_stores_nothing() {
    let world = together();
    let good = content(&world, "once", "poster");
    let quote = sign("camera-1", CAMERA_KEY, &good);
    for origin in [None, Some("null"), Some("https://evil.example")] {
        exchange_from(&world, origin, &quote).refused(403, "origin_not_allowed");
    }
    let page = Some(world.shop_origin.as_str());
    for text in
        [sign("camera-1", BOOKS_KEY, &good), sign("books-1", BOOKS_KEY, &good), "x".to_owned()]
    {
        exchange_from(&world, page, &text).refused(422, "quote_invalid");
    }
    let mut ended = good.clone();
    ended["exp"] = json!(1_700_000_000);
    let text = sign("camera-1", CAMERA_KEY, &ended);
    exchange_from(&world, page, &text).refused(422, "quote_expired");
    let mut wrong = good.clone();
    wrong["amount"] = json!(1);
    let text = sign("camera-1", CAMERA_KEY, &wrong);
    exchange_from(&world, page, &text).refused(422, "amount_mismatch");
    // A quote is no token, and a token no quote.
    let opened = exchange(&world, &good);
    exchange_from(&world, page, &opened.token).refused(422, "quote_invalid");
    let call = world.edge("GET", "/v1/session?device=pc").bearer(&quote);
    call.send().refused(401, "token_invalid");
    let preflight =
        world.edge("OPTIONS", "/v1/quotes/exchange").header("origin", &world.shop_origin).send();
    assert_eq!(preflight.code, 204);
}

#[test]
fn row_148_one_address_cannot_flood_the_exchange() {
    let world = together();
    let quote = sign("camera-1", CAMERA_KEY, &content(&world, "many", "poster"));
    let from = |address: &str| {
        world
            .edge("POST", "/v1/quotes/exchange")
            .header("origin", &world.shop_origin)
            .header("cf-connecting-ip", address)
            .json(&json!({ "quote": quote }))
            .send()
    };
    let limited = (0..250).map(|_| from("192.0.2.9")).find(|answer| answer.code != 200);
    let limited = limited.expect("the bound is met");
    limited.refused(429, "rate_limited");
    assert!(!limited.header("retry-after").is_empty());
    assert_eq!(from("192.0.2.10").code, 200, "others are not bounded by it");
}

/// The file that a shop's owner runs, and a shop that reads of sales by mail alone.
#[test]
fn a_shop_without_a_server_signs_with_the_example_and_is_told_by_mail() {
    let world = together();
    let quote = runtime::node("public/examples/sign-quote.mjs")
        .env("HANBEON_QUOTE_KEY", "demo-only:quote-key:poster:Gn4Rv9Xe2Us7Kd")
        .env("HANBEON_QUOTE_KID", "poster-1")
        .env("HANBEON_MERCHANT", "m_poster")
        .env("HANBEON_RETURN_URL", format!("{}/poster.html", world.shop_origin))
        .output()
        .expect("node runs");
    assert!(quote.status.success(), "{}", String::from_utf8_lossy(&quote.stderr));
    let quote = String::from_utf8(quote.stdout).unwrap();
    let answer = exchange_from(&world, Some(&world.shop_origin), quote.trim());
    assert_eq!(answer.code, 200, "{}", answer.body);
    let text = |name: &str| answer.json()[name].as_str().unwrap().to_owned();
    let opened = Opened {
        id: text("checkout"),
        token: text("token"),
        order: String::new(),
        buyer: String::new(),
        amount: 31_000,
        merchant: POSTER,
    };
    let mut buyer = Buyer::of(&world, &opened);
    buyer.pay("toss_poster_card", "redirect");
    buyer.until_paid();
    let mail = until("the mail", || world.notices(&opened).first().cloned());
    assert_eq!((&mail["type"], &mail["result"]), (&json!("mail"), &json!("applied")));
    assert!(mail["webhook_id"].as_str().unwrap().starts_with("evt_"), "{mail}");
    let mail = &mail["data"];
    assert_eq!(mail["to"], json!(["owner@poster.example"]));
    let subject = "[골목포스터] 결제 완료 / Paid · 31000 KRW · Poster";
    assert_eq!(mail["subject"], subject);
    let order = world.read(&opened)["orders"][0]["order_id"].as_str().unwrap().to_owned();
    assert!(order.starts_with("poster-2026."), "{order}");
    assert!(mail["text"].as_str().unwrap().contains(&order), "{mail}");
    until("the list has it", || (world.listed(&opened)?["status"] == "paid").then_some(()));
    world.until_still(&opened);
    assert_eq!(world.notices(&opened).len(), 1, "a mail for the sale, none for its steps");
}

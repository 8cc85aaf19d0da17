//! Pieces of stock: at most one winner each, and no word about who.

use serde_json::{Value, json};

use crate::world::{
    Answer, BOOKS, Buyer, CAMERA, Opened, World, alone, fresh, key, together, until,
};

fn set(world: &World, sku: &str, units: &Value) -> Answer {
    world
        .shop_call(CAMERA, "PUT", &format!("/v1/stock/{sku}"))
        .json(&json!({ "units": units }))
        .send()
}

fn piece(world: &World, units: u32) -> String {
    let sku = format!("piece-{}", fresh());
    let answer = set(world, &sku, &json!(units));
    assert_eq!(answer.code, 200, "{}", answer.body);
    assert_eq!(answer.json()["units"], units);
    sku
}

fn stock(world: &World, sku: &str) -> Value {
    world.shop_call(CAMERA, "GET", &format!("/v1/stock/{sku}")).send().json()
}

/// What anybody sees.
fn outlook(world: &World, sku: &str) -> Value {
    let path = format!("/v1/merchants/m_camera/stock/{sku}");
    let answer = world.edge("GET", &path).header("origin", &world.shop_origin).send();
    assert_eq!(answer.code, 200, "{}", answer.body);
    assert_eq!(answer.header("access-control-allow-origin"), world.shop_origin);
    answer.json()
}

fn wanting(world: &World, sku: &str) -> Opened {
    world.open_with(CAMERA, &world.order_body(sku, 31_000))
}

#[test]
fn what_there_is_always_more_of_asks_no_stock() {
    let world = together();
    let sku = piece(&world, 0);
    let mut body = world.order_body(&sku, 31_000);
    body["orders"][0]["lines"][0]["unlimited"] = json!(true);
    let opened = world.open_with(CAMERA, &body);
    assert_eq!(world.read(&opened)["orders"][0]["lines"][0]["unlimited"], true);
    let begun = Buyer::of(&world, &opened).post("toss_card", "redirect");
    assert_eq!(begun.code, 201, "{}", begun.body);
    assert!(!begun.json()["presentation"].is_null(), "{}", begun.body);
    // The same thing, counted, has none left.
    let counted = Buyer::of(&world, &wanting(&world, &sku)).post("toss_card", "redirect");
    assert!(counted.json()["presentation"].is_null(), "{}", counted.body);
}

#[test]
fn r12_i4_f12_of_twenty_buyers_at_once_exactly_one_gets_the_last_piece() {
    let world = together();
    let sku = piece(&world, 1);
    let all: Vec<Opened> = (0..20).map(|_| wanting(&world, &sku)).collect();
    let answers: Vec<(Opened, Answer)> = std::thread::scope(|scope| {
        let begin = |opened: Opened| {
            let answer = Buyer::of(&world, &opened).post("toss_card", "redirect");
            (opened, answer)
        };
        let calls: Vec<_> =
            all.into_iter().map(|opened| scope.spawn(move || begin(opened))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    let mut winners = Vec::new();
    for (opened, answer) in answers {
        assert_eq!(answer.code, 201, "{}", answer.body);
        let body = answer.json();
        let status = &body["status"];
        if body["presentation"].is_null() {
            assert_eq!(status["decline"]["code"], "sold_out", "{status}");
            assert_eq!(status["outcome"], "not_paid");
            let text = answer.body.to_string();
            assert!(!text.contains("u-") || text.matches("u-").count() <= 1, "never who");
        } else {
            winners.push((opened, body));
        }
    }
    assert_eq!(winners.len(), 1, "I-4");
    let (opened, begun) = winners.remove(0);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.state = begun["state_key"].as_str().unwrap().to_owned();
    buyer.attempt = begun["attempt"].as_str().unwrap().to_owned();
    buyer.url = begun["presentation"]["url"].as_str().unwrap().to_owned();
    let window = buyer.window();
    buyer.come_back(&buyer.press(&window, "approve").unwrap());
    buyer.until_paid();
    world.assert_paid_once(&opened);
    let left = until("the piece is sold", || {
        let stock = stock(&world, &sku);
        (stock["units"] == 0).then_some(stock)
    });
    assert_eq!((&left["available"], &left["can_enter"]), (&json!(0), &json!(false)));
    assert_eq!(left["until"], Value::Null, "sold, not held");
}

#[test]
fn r15_r11_a_held_piece_can_be_entered_later_and_nobody_learns_whose_it_is() {
    let world = together();
    let sku = piece(&world, 1);
    assert_eq!(outlook(&world, &sku)["can_enter"], true);
    let opened = wanting(&world, &sku);
    let mut buyer = Buyer::of(&world, &opened);
    let free = outlook(&world, &sku);
    assert_eq!(free["can_enter"], true, "opening holds nothing yet");
    buyer.begin("toss_card", "redirect");
    let seen = outlook(&world, &sku);
    assert_eq!((&seen["can_enter"], &seen["tracked"]), (&json!(false), &json!(true)));
    assert!(seen["until"].as_str().unwrap().ends_with('Z'), "{seen}");
    let names: Vec<&String> = seen.as_object().unwrap().keys().collect();
    let shown = ["can_enter", "poll_after_ms", "sku", "tracked", "until"];
    assert_eq!(names, shown, "never who, nor how many");
    let pause = |view: &Value| view["poll_after_ms"].as_u64().unwrap();
    assert!(pause(&seen) < pause(&free), "who waits for it asks sooner");
    assert!(!seen.to_string().contains(&opened.buyer));
    // Another buyer meanwhile: sold out for now, and told so without a window.
    let other = Buyer::of(&world, &wanting(&world, &sku)).post("toss_card", "redirect").json();
    assert_eq!(other["status"]["decline"]["code"], "sold_out");
    assert_eq!(other["presentation"], Value::Null);
    assert_eq!(other["status"]["can_retry"], true, "the holder may still give up");
    // The holder leaves, and the piece is free again.
    buyer.abandon();
    buyer.until_declined();
    until("the piece is free", || (outlook(&world, &sku)["can_enter"] == true).then_some(()));
    assert_eq!(stock(&world, &sku)["units"], 1);
}

#[test]
fn f13_a_hold_outlives_a_later_count_of_the_shelf() {
    let world = together();
    let sku = piece(&world, 1);
    let opened = wanting(&world, &sku);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let window = buyer.window();
    // The shop finds that the piece is broken, but this buyer was first: they settle it by a refund.
    assert_eq!(set(&world, &sku, &json!(0)).code, 200);
    buyer.come_back(&buyer.press(&window, "approve").unwrap());
    buyer.until_paid();
    world.assert_paid_once(&opened);
    assert_eq!(outlook(&world, &sku)["can_enter"], false, "nothing is left for another");
}

#[test]
fn r11_a_hold_ends_with_its_time_and_the_next_buyer_wins() {
    let world = alone();
    let sku = piece(&world, 1);
    let first = wanting(&world, &sku);
    let mut slow = Buyer::of(&world, &first);
    slow.begin("toss_card", "redirect");
    let window = slow.window();
    assert_eq!(outlook(&world, &sku)["can_enter"], false);
    world.clock(16 * 60_000);
    assert_eq!(outlook(&world, &sku)["can_enter"], true);
    let second = wanting(&world, &sku);
    let mut quick = Buyer::of(&world, &second);
    quick.pay("toss_card", "redirect");
    quick.until_paid();
    // The first buyer approves after all: no piece, no capture.
    slow.come_back(&slow.press(&window, "approve").unwrap());
    let status = slow.until("that it is gone", |status| status["phase"] == "open");
    assert_eq!(status["decline"]["code"], "sold_out");
    assert_eq!(world.money(&first), (0, 0, 0), "re-checked before the capture");
    world.assert_paid_once(&second);
    world.assert_no_money(&first);
}

#[test]
fn r12_a_late_kb_payment_for_a_piece_that_is_gone_goes_back() {
    let world = alone();
    let sku = piece(&world, 1);
    let first = wanting(&world, &sku);
    let mut slow = Buyer::of(&world, &first);
    slow.begin("kb_kb_pay", "redirect");
    let window = slow.window();
    world.clock(16 * 60_000);
    let second = wanting(&world, &sku);
    let mut quick = Buyer::of(&world, &second);
    quick.pay("toss_card", "redirect");
    quick.until_paid();
    // KB takes the money in its own window.
    slow.come_back(&slow.press(&window, "approve").unwrap());
    let view = until("the money is back", || {
        let view = world.read(&first);
        (view["refunds"][0]["state"] == "done").then_some(view)
    });
    assert_eq!(view["cases"][0]["code"], "sold_out_after_payment");
    assert_eq!(world.money(&first), (31_000, 31_000, 1), "I-3");
    world.assert_paid_once(&second);
}

#[test]
fn many_pieces_are_sold_as_many_times_as_there_are() {
    let world = together();
    let sku = piece(&world, 3);
    let mut paid = 0;
    for n in 0..4 {
        let opened = wanting(&world, &sku);
        let mut buyer = Buyer::of(&world, &opened);
        let begun = buyer.begin("toss_card", "redirect");
        if begun["presentation"].is_null() {
            assert_eq!(n, 3, "three are there");
            assert_eq!(begun["status"]["decline"]["code"], "sold_out");
            continue;
        }
        let window = buyer.window();
        buyer.come_back(&buyer.press(&window, "approve").unwrap());
        buyer.until_paid();
        paid += 1;
    }
    assert_eq!(paid, 3);
    until("all are sold", || (stock(&world, &sku)["units"] == 0).then_some(()));
}

#[test]
fn stock_that_cannot_be_is_refused_and_is_each_merchants_own() {
    let world = together();
    let sku = piece(&world, 2);
    for (units, code, word) in [
        (json!(-1), 400, "json_schema"),
        (json!(1.5), 400, "json_schema"),
        (json!("1"), 400, "json_schema"),
        (json!(1_000_001), 422, "quantity_invalid"),
        (json!(u64::MAX), 400, "json_schema"),
    ] {
        set(&world, &sku, &units).refused(code, word);
    }
    assert_eq!(stock(&world, &sku)["units"], 2, "I-20");
    // I-15: the same name at another merchant is another thing.
    let path = format!("/v1/stock/{sku}");
    assert_eq!(world.shop_call(BOOKS, "GET", &path).send().json()["tracked"], false);
    let put = world.shop_call(BOOKS, "PUT", &path).json(&json!({ "units": 0 })).send();
    assert_eq!(put.code, 200, "{}", put.body);
    assert_eq!(stock(&world, &sku)["units"], 2);
    world.edge("PUT", &path).json(&json!({ "units": 9 })).send().refused(401, "unauthorized");
    let nobody = format!("/v1/merchants/m_nobody/stock/{sku}");
    world.edge("GET", &nobody).send().refused(404, "not_found");
    assert_eq!(set(&world, &sku, &Value::Null).json()["tracked"], false, "no longer counted");
    let _ = key();
}

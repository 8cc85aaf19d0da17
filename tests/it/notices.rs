//! Notices to the shop: signed, repeated until heard, never lost without a trace.

use serde_json::{Value, json};

use crate::world::{Buyer, CAMERA, alone, together, until, until_within};

#[test]
fn i14_f45_f47_a_notice_is_repeated_until_the_shop_takes_it() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    world.fail_notices(3);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.pay("toss_card", "redirect");
    buyer.until_paid();
    let taken = until("the shop has taken it", || {
        world.notices(&opened).into_iter().find(|notice| notice["result"] == "applied")
    });
    let failed: Vec<Value> = world
        .notices(&opened)
        .into_iter()
        .filter(|notice| notice["result"] == "failed_on_demand")
        .collect();
    assert_eq!(failed.len(), 3);
    for notice in &failed {
        assert_eq!(notice["webhook_id"], taken["webhook_id"], "the same event again");
        assert_eq!(notice["data"], taken["data"], "the same content again");
        assert_eq!(notice["verified"], true);
    }
    world.assert_paid_once(&opened);
}

#[test]
fn i16_f49_a_notice_that_nobody_takes_is_written_down() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    world.fail_notices(10_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.pay("toss_card", "redirect");
    buyer.until_paid();
    let dead = until_within(std::time::Duration::from_secs(60), "the dead letter", || {
        world.journal(&opened).into_iter().find(|line| line["input"] == "notice_dead")
    });
    assert!(dead["detail"].as_str().unwrap().starts_with("evt_"), "{dead}");
    let tries = world.notices(&opened).len();
    assert_eq!(tries, 11, "once, and ten repeats");
    world.fail_notices(0);
    // The shop reads what it missed.
    assert_eq!(world.read(&opened)["status"], "paid");
    assert_eq!(world.money(&opened), (31_000, 0, 1));
}

#[test]
fn i10_i14_versions_of_notices_only_rise_and_each_is_delivered() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let window = buyer.window();
    buyer.come_back(&buyer.press(&window, "decline").unwrap());
    buyer.until_declined();
    world.until_notice(&opened, "checkout.declined");
    buyer.pay("kb_kb_pay", "redirect");
    buyer.until_paid();
    world.until_notice(&opened, "checkout.paid");
    let path = format!("/v1/checkouts/{}/refunds", opened.id);
    for _ in 0..2 {
        let answer = world
            .shop_call(CAMERA, "POST", &path)
            .key(&crate::world::key())
            .json(&json!({ "order_id": opened.order, "amount": 500, "reason": "late" }))
            .send();
        assert_eq!(answer.code, 201, "{}", answer.body);
    }
    until("both refunds are told", || {
        let all = world.notices(&opened);
        (all.iter().filter(|n| n["type"] == "checkout.refunded").count() >= 2).then_some(())
    });
    let mut seen: Vec<(u64, String)> = world
        .notices(&opened)
        .iter()
        .map(|n| (n["version"].as_u64().unwrap(), n["type"].as_str().unwrap().to_owned()))
        .collect();
    seen.sort();
    seen.dedup();
    let kinds: Vec<&str> = seen.iter().map(|(_, kind)| kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["checkout.declined", "checkout.paid", "checkout.refunded", "checkout.refunded"]
    );
    let last = world.notices(&opened).into_iter().max_by_key(|n| n["version"].as_u64()).unwrap();
    assert_eq!(last["data"]["refunded_amount"], 1_000);
    let view = world.read(&opened);
    assert!(last["version"].as_u64() <= view["version"].as_u64());
    assert_eq!(world.money(&opened), (31_000, 1_000, 1));
}

#[test]
fn a_notice_is_thin_and_names_no_person() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.pay("toss_card", "redirect");
    buyer.until_paid();
    let notice = world.until_notice(&opened, "checkout.paid");
    let names: Vec<&String> = notice["data"].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "amount",
            "checkout",
            "currency",
            "merchant",
            "orders",
            "refunded_amount",
            "status",
            "version"
        ]
    );
    assert!(notice["webhook_id"].as_str().unwrap().starts_with("evt_"));
    assert!(!notice.to_string().contains(&opened.buyer));
}

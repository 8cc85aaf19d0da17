//! Notices to the shop: signed, repeated until heard, never lost without a trace.

use serde_json::{Value, json};

use crate::world::{
    BOOKS, Buyer, CAMERA, Merchant, Opened, World, alone, key, together, until, until_within,
};

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
fn i14_i16_f45_f49_r53_a_notice_that_nobody_takes_is_listed_and_replayed_once() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    world.fail_notices(10_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.pay("toss_card", "redirect");
    buyer.until_paid();
    let dead = until_dead(&world, &opened, 0);
    assert_eq!(world.notices(&opened).len(), 11, "once, and ten repeats");
    assert_eq!((&dead["type"], &dead["last_error"]), (&json!("checkout.paid"), &json!("http 500")));
    assert_eq!(dead["id"], world.notices(&opened)[0]["webhook_id"]);
    assert_eq!(dead["version"], world.notices(&opened)[0]["data"]["version"]);
    let view = world.read(&opened);
    assert_eq!((&view["status"], world.money(&opened)), (&json!("paid"), (31_000, 0, 1)));
    assert_eq!(view["cases"][0]["code"], "notice_undelivered");
    let journal = world.journal(&opened);
    assert!(journal.iter().any(|line| line["input"] == "notice_dead"), "{journal:?}");

    // I-15: another shop neither sees it nor can have it sent.
    let path = format!("/v1/notices/{}/replay", dead["id"].as_str().unwrap());
    let replay = |merchant, path: &str| world.shop_call(merchant, "POST", path).key(&key()).send();
    assert!(list_of(&world, BOOKS).is_empty());
    replay(BOOKS, &path).refused(404, "not_found");
    replay(CAMERA, "/v1/notices/evt_00000000000000000000000000000001/replay")
        .refused(404, "not_found");
    world.shop_call(CAMERA, "POST", &path).send().refused(400, "idempotency_key_missing");
    world.edge("POST", &path).key(&key()).send().refused(401, "unauthorized");
    assert_eq!(world.notices(&opened).len(), 11, "a refused replay sends nothing");

    // The shop is still deaf: it dies again, and is listed again.
    let first = replay(CAMERA, &path);
    assert_eq!((first.code, &first.json()["replays"]), (200, &json!(1)), "{}", first.body);
    let again = until_dead(&world, &opened, 1);
    assert_eq!((&again["id"], &again["created_at"]), (&dead["id"], &dead["created_at"]));
    assert_eq!(world.notices(&opened).len(), 22, "a replay has the whole plan");

    // The shop listens; two people press at once.
    world.fail_notices(0);
    let answers: Vec<_> = std::thread::scope(|scope| {
        let presses: Vec<_> = (0..2).map(|_| scope.spawn(|| replay(CAMERA, &path))).collect();
        presses.into_iter().map(|press| press.join().unwrap()).collect()
    });
    for answer in &answers {
        assert_eq!((answer.code, &answer.body), (200, &answers[0].body), "{}", answer.body);
    }
    world.until_notice(&opened, "checkout.paid");
    until("it is not listed any more, and its case is closed", || {
        let quiet = world.read(&opened)["cases"] == json!([]);
        (quiet && list_of(&world, CAMERA).iter().all(|n| n["id"] != dead["id"])).then_some(())
    });
    let late = replay(CAMERA, &path);
    assert_eq!((late.code, &late.body), (200, &answers[0].body), "the same answer, later too");
    world.until_still(&opened);
    let notices = world.notices(&opened);
    assert_eq!(notices.len(), 23, "the two presses and the late one sent one notice");
    for notice in &notices {
        assert_eq!(notice["webhook_id"], dead["id"], "the same event");
        assert_eq!(notice["data"], notices[0]["data"], "the same content");
        assert_eq!(notice["verified"], true);
    }
    world.assert_paid_once(&opened);
}

#[test]
fn i15_row_76_the_list_of_dead_notices_takes_no_foreign_cursor() {
    let world = together();
    let list =
        |query: &str| world.shop_call(CAMERA, "GET", &format!("/v1/notices/dead{query}")).send();
    for query in ["?cursor=x", "?cursor=chk_g1s03_00000000000000000000000000000007", "?limit=-1"] {
        list(query).refused(400, "cursor_invalid");
    }
    list("?limit=1&limit=2").refused(400, "parameter_duplicated");
    let unknown = list("?cursor=evt_00000000000000000000000000000001").json();
    assert_eq!(unknown, json!({ "notices": [], "next_cursor": null }));
    world.edge("GET", "/v1/notices/dead").send().refused(401, "unauthorized");
}

/// The dead notices of a merchant; the whole answer has the wire's form.
fn list_of(world: &World, merchant: Merchant) -> Vec<Value> {
    let answer = world.shop_call(merchant, "GET", "/v1/notices/dead?limit=100").send();
    assert_eq!(answer.code, 200, "{}", answer.body);
    let view: shared::wire::DeadNoticesView = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(serde_json::to_string(&view).unwrap(), answer.body);
    answer.json()["notices"].as_array().unwrap().clone()
}

/// Waits until a checkout's notice has died after so many replays.
fn until_dead(world: &World, opened: &Opened, replays: u32) -> Value {
    until_within(std::time::Duration::from_secs(60), "the dead letter", || {
        let mine = |notice: &Value| {
            notice["checkout"] == opened.id.as_str() && notice["replays"] == replays
        };
        let listed = list_of(world, opened.merchant).into_iter().find(mine)?;
        // The owner hears of it a moment after the book.
        (world.read(opened)["cases"] != json!([])).then_some(listed)
    })
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

//! What providers send, and what others send in their name.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::world::{Answer, BOOKS, Buyer, CAMERA, Opened, World, alone, together, until};
use tests::sandbox::cipher;

const KEY: [u8; 32] = [0xbb; 32];

fn hook(world: &World, channel: &str, body: &str) -> Answer {
    world
        .edge("POST", &format!("/v1/webhooks/{channel}"))
        .body("application/json", body.to_owned())
        .send()
}

fn kb(world: &World, mac: Option<&str>, body: &str) -> Answer {
    let call = world.edge("POST", "/v1/webhooks/kb").header("x-kb-merchant", "KB0000001");
    let call = match mac {
        Some(mac) => call.header("x-kb-mac", mac),
        None => call,
    };
    call.body("application/json; charset=utf-8", body.to_owned()).send()
}

fn report(order_no: &str) -> Value {
    json!({
        "merchant_no": "KB0000001", "order_no": order_no, "pay_no": "KBP20261121000000000001",
        "result": "SUCCESS", "reason_code": null, "reason": null, "amount": 31_000,
        "currency": "KRW", "paid_at": "20261121120000",
    })
}

fn toss_event(order_id: &str, payment_key: &str, total: u64) -> Value {
    json!({
        "eventType": "PAYMENT_STATUS_CHANGED", "createdAt": "2026-11-21T12:00:00.000000",
        "data": {
            "orderId": order_id, "paymentKey": payment_key, "status": "DONE",
            "totalAmount": total, "balanceAmount": total, "currency": "KRW",
        },
    })
}

#[test]
fn r34_rows_95_96_a_kb_report_without_the_right_code_is_refused() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("kb_kb_pay", "popup");
    let before = world.snapshot(&opened);
    let body = report(&buyer.request_id()).to_string();
    let good = cipher::mac(&KEY, body.as_bytes());
    kb(&world, None, &body).refused(401, "webhook_signature_missing");
    for mac in [
        "",
        "x",
        &"0".repeat(64),
        &good[..62],
        &format!("{good}00"),
        &cipher::mac(&[0; 32], body.as_bytes()),
        &cipher::mac(&KEY, b"{}"),
    ] {
        kb(&world, Some(mac), &body).refused(401, "webhook_signature_invalid");
    }
    // One byte of the body changed under a good code.
    let other = body.replace("31000", "31001");
    kb(&world, Some(&good), &other).refused(401, "webhook_signature_invalid");
    // Row 106: a good code over another merchant's report.
    let mut foreign = report(&buyer.request_id());
    foreign["merchant_no"] = json!("KB0000002");
    let foreign = foreign.to_string();
    let mac = cipher::mac(&KEY, foreign.as_bytes());
    kb(&world, Some(&mac), &foreign).refused(401, "webhook_signature_invalid");
    assert_eq!(world.snapshot(&opened), before, "I-20");
}

#[test]
fn r33_i2_a_well_signed_lie_only_makes_us_look() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("kb_kb_pay", "popup");
    let _window = buyer.window();
    let body = report(&buyer.request_id()).to_string();
    let answer = kb(&world, Some(&cipher::mac(&KEY, body.as_bytes())), &body);
    assert_eq!((answer.code, answer.body.as_str()), (200, "RESULT=OK"));
    assert!(answer.header("content-type").starts_with("text/plain"));
    let status = buyer.look();
    assert_eq!((&status["outcome"], &status["phase"]), (&json!("checking"), &json!("presented")));
    assert_eq!(world.money(&opened), (0, 0, 0));
    assert_eq!(world.read(&opened)["payment"], Value::Null);
}

#[test]
fn r33_i18_f31_a_toss_event_that_lies_is_decided_by_the_look_up() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let window = buyer.window();
    for total in [31_000, 1, 99_000] {
        let event = toss_event(&buyer.request_id(), "tsbx_somebody_elses_payment", total);
        let answer = hook(&world, "toss", &event.to_string());
        assert_eq!(answer.code, 200, "{}", answer.body);
    }
    let deposit = json!({
        "createdAt": "2026-11-21T12:00:00.000000", "secret": "ps_forged", "status": "DONE",
        "transactionKey": "A", "orderId": buyer.request_id(),
    });
    assert_eq!(hook(&world, "toss", &deposit.to_string()).code, 200);
    assert_eq!(buyer.look()["outcome"], "checking");
    assert_eq!(world.money(&opened), (0, 0, 0));
    buyer.come_back(&buyer.press(&window, "approve").unwrap());
    buyer.until_paid();
    let view = world.assert_paid_once(&opened);
    assert_ne!(view["payment"]["provider_payment_id"], "tsbx_somebody_elses_payment");
    // F30: an old "declined" after it is paid changes nothing.
    let mut old = toss_event(&buyer.request_id(), "tsbx_x", 31_000);
    old["data"]["status"] = json!("ABORTED");
    assert_eq!(hook(&world, "toss", &old.to_string()).code, 200);
    world.assert_paid_once(&opened);
}

#[test]
fn i9_f28_row_112_a_webhook_before_its_attempt_is_acknowledged_and_forgotten_by_nobody() {
    let world = together();
    let order = format!("hb-g1s00-{:032x}", 0xdead_u32);
    let event = toss_event(&order, "tsbx_unknown", 31_000).to_string();
    for _ in 0..2 {
        assert_eq!(hook(&world, "toss", &event).code, 200);
    }
    let body = report(&order).to_string();
    let answer = kb(&world, Some(&cipher::mac(&KEY, body.as_bytes())), &body);
    assert_eq!((answer.code, answer.body.as_str()), (200, "RESULT=OK"));
    // Not of our making at all: acknowledged, or the provider would repeat it for days.
    let foreign = toss_event("order-of-another-system", "tsbx_unknown", 1).to_string();
    assert_eq!(hook(&world, "toss", &foreign).code, 200);
    let other = json!({ "eventType": "BILLING_DELETED", "data": {} }).to_string();
    assert_eq!(hook(&world, "toss", &other).code, 200);
}

/// Changes what the owners keep, while nobody runs.
fn at_the_owners(state: &Path, statements: &str) {
    const RUNS: &str = r#"
        const { DatabaseSync } = require("node:sqlite");
        const { readdirSync } = require("node:fs");
        const [folder, statements] = process.argv.slice(1);
        for (const file of readdirSync(folder)) {
            if (!file.endsWith(".sqlite") || file === "metadata.sqlite") continue;
            const owner = new DatabaseSync(`${folder}/${file}`);
            const tables = owner.prepare("SELECT name FROM sqlite_master WHERE name = 'attempt'");
            if (tables.all().length > 0) owner.exec(statements);
            owner.close();
        }
    "#;
    let folder = state.join("do/hanbeon-CheckoutObject");
    let node = Command::new("node").args(["-e", RUNS]).arg(folder).arg(statements).output();
    let node = node.unwrap();
    assert!(node.status.success(), "{}", String::from_utf8_lossy(&node.stderr));
}

/// The buyer approves at Toss, and no word of it comes by itself.
fn approved_unheard(world: &World) -> (Opened, Buyer<'_>) {
    world.faults("tosspayments", &json!({ "webhook": "lost", "return_lost": true }));
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(world, &opened);
    buyer.begin("toss_card", "redirect");
    let window = buyer.window();
    buyer.press(&window, "approve");
    (opened, buyer)
}

#[test]
fn f28_i9_a_webhook_of_an_attempt_that_nobody_knows_is_looked_into_once_it_is_known() {
    let state = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("parked");
    let _ = std::fs::remove_dir_all(&state);
    let words = ["--state", state.to_str().unwrap()];
    let world = World::start_with("parked", &words);
    let (opened, buyer) = approved_unheard(&world);
    let hints = || {
        let journal = world.journal(&opened);
        journal.iter().filter(|line| line["detail"] == "webhook").count()
    };
    // As after a restore: the attempt is not there when its event comes, and then it is.
    world.restart_when(&words, || {
        at_the_owners(&state, "CREATE TABLE kept AS SELECT * FROM attempt; DELETE FROM attempt");
    });
    let event = toss_event(&buyer.request_id(), "tsbx_x", 31_000).to_string();
    for _ in 0..3 {
        assert_eq!(hook(&world, "toss", &event).code, 200);
        assert_eq!(hook(&world, "toss_books", &event).code, 200);
    }
    world.scheduled();
    assert_eq!(hints(), 0, "it waits");
    world.restart_when(&words, || {
        at_the_owners(&state, "INSERT INTO attempt SELECT * FROM kept; DROP TABLE kept");
    });
    assert_eq!(hints(), 0);
    world.scheduled();
    until("it is looked into", || (hints() > 0).then_some(()));
    world.until_standing(&opened, "paid");
    world.assert_paid_once(&opened);
    world.scheduled();
    assert_eq!(hints(), 1, "once, and by its own channel");
}

#[test]
fn rows_104_110_strange_webhooks_are_refused() {
    let world = together();
    hook(&world, "nobody", "{}").refused(404, "not_found");
    hook(&world, "../toss", "{}").refused(404, "not_found");
    for kind in ["text/plain", "application/x-www-form-urlencoded", ""] {
        for channel in ["toss", "kb"] {
            world
                .edge("POST", &format!("/v1/webhooks/{channel}"))
                .body(kind, "{}")
                .send()
                .refused(415, "unsupported_media_type");
        }
    }
    for body in ["", "{", "null", "[]", "{}", "{\"eventType\":\"PAYMENT_STATUS_CHANGED\"}"] {
        let answer = hook(&world, "toss", body);
        assert_eq!(answer.problem(), (400, "json_invalid".to_owned()), "{body}");
        let mac = cipher::mac(&KEY, body.as_bytes());
        let answer = kb(&world, Some(&mac), body);
        assert_eq!(answer.problem(), (400, "json_invalid".to_owned()), "{body}");
    }
    let large = format!("{{\"eventType\":\"{}\"}}", "A".repeat(66 * 1024));
    hook(&world, "toss", &large).refused(413, "body_too_large");
    let zipped = world.edge("POST", "/v1/webhooks/toss").header("content-encoding", "gzip");
    zipped.body("application/json", "{}").send().refused(415, "unsupported_encoding");
}

#[test]
fn i15_row_106_another_merchants_channel_has_no_effect_on_a_checkout() {
    let world = alone();
    let (opened, buyer) = approved_unheard(&world);
    let before = world.snapshot(&opened);
    let event = toss_event(&buyer.request_id(), "tsbx_x", 31_000).to_string();
    assert_eq!(hook(&world, "toss_books", &event).code, 200, "acknowledged, not believed");
    let body = report(&buyer.request_id()).to_string();
    assert_eq!(kb(&world, Some(&cipher::mac(&KEY, body.as_bytes())), &body).code, 200);
    assert_eq!(world.snapshot(&opened), before);
    // Its own channel wakes it.
    assert_eq!(hook(&world, "toss", &event).code, 200);
    world.until_standing(&opened, "paid");
    world.assert_paid_once(&opened);
    assert_eq!(BOOKS.id, "m_books");
}

#[test]
fn f27_row_104_the_same_event_a_hundred_times_has_one_effect() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let window = buyer.window();
    let back = buyer.press(&window, "approve").unwrap();
    let event = toss_event(&buyer.request_id(), "tsbx_x", 31_000).to_string();
    let ten_times = || {
        for _ in 0..10 {
            assert_eq!(hook(&world, "toss", &event).code, 200);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(ten_times);
        }
    });
    buyer.come_back(&back);
    buyer.until_paid();
    world.assert_paid_once(&opened);
    let asked = world
        .heard(0)
        .into_iter()
        .filter(|entry| entry["method"] == "GET" && entry.to_string().contains(&buyer.request_id()))
        .filter(|entry| entry["path"].as_str().unwrap().contains("/v1/payments/orders/"))
        .count();
    assert!(asked <= 8, "row 116: look-ups are coalesced, not {asked}");
}

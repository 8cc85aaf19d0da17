//! Virtual accounts, their deposits, and money that goes back.

use serde_json::{Value, json};

use super::{DAY_MS, ORDER, Scene, said, scene};
use crate::sandbox::{Method, Request};

#[test]
fn refunds_follow_the_balance() {
    let mut scene = Scene::paid("CARD", 10_000);
    let cancel = |amount: u64| json!({ "cancelReason": "r", "cancelAmount": amount });
    let (_, part) = scene.cancel("1", &cancel(3_000));
    assert_eq!(
        (&part["status"], &part["balanceAmount"]),
        (&json!("PARTIAL_CANCELED"), &json!(7_000))
    );
    assert_eq!(part["totalAmount"], 10_000);
    assert_eq!(scene.cancel("1", &cancel(3_000)).1, part, "the same key refunds once");
    assert_eq!(scene.cancel("2", &cancel(7_001)).1["code"], "NOT_CANCELABLE_AMOUNT");
    let guarded = json!({ "cancelReason": "r", "cancelAmount": 1_000, "refundableAmount": 10_000 });
    assert_eq!(scene.cancel("3", &guarded).1["code"], "NOT_MATCHES_REFUNDABLE_AMOUNT");
    let guarded = json!({ "cancelReason": "r", "refundableAmount": 7_000 });
    let (_, whole) = scene.cancel("4", &guarded);
    assert_eq!((&whole["status"], &whole["balanceAmount"]), (&json!("CANCELED"), &json!(0)));
    assert_eq!(whole["cancels"].as_array().unwrap().len(), 2);
    assert_eq!(scene.cancel("5", &cancel(1)).1["code"], "ALREADY_CANCELED_PAYMENT");
    assert_eq!(scene.cancel("6", &json!({})).1["code"], "INVALID_REQUEST");
    assert_eq!((scene.line().refunded, scene.line().captures), (10_000, 1));
}

#[test]
fn what_was_not_paid_is_not_refunded() {
    let mut scene = scene();
    scene.press("CARD", 31_000, "action=approve");
    let (status, body) = scene.cancel("x", &json!({ "cancelReason": "r" }));
    assert_eq!((status, &body["code"]), (403, &json!("NOT_CANCELABLE_PAYMENT")));
}

#[test]
fn each_method_has_its_own_term_for_refunds() {
    for (method, days, refundable) in [
        ("CARD", 300, true),
        ("TRANSFER", 180, true),
        ("TRANSFER", 181, false),
        ("MOBILE_PHONE", 9, true),
        ("MOBILE_PHONE", 10, false),
    ] {
        let mut scene = Scene::paid(method, 10_000);
        scene.now += days * DAY_MS;
        let (status, body) = scene.cancel("x", &json!({ "cancelReason": "r" }));
        assert_eq!(status == 200, refundable, "{method} after {days} days: {body}");
    }
}

#[test]
fn a_virtual_account_waits_for_its_deposit() {
    let mut scene = scene();
    assert_eq!(scene.press("VIRTUAL_ACCOUNT", 31_000, "action=issue_account&bank=88").status, 303);
    let (_, payment) = said(&scene.confirm("k", 31_000));
    assert_eq!(payment["status"], "WAITING_FOR_DEPOSIT");
    assert_eq!(payment["virtualAccount"]["bankCode"], "88");
    assert!(payment["virtualAccount"]["accountNumber"].as_str().unwrap().starts_with('X'));
    assert_eq!((scene.line().captured, scene.line().captures), (0, 0));
    let issued = scene.events(200);
    assert_eq!(issued.len(), 1, "only the flat event speaks of an issued account");
    assert_eq!(issued[0]["status"], "WAITING_FOR_DEPOSIT");
    deposit(&mut scene, &json!({ "request_id": ORDER }), 200);
    let events = scene.events(200);
    let flat = events.iter().find(|event| event["eventType"].is_null()).unwrap();
    assert_eq!((&flat["status"], &flat["secret"]), (&json!("DONE"), &payment["secret"]));
    for absent in ["amount", "paymentKey", "eventType"] {
        assert_eq!(flat[absent], Value::Null, "{absent}");
    }
    let full = events.iter().find(|event| !event["eventType"].is_null()).unwrap();
    assert_eq!(full["data"]["status"], "DONE");
    assert_eq!((scene.line().captured, scene.line().captures), (31_000, 1));
    deposit(&mut scene, &json!({ "request_id": ORDER }), 409);
}

fn deposit(scene: &mut Scene, body: &Value, status: u16) {
    let request = Request::new(Method::Post, "/control/deposit", body.to_string());
    assert_eq!(scene.send(&request).status, status, "{body}");
}

#[test]
fn a_deposit_may_be_wrong_late_or_taken_back() {
    let waiting = || {
        let mut scene = scene();
        scene.press("VIRTUAL_ACCOUNT", 31_000, "action=issue_account");
        scene.confirm("k", 31_000);
        scene.events(200);
        scene
    };
    let mut scene = waiting();
    deposit(&mut scene, &json!({ "request_id": ORDER, "amount": 0 }), 400);
    deposit(&mut scene, &json!({ "request_id": ORDER, "amount": 30_000 }), 200);
    assert_eq!((scene.line().amount, scene.line().captured), (31_000, 30_000));
    deposit(&mut scene, &json!({ "request_id": ORDER, "reverse": true }), 200);
    assert_eq!((scene.line().status, scene.line().captured), ("WAITING_FOR_DEPOSIT", 0));
    let mut scene = waiting();
    scene.now += 8 * DAY_MS;
    assert!(scene.events(200).is_empty(), "the end of the term is announced to nobody");
    assert_eq!(scene.line().status, "EXPIRED");
    deposit(&mut scene, &json!({ "request_id": ORDER }), 200);
    assert_eq!(scene.line().status, "DONE");
}

#[test]
fn a_paid_account_is_refunded_to_an_account_and_an_unpaid_one_as_a_whole() {
    let mut scene = scene();
    scene.press("VIRTUAL_ACCOUNT", 31_000, "action=issue_account");
    scene.confirm("k", 31_000);
    let part = json!({ "cancelReason": "r", "cancelAmount": 1_000 });
    let (_, body) = scene.cancel("0", &part);
    assert_eq!(body["code"], "NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT");
    let mut unpaid = scene.clone();
    let (_, body) = unpaid.cancel("1", &json!({ "cancelReason": "r" }));
    assert_eq!((&body["status"], unpaid.line().refunded), (&json!("CANCELED"), 0));
    deposit(&mut scene, &json!({ "request_id": ORDER }), 200);
    for (account, code) in [
        (Value::Null, "INVALID_REFUND_ACCOUNT_INFO"),
        (
            json!({ "bank": "88", "accountNumber": "1-2", "holderName": "a" }),
            "INVALID_REFUND_ACCOUNT_NUMBER",
        ),
        (json!({ "bank": "99", "accountNumber": "12", "holderName": "a" }), "INVALID_BANK"),
        (json!({ "bank": "88", "accountNumber": "12" }), "INVALID_REFUND_ACCOUNT_INFO"),
    ] {
        let body = json!({ "cancelReason": "r", "refundReceiveAccount": account });
        assert_eq!(scene.cancel("", &body).1["code"], code, "{body}");
    }
    let account = json!({ "bank": "신한", "accountNumber": "110123456789", "holderName": "김" });
    let body =
        json!({ "cancelReason": "r", "cancelAmount": 1_000, "refundReceiveAccount": account });
    assert_eq!(scene.cancel("2", &body).1["status"], "PARTIAL_CANCELED");
}

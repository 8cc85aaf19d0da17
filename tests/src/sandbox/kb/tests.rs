//! The engine as a merchant and its buyer meet it: over its own wire.

use serde_json::{Value, json};

use crate::sandbox::faults::{Faults, Remains, Webhook};
use crate::sandbox::form::encoded;
use crate::sandbox::moment::MINUTE_MS;
use crate::sandbox::outbox::Delivery;
use crate::sandbox::{BookLine, Method, Request, Response, Sandbox, cipher};

const ORDER: &str = "hb-g1s03-00112233445566778899aabbccddeeff";
const MERCHANT: &str = "KB0000001";
const KEY: [u8; 32] = [0xaa; 32];
const MAC_KEY: [u8; 32] = [0xbb; 32];
/// Saturday, 21 November 2026, 12:00 in Seoul.
const NOON: i64 = 1_795_230_000_000;

/// A merchant, its buyer and the sandbox, at a time that only moves when told.
struct Scene {
    sandbox: Sandbox,
    now: i64,
}

fn scene() -> Scene {
    Scene { sandbox: Sandbox::demo("http://edge"), now: NOON }
}

fn sealed(value: &Value) -> String {
    cipher::seal(&KEY, MERCHANT, [7; 12], value.to_string().as_bytes())
}

fn registration(amount: u64) -> Value {
    json!({
        "merchant_no": MERCHANT, "order_no": ORDER, "amount": amount, "currency": "KRW",
        "goods_name": "Camera", "buyer_ref": "u1", "enc_ci": sealed(&json!({ "ci": "x" })),
    })
}

fn window_data(amount: u64) -> Value {
    json!({
        "order_no": ORDER, "amount": amount, "return_url": "http://edge/r/1", "goods_name": "Camera",
    })
}

impl Scene {
    fn send(&mut self, request: &Request) -> Response {
        self.sandbox.handle(request, self.now, 1)
    }

    fn fault(&mut self, faults: Faults) {
        self.sandbox.set_faults("kb", faults).unwrap();
    }

    fn call(&mut self, name: &str, body: &Value) -> Value {
        let body = body.to_string();
        let mac = cipher::mac(&MAC_KEY, body.as_bytes());
        let request = Request::new(Method::Post, &format!("/kb/v1/{name}"), body)
            .with("x-kb-merchant", MERCHANT)
            .with("x-kb-mac", &mac);
        let response = self.send(&request);
        assert_eq!(response.status, 200);
        serde_json::from_slice(&response.body).unwrap()
    }

    fn registered() -> (Self, String) {
        let mut scene = scene();
        let reply = scene.call("register", &registration(31_000));
        assert_eq!(reply["result_code"], "0000");
        (scene, reply["pay_token"].as_str().unwrap().to_owned())
    }

    fn window(&mut self, token: &str, data: &Value) -> Response {
        let body = format!(
            "merchant_no={MERCHANT}&pay_token={token}&enc_data={}&lang=en",
            encoded(&sealed(data))
        );
        self.send(&Request::new(Method::Post, "/kb/window", body))
    }

    fn press(&mut self, token: &str, fields: &str) -> Response {
        let body = format!("pay_token={token}&{fields}");
        self.send(&Request::new(Method::Post, "/kb/window/act", body))
    }

    fn at_the_window() -> (Self, String) {
        let (mut scene, token) = Self::registered();
        assert_eq!(scene.window(&token, &window_data(31_000)).status, 200);
        (scene, token)
    }

    fn paid() -> (Self, String) {
        let (mut scene, token) = Self::at_the_window();
        scene.press(&token, "action=approve&card=approved");
        (scene, token)
    }

    fn inquire(&mut self) -> Value {
        self.call("inquire", &json!({ "merchant_no": MERCHANT, "order_no": ORDER }))
    }

    fn close(&mut self) -> Value {
        self.call("close", &json!({ "merchant_no": MERCHANT, "order_no": ORDER }))
    }

    fn cancel(&mut self, cancel_no: &str, amount: u64, left: u64) -> Value {
        let pay_no = self.inquire()["pay_no"].clone();
        self.call("cancel", &json!({
            "merchant_no": MERCHANT, "order_no": ORDER, "pay_no": pay_no, "cancel_no": cancel_no,
            "cancel_amount": amount, "remain_amount": left, "reason": "r",
        }))
    }

    fn line(&self) -> BookLine {
        self.sandbox.books().pop().unwrap()
    }

    /// Reports that are due until `until_ms` from now, each answered with `body`.
    fn reports(&mut self, until_ms: i64, body: &str) -> Vec<Delivery> {
        let due = self.sandbox.deliveries(self.now + until_ms);
        for delivery in &due {
            self.sandbox.delivered(delivery.id, 200, body.as_bytes(), self.now + until_ms);
        }
        due
    }
}

fn body_of(delivery: &Delivery) -> Value {
    serde_json::from_slice(&delivery.body).unwrap()
}

fn is_signed(delivery: &Delivery) -> bool {
    let mac = cipher::mac(&MAC_KEY, &delivery.body);
    delivery.headers.contains(&("x-kb-mac".to_owned(), mac))
}

/// The fields of the page that posts itself back.
fn carried_back(response: &Response) -> (bool, String) {
    let html = String::from_utf8(response.body.clone()).unwrap();
    let success = html.contains(r#"name="result" value="SUCCESS""#);
    let (_, rest) = html.split_once(r#"name="reason_code" value=""#).unwrap();
    assert!(html.contains(r#"action="http://edge/r/1""#));
    (success, rest.split('"').next().unwrap().to_owned())
}

#[test]
fn a_repeated_registration_gives_the_first_token_and_another_amount_is_refused() {
    let (mut scene, token) = Scene::registered();
    scene.now += MINUTE_MS;
    let again = scene.call("register", &registration(31_000));
    assert_eq!(again["pay_token"], json!(token));
    assert_eq!(again["expires_at"], "20261121123000");
    assert_eq!(scene.call("register", &registration(30_999))["result_code"], "3101");
    assert_eq!(scene.line().amount, 31_000);
}

#[test]
fn a_registration_needs_every_field_and_an_encrypted_field_that_opens() {
    for (field, value, code) in [
        ("amount", json!(0), "9005"),
        ("amount", json!("31000"), "9005"),
        ("amount", json!(31_000.5), "9005"),
        ("currency", json!("USD"), "9005"),
        ("goods_name", json!(""), "9005"),
        ("order_no", json!("a b"), "9005"),
        ("order_no", json!("x".repeat(65)), "9005"),
        ("enc_ci", json!("AAAA"), "9004"),
        ("enc_ci", json!(cipher::seal(&[0; 32], MERCHANT, [7; 12], b"{\"ci\":\"x\"}")), "9004"),
        ("enc_ci", json!(cipher::seal(&KEY, "KB0000002", [7; 12], b"{\"ci\":\"x\"}")), "9004"),
        ("enc_ci", json!(sealed(&json!({}))), "9004"),
        ("merchant_no", json!("KB0000002"), "9002"),
    ] {
        let mut scene = scene();
        let mut body = registration(31_000);
        body[field] = value.clone();
        assert_eq!(scene.call("register", &body)["result_code"], code, "{field} = {value}");
        assert!(scene.sandbox.books().is_empty());
    }
}

#[test]
fn a_call_without_the_right_mac_changes_nothing() {
    let body = registration(31_000).to_string();
    let right = cipher::mac(&MAC_KEY, body.as_bytes());
    for (mac, merchant, code) in [
        ("", MERCHANT, "9003"),
        (cipher::mac(&KEY, body.as_bytes()).as_str(), MERCHANT, "9003"),
        (right.to_uppercase().as_str(), MERCHANT, "9003"),
        (right.as_str(), "KB0000009", "9002"),
    ] {
        let mut scene = scene();
        let request = Request::new(Method::Post, "/kb/v1/register", body.clone())
            .with("x-kb-merchant", merchant)
            .with("x-kb-mac", mac);
        let response = scene.send(&request);
        let reply: Value = serde_json::from_slice(&response.body).unwrap();
        assert_eq!((response.status, &reply["result_code"]), (200, &json!(code)));
        assert!(scene.sandbox.books().is_empty());
    }
}

#[test]
fn a_buyer_pays_in_the_window_and_is_sent_back_by_a_form() {
    let (mut scene, token) = Scene::at_the_window();
    assert_eq!(scene.inquire()["status"], "AUTHENTICATING");
    let back = scene.press(&token, "action=approve&card=approved");
    assert_eq!(carried_back(&back), (true, String::new()));
    let seen = scene.inquire();
    assert_eq!((&seen["status"], &seen["amount"]), (&json!("PAID"), &json!(31_000)));
    assert_eq!(seen["paid_at"], "20261121120000");
    assert_eq!(seen["merchant_no"], MERCHANT);
    assert_eq!((scene.line().captures, scene.line().captured), (1, 31_000));
}

#[test]
fn the_books_never_capture_twice_for_a_request_id() {
    let (mut scene, token) = Scene::paid();
    let pay_no = scene.inquire()["pay_no"].clone();
    for _ in 0..2 {
        assert!(carried_back(&scene.press(&token, "action=approve")).0);
        assert!(carried_back(&scene.window(&token, &window_data(31_000))).0);
    }
    scene.press(&token, "action=cancel");
    assert_eq!((scene.line().captures, &scene.inquire()["pay_no"]), (1, &pay_no));
    assert_eq!(scene.reports(MINUTE_MS, "RESULT=OK").len(), 1, "one report, whatever is pressed");
}

#[test]
fn the_final_report_is_repeated_three_times_until_it_is_acknowledged_in_words() {
    let (mut scene, _) = Scene::paid();
    let first = scene.reports(200, "OK");
    assert_eq!((first.len(), first[0].url.as_str()), (1, "http://edge/v1/webhooks/kb"));
    assert!(is_signed(&first[0]));
    let report = body_of(&first[0]);
    assert_eq!((&report["result"], &report["amount"]), (&json!("SUCCESS"), &json!(31_000)));
    assert_eq!(report["reason_code"], Value::Null);
    for minute in 1..=3 {
        let again = scene.reports(200 + minute * MINUTE_MS, "");
        assert_eq!(again.len(), 1, "after {minute} minutes");
        assert_eq!(again[0].body, first[0].body);
    }
    assert!(scene.reports(60 * MINUTE_MS, "").is_empty());
    assert_eq!((scene.line().webhooks_sent, scene.line().webhooks_acknowledged), (4, 0));
}

#[test]
fn every_failure_has_its_reason_in_report_return_and_inquiry() {
    for (fields, code) in [
        ("action=decline&card=approved", "1001"),
        ("action=approve&card=over_limit", "1002"),
        ("action=cancel", "1003"),
    ] {
        let (mut scene, token) = Scene::at_the_window();
        assert_eq!(carried_back(&scene.press(&token, fields)), (false, code.to_owned()));
        let seen = scene.inquire();
        assert_eq!((&seen["status"], &seen["reason_code"]), (&json!("FAILED"), &json!(code)));
        let report = body_of(&scene.reports(200, "RESULT=OK")[0]);
        assert_eq!((&report["result"], &report["reason_code"]), (&json!("FAIL"), &json!(code)));
        assert_eq!(scene.line().captures, 0);
        scene.press(&token, "action=approve&card=approved");
        assert_eq!(scene.line().captures, 0, "a failed order is final");
    }
}

#[test]
fn an_order_runs_out_of_time_and_says_so_once() {
    let (mut scene, token) = Scene::at_the_window();
    scene.now += 30 * MINUTE_MS;
    assert_eq!(scene.inquire()["reason_code"], "1004");
    assert_eq!(scene.reports(200, "RESULT=OK").len(), 1);
    assert_eq!(carried_back(&scene.press(&token, "action=approve")), (false, "1004".to_owned()));
    assert!(scene.reports(MINUTE_MS, "RESULT=OK").is_empty());
}

#[test]
fn extra_authentication_keeps_the_card_that_was_chosen() {
    let (mut scene, token) = Scene::at_the_window();
    let page = scene.press(&token, "action=auth3ds&card=over_limit");
    let html = String::from_utf8(page.body).unwrap();
    assert!(html.contains(r#"name="card" value="over_limit""#));
    assert_eq!(scene.inquire()["status"], "AUTHENTICATING");
    scene.press(&token, "action=auth3ds_done&card=over_limit");
    assert_eq!(scene.inquire()["reason_code"], "1002");
}

#[test]
fn a_window_opens_only_with_the_values_that_were_registered() {
    let (mut scene, token) = Scene::registered();
    assert_eq!(scene.window("kbt_other", &window_data(31_000)).status, 400);
    for (field, value) in [
        ("amount", json!(30_999)),
        ("order_no", json!("other")),
        ("goods_name", json!("Lens")),
        ("return_url", json!("javascript:alert(1)")),
        ("return_url", Value::Null),
    ] {
        let mut data = window_data(31_000);
        data[field] = value.clone();
        assert_eq!(scene.window(&token, &data).status, 400, "{field} = {value}");
    }
    assert_eq!(scene.line().status, "REGISTERED");
    assert_eq!(scene.send(&Request::new(Method::Get, "/kb/window", "")).status, 405);
}

#[test]
fn a_closed_order_cannot_be_paid_and_a_paid_one_cannot_be_closed() {
    let (mut scene, token) = Scene::at_the_window();
    for _ in 0..2 {
        assert_eq!(scene.close()["result_code"], "0000");
    }
    assert_eq!(scene.inquire()["status"], "CLOSED");
    assert!(!carried_back(&scene.press(&token, "action=approve")).0);
    assert_eq!(scene.line().captures, 0);
    let (mut scene, _) = Scene::paid();
    assert_eq!(scene.close()["result_code"], "3201");
    assert_eq!(scene.inquire()["status"], "PAID");
}

#[test]
fn an_unknown_order_is_4004_everywhere() {
    let mut scene = scene();
    assert_eq!(scene.inquire()["result_code"], "4004");
    assert_eq!(scene.close()["result_code"], "4004");
    assert_eq!(scene.cancel("c", 1, 0)["result_code"], "4004");
}

#[test]
fn refunds_follow_the_balance_and_their_own_numbers() {
    let (mut scene, _) = Scene::paid();
    let part = scene.cancel("c1", 1_000, 30_000);
    assert_eq!((&part["result_code"], &part["cancelled_amount"]), (&json!("0000"), &json!(1_000)));
    assert_eq!(scene.cancel("c1", 1_000, 30_000), part, "the same number refunds once");
    assert_eq!(scene.cancel("c1", 2_000, 28_000)["result_code"], "3303");
    assert_eq!(scene.cancel("c2", 30_001, 0)["result_code"], "3301");
    assert_eq!(scene.cancel("c2", 1_000, 30_000)["result_code"], "3302");
    assert_eq!(scene.inquire()["status"], "PART_CANCELLED");
    assert_eq!(scene.cancel("c3", 30_000, 0)["cancelled_amount"], 31_000);
    let seen = scene.inquire();
    assert_eq!((&seen["status"], &seen["cancelled_amount"]), (&json!("CANCELLED"), &json!(31_000)));
    assert_eq!((scene.line().refunded, scene.line().captures), (31_000, 1));
    let (mut scene, _) = Scene::at_the_window();
    assert_eq!(scene.cancel("c", 1, 0)["result_code"], "3202");
}

#[test]
fn a_refund_names_the_payment_it_means() {
    let (mut scene, _) = Scene::paid();
    let reply = scene.call(
        "cancel",
        &json!({
            "merchant_no": MERCHANT, "order_no": ORDER, "pay_no": "KBP0", "cancel_no": "c",
            "cancel_amount": 1, "remain_amount": 30_999, "reason": "r",
        }),
    );
    assert_eq!(reply["result_code"], "3304");
}

#[test]
fn a_forger_claims_success_without_the_key() {
    let (mut scene, token) = Scene::at_the_window();
    scene.fault(Faults { webhook: Webhook::Forged, ..Faults::default() });
    scene.press(&token, "action=decline");
    let reports = scene.reports(200, "");
    assert_eq!(reports.len(), 2);
    let results = reports.iter().map(|r| (is_signed(r), body_of(r)["result"].clone()));
    let expected = [(false, json!("SUCCESS")), (true, json!("FAIL"))];
    assert_eq!(results.collect::<Vec<_>>(), expected);
    let (mut scene, token) = Scene::at_the_window();
    scene.fault(Faults { webhook: Webhook::ForgedOnly, ..Faults::default() });
    scene.press(&token, "action=approve");
    assert_eq!(body_of(&scene.reports(MINUTE_MS, "")[0])["amount"], 32_000);
}

#[test]
fn an_early_report_goes_before_the_buyer() {
    let (mut scene, token) = Scene::at_the_window();
    scene.fault(Faults { webhook: Webhook::Early, ..Faults::default() });
    let letter = scene.press(&token, "action=approve").after_delivery.unwrap();
    assert!(!scene.sandbox.was_tried(letter));
    assert_eq!(scene.reports(0, "RESULT=OK").len(), 1);
    assert!(scene.sandbox.was_tried(letter));
}

#[test]
fn answers_get_lost_after_the_money_moved() {
    let (mut scene, token) = Scene::at_the_window();
    scene.fault(Faults {
        answer_lost_after_capture: true,
        answer_lost_after_refund: true,
        answer_lost_as: Remains::Html,
        ..Faults::default()
    });
    assert_eq!(scene.press(&token, "action=approve").status, 504);
    assert_eq!(scene.line().captures, 1);
    let pay_no = scene.inquire()["pay_no"].clone();
    let body = json!({
        "merchant_no": MERCHANT, "order_no": ORDER, "pay_no": pay_no, "cancel_no": "c",
        "cancel_amount": 31_000, "remain_amount": 0, "reason": "r",
    })
    .to_string();
    let request = Request::new(Method::Post, "/kb/v1/cancel", body.clone())
        .with("x-kb-merchant", MERCHANT)
        .with("x-kb-mac", &cipher::mac(&MAC_KEY, body.as_bytes()));
    assert_eq!(scene.send(&request).status, 504);
    assert_eq!(scene.line().refunded, 31_000);
    assert_eq!(scene.send(&request).status, 200);
}

#[test]
fn other_faults_do_what_they_say() {
    let (mut scene, token) = Scene::at_the_window();
    scene.fault(Faults {
        errors_5xx: 1,
        wrong_amount: Some(9),
        slow_ms: 50,
        return_lost: true,
        ..Faults::default()
    });
    let failed = scene.send(&Request::new(Method::Post, "/kb/v1/inquire", "{}"));
    assert_eq!((failed.status, failed.delay_ms), (500, 50));
    let page = scene.press(&token, "action=approve");
    assert!(!String::from_utf8(page.body).unwrap().contains("http://edge/r/1"));
    let seen = scene.inquire();
    assert_eq!((&seen["status"], &seen["amount"]), (&json!("PAID"), &json!(9)));
}

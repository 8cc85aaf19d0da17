//! The engine as a shop and its buyer meet it: over its own wire. Here paying; `refunds` accounts and
//! money that goes back, `faults` bad days.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::sandbox::faults::Faults;
use crate::sandbox::form::{Fields, encoded};
use crate::sandbox::moment::MINUTE_MS;
use crate::sandbox::{BookLine, Method, Request, Response, Sandbox};

mod faults;
mod refunds;

const ORDER: &str = "hb-g1s03-00112233445566778899aabbccddeeff";
/// Saturday, 21 November 2026, 12:00 in Seoul.
const NOON: i64 = 1_795_230_000_000;
const DAY_MS: i64 = 86_400_000;

/// A shop, its buyer and the sandbox, at a time that only moves when told.
#[derive(Clone)]
struct Scene {
    sandbox: Sandbox,
    now: i64,
    key: &'static str,
    /// What the last window that was shown calls its payment.
    payment_key: String,
}

fn scene() -> Scene {
    let sandbox = Sandbox::demo("http://edge");
    Scene { sandbox, now: NOON, key: "test_sk_camera", payment_key: String::new() }
}

impl Scene {
    fn send(&mut self, request: &Request) -> Response {
        let response = self.sandbox.handle(request, self.now, 1);
        let page = String::from_utf8(response.body.clone()).unwrap();
        if let Some((_, rest)) = page.split_once(r#"name="payment_key" value=""#) {
            rest.split('"').next().unwrap().clone_into(&mut self.payment_key);
        }
        response
    }

    fn fault(&mut self, faults: Faults) {
        self.sandbox.set_faults("tosspayments", faults).unwrap();
    }

    fn window(&mut self, method: &str, amount: u64) -> Response {
        let back = encoded("http://edge/r/1?x=1");
        let target = format!(
            "/toss/window?clientKey=test_ck_camera&method={method}&amount={amount}&currency=KRW\
             &orderId={ORDER}&orderName=Camera&successUrl={back}&failUrl={back}&lang=en"
        );
        self.send(&Request::new(Method::Get, &target, ""))
    }

    /// Opens the window and presses a button; the answer to the press.
    fn press(&mut self, method: &str, amount: u64, fields: &str) -> Response {
        let page = self.window(method, amount);
        assert_eq!(page.status, 200);
        self.press_again(fields)
    }

    fn press_again(&mut self, fields: &str) -> Response {
        let body = format!("payment_key={}&{fields}", self.payment_key());
        self.send(&Request::new(Method::Post, "/toss/window", body))
    }

    fn payment_key(&self) -> String {
        self.payment_key.clone()
    }

    fn signed(&self, request: Request) -> Request {
        request
            .with("Authorization", &format!("Basic {}", STANDARD.encode(format!("{}:", self.key))))
    }

    fn get(&mut self, path: &str) -> (u16, Value) {
        let request = self.signed(Request::new(Method::Get, &format!("/toss{path}"), ""));
        said(&self.send(&request))
    }

    fn post(&mut self, path: &str, idempotency_key: &str, body: &Value) -> Response {
        let request = Request::new(Method::Post, &format!("/toss{path}"), body.to_string());
        let mut request = self.signed(request);
        if !idempotency_key.is_empty() {
            request = request.with("Idempotency-Key", idempotency_key);
        }
        self.send(&request)
    }

    fn confirm(&mut self, idempotency_key: &str, amount: u64) -> Response {
        let body = json!({ "paymentKey": self.payment_key(), "orderId": ORDER, "amount": amount });
        self.post("/v1/payments/confirm", idempotency_key, &body)
    }

    fn cancel(&mut self, idempotency_key: &str, body: &Value) -> (u16, Value) {
        let path = format!("/v1/payments/{}/cancel", self.payment_key());
        said(&self.post(&path, idempotency_key, body))
    }

    fn paid(method: &str, amount: u64) -> Self {
        let mut scene = scene();
        assert_eq!(scene.press(method, amount, "action=approve").status, 303);
        assert_eq!(scene.confirm("c", amount).status, 200);
        scene
    }

    fn line(&self) -> BookLine {
        self.sandbox.books().pop().unwrap()
    }

    /// Bodies of the events that are due until `until_ms` from now, all acknowledged.
    fn events(&mut self, until_ms: i64) -> Vec<Value> {
        let due = self.sandbox.deliveries(self.now + until_ms);
        for delivery in &due {
            self.sandbox.delivered(delivery.id, 200, b"", self.now + until_ms);
        }
        due.iter().map(|delivery| serde_json::from_slice(&delivery.body).unwrap()).collect()
    }
}

fn said(response: &Response) -> (u16, Value) {
    (response.status, serde_json::from_slice(&response.body).unwrap())
}

fn refused(response: &Response, status: u16, code: &str) {
    let (seen, body) = said(response);
    assert_eq!((seen, body["code"].as_str()), (status, Some(code)), "{body}");
}

fn destination(response: &Response) -> Fields {
    assert_eq!(response.status, 303);
    Fields::parse(response.header("location").unwrap().split_once('?').unwrap().1)
}

#[test]
fn the_order_id_is_known_as_soon_as_the_window_is_open() {
    let mut scene = scene();
    assert_eq!(scene.get(&format!("/v1/payments/orders/{ORDER}")).0, 404);
    scene.window("CARD", 31_000);
    let (status, payment) = scene.get(&format!("/v1/payments/orders/{ORDER}"));
    assert_eq!((status, &payment["status"]), (200, &json!("READY")));
    assert_eq!(payment["method"], Value::Null);
    assert_eq!(payment["totalAmount"], 31_000);
}

#[test]
fn a_buyer_pays_by_card() {
    let mut scene = scene();
    let back = destination(&scene.press("CARD", 31_000, "action=approve"));
    assert_eq!(back.text("x"), "1");
    assert_eq!(back.text("orderId"), ORDER);
    assert_eq!(back.text("amount"), "31000");
    assert_eq!(back.text("paymentKey"), scene.payment_key());
    assert_eq!(
        scene.get(&format!("/v1/payments/{}", scene.payment_key())).1["status"],
        "IN_PROGRESS"
    );
    assert_eq!(scene.line().captured, 0, "authenticated is not paid");
    let (status, payment) = said(&scene.confirm("k", 31_000));
    assert_eq!((status, &payment["status"]), (200, &json!("DONE")));
    assert_eq!(payment["method"], "카드");
    assert_eq!(payment["approvedAt"], "2026-11-21T12:00:00+09:00");
    assert_eq!(payment["vat"], 2_818);
    let line = scene.line();
    assert_eq!((line.captured, line.captures, line.status), (31_000, 1, "DONE"));
}

#[test]
fn the_books_never_capture_twice_for_a_request_id() {
    let mut scene = Scene::paid("CARD", 31_000);
    refused(&scene.confirm("another", 31_000), 400, "ALREADY_PROCESSED_PAYMENT");
    refused(&scene.confirm("", 31_000), 400, "ALREADY_PROCESSED_PAYMENT");
    // Nor through the window, opened again or pressed again.
    assert_eq!(scene.window("CARD", 31_000).status, 200);
    assert_eq!(scene.press_again("action=approve").status, 200);
    refused(&scene.confirm("third", 31_000), 400, "ALREADY_PROCESSED_PAYMENT");
    assert_eq!((scene.line().captures, scene.sandbox.books().len()), (1, 1));
}

#[test]
fn an_idempotency_key_gives_the_first_answer_again_for_fifteen_days() {
    let mut scene = scene();
    scene.press("CARD", 31_000, "action=approve");
    let first = scene.confirm("k", 31_000);
    scene.now += 14 * DAY_MS;
    assert_eq!(scene.confirm("k", 31_000).body, first.body);
    // The key stands for the call, not for its body.
    assert_eq!(scene.confirm("k", 1).body, first.body);
    scene.now += DAY_MS;
    refused(&scene.confirm("k", 31_000), 400, "ALREADY_PROCESSED_PAYMENT");
    refused(&scene.confirm(&"k".repeat(301), 31_000), 400, "INVALID_IDEMPOTENCY_KEY");
}

#[test]
fn a_refusal_is_an_answer_that_is_given_again() {
    let mut scene = scene();
    scene.press("CARD", 31_000, "action=approve");
    refused(&scene.confirm("k", 1), 403, "FORBIDDEN_REQUEST");
    refused(&scene.confirm("k", 31_000), 403, "FORBIDDEN_REQUEST");
    assert_eq!(scene.confirm("other", 31_000).status, 200);
}

#[test]
fn a_repeat_while_the_first_is_running_is_told_to_wait() {
    let mut scene = scene();
    scene.press("CARD", 31_000, "action=approve");
    scene.fault(Faults { slow_ms: 3_000, ..Faults::default() });
    let first = scene.confirm("k", 31_000);
    assert_eq!((first.status, first.delay_ms), (200, 3_000));
    scene.now += 2_999;
    refused(&scene.confirm("k", 31_000), 409, "IDEMPOTENT_REQUEST_PROCESSING");
    scene.now += 1;
    assert_eq!(scene.confirm("k", 31_000).body, first.body);
}

#[test]
fn a_confirm_with_another_amount_is_refused() {
    let mut scene = scene();
    scene.press("CARD", 31_000, "action=approve");
    refused(&scene.confirm("k", 30_999), 403, "FORBIDDEN_REQUEST");
    assert_eq!(scene.line().captures, 0);
}

#[test]
fn a_confirm_needs_an_authentication_of_the_last_ten_minutes() {
    let mut scene = scene();
    scene.window("CARD", 31_000);
    refused(&scene.confirm("a", 31_000), 404, "NOT_FOUND_PAYMENT_SESSION");
    scene.press_again("action=approve");
    scene.now += 10 * MINUTE_MS;
    refused(&scene.confirm("b", 31_000), 404, "NOT_FOUND_PAYMENT_SESSION");
    assert_eq!(scene.line().status, "EXPIRED");
    assert_eq!(scene.events(200)[0]["data"]["status"], "EXPIRED");
}

#[test]
fn a_window_is_over_after_thirty_minutes() {
    let mut scene = scene();
    scene.window("CARD", 31_000);
    scene.now += 30 * MINUTE_MS;
    let page = scene.press_again("action=approve");
    assert_eq!(page.status, 200);
    assert_eq!(scene.line().status, "EXPIRED");
    // The order id was never paid, so it may open another window.
    let before = scene.payment_key();
    assert_eq!(destination(&scene.press("CARD", 31_000, "action=approve")).text("orderId"), ORDER);
    assert_ne!(scene.payment_key(), before);
}

#[test]
fn a_buyer_who_cancels_comes_back_without_an_order_id_and_without_an_event() {
    let mut scene = scene();
    let back = destination(&scene.press("CARD", 31_000, "action=cancel"));
    assert_eq!(back.text("code"), "PAY_PROCESS_CANCELED");
    assert_eq!(back.text("orderId"), "");
    assert_eq!(scene.line().status, "READY");
    assert!(scene.events(MINUTE_MS).is_empty());
    refused(&scene.confirm("k", 31_000), 404, "NOT_FOUND_PAYMENT_SESSION");
}

#[test]
fn an_issuer_may_refuse_in_the_window_or_at_the_confirm() {
    let mut scene = scene();
    let back = destination(&scene.press("CARD", 31_000, "action=decline"));
    assert_eq!((back.text("code"), back.text("orderId")), ("REJECT_CARD_COMPANY", ORDER));
    assert_eq!(scene.events(200)[0]["data"]["failure"]["code"], "REJECT_CARD_COMPANY");
    for (card, status, code) in
        [("no_money", 403, "REJECT_CARD_PAYMENT"), ("stolen", 400, "INVALID_CARD_LOST_OR_STOLEN")]
    {
        let mut scene = self::scene();
        scene.press("CARD", 31_000, &format!("action=approve&card={card}"));
        refused(&scene.confirm("k", 31_000), status, code);
        assert_eq!((scene.line().status, scene.line().captures), ("ABORTED", 0));
        assert_eq!(scene.events(200)[0]["data"]["status"], "ABORTED");
    }
}

#[test]
fn extra_authentication_takes_one_page_more() {
    let mut scene = scene();
    let page = scene.press("CARD", 31_000, "action=auth3ds&card=no_money");
    assert_eq!(page.status, 200);
    assert_eq!(scene.line().status, "READY");
    assert_eq!(scene.press_again("action=auth3ds_done").status, 303);
    refused(&scene.confirm("k", 31_000), 403, "REJECT_CARD_PAYMENT");
}

#[test]
fn a_stale_window_decides_nothing_after_the_authentication() {
    let mut scene = scene();
    scene.press("CARD", 31_000, "action=approve");
    for action in ["decline", "cancel", "auth3ds"] {
        assert_eq!(scene.press_again(&format!("action={action}")).status, 200, "{action}");
        assert_eq!(scene.line().status, "IN_PROGRESS");
    }
    assert_eq!(scene.press_again("action=approve").status, 303);
    assert_eq!(scene.confirm("k", 31_000).status, 200);
}

#[test]
fn a_window_opens_only_for_what_the_sdk_would_send() {
    let good = format!(
        "clientKey=test_ck_camera&method=CARD&amount=100&currency=KRW&orderId={ORDER}&orderName=a\
         &successUrl=http://e/&failUrl=http://e/"
    );
    for (from, to, status) in [
        ("", "", 200),
        ("test_ck_camera", "test_ck_nobody", 401),
        ("method=CARD", "method=GOLD", 400),
        ("amount=100", "amount=0", 400),
        ("amount=100", "amount=-1", 400),
        ("amount=100", "amount=1.5", 400),
        ("currency=KRW", "currency=USD", 400),
        (ORDER, "short", 400),
        (ORDER, "has%20space", 400),
        ("orderName=a", "orderName=", 400),
        ("successUrl=http://e/", "successUrl=javascript:alert(1)", 400),
        ("failUrl=http://e/", "", 400),
    ] {
        let mut scene = scene();
        let target = format!("/toss/window?{}", good.replace(from, to));
        let response = scene.send(&Request::new(Method::Get, &target, ""));
        assert_eq!(response.status, status, "{from} -> {to}");
        assert_eq!(scene.sandbox.books().len(), usize::from(status == 200));
    }
}

#[test]
fn a_window_in_an_overlay_tells_the_calling_page_where_to_go() {
    let mut scene = scene();
    let target = format!(
        "/toss/window?clientKey=test_ck_camera&method=CARD&amount=100&currency=KRW&orderId={ORDER}\
         &orderName=a&successUrl=http://e/&failUrl=http://e/&target=iframe"
    );
    assert_eq!(scene.send(&Request::new(Method::Get, &target, "")).status, 200);
    let response = scene.press_again("action=approve");
    let html = String::from_utf8(response.body).unwrap();
    assert_eq!(response.status, 200);
    assert!(html.contains("parent.postMessage") && html.contains("http://e/?paymentType=NORMAL"));
}

#[test]
fn the_card_window_also_has_the_wallets() {
    let mut scene = scene();
    let html = String::from_utf8(scene.window("CARD", 31_000).body).unwrap();
    let (_, rest) = html.split_once(r#"id="tab-EASY_PAY" href=""#).unwrap();
    let target = rest.split('"').next().unwrap().replace("&amp;", "&");
    assert_eq!(scene.send(&Request::new(Method::Get, &target, "")).status, 200);
    scene.press_again("action=approve");
    let (_, payment) = said(&scene.confirm("k", 31_000));
    assert_eq!(payment["method"], "간편결제");
    assert_eq!(payment["easyPay"]["amount"], 31_000);
    assert_eq!(scene.sandbox.books().len(), 1);
}

#[test]
fn only_the_owner_of_a_key_is_heard() {
    let mut scene = Scene::paid("CARD", 31_000);
    let path = format!("/toss/v1/payments/orders/{ORDER}");
    let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
    for (header, status) in [
        (basic("test_sk_camera:"), 200),
        (basic("test_sk_camera:").trim_end_matches('=').to_owned(), 200),
        (basic("test_sk_camera"), 403),
        ("Basic %%%".to_owned(), 403),
        ("Bearer x".to_owned(), 403),
        (basic("test_sk_nobody:"), 401),
        (basic("test_sk_books:"), 404),
    ] {
        let request = Request::new(Method::Get, &path, "").with("Authorization", &header);
        assert_eq!(scene.send(&request).status, status, "{header}");
    }
    assert_eq!(scene.send(&Request::new(Method::Get, &path, "")).status, 401);
    scene.key = "test_sk_books";
    assert_eq!(scene.cancel("x", &json!({ "cancelReason": "theirs" })).0, 404);
    refused(&scene.confirm("y", 31_000), 404, "NOT_FOUND_PAYMENT");
}

#[test]
fn amounts_outside_a_methods_limits_are_refused_at_the_confirm() {
    for (method, amount, code) in [
        ("CARD", 99, "BELOW_MINIMUM_AMOUNT"),
        ("TRANSFER", 199, "BELOW_MINIMUM_AMOUNT"),
        ("MOBILE_PHONE", 1_000_001, "EXCEED_MAX_MONTHLY_PAYMENT_AMOUNT"),
    ] {
        let mut scene = scene();
        scene.press(method, amount, "action=approve");
        refused(&scene.confirm("k", amount), 400, code);
    }
}

#[test]
fn messages_and_methods_are_korean_unless_english_is_asked_for() {
    let mut scene = Scene::paid("CARD", 31_000);
    let request = Request::new(Method::Get, &format!("/toss/v1/payments/orders/{ORDER}"), "")
        .with("Accept-Language", "en-US");
    let request = scene.signed(request);
    assert_eq!(said(&scene.send(&request)).1["method"], "Card");
    assert_eq!(scene.get(&format!("/v1/payments/orders/{ORDER}")).1["method"], "카드");
}

//! The engine as a shop and its buyer meet it: over PortOne's own wire.

use serde_json::{Value, json};

use crate::sandbox::faults::{Faults, Remains, Webhook};
use crate::sandbox::moment::MINUTE_MS;
use crate::sandbox::outbox::Delivery;
use crate::sandbox::{BookLine, Method, Request, Response, Sandbox, cipher};

const ID: &str = "hb-g1s03-00112233445566778899aabbccddeeff";
const SECRET: &str = "PortOne portone-demo-secret-of-books";
const WEBHOOK_KEY: &[u8] = b"books-portone-webhook-secret-32b";
/// Saturday, 21 November 2026, 12:00 in Seoul.
const NOON: i64 = 1_795_230_000_000;

/// A shop, its buyer and the sandbox, at a time that only moves when told.
struct Scene {
    sandbox: Sandbox,
    now: i64,
}

impl Scene {
    fn new() -> Self {
        Self { sandbox: Sandbox::demo("http://edge"), now: NOON }
    }

    fn send(&mut self, request: &Request) -> Response {
        self.sandbox.handle(request, self.now, 1)
    }

    fn fault(&mut self, faults: Faults) {
        self.sandbox.set_faults("portone_v2", faults).unwrap();
    }

    /// A call with an idempotency key's header as it is written.
    fn keyed(&mut self, call: &str, key: &str, body: &Value) -> (u16, Value) {
        let target = format!("/portone/payments/{ID}/{call}");
        let request = Request::new(Method::Post, &target, body.to_string())
            .with("authorization", SECRET)
            .with("idempotency-key", key);
        said(&self.send(&request))
    }

    fn call(&mut self, call: &str, body: &Value) -> (u16, Value) {
        let target = format!("/portone/payments/{ID}/{call}");
        let request = Request::new(Method::Post, &target, body.to_string());
        said(&self.send(&request.with("authorization", SECRET)))
    }

    fn look(&mut self) -> (u16, Value) {
        let target = format!("/portone/payments/{ID}?storeId=store-books");
        said(&self.send(&Request::new(Method::Get, &target, "").with("authorization", SECRET)))
    }

    fn announced() -> Self {
        let mut scene = Self::new();
        let body = json!({ "storeId": "store-books", "totalAmount": 18_000, "currency": "KRW" });
        assert_eq!(scene.call("pre-register", &body), (200, json!({})));
        scene
    }

    fn window(&mut self, means: &str, amount: u64) -> Response {
        let target = format!(
            "/portone/window?storeId=store-books&channelKey=channel-key-books&paymentId={ID}\
             &orderName=Book&totalAmount={amount}&currency=KRW&payMethod={means}\
             &redirectUrl=http://edge/r/1&lang=en"
        );
        self.send(&Request::new(Method::Get, &target, ""))
    }

    fn opened(means: &str) -> Self {
        let mut scene = Self::announced();
        assert_eq!(scene.window(means, 18_000).status, 200);
        scene
    }

    fn press(&mut self, action: &str) -> Response {
        let transaction = self.line().provider_payment_id.unwrap();
        let body = format!("transaction={transaction}&action={action}");
        self.send(&Request::new(Method::Post, "/portone/window", body))
    }

    fn paid() -> Self {
        let mut scene = Self::opened("CARD");
        assert_eq!(scene.press("approve").status, 303);
        scene
    }

    fn line(&self) -> BookLine {
        self.sandbox.books().pop().unwrap()
    }

    fn status(&mut self) -> String {
        self.look().1["status"].as_str().unwrap().to_owned()
    }

    /// Events that are due until `until_ms` from now, each answered with this status.
    fn events(&mut self, until_ms: i64, status: u16) -> Vec<Delivery> {
        let due = self.sandbox.deliveries(self.now + until_ms);
        for delivery in &due {
            self.sandbox.delivered(delivery.id, status, b"", self.now + until_ms);
        }
        due
    }
}

fn said(response: &Response) -> (u16, Value) {
    (response.status, serde_json::from_slice(&response.body).unwrap_or_default())
}

fn kind(delivery: &Delivery) -> String {
    let body: Value = serde_json::from_slice(&delivery.body).unwrap();
    body["type"].as_str().unwrap().to_owned()
}

fn is_signed(delivery: &Delivery) -> bool {
    let header = |name: &str| {
        let found = delivery.headers.iter().find(|(each, _)| each == name);
        found.map(|(_, value)| value.clone()).unwrap()
    };
    let body = String::from_utf8(delivery.body.clone()).unwrap();
    let text = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
    header("webhook-signature")
        == format!("v1,{}", cipher::mac_base64(WEBHOOK_KEY, text.as_bytes()))
}

#[test]
fn a_payment_is_known_from_its_window_on_and_captured_once() {
    let mut scene = Scene::announced();
    assert_eq!(
        scene.look(),
        (
            404,
            json!({
                "type": "PAYMENT_NOT_FOUND", "message": "sandbox: PAYMENT_NOT_FOUND",
            })
        )
    );
    assert_eq!(scene.window("CARD", 17_999).status, 400, "the announced amount guards the window");
    assert_eq!(scene.window("CARD", 18_000).status, 200);
    assert_eq!(scene.status(), "READY");
    let back = scene.press("approve");
    assert_eq!(back.header("location").unwrap(), format!("http://edge/r/1?payment_id={ID}"));
    let (_, payment) = scene.look();
    assert_eq!((&payment["status"], &payment["amount"]["paid"]), (&json!("PAID"), &json!(18_000)));
    assert_eq!((&payment["channel"]["type"], &payment["version"]), (&json!("TEST"), &json!("V2")));
    scene.press("approve");
    assert_eq!((scene.line().captures, scene.line().captured), (1, 18_000));
    let (status, refused) =
        scene.call("pre-register", &json!({ "totalAmount": 1, "currency": "KRW" }));
    assert_eq!((status, &refused["type"]), (409, &json!("ALREADY_PAID")));
}

#[test]
fn events_are_signed_at_each_try_and_repeated_until_a_2xx() {
    let mut scene = Scene::paid();
    let first = scene.events(1_000, 500);
    assert_eq!((first.len(), kind(&first[0])), (1, "Transaction.Paid".to_owned()));
    assert!(is_signed(&first[0]));
    scene.now += 6_000;
    let again = scene.events(1_000, 204);
    assert_eq!(again.len(), 1);
    assert!(
        is_signed(&again[0]) && again[0].headers != first[0].headers,
        "another time, another signature"
    );
    assert_eq!(again[0].body, first[0].body);
    scene.now += 10 * MINUTE_MS;
    assert!(scene.events(1_000, 200).is_empty());
}

#[test]
fn a_forger_has_no_key() {
    let mut scene = Scene::opened("CARD");
    scene.fault(Faults { webhook: Webhook::ForgedOnly, ..Faults::default() });
    scene.press("cancel");
    let forged = scene.events(1_000, 401);
    assert_eq!((forged.len(), kind(&forged[0])), (1, "Transaction.Paid".to_owned()));
    assert!(!is_signed(&forged[0]));
    assert_eq!(scene.status(), "FAILED");
}

#[test]
fn idempotency_keys_are_quoted_strings_of_three_hours() {
    let mut scene = Scene::paid();
    let body = json!({ "amount": 1_000, "reason": "r" });
    for bad in
        ["refund-0000000001", "\"short\"", "\"with \"a quote inside\"", "\"refund-0000000001"]
    {
        assert_eq!(scene.keyed("cancel", bad, &body).0, 400, "{bad}");
    }
    let key = "\"refund-0000000001\"";
    let first = scene.keyed("cancel", key, &body);
    assert_eq!(first.0, 200);
    assert_eq!(scene.keyed("cancel", key, &body), first, "the stored answer");
    assert_eq!(scene.line().refunded, 1_000);
    let other = json!({ "amount": 2_000, "reason": "r" });
    assert_eq!(scene.keyed("cancel", key, &other).0, 400, "the same key for another request");
    scene.now += 180 * MINUTE_MS;
    assert_eq!(scene.keyed("cancel", key, &body).0, 200);
    assert_eq!(scene.line().refunded, 2_000, "after three hours it is another request");
}

#[test]
fn a_running_call_is_outstanding_for_its_twin() {
    let mut scene = Scene::paid();
    scene.fault(Faults { slow_ms: 2_000, ..Faults::default() });
    let key = "\"refund-0000000001\"";
    let body = json!({ "reason": "r" });
    assert_eq!(scene.keyed("cancel", key, &body).0, 200);
    let (status, twin) = scene.keyed("cancel", key, &body);
    assert_eq!((status, &twin["type"]), (409, &json!("IDEMPOTENCY_OUTSTANDING_REQUEST")));
    scene.now += 2_000;
    assert_eq!(scene.keyed("cancel", key, &body).0, 200);
}

#[test]
fn cancels_keep_to_the_balance_that_they_name() {
    let mut scene = Scene::paid();
    let cancel = |scene: &mut Scene, body: Value| {
        let (status, said) = scene.call("cancel", &body);
        (status, said["type"].as_str().unwrap_or_default().to_owned())
    };
    let refused = |kind: &str| (409, kind.to_owned());
    let guard = json!({ "reason": "r", "currentCancellableAmount": 17_999 });
    assert_eq!(cancel(&mut scene, guard), refused("CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN"));
    let over = json!({ "reason": "r", "amount": 18_001 });
    assert_eq!(cancel(&mut scene, over), refused("CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT"));
    let part = json!({ "reason": "r", "amount": 8_000, "currentCancellableAmount": 18_000 });
    assert_eq!(cancel(&mut scene, part).0, 200);
    assert_eq!(scene.status(), "PARTIAL_CANCELLED");
    assert_eq!(cancel(&mut scene, json!({ "reason": "r" })).0, 200);
    assert_eq!(scene.status(), "CANCELLED");
    assert_eq!(cancel(&mut scene, json!({ "reason": "r" })), refused("PAYMENT_ALREADY_CANCELLED"));
    assert_eq!((scene.line().captured, scene.line().refunded), (18_000, 18_000));
    let kinds: Vec<String> = scene.events(1_000, 200).iter().map(kind).collect();
    assert_eq!(
        kinds,
        ["Transaction.Paid", "Transaction.PartialCancelled", "Transaction.Cancelled"]
    );
}

#[test]
fn an_account_waits_for_its_deposit_is_closed_by_call_or_ends_with_its_term() {
    let mut scene = Scene::opened("VIRTUAL_ACCOUNT");
    scene.press("issue_account");
    assert_eq!(scene.status(), "VIRTUAL_ACCOUNT_ISSUED");
    assert_eq!(scene.line().captured, 0);
    let mut closed = Scene { sandbox: scene.sandbox.clone(), now: scene.now };
    assert_eq!(closed.call("virtual-account/close", &json!({})).0, 200);
    assert_eq!(closed.status(), "CANCELLED");
    let (status, refused) = closed.call("virtual-account/close", &json!({}));
    assert_eq!((status, &refused["type"]), (409, &json!("PAYMENT_NOT_WAITING_FOR_DEPOSIT")));
    let mut late =
        Scene { sandbox: scene.sandbox.clone(), now: scene.now + 7 * 24 * 60 * MINUTE_MS };
    assert_eq!(late.status(), "FAILED");
    let deposit = json!({ "request_id": ID }).to_string();
    let paid = scene.send(&Request::new(Method::Post, "/control/deposit", deposit));
    assert_eq!((paid.status, scene.status()), (200, "PAID".to_owned()));
    let (status, _) = scene.call("cancel", &json!({ "reason": "r" }));
    assert_eq!(status, 400, "nobody knows where the money came from");
    let receiver = json!({ "bank": "KOOKMIN", "number": "1234", "holderName": "a" });
    let (status, _) = scene.call("cancel", &json!({ "reason": "r", "refundAccount": receiver }));
    assert_eq!((status, scene.line().refunded), (200, 18_000));
}

#[test]
fn a_delayed_payment_is_pending_and_then_paid() {
    let mut scene = Scene::opened("CARD");
    scene.press("delay");
    assert_eq!((scene.status(), scene.line().captures), ("PAY_PENDING".to_owned(), 0));
    scene.now += 5_000;
    assert_eq!((scene.status(), scene.line().captures), ("PAID".to_owned(), 1));
    let kinds: Vec<String> = scene.events(1_000, 200).iter().map(kind).collect();
    assert_eq!(kinds, ["Transaction.PayPending", "Transaction.Paid"]);
}

#[test]
fn a_window_has_no_end_and_a_failed_one_is_over() {
    let mut scene = Scene::opened("CARD");
    scene.now += 24 * 60 * MINUTE_MS;
    assert_eq!(scene.status(), "READY");
    let back = scene.press("decline");
    assert!(back.header("location").unwrap().contains("code=SANDBOX_FAILED"));
    assert_eq!(scene.look().1["failure"]["pgCode"], "REJECT_CARD_COMPANY");
    scene.press("approve");
    assert_eq!((scene.status(), scene.line().captures), ("FAILED".to_owned(), 0));
    assert_eq!(scene.window("CARD", 18_000).status, 303, "back to the shop");
}

#[test]
fn bad_days_lose_answers_and_change_amounts() {
    let mut scene = Scene::opened("CARD");
    scene.fault(Faults {
        answer_lost_after_capture: true,
        wrong_amount: Some(17_000),
        ..Faults::default()
    });
    assert!(scene.press("approve").dropped);
    assert_eq!((scene.line().captured, scene.line().amount), (17_000, 18_000));
    scene.fault(Faults { errors_5xx: 1, ..Faults::default() });
    let (status, error) = scene.look();
    assert_eq!((status, &error["type"]), (502, &json!("PG_PROVIDER")));
    scene.fault(Faults {
        answer_lost_after_refund: true,
        answer_lost_as: Remains::Html,
        ..Faults::default()
    });
    let (status, body) = scene.keyed("cancel", "\"refund-0000000001\"", &json!({ "reason": "r" }));
    assert_eq!((status, body), (504, Value::Null));
    assert_eq!(scene.line().refunded, 17_000);
}

#[test]
fn strangers_learn_and_move_nothing() {
    let mut scene = Scene::paid();
    let target = format!("/portone/payments/{ID}");
    for secret in ["", "PortOne ", "PortOne wrong", "Bearer portone-demo-secret-of-books"] {
        let request = Request::new(Method::Get, &target, "").with("authorization", secret);
        assert_eq!(scene.send(&request).status, 401, "{secret}");
    }
    let (status, error) = scene.call("cancel", &json!({ "reason": "r", "storeId": "store-other" }));
    assert_eq!((status, &error["type"]), (403, &json!("FORBIDDEN")));
    for body in [json!({}), json!({ "reason": "" }), json!({ "reason": "r", "amount": "1" })] {
        assert_eq!(scene.call("cancel", &body).0, 400, "{body}");
    }
    assert_eq!(scene.call("confirm", &json!({})).0, 404);
    assert_eq!(scene.line().refunded, 0);
}

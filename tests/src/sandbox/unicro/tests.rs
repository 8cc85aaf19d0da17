//! The engine alone: its table, its books, its bad days.

use serde_json::{Value, json};

use super::*;
use crate::sandbox::form::{Fields, encoded};
use crate::sandbox::outbox::Delivery;
use crate::sandbox::{BookLine, Method, Sandbox, faults::Faults};

const API_KEY: &str = "UNICRODEMOPARTNERKEY0001";
const SELLER: (&str, &str) = ("danggeun01", "$2a$10$demo.seller.key.of.the.camera.shop");
const BUYER: &str = "0123456789abcdef";
const ORDER: &str = "hb-g1s03-00112233445566778899aabbccddeeff";
const HOUR_MS: i64 = 3_600_000;

/// The sandbox, its time, and what the shop's server knows.
struct Bench {
    sandbox: Sandbox,
    now: i64,
    item: String,
    buyer_key: String,
}

impl Bench {
    fn new() -> Self {
        let (item, buyer_key) = (String::new(), String::new());
        Self { sandbox: Sandbox::demo("http://edge"), now: 0, item, buyer_key }
    }

    fn fault(&mut self, faults: Faults) {
        self.sandbox.set_faults("unicro", faults).unwrap();
    }

    fn send(&mut self, request: &Request) -> Response {
        self.sandbox.handle(request, self.now, 7)
    }

    /// A server call with this token: `errorCd`, or the data.
    fn call(
        &mut self,
        method: Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Result<Value, String> {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::new(method, &format!("/unicro/api/v1/{path}"), text)
            .with("partner-api-key", API_KEY)
            .with("unicro_user_token", &format!("Bearer {token}"));
        let response = self.send(&request);
        if response.dropped {
            return Err("dropped".to_owned());
        }
        let answer: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        match answer["result"].as_str() {
            Some("SUCCESS") => Ok(answer["data"].clone()),
            Some(_) => Err(answer["errorCd"].as_str().unwrap().to_owned()),
            None => Err(format!("HTTP {}", response.status)),
        }
    }

    fn token(&mut self, (user, key): (&str, &str)) -> Result<String, String> {
        let body = json!({ "partnerUserId": user, "unicroUserKey": key });
        let data = self.call(Method::Post, "auth", "", &body)?;
        Ok(data["unicroUserToken"].as_str().unwrap().to_owned())
    }

    fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> String {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = Request::new(Method::Post, &format!("/unicro{path}"), body.join("&"));
        String::from_utf8(self.send(&request).body).unwrap()
    }

    /// The events of the next second.
    fn events(&mut self) -> Vec<Delivery> {
        self.now += 1_000;
        let events = self.sandbox.deliveries(self.now);
        for event in &events {
            let words = br#"{"result":"SUCCESS","msg":"","errorCd":""}"#;
            self.sandbox.delivered(event.id, 200, words, self.now);
        }
        events
    }

    fn join(&mut self) {
        let fields = [("partnerApiKey", API_KEY), ("partnerUserId", BUYER), ("action", "join")];
        self.form("/user/agreement/act", &fields);
        let event = self.events().pop().unwrap();
        let told = Fields::parse(&String::from_utf8(event.body).unwrap());
        assert_eq!(told.text("partnerUserId"), BUYER);
        told.text("unicroUserKey").clone_into(&mut self.buyer_key);
    }

    fn register(&mut self, price: u64) -> Result<Value, String> {
        let token = self.token(SELLER).unwrap();
        let body = json!({
            "partnerItemNo": "it-1", "itemName": "Film", "itemPrice": price,
            "selPayway": ["CARD", "VIRTUAL_ACCOUNT"], "deliveryPayCd": "PRE_PAYMENT",
            "deliveryCd": "PARCEL_DELIVERY",
        });
        self.call(Method::Post, "items", &token, &body)
    }

    /// A member before the window of an item.
    fn ready() -> Self {
        let mut bench = Self::new();
        bench.join();
        let item = bench.register(31_000).unwrap();
        assert_eq!(item["statusCd"], "AVAILABLE_FOR_SALE");
        item["unicroItemNo"].as_str().unwrap().clone_into(&mut bench.item);
        bench
    }

    fn window(&mut self, payway: &str, action: &str) -> String {
        let key = self.buyer_key.clone();
        let token = self.token((BUYER, &key)).unwrap();
        let item = self.item.clone();
        let path = if action.is_empty() { "/trades/web" } else { "/trades/act" };
        self.form(
            path,
            &[
                ("unicroItemNo", &item),
                ("partnerTradeNo", ORDER),
                ("payway", payway),
                ("deliveryPayCd", "PRE_PAYMENT"),
                ("unicroUserToken", &token),
                ("partnerApiKey", API_KEY),
                ("action", action),
            ],
        )
    }

    fn paid() -> Self {
        let mut bench = Self::ready();
        bench.window("CARD", "approve");
        bench
    }

    fn line(&self) -> BookLine {
        let mut lines = self.sandbox.books().into_iter();
        lines.find(|line| line.request_id == ORDER).unwrap()
    }

    fn number(&self) -> String {
        self.line().provider_payment_id.unwrap()
    }

    fn happen(&mut self, act: &str) -> u16 {
        let body = json!({ "request_id": ORDER, "act": act }).to_string();
        self.send(&Request::new(Method::Post, "/control/act", body)).status
    }

    /// The seller's call about the trade.
    fn seller(&mut self, method: Method, last: &str, body: &Value) -> Result<Value, String> {
        let token = self.token(SELLER).unwrap();
        let path = format!("seller/trades/{}{last}", self.number());
        self.call(method, &path, &token, body)
    }
}

#[test]
fn the_table_leads_where_the_manual_says() {
    let mut bench = Bench::paid();
    let rows = [
        ("ship", 200, "DELIVERY_ING"),
        ("ship", 409, "DELIVERY_ING"),
        ("settle", 409, "DELIVERY_ING"),
        ("deliver", 200, "DELIVERY_DONE"),
        ("confirm", 200, "PAY_DONE"),
        ("settle", 200, "SETTLEMENT_DONE"),
        ("admin_cancel", 409, "SETTLEMENT_DONE"),
        ("dance", 409, "SETTLEMENT_DONE"),
    ];
    for (act, status, stage) in rows {
        assert_eq!((bench.happen(act), bench.line().status), (status, stage), "{act}");
    }
    assert_eq!((bench.line().captured, bench.line().refunded), (31_000, 0));
    let mut bench = Bench::paid();
    assert_eq!(bench.line().acts, ["buyer_cancel", "admin_cancel", "ship", "deliver"]);
    for act in ["ship", "ask_return", "agree_return", "ship_return", "return"] {
        assert_eq!(bench.happen(act), 200, "{act}");
    }
    assert_eq!((bench.line().status, bench.line().refunded), ("RETURN_DONE", 31_000));
    assert!(bench.line().acts.is_empty());
}

#[test]
fn a_buyer_joins_once_and_only_the_key_that_was_told_gets_a_token() {
    let mut bench = Bench::new();
    let status = |bench: &mut Bench| {
        bench.call(Method::Get, &format!("users/{BUYER}/status"), "", &Value::Null).unwrap()
    };
    assert_eq!(status(&mut bench), "NONE");
    assert_eq!(bench.token((BUYER, "")), Err("AUTH_CREATE_ERROR".to_owned()));
    bench.join();
    assert_eq!(status(&mut bench), "NORMAL");
    let key = bench.buyer_key.clone();
    assert!(bench.token((BUYER, &key)).is_ok());
    assert_eq!(bench.token((BUYER, "$2a$10$x")), Err("AUTH_CREATE_ERROR".to_owned()));
    let again = [("partnerApiKey", API_KEY), ("partnerUserId", BUYER)];
    assert!(bench.form("/user/agreement", &again).contains("이미 유니크로 회원"));
    let token = bench.token(SELLER).unwrap();
    bench.now += 2 * HOUR_MS;
    let late = bench.call(Method::Get, "trades/1", &token, &Value::Null);
    assert_eq!(late, Err("AUTH_ERROR".to_owned()), "two hours, and not extended");
}

#[test]
fn prices_and_ways_keep_to_the_policy() {
    let mut bench = Bench::new();
    for (price, good) in [(2_999, false), (3_000, true), (5_000_000, true), (5_000_001, false)] {
        assert_eq!(bench.register(price).is_ok(), good, "{price}");
    }
    let mut bench = Bench::ready();
    assert!(bench.window("BANK", "approve").contains("사용할 수 없는 결제 수단"));
    assert!(bench.sandbox.books().is_empty());
}

#[test]
fn an_item_is_sold_once_and_the_money_moves_once() {
    let mut bench = Bench::ready();
    assert!(bench.window("CARD", "").contains("31,000원 결제하기"));
    bench.window("CARD", "decline");
    bench.window("CARD", "cancel");
    assert!(bench.sandbox.books().is_empty(), "what failed in the window never was");
    bench.window("CARD", "approve");
    assert!(bench.window("CARD", "approve").contains("이미 결제된 거래"));
    let line = bench.line();
    assert_eq!((line.status, line.captured, line.captures), ("PAY_APPROVED", 31_000, 1));
}

#[test]
fn the_look_up_by_number_shows_no_amount_and_the_views_belong_to_their_sides() {
    let mut bench = Bench::paid();
    let token = bench.token(SELLER).unwrap();
    let short = bench.call(Method::Get, &format!("trades/partner/{ORDER}"), &token, &Value::Null);
    let short = short.unwrap();
    assert_eq!((&short["statusCd"], &short["buyAmt"]), (&json!("PAY_APPROVED"), &Value::Null));
    let view = bench.seller(Method::Get, "", &Value::Null).unwrap();
    assert_eq!((&view["buyAmt"], &view["unicroItemNo"]), (&json!(31_000), &json!(bench.item)));
    let odd = bench.number().bytes().last().unwrap() % 2 == 1;
    assert_eq!(view["statusCd"], if odd { json!(31) } else { json!("PAY_APPROVED") });
    let path = format!("buyer/trades/{}", bench.number());
    let foreign = bench.call(Method::Get, &path, &token, &Value::Null);
    assert_eq!(foreign, Err("NOT_FOUND_ERROR".to_owned()), "the seller is no buyer");
    let unknown = bench.call(Method::Get, "trades/partner/hb-1", &token, &Value::Null);
    assert_eq!(unknown, Err("NOT_FOUND_ERROR".to_owned()));
}

#[test]
fn cancels_go_by_the_state_and_give_back_the_whole() {
    let mut bench = Bench::paid();
    let because = json!({ "cancelCd": "39", "cancelMemo": "x" });
    for wrong in [json!({}), json!({ "cancelCd": "99" })] {
        let refused = bench.seller(Method::Post, "/cancel/done", &wrong);
        assert_eq!(refused, Err("VALID_ERROR".to_owned()));
    }
    let early = bench.seller(Method::Post, "/cancel/agree", &because);
    assert_eq!(early, Err("UPDATE_ERROR".to_owned()), "nobody asked");
    assert_eq!(bench.happen("buyer_cancel"), 200);
    bench.seller(Method::Post, "/cancel/agree", &because).unwrap();
    assert_eq!((bench.line().status, bench.line().refunded), ("CANCEL_DONE_BUYER", 31_000));
    let mut bench = Bench::paid();
    let faults = Faults { answer_lost_after_refund: true, ..Faults::default() };
    bench.fault(faults);
    assert_eq!(bench.seller(Method::Post, "/cancel/done", &because), Err("dropped".to_owned()));
    assert_eq!(bench.line().refunded, 31_000, "it happened");
    bench.fault(Faults::default());
    let again = bench.seller(Method::Post, "/cancel/done", &because);
    assert_eq!(again, Err("UPDATE_ERROR".to_owned()), "no idempotency");
    // Nobody answered the buyer for three days.
    let mut bench = Bench::paid();
    bench.happen("buyer_cancel");
    bench.now += 73 * HOUR_MS;
    bench.events();
    assert_eq!(bench.line().status, "CANCEL_DONE_BUYER");
}

#[test]
fn an_account_waits_a_day_for_its_deposit() {
    let deposit = |bench: &mut Bench| {
        let body = json!({ "request_id": ORDER }).to_string();
        bench.send(&Request::new(Method::Post, "/control/deposit", body)).status
    };
    let mut bench = Bench::ready();
    bench.window("VIRTUAL_ACCOUNT", "issue_account");
    assert_eq!((bench.line().status, bench.line().captured), ("PAY_STANDBY", 0));
    assert!(bench.line().awaits_deposit);
    assert_eq!((deposit(&mut bench), bench.line().captures), (200, 1));
    let mut bench = Bench::ready();
    bench.window("VIRTUAL_ACCOUNT", "issue_account");
    bench.now += 25 * HOUR_MS;
    assert_eq!(deposit(&mut bench), 409);
    let token = bench.token(SELLER).unwrap();
    let gone = bench.call(Method::Get, &format!("trades/partner/{ORDER}"), &token, &Value::Null);
    assert_eq!(gone, Err("NOT_FOUND_ERROR".to_owned()));
}

#[test]
fn callbacks_tell_of_each_end_and_are_repeated_until_success_is_heard() {
    let topics = |bench: &mut Bench| {
        let events = bench.events();
        let body = |event: &Delivery| String::from_utf8(event.body.clone()).unwrap();
        events.iter().map(body).collect::<Vec<_>>()
    };
    let mut bench = Bench::paid();
    let told = topics(&mut bench);
    assert!(
        told[0].contains(&format!("partnerTradeNo={ORDER}")) && told[0].contains("buyAmt=31000")
    );
    bench.happen("admin_cancel");
    assert!(topics(&mut bench)[0].contains("returnCd=39"));
    let mut bench = Bench::ready();
    bench.window("CARD", "decline");
    assert!(topics(&mut bench)[0].contains("msg="), "7.3");
    let mut bench = Bench::paid();
    bench.now += 1_000;
    for wait in [0, 60_000, 60_000, 60_000] {
        bench.now += wait;
        let event = bench.sandbox.deliveries(bench.now).pop().expect("tried again");
        bench.sandbox.delivered(event.id, 200, b"OK", bench.now);
    }
    bench.now += 600_000;
    assert!(bench.sandbox.deliveries(bench.now).is_empty());
}

#[test]
fn strangers_learn_and_move_nothing() {
    let mut bench = Bench::paid();
    for key in ["", "ANOTHER"] {
        let request =
            Request::new(Method::Get, "/unicro/api/v1/trades/1", "").with("partner-api-key", key);
        let said = String::from_utf8(bench.send(&request).body).unwrap();
        assert!(said.contains("AUTH_ERROR"), "{said}");
    }
    let path = format!("trades/{}", bench.number());
    let bare = bench.call(Method::Get, &path, "eyJ.x.y", &Value::Null);
    assert_eq!(bare, Err("AUTH_ERROR".to_owned()), "the key alone is public");
    for path in ["/trades/web", "/trades/act", "/user/agreement", "/user/agreement/act"] {
        let page = bench.form(path, &[("partnerApiKey", "ANOTHER")]);
        assert!(page.contains("진행할 수 없습니다"), "{path}");
    }
    assert_eq!(bench.send(&Request::new(Method::Get, "/unicro/trades/web", "")).status, 400);
}

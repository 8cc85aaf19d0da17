//! Bodies are written by hand after PortOne's schema, never taken from our own sandbox; signatures were
//! computed by another program.

use shared::id::Home;

use shared::money::Amount;

use super::super::parts::testing::{header, is_unclear, json};
use super::*;
use shared::fact::{Decline, DeclineCode, Deposit, Sighting};
use shared::notes::Notes;
use shared::sorted::Sorted;

macro_rules! data {
    ($file:literal) => {
        include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/provider/testdata/portone_v2/",
            $file
        ))
        .as_slice()
    };
}

mod webhook;

const STORE: &str = "store-4ff4af41";
const TRANSACTION: &str = "018f2f6e-1b2c-7d3e-9f40-5a6b7c8d9e0f";
const WEBHOOK_SECRET: &str = "whsec_cG9ydG9uZS13ZWJob29rLXNlY3JldC1vZi10ZXN0cw==";
const AT: u64 = 1_795_257_664;
const NOW: Timestamp = Timestamp::from_seconds(AT);

fn request_id() -> RequestId {
    RequestId::new(Home { generation: 1, shard: 3 }, 0xa1)
}

fn transaction() -> ProviderPaymentId {
    ProviderPaymentId::parse(TRANSACTION).unwrap()
}

fn krw(minor: u64) -> Total {
    Total::from_minor(minor, Currency::Krw).unwrap()
}

fn account_with(rows: &[(&str, &str)]) -> Account {
    let mut account = Account { test_mode: true, ..Account::default() };
    let base = [
        ("store_id", STORE),
        ("channel_key", "channel-key-9f21"),
        ("api_base", "http://127.0.0.1:4411/portone"),
        ("sdk_base", "http://psp.localhost:4411/portone"),
        ("api_secret", "portone-api-secret-of-tests"),
        ("webhook_secret", WEBHOOK_SECRET),
    ];
    for (name, value) in base.iter().chain(rows) {
        let (name, value) = ((*name).to_owned(), (*value).to_owned());
        if name.contains("secret") {
            account.secrets.insert(name, Secret::new(value));
        } else {
            account.settings.insert(name, value);
        }
    }
    account
}

fn account() -> Account {
    account_with(&[])
}

fn prepare() -> Ask {
    Ask::Prepare {
        request_id: request_id(),
        amount: krw(31_000).amount().unwrap(),
        goods_name: "Fujifilm X100V".to_owned(),
        buyer: "u1".to_owned(),
    }
}

fn asked(ask: &Ask) -> Asked<'_> {
    static NONE: Notes = Notes::none();
    Asked { ask, notes: &NONE, at: NOW }
}

fn look_up() -> Ask {
    Ask::LookUp { request_id: request_id(), provider_payment_id: None }
}

fn cancel_of(captured: u64, amount: u64, before: u64, receiver: Option<RefundAccount>) -> Ask {
    Ask::Cancel {
        request_id: request_id(),
        provider_payment_id: transaction(),
        amount: krw(amount).amount().unwrap(),
        captured: krw(captured),
        cancelled_before: krw(before),
        key: "ref_00000000000000000000000000000001".to_owned(),
        reason: "구매자 변심".to_owned(),
        account: receiver,
    }
}

fn cancel(amount: u64, before: u64) -> Ask {
    cancel_of(31_000, amount, before, None)
}

/// The order to void an account into which nobody has paid.
fn void() -> Ask {
    cancel_of(0, 31_000, 0, None)
}

fn asks() -> [Ask; 4] {
    [prepare(), look_up(), cancel(1_500, 1_000), void()]
}

fn answer(ask: &Ask, http_status: u16, body: &[u8]) -> Result<Fact, Unreadable> {
    let answer = HttpResponse { http_status, retry_after: None, body: body.to_vec() };
    PortoneV2.response(&asked(ask), &answer, &account())
}

fn error(ask: &Ask, http_status: u16, kind: &str) -> Fact {
    let body = format!(r#"{{"type":"{kind}","message":"안내"}}"#);
    answer(ask, http_status, body.as_bytes()).unwrap()
}

fn seen(amount: Total, cancelled: Total) -> Sighting {
    Sighting {
        request_id: request_id().to_string(),
        merchant: Some(STORE.to_owned()),
        provider_payment_id: transaction(),
        amount,
        cancelled,
    }
}

fn declined(code: DeclineCode, provider_code: Option<&str>) -> Fact {
    Fact::Declined(Decline { code, provider_code: provider_code.map(str::to_owned) })
}

#[test]
fn every_status_says_what_the_schema_means() {
    let until =
        Timestamp::from_civil_seoul(shared::time::Civil::new(2026, 11, 28, 19, 41, 4).unwrap());
    let deposit = Deposit {
        bank: "KOOKMIN".to_owned(),
        account: "X6505636518308".to_owned(),
        holder: "박포트".to_owned(),
        until,
    };
    let issued = Fact::DepositIssued(seen(krw(31_000), krw(0)), deposit);
    let captured = |cancelled| Fact::Captured(seen(krw(31_000), krw(cancelled)));
    let pending = Fact::Busy { retry_after: Span::seconds(10) };
    let rows = [
        (data!("ready.json"), Fact::Waiting),
        (data!("pay_pending.json"), pending.clone()),
        (data!("pending.json"), pending),
        (data!("virtual_account_issued.json"), issued.clone()),
        // Ours where PortOne names no end: seven days from 10:41:04 UTC, the same moment.
        (data!("virtual_account_without_end.json"), issued),
        (data!("paid.json"), captured(0)),
        (data!("failed.json"), declined(DeclineCode::Other, Some("REJECT_CARD_COMPANY"))),
        (data!("failed_without_word.json"), declined(DeclineCode::Other, None)),
        (data!("cancelled.json"), captured(31_000)),
        (data!("cancelled_before_deposit.json"), declined(DeclineCode::Other, Some("CANCELLED"))),
        (data!("partial_cancelled.json"), captured(1_000)),
    ];
    for (body, fact) in rows {
        assert_eq!(answer(&look_up(), 200, body), Ok(fact));
    }
}

#[test]
fn f20_another_currency_and_a_discounted_amount_are_seen_as_such() {
    let dollars = |minor| Total::from_minor(minor, Currency::Usd).unwrap();
    let fact = Fact::Captured(seen(dollars(2_450), dollars(0)));
    assert_eq!(answer(&look_up(), 200, data!("paid_dollars.json")), Ok(fact));
    let fact = Fact::Captured(seen(krw(30_000), krw(0)));
    assert_eq!(answer(&look_up(), 200, data!("paid_discounted.json")), Ok(fact));
}

#[test]
fn f21_another_store_version_or_kind_of_channel_is_another_merchants_payment() {
    let merchant = |account: &Account, body: &[u8]| {
        let answer = HttpResponse { http_status: 200, retry_after: None, body: body.to_vec() };
        match PortoneV2.response(&asked(&look_up()), &answer, account) {
            Ok(Fact::Captured(seen)) => seen.merchant.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(PortoneV2.merchant(&account()), Some(STORE));
    assert_eq!(merchant(&account(), data!("paid.json")), STORE);
    for body in [data!("paid_other_store.json"), data!("paid_live.json"), data!("paid_v1.json")] {
        assert_ne!(merchant(&account(), body), STORE);
    }
    // Test money is no money of a live account.
    let live = Account { test_mode: false, ..account() };
    assert_eq!(merchant(&live, data!("paid_live.json")), STORE);
    assert_ne!(merchant(&live, data!("paid.json")), STORE);
}

#[test]
fn f15_f16_what_decides_nothing_is_never_a_decline() {
    for body in [
        data!("unknown_word.json"),
        data!("virtual_account_without_account.json"),
        data!("paid_without_channel.json"),
        data!("cancelled_without_amount.json"),
        data!("over_cancelled.json"),
    ] {
        assert!(is_unclear(&answer(&look_up(), 200, body).unwrap()), "{body:?}");
    }
    for ask in asks() {
        for status in [200, 400, 403, 404, 409] {
            for body in
                [data!("gateway.html"), b"", b"[]", b"null", b"\xff\xfe", b"{\"a\":1,\"a\":2}"]
            {
                assert!(answer(&ask, status, body).is_err(), "{status} {body:?}");
            }
        }
        for status in [201, 204, 302, 500, 502, 503, 504] {
            for body in [data!("gateway.html"), data!("error_pg_provider.json"), data!("paid.json")]
            {
                assert!(is_unclear(&answer(&ask, status, body).unwrap()), "{status}");
            }
        }
        for (status, kind) in [
            (404, "STORE_NOT_FOUND"),
            (409, "ALREADY_PAID"),
            (409, "PAYMENT_NOT_WAITING_FOR_DEPOSIT"),
            (409, "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN"),
            (409, "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT"),
            (409, "PAYMENT_ALREADY_CANCELLED"),
            (409, "A_WORD_OF_TOMORROW"),
        ] {
            assert!(is_unclear(&error(&ask, status, kind)), "{ask:?} {kind}");
        }
    }
    for ask in [look_up(), cancel(1_500, 1_000), void()] {
        for (status, kind) in [(400, "INVALID_REQUEST"), (401, "UNAUTHORIZED"), (403, "FORBIDDEN")]
        {
            let refused = matches!(error(&ask, status, kind), Fact::CancelRefused { .. });
            let for_good = ask == cancel(1_500, 1_000) && kind == "INVALID_REQUEST";
            assert_eq!(refused, for_good, "{ask:?} {kind}");
            assert!(for_good || is_unclear(&error(&ask, status, kind)), "{ask:?} {kind}");
        }
    }
    // Members of another type, and numbers that are none.
    let paid = String::from_utf8(data!("paid.json").to_vec()).unwrap();
    for (from, to) in [
        ("\"total\": 31000", "\"total\": \"31000\""),
        ("\"total\": 31000", "\"total\": -31000"),
        ("\"total\": 31000", "\"total\": 3.1e4"),
        ("\"discount\": 0", "\"discount\": null"),
        ("\"storeId\": \"store-4ff4af41\"", "\"storeId\": 5"),
    ] {
        let other = paid.replacen(from, to, 1);
        assert_ne!(other, paid, "{from}");
        assert!(answer(&look_up(), 200, other.as_bytes()).is_err(), "{to}");
    }
    let discounted = paid.replacen("\"discount\": 0", "\"discount\": 31001", 1);
    assert!(is_unclear(&answer(&look_up(), 200, discounted.as_bytes()).unwrap()));
}

#[test]
fn details_hold_no_text_of_the_body() {
    for body in [r#"{"type":"홍길동 010-1234","message":""}"#, "010-1234-5678", r#"{"type":5}"#]
    {
        for status in [200, 400, 502] {
            for ask in asks() {
                let detail = match answer(&ask, status, body.as_bytes()) {
                    Ok(fact) => format!("{fact:?}"),
                    Err(unreadable) => unreadable.detail,
                };
                assert!(!detail.contains("1234"), "{detail}");
            }
        }
    }
}

#[test]
fn f28_not_found_is_a_look_ups_answer_alone() {
    let body = data!("error_not_found.json");
    assert_eq!(answer(&look_up(), 404, body), Ok(Fact::NotFound));
    assert!(is_unclear(&answer(&look_up(), 400, body).unwrap()));
    for ask in [prepare(), cancel(1_500, 1_000), void()] {
        assert!(is_unclear(&answer(&ask, 404, body).unwrap()), "{ask:?}");
    }
}

#[test]
fn r49_an_announced_payment_may_be_shown_and_a_refused_one_is_declined() {
    assert_eq!(answer(&prepare(), 200, b"{}"), Ok(Fact::Prepared { token: None }));
    for (status, kind) in [(400, "INVALID_REQUEST"), (401, "UNAUTHORIZED"), (403, "FORBIDDEN")] {
        let fact = declined(DeclineCode::ProviderUnavailable, Some(kind));
        assert_eq!(error(&prepare(), status, kind), fact);
        assert!(is_unclear(&error(&prepare(), 409, kind)), "{kind} with another status");
    }
}

#[test]
fn f17_busy_answers_say_how_long_to_wait() {
    for ask in asks() {
        for retry_after in [None, Some(Span::seconds(7))] {
            let wait = retry_after.unwrap_or(Span::seconds(1));
            let busy = Ok(Fact::Busy { retry_after: wait });
            for (http_status, body) in
                [(429, data!("gateway.html")), (409, data!("error_outstanding.json"))]
            {
                let answer = HttpResponse { http_status, retry_after, body: body.to_vec() };
                assert_eq!(PortoneV2.response(&asked(&ask), &answer, &account()), busy);
            }
        }
    }
}

#[test]
fn f41_a_cancel_is_done_when_its_answer_says_so_with_its_amount() {
    let done = Ok(Fact::Cancelled { cancelled: Some(krw(2_500)) });
    assert_eq!(answer(&cancel(1_500, 1_000), 200, data!("cancel_answer.json")), done);
    for (ask, body) in [
        (cancel(1_501, 0), data!("cancel_answer.json")),
        (cancel(1_500, 0), data!("cancel_requested.json")),
        (cancel(1_500, 0), br#"{"cancellation":{"status":"DONE","totalAmount":1500}}"#.as_slice()),
    ] {
        assert!(is_unclear(&answer(&ask, 200, body).unwrap()), "{ask:?}");
    }
    let refused = Ok(Fact::CancelRefused { provider_code: "FAILED".to_owned() });
    assert_eq!(answer(&cancel(1_500, 0), 200, data!("cancel_failed.json")), refused);
    assert!(answer(&cancel(1_500, 0), 200, data!("paid.json")).is_err());
}

#[test]
fn listed_refusals_of_a_cancel_are_final_and_of_a_cancel_alone() {
    for kind in wire::CANCEL_REFUSALS {
        let refused = Fact::CancelRefused { provider_code: kind.to_owned() };
        assert_eq!(error(&cancel(1_500, 0), 409, kind), refused);
        assert!(is_unclear(&error(&cancel(1_500, 0), 502, kind)), "{kind}");
        assert!(
            is_unclear(&error(&void(), 409, kind)) && is_unclear(&error(&look_up(), 409, kind))
        );
    }
}

#[test]
fn an_account_is_closed_by_its_own_call() {
    let request = put(&void(), 1);
    let url =
        format!("http://127.0.0.1:4411/portone/payments/{}/virtual-account/close", request_id());
    assert_eq!((request.method, &request.url), ("POST", &url));
    assert_eq!(json(&request.body), json(data!("close_account_request.json")));
    assert_eq!(answer(&void(), 200, data!("close_account_answer.json")), Ok(Fact::Closed));
    // Somebody paid in meanwhile: the look-up that follows says so.
    assert!(is_unclear(&error(&void(), 409, "PAYMENT_NOT_WAITING_FOR_DEPOSIT")));
}

fn put(ask: &Ask, entropy: u8) -> HttpRequest {
    PortoneV2.request(&asked(ask), &account(), [entropy; 32]).unwrap()
}

#[test]
fn requests_are_the_schemas() {
    let receiver = RefundAccount {
        bank: "KOOKMIN".to_owned(),
        number: "12345678901234".to_owned(),
        holder: "박포트".to_owned(),
    };
    let base = format!("http://127.0.0.1:4411/portone/payments/{}", request_id());
    let rows = [
        (prepare(), "POST", "/pre-register", Some(data!("pre_register_request.json"))),
        (look_up(), "GET", "?storeId=store-4ff4af41", None),
        (cancel(31_000, 0), "POST", "/cancel", Some(data!("cancel_request.json"))),
        (
            cancel_of(31_000, 1_500, 1_000, Some(receiver)),
            "POST",
            "/cancel",
            Some(data!("partial_cancel_request.json")),
        ),
    ];
    for (ask, method, rest, body) in rows {
        let request = put(&ask, 1);
        assert_eq!((request.method, &request.url), (method, &format!("{base}{rest}")));
        assert_eq!(header(&request, "authorization"), Some("PortOne portone-api-secret-of-tests"));
        assert_eq!((!request.body.is_empty()).then(|| json(&request.body)), body.map(json));
        assert_eq!(request.road, Road::Public);
        assert_eq!(header(&request, "idempotency-key").is_some(), method == "POST");
        assert!(!format!("{request:?}").contains("secret"));
    }
}

#[test]
fn i12_idempotency_keys_are_quoted_and_come_from_the_question_alone() {
    for ask in [prepare(), cancel(1_500, 1_000), void()] {
        let (one, two) = (put(&ask, 1), put(&ask, 2));
        assert_eq!(header(&one, "idempotency-key"), header(&two, "idempotency-key"));
        assert_eq!(one.body, two.body);
    }
    let key = format!("\"prepare-{}\"", request_id());
    assert_eq!(header(&put(&prepare(), 1), "idempotency-key"), Some(key.as_str()));
    let key = "\"ref_00000000000000000000000000000001\"";
    assert_eq!(header(&put(&cancel(1_500, 0), 1), "idempotency-key"), Some(key));
}

#[test]
fn a_question_that_cannot_be_put_is_not_put() {
    let with_key = |text: &str| {
        let mut ask = cancel(1_500, 0);
        if let Ask::Cancel { key, .. } = &mut ask {
            text.clone_into(key);
        }
        ask
    };
    let receiver = |number: &str, holder: &str| RefundAccount {
        bank: "KOOKMIN".to_owned(),
        number: number.to_owned(),
        holder: holder.to_owned(),
    };
    let long = "k".repeat(257);
    let mut dollars = prepare();
    if let Ask::Prepare { amount, .. } = &mut dollars {
        *amount = Amount::from_minor(100, Currency::Usd).unwrap();
    }
    for ask in [
        Ask::Close { request_id: request_id() },
        Ask::Capture {
            request_id: request_id(),
            provider_payment_id: transaction(),
            amount: krw(1).amount().unwrap(),
        },
        cancel(1_000, 31_001),
        with_key("short"),
        with_key("with \"quotes\" within it"),
        with_key("with\\backslash-within"),
        with_key(&long),
        cancel_of(31_000, 1_500, 0, Some(receiver("12-34", "a"))),
        cancel_of(31_000, 1_500, 0, Some(receiver("1234", ""))),
        dollars,
    ] {
        assert!(PortoneV2.request(&asked(&ask), &account(), [0; 32]).is_err(), "{ask:?}");
    }
}

fn window(
    account: &Account,
    means: Means,
    presentation: Presentation,
    device: Device,
    goods_name: &str,
) -> Result<Window, CannotAsk> {
    let window = WindowFor {
        request_id: request_id(),
        amount: krw(31_000).amount().unwrap(),
        means,
        device,
        presentation,
        goods_name,
        buyer: "u1",
        token: None,
        return_url: "http://edge.localhost:4412/r/abc",
        locale: "ko",
    };
    PortoneV2.window(&window, account, [0; 32])
}

fn window_data(account: &Account, means: Means, device: Device, goods_name: &str) -> String {
    let opened = window(account, means, Presentation::Redirect, device, goods_name).unwrap();
    let Window::Script { src, starter, data } = opened else { panic!("a script") };
    assert_eq!(src, "http://psp.localhost:4411/portone/v2/browser-sdk.js");
    assert_eq!(starter, "portone");
    data
}

#[test]
fn r21_the_window_is_opened_with_what_the_sdk_takes() {
    let data = |account: &Account, means, device| {
        json(window_data(account, means, device, "Fujifilm X100V").as_bytes())
    };
    assert_eq!(data(&account(), Means::Card, Device::Pc), json(data!("window.json")));
    for (means, method) in [
        (Means::Transfer, "TRANSFER"),
        (Means::VirtualAccount, "VIRTUAL_ACCOUNT"),
        (Means::Phone, "MOBILE"),
        (Means::EasyPay, "EASY_PAY"),
    ] {
        assert_eq!(data(&account(), means, Device::Pc)["payMethod"], method);
    }
    let popup = account_with(&[("window_pc", "POPUP")]);
    let kind = data(&popup, Means::Card, Device::Pc)["windowType"].clone();
    assert_eq!(kind, serde_json::json!({ "pc": "POPUP" }));
    let kind = data(&popup, Means::Card, Device::Mobile)["windowType"].clone();
    assert_eq!(kind, serde_json::json!({ "mobile": "REDIRECTION" }));
    let refused = [
        window(&account(), Means::KbPay, Presentation::Popup, Device::Pc, "x"),
        window(&account(), Means::Card, Presentation::Iframe, Device::Pc, "x"),
        window(&account(), Means::Card, Presentation::Popup, Device::Mobile, "x"),
        window(&account(), Means::Card, Presentation::Popup, Device::Pc, " "),
    ];
    assert!(refused.iter().all(Result::is_err));
}

#[test]
fn goods_names_cannot_leave_the_script_element() {
    let data = window_data(&account(), Means::Card, Device::Pc, "</script><b>&amp;");
    assert!(!data.contains(['<', '>', '&']), "{data}");
    assert_eq!(json(data.as_bytes())["orderName"], "</script><b>&amp;");
    let data = window_data(&account(), Means::Card, Device::Pc, &"가".repeat(101));
    assert_eq!(json(data.as_bytes())["orderName"].as_str().unwrap().chars().count(), 100);
}

#[test]
fn i18_the_return_is_a_hint() {
    fn hint(query: &str) -> Hint {
        PortoneV2.returned(&Inbound { headers: &Sorted::default(), query, body: b"" })
    }
    let id = request_id();
    assert_eq!(hint(&format!("payment_id={id}")), Hint::default());
    let failed = hint(&format!("payment_id={id}&code=FAILURE_OF_PG&message=%EC%B7%A8%EC%86%8C"));
    assert!(failed.says_cancelled, "a window that was left");
    assert_eq!(failed.provider_code.as_deref(), Some("FAILURE_OF_PG"));
    let malformed = hint(&format!("payment_id={id}&code=%3Cscript%3E"));
    assert!(malformed.says_cancelled && malformed.provider_code.is_none());
    // Another provider's return.
    for query in ["", "&&==", "code=PAY_PROCESS_CANCELED&orderId=x", "code=%ff"] {
        assert_eq!(hint(query), Hint::default(), "{query}");
    }
}

//! Bodies are written by hand after the manual's shapes, never taken from our own sandbox.

use shared::id::Home;
use shared::means::Device;

use shared::money::Amount;

use super::super::parts::testing::{header, is_unclear, json};
use super::*;
use crate::json::{self, Limits};
use crate::secret::Secret;
use shared::notes::Notes;
use shared::sorted::Sorted;

macro_rules! data {
    ($file:literal) => {
        include_bytes!(concat!("../testdata/tosspayments/", $file)).as_slice()
    };
}

const KEY: &str = "tgen_20261121104104ABCD1";
const NOW: Timestamp = Timestamp::from_seconds(1_795_257_664);

fn request_id() -> RequestId {
    RequestId::new(Home { generation: 1, shard: 3 }, 0xa1)
}

fn payment_key() -> ProviderPaymentId {
    ProviderPaymentId::parse(KEY).unwrap()
}

fn krw(minor: u64) -> Total {
    Total::from_minor(minor, Currency::Krw).unwrap()
}

fn account_with(rows: &[(&str, &str)]) -> Account {
    let mut settings = Sorted::from(
        [
            ("client_key", "test_ck_camera"),
            ("api_base", "http://127.0.0.1:4411/toss"),
            ("sdk_base", "http://psp.localhost:4411/toss"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let mut secret = "test_sk_camera".to_owned();
    for (name, value) in rows {
        if *name == "secret_key" {
            secret = (*value).to_owned();
        } else {
            settings.insert((*name).to_owned(), (*value).to_owned());
        }
    }
    let secrets = Sorted::from([("secret_key".to_owned(), Secret::new(secret))]);
    Account { test_mode: true, settings, secrets }
}

fn account() -> Account {
    account_with(&[])
}

fn asked(ask: &Ask) -> Asked<'_> {
    static NONE: Notes = Notes::none();
    Asked { ask, notes: &NONE, at: NOW }
}

fn look_up() -> Ask {
    Ask::LookUp { request_id: request_id(), provider_payment_id: None }
}

fn capture() -> Ask {
    Ask::Capture {
        request_id: request_id(),
        provider_payment_id: payment_key(),
        amount: krw(31_000).amount().unwrap(),
    }
}

fn cancel(amount: u64, before: u64, receiver: Option<RefundAccount>) -> Ask {
    Ask::Cancel {
        request_id: request_id(),
        provider_payment_id: payment_key(),
        amount: krw(amount).amount().unwrap(),
        captured: krw(31_000),
        cancelled_before: krw(before),
        key: "ref_00000000000000000000000000000001".to_owned(),
        reason: "구매자 변심".to_owned(),
        account: receiver,
    }
}

fn asks() -> [Ask; 3] {
    [look_up(), capture(), cancel(1_000, 0, None)]
}

fn answer(ask: &Ask, http_status: u16, body: &[u8]) -> Result<Fact, Unreadable> {
    let answer = HttpResponse { http_status, retry_after: None, body: body.to_vec() };
    Tosspayments.response(&asked(ask), &answer, &account())
}

fn error(ask: &Ask, http_status: u16, code: &str) -> Fact {
    let body = format!(r#"{{"code":"{code}","message":"안내"}}"#);
    answer(ask, http_status, body.as_bytes()).unwrap()
}

fn seen(amount: Total, cancelled: Total) -> Sighting {
    Sighting {
        request_id: request_id().to_string(),
        merchant: None,
        provider_payment_id: payment_key(),
        amount,
        cancelled,
    }
}

#[test]
fn every_status_says_what_the_manual_means() {
    let until =
        Timestamp::from_civil_seoul(shared::time::Civil::new(2026, 11, 28, 19, 41, 4).unwrap());
    let deposit = Deposit {
        bank: "KB국민은행".to_owned(),
        account: "X6505636518308".to_owned(),
        holder: "박토스".to_owned(),
        until,
    };
    let captured = |cancelled| Fact::Captured(seen(krw(31_000), krw(cancelled)));
    let rows = [
        (data!("ready.json"), Fact::Waiting),
        (data!("in_progress.json"), Fact::Authenticated(seen(krw(31_000), krw(0)))),
        (
            data!("waiting_for_deposit.json"),
            Fact::DepositIssued(seen(krw(31_000), krw(0)), deposit),
        ),
        (data!("done.json"), captured(0)),
        (data!("canceled.json"), captured(31_000)),
        (data!("partial_canceled.json"), captured(1_000)),
        (data!("partial_canceled_twice.json"), captured(2_500)),
        (data!("canceled_before_deposit.json"), declined(DeclineCode::Other, "CANCELED")),
        (data!("aborted.json"), declined(DeclineCode::CardDeclined, "REJECT_CARD_COMPANY")),
        (data!("expired.json"), declined(DeclineCode::Expired, "EXPIRED")),
    ];
    for (body, fact) in rows {
        assert_eq!(answer(&look_up(), 200, body), Ok(fact.clone()));
        assert_eq!(answer(&capture(), 200, body), Ok(fact));
    }
}

#[test]
fn a_payment_in_another_currency_is_seen_as_such() {
    let total = |minor| Total::from_minor(minor, Currency::Usd).unwrap();
    let fact = Fact::Captured(seen(total(2_450), total(0)));
    assert_eq!(answer(&look_up(), 200, data!("dollars.json")), Ok(fact));
}

#[test]
fn the_merchant_is_named_only_where_the_account_names_it() {
    let answer =
        HttpResponse { http_status: 200, retry_after: None, body: data!("done.json").to_vec() };
    let with_mid = account_with(&[("mid", "tvivarepublica")]);
    let Ok(Fact::Captured(seen)) = Tosspayments.response(&asked(&look_up()), &answer, &with_mid)
    else {
        panic!("captured");
    };
    assert_eq!(seen.merchant.as_deref(), Some("tvivarepublica"));
}

#[test]
fn what_decides_nothing_is_never_a_decline() {
    for ask in asks() {
        for body in [data!("unknown_word.json"), data!("waiting_without_account.json")] {
            assert!(is_unclear(&answer(&ask, 200, body).unwrap()));
        }
        let with_error = answer(&ask, 200, data!("error_reject_card_company.json")).unwrap();
        assert!(is_unclear(&with_error), "200 with an error: {with_error:?}");
        for status in [200, 400, 403, 404] {
            for body in [data!("gateway.html"), b"", b"{}", b"[]", b"null", b"\xff\xfe"] {
                assert!(answer(&ask, status, body).is_err(), "{status} {body:?}");
            }
        }
        for status in [201, 204, 302, 500, 502, 503, 504] {
            for body in
                [data!("gateway.html"), data!("error_reject_card_company.json"), data!("done.json")]
            {
                assert!(is_unclear(&answer(&ask, status, body).unwrap()), "{status}");
            }
        }
        for (status, code) in [
            (400, "PROVIDER_ERROR"),
            (400, "ALREADY_PROCESSED_PAYMENT"),
            (400, "ALREADY_CANCELED_PAYMENT"),
            (400, "ALREADY_REFUND_PAYMENT"),
            (400, "CARD_PROCESSING_ERROR"),
            (400, "INVALID_REQUEST"),
            (400, "A_WORD_OF_TOMORROW"),
            (401, "UNAUTHORIZED_KEY"),
            (403, "FORBIDDEN_REQUEST"),
            (409, "ANOTHER_CONFLICT"),
        ] {
            assert!(is_unclear(&error(&ask, status, code)), "{ask:?} {code}");
        }
    }
}

#[test]
fn details_hold_no_text_of_the_body() {
    for body in [r#"{"code":"홍길동 010-1234","message":""}"#, "010-1234-5678", r#"{"code":5}"#]
    {
        for status in [200, 400, 500] {
            let detail = match answer(&capture(), status, body.as_bytes()) {
                Ok(fact) => format!("{fact:?}"),
                Err(unreadable) => unreadable.detail,
            };
            assert!(!detail.contains("1234"), "{detail}");
        }
    }
}

#[test]
fn not_found_is_a_look_ups_answer_alone() {
    let body = data!("error_not_found_payment.json");
    assert_eq!(answer(&look_up(), 404, body), Ok(Fact::NotFound));
    assert!(is_unclear(&answer(&look_up(), 400, body).unwrap()));
    assert!(is_unclear(&answer(&capture(), 404, body).unwrap()));
    assert!(is_unclear(&answer(&cancel(1_000, 0, None), 404, body).unwrap()));
}

#[test]
fn listed_refusals_of_a_confirm_are_declines_and_only_of_a_confirm() {
    let rows = [
        (403, "REJECT_CARD_COMPANY", DeclineCode::CardDeclined),
        (400, "EXCEED_MAX_AMOUNT", DeclineCode::LimitExceeded),
        (400, "BELOW_MINIMUM_AMOUNT", DeclineCode::LimitExceeded),
        (404, "NOT_FOUND_PAYMENT_SESSION", DeclineCode::Expired),
        (400, "PAY_PROCESS_CANCELED", DeclineCode::BuyerCancelled),
        (400, "NOT_REGISTERED_BUSINESS", DeclineCode::ProviderUnavailable),
        (400, "NOT_ALLOWED_POINT_USE", DeclineCode::Other),
    ];
    for (status, code, reason) in rows {
        assert_eq!(error(&capture(), status, code), declined(reason, code));
        assert!(is_unclear(&error(&look_up(), status, code)), "{code}");
        assert!(is_unclear(&error(&cancel(1_000, 0, None), status, code)), "{code}");
    }
    for (listed, _) in wire::DECLINES {
        assert_eq!(
            wire::DECLINES.iter().filter(|(code, _)| *code == listed).count(),
            1,
            "{listed}"
        );
        assert!(is_word(listed) && !wire::CANCEL_REFUSALS.contains(&listed), "{listed}");
    }
}

#[test]
fn busy_answers_say_how_long_to_wait() {
    for ask in asks() {
        let busy = |retry_after| Ok(Fact::Busy { retry_after });
        for retry_after in [None, Some(Span::seconds(7))] {
            let wait = retry_after.unwrap_or(Span::seconds(1));
            let body = br#"{"code":"IDEMPOTENT_REQUEST_PROCESSING","message":""}"#;
            for (http_status, body) in [(429, data!("gateway.html")), (409, body.as_slice())] {
                let answer = HttpResponse { http_status, retry_after, body: body.to_vec() };
                assert_eq!(Tosspayments.response(&asked(&ask), &answer, &account()), busy(wait));
            }
        }
    }
    assert_eq!(
        error(&look_up(), 403, "FORBIDDEN_CONSECUTIVE_REQUEST"),
        Fact::Busy { retry_after: Span::seconds(1) }
    );
}

#[test]
fn a_cancel_is_done_when_the_balance_shows_it() {
    let done = |sum| Ok(Fact::Cancelled { cancelled: Some(krw(sum)) });
    assert_eq!(answer(&cancel(31_000, 0, None), 200, data!("canceled.json")), done(31_000));
    assert_eq!(answer(&cancel(1_000, 0, None), 200, data!("partial_canceled.json")), done(1_000));
    let second = cancel(1_500, 1_000, None);
    assert_eq!(answer(&second, 200, data!("partial_canceled_twice.json")), done(2_500));
    for body in [data!("partial_canceled.json"), data!("done.json"), data!("dollars.json")] {
        assert!(is_unclear(&answer(&second, 200, body).unwrap()));
    }
    let void = answer(&second, 200, data!("canceled_before_deposit.json"));
    assert_eq!(void, Ok(Fact::Closed), "an account without a deposit: nothing went back");
    let text = String::from_utf8(data!("partial_canceled_twice.json").to_vec()).unwrap();
    for other in [text.replace("000a1", "000a2"), text.replace(KEY, "another")] {
        assert!(is_unclear(&answer(&second, 200, other.as_bytes()).unwrap()));
    }
}

#[test]
fn listed_refusals_of_a_cancel_are_final() {
    for code in wire::CANCEL_REFUSALS {
        let refused = Fact::CancelRefused { provider_code: code.to_owned() };
        assert_eq!(error(&cancel(1_000, 0, None), 403, code), refused);
        assert!(is_unclear(&error(&cancel(1_000, 0, None), 500, code)), "{code}");
    }
}

fn put(ask: &Ask, entropy: u8) -> HttpRequest {
    Tosspayments.request(&asked(ask), &account(), [entropy; 32]).unwrap()
}

#[test]
fn requests_are_the_manuals() {
    let receiver = RefundAccount {
        bank: "06".to_owned(),
        number: "12345678901234".to_owned(),
        holder: "박토스".to_owned(),
    };
    let base = "http://127.0.0.1:4411/toss/v1/payments";
    let rows = [
        (look_up(), "GET", format!("{base}/orders/{}", request_id()), None),
        (capture(), "POST", format!("{base}/confirm"), Some(data!("confirm_request.json"))),
        (
            cancel(31_000, 0, None),
            "POST",
            format!("{base}/{KEY}/cancel"),
            Some(data!("cancel_request.json")),
        ),
        (
            cancel(1_500, 1_000, Some(receiver)),
            "POST",
            format!("{base}/{KEY}/cancel"),
            Some(data!("partial_cancel_request.json")),
        ),
    ];
    for (ask, method, url, body) in rows {
        let request = put(&ask, 1);
        assert_eq!((request.method, &request.url), (method, &url));
        assert_eq!(header(&request, "authorization"), Some("Basic dGVzdF9za19jYW1lcmE6"));
        assert_eq!((!request.body.is_empty()).then(|| json(&request.body)), body.map(json));
        assert_eq!(request.road, Road::Public);
    }
}

#[test]
fn idempotency_keys_come_from_the_question_alone() {
    for ask in [capture(), cancel(1_000, 0, None)] {
        let (one, two) = (put(&ask, 1), put(&ask, 2));
        assert_eq!(header(&one, "idempotency-key"), header(&two, "idempotency-key"));
        assert_eq!(one.body, two.body);
    }
    let key = format!("capture-{}", request_id());
    assert_eq!(header(&put(&capture(), 1), "idempotency-key"), Some(key.as_str()));
    let key = "ref_00000000000000000000000000000001";
    assert_eq!(header(&put(&cancel(1_000, 0, None), 1), "idempotency-key"), Some(key));
}

#[test]
fn a_question_that_would_be_another_call_is_not_put() {
    for key in ["..", "a/b", "a?b", "a#b", "%2e%2e", "a\\b"] {
        let mut ask = cancel(1_000, 0, None);
        if let Ask::Cancel { provider_payment_id, .. } = &mut ask {
            *provider_payment_id = ProviderPaymentId::parse(key).unwrap();
        }
        assert!(Tosspayments.request(&asked(&ask), &account(), [0; 32]).is_err(), "{key}");
    }
    for ask in [Ask::Close { request_id: request_id() }, cancel(1_000, 31_001, None)] {
        assert!(Tosspayments.request(&asked(&ask), &account(), [0; 32]).is_err());
    }
    let mut ask = capture();
    if let Ask::Capture { amount, .. } = &mut ask {
        *amount = Amount::from_minor(100, Currency::Usd).unwrap();
    }
    assert!(Tosspayments.request(&asked(&ask), &account(), [0; 32]).is_err());
}

fn window(
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
    Tosspayments.window(&window, &account(), [0; 32])
}

fn window_data(means: Means, goods_name: &str) -> String {
    let Window::Script { src, starter, data } =
        window(means, Presentation::Iframe, Device::Pc, goods_name).unwrap()
    else {
        panic!("a script");
    };
    assert_eq!(src, "http://psp.localhost:4411/toss/v2/standard");
    assert_eq!(starter, "tosspayments");
    data
}

#[test]
fn the_window_is_opened_with_what_the_sdk_takes() {
    let data = json(window_data(Means::Card, "Fujifilm X100V").as_bytes());
    assert_eq!(data, json(data!("window.json")));
    for (means, method) in [
        (Means::Transfer, "TRANSFER"),
        (Means::VirtualAccount, "VIRTUAL_ACCOUNT"),
        (Means::Phone, "MOBILE_PHONE"),
        (Means::EasyPay, "CARD"),
    ] {
        let data = json(window_data(means, "Fujifilm X100V").as_bytes());
        assert_eq!(data["method"], method);
        assert_eq!(data["card"]["flowMode"] == "DEFAULT", means == Means::EasyPay);
    }
    let refused = [
        window(Means::KbPay, Presentation::Popup, Device::Pc, "x"),
        window(Means::Card, Presentation::Iframe, Device::Mobile, "x"),
        window(Means::Card, Presentation::Popup, Device::Pc, " "),
    ];
    assert!(refused.iter().all(Result::is_err));
}

#[test]
fn goods_names_cannot_leave_the_script_element() {
    let data = window_data(Means::Card, "</script><b>&amp;");
    assert!(!data.contains(['<', '>', '&']), "{data}");
    assert_eq!(json(data.as_bytes())["orderName"], "</script><b>&amp;");
    let data = json(window_data(Means::Card, &"가".repeat(101)).as_bytes());
    assert_eq!(data["orderName"].as_str().unwrap().chars().count(), 100);
}

#[test]
fn the_return_is_a_hint() {
    let hint =
        |query| Tosspayments.returned(&Inbound { headers: &Sorted::default(), query, body: b"" });
    let success =
        hint("paymentType=NORMAL&orderId=hb-x&paymentKey=tgen_20261121104104ABCD1&amount=1");
    assert_eq!(success.provider_payment_id, Some(payment_key()));
    assert!(!success.says_cancelled && success.provider_code.is_none());
    let cancelled = hint("code=PAY_PROCESS_CANCELED&message=%EC%B7%A8%EC%86%8C");
    assert!(cancelled.says_cancelled);
    assert_eq!(
        hint("code=REJECT_CARD_COMPANY").provider_code.as_deref(),
        Some("REJECT_CARD_COMPANY")
    );
    for query in ["", "&&==", "code=<script>", "paymentKey=%00", "paymentKey=", "code=%ff"] {
        assert_eq!(hint(query), Hint::default(), "{query}");
    }
}

fn webhook(headers: &[(&str, &str)], body: &[u8]) -> Result<Callback, CallbackRefused> {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Tosspayments.callback(&Inbound { headers: &headers, query: "", body }, &account(), NOW)
}

const JSON: (&str, &str) = ("content-type", "application/json;charset=UTF-8");

#[test]
fn webhooks_say_where_to_look() {
    let id = ("tosspayments-webhook-transmission-id", "whtrans_a1b2c3");
    let changed = webhook(&[JSON, id], data!("webhook_payment_status_changed.json")).unwrap();
    assert_eq!(changed.event, "whtrans_a1b2c3");
    assert_eq!(changed.request_id, Some(request_id()));
    assert_eq!(changed.provider_payment_id, Some(payment_key()));

    let deposit = webhook(&[JSON], data!("webhook_deposit_callback.json")).unwrap();
    assert_eq!(deposit.event.len(), 64, "the body's digest names an event without an id");
    assert_eq!(deposit.request_id, Some(request_id()));
    assert_eq!(deposit.provider_payment_id, None);
    assert_eq!(webhook(&[JSON], data!("webhook_deposit_callback.json")), Ok(deposit));

    let billing = webhook(&[JSON], data!("webhook_billing_deleted.json")).unwrap();
    assert_eq!((billing.request_id, billing.provider_payment_id), (None, None));
    let foreign =
        br#"{"eventType":"PAYMENT_STATUS_CHANGED","data":{"orderId":"of-another-system"}}"#;
    assert_eq!(webhook(&[JSON], foreign).unwrap().request_id, None);
}

#[test]
fn webhooks_of_another_form_are_refused() {
    let good = data!("webhook_payment_status_changed.json");
    let long = "a".repeat(201);
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a [u8], CallbackRefused);
    let rows: [Row<'_>; 9] = [
        (&[], good, CallbackRefused::MediaType),
        (&[("content-type", "text/plain")], good, CallbackRefused::MediaType),
        (&[JSON, ("content-encoding", "gzip")], good, CallbackRefused::MediaType),
        (
            &[JSON, ("tosspayments-webhook-transmission-id", "")],
            good,
            CallbackRefused::HeaderInvalid,
        ),
        (
            &[JSON, ("tosspayments-webhook-transmission-id", &long)],
            good,
            CallbackRefused::HeaderInvalid,
        ),
        (&[JSON], data!("gateway.html"), CallbackRefused::Unreadable),
        (&[JSON], b"{}", CallbackRefused::Unreadable),
        (&[JSON], br#"{"eventType":"PAYMENT_STATUS_CHANGED"}"#, CallbackRefused::Unreadable),
        (
            &[JSON],
            br#"{"eventType":"PAYMENT_STATUS_CHANGED","data":{}}"#,
            CallbackRefused::Unreadable,
        ),
    ];
    for (headers, body, refused) in rows {
        assert_eq!(webhook(headers, body), Err(refused), "{headers:?}");
    }
}

#[test]
fn accounts_that_cannot_work_are_refused_at_the_start() {
    assert_eq!(Tosspayments.check(&account()), Vec::<String>::new());
    assert_eq!(Tosspayments.check(&Account::default()).len(), 4, "two keys and two bases");
    let https =
        [("api_base", "https://api.tosspayments.com"), ("sdk_base", "https://js.tosspayments.com")];
    let live = [("client_key", "live_ck_a"), ("secret_key", "live_sk_a")];
    assert!(Tosspayments.check(&account_with(&[https, live].concat())).is_empty());
    assert_eq!(Tosspayments.check(&account_with(&live)).len(), 2, "live keys over plain http");
    for (name, value) in [
        ("client_key", "live_ck_a"),
        ("secret_key", "live_sk_a"),
        ("client_key", "test_gck_a"),
        ("secret_key", "test_gsk_a"),
        ("secret_key", ""),
        ("api_base", "ftp://x"),
        ("api_base", "http://127.0.0.1:4411/toss/"),
        ("api_base", "https://x?y"),
        ("sdk_base", ""),
        ("sdk_base", "https://a:b@x"),
        ("mid", ""),
    ] {
        let faults = Tosspayments.check(&account_with(&[(name, value)]));
        assert!(!faults.is_empty(), "{name} {value}");
        assert!(!format!("{faults:?}").contains("_sk_a"), "a secret prints");
    }
}

#[test]
fn numbers_read_as_the_manual_writes_them() {
    let minor = |text: &str, currency| {
        let digits = json::read(text.as_bytes(), Limits::OURS, |number| number.digits()).unwrap();
        wire::minor_units(&digits, currency)
    };
    assert_eq!(minor("31000", Currency::Krw), Some(31_000));
    assert_eq!(minor("31000.0", Currency::Krw), Some(31_000));
    assert_eq!(minor("12.05", Currency::Usd), Some(1_205));
    assert_eq!(minor("12", Currency::Usd), Some(1_200));
    for (text, currency) in [
        ("31000.5", Currency::Krw),
        ("-1", Currency::Krw),
        ("1e30", Currency::Krw),
        ("0.001", Currency::Usd),
    ] {
        assert_eq!(minor(text, currency), None, "{text}");
    }
}

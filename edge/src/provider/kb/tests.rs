//! Bodies are written by hand after the model; message codes and encrypted fields were made with OpenSSL
//! through another language.

use std::collections::BTreeMap;

use shared::id::Home;
use shared::means::Device;

use shared::money::Amount;

use super::super::parts::testing::{header, is_unclear};
use super::*;
use crate::secret::Secret;
use shared::notes::Notes;
use shared::sorted::Sorted;

macro_rules! data {
    ($file:literal) => {
        include_bytes!(concat!("../testdata/kb/", $file)).as_slice()
    };
}

const PAY_NO: &str = "KB20261121000001";
const NOW: Timestamp = Timestamp::from_seconds(1_795_257_664);
const ENTROPY: [u8; 32] = [7; 32];

fn request_id() -> RequestId {
    RequestId::new(Home { generation: 1, shard: 3 }, 0xa1)
}

fn pay_no() -> ProviderPaymentId {
    ProviderPaymentId::parse(PAY_NO).unwrap()
}

fn krw(minor: u64) -> Total {
    Total::from_minor(minor, Currency::Krw).unwrap()
}

fn account_with(row: Option<(&str, &str)>) -> Account {
    let mut account = Account::default();
    let (enc_key, mac_key) = ("aa".repeat(32), "bb".repeat(32));
    let rows = [
        ("merchant_no", "KB0000001"),
        ("private_base", "http://127.0.0.1:4411/kb"),
        ("window_base", "http://psp.localhost:4411/kb"),
        ("enc_key", &enc_key),
        ("mac_key", &mac_key),
    ];
    for (name, value) in rows.into_iter().chain(row) {
        if name.ends_with("_key") {
            account.secrets.insert(name.to_owned(), Secret::new(value.to_owned()));
        } else {
            account.settings.insert(name.to_owned(), value.to_owned());
        }
    }
    account
}

fn account() -> Account {
    account_with(None)
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

fn close() -> Ask {
    Ask::Close { request_id: request_id() }
}

fn cancel(amount: u64, before: u64) -> Ask {
    Ask::Cancel {
        request_id: request_id(),
        provider_payment_id: pay_no(),
        amount: krw(amount).amount().unwrap(),
        captured: krw(31_000),
        cancelled_before: krw(before),
        key: "ref-1".to_owned(),
        reason: "구매자 변심".to_owned(),
        account: None,
    }
}

fn asks() -> [Ask; 4] {
    [prepare(), look_up(), close(), cancel(1_500, 1_000)]
}

fn answer(ask: &Ask, http_status: u16, body: &[u8]) -> Result<Fact, Unreadable> {
    let answer = HttpResponse { http_status, retry_after: None, body: body.to_vec() };
    Kb.response(&asked(ask), &answer, &account())
}

fn code(ask: &Ask, result_code: &str) -> Fact {
    let body = format!(r#"{{"result_code":"{result_code}","result_message":"안내"}}"#);
    answer(ask, 200, body.as_bytes()).unwrap()
}

fn seen(amount: Total, cancelled: Total) -> Fact {
    Fact::Captured(Sighting {
        request_id: request_id().to_string(),
        merchant: Some("KB0000001".to_owned()),
        provider_payment_id: pay_no(),
        amount,
        cancelled,
    })
}

fn decline(code: DeclineCode, provider_code: &str) -> Fact {
    Fact::Declined(Decline { code, provider_code: Some(provider_code.to_owned()) })
}

fn vectors() -> BTreeMap<String, String> {
    serde_json::from_slice(data!("vectors.json")).unwrap()
}

#[test]
fn every_status_says_what_the_model_means() {
    let usd = |minor| Total::from_minor(minor, Currency::Usd).unwrap();
    let rows = [
        (data!("inquire_registered.json"), Fact::Waiting),
        (data!("inquire_authenticating.json"), Fact::Waiting),
        (data!("inquire_paid.json"), seen(krw(31_000), krw(0))),
        (data!("inquire_cancelled.json"), seen(krw(31_000), krw(31_000))),
        (data!("inquire_part_cancelled.json"), seen(krw(31_000), krw(1_000))),
        (data!("inquire_failed.json"), decline(DeclineCode::LimitExceeded, "1002")),
        (data!("inquire_closed.json"), Fact::Closed),
        (data!("inquire_unknown.json"), Fact::NotFound),
        (data!("inquire_dollars.json"), seen(usd(2_450), usd(0))),
    ];
    for (body, fact) in rows {
        assert_eq!(answer(&look_up(), 200, body), Ok(fact));
    }
}

#[test]
fn every_reason_of_a_failure_has_a_code() {
    let text = String::from_utf8(data!("inquire_failed.json").to_vec()).unwrap();
    for (reason, expected) in [
        ("1001", DeclineCode::CardDeclined),
        ("1002", DeclineCode::LimitExceeded),
        ("1003", DeclineCode::BuyerCancelled),
        ("1004", DeclineCode::Expired),
        ("9999", DeclineCode::Other),
    ] {
        let body = text.replace("1002", reason);
        assert_eq!(answer(&look_up(), 200, body.as_bytes()), Ok(decline(expected, reason)));
    }
}

#[test]
fn what_decides_nothing_is_never_a_decline() {
    for ask in asks() {
        for body in [data!("gateway.html"), b"", b"{}", b"[]", b"null", br#"{"result_code":0}"#] {
            assert!(answer(&ask, 200, body).is_err(), "{ask:?} {body:?}");
        }
        for status in [201, 302, 400, 401, 404, 500, 502, 503] {
            for body in [data!("gateway.html"), data!("inquire_failed.json")] {
                assert!(is_unclear(&answer(&ask, status, body).unwrap()), "{status}");
            }
        }
        for result_code in ["9999", "5000", "0001", "", "홍길동 010-1234"] {
            let fact = code(&ask, result_code);
            assert!(is_unclear(&fact) && !format!("{fact:?}").contains("1234"), "{fact:?}");
        }
    }
    assert!(is_unclear(&answer(&look_up(), 200, data!("inquire_unknown_word.json")).unwrap()));
    assert!(answer(&look_up(), 200, data!("close_answer.json")).is_err(), "0000 without a payment");
    let paid = String::from_utf8(data!("inquire_paid.json").to_vec()).unwrap();
    for (whole, broken) in [
        (format!("\"{PAY_NO}\""), "null"),
        ("\"KRW\"".to_owned(), "\"XXX\""),
        ("\"KRW\"".to_owned(), "null"),
        ("31000".to_owned(), "null"),
        ("31000".to_owned(), "9007199254740992"),
    ] {
        let body = paid.replace(&whole, broken);
        assert!(is_unclear(&answer(&look_up(), 200, body.as_bytes()).unwrap()), "{body}");
    }
}

#[test]
fn busy_answers_say_how_long_to_wait() {
    for retry_after in [None, Some(Span::seconds(7))] {
        let answer = HttpResponse { http_status: 429, retry_after, body: Vec::new() };
        let wait = retry_after.unwrap_or(Span::seconds(1));
        let fact = Kb.response(&asked(&look_up()), &answer, &account());
        assert_eq!(fact, Ok(Fact::Busy { retry_after: wait }));
    }
}

#[test]
fn a_registration_gives_the_token_or_says_why_not() {
    let prepared = Fact::Prepared { token: Some("pt_7d1f0c2b9a".to_owned()) };
    assert_eq!(answer(&prepare(), 200, data!("register_answer.json")), Ok(prepared));
    let other = decline(DeclineCode::AmountMismatch, "3101");
    assert_eq!(answer(&prepare(), 200, data!("register_other_amount.json")), Ok(other));
    assert!(is_unclear(&code(&prepare(), "0000")), "no token");
}

#[test]
fn a_close_that_came_too_late_is_looked_up() {
    assert_eq!(answer(&close(), 200, data!("close_answer.json")), Ok(Fact::Closed));
    assert!(is_unclear(&answer(&close(), 200, data!("close_paid.json")).unwrap()));
    assert_eq!(code(&close(), "4004"), Fact::NotFound);
}

#[test]
fn a_cancel_is_done_when_the_answer_names_it() {
    let second = cancel(1_500, 1_000);
    let text = String::from_utf8(data!("cancel_answer.json").to_vec()).unwrap();
    let done = |cancelled| Ok(Fact::Cancelled { cancelled });
    assert_eq!(answer(&second, 200, text.as_bytes()), done(Some(krw(2_500))));
    assert_eq!(answer(&second, 200, text.replace("2500", "1500").as_bytes()), done(None));
    for (word, other) in [("2500", "2000"), (PAY_NO, "another"), ("ref-1", "ref-2")] {
        assert!(is_unclear(&answer(&second, 200, text.replace(word, other).as_bytes()).unwrap()));
    }
    let refused = Fact::CancelRefused { provider_code: "3301".to_owned() };
    assert_eq!(answer(&second, 200, data!("cancel_over_balance.json")), Ok(refused));
}

#[test]
fn a_registration_is_byte_for_byte_what_another_implementation_makes() {
    let request = Kb.request(&asked(&prepare()), &account(), ENTROPY).unwrap();
    assert_eq!(request.url, "http://127.0.0.1:4411/kb/v1/register");
    assert_eq!(request.road, Road::Private);
    assert_eq!(String::from_utf8(request.body.clone()).unwrap(), vectors()["register_body"]);
    assert_eq!(header(&request, "x-kb-mac"), Some(vectors()["register_mac"].as_str()));
    assert_eq!(header(&request, "x-kb-merchant"), Some("KB0000001"));
}

#[test]
fn requests_are_the_models() {
    let rows = [
        (look_up(), "inquire", data!("inquire_request.json")),
        (close(), "close", data!("inquire_request.json")),
        (cancel(1_500, 1_000), "cancel", data!("cancel_request.json")),
    ];
    for (ask, call, body) in rows {
        let request = Kb.request(&asked(&ask), &account(), ENTROPY).unwrap();
        let json = |bytes| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
        assert_eq!(request.url, format!("http://127.0.0.1:4411/kb/v1/{call}"));
        assert_eq!(json(&request.body), json(body));
        let again = Kb.request(&asked(&ask), &account(), [8; 32]).unwrap();
        assert_eq!(again.body, request.body, "a repeat is the same cancel");
    }
}

#[test]
fn what_kb_cannot_do_is_not_asked() {
    let capture = Ask::Capture {
        request_id: request_id(),
        provider_payment_id: pay_no(),
        amount: krw(31_000).amount().unwrap(),
    };
    let refused = Kb.request(&asked(&capture), &account(), ENTROPY);
    assert!(matches!(refused, Err(CannotAsk::Unsupported(_))));
    let dollars = Ask::Prepare {
        request_id: request_id(),
        amount: Amount::from_minor(100, Currency::Usd).unwrap(),
        goods_name: "x".to_owned(),
        buyer: "u1".to_owned(),
    };
    for ask in [dollars, cancel(1, 31_000)] {
        let refused = Kb.request(&asked(&ask), &account(), ENTROPY);
        assert!(matches!(refused, Err(CannotAsk::Missing(_))), "{ask:?}");
    }
}

fn window_for(
    presentation: Presentation,
    device: Device,
    means: Means,
    token: Option<&str>,
) -> Result<Window, CannotAsk> {
    let window = WindowFor {
        request_id: request_id(),
        amount: krw(31_000).amount().unwrap(),
        means,
        device,
        presentation,
        goods_name: "Fujifilm X100V",
        buyer: "u1",
        token,
        return_url: "http://edge.localhost:4412/r/abc",
        locale: "ko",
    };
    Kb.window(&window, &account(), ENTROPY)
}

#[test]
fn the_window_is_a_form_with_the_token_and_the_sealed_order() {
    let token = Some("pt_7d1f0c2b9a");
    let window = window_for(Presentation::Iframe, Device::Pc, Means::KbPay, token).unwrap();
    let fields = [
        ("merchant_no", "KB0000001"),
        ("pay_token", "pt_7d1f0c2b9a"),
        ("enc_data", &vectors()["window_enc_data"]),
        ("lang", "ko"),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let action = "http://psp.localhost:4411/kb/window".to_owned();
    assert_eq!(window, Window::Form { action, fields });
    let refused = [
        window_for(Presentation::Iframe, Device::Pc, Means::KbPay, None),
        window_for(Presentation::Iframe, Device::Mobile, Means::KbPay, token),
        window_for(Presentation::Popup, Device::Pc, Means::Card, token),
    ];
    assert!(refused.iter().all(Result::is_err));
}

#[test]
fn two_texts_never_share_a_nonce() {
    let sealed = |text: &str, entropy| seal(&account(), entropy, text).unwrap();
    let nonce = |text, entropy| BASE64.decode(sealed(text, entropy)).unwrap()[..12].to_vec();
    assert_ne!(nonce("a", ENTROPY), nonce("b", ENTROPY));
    assert_ne!(nonce("a", ENTROPY), nonce("a", [8; 32]));
    assert_eq!(sealed("a", ENTROPY), sealed("a", ENTROPY));
}

#[test]
fn the_return_is_a_hint() {
    let hint =
        |body| Kb.returned(&Inbound { headers: &Sorted::default(), query: "result=FAIL", body });
    let cancelled = hint(b"order_no=hb-x&result=FAIL&reason_code=1003");
    assert!(cancelled.says_cancelled);
    assert_eq!(cancelled.provider_code.as_deref(), Some("1003"));
    assert!(!hint(b"result=FAIL&reason_code=1001").says_cancelled);
    let unread: [&[u8]; 5] = [
        b"",
        b"result=SUCCESS&reason_code=1003",
        b"\xff",
        b"result=FAIL&reason_code=%3Cb%3E",
        b"{}",
    ];
    for body in unread {
        assert_eq!(hint(body), Hint::default());
    }
}

fn report(headers: &[(&str, &str)], body: &[u8]) -> Result<Callback, CallbackRefused> {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Kb.callback(&Inbound { headers: &headers, query: "", body }, &account(), NOW)
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_signed_report_says_where_to_look() {
    let vectors = vectors();
    let rows = [
        (data!("report_success.json"), "report_success_mac", Some(pay_no())),
        (data!("report_fail.json"), "report_fail_mac", None),
    ];
    for (body, mac, provider_payment_id) in rows {
        let callback = report(&[JSON, ("x-kb-mac", &vectors[mac])], body).unwrap();
        assert_eq!(callback.request_id, Some(request_id()));
        assert_eq!(callback.provider_payment_id, provider_payment_id);
        assert_eq!(report(&[JSON, ("x-kb-mac", &vectors[mac])], body), Ok(callback));
    }
    assert_eq!(Kb.acknowledgement().body, "RESULT=OK");
}

#[test]
fn a_forged_report_is_refused() {
    let vectors = vectors();
    let (mac, good) = (vectors["report_success_mac"].as_str(), data!("report_success.json"));
    let altered = String::from_utf8(good.to_vec()).unwrap().replace("31000", "31001");
    let other = vectors["report_other_merchant_mac"].as_str();
    let forged = [
        (mac, altered.as_bytes()),
        (vectors["report_fail_mac"].as_str(), good),
        ("", good),
        (&mac[..62], good),
        (&mac[1..], good),
        ("+f", good),
        ("f700683132a5bac675115cd06ccd019861523e9810f670da8affac81de984bcg", good),
        (other, data!("report_other_merchant.json")),
    ];
    for (mac, body) in forged {
        let refused = Err(CallbackRefused::SignatureInvalid);
        assert_eq!(report(&[JSON, ("x-kb-mac", mac)], body), refused, "{mac}");
    }
    assert_eq!(report(&[JSON], good), Err(CallbackRefused::SignatureMissing));
    assert_eq!(report(&[("x-kb-mac", mac)], good), Err(CallbackRefused::MediaType));
    let gzip = [JSON, ("x-kb-mac", mac), ("content-encoding", "gzip")];
    assert_eq!(report(&gzip, good), Err(CallbackRefused::MediaType));
}

#[test]
fn a_key_that_is_missing_verifies_nothing() {
    let headers = Sorted::from([
        ("content-type".to_owned(), "application/json".to_owned()),
        ("x-kb-mac".to_owned(), vectors()["report_success_mac"].clone()),
    ]);
    let inbound = Inbound { headers: &headers, query: "", body: data!("report_success.json") };
    let refused = Kb.callback(&inbound, &account_with(Some(("mac_key", ""))), NOW);
    assert_eq!(refused, Err(CallbackRefused::SignatureInvalid));
}

#[test]
fn accounts_that_cannot_work_are_refused_at_the_start() {
    assert_eq!(Kb.check(&account()), Vec::<String>::new());
    assert_eq!(Kb.check(&Account::default()).len(), 5, "a number, two bases and two keys");
    let (short, same) = ("aa".repeat(31), "bb".repeat(32));
    for row in [
        ("merchant_no", "KB 1"),
        ("private_base", "http://127.0.0.1:4411/kb/"),
        ("window_base", "javascript:alert(1)"),
        ("enc_key", short.as_str()),
        ("enc_key", same.as_str()),
        ("mac_key", "zz"),
    ] {
        assert_eq!(Kb.check(&account_with(Some(row))).len(), 1, "{row:?}");
    }
}

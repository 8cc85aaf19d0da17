//! Requests and answers are written by hand after the guide and the relay's model.

use shared::fact::{Decline, DeclineCode, ProviderPaymentId, Sighting};
use shared::id::{Home, RequestId};
use shared::money::{Amount, Total};
use shared::notes::{Learnt, Notes};
use shared::sorted::Sorted;

use super::super::parts::testing::is_unclear;
use super::*;
use crate::secret::Secret;

macro_rules! data {
    ($file:literal) => {
        include_str!(concat!("../testdata/danal/", $file)).trim_end()
    };
}

const TID: &str = "202611211941040001";
const SESSION: &str = "7d1f0c2b9a7d1f0c2b9a7d1f0c2b9a7d";
const BILLED_AT: &str = "20261121194104";
/// Ten seconds after the bill.
const NOW: Timestamp = Timestamp::from_seconds(1_795_257_674);
/// The first second of December in Seoul.
const DECEMBER: Timestamp = Timestamp::from_seconds(1_796_050_800);

fn request_id() -> RequestId {
    RequestId::new(Home { generation: 1, shard: 3 }, 0xa1)
}

fn tid() -> ProviderPaymentId {
    ProviderPaymentId::parse(TID).unwrap()
}

fn krw(minor: u64) -> Total {
    Total::from_minor(minor, Currency::Krw).unwrap()
}

fn account_with(row: Option<(&str, &str)>) -> Account {
    let mut account = Account { test_mode: true, ..Account::default() };
    let rows = [
        ("cp_id", "9810030929"),
        ("cp_name", "당근카메라"),
        ("item_code", "1270000000"),
        ("relay_base", "http://127.0.0.1:4411/danal"),
        ("web_base", "http://psp.localhost:4411/danal"),
        ("cp_password", "dnl-demo-1"),
    ];
    for (name, value) in rows.into_iter().chain(row) {
        if name == "cp_password" {
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

fn look_up() -> Ask {
    Ask::LookUp { request_id: request_id(), provider_payment_id: None }
}

fn capture() -> Ask {
    let amount = krw(31_000).amount().unwrap();
    Ask::Capture { request_id: request_id(), provider_payment_id: tid(), amount }
}

fn cancel_to(account: Option<RefundAccount>) -> Ask {
    Ask::Cancel {
        request_id: request_id(),
        provider_payment_id: tid(),
        amount: krw(31_000).amount().unwrap(),
        captured: krw(31_000),
        cancelled_before: krw(0),
        key: "ref-1".to_owned(),
        reason: "구매자 변심".to_owned(),
        account,
    }
}

fn cancel() -> Ask {
    cancel_to(None)
}

/// What is known of an attempt: its session, and these.
fn notes(more: &[(&str, &str)]) -> Notes {
    let mut notes = Notes::none();
    notes.keep(TOKEN, SESSION, NOW);
    for (name, value) in more {
        notes.keep(name, value, NOW);
    }
    notes
}

fn put(ask: &Ask, known: &[(&str, &str)], at: Timestamp) -> Result<HttpRequest, CannotAsk> {
    let notes = notes(known);
    Danal.request(&Asked { ask, notes: &notes, at }, &account(), [7; 32])
}

fn body(ask: &Ask, known: &[(&str, &str)], at: Timestamp) -> String {
    String::from_utf8(put(ask, known, at).unwrap().body).unwrap()
}

fn answer(
    ask: &Ask,
    known: &[(&str, &str)],
    http_status: u16,
    body: &str,
) -> Result<Fact, Unreadable> {
    let answer = HttpResponse { http_status, retry_after: None, body: body.as_bytes().to_vec() };
    let notes = notes(known);
    Danal.response(&Asked { ask, notes: &notes, at: NOW }, &answer, &account())
}

fn said(ask: &Ask, known: &[(&str, &str)], body: &str) -> Fact {
    answer(ask, known, 200, body).unwrap()
}

fn more(name: &'static str, value: &str) -> Fact {
    Fact::More(Learnt { name, value: value.to_owned() })
}

fn seen(cancelled: u64) -> Sighting {
    Sighting {
        request_id: request_id().to_string(),
        merchant: Some("9810030929".to_owned()),
        provider_payment_id: tid(),
        amount: krw(31_000),
        cancelled: krw(cancelled),
    }
}

fn decline(code: DeclineCode, provider_code: &str) -> Fact {
    Fact::Declined(Decline { code, provider_code: Some(provider_code.to_owned()) })
}

#[test]
fn r65_commands_are_the_guide_s_word_for_word() {
    let (compared, billed) = ((COMPARED, TID), (BILLED, BILLED_AT));
    let holder = "홍길동".to_owned();
    let (bank, number) = ("KB".to_owned(), "1234567890".to_owned());
    let to = cancel_to(Some(RefundAccount { bank, number, holder }));
    for (ask, known, at, expected) in [
        (prepare(), vec![], NOW, data!("announce_request.txt")),
        (look_up(), vec![], NOW, data!("look_request.txt")),
        (look_up(), vec![billed], NOW, data!("look_request.txt")),
        (capture(), vec![], NOW, data!("compare_request.txt")),
        (capture(), vec![compared], NOW, data!("bill_request.txt")),
        // What was compared long ago, or was another transaction, is compared again.
        (capture(), vec![compared], NOW.after(Span::seconds(10)), data!("compare_request.txt")),
        (capture(), vec![(COMPARED, "202611211941049999")], NOW, data!("compare_request.txt")),
        (capture(), vec![compared, billed], NOW, data!("look_request.txt")),
        (cancel(), vec![billed], NOW, data!("cancel_request.txt")),
        (cancel(), vec![], NOW, data!("cancel_request.txt")),
        (to.clone(), vec![billed], NOW, data!("cancel_request.txt")),
        (cancel(), vec![billed], DECEMBER, data!("refund_request.txt")),
        (to, vec![billed], DECEMBER, data!("refund_to_account_request.txt")),
        (cancel(), vec![(MONTH_OVER, "1")], NOW, data!("refund_request.txt")),
    ] {
        assert_eq!(body(&ask, &known, at), expected, "{ask:?}");
        let request = put(&ask, &known, at).unwrap();
        assert_eq!(request.url, "http://127.0.0.1:4411/danal/teledit");
        assert_eq!((request.method, request.road), ("POST", Road::Private));
        assert!(!format!("{request:?}").contains("dnl-demo"), "R68");
    }
}

#[test]
fn r66_the_last_second_of_the_month_is_a_cancel_and_the_next_a_refund() {
    let billed = [(BILLED, "20261101000000")];
    let last = DECEMBER.before(Span::seconds(1));
    assert!(body(&cancel(), &billed, last).contains("BILL_CANCEL"));
    assert!(body(&cancel(), &billed, DECEMBER).contains("BILL_REFUND"));
}

#[test]
fn what_danal_cannot_do_is_not_asked() {
    let part = |amount: u64, captured: u64| {
        let Ask::Cancel { request_id, provider_payment_id, cancelled_before, key, reason, .. } =
            cancel()
        else {
            unreachable!()
        };
        Ask::Cancel {
            request_id,
            provider_payment_id,
            amount: krw(amount).amount().unwrap(),
            captured: krw(captured),
            cancelled_before,
            key,
            reason,
            account: None,
        }
    };
    for ask in [part(1_000, 31_000), part(31_000, 0), Ask::Close { request_id: request_id() }] {
        assert!(matches!(put(&ask, &[], NOW), Err(CannotAsk::Unsupported(_))), "{ask:?}");
    }
    let dollars = Ask::Prepare {
        request_id: request_id(),
        amount: Amount::from_minor(100, Currency::Usd).unwrap(),
        goods_name: "x".to_owned(),
        buyer: "u1".to_owned(),
    };
    assert!(matches!(put(&dollars, &[], NOW), Err(CannotAsk::Missing(_))));
}

#[test]
fn a_name_divides_nothing_in_what_it_is_written_into() {
    let ask = Ask::Prepare {
        request_id: request_id(),
        amount: krw(31_000).amount().unwrap(),
        goods_name: "a|1|1|b;TID=9&ID=8".to_owned(),
        buyer: "u1&ORDERID=x".to_owned(),
    };
    let body = body(&ask, &[], NOW);
    assert!(
        body.contains("&ItemInfo=1%7C31000%7C1%7C1270000000%7Ca+1+1+b+TID+9%26ID+8&"),
        "{body}"
    );
    assert!(body.contains("&USERID=u1%26ORDERID%3Dx&"), "{body}");
}

#[test]
fn r65_a_session_is_given_or_said_why_not() {
    let given = Fact::Prepared { token: Some(SESSION.to_owned()) };
    assert_eq!(said(&prepare(), &[], data!("announce_answer.txt")), given);
    for (body, code, word) in [
        (data!("announce_too_small.txt"), DeclineCode::LimitExceeded, "51"),
        (data!("announce_wrong_password.txt"), DeclineCode::ProviderUnavailable, "1001"),
    ] {
        assert_eq!(said(&prepare(), &[], body), decline(code, word));
    }
    let long = format!("Result=0&ServerInfo={}", "a".repeat(129));
    for body in ["Result=0", "Result=0&ServerInfo=a%0Ab", &long, "Result=2001", "Result=2009"] {
        assert!(is_unclear(&said(&prepare(), &[], body)), "{body}");
    }
}

#[test]
fn a_look_shows_where_the_session_stands() {
    let billed = [(BILLED, BILLED_AT)];
    let none = [].as_slice();
    let billed = billed.as_slice();
    let rows = [
        (none, data!("confirmed.txt"), Fact::Authenticated(seen(0))),
        // The bill's date is noted first: the way back hangs on it.
        (none, data!("confirmed_billed.txt"), more(BILLED, BILLED_AT)),
        (billed, data!("confirmed_billed.txt"), Fact::Captured(seen(0))),
        (billed, data!("confirmed_cancelled.txt"), Fact::Captured(seen(31_000))),
        (none, "Result=2002", Fact::Waiting),
        (none, "Result=2001", Fact::NotFound),
        (none, "Result=2005", decline(DeclineCode::Other, "2005")),
        (none, "Result=2003&ErrMsg=x", decline(DeclineCode::BuyerCancelled, "2003")),
    ];
    for (known, body, fact) in rows {
        assert_eq!(said(&look_up(), known, body), fact, "{body}");
    }
    for (result, code) in [
        ("2004", DeclineCode::Other),
        ("2006", DeclineCode::LimitExceeded),
        ("2007", DeclineCode::Expired),
    ] {
        let body = format!("Result={result}");
        assert_eq!(said(&look_up(), &[], &body), decline(code, result));
    }
    // R67: a session that ended says nothing of a bill that we know of; nor does an older copy.
    for body in ["Result=2001", data!("confirmed.txt")] {
        assert!(is_unclear(&said(&look_up(), billed, body)), "{body}");
    }
}

#[test]
fn i2_everything_is_compared_before_anything_is_billed() {
    let good = data!("confirmed.txt");
    assert_eq!(said(&capture(), &[], good), more(COMPARED, TID));
    for (word, other) in [
        ("AMOUNT=31000", "AMOUNT=30999"),
        ("CPID=9810030929", "CPID=9810030928"),
        ("00a1", "00a2"),
        (TID, "202611211941049999"),
    ] {
        let fact = said(&capture(), &[], &good.replace(word, other));
        assert!(matches!(fact, Fact::Authenticated(_)), "shown as it is: {fact:?}");
    }
    for (word, other) in [("AMOUNT=31000", ""), (TID, ""), (TID, "%0A"), ("31000", "-1")] {
        assert!(is_unclear(&said(&capture(), &[], &good.replace(word, other))), "{word}");
    }
    assert!(is_unclear(&said(&capture(), &[], "Result=2008")), "Danal compared, too");
    assert_eq!(said(&capture(), &[], "Result=2002"), Fact::Waiting);
}

#[test]
fn a_bill_is_noted_with_its_date_and_then_looked_at() {
    let compared = [(COMPARED, TID)];
    let good = data!("bill_answer.txt");
    assert_eq!(said(&capture(), &compared, good), more(BILLED, BILLED_AT));
    let both = [(COMPARED, TID), (BILLED, BILLED_AT)];
    assert_eq!(said(&capture(), &both, data!("confirmed_billed.txt")), Fact::Captured(seen(0)));
    let other = decline(DeclineCode::LimitExceeded, "2006");
    assert_eq!(said(&capture(), &compared, "Result=2006"), other);
    for body in [
        "Result=2009",
        "Result=2001",
        &good.replace("00a1", "00a2"),
        &good.replace("TID=2026", "TID=2025"),
        &good.replace(BILLED_AT, "20261331000000"),
    ] {
        assert!(is_unclear(&said(&capture(), &compared, body)), "{body}");
    }
}

#[test]
fn r66_a_way_back_that_is_shut_is_left_for_the_other() {
    let done = Fact::Cancelled { cancelled: Some(krw(31_000)) };
    for body in [data!("given_back.txt"), "Result=3001"] {
        assert_eq!(said(&cancel(), &[], body), done);
        assert_eq!(said(&cancel(), &[(MONTH_OVER, "1")], body), done);
    }
    assert_eq!(said(&cancel(), &[(BILLED, BILLED_AT)], "Result=3002"), more(MONTH_OVER, "1"));
    for body in ["Result=3002", "Result=3003", "Result=2008"] {
        assert!(is_unclear(&said(&cancel(), &[(MONTH_OVER, "1")], body)), "{body}");
    }
    let refused = Fact::CancelRefused { provider_code: "3004".to_owned() };
    assert_eq!(said(&cancel(), &[], "Result=3004"), refused);
}

#[test]
fn what_decides_nothing_is_never_a_decline() {
    for ask in [prepare(), look_up(), capture(), cancel()] {
        for body in [data!("gateway.html"), "", "{}", "[]", "Result=", "Result=ok", "result=0"] {
            assert!(answer(&ask, &[], 200, body).is_err(), "{ask:?} {body}");
        }
        for body in ["Result=9001", "Result=-1", "Result=77&ErrMsg=010-1234-5678"] {
            let fact = said(&ask, &[], body);
            assert!(is_unclear(&fact) && !format!("{fact:?}").contains("5678"), "{fact:?}");
        }
        for status in [201, 302, 400, 404, 500, 502, 503] {
            assert!(is_unclear(&answer(&ask, &[], status, "Result=2006").unwrap()), "{status}");
        }
        let wait = Fact::Busy { retry_after: Span::seconds(1) };
        assert_eq!(answer(&ask, &[], 429, ""), Ok(wait));
    }
}

fn window_for(
    presentation: Presentation,
    device: Device,
    token: Option<&str>,
) -> Result<Window, CannotAsk> {
    let window = WindowFor {
        request_id: request_id(),
        amount: krw(31_000).amount().unwrap(),
        means: Means::Phone,
        device,
        presentation,
        goods_name: "Fujifilm X100V",
        buyer: "u1",
        token,
        return_url: "http://edge.localhost:4412/r/abc",
        locale: "ko",
    };
    Danal.window(&window, &account(), [7; 32])
}

#[test]
fn r21_the_window_is_a_popup_or_the_whole_page() {
    for (presentation, device, page) in [
        (Presentation::Popup, Device::Pc, "Web"),
        (Presentation::Redirect, Device::Pc, "Web"),
        (Presentation::Redirect, Device::Mobile, "FlexMobile"),
    ] {
        let window = window_for(presentation, device, Some(SESSION)).unwrap();
        let fields = [
            ("ServerInfo", SESSION),
            ("CPName", "당근카메라"),
            ("ItemName", "Fujifilm X100V"),
            ("ItemAmt", "31000"),
            ("TargetURL", "http://edge.localhost:4412/r/abc"),
            ("BackURL", "http://edge.localhost:4412/r/abc?danal=back"),
            ("IsUseCI", "N"),
            ("BgColor", "00"),
            ("IsCharSet", "UTF-8"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let action = format!("http://psp.localhost:4411/danal/Danal/Teledit/{page}/Start.php");
        assert_eq!(window, Window::Form { action, fields });
    }
    for (presentation, device, token) in [
        (Presentation::Popup, Device::Pc, None),
        (Presentation::Iframe, Device::Pc, Some(SESSION)),
        (Presentation::Popup, Device::Mobile, Some(SESSION)),
    ] {
        assert!(window_for(presentation, device, token).is_err());
    }
}

#[test]
fn the_way_out_is_a_hint_and_the_return_says_nothing() {
    let headers = Sorted::default();
    let hint = |query, body| Danal.returned(&Inbound { headers: &headers, query, body });
    assert!(hint("danal=back", b"").says_cancelled);
    for query in ["", "danal=back&a=1", "result=FAIL", "danal=done"] {
        assert_eq!(hint(query, b"ServerInfo=x&Result=2003&danal=back"), Hint::default());
    }
}

#[test]
fn f31_there_is_no_webhook_so_none_is_danal_s() {
    let headers = Sorted::default();
    for body in [b"".as_slice(), b"Result=0", data!("confirmed_billed.txt").as_bytes()] {
        let inbound = Inbound { headers: &headers, query: "", body };
        let refused = Err(CallbackRefused::SignatureInvalid);
        assert_eq!(Danal.callback(&inbound, &account(), NOW), refused);
    }
}

#[test]
fn an_account_that_cannot_work_is_refused() {
    assert_eq!(Danal.check(&account()), Vec::<String>::new());
    for (name, value) in [
        ("cp_id", ""),
        ("cp_id", "98100309291"),
        ("cp_id", "9810-0309"),
        ("cp_name", " "),
        ("item_code", "a"),
        ("cp_password", ""),
        ("cp_password", "12345678901"),
        ("relay_base", "relay"),
        ("web_base", "https://ui.teledit.com/"),
    ] {
        let faults = Danal.check(&account_with(Some((name, value))));
        assert!(faults.len() == 1 && faults[0].starts_with(name), "{name}: {faults:?}");
    }
    let live = Account { test_mode: false, ..account() };
    assert_eq!(Danal.check(&live).len(), 2, "both bases need https");
}

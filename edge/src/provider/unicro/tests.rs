//! Answers are the manual's samples with our numbers in them, never taken from our own sandbox.

use shared::fact::{Deposit, Sighting};
use shared::id::Home;
use shared::money::{Amount, Total};
use shared::notes::Notes;
use shared::sorted::Sorted;
use shared::time::Civil;

use super::super::parts::testing::is_unclear;
use super::*;
use crate::secret::Secret;

macro_rules! data {
    ($file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/provider/testdata/unicro/", $file))
    };
}

const NOW: Timestamp = Timestamp::from_seconds(1_795_257_664);
const TRADE_NO: &str = "221100134395";
const ITEM_NO: &str = "221100609809";
const USER: &str = "9d1f0e3c5b7a2468";
const KEY_OF_BUYER: &str = "$2a$10$WrUKHrgLHm3xoax6jGT1i";
/// A token that was fetched an hour ago.
const AGE: Span = Span::hours(1);

fn request_id() -> RequestId {
    RequestId::new(Home { generation: 1, shard: 3 }, 0xa1)
}

fn krw(minor: u64) -> Total {
    Total::from_minor(minor, Currency::Krw).unwrap()
}

fn won_of(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::Krw).unwrap()
}

fn trade_id() -> ProviderPaymentId {
    ProviderPaymentId::parse(TRADE_NO).unwrap()
}

fn account_with(rows: &[(&str, &str)]) -> Account {
    let mut account = Account { test_mode: true, ..Account::default() };
    let base = [
        ("partner_api_key", "80ADFEB2B6F39CCB06B645387B581AE6"),
        ("seller_user", "danggeun01"),
        ("api_base", "http://127.0.0.1:4411/unicro"),
        ("web_base", "http://psp.localhost:4411/unicro"),
        ("seller_key", "$2a$10$seller"),
        ("member_secret", "a-secret-of-tests"),
    ];
    for (name, value) in base.iter().chain(rows) {
        let (name, value) = ((*name).to_owned(), (*value).to_owned());
        if ["seller_key", "member_secret"].contains(&name.as_str()) {
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
        amount: won_of(31_000),
        goods_name: "Fujifilm X100V".to_owned(),
        buyer: "u1".to_owned(),
    }
}

fn look_up() -> Ask {
    Ask::LookUp { request_id: request_id(), provider_payment_id: None }
}

fn cancel_of(captured: u64, amount: u64) -> Ask {
    Ask::Cancel {
        request_id: request_id(),
        provider_payment_id: trade_id(),
        amount: won_of(amount),
        captured: krw(captured),
        cancelled_before: krw(0),
        key: "ref_1".to_owned(),
        reason: "구매자 변심".to_owned(),
        account: None,
    }
}

fn cancel() -> Ask {
    cancel_of(31_000, 31_000)
}

/// The order to void an account into which nobody has paid.
fn void() -> Ask {
    cancel_of(0, 31_000)
}

/// What is known, as of an hour ago unless it says `now`.
fn notes(rows: &[(&str, &str)]) -> Notes {
    let mut notes = Notes::none();
    for (name, value) in rows {
        let (name, at) = match name.strip_suffix(" now") {
            Some(name) => (name, NOW),
            None => (*name, NOW.before(AGE)),
        };
        notes.keep(name, value, at);
    }
    notes
}

/// Everything that a prepared attempt knows.
fn known(more: &[(&str, &str)]) -> Notes {
    let key = [USER, " ", KEY_OF_BUYER].concat();
    let rows =
        [(MEMBER, "NORMAL"), (KEY, &key), (SELLER, "s-token"), (BUYER, "b-token"), (ITEM, ITEM_NO)];
    notes(&[&rows[..], &[(TRADE, TRADE_NO)], more].concat())
}

fn put(ask: &Ask, notes: &Notes) -> HttpRequest {
    Unicro.request(&Asked { ask, notes, at: NOW }, &account(), [0; 32]).unwrap()
}

/// Method, path and token.
fn line(ask: &Ask, notes: &Notes) -> String {
    let request = put(ask, notes);
    let path = request.url.strip_prefix("http://127.0.0.1:4411/unicro/api/v1").unwrap();
    let header = |name| request.headers.iter().find(|(each, _)| *each == name).unwrap().1.clone();
    assert_eq!(header("unicro-user-token"), header("unicro_user_token"), "both names");
    assert_eq!(header("partner-api-key"), "80ADFEB2B6F39CCB06B645387B581AE6");
    format!("{} {path} {}", request.method, header("unicro-user-token").replace("Bearer ", ""))
}

fn said(ask: &Ask, notes: &Notes, http_status: u16, body: &str) -> Result<Fact, Unreadable> {
    let answer = HttpResponse { http_status, retry_after: None, body: body.as_bytes().to_vec() };
    Unicro.response(&Asked { ask, notes, at: NOW }, &answer, &account())
}

fn fact(ask: &Ask, notes: &Notes, body: &str) -> Fact {
    said(ask, notes, 200, body).unwrap()
}

/// What an answer taught.
fn learnt(fact: &Fact) -> (&str, &str) {
    let Fact::More(learnt) = fact else { panic!("no step: {fact:?}") };
    (learnt.name, learnt.value.as_str())
}

fn seen(cancelled: u64) -> Sighting {
    Sighting {
        request_id: request_id().to_string(),
        merchant: Some("danggeun01".to_owned()),
        provider_payment_id: trade_id(),
        amount: krw(31_000),
        cancelled: krw(cancelled),
    }
}

fn is_declined(fact: &Fact, code: &str) -> bool {
    matches!(fact, Fact::Declined(decline) if decline.provider_code.as_deref() == Some(code))
}

#[test]
fn r49_a_payment_is_prepared_step_by_step_and_each_is_known_before_the_next() {
    let user = member_id(&account(), "u1");
    assert_eq!(line(&prepare(), &notes(&[])), format!("GET /users/{user}/status "));
    let fact_of = |notes: &Notes, body| fact(&prepare(), notes, body);
    assert_eq!(learnt(&fact_of(&notes(&[]), data!("member_none.json"))), (MEMBER, "NONE"));
    let member = notes(&[(MEMBER, "NORMAL")]);
    let own = put(&prepare(), &member);
    assert_eq!((own.road, own.body), (Road::Own, user.clone().into_bytes()), "what 7.0 told us");
    let told = fact_of(&member, KEY_OF_BUYER);
    assert_eq!(learnt(&told), (KEY, [user.as_str(), " ", KEY_OF_BUYER].concat().as_str()));
    let key = [user.as_str(), " ", KEY_OF_BUYER].concat();
    let keyed = |more: &[(&str, &str)]| {
        notes(&[&[(MEMBER, "NORMAL"), ("key now", key.as_str())], more].concat())
    };
    assert_eq!(line(&prepare(), &keyed(&[])), "POST /auth ");
    let body: serde_json::Value =
        serde_json::from_slice(&put(&prepare(), &keyed(&[])).body).unwrap();
    assert_eq!(
        (&body["partnerUserId"], &body["unicroUserKey"]),
        (&"danggeun01".into(), &"$2a$10$seller".into())
    );
    let token = fact_of(&keyed(&[]), data!("auth_answer.json"));
    assert_eq!(learnt(&token).0, SELLER);
    let tokened = keyed(&[(SELLER, "s-token")]);
    assert_eq!(line(&prepare(), &tokened), "POST /items s-token");
    let expected: serde_json::Value = serde_json::from_str(data!("item_request.json")).unwrap();
    let mut item: serde_json::Value =
        serde_json::from_slice(&put(&prepare(), &tokened).body).unwrap();
    assert_eq!(item["partnerItemNo"].as_str().unwrap().len(), 20);
    item["partnerItemNo"] = expected["partnerItemNo"].clone();
    assert_eq!(item, expected);
    assert_eq!(learnt(&fact_of(&tokened, data!("item_answer.json"))), (ITEM, ITEM_NO));
    let sold = keyed(&[(SELLER, "s-token"), (ITEM, ITEM_NO)]);
    let body: serde_json::Value = serde_json::from_slice(&put(&prepare(), &sold).body).unwrap();
    assert_eq!(
        (&body["partnerUserId"], &body["unicroUserKey"]),
        (&user.into(), &KEY_OF_BUYER.into())
    );
    let Fact::Prepared { token: Some(token) } = fact_of(&sold, data!("auth_answer.json")) else {
        panic!("the window can be shown");
    };
    assert!(token.starts_with("221100609809 eyJ"), "{token}");
}

#[test]
fn a_buyer_who_is_no_member_joins_and_one_whose_key_was_never_told_is_refused() {
    let told = |member| said(&prepare(), &notes(&[(MEMBER, member)]), 404, "").unwrap();
    assert_eq!(told("NONE"), Fact::Prepared { token: None });
    assert!(is_declined(&told("NORMAL"), "MEMBER_KEY_MISSING"));
    for state in ["SLEEP", "WITHDRAWAL"] {
        let body = data!("member_none.json").replace("NONE", state);
        assert!(is_declined(&fact(&prepare(), &notes(&[]), &body), state), "{state}");
    }
    let body = data!("member_none.json").replace("NONE", "SOMETHING");
    assert!(is_unclear(&fact(&prepare(), &notes(&[]), &body)));
    // A key that gets no token: a stranger's, or one of before a withdrawal.
    let keyed = |member| notes(&[(MEMBER, member), ("key now", "u k"), (ITEM, ITEM_NO)]);
    let refused = |member| fact(&prepare(), &keyed(member), data!("fail_token.json"));
    assert_eq!(refused("NONE"), Fact::Prepared { token: None });
    assert!(is_declined(&refused("NORMAL"), "AUTH_ERROR"));
}

#[test]
fn i2_paid_is_what_the_seller_s_view_shows_of_the_item_that_we_registered() {
    let fresh = notes(&[(SELLER, "s-token"), (ITEM, ITEM_NO)]);
    assert_eq!(line(&look_up(), &fresh), format!("GET /trades/partner/{} s-token", request_id()));
    assert_eq!(learnt(&fact(&look_up(), &fresh, data!("trade.json"))), (TRADE, TRADE_NO));
    let first = known(&[]);
    assert_eq!(line(&look_up(), &first), "GET /seller/trades/221100134395 s-token");
    let view = data!("seller_view.json");
    assert_eq!(learnt(&fact(&look_up(), &first, view)), (STANDING, "PAY_APPROVED"), "noted first");
    let noted = known(&[(STANDING, "PAY_APPROVED")]);
    assert_eq!(fact(&look_up(), &noted, view), Fact::Captured(seen(0)));
    let of = |body: &str| {
        let Fact::Captured(seen) = fact(&look_up(), &noted, body) else { panic!("captured") };
        seen
    };
    // F22: another item of ours under this trade's number, even for the same price.
    let other = of(&view.replace(ITEM_NO, "221100609999"));
    assert_eq!(other.merchant.as_deref(), Some("221100609999"));
    assert_eq!(of(&view.replace("31000", "3000")).amount, krw(3_000), "F20");
    for (from, to) in [("000a1", "000a2"), ("\"buyAmt\" : 31000", "\"buyAmt\" : null")] {
        let body = view.replace(from, to);
        assert!(is_unclear(&fact(&look_up(), &noted, &body)), "{to}");
    }
}

#[test]
fn every_state_comes_as_a_word_or_as_a_number_and_says_where_the_money_is() {
    let rows = [
        ("PAY_APPROVED", "31", "PAY_APPROVED", 0),
        ("DELIVERY_ING", "32", "32", 0),
        ("DELIVERY_DONE", "32", "32", 0),
        ("PAY_DONE", "33", "33", 0),
        ("SETTLEMENT_DONE", "33", "33", 0),
        ("CANCEL_REQ", "34", "CANCEL_REQ", 0),
        ("CANCEL_DONE_BUYER", "35", "CANCEL_DONE_BUYER", 31_000),
        ("CANCEL_DONE_SELLER", "36", "CANCEL_DONE_SELLER", 31_000),
        ("CANCEL_DONE_ADMIN", "37", "CANCEL_DONE_ADMIN", 31_000),
        ("RETURN_REQ", "51", "RETURN_REQ", 0),
        ("RETURN_AGR", "52", "RETURN_AGR", 0),
        ("RETURN_ING", "53", "RETURN_ING", 0),
        ("RETURN_DONE", "54", "RETURN_DONE", 31_000),
    ];
    for (word, number, of_number, back) in rows {
        let quoted = format!("\"{number}\"");
        for (code, noted) in
            [(format!("\"{word}\""), word), (number.to_owned(), of_number), (quoted, of_number)]
        {
            let body = data!("seller_view.json").replace("\"PAY_APPROVED\"", &code);
            let fact = fact(&look_up(), &known(&[(STANDING, noted)]), &body);
            assert_eq!(fact, Fact::Captured(seen(back)), "{code}");
        }
    }
    for code in ["\"PAYED\"", "38", "null", "\"\"", "3.5"] {
        let body = data!("seller_view.json").replace("\"PAY_APPROVED\"", code);
        let unread = said(&look_up(), &known(&[(STANDING, "PAY_APPROVED")]), 200, &body);
        assert!(unread.as_ref().is_ok_and(is_unclear), "{code}: {unread:?}");
    }
}

#[test]
fn r35_an_account_that_waits_is_read_in_the_buyer_s_view() {
    let standby = data!("seller_view.json").replace("PAY_APPROVED", "PAY_STANDBY");
    let noted = known(&[(STANDING, "PAY_STANDBY")]);
    assert_eq!(learnt(&fact(&look_up(), &noted, &standby)), (STANDING, "PAY_STANDBY"));
    let just = known(&[("standing now", "PAY_STANDBY")]);
    assert_eq!(line(&look_up(), &just), "GET /buyer/trades/221100134395 b-token");
    let until = Timestamp::from_civil_seoul(Civil::new(2026, 11, 22, 12, 0, 39).unwrap());
    let deposit = Deposit {
        bank: "신한은행".to_owned(),
        account: "56211105948412".to_owned(),
        holder: "유니크로".to_owned(),
        until,
    };
    let view = data!("buyer_view_standby.json");
    assert_eq!(fact(&look_up(), &just, view), Fact::DepositIssued(seen(0), deposit));
    let paid = view.replace("PAY_STANDBY", "PAY_APPROVED");
    assert_eq!(learnt(&fact(&look_up(), &just, &paid)), (STANDING, "PAY_APPROVED"));
    for (from, to) in [("\"56211105948412\"", "null"), ("2026-11-21 12:00:39", "tomorrow")] {
        assert!(is_unclear(&fact(&look_up(), &just, &view.replace(from, to))), "{to}");
    }
}

#[test]
fn a_token_is_renewed_before_its_two_hours_and_when_it_is_refused() {
    let mut old = known(&[]);
    old.keep(SELLER, "s-old", NOW.before(Span::minutes(110)));
    assert_eq!(line(&look_up(), &old), "POST /auth ");
    assert_eq!(learnt(&fact(&look_up(), &old, data!("auth_answer.json"))).0, SELLER);
    for (status, body) in [(200, data!("fail_token.json")), (401, data!("fail.json"))] {
        let refused = said(&look_up(), &known(&[]), status, body).unwrap();
        assert_eq!(learnt(&refused), (SELLER, ""), "forgotten");
    }
    let just = known(&[("standing now", "PAY_STANDBY")]);
    assert_eq!(learnt(&fact(&look_up(), &just, data!("fail_token.json"))), (BUYER, ""));
    // No token for a token: that decides nothing of a payment that may be there.
    assert!(is_unclear(&fact(&look_up(), &notes(&[]), data!("fail_token.json"))));
}

#[test]
fn i13_what_decides_nothing_is_never_a_decline() {
    let asks = [prepare(), look_up(), cancel(), void()];
    let known = |more: &[(&str, &str)]| known(&[more, &[("key now", "u k")]].concat());
    for ask in &asks {
        for (status, body) in [
            (500, data!("gateway.html")),
            (502, data!("gateway.html")),
            (302, ""),
            (200, "{}"),
            (200, r#"{"result":"PERHAPS"}"#),
            (200, r#"{"result":"SUCCESS","data":null}"#),
            (200, r#"{"result":"SUCCESS","data":{}}"#),
        ] {
            let fact = said(ask, &known(&[]), status, body);
            assert!(fact.as_ref().map_or(true, is_unclear), "{ask:?} {status} {body}: {fact:?}");
        }
        assert!(said(ask, &known(&[]), 200, data!("gateway.html")).is_err());
        let busy = said(ask, &known(&[]), 429, "").unwrap();
        assert_eq!(busy, Fact::Busy { retry_after: Span::seconds(1) }, "F17");
    }
    let fresh = notes(&[(SELLER, "s-token"), (ITEM, ITEM_NO)]);
    assert_eq!(fact(&look_up(), &fresh, data!("fail.json")), Fact::NotFound);
    for ask in [look_up(), cancel(), void()] {
        assert!(is_unclear(&fact(&ask, &known(&[]), data!("fail.json"))), "{ask:?}");
    }
}

#[test]
fn i16_an_account_that_is_long_over_and_no_longer_shown_has_ended() {
    let last_seen = |word, ago| {
        let mut notes = known(&[]);
        notes.keep(STANDING, word, NOW.before(ago));
        notes.keep(SELLER, "s-token", NOW);
        fact(&look_up(), &notes, data!("fail.json"))
    };
    assert!(is_unclear(&last_seen("PAY_STANDBY", Span::hours(24))), "it may only not be shown");
    assert_eq!(last_seen("PAY_STANDBY", Span::hours(25)), Fact::NotFound);
    assert!(is_unclear(&last_seen("PAY_APPROVED", Span::hours(99))), "money does not vanish");
}

#[test]
fn a_cancel_looks_first_and_is_taken_until_the_seller_has_shipped() {
    let view = data!("seller_view.json");
    assert_eq!(line(&cancel(), &known(&[])), "GET /seller/trades/221100134395 s-token");
    assert_eq!(learnt(&fact(&cancel(), &known(&[]), view)), (STANDING, "PAY_APPROVED"));
    let approved = known(&[("standing now", "PAY_APPROVED")]);
    assert_eq!(line(&cancel(), &approved), "POST /seller/trades/221100134395/cancel/done s-token");
    let body: serde_json::Value = serde_json::from_slice(&put(&cancel(), &approved).body).unwrap();
    assert_eq!(body, serde_json::json!({ "cancelCd": "39", "cancelMemo": "구매자 변심" }));
    let done = Fact::Cancelled { cancelled: Some(krw(31_000)) };
    assert_eq!(fact(&cancel(), &approved, data!("cancel_answer.json")), done);
    let other = data!("cancel_answer.json").replace("000a1", "000a2");
    assert!(is_unclear(&fact(&cancel(), &approved, &other)), "another trade's");
    let asked_for = known(&[("standing now", "CANCEL_REQ")]);
    assert_eq!(
        line(&cancel(), &asked_for),
        "POST /seller/trades/221100134395/cancel/agree s-token"
    );
    // F41: the answer was lost, and the view shows it.
    let back = view.replace("PAY_APPROVED", "CANCEL_DONE_SELLER");
    assert_eq!(fact(&cancel(), &known(&[]), &back), done);
    for state in ["DELIVERY_ING", "PAY_DONE", "RETURN_REQ"] {
        let refused = Fact::CancelRefused { provider_code: state.to_owned() };
        assert_eq!(fact(&cancel(), &known(&[]), &view.replace("PAY_APPROVED", state)), refused);
    }
}

#[test]
fn a_void_that_meets_money_gives_it_back() {
    assert_eq!(line(&void(), &known(&[])), "POST /buyer/trades/221100134395/cancel b-token");
    let answer = |state| data!("cancel_answer.json").replace("CANCEL_DONE_SELLER", state);
    assert_eq!(fact(&void(), &known(&[]), &answer("CANCEL_DONE_BUYER")), Fact::Closed);
    assert_eq!(learnt(&fact(&void(), &known(&[]), &answer("CANCEL_REQ"))).0, CONSENT);
    let consents = known(&[(CONSENT, "CANCEL_REQ"), (STANDING, "CANCEL_REQ")]);
    assert_eq!(line(&void(), &consents), "POST /seller/trades/221100134395/cancel/agree s-token");
    assert_eq!(fact(&void(), &consents, &answer("CANCEL_DONE_BUYER")), Fact::Closed);
    // Meanwhile a look does not take it for a payment.
    let view = data!("seller_view.json").replace("PAY_APPROVED", "CANCEL_REQ");
    assert_eq!(fact(&look_up(), &consents, &view), Fact::Busy { retry_after: BUSY_DEFAULT });
    let bought = known(&[(STANDING, "CANCEL_REQ")]);
    assert_eq!(fact(&look_up(), &bought, &view), Fact::Captured(seen(0)), "the buyer's own wish");
}

#[test]
fn what_unicro_cannot_do_is_not_asked() {
    let refused = |ask: &Ask| {
        let notes = known(&[]);
        Unicro.request(&Asked { ask, notes: &notes, at: NOW }, &account(), [0; 32]).unwrap_err()
    };
    let (request_id, provider_payment_id) = (request_id(), trade_id());
    let capture = Ask::Capture { request_id, provider_payment_id, amount: won_of(31_000) };
    for ask in [capture, Ask::Close { request_id }, cancel_of(31_000, 1_000)] {
        assert!(matches!(refused(&ask), CannotAsk::Unsupported(_)), "{ask:?}");
    }
}

fn window(
    presentation: Presentation,
    device: Device,
    token: Option<&str>,
) -> Result<Window, CannotAsk> {
    let window = WindowFor {
        request_id: request_id(),
        amount: won_of(31_000),
        means: Means::Transfer,
        device,
        presentation,
        goods_name: "Fujifilm X100V",
        buyer: "u1",
        token,
        return_url: "http://edge.localhost:4412/r/abc",
        locale: "ko",
    };
    Unicro.window(&window, &account(), [0; 32])
}

#[test]
fn r21_the_popup_joins_or_pays_and_there_is_no_other_window() {
    let form = |device, token| {
        let Ok(Window::Form { action, fields }) = window(Presentation::Popup, device, token) else {
            panic!("a form");
        };
        let pairs: Sorted<String, String> = fields.into_iter().collect();
        (action.replace("http://psp.localhost:4411/unicro", ""), pairs)
    };
    let (action, fields) = form(Device::Pc, None);
    let user = member_id(&account(), "u1");
    assert_eq!((action.as_str(), fields.get("partnerUserId")), ("/user/agreement", Some(&user)));
    let (action, fields) = form(Device::Pc, Some("221100609809 eyJ.x.y"));
    assert_eq!(action, "/trades/web");
    let expected = [
        ("deliveryPayCd", "PRE_PAYMENT"),
        ("partnerApiKey", "80ADFEB2B6F39CCB06B645387B581AE6"),
        ("partnerTradeNo", "hb-g1s03-000000000000000000000000000000a1"),
        ("payway", "BANK"),
        ("unicroItemNo", ITEM_NO),
        ("unicroUserToken", "eyJ.x.y"),
    ];
    let shown: Vec<_> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(shown, expected, "and no secret of the seller's");
    assert_eq!(form(Device::Mobile, Some("1 t")).0, "/trades/mobile");
    for presentation in [Presentation::Iframe, Presentation::Redirect] {
        assert!(matches!(window(presentation, Device::Pc, None), Err(CannotAsk::Unsupported(_))));
    }
}

#[test]
fn i18_f31_a_callback_is_a_hint_in_any_form_and_nothing_in_it_is_believed() {
    let headers = Sorted::default();
    let hear = |query: &str, body: &str| {
        let inbound = Inbound { headers: &headers, query, body: body.as_bytes() };
        Unicro.callback(&inbound, &account(), NOW).unwrap()
    };
    let id = request_id().to_string();
    let form = format!("partnerTradeNo={id}&unicroTradeNo={TRADE_NO}&buyAmt=1");
    let json = format!(r#"{{"partnerTradeNo":"{id}","unicroTradeNo":{TRADE_NO},"buyAmt":1}}"#);
    for callback in [hear("", &form), hear(&form, ""), hear("", &json)] {
        assert_eq!(callback.request_id, Some(request_id()));
        assert_eq!(callback.provider_payment_id, Some(trade_id()));
        assert_eq!((callback.event.as_str(), callback.told), ("", None));
    }
    let told = hear("", &format!("unicroUserKey=%242a%2410%24x&partnerUserId={USER}"));
    assert_eq!(told.told, Some((USER.to_owned(), "$2a$10$x".to_owned())));
    for body in [
        "",
        "{",
        "[]",
        "unicroUserKey=k&partnerUserId=",
        "unicroUserKey=&partnerUserId=9d1f0e3c5b7a2468",
        "unicroUserKey=a%20b&partnerUserId=9d1f0e3c5b7a2468",
    ] {
        let nothing = hear("", body);
        assert_eq!((nothing.request_id, nothing.told), (None, None), "{body}");
    }
    assert_eq!(Unicro.acknowledgement().body, r#"{"result":"SUCCESS","msg":"","errorCd":""}"#);
}

#[test]
fn a_buyer_s_id_is_the_same_in_every_checkout_and_not_to_be_guessed() {
    let id = |secret, buyer| member_id(&account_with(&[("member_secret", secret)]), buyer);
    let mine = id("a-secret-of-tests", "u1");
    assert_eq!(mine, id("a-secret-of-tests", "u1"));
    let plain = mine.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    assert!(plain && mine.len() == 16, "4 to 16 of a-z and 0-9: {mine}");
    assert_ne!(mine, id("a-secret-of-tests", "u2"));
    assert_ne!(mine, id("another-secret-of-tests", "u1"));
}

#[test]
fn every_fault_of_an_account_is_told() {
    assert_eq!(Unicro.check(&account()), Vec::<String>::new());
    for (name, value) in [
        ("partner_api_key", ""),
        ("partner_api_key", "with space"),
        ("seller_user", "abc"),
        ("seller_user", "Danggeun01"),
        ("seller_user", "a23456789012345678"),
        ("api_base", "http://127.0.0.1:4411/unicro/"),
        ("web_base", ""),
        ("seller_key", ""),
        ("seller_key", "with space"),
        ("member_secret", "short"),
    ] {
        let faults = Unicro.check(&account_with(&[(name, value)]));
        assert_eq!(faults.len(), 1, "{name} \"{value}\": {faults:?}");
        assert!(faults[0].starts_with(name), "{faults:?}");
    }
    let live = Account { test_mode: false, ..account() };
    assert_eq!(Unicro.check(&live).len(), 2, "live addresses are https");
}

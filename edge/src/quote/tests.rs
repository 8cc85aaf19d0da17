//! Quotes that get in, and everything that is not one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use shared::time::Span;

use super::*;
use crate::config::demo;
use crate::signature::hmac_sha256;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const CAMERA: &[u8] = b"demo-only:quote-key:camera:Jc7Xw2Lq9Rt4Vn";
const BOOKS: &[u8] = b"demo-only:quote-key:books:Pd8Km3Zs6Yh1Bf";
const ORIGIN: Option<&str> = Some("http://shop.localhost:4410");

fn header(kid: &str) -> Value {
    json!({"alg": "HS256", "typ": TYPE, "kid": kid})
}

/// The content of a quote that ends an hour from `now`.
pub(crate) fn content(now: Timestamp, usage: &str) -> Value {
    json!({
        "iss": "m_camera", "jti": "poster", "use": usage, "exp": now.after(Span::hours(1)).as_seconds(),
        "lines": [{"sku": "x100v", "name": "Fujifilm X100V", "quantity": 1, "unit_amount": 31_000}],
        "amount": 31_000, "currency": "KRW",
        "return_url": "http://shop.localhost:4410/return.html",
    })
}

fn compact(header: &Value, content: &str, key: &[u8]) -> String {
    let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let message = format!("{}.{}", b64(header.to_string().as_bytes()), b64(content.as_bytes()));
    format!("{message}.{}", b64(&hmac_sha256(key, &[message.as_bytes()])))
}

/// What the camera shop signs.
pub(crate) fn signed(content: &Value) -> String {
    compact(&header("camera-1"), &content.to_string(), CAMERA)
}

fn with(name: &str, value: Value) -> Value {
    let mut content = content(NOW, "once");
    content[name] = value;
    content
}

fn refused(text: &str) -> Option<Refusal> {
    verify(text, &demo(), NOW).err()
}

fn exchanged(content: &Value, origin: Option<&str>) -> Result<String, Code> {
    let body = json!({"quote": signed(content)}).to_string();
    exchange(&body, &demo(), origin, NOW, &|| 7).map_err(|refusal| refusal.code)
}

#[test]
fn a_quote_of_any_jwt_library_is_read() {
    assert_eq!(refused(&signed(&content(NOW, "once"))), None);
    assert_eq!(refused(&signed(&content(NOW, "many"))), None);
    // What libraries add, and another order of the header's members.
    assert_eq!(refused(&signed(&with("iat", json!(1_700_000_000)))), None);
    assert_eq!(refused(&signed(&with("nbf", json!(1_700_000_000)))), None);
    let header = json!({"typ": TYPE, "kid": "camera-1", "alg": "HS256"});
    assert_eq!(refused(&compact(&header, &content(NOW, "once").to_string(), CAMERA)), None);
}

#[test]
fn i15_a_quote_is_its_shops_alone() {
    let good = content(NOW, "once").to_string();
    let rows = [
        // Another shop's key, under its own name and under this one's.
        compact(&header("books-1"), &good, BOOKS),
        compact(&header("camera-1"), &good, BOOKS),
        compact(&header("books-1"), &good, CAMERA),
        // A key of the installation, and none.
        compact(&header("demo-1"), &good, b"demo-only:token-key:9fK2xQ7mVb4TzR1wLp8s"),
        compact(&header("camera-1"), &good, b""),
        // Tokens of other kinds.
        compact(&json!({"alg": "HS256", "typ": "JWT", "kid": "camera-1"}), &good, CAMERA),
        compact(&json!({"alg": "HS256", "typ": token::TYPE, "kid": "camera-1"}), &good, CAMERA),
        compact(&json!({"alg": "none", "typ": TYPE, "kid": "camera-1"}), &good, CAMERA),
        compact(
            &json!({"alg": "HS256", "typ": TYPE, "kid": "camera-1", "jku": "x"}),
            &good,
            CAMERA,
        ),
        compact(&json!({"alg": "HS256", "typ": TYPE}), &good, CAMERA),
    ];
    for text in rows {
        assert_eq!(refused(&text).map(|r| r.code), Some(Code::QuoteInvalid), "{text}");
    }
}

#[test]
fn a_quote_has_one_spelling() {
    let good = signed(&content(NOW, "once"));
    let (message, mac) = good.rsplit_once('.').unwrap();
    for text in [
        String::new(),
        format!("{good}="),
        format!("{good}."),
        format!(" {good}"),
        message.to_owned(),
        format!("{message}."),
        format!("{message}.{}", &mac[1..]),
        good.to_uppercase(),
        format!("{good}{}", " ".repeat(QUOTE_BYTES_MAX)),
    ] {
        assert_eq!(refused(&text).map(|r| r.code), Some(Code::QuoteInvalid), "{text}");
    }
}

#[test]
fn what_a_quote_says_is_checked_member_by_member() {
    let why = |content: &Value| refused(&signed(content)).map(|r| (r.code, r.detail));
    let invalid = |detail| Some((Code::QuoteInvalid, detail));
    let long = "a".repeat(48);
    let rows = [
        (with("iss", json!("m_books")), "the quote's iss is not the merchant of its key"),
        (with("jti", json!("a/b")), "the quote's jti is no order id"),
        (with("use", json!("twice")), "use is not once or many"),
        (with("amuont", json!(1)), "a member is unknown"),
        (with("exp", json!("1800003600")), "a value has another type than expected"),
        (with("lines", Value::Null), "a value has another type than expected"),
        (with("exp", json!(1_800_003_600_000_u64)), Code::QuoteInvalid.title()),
        (with("nbf", json!(1_800_000_061)), Code::QuoteInvalid.title()),
        (
            json!({"jti": long, "use": "many"}),
            "the jti of a quote for many is longer than 47 characters",
        ),
    ];
    for (changes, detail) in rows {
        let mut quote = content(NOW, "once");
        for (name, value) in changes.as_object().unwrap() {
            quote[name] = value.clone();
        }
        assert_eq!(why(&quote), invalid(detail), "{quote}");
    }
    let twice = content(NOW, "once").to_string().replacen('{', "{\"amount\":1,", 1);
    let text = compact(&header("camera-1"), &twice, CAMERA);
    assert_eq!(refused(&text).map(|r| r.code), Some(Code::QuoteInvalid));
    let ended = with("exp", json!(NOW.as_seconds()));
    assert_eq!(refused(&signed(&ended)).map(|r| r.code), Some(Code::QuoteExpired));
}

#[test]
fn a_price_goes_through_the_same_door_as_an_opening() {
    let rows = [
        (with("amount", json!(30_000)), Code::AmountMismatch),
        (with("amount", json!(0)), Code::AmountInvalid),
        (with("amount", json!(31_000.5)), Code::AmountExponent),
        (with("amount", json!("31000")), Code::AmountInvalid),
        (with("currency", json!("XXX")), Code::CurrencyInvalid),
        (with("lines", json!([])), Code::LimitExceeded),
        (with("label", json!("")), Code::LimitExceeded),
        (with("return_url", json!("https://evil.example/")), Code::ReturnUrlNotAllowed),
        (with("seller", json!("a b")), Code::JsonSchema),
    ];
    for (content, code) in rows {
        assert_eq!(exchanged(&content, ORIGIN), Err(code), "{content}");
    }
    let content =
        with("lines", json!([{"sku": "a", "name": "b", "quantity": 1, "unit_amount": 1}]));
    assert_eq!(exchanged(&content, ORIGIN), Err(Code::AmountMismatch));
}

#[test]
fn row_132_only_a_page_of_the_shop_exchanges_its_quote() {
    let content = content(NOW, "once");
    assert!(exchanged(&content, ORIGIN).is_ok());
    for origin in [None, Some("null"), Some("https://evil.example")] {
        assert_eq!(exchanged(&content, origin), Err(Code::OriginNotAllowed), "{origin:?}");
    }
}

#[test]
fn an_exchange_gives_a_token_that_carries_the_quote_and_ends_with_it() {
    let config = demo();
    let mut quote = content(NOW, "many");
    quote["exp"] = json!(NOW.after(Span::minutes(5)).as_seconds());
    let answer = exchanged(&quote, ORIGIN).unwrap();
    let view: shared::wire::QuoteView = serde_json::from_str(&answer).unwrap();
    assert_eq!(serde_json::to_string(&view).unwrap(), answer);
    let claims = token::verify(&view.token, &config.token_keys, NOW).unwrap();
    assert_eq!(claims.quote, Some(signed(&quote)));
    assert_eq!(claims.expires_at, NOW.after(Span::minutes(5)), "no longer than the quote");
    assert_eq!(claims.checkout.to_string(), view.checkout);
    assert_eq!((claims.amount.minor(), claims.audience.as_str()), (31_000, "m_camera"));
}

#[test]
fn the_longest_quote_fits_into_a_token() {
    let mut quote = content(NOW, "once");
    let line = quote["lines"][0].clone();
    let lines = |n: usize| json!(std::iter::repeat_n(line.clone(), n).collect::<Vec<_>>());
    let longest = (1..50).rev().find(|n| {
        quote["lines"] = lines(*n);
        quote["amount"] = json!(31_000 * n);
        signed(&quote).len() <= QUOTE_BYTES_MAX
    });
    assert!(longest.unwrap() >= 10, "{longest:?}");
    let answer: Value = serde_json::from_str(&exchanged(&quote, ORIGIN).unwrap()).unwrap();
    let token = answer["token"].as_str().unwrap();
    let longest = token.len() + (QUOTE_BYTES_MAX - signed(&quote).len()) * 4 / 3;
    assert!(longest + 100 < token::TOKEN_BYTES_MAX, "{longest}");
    assert!(token::verify(token, &demo().token_keys, NOW).is_ok());
}

#[test]
fn once_is_one_checkout_and_many_is_one_each_with_one_owner() {
    let config = demo();
    let checkout = |usage: &str, entropy: u128| {
        let offer = verify(&signed(&content(NOW, usage)), &config, NOW).unwrap();
        offer.checkout(&config, entropy)
    };
    assert_eq!(checkout("once", 1), checkout("once", 2));
    assert_ne!(checkout("many", 1), checkout("many", 2));
    assert_eq!(checkout("many", 1).home(), checkout("once", 2).home());
}

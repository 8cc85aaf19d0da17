//! The static shop: a page with a quote that was signed ahead of time, and the mailbox in which its owner
//! reads of sales. Nothing here answers a buyer.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    Answer, Config,
    desk::Desk,
    edge::{Problem, now_ms},
};

/// Public, like every key of the demo.
const QUOTE_KEY: &[u8] = b"demo-only:quote-key:poster:Gn4Rv9Xe2Us7Kd";
/// What the edge shows to the mail gateway.
const MAIL_KEY: &str = "demo-only:mail-key:poster:Yw5Tq2Zb";
/// How long the page sells at its price.
const QUOTE_DAYS: i64 = 90;
const DAY_SECONDS: i64 = 86_400;

/// Signs a quote, as `examples/sign-quote.mjs` does.
///
/// # Panics
/// Never: an HMAC takes a key of any length.
#[must_use]
pub fn sign(kid: &str, secret: &[u8], content: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({ "alg": "HS256", "typ": "hanbeon-quote+jwt", "kid": kid });
    let text = format!("{}.{}", part(&header), part(content));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length is a key");
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The poster's quote: the same all day, so that a page that is loaded again is the same page. A real
/// shop signs it once and writes it into its page; the demo does not know its ports earlier.
pub fn quote(config: &Config) -> String {
    let days = now_ms() / 1000 / DAY_SECONDS + QUOTE_DAYS;
    let content = json!({
        "iss": "m_poster", "jti": "poster-2026", "use": "many", "exp": days * DAY_SECONDS,
        "lines": [{ "sku": "poster-alley", "name": "골목 포스터 A2", "quantity": 1, "unit_amount": 18_000 }],
        "amount": 18_000, "currency": "KRW",
        "return_url": format!("{}/poster.html", config.shop_origin),
    });
    sign("poster-1", QUOTE_KEY, &content)
}

impl Desk {
    /// Takes what the edge sends to a mail gateway, and puts it among the notices.
    pub fn take_mail(&self, merchant: &str, headers: &HeaderMap, body: &[u8]) -> Answer {
        let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
        if header("authorization") != format!("Bearer {MAIL_KEY}") {
            return Err(Problem::new(401, "unauthorized", "the gateway does not know this key"));
        }
        let mail: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let text = mail["text"].as_str().unwrap_or_default();
        let checkout = text.split_whitespace().find(|word| word.starts_with("chk_"));
        let mut book = self.book();
        let key = header("idempotency-key");
        let result = if book.burn(key) { "applied" } else { "duplicate" };
        let row = json!({
            "merchant": merchant, "webhook_id": key, "verified": true, "result": result,
            "type": "mail", "checkout": checkout, "data": mail,
        });
        book.note(row, now_ms());
        Ok((200, json!({ "id": key })))
    }
}

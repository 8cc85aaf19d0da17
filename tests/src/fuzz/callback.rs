//! Webhooks. Input: a first line with the channel, and `signed` when the target is to sign the body; headers;
//! an empty line; the body.

use edge::provider::{Callback, CallbackRefused, Inbound};
use edge::signature::{hex, hmac_sha256, sign, unhex, webhook_secret};
use shared::sorted::Sorted;

use super::world::{NOW, Written, channel, secrets};

/// Words of webhooks.
pub const WORDS: &[&str] = &[
    "toss",
    "kb",
    "portone",
    "unicro",
    "danal",
    " signed",
    "content-type: application/json\n",
    "x-kb-mac: ",
    "webhook-id: msg_1\n",
    "webhook-timestamp: 1795257664\n",
    "webhook-signature: v1,",
    "tosspayments-webhook-transmission-id: ",
    "\"eventType\":\"PAYMENT_STATUS_CHANGED\"",
    "\"orderId\":",
    "\"order_no\":\"hb-g1s03-",
    "\"merchant_no\":\"KB0000001\"",
    "\"storeId\":",
    "\"paymentId\":",
    "partnerTradeNo=",
    "partnerUserId=",
    "&unicroUserKey=",
    "application/x-www-form-urlencoded",
];
/// The name of a webhook's event is kept as a key.
const EVENT_BYTES_MAX: usize = 300;

/// A signature covers every byte; what passes names an event and an attempt, and no result.
pub fn target(bytes: &[u8]) -> bool {
    let written = Written::read(bytes);
    let mut words = written.first.split(' ');
    let id = words.next().unwrap_or_default();
    if !["toss", "kb", "portone", "unicro", "danal"].contains(&id) {
        return false;
    }
    let (settings, provider) = channel(id);
    let mut headers = written.headers.clone();
    if words.next() == Some("signed") {
        signed(id, &mut headers, written.body);
    }
    let hear = |headers: &Sorted<String, String>, body: &[u8]| {
        provider.callback(&Inbound { headers, query: "", body }, &settings.account, NOW)
    };
    let heard = hear(&headers, written.body);
    assert_eq!(heard, hear(&headers, written.body), "the same webhook, the same verdict");
    let Ok(callback) = heard else { return false };
    names_only(&callback);
    if ["kb", "portone"].contains(&id) {
        assert!(!callback.event.is_empty(), "signed events have names, so that a repeat is known");
        covers_every_byte(written.body, |body| hear(&headers, body));
        let (name, missing) = if id == "kb" { ("x-kb-mac", 1) } else { ("webhook-signature", 1) };
        headers.insert(name.to_owned(), "0".repeat(missing));
        assert!(hear(&headers, written.body).is_err(), "another signature is none");
    }
    true
}

fn names_only(callback: &Callback) {
    assert!(callback.event.len() <= EVENT_BYTES_MAX, "{} bytes", callback.event.len());
    if let Some((name, value)) = &callback.told {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
        assert!(plain(name) && plain(value), "{callback:?}");
    }
}

fn covers_every_byte(body: &[u8], hear: impl Fn(&[u8]) -> Result<Callback, CallbackRefused>) {
    for at in (0..body.len()).step_by(1 + body.len() / 16) {
        for bit in [0, 5] {
            let mut other = body.to_vec();
            other[at] ^= 1 << bit;
            assert!(hear(&other).is_err(), "byte {at} is not covered");
        }
    }
    assert!(hear(&[body, b" "].concat()).is_err(), "something can be appended");
}

/// Signs as the provider does, with whatever id and time the headers already have.
fn signed(id: &str, headers: &mut Sorted<String, String>, body: &[u8]) {
    let secret = |name: &str| secrets()[name].clone();
    match id {
        "kb" => {
            let key = unhex(&secret("CAMERA_KB_MAC_KEY")).unwrap();
            headers.insert("x-kb-mac".to_owned(), hex(&hmac_sha256(&key, &[body])));
        }
        "portone" => {
            let key = webhook_secret(&secret("BOOKS_PORTONE_WEBHOOK_SECRET")).unwrap();
            let id = headers.get("webhook-id").cloned().unwrap_or_default();
            let at = headers.get("webhook-timestamp").and_then(|text| text.parse().ok());
            let at = shared::time::Timestamp::from_seconds(at.unwrap_or(NOW.as_seconds()));
            headers.insert("webhook-signature".to_owned(), sign(&key, &id, at, body));
        }
        _ => {}
    }
}

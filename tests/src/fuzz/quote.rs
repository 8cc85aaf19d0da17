//! Quotes: as `token`, signed by the shop's key, to the token that they are exchanged for.

use edge::{quote, token};
use serde_json::{Value, json};
use shared::problem::Code;

use super::token::{one_spelling, text};
use super::world::{NOW, closed, config};

/// Words of a quote.
pub const WORDS: &[&str] = &[
    "signed\n",
    "\"use\":\"once\"",
    "\"use\":\"many\"",
    "\"typ\":\"hanbeon-quote+jwt\"",
    "\"kid\":\"camera-1\"",
    "\"kid\":\"books-1\"",
    "\"quantity\":9999",
    "\"unit_amount\":",
    "\"amount\":",
    "\"currency\":\"KRW\"",
    "\"seller\":",
    "\"label\":",
    "\"return_url\":\"http://shop.localhost:4410/",
    "\"nbf\":",
    "\"exp\":1797000000",
    "\"lines\":[]",
    "\"iss\":\"m_books\"",
];
const ORIGIN: &str = "http://shop.localhost:4410";

/// What is exchanged is paid for what was signed, and no longer than it was offered.
pub fn target(bytes: &[u8]) -> bool {
    let text = text(bytes, "CAMERA_QUOTE_KEY");
    let body = json!({ "quote": text }).to_string();
    let exchange = || quote::exchange(&body, config(), Some(ORIGIN), NOW, &|| 7);
    let verify = |text: &str| quote::verify(text, config(), NOW);
    let verified = verify(&text).map(|offer| offer.quote);
    match (&verified, exchange()) {
        (_, Err(refusal)) => {
            closed(refusal.code, exchange().err().map(|refusal| refusal.code));
            false
        }
        (Err(refusal), Ok(_)) => panic!("refused with {:?}, and exchanged", refusal.code),
        (Ok(quote), Ok(answer)) => {
            let answer: Value = serde_json::from_str(&answer).unwrap();
            let token = answer["token"].as_str().unwrap();
            let claims = token::verify(token, &config().token_keys, NOW).unwrap();
            assert_eq!(claims.quote.as_deref(), Some(text.as_str()));
            assert_eq!(claims.audience, quote.merchant);
            assert!(claims.expires_at <= quote.ends_at && quote.check(NOW).is_ok());
            assert_eq!(Some(claims.amount.minor()), signed_for(bytes), "another price than signed");
            one_spelling(&text, |other| verify(other).is_ok());
            let stranger =
                quote::exchange(&body, config(), Some("https://evil.example"), NOW, &|| 7);
            assert_eq!(stranger.err().map(|refusal| refusal.code), Some(Code::OriginNotAllowed));
            true
        }
    }
}

/// The sum of what is sold, read by another reader.
fn signed_for(bytes: &[u8]) -> Option<u64> {
    let payload = bytes.splitn(3, |byte| *byte == b'\n').nth(2)?;
    let claims: Value = serde_json::from_slice(payload).ok()?;
    let sum = |line: &Value| line["quantity"].as_u64()?.checked_mul(line["unit_amount"].as_u64()?);
    claims["lines"].as_array()?.iter().map(sum).sum()
}

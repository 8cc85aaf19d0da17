//! Checks a signed notice by the rules of Standard Webhooks, as any customer's server would.
//!
//! # Why
//! Written here a second time, apart from the side that signs: a mistake in one of them shows.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How far a notice's clock may be from ours, in seconds, to either side.
const TOLERANCE_SECONDS: i64 = 300;
/// More signatures than any rotation of keys needs are not looked at.
const SIGNATURES_MAX: usize = 8;

/// The three headers of a notice, as they came.
#[derive(Clone, Copy)]
pub struct Headers<'a> {
    pub id: &'a str,
    pub timestamp: &'a str,
    pub signature: &'a str,
}

/// Why a notice is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A header is absent, empty, or not of its form.
    Malformed,
    /// Older or newer than the tolerance allows: a recorded notice played again.
    Stale,
    /// No signature fits the body under our secret.
    Mismatch,
}

impl Refused {
    /// A closed set of words for answers and lists.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed_headers",
            Self::Stale => "stale_timestamp",
            Self::Mismatch => "wrong_signature",
        }
    }
}

/// Believes the body only when one `v1` signature over `id.timestamp.body` is ours.
///
/// # Errors
/// `Malformed`, `Stale`, `Mismatch`, in this order.
pub fn verify(
    secret: &str,
    headers: Headers<'_>,
    body: &[u8],
    now_seconds: i64,
) -> Result<(), Refused> {
    let sent: i64 = headers.timestamp.parse().map_err(|_| Refused::Malformed)?;
    if headers.id.is_empty() || headers.id.len() > 128 || headers.signature.is_empty() {
        return Err(Refused::Malformed);
    }
    if now_seconds.abs_diff(sent) > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(Refused::Stale);
    }
    let ours = mac(secret, headers, body).ok_or(Refused::Malformed)?;
    let fits = headers
        .signature
        .split(' ')
        .take(SIGNATURES_MAX)
        .filter_map(|one| one.strip_prefix("v1,"))
        .filter_map(|text| STANDARD.decode(text).ok())
        .any(|bytes| ours.clone().verify_slice(&bytes).is_ok());
    if fits { Ok(()) } else { Err(Refused::Mismatch) }
}

fn mac(secret: &str, headers: Headers<'_>, body: &[u8]) -> Option<Hmac<Sha256>> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(headers.id.as_bytes());
    mac.update(b".");
    mac.update(headers.timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}

/// The header that the other side would send; only tests stand on both sides.
#[cfg(test)]
pub fn sign(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let headers = Headers { id, timestamp, signature: "" };
    let bytes = mac(secret, headers, body).unwrap().finalize().into_bytes();
    format!("v1,{}", STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of the specification's own test suite.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SENT: i64 = 1_614_265_330;
    const HEADERS: Headers<'_> = Headers {
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp: "1614265330",
        signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };

    #[test]
    fn the_vector_of_the_specification_is_believed() {
        assert_eq!(verify(SECRET, HEADERS, BODY, SENT), Ok(()));
    }

    #[test]
    fn one_right_signature_among_several_is_enough() {
        let both = format!("v1a,xx v1,AAAA {}", HEADERS.signature);
        assert_eq!(verify(SECRET, Headers { signature: &both, ..HEADERS }, BODY, SENT), Ok(()));
    }

    #[test]
    fn five_minutes_to_either_side_are_the_limit() {
        for (now, expected) in [
            (SENT + 300, Ok(())),
            (SENT - 300, Ok(())),
            (SENT + 301, Err(Refused::Stale)),
            (SENT - 301, Err(Refused::Stale)),
            (i64::MIN, Err(Refused::Stale)),
        ] {
            assert_eq!(verify(SECRET, HEADERS, BODY, now), expected, "now {now}");
        }
    }

    #[test]
    fn a_changed_body_id_time_or_secret_is_refused() {
        let other = "whsec_Y2FtZXJhLXNlY3JldC1jYW1lcmEtc2VjcmV0LWNhbWVyYQ==";
        let no = Err(Refused::Mismatch);
        assert_eq!(verify(SECRET, HEADERS, b"{\"test\": 2432232315}", SENT), no);
        assert_eq!(verify(SECRET, Headers { id: "msg_other", ..HEADERS }, BODY, SENT), no);
        assert_eq!(verify(SECRET, Headers { timestamp: "1614265331", ..HEADERS }, BODY, SENT), no);
        assert_eq!(verify(other, HEADERS, BODY, SENT), no);
        assert_eq!(verify(SECRET, Headers { signature: "v1,", ..HEADERS }, BODY, SENT), no);
        assert_eq!(verify(SECRET, Headers { signature: "v2,AAAA", ..HEADERS }, BODY, SENT), no);
    }

    #[test]
    fn absent_or_misshapen_headers_are_refused() {
        let no = Err(Refused::Malformed);
        assert_eq!(verify(SECRET, Headers { id: "", ..HEADERS }, BODY, SENT), no);
        assert_eq!(verify(SECRET, Headers { timestamp: "", ..HEADERS }, BODY, SENT), no);
        assert_eq!(verify(SECRET, Headers { timestamp: "1e9", ..HEADERS }, BODY, SENT), no);
        assert_eq!(verify(SECRET, Headers { signature: "", ..HEADERS }, BODY, SENT), no);
        assert_eq!(verify("not a secret", HEADERS, BODY, SENT), no);
    }
}

//! HMAC-SHA256, digests and Standard Webhooks signatures: the only cryptography that is ours to call.
//!
//! Everything secret that we hand out (state keys, window keys, return keys, nonces) is derived, not
//! drawn: the same input gives the same key, so a repeat needs nothing stored but a digest. Labels keep
//! the families apart, length prefixes keep `("ab","c")` from being `("a","bc")`.

use core::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use shared::time::{Span, Timestamp};
use subtle::ConstantTimeEq as _;

use crate::secret::Secret;

/// How old or new a signed notice may be for its reader (the reference libraries' value).
pub const TOLERANCE: Span = Span::minutes(5);

/// How many bytes a Standard Webhooks secret has.
const WEBHOOK_SECRET_BYTES: core::ops::RangeInclusive<usize> = 24..=64;

/// HMAC-SHA256 of the parts one after the other.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length (RFC 2104, section 2)")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// SHA-256.
#[must_use]
pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Whether two byte strings are equal, in a time that depends on their lengths alone (row 150).
#[must_use]
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

/// 128 bits that only who knows the secret can compute, for this label and these parts.
#[must_use]
pub fn derive(secret: &Secret<Vec<u8>>, label: &str, parts: &[&[u8]]) -> [u8; 16] {
    let mut text = Vec::new();
    for part in core::iter::once(&label.as_bytes()).chain(parts) {
        // No part comes near 4 GiB: bodies end at 64 KiB.
        text.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        text.extend_from_slice(part);
    }
    let mac = hmac_sha256(secret.expose(), &[&text]);
    mac.first_chunk().copied().unwrap_or_default()
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads lower-case hexadecimal; a second spelling of the same bytes is refused.
#[must_use]
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => byte.checked_sub(b'0'),
        b'a'..=b'f' => byte.checked_sub(b'a').and_then(|n| n.checked_add(10)),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some((digit(high)? << 4) | digit(low)?)).collect()
}

/// Reads `whsec_` and 24 to 64 bytes in padded base64.
#[must_use]
pub fn webhook_secret(text: &str) -> Option<Secret<Vec<u8>>> {
    let bytes = STANDARD.decode(text.strip_prefix("whsec_")?).ok()?;
    WEBHOOK_SECRET_BYTES.contains(&bytes.len()).then(|| Secret::new(bytes))
}

/// The value of `webhook-signature`: `v1,` and base64 over `id.seconds.body`.
#[must_use]
pub fn sign(secret: &Secret<Vec<u8>>, id: &str, timestamp: Timestamp, body: &[u8]) -> String {
    let seconds = timestamp.as_seconds().to_string();
    let parts: [&[u8]; 5] = [id.as_bytes(), b".", seconds.as_bytes(), b".", body];
    format!("v1,{}", STANDARD.encode(hmac_sha256(secret.expose(), &parts)))
}

/// Why a signed webhook is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureError {
    /// `webhook-timestamp` is no whole number of seconds.
    HeaderInvalid,
    /// Too old or too new.
    Timestamp,
    /// No `v1` item fits.
    Invalid,
}

/// Checks the three headers over the raw body, as a reader of our notices should.
///
/// # Errors
/// [`SignatureError`].
pub fn verify(
    secret: &Secret<Vec<u8>>,
    id: &str,
    timestamp: &str,
    signatures: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<(), SignatureError> {
    let canonical = timestamp.bytes().all(|b| b.is_ascii_digit());
    let seconds = timestamp.parse().ok().filter(|_| canonical);
    let at = Timestamp::from_seconds(seconds.ok_or(SignatureError::HeaderInvalid)?);
    if now.since(at).max(at.since(now)) > TOLERANCE {
        return Err(SignatureError::Timestamp);
    }
    let expected = sign(secret, id, at, body);
    // No early end: the list's length is public, which item fits is not.
    let fits =
        signatures.split(' ').filter(|item| equal(item.as_bytes(), expected.as_bytes())).count();
    if fits > 0 { Ok(()) } else { Err(SignatureError::Invalid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: u64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn check(
        id: &str,
        at: &str,
        signatures: &str,
        body: &[u8],
        now: u64,
    ) -> Option<SignatureError> {
        let secret = webhook_secret(SECRET).unwrap();
        verify(&secret, id, at, signatures, body, Timestamp::from_seconds(now)).err()
    }

    #[test]
    fn the_vector_of_the_specification_fits() {
        let secret = webhook_secret(SECRET).unwrap();
        assert_eq!(sign(&secret, ID, Timestamp::from_seconds(AT), BODY), SIGNATURE);
        assert_eq!(check(ID, &AT.to_string(), SIGNATURE, BODY, AT), None);
    }

    #[test]
    fn one_good_item_in_a_list_is_enough() {
        // Rows 100 and 102.
        let list = format!("v1,AAAA v1a,xyz v0,{SIGNATURE} {SIGNATURE}");
        assert_eq!(check(ID, &AT.to_string(), &list, BODY, AT), None);
        for list in ["", "v1", "v1,", "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="] {
            let error = check(ID, &AT.to_string(), list, BODY, AT);
            assert_eq!(error, Some(SignatureError::Invalid), "{list:?}");
        }
    }

    #[test]
    fn a_changed_id_time_or_body_does_not_fit() {
        // Row 98.
        let invalid = Some(SignatureError::Invalid);
        assert_eq!(check("msg_other", &AT.to_string(), SIGNATURE, BODY, AT), invalid);
        assert_eq!(check(ID, &(AT + 1).to_string(), SIGNATURE, BODY, AT), invalid);
        assert_eq!(check(ID, &AT.to_string(), SIGNATURE, b"{}", AT), invalid);
    }

    #[test]
    fn five_minutes_are_the_tolerance_in_both_directions() {
        for (now, expected) in [
            (AT + 300, None),
            (AT - 300, None),
            (AT + 301, Some(SignatureError::Timestamp)),
            (AT - 301, Some(SignatureError::Timestamp)),
        ] {
            assert_eq!(check(ID, &AT.to_string(), SIGNATURE, BODY, now), expected, "{now}");
        }
        for at in ["", "+1614265330", "1614265330.0", "-1", "99999999999999999999"] {
            let error = check(ID, at, SIGNATURE, BODY, AT);
            assert_eq!(error, Some(SignatureError::HeaderInvalid), "{at:?}");
        }
    }

    #[test]
    fn webhook_secrets_have_24_to_64_bytes() {
        for (length, good) in [(23, false), (24, true), (64, true), (65, false)] {
            let text = format!("whsec_{}", STANDARD.encode(vec![7; length]));
            assert_eq!(webhook_secret(&text).is_some(), good, "{length}");
        }
        for text in ["", "whsec_", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &SECRET[6..]] {
            assert!(webhook_secret(text).is_none(), "{text:?}");
        }
    }

    #[test]
    fn hmac_fits_rfc_4231() {
        let mac = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex(&mac), expected);
        assert_eq!(
            hex(&digest(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn derived_keys_differ_by_label_by_part_and_by_where_parts_end() {
        let secret = Secret::new(b"0123456789abcdef0123456789abcdef".to_vec());
        let keys = [
            derive(&secret, "window", &[b"ab", b"c"]),
            derive(&secret, "window", &[b"a", b"bc"]),
            derive(&secret, "window", &[b"abc"]),
            derive(&secret, "window", &[b"ab", b"c", b""]),
            derive(&secret, "return", &[b"ab", b"c"]),
            derive(&Secret::new(b"other".to_vec()), "window", &[b"ab", b"c"]),
        ];
        for (n, key) in keys.iter().enumerate() {
            assert!(!keys[..n].contains(key), "{n}");
        }
        assert_eq!(keys[0], derive(&secret, "window", &[b"ab", b"c"]));
    }

    #[test]
    fn hex_has_one_spelling() {
        assert_eq!(unhex("00ff0a"), Some(vec![0, 255, 10]));
        assert_eq!(hex(&[0, 255, 10]), "00ff0a");
        for text in ["0", "0F", "zz", "é", "0x", " 0"] {
            assert_eq!(unhex(text), None, "{text:?}");
        }
    }
}

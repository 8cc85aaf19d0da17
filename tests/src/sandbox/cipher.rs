//! What `kb` protects its messages with: AES-256-GCM for fields, HMAC-SHA256 for bodies. Written
//! beside the edge's adapter and not with it, so that a shared mistake cannot hide.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Bytes of an AES-GCM nonce, the prefix of every encrypted field.
const NONCE_BYTES: usize = 12;

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `base64(nonce || AES-256-GCM(key, plain, aad = merchant))`.
#[must_use]
pub fn seal(key: &[u8; 32], merchant: &str, nonce: [u8; NONCE_BYTES], plain: &[u8]) -> String {
    let payload = Payload { msg: plain, aad: merchant.as_bytes() };
    let sealed = Aes256Gcm::new(&(*key).into())
        .encrypt(&nonce.into(), payload)
        .expect("AES-GCM takes any message below 64 GiB");
    STANDARD.encode([nonce.as_slice(), &sealed].concat())
}

/// The plain bytes, or nothing when the text, the key or the merchant is not the one it was made
/// with.
#[must_use]
pub fn open(key: &[u8; 32], merchant: &str, sealed: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(sealed).ok()?;
    let (nonce, rest) = bytes.split_at_checked(NONCE_BYTES)?;
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
    let payload = Payload { msg: rest, aad: merchant.as_bytes() };
    Aes256Gcm::new(&(*key).into()).decrypt(&nonce.into(), payload).ok()
}

/// `base64(HMAC-SHA256(key, text))`, as Standard Webhooks signs.
#[must_use]
pub fn mac_base64(key: &[u8], text: &[u8]) -> String {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key)
        .expect("HMAC takes a key of any length");
    mac.update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// `hex(HMAC-SHA256(key, body))`.
#[must_use]
pub fn mac(key: &[u8; 32], body: &[u8]) -> String {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key)
        .expect("HMAC takes a key of any length");
    mac.update(body);
    hex(&mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [0xaa; 32];

    #[test]
    fn a_sealed_field_opens_with_its_own_key_and_merchant_only() {
        let sealed = seal(&KEY, "KB0000001", [1; 12], b"{\"ci\":\"x\"}");
        assert_eq!(open(&KEY, "KB0000001", &sealed).as_deref(), Some(&b"{\"ci\":\"x\"}"[..]));
        assert_eq!(open(&KEY, "KB0000002", &sealed), None);
        assert_eq!(open(&[0xab; 32], "KB0000001", &sealed), None);
    }

    #[test]
    fn a_damaged_field_does_not_open() {
        let sealed = seal(&KEY, "KB0000001", [1; 12], b"amount");
        let mut bytes = STANDARD.decode(&sealed).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        for text in [STANDARD.encode(&bytes), "AAAA".to_owned(), "no base64!".to_owned()] {
            assert_eq!(open(&KEY, "KB0000001", &text), None, "{text}");
        }
    }

    #[test]
    fn the_mac_is_the_one_of_rfc_4231() {
        // Test case 1 has a key of 20 bytes; HMAC pads with zeros, so 32 bytes give the same.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(
            mac(&key, b"Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
    }
}

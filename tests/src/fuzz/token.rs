//! One-time tokens. Input: a token, or `signed`, a header line and a payload, which the target signs, so that
//! what comes after the signature is reached.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edge::signature::hmac_sha256;
use edge::token;
use shared::problem::Code;

use super::world::{NOW, closed, config, secrets};

/// Words of a token.
pub const WORDS: &[&str] = &[
    "signed\n",
    "\"alg\":\"none\"",
    "\"typ\":\"JWT\"",
    "\"kid\":\"demo-1\"",
    "\"crit\":[\"exp\"]",
    "\"iss\":",
    "\"aud\":",
    "\"exp\":1795258564",
    "\"nbf\":1795257664",
    "\"iat\":",
    "\"amt\":",
    "\"cur\":\"USD\"",
    "\"qte\":null",
    "\"jti\":\"jti_",
    "chk_g1s03_",
    "eyJhbGciOiJub25lIn0",
    "e30",
];

/// A token that verifies is what we would have written, and has one spelling.
pub fn target(bytes: &[u8]) -> bool {
    let keys = &config().token_keys;
    let text = text(bytes, "TOKEN_KEY_1");
    let verify = |text: &str| token::verify(text, keys, NOW);
    match verify(&text) {
        Err(code) => {
            closed(code, verify(&text).err());
            // Who has no key learns one thing.
            let early = [Code::TokenInvalid, Code::TokenTooLarge];
            assert!(bytes.starts_with(b"signed\n") || early.contains(&code), "{code:?}");
            false
        }
        Ok(claims) => {
            assert_eq!(claims.check(None, NOW), Ok(()));
            let printed = token::sign(&claims, keys);
            assert_eq!(verify(&printed), Ok(claims), "what is printed is read again");
            one_spelling(&text, |other| verify(other).is_ok());
            true
        }
    }
}

/// The input as a token, signed with the key of this name when it asks for it.
pub fn text(bytes: &[u8], key: &str) -> String {
    let Some(parts) = bytes.strip_prefix(b"signed\n") else {
        return String::from_utf8_lossy(bytes).into_owned();
    };
    let mut lines = parts.splitn(2, |byte| *byte == b'\n');
    let mut segment = || URL_SAFE_NO_PAD.encode(lines.next().unwrap_or_default());
    let message = [segment(), segment()].join(".");
    let mac = hmac_sha256(secrets()[key].as_bytes(), &[message.as_bytes()]);
    [message.as_str(), &URL_SAFE_NO_PAD.encode(mac)].join(".")
}

/// No other text that a lenient reader would take for the same is taken.
pub fn one_spelling(text: &str, accepted: impl Fn(&str) -> bool) {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= ";
    let ends = text.match_indices('.').map(|(at, _)| at).chain([text.len()]);
    let mut others = vec![
        text.replace('.', "=."),
        text.replace('-', "+").replace('_', "/"),
        text.to_ascii_uppercase(),
        text.replacen('.', " .", 1),
    ];
    others.extend([" ", "\n", ".", "=", "\0", "A", "AA"].map(|tail| [text, tail].concat()));
    others.extend([" ", "\u{feff}", "Bearer "].map(|head| [head, text].concat()));
    for end in ends {
        // The last letter of a segment has bits that say nothing.
        let last = end.saturating_sub(1);
        let respelled = |letter: char| [&text[..last], &letter.to_string(), &text[end..]].concat();
        others.extend(ALPHABET.chars().map(respelled));
    }
    for other in others {
        assert!(other == text || !accepted(&other), "a second spelling: {other:?}");
    }
}

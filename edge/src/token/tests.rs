//! Tokens that must not get in: the rows of reliability.md 4.1 and their neighbours.
//!
//! I-7: one token has one spelling. I-15: nothing in a token chooses its key or its algorithm.

use shared::claims::TOKEN_LIFE;
use shared::id::{CheckoutId, Home, Jti, MerchantId, PartyId};
use shared::money::{Amount, Currency};

use super::*;

const ISSUER: &str = "https://edge.example";
const NEW: &[u8] = b"new-key-0f9d8c7b6a5e4d3c2b1a-zyxwvu";
const OLD: &[u8] = b"old-key-1a2b3c4d5e6f7a8b9c0d-abcdef";
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const HEADER: &str = r#"{"typ":"hanbeon+jwt","alg":"HS256","kid":"k2"}"#;

fn key(kid: &str, secret: &[u8]) -> Key {
    Key { kid: kid.to_owned(), secret: Secret::new(secret.to_vec()) }
}

fn keys() -> Keys {
    Keys::new(ISSUER.to_owned(), vec![key("k2", NEW), key("k1", OLD)]).unwrap()
}

fn claims() -> Claims {
    Claims {
        issuer: ISSUER.to_owned(),
        audience: MerchantId::parse("m_camera").unwrap(),
        subject: PartyId::parse("u1").unwrap(),
        jti: Jti::new(9),
        issued_at: NOW,
        expires_at: NOW.after(TOKEN_LIFE),
        checkout: CheckoutId::new(Home { generation: 1, shard: 3 }, 7),
        amount: Amount::from_minor(31_000, Currency::Krw).unwrap(),
        quote: None,
    }
}

fn b64(text: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// A token with any header and payload, signed well with `secret`.
fn forge(header: &str, payload: &str, secret: &[u8]) -> String {
    let message = format!("{}.{}", b64(header), b64(payload));
    let mac = b64(hmac_sha256(secret, &[message.as_bytes()]));
    format!("{message}.{mac}")
}

fn payload() -> String {
    serde_json::to_string(&ClaimsRecord::from(&claims())).unwrap()
}

fn code(token: &str) -> Option<Code> {
    verify(token, &keys(), NOW).err()
}

#[track_caller]
fn refused(token: &str, expected: Code) {
    assert_eq!(code(token), Some(expected), "{token}");
}

#[test]
fn a_token_reads_back() {
    let token = sign(&claims(), &keys());
    assert_eq!(verify(&token, &keys(), NOW), Ok(claims()));
    assert_eq!(
        token,
        forge(HEADER, &payload(), NEW),
        "the header that we write is the one we take"
    );
    assert!(token.len() < 700, "{}", token.len());
}

#[test]
fn f55_i15_keys_overlap_while_they_are_rotated() {
    // F55: the old key still verifies, the new one signs; once the old one is gone its tokens are too.
    let before = Keys::new(ISSUER.to_owned(), vec![key("k1", OLD)]).unwrap();
    let token = sign(&claims(), &before);
    assert_eq!(verify(&token, &keys(), NOW), Ok(claims()));
    let after = Keys::new(ISSUER.to_owned(), vec![key("k2", NEW)]).unwrap();
    assert_eq!(verify(&token, &after, NOW), Err(Code::TokenInvalid));
}

#[test]
fn the_algorithm_is_ours() {
    // Rows 2 and 6.
    for alg in [
        r#""none""#,
        r#""nOnE""#,
        r#""None""#,
        r#""NONE""#,
        r#""""#,
        r#""HS384""#,
        r#""HS512""#,
        r#""RS256""#,
        r#""ES256""#,
        r#""EdDSA""#,
        r#""hs256""#,
        r#"" HS256""#,
        r#""HS256\u0000""#,
        "null",
        "256",
        r#"["HS256"]"#,
        r#"{"a":"HS256"}"#,
        "true",
    ] {
        let header = format!(r#"{{"typ":"hanbeon+jwt","alg":{alg},"kid":"k2"}}"#);
        refused(&forge(&header, &payload(), NEW), Code::TokenInvalid);
        // The classic: no signature at all.
        refused(&format!("{}.{}.", b64(&header), b64(payload())), Code::TokenInvalid);
    }
    for header in [
        r#"{"typ":"hanbeon+jwt","kid":"k2"}"#,
        r#"{"typ":"hanbeon+jwt","alg":"none","alg":"HS256","kid":"k2"}"#,
        r#"{"typ":"hanbeon+jwt","alg":"HS256","alg":"HS256","kid":"k2"}"#,
        r#"{"typ":"hanbeon+jwt","alg":"HS256","\u0061lg":"none","kid":"k2"}"#,
        r#"{"typ":"hanbeon+jwt","Alg":"HS256","kid":"k2"}"#,
    ] {
        refused(&forge(header, &payload(), NEW), Code::TokenInvalid);
    }
}

#[test]
fn public_bytes_are_no_key() {
    // Row 4: whatever is public (a kid, an issuer, a PEM) does not verify.
    let pem = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----";
    for secret in [pem, &format!("{pem}\n"), "k2", "", ISSUER, r#"{"kty":"oct","k":""}"#] {
        refused(&forge(HEADER, &payload(), secret.as_bytes()), Code::TokenInvalid);
    }
}

#[test]
fn signatures_of_another_shape_do_not_fit() {
    // Row 8 and neighbours: 0, 31, 33, 63, 64, 65 bytes, a cut one, zeros.
    let message = format!("{}.{}", b64(HEADER), b64(payload()));
    let mac = hmac_sha256(NEW, &[message.as_bytes()]);
    for bytes in [
        Vec::new(),
        mac[..31].to_vec(),
        mac[..16].to_vec(),
        [&mac[..], &[0]].concat(),
        vec![0; 32],
        vec![0; 63],
        vec![0; 64],
        vec![0; 65],
    ] {
        refused(&format!("{message}.{}", b64(bytes)), Code::TokenInvalid);
    }
    for at in 0..32 {
        let mut wrong = mac;
        wrong[at] ^= 1;
        refused(&format!("{message}.{}", b64(wrong)), Code::TokenInvalid);
    }
}

#[test]
fn a_token_has_one_spelling() {
    // Row 10; I-7.
    let token = sign(&claims(), &keys());
    let parts: Vec<&str> = token.split('.').collect();
    let (header, payload, mac) = (parts[0], parts[1], parts[2]);
    for spelling in [
        format!("{token}="),
        format!("{token}=="),
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{token}\r\n"),
        format!("{token}."),
        format!(".{token}"),
        format!("{header}=.{payload}.{mac}"),
        format!("{header}.{payload}=.{mac}"),
        format!("{header}. {payload}.{mac}"),
        format!("{header}.{payload}\n.{mac}"),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{mac}.{mac}"),
        format!("{header}..{mac}"),
        format!(".{payload}.{mac}"),
        format!("{payload}.{header}.{mac}"),
        format!("{header}.{mac}.{payload}"),
        format!("{header}\u{0}.{payload}.{mac}"),
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        "토큰.토큰.토큰".to_owned(),
    ] {
        refused(&spelling, Code::TokenInvalid);
    }
    // 32 bytes are 43 characters, the last of which has two unused bits.
    let last = mac.chars().last().unwrap();
    for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".chars() {
        let other_mac = format!("{}{other}", &mac[..42]);
        assert_eq!(code(&format!("{header}.{payload}.{other_mac}")).is_none(), other == last);
    }
    // A standard alphabet in place of the URL's, with the mac made over the changed text.
    let odd = STANDARD_PAYLOAD.replace(' ', "");
    let message = format!("{header}.{odd}");
    let mac = b64(hmac_sha256(NEW, &[message.as_bytes()]));
    refused(&format!("{message}.{mac}"), Code::TokenInvalid);
}

/// `{"iss":"~~?","x":">>>"}` in base64's standard alphabet.
const STANDARD_PAYLOAD: &str = "eyJpc3MiOiJ+fj8iLCJ4IjoiPj4+In0";

#[test]
fn no_member_beyond_the_three_is_taken_in_the_header() {
    // Rows 12, 16, 18.
    for member in [
        r#""jwk":{"kty":"oct","k":"AAAA"}"#,
        r#""jku":"https://evil.example/k""#,
        r#""crit":[]"#,
        r#""crit":["exp"]"#,
        r#""crit":["b64"],"b64":false"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""zip":"DEF""#,
        r#""cty":"JWT""#,
        r#""x5u":"https://evil.example""#,
        r#""x5c":[]"#,
        r#""x5t":"a""#,
        r#""enc":"A128GCM""#,
        r#""nonce":"1""#,
        r#""":1"#,
    ] {
        let header = format!(r#"{{"typ":"hanbeon+jwt","alg":"HS256","kid":"k2",{member}}}"#);
        refused(&forge(&header, &payload(), NEW), Code::TokenInvalid);
    }
    for header in [
        r#"{"typ":"JWT","alg":"HS256","kid":"k2"}"#,
        r#"{"typ":"Hanbeon+JWT","alg":"HS256","kid":"k2"}"#,
        r#"{"alg":"HS256","kid":"k2"}"#,
        r#"{"typ":null,"alg":"HS256","kid":"k2"}"#,
        r#"["HS256","hanbeon+jwt","k2"]"#,
        "{}",
        "null",
        "",
        "HS256",
        "\u{feff}{}",
    ] {
        refused(&forge(header, &payload(), NEW), Code::TokenInvalid);
    }
}

#[test]
fn a_kid_names_one_of_our_keys_or_nothing() {
    // Row 14.
    let long = format!("\"{}\"", "k".repeat(2_000));
    for kid in [
        r#""../../../../dev/null""#,
        r#""k2' OR '1'='1""#,
        r#""k2\u0000""#,
        r#""K2""#,
        r#""""#,
        r#""k3""#,
        r#"["k2"]"#,
        r#"{"k2":1}"#,
        "2",
        "null",
        "true",
        r#"" k2""#,
        &long,
    ] {
        let header = format!(r#"{{"typ":"hanbeon+jwt","alg":"HS256","kid":{kid}}}"#);
        refused(&forge(&header, &payload(), NEW), Code::TokenInvalid);
        refused(&forge(&header, &payload(), b""), Code::TokenInvalid);
    }
    let missing = r#"{"typ":"hanbeon+jwt","alg":"HS256"}"#;
    refused(&forge(missing, &payload(), NEW), Code::TokenInvalid);
    // The right key under the other key's name.
    refused(&forge(&HEADER.replace("k2", "k1"), &payload(), NEW), Code::TokenInvalid);
}

#[test]
fn a_long_token_is_refused_before_it_is_read() {
    let long = "a".repeat(TOKEN_BYTES_MAX + 1);
    refused(&long, Code::TokenTooLarge);
    refused(&"a".repeat(TOKEN_BYTES_MAX), Code::TokenInvalid);
}

#[test]
fn a_payload_that_is_no_object_is_no_token() {
    // Rows 18 and 20.
    let nested = format!("\"{}\"", sign(&claims(), &keys()));
    for payload in
        ["[]", "\"text\"", "1", "null", "true", "", "{", "[1,2,3]", "\u{feff}{}", &nested]
    {
        refused(&forge(HEADER, payload, NEW), Code::TokenInvalid);
    }
}

#[test]
fn claims_follow_a_strict_schema() {
    // Rows 22, 24, 26.
    let with = |from: &str, to: &str| {
        let changed = payload().replace(from, to);
        assert_ne!(changed, payload(), "{from} is in the payload");
        forge(HEADER, &changed, NEW)
    };
    let rows = [
        (r#""amt":31000"#, r#""amt":31000,"admin":true"#),
        (r#""amt":31000"#, r#""amt":31000,"nbf":"1800000000""#),
        (r#""amt":31000"#, r#""amt":31000,"nbf":1.5"#),
        (r#""amt":31000"#, r#""amt":31000,"amt":1"#),
        (r#""amt":31000"#, r#""amt":"31000""#),
        (r#""amt":31000"#, r#""amt":31000.0"#),
        (r#""amt":31000"#, r#""amt":0"#),
        (r#""amt":31000"#, r#""amt":-31000"#),
        (r#""amt":31000"#, r#""amt":9007199254740992"#),
        (r#""amt":31000,"#, ""),
        (r#""cur":"KRW""#, r#""cur":"krw""#),
        (r#""cur":"KRW""#, r#""cur":"XXX""#),
        (r#""aud":"m_camera""#, r#""aud":["m_camera"]"#),
        (r#""aud":"m_camera""#, r#""aud":"m camera""#),
        (r#""sub":"u1""#, r#""sub":"""#),
        (r#""sub":"u1""#, r#""sub":null"#),
        (r#""jti":"jti_"#, r#""jti":"JTI_"#),
        (r#""chk":"chk_"#, r#""chk":"att_"#),
        (r#""iat":1800000000"#, r#""iat":"1800000000""#),
        (r#""iat":1800000000"#, r#""iat":1800000061"#),
        (r#""iat":1800000000"#, r#""iat":1800000900"#),
        (r#""iat":1800000000"#, r#""iat":1799999999"#),
        (r#""exp":1800000900"#, r#""exp":1799999999"#),
        (r#""exp":1800000900"#, r#""exp":18446744073709551615"#),
        (r#""exp":1800000900"#, r#""exp":null"#),
        (r#""exp":1800000900,"#, ""),
    ];
    for (from, to) in rows {
        refused(&with(from, to), Code::TokenClaimsInvalid);
    }
    refused(&with(r#""amt":31000"#, r#""amt":31000,"nbf":1800000061"#), Code::TokenNotYetValid);
    let nbf = with(r#""amt":31000"#, r#""amt":31000,"nbf":1800000060"#);
    assert_eq!(code(&nbf), None, "inside the skew");
}

#[test]
fn the_issuer_is_compared_letter_by_letter() {
    // Row 28; I-15.
    for issuer in
        ["", "https://edge.example/", "HTTPS://EDGE.EXAMPLE", "http://edge.example", "hanbeon"]
    {
        let other = Claims { issuer: issuer.to_owned(), ..claims() };
        refused(&sign(&other, &keys()), Code::TokenIssuer);
    }
}

#[test]
fn an_expired_token_says_so_after_sixty_seconds() {
    let token = sign(&claims(), &keys());
    let at = |seconds| NOW.after(TOKEN_LIFE).after(shared::time::Span::seconds(seconds));
    assert_eq!(verify(&token, &keys(), at(60)), Ok(claims()));
    assert_eq!(verify(&token, &keys(), at(61)), Err(Code::TokenExpired));
}

#[test]
fn another_merchants_token_is_seen_by_its_audience() {
    // I-15: verify hands out the claims, the caller names the merchant it expects.
    let token = verify(&sign(&claims(), &keys()), &keys(), NOW).unwrap();
    let error = token.check(MerchantId::parse("m_books").as_ref(), NOW).unwrap_err();
    assert_eq!(error.code(), Code::TokenAudience);
}

#[test]
fn weak_keys_are_refused_when_the_service_starts() {
    // Row 36.
    for secret in [
        "",
        "short",
        "0123456789abcdef0123456789abcde",
        "0123456789abcdef0123456789abcdef",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "my-password-is-long-but-still-a-bad-one",
        "ChangeMe-ChangeMe-0f9d8c7b6a5e4d3c2b1a",
        "sk_live_camera_000000000000000000000000",
    ] {
        assert!(weak(secret.as_bytes()), "{secret}");
        let error = Keys::new(ISSUER.to_owned(), vec![key("k1", secret.as_bytes())]).unwrap_err();
        assert_eq!(error, [KeysError::Weak("k1".to_owned())]);
    }
    assert!(!weak(NEW) && !weak(OLD));
    let twice = Keys::new(ISSUER.to_owned(), vec![key("k1", NEW), key("k1", OLD)]).unwrap_err();
    assert_eq!(twice, [KeysError::Name("k1".to_owned())]);
    assert_eq!(Keys::new(ISSUER.to_owned(), Vec::new()).unwrap_err(), [KeysError::Missing]);
}

#[test]
fn keys_do_not_print() {
    assert!(!format!("{:?}", keys()).contains("new-key"));
}

#[test]
fn each_weakness_alone_is_enough_and_its_edge_is_exact() {
    // Row 36.
    for secret in [
        "abcdefghijklmnopqrstuvwxyz01234",
        "abcdefghiaaihgfedcbaacebdfhgaiab",
        "aaaaaaaaaaaaaaaaabcdefghijklmnop",
        "zyxwvutsrqponmlkzyxwvutsrqponmlk",
        "0f9d8c7b6a5e4d3c2b1a-PassWord-zyxwvu",
    ] {
        assert!(weak(secret.as_bytes()), "{secret}");
    }
    for secret in [
        "abcdefghijklmnopqrstuvwxyz012345",
        "abcdefghijjihgfedcbaacebdfhgjiab",
        "aaaaaaaaaaaaaaaabcdefghijklmnopq",
        "zyxwvutsrqponmlkzyxwvutsrqponmlK",
        "0f9d8c7b6a5e4d3c2b1a-PassWort-zyxwvu",
    ] {
        assert!(!weak(secret.as_bytes()), "{secret}");
    }
}

#[test]
fn keys_have_names_that_can_be_printed_and_their_issuer() {
    assert_eq!(keys().issuer(), ISSUER);
    let long = "k".repeat(32);
    for (kid, named) in [
        ("k", true),
        ("K2.a_b-c", true),
        (&long, true),
        (&format!("{long}k"), false),
        ("", false),
        ("k 2", false),
        ("k/2", false),
        ("\u{d0a4}", false),
    ] {
        assert_eq!(key(kid, NEW).is_named(), named, "{kid}");
        let made = Keys::new(ISSUER.to_owned(), vec![key(kid, NEW)]);
        let refused = vec![KeysError::Name(kid.to_owned())];
        assert_eq!(made.err(), (!named).then_some(refused), "{kid}");
    }
}

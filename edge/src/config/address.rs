//! Origins and return addresses: letters are compared, because an address has one spelling here.

use shared::problem::Code;

use super::Merchant;
use crate::address::Address;

/// The query parameter by which we tell the shop which checkout came back.
const OWN_PARAMETER: &str = "hanbeon";

/// Whether the text is an origin exactly as browsers print it: https, or http to this machine where
/// `allow_loopback` says so.
#[must_use]
pub fn is_exact_origin(text: &str, allow_loopback: bool) -> bool {
    Address::parse(text).is_some_and(|address| {
        address.rest.is_empty() && (address.secure || (allow_loopback && address.is_loopback()))
    })
}

/// The return address as it will be used, if its origin is on the merchant's list.
///
/// What a parser would silently repair (backslashes, tabs, capital letters, dot segments, letters beyond
/// ASCII) is refused, because the shop meant something else or wants to fool somebody.
///
/// # Errors
/// [`Code::ReturnUrlScheme`] for an address that is neither http nor https,
/// [`Code::ReturnUrlNotAllowed`] for everything else.
pub fn return_url(merchant: &Merchant, text: &str) -> Result<String, Code> {
    let Some(address) = Address::parse(text) else {
        let other = has_another_scheme(text);
        return Err(if other { Code::ReturnUrlScheme } else { Code::ReturnUrlNotAllowed });
    };
    let listed = merchant.return_origins.iter().any(|origin| origin == address.origin);
    let collides =
        form_urlencoded::parse(address.query().as_bytes()).any(|(name, _)| name == OWN_PARAMETER);
    if collides || !listed {
        return Err(Code::ReturnUrlNotAllowed);
    }
    Ok(if address.rest.is_empty() { format!("{text}/") } else { text.to_owned() })
}

/// Whether the text is an address of another kind than those of web pages.
fn has_another_scheme(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(letter)
            && !scheme.eq_ignore_ascii_case("http")
            && !scheme.eq_ignore_ascii_case("https")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merchant() -> Merchant {
        let config = crate::config::demo();
        let mut merchant = config.merchants.into_values().next().unwrap();
        merchant.return_origins = vec!["https://shop.kr".to_owned()];
        merchant
    }

    #[test]
    fn a_listed_origin_may_have_any_path_and_query() {
        for (text, expected) in [
            ("https://shop.kr", "https://shop.kr/"),
            ("https://shop.kr/done", "https://shop.kr/done"),
            ("https://shop.kr/a?b=c&d=%20", "https://shop.kr/a?b=c&d=%20"),
            (
                "https://shop.kr/?next=https://evil.example",
                "https://shop.kr/?next=https://evil.example",
            ),
            ("https://shop.kr/@me", "https://shop.kr/@me"),
        ] {
            assert_eq!(return_url(&merchant(), text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_the_shop_is_refused() {
        // Rows 78, 80, 82.
        let padded = |length: usize| format!("https://shop.kr/{}", "a".repeat(length - 16));
        assert!(return_url(&merchant(), &padded(2048)).is_ok());
        for text in [
            "",
            "/",
            "/done",
            "shop.kr/done",
            "//shop.kr",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:\\\\shop.kr",
            "https://shop.kr\\@evil.example",
            "https://evil.example\\@shop.kr",
            "https:shop.kr",
            "https:/shop.kr",
            "https:///shop.kr",
            "https:////shop.kr",
            "https:evil.example",
            "https:///evil.example",
            "ht\ntps://shop.kr",
            "https\t://shop.kr",
            "https://sh\top.kr",
            "https://shop.kr/\r\nSet-Cookie:a",
            " https://shop.kr",
            "https://shop.kr ",
            "https://shop.kr/a b",
            "\u{0}https://shop.kr",
            "https://shop.kr/\u{0}",
            "https://shop.kr@evil.example",
            "https://shop.kr:pw@evil.example",
            "https://user@shop.kr",
            "https://user:pw@shop.kr",
            "https://@shop.kr",
            "https://:@shop.kr",
            "https://shop.kr.evil.example",
            "https://evilshop.kr",
            "https://a.shop.kr",
            "https://shop.kr.",
            "https://shop.kr:8443",
            "https://shop.kr:80",
            "https://shop.kr:443/a",
            "https://SHOP.kr/a",
            "HTTPS://shop.kr/a",
            "https://shop.kr/a/../b",
            "https://shop.kr/%2e%2E/b",
            "https://shop.kr?a=b",
            "http://shop.kr",
            "https://shop.k",
            "https://shop.kr%2eevil.example",
            "https://shop%2ekr.evil.example",
            "https://shop.kr#",
            "https://shop.kr/#x",
            "https://shop.kr/?hanbeon=1",
            "https://shop.kr/?a=1&hanbeon",
            "https://shop.kr/?%68anbeon=1",
            "https://shоp.kr",
            "https://shop.kr/한번",
            "https://ｓhop.kr",
            "https://[::1]/",
            "https://",
            &padded(2049),
            &padded(16_384),
        ] {
            let got = return_url(&merchant(), text);
            assert_eq!(got, Err(Code::ReturnUrlNotAllowed), "{text:?}");
        }
    }

    #[test]
    fn other_schemes_have_their_own_code() {
        for text in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "ftp://shop.kr",
            "shopapp://done",
            "intent://shop.kr#Intent;end",
            "blob:https://shop.kr/1",
            "view-source:https://shop.kr",
            "ws://shop.kr",
            "mailto:a@shop.kr",
        ] {
            let got = return_url(&merchant(), text);
            assert_eq!(got, Err(Code::ReturnUrlScheme), "{text}");
        }
    }

    #[test]
    fn an_origin_has_one_spelling() {
        for text in ["https://shop.kr", "https://shop.kr:8443", "https://xn--ok0b236bp0a.kr"] {
            assert!(is_exact_origin(text, false), "{text}");
        }
        for text in [
            "",
            "*",
            "null",
            "shop.kr",
            "https://shop.kr/",
            "https://shop.kr:443",
            "https://Shop.kr",
            "https://*.shop.kr",
            "http://shop.kr",
            "https://u@shop.kr",
            "https://쇼핑몰.kr",
            "data:,x",
            "http://shop.localhost:4410",
            "https://shop.kr?",
            "https://shop.kr#",
            "https://shop.kr;a",
            "https://shop.kr,a",
            "https://'self'",
        ] {
            assert!(!is_exact_origin(text, false), "{text}");
        }
        assert!(is_exact_origin("http://shop.localhost:4410", true));
        assert!(is_exact_origin("http://127.0.0.1:4410", true));
        assert!(!is_exact_origin("http://shop.kr", true));
        assert!(!is_exact_origin("http://10.0.0.1", true));
    }
}

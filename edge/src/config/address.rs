//! Origins and return addresses: one WHATWG parser, and the serialised form is what is compared.

use shared::problem::Code;
use url::Url;

use super::Merchant;
use crate::outbox::is_loopback;

/// The longest return address, in bytes.
pub const RETURN_URL_BYTES_MAX: usize = 2048;

/// The query parameter by which we tell the shop which checkout came back.
const OWN_PARAMETER: &str = "hanbeon";

/// Whether the text is an origin exactly as browsers print it: https, or http to this machine where
/// `allow_loopback` says so.
#[must_use]
pub fn is_exact_origin(text: &str, allow_loopback: bool) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let exact = url.origin().is_tuple() && url.origin().ascii_serialization() == text;
    // The parser lets `*`, `;` and `,` into a host; in a policy or a header they would mean something.
    let plain =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'/' | b'[' | b']');
    let own_machine = allow_loopback && url.host().is_some_and(|host| is_loopback(&host));
    exact
        && text.bytes().all(plain)
        && (url.scheme() == "https" || (url.scheme() == "http" && own_machine))
}

/// The return address as it will be used, if its origin is on the merchant's list.
///
/// The text itself must be plain: what a parser silently repairs (backslashes, tabs, missing slashes,
/// raw letters beyond ASCII) is refused, because the shop meant something else or wants to fool
/// somebody.
///
/// # Errors
/// [`Code::ReturnUrlScheme`] for an address that is neither http nor https,
/// [`Code::ReturnUrlNotAllowed`] for everything else.
pub fn return_url(merchant: &Merchant, text: &str) -> Result<String, Code> {
    let plain = text.len() <= RETURN_URL_BYTES_MAX
        && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if !plain {
        return Err(Code::ReturnUrlNotAllowed);
    }
    let url = Url::parse(text).map_err(|_| Code::ReturnUrlNotAllowed)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Code::ReturnUrlScheme);
    }
    let rest = text.split_once("://").map_or("/", |(_, rest)| rest);
    let repaired = rest.starts_with('/');
    let credentials = !url.username().is_empty() || url.password().is_some();
    // `https://@shop.kr` has empty credentials, which the parser drops.
    let at_sign = rest.split(['/', '?', '#']).next().is_some_and(|host| host.contains('@'));
    let collides = url.query_pairs().any(|(name, _)| name == OWN_PARAMETER);
    let origin = url.origin().ascii_serialization();
    let listed = merchant.return_origins.contains(&origin);
    if repaired || credentials || at_sign || collides || url.fragment().is_some() || !listed {
        return Err(Code::ReturnUrlNotAllowed);
    }
    let url = String::from(url);
    if url.len() > RETURN_URL_BYTES_MAX { Err(Code::ReturnUrlNotAllowed) } else { Ok(url) }
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
            ("https://SHOP.kr:443/a?b=c&d=%20", "https://shop.kr/a?b=c&d=%20"),
            ("HTTPS://shop.kr/a/../b", "https://shop.kr/b"),
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

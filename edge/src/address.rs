//! Addresses, taken only in the one spelling that a browser prints.
//!
//! # Why not a whole URL parser
//! A parser repairs: it lowers, drops, decodes and re-orders, and every repair is a second spelling of
//! the same place, which is what tricks with addresses are made of. Here nothing is repaired: a text that
//! the WHATWG parser would print differently is refused, so a name's letters are the name. The parser
//! itself is there in the tests, which prove that it agrees with every text that is taken.
//!
//! A host outside ASCII is written in punycode (`xn--…`). A host is a name: the only numbers taken are
//! the two that mean this machine.

/// The longest address, in bytes.
pub const BYTES_MAX: usize = 2048;

/// An http or https address in its printed form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// Scheme, host and port, as browsers print an origin.
    pub origin: &'a str,
    /// Whether the scheme is https.
    pub secure: bool,
    /// A name in lower case, `127.0.0.1` or `[::1]`.
    pub host: &'a str,
    /// Whether it names a port; the scheme's own is never printed.
    pub has_port: bool,
    /// What follows the origin: nothing, or a path from its `/` on, with its query.
    pub rest: &'a str,
}

impl<'a> Address<'a> {
    /// Reads an address; `None` for everything that is not exactly what a browser prints.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let secure = text.starts_with("https://");
        let after = text.strip_prefix(if secure { "https://" } else { "http://" })?;
        let end = after.find('/').unwrap_or(after.len());
        let (authority, rest) = after.split_at_checked(end)?;
        let (origin, _) = text.split_at_checked(text.len().checked_sub(rest.len())?)?;
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if !authority.ends_with(']') => {
                is_port(port, secure).then_some(host)?
            }
            _ => authority,
        };
        let has_port = host.len() != authority.len();
        let known = is_name(host) || matches!(host, "127.0.0.1" | "[::1]");
        let plain = known && is_rest(rest) && text.len() <= BYTES_MAX;
        plain.then_some(Self { origin, secure, host, has_port, rest })
    }

    /// Whether the host is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        matches!(self.host, "localhost" | "127.0.0.1" | "[::1]")
            || self.host.ends_with(".localhost")
    }

    /// The text after the first `?`.
    #[must_use]
    pub fn query(&self) -> &'a str {
        self.rest.split_once('?').map_or("", |(_, query)| query)
    }
}

/// Whether paths can be appended to the text: an address without query and without a slash at its end.
#[must_use]
pub fn is_base(text: &str) -> bool {
    Address::parse(text).is_some() && !text.contains('?') && !text.ends_with('/')
}

fn is_port(text: &str, secure: bool) -> bool {
    let digits = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
    let default = if secure { 443 } else { 80 };
    digits && text.parse::<u16>().is_ok_and(|port| port != default)
}

/// A name whose last label begins with a letter: one that begins with a digit may be read as a number.
fn is_name(host: &str) -> bool {
    let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(letter)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last = host.rsplit('.').next().unwrap_or("");
    host.len() <= 253
        && host.split('.').all(label)
        && last.starts_with(|c: char| c.is_ascii_lowercase())
}

/// A path and a query of characters that are never escaped, without segments that mean another path.
fn is_rest(rest: &str) -> bool {
    let kept = |b: u8| {
        b.is_ascii_graphic()
            && !matches!(b, b'"' | b'#' | b'\'' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{'..=b'}')
    };
    let path = rest.split_once('?').map_or(rest, |(path, _)| path);
    let dots =
        |segment| after_dot(segment).is_some_and(|rest| after_dot(rest).unwrap_or(rest).is_empty());
    rest.bytes().all(kept) && !path.split('/').any(dots)
}

/// What follows a dot, escaped or not.
fn after_dot(text: &str) -> Option<&str> {
    let escaped = || text.strip_prefix("%2e").or_else(|| text.strip_prefix("%2E"));
    text.strip_prefix('.').or_else(escaped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    /// What the WHATWG parser says of a text that is taken: the same origin and the same letters.
    fn agrees(text: &str) {
        let Some(address) = Address::parse(text) else { return };
        // Punycode that means nothing has no reader at all.
        let Ok(url) = Url::parse(text) else {
            assert!(text.contains("xn--"), "{text}");
            return;
        };
        assert_eq!(url.origin().ascii_serialization(), address.origin, "{text}");
        assert_eq!(url.host_str(), Some(address.host), "{text}");
        assert_eq!(url.port().is_some(), address.has_port, "{text}");
        assert_eq!(url.scheme() == "https", address.secure, "{text}");
        assert_eq!(url.query().unwrap_or(""), address.query(), "{text}");
        assert!(url.username().is_empty() && url.password().is_none(), "{text}");
        let printed = String::from(url);
        let slash = if address.rest.is_empty() { "/" } else { "" };
        assert_eq!(printed, format!("{text}{slash}"));
    }

    #[test]
    fn the_printed_form_is_taken() {
        for text in [
            "https://shop.kr",
            "https://shop.kr/",
            "https://shop.kr:8443/a/b.c/..d/%20?x=[1]&y=/../",
            "https://xn--ok0b236bp0a.kr/n",
            "http://localhost:4410",
            "http://127.0.0.1:1/a",
            "https://[::1]:8443/",
            "http://[::1]",
            "https://1.2.a3/@me",
            "https://a--b.kr//c//",
            "https://shop.kr/?",
            "https://shop.kr:80",
        ] {
            assert!(Address::parse(text).is_some(), "{text}");
            agrees(text);
        }
    }

    #[test]
    fn another_spelling_is_refused() {
        for text in [
            "",
            "https://",
            "https:///",
            "https:shop.kr",
            "HTTPS://shop.kr",
            "ftp://shop.kr",
            "https://SHOP.kr",
            "https://shop.kr.",
            "https://.shop.kr",
            "https://-a.kr",
            "https://a-.kr",
            "https://a_b.kr",
            "https://a..kr",
            "https://쇼핑.kr",
            "https://sh%6fp.kr",
            "https://shop.kr:",
            "https://shop.kr:443",
            "https://shop.kr:08443",
            "https://shop.kr:+8443",
            "https://shop.kr:65536",
            "https://u@shop.kr",
            "https://@shop.kr",
            "https://shop.kr?a",
            "https://shop.kr#",
            "https://shop.kr/#a",
            "https://shop.kr/a/../b",
            "https://shop.kr/a/%2E%2e",
            "https://shop.kr/.",
            "https://shop.kr/.%2E/?b",
            "https://shop.kr/a b",
            "https://shop.kr/a\\b",
            "https://shop.kr/?a='b'",
            "https://shop.kr/한번",
            "http://127.1",
            "http://127.0.0.1.",
            "http://2130706433",
            "http://0x7f000001",
            "http://a.0x7f",
            "http://10.0.0.1",
            "http://[::2]",
            "http://[::1]a",
            "http://[::1",
            "http://[0:0:0:0:0:0:0:1]",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
        let long = |length: usize| format!("https://a.kr/{}", "a".repeat(length - 13));
        assert!(Address::parse(&long(BYTES_MAX)).is_some());
        assert_eq!(Address::parse(&long(BYTES_MAX + 1)), None);
        let label = |length: usize| format!("https://{}.kr", "a".repeat(length));
        assert!(Address::parse(&label(63)).is_some());
        assert_eq!(Address::parse(&label(64)), None);
        let name = |labels: usize| format!("https://{}kr", "a.".repeat(labels));
        assert!(Address::parse(&name(125)).is_some());
        assert_eq!(Address::parse(&name(126)), None);
    }

    #[test]
    fn a_base_ends_where_a_path_can_begin() {
        for (text, expected) in [
            ("https://api.provider.com", true),
            ("http://127.0.0.1:4411/toss", true),
            ("https://api.provider.com/", false),
            ("https://api.provider.com/a?b", false),
            ("", false),
        ] {
            assert_eq!(is_base(text), expected, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn whatwg_agrees_with_what_is_built(
            scheme in "https?",
            host in r"([a-z0-9]{1,3}|0x[0-9a-f]{1,2}|xn--[a-z0-9]{1,5}|[a-z0-9-]{1,4})(\.([a-z]{1,3}|[0-9]{1,3}|0x7f|[a-z0-9-]{1,4})){0,4}\.?|127\.0\.0\.1|\[::1\]",
            port in r"(:[0-9]{0,6})?",
            rest in r"(/(\.|%2[eE]|[!-~]){0,6}){0,4}",
        ) {
            agrees(&format!("{scheme}://{host}{port}{rest}"));
        }

        #[test]
        fn whatwg_agrees_with_any_letters(text in r"https?://[ -~]{0,12}(/[ -~]{0,12})?") {
            agrees(&text);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            agrees(&text);
            agrees(&format!("https://{text}"));
        }
    }
}

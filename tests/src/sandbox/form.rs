//! Queries and posted forms: `application/x-www-form-urlencoded`, read and written.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Field names to values; of a repeated name the first one counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads a query or a posted form; broken escapes are kept as they stand.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut fields = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            fields.entry(decoded(name)).or_insert_with(|| decoded(value));
        }
        Self(fields)
    }

    /// The field, or empty text when it is absent.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The field when it is there and not empty.
    #[must_use]
    pub fn filled(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escape = bytes.get(at + 1..at + 3).filter(|_| byte == b'%');
        let value = escape
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        plain.push(value.unwrap_or(if byte == b'+' { b' ' } else { byte }));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&plain).into_owned()
}

/// Percent-encodes everything but the unreserved characters of RFC 3986.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// `url` with more query fields, whatever it had before; a fragment stays at the end.
#[must_use]
pub fn with_query(url: &str, fields: &[(&str, &str)]) -> String {
    let (page, fragment) = url.split_once('#').map_or((url, None), |(a, b)| (a, Some(b)));
    let mut out = page.to_owned();
    for (name, value) in fields {
        out.push(if out.contains('?') { '&' } else { '?' });
        let _ = write!(out, "{}={}", encoded(name), encoded(value));
    }
    if let Some(fragment) = fragment {
        let _ = write!(out, "#{fragment}");
    }
    out
}

/// A web address a browser may be sent to; anything else (`javascript:`, relative) is not one.
#[must_use]
pub fn is_web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_with_their_escapes() {
        let fields = Fields::parse("a=1+2&b=%ED%95%9C&c&a=9&d=%zz&e=%4");
        for (name, expected) in
            [("a", "1 2"), ("b", "한"), ("c", ""), ("d", "%zz"), ("e", "%4"), ("f", "")]
        {
            assert_eq!(fields.text(name), expected, "{name}");
        }
        assert_eq!(fields.filled("c"), None);
    }

    #[test]
    fn what_is_encoded_is_read_back() {
        let url = with_query("http://a/r/1?x=1#top", &[("m", "한 판&=%")]);
        assert_eq!(url, "http://a/r/1?x=1&m=%ED%95%9C%20%ED%8C%90%26%3D%25#top");
        let fields = Fields::parse("x=1&m=%ED%95%9C%20%ED%8C%90%26%3D%25");
        assert_eq!(fields.text("m"), "한 판&=%");
    }

    #[test]
    fn only_web_addresses_are_destinations() {
        assert!(is_web("https://shop.example/return"));
        for url in ["javascript:alert(1)", "/r/1", "", "data:text/html,x"] {
            assert!(!is_web(url), "{url}");
        }
    }
}

//! What the door checks of a request before anybody is asked: form, size, type, origin, keys. Pure.

use shared::id::IdempotencyKey;
use shared::problem::Code;
use shared::sorted::Sorted;

use crate::config::Config;
use crate::json::{self, BODY_BYTES_MAX, Limits};
use crate::problem::Refusal;
use crate::route::Call;
use crate::signature::{digest, hex};

/// Every header that is read of a request, those that adapters read of a callback included, in lower case:
/// nobody asks the runtime for others, and builds with assertions stop where one is missing here.
pub const HEADERS: [&str; 15] = [
    "accept",
    "authorization",
    "cf-connecting-ip",
    "content-encoding",
    "content-length",
    "content-type",
    "hanbeon-state",
    "idempotency-key",
    "origin",
    "tosspayments-webhook-transmission-id",
    "upgrade",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "x-kb-mac",
];

/// A request's parts, with names of headers in lower case.
#[derive(Debug)]
pub struct Incoming {
    /// `GET`, `POST`, …
    pub method: String,
    /// Without query.
    pub path: String,
    /// Without `?`.
    pub query: String,
    /// Those of [`HEADERS`] that it has, as the runtime joined them.
    pub headers: Sorted<String, String>,
    /// Raw.
    pub body: Vec<u8>,
}

impl Incoming {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        debug_assert!(HEADERS.contains(&name), "nobody asks the runtime for {name}");
        self.headers.get(name).map(String::as_str)
    }

    /// A query parameter, taken literally: none of ours needs an escape.
    ///
    /// # Errors
    /// [`Code::ParameterDuplicated`].
    pub fn parameter(&self, name: &str) -> Result<Option<&str>, Code> {
        let mut found = self
            .query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value);
        match (found.next(), found.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(Code::ParameterDuplicated),
        }
    }

    /// What holds for every request: no token where logs keep it, no compressed or oversized body.
    ///
    /// # Errors
    /// [`Code::TokenInUrl`], [`Code::UnsupportedEncoding`], [`Code::BodyTooLarge`].
    pub fn check_form(&self) -> Result<(), Code> {
        let named = |name: &str| self.query.split('&').any(|pair| pair.starts_with(name));
        if named("token=") || named("state_key=") || named("authorization=") {
            return Err(Code::TokenInUrl);
        }
        if self.header("content-encoding").is_some_and(|coding| coding != "identity") {
            return Err(Code::UnsupportedEncoding);
        }
        if self.body.len() > BODY_BYTES_MAX || self.announces_too_much() {
            return Err(Code::BodyTooLarge);
        }
        Ok(())
    }

    /// Whether the announced length alone is too much.
    #[must_use]
    pub fn announces_too_much(&self) -> bool {
        let announced = self.header("content-length").and_then(|n| n.parse::<usize>().ok());
        announced.is_some_and(|bytes| bytes > BODY_BYTES_MAX)
    }

    /// The JSON body as text. Another content type is refused: a page of anybody's can send `text/plain`
    /// without asking first (row 134).
    ///
    /// # Errors
    /// [`Code::UnsupportedMediaType`], [`Code::JsonInvalid`].
    pub fn json(&self) -> Result<&str, Code> {
        let kind = self.header("content-type").unwrap_or("");
        let essence = kind.split(';').next().unwrap_or("").trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Code::UnsupportedMediaType);
        }
        core::str::from_utf8(&self.body).map_err(|_| Code::JsonInvalid)
    }

    /// The caller's key for this intent.
    ///
    /// # Errors
    /// [`Code::IdempotencyKeyMissing`], [`Code::HeaderDuplicated`], [`Code::IdempotencyKeyInvalid`].
    pub fn idempotency_key(&self) -> Result<IdempotencyKey, Code> {
        let value = self.header("idempotency-key").ok_or(Code::IdempotencyKeyMissing)?;
        if value.contains(',') {
            return Err(Code::HeaderDuplicated);
        }
        IdempotencyKey::parse(value).ok_or(Code::IdempotencyKeyInvalid)
    }

    /// Names what is asked: method, path and the body in canonical form (members sorted, no spaces), so
    /// that a repeat printed in another order is the same request (I-8).
    ///
    /// # Errors
    /// [`Code::JsonInvalid`].
    pub fn fingerprint(&self) -> Result<String, Code> {
        let body = json::canonical(&self.body, Limits::BODY).map_err(|_| Code::JsonInvalid)?;
        let text = format!("{} {}\n{body}", self.method, self.path);
        Ok(hex(&digest(text.as_bytes())))
    }

    /// Whether a person's browser follows a link into a window or back from one.
    #[must_use]
    pub fn is_of_a_person(&self) -> bool {
        let link = self.path.starts_with("/w/") || self.path.starts_with("/r/");
        link && self
            .header("accept")
            .is_some_and(|accept| accept.split([',', ';']).any(|kind| kind.trim() == "text/html"))
    }

    /// The page's origin, if some merchant lists it: what cross-origin answers name.
    #[must_use]
    pub fn known_origin<'a>(&'a self, config: &Config) -> Option<&'a str> {
        let origin = self.header("origin")?;
        let known = |listed: &String| listed == origin;
        let listed = config.merchants.values().any(|merchant| merchant.origins.iter().any(known));
        listed.then_some(origin)
    }
}

/// A page's call from an origin that no merchant lists is refused before anything is read. The page of a
/// checkout's own link is ours, and only listens.
///
/// # Errors
/// [`Code::OriginNotAllowed`].
pub fn check_origin(incoming: &Incoming, config: &Config, call: Call<'_>) -> Result<(), Refusal> {
    let listens = matches!(call, Call::Live(_));
    match incoming.header("origin") {
        Some(origin) if listens && origin == config.public_origin => Ok(()),
        Some(_) if incoming.known_origin(config).is_none() => Err(Code::OriginNotAllowed.into()),
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(query: &str, headers: &[(&str, &str)], body: &str) -> Incoming {
        Incoming {
            method: "POST".to_owned(),
            path: "/v1/checkouts".to_owned(),
            query: query.to_owned(),
            headers: headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn i8_the_fingerprint_is_of_the_content_not_of_its_printing() {
        let of = |body| incoming("", &[], body).fingerprint().unwrap();
        assert_eq!(of(r#"{"a":1,"b":[true]}"#), of("{ \"b\" : [true],\n \"a\":1 }"));
        assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":2}"#));
        assert_eq!(
            of(r#"{"b":2,"a":1}"#),
            hex(&digest(b"POST /v1/checkouts\n{\"a\":1,\"b\":2}")),
            "the vector of the canonical form"
        );
    }

    #[test]
    fn what_no_request_may_have_is_refused() {
        let rows = [
            (incoming("token=eyJ", &[], ""), Err(Code::TokenInUrl)),
            (incoming("a=1&token=eyJ", &[], ""), Err(Code::TokenInUrl)),
            (incoming("", &[("content-encoding", "gzip")], ""), Err(Code::UnsupportedEncoding)),
            (incoming("", &[], &" ".repeat(BODY_BYTES_MAX + 1)), Err(Code::BodyTooLarge)),
            (incoming("", &[("content-length", "65537")], ""), Err(Code::BodyTooLarge)),
            (incoming("a=1", &[("content-encoding", "identity")], "{}"), Ok(())),
        ];
        for (request, expected) in rows {
            assert_eq!(request.check_form(), expected);
        }
    }

    #[test]
    fn row_134_only_json_is_json() {
        for kind in ["text/plain", "", "application/x-www-form-urlencoded", "application/jsonx"] {
            let request = incoming("", &[("content-type", kind)], "{}");
            assert_eq!(request.json(), Err(Code::UnsupportedMediaType), "{kind}");
        }
        let request = incoming("", &[("content-type", "application/json; charset=utf-8")], "{}");
        assert_eq!(request.json(), Ok("{}"));
    }

    #[test]
    fn a_header_that_came_twice_is_refused() {
        let key = |value| incoming("", &[("idempotency-key", value)], "").idempotency_key().err();
        assert_eq!(key("abcdefgh, abcdefgh"), Some(Code::HeaderDuplicated));
        assert_eq!(key("short"), Some(Code::IdempotencyKeyInvalid));
        assert_eq!(
            incoming("", &[], "").idempotency_key().err(),
            Some(Code::IdempotencyKeyMissing)
        );
        assert_eq!(key("8d1c2f3a-0000"), None);
    }

    #[test]
    fn a_parameter_that_came_twice_is_refused() {
        let request = incoming("limit=1&cursor=x&limit=2", &[], "");
        assert_eq!(request.parameter("limit"), Err(Code::ParameterDuplicated));
        assert_eq!(request.parameter("cursor"), Ok(Some("x")));
        assert_eq!(request.parameter("none"), Ok(None));
    }
}

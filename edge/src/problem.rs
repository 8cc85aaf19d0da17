//! The only place that builds a problem body (RFC 9457) and knows what an outsider may read.
//!
//! A detail is one of our own sentences. It is `&'static str` on purpose: text that is made at run time
//! could hold a character of the input, a key or a provider's message, and then it would be reflected.

use shared::problem::Code;
use shared::time::Span;

use crate::json::Writer;

/// The content type of every body made here.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// A refused request: why, and in which words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The cause.
    pub code: Code,
    /// A safe sentence about this case; equal to the title when there is nothing to add.
    pub detail: &'static str,
    /// When the same request may be sent again.
    pub retry_after: Option<Span>,
}

/// Something that should work did not. Its text is for the log and for nobody outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(pub String);

/// How long a caller waits who meets its own request (409 `request_in_progress`).
pub const IN_PROGRESS_WAIT: Span = Span::seconds(1);

/// How long a caller waits after a 429 that names no time of its own.
pub const LIMITED_WAIT: Span = Span::seconds(10);

impl Refusal {
    /// A refusal that its title explains. The codes that promise a `Retry-After` get one.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self::because(code, code.title())
    }

    /// A refusal with a sentence of its own.
    #[must_use]
    pub const fn because(code: Code, detail: &'static str) -> Self {
        let retry_after = match code.http_status() {
            429 => Some(LIMITED_WAIT),
            409 if matches!(code, Code::RequestInProgress) => Some(IN_PROGRESS_WAIT),
            _ => None,
        };
        Self { code, detail, retry_after }
    }

    /// The same refusal with another time to wait.
    #[must_use]
    pub const fn retry_after(self, wait: Span) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// The value of a `Retry-After` header: whole seconds, at least 1.
    #[must_use]
    pub fn retry_after_header(&self) -> Option<String> {
        self.retry_after.map(|wait| wait.as_millis().div_ceil(1000).max(1).to_string())
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// The body. `request_id` is ours, never the caller's.
#[must_use]
pub fn body(refusal: &Refusal, request_id: &str) -> String {
    Writer::document(|body| {
        body.name("type").text(&refusal.code.type_uri());
        body.name("title").text(refusal.code.title());
        body.name("status").number(refusal.code.http_status().into());
        body.name("code").text(refusal.code.code());
        body.name("detail").text(refusal.detail);
        body.name("request_id").text(request_id);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line per code; a change of a published code is a change of this file.
    const GOLDEN: &str = include_str!("../testdata/problems.txt");

    #[test]
    fn the_list_of_problems_equals_its_golden_file() {
        let now: String = Code::ALL
            .iter()
            .map(|code| format!("{} {} {}\n", code.http_status(), code, code.title()))
            .collect();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/problems.txt");
            std::fs::write(path, &now).unwrap();
        }
        assert_eq!(now, GOLDEN, "run with UPDATE_GOLDEN=1, then read the difference");
    }

    #[test]
    fn a_body_holds_exactly_the_six_members() {
        let refusal = Refusal::because(Code::TokenInvalid, "the token is not one of ours");
        let text = body(&refusal, "req_1");
        assert_eq!(
            text,
            "{\"type\":\"https://hanbeon.dev/problems/token_invalid\",\
             \"title\":\"The token is not one of ours.\",\"status\":401,\
             \"code\":\"token_invalid\",\"detail\":\"the token is not one of ours\",\
             \"request_id\":\"req_1\"}"
        );
    }

    #[test]
    fn waits_are_whole_seconds_and_never_zero() {
        let refusal = Refusal::new(Code::RequestInProgress);
        assert_eq!(refusal.retry_after_header().as_deref(), Some("1"));
        let soon = Refusal::new(Code::RateLimited).retry_after(Span::millis(1));
        assert_eq!(soon.retry_after_header().as_deref(), Some("1"));
        assert_eq!(Refusal::new(Code::NotFound).retry_after_header(), None);
    }
}

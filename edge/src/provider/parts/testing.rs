//! What the tests of the adapters do alike.

use shared::fact::Fact;

use super::super::HttpRequest;

/// A header of a prepared request.
pub(in crate::provider) fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find_map(|(each, value)| (*each == name).then_some(value.as_str()))
}

/// A body, read.
pub(in crate::provider) fn json(bytes: &[u8]) -> serde_json::Value {
    serde_json::from_slice(bytes).unwrap()
}

/// Whether a fact decides nothing.
pub(in crate::provider) fn is_unclear(fact: &Fact) -> bool {
    matches!(fact, Fact::Unclear { .. })
}

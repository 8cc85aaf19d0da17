//! Messages of windows, and records that the page reads. Input: a document.

use serde_json::Value as Json;
use widget::channel::{Gate, Kind};
use widget::record::{AttemptAnswer, Session, Status};
use widget::resume;
use widget::value::Value;

/// Words of messages.
pub const WORDS: &[&str] = &[
    "\"hanbeon\":1",
    "\"hanbeon\":2",
    "\"kind\":\"look\"",
    "\"kind\":\"ready\"",
    "\"nonce\":\"n1\"",
    "\"kind\":\"paid\"",
    "\"version\":",
    "\"phase\":\"paid\"",
    "\"outcome\":\"checking\"",
    "\"token\":",
    "\"presentation\":{\"kind\":\"popup\",\"url\":\"https://edge.example/w/",
    "\"nonce\":\"",
    "\"state_key\":",
    "\"poll_after_ms\":1000",
    "\"status\":{",
    "\"methods\":[",
    "\"idempotency_key\":",
    "javascript:alert(1)",
];
const EDGE: &str = "https://edge.example";
const NONCE: &str = "n1";

/// A message is let in once, from one place, and says "look" or "ready" at most; a record that is read has
/// its window on the edge.
pub fn target(bytes: &[u8]) -> bool {
    let Ok(json) = serde_json::from_slice::<Json>(bytes) else { return false };
    let value = plain(&json, 8);
    let admitted = gate(&json, &value);
    if let Some(answer) = AttemptAnswer::read(&value, EDGE)
        && let Some(window) = answer.window
    {
        assert!(window.url.starts_with("https://edge.example/"), "{}", window.url);
    }
    if let Some(link) = Status::read(&value).and_then(|status| status.link) {
        assert!(link.starts_with("http"), "{link}");
    }
    if let Some(session) = Session::read(&value) {
        assert!(session.amount.minor() > 0);
    }
    remembered(&value);
    admitted || Status::read(&value).is_some() || Session::read(&value).is_some()
}

fn gate(json: &Json, value: &Value) -> bool {
    let fresh = || Gate::new(EDGE.to_owned(), NONCE.to_owned());
    for (origin, ours) in [
        ("https://edge.example.evil", true),
        ("https://edge.exampl", true),
        ("http://edge.example", true),
        ("null", true),
        ("", true),
        (EDGE, false),
    ] {
        assert_eq!(fresh().admit(origin, ours, value), None, "{origin}");
    }
    let mut gate = fresh();
    let said = gate.admit(EDGE, true, value);
    assert_eq!(gate.admit(EDGE, true, value), None, "heard twice");
    if said.is_some() {
        assert_eq!(json["hanbeon"].as_u64(), Some(1));
        assert_eq!(json["nonce"].as_str(), Some(NONCE));
        assert_eq!(json["kind"].as_str().and_then(Kind::parse), said);
        let mut other = Gate::new(EDGE.to_owned(), "n2".to_owned());
        assert_eq!(other.admit(EDGE, true, value), None, "another window's");
    }
    said.is_some()
}

/// What is read from the browser's storage is written as it was read.
fn remembered(value: &Value) {
    let memory = resume::read(value);
    let members = resume::members(&memory);
    let written = members
        .into_iter()
        .map(|(name, text)| (name.to_owned(), text.map_or(Value::Null, Value::Text)));
    assert_eq!(resume::read(&Value::Map(written.collect())), memory);
}

/// As `value::of_message` reads what a browser hands it.
fn plain(json: &Json, depth: u32) -> Value {
    let Some(below) = depth.checked_sub(1) else { return Value::Null };
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => number.as_u64().map_or(Value::Null, Value::Whole),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(|item| plain(item, below)).collect()),
        Json::Object(members) => {
            let member = |(name, value): (&String, &Json)| (name.clone(), plain(value, below));
            Value::Map(members.iter().map(member).collect())
        }
    }
}

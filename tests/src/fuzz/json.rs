//! Documents.

use edge::json::{self, DEPTH_MAX, Limits};
use serde_json::Value;
use shared::problem::Code;

use super::world::closed;

/// Words of JSON.
pub const WORDS: &[&str] = &[
    "\"a\":",
    "[1,2]",
    "{\"a\":1,\"a\":2}",
    "\\uD83D\\uDE00",
    "\\uDC00",
    "\\/",
    "1e5",
    "1.0",
    "-1",
    "[[[[[[[[[[[[[[[[[",
    "]]]]]]]]]]]]]]]]]",
    "/**/",
    "//",
    "'a'",
    "True",
    "nul",
    "Infinity",
    "0x1",
];

/// Another strict reader agrees about what is a document and what it says; printed, it is read the same.
pub fn target(bytes: &[u8]) -> bool {
    let read = || json::canonical(bytes, Limits::BODY);
    let theirs = serde_json::from_slice::<Value>(bytes);
    match read() {
        Ok(text) => {
            assert_eq!(json::canonical(text.as_bytes(), Limits::BODY).as_ref().ok(), Some(&text));
            match theirs {
                Ok(value) => {
                    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
                    assert!(depth(&value) <= DEPTH_MAX, "nested too deep");
                }
                // Their numbers are doubles; ours are not looked at.
                Err(error) => assert!(error.to_string().contains("out of range"), "{error}"),
            }
            true
        }
        Err(refusal) => {
            closed(refusal.code, read().err().map(|refusal| refusal.code));
            match refusal.code {
                Code::JsonInvalid if has_odd_number(bytes) => {}
                Code::JsonInvalid => assert!(theirs.is_err(), "they read {theirs:?}"),
                Code::BodyTooLarge => assert!(bytes.len() > Limits::BODY.bytes),
                Code::JsonTooDeep | Code::JsonDuplicateKey => {}
                other => panic!("{other:?} says nothing about a document"),
            }
            false
        }
    }
}

/// A number that nobody means: longer than 64 bytes, or of a power beyond every double. Ours has no place for
/// it, theirs may.
fn has_odd_number(bytes: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    bytes.split(|byte| !is_part(byte)).any(|number| {
        let power = number.split(|byte| b"eE".contains(byte)).nth(1).unwrap_or_default();
        let power = String::from_utf8_lossy(power).trim_start_matches(['+', '-']).to_owned();
        number.len() > 64 || power.parse::<u64>().map_or(power.len() > 3, |power| power > 308)
    })
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

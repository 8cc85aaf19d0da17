//! What survives a reload: one entry of the page's local storage for each checkout.
//!
//! # Why
//! Whoever can run script in the page can write here, so an entry is parsed and never trusted: the
//! edge checks the key in it. Where there is no storage (private windows, blocked cookies), payment
//! goes on without memory.

use crate::flow::{Intent, Memory};
use crate::record::{Presentation, name};
use crate::value::Value;

/// The key of the entry.
#[must_use]
pub fn entry_name(checkout: &str) -> String {
    ["hanbeon:", checkout].concat()
}

/// Reads an entry; whatever is not what we would have written is left out.
#[must_use]
pub fn read(entry: &Value) -> Memory {
    let intent = (|| {
        Some(Intent {
            key: name(entry.get("idempotency_key"))?,
            method: name(entry.get("method"))?,
            rung: Presentation::parse(entry.get("presentation").text()?)?,
            token: String::new(),
        })
    })();
    Memory { state_key: name(entry.get("state_key")), intent, attempt: name(entry.get("attempt")) }
}

/// The members of an entry, in the order in which they are written. The token is none of them.
#[must_use]
pub fn members(memory: &Memory) -> Vec<(&'static str, Option<String>)> {
    let intent = memory.intent.as_ref();
    vec![
        ("state_key", memory.state_key.clone()),
        ("idempotency_key", intent.map(|intent| intent.key.clone())),
        ("attempt", memory.attempt.clone()),
        ("presentation", intent.map(|intent| intent.rung.code().to_owned())),
        ("method", intent.map(|intent| intent.method.clone())),
    ]
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use super::{Memory, entry_name, members, read};
    use crate::value;

    fn storage() -> Option<web_sys::Storage> {
        leptos::prelude::window().local_storage().ok().flatten()
    }

    /// What this browser remembers of the checkout.
    pub(crate) fn recall(checkout: &str) -> Memory {
        storage()
            .and_then(|storage| storage.get_item(&entry_name(checkout)).ok().flatten())
            .and_then(|text| value::parse(&text))
            .map(|entry| read(&entry))
            .unwrap_or_default()
    }

    /// Writes the entry. A tab without a key never overwrites the key of another.
    pub(crate) fn remember(checkout: &str, memory: &Memory) {
        if memory.state_key.is_none() && recall(checkout).state_key.is_some() {
            return;
        }
        let text = value::print(&members(memory));
        if let Some(storage) = storage() {
            let _full = storage.set_item(&entry_name(checkout), &text);
        }
    }

    /// Removes the entry.
    pub(crate) fn forget(checkout: &str) {
        if let Some(storage) = storage() {
            let _gone = storage.remove_item(&entry_name(checkout));
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) use browser::{forget, recall, remember};

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(members: &[(&str, &str)]) -> Value {
        let text = |text: &str| Value::Text(text.to_owned());
        Value::Map(members.iter().map(|(key, value)| ((*key).to_owned(), text(value))).collect())
    }

    #[test]
    fn what_is_written_is_read_again() {
        let memory = Memory {
            state_key: Some("00ff".to_owned()),
            intent: Some(Intent {
                key: "9b2c-1".to_owned(),
                method: "toss_card".to_owned(),
                rung: Presentation::Popup,
                token: String::new(),
            }),
            attempt: Some("att_1".to_owned()),
        };
        let written: Vec<(&str, String)> =
            members(&memory).into_iter().map(|(key, value)| (key, value.unwrap())).collect();
        let borrowed: Vec<(&str, &str)> =
            written.iter().map(|(key, value)| (*key, value.as_str())).collect();
        assert_eq!(read(&entry(&borrowed)), memory);
    }

    #[test]
    fn the_token_is_never_written() {
        let intent = Intent {
            key: "k".to_owned(),
            method: "m".to_owned(),
            rung: Presentation::Popup,
            token: "secret".to_owned(),
        };
        let memory = Memory { intent: Some(intent), ..Memory::default() };
        assert!(members(&memory).iter().all(|(_, value)| value.as_deref() != Some("secret")));
    }

    #[test]
    fn a_forged_entry_is_left_out() {
        assert_eq!(read(&Value::Null), Memory::default());
        let forged = entry(&[
            ("state_key", "a\r\nCookie: b"),
            ("idempotency_key", "k"),
            ("method", "toss_card"),
            ("presentation", "hologram"),
            ("attempt", ""),
        ]);
        assert_eq!(read(&forged), Memory::default());
    }
}

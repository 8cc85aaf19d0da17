//! What the sandbox heard and said: the panel shows it, tests read it. Keys are left out, and so are
//! passwords, numbers out of messages, and what buyers type about themselves (R68).

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::moment;

/// Entries that are kept; the oldest go first.
const ENTRIES_MAX: usize = 2_000;
/// Characters of a body that are kept.
const BODY_CHARS_MAX: usize = 4_000;

/// Fields of forms that nobody may read later.
const LEFT_OUT: [&str; 7] = ["PWD", "otp", "phone", "birth", "sex", "ACCOUNT", "HOLDER"];

/// Who spoke first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// A request reached the sandbox.
    In,
    /// The sandbox sent an event.
    Out,
}

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number in this sandbox.
    pub n: u64,
    /// When, in milliseconds since 1970, by the sandbox's clock.
    pub at: i64,
    /// Who spoke first.
    pub direction: Direction,
    /// GET or POST.
    pub method: String,
    /// Path with query, or the address of an event.
    pub path: String,
    /// The body that was sent.
    pub request: String,
    /// The idempotency key, when there was one.
    pub key: Option<String>,
    /// The answer's status; 0 when there was none.
    pub status: u16,
    /// The answer's body; pages are left out.
    pub response: String,
}

/// The last entries.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    entries: VecDeque<Entry>,
    count: u64,
}

impl Journal {
    /// Writes an entry down; its number is given here.
    pub fn write(&mut self, mut entry: Entry) {
        self.count += 1;
        entry.n = self.count;
        entry.request = short(&without(&entry.request));
        entry.response = short(&entry.response);
        self.entries.push_back(entry);
        if self.entries.len() > ENTRIES_MAX {
            self.entries.pop_front();
        }
    }

    /// Oldest first, after number `after`; `last` falls when the journal was emptied.
    #[must_use]
    pub fn json(&self, after: u64) -> Value {
        let later = self.entries.iter().filter(|entry| entry.n > after);
        json!({ "entries": later.map(line).collect::<Vec<_>>(), "last": self.count })
    }
}

/// A form without what is left out; anything else as it is.
fn without(body: &str) -> String {
    let pairs = body.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if LEFT_OUT.contains(&name) && !value.is_empty() => {
            format!("{name}=(left out)")
        }
        Some(_) | None => pair.to_owned(),
    });
    pairs.collect::<Vec<_>>().join("&")
}

fn short(text: &str) -> String {
    text.chars().take(BODY_CHARS_MAX).collect()
}

fn line(entry: &Entry) -> Value {
    json!({
        "n": entry.n,
        "at": moment::iso(entry.at),
        "direction": match entry.direction { Direction::In => "in", Direction::Out => "out" },
        "method": entry.method,
        "path": entry.path,
        "request": entry.request,
        "idempotency_key": entry.key,
        "status": entry.status,
        "response": entry.response,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> Entry {
        Entry {
            n: 0,
            at: 0,
            direction: Direction::In,
            method: "GET".to_owned(),
            path: path.to_owned(),
            request: "x".repeat(BODY_CHARS_MAX + 1),
            key: None,
            status: 200,
            response: String::new(),
        }
    }

    #[test]
    fn r68_passwords_numbers_and_people_are_left_out() {
        let body = "ID=1&PWD=secret&otp=123456&phone=01012345678&a=PWD&birth=900101&otp=";
        let left =
            "ID=1&PWD=(left out)&otp=(left out)&phone=(left out)&a=PWD&birth=(left out)&otp=";
        assert_eq!(without(body), left);
        assert_eq!(without(r#"{"a":"b&c=d"}"#), r#"{"a":"b&c=d"}"#);
    }

    #[test]
    fn the_journal_keeps_the_last_entries_and_the_beginning_of_bodies() {
        let mut journal = Journal::default();
        for n in 0..ENTRIES_MAX + 3 {
            journal.write(entry(&format!("/{n}")));
        }
        let all = journal.json(0);
        let entries = all["entries"].as_array().unwrap();
        assert_eq!(entries.len(), ENTRIES_MAX);
        assert_eq!(entries[0]["path"], "/3");
        assert_eq!(entries[0]["request"].as_str().unwrap().len(), BODY_CHARS_MAX);
        let last = journal.json(u64::try_from(ENTRIES_MAX).unwrap() + 2);
        assert_eq!(last["entries"].as_array().unwrap().len(), 1);
    }
}

//! What the auditor writes down while things happen, and what it finds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::path::claims_of;
use super::rules::Ends;

/// Something that must not be, with the rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The invariant or the row of the failure table.
    pub rule: &'static str,
    /// What was seen.
    pub text: String,
}

/// What the auditor writes down while things happen.
#[derive(Debug, Default)]
pub(super) struct Notes {
    violations: Vec<Violation>,
    /// Which attempt each token began.
    begun: BTreeMap<String, String>,
    /// With which key each thing was asked for.
    keys: BTreeMap<String, String>,
    /// Answers of providers, by request.
    pub(super) heard: BTreeMap<String, u32>,
    /// When each notice was written.
    pub(super) posted: BTreeMap<String, u64>,
    /// When each first reached its shop.
    pub(super) reached: BTreeMap<String, u64>,
    /// Claims that were given back: at whose stock, by which attempt.
    released: BTreeSet<(String, String)>,
    /// Openings that were cut short: an order of theirs, and the key.
    pub(super) cut: BTreeSet<(String, String)>,
    /// How checkouts and money ended: what the runs are about.
    pub(super) ends: Ends,
}

impl Notes {
    /// Something is wrong.
    pub(super) fn wrong(&mut self, rule: &'static str, text: String) {
        self.violations.push(Violation { rule, text });
    }

    /// A page's wish was answered with a key: this token began this attempt (I-7).
    pub(super) fn begun(&mut self, token: &str, json: &Value) {
        let (Some(_), Some(attempt)) = (json["state_key"].as_str(), json["attempt"].as_str())
        else {
            return;
        };
        let known = self.begun.entry(token.to_owned()).or_insert_with(|| attempt.to_owned());
        if known != attempt {
            let text = format!("one token began {known} and {attempt}");
            self.wrong("I-7", text);
        }
    }

    /// Whether a page was answered that it began an attempt with a token of this checkout.
    pub(super) fn has_begun(&self, checkout: &str) -> bool {
        self.begun.keys().any(|token| claims_of(token)["chk"].as_str() == Some(checkout))
    }

    /// A provider is asked to do something, with a key: the same thing has the same key for ever (I-12).
    pub(super) fn ordered(&mut self, what: String, key: &str) {
        let known = self.keys.entry(what).or_insert_with(|| key.to_owned());
        if known != key {
            let text = format!("one thing was asked for with the keys {known} and {key}");
            self.wrong("I-12", text);
        }
    }

    /// The edge heard a provider's answer about a request.
    pub(super) fn heard(&mut self, request_id: &str, http_status: u16) {
        if http_status < 500 {
            *self.heard.entry(request_id.to_owned()).or_default() += 1;
        }
    }

    /// The stock said yes to a command of an attempt: nothing revives what was given back (F14).
    pub(super) fn stocked(&mut self, object: &str, command: &str, attempt: &str) {
        let claim = (object.to_owned(), attempt.to_owned());
        if command == "release" {
            self.released.insert(claim);
        } else if self.released.contains(&claim) {
            let text = format!("{object} answers {command} of {attempt}, which gave it back");
            self.wrong("I-4 F14", text);
        }
    }

    /// A letter was given to the queue.
    pub(super) fn posted(&mut self, text: &str) {
        let json: Value = serde_json::from_str(text).unwrap_or_default();
        if let (Some(id), Some(_)) = (json["id"].as_str(), json["notice"].as_str()) {
            self.posted.insert(id.to_owned(), json["at"].as_u64().unwrap_or(0));
        }
    }

    /// A notice reached its shop.
    pub(super) fn reached(&mut self, id: &str, at: u64) {
        self.reached.entry(id.to_owned()).or_insert(at);
    }

    /// What was found.
    pub(super) fn take(&mut self) -> Vec<Violation> {
        std::mem::take(&mut self.violations)
    }
}

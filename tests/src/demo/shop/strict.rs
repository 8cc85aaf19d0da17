//! The headers of the shop's pages, and what browsers report of them.
//!
//! The pages are served with the lines that `cargo x doctor` prints for them, and browsers are asked to
//! report whatever they refuse. A test may put other lines in their place, to see what they break.

use axum::body::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Config, pages};

/// Where browsers report to.
const REPORTS: &str = "; report-uri /api/reports";
/// A page that is refused something in a loop fills no memory.
const REPORTS_MAX: usize = 100;

/// Header lines: name and value.
pub type Lines = Vec<(String, String)>;

/// `POST /api/admin/headers`: without lines, the usual ones.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    lines: Option<Lines>,
}

/// What is sent with pages, and what came of it.
pub struct Strict {
    lines: Lines,
    reports: Vec<Value>,
}

impl Strict {
    /// The usual lines.
    pub fn new(config: &Config) -> Self {
        Self { lines: reported(pages::lines(config)), reports: Vec::new() }
    }

    /// What is sent with each page.
    pub fn lines(&self) -> Lines {
        self.lines.clone()
    }

    /// Other lines from now on, and no reports yet.
    pub fn set(&mut self, config: &Config, asked: Asked) -> Answer {
        self.lines = reported(asked.lines.unwrap_or_else(|| pages::lines(config)));
        self.reports.clear();
        Ok((200, json!({ "lines": self.lines })))
    }

    /// A browser refused something.
    pub fn report(&mut self, body: &Bytes) -> Answer {
        if self.reports.len() < REPORTS_MAX {
            self.reports.push(serde_json::from_slice(body).unwrap_or(Value::Null));
        }
        Ok((200, json!({})))
    }

    /// Everything that was reported.
    pub fn told(&self) -> Value {
        json!({ "reports": self.reports })
    }
}

fn reported(lines: Lines) -> Lines {
    let report = |(name, value): (String, String)| match name.as_str() {
        "content-security-policy" => (name, value + REPORTS),
        _ => (name, value),
    };
    lines.into_iter().map(report).collect()
}

//! `cargo x doctor`: what a page lets the payment element do, the header lines to use, and the inventory of
//! its scripts. Pure: whoever fetches the page is `bin/doctor.rs`.
//!
//! Map: `html` what stands in the page · `policy` what its content policies allow · `rules` what follows
//! for each presentation · `lines` the headers to use · `inventory` its scripts for PCI DSS.
//!
//! # Why two crates
//! Pages are tokenised by `html5gum` and policies matched by `content-security-policy`, which browsers'
//! engines use: whether `https://*.shop.kr:*` matches an address is a page of a standard, and a second
//! reading of it would be wrong somewhere. What is no header and no markup (a tag that a script writes
//! later, a policy that another answer of the same server has) is not seen, and the report says so.

mod html;
mod inventory;
pub mod lines;
mod policy;
mod rules;

use content_security_policy::Url;
use serde_json::{Value, json};

pub use inventory::{Code, hash};
pub use rules::{Finding, Grade, Rung};

use html::Document;
use policy::Policies;

/// A page as it was answered.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it was found, after every redirection.
    pub url: Url,
    /// The HTTP status code.
    pub http_status: u16,
    /// Names in lower case; several of one name are joined by commas or stand one after the other.
    pub headers: Vec<(String, String)>,
    /// Its bytes.
    pub body: Vec<u8>,
}

impl Page {
    /// All values of a header, joined as HTTP joins them.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<&str> = self
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// What is known besides the page.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Where the payment element comes from, if the page's own tag does not say.
    pub edge: Option<Url>,
    /// Origins of the providers whose windows are shown in frames.
    pub frames: Vec<Url>,
}

/// Everything that is told about a page.
#[derive(Debug)]
pub struct Report {
    /// The page.
    pub page: Page,
    /// Where the element comes from.
    pub edge: Option<Url>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// The header lines to use.
    pub lines: Vec<(&'static str, String)>,
    document: Document,
}

/// Looks at a page.
#[must_use]
pub fn examine(page: Page, asked: &Asked) -> Report {
    let document = html::read(&page.body, &page.url);
    let edge = document.edge().or_else(|| asked.edge.clone());
    let policies = Policies::of(&page, &document);
    let mut findings = rules::all(&page, &document, &policies, edge.as_ref(), &asked.frames);
    findings.sort_by_key(|finding| finding.grade);
    let lines =
        lines::of(&lines::Needs::of_page(&page.url, &document, edge.as_ref(), &asked.frames));
    Report { page, edge, findings, lines, document }
}

impl Report {
    /// Whether a presentation works: the worst that was found about it.
    #[must_use]
    pub fn verdict(&self, rung: Rung) -> Option<Grade> {
        let about = self.findings.iter().filter(|finding| finding.touches.contains(&rung));
        about.map(|finding| finding.grade).min().filter(|grade| *grade != Grade::Note)
    }

    /// Addresses of the scripts that are to be fetched for their hashes.
    #[must_use]
    pub fn addresses(&self) -> Vec<Url> {
        self.document.scripts.iter().filter_map(|script| script.src.clone()).collect()
    }

    /// The report for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let rungs = Rung::ALL.map(|rung| {
            let word = self.verdict(rung).map_or("works", Grade::word);
            (rung.word().to_owned(), Value::from(word))
        });
        let findings = self.findings.iter().map(|finding| {
            let touches: Vec<&str> = finding.touches.iter().map(|rung| rung.word()).collect();
            json!({ "code": finding.code, "grade": finding.grade.word(), "touches": touches,
                    "words": finding.words })
        });
        let lines = self.lines.iter().map(|(name, value)| json!({ "name": name, "value": value }));
        json!({
            "page": self.page.url.as_str(),
            "http_status": self.page.http_status,
            "edge": self.edge.as_ref().map(|edge| edge.origin().ascii_serialization()),
            "presentations": Value::Object(rungs.into_iter().collect()),
            "findings": findings.collect::<Vec<_>>(),
            "headers": lines.collect::<Vec<_>>(),
        })
    }

    /// The inventory of its scripts. `codes` are those of [`Report::addresses`] that could be fetched.
    #[must_use]
    pub fn inventory(&self, codes: &[Code], at: &str) -> Value {
        inventory::of(self, codes, at)
    }
}

#[cfg(test)]
mod tests;

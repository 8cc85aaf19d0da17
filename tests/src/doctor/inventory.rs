//! The inventory of a page's scripts, as PCI DSS 4.0.1 asks for it: 6.4.3 (each script is authorised, its
//! integrity assured, and listed with the reason why it is there) and 11.6.1 (changes of scripts and of
//! security headers are noticed: compare two of these files).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use content_security_policy::Url;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha384};

use super::Report;
use super::html::Script;

/// Headers whose change 11.6.1 wants to be noticed.
const WATCHED: [&str; 9] = [
    "content-security-policy",
    "content-security-policy-report-only",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-embedder-policy",
    "x-frame-options",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
];

/// Said of redirect: why it is the mode with the smallest scope.
const REDIRECT: &str = "presentation=\"redirect\" is the mode with the smallest scope: SAQ A's criterion about \
    scripts does not apply to pages that redirect (PCI SSC FAQ 1588); to pages with a provider's frame it \
    does, and 6.4.3 and 11.6.1 are a way to meet it";

/// What was fetched of an address.
#[derive(Debug, Clone)]
pub struct Code {
    /// Where.
    pub url: Url,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// A hash as `integrity` writes it.
#[must_use]
pub fn hash(bytes: &[u8]) -> String {
    format!("sha384-{}", STANDARD.encode(Sha384::digest(bytes)))
}

pub(super) fn of(report: &Report, codes: &[Code], at: &str) -> Value {
    let mut scripts: Vec<Value> =
        report.document.scripts.iter().filter(|s| s.runs()).map(|s| row(s, codes)).collect();
    scripts.extend(loaded(report, codes));
    let headers = WATCHED.iter().map(|name| ((*name).to_owned(), report.page.header(name).into()));
    json!({
        "page": report.page.url.as_str(),
        "at": at,
        "purpose": "PCI DSS 4.0.1, 6.4.3 and 11.6.1: fill in each \"why\", keep the file, compare the next",
        "scope": REDIRECT,
        "scripts": scripts,
        "headers": Value::Object(headers.collect()),
    })
}

fn row(script: &Script, codes: &[Code]) -> Value {
    let code = script.src.as_ref().and_then(|src| codes.iter().find(|code| code.url == *src));
    let bytes = match &script.src {
        None => Some(script.text.as_bytes()),
        Some(_) => code.map(|code| code.body.as_slice()),
    };
    let now = bytes.map(hash);
    // Other algorithms are left to the browser: null says that it was not compared.
    let holds =
        script.integrity.as_ref().filter(|value| value.contains("sha384-")).and_then(|said| {
            now.as_ref().map(|now| said.split_ascii_whitespace().any(|one| one == now))
        });
    let why = if script.is_loader() { "payment element (Hanbeon), its loader" } else { "" };
    json!({
        "src": script.src.as_ref().map(Url::as_str),
        "inline": script.src.is_none(),
        "type": script.kind,
        "integrity": script.integrity,
        "integrity_holds": holds,
        "nonce": script.nonce.is_some(),
        "sha384": now,
        "bytes": bytes.map(<[u8]>::len),
        "why": why,
    })
}

/// What the loader fetches by itself: the files that it names.
fn loaded(report: &Report, codes: &[Code]) -> Vec<Value> {
    let loader = report.document.scripts.iter().find(|script| script.is_loader());
    let Some(src) = loader.and_then(|script| script.src.as_ref()) else { return Vec::new() };
    let Some(code) = codes.iter().find(|code| code.url == *src) else { return Vec::new() };
    let text = String::from_utf8_lossy(&code.body);
    let ends = [".js", ".wasm", ".css"];
    let mut names: Vec<&str> = text
        .split(['"', '\'', '`'])
        .filter(|word| ends.iter().any(|end| word.ends_with(end) && word.len() > end.len()))
        .filter(|word| word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-/".contains(&b)))
        .collect();
    names.sort_unstable();
    names.dedup();
    let rows = names.iter().filter_map(|name| src.join(name).ok()).map(|url| {
        json!({ "src": url.as_str(), "inline": false, "loaded_by": src.as_str(),
                "why": "payment element (Hanbeon)" })
    });
    rows.collect()
}

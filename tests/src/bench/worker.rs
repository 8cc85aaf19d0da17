//! The workers that are compared: what each is asked, and what it must answer.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use serde_json::{Value, json};

use super::load::{Answer, Shot};
use crate::demo::released;
use crate::demo::shop::poster::sign;

/// The demo's keys: public, as everything in its configuration.
const QUOTE_KEY: &[u8] = b"demo-only:quote-key:camera:Jc7Xw2Lq9Rt4Vn";
const API_KEY: &str = "sk_test_camera_000000000000000000000000";
const ORIGIN: &str = "https://shop.example.com";
/// What everything costs.
const AMOUNT: u64 = 31_000;

/// Who is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worker {
    /// What ships.
    Ours,
    /// As most teams would write it.
    Common,
    /// Our design in TypeScript.
    Twin,
    /// What the runtime itself costs.
    Floors,
}

impl Worker {
    /// In the order in which they take turns.
    pub const ALL: [Self; 4] = [Self::Common, Self::Ours, Self::Twin, Self::Floors];

    /// Its name in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Common => "common",
            Self::Twin => "twin",
            Self::Floors => "floors",
        }
    }

    /// How the runtime is told to run it.
    #[must_use]
    pub fn words(self) -> Vec<String> {
        let peer = |folder: &str| vec!["--edge".to_owned(), format!("tests/bench/{folder}")];
        let mut words = match self {
            Self::Ours => {
                let config = format!("HANBEON_CONFIG={}", released());
                let words = [
                    // One shop's static page at a sale: the bound on exchanges is the deployer's to set.
                    "--rate",
                    "1000000000",
                    // Who does not pay is looked up in time, at a provider who knows of nothing.
                    "--outside",
                    "404",
                    "--var",
                    &config,
                ];
                words.map(str::to_owned).to_vec()
            }
            Self::Common | Self::Twin | Self::Floors => peer(self.name()),
        };
        // The network's own door stands before none of them, nor does the page's files'.
        words.extend(["--bare", "--build", "build"].map(str::to_owned));
        words
    }

    /// Where it says that it is there.
    #[must_use]
    pub const fn health(self) -> &'static str {
        match self {
            Self::Ours => "/v1/health",
            Self::Common | Self::Twin | Self::Floors => "/health",
        }
    }

    /// The exchange of a quote of this number, for a thing of this name.
    #[must_use]
    pub fn exchange(self, n: u64, sku: &str, expires: u64) -> Shot {
        let quote = sign(
            "camera-1",
            QUOTE_KEY,
            &json!({
                "iss": "m_camera", "jti": format!("bench-{n}"), "use": "once", "exp": expires,
                "lines": [{ "sku": sku, "name": "Fujifilm X100V", "quantity": 1,
                             "unit_amount": AMOUNT, "unlimited": sku == "free" }],
                "amount": AMOUNT, "currency": "KRW", "return_url": format!("{ORIGIN}/return.html"),
            }),
        );
        let path = self.path("/quotes/exchange");
        self.page(Method::POST, path, n, json!({ "quote": quote }).to_string())
    }

    /// The first attempt with a token.
    #[must_use]
    pub fn attempt(self, n: u64, token: &str) -> Shot {
        let body = match self {
            Self::Ours => {
                json!({ "method": "toss_card", "presentation": "redirect", "device": "pc", "locale": "ko" })
            }
            Self::Common | Self::Twin | Self::Floors => {
                json!({ "method": "toss_card", "presentation": "redirect" })
            }
        };
        let mut shot = self.page(Method::POST, self.path("/attempts"), n, body.to_string());
        shot.headers.push(("authorization", format!("Bearer {token}")));
        shot.headers.push(("idempotency-key", format!("bench-key-{n:08}")));
        shot
    }

    /// The buyer of ours who began so leaves the window; nobody else shows one.
    #[must_use]
    pub fn leave(self, begun: &Answer) -> Option<Shot> {
        if self != Self::Ours {
            return None;
        }
        let body = read(begun, 201).ok()?;
        let text = |name: &str| body[name].as_str();
        let (key, checkout) = text("state_key").zip(body["status"]["checkout"].as_str())?;
        let attempt = body["status"]["attempt"].as_str()?;
        let mut shot = self.page(
            Method::POST,
            self.path("/abandon"),
            0,
            json!({ "attempt": attempt }).to_string(),
        );
        shot.headers.push(("authorization", format!("State {checkout}.{key}")));
        Some(shot)
    }

    /// The header by which the shop's server is known.
    #[must_use]
    pub fn key() -> (&'static str, String) {
        ("authorization", format!("Bearer {API_KEY}"))
    }

    /// The shop's server opens a checkout of our own.
    #[must_use]
    pub fn open(n: u64) -> Shot {
        let body = json!({
            "buyer": { "id": format!("b-{n}") },
            "orders": [{ "order_id": format!("bench-{n}"), "seller": "m_camera", "amount": AMOUNT,
                         "lines": [{ "sku": "free", "name": "Fujifilm X100V", "quantity": 1,
                                     "unit_amount": AMOUNT, "unlimited": true }] }],
            "amount": AMOUNT, "currency": "KRW", "return_url": format!("{ORIGIN}/return.html"),
        });
        Shot {
            method: Method::POST,
            path: Self::Ours.path("/checkouts"),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                Self::key(),
                ("idempotency-key", format!("bench-open-{n:08}")),
            ],
            body: body.to_string(),
        }
    }

    /// An opened checkout's id and token.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub fn opened(answer: &Answer) -> Result<(String, String), String> {
        let body = read(answer, 201)?;
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let opened = text("id").zip(text("token"));
        opened.ok_or_else(|| format!("no checkout: {body}"))
    }

    /// The path of the window that an attempt shows.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub fn window(answer: &Answer) -> Result<String, String> {
        Self::Ours.begun(answer)?;
        let body = read(answer, 201)?;
        let url = body["presentation"]["url"].as_str().unwrap_or_default();
        let path = url.find("/w/").and_then(|at| url.get(at..));
        path.map(str::to_owned).ok_or_else(|| format!("no window: {body}"))
    }

    /// The shop says how many there are.
    #[must_use]
    pub fn stock(self, sku: &str, units: u64) -> Shot {
        Shot {
            method: Method::PUT,
            path: self.path(&format!("/stock/{sku}")),
            headers: vec![
                ("content-type", "application/json".to_owned()),
                Self::key(),
                ("idempotency-key", format!("bench-stock-{sku}-{units}")),
            ],
            body: json!({ "units": units }).to_string(),
        }
    }

    /// One row of the floors.
    #[must_use]
    pub fn floor(path: &str, n: u64) -> Shot {
        let body = json!({ "id": format!("row-{n}") }).to_string();
        Self::Floors.page(Method::POST, path.to_owned(), n, body)
    }

    fn path(self, path: &str) -> String {
        if self == Self::Ours { format!("/v1{path}") } else { path.to_owned() }
    }

    /// Every request is another buyer's, from another address.
    fn page(self, method: Method, path: String, n: u64, body: String) -> Shot {
        let [_, a, b, c] = u32::try_from(n % (1 << 24)).unwrap_or(0).to_be_bytes();
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("origin", ORIGIN.to_owned()),
            ("cf-connecting-ip", format!("10.{a}.{b}.{c}")),
        ];
        Shot { method, path, headers, body }
    }

    /// The token of an exchange; it must say what the quote says.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub fn token(self, answer: &Answer) -> Result<String, String> {
        let body = read(answer, 200)?;
        let token = body["token"].as_str().unwrap_or_default();
        let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let claims: Value =
            claims.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(Value::Null);
        let amount = if self == Self::Ours { &claims["amt"] } else { &claims["amount"] };
        if amount != AMOUNT || body["checkout"].as_str().is_none() {
            return Err(format!("a token of another amount: {claims} in {body}"));
        }
        Ok(token.to_owned())
    }

    /// An attempt must have begun, and show the provider's window.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub fn begun(self, answer: &Answer) -> Result<(), String> {
        let body = read(answer, 201)?;
        let shows = body["presentation"]["url"].as_str().is_some_and(|url| url.contains("/w/"));
        let is_named = body["attempt"].as_str().is_some_and(|id| id.len() >= 32);
        let stands = match self {
            Self::Ours => body["status"]["phase"] == "presented",
            Self::Common | Self::Twin | Self::Floors => body["amount"] == AMOUNT,
        };
        if shows && is_named && stands { Ok(()) } else { Err(format!("no attempt: {body}")) }
    }

    /// Whether a buyer got the last piece; anything but a plain yes or no is wrong.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub fn won(self, answer: &Answer) -> Result<bool, String> {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let lost = match self {
            // An attempt that found nothing left is told of like any other.
            Self::Ours => {
                body["status"]["decline"]["code"] == "sold_out" || body["code"] == "sold_out"
            }
            Self::Common | Self::Twin | Self::Floors => body["code"] == "sold_out",
        };
        if lost { Ok(false) } else { self.begun(answer).map(|()| true) }
    }

    /// A used token must be refused.
    ///
    /// # Errors
    /// What is wrong with the answer.
    pub fn replayed(answer: &Answer) -> Result<(), String> {
        let body = read(answer, 409)?;
        if body["code"] == "token_replayed" { Ok(()) } else { Err(format!("no replay: {body}")) }
    }
}

/// A row of the floors must be the one that was sent.
///
/// # Errors
/// What is wrong with the answer.
pub fn row(n: u64, answer: &Answer) -> Result<(), String> {
    let body = read(answer, 201)?;
    let is_mine = body["id"] == format!("row-{n}");
    if is_mine && body["rows"] == 1 { Ok(()) } else { Err(format!("another row: {body}")) }
}

fn read(answer: &Answer, status: u16) -> Result<Value, String> {
    let text = || String::from_utf8_lossy(&answer.body).into_owned();
    if answer.status != status {
        return Err(format!("{} instead of {status}: {}", answer.status, text()));
    }
    serde_json::from_slice(&answer.body).map_err(|_| format!("no JSON: {}", text()))
}

//! Where shops and buyers of a crash test stand: how they ask, and ask again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

use super::ledger::{Ledger, Merchant, Sale};
use super::now;
use super::wires::BUYERS;
use crate::http::{Answer, Call};

/// The shop with cards, KB and Unicro.
pub const CAMERA: Merchant = Merchant { key: "sk_test_camera_000000000000000000000000" };
/// The shop with PortOne.
pub const BOOKS: Merchant = Merchant { key: "sk_test_books_0000000000000000000000000" };

/// How long the same is asked again before somebody gives up.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long an answer may take: a thousand requests at once wait for each other.
const ANSWER_WAIT: Duration = Duration::from_secs(60);
/// Between two times.
const PAUSE: Duration = Duration::from_millis(15);

/// A world's parties.
pub struct Scene {
    /// The edge, for calls between servers.
    pub edge: String,
    /// The providers.
    pub psp: String,
    /// The shop as a browser sees it.
    pub shop_origin: String,
    /// What was acknowledged.
    pub ledger: Arc<Ledger>,
    /// Its connections.
    pub agent: Agent,
    name: String,
    count: AtomicU64,
}

impl Scene {
    /// The parties on three ports from `base`.
    pub fn new(name: &str, base: u16, shop_origin: &str, ledger: Arc<Ledger>) -> Self {
        let at = |step: u16| format!("http://127.0.0.1:{}", base + step);
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(ANSWER_WAIT))
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .build()
            .into();
        let (name, shop_origin) = (name.to_owned(), shop_origin.to_owned());
        let count = AtomicU64::new(1);
        Self { edge: at(2), psp: at(1), shop_origin, ledger, agent, name, count }
    }

    /// A name that nobody else has.
    pub fn fresh(&self, kind: &str) -> String {
        format!("{kind}-{}-{:06}", self.name, self.count.fetch_add(1, Ordering::Relaxed))
    }

    /// A call of a shop's server.
    pub fn shop(&self, merchant: Merchant, method: &str, path: &str) -> Call<'_> {
        let key = format!("Bearer {}", merchant.key);
        self.edge(method, path).header("authorization", &key)
    }

    /// A call to the edge.
    pub fn edge(&self, method: &str, path: &str) -> Call<'_> {
        Call::new(&self.agent, method, &format!("{}{path}", self.edge))
    }

    /// What a buyer's browser asks for: browsers know `*.localhost`, resolvers do not.
    pub fn browse(&self, method: &str, url: &str) -> Call<'_> {
        let url = ["shop", "psp", "edge"].iter().fold(url.to_owned(), |url, name| {
            url.replacen(&format!("http://{name}.localhost:"), "http://127.0.0.1:", 1)
        });
        let url = if url.starts_with("http") { url } else { format!("{}{url}", self.psp) };
        Call::new(&self.agent, method, &url).header(BUYERS, "1")
    }

    /// Asks until somebody answers: a runtime that is dead, or dies meanwhile, has said nothing.
    pub fn ask<'a>(&'a self, call: impl Fn() -> Call<'a>) -> Option<Answer> {
        let begun = now();
        loop {
            let answered = call().try_send().filter(|answer| answer.code < 500);
            let waits = |answer: &Answer| answer.problem().1 == "request_in_progress";
            if let Some(answer) = answered.filter(|answer| !waits(answer)) {
                return Some(answer);
            }
            if begun.elapsed() > PATIENCE {
                return None;
            }
            thread::sleep(PAUSE);
        }
    }

    /// A reading call's answer as JSON; `Null` when there is none.
    pub fn read(&self, merchant: Merchant, path: &str) -> Value {
        let answer = self.ask(|| self.shop(merchant, "GET", path));
        let found = answer.filter(|answer| answer.code == 200);
        found.and_then(|answer| serde_json::from_str(&answer.body).ok()).unwrap_or_default()
    }

    /// Something that only the sandbox's panel can do.
    pub fn control(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}/control{path}", self.psp);
        let answer = self.ask(|| Call::new(&self.agent, "POST", &url).json(body));
        answer.and_then(|answer| serde_json::from_str(&answer.body).ok()).unwrap_or_default()
    }

    /// What the sandbox's panel shows.
    pub fn panel(&self, path: &str) -> Value {
        let url = format!("{}/control{path}", self.psp);
        let answer = self.ask(|| Call::new(&self.agent, "GET", &url));
        answer.and_then(|answer| serde_json::from_str(&answer.body).ok()).unwrap_or_default()
    }

    /// Whoever has an account pays into it.
    pub fn deposits(&self) {
        let books = self.panel("/books");
        let lines = books["payments"].as_array().into_iter().flatten();
        for line in lines.filter(|line| line["awaits_deposit"] == true) {
            self.control("/deposit", &json!({ "request_id": line["request_id"] }));
        }
    }

    /// Counts the pieces of something.
    pub fn set_stock(&self, sku: &str, units: u64) -> Option<()> {
        let path = format!("/v1/stock/{sku}");
        let body = json!({ "units": units });
        let answer = self.ask(|| self.shop(CAMERA, "PUT", &path).json(&body))?;
        self.ledger.counted("stock", 1);
        (answer.code == 200).then_some(())
    }

    /// Opens a checkout; the sale's number and its token.
    pub fn open(&self, merchant: Merchant, sku: &str, amount: u64) -> Option<(usize, String)> {
        let (order, key) = (self.fresh("o"), self.fresh("crash-key"));
        let body = json!({
            "buyer": { "id": self.fresh("u") },
            "orders": [{
                "order_id": order, "seller": "s1", "amount": amount,
                "lines": [{ "sku": sku, "name": "Fujifilm X100V", "quantity": 1, "unit_amount": amount }],
            }],
            "amount": amount, "currency": "KRW",
            "return_url": format!("{}/return.html", self.shop_origin),
        });
        let sale = self.ledger.sells(Sale {
            merchant,
            order,
            amount,
            opening: (body.clone(), key.clone()),
            checkout: None,
            last_piece: sku.starts_with("last").then(|| sku.to_owned()),
            attempts: Default::default(),
            wanted: 0,
            version: 0,
            told_paid: false,
            refunds: Default::default(),
            wished: 0,
            cancels: false,
            cancelled: false,
        });
        let ask = || self.shop(merchant, "POST", "/v1/checkouts").key(&key).json(&body);
        let answer = self.ask(ask)?;
        if !matches!(answer.code, 200 | 201) {
            self.ledger.odd(format!("opening {key}: {} {}", answer.code, answer.body));
            return None;
        }
        let view = answer.json();
        let id = view["id"].as_str()?.to_owned();
        self.ledger.acknowledged("open", sale, |sale| sale.checkout = Some(id));
        Some((sale, view["token"].as_str()?.to_owned()))
    }
}

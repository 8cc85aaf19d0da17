//! The shop's only door to the edge: the documented HTTP API, called with the secret key.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use ureq::{Agent, http};

/// One call to the edge may take this long before it counts as silence.
const ANSWER_WAIT: Duration = Duration::from_secs(15);
/// A call with an idempotency key is repeated this often after silence or "in progress".
const TRIES_MAX: u32 = 3;
/// Between two tries.
const TRY_PAUSE: Duration = Duration::from_millis(400);

/// A shop's account at the edge: one for each of the two shops.
pub struct Merchant {
    pub id: &'static str,
    key: &'static str,
    /// Signs the notices that the edge sends us.
    pub notice_secret: &'static str,
}

/// The demo's keys are public on purpose: they open the offline demo and nothing else.
pub const MERCHANTS: [Merchant; 2] = [
    Merchant {
        id: "m_camera",
        key: "sk_test_camera_000000000000000000000000",
        notice_secret: "whsec_Y2FtZXJhLXNlY3JldC1jYW1lcmEtc2VjcmV0LWNhbWVyYQ==",
    },
    Merchant {
        id: "m_books",
        key: "sk_test_books_0000000000000000000000000",
        notice_secret: "whsec_Ym9va3Mtc2VjcmV0LWJvb2tzLXNlY3JldC1ib29rcy0=",
    },
];

/// The account of that name.
pub fn merchant(id: &str) -> Option<&'static Merchant> {
    MERCHANTS.iter().find(|merchant| merchant.id == id)
}

/// An answer that is not a success: the edge's problem as it came, or our own.
#[derive(Clone, Debug)]
pub struct Problem {
    pub http: u16,
    pub body: Value,
}

impl Problem {
    pub fn new(http: u16, code: &str, detail: &str) -> Self {
        let body = json!({
            "type": "about:blank", "title": code.replace('_', " "), "status": http,
            "code": code, "detail": detail,
        });
        Self { http, body }
    }

    /// The closed word for the cause.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or("unknown")
    }
}

/// Carries calls to the edge.
pub struct Edge {
    agent: Agent,
    server: String,
}

impl Edge {
    pub fn new(server: &str) -> Self {
        let config =
            Agent::config_builder().timeout_global(Some(ANSWER_WAIT)).http_status_as_error(false);
        Self { agent: config.build().into(), server: server.to_owned() }
    }

    /// Reads.
    ///
    /// # Errors
    /// The edge's problem, or `edge_unreachable`.
    pub fn get(&self, merchant: &Merchant, path: &str) -> Result<Value, Problem> {
        self.once(merchant, "GET", path, None, None)
    }

    /// Writes without a key: for a `PUT`, which may be repeated by its nature.
    ///
    /// # Errors
    /// The edge's problem, or `edge_unreachable`.
    pub fn put(&self, merchant: &Merchant, path: &str, body: &Value) -> Result<Value, Problem> {
        self.once(merchant, "PUT", path, None, Some(body))
    }

    /// Writes under an idempotency key, and asks again under the same key when it hears nothing.
    ///
    /// # Errors
    /// The edge's problem, or `edge_unreachable`.
    pub fn post(
        &self,
        merchant: &Merchant,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Result<Value, Problem> {
        let mut tried = 1;
        loop {
            let answer = self.once(merchant, "POST", path, Some(key), Some(body));
            match answer {
                Err(problem) if tried < TRIES_MAX && again(&problem) => tried += 1,
                settled => return settled,
            }
            thread::sleep(TRY_PAUSE);
        }
    }

    /// How far the demo's clock was moved, in milliseconds; none outside the demo.
    pub fn clock_offset_ms(&self) -> i64 {
        let answer = self.once(&MERCHANTS[0], "GET", "/v1/demo/clock", None, None);
        answer.ok().and_then(|body| body["offset_ms"].as_i64()).unwrap_or(0)
    }

    fn once(
        &self,
        merchant: &Merchant,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, Problem> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header("authorization", format!("Bearer {}", merchant.key))
            .header("accept", "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let silent = |why: &dyn std::fmt::Display| {
            Problem::new(502, "edge_unreachable", &format!("{method} {path}: {why}"))
        };
        let sent = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(body.to_string()).map_err(|why| silent(&why))?)
            }
            None => self.agent.run(request.body(()).map_err(|why| silent(&why))?),
        };
        let mut answer = sent.map_err(|why| silent(&why))?;
        let code = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().map_err(|why| silent(&why))?;
        let body = match serde_json::from_str(&text) {
            Ok(body) => body,
            Err(_) if text.trim().is_empty() => Value::Null,
            Err(why) => return Err(silent(&why)),
        };
        if (200..300).contains(&code) {
            return Ok(body);
        }
        Err(Problem { http: code, body })
    }
}

fn again(problem: &Problem) -> bool {
    matches!(problem.code(), "edge_unreachable" | "request_in_progress")
}

/// Milliseconds since 1970 by this machine's clock.
#[expect(
    clippy::disallowed_methods,
    reason = "the demo shop is a server of its own: its one clock"
)]
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A fresh key in the shape of a version 4 UUID, from the randomness that the standard library
/// seeds its maps with: enough for a demo's keys, and no dependency.
pub fn fresh_key() -> String {
    let half = || RandomState::new().build_hasher().finish();
    let (a, b) = (half(), half());
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        b >> 52,
        b & 0xffff_ffff_ffff
    )
}

//! One request, one answer.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

/// A request that is being written.
pub struct Call<'a> {
    agent: &'a Agent,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub code: u16,
    /// By lower-case name.
    pub headers: BTreeMap<String, String>,
    /// As text.
    pub body: String,
}

/// Every status is an answer, and nothing is followed.
pub fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(40)))
        .build()
        .into()
}

impl<'a> Call<'a> {
    pub fn new(agent: &'a Agent, method: &str, url: &str) -> Self {
        Self {
            agent,
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn body(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", kind)
    }

    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub fn form(self, fields: &[(String, String)]) -> Self {
        self.body("application/x-www-form-urlencoded", encoded(fields))
    }

    /// Sends it.
    ///
    /// # Panics
    /// When no answer comes.
    pub fn send(self) -> Answer {
        let what = format!("{} {}", self.method, self.url);
        self.try_send().unwrap_or_else(|| panic!("no answer: {what}"))
    }

    /// Sends it; `None` when the connection broke.
    pub fn try_send(self) -> Option<Answer> {
        let mut request = Request::builder().method(self.method.as_str()).uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let sent = match self.body {
            Some(body) => self.agent.run(request.body(body).unwrap()),
            None if self.method == "POST" => self.agent.run(request.body(Vec::new()).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        let mut response = sent.ok()?;
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            })
            .collect();
        let code = response.status().as_u16();
        let body = response.body_mut().read_to_string().unwrap_or_default();
        Some(Answer { code, headers, body })
    }
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.code, self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// HTTP status and problem code.
    pub fn problem(&self) -> (u16, String) {
        let body = serde_json::from_str::<Value>(&self.body).unwrap_or_default();
        (self.code, body["code"].as_str().unwrap_or(&self.body).to_owned())
    }

    /// Asserts a refusal and the form that every refusal has (RFC 9457).
    pub fn refused(&self, code: u16, word: &str) {
        assert_eq!(self.problem(), (code, word.to_owned()), "{}", self.body);
        assert_eq!(self.header("content-type"), "application/problem+json");
        let body = self.json();
        assert_eq!(body["status"], code);
        assert!(body["type"].as_str().unwrap().ends_with(word), "{body}");
        assert_eq!(body["request_id"], self.header("hanbeon-request-id"));
        for name in ["title", "detail"] {
            assert!(!body[name].as_str().unwrap().is_empty(), "{name}");
        }
    }
}

/// A form's body, or a query.
pub fn encoded(fields: &[(String, String)]) -> String {
    let escape = |text: &str| {
        text.bytes().fold(String::new(), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
            out
        })
    };
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    pairs.join("&")
}

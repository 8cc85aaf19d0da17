//! The network between everybody: requests and answers that get lost, doubled, delayed and garbled.

use super::browser::{Asked, TabRef};
use super::drives::DriveRef;
use super::shop::Call;
use super::weather::Kind;
use super::world::{Event, World};

/// A request on its way.
#[derive(Debug, Clone)]
pub(super) struct Http {
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// An answer on its way.
#[derive(Debug, Clone)]
pub(super) struct HttpAnswer {
    pub(super) code: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// Who waits for an answer.
#[derive(Debug)]
pub(super) enum Caller {
    /// Nobody: a double, a forger, somebody who went away.
    Nobody,
    /// Somebody who may not do this: the rule that would be broken, and what it is.
    Stranger(&'static str, &'static str),
    /// Somebody who has this token of somebody else's.
    Thief(String),
    /// Somebody who begins more attempts with a quote than one address may.
    Flooder(usize),
    /// A page's question.
    Page(TabRef, Asked),
    /// A window of a page.
    Window(TabRef, u64, Http),
    /// The shop's server.
    Shop(Call),
    /// An object that asks a provider.
    Drive(DriveRef),
    /// The queue's consumer, for a letter.
    Letter(u64),
    /// A provider, for an event.
    Webhook(u64),
}

/// Whose server an address leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Server {
    Shop,
    Providers,
    Edge,
}

impl Http {
    /// A request by GET.
    pub(super) fn get(url: String) -> Self {
        Self { method: "GET", url, headers: Vec::new(), body: Vec::new() }
    }

    /// A posted form.
    pub(super) fn form(url: String, fields: &[(String, String)]) -> Self {
        let kind = "application/x-www-form-urlencoded".to_owned();
        Self {
            method: "POST",
            url,
            headers: vec![("content-type".to_owned(), kind)],
            body: encoded(fields).into_bytes(),
        }
    }

    /// Its server, path and query.
    pub(super) fn target(&self) -> (Server, &str, &str) {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let server = match host.rsplit_once(':').map_or("", |(_, port)| port) {
            "4410" => Server::Shop,
            "4411" => Server::Providers,
            _ => Server::Edge,
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        (server, if path.is_empty() { "/" } else { path }, query)
    }
}

impl HttpAnswer {
    /// A header.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().rev().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The body as text.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or("")
    }

    /// The body as JSON; null when it is none.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A form or a query.
pub(super) fn encoded(fields: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| {
        format!("{}={}", crate::sandbox::form::encoded(name), crate::sandbox::form::encoded(value))
    };
    fields.iter().map(pair).collect::<Vec<_>>().join("&")
}

impl World {
    /// Sends a request; the caller hears an answer, or nothing for so many milliseconds.
    pub(super) fn send(&mut self, caller: Caller, request: Http, wait_ms: u64) {
        let call = self.number();
        self.trace.bytes(request.url.as_bytes());
        self.trace.bytes(&request.body);
        self.tell(|| format!("#{call} → {} {}", request.method, short(&request.url)));
        if !matches!(caller, Caller::Nobody) {
            self.calls.insert(call, caller);
            self.after(wait_ms, Event::Answer { call, answer: None });
        }
        if self.strikes(Kind::RequestLost) {
            return;
        }
        if self.strikes(Kind::RequestDoubled) {
            let late = self.delay(Kind::RequestDelayed);
            self.after(late, Event::Arrive { call, request: request.clone() });
        }
        let delay = self.delay(Kind::RequestDelayed);
        self.after(delay, Event::Arrive { call, request });
    }

    /// Some milliseconds on the way, many when the fault strikes.
    fn delay(&mut self, kind: Kind) -> u64 {
        if self.strikes(kind) {
            return self.chance.between(300, 40_000);
        }
        self.chance.between(3, 60)
    }

    pub(super) fn arrive(&mut self, call: u64, request: Http) {
        match request.target().0 {
            Server::Edge => self.edge_takes(call, request),
            Server::Providers => self.provider_takes(call, &request),
            Server::Shop => self.shop_takes(call, &request),
        }
    }

    /// A server answers.
    pub(super) fn answer(&mut self, call: u64, answer: HttpAnswer) {
        self.answer_after(call, answer, 0);
    }

    /// A server answers when it has taken its time.
    pub(super) fn answer_after(&mut self, call: u64, answer: HttpAnswer, millis: u64) {
        self.trace.bytes(&answer.body);
        if !self.calls.contains_key(&call) || self.strikes(Kind::AnswerLost) {
            return;
        }
        let garbled = self.strikes(Kind::AnswerGarbage);
        let answer = if garbled { garbage(self.chance.below(4), answer) } else { answer };
        let delay = millis + self.delay(Kind::AnswerDelayed);
        self.after(delay, Event::Answer { call, answer: Some(answer) });
    }

    pub(super) fn answered(&mut self, call: u64, answer: Option<HttpAnswer>) {
        let Some(caller) = self.calls.remove(&call) else { return };
        self.tell(|| match &answer {
            Some(answer) => format!("#{call} ← {} {}", answer.code, gist(answer)),
            None => format!("#{call} ← no answer"),
        });
        match caller {
            Caller::Nobody => {}
            Caller::Stranger(rule, what) => {
                self.stranger_hears(rule, what, answer.map_or(0, |answer| answer.code));
            }
            Caller::Thief(token) => {
                if let Some(answer) = answer {
                    self.thief_hears(&token, &answer);
                }
            }
            Caller::Flooder(offer) => {
                if let Some(answer) = answer {
                    self.flooder_hears(offer, &answer);
                }
            }
            Caller::Page(tab, asked) => self.page_hears(tab, asked, answer.as_ref()),
            Caller::Window(tab, window, request) => {
                self.window_hears(tab, window, request, answer);
            }
            Caller::Shop(call) => self.shop_hears(call, answer.as_ref()),
            Caller::Drive(drive) => self.drive_hears(drive, answer),
            Caller::Letter(n) => self.letter_hears(n, answer),
            Caller::Webhook(id) => self.provider_hears(id, answer),
        }
    }
}

/// What comes instead of an answer: a gateway's page with a code or without one, a plea for patience, or
/// as much of the answer as had come when the line broke.
fn garbage(form: u64, answer: HttpAnswer) -> HttpAnswer {
    let page = |code| HttpAnswer {
        code,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: b"<html><body><h1>Bad Gateway</h1></body></html>".to_vec(),
    };
    match form {
        // Nobody makes a success of a failure: a shop whose own gateway lies is beyond anybody's help.
        1 if answer.code < 300 => page(200),
        0 | 1 => page(502),
        2 => HttpAnswer {
            code: 429,
            headers: vec![("retry-after".to_owned(), "7".to_owned())],
            body: b"{}".to_vec(),
        },
        _ => HttpAnswer { body: answer.body[..answer.body.len() / 2].to_vec(), ..answer },
    }
}

/// An address short enough for a story: tokens and keys are left out.
fn short(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest);
    path.chars().take(110).collect()
}

/// The words of an answer that a story needs.
fn gist(answer: &HttpAnswer) -> String {
    let json = answer.json();
    let mut words = Vec::new();
    for name in ["code", "status", "phase", "outcome", "version", "result_code", "state", "id"] {
        let value = match &json["status"] {
            serde_json::Value::Object(status) if status.contains_key(name) => &status[name],
            _ => &json[name],
        };
        if value.is_string() || value.is_number() {
            words.push(format!("{name}={}", value.to_string().trim_matches('"')));
        }
    }
    if words.is_empty() {
        words.push(answer.header("location").chars().take(80).collect());
    }
    words.join(" ")
}

//! The other side of every provider: pure engines that speak the provider's own wire format and
//! keep their own books, so that shops can develop offline and tests can doubt ours.
//!
//! Map: `provider` what an engine is · `tosspayments`, `kb`, `portone`, `unicro`, `danal` the engines · `window` the
//! buyer's pages · `outbox` events on their way · `faults` bad days on demand · `control` the panel · `journal`
//! what was heard and said · `merchant` the demo's shops · `cipher`, `dice`, `form`, `moment` small parts.
//!
//! A new engine is its own files and one line in `engines`.
//!
//! Nothing here reads a clock, makes a random number, opens a socket, or knows a type of `edge`.
//!
//! # Driving it
//! Give every request to [`Sandbox::handle`] and answer as the [`Response`] says; post what
//! [`Sandbox::deliveries`] hands out and report each answer to [`Sandbox::delivered`].

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::dice::Dice;
use self::faults::Faults;
use self::journal::{Direction, Entry, Journal};
use self::outbox::{Delivery, Outbox};
use self::provider::Provider;

pub mod cipher;
pub mod control;
pub mod danal;
pub mod dice;
pub mod faults;
pub mod form;
pub mod journal;
pub mod kb;
pub mod merchant;
pub mod moment;
pub mod outbox;
pub mod portone;
pub mod provider;
pub mod tosspayments;
pub mod unicro;
pub mod window;

/// The largest body that is read, in bytes: every provider's messages are far smaller.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// The verbs that the sandbox answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// Anything else; nothing is there for it.
    Other,
}

/// A request as it came over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The verb.
    pub method: Method,
    /// The path, still encoded, from its first slash.
    pub path: String,
    /// The query without its question mark.
    pub query: String,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The exact bytes.
    pub body: Vec<u8>,
}

impl Request {
    /// A request without headers.
    #[must_use]
    pub fn new(method: Method, target: &str, body: impl Into<Vec<u8>>) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: BTreeMap::new(),
            body: body.into(),
        }
    }

    /// The same request with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name.to_ascii_lowercase(), value.to_owned());
        self
    }

    /// A header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body as text; broken characters are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// An answer, and what happens to it on the way.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The exact bytes.
    pub body: Vec<u8>,
    /// How long the answer takes, in milliseconds.
    pub delay_ms: u64,
    /// The event whose first try must end before the answer may go; a few seconds at most.
    pub after_delivery: Option<u64>,
    /// The connection breaks instead: what the body says has happened and nobody is told.
    pub dropped: bool,
}

impl Response {
    /// An answer of a given type.
    #[must_use]
    pub fn of(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![
            ("content-type".to_owned(), kind.to_owned()),
            ("cache-control".to_owned(), "no-store".to_owned()),
        ];
        Self { status, headers, body: body.into(), ..Self::default() }
    }

    /// An answer of JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::of(status, "application/json; charset=utf-8", body.to_string())
    }

    /// A page.
    #[must_use]
    pub fn page(status: u16, html: impl Into<Vec<u8>>) -> Self {
        Self::of(status, "text/html; charset=utf-8", html)
    }

    /// What a gateway says when the server behind it does not.
    #[must_use]
    pub fn gateway_timeout() -> Self {
        Self::page(504, "<html><body><h1>504 Gateway Time-out</h1></body></html>")
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A header by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The same answer, lost in the way the faults say.
    #[must_use]
    pub fn lost(self, faults: &Faults) -> Self {
        match faults.answer_lost_as {
            faults::Remains::Dropped => Self { dropped: true, ..self },
            faults::Remains::Html => Self {
                delay_ms: self.delay_ms,
                after_delivery: self.after_delivery,
                ..Self::gateway_timeout()
            },
            faults::Remains::Error => Self {
                delay_ms: self.delay_ms,
                after_delivery: self.after_delivery,
                ..Self::json(400, &json!({ "code": "PROVIDER_ERROR", "message": "temporary" }))
            },
        }
    }
}

/// What an engine is given for one request.
#[derive(Debug)]
pub struct Turn<'a> {
    /// Milliseconds since 1970, by the sandbox's clock.
    pub now: i64,
    /// Ids of this turn.
    pub dice: Dice,
    /// The engine's faults.
    pub faults: &'a mut Faults,
    /// Where events go.
    pub outbox: &'a mut Outbox,
}

/// One payment as the provider's books have it: the auditor's view.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BookLine {
    /// Whose books.
    pub provider: &'static str,
    /// The merchant's secret key or number.
    pub merchant: String,
    /// Our request id.
    pub request_id: String,
    /// The provider's id of the payment, when there is one.
    pub provider_payment_id: Option<String>,
    /// The provider's word.
    pub status: &'static str,
    /// When it was opened or registered, ISO 8601 in Korean time.
    pub opened_at: String,
    /// What was asked for, in KRW.
    pub amount: u64,
    /// What was taken, in KRW.
    pub captured: u64,
    /// What was given back, in KRW.
    pub refunded: u64,
    /// How often money was taken: never more than once, whatever we do.
    pub captures: u32,
    /// Whether somebody may pay into an account now.
    pub awaits_deposit: bool,
    /// What else can happen to it now, by hand of whoever holds the panel.
    pub acts: Vec<&'static str>,
    /// Tries to tell us about it.
    pub webhooks_sent: u32,
    /// Events that we acknowledged.
    pub webhooks_acknowledged: u32,
}

/// Every engine, for the demo's shops behind the edge of this address.
fn engines(edge_server: &str) -> Vec<Box<dyn Provider>> {
    vec![
        Box::new(tosspayments::Engine::demo(edge_server)),
        Box::new(kb::Engine::demo(edge_server)),
        Box::new(portone::Engine::demo(edge_server)),
        Box::new(unicro::Engine::demo(edge_server)),
        Box::new(danal::Engine::demo(edge_server)),
    ]
}

/// An engine, and the bad days that were ordered for it.
#[derive(Debug, Clone)]
struct Desk {
    engine: Box<dyn Provider>,
    faults: Faults,
}

/// All engines with their books, faults, clock and journal.
#[derive(Debug, Clone)]
pub struct Sandbox {
    desks: Vec<Desk>,
    outbox: Outbox,
    journal: Option<Journal>,
    clock_offset_ms: i64,
    turns: u64,
}

impl Sandbox {
    /// Empty books for the demo's shops, behind the edge at `edge_server` (`http://127.0.0.1:PORT`).
    #[must_use]
    pub fn demo(edge_server: &str) -> Self {
        let desk = |engine| Desk { engine, faults: Faults::default() };
        Self {
            desks: engines(edge_server).into_iter().map(desk).collect(),
            outbox: Outbox::default(),
            journal: Some(Journal::default()),
            clock_offset_ms: 0,
            turns: 0,
        }
    }

    /// Answers one request. `now_ms` is real time; the sandbox adds the offset of its own clock.
    pub fn handle(&mut self, request: &Request, now_ms: i64, entropy: u64) -> Response {
        let now = self.wake(now_ms);
        self.turns += 1;
        let dice = Dice::new(entropy, self.turns);
        let below = |desk: &Desk| {
            let rest = request.path.strip_prefix(desk.engine.path())?;
            (rest.is_empty() || rest.starts_with('/')).then_some(rest)
        };
        let found = self.desks.iter_mut().find_map(|desk| Some((below(desk)?, desk)));
        let response = if let Some((path, Desk { engine, faults })) = found {
            let outbox = &mut self.outbox;
            engine.handle(path, request, &mut Turn { now, dice, faults, outbox })
        } else if let Some(path) = request.path.strip_prefix("/control") {
            self.control(path, request, now_ms, dice)
        } else if request.path == "/" {
            Response::page(303, "").with("location", "/control")
        } else {
            Response::page(404, "nothing is here")
        };
        if !request.path.starts_with("/control") {
            self.write_down(request, &response, now);
        }
        response
    }

    /// The events that are due; each is handed out once until [`Self::delivered`] is told.
    pub fn deliveries(&mut self, now_ms: i64) -> Vec<Delivery> {
        let now = self.wake(now_ms);
        self.outbox.take_due(now)
    }

    /// Writes nothing down from here on: who runs it a million times reads no journal.
    pub fn forget_journal(&mut self) {
        self.journal = None;
    }

    /// When the next event is due, in milliseconds since 1970, by the caller's clock.
    #[must_use]
    pub fn next_delivery(&self) -> Option<i64> {
        self.outbox.next_due().map(|due| due - self.clock_offset_ms)
    }

    /// Replaces the faults of every provider by what `mood` gives it.
    pub fn change(&mut self, mut mood: impl FnMut(&str) -> Faults) {
        for desk in &mut self.desks {
            desk.faults = mood(desk.engine.name());
        }
    }

    /// Takes the answer to an event; `status` 0 means that there was none.
    pub fn delivered(&mut self, id: u64, status: u16, body: &[u8], now_ms: i64) {
        let now = now_ms + self.clock_offset_ms;
        self.outbox.delivered(id, status, body, now);
        let Some(journal) = &mut self.journal else { return };
        let Some(letter) = self.outbox.letters().iter().find(|letter| letter.id == id) else {
            return;
        };
        journal.write(Entry {
            n: 0,
            at: now,
            direction: Direction::Out,
            method: "POST".to_owned(),
            path: letter.draft.url.clone(),
            request: letter.draft.body.clone(),
            key: None,
            status,
            response: String::from_utf8_lossy(body).into_owned(),
        });
    }

    /// Whether the first try of an event has ended: what [`Response::after_delivery`] waits for.
    #[must_use]
    pub fn was_tried(&self, id: u64) -> bool {
        self.outbox.was_tried(id)
    }

    /// Where an event leads that its provider did not write; `None` for its own.
    #[must_use]
    pub fn forged(&self, id: u64) -> Option<&str> {
        let letter = self.outbox.letters().iter().find(|letter| letter.id == id)?;
        letter.forged.then_some(letter.draft.url.as_str())
    }

    /// Every payment of every engine, oldest first.
    #[must_use]
    pub fn books(&self) -> Vec<BookLine> {
        let mut lines: Vec<BookLine> =
            self.desks.iter().flat_map(|desk| desk.engine.books()).collect();
        for line in &mut lines {
            let (tries, accepted) = self.outbox.tries_about(line.provider, &line.request_id);
            line.webhooks_sent = tries;
            line.webhooks_acknowledged = accepted;
        }
        lines.sort_by(|a, b| (&a.opened_at, &a.request_id).cmp(&(&b.opened_at, &b.request_id)));
        lines
    }

    /// Replaces one provider's faults as a whole.
    ///
    /// # Errors
    /// A sentence, when there is no such provider.
    pub fn set_faults(&mut self, provider: &str, faults: Faults) -> Result<(), String> {
        let desk = self.desks.iter_mut().find(|desk| desk.engine.name() == provider);
        desk.ok_or_else(|| format!("no provider is called {provider}"))?.faults = faults;
        Ok(())
    }

    /// What the script of a provider does with the data that a page gives it: where it sends the
    /// browser, as path and query. `script` is any address that the provider serves.
    #[must_use]
    pub fn script_opens(&self, script: &str, data: &Value) -> Option<String> {
        let serves = |desk: &&Desk| script.contains(&format!("{}/", desk.engine.path()));
        let engine = &self.desks.iter().find(serves)?.engine;
        Some(format!("{}{}", engine.path(), engine.script_opens(data)?))
    }

    /// Lets time pass in the engines, and says what time it is there.
    fn wake(&mut self, now_ms: i64) -> i64 {
        let now = now_ms + self.clock_offset_ms;
        self.turns += 1;
        let dice = Dice::new(0, self.turns);
        for Desk { engine, faults } in &mut self.desks {
            let (dice, outbox) = (dice.clone(), &mut self.outbox);
            engine.wake(&mut Turn { now, dice, faults, outbox });
        }
        now
    }

    fn write_down(&mut self, request: &Request, response: &Response, now: i64) {
        let Some(journal) = &mut self.journal else { return };
        let query = if request.query.is_empty() { "" } else { "?" };
        let is_page = response.header("content-type").is_some_and(|kind| kind.contains("html"));
        let said = String::from_utf8_lossy(&response.body);
        journal.write(Entry {
            n: 0,
            at: now,
            direction: Direction::In,
            method: match request.method {
                Method::Get => "GET",
                Method::Post => "POST",
                Method::Other => "OTHER",
            }
            .to_owned(),
            path: format!("{}{query}{}", request.path, request.query),
            request: request.text(),
            key: request.header("idempotency-key").map(ToOwned::to_owned),
            status: if response.dropped { 0 } else { response.status },
            response: match (response.dropped, is_page) {
                (true, _) => "the connection was dropped".to_owned(),
                (false, true) => response.header("location").unwrap_or("a page").to_owned(),
                (false, false) => said.into_owned(),
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: &str = "/toss/window?clientKey=test_ck_books&method=CARD&amount=500&currency=KRW\
        &orderId=hb-123456&orderName=a&successUrl=http://e/&failUrl=http://e/";

    fn send(sandbox: &mut Sandbox, method: Method, target: &str, body: &str) -> (u16, Value) {
        let response = sandbox.handle(&Request::new(method, target, body), 0, 7);
        (response.status, serde_json::from_slice(&response.body).unwrap_or_default())
    }

    #[test]
    fn the_same_seed_replays_the_same_answers() {
        let run = || {
            let mut sandbox = Sandbox::demo("http://edge");
            sandbox.handle(&Request::new(Method::Get, OPEN, ""), 0, 7).body
        };
        assert_eq!(run(), run());
    }

    #[test]
    fn the_clock_moves_the_engines_and_reset_puts_everything_back() {
        let mut sandbox = Sandbox::demo("http://edge");
        sandbox.handle(&Request::new(Method::Get, OPEN, ""), 0, 7);
        let (status, clock) =
            send(&mut sandbox, Method::Post, "/control/clock", r#"{"offset_ms":1800000}"#);
        assert_eq!((status, &clock["now"]), (200, &"1970-01-01T09:30:00+09:00".into()));
        let (_, books) = send(&mut sandbox, Method::Get, "/control/books", "");
        assert_eq!(books["payments"][0]["status"], "EXPIRED");
        assert_eq!(books["payments"][0]["merchant"], "test_sk_books");
        for text in ["{}", r#"{"offset_ms":1.5}"#, r#"{"offset_ms":99999999999999}"#, "x"] {
            assert_eq!(send(&mut sandbox, Method::Post, "/control/clock", text).0, 400, "{text}");
        }
        send(&mut sandbox, Method::Post, "/control/faults", r#"{"provider":"kb","slow_ms":9}"#);
        assert_eq!(send(&mut sandbox, Method::Post, "/control/reset", "").0, 200);
        let (_, faults) = send(&mut sandbox, Method::Get, "/control/faults", "");
        assert_eq!(faults["kb"]["slow_ms"], 0);
        assert!(sandbox.books().is_empty());
        assert_eq!(send(&mut sandbox, Method::Get, "/control/clock", "").1["offset_ms"], 0);
    }

    #[test]
    fn the_journal_shows_requests_and_events_but_not_the_panel() {
        let mut sandbox = Sandbox::demo("http://edge");
        sandbox.handle(&Request::new(Method::Get, OPEN, ""), 0, 7);
        send(&mut sandbox, Method::Get, "/control/books", "");
        send(&mut sandbox, Method::Post, "/control/clock", r#"{"offset_ms":1800000}"#);
        for delivery in sandbox.deliveries(200) {
            sandbox.delivered(delivery.id, 503, b"busy", 200);
        }
        let (_, journal) = send(&mut sandbox, Method::Get, "/control/journal", "");
        let entries = journal["entries"].as_array().unwrap();
        let seen: Vec<_> = entries.iter().map(|e| (&e["direction"], &e["status"])).collect();
        assert_eq!(seen, [(&"in".into(), &200.into()), (&"out".into(), &503.into())]);
        let (_, deliveries) = send(&mut sandbox, Method::Get, "/control/deliveries", "");
        assert_eq!(deliveries["deliveries"][0]["state"], "due");
    }

    #[test]
    fn what_is_not_there_is_not_found() {
        let mut sandbox = Sandbox::demo("http://edge");
        for (method, target, status) in [
            (Method::Get, "/", 303),
            (Method::Get, "/nothing", 404),
            (Method::Post, "/control/nothing", 404),
            (Method::Get, "/control", 200),
            (Method::Get, "/kb/v1/register", 404),
            (Method::Other, "/toss/window", 401),
            (Method::Get, "/toss/v2/standard", 200),
        ] {
            assert_eq!(send(&mut sandbox, method, target, "").0, status, "{target}");
        }
    }
}

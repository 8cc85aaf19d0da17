//! The panel and its calls: faults, clock, deposits, books, journal.

use serde_json::{Value, json};

use super::dice::Dice;
use super::faults::{Faults, Order};
use super::journal::Journal;
use super::outbox::{Letter, State};
use super::provider::{NO_ACT, NO_DEPOSIT};
use super::{Desk, Method, Request, Response, Sandbox, Turn, form, moment};

/// How far the clock can be moved, in milliseconds: 400 days.
const OFFSET_MAX_MS: i64 = 400 * 86_400_000;

impl Sandbox {
    /// Answers a request whose path lies below `/control`.
    pub(super) fn control(
        &mut self,
        path: &str,
        request: &Request,
        now_ms: i64,
        dice: Dice,
    ) -> Response {
        match (request.method, path) {
            (Method::Get, "" | "/") => Response::page(200, include_str!("control/panel.html")),
            (Method::Get, "/books") => ok(&json!({ "payments": self.books() })),
            (Method::Get, "/faults") => ok(&self.faults()),
            (Method::Get, "/clock") => self.clock(now_ms),
            (Method::Get, "/journal") => {
                let fields = form::Fields::parse(&request.query);
                let after = fields.text("after").parse().unwrap_or(0);
                ok(&self.journal.as_ref().map_or(Value::Null, |journal| journal.json(after)))
            }
            (Method::Get, "/deliveries") => {
                let letters: Vec<Value> = self.outbox.letters().iter().map(letter).collect();
                ok(&json!({ "deliveries": letters }))
            }
            (Method::Post, "/reset") => self.reset(),
            (Method::Post, "/faults") => {
                let done = Order::parse(&request.body)
                    .and_then(|order| self.set_faults(&order.provider, order.faults));
                match done {
                    Ok(()) => ok(&self.faults()),
                    Err(error) => refused(400, &error),
                }
            }
            (Method::Post, "/clock") => self.move_clock(request, now_ms),
            (Method::Post, "/deposit") => self.deposit(request, now_ms, dice),
            (Method::Post, "/act") => self.act(request, now_ms, dice),
            (Method::Get | Method::Post | Method::Other, _) => refused(404, "no such call"),
        }
    }

    /// Every provider's faults by its name.
    fn faults(&self) -> Value {
        self.desks.iter().map(|desk| (desk.engine.name(), json!(desk.faults))).collect()
    }

    fn clock(&self, now_ms: i64) -> Response {
        let now = now_ms + self.clock_offset_ms;
        ok(&json!({ "offset_ms": self.clock_offset_ms, "now_ms": now, "now": moment::iso(now) }))
    }

    fn move_clock(&mut self, request: &Request, now_ms: i64) -> Response {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let within = |offset: &i64| (-OFFSET_MAX_MS..=OFFSET_MAX_MS).contains(offset);
        let Some(offset) = body["offset_ms"].as_i64().filter(within) else {
            return refused(400, "offset_ms is a whole number within 400 days");
        };
        self.clock_offset_ms = offset;
        self.wake(now_ms);
        self.clock(now_ms)
    }

    /// Empty books, a good day, the real time; the merchants stay.
    fn reset(&mut self) -> Response {
        for desk in &mut self.desks {
            desk.engine.clear();
            desk.faults = Faults::default();
        }
        self.outbox.clear();
        self.journal = Some(Journal::default());
        self.clock_offset_ms = 0;
        ok(&json!({ "reset": true }))
    }

    fn deposit(&mut self, request: &Request, now_ms: i64, dice: Dice) -> Response {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let Some(request_id) = body["request_id"].as_str() else {
            return refused(400, "request_id is missing");
        };
        let amount = match &body["amount"] {
            Value::Null => None,
            value => match value.as_u64().filter(|amount| *amount > 0) {
                Some(amount) => Some(amount),
                None => return refused(400, "amount is a positive whole number of KRW"),
            },
        };
        let now = now_ms + self.clock_offset_ms;
        let knows =
            |desk: &&mut Desk| desk.engine.books().iter().any(|line| line.request_id == request_id);
        let Some(Desk { engine, faults }) = self.desks.iter_mut().find(knows) else {
            return refused(409, NO_DEPOSIT);
        };
        let mut turn = Turn { now, dice, faults, outbox: &mut self.outbox };
        let done = if body["reverse"] == true {
            engine.reverse_deposit(request_id, &mut turn)
        } else {
            engine.deposit(request_id, amount, &mut turn)
        };
        match done {
            Ok(()) => ok(&json!({ "request_id": request_id })),
            Err(sentence) => refused(409, sentence),
        }
    }
}

impl Sandbox {
    /// Something else happens to a payment: its provider's people cancel, its seller ships.
    fn act(&mut self, request: &Request, now_ms: i64, dice: Dice) -> Response {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let (request_id, act) = (text("request_id"), text("act"));
        let now = now_ms + self.clock_offset_ms;
        let knows =
            |desk: &&mut Desk| desk.engine.books().iter().any(|line| line.request_id == request_id);
        let Some(Desk { engine, faults }) = self.desks.iter_mut().find(knows) else {
            return refused(409, NO_ACT);
        };
        let mut turn = Turn { now, dice, faults, outbox: &mut self.outbox };
        match engine.happen(&request_id, &act, &mut turn) {
            Ok(()) => ok(&json!({ "request_id": request_id, "act": act })),
            Err(sentence) => refused(409, sentence),
        }
    }
}

fn ok(body: &Value) -> Response {
    Response::json(200, body)
}

fn refused(status: u16, sentence: &str) -> Response {
    Response::json(status, &json!({ "error": sentence }))
}

fn letter(letter: &Letter) -> Value {
    let (state, due) = match letter.state {
        State::Due(at) => ("due", Some(at)),
        State::Flying => ("flying", None),
        State::Accepted => ("accepted", None),
        State::GivenUp => ("given_up", None),
    };
    json!({
        "id": letter.id,
        "provider": letter.draft.provider,
        "request_id": letter.draft.request_id,
        "topic": letter.draft.topic,
        "forged": letter.forged,
        "tries": letter.tries,
        "state": state,
        "due": due.map(moment::iso),
        "status": letter.answer,
        "url": letter.draft.url,
    })
}

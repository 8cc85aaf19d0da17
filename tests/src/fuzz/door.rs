//! Whole requests, from the door to the owner's desk. Input: a line with method and address, headers, an empty
//! line, a body. `{key}`, `{token}`, `{state}`, `{checkout}` and `{window}` stand for good ones.

use std::cell::Cell;
use std::rc::Rc;

use edge::config::Config;
use edge::door::Incoming;
use edge::envelope::{Ask, Binding, read_call};
use edge::owner::{Desk, Op, Reply, TokenClaims};
use edge::serve::{self, Fault, Plan, Visit};
use edge::shelf_memory::{Memory, StockMemory};
use edge::stock::{self, StockOp};
use edge::token;
use serde_json::Value;
use shared::problem::Code;

use super::world::{NOW, Written, closed, own_config};

/// Words of requests.
pub const WORDS: &[&str] = &[
    "GET /v1/",
    "POST /v1/",
    "PUT /v1/stock/",
    "checkouts",
    "/refunds",
    "/cancel",
    "/journal",
    "attempts",
    "session",
    "status",
    "look",
    "abandon",
    "webhooks/kb",
    "webhooks/unicro",
    "notices/dead?limit=",
    "&cursor=",
    "{key}",
    "{token}",
    "{state}",
    "{checkout}",
    "{window}",
    "idempotency-key: 8d1c2f3a-0000\n",
    "content-type: application/json\n",
    "content-type: text/plain\n",
    "content-encoding: gzip\n",
    "origin: null\n",
    "origin: http://shop.localhost:4410\n",
    "\"amount\":",
    "\"quantity\":0",
    "\"currency\":\"KRW\"",
    "\"order_id\":\"",
    "\"expires_in_seconds\":",
    "\"refund_account\":{",
    "\"presentation\":\"popup\"",
    "?token=x",
];
const KEY: &str = "sk_test_camera_000000000000000000000000";
const OPENING: &str = r#"{"buyer":{"id":"u-17"},"orders":[{"order_id":"o-1","seller":"kim","lines":[
    {"sku":"x100v","name":"X100V","quantity":1,"unit_amount":31000}],"amount":31000}],
    "amount":31000,"currency":"KRW","return_url":"http://shop.localhost:4410/return"}"#;
const BEGINNING: &str =
    r#"{"method":"toss_card","presentation":"popup","device":"pc","locale":"ko"}"#;

/// A shard with one checkout, one attempt in it, and what opens them.
struct Bench {
    config: Rc<Config>,
    shelf: Memory,
    stock: StockMemory,
    bits: Rc<Cell<u128>>,
    checkout: String,
    token: String,
    state: String,
    window: String,
}

/// A refusal has a code of the list, says nothing of its input, and leaves the store as it was (I-20, E2).
pub fn target(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let bench = Bench::new();
    let text = bench.with_names(text);
    let before = bench.kept();
    let (reply, asked) = bench.request(&text);
    assert!((200..500).contains(&reply.http_status), "{} {}", reply.http_status, reply.body);
    if reply.http_status < 400 {
        return true;
    }
    assert_eq!(bench.kept(), before, "a refused request changed the store");
    let problem: Value = serde_json::from_str(&reply.body).expect("a problem is a document");
    let code = problem["code"].as_str().and_then(Code::parse).expect("a problem has a code");
    assert_eq!(code.http_status(), reply.http_status);
    let again = bench.request(&text).0;
    let again: Value = serde_json::from_str(&again.body).unwrap();
    closed(code, again["code"].as_str().and_then(Code::parse));
    asked
}

impl Bench {
    fn new() -> Self {
        thread_local! {
            static CONFIG: Rc<Config> = Rc::new(own_config());
        }
        let mut bench = Self {
            config: CONFIG.with(Rc::clone),
            shelf: Memory::default(),
            stock: StockMemory::default(),
            bits: Rc::new(Cell::new(1)),
            checkout: String::new(),
            token: String::new(),
            state: String::new(),
            window: String::new(),
        };
        let head = "POST /v1/checkouts\nauthorization: Bearer {key}\n\
            idempotency-key: 00000000-open\ncontent-type: application/json\n\n";
        let opened = bench.request(&bench.with_names(&[head, OPENING].concat())).0;
        let opened: Value = serde_json::from_str(&opened.body).unwrap();
        bench.checkout =
            opened["checkout"]["id"].as_str().or(opened["id"].as_str()).unwrap().to_owned();
        bench.token = opened["token"].as_str().unwrap().to_owned();
        bench.begin();
        bench
    }

    /// An attempt of the checkout's first token; the token that is handed out is burnt after it.
    fn begin(&mut self) {
        let claims = token::verify(&self.token, &self.config.token_keys, NOW).unwrap();
        let op = Op::Begin {
            claims: TokenClaims::of(&claims),
            state: None,
            key: "00000000-begin".to_owned(),
            address: String::new(),
            body: BEGINNING.to_owned(),
        };
        let reply = self.turn(op);
        let answer: Value = serde_json::from_str(&reply.body).unwrap();
        self.state = answer["state_key"].as_str().expect("an attempt has a state key").to_owned();
        let url = answer["presentation"]["url"].as_str().unwrap_or("/w/hb.0");
        self.window = url.rsplit('/').next().unwrap_or_default().to_owned();
    }

    fn with_names(&self, text: &str) -> String {
        text.replace("{key}", KEY)
            .replace("{token}", &self.token)
            .replace("{state}", &[self.checkout.as_str(), ".", &self.state].concat())
            .replace("{checkout}", &self.checkout)
            .replace("{window}", &self.window)
    }

    /// Everything that is kept of money, as text.
    fn kept(&self) -> String {
        let rows = self
            .shelf
            .checkouts()
            .into_iter()
            .map(|(id, parked)| format!("{id} {parked} {}\n", self.shelf.row(id)));
        let rows: String = rows.collect();
        format!("{rows}{:?} {}", self.shelf.payloads(), self.shelf.attempts())
    }

    /// The reply, and whether an object was asked.
    fn request(&self, text: &str) -> (Reply, bool) {
        let written = Written::read(text.as_bytes());
        let (method, address) = written.first.split_once(' ').unwrap_or(("GET", &written.first));
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let incoming = Incoming {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: written.headers,
            body: written.body.to_vec(),
        };
        let bits = Rc::clone(&self.bits);
        let visit = Visit {
            config: Rc::clone(&self.config),
            incoming,
            request_id: "req_1".to_owned(),
            now: NOW,
            entropy: Box::new(move || next(&bits)),
        };
        let answered = |http_status| (Reply::empty(http_status), false);
        match serve::plan(&visit) {
            Err(Fault::Refused(refusal)) => (Reply::refusal(&refusal, "req_1"), false),
            Err(Fault::Broken(broken)) => panic!("something of ours broke: {}", broken.0),
            Ok(Plan::Ask(ask, _)) => (self.ask(&ask), true),
            Ok(Plan::Open(mut opening)) => loop {
                match opening.next(&visit) {
                    Ok(ask) => opening.hear(&visit, self.ask(&ask)),
                    Err(reply) => break (reply, true),
                }
            },
            Ok(Plan::Answer(answer) | Plan::Bounded(_, answer)) => answered(answer.http_status),
            Ok(Plan::List(_) | Plan::Listen(..) | Plan::Replay(_) | Plan::Demo) => answered(200),
        }
    }

    fn ask(&self, ask: &Ask) -> Reply {
        match ask.binding {
            Binding::Checkouts => {
                let call = read_call::<Op>(&ask.bytes).expect("we read what we wrote");
                self.turn(call.op)
            }
            Binding::Stock => {
                let call = read_call::<StockOp>(&ask.bytes).expect("we read what we wrote");
                match stock::Owner::default().handle(&self.stock, &call.op, NOW) {
                    Ok(reply) => reply,
                    Err(edge::owner::Failed::Refused(refusal)) => Reply::refusal(&refusal, "req_1"),
                    Err(edge::owner::Failed::Broken(error)) => panic!("broken: {error:?}"),
                }
            }
        }
    }

    fn turn(&self, op: Op) -> Reply {
        let entropy = || next(&self.bits);
        let desk = Desk { config: &self.config, shelf: &self.shelf, now: NOW, entropy: &entropy };
        let turn = desk.turn(op, "req_1");
        assert!(turn.broken.is_none(), "the shelf broke: {:?}", turn.broken);
        match (turn.reply, turn.then) {
            (Some(reply), _) => reply,
            (None, Some(then)) => desk.turn(then, "req_1").reply.expect("an answer"),
            (None, None) => panic!("nobody is answered"),
        }
    }
}

fn next(bits: &Cell<u128>) -> u128 {
    bits.set(bits.get() + 1);
    bits.get()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::{AttemptId, CheckoutId};

    #[test]
    fn the_names_of_the_bench_stand_for_good_ones() {
        let bench = Bench::new();
        assert!(CheckoutId::parse(&bench.checkout).is_some());
        let read = bench.request(
            &bench.with_names("GET /v1/checkouts/{checkout}\nauthorization: Bearer {key}\n\n"),
        );
        assert_eq!(read.0.http_status, 200, "{}", read.0.body);
        let status =
            bench.request(&bench.with_names("GET /v1/status\nauthorization: State {state}\n\n"));
        assert_eq!(status.0.http_status, 200, "{}", status.0.body);
        let answer: Value = serde_json::from_str(&status.0.body).unwrap();
        assert!(answer["attempt"].as_str().and_then(AttemptId::parse).is_some(), "{answer}");
    }
}

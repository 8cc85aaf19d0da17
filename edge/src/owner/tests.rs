//! The owner's operations over shelves of maps, a scripted provider and a clock moved by hand.

mod journey;
mod notices;
mod page;
mod quoted;
mod refunds;
mod scheduled;
mod shop;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use serde_json::Value;
use shared::fact::AskKind;
use shared::id::{AttemptId, RequestId};
use shared::wire;

use super::*;
use crate::json::{self, Limits};
use crate::provider::HttpResponse;
use crate::shelf_memory::{Memory, StockMemory};
use crate::stock::{self, StockOp};

/// The moment at which the recorded answers were made.
const T: Timestamp = Timestamp::from_seconds(1_795_257_664);
/// The request id in the recorded answers.
const RECORDED: &str = "hb-g1s03-000000000000000000000000000000a1";
/// More rounds than any payment needs between two hints.
const ROUNDS_MAX: usize = 20;
const KEYS: [&str; 3] = [
    "5a0c1c9e-0000-4000-8000-000000000001",
    "5a0c1c9e-0000-4000-8000-000000000002",
    "5a0c1c9e-0000-4000-8000-000000000003",
];

macro_rules! toss {
    ($file:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/provider/testdata/tosspayments/",
            $file,
            ".json"
        ))
    };
}
macro_rules! kb {
    ($file:literal) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/provider/testdata/kb/",
            $file,
            ".json"
        ))
    };
}
use {kb, toss};

/// What the provider will say to the next question of a kind.
struct Said(AskKind, u16, &'static str);

struct Bench {
    config: Config,
    shelf: Memory,
    stock: StockMemory,
    now: Cell<Timestamp>,
    bits: Box<dyn Fn() -> u128>,
    script: RefCell<VecDeque<Said>>,
    asked: RefCell<Vec<AskKind>>,
    sent: RefCell<Vec<Value>>,
}

/// A reply as the caller reads it.
#[derive(Debug)]
struct Heard {
    http_status: u16,
    replayed: bool,
    body: Value,
}

impl Heard {
    fn text(&self, pointer: &str) -> String {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    #[track_caller]
    fn refused(&self, code: Code) {
        assert_eq!(
            (self.http_status, self.text("/code").as_str()),
            (code.http_status(), code.code())
        );
    }
}

/// An attempt as its page knows it.
struct Page {
    checkout: String,
    attempt: String,
    state: String,
}

impl Page {
    fn id(&self) -> AttemptId {
        AttemptId::parse(&self.attempt).unwrap()
    }

    fn request_id(&self) -> String {
        self.id().request_id().to_string()
    }
}

impl Bench {
    fn new() -> Self {
        let next = Cell::new(0xf00d_u128);
        let bits = move || next.replace(next.get().wrapping_add(1));
        Self {
            config: crate::config::demo(),
            shelf: Memory::default(),
            stock: StockMemory::default(),
            now: Cell::new(T),
            bits: Box::new(bits),
            script: RefCell::default(),
            asked: RefCell::default(),
            sent: RefCell::default(),
        }
    }

    fn desk(&self) -> Desk<'_> {
        Desk {
            config: &self.config,
            shelf: &self.shelf,
            now: self.now.get(),
            entropy: self.bits.as_ref(),
        }
    }

    fn wait(&self, span: Span) {
        self.now.set(self.now.get().after(span));
    }

    fn say(&self, said: impl IntoIterator<Item = Said>) {
        self.script.borrow_mut().extend(said);
    }

    /// An operation to its end, with everything that it drives.
    fn run(&self, op: Op) -> Heard {
        let mut op = op;
        loop {
            let (outcome, broken) = self.desk().answer(&op, "req-1");
            assert_eq!(broken, None);
            match outcome {
                Outcome::Reply(reply) => return heard(&reply),
                Outcome::Drive(id, then) => {
                    self.drive(id);
                    op = *then;
                }
                Outcome::DriveLater(id, then) => {
                    let reply = self.run(*then);
                    self.drive(id);
                    return reply;
                }
            }
        }
    }

    /// What the shell does: errands until there are none.
    fn drive(&self, id: CheckoutId) {
        for _ in 0..ROUNDS_MAX {
            let errands = self.desk().errands(id).unwrap().0;
            if errands.is_empty() {
                return;
            }
            errands.into_iter().for_each(|errand| self.carry(id, errand));
        }
        panic!("{id} is never done");
    }

    fn carry(&self, id: CheckoutId, errand: Errand) {
        match errand {
            Errand::Queue(outgoing) => {
                self.sent.borrow_mut().push(serde_json::from_str(&outgoing.payload).unwrap());
                self.desk().queue_took(&outgoing).unwrap();
            }
            Errand::Stock { attempt, command, pieces, merchant: _ } => {
                let kept = pieces.iter().all(|(sku, quantity)| {
                    let op = StockOp::Command {
                        sku: sku.to_string(),
                        command: command.code().to_owned(),
                        attempt: attempt.to_string(),
                        quantity: *quantity,
                    };
                    stock::Owner::default().handle(&self.stock, &op, self.now.get()).unwrap().body
                        == "true"
                });
                self.desk().stock_answered(id, attempt, command, Some(kept)).unwrap();
            }
            Errand::Provider(question) => {
                self.asked.borrow_mut().push(question.ask.kind());
                assert!(question.request.is_ok(), "{:?}", question.request);
                let answer = self.provider_says(&question);
                self.desk().provider_answered(id, &question, answer.as_ref()).unwrap();
            }
        }
    }

    /// The next line of the script, if it answers this question; silence otherwise.
    fn provider_says(&self, question: &Question) -> Option<HttpResponse> {
        let mut script = self.script.borrow_mut();
        script.front().filter(|said| said.0 == question.ask.kind())?;
        let Said(_, http_status, body) = script.pop_front()?;
        let body = body.replace(RECORDED, &question.ask.request_id().to_string());
        Some(HttpResponse { http_status, retry_after: None, body: body.into_bytes() })
    }

    fn open_as(&self, key: &str, fingerprint: &str, order: &str) -> Heard {
        self.run(Op::Open {
            merchant: "m_camera".to_owned(),
            key: key.to_owned(),
            fingerprint: fingerprint.to_owned(),
            body: open_body(order),
        })
    }

    fn open(&self) -> Heard {
        let opened = self.open_as(KEYS[0], "f1", "o-1");
        assert_eq!(opened.http_status, 201, "{opened:?}");
        opened
    }

    fn claims(&self, token: &str) -> TokenClaims {
        let claims = token::verify(token, &self.config.token_keys, self.now.get());
        TokenClaims::of(&claims.unwrap())
    }

    fn post(&self, token: &str, key: &str, state: Option<&str>, method: &str) -> Heard {
        self.run(Op::Begin {
            claims: self.claims(token),
            state: state.map(str::to_owned),
            key: key.to_owned(),
            address: "192.0.2.1".to_owned(),
            body: begin_body(method),
        })
    }

    fn begin(&self, method: &str) -> Page {
        let begun = self.post(&self.open().text("/token"), KEYS[0], None, method);
        assert_eq!(begun.http_status, 201, "{begun:?}");
        page(&begun)
    }

    fn status(&self, page: &Page) -> Heard {
        self.run(Op::Status { checkout: page.checkout.clone(), state: page.state.clone() })
    }

    fn look(&self, page: &Page) -> Heard {
        self.wait(Span::seconds(1));
        self.run(Op::Look { checkout: page.checkout.clone(), state: page.state.clone() })
    }

    fn read(&self, page: &Page) -> Heard {
        let merchant = "m_camera".to_owned();
        self.run(Op::Read { merchant, checkout: page.checkout.clone() })
    }

    fn journal(&self, page: &Page) -> String {
        let merchant = "m_camera".to_owned();
        let read = self.run(Op::Journal { merchant, checkout: page.checkout.clone() });
        read.body.to_string()
    }

    fn record(&self, page: &Page) -> Record {
        self.shelf.record(CheckoutId::parse(&page.checkout).unwrap()).unwrap().unwrap()
    }

    fn refund(&self, page: &Page, key: &str, body: &str) -> Heard {
        self.wait(Span::seconds(1));
        self.run(Op::Refund {
            merchant: "m_camera".to_owned(),
            checkout: page.checkout.clone(),
            key: key.to_owned(),
            fingerprint: crate::signature::hex(&crate::signature::digest(body.as_bytes())),
            body: body.to_owned(),
        })
    }

    fn cancel(&self, page: &Page, key: &str) -> Heard {
        self.run(Op::CancelCheckout {
            merchant: "m_camera".to_owned(),
            checkout: page.checkout.clone(),
            key: key.to_owned(),
            fingerprint: "f1".to_owned(),
            body: r#"{"reason":"out of stock"}"#.to_owned(),
        })
    }

    fn callback(&self, page: &Page, channel: &str, event: &str) -> Heard {
        self.wait(Span::seconds(1));
        self.run(Op::Callback {
            channel: channel.to_owned(),
            request_id: page.request_id(),
            event: event.to_owned(),
        })
    }

    fn units(&self, units: u32) {
        let body = format!(r#"{{"units":{units}}}"#);
        let op = StockOp::Set { sku: "x100v".to_owned(), body };
        stock::Owner::default().handle(&self.stock, &op, self.now.get()).unwrap();
    }

    /// A Toss card payment, paid.
    fn paid() -> (Self, Page) {
        let bench = Self::new();
        let page = bench.begin("toss_card");
        bench.say([
            Said(AskKind::LookUp, 200, toss!("in_progress")),
            Said(AskKind::Capture, 200, toss!("done")),
        ]);
        let status = bench.look(&page);
        assert_eq!(status.text("/outcome"), "paid", "{status:?}");
        (bench, page)
    }

    /// What the shop was told, in order.
    fn told(&self) -> Vec<String> {
        let notice = |message: &Value| -> Option<String> {
            let notice: Value = serde_json::from_str(message.get("notice")?.as_str()?).ok()?;
            Some(notice.get("type")?.as_str()?.to_owned())
        };
        self.sent.borrow().iter().filter_map(notice).collect()
    }

    fn asked(&self) -> Vec<AskKind> {
        self.asked.borrow().clone()
    }
}

fn heard(reply: &Reply) -> Heard {
    assert!(reply.http_status >= 400 || is_of_the_wire(&reply.body), "{}", reply.body);
    let body = serde_json::from_str(&reply.body).unwrap();
    Heard { http_status: reply.http_status, replayed: reply.replayed, body }
}

fn page(begun: &Heard) -> Page {
    Page {
        checkout: begun.text("/checkout"),
        attempt: begun.text("/attempt"),
        state: begun.text("/state_key"),
    }
}

fn open_body(order: &str) -> String {
    let line = r#"{"sku":"x100v","name":"Fujifilm X100V","quantity":1,"unit_amount":31000}"#;
    format!(
        r#"{{"buyer":{{"id":"u1"}},"orders":[{{"order_id":"{order}","seller":"s1","lines":[{line}],
        "amount":31000}}],"amount":31000,"currency":"KRW",
        "return_url":"http://shop.localhost:4410/return.html"}}"#
    )
}

fn begin_body(method: &str) -> String {
    format!(r#"{{"method":"{method}","presentation":"iframe","device":"pc","locale":"ko"}}"#)
}

/// The key in the address of a window.
fn window_key(url: &str) -> String {
    url.rsplit_once('.').unwrap().1.to_owned()
}

/// Whether an answer is a record of `shared::wire`, to the byte. (Three never leave by the door: `null`, a
/// run's fence, and what our own page around a window is told.)
fn is_of_the_wire(body: &str) -> bool {
    fn is<T: serde::Serialize + serde::de::DeserializeOwned>(body: &str) -> bool {
        let record: Result<T, _> = serde_json::from_str(body);
        record.is_ok_and(|record| serde_json::to_string(&record).unwrap() == body)
    }
    body == "null"
        || body.parse::<u64>().is_ok()
        || json::read(body.as_bytes(), Limits::OURS, PageData::of).is_ok()
        || is::<wire::CheckoutView>(body)
        || is::<wire::RefundView>(body)
        || is::<wire::RefundPreviewView>(body)
        || is::<wire::JournalView>(body)
        || is::<wire::SessionView>(body)
        || is::<wire::AttemptAnswer>(body)
        || is::<wire::StatusView>(body)
        || is::<wire::StockView>(body)
        || is::<wire::ReplayView>(body)
}

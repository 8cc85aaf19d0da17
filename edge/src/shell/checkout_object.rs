//! The object that owns a shard of checkouts.
//!
//! **The one rule:** load, step, store everything in one transaction, then do the work; every result is
//! a new input. Nothing is awaited between load and store: every turn below is synchronous, and work is
//! marked as asked before it is done.

use std::rc::Rc;

use shared::hold::Command;
use shared::id::{AttemptId, CheckoutId, Sku};
use shared::problem::Code;
use wasm_bindgen::prelude::*;
use worker::{
    DurableObject, Env, QueueContentType, RawMessageBuilder, Request, Response, Result, State,
    durable_object,
};

use crate::config::Config;
use crate::owner::{Desk, Errand, Failed, Op, Outcome, Question, Reply};
use crate::problem::Refusal;
use crate::shelf::{Outgoing, Shelf as _, ShelfError};
use crate::stock::StockOp;

use super::rpc::{self, Envelope};
use super::store::CheckoutStore;
use super::{clock, http, log, settings};

/// At most this many rounds of work in one drive; what is left waits for the alarm (I-16).
const ROUNDS_MAX: u32 = 24;

/// See `owner.rs`.
#[durable_object(fetch)]
pub struct CheckoutObject {
    inner: Rc<Inner>,
}

struct Inner {
    store: CheckoutStore,
    env: Env,
}

impl DurableObject for CheckoutObject {
    fn new(state: State, env: Env) -> Self {
        Self { inner: Rc::new(Inner { store: CheckoutStore::open(state.storage().sql()), env }) }
    }

    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("called by RPC only", 404)
    }
}

#[wasm_bindgen]
impl CheckoutObject {
    /// One turn: every call in order, synchronously, in one transaction.
    #[expect(clippy::needless_pass_by_value, reason = "arrays cross the border by value")]
    pub fn turn(&self, calls: Vec<js_sys::Uint8Array>) -> js_sys::Array {
        calls.iter().map(|call| self.inner.answer(&call.to_vec())).collect()
    }

    /// Does what a checkout wants done, until nothing more is due.
    pub fn drive(&self, id: String) -> js_sys::Promise {
        let inner = Rc::clone(&self.inner);
        wasm_bindgen_futures::future_to_promise(async move {
            if let Some(id) = CheckoutId::parse(&id) {
                inner.drive(id).await;
            }
            Ok(JsValue::UNDEFINED)
        })
    }

    /// When the runtime should wake this object: milliseconds since the epoch.
    pub fn alarm_at(&self) -> Option<f64> {
        let next = self.inner.store.next_due().ok().flatten()?;
        // Below 2^53 until the year 287396.
        Some(millis(clock::runtime_millis(next).max(1)))
    }

    /// Checkouts whose time has come.
    pub fn due(&self, limit: u32) -> Vec<String> {
        let due = self.inner.store.due(clock::now(), limit).unwrap_or_default();
        due.iter().map(ToString::to_string).collect()
    }
}

#[expect(clippy::as_conversions, reason = "milliseconds of this millennium are exact in a double")]
fn millis(at: u64) -> f64 {
    at as f64
}

impl Inner {
    fn with_desk<T>(&self, work: impl FnOnce(&Desk<'_>) -> T) -> Option<T> {
        let config: Rc<Config> = settings::config(&self.env).ok()?;
        let desk = Desk {
            config: &config,
            shelf: &self.store,
            now: clock::now(),
            entropy: &clock::entropy,
        };
        Some(work(&desk))
    }

    /// `[reply or null, checkout to drive or null, operation to answer after it or null]`
    fn answer(&self, bytes: &[u8]) -> JsValue {
        let internal = |request_id: &str| Reply::refusal(&Refusal::new(Code::Internal), request_id);
        let Ok(envelope) = rpc::read_call(bytes, Op::of) else {
            return parts(Some(&internal("")), None, None);
        };
        let request_id = envelope.request_id.clone();
        let outcome = self.with_desk(|desk| {
            let (outcome, broken) = desk.answer(envelope.op, &request_id);
            report(&request_id, broken.as_ref());
            match outcome {
                Outcome::DriveLater(id, then) => {
                    let (now, broken) = desk.answer(*then, &request_id);
                    report(&request_id, broken.as_ref());
                    (now, Some(id))
                }
                other @ (Outcome::Reply(_) | Outcome::Drive(..)) => (other, None),
            }
        });
        match outcome {
            Some((Outcome::Reply(reply), later)) => parts(Some(&reply), later, None),
            Some((Outcome::Drive(id, then) | Outcome::DriveLater(id, then), _)) => {
                let then = Envelope { form: rpc::FORM, request_id, op: *then };
                parts(None, Some(id), serde_json::to_vec(&then).ok())
            }
            None => parts(Some(&internal(&request_id)), None, None),
        }
    }

    async fn drive(&self, id: CheckoutId) {
        for _ in 0..ROUNDS_MAX {
            match self.round(id).await {
                Some(Ok(true)) => {}
                Some(Ok(false)) | None => return,
                Some(Err(failed)) => return self.give_up(id, &failed),
            }
        }
    }

    /// One round of work; whether there was any. `None` when the installation is not usable.
    async fn round(&self, id: CheckoutId) -> Option<std::result::Result<bool, Failed>> {
        let errands = match self.with_desk(|desk| desk.errands(id))? {
            Ok(errands) => errands.0,
            Err(failed) => return Some(Err(failed)),
        };
        let any = !errands.is_empty();
        for errand in errands {
            if let Some(Err(failed)) = self.run(id, errand).await {
                return Some(Err(failed));
            }
        }
        Some(Ok(any))
    }

    async fn run(&self, id: CheckoutId, errand: Errand) -> Option<std::result::Result<(), Failed>> {
        match errand {
            Errand::Provider(question) => self.ask_provider(id, question).await,
            Errand::Stock { attempt, command, pieces, merchant } => {
                let kept = self.ask_stock(attempt, command, &pieces, &merchant).await;
                self.with_desk(|desk| desk.stock_answered(id, attempt, command, kept))
            }
            Errand::Queue(outgoing) => self.send_out(id, &outgoing).await,
        }
    }

    async fn ask_provider(
        &self,
        id: CheckoutId,
        question: Question,
    ) -> Option<std::result::Result<(), Failed>> {
        let answer = match &question.request {
            Ok(request) => http::send(&self.env, request).await,
            Err(_) => None,
        };
        self.with_desk(|desk| desk.provider_answered(id, &question, answer.as_ref()))
    }

    /// Whether every piece said yes; `None` when one did not answer.
    async fn ask_stock(
        &self,
        attempt: AttemptId,
        command: Command,
        pieces: &[(Sku, u32)],
        merchant: &str,
    ) -> Option<bool> {
        let mut kept = true;
        for (sku, quantity) in pieces {
            let op = StockOp::Command {
                sku: sku.to_string(),
                command: command.code().to_owned(),
                attempt: attempt.to_string(),
                quantity: *quantity,
            };
            let reply = rpc::stock(&self.env, merchant, sku.as_str(), "", op).await.ok()?;
            kept = kept && reply.body == "true";
        }
        Some(kept)
    }

    async fn send_out(
        &self,
        id: CheckoutId,
        outgoing: &Outgoing,
    ) -> Option<std::result::Result<(), Failed>> {
        let sent = match self.env.queue("NOTICES") {
            Ok(queue) => {
                let payload = JsValue::from(outgoing.payload.as_str());
                queue
                    .send_raw(
                        RawMessageBuilder::new(payload)
                            .build_with_content_type(QueueContentType::Json),
                    )
                    .await
            }
            Err(error) => Err(error),
        };
        match sent {
            Ok(()) => None,
            Err(error) => {
                log(
                    "error",
                    &[("queue", &error.to_string()), ("notice", &outgoing.id.to_string())],
                );
                self.with_desk(|desk| desk.queue_refused(id, outgoing))
            }
        }
    }

    /// One failing checkout is put aside with its reason and never blocks its shard.
    fn give_up(&self, id: CheckoutId, failed: &Failed) {
        let why = format!("{failed:?}");
        log("error", &[("checkout", &id.to_string()), ("parked", &why)]);
        self.with_desk(|desk| desk.put_aside(id, &why));
    }
}

fn report(request_id: &str, broken: Option<&ShelfError>) {
    if let Some(error) = broken {
        log("error", &[("request_id", request_id), ("shelf", &error.0)]);
    }
}

fn parts(reply: Option<&Reply>, drive: Option<CheckoutId>, then: Option<Vec<u8>>) -> JsValue {
    let bytes = |bytes: Vec<u8>| JsValue::from(js_sys::Uint8Array::from(bytes.as_slice()));
    let reply = reply.and_then(|reply| serde_json::to_vec(reply).ok()).map(bytes);
    js_sys::Array::of3(
        &reply.unwrap_or(JsValue::NULL),
        &drive.map_or(JsValue::NULL, |id| JsValue::from(id.to_string())),
        &then.map_or(JsValue::NULL, bytes),
    )
    .into()
}

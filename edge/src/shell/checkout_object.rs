//! The object that owns a shard of checkouts.
//!
//! **The one rule:** load, step, store everything in one transaction, then do the work; every result is
//! a new input. Nothing is awaited between load and store: every turn below is synchronous, and work is
//! marked as asked before it is done.

use core::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Promise};
use shared::id::CheckoutId;
use shared::problem::Code;
use wasm_bindgen::prelude::*;
use worker::Env;

use crate::config::Config;
use crate::envelope::{Ask, read_call, write_call};
use crate::live::{self, Leave};
use crate::owner::{Desk, Errand, Failed, Listener, Op, ROUNDS_MAX, Reply};
use crate::problem::Refusal;
use crate::provider::HttpResponse;
use crate::shelf::{Shelf as _, ShelfError};
use crate::stock;

use super::host::{self, Broken, Ctx, Sql, parts};
use super::store::CheckoutStore;
use super::{clock, http, log, settings};

#[cfg(feature = "load")]
mod load;

/// See `owner.rs`.
#[wasm_bindgen]
pub struct CheckoutObject {
    inner: Rc<Inner>,
}

struct Inner {
    store: CheckoutStore,
    env: Env,
    /// Its alarm is to ring at once, if any is to ring at all.
    rings: Cell<bool>,
}

/// What the world said to an errand.
enum Heard {
    /// The provider's answer, or its silence.
    Provider(Option<HttpResponse>),
    /// Whether every piece said yes; `None` when one did not answer.
    Stock(Option<bool>),
    /// Whether the queue took it.
    Queue(Result<(), Broken>),
}

#[wasm_bindgen]
impl CheckoutObject {
    /// Opens the object's database.
    #[wasm_bindgen(constructor)]
    pub fn new(sql: Sql, env: Env, ctx: Ctx) -> Self {
        #[cfg(feature = "demo")]
        log("info", &[("opened", &host::name_of(&ctx))]);
        Self {
            inner: Rc::new(Inner {
                store: CheckoutStore::open(sql, ctx),
                env,
                rings: Cell::default(),
            }),
        }
    }

    /// How long a new socket may take for its proof, in milliseconds; 0 when it has no place.
    pub fn patience(&self, strangers_here: u32, strangers_in_all: u32) -> u32 {
        live::patience(strangers_here, strangers_in_all)
    }

    /// A socket's first message: `[version, first words, whether by the link]`, or `[close code, reason]`.
    pub fn listen(&self, checkout: &str, message: &str, listeners: u32) -> Array {
        self.inner.listen(checkout, message, listeners)
    }

    /// Answers one operation: `[reply or null, checkout to drive or null, operation to answer after it
    /// or null]`. Synchronous, so that the answers of one turn are one transaction.
    #[expect(clippy::needless_pass_by_value, reason = "bytes cross the border by value")]
    pub fn answer(&self, call: Vec<u8>) -> Array {
        self.inner.answer(&call)
    }

    /// Does what a checkout wants done, until nothing more is due.
    pub fn drive(&self, id: &str) -> JsValue {
        let (inner, id) = (Rc::clone(&self.inner), CheckoutId::parse(id));
        host::promise(Box::pin(async move {
            if let (Some(id), Ok(config)) = (id, settings::config(&inner.env)) {
                inner.drive(&config, id).await;
            }
            JsValue::UNDEFINED
        }))
    }

    /// The end of a turn: everything that was written in it goes to SQLite, and who listens is told. When
    /// the runtime should wake this object: milliseconds since the epoch, roughly while somebody `works`. A
    /// sweep lets it ring at once: the runtime takes a time that it believes to have for none, and the alarm
    /// may be lost.
    ///
    /// # Errors
    /// Nothing of this turn is kept, and nobody in it may be answered.
    pub fn settle(&self, works: bool) -> Result<Option<f64>, JsValue> {
        let thrown = |ShelfError(error)| JsValue::from(error);
        if let Ok(config) = settings::config(&self.inner.env) {
            self.inner.settle(&config).map_err(thrown)?;
        }
        let rings = self.inner.rings.take();
        let next = self.inner.store.next_due_known(clock::now(), works).map_err(thrown)?;
        let Some(next) = next else { return Ok(None) };
        let next = if rings { next.min(clock::now()) } else { next };
        Ok(Some(host::double(clock::runtime_millis(next).max(1))))
    }

    /// Checkouts whose time has come.
    pub fn due(&self, limit: u32) -> Array {
        let due = self.inner.store.due(clock::now(), limit).unwrap_or_default();
        due.iter().map(|id| JsValue::from(id.to_string())).collect()
    }
}

impl Inner {
    fn desk<'a>(&'a self, config: &'a Config) -> Desk<'a> {
        Desk { config, shelf: &self.store, now: clock::now(), entropy: &clock::entropy }
    }

    fn answer(&self, bytes: &[u8]) -> Array {
        let internal = |request_id: &str| {
            let reply = Reply::refusal(&Refusal::new(Code::Internal), request_id);
            parts(Some(&reply), None, None)
        };
        let Ok(call) = read_call::<Op>(bytes) else { return internal("") };
        let request_id = call.request_id;
        self.rings.set(self.rings.get() || matches!(call.op, Op::Sweep));
        let Ok(config) = settings::config(&self.env) else { return internal(&request_id) };
        let before = self.store.writes();
        let turn = self.desk(&config).turn(call.op, &request_id);
        report(&request_id, turn.broken.as_ref());
        self.keep_whole(before, turn.broken.is_some());
        let then = turn.then.map(|op| write_call(&request_id, &op));
        parts(turn.reply.as_ref(), turn.drive, then.as_deref())
    }

    /// Hands on what was written, then tells who listens: the runtime holds that back until it is durable.
    fn settle(&self, config: &Config) -> Result<(), ShelfError> {
        self.store.flush()?;
        for id in self.store.take_changed() {
            let (ctx, checkout) = (self.store.ctx(), id.to_string());
            if host::listeners(ctx, &checkout) == 0 {
                continue;
            }
            // What cannot be told is found at the next poll.
            if let Ok((version, says)) = self.desk(config).live(id) {
                host::tell(ctx, &checkout, host::double(version), &says);
            }
        }
        Ok(())
    }

    /// A step of a drive. One that breaks half-way is not kept.
    fn step<T>(
        &self,
        config: &Config,
        step: impl FnOnce(&Desk<'_>) -> Result<T, Failed>,
    ) -> Result<T, Failed> {
        let before = self.store.writes();
        let done = step(&self.desk(config));
        self.keep_whole(before, matches!(done, Err(Failed::Broken(_))));
        done
    }

    /// What broke when something of it was written is not kept.
    fn keep_whole(&self, writes_before: u64, broke: bool) {
        if broke && self.store.writes() != writes_before {
            self.store.spoil();
        }
    }

    fn listen(&self, checkout: &str, message: &str, listeners: u32) -> Array {
        let leave = |(code, word): Leave| Array::of2(&code.into(), &word.into());
        let Ok(config) = settings::config(&self.env) else { return leave(live::FULL) };
        match self.desk(&config).listen(checkout, message, listeners) {
            Ok(Listener { version, says, linked }) => {
                Array::of3(&host::double(version).into(), &says.into(), &linked.into())
            }
            Err(why) => leave(why),
        }
    }

    async fn drive(&self, config: &Config, id: CheckoutId) {
        for _ in 0..ROUNDS_MAX {
            match self.round(config, id).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(failed) => return self.give_up(config, id, &failed),
            }
        }
    }

    /// One round of work; whether there may be more.
    async fn round(&self, config: &Config, id: CheckoutId) -> Result<bool, Failed> {
        let losses = self.store.losses();
        let errands = self.step(config, |desk| desk.errands(id))?.0;
        // Drives that are in the same turn share its end; nothing is asked before the marks are kept (I-9).
        let _ended = host::done(host::turns_end(self.store.ctx())).await;
        self.settle(config)?;
        if self.store.losses() != losses {
            return Err(ShelfError("the marks of this round were lost".to_owned()).into());
        }
        let sent: Vec<_> = errands.iter().map(|errand| self.send(errand)).collect();
        let mut goes_on = false;
        for (errand, sent) in errands.iter().zip(sent) {
            let heard = match sent {
                Some(sent) => Heard::Queue(host::done(sent).await.map(|_| ())),
                None => self.run(errand).await,
            };
            goes_on = goes_on || !matches!(heard, Heard::Queue(_));
            self.step(config, |desk| hear(desk, id, errand, heard))?;
            self.settle(config)?;
        }
        Ok(goes_on)
    }

    /// Letters go at once, all together.
    fn send(&self, errand: &Errand) -> Option<Promise> {
        match errand {
            Errand::Queue(letter) => {
                Some(host::posted(self.store.ctx(), &self.env, &letter.payload))
            }
            Errand::Provider(_) | Errand::Stock { .. } => None,
        }
    }

    async fn run(&self, errand: &Errand) -> Heard {
        match errand {
            Errand::Provider(question) => Heard::Provider(match &question.request {
                Ok(request) => http::send(&self.env, request).answer().await,
                Err(_) => None,
            }),
            Errand::Stock { attempt, command, pieces, merchant } => {
                let mut kept = true;
                for (sku, quantity) in pieces {
                    let op = stock::order(sku, *command, *attempt, *quantity);
                    match Ask::stock(merchant, sku.as_str(), "", &op).send(&self.env).await {
                        Ok(reply) => kept = kept && stock::said_yes(&reply),
                        Err(_) => return Heard::Stock(None),
                    }
                }
                Heard::Stock(Some(kept))
            }
            Errand::Queue(_) => Heard::Queue(Ok(())),
        }
    }

    /// One failing checkout is put aside with its reason and never blocks its shard.
    fn give_up(&self, config: &Config, id: CheckoutId, failed: &Failed) {
        let why = format!("{failed:?}");
        log("error", &[("checkout", &id.to_string()), ("parked", &why)]);
        // Where even this cannot be stored, the log is all there is.
        let _ = self.desk(config).put_aside(id, &why);
    }
}

fn hear(desk: &Desk<'_>, id: CheckoutId, errand: &Errand, heard: Heard) -> Result<(), Failed> {
    match (errand, heard) {
        (Errand::Provider(question), Heard::Provider(answer)) => {
            desk.provider_answered(id, question, answer.as_ref())
        }
        (Errand::Stock { attempt, command, .. }, Heard::Stock(kept)) => {
            desk.stock_answered(id, *attempt, *command, kept)
        }
        (Errand::Queue(outgoing), Heard::Queue(Ok(()))) => desk.queue_took(outgoing),
        (Errand::Queue(outgoing), Heard::Queue(Err(Broken(error)))) => {
            log("error", &[("queue", &error), ("notice", &outgoing.id.to_string())]);
            desk.queue_refused(id, outgoing)
        }
        (Errand::Provider(_) | Errand::Stock { .. } | Errand::Queue(_), _) => Ok(()),
    }
}

fn report(request_id: &str, broken: Option<&ShelfError>) {
    if let Some(error) = broken {
        log("error", &[("request_id", request_id), ("shelf", &error.0)]);
    }
}

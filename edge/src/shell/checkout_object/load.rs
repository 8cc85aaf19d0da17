//! Fills a shard with checkouts, for the benchmark of its growth: feature `load`, which no release has.
//!
//! # Why here
//! What is loaded has to be what buyers would have left behind. So every checkout goes through the turns
//! of production at the desk of production and into its tables; what falls away is the way to the object,
//! and hundreds of checkouts share one commit. The world's answers are made here as well.

use shared::fact::Ask;
use shared::id::{AttemptId, CheckoutId};
use shared::time::{Span, Timestamp};
use wasm_bindgen::prelude::*;

use crate::config::Config;
use crate::owner::{Desk, Errand, Failed, Op, Outcome, Question, Reply, TokenClaims, home_of};
use crate::provider::HttpResponse;
use crate::row::Record;
use crate::shelf::{Shelf as _, ShelfError};
use crate::signature::{derive, hex};
use crate::view;

use super::super::store::CheckoutStore;
use super::super::{clock, settings};
use super::CheckoutObject;
use told::Told;

mod told;

/// Tells such a module from a release; the release check looks for it.
const MARK: &str = "hanbeon-bench-load";
/// Whose checkouts they are: the demo's, as in the rest of the benchmark.
const MERCHANT: &str = "m_camera";
/// What each costs.
const AMOUNT: u64 = 31_000;
/// Those that are over began so long ago. Answers and counters are kept longer than that, so all are there.
const AGO: Span = Span::hours(24 * 3);
/// Of twenty checkouts one waits for its buyer, two were left in the provider's window, and the rest is paid
/// and told.
const OF: u32 = 20;
/// A loaded checkout that wants more rounds than this is a mistake of ours.
const ROUNDS: u32 = 64;
/// So many go to the disk with one statement a table.
const TOGETHER: u32 = 128;

#[wasm_bindgen]
impl CheckoutObject {
    /// Makes checkouts of those of the orders `first .. first + orders` that belong to this object, `home`;
    /// how many they were. All are one commit.
    ///
    /// # Errors
    /// A sentence; nothing of it is kept.
    pub fn load(&self, home: &str, first: u32, orders: u32) -> Result<u32, JsValue> {
        let broken = |why: String| JsValue::from(format!("{MARK}: {why}"));
        let config = settings::config(&self.inner.env).map_err(|error| broken(error.0))?;
        let store = &self.inner.store;
        let shelf = Told::new(store);
        let mut made = 0_u32;
        for n in first..first.saturating_add(orders) {
            let at = home_of(config.generation, config.shards, MERCHANT, &order(n));
            if at.object_name() != home {
                continue;
            }
            let filler = Filler { config: &config, shelf: &shelf, n };
            filler.fill().map_err(|failed| broken(format!("order {n}: {failed:?}")))?;
            made = made.saturating_add(1);
            if made.checked_rem(TOGETHER) == Some(0) {
                store.flush().map_err(|error| broken(error.0))?;
                let _told = store.take_changed();
            }
        }
        store.flush().map_err(|error| broken(error.0))?;
        let _told = store.take_changed();
        Ok(made)
    }
}

fn order(n: u32) -> String {
    format!("load-{n}")
}

/// One checkout's life.
struct Filler<'a> {
    config: &'a Config,
    shelf: &'a Told<'a>,
    n: u32,
}

impl Filler<'_> {
    fn fill(&self) -> Result<(), Failed> {
        let kind = self.n.checked_rem(OF).unwrap_or_default();
        let now = clock::now();
        if kind == 0 {
            let id = self.open(now, Span::hours(24 * 7))?;
            return self.drive(id, now, false);
        }
        let then = now.before(AGO);
        let id = self.open(then, Span::hours(1))?;
        let attempt = self.begin(id, then)?;
        if kind <= 2 {
            return self.wait(id, then);
        }
        let soon = then.after(Span::seconds(40));
        let request = attempt.request_id();
        let key = attempt.to_string();
        let key = derive(&self.config.derive_secret, "return", &[key.as_bytes()]);
        let op = Op::Returned {
            request_id: request.to_string(),
            key: hex(&key),
            hint: format!("paymentType=NORMAL&orderId={request}&amount={AMOUNT}"),
            left: false,
        };
        self.turn(op, soon, true)?;
        match view::standing(&self.record(id)?) {
            "paid" => Ok(()),
            other => Err(wrong(other)),
        }
    }

    fn desk(&self, now: Timestamp) -> Desk<'_> {
        Desk { config: self.config, shelf: self.shelf, now, entropy: &clock::entropy }
    }

    fn record(&self, id: CheckoutId) -> Result<Record, Failed> {
        Ok(self.shelf.record(id)?.ok_or_else(|| ShelfError("it is not there".to_owned()))?)
    }

    /// The shop's server opens it, with the names that it claims.
    fn open(&self, now: Timestamp, life: Span) -> Result<CheckoutId, Failed> {
        let (order, key, fingerprint) = (order(self.n), random(), random());
        let body = serde_json::json!({
            "buyer": { "id": format!("u-{}", self.n) },
            "orders": [{
                "order_id": order, "seller": MERCHANT, "amount": AMOUNT,
                "lines": [{ "sku": "free", "name": "Fujifilm X100V", "quantity": 1,
                            "unit_amount": AMOUNT, "unlimited": true }],
            }],
            "amount": AMOUNT, "currency": "KRW", "expires_in_seconds": life.as_seconds(),
            "return_url": "https://shop.example.com/return.html",
        });
        for name in [format!("key/{MERCHANT}/{key}"), format!("order/{MERCHANT}/{order}")] {
            self.turn(Op::Claim { name, fingerprint: fingerprint.clone() }, now, false)?;
        }
        let (merchant, body) = (MERCHANT.to_owned(), body.to_string());
        let reply = self.turn(Op::Open { merchant, key, fingerprint, body }, now, false)?;
        let opened: serde_json::Value = serde_json::from_str(&reply.body).unwrap_or_default();
        let id = opened.get("id").and_then(|id| id.as_str()).and_then(CheckoutId::parse);
        id.ok_or_else(|| wrong("an opening has no id"))
    }

    /// The buyer's first attempt.
    fn begin(&self, id: CheckoutId, now: Timestamp) -> Result<AttemptId, Failed> {
        let record = self.record(id)?;
        let claims = TokenClaims {
            checkout: id.to_string(),
            jti: record.first_grant.jti.to_string(),
            buyer: record.checkout.buyer.to_string(),
            amount: AMOUNT,
            currency: "KRW".to_owned(),
            merchant: MERCHANT.to_owned(),
            quote: None,
        };
        let [_, a, b, c] = self.n.to_be_bytes();
        let body = serde_json::json!({
            "method": "toss_card", "presentation": "redirect", "device": "pc", "locale": "ko",
        });
        let op = Op::Begin {
            claims,
            state: None,
            key: random(),
            address: format!("10.{a}.{b}.{c}"),
            body: body.to_string(),
        };
        self.turn(op, now, false)?;
        let begun = self.record(id)?.payment.attempts.last().map(|attempt| attempt.id);
        begun.ok_or_else(|| wrong("no attempt began"))
    }

    /// Nobody comes back: everything that its clocks still want, until they want nothing.
    fn wait(&self, id: CheckoutId, from: Timestamp) -> Result<(), Failed> {
        let mut now = from;
        for _ in 0..ROUNDS {
            let record = self.record(id)?;
            let Some(due) = record.payment.due(&record.checkout) else { return Ok(()) };
            now = now.max(due);
            self.drive(id, now, false)?;
        }
        Err(wrong("it does not come to an end"))
    }

    /// An operation with all that follows from it; the buyer has paid, or has not.
    fn turn(&self, op: Op, now: Timestamp, paid: bool) -> Result<Reply, Failed> {
        let mut op = op;
        loop {
            match self.desk(now).handle(&op)? {
                Outcome::Reply(reply) => return Ok(reply),
                Outcome::Drive(id, then) | Outcome::DriveLater(id, then) => {
                    self.drive(id, now, paid)?;
                    op = *then;
                }
            }
        }
    }

    /// What the shell would carry into the world, and what the world would say.
    fn drive(&self, id: CheckoutId, now: Timestamp, paid: bool) -> Result<(), Failed> {
        let mut goes_on = true;
        let mut rounds = 0_u32;
        while goes_on && rounds < ROUNDS {
            goes_on = false;
            rounds = rounds.saturating_add(1);
            for errand in self.desk(now).errands(id)?.0 {
                goes_on = self.run(id, &errand, now, paid)? || goes_on;
            }
        }
        if goes_on { Err(wrong("its work has no end")) } else { Ok(()) }
    }

    /// One errand; whether more may follow from it.
    fn run(
        &self,
        id: CheckoutId,
        errand: &Errand,
        now: Timestamp,
        paid: bool,
    ) -> Result<bool, Failed> {
        let desk = self.desk(now);
        match errand {
            Errand::Provider(question) => {
                desk.provider_answered(id, question, Some(&answer(question, paid)))?;
                Ok(true)
            }
            Errand::Queue(_) => Ok(false),
            // Nobody counts these goods, so no piece is asked and each says yes.
            Errand::Stock { attempt, command, .. } => {
                desk.stock_answered(id, *attempt, *command, Some(true))?;
                Ok(true)
            }
        }
    }
}

/// What Toss would say.
fn answer(question: &Question, paid: bool) -> HttpResponse {
    let captures = matches!(*question.ask, Ask::Capture { .. });
    let (http_status, body) = if paid {
        let request = question.ask.request_id().to_string();
        let body = serde_json::json!({
            "paymentKey": format!("pay_{request}"), "orderId": request, "method": "카드",
            "status": if captures { "DONE" } else { "IN_PROGRESS" },
            "currency": "KRW", "totalAmount": AMOUNT, "balanceAmount": AMOUNT,
        });
        (200, body)
    } else {
        (404, serde_json::json!({ "code": "NOT_FOUND_PAYMENT", "message": "" }))
    };
    HttpResponse { http_status, retry_after: None, body: body.to_string().into_bytes() }
}

fn random() -> String {
    format!("{:032x}", clock::entropy())
}

fn wrong(why: &str) -> Failed {
    Failed::Broken(ShelfError(why.to_owned()))
}

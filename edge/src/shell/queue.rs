//! The consumer of the queue: the book's copy first, then the shop's notice; and the consumer of the
//! dead letters, so that none vanishes unread (I-14, I-16, F47 to F49).

use js_sys::{Array, Promise};
use shared::time::{Span, Timestamp};
use wasm_bindgen::prelude::*;
use worker::Env;

use crate::book::{FORM, Message};
use crate::config::Config;
use crate::outbox::{Outcome, endpoint_allowed, tried_by};
use crate::owner::Op;
use crate::provider::{HttpRequest, Road};
use crate::signature;

use super::host::{self, Batch, Broken, Values};
use super::rpc::{self, Ask};
use super::{clock, http, log, settings};

/// The queue of letters that exhausted their plan.
const DEAD: &str = "hanbeon-notices-dead";
/// A shop that takes longer is asked again later (F45).
const NOTICE_WAIT: Span = Span::seconds(10);
/// Why a dead letter is one.
const UNDELIVERABLE: &str = "every delivery failed";

/// What becomes of a letter.
enum Fate {
    /// It is done with.
    Done,
    /// It is tried again after this time.
    Again(Span),
    /// It is given up, and its owner is told why.
    Dead(&'static str),
}

/// The runtime's batch of letters.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "the runtime reaches it")]
pub fn queue(batch: Batch, env: Env) -> Promise {
    host::promise(Box::pin(async move {
        let dead = batch.queue() == DEAD;
        // Each letter is answered for itself: one that fails does not bring the others back.
        for pair in host::letters(&batch) {
            let pair = Array::from(&pair);
            let text = pair.get(0).as_string().unwrap_or_default();
            let again = take(&env, &text, dead).await.unwrap_or_else(|Broken(error)| {
                log("error", &[("queue", &error)]);
                Some(Span::seconds(30))
            });
            let seconds = |wait: Span| u32::try_from(wait.as_seconds()).unwrap_or(u32::MAX);
            host::settled(&pair.get(1), again.map(seconds));
        }
        JsValue::UNDEFINED
    }))
}

/// Takes one letter; `None` when it may go, or when it is to come again.
async fn take(env: &Env, text: &str, dead: bool) -> Result<Option<Span>, Broken> {
    let config = settings::config(env)?;
    let message = rpc::read(text.as_bytes(), Message::of)?;
    if message.form > FORM {
        return Err(Broken("a newer release's message".to_owned()));
    }
    let fate = if dead {
        // A dead letter is written down and its owner told; then it may go.
        host::done(host::book_batch(env, &dead_letter(&message, text))?).await?;
        log("error", &[("dead_letter", &message.id), ("checkout", &message.checkout)]);
        Fate::Dead(UNDELIVERABLE)
    } else {
        host::done(host::book_batch(env, &book_copy(&message))?).await?;
        match notice(&config, &message) {
            Some(Ok(request)) => {
                let answer = http::send(env, &request).await;
                let retry_after = answer.as_ref().and_then(|answer| answer.retry_after);
                fate(&message, Outcome::read(answer.map(|answer| answer.http_status), retry_after))
            }
            Some(Err(cannot)) => fate(&message, cannot),
            None => Fate::Done,
        }
    };
    let notice = message.id;
    let op = match fate {
        Fate::Again(wait) => return Ok(Some(wait)),
        Fate::Done => Op::NoticeDone { notice },
        Fate::Dead(why) => Op::NoticeDead { notice, why: why.to_owned() },
    };
    Ask::checkout(&message.home, "", &op).send(env).await?;
    Ok(None)
}

fn fate(message: &Message, outcome: Outcome) -> Fate {
    match outcome {
        Outcome::Delivered => Fate::Done,
        Outcome::Gone => Fate::Dead("410 gone"),
        Outcome::Failed | Outcome::Slower { .. } => {
            let tried = tried_by(clock::now().since(Timestamp::from_millis(message.at)));
            let seed = signature::digest(message.id.as_bytes());
            let seed = u64::from_be_bytes(seed.first_chunk().copied().unwrap_or_default());
            // After the last try the queue itself moves the letter to the dead ones.
            Fate::Again(demo_wait(outcome.wait(tried, seed).unwrap_or(Span::seconds(30))))
        }
    }
}

/// Demo builds wait seconds where a release waits minutes: nobody watches a demo for three days.
fn demo_wait(wait: Span) -> Span {
    if cfg!(feature = "demo") { wait.min(Span::seconds(1)) } else { wait }
}

/// The signed request that tells the shop, if it is told; or why it cannot be sent.
fn notice(config: &Config, message: &Message) -> Option<Result<HttpRequest, Outcome>> {
    let body = message.notice.as_ref()?;
    let merchant = config.merchants.values().find(|m| m.id.as_str() == message.merchant);
    let Some(merchant) = merchant else { return Some(Err(Outcome::Failed)) };
    let target = &merchant.notice;
    if endpoint_allowed(&target.endpoint, cfg!(feature = "demo")).is_err() {
        return Some(Err(Outcome::Failed));
    }
    let now: Timestamp = clock::now();
    let signed = signature::sign(&target.secret, &message.id, now, body.as_bytes());
    Some(Ok(HttpRequest {
        method: "POST",
        url: target.endpoint.clone(),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", message.id.clone()),
            ("webhook-timestamp", now.as_seconds().to_string()),
            ("webhook-signature", signed),
        ],
        body: body.as_bytes().to_vec(),
        road: Road::Public,
        deadline: NOTICE_WAIT,
    }))
}

/// A statement that writes a dead letter down.
fn dead_letter(message: &Message, text: &str) -> Values {
    let (statements, values) = (Values::new(), Values::new());
    values.text(&message.id).text(&message.checkout).text(&message.merchant).text(text);
    values.text(UNDELIVERABLE).time(clock::now());
    statements
        .text(
            "INSERT INTO dead_letters (id, checkout, merchant, message, why, at)
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        )
        .value(&values);
    statements
}

/// Statements for the list's row, unless a newer one is there, and the ledger's lines, each once.
fn book_copy(message: &Message) -> Values {
    let (statements, values) = (Values::new(), Values::new());
    let listed = &message.listed;
    values.text(&message.checkout).text(&message.merchant).number(listed.version);
    values.text(&listed.standing).number(listed.amount).number(listed.refunded);
    values.text(&listed.currency).text(&listed.label).number(listed.created_at).number(message.at);
    statements
        .text(
            "INSERT INTO checkouts (id, merchant, version, status, amount, refunded, currency, label,
                                    created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET version = excluded.version, status = excluded.status,
                 refunded = excluded.refunded, updated_at = excluded.updated_at
             WHERE excluded.version > checkouts.version",
        )
        .value(&values);
    for (n, (entry, account, side, amount)) in (0_u64..).zip(&message.postings) {
        let values = Values::new();
        values.text(&message.checkout).text(entry).number(n).text(account).text(side);
        values.number(*amount).text(&listed.currency).number(message.at);
        statements
            .text(
                "INSERT INTO postings (checkout, entry, n, account, side, amount, currency, at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (checkout, entry, n) DO NOTHING",
            )
            .value(&values);
    }
    statements
}

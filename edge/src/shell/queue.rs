//! The consumer of the queue: the book's copy first, then the shop's notice; and the consumer of the
//! dead letters, so that none vanishes unread (I-14, I-16, F47 to F49).

use js_sys::{Array, Promise};
use shared::time::Span;
use wasm_bindgen::prelude::*;
use worker::Env;

use crate::book::{FORM, Message};
use crate::config::Config;
use crate::mail;
use crate::outbox::{Outcome, endpoint_allowed};
use crate::owner::Op;
use crate::provider::{HttpRequest, Road};
use crate::signature;

use super::host::{self, Batch, Broken, Row, Values};
use super::rpc::{self, Ask};
use super::{clock, http, log, settings};

/// The queue of letters that exhausted their plan.
const DEAD: &str = "hanbeon-notices-dead";
/// A shop that takes longer is asked again later (F45).
const NOTICE_WAIT: Span = Span::seconds(10);
/// Why a dead letter is one when nothing better is known.
const UNDELIVERABLE: &str = "every delivery failed";
/// A letter that has no try left comes back once more after this; the queue then gives it up by itself.
const LAST_WAIT: Span = Span::seconds(30);

/// What becomes of a letter.
enum Fate {
    /// It is done with.
    Done,
    /// It is tried again after this time.
    Again(Span),
    /// Its plan is used up; the queue itself moves it to the dead ones.
    Last,
    /// It is given up.
    Dead,
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
            let (text, tries) =
                Row::read(&pair, |row| (row.text(), row.small())).unwrap_or_default();
            let letter = Letter { text: &text, tries, dead };
            let again = take(&env, &letter).await.unwrap_or_else(|Broken(error)| {
                log("error", &[("queue", &error)]);
                Some(Span::seconds(30))
            });
            let seconds = |wait: Span| u32::try_from(wait.as_seconds()).unwrap_or(u32::MAX);
            host::settled(&pair.get(2), again.map(seconds));
        }
        JsValue::UNDEFINED
    }))
}

/// A letter as the queue brings it.
struct Letter<'a> {
    text: &'a str,
    /// How often it was brought, this time included.
    tries: u32,
    /// Whether it comes from the dead ones.
    dead: bool,
}

/// Takes one letter; `None` when it may go, or when it is to come again.
async fn take(env: &Env, letter: &Letter<'_>) -> Result<Option<Span>, Broken> {
    let config = settings::config(env)?;
    let message = rpc::read(letter.text.as_bytes(), Message::of)?;
    if message.form > FORM {
        return Err(Broken("a newer release's message".to_owned()));
    }
    let (fate, why) = if letter.dead {
        (Fate::Dead, UNDELIVERABLE.to_owned())
    } else {
        host::done(host::book_batch(env, &book_copy(&message))?).await?;
        let answer = match notice(&config, &message) {
            None => None,
            Some(Ok(request)) => Some(http::send(env, &request).await),
            Some(Err(())) => Some(None),
        };
        let http_status = answer.as_ref().and_then(|a| Some(a.as_ref()?.http_status));
        let retry_after = answer.as_ref().and_then(|a| a.as_ref()?.retry_after);
        let fate = match answer {
            Some(_) => fate(&message, letter.tries, Outcome::read(http_status, retry_after)),
            None => Fate::Done,
        };
        (fate, last_error(http_status))
    };
    // A dead letter is written down and its owner told; then it may go. The last try writes down what it
    // met, because the queue does not tell the consumer of its dead letters.
    if matches!(fate, Fate::Last | Fate::Dead) {
        let open = matches!(fate, Fate::Dead);
        host::done(host::book_batch(env, &dead_letter(&message, letter.text, &why, open))?).await?;
    }
    let (notice, replays) = (message.id, message.replays);
    let op = match fate {
        Fate::Again(wait) => return Ok(Some(wait)),
        Fate::Last => return Ok(Some(demo_wait(LAST_WAIT))),
        Fate::Done => Op::NoticeDone { notice, replays },
        Fate::Dead => {
            log("error", &[("dead_letter", &notice), ("checkout", &message.checkout)]);
            Op::NoticeDead { notice, replays, why }
        }
    };
    Ask::checkout(&message.home, "", &op).send(env).await?;
    Ok(None)
}

fn fate(message: &Message, tries: u32, outcome: Outcome) -> Fate {
    match outcome {
        Outcome::Delivered => Fate::Done,
        Outcome::Gone => Fate::Dead,
        Outcome::Failed | Outcome::Slower { .. } => {
            let seed = signature::digest(message.id.as_bytes());
            let seed = u64::from_be_bytes(seed.first_chunk().copied().unwrap_or_default());
            outcome.wait(tries, seed).map_or(Fate::Last, |wait| Fate::Again(demo_wait(wait)))
        }
    }
}

/// What a try met, for the shop's list: a number at most, nothing that anybody wrote.
fn last_error(http_status: Option<u16>) -> String {
    match http_status {
        Some(http_status) => format!("http {http_status}"),
        None => "no answer".to_owned(),
    }
}

/// Demo builds wait seconds where a release waits minutes: nobody watches a demo for three days.
fn demo_wait(wait: Span) -> Span {
    if cfg!(feature = "demo") { wait.min(Span::seconds(1)) } else { wait }
}

/// The request that tells the shop, signed or to its mail gateway, if it is told; or that there is no
/// way to send it.
fn notice(config: &Config, message: &Message) -> Option<Result<HttpRequest, ()>> {
    let body = message.notice.as_ref()?;
    let merchant = config.merchants.values().find(|m| m.id.as_str() == message.merchant);
    let Some(merchant) = merchant else { return Some(Err(())) };
    let target = &merchant.notice;
    if endpoint_allowed(&target.endpoint, cfg!(feature = "demo")).is_err() {
        return Some(Err(()));
    }
    let mut headers = vec![("content-type", "application/json".to_owned())];
    let body = if let Some(mailbox) = &target.mail {
        let key = String::from_utf8_lossy(target.secret.expose());
        headers.push(("authorization", ["Bearer ", &key].concat()));
        headers.push(("idempotency-key", message.id.clone()));
        // Some gateways refuse a caller without a name, and the runtime gives none.
        headers.push(("user-agent", "hanbeon".to_owned()));
        mail::mail(message, &merchant.name, mailbox)?
    } else {
        let now = clock::now();
        let signed = signature::sign(&target.secret, &message.id, now, body.as_bytes());
        headers.push(("webhook-id", message.id.clone()));
        headers.push(("webhook-timestamp", now.as_seconds().to_string()));
        headers.push(("webhook-signature", signed));
        body.clone()
    };
    Some(Ok(HttpRequest {
        method: "POST",
        url: target.endpoint.clone(),
        headers,
        body: body.into_bytes(),
        road: Road::Public,
        deadline: NOTICE_WAIT,
    }))
}

/// A statement that writes a dead letter down; `open` once it is dead. A repeat of an earlier death never
/// opens what was replayed since, and what the last try met is not overwritten by less.
fn dead_letter(message: &Message, text: &str, why: &str, open: bool) -> Values {
    let (statements, values) = (Values::new(), Values::new());
    values.text(&message.id).text(&message.checkout).text(&message.merchant).text(text);
    values.text(why).time(clock::now()).number(open.into()).number(message.replays.into());
    values.text(UNDELIVERABLE);
    statements
        .text(
            "INSERT INTO dead_letters (id, checkout, merchant, message, why, at, open, replays)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (id) DO UPDATE SET at = excluded.at, open = excluded.open,
                 replays = excluded.replays,
                 why = CASE excluded.why WHEN ?9 THEN dead_letters.why ELSE excluded.why END
             WHERE excluded.replays >= dead_letters.replays",
        )
        .value(&values);
    statements
}

/// Statements for the list's row, unless a newer one is there, and the ledger's lines, each once; and what
/// is on its way is not among the dead.
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
    let values = Values::new();
    values.text(&message.id).number(message.replays.into());
    statements
        .text(
            "UPDATE dead_letters SET open = 0, replays = ?2
             WHERE id = ?1 AND (replays < ?2 OR (replays = ?2 AND open = 1))",
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

//! The consumer of the queue: the book's copy first, then the shop's notice; and the consumer of the
//! dead letters, so that none vanishes unread (I-14, I-16, F47 to F49).

use shared::time::{Span, Timestamp};
use worker::wasm_bindgen::JsValue;
use worker::{
    Context, Env, MessageBatch, MessageExt, QueueRetryOptionsBuilder, RawMessage as Letter, Result,
    event,
};

use crate::book::{FORM, Message};
use crate::config::Config;
use crate::outbox::{Outcome, endpoint_allowed, tried_by};
use crate::owner::Op;
use crate::provider::{HttpRequest, Road};
use crate::signature;

use super::{clock, http, log, rpc, settings};

/// The queue of letters that exhausted their plan.
const DEAD: &str = "hanbeon-notices-dead";
/// A shop that takes longer is asked again later (F45).
const NOTICE_WAIT: Span = Span::seconds(10);

#[event(queue)]
async fn queue(batch: MessageBatch<()>, env: Env, _ctx: Context) -> Result<()> {
    let config = settings::config(&env)?;
    let dead = batch.queue() == DEAD;
    // Each letter is answered for itself: one that fails does not bring the others back.
    for letter in batch.raw_iter() {
        let taken =
            if dead { bury(&env, &letter).await } else { deliver(&env, &config, &letter).await };
        match taken {
            Ok(None) => letter.ack(),
            Ok(Some(wait)) => retry_in(&letter, wait),
            Err(error) => {
                log("error", &[("queue", &error.to_string())]);
                retry_in(&letter, Span::seconds(30));
            }
        }
    }
    Ok(())
}

fn retry_in(letter: &Letter, wait: Span) {
    let seconds = u32::try_from(wait.as_seconds()).unwrap_or(u32::MAX);
    letter.retry_with_options(&QueueRetryOptionsBuilder::new().with_delay_seconds(seconds).build());
}

/// Empty, and so unreadable, when it is no text.
fn text(letter: &Letter) -> String {
    letter.body().as_string().unwrap_or_default()
}

fn read(letter: &Letter) -> Result<Message> {
    let message = rpc::read(text(letter).as_bytes(), Message::of)?;
    if message.form > FORM {
        return Err(worker::Error::RustError("a newer release's message".to_owned()));
    }
    Ok(message)
}

/// `None` when it is done with, or how long to wait.
async fn deliver(env: &Env, config: &Config, letter: &Letter) -> Result<Option<Span>> {
    let message = read(letter)?;
    write_book(env, &message).await?;
    if let Some(body) = &message.notice {
        let outcome = post(env, config, &message, body).await;
        let tried = tried_by(clock::now().since(Timestamp::from_millis(message.at)));
        match outcome {
            Outcome::Delivered => {}
            Outcome::Gone => {
                let op = Op::NoticeDead { notice: message.id.clone(), why: "410 gone".to_owned() };
                rpc::by_object(env, &message.home, op).await?;
                return Ok(None);
            }
            Outcome::Failed | Outcome::Slower { .. } => {
                let seed = signature::digest(message.id.as_bytes());
                let seed = u64::from_be_bytes(seed.first_chunk().copied().unwrap_or_default());
                // After the last try the queue itself moves the letter to the dead ones.
                let wait = outcome.wait(tried, seed).unwrap_or(Span::seconds(30));
                return Ok(Some(demo_wait(wait)));
            }
        }
    }
    rpc::by_object(env, &message.home, Op::NoticeDone { notice: message.id }).await?;
    Ok(None)
}

/// Demo builds wait seconds where a release waits minutes: nobody watches a demo for three days.
fn demo_wait(wait: Span) -> Span {
    if cfg!(feature = "demo") { wait.min(Span::seconds(1)) } else { wait }
}

async fn post(env: &Env, config: &Config, message: &Message, body: &str) -> Outcome {
    let merchant = config.merchants.values().find(|m| m.id.as_str() == message.merchant);
    let Some(merchant) = merchant else { return Outcome::Failed };
    let target = &merchant.notice;
    if endpoint_allowed(&target.endpoint, cfg!(feature = "demo")).is_err() {
        return Outcome::Failed;
    }
    let now: Timestamp = clock::now();
    let signed = signature::sign(&target.secret, &message.id, now, body.as_bytes());
    let request = HttpRequest {
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
    };
    match http::send(env, &request).await {
        Some(answer) => Outcome::read(Some(answer.http_status), answer.retry_after),
        None => Outcome::read(None, None),
    }
}

/// A dead letter is written down and its owner told; then it may go.
async fn bury(env: &Env, letter: &Letter) -> Result<Option<Span>> {
    let message = read(letter)?;
    let why = "every delivery failed";
    env.d1("BOOK")?
        .prepare(
            "INSERT INTO dead_letters (id, checkout, merchant, message, why, at)
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        )
        .bind(&[
            message.id.clone().into(),
            message.checkout.clone().into(),
            message.merchant.clone().into(),
            letter.body(),
            why.into(),
            number(clock::now().as_millis()),
        ])?
        .run()
        .await?;
    log("error", &[("dead_letter", &message.id), ("checkout", &message.checkout)]);
    let op = Op::NoticeDead { notice: message.id, why: why.to_owned() };
    rpc::by_object(env, &message.home, op).await?;
    Ok(None)
}

/// The list's row, unless a newer one is there, and the ledger's lines, each once.
async fn write_book(env: &Env, message: &Message) -> Result<()> {
    let book = env.d1("BOOK")?;
    let listed = &message.listed;
    let mut statements = vec![
        book.prepare(
            "INSERT INTO checkouts (id, merchant, version, status, amount, refunded, currency, label,
                                    created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET version = excluded.version, status = excluded.status,
                 refunded = excluded.refunded, updated_at = excluded.updated_at
             WHERE excluded.version > checkouts.version",
        )
        .bind(&[
            message.checkout.clone().into(),
            message.merchant.clone().into(),
            number(listed.version),
            listed.standing.clone().into(),
            number(listed.amount),
            number(listed.refunded),
            listed.currency.clone().into(),
            listed.label.clone().into(),
            number(listed.created_at),
            number(message.at),
        ])?,
    ];
    for (n, (entry, account, side, amount)) in (0_u32..).zip(&message.postings) {
        statements.push(
            book.prepare(
                "INSERT INTO postings (checkout, entry, n, account, side, amount, currency, at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (checkout, entry, n) DO NOTHING",
            )
            .bind(&[
                message.checkout.clone().into(),
                entry.clone().into(),
                JsValue::from(n),
                account.clone().into(),
                side.clone().into(),
                number(*amount),
                listed.currency.clone().into(),
                number(message.at),
            ])?,
        );
    }
    book.batch(statements).await?;
    Ok(())
}

/// D1 takes doubles; amounts and times are below 2^53 by type.
#[expect(clippy::as_conversions, reason = "exact below 2^53")]
fn number(value: u64) -> JsValue {
    JsValue::from(value as f64)
}

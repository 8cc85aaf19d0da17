//! One letter of the queue: what it brings, whom it tells, and what becomes of it (I-14, I-16, F45 to F49).
//! The shell carries it: the book's copy first, then the shop's notice.

use shared::time::{Span, Timestamp};

use crate::book::{FORM, Message};
use crate::config::Config;
use crate::envelope::read;
use crate::mail;
use crate::outbox::{Outcome, endpoint_allowed};
use crate::owner::Op;
use crate::problem::Broken;
use crate::provider::{HttpRequest, HttpResponse, Road};
use crate::signature;

/// A shop that takes longer is asked again later (F45).
const NOTICE_WAIT: Span = Span::seconds(10);
/// Why a dead letter is one when nothing better is known.
pub const UNDELIVERABLE: &str = "every delivery failed";
/// A letter that has no try left comes back once more after this; the queue then gives it up by itself.
pub const LAST_WAIT: Span = Span::seconds(30);
/// A letter that could not be worked on comes back after this.
pub const BROKEN_WAIT: Span = Span::seconds(30);

/// What becomes of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is done with.
    Done,
    /// It is tried again after this time.
    Again(Span),
    /// Its plan is used up; the queue itself moves it to the dead ones.
    Last,
    /// It is given up.
    Dead,
}

/// What came of telling the shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is not told.
    Nothing,
    /// Its answer, or its silence.
    Asked {
        /// `None` when it said nothing.
        http_status: Option<u16>,
        /// Where it named a time.
        retry_after: Option<Span>,
    },
}

impl Told {
    /// What came of asking.
    #[must_use]
    pub fn asked(answer: Option<&HttpResponse>) -> Self {
        Self::Asked {
            http_status: answer.map(|answer| answer.http_status),
            retry_after: answer.and_then(|answer| answer.retry_after),
        }
    }
}

/// Reads a letter.
///
/// # Errors
/// [`Broken`] when it is none, or a newer release's: it is brought again (F54).
pub fn open(text: &str) -> Result<Message, Broken> {
    let message = read(text.as_bytes(), Message::of)?;
    if message.form > FORM {
        return Err(Broken("a newer release's message".to_owned()));
    }
    Ok(message)
}

/// The request that tells the shop, signed or to its mail gateway, if it is told; or that there is no
/// way to send it.
#[must_use]
pub fn notice(
    config: &Config,
    message: &Message,
    now: Timestamp,
    allow_loopback: bool,
) -> Option<Result<HttpRequest, ()>> {
    let body = message.notice.as_ref()?;
    let merchant = config.merchants.values().find(|m| m.id.as_str() == message.merchant);
    let Some(merchant) = merchant else { return Some(Err(())) };
    let target = &merchant.notice;
    if endpoint_allowed(&target.endpoint, allow_loopback).is_err() {
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

/// What becomes of it after its `tries`-th delivery, and what this one met, for the shop's list: a number
/// at most, nothing that anybody wrote.
#[must_use]
pub fn fate(message: &Message, tries: u32, told: Told) -> (Fate, String) {
    let Told::Asked { http_status, retry_after } = told else {
        return (Fate::Done, String::new());
    };
    let why = match http_status {
        Some(http_status) => format!("http {http_status}"),
        None => "no answer".to_owned(),
    };
    let outcome = Outcome::read(http_status, retry_after);
    let fate = match outcome {
        Outcome::Delivered => Fate::Done,
        Outcome::Gone => Fate::Dead,
        Outcome::Failed | Outcome::Slower { .. } => {
            let seed = signature::digest(message.id.as_bytes());
            let seed = u64::from_be_bytes(seed.first_chunk().copied().unwrap_or_default());
            outcome.wait(tries, seed).map_or(Fate::Last, Fate::Again)
        }
    };
    (fate, why)
}

/// What its owner is told of it; `None` while it is tried again.
#[must_use]
pub fn report(message: &Message, fate: Fate, why: &str) -> Option<Op> {
    let (notice, replays) = (message.id.clone(), message.replays);
    match fate {
        Fate::Again(_) | Fate::Last => None,
        Fate::Done => Some(Op::NoticeDone { notice, replays }),
        Fate::Dead => Some(Op::NoticeDead { notice, replays, why: why.to_owned() }),
    }
}

//! What a request comes to: everything about it that needs no waiting.
//!
//! Map: this file, from a request to its plan, and from the reply to the answer · `visit` what came, what
//! goes back, and why there is no answer · `plan` what is left to do · `window` pages around windows,
//! returns, webhooks · `list` which part of the book is asked for.
//!
//! # Why a plan
//! What needs no waiting is done in one go on either side of the only wait: a request becomes a
//! [`Plan`], the plan is carried out, and what came becomes the answer. Whoever carries it out decides
//! nothing: the shell over the runtime, the simulator over a network that it breaks.

pub mod list;
mod plan;
mod visit;
mod window;

pub use list::{Dead, Page, Wanted};
pub use plan::{Name, Opening, Plan, Then};
pub use visit::{Answer, Fault, Visit};

use shared::id::CheckoutId;
use shared::problem::Code;

use crate::auth::{self, Credentials};
use crate::door;
use crate::envelope::Ask;
use crate::owner::{Caller, Op, Reply, check_open, home_of, read_open};
use crate::page;
use crate::quote;
use crate::route::{self, Call};
use crate::signature::{derive, hex};
use crate::stock::StockOp;

use list::Kind;
use visit::Order;

/// What is to be done for a request.
///
/// # Errors
/// [`Fault`].
pub fn plan(visit: &Visit) -> Result<Plan, Fault> {
    let incoming = &visit.incoming;
    let call = route::find(&incoming.method, &incoming.path)?;
    incoming.check_form()?;
    if call.is_of_the_page() {
        door::check_origin(incoming, &visit.config, call)?;
        if incoming.method == "OPTIONS" {
            return Ok(Plan::Answer(preflight()));
        }
    }
    let reply = |ask| Ok(Plan::Ask(ask, Then::Reply));
    match call {
        Call::Health => Ok(Plan::Answer(Answer::json("{\"ok\":true}".to_owned()))),
        Call::OpenCheckout => open(visit),
        Call::ListCheckouts => Ok(Plan::List(list::page(visit, Kind::Checkouts)?)),
        Call::DeadNotices => Ok(Plan::List(list::page(visit, Kind::DeadNotices)?)),
        Call::Replay(notice) => Ok(Plan::Replay(list::wanted(visit, notice)?)),
        Call::ReadCheckout(id) => {
            let merchant = visit.merchant()?;
            reply(visit.of_checkout(id, &Op::Read { merchant, checkout: id.to_owned() })?)
        }
        Call::Journal(id) => {
            let merchant = visit.merchant()?;
            reply(visit.of_checkout(id, &Op::Journal { merchant, checkout: id.to_owned() })?)
        }
        Call::FreshToken(id) => {
            let merchant = visit.merchant()?;
            reply(visit.of_checkout(id, &Op::FreshToken { merchant, checkout: id.to_owned() })?)
        }
        Call::CancelCheckout(id) => {
            let Order { merchant, key, fingerprint, body } = visit.order()?;
            let checkout = id.to_owned();
            let op = Op::CancelCheckout { merchant, checkout, key, fingerprint, body };
            reply(visit.of_checkout(id, &op)?)
        }
        Call::Refund(id) => {
            let Order { merchant, key, fingerprint, body } = visit.order()?;
            let checkout = id.to_owned();
            let op = Op::Refund { merchant, checkout, key, fingerprint, body };
            reply(visit.of_checkout(id, &op)?)
        }
        Call::RefundPreview(id) => reply(refund_preview(visit, id)?),
        Call::Stock(sku) => {
            let op = StockOp::Outlook { sku: sku.to_owned(), shop: true };
            reply(visit.of_stock(&visit.merchant()?, sku, &op)?)
        }
        Call::SetStock(sku) => {
            let merchant = visit.merchant()?;
            let op = StockOp::Set { sku: sku.to_owned(), body: incoming.json()?.to_owned() };
            reply(visit.of_stock(&merchant, sku, &op)?)
        }
        Call::Outlook(merchant, sku) => {
            let known = visit.config.merchants.keys().any(|id| id.as_str() == merchant);
            if !known {
                return Err(Code::NotFound.into());
            }
            let op = StockOp::Outlook { sku: sku.to_owned(), shop: false };
            reply(visit.of_stock(merchant, sku, &op)?)
        }
        Call::Exchange => exchange(visit),
        Call::Begin => begin(visit),
        Call::Session | Call::Present(_) | Call::Status | Call::Look | Call::Abandon => {
            reply(page_call(visit, call)?)
        }
        Call::Live(checkout) => listen(visit, checkout),
        Call::Window(request, key) => window::plan_show(visit, request, key),
        Call::Return(request, key) => window::plan_return(visit, request, key),
        Call::Webhook(channel) => window::plan_webhook(visit, channel),
        Call::DemoClock | Call::DemoCron => Ok(Plan::Demo),
    }
}

/// What the plan's reply becomes.
///
/// # Errors
/// [`Fault`].
pub fn finish(visit: &Visit, then: &Then, reply: Reply) -> Result<Answer, Fault> {
    if reply.http_status != 200 {
        return Ok(reply.into());
    }
    match then {
        Then::Reply => Ok(reply.into()),
        Then::Window(request) => window::show(visit, request, &reply),
        Then::Return => window::returned(visit, &reply),
        Then::Acknowledge(words) => Ok(window::acknowledge(*words)),
    }
}

/// What every answer says.
#[must_use]
pub fn signed(mut answer: Answer, request_id: String) -> Answer {
    answer.headers.push(("x-content-type-options", "nosniff".to_owned()));
    answer.headers.push(("hanbeon-request-id", request_id));
    answer.headers.push(("vary", "origin".to_owned()));
    answer
}

/// An answer that the merchant's own pages, or a person, may read.
#[must_use]
pub fn readable(visit: &Visit, mut answer: Answer) -> Answer {
    if answer.http_status >= 400 && visit.incoming.is_of_a_person() {
        return Answer::page(answer.http_status, page::lost());
    }
    if let Some(origin) = visit.incoming.known_origin(&visit.config) {
        let exposed = "retry-after, idempotency-replayed".to_owned();
        answer.headers.push(("access-control-allow-origin", origin.to_owned()));
        answer.headers.push(("access-control-expose-headers", exposed));
    }
    answer
}

fn preflight() -> Answer {
    let allowed = "authorization, content-type, idempotency-key, hanbeon-state";
    let headers = vec![
        ("access-control-allow-methods", "GET, POST".to_owned()),
        ("access-control-allow-headers", allowed.to_owned()),
        ("access-control-max-age", "600".to_owned()),
    ];
    Answer { http_status: 204, headers, body: Vec::new() }
}

fn refund_preview(visit: &Visit, id: &str) -> Result<Ask, Fault> {
    let (merchant, checkout) = (visit.merchant()?, id.to_owned());
    let order = visit.incoming.parameter("order_id")?.unwrap_or_default().to_owned();
    let amount = visit.incoming.parameter("amount")?.map(str::to_owned);
    visit.of_checkout(id, &Op::RefundPreview { merchant, checkout, order, amount })
}

fn page_call(visit: &Visit, call: Call<'_>) -> Result<Ask, Fault> {
    let incoming = &visit.incoming;
    let credentials = auth::credentials(incoming.header("authorization"), Code::TokenMissing)?;
    if call == Call::Session {
        let device = incoming.parameter("device")?.unwrap_or("pc").to_owned();
        let (id, caller) = match credentials {
            Credentials::Token(text) => {
                let (id, claims) = visit.token(text)?;
                (id, Caller::Token(claims))
            }
            Credentials::State { checkout, state_key } => {
                let state = hex(&state_key);
                (checkout, Caller::State { checkout: checkout.to_string(), state })
            }
            Credentials::Link { checkout, key } => {
                let key = hex(&key);
                (checkout, Caller::Link { checkout: checkout.to_string(), key })
            }
            Credentials::Key(_) => return Err(Code::TokenInvalid.into()),
        };
        return visit.at(id.home(), &Op::Session { caller, device });
    }
    let Credentials::State { checkout: id, state_key } = credentials else {
        return Err(Code::StateMismatch.into());
    };
    let (checkout, state) = (id.to_string(), hex(&state_key));
    let op = match call {
        Call::Look => Op::Look { checkout, state },
        Call::Abandon => Op::Abandon { checkout, state, body: incoming.json()?.to_owned() },
        Call::Present(attempt) => {
            let (attempt, body) = (attempt.to_owned(), incoming.json()?.to_owned());
            Op::Present { checkout, state, attempt, body }
        }
        Call::Status => Op::Status { checkout, state },
        Call::Health
        | Call::OpenCheckout
        | Call::ListCheckouts
        | Call::ReadCheckout(_)
        | Call::FreshToken(_)
        | Call::CancelCheckout(_)
        | Call::Refund(_)
        | Call::RefundPreview(_)
        | Call::Journal(_)
        | Call::DeadNotices
        | Call::Replay(_)
        | Call::Exchange
        | Call::Stock(_)
        | Call::SetStock(_)
        | Call::Outlook(..)
        | Call::Session
        | Call::Begin
        | Call::Live(_)
        | Call::Window(..)
        | Call::Return(..)
        | Call::Webhook(_)
        | Call::DemoClock
        | Call::DemoCron => return Err(Code::NotFound.into()),
    };
    visit.at(id.home(), &op)
}

/// A socket that shows no proof in time is closed by the owner; see `live.rs`.
fn listen(visit: &Visit, checkout: &str) -> Result<Plan, Fault> {
    let upgrade = visit.incoming.header("upgrade").unwrap_or("");
    if !upgrade.eq_ignore_ascii_case("websocket") {
        return Err(Code::UpgradeRequired.into());
    }
    let id = CheckoutId::parse(checkout).ok_or(Code::NotFound)?;
    Ok(Plan::Listen(visit.owner(id.home())?, checkout.to_owned()))
}

/// Only a keyed digest of the address is kept: enough to count, not to know.
fn address(visit: &Visit) -> String {
    let address = visit.incoming.header("cf-connecting-ip").unwrap_or("");
    hex(&derive(&visit.config.derive_secret, "address", &[address.as_bytes()]))
}

/// Nothing is stored for it; how often it is asked is bounded by the runtime.
fn exchange(visit: &Visit) -> Result<Plan, Fault> {
    let incoming = &visit.incoming;
    let (body, origin) = (incoming.json()?, incoming.header("origin"));
    let answer = quote::exchange(body, &visit.config, origin, visit.now, visit.entropy.as_ref())?;
    Ok(Plan::Bounded(address(visit), Reply::new(200, answer).into()))
}

fn begin(visit: &Visit) -> Result<Plan, Fault> {
    let incoming = &visit.incoming;
    let credentials = auth::credentials(incoming.header("authorization"), Code::TokenMissing)?;
    let Credentials::Token(text) = credentials else { return Err(Code::TokenMissing.into()) };
    let (id, claims) = visit.token(text)?;
    let key = incoming.idempotency_key()?.as_str().to_owned();
    let state = incoming.header("hanbeon-state").map(str::to_owned);
    let body = incoming.json()?.to_owned();
    let address = address(visit);
    let ask = visit.at(id.home(), &Op::Begin { claims, state, key, address, body })?;
    Ok(Plan::Ask(ask, Then::Reply))
}

/// Order ids and the key are claimed first, in the objects that own these names, so that another
/// checkout with one of them is refused wherever it would live; then the owner opens it.
fn open(visit: &Visit) -> Result<Plan, Fault> {
    let Order { merchant, key, fingerprint, body } = visit.order()?;
    let request = read_open(&body)?;
    let config = &visit.config;
    check_open(config, &merchant, &request)?;
    let mut names = vec![Name {
        name: format!("key/{merchant}/{key}"),
        fingerprint: fingerprint.clone(),
        taken: Code::IdempotencyKeyReused,
    }];
    names.extend(request.orders.iter().map(|order| Name {
        name: format!("order/{merchant}/{}", order.order_id),
        fingerprint: key.clone(),
        taken: Code::OrderIdConflict,
    }));
    let first = request.orders.first().map(|order| order.order_id.as_str()).unwrap_or_default();
    let home = home_of(config.generation, config.shards, &merchant, first);
    let refuse = Op::RefuseOpening {
        merchant: merchant.clone(),
        key: key.clone(),
        fingerprint: fingerprint.clone(),
    };
    let refuse = visit.at(home, &refuse)?;
    let ask = visit.at(home, &Op::Open { merchant, key, fingerprint, body })?;
    Ok(Plan::Open(Opening::new(names, ask, refuse)))
}

//! Requests in. Every decision is somebody else's.
//!
//! # Why a plan
//! What needs no waiting is done in one go on either side of the only wait: a request becomes a
//! [`Plan`], the plan is carried out, and what came becomes the answer. Code that waits is kept small,
//! because each wait in it is a copy of everything that lives across it.

use js_sys::Promise;
use shared::problem::Code;
use wasm_bindgen::prelude::*;
use worker::Env;

use crate::auth::{self, Credentials};
use crate::door::{self, Incoming};
use crate::json::BODY_BYTES_MAX;
use crate::owner::{Caller, Op, Reply, check_open, home_of, read_open};
use crate::page;
use crate::problem::Refusal;
use crate::quote;
use crate::route::{self, Call};
use crate::signature::{derive, hex};
use crate::stock::StockOp;

use super::host::{self, Broken, Row, Values};
use super::plan::{Name, Plan, Then};
use super::rpc::Ask;
use super::visit::{Answer, Fault, Order, Visit};
use super::{clock, list, settings, window};

/// The runtime's request.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "the runtime reaches it")]
pub fn fetch(request: JsValue, env: Env) -> Promise {
    #[cfg(feature = "demo")]
    console_error_panic_hook::set_once();
    host::promise(Box::pin(async move {
        let received = host::done(host::received(&request, BODY_BYTES_MAX)).await;
        let request_id = format!("req_{:032x}", clock::entropy());
        let answer = match visit(env, received, &request_id) {
            Ok(visit) => {
                let answer = serve(&visit).await;
                readable(&visit, answer.unwrap_or_else(|fault| fault.answer(&request_id)))
            }
            Err(broken) => Fault::Broken(broken).answer(&request_id),
        };
        response(&signed(answer, request_id))
    }))
}

fn visit(env: Env, received: Result<JsValue, Broken>, request_id: &str) -> Result<Visit, Broken> {
    let incoming = Row::read(&received?, |row| {
        let (method, path, query, body) = (row.text(), row.text(), row.text(), row.bytes());
        let mut incoming = Incoming { method, path, query, headers: Default::default(), body };
        while row.has_more() {
            let name = row.text();
            incoming.headers.insert(name, row.text());
        }
        incoming
    });
    let incoming = incoming.ok_or_else(|| Broken("a request of no known form".to_owned()))?;
    let config = settings::config(&env)?;
    Ok(Visit { env, config, incoming, request_id: request_id.to_owned() })
}

/// What every answer says.
fn signed(mut answer: Answer, request_id: String) -> Answer {
    answer.headers.push(("x-content-type-options", "nosniff".to_owned()));
    answer.headers.push(("hanbeon-request-id", request_id));
    answer.headers.push(("vary", "origin".to_owned()));
    answer
}

/// An answer that the merchant's own pages, or a person, may read.
fn readable(visit: &Visit, mut answer: Answer) -> Answer {
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

fn response(answer: &Answer) -> JsValue {
    let headers = Values::new();
    for (name, value) in &answer.headers {
        headers.text(name).text(value);
    }
    host::response(answer.http_status, &headers, &answer.body)
}

async fn serve(visit: &Visit) -> Result<Answer, Fault> {
    match plan(visit)? {
        Plan::Answer(answer) => Ok(answer),
        Plan::Ask(ask, then) => {
            let reply = ask.send(&visit.env).await?;
            finish(visit, &then, reply)
        }
        Plan::Open(names, ask) => {
            claim_all(visit, &names).await?;
            Ok(ask.send(&visit.env).await?.into())
        }
        Plan::List(page) => {
            let rows = host::done(page.query(&visit.env)).await?;
            Ok(page.answer(&rows)?)
        }
        Plan::Bounded(name, answer) => {
            let fits = host::done(host::exchange_fits(&visit.env, &name)).await?;
            if fits.is_truthy() { Ok(answer) } else { Err(Code::RateLimited.into()) }
        }
        Plan::Replay(wanted) => {
            let rows = host::done(wanted.query(&visit.env)).await?;
            Ok(wanted.ask(visit, &rows)?.send(&visit.env).await?.into())
        }
        #[cfg(feature = "demo")]
        Plan::Sweep => {
            super::cron::sweep(&visit.env).await;
            Ok(demo_clock())
        }
    }
}

fn finish(visit: &Visit, then: &Then, reply: Reply) -> Result<Answer, Fault> {
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

fn plan(visit: &Visit) -> Result<Plan, Fault> {
    let incoming = &visit.incoming;
    let call = route::find(&incoming.method, &incoming.path)?;
    incoming.check_form()?;
    if call.is_of_the_page() {
        door::check_origin(incoming, &visit.config)?;
        if incoming.method == "OPTIONS" {
            return Ok(Plan::Answer(preflight()));
        }
    }
    let reply = |ask| Ok(Plan::Ask(ask, Then::Reply));
    match call {
        Call::Health => Ok(Plan::Answer(Answer::json("{\"ok\":true}".to_owned()))),
        Call::OpenCheckout => open(visit),
        Call::ListCheckouts => Ok(Plan::List(list::checkouts(visit)?)),
        Call::DeadNotices => Ok(Plan::List(list::dead_notices(visit)?)),
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
        Call::Window(request, key) => window::plan_show(visit, request, key),
        Call::Return(request, key) => window::plan_return(visit, request, key),
        Call::Webhook(channel) => window::plan_webhook(visit, channel),
        Call::DemoClock | Call::DemoCron => demo(visit, call),
    }
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
        | Call::Journal(_)
        | Call::DeadNotices
        | Call::Replay(_)
        | Call::Exchange
        | Call::Stock(_)
        | Call::SetStock(_)
        | Call::Outlook(..)
        | Call::Session
        | Call::Begin
        | Call::Window(..)
        | Call::Return(..)
        | Call::Webhook(_)
        | Call::DemoClock
        | Call::DemoCron => return Err(Code::NotFound.into()),
    };
    visit.at(id.home(), &op)
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
    let answer = quote::exchange(body, &visit.config, origin, clock::now(), &clock::entropy)?;
    Ok(Plan::Bounded(address(visit), Reply::new(200, answer).into()))
}

/// A quote's first attempt is an opening too: its order's name is claimed first.
fn begin(visit: &Visit) -> Result<Plan, Fault> {
    let incoming = &visit.incoming;
    let credentials = auth::credentials(incoming.header("authorization"), Code::TokenMissing)?;
    let Credentials::Token(text) = credentials else { return Err(Code::TokenMissing.into()) };
    let (id, claims) = visit.token(text)?;
    let key = incoming.idempotency_key()?.as_str().to_owned();
    let state = incoming.header("hanbeon-state").map(str::to_owned);
    let body = incoming.json()?.to_owned();
    let name = claims.quote.as_deref().map(|text| {
        let quote = quote::verify(text, &visit.config, clock::now())?.quote;
        let order = quote.order_id(id.bits()).ok_or(Code::QuoteInvalid)?;
        let name = quote::order_name(&quote.merchant, order.as_str());
        Ok::<_, Refusal>(Name { name, fingerprint: id.to_string(), taken: Code::OrderIdConflict })
    });
    let name = name.transpose()?;
    let address = address(visit);
    let ask = visit.at(id.home(), &Op::Begin { claims, state, key, address, body })?;
    Ok(match name {
        Some(name) => Plan::Open(vec![name], ask),
        None => Plan::Ask(ask, Then::Reply),
    })
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
    let ask = visit.at(home, &Op::Open { merchant, key, fingerprint, body })?;
    Ok(Plan::Open(names, ask))
}

/// Claims every name, or none: what was free before is given back when a later one is taken.
async fn claim_all(visit: &Visit, names: &[Name]) -> Result<(), Fault> {
    let mut fresh = Vec::new();
    for claimed in names {
        let Name { name, fingerprint, taken } = claimed;
        let claim = Op::Claim { name: name.clone(), fingerprint: fingerprint.clone() };
        let refused = match visit.about(name, &claim).send(&visit.env).await?.http_status {
            201 => {
                fresh.push(claimed);
                continue;
            }
            200 => continue,
            409 => *taken,
            _ => Code::Internal,
        };
        for Name { name, fingerprint, .. } in fresh {
            let unclaim = Op::Unclaim { name: name.clone(), fingerprint: fingerprint.clone() };
            visit.about(name, &unclaim).send(&visit.env).await?;
        }
        return Err(refused.into());
    }
    Ok(())
}

#[cfg(feature = "demo")]
fn demo(visit: &Visit, call: Call<'_>) -> Result<Plan, Fault> {
    if visit.incoming.method != "POST" {
        return Ok(Plan::Answer(demo_clock()));
    }
    if call == Call::DemoClock {
        let asked: serde_json::Value =
            serde_json::from_slice(&visit.incoming.body).map_err(|_| Code::JsonInvalid)?;
        let millis = asked.get("offset_ms").and_then(serde_json::Value::as_i64);
        clock::demo::set_offset(millis.ok_or(Code::JsonSchema)?);
    }
    Ok(Plan::Sweep)
}

#[cfg(feature = "demo")]
fn demo_clock() -> Answer {
    let clock = serde_json::json!({
        "clock": clock::demo::MARK,
        "offset_ms": clock::demo::offset(),
        "now": clock::now().to_string(),
    });
    Answer::json(clock.to_string())
}

#[cfg(not(feature = "demo"))]
fn demo(_visit: &Visit, _call: Call<'_>) -> Result<Plan, Fault> {
    Err(Code::NotFound.into())
}

//! Requests in: request → call → owner → response. Every decision is somebody else's.

use std::rc::Rc;

use worker::wasm_bindgen::JsValue;
use worker::{Context, Env, Headers, Request, Response, Result, event};

use shared::id::{CheckoutId, Home, RequestId};
use shared::problem::Code;

use crate::auth::{self, Credentials};
use crate::config::Config;
use crate::door::{self, Incoming};
use crate::json::{self, Limits};
use crate::owner::{Caller, Op, Reply, TokenClaims, check_open, home_of, read_open};
use crate::problem::Refusal;
use crate::route::{self, Call};
use crate::signature::{derive, digest, hex};
use crate::stock::StockOp;
use crate::token;

use super::{clock, list, log, rpc, settings, window};

/// What a handler gives back.
pub(super) type Answered = std::result::Result<Response, Fault>;

/// Why there is no answer: a refusal, or something of ours that broke.
pub(super) enum Fault {
    /// Told to the caller.
    Refused(Refusal),
    /// Told to the log.
    Broken(worker::Error),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Self::Refused(Refusal::new(code))
    }
}

impl From<worker::Error> for Fault {
    fn from(error: worker::Error) -> Self {
        Self::Broken(error)
    }
}

/// What handlers share.
pub(super) struct Visit {
    pub(super) env: Env,
    pub(super) config: Rc<Config>,
    pub(super) incoming: Incoming,
    pub(super) request_id: String,
}

#[event(fetch, respond_with_errors)]
async fn fetch(request: Request, env: Env, _ctx: Context) -> Result<Response> {
    #[cfg(feature = "demo")]
    console_error_panic_hook::set_once();
    let request_id = format!("req_{:032x}", clock::entropy());
    let config = settings::config(&env)?;
    let incoming = match read(request).await {
        Ok(incoming) => incoming,
        Err(fault) => return respond(Err(fault), &request_id),
    };
    let visit = Visit { env, config, incoming, request_id };
    let answered = serve(&visit).await;
    let response = respond(answered, &visit.request_id)?;
    let origin = visit.incoming.known_origin(&visit.config);
    let headers = response.headers().clone();
    headers.set("x-content-type-options", "nosniff")?;
    headers.set("hanbeon-request-id", &visit.request_id)?;
    if let Some(origin) = origin {
        headers.set("access-control-allow-origin", origin)?;
        headers.set("access-control-expose-headers", "retry-after, idempotency-replayed")?;
    }
    headers.append("vary", "origin")?;
    Ok(response.with_headers(headers))
}

fn respond(answered: Answered, request_id: &str) -> Result<Response> {
    match answered {
        Ok(response) => Ok(response),
        Err(Fault::Refused(refusal)) => from_reply(&Reply::refusal(&refusal, request_id)),
        Err(Fault::Broken(error)) => {
            log("error", &[("request_id", request_id), ("error", &error.to_string())]);
            from_reply(&Reply::refusal(&Refusal::new(Code::Internal), request_id))
        }
    }
}

pub(super) fn from_reply(reply: &Reply) -> Result<Response> {
    let headers = Headers::new();
    let kind =
        if reply.http_status < 400 { "application/json" } else { crate::problem::CONTENT_TYPE };
    headers.set("content-type", kind)?;
    headers.set("cache-control", "no-store")?;
    if let Some(seconds) = &reply.retry_after {
        headers.set("retry-after", seconds)?;
    }
    if reply.replayed {
        headers.set("idempotency-replayed", "true")?;
    }
    let response = Response::from_bytes(reply.body.clone().into_bytes())?;
    Ok(response.with_status(reply.http_status).with_headers(headers))
}

async fn read(mut request: Request) -> std::result::Result<Incoming, Fault> {
    let url = request.url()?;
    let mut incoming = Incoming {
        method: request.method().to_string(),
        path: url.path().to_owned(),
        query: url.query().unwrap_or("").to_owned(),
        headers: request.headers().entries().collect(),
        body: Vec::new(),
    };
    // A body that says that it is too long is not read; `check_form` refuses it.
    if !incoming.announces_too_much() {
        incoming.body = request.bytes().await?;
    }
    Ok(incoming)
}

async fn serve(visit: &Visit) -> Answered {
    let incoming = &visit.incoming;
    let call = route::find(&incoming.method, &incoming.path)?;
    incoming.check_form()?;
    if call.is_of_the_page() {
        door::check_origin(incoming, &visit.config)?;
        if incoming.method == "OPTIONS" {
            return Ok(preflight()?);
        }
    }
    match call {
        Call::Health => Ok(Response::from_json(&serde_json::json!({"ok": true}))?),
        Call::OpenCheckout => open(visit).await,
        Call::ListCheckouts => list::checkouts(visit).await,
        Call::ReadCheckout(id) => {
            let merchant = visit.merchant()?;
            visit.ask(id, Op::Read { merchant, checkout: id.to_owned() }).await
        }
        Call::Journal(id) => {
            let merchant = visit.merchant()?;
            visit.ask(id, Op::Journal { merchant, checkout: id.to_owned() }).await
        }
        Call::CancelCheckout(id) => {
            let (merchant, key, fingerprint, body) = visit.command()?;
            let checkout = id.to_owned();
            visit.ask(id, Op::CancelCheckout { merchant, checkout, key, fingerprint, body }).await
        }
        Call::Refund(id) => {
            let (merchant, key, fingerprint, body) = visit.command()?;
            let checkout = id.to_owned();
            visit.ask(id, Op::Refund { merchant, checkout, key, fingerprint, body }).await
        }
        Call::Stock(sku) => {
            let merchant = visit.merchant()?;
            visit.stock(&merchant, sku, StockOp::Outlook { sku: sku.to_owned(), shop: true }).await
        }
        Call::SetStock(sku) => {
            let merchant = visit.merchant()?;
            let body = incoming.json()?.to_owned();
            visit.stock(&merchant, sku, StockOp::Set { sku: sku.to_owned(), body }).await
        }
        Call::Outlook(merchant, sku) => {
            let known = visit.config.merchants.keys().any(|id| id.as_str() == merchant);
            if !known {
                return Err(Code::NotFound.into());
            }
            visit.stock(merchant, sku, StockOp::Outlook { sku: sku.to_owned(), shop: false }).await
        }
        Call::Session
        | Call::Begin
        | Call::Present(_)
        | Call::Status
        | Call::Look
        | Call::Abandon => page_call(visit, call).await,
        Call::Window(request, key) => window::show(visit, request, key).await,
        Call::Return(request, key) => window::returned(visit, request, key).await,
        Call::Webhook(channel) => window::webhook(visit, channel).await,
        Call::DemoClock | Call::DemoCron => demo(visit, call).await,
    }
}

fn preflight() -> Result<Response> {
    let headers = Headers::new();
    headers.set("access-control-allow-methods", "GET, POST")?;
    headers.set(
        "access-control-allow-headers",
        "authorization, content-type, idempotency-key, hanbeon-state",
    )?;
    headers.set("access-control-max-age", "600")?;
    Ok(Response::empty()?.with_status(204).with_headers(headers))
}

async fn page_call(visit: &Visit, call: Call<'_>) -> Answered {
    let incoming = &visit.incoming;
    let credentials = auth::credentials(incoming.header("authorization"), Code::TokenMissing)?;
    if call == Call::Session {
        let device = incoming.parameter("device")?.unwrap_or("pc").to_owned();
        let (home, caller) = match credentials {
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
        return visit.ask_at(home.home(), Op::Session { caller, device }).await;
    }
    if call == Call::Begin {
        return begin(visit, credentials).await;
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
        | Call::CancelCheckout(_)
        | Call::Refund(_)
        | Call::Journal(_)
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
    visit.ask_at(id.home(), op).await
}

async fn begin(visit: &Visit, credentials: Credentials<'_>) -> Answered {
    let incoming = &visit.incoming;
    let Credentials::Token(text) = credentials else { return Err(Code::TokenMissing.into()) };
    let (id, claims) = visit.token(text)?;
    let key = incoming.idempotency_key()?.as_str().to_owned();
    let state = incoming.header("hanbeon-state").map(str::to_owned);
    let body = incoming.json()?.to_owned();
    // Only a keyed digest of the address is kept: enough to count, not to know.
    let address = incoming.header("cf-connecting-ip").unwrap_or("");
    let address = hex(&derive(&visit.config.derive_secret, "address", &[address.as_bytes()]));
    visit.ask_at(id.home(), Op::Begin { claims, state, key, address, body }).await
}

/// Order ids and the key are claimed first, in the objects that own these names, so that another
/// checkout with one of them is refused wherever it would live; then the owner opens it.
async fn open(visit: &Visit) -> Answered {
    let (merchant, key, fingerprint, body) = visit.command()?;
    let request = read_open(&body)?;
    let config = &visit.config;
    check_open(config, &merchant, &request)?;
    let mut names =
        vec![(format!("key/{merchant}/{key}"), fingerprint.as_str(), Code::IdempotencyKeyReused)];
    for order in &request.orders {
        let name = format!("order/{merchant}/{}", order.order_id);
        names.push((name, key.as_str(), Code::OrderIdConflict));
    }
    visit.claim_all(&names).await?;
    let first = request.orders.first().map(|order| order.order_id.as_str()).unwrap_or_default();
    let home = home_of(config.generation, config.shards, &merchant, first);
    visit.ask_at(home, Op::Open { merchant, key, fingerprint, body }).await
}

impl Visit {
    /// The merchant whose API key the caller holds.
    pub(super) fn merchant(&self) -> std::result::Result<String, Fault> {
        let merchant = auth::merchant(&self.config, self.incoming.header("authorization"))?;
        Ok(merchant.settings().id.to_string())
    }

    /// Merchant, key, fingerprint and body of a call that changes something.
    fn command(&self) -> std::result::Result<(String, String, String, String), Fault> {
        let merchant = self.merchant()?;
        let key = self.incoming.idempotency_key()?.as_str().to_owned();
        let body = self.incoming.json()?.to_owned();
        // The strict reader says what is wrong with a document before it gets a name.
        json::read(body.as_bytes(), Limits::BODY, |_| ())?;
        Ok((merchant, key, self.incoming.fingerprint()?, body))
    }

    /// A token's checkout and claims, if it is good, of a page of its merchant's.
    fn token(&self, text: &str) -> std::result::Result<(CheckoutId, TokenClaims), Fault> {
        let claims = token::verify(text, &self.config.token_keys, clock::now())?;
        let merchant = self.config.merchants.get(&claims.audience).ok_or(Code::TokenAudience)?;
        let origin = self.incoming.header("origin");
        if origin.is_some() && !auth::origin_allowed(merchant, origin) {
            return Err(Code::OriginNotAllowed.into());
        }
        Ok((claims.checkout, TokenClaims::of(&claims)))
    }

    /// Claims every name, or none: what was free before is given back when a later one is taken.
    async fn claim_all(&self, names: &[(String, &str, Code)]) -> std::result::Result<(), Fault> {
        let mut fresh: Vec<(&str, &str)> = Vec::new();
        for (name, fingerprint, taken) in names {
            let claim = Op::Claim { name: name.clone(), fingerprint: (*fingerprint).to_owned() };
            let refused = match self.reply_about(name, claim).await?.http_status {
                201 => {
                    fresh.push((name, fingerprint));
                    continue;
                }
                200 => continue,
                409 => *taken,
                _ => Code::Internal,
            };
            for (name, fingerprint) in fresh {
                let (name, fingerprint) = (name.to_owned(), fingerprint.to_owned());
                self.reply_about(&name.clone(), Op::Unclaim { name, fingerprint }).await?;
            }
            return Err(refused.into());
        }
        Ok(())
    }

    /// Asks the object that owns a name.
    async fn reply_about(&self, name: &str, op: Op) -> std::result::Result<Reply, Fault> {
        let shard = digest(name.as_bytes()).first().copied().unwrap_or_default();
        let shard = shard.checked_rem(self.config.shards).unwrap_or_default();
        let home = Home { generation: self.config.generation, shard };
        Ok(rpc::checkout(&self.env, home, &self.request_id, op).await?)
    }

    async fn ask(&self, checkout: &str, op: Op) -> Answered {
        let id = CheckoutId::parse(checkout).ok_or(Code::NotFound)?;
        self.ask_at(id.home(), op).await
    }

    async fn ask_at(&self, home: Home, op: Op) -> Answered {
        Ok(from_reply(&self.reply_at(home, op).await?)?)
    }

    /// The owner's reply. A home that this installation never had is nobody's.
    pub(super) async fn reply_at(&self, home: Home, op: Op) -> std::result::Result<Reply, Fault> {
        if home.generation > self.config.generation || home.shard >= self.config.shards {
            return Err(Code::NotFound.into());
        }
        Ok(rpc::checkout(&self.env, home, &self.request_id, op).await?)
    }

    pub(super) async fn reply_of(
        &self,
        request: &str,
        op: Op,
    ) -> std::result::Result<Reply, Fault> {
        let id = RequestId::parse(request).ok_or(Code::NotFound)?;
        self.reply_at(id.home(), op).await
    }

    async fn stock(&self, merchant: &str, sku: &str, op: StockOp) -> Answered {
        shared::id::Sku::parse(sku).ok_or(Code::NotFound)?;
        Ok(from_reply(&rpc::stock(&self.env, merchant, sku, &self.request_id, op).await?)?)
    }
}

#[cfg(feature = "demo")]
async fn demo(visit: &Visit, call: Call<'_>) -> Answered {
    if call == Call::DemoClock && visit.incoming.method == "POST" {
        let asked: serde_json::Value =
            serde_json::from_slice(&visit.incoming.body).map_err(|_| Code::JsonInvalid)?;
        let millis = asked.get("offset_ms").and_then(serde_json::Value::as_i64);
        clock::demo::set_offset(millis.ok_or(Code::JsonSchema)?);
    }
    if visit.incoming.method == "POST" {
        super::cron::sweep(&visit.env).await;
    }
    let clock = serde_json::json!({
        "clock": clock::demo::MARK,
        "offset_ms": clock::demo::offset(),
        "now": clock::now().to_string(),
    });
    Ok(Response::from_json(&clock)?)
}

#[cfg(not(feature = "demo"))]
async fn demo(_visit: &Visit, _call: Call<'_>) -> Answered {
    Err(Code::NotFound.into())
}

/// A number for D1.
pub(super) fn text(value: &str) -> JsValue {
    JsValue::from(value)
}

//! One request on its way: what came, what goes back, and why there is no answer.

use std::rc::Rc;

use shared::id::{CheckoutId, Home, RequestId, Sku};
use shared::problem::Code;
use shared::time::Timestamp;

use crate::auth;
use crate::config::Config;
use crate::door::Incoming;
use crate::envelope::Ask;
use crate::json::{self, Limits};
use crate::owner::{Op, Reply, TokenClaims};
use crate::page::Page;
use crate::problem::{Broken, Refusal};
use crate::stock::StockOp;
use crate::token;

/// What goes back to the caller.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status code.
    pub http_status: u16,
    /// Names in lower case; a later one of the same name wins.
    pub headers: Vec<(&'static str, String)>,
    /// Bytes of the body; empty for none.
    pub body: Vec<u8>,
}

impl Answer {
    /// A document of ours.
    #[must_use]
    pub fn json(body: String) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { http_status: 200, headers, body: body.into_bytes() }
    }

    /// A page of ours.
    #[must_use]
    pub fn page(http_status: u16, page: Page) -> Self {
        Self { http_status, headers: page.headers, body: page.body.into_bytes() }
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        let kind =
            if reply.http_status < 400 { "application/json" } else { crate::problem::CONTENT_TYPE };
        let mut headers =
            vec![("content-type", kind.to_owned()), ("cache-control", "no-store".to_owned())];
        headers.extend(reply.retry_after.map(|seconds| ("retry-after", seconds)));
        headers.extend(reply.replayed.then(|| ("idempotency-replayed", "true".to_owned())));
        Self { http_status: reply.http_status, headers, body: reply.body.into_bytes() }
    }
}

/// Why there is no answer: a refusal, or something of ours that broke.
#[derive(Debug)]
pub enum Fault {
    /// Told to the caller.
    Refused(Refusal),
    /// Told to the log.
    Broken(Broken),
}

impl Fault {
    /// What the caller reads of it.
    #[must_use]
    pub fn answer(&self, request_id: &str) -> Answer {
        match self {
            Self::Refused(refusal) => Reply::refusal(refusal, request_id).into(),
            Self::Broken(_) => Reply::refusal(&Refusal::new(Code::Internal), request_id).into(),
        }
    }
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

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// What is known of a request.
pub struct Visit {
    /// The installation.
    pub config: Rc<Config>,
    /// Its parts.
    pub incoming: Incoming,
    /// Ours, for problems and the log.
    pub request_id: String,
    /// When it came.
    pub now: Timestamp,
    /// Random bits.
    pub entropy: Box<dyn Fn() -> u128>,
}

impl core::fmt::Debug for Visit {
    /// Headers and body may hold keys and personal data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.request_id)
    }
}

/// A call that changes something.
pub(super) struct Order {
    pub(super) merchant: String,
    pub(super) key: String,
    pub(super) fingerprint: String,
    pub(super) body: String,
}

impl Visit {
    /// The merchant whose API key the caller holds.
    pub(super) fn merchant(&self) -> Result<String, Fault> {
        let merchant = auth::merchant(&self.config, self.incoming.header("authorization"))?;
        Ok(merchant.settings().id.to_string())
    }

    /// What a merchant's call that changes something brings.
    pub(super) fn order(&self) -> Result<Order, Fault> {
        let merchant = self.merchant()?;
        let key = self.incoming.idempotency_key()?.as_str().to_owned();
        let body = self.incoming.json()?.to_owned();
        // The strict reader says what is wrong with a document before it gets a name.
        json::read(body.as_bytes(), Limits::BODY, |_| ())?;
        Ok(Order { merchant, key, fingerprint: self.incoming.fingerprint()?, body })
    }

    /// A token's checkout and claims, if it is good, of a page of its merchant's.
    pub(super) fn token(&self, text: &str) -> Result<(CheckoutId, TokenClaims), Fault> {
        let claims = token::verify(text, &self.config.token_keys, self.now)?;
        let merchant = self.config.merchants.get(&claims.audience).ok_or(Code::TokenAudience)?;
        let origin = self.incoming.header("origin");
        if origin.is_some() && !auth::origin_allowed(merchant, origin) {
            return Err(Code::OriginNotAllowed.into());
        }
        Ok((claims.checkout, TokenClaims::of(&claims)))
    }

    /// A question for the object that owns a name.
    pub(super) fn about(&self, name: &str, op: &Op) -> Ask {
        let home = self.config.home_of_name(name);
        Ask::checkout(&home.object_name(), &self.request_id, op)
    }

    /// A question for a checkout's owner.
    pub(super) fn of_checkout(&self, checkout: &str, op: &Op) -> Result<Ask, Fault> {
        let id = CheckoutId::parse(checkout).ok_or(Code::NotFound)?;
        self.at(id.home(), op)
    }

    /// A question for the owner of a provider's request.
    pub(super) fn of_request(&self, request: &str, op: &Op) -> Result<Ask, Fault> {
        let id = RequestId::parse(request).ok_or(Code::NotFound)?;
        self.at(id.home(), op)
    }

    /// An owner's name. A home that this installation never had is nobody's.
    pub(super) fn owner(&self, home: Home) -> Result<String, Fault> {
        if home.generation > self.config.generation || home.shard >= self.config.shards {
            return Err(Code::NotFound.into());
        }
        Ok(home.object_name())
    }

    /// A question for an owner.
    pub(super) fn at(&self, home: Home, op: &Op) -> Result<Ask, Fault> {
        Ok(Ask::checkout(&self.owner(home)?, &self.request_id, op))
    }

    /// A question for the owner of a SKU.
    pub(super) fn of_stock(&self, merchant: &str, sku: &str, op: &StockOp) -> Result<Ask, Fault> {
        Sku::parse(sku).ok_or(Code::NotFound)?;
        Ok(Ask::stock(merchant, sku, &self.request_id, op))
    }
}

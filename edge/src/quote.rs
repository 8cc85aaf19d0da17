//! Quotes: what a shop signed ahead of time, and their exchange for a one-time token. Pure.
//!
//! # Why
//! The exchange stores nothing: the token carries the quote, and the checkout comes into being when the
//! token is consumed (`owner/quoted.rs`). So a page that is looked at a thousand times leaves no trace,
//! and who floods the exchange fills no disk.
//!
//! A quote is as strict as a token (`token.rs`): one spelling, HS256 alone, and its key is found by `kid`
//! among the keys of the configuration, never by what the content says; the content must then name that
//! key's merchant. Its price goes through the same door as an opening by API.
//!
//! Every use of a quote lives with one owner, so that its bounds are counted in one place. A quote that
//! sells faster than one owner can write belongs behind a server that opens checkouts.

use shared::claims::{Claims, TOKEN_LIFE};
use shared::id::{CheckoutId, Jti, MerchantId, OrderId};
use shared::problem::Code;
use shared::quote::{Quote, Usage};
use shared::raw_amount::RawAmount;
use shared::time::Timestamp;
use shared::wire::{Buyer, OpenCheckout, OpenLine, OpenOrder};

use crate::auth;
use crate::config::{Config, Merchant};
use crate::json::{self, Field, Limits, Writer};
use crate::owner::{check_open, request};
use crate::problem::Refusal;
use crate::signature::derive;
use crate::token;

/// The longest quote: its token, which carries it, stays below the longest token.
pub const QUOTE_BYTES_MAX: usize = 2400;

/// The `typ` of a quote's header, so that no other JWT that the shop signs with this key is one.
pub const TYPE: &str = "hanbeon-quote+jwt";

/// Claims, lines, a line.
const LIMITS: Limits = Limits { bytes: QUOTE_BYTES_MAX, depth: 4 };

/// A quote with what it sells.
#[derive(Debug)]
pub struct Offer {
    /// When, how often, whose.
    pub quote: Quote,
    content: Content,
}

#[derive(Debug)]
struct Content {
    lines: Vec<OpenLine>,
    amount: RawAmount,
    currency: String,
    seller: Option<String>,
    label: Option<String>,
    return_url: String,
}

struct Record {
    iss: String,
    jti: String,
    usage: String,
    /// Many libraries write it unasked; nothing follows from it.
    _iat: Option<u64>,
    nbf: Option<u64>,
    exp: u64,
    content: Content,
}

fn record(claims: Field<'_>) -> Record {
    let claims = claims.only(&[
        "iss",
        "jti",
        "use",
        "iat",
        "nbf",
        "exp",
        "lines",
        "amount",
        "currency",
        "seller",
        "label",
        "return_url",
    ]);
    let text = |name: &str| claims.get(name).text();
    let lines = claims.get("lines").list().into_iter().map(request::open_line);
    Record {
        iss: text("iss"),
        jti: text("jti"),
        usage: text("use"),
        _iat: claims.get("iat").option().map(Field::number),
        nbf: claims.get("nbf").option().map(Field::number),
        exp: claims.get("exp").number(),
        content: Content {
            lines: lines.collect(),
            amount: claims.get("amount").amount(),
            currency: text("currency"),
            seller: claims.get("seller").text_or_none(),
            label: claims.get("label").text_or_none(),
            return_url: text("return_url"),
        },
    }
}

/// Reads a quote and checks everything in it but its price.
///
/// # Errors
/// [`Code::QuoteInvalid`] with a sentence, and [`Code::QuoteExpired`].
pub fn verify(text: &str, config: &Config, now: Timestamp) -> Result<Offer, Refusal> {
    let invalid = |why: &'static str| Refusal::because(Code::QuoteInvalid, why);
    if text.len() > QUOTE_BYTES_MAX {
        return Err(invalid("the quote is longer than 2400 bytes"));
    }
    let mut signer = None;
    let by_kid = |kid: &str| {
        let found = config.quote_key(kid)?;
        signer = Some(found.0);
        Some(found.1)
    };
    // One sentence for everything that comes before a fitting signature: nobody learns from answers.
    let payload = token::verified_payload(text, TYPE, LIMITS, by_kid);
    let unsigned =
        || invalid("the quote is not signed by a shop of ours, or its header is another");
    let (payload, signer) = payload.zip(signer).ok_or_else(unsigned)?;
    let record = json::read(&payload, LIMITS, record).map_err(|why| invalid(why.detail))?;
    if record.iss != signer.id.as_str() {
        return Err(invalid("the quote's iss is not the merchant of its key"));
    }
    let quote = Quote {
        merchant: signer.id.clone(),
        id: OrderId::parse(&record.jti).ok_or_else(|| invalid("the quote's jti is no order id"))?,
        usage: Usage::parse(&record.usage).ok_or_else(|| invalid("use is not once or many"))?,
        begins_at: Timestamp::from_seconds(record.nbf.unwrap_or_default()),
        ends_at: Timestamp::from_seconds(record.exp),
    };
    quote.check(now)?;
    if quote.order_id(0).is_none() {
        return Err(invalid("the jti of a quote for many is longer than 47 characters"));
    }
    Ok(Offer { quote, content: record.content })
}

impl Offer {
    /// The checkout that a use of it meets: always the same for `once`, one of its own for `many`.
    #[must_use]
    pub fn checkout(&self, config: &Config, entropy: u128) -> CheckoutId {
        let Quote { merchant, id, .. } = &self.quote;
        let parts = [merchant.as_str().as_bytes(), id.as_str().as_bytes()];
        let bits = match self.quote.usage {
            Usage::Once => u128::from_be_bytes(derive(&config.derive_secret, "quote", &parts)),
            Usage::Many => entropy,
        };
        // With the owner of its order's name, who claims that in the turn of the first attempt.
        CheckoutId::new(config.home_of_name(&order_name(merchant, id.as_str())), bits)
    }

    /// The opening that the shop would have sent for this checkout.
    ///
    /// # Errors
    /// [`Code::QuoteInvalid`], which [`verify`] has found before.
    pub fn opening(self, checkout: CheckoutId, now: Timestamp) -> Result<OpenCheckout, Code> {
        let bits = checkout.bits();
        let order = self.quote.order_id(bits).ok_or(Code::QuoteInvalid)?;
        let buyer = Quote::buyer(bits).ok_or(Code::QuoteInvalid)?;
        let Content { lines, amount, currency, seller, label, return_url } = self.content;
        // What is offered to one buyer stays open as long as it is offered, within a checkout's bounds.
        let life = self
            .quote
            .ends_at
            .since(now)
            .clamp(shared::checkout::LIFE_MIN, shared::checkout::LIFE_MAX);
        let once = self.quote.usage == Usage::Once;
        Ok(OpenCheckout {
            buyer: Buyer { id: buyer.as_str().to_owned() },
            orders: vec![OpenOrder {
                order_id: order.as_str().to_owned(),
                seller: seller.unwrap_or_else(|| self.quote.merchant.to_string()),
                lines,
                amount,
            }],
            amount,
            currency,
            return_url,
            label,
            expires_in_seconds: once.then(|| RawAmount::Integer(life.as_seconds())),
        })
    }
}

/// The name that a use of a quote claims, as an opening by API does.
#[must_use]
pub fn order_name(merchant: &MerchantId, order: &str) -> String {
    format!("order/{merchant}/{order}")
}

/// Exchanges a quote for a token. `origin` is the page's; a request without one is no page of the shop's.
///
/// # Errors
/// As [`verify`]; [`Code::OriginNotAllowed`]; what an opening with this price would be refused with.
pub fn exchange(
    body: &str,
    config: &Config,
    origin: Option<&str>,
    now: Timestamp,
    entropy: &dyn Fn() -> u128,
) -> Result<String, Refusal> {
    let text = request::read(body, request::exchange_quote)?.quote;
    let offer = verify(&text, config, now)?;
    let quote = offer.quote.clone();
    let allowed = |merchant: &&Merchant| auth::origin_allowed(merchant, origin);
    config.merchants.get(&quote.merchant).filter(allowed).ok_or(Code::OriginNotAllowed)?;
    let checkout = offer.checkout(config, entropy());
    let opening = offer.opening(checkout, now)?;
    let amount = check_open(config, quote.merchant.as_str(), &opening)?;
    let issued_at = Timestamp::from_seconds(now.as_seconds());
    let claims = Claims {
        issuer: config.token_keys.issuer().to_owned(),
        audience: quote.merchant,
        subject: Quote::buyer(checkout.bits()).ok_or(Code::QuoteInvalid)?,
        jti: Jti::new(entropy()),
        issued_at,
        expires_at: issued_at.after(TOKEN_LIFE).min(quote.ends_at),
        checkout,
        amount,
        quote: Some(text),
    };
    Ok(Writer::document(|answer| {
        answer.name("checkout").shown(&checkout);
        answer.name("token").text(&token::sign(&claims, &config.token_keys));
        answer.name("token_expires_at").shown(&claims.expires_at);
    }))
}

#[cfg(test)]
pub(crate) mod tests;

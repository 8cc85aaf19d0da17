//! Checkouts of quotes: they come into being with the first attempt, and what bounds them.

use shared::checkout::Checkout;
use shared::id::CheckoutId;
use shared::problem::Code;
use shared::time::Timestamp;

use super::buyer::Bound;
use super::shop::{cannot, fresh, ok};
use super::{Desk, Failed, TokenClaims};
use crate::quote;
use crate::row::{Grant, Record};

/// Attempts from one address with one quote in [`DAY`]: a visitor who never pays cannot hold the last
/// piece again and again, only for so many windows a day. Buyers who share an address share this bound.
const ADDRESS_ATTEMPTS_MAX: u32 = 8;
/// A day, in milliseconds.
pub(super) const DAY: u64 = 86_400_000;
/// Attempts with one quote in [`TEN_MINUTES`], wherever they come from: each may store a checkout.
const QUOTE_ATTEMPTS_MAX: u32 = 1_200;
/// Ten minutes, in milliseconds.
const TEN_MINUTES: u64 = 600_000;

/// A record, whether it is not stored yet, and which quote led to it.
pub(super) struct Found {
    pub(super) record: Record,
    pub(super) is_new: bool,
    pub(super) quote: Option<String>,
}

impl Desk<'_> {
    /// The checkout of a quote's token: as it is, or as it will be once its first attempt begins.
    pub(super) fn record_of_quote(
        &self,
        claims: &TokenClaims,
        text: &str,
    ) -> Result<Found, Failed> {
        let id = CheckoutId::parse(&claims.checkout).ok_or(Code::NotFound)?;
        let offer = quote::verify(text, self.config, self.now)?;
        let merchant = self.config.merchants.get(&offer.quote.merchant).ok_or(Code::NotFound)?;
        let quote = Some([offer.quote.merchant.as_str(), "/", offer.quote.id.as_str()].concat());
        let checkout = self.checkout(merchant, &offer.opening(id, self.now)?, id)?;
        let Some(record) = self.shelf.record(id)? else {
            let jti = shared::id::Jti::parse(&claims.jti).ok_or(Code::TokenClaimsInvalid)?;
            let grant = Grant { jti, issued_at: Timestamp::from_seconds(self.now.as_seconds()) };
            return Ok(Found { record: fresh(checkout, grant), is_new: true, quote });
        };
        // The shop signed another quote under the same id: the first to be used has the order.
        let known = &record.checkout;
        let same = known.orders == checkout.orders && known.return_url == checkout.return_url;
        if same {
            Ok(Found { record, is_new: false, quote })
        } else {
            Err(Code::OrderIdConflict.into())
        }
    }

    /// Its order's name. A token from before the shards were dealt anew leads to an owner who has no say in
    /// that: the quote is exchanged once more.
    fn claim_order(&self, checkout: &Checkout) -> Result<(), Failed> {
        let Some(order) = checkout.orders.first() else { return Ok(()) };
        let name = quote::order_name(&checkout.merchant, order.id.as_str());
        let ours = checkout.id.to_string();
        if self.config.home_of_name(&name) != checkout.id.home() {
            return Err(Code::TokenExpired.into());
        }
        if self.shelf.claim(&name, &ours, self.now)?.1 != ours {
            return Err(Code::OrderIdConflict.into());
        }
        Ok(())
    }

    /// Whether a quote's token that was never used may begin the next attempt; the refusal that tells why
    /// not. A used one is told nothing (decision 5).
    pub(super) fn quote_grants(
        &self,
        record: &Record,
        claims: &TokenClaims,
    ) -> Result<bool, Failed> {
        if claims.quote.is_none() || self.shelf.answer(&burnt(&claims.jti))?.is_some() {
            return Ok(false);
        }
        match record.payment.why_not_begin(&record.checkout, self.now) {
            Some(why) => Err(cannot(why).into()),
            None => Ok(true),
        }
    }

    /// The token is used, and its checkout exists from now on, in the transaction of its attempt (I-7).
    pub(super) fn use_quote(
        &self,
        Found { record, is_new, quote }: &Found,
        claims: &TokenClaims,
    ) -> Result<(), Failed> {
        if claims.quote.is_some() {
            self.claim_order(&record.checkout)?;
            let (name, answer) = (burnt(&claims.jti), ok("", &claims.checkout));
            match is_new {
                // A token whose checkout is new was not used.
                true => self.shelf.keep_first_answer(&name, &answer, self.now)?,
                false => self.shelf.keep_answer(&name, &answer, self.now)?,
            }
        }
        if let Some(id) = quote.as_deref().filter(|_| *is_new) {
            let name = quoted(record.checkout.id);
            self.shelf.keep_first_answer(&name, &ok("", id), self.now)?;
            self.begin_record(record)?;
        }
        Ok(())
    }

    /// What bounds an attempt of a quote's checkout, further ones with its later tokens included.
    pub(super) fn bounds_of_quote(
        &self,
        Found { record, is_new, quote }: &Found,
        address: &str,
    ) -> Result<Vec<Bound>, Failed> {
        let quoted = match quote {
            Some(id) if *is_new => Some(ok("", id)),
            Some(_) | None => self.shelf.answer(&quoted(record.checkout.id))?,
        };
        let Some(quoted) = quoted else { return Ok(Vec::new()) };
        let quote = format!("quote/{}", quoted.result);
        let slot = |window: u64| self.now.as_millis().checked_div(window).unwrap_or_default();
        let from_address =
            ((format!("{quote}/{address}"), day_slot(slot(DAY))), ADDRESS_ATTEMPTS_MAX);
        Ok(vec![from_address, ((quote, slot(TEN_MINUTES)), QUOTE_ATTEMPTS_MAX)])
    }
}

/// Old counts are swept by the number of their ten minutes, so a day goes by the first of its own.
const fn day_slot(day: u64) -> u64 {
    day.saturating_mul(DAY / TEN_MINUTES)
}

/// The name under which a checkout's quote is remembered.
fn quoted(id: CheckoutId) -> String {
    format!("quoted/{id}")
}

/// The name under which a used token of a quote is remembered.
fn burnt(jti: &str) -> String {
    format!("burnt/{jti}")
}

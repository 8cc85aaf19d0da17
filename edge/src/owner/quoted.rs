//! Checkouts of quotes: they come into being with the first attempt, and what bounds them.

use shared::id::CheckoutId;
use shared::problem::Code;
use shared::time::Timestamp;

use super::shop::{cannot, fresh, ok};
use super::{Desk, Failed, TokenClaims};
use crate::quote;
use crate::row::{Grant, Record};

/// Attempts from one address with one quote in [`DAY`]: a visitor who never pays cannot hold the last
/// piece again and again, only for so many windows a day. Buyers who share an address share this bound.
const ADDRESS_ATTEMPTS_MAX: u32 = 8;
/// A day, in milliseconds.
const DAY: u64 = 86_400_000;
/// Attempts with one quote in [`TEN_MINUTES`], wherever they come from: each may store a checkout.
const QUOTE_ATTEMPTS_MAX: u32 = 1_200;
/// Ten minutes, in milliseconds.
const TEN_MINUTES: u64 = 600_000;

/// A record, and whether it is not stored yet.
pub(super) struct Found {
    pub(super) record: Record,
    pub(super) is_new: bool,
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
        let checkout = self.checkout(merchant, &offer.opening(id, self.now)?, id)?;
        let Some(record) = self.shelf.record(id)? else {
            let jti = shared::id::Jti::parse(&claims.jti).ok_or(Code::TokenClaimsInvalid)?;
            let grant = Grant { jti, issued_at: Timestamp::from_seconds(self.now.as_seconds()) };
            return Ok(Found { record: fresh(checkout, grant), is_new: true });
        };
        // The shop signed another quote under the same id: the first to be used has the order.
        let known = &record.checkout;
        let same = known.orders == checkout.orders && known.return_url == checkout.return_url;
        if same { Ok(Found { record, is_new: false }) } else { Err(Code::OrderIdConflict.into()) }
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
        record: &Record,
        is_new: bool,
        claims: &TokenClaims,
    ) -> Result<(), Failed> {
        if claims.quote.is_some() {
            self.shelf.keep_answer(&burnt(&claims.jti), &ok("", &claims.checkout), self.now)?;
        }
        if is_new {
            self.begin_record(record)?;
        }
        Ok(())
    }

    /// Counts an attempt of a quote's checkout, further ones with its later tokens included.
    pub(super) fn bound_quote(
        &self,
        record: &Record,
        claims: &TokenClaims,
        address: &str,
    ) -> Result<(), Failed> {
        let name = format!("quoted/{}", record.checkout.id);
        if let Some(text) = &claims.quote {
            let quote = quote::verify(text, self.config, self.now)?.quote;
            let id = format!("{}/{}", quote.merchant, quote.id);
            self.shelf.keep_answer(&name, &ok("", &id), self.now)?;
        }
        let Some(quoted) = self.shelf.answer(&name)? else { return Ok(()) };
        let quote = format!("quote/{}", quoted.result);
        let slot = |window: u64| self.now.as_millis().checked_div(window).unwrap_or_default();
        let from_address = self.shelf.count(&format!("{quote}/{address}"), day_slot(slot(DAY)))?;
        let in_all = self.shelf.count(&quote, slot(TEN_MINUTES))?;
        if from_address > ADDRESS_ATTEMPTS_MAX || in_all > QUOTE_ATTEMPTS_MAX {
            return Err(Code::VelocityLimited.into());
        }
        Ok(())
    }
}

/// Old counts are swept by the number of their ten minutes, so a day goes by the first of its own.
const fn day_slot(day: u64) -> u64 {
    day.saturating_mul(DAY / TEN_MINUTES)
}

/// The name under which a used token of a quote is remembered.
fn burnt(jti: &str) -> String {
    format!("burnt/{jti}")
}

//! What a shop offers ahead of time, signed, in a page that no server builds. Not its signature, and not
//! its price: that is checked like every other opening.
//!
//! # Why
//! A quote names its order, not a checkout: nothing is stored when a page shows it or exchanges it for a
//! token. A quote that is used once *is* one order, so every page with it meets the same checkout; one
//! that is used many times makes an order of its own for every token. Who buys is not known, and a name
//! for it is made of the checkout's own bits.

use crate::claims::SKEW;
use crate::id::{MerchantId, OrderId, PartyId};
use crate::problem::Code;
use crate::time::{Span, Timestamp};

/// How far ahead a quote may end: a page that was forgotten does not sell at old prices for ever, and an
/// end written in milliseconds is found at once.
pub const QUOTE_LIFE_MAX: Span = Span::hours(24 * 400);

/// How often a quote can be paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// By one buyer: the quote's id is the order's.
    Once,
    /// By every visitor: each has an order of its own.
    Many,
}

impl Usage {
    /// Reads the word of the claim `use`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "once" => Some(Self::Once),
            "many" => Some(Self::Many),
            _ => None,
        }
    }
}

/// A quote, apart from what it sells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Whose.
    pub merchant: MerchantId,
    /// The shop's name for it.
    pub id: OrderId,
    /// How often it can be paid.
    pub usage: Usage,
    /// From when on.
    pub begins_at: Timestamp,
    /// Until when.
    pub ends_at: Timestamp,
}

impl Quote {
    /// Whether it can be used now.
    ///
    /// # Errors
    /// [`Code::QuoteInvalid`] before it begins and when it ends later than [`QUOTE_LIFE_MAX`] from now,
    /// [`Code::QuoteExpired`].
    pub fn check(&self, now: Timestamp) -> Result<(), Code> {
        if self.begins_at > now.after(SKEW) || self.ends_at.since(now) > QUOTE_LIFE_MAX {
            Err(Code::QuoteInvalid)
        } else if now >= self.ends_at {
            Err(Code::QuoteExpired)
        } else {
            Ok(())
        }
    }

    /// The order's id in a checkout with these bits; `None` when the quote's id leaves no room for them.
    #[must_use]
    pub fn order_id(&self, bits: u128) -> Option<OrderId> {
        match self.usage {
            Usage::Once => Some(self.id.clone()),
            Usage::Many => {
                let low = bits & u128::from(u64::MAX);
                OrderId::parse(&format!("{}.{low:016x}", self.id))
            }
        }
    }

    /// The name of the buyer of a checkout with these bits, of whom nobody knows another.
    #[must_use]
    pub fn buyer(bits: u128) -> Option<PartyId> {
        PartyId::parse(&format!("guest-{bits:032x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn quote(usage: Usage, id: &str) -> Quote {
        Quote {
            merchant: MerchantId::parse("m_camera").unwrap(),
            id: OrderId::parse(id).unwrap(),
            usage,
            begins_at: NOW,
            ends_at: NOW.after(Span::hours(1)),
        }
    }

    #[test]
    fn a_quote_is_used_between_its_ends() {
        let quote = quote(Usage::Once, "poster");
        let check = |now: Timestamp| quote.check(now).err();
        assert_eq!(check(NOW), None);
        assert_eq!(check(NOW.before(SKEW)), None, "the shop's clock may be ahead");
        assert_eq!(check(NOW.before(Span::seconds(61))), Some(Code::QuoteInvalid));
        assert_eq!(check(quote.ends_at.before(Span::millis(1))), None);
        assert_eq!(check(quote.ends_at), Some(Code::QuoteExpired));
        let milliseconds = Timestamp::from_seconds(NOW.as_millis());
        let endless = Quote { ends_at: milliseconds, ..quote.clone() };
        assert_eq!(endless.check(NOW), Err(Code::QuoteInvalid));
    }

    #[test]
    fn once_is_one_order_and_many_is_one_each() {
        let ids = |quote: &Quote| [1, 2].map(|bits| quote.order_id(bits).unwrap());
        let [first, second] = ids(&quote(Usage::Once, "poster"));
        assert_eq!((first.as_str(), &second), ("poster", &first));
        let [first, second] = ids(&quote(Usage::Many, "poster"));
        assert_eq!((first.as_str(), first == second), ("poster.0000000000000001", false));
        let long = "a".repeat(48);
        assert_eq!(quote(Usage::Many, &long).order_id(0), None, "no room for the rest");
        assert!(quote(Usage::Many, &long[..47]).order_id(u128::MAX).is_some());
    }
}

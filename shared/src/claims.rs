//! What a checkout's one-time token says, and the rules of its content. Not its signature.
//!
//! Ages are counted in whole seconds, as the token prints them. Both ends of the token's life get
//! [`SKEW`], because the clocks of two servers differ. That a `jti` moves money once (I-7) is kept by
//! the checkout's object; that nothing of one merchant works for another (I-15) begins here, with the
//! audience.

use crate::id::{CheckoutId, Jti, MerchantId, PartyId};
use crate::money::Amount;
use crate::problem::Code;
use crate::time::{Span, Timestamp};

/// How long a token lives: as long as a hold on stock, since it is of no use after it.
pub const TOKEN_LIFE: Span = Span::minutes(15);

/// How far two clocks may differ.
pub const SKEW: Span = Span::seconds(60);

/// The content of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Who issued it: the edge's public origin.
    pub issuer: String,
    /// For which merchant.
    pub audience: MerchantId,
    /// For which buyer, by the shop's id.
    pub subject: PartyId,
    /// Its single-use id.
    pub jti: Jti,
    /// When it was made, in whole seconds.
    pub issued_at: Timestamp,
    /// Until when it can be used, in whole seconds.
    pub expires_at: Timestamp,
    /// What it pays.
    pub checkout: CheckoutId,
    /// How much that is.
    pub amount: Amount,
    /// The signed quote that it was exchanged for: its checkout comes into being with it.
    pub quote: Option<String>,
}

/// Why the content of a well signed token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimsError {
    /// Made in the future, ends before it begins, or lives longer than [`TOKEN_LIFE`].
    Invalid,
    /// Its end lies more than [`SKEW`] back.
    Expired,
    /// Its `nbf` lies more than [`SKEW`] ahead.
    NotYetValid,
    /// It was made for another merchant.
    Audience,
}

impl ClaimsError {
    /// The problem code of this cause.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Invalid => Code::TokenClaimsInvalid,
            Self::Expired => Code::TokenExpired,
            Self::NotYetValid => Code::TokenNotYetValid,
            Self::Audience => Code::TokenAudience,
        }
    }
}

impl Claims {
    /// Whether the content can be acted on at `now`, by a caller who expects this merchant.
    ///
    /// # Errors
    /// [`ClaimsError`], the first that applies: rules of its own, then audience, then age.
    pub fn check(
        &self,
        expected_audience: Option<&MerchantId>,
        now: Timestamp,
    ) -> Result<(), ClaimsError> {
        let life = self.expires_at.since(self.issued_at);
        if life == Span::default() || life > TOKEN_LIFE || self.issued_at > now.after(SKEW) {
            return Err(ClaimsError::Invalid);
        }
        if expected_audience.is_some_and(|expected| *expected != self.audience) {
            return Err(ClaimsError::Audience);
        }
        if now > self.expires_at.after(SKEW) {
            return Err(ClaimsError::Expired);
        }
        Ok(())
    }
}

/// The claims as JSON prints them (RFC 7519 names; `chk`, `amt`, `cur`, `qte` are ours).
#[cfg(feature = "serde")]
#[derive(Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimsRecord {
    /// Issuer.
    pub iss: String,
    /// Audience: the merchant.
    pub aud: String,
    /// Subject: the buyer.
    pub sub: String,
    /// Single-use id.
    pub jti: String,
    /// Issued at, seconds.
    pub iat: u64,
    /// Expires at, seconds.
    pub exp: u64,
    /// Not before, seconds. We never write it; who may sign may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// Checkout.
    pub chk: String,
    /// Amount in minor units.
    pub amt: u64,
    /// Currency, ISO 4217.
    pub cur: String,
    /// Quote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qte: Option<String>,
}

#[cfg(feature = "serde")]
impl From<&Claims> for ClaimsRecord {
    fn from(claims: &Claims) -> Self {
        Self {
            iss: claims.issuer.clone(),
            aud: claims.audience.to_string(),
            sub: claims.subject.to_string(),
            jti: claims.jti.to_string(),
            iat: claims.issued_at.as_seconds(),
            exp: claims.expires_at.as_seconds(),
            nbf: None,
            chk: claims.checkout.to_string(),
            amt: claims.amount.minor(),
            cur: claims.amount.currency().code().to_owned(),
            qte: claims.quote.clone(),
        }
    }
}

#[cfg(feature = "serde")]
impl ClaimsRecord {
    /// The claims, if every one of them can be read, and not before the record's own `nbf`.
    ///
    /// # Errors
    /// [`ClaimsError::Invalid`] and [`ClaimsError::NotYetValid`].
    pub fn into_claims(self, now: Timestamp) -> Result<Claims, ClaimsError> {
        use crate::money::Currency;

        let nbf = self.nbf.map_or(Timestamp::default(), Timestamp::from_seconds);
        let claims = (|| {
            Some(Claims {
                issuer: self.iss,
                audience: MerchantId::parse(&self.aud)?,
                subject: PartyId::parse(&self.sub)?,
                jti: Jti::parse(&self.jti)?,
                issued_at: Timestamp::from_seconds(self.iat),
                expires_at: Timestamp::from_seconds(self.exp),
                checkout: CheckoutId::parse(&self.chk)?,
                amount: Amount::from_minor(self.amt, Currency::parse(&self.cur)?).ok()?,
                quote: self.qte,
            })
        })();
        let claims = claims.ok_or(ClaimsError::Invalid)?;
        if nbf > now.after(SKEW) { Err(ClaimsError::NotYetValid) } else { Ok(claims) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Home;
    use crate::money::Currency;

    const ISSUED: u64 = 1_800_000_000;

    fn claims(issued: u64, expires: u64) -> Claims {
        Claims {
            issuer: "https://edge.example".to_owned(),
            audience: MerchantId::parse("m_camera").unwrap(),
            subject: PartyId::parse("u1").unwrap(),
            jti: Jti::new(1),
            issued_at: Timestamp::from_seconds(issued),
            expires_at: Timestamp::from_seconds(expires),
            checkout: CheckoutId::new(Home { generation: 1, shard: 3 }, 7),
            amount: Amount::from_minor(31_000, Currency::Krw).unwrap(),
            quote: None,
        }
    }

    fn check(issued: u64, expires: u64, now: u64) -> Result<(), ClaimsError> {
        claims(issued, expires).check(None, Timestamp::from_seconds(now))
    }

    #[test]
    fn both_ends_of_a_tokens_life_take_sixty_seconds_of_skew() {
        // reliability.md 4.1, row 26; I-17.
        let end = ISSUED + 900;
        assert_eq!(check(ISSUED, end, end + 60), Ok(()));
        assert_eq!(check(ISSUED, end, end + 61), Err(ClaimsError::Expired));
        assert_eq!(check(ISSUED, end, ISSUED - 60), Ok(()));
        assert_eq!(check(ISSUED, end, ISSUED - 61), Err(ClaimsError::Invalid));
    }

    #[test]
    fn a_life_that_is_empty_reversed_or_too_long_is_no_life() {
        assert_eq!(check(ISSUED, ISSUED, ISSUED), Err(ClaimsError::Invalid));
        assert_eq!(check(ISSUED, ISSUED - 1, ISSUED), Err(ClaimsError::Invalid));
        assert_eq!(check(ISSUED, ISSUED + 901, ISSUED), Err(ClaimsError::Invalid));
        assert_eq!(check(ISSUED, u64::MAX, ISSUED), Err(ClaimsError::Invalid));
        assert_eq!(check(ISSUED, ISSUED + 900, ISSUED), Ok(()));
    }

    #[test]
    fn another_merchants_token_is_refused() {
        // I-15.
        let token = claims(ISSUED, ISSUED + 900);
        let now = Timestamp::from_seconds(ISSUED);
        let other = MerchantId::parse("m_books").unwrap();
        assert_eq!(token.check(Some(&other), now), Err(ClaimsError::Audience));
        assert_eq!(token.check(Some(&token.audience.clone()), now), Ok(()));
    }

    #[cfg(feature = "serde")]
    #[test]
    fn a_record_reads_back_and_is_not_valid_before_its_time() {
        let token = Claims { quote: Some("q".to_owned()), ..claims(ISSUED, ISSUED + 900) };
        let read = |nbf| {
            let record = ClaimsRecord { nbf, ..ClaimsRecord::from(&token) };
            record.into_claims(Timestamp::from_seconds(ISSUED))
        };
        assert_eq!(read(None), Ok(token.clone()));
        assert_eq!(read(Some(ISSUED + 60)), Ok(token.clone()));
        assert_eq!(read(Some(ISSUED + 61)), Err(ClaimsError::NotYetValid));
        assert_eq!(read(Some(u64::MAX)), Err(ClaimsError::NotYetValid));
        let unreadable = ClaimsRecord { cur: "XXX".to_owned(), ..ClaimsRecord::from(&token) };
        let now = Timestamp::from_seconds(ISSUED);
        assert_eq!(unreadable.into_claims(now), Err(ClaimsError::Invalid));
    }
}

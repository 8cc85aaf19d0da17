//! What a provider's contract says of giving money back, as data, and what follows from it at a moment
//! (R62, R66). Every refund is planned here: the shop's preview and the refund itself are one function.
//!
//! # Why dates
//! Contracts change on a day. A table of terms has an entry for each day from which on something else
//! holds, and the refund's own time chooses: it is the provider who decides at that time.

use crate::calendar::{Day, UnknownYear, month_ends};
use crate::money::{Amount, MoneyError, Total};
use crate::time::Timestamp;

/// What is agreed for giving back what was paid by one means of one provider, from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundTerms {
    /// From when on; the first entry of a table says [`ALWAYS`].
    pub since: Timestamp,
    /// How long the provider cancels.
    pub until: Until,
    /// What it does after that.
    pub afterwards: Afterwards,
    /// Whether it takes back a part of what was paid.
    pub partial: bool,
    /// What the amount in its order means.
    pub told: Told,
    /// Whether a cancel pays into an account of the buyer's, which the shop has to name.
    pub needs_account: bool,
    /// What it keeps of the merchant's for each refund, in minor units; 0 where nothing is documented.
    pub fee: u64,
    /// Business days until the buyer has the money; 0 where nothing is documented.
    pub arrives_in: u32,
}

/// Terms that hold since there is a contract.
pub const ALWAYS: Timestamp = Timestamp::from_millis(0);

/// How long a payment can be cancelled at its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// As long as anybody asks.
    Ever,
    /// Until the end of the month in which it was billed, in Seoul.
    MonthEnds,
    /// Until the end of the day that is so many days after it was paid, in Seoul.
    Days(u64),
    /// The same; what comes later is tried, and may be refused.
    About(u64),
}

/// What is left when the window is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// Nothing: the shop gives the money back by itself.
    Nothing,
    /// The provider pays into an account of the buyer's, the whole sum, for this fee.
    Transfer {
        /// In minor units.
        fee: u64,
        /// Business days until the buyer has it.
        arrives_in: u32,
    },
}

/// What the amount in an order to cancel means to the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// What goes back.
    Cancelled,
    /// What stays paid.
    Remaining,
}

impl Told {
    /// The figure for an order that gives back `amount`, when so much was given back before it.
    ///
    /// # Errors
    /// [`MoneyError`] when that is more than was captured.
    pub fn figure(
        self,
        captured: Total,
        before: Total,
        amount: Amount,
    ) -> Result<Total, MoneyError> {
        let remaining = captured.minus(before)?.minus(amount.total())?;
        Ok(match self {
            Self::Cancelled => amount.total(),
            Self::Remaining => remaining,
        })
    }
}

/// How the money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The provider cancels (a part of) the payment.
    Cancel,
    /// It pays into the buyer's account.
    Transfer,
}

/// What will happen, when, and what closes when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prospect {
    /// How the money goes back.
    pub way: Way,
    /// Whether the provider has promised it; else it may refuse.
    pub sure: bool,
    /// When this way closes, if it does.
    pub closes_at: Option<Timestamp>,
    /// What is left then.
    pub afterwards: Afterwards,
    /// Whether a part may go back.
    pub partial: bool,
    /// Whether the shop has to name an account of the buyer's.
    pub needs_account: bool,
    /// What the provider keeps of the merchant's.
    pub fee: u64,
    /// Business days until the buyer has the money; 0 where nothing is documented.
    pub arrives_in: u32,
}

/// The window closed then, and nothing is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed(pub Timestamp);

/// Between these two the provider took the money: when its attempt began, and when we knew. A provider's
/// own time is in neither of our clocks, so of a bill over midnight on a month's last day it may be either.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Billed {
    /// No earlier than this.
    pub from: Timestamp,
    /// No later than this.
    pub to: Timestamp,
}

/// The terms that hold at this time.
#[must_use]
pub fn in_force(table: &'static [RefundTerms], now: Timestamp) -> Option<&'static RefundTerms> {
    table.iter().rev().find(|terms| terms.since <= now)
}

impl RefundTerms {
    /// What a refund at this time comes to.
    ///
    /// # Errors
    /// [`Closed`] when the provider gives nothing back any more.
    pub fn prospect(&self, billed: Billed, now: Timestamp) -> Result<Prospect, Closed> {
        let days = |n| Day::of(billed.to).plus(n).ends();
        // Until when it is promised, and until when it is tried.
        let (promised, tried) = match self.until {
            Until::Ever => (None, None),
            Until::MonthEnds => (Some(month_ends(billed.from)), Some(month_ends(billed.to))),
            Until::Days(n) => (Some(days(n)), Some(days(n))),
            Until::About(n) => (Some(days(n)), None),
        };
        let over = |end: Option<Timestamp>| end.filter(|end| *end <= now);
        let sure = over(promised).is_none();
        let cancel = Prospect {
            way: Way::Cancel,
            sure,
            closes_at: if sure { promised } else { tried },
            afterwards: self.afterwards,
            partial: self.partial,
            needs_account: self.needs_account,
            fee: self.fee,
            arrives_in: self.arrives_in,
        };
        let Some(closed) = over(tried) else { return Ok(cancel) };
        match self.afterwards {
            Afterwards::Nothing => Err(Closed(closed)),
            Afterwards::Transfer { fee, arrives_in } => Ok(Prospect {
                way: Way::Transfer,
                sure: true,
                closes_at: None,
                afterwards: Afterwards::Nothing,
                partial: false,
                needs_account: true,
                fee,
                arrives_in,
            }),
        }
    }
}

impl Prospect {
    /// The last day on which the money should be with the buyer, where the contract says.
    ///
    /// # Errors
    /// [`UnknownYear`]: the calendar ends before.
    pub fn arrives_by(&self, now: Timestamp) -> Result<Option<Day>, UnknownYear> {
        match self.arrives_in {
            0 => Ok(None),
            days => Day::of(now).business_days_later(days).map(Some),
        }
    }
}

#[cfg(test)]
mod tests;

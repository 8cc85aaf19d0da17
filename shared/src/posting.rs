//! The ledger's lines: every entry balances, per currency, by construction (I-5, R46).

use core::fmt;

use crate::money::{Amount, MoneyError, Total};

/// Whose money a line speaks of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// What the provider of this channel owes us.
    Provider(String),
    /// What we owe this seller.
    Seller(String),
    /// Money that came without a claim to it and goes back.
    Suspense,
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider(channel) => write!(f, "provider:{channel}"),
            Self::Seller(seller) => write!(f, "seller:{seller}"),
            Self::Suspense => f.write_str("suspense"),
        }
    }
}

/// The two sides of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// What comes in.
    Debit,
    /// What is owed.
    Credit,
}

impl Side {
    /// The word in the book.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Debit => "debit",
            Self::Credit => "credit",
        }
    }

    /// The other side.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Debit => Self::Credit,
            Self::Credit => Self::Debit,
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Whose.
    pub account: Account,
    /// Which side.
    pub side: Side,
    /// How much; never zero.
    pub amount: Amount,
}

/// A balanced set of lines, named so that writing it twice is writing it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Unique within a checkout: `capture:<attempt>`, `refund:<refund>`.
    pub name: String,
    lines: Vec<Posting>,
}

impl Entry {
    /// One amount against its parts.
    ///
    /// # Errors
    /// [`MoneyError`] when the parts do not add up to the whole.
    pub fn split(
        name: String,
        whole: (Account, Side, Amount),
        parts: Vec<(Account, Amount)>,
    ) -> Result<Self, MoneyError> {
        let (account, side, amount) = whole;
        let mut sum = Total::zero(amount.currency());
        let mut lines = vec![Posting { account, side, amount }];
        for (account, part) in parts {
            sum = sum.plus(part.total())?;
            lines.push(Posting { account, side: side.opposite(), amount: part });
        }
        if sum != amount.total() {
            return Err(MoneyError::Underflow);
        }
        Ok(Self { name, lines })
    }

    /// Its lines.
    #[must_use]
    pub fn lines(&self) -> &[Posting] {
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use proptest::prelude::*;

    fn won(minor: u64) -> Amount {
        Amount::from_minor(minor, Currency::Krw).unwrap()
    }

    proptest! {
        #[test]
        fn i5_r46_every_entry_sums_to_zero(parts in prop::collection::vec(1u64..1_000_000, 1..8), off in -1i64..=1) {
            let whole = parts.iter().sum::<u64>().saturating_add_signed(off).max(1);
            let lines = parts.iter().map(|p| (Account::Seller("s".to_owned()), won(*p))).collect();
            let entry = Entry::split("capture".to_owned(), (Account::Provider("toss".to_owned()), Side::Debit, won(whole)), lines);
            match entry {
                Ok(entry) => {
                    let side = |s| entry.lines().iter().filter(|l| l.side == s).map(|l| l.amount.minor()).sum::<u64>();
                    prop_assert_eq!(side(Side::Debit), side(Side::Credit));
                }
                Err(_) => prop_assert_ne!(parts.iter().sum::<u64>(), whole),
            }
        }
    }
}

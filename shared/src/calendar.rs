//! Seoul's calendar: days, the end of a month, business days. What a contract calls "the same month" or
//! "two business days later" is decided here, from a moment that is handed in.
//!
//! # Why a table and an error beyond it
//! Which days are holidays is no rule but a list: lunar days, substitutes, elections, days that the
//! government proclaims weeks ahead. A year that the list does not have is [`UnknownYear`], never a year of
//! working days.

use core::fmt;

use crate::time::{Civil, Span, Timestamp};

mod holidays;

use holidays::{FIRST_YEAR, HOLIDAYS};

/// A day in milliseconds.
const DAY: u64 = 86_400_000;
/// Seoul's clocks are so far ahead of UTC, all year.
const AHEAD: Span = Span::hours(9);

/// A day on Seoul's calendar, from 1970-01-01 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u64);

/// The list of holidays does not have this year: which of its days are business days is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownYear(pub u64);

impl Day {
    /// The day that Seoul has at this moment.
    #[must_use]
    pub const fn of(at: Timestamp) -> Self {
        Self(at.after(AHEAD).as_millis() / DAY)
    }

    /// Its first moment.
    #[must_use]
    pub const fn begins(self) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_mul(DAY)).before(AHEAD)
    }

    /// The first moment of the day after it.
    #[must_use]
    pub const fn ends(self) -> Timestamp {
        self.plus(1).begins()
    }

    /// So many days later.
    #[must_use]
    pub const fn plus(self, days: u64) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Its date; the time of day is midnight.
    #[must_use]
    pub fn civil(self) -> Civil {
        self.begins().civil_seoul()
    }

    /// Whether it is a Saturday or a Sunday.
    #[must_use]
    pub const fn is_weekend(self) -> bool {
        // The first day was a Thursday.
        self.0.saturating_add(3) % 7 >= 5
    }

    /// Whether banks are open.
    ///
    /// # Errors
    /// [`UnknownYear`]; not for a weekend, which is one in any year.
    pub fn is_business(self) -> Result<bool, UnknownYear> {
        if self.is_weekend() {
            return Ok(false);
        }
        let Civil { year, month, day, .. } = self.civil();
        let at = year.checked_sub(FIRST_YEAR).and_then(|at| usize::try_from(at).ok());
        let listed = at.and_then(|at| HOLIDAYS.get(at)).ok_or(UnknownYear(year))?;
        let date = month.saturating_mul(100).saturating_add(day);
        Ok(!listed.iter().any(|holiday| u64::from(*holiday) == date))
    }

    /// The `n`-th business day that comes after it; for 0 the day itself.
    ///
    /// # Errors
    /// [`UnknownYear`] where the list ends before, as it does for any number that is too large.
    pub fn business_days_later(self, n: u32) -> Result<Self, UnknownYear> {
        let (mut day, mut left) = (self, n);
        while left > 0 {
            day = day.plus(1);
            if day.is_business()? {
                left = left.saturating_sub(1);
            }
        }
        Ok(day)
    }
}

impl fmt::Display for Day {
    /// `2026-11-22`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day, .. } = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// The first moment that is no longer in this moment's month (R66): a cancel "in the same month" comes
/// before it.
#[must_use]
pub fn month_ends(at: Timestamp) -> Timestamp {
    let Civil { year, month, .. } = at.civil_seoul();
    let (year, month) =
        if month < 12 { (year, month.saturating_add(1)) } else { (year.saturating_add(1), 1) };
    Timestamp::from_civil_seoul(Civil { year, month, day: 1, hour: 0, minute: 0, second: 0 })
}

/// Whether Seoul has the same month at both moments.
#[must_use]
pub fn same_month(one: Timestamp, other: Timestamp) -> bool {
    month_ends(one) == month_ends(other)
}

#[cfg(test)]
mod tests;

//! Time: UTC milliseconds, handed in as an argument; this crate never reads a clock.

use core::fmt;

/// A moment: milliseconds since 1970-01-01T00:00:00Z, by the server's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Timestamp(u64);

/// A length of time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Span(u64);

impl Span {
    /// `n` milliseconds.
    #[must_use]
    pub const fn millis(n: u64) -> Self {
        Self(n)
    }

    /// `n` seconds.
    #[must_use]
    pub const fn seconds(n: u64) -> Self {
        Self(n.saturating_mul(1000))
    }

    /// `n` minutes.
    #[must_use]
    pub const fn minutes(n: u64) -> Self {
        Self::seconds(n.saturating_mul(60))
    }

    /// `n` hours.
    #[must_use]
    pub const fn hours(n: u64) -> Self {
        Self::minutes(n.saturating_mul(60))
    }

    /// The length in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The length in whole seconds, rounded down.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1000
    }
}

impl Timestamp {
    /// The moment `millis` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` seconds after the epoch.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// This much later.
    #[must_use]
    pub const fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// This much earlier, not before the epoch.
    #[must_use]
    pub const fn before(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// How long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Year, month, day, hour, minute, second in UTC.
    #[must_use]
    pub fn civil(self) -> Civil {
        Civil::at(self.0)
    }

    /// The civil time in Seoul, which is UTC+9 all year and has had no daylight saving since 1988.
    #[must_use]
    pub fn civil_seoul(self) -> Civil {
        Civil::at(self.after(SEOUL_OFFSET).0)
    }

    /// The moment at which Seoul's clocks show `civil`.
    #[must_use]
    pub fn from_civil_seoul(civil: Civil) -> Self {
        Self(civil.millis()).before(SEOUL_OFFSET)
    }
}

/// Seoul is nine hours ahead of UTC.
const SEOUL_OFFSET: Span = Span::hours(9);

/// A date and a time of day, without a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil {
    /// Year of the Gregorian calendar.
    pub year: u64,
    /// Month, 1 to 12.
    pub month: u64,
    /// Day of the month, 1 to 31.
    pub day: u64,
    /// Hour, 0 to 23.
    pub hour: u64,
    /// Minute, 0 to 59.
    pub minute: u64,
    /// Second, 0 to 59.
    pub second: u64,
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "days-from-civil on unsigned numbers from year 1970 on; every divisor is a constant and \
              every subtraction is bounded by the calendar"
)]
impl Civil {
    fn at(millis: u64) -> Self {
        let seconds = millis / 1000;
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        // Howard Hinnant's civil_from_days: eras of 400 years that begin on 1 March.
        let z = days + 719_468;
        let era = z / 146_097;
        let doe = z % 146_097;
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + u64::from(month <= 2);
        Self { year, month, day, hour: rest / 3600, minute: rest % 3600 / 60, second: rest % 60 }
    }

    fn millis(self) -> u64 {
        let year = self.year - u64::from(self.month <= 2);
        let era = year / 400;
        let yoe = year % 400;
        let mp = if self.month > 2 { self.month - 3 } else { self.month + 9 };
        let doy = (153 * mp + 2) / 5 + self.day - 1;
        let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
        let days = era * 146_097 + doe - 719_468;
        (days * 86_400 + self.hour * 3600 + self.minute * 60 + self.second) * 1000
    }

    /// Checks the ranges and builds the record; `None` for a day that no calendar has.
    #[must_use]
    pub fn new(
        year: u64,
        month: u64,
        day: u64,
        hour: u64,
        minute: u64,
        second: u64,
    ) -> Option<Self> {
        let civil = Self { year, month, day, hour, minute, second };
        let plausible = (1970..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        // The round trip refuses 31 April and 29 February of a common year.
        (plausible && Self::at(civil.millis()) == civil).then_some(civil)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with milliseconds: `2026-11-21T10:41:04.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let c = self.civil();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            c.year,
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second,
            self.0 % 1000
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_moments_print_as_rfc_3339() {
        let rows = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_257_664_123, "2026-11-21T10:41:04.123Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
        ];
        for (millis, text) in rows {
            assert_eq!(Timestamp::from_millis(millis).to_string(), text);
        }
    }

    #[test]
    fn seoul_is_nine_hours_ahead_over_a_year_s_end() {
        let civil = Timestamp::from_millis(1_798_729_200_000).civil_seoul();
        assert_eq!((civil.year, civil.month, civil.day, civil.hour), (2027, 1, 1, 0));
    }

    #[test]
    fn days_that_no_calendar_has_are_refused() {
        for (y, m, d) in [(2026, 2, 29), (2026, 4, 31), (2100, 2, 29), (2026, 13, 1), (2026, 0, 1)]
        {
            assert_eq!(Civil::new(y, m, d, 0, 0, 0), None, "{y}-{m}-{d}");
        }
    }

    proptest! {
        #[test]
        fn a_seoul_clock_reads_back_to_the_same_second(seconds in 0u64..200_000_000_000) {
            let at = Timestamp::from_seconds(seconds);
            prop_assert_eq!(Timestamp::from_civil_seoul(at.civil_seoul()), at);
        }
    }
}

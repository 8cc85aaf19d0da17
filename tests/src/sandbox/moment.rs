//! Korean time as the providers print it, from milliseconds since 1970. Reads no clock.

/// Korea keeps +09:00 all year and has had no summer time since 1988.
const KST_MS: i64 = 9 * 3_600_000;
const DAY_MS: i64 = 86_400_000;

/// One minute in milliseconds.
pub const MINUTE_MS: i64 = 60_000;

/// A point in time on a Korean wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wall {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    milli: i64,
}

/// Days to a date, by Hinnant's algorithm: eras of 400 years that begin on the first of March.
fn wall(at_ms: i64) -> Wall {
    let local = at_ms + KST_MS;
    let (days, rest) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    Wall {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * march_month + 2) / 5 + 1,
        hour: rest / 3_600_000,
        minute: rest / 60_000 % 60,
        second: rest / 1_000 % 60,
        milli: rest % 1_000,
    }
}

/// `2026-11-21T19:54:34+09:00`.
#[must_use]
pub fn iso(at_ms: i64) -> String {
    format!("{}+09:00", seconds(at_ms))
}

/// `2026-11-21T19:54:34`, the zone left to be known.
#[must_use]
pub fn seconds(at_ms: i64) -> String {
    let Wall { year, month, day, hour, minute, second, .. } = wall(at_ms);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

/// `2026-11-21T19:54:34.123000`, the zone left to be known.
#[must_use]
pub fn micros(at_ms: i64) -> String {
    format!("{}.{:03}000", seconds(at_ms), wall(at_ms).milli)
}

/// `20261121195434`.
#[must_use]
pub fn stamp(at_ms: i64) -> String {
    let Wall { year, month, day, hour, minute, second, .. } = wall(at_ms);
    format!("{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}")
}

/// The calendar month: phone bills know no other unit.
#[must_use]
pub fn month(at_ms: i64) -> (i64, i64) {
    let Wall { year, month, .. } = wall(at_ms);
    (year, month)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_printed_in_korean_time() {
        for (at, expected) in [
            (0, "1970-01-01T09:00:00+09:00"),
            (951_782_400_000, "2000-02-29T09:00:00+09:00"),
            (1_709_218_800_000, "2024-03-01T00:00:00+09:00"),
            (1_735_657_199_000, "2024-12-31T23:59:59+09:00"),
            (-1_000, "1970-01-01T08:59:59+09:00"),
        ] {
            assert_eq!(iso(at), expected);
        }
    }

    #[test]
    fn each_provider_has_a_shape_of_its_own_for_time() {
        assert_eq!(micros(1_735_657_199_123), "2024-12-31T23:59:59.123000");
        assert_eq!(stamp(1_735_657_199_123), "20241231235959");
        assert_eq!(month(1_735_657_199_123), (2024, 12));
        assert_eq!(month(1_735_657_200_000), (2025, 1));
    }
}

//! By which door a phone bill's money goes back: a cancel while its month lasts, a refund afterwards (R66).
//!
//! # Why the month
//! Until its end the carrier has printed no bill, and a cancel is a line that never appears on one. From the
//! next month on the buyer owes the carrier the money, and it comes back from the provider. Seoul's calendar
//! decides, at the moment of the order, by the time at which the provider says that it billed.

use shared::calendar::month_ends;
use shared::time::{Civil, Timestamp};

/// The way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// The bill's line is taken out.
    Cancel,
    /// The money is paid back.
    Refund,
}

/// The owner's plan (`shared::terms`) goes by our clocks; here Danal's own date of the bill decides. A clock of
/// ours that is behind Danal's makes no month end early.
pub(super) fn door(billed: Timestamp, now: Timestamp) -> Door {
    if month_ends(billed) <= now { Door::Refund } else { Door::Cancel }
}

/// `20261130235959`, Seoul's.
pub(super) fn stamp(text: &str) -> Option<Timestamp> {
    let digits = text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit());
    let at = |from: usize, to: usize| text.get(from..to).filter(|_| digits)?.parse().ok();
    let civil = Civil::new(at(0, 4)?, at(4, 6)?, at(6, 8)?, at(8, 10)?, at(10, 12)?, at(12, 14)?)?;
    Some(Timestamp::from_civil_seoul(civil))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r66_the_month_of_the_bill_decides_by_seoul_s_calendar() {
        for (billed, now, expected) in [
            ("20261121120000", "20261121120001", Door::Cancel),
            ("20261101000000", "20261130235959", Door::Cancel),
            // A second later it is the next month in Seoul, and still 15:00 of the 30th in UTC.
            ("20261130235959", "20261201000000", Door::Refund),
            ("20261201000000", "20261231235959", Door::Cancel),
            ("20261231235959", "20270101000000", Door::Refund),
            ("20270228235959", "20270301000000", Door::Refund),
            ("20280228235959", "20280229235959", Door::Cancel),
            // The same month of another year.
            ("20261121120000", "20271121120000", Door::Refund),
            // Our clock is a second behind theirs.
            ("20261201000000", "20261130235959", Door::Cancel),
        ] {
            let (from, to) = (stamp(billed).unwrap(), stamp(now).unwrap());
            assert_eq!(door(from, to), expected, "{billed} {now}");
        }
    }

    #[test]
    fn r66_every_day_of_ten_years_has_one_door() {
        const DAY_SECONDS: u64 = 86_400;
        let begin = stamp("20260101000000").unwrap().as_seconds();
        let mut ends = 0;
        for day in 0..3_652 {
            let at = |second: u64| Timestamp::from_seconds(begin + day * DAY_SECONDS + second);
            let (morning, night, next) = (at(0), at(DAY_SECONDS - 1), at(DAY_SECONDS));
            assert_eq!(door(morning, night), Door::Cancel);
            let ended = next.civil_seoul().day == 1;
            let expected = if ended { Door::Refund } else { Door::Cancel };
            assert_eq!(door(night, next), expected, "{next}");
            ends += u32::from(ended);
        }
        assert_eq!(ends, 120);
    }

    #[test]
    fn stamps_are_fourteen_digits_of_a_calendar() {
        for text in ["", "2026112112000", "202611211200000", "20261131000000", "2026-11-21 120"] {
            assert_eq!(stamp(text), None, "{text}");
        }
        assert_eq!(stamp("20261121194104"), Some(Timestamp::from_seconds(1_795_257_664)));
    }
}

use super::*;
use crate::money::Currency;
use crate::time::{Civil, Span};
use proptest::prelude::*;

fn seoul(month: u64, day: u64, hour: u64, minute: u64, second: u64) -> Timestamp {
    Timestamp::from_civil_seoul(Civil::new(2026, month, day, hour, minute, second).unwrap())
}

/// A phone bill of a carrier that gives back in the month, and by transfer afterwards.
const BILL: RefundTerms = RefundTerms {
    since: ALWAYS,
    until: Until::MonthEnds,
    afterwards: Afterwards::Transfer { fee: 500, arrives_in: 3 },
    partial: false,
    told: Told::Cancelled,
    needs_account: false,
    fee: 0,
    arrives_in: 0,
};

fn at_once(at: Timestamp) -> Billed {
    Billed { from: at, to: at }
}

fn won(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::Krw).unwrap()
}

#[test]
fn r66_a_phone_bill_is_cancelled_in_its_month_and_paid_back_from_the_next_on() {
    let billed = at_once(seoul(11, 15, 12, 0, 0));
    let december = seoul(12, 1, 0, 0, 0);
    let last = BILL.prospect(billed, seoul(11, 30, 23, 59, 59)).unwrap();
    assert_eq!((last.way, last.sure, last.needs_account), (Way::Cancel, true, false));
    assert_eq!((last.closes_at, last.afterwards), (Some(december), BILL.afterwards));
    let next = BILL.prospect(billed, december).unwrap();
    assert_eq!((next.way, next.sure, next.needs_account), (Way::Transfer, true, true));
    assert_eq!((next.closes_at, next.fee), (None, 500));
    assert_eq!(next.arrives_by(december).unwrap().unwrap().to_string(), "2026-12-04");
    // 31 December, 23:30 in Seoul, is still the year before by UTC, and the same month in both.
    let late = at_once(seoul(12, 31, 23, 30, 0));
    assert_eq!(BILL.prospect(late, seoul(12, 31, 23, 59, 59)).unwrap().way, Way::Cancel);
    assert_eq!(BILL.prospect(late, late.to.after(Span::minutes(30))).unwrap().way, Way::Transfer);
}

#[test]
fn r66_a_bill_over_midnight_of_a_month_s_end_may_be_of_either_month() {
    let billed = Billed { from: seoul(11, 30, 23, 50, 0), to: seoul(12, 1, 0, 2, 0) };
    let now = BILL.prospect(billed, seoul(12, 1, 0, 3, 0)).unwrap();
    assert_eq!((now.way, now.sure), (Way::Cancel, false), "tried, and perhaps refused");
    let january = Timestamp::from_civil_seoul(Civil::new(2027, 1, 1, 0, 0, 0).unwrap());
    assert_eq!(now.closes_at, Some(january));
    assert_eq!(BILL.prospect(billed, january).unwrap().way, Way::Transfer);
}

#[test]
fn r66_where_nothing_is_left_after_the_month_the_refund_is_closed_since_its_end() {
    let nothing = RefundTerms { afterwards: Afterwards::Nothing, ..BILL };
    let billed = at_once(seoul(11, 15, 12, 0, 0));
    let december = seoul(12, 1, 0, 0, 0);
    assert_eq!(nothing.prospect(billed, december), Err(Closed(december)));
    assert_eq!(nothing.prospect(billed, seoul(12, 24, 0, 0, 0)), Err(Closed(december)));
    assert!(nothing.prospect(billed, december.before(Span::millis(1))).is_ok());
}

#[test]
fn r62_days_end_with_their_day_in_seoul_and_about_promises_no_more() {
    let billed = at_once(seoul(1, 1, 23, 0, 0));
    let ends = seoul(6, 30, 0, 0, 0).after(Span::hours(48));
    let firm = RefundTerms { until: Until::Days(180), ..BILL };
    assert_eq!(firm.prospect(billed, billed.to).unwrap().closes_at, Some(seoul(7, 1, 0, 0, 0)));
    assert_eq!(firm.prospect(billed, ends).unwrap().way, Way::Transfer);
    let about = RefundTerms { until: Until::About(180), ..BILL };
    let before = about.prospect(billed, billed.to).unwrap();
    assert_eq!((before.sure, before.closes_at), (true, Some(seoul(7, 1, 0, 0, 0))));
    let after = about.prospect(billed, ends).unwrap();
    assert_eq!((after.way, after.sure, after.closes_at), (Way::Cancel, false, None));
    let ever = RefundTerms { until: Until::Ever, ..BILL };
    let after = ever.prospect(billed, ends).unwrap();
    assert_eq!((after.way, after.sure, after.closes_at), (Way::Cancel, true, None));
}

#[test]
fn r62_the_terms_of_the_refund_s_own_time_hold() {
    static TABLE: [RefundTerms; 2] =
        [BILL, RefundTerms { since: Timestamp::from_millis(1_796_050_800_000), fee: 300, ..BILL }];
    let from = seoul(12, 1, 0, 0, 0);
    assert_eq!(TABLE[1].since, from);
    let fee = |now| in_force(&TABLE, now).map(|terms| terms.fee);
    assert_eq!(fee(from.before(Span::millis(1))), Some(0));
    assert_eq!(fee(from), Some(300));
    assert_eq!(fee(Timestamp::from_millis(0)), Some(0));
    static LATER: [RefundTerms; 1] = [RefundTerms { since: Timestamp::from_millis(1), ..BILL }];
    assert_eq!(in_force(&LATER, Timestamp::from_millis(0)), None, "before the contract");
}

#[test]
fn f40_an_amount_in_an_order_is_what_goes_back_or_what_stays() {
    let captured = won(10_000).total();
    let rows = [(0, 3_000, 3_000, 7_000), (3_000, 7_000, 7_000, 0), (2_000, 500, 500, 7_500)];
    for (before, amount, cancelled, remaining) in rows {
        let before = Total::from_minor(before, Currency::Krw).unwrap();
        let figure = |told: Told| told.figure(captured, before, won(amount)).unwrap().minor();
        assert_eq!((figure(Told::Cancelled), figure(Told::Remaining)), (cancelled, remaining));
    }
    let before = won(9_000).total();
    for told in [Told::Cancelled, Told::Remaining] {
        assert!(told.figure(captured, before, won(1_001)).is_err(), "more than was captured");
    }
}

#[test]
fn r62_a_day_beyond_the_calendar_is_told_as_unknown() {
    let far = Timestamp::from_civil_seoul(Civil::new(2031, 12, 31, 9, 0, 0).unwrap());
    let prospect = BILL.prospect(at_once(seoul(1, 1, 0, 0, 0)), far).unwrap();
    assert_eq!(prospect.arrives_by(far), Err(UnknownYear(2032)));
    assert_eq!(BILL.prospect(at_once(far), far).unwrap().arrives_by(far), Ok(None));
}

proptest! {
    #[test]
    fn r66_a_way_that_is_open_stays_open_until_it_closes(
        from in 0u64..400_000_000_000,
        took in 0u64..7_200_000,
        waits in 0u64..40_000_000_000,
        until in prop_oneof![
            Just(Until::Ever),
            Just(Until::MonthEnds),
            (0u64..400).prop_map(Until::Days),
            (0u64..400).prop_map(Until::About),
        ],
    ) {
        let from = Timestamp::from_millis(1_600_000_000_000).after(Span::millis(from));
        let billed = Billed { from, to: from.after(Span::millis(took)) };
        let terms = RefundTerms { until, afterwards: Afterwards::Nothing, ..BILL };
        let now = billed.to.after(Span::millis(waits));
        match terms.prospect(billed, now) {
            Ok(prospect) => {
                prop_assert!(prospect.closes_at.is_none_or(|at| at > now));
                if let Some(at) = prospect.closes_at {
                    let last = terms.prospect(billed, at.before(Span::millis(1)));
                    prop_assert_eq!(last.map(|last| last.sure), Ok(prospect.sure));
                    prop_assert_ne!(terms.prospect(billed, at), Ok(prospect));
                }
            }
            Err(Closed(at)) => {
                prop_assert!(at <= now);
                prop_assert!(terms.prospect(billed, at.before(Span::millis(1))).is_ok());
                prop_assert_eq!(terms.prospect(billed, at), Err(Closed(at)));
            }
        }
    }
}

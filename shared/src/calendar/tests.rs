use super::*;
use proptest::prelude::*;

fn day(year: u64, month: u64, day: u64) -> Day {
    Day::of(Timestamp::from_civil_seoul(Civil::new(year, month, day, 0, 0, 0).unwrap()))
}

fn seoul(text: &str) -> Timestamp {
    let at = |from: usize, to: usize| text[from..to].parse().unwrap();
    let civil = Civil::new(at(0, 4), at(5, 7), at(8, 10), at(11, 13), at(14, 16), at(17, 19));
    Timestamp::from_civil_seoul(civil.unwrap())
}

/// One line of the table, computed here.
fn line(year: u64, month: u64) -> String {
    let first = day(year, month, 1);
    let ends = month_ends(first.begins());
    let days: Vec<Day> = (0..31).map(|n| first.plus(n)).filter(|d| d.begins() < ends).collect();
    let (open, shut): (Vec<Day>, Vec<Day>) = days
        .iter()
        .filter(|d| !d.is_weekend())
        .partition(|d| d.is_business().expect("a year of the list"));
    let shut: Vec<String> = shut.iter().map(|d| d.civil().day.to_string()).collect();
    let shut = if shut.is_empty() { "-".to_owned() } else { shut.join(".") };
    let (from, to) = (open[0], open[open.len().saturating_sub(1)]);
    format!("{year}-{month:02} {} {ends} {} {from} {to} {shut}", days.len(), open.len())
}

#[test]
fn r39_r66_month_ends_and_business_days_of_twelve_years_are_those_of_the_table() {
    let table = include_str!("../../testdata/calendar.txt");
    let table: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
    let mut months = (2020..2032).flat_map(|year| (1..13).map(move |month| (year, month)));
    for expected in &table {
        let (year, month) = months.next().unwrap();
        assert_eq!(line(year, month), *expected);
    }
    assert_eq!((table.len(), months.next()), (144, None));
}

#[test]
fn r39_a_year_that_the_list_does_not_have_is_unknown_and_never_a_working_day() {
    for (date, expected) in [
        (day(2019, 12, 31), Err(UnknownYear(2019))),
        (day(2032, 1, 2), Err(UnknownYear(2032))),
        (day(1970, 1, 2), Err(UnknownYear(1970))),
        // A weekend is one in any year.
        (day(2032, 1, 3), Ok(false)),
        (day(2019, 12, 29), Ok(false)),
        (day(2031, 12, 31), Ok(true)),
        (day(2020, 1, 1), Ok(false)),
    ] {
        assert_eq!(date.is_business(), expected, "{date}");
    }
    assert_eq!(day(2031, 12, 31).business_days_later(1), Err(UnknownYear(2032)));
    assert_eq!(day(2026, 11, 20).business_days_later(u32::MAX), Err(UnknownYear(2032)));
}

#[test]
fn r39_business_days_are_counted_over_weekends_lunar_days_and_their_substitutes() {
    let rows = [
        // Friday: Monday is the first, Tuesday the second.
        (day(2026, 11, 20), 1, day(2026, 11, 23)),
        (day(2026, 11, 20), 2, day(2026, 11, 24)),
        (day(2026, 11, 20), 0, day(2026, 11, 20)),
        // A day off does not count itself.
        (day(2026, 11, 21), 1, day(2026, 11, 23)),
        // Chuseok 2025 with a substitute, a day of its own behind it and a weekend: ten days.
        (day(2025, 10, 2), 1, day(2025, 10, 10)),
        // Seollal 2027 falls on a Sunday, so that Tuesday is its substitute.
        (day(2027, 2, 5), 1, day(2027, 2, 10)),
        // Labour Day of 2027 is a Saturday: the first one with a substitute.
        (day(2027, 4, 30), 1, day(2027, 5, 4)),
        // Over the year's end.
        (day(2026, 12, 31), 1, day(2027, 1, 4)),
    ];
    for (from, n, expected) in rows {
        assert_eq!(from.business_days_later(n), Ok(expected), "{from} + {n}");
    }
}

#[test]
fn r66_the_same_month_is_seoul_s_and_ends_at_its_midnight() {
    let (before, last) = (seoul("2026-11-01T00:00:00"), seoul("2026-11-30T23:59:59"));
    let next = seoul("2026-12-01T00:00:00");
    assert!(same_month(before, last));
    assert!(!same_month(last, next), "one second later it is December there");
    assert_eq!(last.civil().month, 11, "while it is November in both cases by UTC");
    assert_eq!(next.civil().month, 11);
    assert_eq!(month_ends(before), next);
    assert_eq!(month_ends(last), next);
    // December ends with the year, and the same month of another year is another month.
    assert_eq!(month_ends(seoul("2026-12-31T23:59:59")), seoul("2027-01-01T00:00:00"));
    assert!(!same_month(seoul("2026-11-15T00:00:00"), seoul("2027-11-15T00:00:00")));
}

#[test]
fn r39_a_day_begins_and_ends_at_midnight_in_seoul() {
    let day = day(2026, 11, 22);
    assert_eq!(day.to_string(), "2026-11-22");
    assert_eq!(day.begins().to_string(), "2026-11-21T15:00:00.000Z");
    assert_eq!(day.ends().to_string(), "2026-11-22T15:00:00.000Z");
    assert_eq!(Day::of(day.begins()), day);
    assert_eq!(Day::of(day.begins().before(Span::millis(1))).plus(1), day);
}

proptest! {
    #[test]
    fn r66_a_month_s_end_is_the_first_moment_of_another_month(millis in 0u64..4_000_000_000_000) {
        let at = Timestamp::from_millis(millis);
        let ends = month_ends(at);
        prop_assert!(ends > at);
        let (last, first) = (ends.before(Span::millis(1)).civil_seoul(), ends.civil_seoul());
        let now = at.civil_seoul();
        prop_assert_eq!((last.year, last.month), (now.year, now.month));
        prop_assert_eq!((first.day, first.hour, first.minute, first.second), (1, 0, 0, 0));
        prop_assert!(ends.since(at) <= Span::hours(24 * 31));
    }
}

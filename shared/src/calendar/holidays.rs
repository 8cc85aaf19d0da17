//! Days from Monday to Friday on which Korea's banks are closed, as known on 2026-11-22.
//!
//! Source: the Act on Public Holidays and the decree on holidays of public offices (관공서의 공휴일에 관한 규정),
//! with substitute holidays, elections and the days that were proclaimed up to this date, as the data set
//! `holidays` 0.109 (github.com/vacanza/holidays, MIT) has them, its banks' holiday on 1 May before 2026
//! included. Lunar days and substitutes were compared with a second data set, `date-holidays` 3.37.0 on npm,
//! which knows neither elections nor proclaimed days.
//!
//! Constitution Day and Labour Day are public holidays from 2026 on. What the government proclaims later,
//! for one year and often only weeks ahead, and elections out of turn are added here by hand: each is one
//! number in its year's row, and its days change in `testdata/calendar.txt`.

/// The first year of the list.
pub(super) const FIRST_YEAR: u64 = 2020;

/// For each year from [`FIRST_YEAR`] on: month times 100 plus day.
#[rustfmt::skip]
pub(super) static HOLIDAYS: [&[u16]; 12] = [
    // 2020
    &[101, 124, 127, 415, 430, 501, 505, 817, 930, 1001, 1002, 1009, 1225],
    // 2021
    &[101, 211, 212, 301, 505, 519, 816, 920, 921, 922, 1004, 1011],
    // 2022
    &[131, 201, 202, 301, 309, 505, 601, 606, 815, 909, 912, 1003, 1010],
    // 2023
    &[123, 124, 301, 501, 505, 529, 606, 815, 928, 929, 1002, 1003, 1009, 1225],
    // 2024
    &[101, 209, 212, 301, 410, 501, 506, 515, 606, 815, 916, 917, 918, 1001, 1003, 1009, 1225],
    // 2025
    &[101, 127, 128, 129, 130, 303, 501, 505, 506, 603, 606, 815, 1003, 1006, 1007, 1008, 1009, 1225],
    // 2026
    &[101, 216, 217, 218, 302, 501, 505, 525, 603, 717, 817, 924, 925, 1005, 1009, 1225],
    // 2027
    &[101, 208, 209, 301, 503, 505, 513, 719, 816, 914, 915, 916, 1004, 1011, 1227],
    // 2028
    &[126, 127, 128, 301, 412, 501, 502, 505, 606, 717, 815, 1002, 1003, 1004, 1005, 1009, 1225],
    // 2029
    &[101, 212, 213, 214, 301, 501, 507, 521, 606, 717, 815, 921, 924, 1003, 1009, 1225],
    // 2030
    &[101, 204, 205, 301, 327, 501, 506, 509, 606, 612, 717, 815, 911, 912, 913, 1003, 1009, 1225],
    // 2031
    &[101, 122, 123, 124, 303, 501, 505, 528, 606, 717, 815, 930, 1001, 1002, 1003, 1009, 1225],
];

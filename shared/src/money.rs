//! Money: integer minor units with an ISO 4217 currency.
//!
//! # Why
//! An `Amount` is positive and below 2^53 by construction, so nothing behind the door checks it again
//! and no runtime that keeps numbers as doubles can round it. Zero and negative amounts do not exist:
//! what may be zero (a balance, a refunded sum) is a [`Total`].

use core::fmt;

/// The largest amount in minor units: 2^53 − 1, the last integer that a double keeps exactly.
pub const AMOUNT_MAX: u64 = (1 << 53) - 1;

const _: () = assert!(AMOUNT_MAX < 1 << 53);

/// A currency that Hanbeon takes, by its ISO 4217 code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Currency {
    /// South Korean won, no minor unit.
    Krw,
    /// Japanese yen, no minor unit.
    Jpy,
    /// United States dollar, minor unit 1/100.
    Usd,
}

impl Currency {
    /// Every currency, in the order of the enum.
    pub const ALL: [Self; 3] = [Self::Krw, Self::Jpy, Self::Usd];

    /// The ISO 4217 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Krw => "KRW",
            Self::Jpy => "JPY",
            Self::Usd => "USD",
        }
    }

    /// How many decimal digits the minor unit has (ISO 4217 table).
    #[must_use]
    pub const fn exponent(self) -> u32 {
        match self {
            Self::Krw | Self::Jpy => 0,
            Self::Usd => 2,
        }
    }

    /// Reads an ISO 4217 code; upper case only, because a second spelling would be a second currency.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|currency| currency.code() == code)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why a number is not an amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoneyError {
    /// Zero is not an amount that anybody can pay.
    Zero,
    /// Above [`AMOUNT_MAX`], given or reached by adding.
    OutOfRange,
    /// Taking more away than there is.
    Underflow,
    /// Two currencies in one sum.
    CurrencyMismatch,
}

impl fmt::Display for MoneyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Zero => f.write_str("amount 0 is below the smallest amount 1 (minor units)"),
            Self::OutOfRange => {
                write!(f, "amount is above the largest amount {AMOUNT_MAX} (minor units)")
            }
            Self::Underflow => f.write_str("more is taken away than is there"),
            Self::CurrencyMismatch => f.write_str("two currencies in one sum"),
        }
    }
}

/// A positive amount in minor units (won for KRW, cents for USD) with its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount {
    minor: u64,
    currency: Currency,
}

impl Amount {
    /// An amount of `minor` units, 1 to [`AMOUNT_MAX`].
    ///
    /// # Errors
    /// [`MoneyError::Zero`] and [`MoneyError::OutOfRange`].
    pub const fn from_minor(minor: u64, currency: Currency) -> Result<Self, MoneyError> {
        match minor {
            0 => Err(MoneyError::Zero),
            1..=AMOUNT_MAX => Ok(Self { minor, currency }),
            _ => Err(MoneyError::OutOfRange),
        }
    }

    /// The number of minor units.
    #[must_use]
    pub const fn minor(self) -> u64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The same money as a total.
    #[must_use]
    pub const fn total(self) -> Total {
        Total { minor: self.minor, currency: self.currency }
    }

    /// `self` taken `count` times.
    ///
    /// # Errors
    /// [`MoneyError::Zero`] when `count` is 0, [`MoneyError::OutOfRange`] when the product is too large.
    pub fn times(self, count: u32) -> Result<Self, MoneyError> {
        let minor = self.minor.checked_mul(u64::from(count)).ok_or(MoneyError::OutOfRange)?;
        Self::from_minor(minor, self.currency)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.total().fmt(f)
    }
}

/// A sum that may be zero: what was captured, refunded, or is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Total {
    minor: u64,
    currency: Currency,
}

impl Total {
    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// A total of `minor` units, 0 to [`AMOUNT_MAX`].
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub const fn from_minor(minor: u64, currency: Currency) -> Result<Self, MoneyError> {
        if minor > AMOUNT_MAX {
            return Err(MoneyError::OutOfRange);
        }
        Ok(Self { minor, currency })
    }

    /// The number of minor units.
    #[must_use]
    pub const fn minor(self) -> u64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The total as a payable amount, or `None` when it is zero.
    #[must_use]
    pub fn amount(self) -> Option<Amount> {
        Amount::from_minor(self.minor, self.currency).ok()
    }

    /// `self + other`.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] and [`MoneyError::OutOfRange`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(MoneyError::OutOfRange)?;
        Self::from_minor(minor, self.currency)
    }

    /// `self − other`.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] and [`MoneyError::Underflow`].
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(MoneyError::Underflow)?;
        Self::from_minor(minor, self.currency)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::CurrencyMismatch) }
    }
}

impl fmt::Display for Total {
    /// `31000 KRW`, `12.50 USD`: machine text for logs and journals; people see the browser's format.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.currency.exponent() {
            0 => write!(f, "{} {}", self.minor, self.currency),
            _ => write!(
                f,
                "{}.{:02} {}",
                self.minor.checked_div(100).unwrap_or(0),
                self.minor.checked_rem(100).unwrap_or(0),
                self.currency
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::arithmetic_side_effects, reason = "an overflow fails the test, as it should")]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_outside_one_to_the_bound_do_not_exist() {
        let rows = [
            (0, Err(MoneyError::Zero)),
            (1, Ok(1)),
            (AMOUNT_MAX, Ok(AMOUNT_MAX)),
            (AMOUNT_MAX + 1, Err(MoneyError::OutOfRange)),
            (u64::MAX, Err(MoneyError::OutOfRange)),
        ];
        for (minor, expected) in rows {
            assert_eq!(Amount::from_minor(minor, Currency::Krw).map(Amount::minor), expected);
        }
    }

    #[test]
    fn won_have_no_decimals_and_dollars_two() {
        let show = |minor, currency| Total::from_minor(minor, currency).unwrap().to_string();
        assert_eq!(show(31_000, Currency::Krw), "31000 KRW");
        assert_eq!(show(1_205, Currency::Usd), "12.05 USD");
        assert_eq!(show(0, Currency::Jpy), "0 JPY");
    }

    #[test]
    fn i5_f5_minor_units_are_those_of_iso_4217() {
        // As printed in the standard's list one, not derived from the code above.
        let list = [("KRW", 0), ("JPY", 0), ("USD", 2)];
        assert_eq!(list.len(), Currency::ALL.len(), "a new currency needs its line");
        for (code, digits) in list {
            assert_eq!(Currency::parse(code).unwrap().exponent(), digits, "{code}");
        }
    }

    #[test]
    fn only_exact_codes_are_currencies() {
        for code in ["krw", "Krw", "KRW ", "", "XXX", "₩"] {
            assert_eq!(Currency::parse(code), None, "{code:?}");
        }
        for currency in Currency::ALL {
            assert_eq!(Currency::parse(currency.code()), Some(currency));
        }
    }

    proptest! {
        #[test]
        fn adding_then_taking_away_gives_the_same_money(a in 0..=AMOUNT_MAX, b in 0..=AMOUNT_MAX) {
            let total = |minor| Total::from_minor(minor, Currency::Krw).unwrap();
            match total(a).plus(total(b)) {
                Ok(sum) => prop_assert_eq!(sum.minus(total(b)), Ok(total(a))),
                Err(error) => {
                    prop_assert_eq!(error, MoneyError::OutOfRange);
                    prop_assert!(a + b > AMOUNT_MAX);
                }
            }
        }

        #[test]
        fn two_currencies_never_mix(a in 1..=AMOUNT_MAX, b in 1..=AMOUNT_MAX) {
            let won = Total::from_minor(a, Currency::Krw).unwrap();
            let yen = Total::from_minor(b, Currency::Jpy).unwrap();
            prop_assert_eq!(won.plus(yen), Err(MoneyError::CurrencyMismatch));
            prop_assert_eq!(won.minus(yen), Err(MoneyError::CurrencyMismatch));
        }
    }
}

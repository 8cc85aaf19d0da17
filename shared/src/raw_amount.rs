//! A number as it came over the wire, before anybody calls it money.
//!
//! # Why
//! A wrong number must be told apart from a document of the wrong shape: `"100"` and `0.5` are refused
//! with a code about amounts, not with `json_schema`. So this type takes every scalar and says later
//! what was wrong with it. Nothing is rounded, and nothing becomes a double.

use crate::money::{Amount, Currency, MoneyError};
use crate::problem::Code;

/// A scalar where an amount was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawAmount {
    /// Digits alone, up to 2^64 − 1.
    Integer(u64),
    /// Below zero, −0 included.
    Negative,
    /// Written with a point or an exponent, even when nothing stands behind the point.
    Fraction,
    /// Above 2^64 − 1.
    TooLarge,
    /// Text, `true`, `false`, `null`.
    NotANumber,
}

impl RawAmount {
    /// The amount, if it is one and not above `policy_max` minor units.
    ///
    /// # Errors
    /// [`Code::AmountInvalid`] for text, zero and below, [`Code::AmountExponent`] for decimals,
    /// [`Code::AmountOutOfRange`] above the policy or 2^53 − 1.
    pub fn amount(self, currency: Currency, policy_max: u64) -> Result<Amount, Code> {
        match self {
            Self::Negative | Self::NotANumber => Err(Code::AmountInvalid),
            Self::Fraction => Err(Code::AmountExponent),
            Self::TooLarge => Err(Code::AmountOutOfRange),
            Self::Integer(minor) if minor > policy_max => Err(Code::AmountOutOfRange),
            Self::Integer(minor) => match Amount::from_minor(minor, currency) {
                Ok(amount) => Ok(amount),
                Err(MoneyError::Zero) => Err(Code::AmountInvalid),
                Err(
                    MoneyError::OutOfRange | MoneyError::Underflow | MoneyError::CurrencyMismatch,
                ) => Err(Code::AmountOutOfRange),
            },
        }
    }

    /// The number of pieces, 1 to `max`.
    ///
    /// # Errors
    /// [`Code::QuantityInvalid`] for everything else.
    pub fn quantity(self, max: u32) -> Result<u32, Code> {
        match self {
            Self::Integer(count) => u32::try_from(count)
                .ok()
                .filter(|count| (1..=max).contains(count))
                .ok_or(Code::QuantityInvalid),
            Self::Negative | Self::Fraction | Self::TooLarge | Self::NotANumber => {
                Err(Code::QuantityInvalid)
            }
        }
    }

    /// What a JSON number is, as it is written. Beyond sixteen digits nobody means decimals any more, so
    /// there it is only large.
    #[must_use]
    pub fn from_written(number: &str) -> Self {
        const DIGITS_MAX: i32 = 16;
        const _: () = assert!(crate::money::AMOUNT_MAX < 10_u64.pow(16));
        if number.starts_with('-') {
            return Self::Negative;
        }
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let whole = mantissa.split_once('.').map_or(mantissa, |(whole, _)| whole);
        let length = i32::try_from(whole.len()).unwrap_or(i32::MAX);
        if whole.len() == number.len() {
            number.parse().map_or(Self::TooLarge, Self::Integer)
        } else if length.saturating_add(exponent.parse().unwrap_or(0)) > DIGITS_MAX {
            Self::TooLarge
        } else {
            Self::Fraction
        }
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for RawAmount {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyScalar)
    }
}

#[cfg(feature = "serde")]
struct AnyScalar;

#[cfg(feature = "serde")]
impl serde::de::Visitor<'_> for AnyScalar {
    type Value = RawAmount;

    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a number")
    }

    fn visit_u64<E>(self, number: u64) -> Result<RawAmount, E> {
        Ok(RawAmount::Integer(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<RawAmount, E> {
        Ok(u64::try_from(number).map_or(RawAmount::Negative, RawAmount::Integer))
    }

    fn visit_f64<E>(self, number: f64) -> Result<RawAmount, E> {
        Ok(RawAmount::from_written(&format!("{number:?}")))
    }

    fn visit_str<E>(self, _: &str) -> Result<RawAmount, E> {
        Ok(RawAmount::NotANumber)
    }

    fn visit_bool<E>(self, _: bool) -> Result<RawAmount, E> {
        Ok(RawAmount::NotANumber)
    }

    fn visit_unit<E>(self) -> Result<RawAmount, E> {
        Ok(RawAmount::NotANumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::AMOUNT_MAX;

    #[test]
    fn a_wrong_amount_is_refused_with_the_code_of_its_cause() {
        // reliability.md 4.2, rows 50 to 56; I-5.
        let rows = [
            (RawAmount::Integer(1), Ok(1)),
            (RawAmount::Integer(0), Err(Code::AmountInvalid)),
            (RawAmount::Negative, Err(Code::AmountInvalid)),
            (RawAmount::NotANumber, Err(Code::AmountInvalid)),
            (RawAmount::Fraction, Err(Code::AmountExponent)),
            (RawAmount::Integer(AMOUNT_MAX), Ok(AMOUNT_MAX)),
            (RawAmount::Integer(1 << 53), Err(Code::AmountOutOfRange)),
            (RawAmount::Integer((1 << 53) + 1), Err(Code::AmountOutOfRange)),
            (RawAmount::Integer(1 << 63), Err(Code::AmountOutOfRange)),
            (RawAmount::Integer(u64::MAX), Err(Code::AmountOutOfRange)),
            (RawAmount::TooLarge, Err(Code::AmountOutOfRange)),
        ];
        for (raw, expected) in rows {
            let got = raw.amount(Currency::Krw, u64::MAX).map(Amount::minor);
            assert_eq!(got, expected, "{raw:?}");
        }
    }

    #[test]
    fn the_policy_is_the_last_amount_taken() {
        let max = 50_000_000;
        assert!(RawAmount::Integer(max).amount(Currency::Krw, max).is_ok());
        let above = RawAmount::Integer(max + 1).amount(Currency::Krw, max);
        assert_eq!(above, Err(Code::AmountOutOfRange));
    }

    #[test]
    fn quantities_are_whole_and_bounded() {
        // reliability.md 4.2, row 54.
        for raw in [
            RawAmount::Negative,
            RawAmount::Integer(0),
            RawAmount::Fraction,
            RawAmount::Integer(1 << 31),
            RawAmount::TooLarge,
            RawAmount::NotANumber,
        ] {
            assert_eq!(raw.quantity(999), Err(Code::QuantityInvalid), "{raw:?}");
        }
        assert_eq!(RawAmount::Integer(999).quantity(999), Ok(999));
    }

    #[test]
    fn numbers_are_told_apart_as_they_are_written() {
        for (number, expected) in [
            ("31000", RawAmount::Integer(31_000)),
            ("18446744073709551615", RawAmount::Integer(u64::MAX)),
            ("18446744073709551616", RawAmount::TooLarge),
            ("-0", RawAmount::Negative),
            ("-1e30", RawAmount::Negative),
            ("0.5", RawAmount::Fraction),
            ("31000.0", RawAmount::Fraction),
            ("3.1e4", RawAmount::Fraction),
            ("1e-30", RawAmount::Fraction),
            ("1e30", RawAmount::TooLarge),
            ("1.5E+16", RawAmount::TooLarge),
            ("18446744073709551616.0", RawAmount::TooLarge),
        ] {
            assert_eq!(RawAmount::from_written(number), expected, "{number}");
        }
    }
}

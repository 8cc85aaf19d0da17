//! Money and times in the buyer's language.

use shared::money::{Amount, Currency};

/// An amount as a decimal number without grouping: 1234 cents are `12.34`.
#[must_use]
pub fn decimal(amount: Amount) -> String {
    let digits = usize::try_from(amount.currency().exponent()).unwrap_or(0);
    let (mut left, mut places) = (amount.minor(), 0_usize);
    let mut reversed = Vec::new();
    // At least one digit stands before the point.
    while left > 0 || places <= digits {
        if places == digits && digits > 0 {
            reversed.push('.');
        }
        let last = u32::try_from(left.checked_rem(10).unwrap_or(0)).unwrap_or(0);
        reversed.extend(char::from_digit(last, 10));
        left = left.checked_div(10).unwrap_or(0);
        places = places.saturating_add(1);
    }
    reversed.into_iter().rev().collect()
}

/// Whether the sum is written with the language's own word for won instead of the currency's sign.
#[must_use]
pub const fn is_won(currency: Currency) -> bool {
    match currency {
        Currency::Krw => true,
        Currency::Jpy | Currency::Usd => false,
    }
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use js_sys::{Array, Function, Object, Reflect};
    use shared::money::Amount;
    use wasm_bindgen::{JsCast, JsValue};

    use super::{decimal, is_won};
    use crate::text::Text;
    use crate::value;

    /// An amount in the buyer's language, such as `31,000원`.
    pub(crate) fn show(text: &Text, amount: Amount) -> String {
        let number = decimal(amount);
        let options = match is_won(amount.currency()) {
            true => Object::new(),
            false => value::object(&[
                ("style", Some("currency".to_owned())),
                ("currency", Some(amount.currency().code().to_owned())),
            ]),
        };
        let shown =
            format("NumberFormat", text, &options, &JsValue::from_str(&number)).unwrap_or(number);
        match is_won(amount.currency()) {
            true => text.fill("won", &shown),
            false => shown,
        }
    }

    /// A time (RFC 3339, UTC) in the buyer's language and time zone.
    pub(crate) fn moment(text: &Text, time: &str) -> String {
        let options = value::object(&[
            ("dateStyle", Some("long".to_owned())),
            ("timeStyle", Some("short".to_owned())),
        ]);
        let date = js_sys::Date::new(&JsValue::from_str(time));
        format("DateTimeFormat", text, &options, &date).unwrap_or_else(|| time.to_owned())
    }

    fn format(kind: &str, text: &Text, options: &Object, what: &JsValue) -> Option<String> {
        let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
        let class: Function = Reflect::get(&intl, &kind.into()).ok()?.dyn_into().ok()?;
        let arguments = Array::of2(&text.language().into(), options);
        let formatter = Reflect::construct(&class, &arguments).ok()?;
        let format: Function = Reflect::get(&formatter, &"format".into()).ok()?.dyn_into().ok()?;
        format.call1(&formatter, what).ok()?.as_string()
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) use browser::{moment, show};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_become_decimals_by_the_currency() {
        for (minor, currency, expected) in [
            (31_000, Currency::Krw, "31000"),
            (1, Currency::Jpy, "1"),
            (1_234, Currency::Usd, "12.34"),
            (5, Currency::Usd, "0.05"),
            (100, Currency::Usd, "1.00"),
        ] {
            let amount = Amount::from_minor(minor, currency).unwrap();
            assert_eq!(decimal(amount), expected);
        }
    }
}

//! Numbers before anybody calls them money.

use edge::json::{self, Limits};
use shared::money::{AMOUNT_MAX, Amount, Currency};
use shared::problem::Code;
use shared::raw_amount::RawAmount;

use super::world::closed;

/// Words of numbers.
pub const WORDS: &[&str] = &[
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "1000000000",
    "1000000001",
    "e",
    "E+",
    ".0",
    "-",
    "0",
    "00",
    "31000",
    "99999999999999999999999999999999",
    "\"100\"",
    "e-400",
    "e400",
];
/// The policy of the demo.
const POLICY: u64 = 1_000_000_000;

/// An amount is what is written, in range, unrounded; two readers never take two different ones.
pub fn target(bytes: &[u8]) -> bool {
    let document = [b"{\"n\":", bytes, b"}"].concat();
    let read = json::read(&document, Limits::BODY, |of| of.only(&["n"]).get("n").amount());
    let Ok(raw) = read else { return false };
    let theirs = serde_json::from_slice::<RawAmount>(bytes).ok();
    let written = std::str::from_utf8(bytes).unwrap_or_default().trim();
    for currency in Currency::ALL {
        for policy in [POLICY, AMOUNT_MAX, u64::MAX, 0] {
            let amount = raw.amount(currency, policy);
            let other = theirs.map(|theirs| theirs.amount(currency, policy));
            match amount {
                Ok(amount) => {
                    assert_eq!(amount.minor().to_string(), written, "printed as it was written");
                    assert!((1..=policy.min(AMOUNT_MAX)).contains(&amount.minor()));
                    assert_eq!(amount.currency(), currency);
                    assert_eq!(other, Some(Ok(amount)));
                }
                Err(code) => {
                    closed(code, raw.amount(currency, policy).err());
                    assert!(other.is_none_or(|other| other.is_err()), "{written} by the library");
                    let of_amounts =
                        [Code::AmountInvalid, Code::AmountExponent, Code::AmountOutOfRange];
                    assert!(of_amounts.contains(&code), "{code:?}");
                    let plain = written.parse::<u64>().ok().filter(|n| n.to_string() == written);
                    let good = plain.is_some_and(|n| (1..=policy.min(AMOUNT_MAX)).contains(&n));
                    assert!(!good, "{written} is refused with {code:?}");
                }
            }
        }
    }
    for max in [1, 9_999, u32::MAX] {
        match raw.quantity(max) {
            Ok(count) => assert!((1..=max).contains(&count) && count.to_string() == written),
            Err(code) => assert_eq!(code, Code::QuantityInvalid),
        }
    }
    // Sums never wrap.
    if let (Ok(unit), Ok(count)) = (raw.amount(Currency::Krw, u64::MAX), raw.quantity(u32::MAX)) {
        let product = u128::from(unit.minor()) * u128::from(count);
        let expected = u64::try_from(product).ok().filter(|product| *product <= AMOUNT_MAX);
        assert_eq!(unit.times(count).ok().map(Amount::minor), expected);
    }
    true
}

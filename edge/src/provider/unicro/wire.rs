//! Unicro's JSON and its table of states. Unknown fields are ignored.

use super::super::parts::{field, parse};
use super::{Inbound, Unreadable};

/// Every field that is read anywhere. Numbers and words are not told apart: Unicro itself does not.
static FIELDS: [&str; 15] = [
    "result",
    "errorCd",
    "partnerUserId",
    "unicroUserKey",
    "unicroUserToken",
    "unicroItemNo",
    "unicroTradeNo",
    "partnerTradeNo",
    "statusCd",
    "buyAmt",
    "tradeDate",
    "bankName",
    "accountNo",
    "accountName",
    STATE,
];
/// `data` itself, where it is a word.
pub(super) const STATE: &str = "data";

/// A record as it came: texts by name, empty where there is nothing.
pub(super) struct Texts(Vec<(&'static str, String)>);

impl Texts {
    fn gathered(read: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut texts = Vec::new();
        for name in FIELDS {
            if let Some(text) = read(name) {
                texts.push((name, text));
            }
        }
        Self(texts)
    }

    /// The fields of a document, or of the object `within` it.
    pub(super) fn of(body: &[u8], within: Option<&str>) -> Result<Self, Unreadable> {
        parse(body, |of| {
            let of = within.map_or(Some(of), |name| of.get(name).option());
            Self::gathered(&|name| of?.get(name).word_or_none())
        })
    }

    /// The fields of a callback, in whichever form it comes; none where it has none.
    pub(super) fn told(inbound: &Inbound<'_>) -> Self {
        if inbound.body.first() == Some(&b'{') {
            return Self::of(inbound.body, None).unwrap_or(Self(Vec::new()));
        }
        let query = inbound.query.as_bytes();
        Self::gathered(&|name| field(inbound.body, name).or_else(|| field(query, name)))
    }

    pub(super) fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(each, _)| *each == name);
        found.map_or("", |(_, text)| text.as_str())
    }
}

pub(super) const PAY_STANDBY: &str = "PAY_STANDBY";
pub(super) const PAY_APPROVED: &str = "PAY_APPROVED";
pub(super) const CANCEL_REQ: &str = "CANCEL_REQ";

/// Where the buyer's money is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Money {
    /// Not paid in yet.
    Awaited,
    /// With Unicro, or with the seller by now.
    Held,
    /// With the buyer again, or never left.
    Back,
}

/// A state as the journal shows it, and what it means for the money.
pub(super) fn standing(code: &str) -> Option<(&'static str, Money)> {
    let row = STATES.iter().find(|(word, number, _)| *word == code || *number == code)?;
    Some((row.0, row.2))
}

static STATES: [(&str, &str, Money); 16] = [
    // A number that stands for two words keeps being a number.
    ("32", "32", Money::Held),
    ("33", "33", Money::Held),
    (PAY_STANDBY, "13", Money::Awaited),
    (PAY_APPROVED, "31", Money::Held),
    ("DELIVERY_ING", "32", Money::Held),
    ("DELIVERY_DONE", "32", Money::Held),
    ("PAY_DONE", "33", Money::Held),
    ("SETTLEMENT_DONE", "33", Money::Held),
    (CANCEL_REQ, "34", Money::Held),
    ("CANCEL_DONE_BUYER", "35", Money::Back),
    ("CANCEL_DONE_SELLER", "36", Money::Back),
    ("CANCEL_DONE_ADMIN", "37", Money::Back),
    ("RETURN_REQ", "51", Money::Held),
    ("RETURN_AGR", "52", Money::Held),
    ("RETURN_ING", "53", Money::Held),
    ("RETURN_DONE", "54", Money::Back),
];

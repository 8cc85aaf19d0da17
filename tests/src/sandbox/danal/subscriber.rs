//! Who has a phone, as far as the carrier tells, and what may stand on its bill in a month.

use super::{Deal, Engine, Stage};
use crate::sandbox::form::Fields;
use crate::sandbox::{cipher, moment};

/// Most that a phone may pay by its bill in a month, in KRW.
pub(super) const CEILING_KRW: u64 = 1_000_000;

/// Carriers, by their words on the wire, and as buyers know them.
pub(super) const CARRIERS: [(&str, &str); 4] =
    [("SKT", "SKT"), ("KTF", "KT"), ("LGT", "LG U+"), ("CJH", "알뜰폰")];

/// What a test line is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// As any other.
    Own,
    /// Its month is full.
    Spent,
    /// The carrier bars it.
    Barred,
}

impl Line {
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "spent" => Self::Spent,
            "barred" => Self::Barred,
            _ => Self::Own,
        }
    }
}

/// What the buyer typed about themselves.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Subscriber {
    pub(super) phone: String,
    pub(super) line: Line,
}

impl Subscriber {
    /// The person of the first page, if that can be one.
    pub(super) fn read(fields: &Fields) -> Option<Self> {
        let digits = |name: &str| -> String {
            fields.text(name).chars().filter(char::is_ascii_digit).collect()
        };
        let (phone, birth, sex) = (digits("phone"), digits("birth"), digits("sex"));
        let carrier = CARRIERS.iter().any(|(word, _)| *word == fields.text("carrier"));
        let good = carrier
            && phone.starts_with("01")
            && (10..=11).contains(&phone.len())
            && birth.len() == 6
            && sex.len() == 1
            && ("1"..="8").contains(&sex.as_str());
        good.then(|| Self { phone, line: Line::parse(fields.text("line")) })
    }
}

impl Engine {
    /// A phone as the records know it.
    pub(super) fn code_of(key: &[u8; 32], phone: &str) -> String {
        cipher::mac(key, format!("phone {phone}").as_bytes())
    }

    /// Whether a bill of this amount fits into what is left of a phone's month.
    pub(super) fn fits(&self, phone: &str, amount: u64, now: i64) -> bool {
        let this_month = |deal: &&Deal| match deal.stage {
            Stage::Billed(at) | Stage::Refunded(at, _) => moment::month(at) == moment::month(now),
            _ => false,
        };
        let mine = |deal: &&Deal| deal.phone.as_deref() == Some(phone);
        let spent: u64 =
            self.deals.values().filter(mine).filter(this_month).map(|deal| deal.charged).sum();
        spent + amount <= CEILING_KRW
    }
}

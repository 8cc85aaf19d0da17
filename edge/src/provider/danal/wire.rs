//! Danal's pairs and its table of results. Unknown fields are ignored.

use shared::fact::DeclineCode;

use super::super::parts::field;
use super::Unreadable;

/// What an answer says, as the adapter acts upon it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// It is done, or it stands as the fields say.
    Done,
    /// No session of this name, or none any more.
    Unknown,
    /// The buyer has not confirmed the message's number yet.
    Early,
    /// It was billed before.
    Billed,
    /// It was given back before.
    Back,
    /// The month of the bill is over: no cancel, a refund.
    MonthOver,
    /// The month of the bill lasts: no refund, a cancel.
    MonthLasts,
    /// There is nothing to give back.
    NotBilled,
    /// This payment will not be, and why.
    Declined(DeclineCode),
    /// Any other: it decides nothing.
    Other,
}

/// Results by their number. Of 0 and 51 alone the guide tells.
static WORDS: [(&str, Word); 15] = [
    ("0", Word::Done),
    ("51", Word::Declined(DeclineCode::LimitExceeded)),
    ("1001", Word::Declined(DeclineCode::ProviderUnavailable)),
    ("2001", Word::Unknown),
    ("2002", Word::Early),
    ("2003", Word::Declined(DeclineCode::BuyerCancelled)),
    // The carrier knows no such subscriber, or bars the line.
    ("2004", Word::Declined(DeclineCode::Other)),
    (super::OTP_TRIED_TOO_OFTEN, Word::Declined(DeclineCode::Other)),
    ("2006", Word::Declined(DeclineCode::LimitExceeded)),
    ("2007", Word::Declined(DeclineCode::Expired)),
    // 2008, another amount or merchant than the session's: what it has, a look-up shows.
    ("2009", Word::Billed),
    ("3001", Word::Back),
    ("3002", Word::MonthOver),
    ("3003", Word::MonthLasts),
    ("3004", Word::NotBilled),
];

/// An answer: pairs, as a form.
pub(super) struct Answer<'a> {
    body: &'a [u8],
    /// Its number, when it looks like one: anything else could break a line of a log.
    pub(super) result: String,
}

impl<'a> Answer<'a> {
    pub(super) fn of(body: &'a [u8]) -> Result<Self, Unreadable> {
        let digit = |b: u8| b.is_ascii_digit() || b == b'-';
        let number = |text: &String| (1..=8).contains(&text.len()) && text.bytes().all(digit);
        let result = field(body, "Result").filter(number);
        let result = result.ok_or(Unreadable { detail: "no Result".to_owned() })?;
        Ok(Self { body, result })
    }

    pub(super) fn word(&self) -> Word {
        let known = WORDS.iter().find(|(number, _)| *number == self.result);
        known.map_or(Word::Other, |(_, word)| *word)
    }

    /// A field; empty where there is none.
    pub(super) fn get(&self, name: &str) -> String {
        field(self.body, name).unwrap_or_default()
    }
}

//! What comes of an input: the table's word, what a person must look at, what the shop is told.

use super::{InputKind, PhaseKind};
use crate::posting::Entry;
use crate::time::Timestamp;

/// Why the caller is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Another attempt is under way.
    AttemptOpen,
    /// It is paid.
    Paid,
    /// It is cancelled or expired.
    Closed,
    /// [`ATTEMPTS_MAX`] is reached.
    TooManyAttempts,
}

/// What a person must look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CaseCode {
    /// The provider holds another amount, currency, merchant or id than we asked for.
    AmountMismatch,
    /// Money came after the attempt had ended.
    LateCapture,
    /// Money came and the last piece was gone.
    SoldOut,
    /// The provider contradicts what it said before.
    Contradiction,
    /// The provider refuses to give money back.
    RefundRefused,
    /// An outcome is still unknown near the end of the provider's undo window.
    OutcomeUnknown,
    /// A notice could not be delivered.
    NoticeUndelivered,
}

impl CaseCode {
    /// Every code.
    pub const ALL: [Self; 7] = [
        Self::AmountMismatch,
        Self::LateCapture,
        Self::SoldOut,
        Self::Contradiction,
        Self::RefundRefused,
        Self::OutcomeUnknown,
        Self::NoticeUndelivered,
    ];

    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::AmountMismatch => "amount_mismatch",
            Self::LateCapture => "late_capture",
            Self::SoldOut => "sold_out_after_payment",
            Self::Contradiction => "provider_contradiction",
            Self::RefundRefused => "refund_refused",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::NoticeUndelivered => "notice_undelivered",
        }
    }

    /// Reads the code on the wire.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.code() == code)
    }
}

/// Something for a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Case {
    /// Which kind.
    pub code: CaseCode,
    /// What was seen; no personal data.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// What the table says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// To this phase.
    Go(PhaseKind),
    /// A repeat, or nothing to do.
    Same,
    /// Stay, and ask the provider now.
    Ask,
    /// Stay, and remember the shop's cancel until the outcome is known (F38).
    Note,
    /// Money that must not be with us goes back; a person is told.
    Undo(CaseCode),
    /// The caller's fault.
    Refuse(Refusal),
    /// The world contradicts our books: stay, and call a person.
    Alarm(CaseCode),
}

impl core::fmt::Debug for Verdict {
    /// By hand, because it is the one value with content that ships its printed form: in the journal.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (name, content): (&str, &dyn core::fmt::Debug) = match self {
            Self::Go(phase) => ("Go", phase),
            Self::Undo(code) => ("Undo", code),
            Self::Refuse(why) => ("Refuse", why),
            Self::Alarm(code) => ("Alarm", code),
            Self::Same => return f.write_str("Same"),
            Self::Ask => return f.write_str("Ask"),
            Self::Note => return f.write_str("Note"),
        };
        write!(f, "{name}({content:?})")
    }
}

/// What the shop is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// Paid.
    Paid,
    /// An attempt ended without money.
    Declined,
    /// A virtual account was issued.
    DepositIssued,
    /// Cancelled before payment.
    Cancelled,
    /// Nobody paid in time.
    Expired,
    /// Money went back.
    Refunded,
    /// A person should look.
    Review,
}

impl Event {
    /// The type on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Paid => "checkout.paid",
            Self::Declined => "checkout.declined",
            Self::DepositIssued => "checkout.deposit_issued",
            Self::Cancelled => "checkout.cancelled",
            Self::Expired => "checkout.expired",
            Self::Refunded => "checkout.refunded",
            Self::Review => "checkout.review",
        }
    }
}

/// What one input did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What the table said.
    pub verdict: Verdict,
    /// The input as the table saw it, where it came to the table.
    pub seen: Option<InputKind>,
    /// What the shop is told.
    pub events: Vec<Event>,
    /// What the ledger gets; each sums to zero.
    pub entries: Vec<Entry>,
    /// Whether anything changed: an unchanged state is not stored and has no new version.
    pub changed: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_on_the_wire_are_as_published_and_cases_read_back() {
        let cases = [
            "amount_mismatch",
            "late_capture",
            "sold_out_after_payment",
            "provider_contradiction",
            "refund_refused",
            "outcome_unknown",
            "notice_undelivered",
        ];
        assert_eq!(CaseCode::ALL.map(CaseCode::code), cases);
        assert_eq!(cases.map(CaseCode::parse), CaseCode::ALL.map(Some));
        assert_eq!(CaseCode::parse(""), None);
        let events = [
            (Event::Paid, "checkout.paid"),
            (Event::Declined, "checkout.declined"),
            (Event::DepositIssued, "checkout.deposit_issued"),
            (Event::Cancelled, "checkout.cancelled"),
            (Event::Expired, "checkout.expired"),
            (Event::Refunded, "checkout.refunded"),
            (Event::Review, "checkout.review"),
        ];
        for (event, word) in events {
            assert_eq!(event.code(), word);
        }
    }
}

//! What an adapter can make of an answer, by the ways of its provider and by the question: one list for those
//! who ask what could be heard (the model check), and for those who hold the adapters to it (the fuzz targets).

use shared::fact::{AskKind, FactKind};
use shared::payment::Style;
use shared::terms::{ALWAYS, Afterwards, RefundTerms, Told, Until};

/// The ways of the five adapters.
pub const STYLES: [(&str, Style); 5] = [
    ("tosspayments", Style { captures_itself: false, prepares: false, ..PLAIN }),
    ("kb", Style { closes: true, ..PLAIN }),
    ("portone_v2", PLAIN),
    ("unicro", Style { partial_cancel: false, joins: true, escrow: true, ..PLAIN }),
    ("danal", Style { captures_itself: false, partial_cancel: false, ..PLAIN }),
];

const PLAIN: Style = Style {
    prepares: true,
    closes: false,
    captures_itself: true,
    partial_cancel: true,
    joins: false,
    escrow: false,
};

/// What a provider of these ways says of giving back, where nothing more is told of it.
#[must_use]
pub const fn refunds_of(style: Style) -> RefundTerms {
    RefundTerms {
        since: ALWAYS,
        until: Until::Ever,
        afterwards: Afterwards::Nothing,
        partial: style.partial_cancel,
        told: Told::Cancelled,
        needs_account: false,
        fee: 0,
        arrives_in: 0,
    }
}

/// A question, as far as its answers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// What is asked.
    Of(AskKind),
    /// The cancel of an account into which nobody has paid.
    Void,
}

/// The kinds of facts that decide something. What decides nothing can always be heard.
#[must_use]
pub fn decisive(style: Style, question: Question) -> Vec<FactKind> {
    use FactKind::{
        Authenticated, CancelRefused, Cancelled, Captured, Closed, Declined, DepositIssued,
        NotFound, Prepared, Waiting,
    };
    let if_ours = |kinds: &[FactKind]| {
        if style.captures_itself { Vec::new() } else { kinds.to_vec() }
    };
    match question {
        Question::Of(AskKind::Prepare) if style.prepares => vec![Prepared, Declined],
        Question::Of(AskKind::Prepare) => Vec::new(),
        Question::Of(AskKind::LookUp) => {
            let mut kinds = vec![NotFound, Captured];
            kinds.extend(if_ours(&[Authenticated]));
            // A trade that waits for its buyer is none yet, and one that failed neither.
            kinds.extend(if style.joins { vec![] } else { vec![Waiting, Declined] });
            // KB has no account that waits, and it alone can close.
            kinds.push(if style.closes { Closed } else { DepositIssued });
            kinds
        }
        Question::Of(AskKind::Capture) => {
            if_ours(&[Waiting, Authenticated, DepositIssued, Captured, Declined])
        }
        Question::Of(AskKind::Close) => {
            if style.closes {
                vec![Closed, NotFound]
            } else {
                Vec::new()
            }
        }
        Question::Of(AskKind::Cancel) => {
            let mut kinds = vec![Cancelled, CancelRefused];
            kinds.extend(if_ours(&[Closed]));
            kinds
        }
        Question::Void => {
            let mut kinds = if style.closes { vec![] } else { vec![Closed] };
            kinds.extend(if_ours(&[Cancelled, CancelRefused]));
            kinds
        }
    }
}

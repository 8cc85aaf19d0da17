//! What both auditors hold a record against, whoever brought it about.

use std::collections::BTreeMap;

use edge::row::Record;
use edge::view;
use shared::hold::{Claim, Stock};
use shared::payment::{CaseCode, Event, Payment, Phase, RefundCause, RefundState};
use shared::time::Timestamp;

/// A notice may be so late after everything went well again, in milliseconds: one step of its plan.
pub(super) const LATE_MS: u64 = 14 * 3_600_000;

/// How checkouts and money ended: what the runs are about.
pub type Ends = BTreeMap<&'static str, u64>;

/// Whether a person was called for what machines cannot decide.
pub(super) fn for_a_person(payment: &Payment) -> bool {
    let undecided = payment.refunds.iter().any(|refund| refund.state == RefundState::Requested);
    payment.cases.iter().any(|case| match case.code {
        CaseCode::RefundRefused | CaseCode::Contradiction => true,
        CaseCode::OutcomeUnknown => undecided,
        CaseCode::AmountMismatch
        | CaseCode::LateCapture
        | CaseCode::SoldOut
        | CaseCode::NoticeUndelivered => false,
    })
}

/// What never came to an end, with the rule that it breaks.
pub(super) fn unfinished(payment: &Payment) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let phase = payment.phase.kind();
    match payment.phase {
        Phase::Paid(..) | Phase::Cancelled(_) | Phase::Expired(_) => {}
        Phase::Open
        | Phase::Holding(_)
        | Phase::Preparing(_)
        | Phase::Presented(_)
        | Phase::Rechecking(..)
        | Phase::Capturing(..)
        | Phase::AwaitingDeposit(..)
        | Phase::Closing(..)
        | Phase::Securing(..) => found.push(("I-3", format!("is stuck in {phase:?}"))),
    }
    for (what, stuck) in [
        ("a refund", payment.refunds.iter().any(|r| r.state == RefundState::Requested)),
        ("a debt to the stock", !payment.stock_debts.is_empty()),
        ("a look at an old attempt", !payment.strays.is_empty()),
    ] {
        if stuck {
            found.push(("I-16", format!("never came to an end with {what}")));
        }
    }
    found
}

/// Adds how a checkout and its money ended.
pub(super) fn count_ends(record: &Record, ends: &mut Ends) {
    let mut ended = |how| *ends.entry(how).or_default() += 1;
    ended(view::standing(record));
    view::late(record).into_iter().for_each(&mut ended);
    for refund in &record.payment.refunds {
        ended(match (&refund.cause, refund.state) {
            (_, RefundState::Requested) => "refund_undecided",
            (_, RefundState::Refused) => "refund_refused",
            (RefundCause::Shop(_), RefundState::Done) => "refund_by_shop",
            (RefundCause::External, RefundState::Done) => "refund_by_console",
            (RefundCause::Reversal(_), RefundState::Done) => "reversal",
        });
    }
    for attempt in &record.payment.attempts {
        ended(if attempt.decline.is_some() { "attempt_ended" } else { "attempt_won" });
    }
    for case in &record.payment.cases {
        ended(case.code.code());
    }
}

/// What the shop must have been told of a record at rest (I-14).
pub(super) fn to_be_told(record: &Record) -> impl Iterator<Item = Event> {
    let done = |r: &shared::payment::Refund| r.state == RefundState::Done;
    let phase = &record.payment.phase;
    [
        (Event::Paid, matches!(phase, Phase::Paid(..))),
        (Event::Cancelled, matches!(phase, Phase::Cancelled(_))),
        (Event::Expired, matches!(phase, Phase::Expired(_))),
        (Event::Refunded, record.payment.refunds.iter().any(done)),
    ]
    .into_iter()
    .filter_map(|(event, happened)| happened.then_some(event))
}

/// What is wrong with a stock at rest, of which so many pieces were there and so many were paid for (I-4).
pub(super) fn audit_stock(stock: &Stock, units: u32, sold: u32, now: Timestamp) -> Vec<String> {
    let mut found = Vec::new();
    if sold > units {
        found.push(format!("was sold {sold} times and was there {units} times"));
    }
    if stock.units != Some(units.saturating_sub(sold)) {
        found.push(format!("counts {:?} of {units}, {sold} sold", stock.units));
    }
    let leaks = stock.claims.values().any(|claim| match claim {
        Claim::Held { until, .. } => *until > now,
        Claim::Secured { .. } => true,
        Claim::Committed { .. } | Claim::Released { .. } => false,
    });
    if leaks {
        found.push("has a piece that is kept for nobody".to_owned());
    }
    found
}

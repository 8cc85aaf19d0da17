//! Records as the shop and the page read them: functions of the state, nothing else.

use shared::checkout::Checkout;
use shared::fact::Decline;
use shared::money::Total;
use shared::payment::{Attempt, Payment, Phase, PhaseKind, Refund, RefundCause, RefundState};
use shared::time::Timestamp;
use shared::wire::{
    AttemptView, CaseView, CheckoutView, DeclineView, DepositView, LineView, OrderView,
    PaymentView, RefundView, StatusView,
};

use crate::config::Config;
use crate::row::Record;

/// Polling while money may move any moment.
const POLL_BUSY_MS: u64 = 1_500;
/// Polling while the buyer is in the window.
const POLL_WINDOW_MS: u64 = 3_000;
/// Polling while a deposit is waited for.
const POLL_DEPOSIT_MS: u64 = 25_000;

/// What went back by the shop or the provider; reversals of strange money do not count.
#[must_use]
pub fn refunded(record: &Record) -> Total {
    sum(record, |refund| match refund.cause {
        RefundCause::Shop(_) | RefundCause::External => true,
        RefundCause::Reversal(_) => false,
    })
}

fn sum(record: &Record, counts: impl Fn(&Refund) -> bool) -> Total {
    let zero = Total::zero(record.checkout.currency());
    let done = |refund: &&Refund| refund.state == RefundState::Done && counts(refund);
    let add = |sum: Total, refund: &Refund| sum.plus(refund.amount.total()).unwrap_or(sum);
    record.payment.refunds.iter().filter(done).fold(zero, add)
}

/// The status that the shop reads.
#[must_use]
pub fn standing(record: &Record) -> &'static str {
    match record.payment.phase {
        Phase::Paid(..) => {
            let back = refunded(record);
            if back.is_zero() {
                "paid"
            } else if back == record.checkout.amount.total() {
                "refunded"
            } else {
                "partially_refunded"
            }
        }
        Phase::Cancelled(_) => "cancelled",
        Phase::Expired(_) => "expired",
        Phase::Open
        | Phase::Holding(_)
        | Phase::Preparing(_)
        | Phase::Presented(_)
        | Phase::Rechecking(..)
        | Phase::Capturing(..)
        | Phase::AwaitingDeposit(..)
        | Phase::Closing(..)
        | Phase::Securing(..) => "open",
    }
}

/// The phase's word for the shop's staff and the journal.
#[must_use]
pub const fn phase(kind: PhaseKind) -> &'static str {
    match kind {
        PhaseKind::Open => "open",
        PhaseKind::Holding => "holding",
        PhaseKind::Preparing => "preparing",
        PhaseKind::Presented => "presented",
        PhaseKind::Rechecking => "rechecking",
        PhaseKind::Capturing => "capturing",
        PhaseKind::AwaitingDeposit => "awaiting_deposit",
        PhaseKind::Closing => "closing",
        PhaseKind::Securing => "securing",
        PhaseKind::Paid => "paid",
        PhaseKind::Cancelled => "cancelled",
        PhaseKind::Expired => "expired",
    }
}

/// The checkout as the shop reads it.
#[must_use]
pub fn checkout(record: &Record, config: &Config) -> CheckoutView {
    let Record { checkout, payment, .. } = record;
    CheckoutView {
        id: checkout.id.to_string(),
        merchant: checkout.merchant.to_string(),
        standing: standing(record),
        phase: phase(payment.phase.kind()),
        version: payment.version,
        amount: checkout.amount.minor(),
        refunded_amount: refunded(record).minor(),
        currency: checkout.currency().code(),
        label: checkout.label.clone(),
        buyer_id: checkout.buyer.to_string(),
        orders: orders(record),
        return_url: checkout.return_url.clone(),
        attempts: payment.attempts.iter().map(|a| attempt(a, payment)).collect(),
        payment: capture(checkout, payment, config),
        refunds: payment.refunds.iter().map(refund).collect(),
        cases: payment
            .cases
            .iter()
            .map(|case| CaseView {
                code: case.code.code(),
                detail: case.detail.clone(),
                at: case.at.to_string(),
            })
            .collect(),
        created_at: checkout.created_at.to_string(),
        expires_at: checkout.expires_at.to_string(),
        token: None,
        token_expires_at: None,
    }
}

fn orders(record: &Record) -> Vec<OrderView> {
    let view = |order: &shared::checkout::Order| OrderView {
        order_id: order.id.to_string(),
        seller: order.seller.to_string(),
        amount: order.amount.minor(),
        refunded_amount: sum(record, |r| r.cause == RefundCause::Shop(order.id.clone())).minor(),
        lines: order
            .lines
            .iter()
            .map(|line| LineView {
                sku: line.sku.to_string(),
                name: line.name.clone(),
                quantity: line.quantity,
                unit_amount: line.unit.minor(),
            })
            .collect(),
    };
    record.checkout.orders.iter().map(view).collect()
}

fn decline(decline: &Decline) -> DeclineView {
    DeclineView { code: decline.code.code(), provider_code: decline.provider_code.clone() }
}

fn attempt(attempt: &Attempt, payment: &Payment) -> AttemptView {
    let paid = payment.phase.kind() == PhaseKind::Paid;
    let current = payment.phase.attempt() == Some(attempt.id);
    AttemptView {
        attempt: attempt.id.to_string(),
        request_id: attempt.id.request_id().to_string(),
        channel: attempt.channel.to_string(),
        method: attempt.method.to_string(),
        presentation: attempt.presentation.code(),
        state: match (current, paid) {
            (true, true) => "paid",
            (true, false) => "open",
            (false, _) => "declined",
        },
        decline: attempt.decline.as_ref().map(decline),
        started_at: attempt.started_at.to_string(),
        provider_payment_id: attempt.payment_id.as_ref().map(|id| id.as_str().to_owned()),
    }
}

fn capture(checkout: &Checkout, payment: &Payment, config: &Config) -> Option<PaymentView> {
    let Phase::Paid(id, sighting, at) = &payment.phase else { return None };
    let attempt = payment.attempt(*id)?;
    let provider = config.channels.get(&attempt.channel).map_or("", |channel| channel.provider);
    Some(PaymentView {
        provider: provider.to_owned(),
        channel: attempt.channel.to_string(),
        method: attempt.method.to_string(),
        provider_payment_id: sighting.provider_payment_id.as_str().to_owned(),
        request_id: id.request_id().to_string(),
        captured_amount: checkout.amount.minor(),
        paid_at: at.to_string(),
    })
}

/// A refund as the shop reads it.
#[must_use]
pub fn refund(refund: &Refund) -> RefundView {
    let (order_id, cause) = match &refund.cause {
        RefundCause::Shop(order) => (Some(order.to_string()), "shop"),
        RefundCause::Reversal(_) => (None, "reversal"),
        RefundCause::External => (None, "external"),
    };
    RefundView {
        refund: refund.id.to_string(),
        order_id,
        cause,
        amount: refund.amount.minor(),
        state: match refund.state {
            RefundState::Requested => "requested",
            RefundState::Done => "done",
            RefundState::Refused => "refused",
        },
        reason: refund.reason.clone(),
        at: refund.at.to_string(),
    }
}

/// The live status that the page shows. `token` is the fresh one, when a new attempt may begin.
#[must_use]
pub fn status(record: &Record, token: Option<String>, now: Timestamp) -> StatusView {
    let Record { checkout, payment, .. } = record;
    let reversing = payment.reversing();
    let (phase, outcome, poll) = shown(record, reversing);
    let open = payment.phase.kind() == PhaseKind::Open;
    let deposit = payment.phase.deposit().map(|deposit| DepositView {
        bank: deposit.bank.clone(),
        account: deposit.account.clone(),
        holder: deposit.holder.clone(),
        until: deposit.until.to_string(),
    });
    let paid_at = payment.phase.paid_at().map(|at| at.to_string());
    StatusView {
        checkout: checkout.id.to_string(),
        version: payment.version,
        phase,
        outcome,
        attempt: payment.phase.attempt().map(|id| id.to_string()),
        decline: payment
            .attempts
            .last()
            .filter(|_| open)
            .and_then(|attempt| attempt.decline.as_ref())
            .map(decline),
        can_retry: token.is_some() && payment.may_begin(checkout, now),
        token,
        deposit,
        paid_at,
        poll_after_ms: poll,
        return_url: Some(shop_url(checkout)),
    }
}

/// The shop's page to come back to, told which checkout comes.
#[must_use]
pub fn shop_url(checkout: &Checkout) -> String {
    let joint = if checkout.return_url.contains('?') { '&' } else { '?' };
    format!("{}{joint}hanbeon={}", checkout.return_url, checkout.id)
}

fn shown(record: &Record, reversing: bool) -> (&'static str, &'static str, u64) {
    match &record.payment.phase {
        Phase::Open if reversing => ("checking", "checking", POLL_BUSY_MS),
        // An open checkout can still change: another tab may begin, or its clock may end.
        Phase::Open => ("open", "not_paid", POLL_DEPOSIT_MS),
        Phase::Holding(_) | Phase::Preparing(_) => ("preparing", "checking", POLL_BUSY_MS),
        Phase::Presented(_) => ("presented", "checking", POLL_WINDOW_MS),
        Phase::Rechecking(..) | Phase::Capturing(..) | Phase::Closing(..) | Phase::Securing(..) => {
            ("checking", "checking", POLL_BUSY_MS)
        }
        Phase::AwaitingDeposit(..) => ("awaiting_deposit", "checking", POLL_DEPOSIT_MS),
        Phase::Paid(..) if standing(record) == "refunded" => ("refunded", "not_paid", 0),
        Phase::Paid(..) => ("paid", "paid", 0),
        Phase::Cancelled(_) if reversing => ("checking", "checking", POLL_BUSY_MS),
        Phase::Cancelled(_) => ("cancelled", "not_paid", 0),
        Phase::Expired(_) => ("expired", "not_paid", 0),
    }
}

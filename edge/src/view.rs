//! Answers as the shop and the page read them: functions of the state, nothing else. Their form is that
//! of `shared::wire`, which the tests hold against what is written here.

use shared::checkout::{Checkout, Order};
use shared::fact::{Decline, ProviderPaymentId};
use shared::money::Total;
use shared::payment::{Attempt, Payment, Phase, PhaseKind, Refund, RefundCause, RefundState};
use shared::time::Timestamp;
use shared::wire::JournalEntry;

use crate::config::Config;
use crate::json::Writer;
use crate::live::link;
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

/// A token for a page and when it ends.
#[derive(Debug)]
pub struct Token {
    /// The token.
    pub text: String,
    /// When it ends.
    pub ends: Timestamp,
}

/// The checkout as the shop reads it; with its first token in the answer that opened it.
#[must_use]
pub fn checkout(record: &Record, config: &Config, token: Option<&Token>) -> String {
    let Record { checkout, payment, .. } = record;
    Writer::document(|view| {
        view.name("id").shown(&checkout.id);
        view.name("merchant").text(checkout.merchant.as_str());
        view.name("status").text(standing(record));
        view.name("phase").text(phase(payment.phase.kind()));
        view.name("version").number(payment.version);
        view.name("amount").number(checkout.amount.minor());
        view.name("refunded_amount").number(refunded(record).minor());
        view.name("currency").text(checkout.currency().code());
        view.name("label").text(&checkout.label);
        view.name("buyer_id").text(checkout.buyer.as_str());
        view.name("orders").list(&checkout.orders, |view, each| order(view, record, each));
        view.name("return_url").text(&checkout.return_url);
        view.name("attempts").list(&payment.attempts, |view, each| attempt(view, each, payment));
        capture(view.name("payment"), record, config);
        view.name("refunds").list(&payment.refunds, refund);
        view.name("cases").list(&payment.cases, |view, case| {
            view.object(|view| {
                view.name("code").text(case.code.code());
                view.name("detail").text(&case.detail);
                view.name("at").shown(&case.at);
            });
        });
        view.name("created_at").shown(&checkout.created_at);
        view.name("expires_at").shown(&checkout.expires_at);
        view.name("status_url").text(&link(config, checkout.id));
        if let Some(token) = token {
            view.name("token").text(&token.text);
            view.name("token_expires_at").shown(&token.ends);
        }
    })
}

fn order(view: &mut Writer, record: &Record, order: &Order) {
    let back = sum(record, |r| r.cause == RefundCause::Shop(order.id.clone()));
    view.object(|view| {
        view.name("order_id").text(order.id.as_str());
        view.name("seller").text(order.seller.as_str());
        view.name("amount").number(order.amount.minor());
        view.name("refunded_amount").number(back.minor());
        view.name("lines").list(&order.lines, |view, line| {
            view.object(|view| {
                view.name("sku").text(line.sku.as_str());
                view.name("name").text(&line.name);
                view.name("quantity").number(line.quantity.into());
                view.name("unit_amount").number(line.unit.minor());
                view.name("unlimited").flag(line.unlimited);
            });
        });
    });
}

fn decline(view: &mut Writer, decline: Option<&Decline>) {
    view.or_null(decline, |view, decline| {
        view.object(|view| {
            view.name("code").text(decline.code.code());
            view.name("provider_code").text_or_null(decline.provider_code.as_deref());
        });
    });
}

fn attempt(view: &mut Writer, attempt: &Attempt, payment: &Payment) {
    let paid = payment.phase.kind() == PhaseKind::Paid;
    let current = payment.phase.attempt() == Some(attempt.id);
    let state = match (current, paid) {
        (true, true) => "paid",
        (true, false) => "open",
        (false, _) => "declined",
    };
    let payment_id = attempt.payment_id.as_ref().map(ProviderPaymentId::as_str);
    view.object(|view| {
        view.name("attempt").shown(&attempt.id);
        view.name("request_id").shown(&attempt.id.request_id());
        view.name("channel").text(attempt.channel.as_str());
        view.name("method").text(attempt.method.as_str());
        view.name("presentation").text(attempt.presentation.code());
        view.name("state").text(state);
        decline(view.name("decline"), attempt.decline.as_ref());
        view.name("started_at").shown(&attempt.started_at);
        view.name("provider_payment_id").text_or_null(payment_id);
    });
}

/// Why it is paid, where its attempt had failed before (F24).
#[must_use]
pub fn late(record: &Record) -> Option<&'static str> {
    record.payment.phase.paid_at()?;
    record.payment.current()?.approved_late().then_some("late_approval")
}

fn capture(view: &mut Writer, record: &Record, config: &Config) {
    let Record { checkout, payment, .. } = record;
    let paid = match &payment.phase {
        Phase::Paid(id, sighting, at) => payment.attempt(*id).map(|known| (known, sighting, at)),
        Phase::Open
        | Phase::Holding(_)
        | Phase::Preparing(_)
        | Phase::Presented(_)
        | Phase::Rechecking(..)
        | Phase::Capturing(..)
        | Phase::AwaitingDeposit(..)
        | Phase::Closing(..)
        | Phase::Securing(..)
        | Phase::Cancelled(_)
        | Phase::Expired(_) => None,
    };
    view.or_null(paid, |view, (attempt, sighting, at)| {
        let channel = config.channels.get(&attempt.channel);
        view.object(|view| {
            view.name("provider").text(channel.map_or("", |channel| channel.provider));
            view.name("channel").text(attempt.channel.as_str());
            view.name("method").text(attempt.method.as_str());
            view.name("provider_payment_id").text(sighting.provider_payment_id.as_str());
            view.name("request_id").shown(&attempt.id.request_id());
            view.name("captured_amount").number(checkout.amount.minor());
            view.name("paid_at").shown(at);
            view.name("reason").text_or_null(late(record));
        });
    });
}

/// A checkout's journal as the shop reads it.
#[must_use]
pub fn journal(entries: &[JournalEntry]) -> String {
    Writer::document(|view| {
        view.name("entries").list(entries, |view, entry| {
            view.object(|view| {
                view.name("n").number(entry.n);
                view.name("at").text(&entry.at);
                view.name("input").text(&entry.input);
                view.name("detail").text(&entry.detail);
                view.name("phase").text(&entry.phase);
                view.name("verdict").text(&entry.verdict);
                view.name("version").number(entry.version);
            });
        });
    })
}

/// A refund as the shop reads it.
pub fn refund(view: &mut Writer, refund: &Refund) {
    let (order, cause) = match &refund.cause {
        RefundCause::Shop(order) => (Some(order.as_str()), "shop"),
        RefundCause::Reversal(_) => (None, "reversal"),
        RefundCause::External => (None, "external"),
    };
    let state = match refund.state {
        RefundState::Requested => "requested",
        RefundState::Done => "done",
        RefundState::Refused => "refused",
    };
    view.object(|view| {
        view.name("refund").shown(&refund.id);
        view.name("order_id").text_or_null(order);
        view.name("cause").text(cause);
        view.name("amount").number(refund.amount.minor());
        view.name("state").text(state);
        view.name("reason").text(&refund.reason);
        view.name("at").shown(&refund.at);
    });
}

/// The live status that the page shows. `token` is the fresh one, when a new attempt may begin.
pub fn status(
    view: &mut Writer,
    record: &Record,
    config: &Config,
    token: Option<&str>,
    now: Timestamp,
) {
    let Record { checkout, payment, .. } = record;
    let reversing = payment.reversing();
    let (phase, outcome, poll) = shown(record, reversing);
    let open = payment.phase.kind() == PhaseKind::Open;
    let last = payment.attempts.last().filter(|_| open);
    view.object(|view| {
        view.name("checkout").shown(&checkout.id);
        view.name("version").number(payment.version);
        view.name("phase").text(phase);
        view.name("outcome").text(outcome);
        view.name("attempt").or_null(payment.phase.attempt(), |view, id| view.shown(&id));
        view.name("means").text_or_null(payment.current().map(|attempt| attempt.means.code()));
        decline(view.name("decline"), last.and_then(|attempt| attempt.decline.as_ref()));
        view.name("token").text_or_null(token);
        view.name("deposit").or_null(payment.phase.deposit(), |view, deposit| {
            view.object(|view| {
                view.name("bank").text(&deposit.bank);
                view.name("account").text(&deposit.account);
                view.name("holder").text(&deposit.holder);
                view.name("until").shown(&deposit.until);
                view.name("left_ms").number(deposit.until.since(now).as_millis());
            });
        });
        view.name("paid_at").or_null(payment.phase.paid_at(), |view, at| view.shown(&at));
        view.name("poll_after_ms").number(poll);
        view.name("return_url").text(&shop_url(checkout));
        view.name("can_retry").flag(token.is_some() && payment.may_begin(checkout, now));
        view.name("status_url").text(&link(config, checkout.id));
    });
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

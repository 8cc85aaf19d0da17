//! What PortOne's answers say: from its words to facts.

use shared::fact::{Ask, Decline, DeclineCode, Deposit, Fact, ProviderPaymentId, Sighting};
use shared::money::{Amount, Currency, Total};
use shared::time::Span;

use super::super::parts::{moment, unclear, undecided, word};
use super::wire::{self, Payment, VirtualAccount};
use super::{Account, voids};
use crate::json::Field;

/// Between two looks at a payment that its PG has not decided.
const PENDING_WAIT: Span = Span::seconds(10);
/// How long a deposit may take where PortOne names no end.
const DEPOSIT_LIFE: Span = Span::hours(7 * 24);

/// Where a payment stands, in PortOne's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Ready,
    PayPending,
    VirtualAccountIssued,
    Paid,
    Failed,
    PartialCancelled,
    Cancelled,
}

impl Status {
    /// `PENDING` is the same as `PAY_PENDING` in another list of PortOne's.
    const ALL: [(&'static str, Self); 8] = [
        ("READY", Self::Ready),
        ("PENDING", Self::PayPending),
        ("PAY_PENDING", Self::PayPending),
        ("VIRTUAL_ACCOUNT_ISSUED", Self::VirtualAccountIssued),
        ("PAID", Self::Paid),
        ("FAILED", Self::Failed),
        ("PARTIAL_CANCELLED", Self::PartialCancelled),
        ("CANCELLED", Self::Cancelled),
    ];

    /// `Err` names the word that is none of ours.
    fn parse(text: &str) -> Result<Self, String> {
        let known =
            Self::ALL.into_iter().find_map(|(word, status)| (word == text).then_some(status));
        known.ok_or_else(|| ["unknown status ", word(text)].concat())
    }
}

/// How far a cancel is, in PortOne's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Undone {
    Succeeded,
    /// The PG decides later, and the balance will show it.
    Requested,
    Failed,
}

impl Undone {
    /// `Err` names the word that is none of ours.
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "SUCCEEDED" => Ok(Self::Succeeded),
            "REQUESTED" => Ok(Self::Requested),
            "FAILED" => Ok(Self::Failed),
            _ => Err(["unknown cancel status ", word(text)].concat()),
        }
    }
}

/// What an answer says; of every status but those that say the same without a body.
pub(super) fn said(
    ask: &Ask,
    http_status: u16,
    body: Field<'_>,
    account: &Account,
    retry_after: Span,
) -> Fact {
    match http_status {
        200 => {}
        400..=499 => return refused(ask, http_status, body.get("type").str(), retry_after),
        // A PG that failed (PG_PROVIDER) may have moved money: as unknown as a broken gateway.
        _ => return undecided(http_status, body.get("type").str()),
    }
    // Also where nothing of the content matters it is an object, or it is not PortOne's.
    let _ = body.get("type");
    match ask {
        Ask::LookUp { .. } => told(&Payment::of(body), account).unwrap_or_else(unclear),
        Ask::Cancel { amount, cancelled_before, .. } if !voids(ask) => {
            cancelled(body.get("cancellation"), *amount, *cancelled_before)
        }
        Ask::Prepare { .. } => Fact::Prepared { token: None },
        Ask::Cancel { .. } => Fact::Closed,
        Ask::Capture { .. } | Ask::Close { .. } => unclear("nothing was asked"),
    }
}

/// What a payment says; `Err` names why it decides nothing.
fn told(payment: &Payment<'_>, account: &Account) -> Result<Fact, String> {
    let currency = || {
        Currency::parse(payment.currency)
            .ok_or_else(|| ["unknown currency ", word(payment.currency)].concat())
    };
    let seen = |amount: u64, cancelled: u64| {
        let currency = currency()?;
        let total = |minor| Total::from_minor(minor, currency).map_err(|e| e.to_string());
        sighting(payment, account, total(amount)?, total(cancelled)?)
    };
    let amounts = &payment.amounts;
    // What the buyer pays in the end: a promotion's discount is not money.
    let due = amounts.total.checked_sub(amounts.discount).ok_or("discount above total")?;
    Ok(match Status::parse(payment.status)? {
        Status::Ready => Fact::Waiting,
        Status::PayPending => Fact::Busy { retry_after: PENDING_WAIT },
        Status::VirtualAccountIssued => {
            let issued = payment.issued.as_ref().ok_or("no virtual account")?;
            Fact::DepositIssued(seen(due, 0)?, deposit(payment, issued)?)
        }
        Status::Paid => Fact::Captured(seen(amounts.paid, 0)?),
        Status::Failed => Fact::Declined(Decline {
            code: DeclineCode::Other,
            provider_code: payment.failure.map(|code| word(code).to_owned()),
        }),
        // An account that was closed before anybody paid into it.
        Status::Cancelled if amounts.cancelled == 0 && amounts.paid == 0 => {
            Fact::Declined(Decline {
                code: DeclineCode::Other,
                provider_code: Some("CANCELLED".to_owned()),
            })
        }
        Status::Cancelled | Status::PartialCancelled if amounts.cancelled == 0 => {
            return Err("cancelled without a cancelled amount".to_owned());
        }
        Status::Cancelled | Status::PartialCancelled => {
            Fact::Captured(seen(due, amounts.cancelled)?)
        }
    })
}

fn sighting(
    payment: &Payment<'_>,
    account: &Account,
    amount: Total,
    cancelled: Total,
) -> Result<Sighting, String> {
    amount.minus(cancelled).map_err(|_| "more cancelled than paid")?;
    let kind = payment.channel_type.ok_or("no channel")?;
    let version = payment.version.ok_or("no version")?;
    let ours = if account.test_mode { "TEST" } else { "LIVE" };
    // Test money in a live store, or V1's under the same id, is no money of this contract.
    let merchant = if kind == ours && version == "V2" {
        payment.store_id.to_owned()
    } else {
        [payment.store_id, " ", word(kind), " ", word(version)].concat()
    };
    Ok(Sighting {
        request_id: payment.id.to_owned(),
        merchant: Some(merchant),
        provider_payment_id: ProviderPaymentId::parse(payment.transaction_id)
            .ok_or("transactionId is empty or malformed")?,
        amount,
        cancelled,
    })
}

fn deposit(payment: &Payment<'_>, issued: &VirtualAccount<'_>) -> Result<Deposit, String> {
    let until = match issued.expired_at {
        Some(text) => moment(text).ok_or("expiredAt is malformed")?,
        None => moment(payment.requested_at).ok_or("requestedAt is malformed")?.after(DEPOSIT_LIFE),
    };
    Ok(Deposit {
        bank: issued.bank.unwrap_or_default().to_owned(),
        account: issued.number.to_owned(),
        holder: issued.holder.unwrap_or_default().to_owned(),
        until,
    })
}

/// What the answer to a cancel says. The guard went with it, so what was cancelled before is known.
fn cancelled(answer: Field<'_>, amount: Amount, before: Total) -> Fact {
    let total = answer.get("totalAmount").number();
    match Undone::parse(answer.get("status").str()) {
        Ok(Undone::Succeeded) if total == amount.minor() => {
            Fact::Cancelled { cancelled: before.plus(amount.total()).ok() }
        }
        Ok(Undone::Succeeded) => unclear("the cancel's answer shows another amount"),
        Ok(Undone::Requested) => unclear("the cancel is requested, not done"),
        Ok(Undone::Failed) => Fact::CancelRefused { provider_code: "FAILED".to_owned() },
        Err(unknown) => unclear(unknown),
    }
}

/// What a 4xx with a type says. Only listed words decide; a new word is looked up (I-13).
fn refused(ask: &Ask, status: u16, kind: &str, retry_after: Span) -> Fact {
    match (ask, status, kind) {
        (_, 409, "IDEMPOTENCY_OUTSTANDING_REQUEST") => Fact::Busy { retry_after },
        (Ask::LookUp { .. }, 404, "PAYMENT_NOT_FOUND") => Fact::NotFound,
        // Nothing was announced and no window was shown: nobody can pay.
        (
            Ask::Prepare { .. },
            400 | 401 | 403,
            "INVALID_REQUEST" | "UNAUTHORIZED" | "FORBIDDEN",
        ) => Fact::Declined(Decline {
            code: DeclineCode::ProviderUnavailable,
            provider_code: Some(kind.to_owned()),
        }),
        (Ask::Cancel { .. }, _, _) if !voids(ask) && wire::CANCEL_REFUSALS.contains(&kind) => {
            Fact::CancelRefused { provider_code: kind.to_owned() }
        }
        _ => undecided(status, kind),
    }
}

//! What an object stores: rows, apart from the domain, with the version of their form.
//!
//! # Why rows of their own
//! The domain may be reshaped in any commit; what lies on disks may not. A row that cannot be read is a
//! bug or a newer release's row, never a default: the checkout is parked and a person is told.

use serde::{Deserialize, Serialize};
use shared::checkout::{Checkout, Line, Order};
use shared::fact::{Decline, DeclineCode, Deposit, ProviderPaymentId, RefundAccount, Sighting};
use shared::hold::Command;
use shared::id::{
    AttemptId, ChannelId, CheckoutId, Jti, MerchantId, MethodId, OrderId, PartyId, RefundId, Sku,
};
use shared::means::{Device, Means, Presentation};
use shared::money::{Amount, Currency, Total};
use shared::payment::{
    Attempt, CaptureTurn, Case, CaseCode, Payment, Phase, Refund, RefundCause, RefundState, Retry,
    Style, Why,
};
use shared::time::Timestamp;

/// The form of rows that this release writes.
pub const FORM: u32 = 1;

/// The token that may begin the next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Its single-use id.
    pub jti: Jti,
    /// When it was issued.
    pub issued_at: Timestamp,
}

/// One checkout as its owner keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What is bought.
    pub checkout: Checkout,
    /// How it is paid.
    pub payment: Payment,
    /// The token that may begin the next attempt, if one may.
    pub grant: Option<Grant>,
    /// The first token: the answer to a repeated opening shows it again.
    pub first_grant: Grant,
    /// Digests of the state keys given out.
    pub state_keys: Vec<[u8; 32]>,
}

/// A row that this release cannot read; which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowError(pub &'static str);

type Read<T> = Result<T, RowError>;

#[derive(Serialize, Deserialize)]
struct RecordRow {
    form: u32,
    id: String,
    merchant: String,
    buyer: String,
    currency: String,
    amount: u64,
    label: String,
    return_url: String,
    created_at: u64,
    expires_at: u64,
    orders: Vec<OrderRow>,
    grant: Option<(String, u64)>,
    first_grant: (String, u64),
    state_keys: Vec<[u8; 32]>,
    payment: PaymentRow,
}

#[derive(Serialize, Deserialize)]
struct OrderRow {
    id: String,
    seller: String,
    amount: u64,
    lines: Vec<(String, String, u32, u64)>,
}

#[derive(Serialize, Deserialize)]
struct PaymentRow {
    version: u64,
    phase: PhaseRow,
    retry: RetryRow,
    attempts: Vec<AttemptRow>,
    refunds: Vec<RefundRow>,
    stock_debts: Vec<(String, String, RetryRow)>,
    strays: Vec<(String, RetryRow)>,
    shop_cancels: bool,
    cases: Vec<(String, String, u64)>,
}

#[derive(Serialize, Deserialize)]
struct RetryRow(u32, u64, Option<u64>);

#[derive(Serialize, Deserialize)]
struct SightingRow {
    request_id: String,
    merchant: Option<String>,
    payment_id: String,
    amount: u64,
    currency: String,
    cancelled: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PhaseRow {
    Open,
    Holding(String),
    Preparing(String),
    Presented(String),
    Rechecking(String, SightingRow),
    Capturing(String, SightingRow, bool),
    AwaitingDeposit(String, SightingRow, (String, String, String, u64)),
    Closing(String, u8, Option<SightingRow>),
    Securing(String, SightingRow),
    Paid(String, SightingRow, u64),
    Cancelled(u64),
    Expired(u64),
}

#[derive(Serialize, Deserialize)]
struct AttemptRow {
    id: String,
    channel: String,
    method: String,
    means: String,
    device: String,
    presentation: String,
    rung: u32,
    locale: String,
    style: [bool; 4],
    merchant: Option<String>,
    begun_by: [u8; 32],
    started_at: u64,
    ends_at: u64,
    token: Option<String>,
    payment_id: Option<String>,
    decline: Option<(String, Option<String>)>,
}

#[derive(Serialize, Deserialize)]
struct RefundRow {
    id: String,
    order: Option<String>,
    reversal: Option<String>,
    attempt: String,
    payment_id: String,
    amount: u64,
    captured: u64,
    currency: String,
    state: u8,
    reason: String,
    account: Option<(String, String, String)>,
    retry: RetryRow,
    at: u64,
}

/// The row of a record.
#[must_use]
pub fn write(record: &Record) -> String {
    let checkout = &record.checkout;
    let grant = |grant: &Grant| (grant.jti.to_string(), grant.issued_at.as_millis());
    let row = RecordRow {
        form: FORM,
        id: checkout.id.to_string(),
        merchant: checkout.merchant.to_string(),
        buyer: checkout.buyer.to_string(),
        currency: checkout.currency().code().to_owned(),
        amount: checkout.amount.minor(),
        label: checkout.label.clone(),
        return_url: checkout.return_url.clone(),
        created_at: checkout.created_at.as_millis(),
        expires_at: checkout.expires_at.as_millis(),
        orders: checkout.orders.iter().map(order_row).collect(),
        grant: record.grant.as_ref().map(grant),
        first_grant: grant(&record.first_grant),
        state_keys: record.state_keys.clone(),
        payment: payment_row(&record.payment),
    };
    // Maps with text keys and plain values always serialise.
    serde_json::to_string(&row).unwrap_or_default()
}

/// The record of a row.
///
/// # Errors
/// [`RowError`] names the part that this release cannot read.
pub fn read(text: &str) -> Read<Record> {
    let row: RecordRow = serde_json::from_str(text).map_err(|_| RowError("form of the row"))?;
    if row.form != FORM {
        return Err(RowError("version of the row"));
    }
    let currency = currency(&row.currency)?;
    let grant = |(jti, at): (String, u64)| -> Read<Grant> {
        Ok(Grant { jti: need(Jti::parse(&jti), "jti")?, issued_at: Timestamp::from_millis(at) })
    };
    let orders = row.orders.into_iter().map(|o| read_order(o, currency)).collect::<Read<_>>()?;
    Ok(Record {
        checkout: Checkout {
            id: need(CheckoutId::parse(&row.id), "checkout id")?,
            merchant: need(MerchantId::parse(&row.merchant), "merchant")?,
            buyer: need(PartyId::parse(&row.buyer), "buyer")?,
            orders,
            amount: amount(row.amount, currency)?,
            label: row.label,
            return_url: row.return_url,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
        },
        payment: read_payment(row.payment)?,
        grant: row.grant.map(grant).transpose()?,
        first_grant: grant(row.first_grant)?,
        state_keys: row.state_keys,
    })
}

fn need<T>(value: Option<T>, what: &'static str) -> Read<T> {
    value.ok_or(RowError(what))
}

fn currency(code: &str) -> Read<Currency> {
    need(Currency::parse(code), "currency")
}

fn amount(minor: u64, currency: Currency) -> Read<Amount> {
    Amount::from_minor(minor, currency).map_err(|_| RowError("amount"))
}

fn total(minor: u64, currency: Currency) -> Read<Total> {
    Total::from_minor(minor, currency).map_err(|_| RowError("total"))
}

fn attempt_id(text: &str) -> Read<AttemptId> {
    need(AttemptId::parse(text), "attempt id")
}

fn payment_id(text: &str) -> Read<ProviderPaymentId> {
    need(ProviderPaymentId::parse(text), "provider payment id")
}

fn order_row(order: &Order) -> OrderRow {
    let line =
        |line: &Line| (line.sku.to_string(), line.name.clone(), line.quantity, line.unit.minor());
    OrderRow {
        id: order.id.to_string(),
        seller: order.seller.to_string(),
        amount: order.amount.minor(),
        lines: order.lines.iter().map(line).collect(),
    }
}

fn read_order(row: OrderRow, currency: Currency) -> Read<Order> {
    let line = |(sku, name, quantity, unit): (String, String, u32, u64)| -> Read<Line> {
        let sku = need(Sku::parse(&sku), "sku")?;
        Ok(Line { sku, name, quantity, unit: amount(unit, currency)? })
    };
    Ok(Order {
        id: need(OrderId::parse(&row.id), "order id")?,
        seller: need(PartyId::parse(&row.seller), "seller")?,
        amount: amount(row.amount, currency)?,
        lines: row.lines.into_iter().map(line).collect::<Read<_>>()?,
    })
}

fn retry_row(retry: Retry) -> RetryRow {
    RetryRow(retry.count, retry.last_at.as_millis(), retry.next_at.map(Timestamp::as_millis))
}

fn read_retry(row: &RetryRow) -> Retry {
    Retry {
        count: row.0,
        last_at: Timestamp::from_millis(row.1),
        next_at: row.2.map(Timestamp::from_millis),
    }
}

fn payment_row(payment: &Payment) -> PaymentRow {
    let debt = |(id, command, retry): &(AttemptId, Command, Retry)| {
        (id.to_string(), command.code().to_owned(), retry_row(*retry))
    };
    let case =
        |case: &Case| (case.code.code().to_owned(), case.detail.clone(), case.at.as_millis());
    PaymentRow {
        version: payment.version,
        phase: phase_row(&payment.phase),
        retry: retry_row(payment.retry),
        attempts: payment.attempts.iter().map(attempt_row).collect(),
        refunds: payment.refunds.iter().map(refund_row).collect(),
        stock_debts: payment.stock_debts.iter().map(debt).collect(),
        strays: payment.strays.iter().map(|(id, r)| (id.to_string(), retry_row(*r))).collect(),
        shop_cancels: payment.shop_cancels,
        cases: payment.cases.iter().map(case).collect(),
    }
}

fn read_payment(row: PaymentRow) -> Read<Payment> {
    let debt = |(id, command, retry): (String, String, RetryRow)| -> Read<_> {
        let command = need(Command::parse(&command), "stock command")?;
        Ok((attempt_id(&id)?, command, read_retry(&retry)))
    };
    let case = |(code, detail, at): (String, String, u64)| -> Read<Case> {
        let code = need(CaseCode::parse(&code), "case")?;
        Ok(Case { code, detail, at: Timestamp::from_millis(at) })
    };
    let stray =
        |(id, retry): (String, RetryRow)| -> Read<_> { Ok((attempt_id(&id)?, read_retry(&retry))) };
    Ok(Payment {
        version: row.version,
        phase: read_phase(row.phase)?,
        retry: read_retry(&row.retry),
        attempts: row.attempts.into_iter().map(read_attempt).collect::<Read<_>>()?,
        refunds: row.refunds.into_iter().map(read_refund).collect::<Read<_>>()?,
        stock_debts: row.stock_debts.into_iter().map(debt).collect::<Read<_>>()?,
        strays: row.strays.into_iter().map(stray).collect::<Read<_>>()?,
        shop_cancels: row.shop_cancels,
        cases: row.cases.into_iter().map(case).collect::<Read<_>>()?,
    })
}

fn sighting_row(sighting: &Sighting) -> SightingRow {
    SightingRow {
        request_id: sighting.request_id.clone(),
        merchant: sighting.merchant.clone(),
        payment_id: sighting.provider_payment_id.as_str().to_owned(),
        amount: sighting.amount.minor(),
        currency: sighting.amount.currency().code().to_owned(),
        cancelled: sighting.cancelled.minor(),
    }
}

fn read_sighting(row: SightingRow) -> Read<Sighting> {
    let currency = currency(&row.currency)?;
    Ok(Sighting {
        provider_payment_id: payment_id(&row.payment_id)?,
        request_id: row.request_id,
        merchant: row.merchant,
        amount: total(row.amount, currency)?,
        cancelled: total(row.cancelled, currency)?,
    })
}

const fn why_row(why: Why) -> u8 {
    match why {
        Why::BuyerLeft => 0,
        Why::ShopCancels => 1,
        Why::Over => 2,
    }
}

const fn read_why(row: u8) -> Read<Why> {
    match row {
        0 => Ok(Why::BuyerLeft),
        1 => Ok(Why::ShopCancels),
        2 => Ok(Why::Over),
        _ => Err(RowError("why")),
    }
}

fn phase_row(phase: &Phase) -> PhaseRow {
    match phase {
        Phase::Open => PhaseRow::Open,
        Phase::Holding(id) => PhaseRow::Holding(id.to_string()),
        Phase::Preparing(id) => PhaseRow::Preparing(id.to_string()),
        Phase::Presented(id) => PhaseRow::Presented(id.to_string()),
        Phase::Rechecking(id, s) => PhaseRow::Rechecking(id.to_string(), sighting_row(s)),
        Phase::Capturing(id, s, turn) => {
            let ordered = matches!(turn, CaptureTurn::LookUp);
            PhaseRow::Capturing(id.to_string(), sighting_row(s), ordered)
        }
        Phase::AwaitingDeposit(id, s, d) => PhaseRow::AwaitingDeposit(
            id.to_string(),
            sighting_row(s),
            (d.bank.clone(), d.account.clone(), d.holder.clone(), d.until.as_millis()),
        ),
        Phase::Closing(id, why, s) => {
            PhaseRow::Closing(id.to_string(), why_row(*why), s.as_ref().map(sighting_row))
        }
        Phase::Securing(id, s) => PhaseRow::Securing(id.to_string(), sighting_row(s)),
        Phase::Paid(id, s, at) => PhaseRow::Paid(id.to_string(), sighting_row(s), at.as_millis()),
        Phase::Cancelled(at) => PhaseRow::Cancelled(at.as_millis()),
        Phase::Expired(at) => PhaseRow::Expired(at.as_millis()),
    }
}

fn read_phase(row: PhaseRow) -> Read<Phase> {
    Ok(match row {
        PhaseRow::Open => Phase::Open,
        PhaseRow::Holding(id) => Phase::Holding(attempt_id(&id)?),
        PhaseRow::Preparing(id) => Phase::Preparing(attempt_id(&id)?),
        PhaseRow::Presented(id) => Phase::Presented(attempt_id(&id)?),
        PhaseRow::Rechecking(id, s) => Phase::Rechecking(attempt_id(&id)?, read_sighting(s)?),
        PhaseRow::Capturing(id, s, ordered) => {
            let turn = if ordered { CaptureTurn::LookUp } else { CaptureTurn::Capture };
            Phase::Capturing(attempt_id(&id)?, read_sighting(s)?, turn)
        }
        PhaseRow::AwaitingDeposit(id, s, (bank, account, holder, until)) => {
            let until = Timestamp::from_millis(until);
            let deposit = Deposit { bank, account, holder, until };
            Phase::AwaitingDeposit(attempt_id(&id)?, read_sighting(s)?, deposit)
        }
        PhaseRow::Closing(id, why, s) => {
            let sighting = s.map(read_sighting).transpose()?;
            Phase::Closing(attempt_id(&id)?, read_why(why)?, sighting)
        }
        PhaseRow::Securing(id, s) => Phase::Securing(attempt_id(&id)?, read_sighting(s)?),
        PhaseRow::Paid(id, s, at) => {
            Phase::Paid(attempt_id(&id)?, read_sighting(s)?, Timestamp::from_millis(at))
        }
        PhaseRow::Cancelled(at) => Phase::Cancelled(Timestamp::from_millis(at)),
        PhaseRow::Expired(at) => Phase::Expired(Timestamp::from_millis(at)),
    })
}

fn attempt_row(attempt: &Attempt) -> AttemptRow {
    let Style { prepares, closes, captures_itself, partial_cancel } = attempt.style;
    let decline = |d: &Decline| (d.code.code().to_owned(), d.provider_code.clone());
    AttemptRow {
        id: attempt.id.to_string(),
        channel: attempt.channel.to_string(),
        method: attempt.method.to_string(),
        means: attempt.means.code().to_owned(),
        device: attempt.device.code().to_owned(),
        presentation: attempt.presentation.code().to_owned(),
        rung: attempt.rung,
        locale: attempt.locale.clone(),
        style: [prepares, closes, captures_itself, partial_cancel],
        merchant: attempt.merchant.clone(),
        begun_by: attempt.begun_by,
        started_at: attempt.started_at.as_millis(),
        ends_at: attempt.ends_at.as_millis(),
        token: attempt.token.clone(),
        payment_id: attempt.payment_id.as_ref().map(|id| id.as_str().to_owned()),
        decline: attempt.decline.as_ref().map(decline),
    }
}

fn read_attempt(row: AttemptRow) -> Read<Attempt> {
    let [prepares, closes, captures_itself, partial_cancel] = row.style;
    let decline = |(code, provider_code): (String, Option<String>)| -> Read<Decline> {
        Ok(Decline { code: need(DeclineCode::parse(&code), "decline")?, provider_code })
    };
    Ok(Attempt {
        id: attempt_id(&row.id)?,
        channel: need(ChannelId::parse(&row.channel), "channel")?,
        method: need(MethodId::parse(&row.method), "method")?,
        means: need(Means::parse(&row.means), "means")?,
        device: need(Device::parse(&row.device), "device")?,
        presentation: need(Presentation::parse(&row.presentation), "presentation")?,
        rung: row.rung,
        locale: row.locale,
        style: Style { prepares, closes, captures_itself, partial_cancel },
        merchant: row.merchant,
        begun_by: row.begun_by,
        started_at: Timestamp::from_millis(row.started_at),
        ends_at: Timestamp::from_millis(row.ends_at),
        token: row.token,
        payment_id: row.payment_id.as_deref().map(payment_id).transpose()?,
        decline: row.decline.map(decline).transpose()?,
    })
}

fn refund_row(refund: &Refund) -> RefundRow {
    let (order, reversal) = match &refund.cause {
        RefundCause::Shop(order) => (Some(order.to_string()), None),
        RefundCause::Reversal(code) => (None, Some(code.code().to_owned())),
        RefundCause::External => (None, None),
    };
    let account = |a: &RefundAccount| (a.bank.clone(), a.number.clone(), a.holder.clone());
    RefundRow {
        id: refund.id.to_string(),
        order,
        reversal,
        attempt: refund.attempt.to_string(),
        payment_id: refund.payment_id.as_str().to_owned(),
        amount: refund.amount.minor(),
        captured: refund.captured.minor(),
        currency: refund.amount.currency().code().to_owned(),
        state: match refund.state {
            RefundState::Requested => 0,
            RefundState::Done => 1,
            RefundState::Refused => 2,
        },
        reason: refund.reason.clone(),
        account: refund.account.as_ref().map(account),
        retry: retry_row(refund.retry),
        at: refund.at.as_millis(),
    }
}

fn read_refund(row: RefundRow) -> Read<Refund> {
    let currency = currency(&row.currency)?;
    let cause = match (row.order, row.reversal) {
        (Some(order), None) => RefundCause::Shop(need(OrderId::parse(&order), "order id")?),
        (None, Some(code)) => RefundCause::Reversal(need(CaseCode::parse(&code), "case")?),
        (None, None) => RefundCause::External,
        (Some(_), Some(_)) => return Err(RowError("refund cause")),
    };
    let state = match row.state {
        0 => RefundState::Requested,
        1 => RefundState::Done,
        2 => RefundState::Refused,
        _ => return Err(RowError("refund state")),
    };
    Ok(Refund {
        id: need(RefundId::parse(&row.id), "refund id")?,
        cause,
        attempt: attempt_id(&row.attempt)?,
        payment_id: payment_id(&row.payment_id)?,
        amount: amount(row.amount, currency)?,
        captured: total(row.captured, currency)?,
        state,
        reason: row.reason,
        account: row.account.map(|(bank, number, holder)| RefundAccount { bank, number, holder }),
        retry: read_retry(&row.retry),
        at: Timestamp::from_millis(row.at),
    })
}

#[cfg(test)]
mod tests;

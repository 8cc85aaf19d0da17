//! What an object stores: rows, apart from the domain, with the version of their form.
//!
//! # Why rows of their own
//! The domain may be reshaped in any commit; what lies on disks may not. A row that cannot be read is a
//! bug or a newer release's row, never a default: the checkout is parked and a person is told.

use serde::Serialize;
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

use crate::json::{self, Field, Limits};

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

#[derive(Serialize)]
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

#[derive(Serialize)]
struct OrderRow {
    id: String,
    seller: String,
    amount: u64,
    lines: Vec<(String, String, u32, u64)>,
}

#[derive(Serialize)]
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

#[derive(Serialize)]
struct RetryRow(u32, u64, Option<u64>);

#[derive(Serialize)]
struct SightingRow {
    request_id: String,
    merchant: Option<String>,
    payment_id: String,
    amount: u64,
    currency: String,
    cancelled: u64,
}

#[derive(Serialize)]
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

#[derive(Serialize)]
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

#[derive(Serialize)]
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
    json::read(text.as_bytes(), Limits::OURS, read_record)
        .unwrap_or(Err(RowError("form of the row")))
}

fn read_record(row: Field<'_>) -> Read<Record> {
    if row.get("form").small::<u32>() != FORM {
        return Err(RowError("version of the row"));
    }
    let currency = currency(row.get("currency"))?;
    let orders = row.get("orders").list();
    Ok(Record {
        checkout: Checkout {
            id: need(CheckoutId::parse(row.get("id").str()), "checkout id")?,
            merchant: need(MerchantId::parse(row.get("merchant").str()), "merchant")?,
            buyer: need(PartyId::parse(row.get("buyer").str()), "buyer")?,
            orders: orders.into_iter().map(|o| read_order(o, currency)).collect::<Read<_>>()?,
            amount: amount(row.get("amount"), currency)?,
            label: row.get("label").text(),
            return_url: row.get("return_url").text(),
            created_at: time(row.get("created_at")),
            expires_at: time(row.get("expires_at")),
        },
        payment: read_payment(row.get("payment"))?,
        grant: row.get("grant").option().map(read_grant).transpose()?,
        first_grant: read_grant(row.get("first_grant"))?,
        state_keys: row.get("state_keys").list().into_iter().map(digest).collect(),
    })
}

fn read_grant(row: Field<'_>) -> Read<Grant> {
    let [jti, at] = row.items();
    Ok(Grant { jti: need(Jti::parse(jti.str()), "jti")?, issued_at: time(at) })
}

fn need<T>(value: Option<T>, what: &'static str) -> Read<T> {
    value.ok_or(RowError(what))
}

fn currency(code: Field<'_>) -> Read<Currency> {
    need(Currency::parse(code.str()), "currency")
}

fn amount(minor: Field<'_>, currency: Currency) -> Read<Amount> {
    Amount::from_minor(minor.number(), currency).map_err(|_| RowError("amount"))
}

fn total(minor: Field<'_>, currency: Currency) -> Read<Total> {
    Total::from_minor(minor.number(), currency).map_err(|_| RowError("total"))
}

fn time(millis: Field<'_>) -> Timestamp {
    Timestamp::from_millis(millis.number())
}

fn digest(bytes: Field<'_>) -> [u8; 32] {
    bytes.items::<32>().map(Field::small)
}

fn attempt_id(text: Field<'_>) -> Read<AttemptId> {
    need(AttemptId::parse(text.str()), "attempt id")
}

fn payment_id(text: Field<'_>) -> Read<ProviderPaymentId> {
    need(ProviderPaymentId::parse(text.str()), "provider payment id")
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

fn read_order(row: Field<'_>, currency: Currency) -> Read<Order> {
    let line = |line: Field<'_>| -> Read<Line> {
        let [sku, name, quantity, unit] = line.items();
        let sku = need(Sku::parse(sku.str()), "sku")?;
        let unit = amount(unit, currency)?;
        Ok(Line { sku, name: name.text(), quantity: quantity.small(), unit })
    };
    Ok(Order {
        id: need(OrderId::parse(row.get("id").str()), "order id")?,
        seller: need(PartyId::parse(row.get("seller").str()), "seller")?,
        amount: amount(row.get("amount"), currency)?,
        lines: row.get("lines").list().into_iter().map(line).collect::<Read<_>>()?,
    })
}

fn retry_row(retry: Retry) -> RetryRow {
    RetryRow(retry.count, retry.last_at.as_millis(), retry.next_at.map(Timestamp::as_millis))
}

fn read_retry(row: Field<'_>) -> Retry {
    let [count, last_at, next_at] = row.items();
    Retry { count: count.small(), last_at: time(last_at), next_at: next_at.option().map(time) }
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

fn read_payment(row: Field<'_>) -> Read<Payment> {
    let debt = |debt: Field<'_>| -> Read<_> {
        let [id, command, retry] = debt.items();
        let command = need(Command::parse(command.str()), "stock command")?;
        Ok((attempt_id(id)?, command, read_retry(retry)))
    };
    let case = |case: Field<'_>| -> Read<Case> {
        let [code, detail, at] = case.items();
        let code = need(CaseCode::parse(code.str()), "case")?;
        Ok(Case { code, detail: detail.text(), at: time(at) })
    };
    let stray = |stray: Field<'_>| -> Read<_> {
        let [id, retry] = stray.items();
        Ok((attempt_id(id)?, read_retry(retry)))
    };
    let rows = |name| row.get(name).list().into_iter();
    Ok(Payment {
        version: row.get("version").number(),
        phase: read_phase(row.get("phase"))?,
        retry: read_retry(row.get("retry")),
        attempts: rows("attempts").map(read_attempt).collect::<Read<_>>()?,
        refunds: rows("refunds").map(read_refund).collect::<Read<_>>()?,
        stock_debts: rows("stock_debts").map(debt).collect::<Read<_>>()?,
        strays: rows("strays").map(stray).collect::<Read<_>>()?,
        shop_cancels: row.get("shop_cancels").flag(),
        cases: rows("cases").map(case).collect::<Read<_>>()?,
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

fn read_sighting(row: Field<'_>) -> Read<Sighting> {
    let currency = currency(row.get("currency"))?;
    Ok(Sighting {
        provider_payment_id: payment_id(row.get("payment_id"))?,
        request_id: row.get("request_id").text(),
        merchant: row.get("merchant").text_or_none(),
        amount: total(row.get("amount"), currency)?,
        cancelled: total(row.get("cancelled"), currency)?,
    })
}

const fn why_row(why: Why) -> u8 {
    match why {
        Why::BuyerLeft => 0,
        Why::ShopCancels => 1,
        Why::Over => 2,
    }
}

fn read_why(row: Field<'_>) -> Read<Why> {
    match row.number() {
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

fn read_phase(row: Field<'_>) -> Read<Phase> {
    let (name, content) = row.variant();
    let pair = |content: Field<'_>| -> Read<_> {
        let [id, sighting] = content.items();
        Ok((attempt_id(id)?, read_sighting(sighting)?))
    };
    Ok(match name {
        "open" => Phase::Open,
        "holding" => Phase::Holding(attempt_id(content)?),
        "preparing" => Phase::Preparing(attempt_id(content)?),
        "presented" => Phase::Presented(attempt_id(content)?),
        "rechecking" => {
            let (id, sighting) = pair(content)?;
            Phase::Rechecking(id, sighting)
        }
        "capturing" => {
            let [id, sighting, ordered] = content.items();
            let turn = if ordered.flag() { CaptureTurn::LookUp } else { CaptureTurn::Capture };
            Phase::Capturing(attempt_id(id)?, read_sighting(sighting)?, turn)
        }
        "awaiting_deposit" => {
            let [id, sighting, deposit] = content.items();
            let [bank, account, holder, until] = deposit.items();
            let (bank, account, holder) = (bank.text(), account.text(), holder.text());
            let deposit = Deposit { bank, account, holder, until: time(until) };
            Phase::AwaitingDeposit(attempt_id(id)?, read_sighting(sighting)?, deposit)
        }
        "closing" => {
            let [id, why, sighting] = content.items();
            let sighting = sighting.option().map(read_sighting).transpose()?;
            Phase::Closing(attempt_id(id)?, read_why(why)?, sighting)
        }
        "securing" => {
            let (id, sighting) = pair(content)?;
            Phase::Securing(id, sighting)
        }
        "paid" => {
            let [id, sighting, at] = content.items();
            Phase::Paid(attempt_id(id)?, read_sighting(sighting)?, time(at))
        }
        "cancelled" => Phase::Cancelled(time(content)),
        "expired" => Phase::Expired(time(content)),
        _ => return Err(RowError("phase")),
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

fn read_attempt(row: Field<'_>) -> Read<Attempt> {
    let [prepares, closes, captures_itself, partial_cancel] =
        row.get("style").items().map(Field::flag);
    let decline = |decline: Field<'_>| -> Read<Decline> {
        let [code, provider_code] = decline.items();
        let code = need(DeclineCode::parse(code.str()), "decline")?;
        Ok(Decline { code, provider_code: provider_code.text_or_none() })
    };
    let presentation = row.get("presentation").str();
    Ok(Attempt {
        id: attempt_id(row.get("id"))?,
        channel: need(ChannelId::parse(row.get("channel").str()), "channel")?,
        method: need(MethodId::parse(row.get("method").str()), "method")?,
        means: need(Means::parse(row.get("means").str()), "means")?,
        device: need(Device::parse(row.get("device").str()), "device")?,
        presentation: need(Presentation::parse(presentation), "presentation")?,
        rung: row.get("rung").small(),
        locale: row.get("locale").text(),
        style: Style { prepares, closes, captures_itself, partial_cancel },
        merchant: row.get("merchant").text_or_none(),
        begun_by: digest(row.get("begun_by")),
        started_at: time(row.get("started_at")),
        ends_at: time(row.get("ends_at")),
        token: row.get("token").text_or_none(),
        payment_id: row.get("payment_id").option().map(payment_id).transpose()?,
        decline: row.get("decline").option().map(decline).transpose()?,
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

fn read_refund(row: Field<'_>) -> Read<Refund> {
    let currency = currency(row.get("currency"))?;
    let cause = match (row.get("order").option(), row.get("reversal").option()) {
        (Some(order), None) => RefundCause::Shop(need(OrderId::parse(order.str()), "order id")?),
        (None, Some(code)) => RefundCause::Reversal(need(CaseCode::parse(code.str()), "case")?),
        (None, None) => RefundCause::External,
        (Some(_), Some(_)) => return Err(RowError("refund cause")),
    };
    let state = match row.get("state").number() {
        0 => RefundState::Requested,
        1 => RefundState::Done,
        2 => RefundState::Refused,
        _ => return Err(RowError("refund state")),
    };
    let account = |account: Field<'_>| {
        let [bank, number, holder] = account.items().map(Field::text);
        RefundAccount { bank, number, holder }
    };
    Ok(Refund {
        id: need(RefundId::parse(row.get("id").str()), "refund id")?,
        cause,
        attempt: attempt_id(row.get("attempt"))?,
        payment_id: payment_id(row.get("payment_id"))?,
        amount: amount(row.get("amount"), currency)?,
        captured: total(row.get("captured"), currency)?,
        state,
        reason: row.get("reason").text(),
        account: row.get("account").option().map(account),
        retry: read_retry(row.get("retry")),
        at: time(row.get("at")),
    })
}

#[cfg(test)]
mod tests;

//! What an object stores: rows, apart from the domain, with the version of their form.
//!
//! # Why rows of their own
//! The domain may be reshaped in any commit; what lies on disks may not. A row that cannot be read is a
//! bug or a newer release's row, never a default: the checkout is parked and a person is told.

use shared::checkout::{Checkout, Line, Order};
use shared::fact::{Decline, DeclineCode, Deposit, ProviderPaymentId, RefundAccount, Sighting};
use shared::hold::Command;
use shared::id::{
    AttemptId, ChannelId, CheckoutId, Jti, MerchantId, MethodId, OrderId, PartyId, RefundId, Sku,
};
use shared::means::{Device, Means, Presentation};
use shared::money::{Amount, Currency, Total};
use shared::notes::Notes;
use shared::payment::{
    Attempt, CaptureTurn, Case, CaseCode, Payment, Phase, Refund, RefundCause, RefundState, Retry,
    Style, Why,
};
use shared::time::Timestamp;

use crate::json::{self, Field, Limits, Writer};

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
    /// Whether the book has heard of it, or is about to.
    pub is_listed: bool,
}

/// A row that this release cannot read; which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowError(pub &'static str);

type Read<T> = Result<T, RowError>;

/// The row of a record.
#[must_use]
pub fn write(record: &Record) -> String {
    let checkout = &record.checkout;
    Writer::document(|row| {
        row.name("form").number(FORM.into());
        row.name("id").shown(&checkout.id);
        row.name("merchant").text(checkout.merchant.as_str());
        row.name("buyer").text(checkout.buyer.as_str());
        row.name("currency").text(checkout.currency().code());
        row.name("amount").number(checkout.amount.minor());
        row.name("label").text(&checkout.label);
        row.name("return_url").text(&checkout.return_url);
        row.name("created_at").number(checkout.created_at.as_millis());
        row.name("expires_at").number(checkout.expires_at.as_millis());
        row.name("orders").list(&checkout.orders, write_order);
        row.name("grant").or_null(record.grant.as_ref(), write_grant);
        write_grant(row.name("first_grant"), &record.first_grant);
        row.name("state_keys").list(&record.state_keys, write_digest);
        write_payment(row.name("payment"), &record.payment);
        // The release before listed every checkout as it came into being, and has no such member.
        if !record.is_listed {
            row.name("unlisted").flag(true);
        }
    })
}

fn write_grant(row: &mut Writer, grant: &Grant) {
    row.tuple(|row| {
        row.shown(&grant.jti);
        row.number(grant.issued_at.as_millis());
    });
}

fn write_digest(row: &mut Writer, digest: &[u8; 32]) {
    row.list(digest, |row, byte| row.number((*byte).into()));
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
        is_listed: row.get("unlisted").option().is_none(),
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

fn write_order(row: &mut Writer, order: &Order) {
    row.object(|row| {
        row.name("id").text(order.id.as_str());
        row.name("seller").text(order.seller.as_str());
        row.name("amount").number(order.amount.minor());
        row.name("lines").list(&order.lines, |row, line| {
            row.tuple(|row| {
                row.text(line.sku.as_str());
                row.text(&line.name);
                row.number(line.quantity.into());
                row.number(line.unit.minor());
            });
        });
        // A list of its own: the release before reads lines of four.
        let unlimited = (0_u64..).zip(&order.lines).filter(|(_, line)| line.unlimited);
        row.name("unlimited").list(unlimited, |row, (at, _)| row.number(at));
    });
}

fn read_order(row: Field<'_>, currency: Currency) -> Read<Order> {
    let unlimited: Vec<u64> = row.get("unlimited").list_or_none().map(Field::number).collect();
    let mut places = 0..;
    let line = |line: Field<'_>| -> Read<Line> {
        let [sku, name, quantity, unit] = line.items();
        let sku = need(Sku::parse(sku.str()), "sku")?;
        let unit = amount(unit, currency)?;
        let unlimited = places.next().is_some_and(|at| unlimited.contains(&at));
        Ok(Line { sku, name: name.text(), quantity: quantity.small(), unit, unlimited })
    };
    Ok(Order {
        id: need(OrderId::parse(row.get("id").str()), "order id")?,
        seller: need(PartyId::parse(row.get("seller").str()), "seller")?,
        amount: amount(row.get("amount"), currency)?,
        lines: row.get("lines").list().into_iter().map(line).collect::<Read<_>>()?,
    })
}

fn write_retry(row: &mut Writer, retry: Retry) {
    row.tuple(|row| {
        row.number(retry.count.into());
        row.number(retry.last_at.as_millis());
        row.or_null(retry.next_at, |row, at| row.number(at.as_millis()));
    });
}

fn read_retry(row: Field<'_>) -> Retry {
    let [count, last_at, next_at] = row.items();
    Retry { count: count.small(), last_at: time(last_at), next_at: next_at.option().map(time) }
}

fn write_payment(row: &mut Writer, payment: &Payment) {
    row.object(|row| {
        row.name("version").number(payment.version);
        write_phase(row.name("phase"), &payment.phase);
        write_retry(row.name("retry"), payment.retry);
        row.name("attempts").list(&payment.attempts, write_attempt);
        row.name("refunds").list(&payment.refunds, write_refund);
        row.name("stock_debts").list(&payment.stock_debts, |row, (id, command, retry)| {
            row.tuple(|row| {
                row.shown(id);
                row.text(command.code());
                write_retry(row, *retry);
            });
        });
        row.name("strays").list(&payment.strays, |row, (id, retry)| {
            row.tuple(|row| {
                row.shown(id);
                write_retry(row, *retry);
            });
        });
        row.name("shop_cancels").flag(payment.shop_cancels);
        row.name("cases").list(&payment.cases, |row, case| {
            row.tuple(|row| {
                row.text(case.code.code());
                row.text(&case.detail);
                row.number(case.at.as_millis());
            });
        });
    });
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

fn write_sighting(row: &mut Writer, sighting: &Sighting) {
    row.object(|row| {
        row.name("request_id").text(&sighting.request_id);
        row.name("merchant").text_or_null(sighting.merchant.as_deref());
        row.name("payment_id").text(sighting.provider_payment_id.as_str());
        row.name("amount").number(sighting.amount.minor());
        row.name("currency").text(sighting.amount.currency().code());
        row.name("cancelled").number(sighting.cancelled.minor());
    });
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

const fn why_row(why: Why) -> u64 {
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

/// A word alone, or an object of one member: the phase's name and what it knows.
fn write_phase(row: &mut Writer, phase: &Phase) {
    let name = crate::view::phase(phase.kind());
    if let Phase::Open = phase {
        return row.text(name);
    }
    row.object(|row| {
        let row = row.name(name);
        match phase {
            Phase::Open => {}
            Phase::Holding(id) | Phase::Preparing(id) | Phase::Presented(id) => row.shown(id),
            Phase::Cancelled(at) | Phase::Expired(at) => row.number(at.as_millis()),
            Phase::Rechecking(id, sighting)
            | Phase::Capturing(id, sighting, _)
            | Phase::AwaitingDeposit(id, sighting, _)
            | Phase::Securing(id, sighting)
            | Phase::Paid(id, sighting, _) => row.tuple(|row| {
                row.shown(id);
                write_sighting(row, sighting);
                write_known(row, phase);
            }),
            Phase::Closing(id, why, sighting) => row.tuple(|row| {
                row.shown(id);
                row.number(why_row(*why));
                row.or_null(sighting.as_ref(), write_sighting);
            }),
        }
    });
}

/// What a phase knows besides its attempt and its sighting.
fn write_known(row: &mut Writer, phase: &Phase) {
    if let Phase::Capturing(_, _, turn) = phase {
        row.flag(matches!(turn, CaptureTurn::LookUp));
    }
    if let Phase::AwaitingDeposit(_, _, deposit) = phase {
        row.tuple(|row| {
            row.text(&deposit.bank);
            row.text(&deposit.account);
            row.text(&deposit.holder);
            row.number(deposit.until.as_millis());
        });
    }
    if let Phase::Paid(_, _, at) = phase {
        row.number(at.as_millis());
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

fn write_attempt(row: &mut Writer, attempt: &Attempt) {
    let Style { prepares, closes, captures_itself, partial_cancel, joins, escrow } = attempt.style;
    let style = [prepares, closes, captures_itself, partial_cancel];
    row.object(|row| {
        row.name("id").shown(&attempt.id);
        row.name("channel").text(attempt.channel.as_str());
        row.name("method").text(attempt.method.as_str());
        row.name("means").text(attempt.means.code());
        row.name("device").text(attempt.device.code());
        row.name("presentation").text(attempt.presentation.code());
        row.name("rung").number(attempt.rung.into());
        row.name("locale").text(&attempt.locale);
        row.name("style").list(style, Writer::flag);
        row.name("joins").flag(joins);
        row.name("escrow").flag(escrow);
        row.name("merchant").text_or_null(attempt.merchant.as_deref());
        write_digest(row.name("begun_by"), &attempt.begun_by);
        row.name("started_at").number(attempt.started_at.as_millis());
        row.name("ends_at").number(attempt.ends_at.as_millis());
        row.name("token").text_or_null(attempt.token.as_deref());
        row.name("steps").number(attempt.steps.into());
        row.name("notes").text(attempt.notes.as_str());
        let payment_id = attempt.payment_id.as_ref().map(ProviderPaymentId::as_str);
        row.name("payment_id").text_or_null(payment_id);
        row.name("decline").or_null(attempt.decline.as_ref(), |row, decline| {
            row.tuple(|row| {
                row.text(decline.code.code());
                row.text_or_null(decline.provider_code.as_deref());
            });
        });
    });
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
    // A row of the release before has none of these.
    let flag = |name| row.get(name).option().is_some_and(Field::flag);
    let (joins, escrow) = (flag("joins"), flag("escrow"));
    Ok(Attempt {
        notes: Notes::written(row.get("notes").text_or_none().unwrap_or_default()),
        steps: row.get("steps").small_or(0),
        id: attempt_id(row.get("id"))?,
        channel: need(ChannelId::parse(row.get("channel").str()), "channel")?,
        method: need(MethodId::parse(row.get("method").str()), "method")?,
        means: need(Means::parse(row.get("means").str()), "means")?,
        device: need(Device::parse(row.get("device").str()), "device")?,
        presentation: need(Presentation::parse(presentation), "presentation")?,
        rung: row.get("rung").small(),
        locale: row.get("locale").text(),
        style: Style { prepares, closes, captures_itself, partial_cancel, joins, escrow },
        merchant: row.get("merchant").text_or_none(),
        begun_by: digest(row.get("begun_by")),
        started_at: time(row.get("started_at")),
        ends_at: time(row.get("ends_at")),
        token: row.get("token").text_or_none(),
        payment_id: row.get("payment_id").option().map(payment_id).transpose()?,
        decline: row.get("decline").option().map(decline).transpose()?,
    })
}

fn write_refund(row: &mut Writer, refund: &Refund) {
    let (order, reversal) = match &refund.cause {
        RefundCause::Shop(order) => (Some(order.as_str()), None),
        RefundCause::Reversal(code) => (None, Some(code.code())),
        RefundCause::External => (None, None),
    };
    row.object(|row| {
        row.name("id").shown(&refund.id);
        row.name("order").text_or_null(order);
        row.name("reversal").text_or_null(reversal);
        row.name("attempt").shown(&refund.attempt);
        row.name("payment_id").text(refund.payment_id.as_str());
        row.name("amount").number(refund.amount.minor());
        row.name("captured").number(refund.captured.minor());
        row.name("currency").text(refund.amount.currency().code());
        row.name("state").number(match refund.state {
            RefundState::Requested => 0,
            RefundState::Done => 1,
            RefundState::Refused => 2,
        });
        row.name("reason").text(&refund.reason);
        row.name("account").or_null(refund.account.as_ref(), |row, account| {
            row.list([&account.bank, &account.number, &account.holder], |row, text| row.text(text));
        });
        write_retry(row.name("retry"), refund.retry);
        row.name("at").number(refund.at.as_millis());
    });
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

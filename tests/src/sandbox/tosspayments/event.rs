//! Webhooks of `tosspayments`: both documented kinds, and what a forger would send.

use serde_json::{Value, json};

use super::merchant::Merchant;
use super::payment::{Method, Payment, Stage};
use super::{NAME, PLAN, object};
use crate::sandbox::outbox::{Draft, Stamp};
use crate::sandbox::window::Lang;
use crate::sandbox::{Turn, moment};

/// What a forger adds to the amount.
const FORGED_SURPLUS_KRW: u64 = 1_000;

/// Sends what the payment's present status calls for. The answer is a letter that must be tried
/// before the caller may be answered.
pub(super) fn announce(
    payment: &Payment,
    merchants: &[Merchant],
    turn: &mut Turn<'_>,
) -> Option<u64> {
    let merchant = merchants.get(payment.merchant)?;
    let changed = match payment.stage {
        Stage::Paid { .. } | Stage::Void { .. } | Stage::Aborted { .. } | Stage::Expired => true,
        Stage::Ready
        | Stage::Challenged
        | Stage::Left
        | Stage::Authenticated { .. }
        | Stage::Waiting { .. }
        | Stage::Overdue { .. } => false,
    };
    let deposit = payment.method == Method::VirtualAccount
        && matches!(payment.stage, Stage::Waiting { .. } | Stage::Paid { .. } | Stage::Void { .. });
    let mut first = None;
    if deposit {
        let genuine = deposit_callback(payment, &payment.secret, payment.status(), turn.now);
        let forged = deposit_callback(payment, FORGED_SECRET, "DONE", turn.now);
        let (topic, forged_topic) = ("DEPOSIT_CALLBACK", "DEPOSIT_CALLBACK forged");
        first = send(payment, merchant, turn, Some((topic, genuine)), Some((forged_topic, forged)));
    }
    if changed {
        let genuine = status_changed(&object::payment(payment, merchant, Lang::Ko), turn.now);
        let forged = status_changed(&forged_payment(payment, merchant), turn.now);
        let last = send(
            payment,
            merchant,
            turn,
            Some(("PAYMENT_STATUS_CHANGED", genuine)),
            Some(("PAYMENT_STATUS_CHANGED forged", forged)),
        );
        first = last.or(first);
    }
    first
}

/// Where the provider says nothing, a forger still may: "it is paid", while nothing was captured.
pub(super) fn tempt(payment: &Payment, merchants: &[Merchant], turn: &mut Turn<'_>) {
    let Some(merchant) = merchants.get(payment.merchant) else { return };
    let forged = status_changed(&forged_payment(payment, merchant), turn.now);
    send(payment, merchant, turn, None, Some(("PAYMENT_STATUS_CHANGED forged", forged)));
}

/// The secret of nobody's payment.
const FORGED_SECRET: &str = "ps_forged_by_somebody_else";

fn status_changed(data: &Value, now: i64) -> Value {
    json!({ "eventType": "PAYMENT_STATUS_CHANGED", "createdAt": moment::micros(now), "data": data })
}

/// Flat, without event type, amount or payment key: as the provider sends it.
fn deposit_callback(payment: &Payment, secret: &str, status: &str, now: i64) -> Value {
    json!({
        "createdAt": moment::micros(now),
        "secret": secret,
        "status": status,
        "transactionKey": payment.transaction,
        "orderId": payment.order_id,
    })
}

/// DONE with a wrong secret; a paid one with a wrong amount on top.
fn forged_payment(payment: &Payment, merchant: &Merchant) -> Value {
    let mut data = object::payment(payment, merchant, Lang::Ko);
    let surplus = if payment.captures > 0 { FORGED_SURPLUS_KRW } else { 0 };
    let amount = payment.charged + surplus;
    data["status"] = json!("DONE");
    data["secret"] = json!(FORGED_SECRET);
    data["totalAmount"] = json!(amount);
    data["balanceAmount"] = json!(amount);
    data["failure"] = Value::Null;
    data["cancels"] = Value::Null;
    data
}

fn send(
    payment: &Payment,
    merchant: &Merchant,
    turn: &mut Turn<'_>,
    genuine: Option<(&str, Value)>,
    forged: Option<(&str, Value)>,
) -> Option<u64> {
    let mut drafts = [genuine, forged].map(|event| {
        event.map(|(topic, body)| Draft {
            provider: NAME,
            request_id: payment.order_id.clone(),
            topic: topic.to_owned(),
            url: merchant.webhook_url.clone(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string(),
            transmission_id: turn.dice.hex(32),
            stamp: Stamp::Counted("tosspayments-webhook-transmission-"),
        })
    });
    let [genuine, forged] = &mut drafts;
    let fault = turn.faults.webhook;
    turn.outbox.send(turn.now, fault, PLAN, genuine.take(), forged.take())
}

//! Webhooks of `portone_v2`, body version 2024-04-25, and what a forger would send.

use serde_json::json;

use super::merchant::Merchant;
use super::{NAME, PLAN, Payment, Stage};
use crate::sandbox::outbox::{Draft, Stamp};
use crate::sandbox::{Turn, moment};

/// Sends what the payment's present status calls for. The answer is a letter that must be tried before
/// the caller may be answered.
pub(super) fn announce(
    payment: &Payment,
    merchants: &[Merchant],
    turn: &mut Turn<'_>,
) -> Option<u64> {
    let merchant = merchants.get(payment.merchant)?;
    let kind = match &payment.stage {
        Stage::Announced | Stage::Ready | Stage::Challenged => return None,
        Stage::Pending { .. } => "Transaction.PayPending",
        Stage::Waiting { .. } => "Transaction.VirtualAccountIssued",
        Stage::Paid { cancels, .. } if cancels.is_empty() => "Transaction.Paid",
        Stage::Paid { .. } if payment.balance() > 0 => "Transaction.PartialCancelled",
        Stage::Paid { .. } | Stage::Void { .. } => "Transaction.Cancelled",
        Stage::Failed { .. } => "Transaction.Failed",
    };
    let mut draft = |kind: &str, topic: &str, key: Vec<u8>| {
        let mut data = json!({
            "storeId": merchant.store_id,
            "paymentId": payment.id,
            "transactionId": payment.transaction,
        });
        if let Some(cancel) = payment.cancels().last() {
            data["cancellationId"] = json!(cancel.id);
        }
        let body = json!({ "type": kind, "timestamp": moment::iso(turn.now), "data": data });
        Draft {
            provider: NAME,
            request_id: payment.id.clone(),
            topic: topic.to_owned(),
            url: merchant.webhook_url.clone(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string(),
            transmission_id: turn.dice.hex(32),
            stamp: Stamp::StandardWebhooks(key),
        }
    };
    let genuine = draft(kind, kind, merchant.webhook_key.clone());
    // A forger does not have the key.
    let paid = "Transaction.Paid";
    let forged = draft(paid, "Transaction.Paid forged", vec![0; merchant.webhook_key.len()]);
    turn.outbox.send(turn.now, turn.faults.webhook, PLAN, Some(genuine), Some(forged))
}

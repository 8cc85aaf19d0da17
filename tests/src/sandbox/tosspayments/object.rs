//! The Payment object, version 2022-11-16, with every documented field.

use serde_json::{Value, json};

use super::merchant::Merchant;
use super::payment::{Cancel, Method, Payment, Stage};
use crate::sandbox::moment;
use crate::sandbox::window::Lang;

/// Test cards all have this issuer: Samsung.
const CARD_COMPANY: &str = "51";

/// What a look-up, a confirm, a cancel and an event show of a payment.
pub(super) fn payment(payment: &Payment, merchant: &Merchant, lang: Lang) -> Value {
    let (total, balance) = (payment.charged, payment.balance());
    let vat = |amount: u64| (amount * 2 + 11) / 22;
    let untouched = matches!(payment.stage, Stage::Ready | Stage::Challenged | Stage::Left);
    let mut object = json!({
        "version": "2022-11-16",
        "mId": merchant.mid,
        "paymentKey": payment.key,
        "type": "NORMAL",
        "orderId": payment.order_id,
        "orderName": payment.order_name,
        "currency": "KRW",
        "method": if untouched { Value::Null } else { json!(payment.method.name(lang)) },
        "totalAmount": total,
        "balanceAmount": balance,
        "suppliedAmount": balance - vat(balance),
        "vat": vat(balance),
        "taxFreeAmount": 0,
        "taxExemptionAmount": 0,
        "status": payment.status(),
        "requestedAt": moment::iso(payment.opened_at),
        "approvedAt": payment.approved_at().map(moment::iso),
        "useEscrow": false,
        "cultureExpense": false,
        "lastTransactionKey": payment.transaction,
        "isPartialCancelable": true,
        "secret": payment.secret,
        "country": "KR",
        "receipt": payment.approved_at().map(|_| json!({
            "url": format!("https://receipt.sandbox.invalid/{}", payment.key),
        })),
        "checkout": { "url": format!("https://checkout.sandbox.invalid/{}", payment.key) },
        "metadata": null,
        "failure": failure(payment, lang),
        "discount": null,
        "cashReceipt": null,
        "cashReceipts": null,
        "cancels": cancels(payment),
    });
    for name in ["card", "virtualAccount", "transfer", "mobilePhone", "giftCertificate", "easyPay"]
    {
        object[name] = Value::Null;
    }
    if !untouched {
        let (name, value) = instrument(payment);
        object[name] = value;
    }
    object
}

fn failure(payment: &Payment, lang: Lang) -> Value {
    match payment.stage {
        Stage::Aborted { code } => json!({ "code": code.word(), "message": code.message(lang) }),
        Stage::Ready
        | Stage::Challenged
        | Stage::Left
        | Stage::Authenticated { .. }
        | Stage::Waiting { .. }
        | Stage::Overdue { .. }
        | Stage::Paid { .. }
        | Stage::Void { .. }
        | Stage::Expired => Value::Null,
    }
}

fn cancels(payment: &Payment) -> Value {
    if payment.cancels().is_empty() {
        return Value::Null;
    }
    let one = |cancel: &Cancel| {
        json!({
            "cancelAmount": cancel.amount,
            "cancelReason": cancel.reason,
            "taxFreeAmount": 0,
            "taxExemptionAmount": 0,
            "refundableAmount": cancel.left,
            "cardDiscountAmount": 0,
            "transferDiscountAmount": 0,
            "easyPayDiscountAmount": 0,
            "canceledAt": moment::iso(cancel.at),
            "transactionKey": cancel.transaction,
            "receiptKey": null,
            "cancelStatus": "DONE",
            "cancelRequestId": null,
        })
    };
    payment.cancels().iter().map(one).collect()
}

/// The part that only this method has.
fn instrument(payment: &Payment) -> (&'static str, Value) {
    let settled = "INCOMPLETED";
    match payment.method {
        Method::Card => ("card", card(payment)),
        Method::Transfer => {
            ("transfer", json!({ "bankCode": payment.bank, "settlementStatus": settled }))
        }
        Method::Phone => (
            "mobilePhone",
            json!({
                "customerMobilePhone": payment.phone,
                "settlementStatus": settled,
                "receiptUrl": "https://receipt.sandbox.invalid/phone",
            }),
        ),
        Method::EasyPay => (
            "easyPay",
            json!({ "provider": payment.wallet, "amount": payment.charged, "discountAmount": 0 }),
        ),
        Method::VirtualAccount => ("virtualAccount", virtual_account(payment)),
    }
}

fn card(payment: &Payment) -> Value {
    let number: u64 = payment.key.bytes().map(u64::from).sum();
    json!({
        "amount": payment.charged,
        "issuerCode": CARD_COMPANY,
        "acquirerCode": CARD_COMPANY,
        "number": "43302801****123*",
        "installmentPlanMonths": payment.installments,
        "approveNo": payment.approved_at().map(|_| format!("{number:08}")),
        "useCardPoint": false,
        "cardType": "신용",
        "ownerType": "개인",
        "acquireStatus": if payment.balance() == 0 { "CANCELED" } else { "READY" },
        "isInterestFree": false,
        "interestPayer": null,
    })
}

fn virtual_account(payment: &Payment) -> Value {
    let Some(account) = payment.account() else { return Value::Null };
    let refunded = payment.balance() < payment.charged;
    json!({
        "accountType": "일반",
        "accountNumber": account.number,
        "bankCode": account.bank,
        "customerName": payment.buyer_name,
        "depositorName": payment.buyer_name,
        "dueDate": moment::iso(account.due),
        "refundStatus": if refunded { "PENDING" } else { "NONE" },
        "expired": matches!(payment.stage, Stage::Overdue { .. }),
        "settlementStatus": "INCOMPLETED",
        "refundReceiveAccount": null,
    })
}

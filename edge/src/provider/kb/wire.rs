//! KB's JSON and tables of words, after the model. Unknown fields of answers are ignored.

use shared::fact::DeclineCode;

use super::Status;
use crate::json::Field;

pub(super) struct Envelope {
    pub(super) result_code: String,
}

pub(super) struct Registered {
    pub(super) pay_token: Option<String>,
}

pub(super) struct Inquired {
    pub(super) status: Result<Status, String>,
    pub(super) merchant_no: String,
    pub(super) order_no: String,
    pub(super) pay_no: Option<String>,
    pub(super) amount: Option<u64>,
    pub(super) cancelled_amount: Option<u64>,
    pub(super) currency: Option<String>,
    pub(super) reason_code: Option<String>,
}

pub(super) struct Cancelled {
    pub(super) pay_no: String,
    pub(super) cancel_no: String,
    pub(super) cancelled_amount: u64,
}

pub(super) struct Report {
    pub(super) merchant_no: String,
    pub(super) order_no: String,
    pub(super) pay_no: Option<String>,
}

impl Envelope {
    pub(super) fn of(field: Field<'_>) -> Self {
        Self { result_code: field.get("result_code").text() }
    }
}

impl Registered {
    pub(super) fn of(field: Field<'_>) -> Self {
        Self { pay_token: field.get("pay_token").text_or_none() }
    }
}

impl Inquired {
    pub(super) fn of(field: Field<'_>) -> Self {
        Self {
            status: Status::parse(&field.get("status").text()),
            merchant_no: field.get("merchant_no").text(),
            order_no: field.get("order_no").text(),
            pay_no: field.get("pay_no").text_or_none(),
            amount: field.get("amount").option().map(Field::number),
            cancelled_amount: field.get("cancelled_amount").option().map(Field::number),
            currency: field.get("currency").text_or_none(),
            reason_code: field.get("reason_code").text_or_none(),
        }
    }
}

impl Cancelled {
    pub(super) fn of(field: Field<'_>) -> Self {
        Self {
            pay_no: field.get("pay_no").text(),
            cancel_no: field.get("cancel_no").text(),
            cancelled_amount: field.get("cancelled_amount").number(),
        }
    }
}

impl Report {
    pub(super) fn of(field: Field<'_>) -> Self {
        Self {
            merchant_no: field.get("merchant_no").text(),
            order_no: field.get("order_no").text(),
            pay_no: field.get("pay_no").text_or_none(),
        }
    }
}

pub(super) const OK: &str = "0000";
pub(super) const OTHER_AMOUNT: &str = "3101";
pub(super) const ALREADY_PAID: &str = "3201";
pub(super) const OVER_BALANCE: &str = "3301";
pub(super) const UNKNOWN_ORDER: &str = "4004";
pub(super) const BUYER_CANCELLED: &str = "1003";

/// Why a payment failed, by `reason_code`.
pub(super) static DECLINES: [(&str, DeclineCode); 4] = [
    ("1001", DeclineCode::CardDeclined),
    ("1002", DeclineCode::LimitExceeded),
    (BUYER_CANCELLED, DeclineCode::BuyerCancelled),
    ("1004", DeclineCode::Expired),
];

//! KB's JSON and tables of words, after the model. Unknown fields of answers are ignored.

use serde::{Deserialize, Serialize};
use shared::fact::DeclineCode;

#[derive(Serialize)]
pub(super) struct RegisterBody<'a> {
    pub(super) merchant_no: &'a str,
    pub(super) order_no: &'a str,
    pub(super) amount: u64,
    pub(super) currency: &'static str,
    pub(super) goods_name: String,
    pub(super) buyer_ref: &'a str,
    pub(super) enc_ci: String,
}

#[derive(Serialize)]
pub(super) struct Ci<'a> {
    pub(super) ci: &'a str,
}

#[derive(Serialize)]
pub(super) struct OrderBody<'a> {
    pub(super) merchant_no: &'a str,
    pub(super) order_no: &'a str,
}

#[derive(Serialize)]
pub(super) struct CancelBody<'a> {
    pub(super) merchant_no: &'a str,
    pub(super) order_no: &'a str,
    pub(super) pay_no: &'a str,
    pub(super) cancel_no: String,
    pub(super) cancel_amount: u64,
    pub(super) remain_amount: u64,
    pub(super) reason: String,
}

#[derive(Serialize)]
pub(super) struct WindowData<'a> {
    pub(super) order_no: &'a str,
    pub(super) amount: u64,
    pub(super) return_url: &'a str,
    pub(super) goods_name: String,
}

#[derive(Deserialize)]
pub(super) struct Envelope {
    pub(super) result_code: String,
}

#[derive(Deserialize)]
pub(super) struct Registered {
    pub(super) pay_token: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Inquired {
    pub(super) status: String,
    pub(super) merchant_no: String,
    pub(super) order_no: String,
    pub(super) pay_no: Option<String>,
    pub(super) amount: Option<u64>,
    pub(super) cancelled_amount: Option<u64>,
    pub(super) currency: Option<String>,
    pub(super) reason_code: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Cancelled {
    pub(super) pay_no: String,
    pub(super) cancel_no: String,
    pub(super) cancelled_amount: u64,
}

#[derive(Deserialize)]
pub(super) struct Report {
    pub(super) merchant_no: String,
    pub(super) order_no: String,
    pub(super) pay_no: Option<String>,
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

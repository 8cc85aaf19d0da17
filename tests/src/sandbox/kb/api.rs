//! The private calls of `kb`: every reply is HTTP 200 with a `result_code`.

use serde_json::{Value, json};

use super::{Act, Cancel, Engine, ORDER_MS, Order, Refusal, Stage, Verdict, verdict};
use crate::sandbox::window::Lang;
use crate::sandbox::{Method as Verb, Request, Response, Turn, cipher, moment};

/// Characters of an order or cancel number.
const NUMBER_CHARS_MAX: usize = 64;
/// Characters of a goods name.
const GOODS_CHARS_MAX: usize = 100;

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    /// The order number stands for another amount.
    OtherAmount,
    /// It is paid already.
    AlreadyPaid,
    /// It is not paid.
    NotPaid,
    /// More than what is left.
    OverBalance,
    /// What is left is not what the caller believes.
    OtherBalance,
    /// The cancel number stands for another amount.
    OtherCancel,
    /// The payment number belongs to another payment.
    OtherPayment,
    /// No such order.
    Unknown,
    /// The body is no JSON object.
    Unreadable,
    /// No such merchant, or header and body name two.
    Merchant,
    /// The MAC differs.
    Mac,
    /// An encrypted field does not open, or lacks what belongs in it.
    Sealed,
    /// A field is missing or out of range.
    Field,
}

impl Code {
    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::OtherAmount => ("3101", "registered with another amount"),
            Self::AlreadyPaid => ("3201", "already paid"),
            Self::NotPaid => ("3202", "not paid"),
            Self::OverBalance => ("3301", "more than the balance"),
            Self::OtherBalance => ("3302", "remain_amount differs from the balance"),
            Self::OtherCancel => ("3303", "cancel_no was used with another amount"),
            Self::OtherPayment => ("3304", "pay_no belongs to another payment"),
            Self::Unknown => ("4004", "unknown order"),
            Self::Unreadable => ("9001", "the body is no JSON object"),
            Self::Merchant => ("9002", "unknown merchant"),
            Self::Mac => ("9003", "x-kb-mac differs"),
            Self::Sealed => ("9004", "an encrypted field cannot be read"),
            Self::Field => ("9005", "a field is missing or out of range"),
        }
    }
}

/// The private calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Register,
    Inquire,
    Close,
    Cancel,
}

impl Call {
    fn route(verb: Verb, path: &str) -> Option<Self> {
        match (verb, path) {
            (Verb::Post, "/v1/register") => Some(Self::Register),
            (Verb::Post, "/v1/inquire") => Some(Self::Inquire),
            (Verb::Post, "/v1/close") => Some(Self::Close),
            (Verb::Post, "/v1/cancel") => Some(Self::Cancel),
            (Verb::Get | Verb::Post | Verb::Other, _) => None,
        }
    }
}

impl Engine {
    /// Answers a private call.
    pub(super) fn call(&mut self, path: &str, request: &Request, turn: &mut Turn<'_>) -> Response {
        let delay_ms = turn.faults.slow_ms;
        let Some(call) = Call::route(request.method, path) else {
            return Response::page(404, "nothing is here");
        };
        if turn.faults.fails_now() {
            let page =
                Response::page(500, "<html><body><h1>500 Internal Server Error</h1></body></html>");
            return Response { delay_ms, ..page };
        }
        let (moved, envelope) = match self.perform(call, request, turn) {
            Ok((moved, mut body)) => {
                body["result_code"] = json!("0000");
                body["result_message"] = json!("OK");
                (moved, body)
            }
            Err(code) => {
                let (code, message) = code.row();
                (false, json!({ "result_code": code, "result_message": message }))
            }
        };
        let response = Response { delay_ms, ..Response::json(200, &envelope) };
        let lost = moved && turn.faults.answer_lost_after_refund;
        if lost { response.lost(turn.faults) } else { response }
    }

    /// The merchant that header, body and MAC agree about, and the body.
    fn sender(&self, request: &Request) -> Result<(usize, Value), Code> {
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| Code::Unreadable)?;
        if !body.is_object() {
            return Err(Code::Unreadable);
        }
        let named = request.header("x-kb-merchant").ok_or(Code::Merchant)?;
        let position = self
            .merchants
            .iter()
            .position(|merchant| merchant.merchant_no == named)
            .filter(|_| body["merchant_no"].as_str() == Some(named))
            .ok_or(Code::Merchant)?;
        let merchant = self.merchants.get(position).ok_or(Code::Merchant)?;
        let expected = cipher::mac(&merchant.mac_key, &request.body);
        if request.header("x-kb-mac") != Some(&expected) {
            return Err(Code::Mac);
        }
        Ok((position, body))
    }

    /// Performs a call; says whether money went back.
    fn perform(
        &mut self,
        call: Call,
        request: &Request,
        turn: &mut Turn<'_>,
    ) -> Result<(bool, Value), Code> {
        let (merchant, body) = self.sender(request)?;
        let order_no = number(&body, "order_no")?;
        let id = (merchant, order_no.to_owned());
        match call {
            Call::Register => self.register(id, &body, turn).map(|reply| (false, reply)),
            Call::Inquire => {
                let order = self.orders.get(&id).ok_or(Code::Unknown)?;
                Ok((false, self.shown(order)))
            }
            Call::Close => {
                let order = self.orders.get_mut(&id).ok_or(Code::Unknown)?;
                match verdict(&order.stage, Act::Close) {
                    Verdict::Go => order.stage = Stage::Closed,
                    Verdict::Same => {}
                    Verdict::Refuse(refusal) => return Err(refusal.into()),
                }
                Ok((false, json!({ "order_no": order.order_no, "status": order.status() })))
            }
            Call::Cancel => {
                let order = self.orders.get_mut(&id).ok_or(Code::Unknown)?;
                cancel(order, &body)
            }
        }
    }

    fn register(
        &mut self,
        id: (usize, String),
        body: &Value,
        turn: &mut Turn<'_>,
    ) -> Result<Value, Code> {
        let merchant = self.merchants.get(id.0).ok_or(Code::Merchant)?;
        let amount = amount(body, "amount")?;
        let goods = text(body, "goods_name", GOODS_CHARS_MAX)?;
        text(body, "buyer_ref", NUMBER_CHARS_MAX)?;
        if body["currency"] != "KRW" {
            return Err(Code::Field);
        }
        let sealed = body["enc_ci"].as_str().ok_or(Code::Sealed)?;
        let plain =
            cipher::open(&merchant.key, &merchant.merchant_no, sealed).ok_or(Code::Sealed)?;
        let ci: Value = serde_json::from_slice(&plain).map_err(|_| Code::Sealed)?;
        if !ci["ci"].is_string() {
            return Err(Code::Sealed);
        }
        let order = self.orders.entry(id).or_insert_with_key(|(merchant, order_no)| Order {
            merchant: *merchant,
            order_no: order_no.clone(),
            pay_token: format!("kbt_{}", turn.dice.hex(40)),
            amount,
            goods_name: goods.to_owned(),
            expires_at: turn.now + ORDER_MS,
            return_url: None,
            lang: Lang::Ko,
            captures: 0,
            stage: Stage::Registered,
        });
        if order.amount != amount {
            return Err(Code::OtherAmount);
        }
        let expires_at = moment::stamp(order.expires_at);
        Ok(json!({ "pay_token": order.pay_token, "expires_at": expires_at }))
    }

    fn shown(&self, order: &Order) -> Value {
        let merchant = self.merchants.get(order.merchant);
        let (paid_at, reason) = match &order.stage {
            Stage::Paid { at, .. } => (Some(moment::stamp(*at)), None),
            Stage::Failed { reason } => (None, Some(*reason)),
            Stage::Registered | Stage::Authenticating | Stage::Closed => (None, None),
        };
        json!({
            "status": order.status(),
            "pay_no": order.pay_no(),
            "order_no": order.order_no,
            "merchant_no": merchant.map(|merchant| merchant.merchant_no.as_str()),
            "amount": order.captured().unwrap_or(order.amount),
            "cancelled_amount": order.cancelled(),
            "currency": "KRW",
            "paid_at": paid_at,
            "reason_code": reason.map(super::Reason::code),
            "reason": reason.map(super::Reason::text),
        })
    }
}

impl From<Refusal> for Code {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::AlreadyPaid => Self::AlreadyPaid,
            Refusal::NotPaid | Refusal::Over => Self::NotPaid,
        }
    }
}

/// Gives money back; says whether it did now or had before.
fn cancel(order: &mut Order, body: &Value) -> Result<(bool, Value), Code> {
    let cancel_no = number(body, "cancel_no")?;
    let wanted = amount(body, "cancel_amount")?;
    let left_after = body["remain_amount"].as_u64().ok_or(Code::Field)?;
    text(body, "reason", 200)?;
    match verdict(&order.stage, Act::Cancel) {
        Verdict::Go | Verdict::Same => {}
        Verdict::Refuse(refusal) => return Err(refusal.into()),
    }
    let balance = order.balance();
    let Stage::Paid { pay_no, cancels, .. } = &mut order.stage else { return Err(Code::NotPaid) };
    if body["pay_no"].as_str() != Some(pay_no) {
        return Err(Code::OtherPayment);
    }
    let reply = |cancel: &Cancel| {
        json!({
            "pay_no": pay_no,
            "cancel_no": cancel.cancel_no,
            "cancel_amount": cancel.amount,
            "cancelled_amount": cancel.total,
        })
    };
    if let Some(first) = cancels.iter().find(|cancel| cancel.cancel_no == cancel_no) {
        return if first.amount == wanted {
            Ok((false, reply(first)))
        } else {
            Err(Code::OtherCancel)
        };
    }
    let left = balance.checked_sub(wanted).ok_or(Code::OverBalance)?;
    if left != left_after {
        return Err(Code::OtherBalance);
    }
    let before: u64 = cancels.iter().map(|cancel| cancel.amount).sum();
    let cancel = Cancel { cancel_no: cancel_no.to_owned(), amount: wanted, total: before + wanted };
    let answer = reply(&cancel);
    cancels.push(cancel);
    Ok((true, answer))
}

fn text<'a>(body: &'a Value, name: &str, chars_max: usize) -> Result<&'a str, Code> {
    let fits = |text: &&str| !text.is_empty() && text.chars().count() <= chars_max;
    body[name].as_str().filter(fits).ok_or(Code::Field)
}

fn number<'a>(body: &'a Value, name: &str) -> Result<&'a str, Code> {
    let spelt = |text: &&str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    text(body, name, NUMBER_CHARS_MAX).ok().filter(spelt).ok_or(Code::Field)
}

fn amount(body: &Value, name: &str) -> Result<u64, Code> {
    body[name].as_u64().filter(|amount| *amount > 0).ok_or(Code::Field)
}

//! Server calls of `tosspayments`: keys, idempotency, confirm, look-up, cancel.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Value, json};

use super::code::{self, Code};
use super::payment::verdict;
use super::payment::{Account, Act, Cancel, DEPOSIT_MS, Issuer, Method, Payment, Stage, Verdict};
use super::{Engine, Kept, event, object};
use crate::sandbox::window::Lang;
use crate::sandbox::{Method as Verb, Request, Response, Turn, moment};

/// How long an idempotency key is remembered: 15 days.
pub(super) const IDEMPOTENCY_MS: i64 = 15 * 86_400_000;
/// Characters of an idempotency key.
const IDEMPOTENCY_CHARS_MAX: usize = 300;
/// Characters of a cancel's reason.
const REASON_CHARS_MAX: usize = 200;
/// Digits of a refund account.
const ACCOUNT_DIGITS_MAX: usize = 20;
/// Characters of a refund account's holder.
const HOLDER_CHARS_MAX: usize = 60;
/// Least amount by card, in KRW.
const CARD_MIN_KRW: u64 = 100;
/// Least amount by account, in KRW.
const ACCOUNT_MIN_KRW: u64 = 200;
/// Most on one month's phone bill, in KRW.
const PHONE_MAX_KRW: u64 = 1_000_000;
/// How long a transfer can be refunded: 180 days.
const TRANSFER_REFUND_MS: i64 = 180 * 86_400_000;
/// How long a paid account can be refunded: 365 days.
const ACCOUNT_REFUND_MS: i64 = 365 * 86_400_000;

/// The provider takes the key's text with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a call did, besides its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    /// Nothing.
    Nothing,
    /// Money came, or an account was issued.
    In,
    /// Money went back.
    Back,
}

/// The answer to a call and what it did.
struct Answer {
    body: Value,
    moved: Moved,
    after_delivery: Option<u64>,
}

/// A call on a payment.
enum Call<'a> {
    Confirm,
    Cancel { key: &'a str },
    ByKey { key: &'a str },
    ByOrder { order_id: &'a str },
}

fn route(verb: Verb, path: &str) -> Option<Call<'_>> {
    let rest: Vec<&str> = path.strip_prefix("/v1/payments/")?.split('/').collect();
    match (verb, rest.as_slice()) {
        (Verb::Post, ["confirm"]) => Some(Call::Confirm),
        (Verb::Post, [key, "cancel"]) => Some(Call::Cancel { key }),
        (Verb::Get, ["orders", order_id]) => Some(Call::ByOrder { order_id }),
        (Verb::Get, [key]) => Some(Call::ByKey { key }),
        (Verb::Get | Verb::Post | Verb::Other, _) => None,
    }
}

fn language(request: &Request) -> Lang {
    let wants = request.header("accept-language").unwrap_or_default();
    if wants.starts_with("en") { Lang::En } else { Lang::Ko }
}

fn refusal(code: Code, lang: Lang) -> (u16, Value) {
    (code.status(), json!({ "code": code.word(), "message": code.message(lang) }))
}

impl Engine {
    /// Answers a server call.
    pub(super) fn call(&mut self, path: &str, request: &Request, turn: &mut Turn<'_>) -> Response {
        let lang = language(request);
        let delay_ms = turn.faults.slow_ms;
        let plain =
            |(status, body): (u16, Value)| Response { delay_ms, ..Response::json(status, &body) };
        if turn.faults.fails_now() {
            return plain(refusal(Code::FailedInternalSystemProcessing, lang));
        }
        let merchant = match self.merchant_of(request) {
            Ok(merchant) => merchant,
            Err(code) => return plain(refusal(code, lang)),
        };
        if let Some(word) = request.header("tosspayments-test-code") {
            let status = code::documented_status(word).unwrap_or(400);
            return plain((status, json!({ "code": word, "message": format!("test: {word}") })));
        }
        let Some(call) = route(request.method, path) else {
            return plain((404, json!({ "code": "NOT_FOUND", "message": "no such call" })));
        };
        match self.remembered(merchant, path, request, turn.now) {
            Ok(None) => {}
            Ok(Some(first)) => return plain(first),
            Err(code) => return plain(refusal(code, lang)),
        }
        let result = self.perform(&call, merchant, request, turn, lang);
        let (moved, after_delivery) =
            result.as_ref().map_or((Moved::Nothing, None), |a| (a.moved, a.after_delivery));
        let said = result.map_or_else(|code| refusal(code, lang), |answer| (200, answer.body));
        self.remember(merchant, path, request, &said, turn);
        let response = Response { after_delivery, ..plain(said) };
        let lost = match moved {
            Moved::Nothing => false,
            Moved::In => turn.faults.answer_lost_after_capture,
            Moved::Back => turn.faults.answer_lost_after_refund,
        };
        if lost { response.lost(turn.faults) } else { response }
    }

    fn merchant_of(&self, request: &Request) -> Result<usize, Code> {
        let header = request.header("authorization").ok_or(Code::UnauthorizedKey)?;
        let text = header.strip_prefix("Basic ").ok_or(Code::IncorrectBasicAuthFormat)?;
        let bytes = LENIENT.decode(text.trim()).map_err(|_| Code::IncorrectBasicAuthFormat)?;
        let plain = String::from_utf8(bytes).map_err(|_| Code::IncorrectBasicAuthFormat)?;
        let key = plain.strip_suffix(':').ok_or(Code::IncorrectBasicAuthFormat)?;
        let owns = |merchant: &super::Merchant| merchant.secret_key == key;
        self.merchants.iter().position(owns).ok_or(Code::UnauthorizedKey)
    }

    fn call_id(&self, merchant: usize, path: &str, request: &Request) -> Option<super::CallId> {
        let key = request.header("idempotency-key").filter(|_| request.method == Verb::Post)?;
        let owner = self.merchants.get(merchant)?;
        Some((key.to_owned(), owner.secret_key.clone(), path.to_owned()))
    }

    /// The first answer to the same call, if there was one.
    fn remembered(
        &self,
        merchant: usize,
        path: &str,
        request: &Request,
        now: i64,
    ) -> Result<Option<(u16, Value)>, Code> {
        let Some(id) = self.call_id(merchant, path, request) else { return Ok(None) };
        if id.0.is_empty() || id.0.chars().count() > IDEMPOTENCY_CHARS_MAX {
            return Err(Code::InvalidIdempotencyKey);
        }
        match self.answers.get(&id) {
            Some(kept) if now < kept.running_until => Err(Code::IdempotentRequestProcessing),
            Some(kept) => Ok(Some((kept.status, kept.body.clone()))),
            None => Ok(None),
        }
    }

    fn remember(
        &mut self,
        merchant: usize,
        path: &str,
        request: &Request,
        (status, body): &(u16, Value),
        turn: &Turn<'_>,
    ) {
        let Some(id) = self.call_id(merchant, path, request) else { return };
        let running = i64::try_from(turn.faults.slow_ms).unwrap_or(i64::MAX / 2);
        let (first_used, running_until) = (turn.now, turn.now + running);
        let kept = Kept { status: *status, body: body.clone(), first_used, running_until };
        self.answers.insert(id, kept);
    }

    fn perform(
        &mut self,
        call: &Call<'_>,
        merchant: usize,
        request: &Request,
        turn: &mut Turn<'_>,
        lang: Lang,
    ) -> Result<Answer, Code> {
        let (key, moved, after_delivery) = match call {
            Call::Confirm => {
                let (key, after) = self.confirm(merchant, request, turn)?;
                (key, Moved::In, after)
            }
            Call::Cancel { key } => {
                let after = self.cancel(merchant, key, request, turn)?;
                ((*key).to_owned(), Moved::Back, after)
            }
            Call::ByKey { key } => ((*key).to_owned(), Moved::Nothing, None),
            Call::ByOrder { order_id } => {
                let payment = self.by_order(merchant, order_id).ok_or(Code::NotFoundPayment)?;
                (payment.key.clone(), Moved::Nothing, None)
            }
        };
        let own = |payment: &&Payment| payment.merchant == merchant;
        let payment = self.payments.get(&key).filter(own).ok_or(Code::NotFoundPayment)?;
        let owner = self.merchants.get(merchant).ok_or(Code::UnauthorizedKey)?;
        Ok(Answer { body: object::payment(payment, owner, lang), moved, after_delivery })
    }

    fn confirm(
        &mut self,
        merchant: usize,
        request: &Request,
        turn: &mut Turn<'_>,
    ) -> Result<(String, Option<u64>), Code> {
        let body: Value =
            serde_json::from_slice(&request.body).map_err(|_| Code::InvalidRequest)?;
        let text = |name: &str| body[name].as_str().ok_or(Code::InvalidRequest);
        let (key, order_id) = (text("paymentKey")?, text("orderId")?);
        let amount = body["amount"].as_u64().ok_or(Code::InvalidRequest)?;
        let own = |payment: &&mut Payment| payment.merchant == merchant;
        let payment = self.payments.get_mut(key).filter(own).ok_or(Code::NotFoundPayment)?;
        if payment.order_id != order_id {
            return Err(Code::NotFoundPaymentSession);
        }
        match verdict(&payment.stage, Act::Confirm) {
            Verdict::Go => {}
            Verdict::Same => return Err(Code::AlreadyProcessedPayment),
            Verdict::Refuse(code) => return Err(code),
        }
        if payment.agreed != amount {
            return Err(Code::ForbiddenRequest);
        }
        within_limits(payment)?;
        let refused = match payment.issuer {
            Issuer::Approves => None,
            Issuer::HasNoMoney => Some(Code::RejectCardPayment),
            Issuer::KnowsItStolen => Some(Code::InvalidCardLostOrStolen),
        };
        if let Some(code) = refused {
            payment.stage = Stage::Aborted { code };
            event::announce(payment, &self.merchants, turn);
            return Err(code);
        }
        payment.charged = turn.faults.wrong_amount.unwrap_or(payment.agreed);
        let transaction = turn.dice.hex(32).to_uppercase();
        if payment.method == Method::VirtualAccount {
            let number = format!("X{}", turn.dice.digits(13));
            let account = Account { number, bank: payment.bank, due: turn.now + DEPOSIT_MS };
            payment.transaction = Some(transaction);
            payment.stage = Stage::Waiting { account };
        } else {
            payment.capture(turn.now, None, transaction);
        }
        Ok((key.to_owned(), event::announce(payment, &self.merchants, turn)))
    }

    fn cancel(
        &mut self,
        merchant: usize,
        key: &str,
        request: &Request,
        turn: &mut Turn<'_>,
    ) -> Result<Option<u64>, Code> {
        let body: Value =
            serde_json::from_slice(&request.body).map_err(|_| Code::InvalidRequest)?;
        let own = |payment: &&mut Payment| payment.merchant == merchant;
        let payment = self.payments.get_mut(key).filter(own).ok_or(Code::NotFoundPayment)?;
        let fits = |text: &&str| !text.is_empty() && text.chars().count() <= REASON_CHARS_MAX;
        let reason = body["cancelReason"].as_str().filter(fits).ok_or(Code::InvalidRequest)?;
        match verdict(&payment.stage, Act::Cancel) {
            Verdict::Go => {}
            Verdict::Same => return Err(Code::AlreadyCanceledPayment),
            Verdict::Refuse(code) => return Err(code),
        }
        let balance = payment.balance();
        let optional = |name: &str| match &body[name] {
            Value::Null => Ok(None),
            value => value.as_u64().map(Some).ok_or(Code::InvalidRequest),
        };
        if balance == 0 {
            return Err(Code::AlreadyCanceledPayment);
        }
        if optional("refundableAmount")?.is_some_and(|believed| believed != balance) {
            return Err(Code::NotMatchesRefundableAmount);
        }
        let amount = optional("cancelAmount")?.unwrap_or(balance);
        if amount == 0 || amount > balance {
            return Err(Code::NotCancelableAmount);
        }
        refundable(payment, &body, amount, turn.now)?;
        let transaction = turn.dice.hex(32).to_uppercase();
        let (reason, left) = (reason.to_owned(), balance - amount);
        let cancel =
            Cancel { amount, reason, left, at: turn.now, transaction: transaction.clone() };
        let account = payment.account().cloned();
        match (&mut payment.stage, account) {
            (Stage::Paid { cancels, .. }, _) => cancels.push(cancel),
            (stage, Some(account)) => *stage = Stage::Void { account, cancel },
            (_, None) => return Err(Code::NotCancelablePayment),
        }
        payment.transaction = Some(transaction);
        Ok(event::announce(payment, &self.merchants, turn))
    }
}

fn within_limits(payment: &Payment) -> Result<(), Code> {
    let least = match payment.method {
        Method::Card | Method::EasyPay | Method::Phone => CARD_MIN_KRW,
        Method::Transfer | Method::VirtualAccount => ACCOUNT_MIN_KRW,
    };
    if payment.agreed < least {
        return Err(Code::BelowMinimumAmount);
    }
    if payment.method == Method::Phone && payment.agreed > PHONE_MAX_KRW {
        return Err(Code::ExceedMaxMonthlyPaymentAmount);
    }
    Ok(())
}

/// The rules of each method for money that goes back.
fn refundable(payment: &Payment, body: &Value, amount: u64, now: i64) -> Result<(), Code> {
    let Some(paid_at) = payment.approved_at() else {
        // An account without its deposit: the whole, and there is nowhere to send anything.
        return if amount == payment.balance() {
            Ok(())
        } else {
            Err(Code::NotAllowedPartialRefundWaitingDeposit)
        };
    };
    match payment.method {
        Method::Card | Method::EasyPay => Ok(()),
        Method::Transfer if now - paid_at <= TRANSFER_REFUND_MS => Ok(()),
        Method::Phone if moment::month(now) == moment::month(paid_at) => Ok(()),
        Method::VirtualAccount if now - paid_at <= ACCOUNT_REFUND_MS => {
            refund_account(&body["refundReceiveAccount"])
        }
        Method::Transfer | Method::Phone | Method::VirtualAccount => Err(Code::ExceedMaxRefundDue),
    }
}

fn refund_account(account: &Value) -> Result<(), Code> {
    let text = |name: &str| account[name].as_str().filter(|text| !text.is_empty());
    let bank = text("bank").ok_or(Code::InvalidRefundAccountInfo)?;
    let number = text("accountNumber").ok_or(Code::InvalidRefundAccountInfo)?;
    let holder = text("holderName").ok_or(Code::InvalidRefundAccountInfo)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) || number.len() > ACCOUNT_DIGITS_MAX {
        return Err(Code::InvalidRefundAccountNumber);
    }
    if holder.chars().count() > HOLDER_CHARS_MAX {
        return Err(Code::InvalidRefundAccountInfo);
    }
    let known = super::checkout::BANKS.iter().any(|(code, korean, english)| {
        *code == bank || *korean == bank || english.eq_ignore_ascii_case(bank)
    });
    if known { Ok(()) } else { Err(Code::InvalidBank) }
}

//! Server calls of `portone_v2`: keys, idempotency, pre-register, look-up, cancel, close of an account.

use serde_json::{Value, json};

use super::merchant::Merchant;
use super::{Act, Cancel, Engine, Kept, Means, Payment, Stage, Verdict, event, verdict};
use crate::sandbox::form::Fields;
use crate::sandbox::window::Lang;
use crate::sandbox::{Method as Verb, Request, Response, Turn, moment};

/// How long an idempotency key is remembered: three hours.
pub(super) const IDEMPOTENCY_MS: i64 = 3 * 3_600_000;

/// Why a call is refused: HTTP status and type.
type Refused = (u16, &'static str);

const INVALID: Refused = (400, "INVALID_REQUEST");

/// The answer to a call, and what it did besides.
struct Answer {
    body: Value,
    gave_back: bool,
    after_delivery: Option<u64>,
}

impl From<Value> for Answer {
    fn from(body: Value) -> Self {
        Self { body, gave_back: false, after_delivery: None }
    }
}

fn refusal((status, kind): Refused) -> (u16, Value) {
    (status, json!({ "type": kind, "message": format!("sandbox: {kind}") }))
}

impl Engine {
    /// Answers a server call.
    pub(super) fn call(&mut self, path: &str, request: &Request, turn: &mut Turn<'_>) -> Response {
        let delay_ms = turn.faults.slow_ms;
        let plain =
            |(status, body): (u16, Value)| Response { delay_ms, ..Response::json(status, &body) };
        if turn.faults.fails_now() {
            let (pg_code, pg_message) = ("FAILED_INTERNAL_SYSTEM_PROCESSING", "PG 내부 오류");
            return plain((
                502,
                json!({
                    "type": "PG_PROVIDER", "message": "PG failed", "pgCode": pg_code, "pgMessage": pg_message,
                }),
            ));
        }
        let Some(merchant) = self.merchant_of(request) else {
            return plain(refusal((401, "UNAUTHORIZED")));
        };
        let rest: Vec<&str> =
            path.strip_prefix("/payments/").unwrap_or_default().split('/').collect();
        let key = match self.remembered(merchant, path, request, turn.now) {
            Ok(Ok(key)) => key,
            Ok(Err(first)) => return plain(first),
            Err(refused) => return plain(refusal(refused)),
        };
        let result = self.perform(&rest, merchant, request, turn);
        let (gave_back, after_delivery) =
            result.as_ref().map_or((false, None), |a| (a.gave_back, a.after_delivery));
        let said = result.map_or_else(refusal, |answer| (200, answer.body));
        if let Some(key) = key {
            let running = i64::try_from(delay_ms).unwrap_or(i64::MAX / 2);
            let kept = Kept {
                call: (path.to_owned(), request.body.clone()),
                status: said.0,
                body: said.1.clone(),
                first_used: turn.now,
                running_until: turn.now + running,
            };
            self.answers.insert((merchant, key), kept);
        }
        let response = Response { after_delivery, ..plain(said) };
        let lost = gave_back && turn.faults.answer_lost_after_refund;
        if lost { response.lost(turn.faults) } else { response }
    }

    fn merchant_of(&self, request: &Request) -> Option<usize> {
        let secret = request.header("authorization")?.strip_prefix("PortOne ")?;
        self.merchants.iter().position(|merchant| merchant.api_secret == secret)
    }

    /// The call's key; or the first answer to the same call.
    fn remembered(
        &self,
        merchant: usize,
        path: &str,
        request: &Request,
        now: i64,
    ) -> Result<Result<Option<String>, (u16, Value)>, Refused> {
        let header = request.header("idempotency-key").filter(|_| request.method == Verb::Post);
        let Some(header) = header else { return Ok(Ok(None)) };
        // An RFC 8941 string: a bare word is no string.
        let key = header
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .filter(|key| (16..=256).contains(&key.len()) && key.is_ascii() && !key.contains('"'))
            .ok_or(INVALID)?;
        match self.answers.get(&(merchant, key.to_owned())) {
            None => Ok(Ok(Some(key.to_owned()))),
            Some(kept) if now < kept.running_until => Err((409, "IDEMPOTENCY_OUTSTANDING_REQUEST")),
            Some(kept) if kept.call == (path.to_owned(), request.body.clone()) => {
                Ok(Err((kept.status, kept.body.clone())))
            }
            Some(_) => Err(INVALID),
        }
    }

    fn perform(
        &mut self,
        rest: &[&str],
        merchant: usize,
        request: &Request,
        turn: &mut Turn<'_>,
    ) -> Result<Answer, Refused> {
        let owner = self.merchants.get(merchant).ok_or((401, "UNAUTHORIZED"))?;
        let body: Value = match request.method {
            Verb::Get => json!({ "storeId": Fields::parse(&request.query).filled("storeId") }),
            Verb::Post | Verb::Other => {
                serde_json::from_slice(&request.body).map_err(|_| INVALID)?
            }
        };
        if body["storeId"].as_str().is_some_and(|store| store != owner.store_id) {
            return Err((403, "FORBIDDEN"));
        }
        match (request.method, rest) {
            (Verb::Get, [id]) => {
                let known = self.payments.get(&(merchant, (*id).to_owned()));
                let payment = known
                    .filter(|payment| payment.stage != Stage::Announced)
                    .ok_or((404, "PAYMENT_NOT_FOUND"))?;
                Ok(shown(payment, owner).into())
            }
            (Verb::Post, [id, "pre-register"]) => self.announce(merchant, id, &body, turn),
            (Verb::Post, [id, "cancel"]) => self.cancel(merchant, id, &body, turn),
            (Verb::Post, [id, "virtual-account", "close"]) => self.close(merchant, id, turn),
            _ => Err((404, "NOT_FOUND")),
        }
    }

    fn announce(
        &mut self,
        merchant: usize,
        id: &str,
        body: &Value,
        turn: &mut Turn<'_>,
    ) -> Result<Answer, Refused> {
        let amount = body["totalAmount"].as_u64().filter(|amount| *amount > 0).ok_or(INVALID)?;
        let spelt = id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if body["currency"] != "KRW" || !spelt || !(6..=64).contains(&id.len()) {
            return Err(INVALID);
        }
        let transaction = turn.dice.hex(32);
        let payment = self.payments.entry((merchant, id.to_owned())).or_insert_with(|| Payment {
            merchant,
            id: id.to_owned(),
            transaction,
            agreed: amount,
            charged: amount,
            order_name: String::new(),
            means: Means::Card,
            redirect_url: String::new(),
            lang: Lang::Ko,
            opened_at: turn.now,
            changed_at: turn.now,
            captures: 0,
            stage: Stage::Announced,
        });
        match verdict(&payment.stage, Act::Announce) {
            Verdict::Go | Verdict::Same => payment.agreed = amount,
            Verdict::Refuse(kind) => return Err((409, kind)),
        }
        payment.charged = amount;
        Ok(json!({}).into())
    }

    fn cancel(
        &mut self,
        merchant: usize,
        id: &str,
        body: &Value,
        turn: &mut Turn<'_>,
    ) -> Result<Answer, Refused> {
        let known = self.payments.get_mut(&(merchant, id.to_owned()));
        let payment = known.ok_or((404, "PAYMENT_NOT_FOUND"))?;
        let reason = body["reason"].as_str().filter(|text| !text.is_empty()).ok_or(INVALID)?;
        match verdict(&payment.stage, Act::Cancel) {
            Verdict::Go | Verdict::Same => {}
            Verdict::Refuse(kind) => return Err((409, kind)),
        }
        let balance = payment.balance();
        if balance == 0 {
            return Err((409, "PAYMENT_ALREADY_CANCELLED"));
        }
        let optional = |name: &str| match &body[name] {
            Value::Null => Ok(None),
            value => value.as_u64().map(Some).ok_or(INVALID),
        };
        if optional("currentCancellableAmount")?.is_some_and(|believed| believed != balance) {
            return Err((409, "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN"));
        }
        let amount = optional("amount")?.unwrap_or(balance);
        if amount == 0 || amount > balance {
            return Err((409, "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT"));
        }
        // A deposit came from an account that only the buyer knows.
        let receiver = &body["refundAccount"];
        let named = ["bank", "number", "holderName"].iter().all(|name| receiver[name].is_string());
        if payment.account().is_some() && !named {
            return Err(INVALID);
        }
        let cancel =
            Cancel { id: turn.dice.hex(24), amount, reason: reason.to_owned(), at: turn.now };
        let said = json!({ "cancellation": cancellation(&cancel) });
        if let Stage::Paid { cancels, .. } = &mut payment.stage {
            cancels.push(cancel);
        }
        payment.changed_at = turn.now;
        let after_delivery = event::announce(payment, &self.merchants, turn);
        Ok(Answer { body: said, gave_back: true, after_delivery })
    }

    fn close(&mut self, merchant: usize, id: &str, turn: &mut Turn<'_>) -> Result<Answer, Refused> {
        let known = self.payments.get_mut(&(merchant, id.to_owned()));
        let payment = known.ok_or((404, "PAYMENT_NOT_FOUND"))?;
        match (verdict(&payment.stage, Act::CloseAccount), payment.account().cloned()) {
            (Verdict::Go, Some(account)) => payment.stage = Stage::Void { account },
            (Verdict::Refuse(kind), _) => return Err((409, kind)),
            (Verdict::Go | Verdict::Same, _) => {
                return Err((409, "PAYMENT_NOT_WAITING_FOR_DEPOSIT"));
            }
        }
        payment.changed_at = turn.now;
        let after_delivery = event::announce(payment, &self.merchants, turn);
        let body = json!({ "closedAt": moment::iso(turn.now) });
        Ok(Answer { body, gave_back: false, after_delivery })
    }
}

fn cancellation(cancel: &Cancel) -> Value {
    json!({
        "status": "SUCCEEDED",
        "id": cancel.id,
        "totalAmount": cancel.amount,
        "taxFreeAmount": 0,
        "vatAmount": 0,
        "reason": cancel.reason,
        "requestedAt": moment::iso(cancel.at),
        "cancelledAt": moment::iso(cancel.at),
        "trigger": "API",
    })
}

/// What a look-up shows of a payment.
fn shown(payment: &Payment, owner: &Merchant) -> Value {
    let at = moment::iso(payment.changed_at);
    let mut object = json!({
        "status": payment.status(),
        "id": payment.id,
        "transactionId": payment.transaction,
        "merchantId": "merchant-sandbox",
        "storeId": owner.store_id,
        "channel": {
            "type": "TEST", "id": format!("id-of-{}", owner.channel_key), "key": owner.channel_key,
            "name": "sandbox", "pgProvider": "SANDBOX", "pgMerchantId": "sandbox",
        },
        "version": "V2",
        "webhooks": [],
        "requestedAt": moment::iso(payment.opened_at),
        "updatedAt": at,
        "statusChangedAt": at,
        "orderName": payment.order_name,
        "amount": {
            "total": payment.charged, "taxFree": 0, "discount": 0, "paid": payment.taken(),
            "cancelled": payment.cancelled(), "cancelledTaxFree": 0,
        },
        "currency": "KRW",
        "customer": {},
    });
    if let Some(method) = method(payment) {
        object["method"] = method;
    }
    if let Some(at) = payment.paid_at() {
        object["paidAt"] = json!(moment::iso(at));
        object["pgTxId"] = json!(format!("pg-{}", payment.transaction));
    }
    if !payment.cancels().is_empty() || payment.status() == "CANCELLED" {
        let all: Vec<Value> = payment.cancels().iter().map(cancellation).collect();
        object["cancellations"] = json!(all);
        object["cancelledAt"] = json!(at);
    }
    if let Stage::Failed { reason } = payment.stage {
        let (code, text) = reason.row();
        object["failedAt"] = json!(at);
        object["failure"] = json!({ "reason": text, "pgCode": code, "pgMessage": text });
    }
    object
}

fn method(payment: &Payment) -> Option<Value> {
    if let Some(account) = payment.account() {
        return Some(json!({
            "type": "PaymentMethodVirtualAccount", "bank": "KOOKMIN", "accountNumber": account.number,
            "accountType": "NORMAL", "remitteeName": "샌드박스", "remitterName": "김테스트",
            "expiredAt": moment::iso(account.due), "issuedAt": moment::iso(payment.opened_at),
        }));
    }
    payment.paid_at()?;
    Some(match payment.means {
        Means::Card => json!({
            "type": "PaymentMethodCard",
            "card": { "issuer": "SANDBOX", "type": "CREDIT", "number": "433028******1231" },
            "approvalNumber": "00000000", "installment": { "month": 0, "isInterestFree": false },
        }),
        Means::Transfer => json!({ "type": "PaymentMethodTransfer", "bank": "KOOKMIN" }),
        Means::Mobile => json!({ "type": "PaymentMethodMobile", "phoneNumber": "01000000000" }),
        Means::EasyPay => json!({ "type": "PaymentMethodEasyPay", "provider": "SANDPAY" }),
        Means::VirtualAccount => return None,
    })
}

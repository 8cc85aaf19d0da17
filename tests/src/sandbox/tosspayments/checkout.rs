//! The buyer's window of `tosspayments`: opening it, what each button does, and the way back.

use serde_json::Value;

use super::code::Code;
use super::payment::{Act, Issuer, Method, Payment, Stage, Verdict, verdict};
use super::{BRAND, Engine, event};
use crate::sandbox::form::{Fields, is_web, with_query};
use crate::sandbox::window::{self, Lang, Purchase, Sheet, escaped, hidden, money};
use crate::sandbox::{Request, Response, Turn};

mod instruments;

pub(super) use instruments::BANKS;

/// Characters of an order's name.
const ORDER_NAME_CHARS_MAX: usize = 100;
/// The largest amount of one payment, in KRW.
const AMOUNT_MAX_KRW: u64 = 1_000_000_000;

/// The browser SDK.
pub(super) fn sdk() -> Response {
    let script = include_str!("../window/sdk.js");
    Response::of(200, "text/javascript; charset=utf-8", script)
        .with("cross-origin-resource-policy", "cross-origin")
        .with("access-control-allow-origin", "*")
}

/// Where the SDK, with `windowTarget` `self`, sends the browser: what `window/sdk.js` does.
pub(super) fn script_opens(data: &Value) -> String {
    let text = |name: &str| data[name].as_str().unwrap_or_default();
    let direct = data["card"]["flowMode"] == "DIRECT";
    with_query(
        "/window",
        &[
            ("clientKey", text("clientKey")),
            ("customerKey", text("customerKey")),
            ("method", text("method")),
            ("amount", &data["amount"]["value"].to_string()),
            ("currency", data["amount"]["currency"].as_str().unwrap_or_default()),
            ("orderId", text("orderId")),
            ("orderName", text("orderName")),
            ("successUrl", text("successUrl")),
            ("failUrl", text("failUrl")),
            ("easyPay", if direct { "any" } else { "" }),
            ("target", text("windowTarget")),
            ("lang", "ko"),
        ],
    )
}

/// What the buyer pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Button {
    Approve,
    Challenge,
    Decline,
    Cancel,
}

impl Button {
    fn parse(word: &str) -> Option<Self> {
        match word {
            "approve" | "issue_account" | "auth3ds_done" => Some(Self::Approve),
            "auth3ds" => Some(Self::Challenge),
            "decline" => Some(Self::Decline),
            "cancel" => Some(Self::Cancel),
            _ => None,
        }
    }
}

/// A window that a page asks for.
struct Opening<'a> {
    merchant: usize,
    method: Method,
    amount: u64,
    fields: &'a Fields,
    in_overlay: bool,
    lang: Lang,
}

impl Engine {
    /// `GET /window`: what the SDK opens. The order id is known from here on.
    pub(super) fn window(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        let fields = Fields::parse(&request.query);
        let lang = Lang::of(fields.text("lang"));
        let opening = match self.opening(&fields, lang) {
            Ok(opening) => opening,
            Err(code) => return refused(code, lang),
        };
        let order_id = fields.text("orderId").to_owned();
        let known =
            self.by_order(opening.merchant, &order_id).map(|p| (p.key.clone(), p.stage.clone()));
        let key = match known {
            None | Some((_, Stage::Left | Stage::Expired)) => turn.dice.hex(24),
            Some((key, Stage::Ready | Stage::Challenged)) => key,
            Some((
                key,
                Stage::Authenticated { .. }
                | Stage::Waiting { .. }
                | Stage::Overdue { .. }
                | Stage::Paid { .. }
                | Stage::Void { .. }
                | Stage::Aborted { .. },
            )) => return self.over(&key, lang),
        };
        let key = if key.starts_with("tsbx_") { key } else { format!("tsbx_{key}") };
        if self.payments.get(&key).is_some_and(|payment| payment.agreed != opening.amount) {
            return refused(Code::InvalidRequest, lang);
        }
        let payment = opened(&opening, &key, self.payments.get(&key), turn);
        self.orders.insert((opening.merchant, order_id), key.clone());
        self.payments.insert(key.clone(), payment);
        self.show(&key, request)
    }

    fn opening<'a>(&self, fields: &'a Fields, lang: Lang) -> Result<Opening<'a>, Code> {
        let client_key = fields.text("clientKey");
        let merchant = self
            .merchants
            .iter()
            .position(|merchant| merchant.client_key == client_key)
            .ok_or(Code::UnauthorizedKey)?;
        let method = Method::ALL
            .into_iter()
            .find(|method| method.sdk() == fields.text("method"))
            .ok_or(Code::InvalidRequest)?;
        // A card window that goes straight to a wallet is a wallet's window.
        let direct = method == Method::Card && fields.filled("easyPay").is_some();
        let method = if direct { Method::EasyPay } else { method };
        let amount: u64 = fields.text("amount").parse().map_err(|_| Code::InvalidRequest)?;
        let order_id = fields.text("orderId");
        let spelt = order_id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        let name = fields.text("orderName").chars().count();
        let in_overlay = fields.text("target") == "iframe";
        let returns = ["successUrl", "failUrl"].map(|url| fields.text(url));
        let can_leave = returns.iter().all(|url| is_web(url) || (in_overlay && url.is_empty()));
        let good = (1..=AMOUNT_MAX_KRW).contains(&amount)
            && fields.text("currency") == "KRW"
            && spelt
            && (6..=64).contains(&order_id.len())
            && (1..=ORDER_NAME_CHARS_MAX).contains(&name)
            && can_leave;
        if !good {
            return Err(Code::InvalidRequest);
        }
        Ok(Opening { merchant, method, amount, fields, in_overlay, lang })
    }

    /// `POST /window`: a button was pressed.
    pub(super) fn window_action(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        let fields = Fields::parse(&request.text());
        let key = fields.text("payment_key");
        let Some(payment) = self.payments.get_mut(key) else {
            return refused(Code::NotFoundPaymentSession, Lang::of(fields.text("lang")));
        };
        let Some(button) = Button::parse(fields.text("action")) else {
            return refused(Code::InvalidRequest, payment.lang);
        };
        let act = match button {
            Button::Approve => Act::Authenticate,
            Button::Challenge => Act::Challenge,
            Button::Decline => Act::Reject,
            Button::Cancel => Act::Leave,
        };
        let allowed = match (verdict(&payment.stage, act), &payment.stage) {
            // The shop may be capturing at this moment: a stale button decides nothing any more.
            (Verdict::Go, Stage::Authenticated { .. }) | (Verdict::Refuse(_), _) => None,
            (verdict, _) => Some(verdict),
        };
        let Some(verdict) = allowed else { return self.over_or_refused(&fields) };
        let mut after_delivery = None;
        if verdict == Verdict::Go {
            instruments::chosen(payment, &fields);
            payment.stage = match button {
                Button::Approve => Stage::Authenticated { at: turn.now },
                Button::Challenge => Stage::Challenged,
                Button::Decline => Stage::Aborted { code: Code::RejectCardCompany },
                Button::Cancel => Stage::Left,
            };
            match button {
                Button::Challenge => {}
                Button::Decline => after_delivery = event::announce(payment, &self.merchants, turn),
                Button::Approve | Button::Cancel => event::tempt(payment, &self.merchants, turn),
            }
        }
        let payment = payment.clone();
        if button == Button::Challenge {
            return self.ask_for_more(&payment);
        }
        if turn.faults.return_lost {
            return Response { after_delivery, ..window::connection_lost(&BRAND, payment.lang) };
        }
        Response { after_delivery, ..leave(&payment) }
    }

    fn over_or_refused(&self, fields: &Fields) -> Response {
        let lang = Lang::of(fields.text("lang"));
        self.over(fields.text("payment_key"), lang)
    }

    fn purchase<'a>(&'a self, payment: &'a Payment, lang: Lang) -> Purchase<'a> {
        let merchant = self.merchants.get(payment.merchant);
        Purchase {
            merchant: merchant.map_or("", |merchant| lang.of_pair(merchant.names)),
            goods: &payment.order_name,
            amount: payment.agreed,
            order_id: &payment.order_id,
        }
    }

    fn show(&self, key: &str, request: &Request) -> Response {
        let Some(payment) = self.payments.get(key) else {
            return refused(Code::NotFoundPaymentSession, Lang::Ko);
        };
        let lang = payment.lang;
        let (id, action, text) = if payment.method == Method::VirtualAccount {
            (
                "issue-account",
                "issue_account",
                lang.pick("계좌 발급받기", "Get an account").to_owned(),
            )
        } else {
            let amount = money(payment.agreed, lang);
            let text = match lang {
                Lang::Ko => format!("{amount} 결제하기"),
                Lang::En => format!("Pay {amount}"),
            };
            ("approve", "approve", text)
        };
        let body = format!(
            r#"{tabs}
<form method="post" action="/toss/window" id="pay-form">
{key}{lang_field}
{instrument}
<p class="agree">{agree}</p>
<div class="actions">
<button class="primary" id="{id}" name="action" value="{action}">{text}</button>
<button class="quiet" id="cancel" name="action" value="cancel" formnovalidate>{cancel}</button>
</div>
<details class="scenarios" open>
<summary>{scenarios}</summary>
<div>
<button id="auth3ds" name="action" value="auth3ds">{more}</button>
<button class="no" id="decline" name="action" value="decline">{decline}</button>
</div>
</details>
</form>"#,
            tabs = instruments::tabs(payment.method, lang, &reopened(request, "easyPay", "")),
            key = hidden("payment_key", &payment.key),
            lang_field = hidden("lang", lang.tag()),
            instrument = instruments::fields(payment, lang),
            agree = lang.pick(
                "결제 서비스 이용약관, 개인정보 처리에 동의합니다",
                "I agree to the terms of service and the privacy policy"
            ),
            cancel = lang.pick("결제 취소", "Cancel"),
            scenarios = lang.pick("테스트 시나리오", "Test scenarios"),
            more = lang.pick("추가 인증 후 승인", "Extra authentication, then approve"),
            decline = lang.pick("카드사 거절", "Declined by the issuer"),
        );
        let other_lang = Some(reopened(request, "lang", lang.pick("en", "ko")));
        let purchase = Some(self.purchase(payment, lang));
        let (brand, script) = (&BRAND, String::new());
        window::page(200, &Sheet { brand, lang, purchase, other_lang, body, script })
    }

    fn ask_for_more(&self, payment: &Payment) -> Response {
        let fields =
            [hidden("payment_key", &payment.key), hidden("lang", payment.lang.tag())].concat();
        let purchase = self.purchase(payment, payment.lang);
        window::challenge(&BRAND, payment.lang, purchase, "/toss/window", &fields)
    }

    /// The page of a payment that cannot be paid here any more, with the way back to the shop.
    fn over(&self, key: &str, lang: Lang) -> Response {
        let Some(payment) = self.payments.get(key) else {
            return refused(Code::NotFoundPaymentSession, lang);
        };
        let lang = payment.lang;
        let code = match payment.stage {
            Stage::Authenticated { .. }
            | Stage::Waiting { .. }
            | Stage::Overdue { .. }
            | Stage::Paid { .. }
            | Stage::Void { .. } => Code::AlreadyProcessedPayment,
            Stage::Aborted { code } => code,
            Stage::Ready | Stage::Challenged | Stage::Left | Stage::Expired => {
                Code::NotFoundPaymentSession
            }
        };
        let back = destination(payment);
        let link = if back.is_empty() {
            String::new()
        } else {
            format!(
                r#"<div class="actions"><a id="back" href="{}">{}</a></div>"#,
                escaped(&back),
                lang.pick("판매자에게 돌아가기", "Back to the shop")
            )
        };
        let body = format!(
            r#"<div class="notice" role="status"><h2>{}</h2><p>{}</p></div>{link}"#,
            lang.pick("끝난 결제입니다", "This payment is over"),
            escaped(code.message(lang)),
        );
        let purchase = Some(self.purchase(payment, lang));
        let (brand, other_lang, script) = (&BRAND, None, String::new());
        window::page(200, &Sheet { brand, lang, purchase, other_lang, body, script })
    }
}

/// The address of the same window with one field changed.
fn reopened(request: &Request, field: &str, value: &str) -> String {
    let others = |pair: &&str| pair.split('=').next() != Some(field);
    let query: Vec<&str> = request.query.split('&').filter(others).collect();
    format!("/toss/window?{}&{field}={value}", query.join("&"))
}

fn refused(code: Code, lang: Lang) -> Response {
    let title = lang.pick("결제를 시작할 수 없습니다", "The payment cannot start");
    let text = format!("{} ({})", code.message(lang), code.word());
    window::notice(code.status(), &BRAND, lang, title, &text)
}

/// The payment of a window that opens, or opens again.
fn opened(
    opening: &Opening<'_>,
    key: &str,
    known: Option<&Payment>,
    turn: &mut Turn<'_>,
) -> Payment {
    let text = |name: &str| opening.fields.text(name).to_owned();
    Payment {
        key: key.to_owned(),
        merchant: opening.merchant,
        order_id: text("orderId"),
        order_name: text("orderName"),
        method: opening.method,
        agreed: opening.amount,
        charged: opening.amount,
        secret: known.map_or_else(|| format!("ps_{}", turn.dice.hex(32)), |p| p.secret.clone()),
        buyer_name: opening.fields.filled("customerName").unwrap_or("김테스트").to_owned(),
        phone: opening.fields.filled("customerMobilePhone").unwrap_or("01000000000").to_owned(),
        bank: instruments::BANKS[0].0,
        wallet: instruments::WALLETS[0].0,
        installments: 0,
        issuer: Issuer::Approves,
        success_url: text("successUrl"),
        fail_url: text("failUrl"),
        in_overlay: opening.in_overlay,
        lang: opening.lang,
        opened_at: known.map_or(turn.now, |payment| payment.opened_at),
        transaction: None,
        captures: 0,
        stage: Stage::Ready,
    }
}

/// Why the buyer comes back without success, if so.
fn failure(payment: &Payment) -> Option<Code> {
    match payment.stage {
        Stage::Authenticated { .. }
        | Stage::Waiting { .. }
        | Stage::Overdue { .. }
        | Stage::Paid { .. }
        | Stage::Void { .. } => None,
        Stage::Left => Some(Code::PayProcessCanceled),
        Stage::Aborted { code } => Some(code),
        Stage::Ready | Stage::Challenged | Stage::Expired => Some(Code::PayProcessAborted),
    }
}

/// Where the browser goes: the documented query, nothing signed. Empty when the page gave none.
fn destination(payment: &Payment) -> String {
    let amount = payment.agreed.to_string();
    let url = match failure(payment) {
        None if payment.success_url.is_empty() => return String::new(),
        None => {
            let fields = [
                ("paymentType", "NORMAL"),
                ("orderId", payment.order_id.as_str()),
                ("paymentKey", &payment.key),
                ("amount", &amount),
            ];
            return with_query(&payment.success_url, &fields);
        }
        Some(_) if payment.fail_url.is_empty() => return String::new(),
        Some(code) => {
            let fields = [("code", code.word()), ("message", code.message(payment.lang))];
            with_query(&payment.fail_url, &fields)
        }
    };
    // The order id is missing when the buyer cancels (unverified).
    match payment.stage {
        Stage::Left => url,
        Stage::Ready
        | Stage::Challenged
        | Stage::Authenticated { .. }
        | Stage::Waiting { .. }
        | Stage::Overdue { .. }
        | Stage::Paid { .. }
        | Stage::Void { .. }
        | Stage::Aborted { .. }
        | Stage::Expired => with_query(&url, &[("orderId", &payment.order_id)]),
    }
}

/// The way back: a redirect, or a word to the calling page when the window lies over it.
fn leave(payment: &Payment) -> Response {
    let go = destination(payment);
    if !payment.in_overlay {
        return Response::page(303, "").with("location", &go);
    }
    let lang = payment.lang;
    let mut said = serde_json::json!({ "sandbox": "toss", "go": go });
    if go.is_empty() {
        said["paymentKey"] = payment.key.clone().into();
        said["orderId"] = payment.order_id.clone().into();
        said["amount"] = payment.agreed.into();
        if let Some(code) = failure(payment) {
            said["code"] = code.word().into();
            said["message"] = code.message(lang).into();
        }
    }
    let link = if go.is_empty() {
        String::new()
    } else {
        let text = lang.pick("판매자에게 돌아가기", "Back to the shop");
        format!(r#"<noscript><a href="{}" target="_parent">{text}</a></noscript>"#, escaped(&go))
    };
    let body = format!(
        r#"<div class="notice" role="status"><div class="spinner" aria-hidden="true"></div><h2>{}</h2>{link}</div>"#,
        lang.pick("판매자에게 돌아가는 중입니다", "Going back to the shop"),
    );
    let script = format!("parent.postMessage({},'*')", said.to_string().replace('<', "\\u003c"));
    let (brand, purchase, other_lang) = (&BRAND, None, None);
    window::page(200, &Sheet { brand, lang, purchase, other_lang, body, script })
}

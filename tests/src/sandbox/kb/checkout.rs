//! The buyer's window of `kb`, the way back, and the one final report.

use serde_json::{Value, json};

use super::merchant::Merchant;
use super::{Act, BRAND, Engine, NAME, Order, PLAN, Reason, Refusal, Stage, Verdict, verdict};
use crate::sandbox::form::{Fields, is_web};
use crate::sandbox::outbox::{Draft, Stamp};
use crate::sandbox::window::{self, Lang, Purchase, Sheet, escaped, hidden, money};
use crate::sandbox::{Request, Response, Turn, cipher, moment};

/// What a forger adds to the amount.
const FORGED_SURPLUS_KRW: u64 = 1_000;

/// Where the window's buttons post to.
const ACTION: &str = "/kb/window/act";

/// A window that was asked for by GET: the browser lost the form it had posted.
pub(super) fn lost_window() -> Response {
    let lang = Lang::Ko;
    window::notice(
        405,
        &BRAND,
        lang,
        "결제창을 다시 열어 주세요",
        "이 주소는 가맹점의 결제 요청(form POST)으로만 열립니다. Opened by a form POST only.",
    )
}

/// What the buyer pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Button {
    Pay,
    Challenge,
    Fail(Reason),
}

impl Button {
    fn parse(word: &str, card: &str) -> Option<Self> {
        match (word, card) {
            ("approve" | "auth3ds_done", "over_limit") => Some(Self::Fail(Reason::OverLimit)),
            ("approve" | "auth3ds_done", _) => Some(Self::Pay),
            ("auth3ds", _) => Some(Self::Challenge),
            ("decline", _) => Some(Self::Fail(Reason::Declined)),
            ("cancel", _) => Some(Self::Fail(Reason::Cancelled)),
            _ => None,
        }
    }
}

impl Engine {
    /// `POST /window`: our intermediate page's form arrives.
    pub(super) fn window(&mut self, request: &Request, turn: &Turn<'_>) -> Response {
        let fields = Fields::parse(&request.text());
        let lang = Lang::of(fields.text("lang"));
        let refused = || {
            window::notice(
                400,
                &BRAND,
                lang,
                lang.pick("결제 요청이 올바르지 않습니다", "The payment request is not valid"),
                lang.pick(
                    "가맹점 번호, 결제 토큰 또는 암호화된 값이 등록된 내용과 다릅니다. (9004)",
                    "Merchant, token or encrypted values differ from what was registered. (9004)",
                ),
            )
        };
        let Some((id, return_url)) = self.opening(&fields) else { return refused() };
        let Some(order) = self.orders.get_mut(&id) else { return refused() };
        order.return_url = Some(return_url);
        order.lang = lang;
        match verdict(&order.stage, Act::Open) {
            Verdict::Go => order.stage = Stage::Authenticating,
            Verdict::Same => {}
            Verdict::Refuse(Refusal::AlreadyPaid | Refusal::NotPaid | Refusal::Over) => {
                return leave(order, turn);
            }
        }
        let order = order.clone();
        self.show(&order)
    }

    /// The registered order that the form's values all agree about.
    fn opening(&self, fields: &Fields) -> Option<((usize, String), String)> {
        let merchant_no = fields.text("merchant_no");
        let position = self.merchants.iter().position(|m| m.merchant_no == merchant_no)?;
        let merchant = self.merchants.get(position)?;
        let plain = cipher::open(&merchant.key, merchant_no, fields.text("enc_data"))?;
        let data: Value = serde_json::from_slice(&plain).ok()?;
        let id = (position, data["order_no"].as_str()?.to_owned());
        let order = self.orders.get(&id)?;
        let return_url = data["return_url"].as_str().filter(|url| is_web(url))?;
        let agrees = order.pay_token == fields.text("pay_token")
            && data["amount"].as_u64() == Some(order.amount)
            && data["goods_name"].as_str() == Some(&order.goods_name);
        agrees.then(|| (id, return_url.to_owned()))
    }

    /// `POST /window/act`: a button was pressed.
    pub(super) fn window_action(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        let fields = Fields::parse(&request.text());
        let token = fields.text("pay_token");
        let Some(order) = self.orders.values_mut().find(|order| order.pay_token == token) else {
            return lost_window();
        };
        let Some(button) = Button::parse(fields.text("action"), fields.text("card")) else {
            return lost_window();
        };
        let act = match button {
            Button::Pay => Act::Pay,
            Button::Challenge => Act::Challenge,
            Button::Fail(_) => Act::Fail,
        };
        match verdict(&order.stage, act) {
            Verdict::Go => {}
            // The buyer pressed again, or the merchant closed the order meanwhile.
            Verdict::Same | Verdict::Refuse(_) => return leave(order, turn),
        }
        match button {
            Button::Challenge => {
                order.stage = Stage::Authenticating;
                let order = order.clone();
                return self.ask_for_more(&order, fields.text("card"));
            }
            Button::Pay => {
                let amount = turn.faults.wrong_amount.unwrap_or(order.amount);
                let pay_no = format!("KBP{}{}", moment::stamp(turn.now), turn.dice.digits(6));
                order.captures += 1;
                order.stage = Stage::Paid { pay_no, amount, at: turn.now, cancels: Vec::new() };
            }
            Button::Fail(reason) => order.stage = Stage::Failed { reason },
        }
        let after_delivery = report(order, &self.merchants, turn);
        let response = Response { after_delivery, ..leave(order, turn) };
        let lost = button == Button::Pay && turn.faults.answer_lost_after_capture;
        if lost { response.lost(turn.faults) } else { response }
    }

    fn purchase<'a>(&'a self, order: &'a Order) -> Purchase<'a> {
        let merchant = self.merchants.get(order.merchant);
        Purchase {
            merchant: merchant.map_or("", |m| order.lang.of_pair(m.names)),
            goods: &order.goods_name,
            amount: order.amount,
            order_id: &order.order_no,
        }
    }

    fn show(&self, order: &Order) -> Response {
        let lang = order.lang;
        let card = |value: &str, name: &str, number: &str, effect: &str, good: bool| {
            format!(
                r#"<label class="choice"><input type="radio" name="card" value="{value}" id="card-{value}"{checked}><span class="name"><b>{name}</b><small>{number}</small></span><span class="tag{no}">{effect}</span></label>"#,
                checked = if good { " checked" } else { "" },
                no = if good { "" } else { " no" },
            )
        };
        let amount = money(order.amount, lang);
        let body = format!(
            r#"<ul class="tabs" aria-label="{methods}"><li aria-current="true">{tab_card}</li><li class="off">{tab_account}</li><li class="off">{tab_points}</li></ul>
<form method="post" action="{ACTION}" id="pay-form">
{token}
<fieldset><legend>{cards}</legend><div class="choices">{good}{bad}</div></fieldset>
<p class="agree">{agree}</p>
<div class="actions">
<button class="primary" id="approve" name="action" value="approve">{pay}</button>
<button class="quiet" id="cancel" name="action" value="cancel">{cancel}</button>
</div>
<details class="scenarios" open>
<summary>{scenarios}</summary>
<div>
<button id="auth3ds" name="action" value="auth3ds">{more}</button>
<button class="no" id="decline" name="action" value="decline">{decline}</button>
</div>
</details>
</form>"#,
            methods = lang.pick("결제 수단", "Methods"),
            tab_card = lang.pick("KB카드", "KB Card"),
            tab_account = lang.pick("계좌", "Account"),
            tab_points = lang.pick("포인트리", "Points"),
            token = hidden("pay_token", &order.pay_token),
            cards = lang.pick("등록된 테스트 카드", "Registered test cards"),
            good = card(
                "approved",
                lang.pick("KB 샌드체크", "KB Sand Check"),
                "5570-42**-****-1231",
                lang.pick("승인", "approved"),
                true,
            ),
            bad = card(
                "over_limit",
                lang.pick("KB 샌드체크 한도초과", "KB Sand Check, at its limit"),
                "5570-42**-****-0002",
                lang.pick("한도 초과", "limit exceeded"),
                false,
            ),
            agree =
                lang.pick("결제 서비스 이용약관에 동의합니다", "I agree to the terms of service"),
            pay = match lang {
                Lang::Ko => format!("{amount} 결제하기"),
                Lang::En => format!("Pay {amount}"),
            },
            cancel = lang.pick("결제 취소", "Cancel"),
            scenarios = lang.pick("테스트 시나리오", "Test scenarios"),
            more = lang.pick("추가 인증 후 승인", "Extra authentication, then approve"),
            decline = lang.pick("카드사 거절", "Declined by the issuer"),
        );
        let purchase = Some(self.purchase(order));
        let (brand, other_lang, script) = (&BRAND, None, String::new());
        window::page(200, &Sheet { brand, lang, purchase, other_lang, body, script })
    }

    fn ask_for_more(&self, order: &Order, card: &str) -> Response {
        let fields = hidden("pay_token", &order.pay_token) + &hidden("card", card);
        window::challenge(&BRAND, order.lang, self.purchase(order), ACTION, &fields)
    }
}

/// The way back: a page that posts itself to the merchant. Only a hint; the report and the
/// inquiry say what is true.
fn leave(order: &Order, turn: &Turn<'_>) -> Response {
    let lang = order.lang;
    let Some(return_url) = order.return_url.as_deref().filter(|_| !turn.faults.return_lost) else {
        return window::connection_lost(&BRAND, lang);
    };
    let (result, reason_code) = match &order.stage {
        Stage::Paid { .. } => ("SUCCESS", ""),
        Stage::Failed { reason } => ("FAIL", reason.code()),
        Stage::Registered | Stage::Authenticating | Stage::Closed => {
            ("FAIL", Reason::TimeOut.code())
        }
    };
    let body = format!(
        r#"<form method="post" action="{url}" id="back">{order_no}{result}{reason}
<div class="notice" role="status"><div class="spinner" aria-hidden="true"></div><h2>{title}</h2></div>
<noscript><div class="actions"><button class="primary">{button}</button></div></noscript>
</form>"#,
        url = escaped(return_url),
        order_no = hidden("order_no", &order.order_no),
        result = hidden("result", result),
        reason = hidden("reason_code", reason_code),
        title = lang.pick("가맹점으로 돌아가는 중입니다", "Going back to the shop"),
        button = lang.pick("가맹점으로 돌아가기", "Back to the shop"),
    );
    let script = "document.getElementById('back').submit()".to_owned();
    let (brand, purchase, other_lang) = (&BRAND, None, None);
    window::page(200, &Sheet { brand, lang, purchase, other_lang, body, script })
}

/// The one final report. The answer is a letter that must be tried before the browser goes back.
pub(super) fn report(order: &Order, merchants: &[Merchant], turn: &mut Turn<'_>) -> Option<u64> {
    let merchant = merchants.get(order.merchant)?;
    let (paid_at, reason) = match &order.stage {
        Stage::Paid { at, .. } => (Some(*at), None),
        Stage::Failed { reason } => (None, Some(*reason)),
        Stage::Registered | Stage::Authenticating | Stage::Closed => return None,
    };
    let genuine = json!({
        "merchant_no": merchant.merchant_no,
        "order_no": order.order_no,
        "pay_no": order.pay_no(),
        "result": if reason.is_none() { "SUCCESS" } else { "FAIL" },
        "reason_code": reason.map(Reason::code),
        "reason": reason.map(Reason::text),
        "amount": order.captured().unwrap_or(order.amount),
        "currency": "KRW",
        "paid_at": paid_at.map(moment::stamp),
    });
    let mut forged = genuine.clone();
    let surplus = if reason.is_none() { FORGED_SURPLUS_KRW } else { 0 };
    forged["result"] = json!("SUCCESS");
    forged["pay_no"] = json!(order.pay_no().unwrap_or("KBP00000000000000000000"));
    forged["reason_code"] = Value::Null;
    forged["reason"] = Value::Null;
    forged["amount"] = json!(order.captured().unwrap_or(order.amount) + surplus);
    forged["paid_at"] = json!(moment::stamp(turn.now));
    let mut draft = |topic: &str, body: String, key: &[u8; 32]| Draft {
        provider: NAME,
        request_id: order.order_no.clone(),
        topic: topic.to_owned(),
        url: merchant.report_url.clone(),
        headers: vec![
            ("content-type".to_owned(), "application/json; charset=utf-8".to_owned()),
            ("x-kb-merchant".to_owned(), merchant.merchant_no.clone()),
            ("x-kb-mac".to_owned(), cipher::mac(key, body.as_bytes())),
        ],
        body,
        transmission_id: turn.dice.hex(32),
        stamp: Stamp::None,
    };
    let genuine = draft("REPORT", genuine.to_string(), &merchant.mac_key);
    // A forger does not have the key.
    let forged = draft("REPORT forged", forged.to_string(), &[0; 32]);
    turn.outbox.send(turn.now, turn.faults.webhook, PLAN, Some(genuine), Some(forged))
}

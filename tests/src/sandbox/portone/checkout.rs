//! The buyer's window of `portone_v2`: opening it, what each button does, and the way back.

use serde_json::Value;

use super::{
    Account, Act, BRAND, DEPOSIT_MS, Engine, Means, PENDING_MS, Payment, Reason, Stage, Verdict,
    event, verdict,
};
use crate::sandbox::form::{Fields, is_web, with_query};
use crate::sandbox::window::{self, Lang, Purchase, Sheet, hidden, money};
use crate::sandbox::{Request, Response, Turn};

/// Characters of an order's name.
const ORDER_NAME_CHARS_MAX: usize = 100;
/// Where the window's buttons post to.
const ACTION: &str = "/portone/window";

/// The browser SDK.
pub(super) fn sdk() -> Response {
    let script = include_str!("../window/portone.js");
    Response::of(200, "text/javascript; charset=utf-8", script)
        .with("cross-origin-resource-policy", "cross-origin")
        .with("access-control-allow-origin", "*")
}

/// Where the SDK sends the browser: what `window/portone.js` does.
pub(super) fn script_opens(data: &Value) -> String {
    let names = ["storeId", "channelKey", "paymentId", "orderName", "currency", "payMethod"];
    let amount = data["totalAmount"].to_string();
    let mut fields: Vec<(&str, &str)> = names
        .into_iter()
        .chain(["redirectUrl"])
        .map(|name| (name, data[name].as_str().unwrap_or_default()))
        .collect();
    fields.push(("totalAmount", &amount));
    with_query("/window", &fields)
}

/// What the buyer pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Button {
    Approve,
    Issue,
    Challenge,
    Delay,
    Fail(Reason),
}

impl Button {
    fn parse(word: &str, means: Means) -> Option<Self> {
        match (word, means) {
            ("approve" | "issue_account" | "auth3ds_done", Means::VirtualAccount) => {
                Some(Self::Issue)
            }
            ("approve" | "auth3ds_done", _) => Some(Self::Approve),
            ("auth3ds", _) => Some(Self::Challenge),
            ("delay", _) => Some(Self::Delay),
            ("decline", _) => Some(Self::Fail(Reason::Declined)),
            ("cancel", _) => Some(Self::Fail(Reason::Cancelled)),
            _ => None,
        }
    }

    fn act(self) -> Act {
        match self {
            Self::Approve => Act::Pay,
            Self::Issue => Act::Issue,
            Self::Challenge => Act::Challenge,
            Self::Delay => Act::Delay,
            Self::Fail(_) => Act::Fail,
        }
    }
}

fn refused(lang: Lang) -> Response {
    window::notice(
        400,
        &BRAND,
        lang,
        lang.pick("결제를 시작할 수 없습니다", "The payment cannot start"),
        lang.pick(
            "상점, 채널, 결제번호 또는 금액이 등록된 내용과 다릅니다.",
            "Store, channel, payment id or amount differ from what was registered.",
        ),
    )
}

impl Engine {
    /// `GET /window`: the SDK sent the browser here.
    pub(super) fn window(&mut self, request: &Request, turn: &Turn<'_>) -> Response {
        let fields = Fields::parse(&request.query);
        let lang = Lang::of(fields.text("lang"));
        let Some(id) = self.opened(&fields, lang, turn) else { return refused(lang) };
        match self.payments.get(&id) {
            Some(payment) if matches!(payment.stage, Stage::Ready | Stage::Challenged) => {
                self.show(payment, request)
            }
            Some(payment) => leave(payment),
            None => refused(lang),
        }
    }

    /// The payment that the fields open; the amount must be the one that the shop announced.
    fn opened(&mut self, fields: &Fields, lang: Lang, turn: &Turn<'_>) -> Option<(usize, String)> {
        let merchant = self.merchants.iter().position(|merchant| {
            merchant.store_id == fields.text("storeId")
                && merchant.channel_key == fields.text("channelKey")
        })?;
        let means = Means::ALL.into_iter().find(|m| m.sdk() == fields.text("payMethod"))?;
        let amount: u64 = fields.text("totalAmount").parse().ok()?;
        let name = fields.text("orderName");
        let good = fields.text("currency") == "KRW"
            && (1..=ORDER_NAME_CHARS_MAX).contains(&name.chars().count())
            && is_web(fields.text("redirectUrl"));
        let id = (merchant, fields.text("paymentId").to_owned());
        // The sandbox's shops announce every payment; the real PortOne takes others too.
        let payment = self.payments.get_mut(&id)?;
        if !good || payment.agreed != amount {
            return None;
        }
        if verdict(&payment.stage, Act::Open) == Verdict::Go {
            payment.order_name = name.to_owned();
            payment.means = means;
            fields.text("redirectUrl").clone_into(&mut payment.redirect_url);
            payment.lang = lang;
            if payment.stage == Stage::Announced {
                payment.stage = Stage::Ready;
                payment.changed_at = turn.now;
            }
        }
        Some(id)
    }

    /// `POST /window`: a button was pressed.
    pub(super) fn window_action(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        let fields = Fields::parse(&request.text());
        let transaction = fields.text("transaction");
        let found = self.payments.values_mut().find(|p| p.transaction == transaction);
        let Some(payment) = found else { return refused(Lang::Ko) };
        let Some(button) = Button::parse(fields.text("action"), payment.means) else {
            return refused(payment.lang);
        };
        match verdict(&payment.stage, button.act()) {
            Verdict::Go => {}
            Verdict::Same | Verdict::Refuse(_) => return leave(payment),
        }
        payment.changed_at = turn.now;
        match button {
            Button::Approve => {
                payment.charged = turn.faults.wrong_amount.unwrap_or(payment.agreed);
                payment.capture(turn.now);
            }
            Button::Issue => {
                payment.charged = turn.faults.wrong_amount.unwrap_or(payment.agreed);
                let number = format!("P{}", turn.dice.digits(13));
                let account = Account { number, due: turn.now + DEPOSIT_MS };
                payment.stage = Stage::Waiting { account };
            }
            Button::Challenge => payment.stage = Stage::Challenged,
            Button::Delay => payment.stage = Stage::Pending { until: turn.now + PENDING_MS },
            Button::Fail(reason) => payment.stage = Stage::Failed { reason },
        }
        let after_delivery = event::announce(payment, &self.merchants, turn);
        let payment = payment.clone();
        if button == Button::Challenge {
            let fields = hidden("transaction", &payment.transaction);
            let purchase = self.purchase(&payment);
            return window::challenge(&BRAND, payment.lang, purchase, ACTION, &fields);
        }
        let response = if turn.faults.return_lost {
            window::connection_lost(&BRAND, payment.lang)
        } else {
            leave(&payment)
        };
        let response = Response { after_delivery, ..response };
        let moved = matches!(button, Button::Approve | Button::Issue);
        let lost = moved && turn.faults.answer_lost_after_capture;
        if lost { response.lost(turn.faults) } else { response }
    }

    fn purchase<'a>(&'a self, payment: &'a Payment) -> Purchase<'a> {
        let merchant = self.merchants.get(payment.merchant);
        Purchase {
            merchant: merchant.map_or("", |m| payment.lang.of_pair(m.names)),
            goods: &payment.order_name,
            amount: payment.agreed,
            order_id: &payment.id,
        }
    }

    fn show(&self, payment: &Payment, request: &Request) -> Response {
        let lang = payment.lang;
        let tabs: String = Means::ALL
            .into_iter()
            .map(|means| {
                let mark =
                    if means == payment.means { "aria-current=\"true\"" } else { "class=\"off\"" };
                format!("<li {mark}>{}</li>", means.name(lang))
            })
            .collect();
        let (id, action, text) = if payment.means == Means::VirtualAccount {
            let text = lang.pick("계좌 발급받기", "Get an account").to_owned();
            ("issue-account", "issue_account", text)
        } else {
            let amount = money(payment.agreed, lang);
            let text = match lang {
                Lang::Ko => format!("{amount} 결제하기"),
                Lang::En => format!("Pay {amount}"),
            };
            ("approve", "approve", text)
        };
        let body = format!(
            r#"<ul class="tabs" aria-label="{methods}">{tabs}</ul>
<form method="post" action="{ACTION}" id="pay-form">
{transaction}
<p class="hint">{hint}</p>
<p class="agree">{agree}</p>
<div class="actions">
<button class="primary" id="{id}" name="action" value="{action}">{text}</button>
<button class="quiet" id="cancel" name="action" value="cancel">{cancel}</button>
</div>
<details class="scenarios" open>
<summary>{scenarios}</summary>
<div>
<button id="auth3ds" name="action" value="auth3ds">{more}</button>
<button id="delay" name="action" value="delay">{delay}</button>
<button class="no" id="decline" name="action" value="decline">{decline}</button>
</div>
</details>
</form>"#,
            methods = lang.pick("결제 수단", "Methods"),
            transaction = hidden("transaction", &payment.transaction),
            hint = lang.pick(
                "테스트 수단으로 결제합니다. 실제로 청구되지 않습니다.",
                "Paid with a test instrument. Nothing is charged."
            ),
            agree = lang.pick(
                "결제 서비스 이용약관, 개인정보 처리에 동의합니다",
                "I agree to the terms of service and the privacy policy"
            ),
            cancel = lang.pick("결제 취소", "Cancel"),
            scenarios = lang.pick("테스트 시나리오", "Test scenarios"),
            more = lang.pick("추가 인증 후 승인", "Extra authentication, then approve"),
            delay = lang.pick("PG 승인 지연", "Approved by the PG later"),
            decline = lang.pick("카드사 거절", "Declined by the issuer"),
        );
        let others = |pair: &&str| pair.split('=').next() != Some("lang");
        let query: Vec<&str> = request.query.split('&').filter(others).collect();
        let other_lang =
            Some(format!("{ACTION}?{}&lang={}", query.join("&"), lang.pick("en", "ko")));
        let purchase = Some(self.purchase(payment));
        let (brand, script) = (&BRAND, String::new());
        window::page(200, &Sheet { brand, lang, purchase, other_lang, body, script })
    }
}

/// The way back: a redirect with nothing signed. Only a hint.
fn leave(payment: &Payment) -> Response {
    let mut go = with_query(&payment.redirect_url, &[("payment_id", &payment.id)]);
    if let Stage::Failed { reason } = payment.stage {
        let (_, text) = reason.row();
        go = with_query(&go, &[("code", "SANDBOX_FAILED"), ("message", text)]);
    }
    if is_web(&go) {
        return Response::page(303, "").with("location", &one_line(&go));
    }
    refused(payment.lang)
}

/// Addresses were checked when the window opened; a line's end cannot pass in any case.
fn one_line(url: &str) -> String {
    url.chars().filter(|c| !c.is_control()).collect()
}

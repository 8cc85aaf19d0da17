//! The buyer's window of `danal`: the person at the carrier, the number by message, the way back.
//!
//! The phone is part of the page: the one answer that sends a message shows it, as the phone in the buyer's
//! hand would, and types its number as phones do. Nothing else ever shows it again.

use super::hidden::Hidden;
use super::otp::{TRIES_MAX, Tried};
use super::subscriber::{CARRIERS, Line, Subscriber};
use super::{Act, BRAND, Deal, Engine, NAME, Reason, Stage, Verdict, verdict};
use crate::sandbox::faults::Webhook;
use crate::sandbox::form::{Fields, is_web};
use crate::sandbox::outbox::{Draft, Plan, Stamp};
use crate::sandbox::window::{self, Lang, Purchase, Sheet, escaped, hidden};
use crate::sandbox::{Request, Response, Turn};

/// The pages are Korean, as Danal's are.
const LANG: Lang = Lang::Ko;
/// Where the window's buttons post to.
const ACTION: &str = "/danal/window/act";
/// How long the phone takes to type its number, in milliseconds; a buyer who types is left alone.
const TYPES_MS: u32 = 2_500;

/// A window that was asked for without its form.
pub(super) fn lost_window() -> Response {
    refused("이 주소는 가맹점의 결제 요청(form POST)으로만 열립니다. Opened by a form POST only.")
}

fn refused(text: &str) -> Response {
    window::notice(400, &BRAND, LANG, "결제를 진행할 수 없습니다", text)
}

/// What a page shows besides itself.
#[derive(Default)]
struct Note<'a> {
    /// What was wrong with the page before.
    wrong: Option<String>,
    /// What just arrived at the phone.
    message: Option<&'a Hidden<String>>,
}

impl Engine {
    /// `POST …/Start.php`: our intermediate page's form arrives.
    pub(super) fn window(&mut self, request: &Request, turn: &Turn<'_>) -> Response {
        let fields = Fields::parse(&request.text());
        let unknown = "세션이 없거나 만료되었습니다. (2001)";
        let Some(tid) = self.tid_of(fields.text("ServerInfo")) else { return refused(unknown) };
        let Some(deal) = self.deals.get(&tid) else { return refused(unknown) };
        let named = fields.text("ItemAmt") == deal.agreed.to_string()
            && fields.text("ItemName") == deal.goods
            && fields.filled("CPName").is_some();
        if !named {
            return refused("결제 정보가 등록된 내용과 다릅니다. (2008)");
        }
        let (target, back) = (fields.text("TargetURL"), fields.text("BackURL"));
        if !is_web(target) || !is_web(back) {
            return refused("돌아갈 주소가 올바르지 않습니다.");
        }
        let Some(session) = self.sessions.get_mut(&tid) else { return refused(unknown) };
        session.target_url = Some(target.to_owned());
        session.back_url = Some(back.to_owned());
        match verdict(deal.stage, Act::Message) {
            Verdict::Go => self.person_page(&tid, &Note::default()),
            Verdict::Same | Verdict::Refuse(_) => self.leave(&tid, turn),
        }
    }

    /// `POST /window/act`: a button was pressed.
    pub(super) fn window_action(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        let fields = Fields::parse(&request.text());
        let Some(tid) = self.tid_of(fields.text("ServerInfo")) else { return lost_window() };
        let Some(stage) = self.deals.get(&tid).map(|deal| deal.stage) else { return lost_window() };
        if verdict(stage, Act::Message) != Verdict::Go {
            // Pressed again, or run out of time meanwhile.
            return self.leave(&tid, turn);
        }
        match (fields.text("action"), fields.text("page")) {
            ("approve", "person") => self.person(&tid, &fields, turn),
            ("approve", "number") => self.number(&tid, fields.text("otp"), turn),
            ("resend", "number") => self.message(&tid, turn),
            ("decline", _) => self.fail(&tid, Reason::CarrierRefused, turn),
            ("cancel", _) => self.fail(&tid, Reason::BuyerCancelled, turn),
            _ => lost_window(),
        }
    }

    /// The carrier is asked who that is.
    fn person(&mut self, tid: &str, fields: &Fields, turn: &mut Turn<'_>) -> Response {
        let Some(subscriber) = Subscriber::read(fields) else {
            let wrong = Some("통신사, 휴대폰 번호, 생년월일을 다시 확인해 주세요.".to_owned());
            return self.person_page(tid, &Note { wrong, message: None });
        };
        let key = self.key(turn);
        let phone = Self::code_of(&key, &subscriber.phone);
        let amount = self.deals.get(tid).map_or(0, |deal| deal.agreed);
        let fits = subscriber.line != Line::Spent && self.fits(&phone, amount, turn.now);
        let barred = subscriber.line == Line::Barred;
        if let Some(deal) = self.deals.get_mut(tid) {
            deal.phone = Some(phone);
        }
        if let Some(session) = self.sessions.get_mut(tid) {
            session.subscriber = Some(Hidden::new(subscriber));
        }
        if barred {
            return self.fail(tid, Reason::CarrierRefused, turn);
        }
        if !fits {
            return self.fail(tid, Reason::OverCeiling, turn);
        }
        self.message(tid, turn)
    }

    /// A number goes to the phone.
    fn message(&mut self, tid: &str, turn: &mut Turn<'_>) -> Response {
        let key = self.key(turn);
        let Some(session) = self.sessions.get_mut(tid) else { return lost_window() };
        if session.subscriber.is_none() {
            return lost_window();
        }
        let sent = session.messages.send(&key, tid, &mut turn.dice, turn.now);
        let Some(number) = sent else {
            return self.fail(tid, Reason::OtpTriedTooOften, turn);
        };
        if let Some(deal) = self.deals.get_mut(tid) {
            deal.stage = Stage::Messaged;
        }
        self.number_page(tid, &Note { wrong: None, message: Some(&number) })
    }

    /// The number that the buyer typed.
    fn number(&mut self, tid: &str, typed: &str, turn: &mut Turn<'_>) -> Response {
        let key = self.key(turn);
        let (Some(session), Some(deal)) = (self.sessions.get_mut(tid), self.deals.get_mut(tid))
        else {
            return lost_window();
        };
        if verdict(deal.stage, Act::Confirm) != Verdict::Go {
            return lost_window();
        }
        match session.messages.check(&key, tid, typed, turn.now) {
            Tried::Right => {
                deal.stage = Stage::Confirmed(turn.now);
                self.lie(tid, turn);
                self.leave(tid, turn)
            }
            Tried::TooOften => self.fail(tid, Reason::OtpTriedTooOften, turn),
            Tried::Wrong(left) => {
                let wrong = format!("인증번호가 맞지 않거나 만료되었습니다. {left}번 남았습니다.");
                self.number_page(tid, &Note { wrong: Some(wrong), message: None })
            }
        }
    }

    fn fail(&mut self, tid: &str, reason: Reason, turn: &mut Turn<'_>) -> Response {
        if let Some(deal) = self.deals.get_mut(tid) {
            deal.fail(reason);
        }
        self.lie(tid, turn);
        self.leave(tid, turn)
    }

    /// Danal sends no events; somebody else may, and says that it is paid.
    fn lie(&self, tid: &str, turn: &mut Turn<'_>) {
        let Some(deal) = self.deals.get(tid) else { return };
        let Some(merchant) = self.merchants.get(deal.merchant) else { return };
        let body = format!(
            "Result=0&CPID={}&AMOUNT={}&ORDERID={}&TID={tid}",
            merchant.id, deal.agreed, deal.order_id
        );
        let kind = "application/x-www-form-urlencoded".to_owned();
        let forged = Draft {
            provider: NAME,
            request_id: deal.order_id.clone(),
            topic: "BILLED forged".to_owned(),
            url: merchant.no_webhook.clone(),
            headers: vec![("content-type".to_owned(), kind)],
            body,
            transmission_id: turn.dice.hex(32),
            stamp: Stamp::None,
        };
        if matches!(turn.faults.webhook, Webhook::Forged | Webhook::ForgedOnly) {
            turn.outbox.send(turn.now, turn.faults.webhook, Plan::ONCE, None, Some(forged));
        }
    }

    /// The way back: a form to the merchant once the number was right, and out of the window otherwise.
    fn leave(&self, tid: &str, turn: &Turn<'_>) -> Response {
        let lost = window::connection_lost(&BRAND, LANG);
        let (Some(session), Some(deal)) = (self.sessions.get(tid), self.deals.get(tid)) else {
            return lost;
        };
        let (Some(target), Some(back)) = (&session.target_url, &session.back_url) else {
            return lost;
        };
        if turn.faults.return_lost {
            return lost;
        }
        if let Stage::Failed(_) = deal.stage {
            return Response::page(303, "").with("location", back);
        }
        let body = format!(
            r#"<form method="post" action="{url}" id="back" accept-charset="euc-kr">{session}{kind}{amount}
<div class="notice" role="status"><div class="spinner" aria-hidden="true"></div><h2>가맹점으로 돌아가는 중입니다</h2></div>
<noscript><div class="actions"><button class="primary">가맹점으로 돌아가기</button></div></noscript>
</form>"#,
            url = escaped(target),
            session = hidden("ServerInfo", &session.server_info),
            kind = hidden("PayType", "TELEDIT"),
            amount = hidden("ItemAmt", &deal.agreed.to_string()),
        );
        let script = "document.getElementById('back').submit()".to_owned();
        let (brand, purchase, other_lang) = (&BRAND, None, None);
        window::page(200, &Sheet { brand, lang: LANG, purchase, other_lang, body, script })
    }

    fn shown(&self, tid: &str, body: String, script: String) -> Response {
        let Some(deal) = self.deals.get(tid) else { return lost_window() };
        let purchase = Some(self.purchase(deal));
        let (brand, other_lang) = (&BRAND, None);
        window::page(200, &Sheet { brand, lang: LANG, purchase, other_lang, body, script })
    }

    fn purchase<'a>(&self, deal: &'a Deal) -> Purchase<'a> {
        let merchant = self.merchants.get(deal.merchant);
        Purchase {
            merchant: merchant.map_or("", |m| LANG.of_pair(m.names)),
            goods: &deal.goods,
            amount: deal.agreed,
            order_id: &deal.order_id,
        }
    }

    fn session_field(&self, tid: &str) -> String {
        let session = self.sessions.get(tid);
        hidden("ServerInfo", session.map_or("", |session| &session.server_info))
    }

    /// Who pays.
    fn person_page(&self, tid: &str, note: &Note<'_>) -> Response {
        let carriers: String = CARRIERS
            .iter()
            .enumerate()
            .map(|(n, (word, name))| {
                let checked = if n == 0 { " checked" } else { "" };
                format!(
                    r#"<label class="choice"><input type="radio" name="carrier" value="{word}" id="carrier-{word}"{checked}><span class="name"><b>{name}</b></span></label>"#
                )
            })
            .collect();
        let lines: String = [
            ("own", "일반 회선", "승인", true),
            ("spent", "이번 달 한도를 다 쓴 회선", "한도 초과", false),
            ("barred", "결제가 차단된 회선", "거절", false),
        ]
        .iter()
        .map(|(word, name, effect, good)| {
            let (checked, no) = if *good { (" checked", "") } else { ("", " no") };
            format!(
                r#"<label class="choice"><input type="radio" name="line" value="{word}" id="line-{word}"{checked}><span class="name"><b>{name}</b></span><span class="tag{no}">{effect}</span></label>"#
            )
        })
        .collect();
        // A number of its own for each transaction: everybody's month is empty.
        let end = tid.get(10..).unwrap_or("00000000");
        let body = format!(
            r#"<ol class="tabs" aria-label="단계"><li aria-current="true">본인확인</li><li class="off">인증번호</li></ol>
<form method="post" action="{ACTION}" id="pay-form">
{session}{page}{wrong}
<fieldset><legend>통신사</legend><div class="choices pair">{carriers}</div></fieldset>
<label class="field"><span class="label">휴대폰 번호</span><input type="tel" name="phone" id="phone" value="010{end}" maxlength="13" autocomplete="off"></label>
<div class="pair">
<label class="field"><span class="label">생년월일 6자리</span><input type="text" inputmode="numeric" name="birth" id="birth" value="900101" maxlength="6" autocomplete="off"></label>
<label class="field"><span class="label">성별 숫자 1자리</span><input type="text" inputmode="numeric" name="sex" id="sex" value="1" maxlength="1" autocomplete="off"></label>
</div>
<fieldset><legend>테스트 회선</legend><div class="choices">{lines}</div></fieldset>
<p class="agree">통신과금 서비스 이용약관에 동의합니다</p>
<div class="actions">
<button class="primary" id="approve" name="action" value="approve">인증번호 받기</button>
<button class="quiet" id="cancel" name="action" value="cancel">결제 취소</button>
</div>
<details class="scenarios" open>
<summary>테스트 시나리오</summary>
<div><button class="no" id="decline" name="action" value="decline">통신사 거절</button></div>
</details>
</form>"#,
            session = self.session_field(tid),
            page = hidden("page", "person"),
            wrong = wrong(note),
        );
        self.shown(tid, body, String::new())
    }

    /// What was in the message?
    fn number_page(&self, tid: &str, note: &Note<'_>) -> Response {
        let typed = note.message.map_or("", |number| number.shown().as_str());
        let phone = if typed.is_empty() {
            String::new()
        } else {
            format!(
                r#"<aside class="phone" aria-label="테스트 휴대폰" id="message"><b>테스트 휴대폰</b><p>[다날] 인증번호 <b>{typed}</b> 를 입력해 주세요. 다른 사람에게 알려 주지 마세요.</p></aside>"#
            )
        };
        let script = if typed.is_empty() {
            String::new()
        } else {
            format!(
                "var o=document.getElementById('otp'),t=setTimeout(function(){{document.getElementById('approve').click()}},{TYPES_MS});o.addEventListener('focus',function(){{clearTimeout(t)}})"
            )
        };
        let body = format!(
            r#"<ol class="tabs" aria-label="단계"><li class="off">본인확인</li><li aria-current="true">인증번호</li></ol>
{phone}
<form method="post" action="{ACTION}" id="otp-form">
{session}{page}{wrong}
<label class="field"><span class="label">인증번호 6자리</span><input type="text" inputmode="numeric" autocomplete="one-time-code" name="otp" id="otp" value="{typed}" maxlength="6"></label>
<p class="hint">{TRIES_MAX}번 잘못 입력하면 결제가 끝납니다. 테스트 휴대폰은 받은 번호를 스스로 입력합니다.</p>
<div class="actions">
<button class="primary" id="approve" name="action" value="approve">결제하기</button>
<button class="quiet" id="cancel" name="action" value="cancel">결제 취소</button>
</div>
<div class="actions"><button id="resend" name="action" value="resend">인증번호 다시 받기</button></div>
</form>"#,
            session = self.session_field(tid),
            page = hidden("page", "number"),
            wrong = wrong(note),
        );
        self.shown(tid, body, script)
    }
}

fn wrong(note: &Note<'_>) -> String {
    let text = note.wrong.as_deref().map(escaped);
    text.map_or_else(String::new, |text| format!(r#"<p class="wrong" role="alert">{text}</p>"#))
}

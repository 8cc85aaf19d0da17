//! The buyer's popups of `unicro`: joining, and paying. Nothing leads back to a shop: they close themselves.

use super::{BRAND, Engine, Item, Member, Payway, Stage, Trade, event};
use crate::sandbox::form::Fields;
use crate::sandbox::window::{self, Lang, Purchase, Sheet, escaped, hidden, money};
use crate::sandbox::{Request, Response, Turn};

/// The pages are Korean, as the manual's are.
const LANG: Lang = Lang::Ko;
/// How long a last page stays, in milliseconds.
const STAY_MS: u32 = 1_200;
/// What a page needs of its opener, and repeats in its form.
const TRADE_FIELDS: [&str; 6] = [
    "unicroItemNo",
    "partnerTradeNo",
    "payway",
    "deliveryPayCd",
    "unicroUserToken",
    "partnerApiKey",
];

/// A popup that was asked for without its form.
pub(super) fn lost_window() -> Response {
    refused("이 주소는 제휴사의 요청(form POST)으로만 열립니다. Opened by a form POST only.")
}

fn refused(text: &str) -> Response {
    window::notice(400, &BRAND, LANG, "진행할 수 없습니다", text)
}

/// A last page: it says what happened and goes away.
fn last(title: &str, text: &str, stays: bool) -> Response {
    let body = format!(
        r#"<div class="notice" role="status"><h2>{}</h2><p>{}</p>
<div class="actions"><button id="close" class="primary" type="button" onclick="window.close()">창 닫기</button></div></div>"#,
        escaped(title),
        escaped(text),
    );
    let script = if stays {
        String::new()
    } else {
        format!("setTimeout(function(){{window.close()}},{STAY_MS})")
    };
    let (brand, purchase, other_lang) = (&BRAND, None, None);
    window::page(200, &Sheet { brand, lang: LANG, purchase, other_lang, body, script })
}

fn is_user(user: &str) -> bool {
    let spelt = user.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    spelt && (4..=16).contains(&user.len())
}

impl Engine {
    fn partner(&self, fields: &Fields) -> Option<usize> {
        let key = fields.filled("partnerApiKey")?;
        self.merchants.iter().position(|merchant| merchant.api_key == key)
    }

    /// `POST /user/agreement`.
    pub(super) fn agreement(&self, request: &Request) -> Response {
        let fields = Fields::parse(&request.text());
        let user = fields.text("partnerUserId");
        let Some(partner) = self.partner(&fields).filter(|_| is_user(user)) else {
            return refused("제휴사 아이디 또는 키가 올바르지 않습니다.");
        };
        if self.members.get(&(partner, user.to_owned())).is_some_and(|m| m.state == "NORMAL") {
            return last("이미 유니크로 회원입니다", "창을 닫고 결제를 계속해 주세요.", false);
        }
        let body = format!(
            r#"<ol class="tabs" aria-label="가입 단계"><li aria-current="true">약관동의</li><li class="off">본인인증</li><li class="off">회원가입</li></ol>
<form method="post" action="/unicro/user/agreement/act" id="join-form">
{user}{key}
<div class="notice"><h2>안전거래를 위해 유니크로에 가입합니다</h2>
<p>결제한 금액은 물건을 받고 구매를 승인할 때까지 유니크로가 보관합니다.</p></div>
<p class="agree">유니크로 이용약관에 동의합니다</p>
<p class="agree">개인정보 수집·이용과 제3자 제공에 동의합니다</p>
<p class="hint">샌드박스에서는 본인인증이 바로 끝납니다.</p>
<div class="actions">
<button class="primary" id="join" name="action" value="join">동의하고 본인인증</button>
<button class="quiet" id="cancel" name="action" value="cancel">취소</button>
</div>
</form>"#,
            user = hidden("partnerUserId", user),
            key = hidden("partnerApiKey", fields.text("partnerApiKey")),
        );
        let (brand, purchase, other_lang) = (&BRAND, None, None);
        let script = String::new();
        window::page(200, &Sheet { brand, lang: LANG, purchase, other_lang, body, script })
    }

    /// `POST /user/agreement/act`: a button was pressed.
    pub(super) fn join(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        let fields = Fields::parse(&request.text());
        let user = fields.text("partnerUserId").to_owned();
        let Some(partner) = self.partner(&fields).filter(|_| is_user(&user)) else {
            return refused("제휴사 아이디 또는 키가 올바르지 않습니다.");
        };
        if fields.text("action") != "join" {
            return last(
                "가입을 취소했습니다",
                "창을 닫고 다른 결제 수단을 고를 수 있습니다.",
                false,
            );
        }
        let Some(merchant) = self.merchants.get(partner) else { return lost_window() };
        let known = self.members.get(&(partner, user.clone())).filter(|m| m.state == "NORMAL");
        let key = known.map_or_else(|| format!("$2a$10${}", turn.dice.hex(53)), |m| m.key.clone());
        let after_delivery = event::joined(&user, &key, merchant, turn);
        self.members.insert((partner, user), Member { key, state: "NORMAL" });
        let page = last("가입이 끝났습니다", "창이 닫히면 쇼핑몰에서 결제를 계속해 주세요.", false);
        Response { after_delivery, ..page }
    }

    /// What a trade's page was opened with, if everything fits together.
    fn opened(&self, fields: &Fields) -> Result<(Item, Payway, String), &'static str> {
        let partner = self.partner(fields).ok_or("제휴사 키가 올바르지 않습니다.")?;
        let token = self.tokens.get(fields.text("unicroUserToken"));
        let (of, user, _) =
            token.ok_or("인증 토큰이 만료되었습니다. 창을 닫고 다시 시도해 주세요.")?;
        let item = self.items.get(fields.text("unicroItemNo"));
        let item = item.filter(|item| item.partner == partner && *of == partner);
        let item = item.ok_or("상품을 찾을 수 없습니다.")?;
        let word = fields.text("payway");
        let way = Payway::ALL.into_iter().find(|way| way.word() == word);
        let way = way.filter(|_| item.payways.iter().any(|each| each == word));
        let way = way.ok_or("사용할 수 없는 결제 수단입니다.")?;
        let number = fields.filled("partnerTradeNo").ok_or("제휴사 거래번호가 없습니다.")?;
        let taken = self.trades.values().any(|trade| {
            trade.partner == partner
                && trade.partner_trade_no == number
                && trade.stage != Stage::Deleted
        });
        if item.sold || taken {
            return Err("이미 결제된 거래입니다.");
        }
        Ok((item.clone(), way, user.clone()))
    }

    /// `POST /trades/web` and `/trades/mobile`.
    pub(super) fn window(&self, request: &Request) -> Response {
        let fields = Fields::parse(&request.text());
        match self.opened(&fields) {
            Ok((item, way, _)) => self.show(&item, way, &fields),
            Err(text) => refused(text),
        }
    }

    fn show(&self, item: &Item, way: Payway, fields: &Fields) -> Response {
        let tabs: String = Payway::ALL
            .into_iter()
            .map(|each| {
                let mark = if each == way { "aria-current=\"true\"" } else { "class=\"off\"" };
                format!("<li {mark}>{}</li>", each.name())
            })
            .collect();
        let kept: String =
            TRADE_FIELDS.iter().map(|name| hidden(name, fields.text(name))).collect();
        let (id, action, text) = match way {
            Payway::VirtualAccount => {
                ("issue-account", "issue_account", "입금 계좌 발급받기".to_owned())
            }
            Payway::Card | Payway::Bank => {
                ("approve", "approve", format!("{} 결제하기", money(item.price, LANG)))
            }
        };
        let body = format!(
            r#"<ul class="tabs" aria-label="결제 수단">{tabs}</ul>
<form method="post" action="/unicro/trades/act" id="pay-form">
{kept}
<p class="hint">테스트 결제입니다. 실제로 청구되지 않습니다.</p>
<p class="agree">대금은 구매 승인까지 유니크로가 안전하게 보관합니다</p>
<p class="agree">전자금융거래 이용약관에 동의합니다</p>
<div class="actions">
<button class="primary" id="{id}" name="action" value="{action}">{text}</button>
<button class="quiet" id="cancel" name="action" value="cancel">결제 취소</button>
</div>
<details class="scenarios" open>
<summary>테스트 시나리오</summary>
<div><button class="no" id="decline" name="action" value="decline">카드사 거절</button></div>
</details>
</form>"#
        );
        let merchant = self.merchants.get(item.partner);
        let purchase = Some(Purchase {
            merchant: merchant.map_or("", |merchant| merchant.names[0]),
            goods: &item.name,
            amount: item.price,
            order_id: fields.text("partnerTradeNo"),
        });
        let (brand, other_lang, script) = (&BRAND, None, String::new());
        window::page(200, &Sheet { brand, lang: LANG, purchase, other_lang, body, script })
    }

    /// `POST /trades/act`: a button was pressed.
    pub(super) fn window_action(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        let fields = Fields::parse(&request.text());
        let (item, way, buyer) = match self.opened(&fields) {
            Ok(opened) => opened,
            Err(text) => return refused(text),
        };
        let number = fields.text("partnerTradeNo").to_owned();
        let stays = turn.faults.return_lost;
        match fields.text("action") {
            "approve" | "issue_account" => {}
            "decline" => {
                let merchant = self.merchants.get(item.partner);
                let letter = merchant.and_then(|m| event::failed(&number, m, turn));
                let page = last("결제에 실패했습니다", "카드 승인이 거절되었습니다.", stays);
                return Response { after_delivery: letter, ..page };
            }
            _ => return last("결제를 취소했습니다", "결제된 금액이 없습니다.", stays),
        }
        let trade = self.trade(&item, way, buyer, &fields, turn);
        let after_delivery = event::ended_in_window(&trade, &self.merchants, &item.name, turn);
        let page = if trade.stage == Stage::Standby {
            last("입금 계좌가 발급되었습니다", "24시간 안에 입금해 주세요.", stays)
        } else {
            last("결제가 완료되었습니다", "잠시 뒤 창이 닫힙니다.", stays)
        };
        self.trades.insert(trade.number.clone(), trade);
        let response = Response { after_delivery, ..page };
        let lost = turn.faults.answer_lost_after_capture;
        if lost { response.lost(turn.faults) } else { response }
    }

    /// The only place where a trade comes into being, and with it the money.
    fn trade(
        &mut self,
        item: &Item,
        payway: Payway,
        buyer: String,
        fields: &Fields,
        turn: &mut Turn<'_>,
    ) -> Trade {
        let item_no = fields.text("unicroItemNo").to_owned();
        if let Some(item) = self.items.get_mut(&item_no) {
            item.sold = true;
        }
        let waits = payway == Payway::VirtualAccount;
        Trade {
            partner: item.partner,
            number: format!("2211{}", turn.dice.digits(8)),
            partner_trade_no: fields.text("partnerTradeNo").to_owned(),
            item_no,
            buyer,
            seller: item.seller.clone(),
            payway,
            agreed: item.price,
            charged: turn.faults.wrong_amount.unwrap_or(item.price),
            account: waits.then(|| format!("U{}", turn.dice.digits(13))),
            opened_at: turn.now,
            changed_at: turn.now,
            captures: u32::from(!waits),
            stage: if waits { Stage::Standby } else { Stage::Approved },
        }
    }
}

//! Callbacks of `unicro`, 7.0 and 7.2 to 7.6: posted forms, unsigned. A forger needs nothing to write one.

use super::merchant::Merchant;
use super::{NAME, PLAN, Payway, Trade};
use crate::sandbox::faults::Webhook;
use crate::sandbox::form::encoded;
use crate::sandbox::outbox::{Draft, Stamp};
use crate::sandbox::{Turn, moment};

type Pairs<'a> = Vec<(&'a str, String)>;

fn draft(
    about: &str,
    topic: &str,
    merchant: &Merchant,
    fields: &Pairs<'_>,
    turn: &mut Turn<'_>,
) -> Draft {
    let body: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    Draft {
        provider: NAME,
        request_id: about.to_owned(),
        topic: topic.to_owned(),
        url: merchant.callback_url.clone(),
        headers: vec![(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded; charset=utf-8".to_owned(),
        )],
        body: body.join("&"),
        transmission_id: turn.dice.hex(32),
        stamp: Stamp::None,
    }
}

/// 7.0: a buyer has joined. Bad days are the payments' own: without its key no buyer ever came to one.
pub(super) fn joined(
    user: &str,
    key: &str,
    merchant: &Merchant,
    turn: &mut Turn<'_>,
) -> Option<u64> {
    let fields = vec![("unicroUserKey", key.to_owned()), ("partnerUserId", user.to_owned())];
    let genuine = draft(user, "7.0", merchant, &fields, turn);
    turn.outbox.send(turn.now, Webhook::Normal, PLAN, Some(genuine), None)
}

/// 7.2: paid, or an account was issued; 7.3 when it failed.
pub(super) fn ended_in_window(
    trade: &Trade,
    merchants: &[Merchant],
    item_name: &str,
    turn: &mut Turn<'_>,
) -> Option<u64> {
    let mut fields = numbers(trade);
    fields.push(("payway", trade.payway.word().to_owned()));
    fields.push(("buyAmt", trade.charged.to_string()));
    fields.push(("itemName", item_name.to_owned()));
    if let Some(account) = &trade.account {
        let due = moment::stamp(trade.opened_at + super::DEPOSIT_MS);
        fields.push(("vaDate", due));
        fields.push(("bankName", "국민은행".to_owned()));
        fields.push(("accountNo", account.clone()));
    }
    if trade.payway == Payway::Card {
        fields.push(("cardName", "신한카드".to_owned()));
    }
    send(trade, "7.2", &fields, merchants, turn)
}

/// 7.3: the payment failed in the window; there is no trade.
pub(super) fn failed(
    partner_trade_no: &str,
    merchant: &Merchant,
    turn: &mut Turn<'_>,
) -> Option<u64> {
    let fields = vec![
        ("unicroTradeNo", String::new()),
        ("partnerTradeNo", partner_trade_no.to_owned()),
        ("msg", "카드 승인이 거절되었습니다".to_owned()),
    ];
    let genuine = draft(partner_trade_no, "7.3", merchant, &fields, turn);
    let forged = draft(partner_trade_no, "7.2 forged", merchant, &lie(partner_trade_no), turn);
    turn.outbox.send(turn.now, turn.faults.webhook, PLAN, Some(genuine), Some(forged))
}

/// 7.4: the deposit is there.
pub(super) fn deposited(trade: &Trade, merchants: &[Merchant], turn: &mut Turn<'_>) -> Option<u64> {
    let mut fields = numbers(trade);
    fields.push(("msg", "입금이 완료되었습니다".to_owned()));
    send(trade, "7.4", &fields, merchants, turn)
}

/// 7.5: when the seller gets the money.
pub(super) fn paid_out(trade: &Trade, merchants: &[Merchant], turn: &mut Turn<'_>) -> Option<u64> {
    let mut fields = numbers(trade);
    let day = moment::stamp(turn.now);
    fields.push(("saleReservationDate", day.clone()));
    fields.push(("saleCompleteDate", day));
    fields.push(("sellerAmt", trade.charged.saturating_sub(1_000).to_string()));
    send(trade, "7.5", &fields, merchants, turn)
}

/// 7.6: Unicro's people cancelled.
pub(super) fn cancelled(trade: &Trade, merchants: &[Merchant], turn: &mut Turn<'_>) -> Option<u64> {
    let mut fields = numbers(trade);
    fields.push(("returnCd", "39".to_owned()));
    fields.push(("returnMemo", "관리자 취소".to_owned()));
    send(trade, "7.6", &fields, merchants, turn)
}

fn numbers(trade: &Trade) -> Pairs<'static> {
    vec![
        ("unicroTradeNo", trade.number.clone()),
        ("partnerTradeNo", trade.partner_trade_no.clone()),
    ]
}

/// What a forger says of any request: that it is paid, and more.
fn lie(partner_trade_no: &str) -> Pairs<'static> {
    vec![
        ("unicroTradeNo", "999999999999".to_owned()),
        ("partnerTradeNo", partner_trade_no.to_owned()),
        ("payway", "CARD".to_owned()),
        ("buyAmt", "99000000".to_owned()),
        ("itemName", "forged".to_owned()),
    ]
}

fn send(
    trade: &Trade,
    topic: &str,
    fields: &Pairs<'_>,
    merchants: &[Merchant],
    turn: &mut Turn<'_>,
) -> Option<u64> {
    let merchant = merchants.get(trade.partner)?;
    let genuine = draft(&trade.partner_trade_no, topic, merchant, fields, turn);
    let forged = lie(&trade.partner_trade_no);
    let forged = draft(&trade.partner_trade_no, "7.2 forged", merchant, &forged, turn);
    turn.outbox.send(turn.now, turn.faults.webhook, PLAN, Some(genuine), Some(forged))
}

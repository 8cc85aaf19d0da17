//! The commands of `danal`, as its relay carries them: a form there, a form back.

use super::{Act, Code, Deal, Engine, Reason, Session, Stage, Verdict, verdict};
use crate::sandbox::form::{Fields, encoded};
use crate::sandbox::{Request, Response, Turn, moment};

/// The largest bill, in KRW: six digits.
const AMOUNT_MAX_KRW: u64 = 999_999;
/// The largest amount that is too small, in KRW.
const TOO_SMALL_KRW: u64 = 300;
/// Characters of an order's number.
const ORDER_CHARS_MAX: usize = 200;

type Pairs = Vec<(&'static str, String)>;

/// Which money a command moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moved {
    Nothing,
    Here,
    Back,
}

impl Engine {
    /// Answers a command.
    pub(super) fn command(&mut self, request: &Request, turn: &mut Turn<'_>) -> Response {
        let delay_ms = turn.faults.slow_ms;
        if turn.faults.fails_now() {
            let page = "<html><body><h1>502 Bad Gateway</h1></body></html>";
            return Response { delay_ms, ..Response::page(502, page) };
        }
        let fields = Fields::parse(&request.text());
        let (moved, pairs) = self.perform(&fields, turn).unwrap_or_else(|code| {
            let (result, text) = code.row();
            (Moved::Nothing, vec![("Result", result.to_owned()), ("ErrMsg", text.to_owned())])
        });
        let body: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let kind = "application/x-www-form-urlencoded; charset=utf-8";
        let response = Response { delay_ms, ..Response::of(200, kind, body.join("&")) };
        let lost = match moved {
            Moved::Nothing => false,
            Moved::Here => turn.faults.answer_lost_after_capture,
            Moved::Back => turn.faults.answer_lost_after_refund,
        };
        if lost { response.lost(turn.faults) } else { response }
    }

    fn perform(&mut self, fields: &Fields, turn: &mut Turn<'_>) -> Result<(Moved, Pairs), Code> {
        let mut done = vec![("Result", "0".to_owned()), ("ErrMsg", String::new())];
        let (moved, more) = match fields.text("Command") {
            "ITEMSEND2" => (Moved::Nothing, self.announce(fields, turn)?),
            "NCONFIRM" => (Moved::Nothing, self.confirm(fields)?),
            "NBILL" => (Moved::Here, self.bill(fields, turn)?),
            "BILL_CANCEL" => (Moved::Back, self.give_back(fields, false, turn)?),
            "BILL_REFUND" => (Moved::Back, self.give_back(fields, true, turn)?),
            _ => return Err(Code::Malformed),
        };
        done.extend(more);
        Ok((moved, done))
    }

    /// The merchant whose password this is.
    fn merchant(&self, fields: &Fields) -> Result<usize, Code> {
        let (id, password) = (fields.text("ID"), fields.text("PWD"));
        let known = self.merchants.iter().position(|merchant| merchant.id == id);
        let right = |n: &usize| {
            self.merchants.get(*n).is_some_and(|merchant| *merchant.password.shown() == password)
        };
        known.filter(right).ok_or(Code::WrongMerchant)
    }

    /// `ITEMSEND2`: the merchant proves itself, and gets a session.
    fn announce(&mut self, fields: &Fields, turn: &mut Turn<'_>) -> Result<Pairs, Code> {
        let merchant = self.merchant(fields)?;
        let expected = [("SERVICE", "TELEDIT"), ("ItemCount", "1"), ("ItemType", "Amount")];
        let order = fields.filled("ORDERID").ok_or(Code::Malformed)?;
        let parts: Vec<&str> = fields.text("ItemInfo").split('|').collect();
        let [_, amount, "1", code, goods] = parts[..] else { return Err(Code::Malformed) };
        let amount: u64 = amount.parse().map_err(|_| Code::Malformed)?;
        let good = expected.iter().all(|(name, value)| fields.text(name) == *value)
            && order.chars().count() <= ORDER_CHARS_MAX
            && (1..=60).contains(&fields.text("USERID").chars().count())
            && !code.is_empty()
            && !goods.is_empty();
        if !good || amount > AMOUNT_MAX_KRW {
            return Err(Code::Malformed);
        }
        if amount <= TOO_SMALL_KRW {
            return Err(Code::AmountTooSmall);
        }
        let same = |deal: &Deal| deal.merchant == merchant && deal.order_id == order;
        let known = self.deals.iter().find(|(_, deal)| same(deal));
        if let Some((tid, deal)) = known {
            let session = self.sessions.get(tid).ok_or(Code::UnknownSession)?;
            let again = deal.agreed == amount;
            let pairs = vec![("ServerInfo", session.server_info.clone())];
            return if again { Ok(pairs) } else { Err(Code::OtherAmount) };
        }
        let tid = format!("{}{}", moment::stamp(turn.now), turn.dice.digits(4));
        let server_info = turn.dice.hex(64);
        let session = Session {
            server_info: server_info.clone(),
            opened_at: turn.now,
            target_url: None,
            back_url: None,
            subscriber: None,
            messages: super::Messages::default(),
        };
        let deal = Deal {
            merchant,
            order_id: order.to_owned(),
            agreed: amount,
            charged: amount,
            goods: goods.to_owned(),
            opened_at: turn.now,
            phone: None,
            captures: 0,
            stage: Stage::Announced,
        };
        self.sessions.insert(tid.clone(), session);
        self.deals.insert(tid, deal);
        Ok(vec![("ServerInfo", server_info)])
    }

    /// `NCONFIRM`: where the session stands; with option 1, only if it is this merchant's and amount.
    fn confirm(&self, fields: &Fields) -> Result<Pairs, Code> {
        let tid = self.tid_of(fields.text("ServerInfo")).ok_or(Code::UnknownSession)?;
        let deal = self.deals.get(&tid).ok_or(Code::UnknownSession)?;
        match deal.stage {
            Stage::Announced | Stage::Messaged => return Err(Code::NotConfirmed),
            Stage::Failed(reason) => return Err(Code::Failed(reason)),
            Stage::Confirmed(_) | Stage::Billed(_) => {}
            Stage::Cancelled(..) | Stage::Refunded(..) => {}
        }
        let id = self.merchants.get(deal.merchant).map_or("", |merchant| merchant.id);
        let amount = if deal.billed_at().is_some() { deal.charged } else { deal.agreed };
        let amount = amount.to_string();
        match fields.text("ConfirmOption") {
            "0" => {}
            "1" if fields.text("CPID") == id && fields.text("AMOUNT") == amount => {}
            "1" => return Err(Code::OtherAmount),
            _ => return Err(Code::Malformed),
        }
        let mut pairs = vec![
            ("CPID", id.to_owned()),
            ("AMOUNT", amount),
            ("ORDERID", deal.order_id.clone()),
            ("TID", tid),
        ];
        pairs.extend(deal.billed_at().map(|at| ("DATE", moment::stamp(at))));
        pairs.extend(deal.back_at().map(|at| ("CANCELDATE", moment::stamp(at))));
        Ok(pairs)
    }

    /// `NBILL`: the one place where a bill comes into being.
    fn bill(&mut self, fields: &Fields, turn: &mut Turn<'_>) -> Result<Pairs, Code> {
        let tid = self.tid_of(fields.text("ServerInfo")).ok_or(Code::UnknownSession)?;
        let deal = self.deals.get(&tid).ok_or(Code::UnknownSession)?;
        match verdict(deal.stage, Act::Bill) {
            Verdict::Go => {}
            Verdict::Same => return Err(Code::Billed),
            Verdict::Refuse(code) => return Err(code),
        }
        // Another payment of the same phone may have come between the message and this.
        let fits = deal.phone.as_deref().is_some_and(|p| self.fits(p, deal.agreed, turn.now));
        let deal = self.deals.get_mut(&tid).ok_or(Code::UnknownSession)?;
        if !fits {
            deal.fail(Reason::OverCeiling);
            return Err(Code::Failed(Reason::OverCeiling));
        }
        deal.charged = turn.faults.wrong_amount.unwrap_or(deal.agreed);
        deal.captures += 1;
        deal.stage = Stage::Billed(turn.now);
        let date = moment::stamp(turn.now);
        let year = date.get(..4).unwrap_or_default();
        Ok(vec![
            ("DNTID", format!("{year}{tid}")),
            ("DATE", date),
            ("TID", tid),
            ("Authkey", turn.dice.hex(20)),
            ("ORDERID", deal.order_id.clone()),
        ])
    }

    /// `BILL_CANCEL` while the month of the bill lasts, `BILL_REFUND` afterwards (R66).
    fn give_back(
        &mut self,
        fields: &Fields,
        refunds: bool,
        turn: &Turn<'_>,
    ) -> Result<Pairs, Code> {
        let merchant = self.merchant(fields)?;
        let deal = self.deals.get_mut(fields.text("TID")).filter(|deal| deal.merchant == merchant);
        let deal = deal.ok_or(Code::NotBilled)?;
        if let Verdict::Refuse(code) = verdict(deal.stage, Act::GiveBack) {
            return Err(code);
        }
        let billed = deal.billed_at().ok_or(Code::NotBilled)?;
        let lasts = moment::month(billed) == moment::month(turn.now);
        deal.stage = match (refunds, lasts) {
            (false, true) => Stage::Cancelled(billed, turn.now),
            (false, false) => return Err(Code::MonthOver),
            (true, true) => return Err(Code::MonthLasts),
            (true, false) if fields.text("AMOUNT") != deal.charged.to_string() => {
                return Err(Code::OtherAmount);
            }
            (true, false) => Stage::Refunded(billed, turn.now),
        };
        Ok(Vec::new())
    }
}

//! Money that the shop gives back: what would happen, and that it happens. Both are one plan
//! ([`shared::payment::Payment::plan_refund`]) by the terms of the provider that took the money.

use shared::fact::RefundAccount;
use shared::id::{OrderId, RefundId};
use shared::money::Amount;
use shared::payment::{
    Input, Phase, Refund, RefundCause, RefundError, RefundPlan, RefundState, Retry,
};
use shared::problem::Code;
use shared::raw_amount::RawAmount;
use shared::terms::{Afterwards, RefundTerms, Way};
use shared::wire::{OpenRefund, OpenRefundAccount};

use super::shop::{REASON_CHARS_MAX, ok, replayed, text};
use super::{Desk, Done, Failed, Op, Outcome, Reply, request};
use crate::json::Writer;
use crate::row::Record;
use crate::view;

impl Desk<'_> {
    pub(super) fn refund(
        &self,
        merchant: &str,
        checkout: &str,
        (key, fingerprint): (&str, &str),
        body: &str,
    ) -> Done {
        let mut record = self.record_of(merchant, checkout)?;
        let id = record.checkout.id;
        let name = format!("refund/{merchant}/{key}");
        let read = |refund: String| Op::ReadRefund {
            merchant: merchant.to_owned(),
            checkout: id.to_string(),
            refund,
        };
        if let Some(refund) = self.earlier(&name, fingerprint)? {
            return self.handle(&read(refund)).map(replayed);
        }
        let request = request::read(body, request::open_refund)?;
        let refund = match self.new_refund(&record, &request) {
            Ok(refund) => refund,
            Err(Failed::Refused(refusal)) => return self.refuse(&name, fingerprint, refusal.code),
            Err(broken @ Failed::Broken(_)) => return Err(broken),
        };
        let refund_id = refund.id.to_string();
        self.shelf.keep_answer(&name, &ok(fingerprint, &refund_id), self.now)?;
        self.feed(&mut record, Input::Refund(refund))?;
        Ok(Outcome::Drive(id, Box::new(read(refund_id))))
    }

    fn new_refund(&self, record: &Record, request: &OpenRefund) -> Result<Refund, Failed> {
        let order = OrderId::parse(&request.order_id).ok_or(Code::OrderIdInvalid)?;
        let limit = self.config.amount_max;
        let amount = request.amount.map(|raw| raw.amount(record.checkout.currency(), limit));
        let amount = amount.transpose()?;
        let reason = text(&request.reason, REASON_CHARS_MAX)?;
        let account = request.refund_account.as_ref().map(refund_account).transpose()?;
        let plan = self.plan(record, &order, amount).map_err(code)?;
        let Phase::Paid(_, sighting, _) = &record.payment.phase else {
            return Err(Code::RefundInvalid.into());
        };
        // R62: where none is needed, none is kept, and no provider hears of it.
        let account = account.filter(|_| plan.prospect.needs_account);
        if plan.prospect.needs_account && account.is_none() {
            return Err(Code::RefundAccountInvalid.into());
        }
        Ok(Refund {
            id: RefundId::new((self.entropy)()),
            cause: RefundCause::Shop(order),
            attempt: plan.attempt,
            payment_id: sighting.provider_payment_id.clone(),
            amount: plan.amount,
            captured: sighting.amount,
            state: RefundState::Requested,
            reason,
            account,
            retry: Retry::now(self.now),
            at: self.now,
        })
    }

    /// What a refund comes to now.
    fn plan(
        &self,
        record: &Record,
        order: &OrderId,
        amount: Option<Amount>,
    ) -> Result<RefundPlan, RefundError> {
        let terms = self.refund_terms(record).ok_or(RefundError::NotPaid)?;
        record.payment.plan_refund(&record.checkout, (order, amount), terms, self.now)
    }

    /// What the provider that took the money says of giving it back; nothing where no channel of ours
    /// leads to it any more.
    fn refund_terms(&self, record: &Record) -> Option<&'static RefundTerms> {
        let attempt = record.payment.attempt(record.payment.phase.attempt()?)?;
        let (_, provider) = self.contract(&attempt.channel)?;
        provider.capabilities().terms(attempt.means)?.refunds_at(self.now)
    }

    /// R62, R66: what a refund would come to, and until when. Nothing is changed by asking.
    pub(super) fn refund_preview(
        &self,
        merchant: &str,
        checkout: &str,
        order: &str,
        amount: Option<&str>,
    ) -> Done {
        let record = self.record_of(merchant, checkout)?;
        let order = OrderId::parse(order).ok_or(Code::OrderIdInvalid)?;
        record.checkout.order(&order).ok_or(Code::RefundInvalid)?;
        let (currency, limit) = (record.checkout.currency(), self.config.amount_max);
        let amount = amount.map(|text| written(text).amount(currency, limit)).transpose()?;
        let plan = self.plan(&record, &order, amount);
        let closes_at = match plan {
            Ok(plan) => plan.prospect.closes_at,
            Err(RefundError::WindowClosed(at)) => Some(at),
            Err(_) => None,
        };
        let left = record.payment.refundable(&record.checkout, &order);
        let preview = Writer::document(|view| {
            view.name("order_id").text(order.as_str());
            view.name("at").shown(&self.now);
            view.name("currency").text(currency.code());
            view.name("available").or_null(left, |view, left| view.number(left.minor()));
            view.name("code").text_or_null(plan.err().map(|error| code(error).code()));
            view.name("closes_at").or_null(closes_at, |view, at| view.shown(&at));
            view.name("plan").or_null(plan.ok(), |view, plan| self.shown(view, &plan));
        });
        Ok(Outcome::Reply(Reply::new(200, preview)))
    }

    fn shown(&self, view: &mut Writer, plan: &RefundPlan) {
        let prospect = &plan.prospect;
        let days = Some(prospect.arrives_in).filter(|days| *days > 0);
        // A date that no calendar of ours knows is told by its days alone.
        let by = prospect.arrives_by(self.now).ok().flatten();
        view.object(|view| {
            view.name("amount").number(plan.amount.minor());
            view.name("provider_amount").number(plan.figure.minor());
            view.name("way").text(match prospect.way {
                Way::Cancel => "cancel",
                Way::Transfer => "transfer",
            });
            view.name("sure").flag(prospect.sure);
            view.name("afterwards").text_or_null(match prospect.afterwards {
                Afterwards::Nothing => None,
                Afterwards::Transfer { .. } => Some("transfer"),
            });
            view.name("partial").flag(prospect.partial);
            view.name("needs_account").flag(prospect.needs_account);
            view.name("fee").number(prospect.fee);
            view.name("business_days").or_null(days, |view, days| view.number(days.into()));
            view.name("arrives_by").or_null(by, |view, day| view.shown(&day));
        });
    }

    pub(super) fn read_refund(&self, merchant: &str, checkout: &str, refund: &str) -> Done {
        let record = self.record_of(merchant, checkout)?;
        let found = record.payment.refunds.iter().find(|r| r.id.to_string() == refund);
        let refund = found.ok_or(Code::NotFound)?;
        let mut body = Writer::default();
        view::refund(&mut body, refund);
        Ok(Outcome::Reply(Reply::new(201, body.into_text())))
    }
}

/// A number in an address is written in one way only.
fn written(text: &str) -> RawAmount {
    let number = text.parse::<u64>().ok().filter(|number| number.to_string() == text);
    number.map_or(RawAmount::NotANumber, RawAmount::Integer)
}

const fn code(error: RefundError) -> Code {
    match error {
        RefundError::ExceedsAvailable => Code::RefundExceedsAvailable,
        RefundError::TooMany => Code::LimitExceeded,
        RefundError::PartialUnsupported => Code::RefundPartUnsupported,
        RefundError::WindowClosed(_) => Code::RefundWindowClosed,
        RefundError::NotPaid | RefundError::UnknownOrder => Code::RefundInvalid,
    }
}

fn refund_account(account: &OpenRefundAccount) -> Result<RefundAccount, Failed> {
    let digits = account.number.bytes().all(|b| b.is_ascii_digit());
    let sized = (1..=20).contains(&account.number.len());
    if !digits || !sized {
        return Err(Code::RefundAccountInvalid.into());
    }
    Ok(RefundAccount {
        bank: text(&account.bank, 20).map_err(|_| Code::RefundAccountInvalid)?,
        number: account.number.clone(),
        holder: text(&account.holder, 60).map_err(|_| Code::RefundAccountInvalid)?,
    })
}

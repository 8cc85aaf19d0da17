//! What Unicro's answers say: a step further, or a fact.

use shared::fact::{Ask, Decline, DeclineCode, Deposit, Fact, ProviderPaymentId, Sighting};
use shared::money::{Currency, Total};
use shared::notes::{Learnt, STANDING};
use shared::time::Span;

use super::super::parts::{is_word, moment, undecided, word};
use super::wire::{self, Money, Texts};
use super::{
    Account, Asked, BUSY_DEFAULT, BUYER, CONSENT, HttpResponse, ITEM, KEY, MEMBER, SELLER, Step,
    TRADE, Unreadable, is_key, member, voids,
};

/// An account waits this long for its deposit.
const DEPOSIT_LIFE: Span = Span::hours(24);

/// A trade that was last seen waiting for its deposit longer ago than this, and that Unicro does not show any
/// more, has ended with its account.
const ACCOUNT_OVER: Span = Span::hours(25);

/// What the answer to a step says.
pub(super) fn read(
    step: Step,
    asked: &Asked<'_>,
    answer: &HttpResponse,
    account: &Account,
) -> Result<Fact, Unreadable> {
    let status = answer.http_status;
    if step == Step::Told {
        return Ok(told(asked, answer, account));
    }
    if status == 429 {
        return Ok(Fact::Busy { retry_after: answer.retry_after.unwrap_or(BUSY_DEFAULT) });
    }
    if status != 200 && !(400..500).contains(&status) {
        return Ok(undecided(status, ""));
    }
    let envelope = Texts::of(&answer.body, None)?;
    let error = envelope.get("errorCd");
    let fact = match envelope.get("result") {
        "SUCCESS" if step == Step::Member => joined(envelope.get(wire::STATE)),
        "SUCCESS" => {
            let data = Texts::of(&answer.body, Some(wire::STATE))?;
            succeeded(step, asked, &data, account)
        }
        "FAIL" => {
            let stale = status == 401 || error.starts_with("AUTH");
            failed(step, asked, stale, word(error))
        }
        _ => None,
    };
    Ok(fact.unwrap_or_else(|| undecided(status, error)))
}

/// What callback 7.0 told us about this buyer, if it did.
fn told(asked: &Asked<'_>, answer: &HttpResponse, account: &Account) -> Fact {
    match (answer.http_status, core::str::from_utf8(&answer.body)) {
        (200, Ok(key)) if is_key(key) => {
            more(KEY, &[&member(asked.ask, account), " ", key].concat())
        }
        (200 | 404, _) => not_joined(asked, "MEMBER_KEY_MISSING"),
        (status, _) => undecided(status, ""),
    }
}

/// Nobody can pay yet: a new member is shown the window in which they join, and an old one, whose key
/// Unicro tells only once, is refused.
fn not_joined(asked: &Asked<'_>, why: &str) -> Fact {
    if asked.notes.get(MEMBER) == Some("NONE") {
        Fact::Prepared { token: None }
    } else {
        declined(why)
    }
}

/// Whether the buyer is a member.
fn joined(state: &str) -> Option<Fact> {
    match state {
        "NONE" | "NORMAL" => Some(more(MEMBER, state)),
        "SLEEP" | "WITHDRAWAL" => Some(declined(state)),
        _ => None,
    }
}

/// What a success says; `None` when it decides nothing.
fn succeeded(step: Step, asked: &Asked<'_>, data: &Texts, account: &Account) -> Option<Fact> {
    let ours = data.get("partnerTradeNo") == asked.ask.request_id().to_string();
    // Numbers come back in paths and forms, tokens in headers.
    let number = |name, field| is_word(data.get(field)).then(|| more(name, data.get(field)));
    let token = Some(data.get("unicroUserToken")).filter(|token| is_key(token));
    match step {
        Step::SellerToken => Some(more(SELLER, token?)),
        Step::BuyerToken if matches!(asked.ask, Ask::Prepare { .. }) => {
            let item = asked.notes.get(ITEM)?;
            Some(Fact::Prepared { token: Some([item, " ", token?].concat()) })
        }
        Step::BuyerToken => Some(more(BUYER, token?)),
        Step::Item => number(ITEM, "unicroItemNo"),
        _ if !ours => None,
        Step::Trade => number(TRADE, "unicroTradeNo"),
        Step::SellerView | Step::BuyerView => seen(step, data, asked, account),
        Step::SellerCancel | Step::Consent | Step::BuyerCancel => cancelled(data, asked),
        Step::Member | Step::Told => None,
    }
}

/// `FAIL`, which has no public list of reasons: only a token is renewed for one, and only where nothing can
/// have happened is it a no.
fn failed(step: Step, asked: &Asked<'_>, stale: bool, error: &str) -> Option<Fact> {
    let prepares = matches!(asked.ask, Ask::Prepare { .. });
    match step {
        Step::SellerToken | Step::BuyerToken | Step::Member | Step::Told if !prepares => None,
        // A key of before a withdrawal, say: the buyer joins anew, and a new one is told.
        Step::BuyerToken => Some(not_joined(asked, error)),
        Step::SellerToken | Step::Member | Step::Told => Some(declined(error)),
        Step::BuyerView | Step::BuyerCancel => stale.then(|| more(BUYER, "")),
        _ if stale => Some(more(SELLER, "")),
        // No window was shown, or none in which anybody can pay.
        Step::Item => Some(declined(error)),
        Step::Trade => Some(Fact::NotFound),
        Step::SellerView if account_over(asked) => Some(Fact::NotFound),
        Step::SellerView | Step::SellerCancel | Step::Consent => None,
    }
}

/// Whether nothing but an account was ever seen of this trade, and that is over.
fn account_over(asked: &Asked<'_>) -> bool {
    asked.notes.get(STANDING) == Some(wire::PAY_STANDBY)
        && asked.notes.fresh(STANDING, asked.at, ACCOUNT_OVER).is_none()
}

/// What a view says. A state that is new to us is noted first, so that the journal has each.
fn seen(step: Step, view: &Texts, asked: &Asked<'_>, account: &Account) -> Option<Fact> {
    let (word, money) = wire::standing(view.get("statusCd"))?;
    let new = asked.notes.get(STANDING) != Some(word);
    if let Ask::Cancel { captured, .. } = asked.ask {
        return match money {
            Money::Back => Some(Fact::Cancelled { cancelled: Some(*captured) }),
            Money::Awaited => None,
            Money::Held if [wire::PAY_APPROVED, wire::CANCEL_REQ].contains(&word) => {
                Some(more(STANDING, word))
            }
            // Shipped, or further: Unicro knows a return from here on, and no cancel.
            Money::Held => Some(Fact::CancelRefused { provider_code: word.to_owned() }),
        };
    }
    if new || (money == Money::Awaited && step == Step::SellerView) {
        return Some(more(STANDING, word));
    }
    // Our own order, on its way back.
    if word == wire::CANCEL_REQ && asked.notes.get(CONSENT).is_some() {
        return Some(Fact::Busy { retry_after: BUSY_DEFAULT });
    }
    let sighting = sighting(view, money, asked, account)?;
    Some(match money {
        Money::Awaited => Fact::DepositIssued(sighting, deposit(view)?),
        Money::Held | Money::Back => Fact::Captured(sighting),
    })
}

fn sighting(view: &Texts, money: Money, asked: &Asked<'_>, account: &Account) -> Option<Sighting> {
    let amount = Total::from_minor(view.get("buyAmt").parse().ok()?, Currency::Krw).ok()?;
    let item = view.get("unicroItemNo");
    // Item and trade number meet in the browser: another item is another sale.
    let ours = asked.notes.get(ITEM) == Some(item);
    Some(Sighting {
        request_id: view.get("partnerTradeNo").to_owned(),
        merchant: Some(if ours { account.setting("seller_user") } else { item }.to_owned()),
        provider_payment_id: ProviderPaymentId::parse(view.get("unicroTradeNo"))?,
        amount,
        cancelled: if money == Money::Back { amount } else { Total::zero(Currency::Krw) },
    })
}

fn deposit(view: &Texts) -> Option<Deposit> {
    let text = |name| Some(view.get(name).to_owned());
    // `2026-11-22 10:41:04`, in Seoul.
    let until = moment(&view.get("tradeDate").replace(' ', "T"))?.after(DEPOSIT_LIFE);
    let account = text("accountNo").filter(|account| !account.is_empty())?;
    Some(Deposit { bank: text("bankName")?, account, holder: text("accountName")?, until })
}

/// What the answer to a cancel says.
fn cancelled(trade: &Texts, asked: &Asked<'_>) -> Option<Fact> {
    let (word, money) = wire::standing(trade.get("statusCd"))?;
    let Ask::Cancel { captured, .. } = asked.ask else { return None };
    match (money, voids(asked.ask)) {
        (Money::Back, true) => Some(Fact::Closed),
        (Money::Back, false) => Some(Fact::Cancelled { cancelled: Some(*captured) }),
        // Somebody paid in between: what we asked for needs the seller's consent now.
        (Money::Held, true) if word == wire::CANCEL_REQ => Some(more(CONSENT, word)),
        (Money::Held | Money::Awaited, _) => None,
    }
}

fn more(name: &'static str, value: &str) -> Fact {
    Fact::More(Learnt { name, value: value.to_owned() })
}

fn declined(provider_code: &str) -> Fact {
    let code = DeclineCode::ProviderUnavailable;
    Fact::Declined(Decline { code, provider_code: Some(provider_code.to_owned()) })
}

//! What Danal's answers say: a step further, or a fact. `None` decides nothing.

use shared::fact::{Ask, Decline, Fact, ProviderPaymentId, Sighting};
use shared::money::{Currency, Total};
use shared::notes::Learnt;

use super::super::parts::is_word;
use super::month::{Door, stamp};
use super::wire::{Answer, Word};
use super::{Account, Asked, BILLED, COMPARED, MONTH_OVER, SESSION_CHARS_MAX, Step};

/// What the answer to a step says.
pub(super) fn read(
    step: Step,
    asked: &Asked<'_>,
    answer: &Answer<'_>,
    account: &Account,
) -> Option<Fact> {
    match step {
        Step::Announce => announced(answer),
        Step::Look | Step::Compare => confirmed(step, asked, answer, account),
        Step::Bill => billed(asked, answer),
        Step::GiveBack(door) => given_back(asked, door, answer),
    }
}

fn announced(answer: &Answer<'_>) -> Option<Fact> {
    let session = answer.get("ServerInfo");
    let printed = session.bytes().all(|b| b.is_ascii_graphic());
    match answer.word() {
        Word::Done if printed && (1..=SESSION_CHARS_MAX).contains(&session.len()) => {
            Some(Fact::Prepared { token: Some(session) })
        }
        Word::Declined(_) => declined(answer),
        Word::Done | Word::Unknown | Word::Early | Word::Billed | Word::Back => None,
        Word::MonthOver | Word::MonthLasts | Word::NotBilled | Word::Other => None,
    }
}

fn declined(answer: &Answer<'_>) -> Option<Fact> {
    let Word::Declined(code) = answer.word() else { return None };
    Some(Fact::Declined(Decline { code, provider_code: Some(answer.result.clone()) }))
}

/// Where a session stands.
fn confirmed(
    step: Step,
    asked: &Asked<'_>,
    answer: &Answer<'_>,
    account: &Account,
) -> Option<Fact> {
    let looks = matches!(asked.ask, Ask::LookUp { .. });
    match answer.word() {
        Word::Done => {}
        Word::Early => return Some(Fact::Waiting),
        // Its session is over, and the bill stays.
        Word::Unknown => {
            return (looks && asked.notes.get(BILLED).is_none()).then_some(Fact::NotFound);
        }
        Word::Declined(_) => return declined(answer),
        Word::Billed | Word::Back | Word::MonthOver | Word::MonthLasts => return None,
        Word::NotBilled | Word::Other => return None,
    }
    let sighting = sighting(answer)?;
    let date = answer.get("DATE");
    if !date.is_empty() {
        stamp(&date)?;
        let noted = asked.notes.get(BILLED) == Some(&date);
        return Some(if noted { Fact::Captured(sighting) } else { more(BILLED, &date) });
    }
    // A copy from before the bill that we know of.
    if asked.notes.get(BILLED).is_some() {
        return None;
    }
    let fits = sighting.request_id == asked.ask.request_id().to_string()
        && sighting.merchant.as_deref() == Some(account.setting("cp_id"))
        && matches!(asked.ask, Ask::Capture { provider_payment_id, amount, .. }
            if *provider_payment_id == sighting.provider_payment_id
                && amount.total() == sighting.amount);
    Some(if step == Step::Compare && fits {
        more(COMPARED, sighting.provider_payment_id.as_str())
    } else {
        Fact::Authenticated(sighting)
    })
}

fn sighting(answer: &Answer<'_>) -> Option<Sighting> {
    let amount = Total::from_minor(answer.get("AMOUNT").parse().ok()?, Currency::Krw).ok()?;
    let back = !answer.get("CANCELDATE").is_empty();
    let tid = answer.get("TID");
    Some(Sighting {
        request_id: answer.get("ORDERID"),
        merchant: Some(answer.get("CPID")),
        // It comes back in commands.
        provider_payment_id: ProviderPaymentId::parse(&tid).filter(|_| is_word(&tid))?,
        amount,
        cancelled: if back { amount } else { Total::zero(Currency::Krw) },
    })
}

fn billed(asked: &Asked<'_>, answer: &Answer<'_>) -> Option<Fact> {
    match answer.word() {
        Word::Done => {
            let Ask::Capture { request_id, provider_payment_id, .. } = asked.ask else {
                return None;
            };
            let ours = answer.get("ORDERID") == request_id.to_string()
                && answer.get("TID") == provider_payment_id.as_str();
            let date = answer.get("DATE");
            stamp(&date).filter(|_| ours)?;
            Some(more(BILLED, &date))
        }
        Word::Declined(_) => declined(answer),
        // Billed before: the next look shows it.
        Word::Unknown | Word::Early | Word::Billed | Word::Back | Word::MonthOver => None,
        Word::MonthLasts | Word::NotBilled | Word::Other => None,
    }
}

fn given_back(asked: &Asked<'_>, door: Door, answer: &Answer<'_>) -> Option<Fact> {
    let Ask::Cancel { captured, .. } = asked.ask else { return None };
    match answer.word() {
        Word::Done | Word::Back => Some(Fact::Cancelled { cancelled: Some(*captured) }),
        // Midnight came in between, or their clock is before ours.
        Word::MonthOver if door == Door::Cancel => Some(more(MONTH_OVER, "1")),
        // Their clock is behind ours: asked again by the plan.
        Word::MonthOver | Word::MonthLasts => None,
        Word::NotBilled => Some(Fact::CancelRefused { provider_code: answer.result.clone() }),
        Word::Unknown | Word::Early | Word::Billed | Word::Declined(_) | Word::Other => None,
    }
}

fn more(name: &'static str, value: &str) -> Fact {
    Fact::More(Learnt { name, value: value.to_owned() })
}

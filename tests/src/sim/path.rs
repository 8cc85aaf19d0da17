//! What must be true on the way, and not only at the end: an end can be right because another layer
//! repaired it. Whoever carries something out asks here whether it may be so.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edge::owner::Op;
use edge::row::Record;
use edge::shelf::Shelf as _;
use edge::signature::digest;
use edge::stock;
use serde_json::Value;
use shared::fact::{Ask, AskKind};
use shared::hold::Claim;
use shared::id::{AttemptId, CheckoutId};
use shared::payment::{CASES_MAX, Payment, PhaseKind, RefundState};

use super::browser::TabRef;
use super::network::{Http, HttpAnswer};
use super::world::World;
use crate::sandbox::BookLine;

/// A token's life, what two clocks may differ by, and how long a request may be on its way, in
/// milliseconds: an attempt that begins later than that after its token's end began with a dead one.
const TOKEN_GRACE_MS: u64 = (60 + 25 + 45) * 1_000;

/// What an operation of the owner's is to be held against when it is done.
pub(super) enum Promise {
    /// A refund: what is reserved stays within what was taken.
    Refund(String),
    /// A notice that died and whose message is still out: its checkout says so from now on.
    Death(String),
}

impl World {
    /// What this operation will have to have kept.
    pub(super) fn promise(&self, object: usize, op: &Op) -> Option<Promise> {
        if let Op::Refund { checkout, .. } = op {
            return Some(Promise::Refund(checkout.clone()));
        }
        let Op::NoticeDead { notice, .. } = op else { return None };
        let out = self.objects[object].shelf.payloads();
        out.iter().any(|text| text.contains(notice)).then(|| Promise::Death(notice.clone()))
    }

    /// Whether it was kept.
    pub(super) fn kept(&mut self, object: usize, promise: Option<Promise>) {
        let shelf = &self.objects[object].shelf;
        let record = |id| shelf.record(id).ok().flatten();
        let wrong = match promise {
            None => None,
            Some(Promise::Refund(checkout)) => {
                let record = CheckoutId::parse(&checkout).and_then(record);
                record.and_then(|record| over_reserved(&record))
            }
            Some(Promise::Death(notice)) => {
                // A checkout whose cases are full says it in its journal alone.
                let told = |record: &Record| {
                    let journal = shelf.journal(record.checkout.id).unwrap_or_default();
                    journal.iter().any(|entry| entry.detail.starts_with(&notice))
                };
                let said = |record: &Record| {
                    let cases = &record.payment.cases;
                    cases.iter().any(|case| case.detail.starts_with(&notice))
                        || (cases.len() >= CASES_MAX && told(record))
                };
                let mut records = shelf.checkouts().into_iter().filter_map(|(id, _)| record(id));
                let text = format!("{notice} died, and no checkout says so");
                (!records.any(|record| said(&record))).then_some(("I-14 F49", text))
            }
        };
        if let Some((rule, text)) = wrong {
            self.notes.wrong(rule, text);
        }
    }

    /// The money is told to move: every piece that is counted is secured for this attempt (F13).
    pub(super) fn about_to_capture(&mut self, id: CheckoutId, ask: &Ask) {
        if ask.kind() != AskKind::Capture {
            return;
        }
        let attempt = ask.request_id().attempt_id();
        let object = usize::from(id.home().shard);
        let Ok(Some(record)) = self.objects[object].shelf.record(id) else { return };
        for (sku, _) in record.checkout.stock() {
            let name = stock::object_name(record.checkout.merchant.as_str(), sku.as_str());
            let Some((shelf, _)) = self.stocks.get(&name) else { continue };
            let stock = shelf.whole(&sku);
            let claim = stock.claims.get(&attempt);
            let secured = matches!(claim, Some(Claim::Secured { .. } | Claim::Committed { .. }));
            if stock.units.is_some() && !secured {
                let text = format!("{attempt} is captured while {sku} is {claim:?}");
                self.notes.wrong("I-4 F13", text);
            }
        }
    }

    /// A page's wish leaves: nothing but the very same wish follows one that nobody answered (F6). With
    /// more tabs than one the others may know more; and whoever has a state key is told by the edge what
    /// became of it.
    pub(super) fn wished(&mut self, at: TabRef, key: &str) {
        let browser = &mut self.browsers[at.browser];
        let keyed = browser.storage.as_ref().is_some_and(|memory| memory.state_key.is_some());
        let alone = browser.tabs.len() == 1 && !keyed;
        let tab = &mut browser.tabs[at.tab];
        let other = tab.wish.as_ref().filter(|known| *known != key).cloned();
        tab.wish = Some(key.to_owned());
        if let Some(other) = other.filter(|_| alone) {
            let text = format!("buyer {} wishes {key} while {other} is unanswered", at.browser);
            self.notes.wrong("I-7 I-12 F6", text);
        }
    }

    /// A page's wish was answered, or refused for good.
    pub(super) fn wish_answered(&mut self, at: TabRef, key: &str) {
        let tab = &mut self.browsers[at.browser].tabs[at.tab];
        if tab.wish.as_deref() == Some(key) {
            tab.wish = None;
        }
    }

    /// A page's wish was refused because its token is used: not by this very wish (F6).
    pub(super) fn wish_refused(&mut self, at: TabRef, token: &str, key: &str) {
        let browser = &self.browsers[at.browser];
        let Some(id) = CheckoutId::parse(&browser.checkout) else { return };
        let object = usize::from(id.home().shard);
        let Ok(Some(record)) = self.objects[object].shelf.record(id) else { return };
        let jti = claims_of(token)["jti"].as_str().unwrap_or_default().to_owned();
        let begun_by = digest(format!("{jti}/{key}").as_bytes());
        if record.payment.attempts.iter().any(|attempt| attempt.begun_by == begun_by) {
            let text = format!("{id}: the wish {key} began an attempt and is told that it did not");
            self.notes.wrong("I-7 F6", text);
        }
    }

    /// A page tells what it knows: never older than what it told before (I-10).
    pub(super) fn page_told(&mut self, at: TabRef, version: u64) {
        let tab = &mut self.browsers[at.browser].tabs[at.tab];
        if version < tab.version {
            let text = format!("buyer {}: version {version} after {}", at.browser, tab.version);
            self.notes.wrong("I-10 F46", text);
        }
        let tab = &mut self.browsers[at.browser].tabs[at.tab];
        tab.version = tab.version.max(version);
    }

    /// A wish is let in at the door: its token lives (F8).
    pub(super) fn let_in(&mut self, request: &Http) {
        let bearer = request.headers.iter().find(|(name, _)| name == "authorization");
        let token = bearer.and_then(|(_, value)| value.strip_prefix("Bearer "));
        let Some(ends) = token.and_then(|token| claims_of(token)["exp"].as_u64()) else { return };
        if self.now > ends * 1_000 + TOKEN_GRACE_MS {
            let late = (self.now / 1_000).saturating_sub(ends);
            self.notes.wrong("I-17 F8", format!("a token is taken {late} s after its end"));
        }
    }

    /// Somebody who has a used token and no state key was answered: never with what it began (I-7).
    pub(super) fn thief_hears(&mut self, token: &str, answer: &HttpAnswer) {
        let json = answer.json();
        if answer.code < 400 && json["attempt"].is_string() && json["state_key"].is_null() {
            let text = "a used token shows its attempt to whoever has it".to_owned();
            self.notes.wrong("I-7 F7", text);
        }
        if answer.code < 400 {
            self.notes.begun(token, &json);
        }
    }

    /// What somebody may not do was answered (F7, F31, F37).
    pub(super) fn stranger_hears(&mut self, rule: &'static str, what: &str, code: u16) {
        if (200..400).contains(&code) {
            self.notes.wrong(rule, format!("{what} is answered with {code}"));
        }
    }

    /// Money that came to an attempt after we had ended it, though its provider takes none then (I-13).
    pub(super) fn audit_ends(&mut self, record: &Record, books: &[BookLine]) {
        let Record { checkout, payment, .. } = record;
        self.audit_claims(record);
        if payment.shop_cancels || payment.phase.kind() == PhaseKind::Cancelled {
            return;
        }
        for refund in &payment.refunds {
            let Some(attempt) = payment.attempt(refund.attempt) else { continue };
            let late = refund.reason == "late_capture" && !attempt.style.stays_open();
            let account = matches!(attempt.means, shared::means::Means::VirtualAccount);
            if late && !account {
                let text = format!("{} of {} was ended and paid later", attempt.id, checkout.id);
                self.notes.wrong("I-13", text);
            }
        }
        for line in books {
            self.audit_given_back(payment, line);
        }
    }

    /// Nothing is kept for an attempt that has ended: its piece was given back, not only forgotten (I-4).
    fn audit_claims(&mut self, record: &Record) {
        for (sku, _) in record.checkout.stock() {
            let name = stock::object_name(record.checkout.merchant.as_str(), sku.as_str());
            let kept = self.stocks.get(&name).map(|(shelf, _)| shelf.whole(&sku));
            let Some(kept) = kept.filter(|_| record.payment.stock_debts.is_empty()) else {
                continue;
            };
            let phase = record.payment.phase.kind();
            let over = matches!(phase, PhaseKind::Cancelled | PhaseKind::Expired);
            let attempts = record.payment.attempts.iter();
            let ended = attempts.filter(|attempt| over || attempt.decline.is_some());
            let claims =
                ended.filter_map(|attempt| Some((attempt.id, kept.claims.get(&attempt.id)?)));
            let left = claims.filter(|(_, claim)| !matches!(claim, Claim::Released { .. }));
            for (attempt, claim) in left.collect::<Vec<_>>() {
                let text = format!("{sku}: {attempt} has ended and has still {claim:?}");
                self.notes.wrong("I-4", text);
            }
        }
    }

    /// No refund counts as refused that the provider carried out.
    fn audit_given_back(&mut self, payment: &Payment, line: &BookLine) {
        let is = |id: AttemptId| id.request_id().to_string() == line.request_id;
        let Some(attempt) = payment.attempts.iter().find(|attempt| is(attempt.id)) else { return };
        let ours = payment.refunds.iter().filter(|refund| refund.attempt == attempt.id);
        let (mut known, mut refused) = (0, false);
        for refund in ours {
            match refund.state {
                RefundState::Requested | RefundState::Done => known += refund.amount.minor(),
                RefundState::Refused => refused = true,
            }
        }
        if refused && line.refunded > known {
            let text = format!(
                "{} gave {} back, {known} of it is known, and a refund counts as refused",
                line.request_id, line.refunded
            );
            self.notes.wrong("I-13 I-6", text);
        }
    }
}

/// What is reserved beyond what was taken (I-11).
fn over_reserved(record: &Record) -> Option<(&'static str, String)> {
    let payment = &record.payment;
    payment.attempts.iter().find_map(|attempt| {
        let of = payment.refunds.iter().filter(|refund| refund.attempt == attempt.id);
        let open = of.filter(|refund| refund.state != RefundState::Refused);
        let (sum, captured) = open.fold((0, None), |(sum, _), refund| {
            (sum + refund.amount.minor(), Some(refund.captured.minor()))
        });
        let captured = captured.filter(|captured| sum > *captured)?;
        let text = format!("{}: {sum} are to go back of {captured}", attempt.id);
        Some(("I-11 F40", text))
    })
}

/// What a token says; null when it says nothing.
pub(super) fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    payload.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

//! What comes from providers and their windows: the page in between, the return, the webhook. None of it
//! is believed; it only says where to look.

use shared::id::{AttemptId, RequestId};
use shared::payment::{Attempt, Input, Phase};
use shared::problem::Code;
use shared::time::Span;

use super::quoted::DAY;
use super::shop::ok;
use super::{Desk, Done, Failed, Op, Outcome, Reply};
use crate::json::{Field, Writer};
use crate::row::Record;
use crate::shelf::Line;
use crate::signature::{derive, equal, unhex};
use crate::view;

/// How long answers, claims and heard events are kept: longer than the longest retry plan of any
/// provider or shop (Toss repeats a webhook for almost four days).
const KEPT: Span = Span::hours(24 * 14);

/// Webhooks of one attempt that are remembered and looked into in [`HINT_WINDOW`], ten times what a provider
/// sends in an hour: what comes after them waits for the plan. As many are parked of attempts that nobody
/// knows, all together: more of them are refused, so that whoever has a reason comes again.
const HINTS_MAX: u32 = 60;
/// Ten minutes, in milliseconds: the same slots as of all counters, which the sweep clears.
const HINT_WINDOW: u64 = 600_000;

/// Begins the names of events that are parked: one a channel and request.
const PARKED: &str = "parked/";

/// What our pages around a provider's window need to know; between the owner and the door.
#[derive(Debug, Clone)]
pub struct PageData {
    /// The checkout.
    pub checkout: String,
    /// The merchant, whose origins may frame the page.
    pub merchant: String,
    /// The contract.
    pub channel: String,
    /// The attempt.
    pub attempt: String,
    /// What is to be paid, in minor units.
    pub amount: u64,
    /// ISO 4217.
    pub currency: String,
    /// The means.
    pub means: String,
    /// The device.
    pub device: String,
    /// How it is shown.
    pub presentation: String,
    /// What the buyer sees.
    pub goods_name: String,
    /// The shop's id of the buyer.
    pub buyer: String,
    /// The provider's token.
    pub token: Option<String>,
    /// Where the provider sends the browser.
    pub return_url: String,
    /// `ko` or `en`.
    pub locale: String,
    /// The messages of this window carry it.
    pub nonce: String,
    /// The shop's page to go back to.
    pub shop_url: String,
}

impl PageData {
    /// Reads it from a call.
    #[must_use]
    pub fn of(field: Field<'_>) -> Self {
        let text = |name: &str| field.get(name).text();
        Self {
            checkout: text("checkout"),
            merchant: text("merchant"),
            channel: text("channel"),
            attempt: text("attempt"),
            amount: field.get("amount").number(),
            currency: text("currency"),
            means: text("means"),
            device: text("device"),
            presentation: text("presentation"),
            goods_name: text("goods_name"),
            buyer: text("buyer"),
            token: field.get("token").text_or_none(),
            return_url: text("return_url"),
            locale: text("locale"),
            nonce: text("nonce"),
            shop_url: text("shop_url"),
        }
    }
}

impl Desk<'_> {
    /// The page between us and the provider's window. Its key dies with the next rung, and the page
    /// with its attempt.
    pub(super) fn window(&self, request_id: &str, key: &str) -> Done {
        let (record, id) = self.by_request(request_id)?;
        let attempt = record.payment.attempt(id).ok_or(Code::NotFound)?;
        let right = unhex(key).is_some_and(|key| equal(&key, &self.window_key(attempt)));
        // R49: only `Presented` shows a window, and it is only reached with the provider's token stored.
        if !right || record.payment.phase != Phase::Presented(id) {
            return Err(Code::NotFound.into());
        }
        Ok(Outcome::Reply(Reply::new(200, self.page_data(&record, attempt))))
    }

    /// The buyer is back, by GET or POST, with or without cookies, once or twice.
    pub(super) fn returned(&self, request_id: &str, key: &str, hint: &str, left: bool) -> Done {
        let (mut record, id) = self.by_request(request_id)?;
        let right = unhex(key).is_some_and(|key| equal(&key, &self.return_key(id)));
        if !right {
            return Err(Code::StateMismatch.into());
        }
        // R33, I-18: what the browser says goes to the journal; what is true is asked of the provider.
        self.shelf.note(record.checkout.id, &self.heard_from_browser(&record, hint))?;
        // A buyer who pressed cancel there wants to choose again: the same question as a closed window,
        // and the provider's word decides what came of it.
        let input = if left {
            Input::Abandon(id)
        } else {
            Input::LookNow { attempt: id, source: "return" }
        };
        self.feed(&mut record, input)?;
        let then = Op::ReturnedPage { request_id: request_id.to_owned() };
        Ok(Outcome::DriveLater(record.checkout.id, Box::new(then)))
    }

    fn heard_from_browser(&self, record: &Record, hint: &str) -> Line {
        Line {
            at: self.now,
            input: "return".to_owned(),
            detail: hint.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(80).collect(),
            phase: view::phase(record.payment.phase.kind()).to_owned(),
            verdict: "Ask".to_owned(),
            version: record.payment.version,
        }
    }

    pub(super) fn returned_page(&self, request_id: &str) -> Done {
        let (record, id) = self.by_request(request_id)?;
        let attempt = record.payment.attempt(id).ok_or(Code::NotFound)?;
        Ok(Outcome::Reply(Reply::new(200, self.page_data(&record, attempt))))
    }

    /// A webhook that passed its provider's checks: remembered, then looked into. None is too early, because
    /// an attempt is stored before its provider hears of it; one for an attempt that is not here, as after a
    /// restore, is parked until a sweep finds the attempt (F28).
    pub(super) fn callback(&self, channel: &str, request_id: &str, event: &str) -> Done {
        let request = RequestId::parse(request_id).ok_or(Code::NotFound)?;
        let id = request.attempt_id();
        let known = self.shelf.checkout_of(id)?;
        let enough = self.heard_enough(known.map_or("", |_| request_id))?;
        let accepted = Reply::empty(200);
        let Some(checkout) = known else {
            if enough {
                return Err(Code::RateLimited.into());
            }
            self.shelf.hear(&[PARKED, channel, "/", request_id].concat(), id, self.now)?;
            return Ok(Outcome::Reply(accepted));
        };
        // What has no name is not remembered: a stranger would fill the disk with it.
        let fresh = event.is_empty()
            || enough
            || self.shelf.hear(&format!("{channel}/{event}"), id, self.now)?;
        if !fresh || enough || !self.hint(self.record(&checkout.to_string())?, channel, id)? {
            return Ok(Outcome::Reply(accepted));
        }
        let then = Op::ReturnedPage { request_id: request_id.to_owned() };
        Ok(Outcome::DriveLater(checkout, Box::new(then)))
    }

    /// Looks into what a provider said of an attempt, unless it is none of this channel's: another's webhook
    /// has no effect on this checkout, even if well signed (I-15).
    fn hint(&self, mut record: Record, channel: &str, id: AttemptId) -> Result<bool, Failed> {
        let ours = record.payment.attempt(id).is_some_and(|a| a.channel.as_str() == channel);
        if ours {
            self.feed(&mut record, Input::LookNow { attempt: id, source: "webhook" })?;
        }
        Ok(ours)
    }

    /// Counts a webhook; whether there were so many of late that this one is passed over.
    fn heard_enough(&self, request_id: &str) -> Result<bool, Failed> {
        let window = self.now.as_millis().checked_div(HINT_WINDOW).unwrap_or_default();
        let counts = self.shelf.count(&[(["hint/", request_id].concat(), window)])?;
        Ok(counts.iter().any(|count| *count > HINTS_MAX))
    }

    /// A callback tells something under a name: kept only where somebody asked for the name before, so
    /// that strangers fill no disk. Without a value it is asked what was told; from then on something may
    /// be. A name that was asked for is a claim that nobody fills yet.
    pub(super) fn told(&self, name: &str, value: &str) -> Done {
        let (fresh, known) = self.shelf.claim(name, "", self.now)?;
        let asks = value.is_empty();
        if !asks {
            self.shelf.unclaim(name, &known)?;
        }
        if !asks && !fresh {
            self.shelf.claim(name, value, self.now)?;
        }
        let http_status = if asks && known.is_empty() { 404 } else { 200 };
        Ok(Outcome::Reply(Reply::new(http_status, known)))
    }

    /// The turn of the schedule: due checkouts are found by the shell; here old rows go, what was put aside is
    /// tried again, and webhooks that were parked are looked into once their attempt is known.
    pub(super) fn sweep(&self) -> Done {
        self.shelf.take_up_parked()?;
        // Whole tables are read to find what is old: once a day is often enough for what is kept for weeks.
        let today = format!("tidied/{}", self.now.as_millis().checked_div(DAY).unwrap_or_default());
        if self.shelf.answer(&today)?.is_none() {
            self.shelf.tidy(self.now.before(KEPT))?;
            self.shelf.keep_answer(&today, &ok("", ""), self.now)?;
        }
        for event in self.shelf.unpark(PARKED)? {
            let names = event.strip_prefix(PARKED).and_then(|names| names.split_once('/'));
            let Some((channel, request_id)) = names else { continue };
            // A row that cannot be read keeps no other from its hint.
            if let Ok((record, id)) = self.by_request(request_id) {
                self.hint(record, channel, id)?;
            }
        }
        Ok(Outcome::Reply(Reply::empty(200)))
    }

    fn by_request(&self, request_id: &str) -> Result<(Record, AttemptId), Failed> {
        let id = RequestId::parse(request_id).ok_or(Code::NotFound)?.attempt_id();
        let checkout = self.shelf.checkout_of(id)?.ok_or(Code::NotFound)?;
        Ok((self.record(&checkout.to_string())?, id))
    }

    /// [`PageData`], as the door reads it.
    fn page_data(&self, record: &Record, attempt: &Attempt) -> String {
        let checkout = &record.checkout;
        Writer::document(|data| {
            data.name("checkout").shown(&checkout.id);
            data.name("merchant").text(checkout.merchant.as_str());
            data.name("channel").text(attempt.channel.as_str());
            data.name("attempt").shown(&attempt.id);
            data.name("amount").number(checkout.amount.minor());
            data.name("currency").text(checkout.currency().code());
            data.name("means").text(attempt.means.code());
            data.name("device").text(attempt.device.code());
            data.name("presentation").text(attempt.presentation.code());
            data.name("goods_name").text(&checkout.label);
            data.name("buyer").text(checkout.buyer.as_str());
            data.name("token").text_or_null(attempt.token.as_deref());
            data.name("return_url").text(&self.return_address(attempt.id));
            data.name("locale").text(&attempt.locale);
            data.name("nonce").text(&crate::signature::hex(&self.nonce(attempt)));
            data.name("shop_url").text(&view::shop_url(checkout));
        })
    }

    /// Where the provider sends the browser: our own address, with a key that only this attempt has.
    fn return_address(&self, id: AttemptId) -> String {
        let key = crate::signature::hex(&self.return_key(id));
        format!("{}/r/{}.{}", self.config.public_origin, id.request_id(), key)
    }

    pub(super) fn window_key(&self, attempt: &Attempt) -> [u8; 16] {
        self.of_rung("window", attempt)
    }

    pub(super) fn nonce(&self, attempt: &Attempt) -> [u8; 16] {
        self.of_rung("nonce", attempt)
    }

    fn of_rung(&self, label: &str, attempt: &Attempt) -> [u8; 16] {
        let id = attempt.id.to_string();
        derive(&self.config.derive_secret, label, &[id.as_bytes(), &attempt.rung.to_be_bytes()])
    }

    fn return_key(&self, id: AttemptId) -> [u8; 16] {
        derive(&self.config.derive_secret, "return", &[id.to_string().as_bytes()])
    }
}

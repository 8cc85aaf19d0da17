//! What the page asks: the session, an attempt, the status, the next rung of the ladder.

use shared::hold::Command;
use shared::id::{AttemptId, IdempotencyKey, MethodId};
use shared::means::{Device, Means, Presentation};
use shared::notes::Notes;
use shared::payment::{Attempt, Input, Phase, PhaseKind, Style, Verdict};
use shared::problem::Code;
use shared::wire::OpenAttempt;

use super::quoted::Found;
use super::{Caller, Desk, Done, Failed, Op, Outcome, Reply, TokenClaims, due, request};
use crate::config::Channel;
use crate::json::Writer;
use crate::problem::Refusal;
use crate::provider::{self, CaptureStyle, MeansTerms, Provider};
use crate::row::Record;
use crate::signature::{derive, digest, equal, hex, unhex};
use crate::view;

/// Attempts of one buyer, and from one address, that one owner takes in [`VELOCITY_WINDOW`]. Each owner
/// counts for itself: a bound, not a quota.
const BUYER_ATTEMPTS_MAX: u32 = 20;
/// See [`BUYER_ATTEMPTS_MAX`]; larger, because many buyers share one address.
const ADDRESS_ATTEMPTS_MAX: u32 = 100;
/// Ten minutes, in milliseconds.
const VELOCITY_WINDOW: u64 = 600_000;
/// More pages than this never pay for one checkout.
const STATE_KEYS_MAX: usize = 12;

/// A method of a merchant: one means of one channel.
pub(super) struct Method<'a> {
    id: MethodId,
    channel: &'a Channel,
    provider: &'static dyn Provider,
    terms: &'static MeansTerms,
}

/// A name that is counted in a window, and how many are too many.
pub(super) type Bound = ((String, u64), u32);

impl Desk<'_> {
    pub(super) fn session(&self, caller: &Caller, device: &str) -> Done {
        let device = Device::parse(device).ok_or(Code::JsonSchema)?;
        let (record, live) = match caller {
            Caller::Token(claims) => (self.record_for_token(claims)?.record, None),
            Caller::State { checkout, state } => {
                let mut record = self.record_with_state(checkout, state)?;
                let token = self.page_token(&mut record)?;
                (record, Some(token))
            }
            // It shows where the checkout stands and pays nothing: no token, and no methods.
            Caller::Link { checkout, key } => (self.record_with_link(checkout, key)?, Some(None)),
        };
        let shows = matches!(caller, Caller::Link { .. });
        let merchant =
            self.config.merchants.get(&record.checkout.merchant).ok_or(Code::NotFound)?;
        let session = Writer::document(|session| {
            session.name("checkout").shown(&record.checkout.id);
            session.name("amount").number(record.checkout.amount.minor());
            session.name("currency").text(record.checkout.currency().code());
            session.name("label").text(&record.checkout.label);
            session.name("merchant_name").text(&merchant.name);
            session.name("merchant_name_en").text(&merchant.name_en);
            session.name("test_mode").flag(merchant.test_mode);
            let methods = if shows { Vec::new() } else { self.methods(&record) };
            session
                .name("methods")
                .list(methods, |list, method| method.view(list, &record, device));
            session.name("status").or_null(live, |session, token| {
                view::status(session, &record, self.config, token.as_deref(), self.now);
            });
        });
        Ok(Outcome::Reply(Reply::new(200, session)))
    }

    /// R18, decision 5: the first post with a token burns it and begins the attempt, in one transaction.
    pub(super) fn begin(
        &self,
        claims: &TokenClaims,
        state: Option<&str>,
        key: &str,
        address: &str,
        body: &str,
    ) -> Done {
        let found = self.record_for_token(claims)?;
        let record = &found.record;
        let id = record.checkout.id;
        let key = IdempotencyKey::parse(key).ok_or(Code::IdempotencyKeyInvalid)?;
        let request = request::read(body, request::open_attempt)?;
        let begun_by = digest(format!("{}/{}", claims.jti, key.as_str()).as_bytes());
        let state_key = self.state_key(record, &claims.jti, &key);
        if let Some(known) = record.payment.attempts.iter().find(|a| a.begun_by == begun_by) {
            let then = begun(record, known.id, Some(hex(&state_key)), false);
            return Ok(Outcome::Drive(id, Box::new(then)));
        }
        let granted = record.grant.is_some_and(|grant| grant.jti.to_string() == claims.jti);
        if !granted {
            // R55: a second tab gets the latest state back and nothing else.
            let viewer = state.is_some_and(|state| holds_state(record, state));
            let last = record.payment.current().map(|attempt| attempt.id);
            match last {
                Some(last) if viewer => return self.handle(&begun(record, last, None, false)),
                Some(_) | None if self.quote_grants(record, claims)? => {}
                Some(_) | None => return Err(Code::TokenReplayed.into()),
            }
        }
        self.bound(&found, address)?;
        let attempt = self.new_attempt(record, &request, begun_by)?;
        let attempt_id = attempt.id;
        self.use_quote(&found, claims)?;
        let counted = !record.checkout.stock().is_empty();
        let mut next = record.clone();
        next.grant = None;
        if next.state_keys.len() < STATE_KEYS_MAX {
            next.state_keys.push(digest(&state_key));
        }
        let step = self.feed(&mut next, Input::Begin(attempt))?;
        if let Verdict::Refuse(_) = step.verdict {
            self.keep(record)?;
            return Err(Code::AttemptOpen.into());
        }
        self.shelf.link(attempt_id, id)?;
        let then = Box::new(begun(&next, attempt_id, Some(hex(&state_key)), true));
        if counted {
            return Ok(Outcome::Drive(id, then));
        }
        // What nobody counts is held at once.
        let (attempt, command) = (attempt_id, Command::Hold);
        self.feed(&mut next, Input::Stock { attempt, command, kept: true })?;
        if !matches!(next.payment.phase, Phase::Presented(_)) {
            return Ok(Outcome::Drive(id, then));
        }
        match due(&next).is_none_or(|due| due > self.now) {
            true => self.handle(&then),
            false => Ok(Outcome::DriveLater(id, then)),
        }
    }

    fn new_attempt(
        &self,
        record: &Record,
        request: &OpenAttempt,
        begun_by: [u8; 32],
    ) -> Result<Attempt, Failed> {
        let device = Device::parse(&request.device).ok_or(Code::JsonSchema)?;
        let presentation = Presentation::parse(&request.presentation).ok_or(Code::JsonSchema)?;
        let methods = self.methods(record);
        let method = methods
            .iter()
            .find(|method| method.id.as_str() == request.method)
            .filter(|method| method.unavailable(record).is_none())
            .ok_or(Code::MethodUnavailable)?;
        let capabilities = method.provider.capabilities();
        if !capabilities.ladder(device).contains(&presentation) {
            return Err(Code::PresentationUnavailable.into());
        }
        let shut = |wait| Refusal::new(Code::ProviderUnavailable).retry_after(wait);
        self.shelf.breakers().enter(&method.channel.id, self.now).map_err(shut)?;
        let locale = match request.locale.as_deref() {
            Some("en") => "en",
            Some(_) | None => "ko",
        };
        Ok(Attempt {
            id: AttemptId::new(record.checkout.id.home(), (self.entropy)()),
            channel: method.channel.id.clone(),
            method: method.id.clone(),
            means: method.terms.means,
            device,
            presentation,
            rung: 0,
            locale: locale.to_owned(),
            style: Style {
                prepares: capabilities.prepares,
                closes: capabilities.closes,
                captures_itself: capabilities.capture == CaptureStyle::Provider,
                partial_cancel: method.terms.refunds_at(self.now).is_some_and(|t| t.partial),
                joins: capabilities.joins,
                escrow: capabilities.escrow,
            },
            merchant: method.provider.merchant(&method.channel.account).map(str::to_owned),
            begun_by,
            started_at: self.now,
            ends_at: self.now.after(capabilities.window_life),
            token: None,
            notes: Notes::none(),
            steps: 0,
            payment_id: None,
            decline: None,
        })
    }

    /// The answer to a post of an attempt, in the state that it has now.
    pub(super) fn begun(
        &self,
        checkout: &str,
        attempt: &str,
        state_key: Option<&str>,
        fresh: bool,
    ) -> Done {
        let mut record = self.record(checkout)?;
        let id = AttemptId::parse(attempt).ok_or(Code::NotFound)?;
        let token = self.page_token(&mut record)?;
        let shown = record.payment.phase == Phase::Presented(id) && state_key.is_some();
        let known = record.payment.attempt(id).filter(|_| shown);
        let answer = Writer::document(|answer| {
            answer.name("checkout").text(checkout);
            answer.name("attempt").text(attempt);
            answer.name("state_key").text_or_null(state_key);
            answer
                .name("presentation")
                .or_null(known, |view, known| self.presentation(view, known));
            let status = answer.name("status");
            view::status(status, &record, self.config, token.as_deref(), self.now);
        });
        Ok(Outcome::Reply(Reply::new(if fresh { 201 } else { 200 }, answer)))
    }

    pub(super) fn status(&self, checkout: &str, state: &str) -> Done {
        let id = self.record_with_state(checkout, state)?.checkout.id;
        Ok(Outcome::Reply(Reply::new(200, self.live(id)?.1)))
    }

    pub(super) fn look(&self, checkout: &str, state: &str) -> Done {
        let mut record = self.record_with_state(checkout, state)?;
        if let Some(attempt) = record.payment.phase.attempt()
            && record.payment.phase.kind() != PhaseKind::Paid
        {
            self.feed(&mut record, Input::LookNow { attempt, source: "buyer" })?;
        }
        Ok(self.then_status(&record, state))
    }

    /// A closed window is a question: the provider is asked, and closed, before another try.
    pub(super) fn abandon(&self, checkout: &str, state: &str, body: &str) -> Done {
        let mut record = self.record_with_state(checkout, state)?;
        let request = request::read(body, request::abandon)?;
        let attempt = AttemptId::parse(&request.attempt).ok_or(Code::NotFound)?;
        record.payment.attempt(attempt).ok_or(Code::NotFound)?;
        self.feed(&mut record, Input::Abandon(attempt))?;
        Ok(self.then_status(&record, state))
    }

    fn then_status(&self, record: &Record, state: &str) -> Outcome {
        let id = record.checkout.id;
        let then = Op::Status { checkout: id.to_string(), state: state.to_owned() };
        Outcome::Drive(id, Box::new(then))
    }

    /// The next rung of the ladder: the same attempt, another window; the old window's key dies.
    pub(super) fn present(&self, checkout: &str, state: &str, attempt: &str, body: &str) -> Done {
        let mut record = self.record_with_state(checkout, state)?;
        let request = request::read(body, request::change_presentation)?;
        let presentation = Presentation::parse(&request.presentation).ok_or(Code::JsonSchema)?;
        let id = AttemptId::parse(attempt).ok_or(Code::NotFound)?;
        let known = record.payment.attempt(id).ok_or(Code::NotFound)?;
        let ladder = self
            .config
            .channels
            .get(&known.channel)
            .and_then(|channel| provider::by_name(channel.provider))
            .map(|provider| provider.capabilities().ladder(known.device))
            .unwrap_or_default();
        if !ladder.contains(&presentation) {
            return Err(Code::PresentationUnavailable.into());
        }
        if record.payment.phase != Phase::Presented(id) {
            return Err(Code::CheckoutClosed.into());
        }
        self.feed(&mut record, Input::Presentation(id, presentation))?;
        self.begun(checkout, attempt, Some(state), false)
    }

    /// For the live status: a fresh token when a new attempt may begin.
    pub(super) fn page_token(&self, record: &mut Record) -> Result<Option<String>, Failed> {
        let had = record.grant;
        self.grant_anew(record);
        if record.grant != had {
            self.keep(record)?;
        }
        let tried = !record.payment.attempts.is_empty();
        Ok(record.grant.filter(|_| tried).map(|grant| self.token(record, grant)))
    }

    fn record_for_token(&self, claims: &TokenClaims) -> Result<Found, Failed> {
        let found = match &claims.quote {
            Some(quote) => self.record_of_quote(claims, quote)?,
            None => Found { record: self.record(&claims.checkout)?, is_new: false, quote: None },
        };
        let checkout = &found.record.checkout;
        let same = claims.merchant == checkout.merchant.as_str()
            && claims.buyer == checkout.buyer.as_str()
            && claims.amount == checkout.amount.minor()
            && claims.currency == checkout.currency().code();
        // Row 32: signed by us, and yet not what we signed for this checkout.
        if same { Ok(found) } else { Err(Code::TokenReplayed.into()) }
    }

    pub(super) fn record_with_state(&self, checkout: &str, state: &str) -> Result<Record, Failed> {
        let record = self.record(checkout).map_err(|_| Code::StateMismatch)?;
        if holds_state(&record, state) { Ok(record) } else { Err(Code::StateMismatch.into()) }
    }

    /// Counts an attempt against everything that bounds it.
    fn bound(&self, found: &Found, address: &str) -> Result<(), Failed> {
        let record = &found.record;
        let window = self.now.as_millis().checked_div(VELOCITY_WINDOW).unwrap_or_default();
        let buyer = format!("buyer/{}/{}", record.checkout.merchant, record.checkout.buyer);
        let mut bounds = vec![
            ((buyer, window), BUYER_ATTEMPTS_MAX),
            ((format!("address/{address}"), window), ADDRESS_ATTEMPTS_MAX),
        ];
        bounds.extend(self.bounds_of_quote(found, address)?);
        let (names, bounds): (Vec<_>, Vec<_>) = bounds.into_iter().unzip();
        let counts = self.shelf.count(&names)?;
        if counts.iter().zip(bounds).any(|(count, max)| *count > max) {
            return Err(Code::VelocityLimited.into());
        }
        Ok(())
    }

    /// Every method of the checkout's merchant, in the order of its channels.
    pub(super) fn methods(&self, record: &Record) -> Vec<Method<'_>> {
        let merchant = &record.checkout.merchant;
        let channels = self.config.channels.values().filter(|c| c.merchant == *merchant);
        channels.flat_map(channel_methods).collect()
    }

    /// Derived, not stored: the page that lost its answer gets the same key again, and only its digest
    /// lies on the disk.
    fn state_key(&self, record: &Record, jti: &str, key: &IdempotencyKey) -> [u8; 16] {
        let checkout = record.checkout.id.to_string();
        let parts = [checkout.as_bytes(), jti.as_bytes(), key.as_str().as_bytes()];
        derive(&self.config.derive_secret, "state", &parts)
    }

    fn presentation(&self, view: &mut Writer, attempt: &Attempt) {
        let origin = &self.config.public_origin;
        let request = attempt.id.request_id();
        let key = hex(&self.window_key(attempt));
        view.object(|view| {
            view.name("kind").text(attempt.presentation.code());
            view.name("url").text(&format!("{origin}/w/{request}.{key}"));
            view.name("nonce").text(&hex(&self.nonce(attempt)));
        });
    }
}

fn begun(record: &Record, attempt: AttemptId, state_key: Option<String>, fresh: bool) -> Op {
    Op::Begun {
        checkout: record.checkout.id.to_string(),
        attempt: attempt.to_string(),
        state_key,
        fresh,
    }
}

fn holds_state(record: &Record, state: &str) -> bool {
    let Some(key) = unhex(state).filter(|key| key.len() == 16) else { return false };
    let given = digest(&key);
    record.state_keys.iter().any(|known| equal(known, &given))
}

fn channel_methods(channel: &Channel) -> Vec<Method<'_>> {
    let Some(provider) = provider::by_name(channel.provider) else { return Vec::new() };
    let method = |means: &Means| {
        let terms = provider.capabilities().terms(*means)?;
        let id = MethodId::parse(&format!("{}_{}", channel.id, means.code()))?;
        Some(Method { id, channel, provider, terms })
    };
    channel.means.iter().filter_map(method).collect()
}

impl Method<'_> {
    /// Why it cannot be chosen, if it cannot (R10).
    fn unavailable(&self, record: &Record) -> Option<&'static str> {
        let amount = record.checkout.amount;
        if !self.provider.capabilities().currencies.contains(&amount.currency()) {
            Some("currency")
        } else if amount.minor() < self.terms.minimum {
            Some("below_minimum")
        } else if amount.minor() > self.terms.maximum {
            Some("above_maximum")
        } else {
            None
        }
    }

    fn view(&self, view: &mut Writer, record: &Record, device: Device) {
        let reason = self.unavailable(record);
        let capabilities = self.provider.capabilities();
        view.object(|view| {
            view.name("id").text(self.id.as_str());
            view.name("channel").text(self.channel.id.as_str());
            view.name("method").text(self.terms.means.code());
            view.name("provider").text(capabilities.name);
            let ladder = capabilities.ladder(device);
            view.name("presentations").list(ladder, |list, rung| list.text(rung.code()));
            view.name("available").flag(reason.is_none());
            view.name("reason").text_or_null(reason);
        });
    }
}

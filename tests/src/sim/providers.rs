//! The providers' side: the sandbox's engines over the simulated network, their moods, their events, and
//! who else has a hand in them (the bank, the provider's console).

use std::collections::btree_map::Entry;

use serde_json::json;

use super::network::{Caller, Http, HttpAnswer};
use super::plant::WRONG_BY;
use super::shop::EDGE;
use super::weather::Kind;
use super::workload::Layer;
use super::world::{Event, World};
use crate::sandbox::faults::{Faults, Remains, Webhook};
use crate::sandbox::{Method, Request};

/// An engine changes its ways after so many milliseconds at most.
const MOOD_MS: u64 = 1_200_000;
/// Addresses of contracts, and one that nobody has.
const CHANNELS: [&str; 4] = ["toss", "toss_books", "kb", "nobody"];
/// Those whose provider signs its events, or sends none.
const SIGNING: [&str; 3] = ["/kb", "/portone", "/danal"];
/// More engines than there will be for long.
const ENGINES_MAX: usize = 6;
/// A provider waits so long for the answer to an event, in milliseconds.
const WEBHOOK_WAIT_MS: u64 = 10_000;
/// What was done in a console shows in every copy that a look-up may read after so many milliseconds.
const LAG: u64 = 120_000;
/// What is done sooner after a payment shows in every copy at once, in milliseconds.
const LONG_PAID_MS: u64 = 180_000;
/// The deadlines inside the engines are looked at this long after something opened, in milliseconds.
const WINDOW_MS: u64 = 30 * 60_000 + 2_000;

/// Whether our server asks a provider what is true.
fn is_look_up(request: &Http, path: &str) -> bool {
    let of_ours = request.url.starts_with("http://127.0.0.1");
    let looks = || path.ends_with("/teledit") && request.body.starts_with(b"Command=NCONFIRM");
    of_ours && (request.method == "GET" || path.ends_with("/inquire") || looks())
}

impl World {
    pub(super) fn provider_takes(&mut self, call: u64, request: &Http) {
        let (_, path, query) = request.target();
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        let method = if request.method == "GET" { Method::Get } else { Method::Post };
        let mut told = Request::new(method, &target, request.body.clone());
        for (name, value) in &request.headers {
            told = told.with(name, value);
        }
        let entropy = self.chance.bits();
        let response = self.sandbox.handle(&told, self.millis(), entropy);
        if path.ends_with("/window") {
            self.after(WINDOW_MS, Event::Outbox);
        }
        self.expect_outbox();
        if response.dropped {
            return self.tell(|| "  the provider did it, and its answer is gone".to_owned());
        }
        let delay = response.delay_ms + response.after_delivery.map_or(0, |_| 1_500);
        let answer =
            HttpAnswer { code: response.status, headers: response.headers, body: response.body };
        let answer = if is_look_up(request, path) { self.look_up(request, answer) } else { answer };
        self.answer_after(call, answer, delay);
    }

    /// The answer to a look-up, or the one before it.
    fn look_up(&mut self, request: &Http, answer: HttpAnswer) -> HttpAnswer {
        let behind = self.copies_agree_at.is_none_or(|at| self.now < at);
        let stale = behind && self.strikes(Kind::LookUpStale);
        match self.looked_up.entry((request.url.clone(), request.body.clone())) {
            Entry::Occupied(before) if stale => before.get().clone(),
            Entry::Occupied(mut before) => {
                before.insert(answer.clone());
                answer
            }
            Entry::Vacant(before) => before.insert(answer).clone(),
        }
    }

    /// Looks again when the next event of a provider is due.
    fn expect_outbox(&mut self) {
        let Some(due) = self.sandbox.next_delivery() else { return };
        let due = u64::try_from(due).unwrap_or(0).max(self.now);
        if self.outbox_at.is_none_or(|known| due < known) {
            self.outbox_at = Some(due);
            self.after(due - self.now, Event::Outbox);
        }
    }

    /// Posts the events that are due.
    pub(super) fn post(&mut self) {
        self.outbox_at = None;
        for delivery in self.sandbox.deliveries(self.millis()) {
            let request = Http {
                method: "POST",
                url: delivery.url,
                headers: delivery.headers,
                body: delivery.body,
            };
            if self.plan.off == Some(Layer::Webhooks) {
                self.provider_hears(delivery.id, None);
                continue;
            }
            if self.strikes(Kind::WebhookStale) {
                let late = self.chance.between(600_000, 20_000_000);
                self.after(late, Event::Stale(request.clone()));
            }
            if self.strikes(Kind::WebhookMisrouted) {
                let mut other = request.clone();
                other.url = format!("{EDGE}/v1/webhooks/{}", self.chance.pick(&CHANNELS));
                self.after(50, Event::Stale(other));
            }
            self.send(Caller::Webhook(delivery.id), request, WEBHOOK_WAIT_MS);
        }
        self.expect_outbox();
    }

    pub(super) fn provider_hears(&mut self, id: u64, answer: Option<HttpAnswer>) {
        // Of the others nobody can tell, and what they say is asked for.
        let signs = |url: &str| SIGNING.iter().any(|channel| url.ends_with(channel));
        if self.sandbox.forged(id).is_some_and(signs) {
            let code = answer.as_ref().map_or(0, |answer| answer.code);
            self.stranger_hears("I-18 F31", "an event that its provider did not sign", code);
        }
        let (status, body) = answer.map_or((0, Vec::new()), |answer| (answer.code, answer.body));
        self.sandbox.delivered(id, status, &body, self.millis());
        self.expect_outbox();
    }

    /// Every engine gets other faults, or none.
    pub(super) fn change_engines(&mut self) {
        // Drawn before they are given out, so that an engine more changes no other engine's.
        let mut moods: Vec<Faults> = (0..ENGINES_MAX).map(|_| self.mood()).collect();
        self.sandbox.change(|_| moods.pop().unwrap_or_default());
        if !self.weather.is_calm() {
            let next = self.chance.between(20_000, MOOD_MS);
            self.after(next, Event::Engines);
        }
    }

    fn mood(&mut self) -> Faults {
        let mut faults = Faults::default();
        let modes = [
            (Kind::WebhookEarly, Webhook::Early),
            (Kind::WebhookLate, Webhook::Late),
            (Kind::WebhookTwice, Webhook::Twice),
            (Kind::WebhookLost, Webhook::Lost),
            (Kind::WebhookForged, Webhook::Forged),
        ];
        for (kind, mode) in modes {
            if self.strikes(kind) {
                faults.webhook = mode;
            }
        }
        if self.strikes(Kind::ProviderFails) {
            faults.errors_5xx = u32::try_from(self.chance.between(1, 6)).unwrap_or(1);
        }
        faults.answer_lost_after_capture = self.strikes(Kind::CaptureAnswerLost);
        faults.answer_lost_after_refund = self.strikes(Kind::RefundAnswerLost);
        faults.answer_lost_as =
            self.chance.pick(&[Remains::Dropped, Remains::Html, Remains::Error]);
        if self.strikes(Kind::WrongAmount) {
            let of = self.chance.below(self.shop.sales.len() as u64);
            let amount = self.shop.sales.get(of as usize).map_or(1_000, |sale| sale.amount);
            faults.wrong_amount = Some(amount + WRONG_BY);
        }
        if self.strikes(Kind::ProviderSlow) {
            faults.slow_ms = self.chance.between(500, 12_000);
        }
        faults.return_lost = self.strikes(Kind::ReturnLost);
        faults
    }

    /// Money arrives at an account.
    pub(super) fn deposit(&mut self, request_id: &str, amount: Option<u64>) {
        let body = json!({ "request_id": request_id, "amount": amount }).to_string();
        let request = Request::new(Method::Post, "/control/deposit", body);
        let entropy = self.chance.bits();
        let response = self.sandbox.handle(&request, self.millis(), entropy);
        self.tell(|| format!("  a deposit for {request_id}: {}", response.status));
        self.expect_outbox();
    }

    /// Somebody at the shop gives money back in the provider's own console (F39). Toss's is the one whose
    /// calls a console makes.
    pub(super) fn console_cancels(
        &mut self,
        secret_key: &str,
        payment_id: &str,
        amount: Option<u64>,
        paid_at: u64,
    ) {
        use base64::Engine as _;
        // Until there is a reconciliation (R50), nothing but the provider's event tells of it.
        if self.plan.off == Some(Layer::Webhooks) {
            return;
        }
        self.sandbox.change(|_| Faults::default());
        // The edge looks more than once into what it is told of a payment that is older than its own event.
        let lag = if self.now > paid_at + LONG_PAID_MS { LAG } else { 0 };
        self.copies_agree_at = Some(self.now + lag);
        let key = base64::engine::general_purpose::STANDARD.encode(format!("{secret_key}:"));
        let body = json!({ "cancelReason": "console", "cancelAmount": amount }).to_string();
        let path = format!("/toss/v1/payments/{payment_id}/cancel");
        let request = Request::new(Method::Post, &path, body)
            .with("authorization", &format!("Basic {key}"))
            .with("content-type", "application/json");
        let entropy = self.chance.bits();
        let response = self.sandbox.handle(&request, self.millis(), entropy);
        self.tell(|| format!("  the console gives {amount:?} back: {}", response.status));
        self.expect_outbox();
    }
}

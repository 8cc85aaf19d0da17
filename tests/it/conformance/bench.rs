//! One payment between an adapter and its engine: carries requests, presses buttons, hands events over.

use std::collections::BTreeMap;

use edge::config::{Channel, Config};
use edge::provider::{
    self, Asked, Callback, CallbackRefused, CannotAsk, HttpRequest, HttpResponse, Inbound,
    Provider, Road, Window, WindowFor,
};
use serde_json::json;
use shared::fact::{Ask, Fact, ProviderPaymentId};
use shared::id::{AttemptId, ChannelId, Home, RequestId};
use shared::means::{Device, Means, Presentation};
use shared::money::{Amount, Currency, Total};
use shared::notes::{Notes, TOKEN};
use shared::sorted::Sorted;
use shared::time::{Span, Timestamp};
use tests::sandbox::faults::Faults;
use tests::sandbox::outbox::Delivery;
use tests::sandbox::{BookLine, Method, Request, Response, Sandbox};

use crate::world::buyer::{Return, SECOND_PAGE, form, way_back};
use crate::world::http::encoded;

/// What is paid, in KRW.
pub const AMOUNT: u64 = 31_000;
/// Saturday, 21 November 2026, 12:00 in Seoul.
const NOON: i64 = 1_795_230_000_000;
/// Longer than any event of a normal day is away.
const EVENTS_MS: i64 = 1_000;
/// No provider needs more steps for one answer.
const STEPS_MAX: u32 = 12;
/// Of every answer of the engine.
const ENTROPY: u64 = 7;

/// One payment.
pub struct Bench {
    pub provider: &'static dyn Provider,
    pub request_id: RequestId,
    config: Config,
    channel: ChannelId,
    means: Means,
    sandbox: Sandbox,
    now: i64,
    token: Option<String>,
    /// What the adapter learnt, and what callbacks told it under names.
    notes: Notes,
    told: BTreeMap<String, String>,
    payment_id: Option<ProviderPaymentId>,
    /// The window's form: where to, and its fields.
    window: (String, Vec<(String, String)>),
}

/// The case, with every provider.
pub fn each(case: impl Fn(Bench)) {
    for provider in provider::ALL {
        let (channel, _, means) = first_channel(provider.capabilities().name);
        case(Bench::new(ChannelId::parse(&channel).unwrap(), means));
    }
}

/// A provider's first channel in the demo, its merchant, and its first means.
pub fn first_channel(provider: &str) -> (String, String, Means) {
    let config = demo();
    let found = config.channels.values().find(|channel| channel.provider == provider);
    let channel = found.unwrap_or_else(|| panic!("{provider} has no channel in the demo"));
    let means = *channel.means.first().unwrap();
    (channel.id.as_str().to_owned(), channel.merchant.as_str().to_owned(), means)
}

fn demo() -> Config {
    let document = include_str!("../../../edge/testdata/demo-config.json");
    let secrets = include_str!("../../../edge/testdata/demo-secrets.json");
    let secrets: BTreeMap<String, String> = serde_json::from_str(secrets).unwrap();
    Config::load(document, &|name| secrets.get(name).cloned(), true).unwrap()
}

fn won(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::Krw).unwrap()
}

fn given(minor: u64) -> Total {
    Total::from_minor(minor, Currency::Krw).unwrap()
}

impl Bench {
    fn new(channel: ChannelId, means: Means) -> Self {
        let config = demo();
        let provider = provider::by_name(config.channels.get(&channel).unwrap().provider).unwrap();
        let home = Home { generation: 1, shard: 3 };
        Self {
            provider,
            request_id: AttemptId::new(home, 0x1122_3344_5566_7788).request_id(),
            config,
            channel,
            means,
            sandbox: Sandbox::demo("http://edge"),
            now: NOON,
            token: None,
            notes: Notes::none(),
            told: BTreeMap::new(),
            payment_id: None,
            window: Default::default(),
        }
    }

    /// One for each provider that offers this means in the demo.
    pub fn all_with(means: Means) -> Vec<Self> {
        let mut seen = Vec::new();
        let all = demo();
        all.channels
            .values()
            .filter(|channel| channel.means.contains(&means))
            .filter(|channel| {
                let new = !seen.contains(&channel.provider);
                seen.push(channel.provider);
                new
            })
            .map(|channel| Self::new(channel.id.clone(), means))
            .collect()
    }

    pub fn name(&self) -> &'static str {
        self.provider.capabilities().name
    }

    fn channel(&self) -> &Channel {
        self.config.channels.get(&self.channel).unwrap()
    }

    pub fn merchant(&self) -> Option<&str> {
        self.provider.merchant(&self.channel().account)
    }

    pub fn moment(&self) -> Timestamp {
        Timestamp::from_millis(self.now.cast_unsigned())
    }

    pub fn faults(&mut self, faults: Faults) {
        self.sandbox.set_faults(self.name(), faults).unwrap();
    }

    pub fn pass(&mut self, span: Span) {
        self.now += i64::try_from(span.as_millis()).unwrap();
    }

    /// What the provider has of this payment.
    pub fn book(&self) -> BookLine {
        let id = self.request_id.to_string();
        let mut lines = self.sandbox.books().into_iter().filter(|line| line.request_id == id);
        lines.next().unwrap_or_else(|| panic!("{} has not heard of it", self.name()))
    }

    /// What the provider took of it, which may have no line.
    pub fn captured(&self) -> u64 {
        let id = self.request_id.to_string();
        let lines = self.sandbox.books().into_iter().filter(|line| line.request_id == id);
        lines.map(|line| line.captured).sum()
    }

    // ---- questions ----

    /// The request that puts a question; twice the same.
    pub fn request(&self, ask: &Ask) -> Result<HttpRequest, CannotAsk> {
        let asked = Asked { ask, notes: &self.notes, at: self.moment() };
        let put = || self.provider.request(&asked, &self.channel().account, [5; 32]);
        if let (Ok(first), Ok(second)) = (put(), put()) {
            assert_eq!((first.url, first.headers), (second.url, second.headers), "I-12");
            assert_eq!(first.body, second.body, "I-12");
        }
        put()
    }

    /// Puts a question to the engine, in as many steps as it takes.
    pub fn ask(&mut self, ask: &Ask) -> Fact {
        for _ in 0..STEPS_MAX {
            match self.step(ask) {
                Fact::More(learnt) => {
                    self.notes.keep(learnt.name, &learnt.value, self.moment());
                }
                answer => return answer,
            }
        }
        panic!("{} never answers {:?}", self.name(), ask.kind())
    }

    fn step(&mut self, ask: &Ask) -> Fact {
        let put = self.request(ask).unwrap_or_else(|no| panic!("{}: {no:?}", self.name()));
        if put.road == Road::Own {
            let told = self.told.get(&String::from_utf8(put.body).unwrap()).cloned();
            let status = if told.is_some() { 200 } else { 404 };
            return self.read(ask, status, None, told.unwrap_or_default().into_bytes());
        }
        let method = if put.method == "GET" { Method::Get } else { Method::Post };
        let request = put
            .headers
            .iter()
            .fold(Request::new(method, below(&put.url), put.body), |request, (name, value)| {
                request.with(name, value)
            });
        let response = self.send(&request);
        if response.dropped {
            return Fact::Silence;
        }
        let retry_after = response.header("retry-after").and_then(|text| text.parse().ok());
        self.read(ask, response.status, retry_after, response.body)
    }

    /// What the adapter reads from an answer that no engine gave.
    pub fn answered(&self, ask: &Ask, http_status: u16, body: &str) -> Fact {
        self.read(ask, http_status, None, body.as_bytes().to_vec())
    }

    /// As the edge does it: bytes that are no answer are unclear.
    fn read(&self, ask: &Ask, http_status: u16, retry: Option<u64>, body: Vec<u8>) -> Fact {
        let answer = HttpResponse { http_status, retry_after: retry.map(Span::seconds), body };
        let asked = Asked { ask, notes: &self.notes, at: self.moment() };
        let fact = self.provider.response(&asked, &answer, &self.channel().account);
        fact.unwrap_or_else(|unreadable| Fact::Unclear { detail: unreadable.detail })
    }

    pub fn look(&mut self) -> Fact {
        let fact = self.ask(&self.look_up());
        if let Some(sighting) = fact.sighting() {
            self.payment_id = Some(sighting.provider_payment_id.clone());
        }
        fact
    }

    /// Looks, and captures what waits for it.
    pub fn settle(&mut self) -> Fact {
        let fact = self.look();
        match fact {
            Fact::Authenticated(sighting) => {
                let provider_payment_id = sighting.provider_payment_id;
                let (request_id, amount) = (self.request_id, won(AMOUNT));
                self.ask(&Ask::Capture { request_id, provider_payment_id, amount })
            }
            other => other,
        }
    }

    fn prepare(&self) -> Ask {
        Ask::Prepare {
            request_id: self.request_id,
            amount: won(AMOUNT),
            goods_name: "Film".to_owned(),
            buyer: "u-1".to_owned(),
        }
    }

    fn look_up(&self) -> Ask {
        Ask::LookUp { request_id: self.request_id, provider_payment_id: self.payment_id.clone() }
    }

    pub fn close(&self) -> Ask {
        Ask::Close { request_id: self.request_id }
    }

    /// Gives money of the right amount back.
    pub fn cancel(&self, amount: u64, before: u64, name: &str) -> Ask {
        self.cancel_of(amount, AMOUNT, before, name)
    }

    pub fn cancel_of(&self, amount: u64, captured: u64, before: u64, name: &str) -> Ask {
        Ask::Cancel {
            request_id: self.request_id,
            provider_payment_id: self.payment_id.clone().unwrap(),
            amount: won(amount),
            captured: given(captured),
            cancelled_before: given(before),
            key: format!("{}-{name}", self.request_id),
            reason: "a scratch".to_owned(),
            account: None,
        }
    }

    /// Every question that this provider has.
    pub fn asks(&self) -> Vec<Ask> {
        let capture = Ask::Capture {
            request_id: self.request_id,
            provider_payment_id: self.payment_id.clone().unwrap(),
            amount: won(AMOUNT),
        };
        [self.prepare(), self.look_up(), capture, self.close(), self.cancel(AMOUNT, 0, "whole")]
            .into_iter()
            .filter(|ask| self.request(ask).is_ok())
            .collect()
    }

    // ---- the window ----

    fn send(&mut self, request: &Request) -> Response {
        self.sandbox.handle(request, self.now, ENTROPY)
    }

    /// Announces the payment where that is needed, and opens its window; a buyer who has to joins first.
    pub fn open(&mut self) {
        if self.provider.capabilities().prepares {
            self.announce();
        }
        if self.provider.capabilities().joins && self.token.is_none() {
            self.show(self.means);
            self.press("join");
            for event in self.events() {
                let told = self.hear(&event).unwrap().told.expect("who has joined");
                self.told.extend([told]);
                self.acknowledge(&event);
            }
            self.announce();
            assert!(self.token.is_some(), "{}: a member can pay", self.name());
        }
        self.show(self.means);
    }

    fn announce(&mut self) {
        let fact = self.ask(&self.prepare());
        let Fact::Prepared { token } = fact else { panic!("{}: {fact:?}", self.name()) };
        if let Some(token) = &token {
            self.notes.keep(TOKEN, token, self.moment());
        }
        self.token = token;
    }

    fn show(&mut self, means: Means) {
        let window = self.provider.window(
            &WindowFor {
                request_id: self.request_id,
                amount: won(AMOUNT),
                means,
                device: Device::Pc,
                presentation: Presentation::Popup,
                goods_name: "Film",
                buyer: "u-1",
                token: self.token.as_deref(),
                return_url: "http://edge/r/1",
                locale: "ko",
            },
            &self.channel().account,
            [6; 32],
        );
        let request = match window.unwrap() {
            Window::Form { action, fields } => {
                Request::new(Method::Post, below(&action), encoded(&fields))
            }
            Window::Script { src, starter: _, data } => {
                let data = serde_json::from_str(&data).unwrap();
                let target = self.sandbox.script_opens(&src, &data).unwrap();
                Request::new(Method::Get, &target, "")
            }
        };
        let page = self.send(&request);
        assert_eq!(page.status, 200, "{}: {}", self.name(), text(&page));
        self.window = form(&text(&page));
    }

    /// Presses a button, and reads what the browser brings back.
    pub fn press(&mut self, button: &str) {
        let (action, mut fields) = self.window.clone();
        fields.retain(|(name, _)| name != "action");
        fields.push(("action".to_owned(), button.to_owned()));
        let mut answer = self.send(&Request::new(Method::Post, &action, encoded(&fields)));
        // A window of two pages: the second has what the first one sent, and the same button.
        if text(&answer).contains(SECOND_PAGE) {
            let (action, mut fields) = form(&text(&answer));
            fields.push(("action".to_owned(), button.to_owned()));
            answer = self.send(&Request::new(Method::Post, &action, encoded(&fields)));
        }
        let location = answer.header("location").unwrap_or_default();
        let Some(back) = way_back(answer.status, location, &text(&answer)) else { return };
        let (query, body) = match &back {
            Return { url, form: None } => {
                (url.split_once('?').map_or("", |(_, q)| q), String::new())
            }
            Return { form: Some(fields), .. } => ("", encoded(fields)),
        };
        let headers = Sorted::default();
        let inbound = Inbound { headers: &headers, query, body: body.as_bytes() };
        let hint = self.provider.returned(&inbound);
        self.payment_id = hint.provider_payment_id;
    }

    /// Somebody pays into the account; the panel's answer.
    pub fn deposit(&mut self) -> u16 {
        let body = json!({ "request_id": self.request_id.to_string() }).to_string();
        self.send(&Request::new(Method::Post, "/control/deposit", body)).status
    }

    // ---- events ----

    /// What is on its way to us.
    pub fn events(&mut self) -> Vec<Delivery> {
        self.now += EVENTS_MS;
        let events = self.sandbox.deliveries(self.now);
        for event in &events {
            assert_eq!(event.url, format!("http://edge/v1/webhooks/{}", self.channel.as_str()));
        }
        events
    }

    pub fn hear(&self, event: &Delivery) -> Result<Callback, CallbackRefused> {
        let lower = |(name, value): &(String, String)| (name.to_ascii_lowercase(), value.clone());
        let headers: Sorted<String, String> = event.headers.iter().map(lower).collect();
        let inbound = Inbound { headers: &headers, query: "", body: &event.body };
        self.provider.callback(&inbound, &self.channel().account, self.moment())
    }

    /// Says what this provider wants to hear.
    pub fn acknowledge(&mut self, event: &Delivery) {
        let words = self.provider.acknowledgement().body;
        self.sandbox.delivered(event.id, 200, words.as_bytes(), self.now);
    }
}

/// Path and query of an address.
fn below(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap();
    rest.find('/').map_or("/", |at| &rest[at..])
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

//! Quotes: what the shops signed ahead of time, who comes by it, and what strangers make of it.
//!
//! A visitor's page exchanges the quote for a token and goes on like any other page. What must hold: a token
//! costs what was signed and ends with its quote; a quote for one buyer is one order, one for many is another
//! order for each; nobody but the shop signs; and one address begins so many attempts a day, and no more.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edge::quote::TYPE;
use edge::signature::hmac_sha256;
use serde_json::{Value, json};
use shared::id::CheckoutId;

use super::browser::SHOP;
use super::network::{Caller, Http, HttpAnswer};
use super::path::claims_of;
use super::shop::{ACCOUNTS, Call, EDGE, Task};
use super::weather::Kind;
use super::workload::Deal;
use super::world::{Event, World};

/// With which each shop signs, as the demo's configuration has it.
const KEYS: [(&str, &[u8]); 2] = [
    ("camera-1", b"demo-only:quote-key:camera:Jc7Xw2Lq9Rt4Vn"),
    ("books-1", b"demo-only:quote-key:books:Pd8Km3Zs6Yh1Bf"),
];
/// A page waits so long for an answer, in milliseconds.
const WAIT_MS: u64 = 25_000;
/// A page asks so often.
const TRIES_MAX: u32 = 4;
/// The edge's clocks are apart by so much, in milliseconds: see `door`.
const SKEW_MS: u64 = 25_000;
/// Attempts that one address may begin with one quote in a day: `edge::owner`'s bound.
const FLOOD_MAX: u32 = 8;
/// Attempts that somebody makes who does not mean to pay.
const FLOOD: u32 = 11;

/// What a shop signed, and what came of it.
#[derive(Debug)]
pub(super) struct Offer {
    merchant: usize,
    goods: usize,
    price: u64,
    once: bool,
    id: String,
    ends_at: u64,
    text: String,
    /// The sale of a quote for one buyer.
    sale: Option<usize>,
    /// Attempts that began from the one address that makes too many.
    begun: u32,
}

impl World {
    /// Signs what the plan has, and lets visitors come.
    pub(super) fn begin_quotes(&mut self) {
        for (n, deal) in self.plan.offers.clone().into_iter().enumerate() {
            let goods = self.plan.goods[deal.goods].clone();
            let ends_at = (self.now / 1_000 + deal.life) * 1_000;
            let id = format!("q-{n}");
            let content = content(goods.merchant, &id, deal.once, ends_at, &goods.sku, goods.price);
            let offer = Offer {
                merchant: goods.merchant,
                goods: deal.goods,
                price: goods.price,
                once: deal.once,
                text: signed(KEYS[goods.merchant], &content),
                id,
                ends_at,
                sale: None,
                begun: 0,
            };
            self.shop.offers.push(offer);
            if deal.once {
                let id = self.shop.offers[n].id.clone();
                self.shop.offers[n].sale = Some(self.quoted_sale(n, id));
            }
            self.after(deal.at, Event::Shop(Task::Visit(n, 1)));
            if self.strikes(Kind::QuoteTwice) {
                let wait = self.chance.pick(&[0, 0, 3_000, 120_000, 600_000]);
                self.after(deal.at + wait, Event::Shop(Task::Visit(n, 1)));
            }
            if self.strikes(Kind::QuoteLate) {
                let late = ends_at - self.now + self.chance.between(0, 300_000);
                self.after(late, Event::Shop(Task::Visit(n, 1)));
            }
            if self.strikes(Kind::QuoteForged) {
                let wait = self.chance.between(0, deal.at * 2);
                self.after(wait, Event::Shop(Task::Forge(n)));
            }
            if self.strikes(Kind::QuoteFlooded) {
                // All of it on one day.
                let wait = self.chance.between(300_000, 1_800_000);
                self.after(wait, Event::Shop(Task::Flood(n)));
            }
        }
    }

    /// The sale that a use of a quote is: nobody opens it, so nobody asks for it again.
    fn quoted_sale(&mut self, offer: usize, order: String) -> usize {
        let Offer { merchant, goods, .. } = self.shop.offers[offer];
        let deal = Deal { merchant, at: 0, lines: vec![(goods, 1)], life: None };
        let n = self.shop.sales.len();
        let mut sale = self.sale(n, deal);
        sale.orders = vec![(order, sale.amount)];
        sale.quoted = true;
        self.shop.sales.push(sale);
        n
    }

    /// A page with the quote is opened.
    pub(super) fn visit_quote(&mut self, offer: usize, tries: u32) {
        let text = self.shop.offers[offer].text.clone();
        let (at, address) = (self.now, format!("192.0.2.{}", self.browsers.len()));
        self.exchange(Caller::Shop(Call::Exchange { offer, tries, at }), &text, &address);
    }

    fn exchange(&mut self, caller: Caller, quote: &str, address: &str) {
        let body = json!({ "quote": quote }).to_string().into_bytes();
        let url = format!("{EDGE}/v1/quotes/exchange");
        self.send(caller, page_post(url, body, address), WAIT_MS);
    }

    /// Somebody signs what the shop did not, or changes what it did (F9, I-15).
    pub(super) fn forge_quote(&mut self, offer: usize) {
        let Offer { merchant, goods, price, once, ends_at, .. } = self.shop.offers[offer];
        let (own, other) = (KEYS[merchant], KEYS[1 - merchant]);
        let (id, sku) = (self.shop.offers[offer].id.clone(), self.plan.goods[goods].sku.clone());
        let other_price = content(merchant, &id, once, ends_at, &sku, price + 1_000);
        let dear = self.shop.offers[offer].text.clone();
        let parts: Vec<&str> = dear.split('.').collect();
        let forged = [
            // Another price under the shop's own signature.
            format!("{}.{}.{}", parts[0], b64(other_price.to_string().as_bytes()), parts[2]),
            // Another shop's key, by its own name and by this shop's.
            signed(other, &other_price),
            signed((own.0, other.1), &other_price),
        ];
        for text in forged {
            let caller = Caller::Stranger("I-15 I-18 F9", "a quote that its shop did not sign");
            self.exchange(caller, &text, "198.51.100.7");
        }
    }

    /// Somebody begins and begins, and never pays.
    pub(super) fn flood_quote(&mut self, offer: usize) {
        for _ in 0..FLOOD {
            let text = self.shop.offers[offer].text.clone();
            self.exchange(Caller::Shop(Call::Flood(offer)), &text, FLOODER);
        }
    }

    /// The answer to a page.
    pub(super) fn quote_hears(&mut self, call: Call, code: u16, json: &Value, unknown: bool) {
        match call {
            Call::Exchange { offer, tries, .. } if unknown && tries < TRIES_MAX => {
                let wait = self.chance.between(1_000, 20_000);
                self.after(wait, Event::Shop(Task::Visit(offer, tries + 1)));
            }
            Call::Exchange { .. } if unknown => {}
            Call::Exchange { offer, at, .. } if code == 200 => {
                let Some((sale, checkout, token)) = self.exchanged(offer, at, json) else { return };
                self.open_page(sale, &checkout, &token);
                if self.strikes(Kind::ShopCancels) {
                    let wait = self.chance.between(0, 400_000);
                    self.after(wait, Event::Shop(Task::Cancel(sale)));
                }
            }
            Call::Exchange { offer, at, .. }
                if at + WAIT_MS + SKEW_MS < self.shop.offers[offer].ends_at =>
            {
                let text = format!("quote {offer} is refused with {}", json["code"]);
                self.notes.wrong("I-8", text);
            }
            Call::Flood(offer) if code == 200 => {
                let asked = self.now.saturating_sub(WAIT_MS);
                if let Some((sale, _, token)) = self.exchanged(offer, asked, json) {
                    let merchant = self.shop.sales[sale].deal.merchant;
                    let method = ["toss_card", "toss_books_card"][merchant];
                    let body =
                        json!({ "method": method, "presentation": "redirect", "device": "pc" });
                    let url = format!("{EDGE}/v1/attempts");
                    let mut request = page_post(url, body.to_string().into_bytes(), FLOODER);
                    let header = |name: &str, value: String| (name.to_owned(), value);
                    request.headers.push(header("authorization", format!("Bearer {token}")));
                    request.headers.push(header("idempotency-key", self.chance.key()));
                    self.send(Caller::Flooder(offer), request, WAIT_MS);
                }
            }
            _ => {}
        }
    }

    /// A quote became a token: what was signed, and nobody else's (I-2, I-8, I-17).
    fn exchanged(&mut self, n: usize, at: u64, json: &Value) -> Option<(usize, String, String)> {
        let text = |name: &str| json[name].as_str().map(ToOwned::to_owned);
        let (checkout, token) = (text("checkout")?, text("token")?);
        let claims = claims_of(&token);
        let offer = &self.shop.offers[n];
        let (price, ends_at, once) = (offer.price, offer.ends_at, offer.once);
        if claims["amt"].as_u64() != Some(price) || claims["chk"].as_str() != Some(&checkout) {
            let text = format!("quote {n} of {price} became a token of {}", claims["amt"]);
            self.notes.wrong("I-2 F9", text);
        }
        let late = claims["exp"].as_u64().is_none_or(|exp| exp * 1_000 > ends_at);
        if late || at > ends_at + SKEW_MS {
            self.notes.wrong("I-17 F8", format!("quote {n} is taken after its end"));
        }
        let known = self.shop.sales.iter().position(|s| s.checkout.as_ref() == Some(&checkout));
        let id = CheckoutId::parse(&checkout)?;
        let sale = match (self.shop.offers[n].sale, known) {
            (Some(sale), None) if self.shop.sales[sale].checkout.is_none() => sale,
            (Some(sale), Some(known)) if sale == known => sale,
            (None, None) => {
                let order =
                    format!("{}.{:016x}", self.shop.offers[n].id, id.bits() & u128::from(u64::MAX));
                self.quoted_sale(n, order)
            }
            (Some(_), _) => {
                let text = format!("quote {n} is one order and has two checkouts");
                self.notes.wrong("I-8", text);
                return None;
            }
            (None, Some(_)) => {
                let text = format!("two visitors by quote {n} have one checkout");
                self.notes.wrong("I-8 I-15", text);
                return None;
            }
        };
        debug_assert_eq!(once, self.shop.offers[n].sale.is_some());
        self.shop.sales[sale].checkout = Some(checkout.clone());
        Some((sale, checkout, token))
    }

    /// An attempt of somebody who makes too many of them was answered (I-16).
    pub(super) fn flooder_hears(&mut self, offer: usize, answer: &HttpAnswer) {
        if answer.code >= 400 || !answer.json()["state_key"].is_string() {
            return;
        }
        self.shop.offers[offer].begun += 1;
        let begun = self.shop.offers[offer].begun;
        if begun == FLOOD_MAX + 1 {
            let text = format!("one address began {begun} attempts with quote {offer} in a day");
            self.notes.wrong("I-16 I-20", text);
        }
    }
}

/// The address of whoever begins and never pays.
const FLOODER: &str = "198.51.100.9";

fn page_post(url: String, body: Vec<u8>, address: &str) -> Http {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let headers = vec![
        header("content-type", "application/json"),
        header("origin", SHOP),
        header("cf-connecting-ip", address),
    ];
    Http { method: "POST", url, headers, body }
}

/// What is signed.
fn content(merchant: usize, id: &str, once: bool, ends_at: u64, sku: &str, price: u64) -> Value {
    json!({
        "iss": ACCOUNTS[merchant].id, "jti": id, "use": if once { "once" } else { "many" },
        "exp": ends_at / 1_000,
        "lines": [{ "sku": sku, "name": sku, "quantity": 1, "unit_amount": price }],
        "amount": price, "currency": "KRW",
        "return_url": "http://shop.localhost:4410/return.html",
    })
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn signed((kid, key): (&str, &[u8]), content: &Value) -> String {
    let header = json!({ "alg": "HS256", "typ": TYPE, "kid": kid });
    let message =
        format!("{}.{}", b64(header.to_string().as_bytes()), b64(content.to_string().as_bytes()));
    format!("{message}.{}", b64(&hmac_sha256(key, &[message.as_bytes()])))
}

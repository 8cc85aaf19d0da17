//! The shop: opens checkouts, hears notices, gives money back, changes its mind, and fails in all the ways
//! in which a shop's server fails.

use std::collections::BTreeMap;

use edge::stock::{self, StockOp};
use serde_json::{Value, json};

use super::browser::TabRef;
use super::inbox::Heard;
use super::network::{Caller, Http, HttpAnswer};
use super::quoted::Offer;
use super::rival::Beside;
use super::weather::Kind;
use super::workload::Deal;
use super::world::{Event, World};

/// An account of the demo's configuration.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) id: &'static str,
    key: &'static str,
    pub(super) notice_secret: &'static str,
    /// The key with which its people work in Toss's console.
    toss_key: &'static str,
}

/// Both shops.
pub(super) static ACCOUNTS: [Account; 2] = [
    Account {
        id: "m_camera",
        key: "sk_test_camera_000000000000000000000000",
        notice_secret: "Y2FtZXJhLXNlY3JldC1jYW1lcmEtc2VjcmV0LWNhbWVyYQ==",
        toss_key: "test_sk_camera",
    },
    Account {
        id: "m_books",
        key: "sk_test_books_0000000000000000000000000",
        notice_secret: "Ym9va3Mtc2VjcmV0LWJvb2tzLXNlY3JldC1ib29rcy0=",
        toss_key: "test_sk_books",
    },
];

/// The edge, as servers reach it.
pub(super) const EDGE: &str = "http://127.0.0.1:4412";
/// The shop's server waits so long for the edge, in milliseconds.
const WAIT_MS: u64 = 45_000;
/// A call is repeated so often while anything goes wrong.
const TRIES_MAX: u32 = 4;
/// How long a dead shop stays dead, in milliseconds: longer than the plan of a notice.
const DEAD_MS: u64 = 5 * 86_400_000;

/// What the shop does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Task {
    /// Opens the checkout of a sale, or asks once more.
    Open(usize),
    /// Sends the key of a sale with another content.
    ReuseKey(usize),
    /// Cancels a sale.
    Cancel(usize),
    /// Wants money of a sale back.
    GiveBack(usize),
    /// Sends a wish, or sends it once more.
    Wish(usize, usize),
    /// Gives money back in the provider's console.
    Console(usize),
    /// Reads the checkout of a sale.
    Read(usize),
    /// Wants every dead notice once more.
    ReplayDead,
    /// A visitor comes by a quote, so many times by now.
    Visit(usize, u32),
    /// A stranger signs what the shop did not.
    Forge(usize),
    /// A visitor begins and begins.
    Flood(usize),
}

/// A call of the shop's that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    /// See [`Task::Open`].
    Open(usize),
    /// See [`Task::ReuseKey`].
    ReuseKey(usize),
    /// See [`Task::Cancel`].
    Cancel(usize),
    /// See [`Task::Wish`].
    Wish(usize, usize),
    /// See [`Task::Read`].
    Read(usize),
    /// A fresh token for a page that is built again.
    Token(TabRef),
    /// A visitor's page exchanges a quote.
    Exchange { offer: usize, tries: u32, at: u64 },
    /// So does somebody who will not pay.
    Flood(usize),
}

/// A refund that the shop wants.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    key: String,
    body: Value,
    tries: u32,
    /// The refund's id, once it is told; every answer names the same.
    id: Option<String>,
}

/// A sale as the shop knows it.
#[derive(Debug)]
pub(super) struct Sale {
    pub(super) deal: Deal,
    pub(super) amount: u64,
    pub(super) orders: Vec<(String, u64)>,
    pub(super) key: String,
    body: Value,
    tries: u32,
    cancel_key: String,
    cancel_tries: u32,
    pub(super) refused: bool,
    pub(super) checkout: Option<String>,
    pub(super) heard: BTreeMap<String, Heard>,
    /// The newest that it read or was told: version and status.
    pub(super) newest: Option<(u64, String)>,
    pub(super) payment: Option<(String, String)>,
    pub(super) wishes: Vec<Wish>,
    pub(super) paid_once: bool,
    /// Its cancel was accepted.
    pub(super) cancelled: bool,
    /// It is a use of a quote: its checkout is there from the first attempt on.
    pub(super) quoted: bool,
    pub(super) beside: Beside,
}

/// Both shops' servers.
#[derive(Debug, Default)]
pub(super) struct Shop {
    pub(super) sales: Vec<Sale>,
    pub(super) offers: Vec<Offer>,
    pub(super) dead_until: u64,
}

impl World {
    /// Counts the goods, and plans the sales.
    pub(super) fn begin_shop(&mut self) {
        for goods in self.plan.goods.clone() {
            let Some(units) = goods.units else { continue };
            let name = stock::object_name(ACCOUNTS[goods.merchant].id, &goods.sku);
            let (shelf, owner) = self.stocks.entry(name).or_default();
            let op = StockOp::Set { sku: goods.sku, body: json!({ "units": units }).to_string() };
            let set = owner.handle(shelf, &op, shared::time::Timestamp::from_millis(self.now));
            assert!(set.is_ok(), "{set:?}");
        }
        if self.strikes(Kind::ShopDead) {
            self.shop.dead_until = self.now + self.plan.calm_at + DEAD_MS;
        }
        for deal in self.plan.deals.clone() {
            let n = self.shop.sales.len();
            let at = deal.at;
            let sale = self.sale(n, deal);
            self.shop.sales.push(sale);
            self.after(at, Event::Shop(Task::Open(n)));
        }
        self.begin_quotes();
        for n in 0..self.plan.deals.len() {
            self.plan_rival(n);
        }
    }

    pub(super) fn sale(&mut self, n: usize, deal: Deal) -> Sale {
        let ids = (0..deal.lines.len()).map(|nth| format!("o-{n}-{nth}")).collect();
        self.sale_of(n, ids, deal)
    }

    /// A sale with these order ids.
    pub(super) fn sale_of(&mut self, n: usize, ids: Vec<String>, deal: Deal) -> Sale {
        let mut orders = Vec::new();
        let mut lines = Vec::new();
        for (nth, (id, (goods, quantity))) in ids.into_iter().zip(&deal.lines).enumerate() {
            let goods = &self.plan.goods[*goods];
            let amount = goods.price * u64::from(*quantity);
            lines.push(json!({
                "order_id": id, "seller": format!("s-{nth}"), "amount": amount,
                "lines": [{ "sku": goods.sku, "name": goods.sku, "quantity": quantity,
                            "unit_amount": goods.price }],
            }));
            orders.push((id, amount));
        }
        let amount: u64 = orders.iter().map(|(_, amount)| amount).sum();
        let mut body = json!({
            "buyer": { "id": format!("u-{n}") }, "orders": lines, "amount": amount,
            "currency": "KRW", "return_url": "http://shop.localhost:4410/return.html",
        });
        if let Some(life) = deal.life {
            body["expires_in_seconds"] = life.into();
        }
        Sale {
            deal,
            amount,
            orders,
            key: self.chance.key(),
            body,
            tries: 0,
            cancel_key: self.chance.key(),
            cancel_tries: 0,
            refused: false,
            checkout: None,
            heard: BTreeMap::new(),
            newest: None,
            payment: None,
            wishes: Vec::new(),
            paid_once: false,
            cancelled: false,
            quoted: false,
            beside: Beside::Nobody,
        }
    }

    fn merchant_asks(
        &mut self,
        sale: usize,
        call: Call,
        path: &str,
        key: &str,
        body: Option<&Value>,
    ) {
        let account = &ACCOUNTS[self.shop.sales[sale].deal.merchant];
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers = vec![header("authorization", &format!("Bearer {}", account.key))];
        if !key.is_empty() {
            headers.push(header("idempotency-key", key));
        }
        if body.is_some() {
            headers.push(header("content-type", "application/json"));
        }
        let method = if body.is_some() || !key.is_empty() { "POST" } else { "GET" };
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = Http { method, url: format!("{EDGE}{path}"), headers, body };
        self.send(Caller::Shop(call), request, WAIT_MS);
    }

    pub(super) fn shop_does(&mut self, task: Task) {
        match task {
            Task::Open(n) => {
                let sale = &mut self.shop.sales[n];
                sale.tries += 1;
                let (key, body) = (sale.key.clone(), sale.body.clone());
                let times = if self.strikes(Kind::OpenTwice) { 2 } else { 1 };
                for _ in 0..times {
                    self.merchant_asks(n, Call::Open(n), "/v1/checkouts", &key, Some(&body));
                }
            }
            Task::ReuseKey(n) => {
                let sale = &self.shop.sales[n];
                let (key, mut body) = (sale.key.clone(), sale.body.clone());
                body["label"] = "something else".into();
                self.merchant_asks(n, Call::ReuseKey(n), "/v1/checkouts", &key, Some(&body));
            }
            Task::Cancel(n) => {
                let sale = &mut self.shop.sales[n];
                sale.cancel_tries += 1;
                let Some(id) = sale.checkout.clone() else { return };
                let key = sale.cancel_key.clone();
                let body = json!({ "reason": "changed its mind" });
                let path = format!("/v1/checkouts/{id}/cancel");
                self.merchant_asks(n, Call::Cancel(n), &path, &key, Some(&body));
            }
            Task::GiveBack(n) => self.wish_for(n),
            Task::Wish(n, nth) => {
                let sale = &mut self.shop.sales[n];
                let Some(id) = sale.checkout.clone() else { return };
                let wish = &mut sale.wishes[nth];
                wish.tries += 1;
                let (key, body) = (wish.key.clone(), wish.body.clone());
                let path = format!("/v1/checkouts/{id}/refunds");
                self.merchant_asks(n, Call::Wish(n, nth), &path, &key, Some(&body));
            }
            Task::Console(n) => {
                let sale = &self.shop.sales[n];
                let Some((provider, payment)) = sale.payment.clone() else { return };
                if provider == "tosspayments" {
                    let key = ACCOUNTS[sale.deal.merchant].toss_key;
                    let part = self.chance.in_thousand(500).then_some(1_000);
                    let record = self.record_of(n);
                    let paid_at = record.and_then(|record| record.payment.phase.paid_at());
                    let paid_at = paid_at.map_or(self.now, |at| at.as_millis());
                    self.console_cancels(key, &payment, part, paid_at);
                    // Nobody tells us but the provider; the page that looks is another way.
                    self.after(5_000, Event::Shop(Task::Read(n)));
                }
            }
            Task::Read(n) => {
                let Some(id) = self.shop.sales[n].checkout.clone() else { return };
                let path = format!("/v1/checkouts/{id}");
                self.merchant_asks(n, Call::Read(n), &path, "", None);
            }
            Task::ReplayDead => self.replay_dead(),
            Task::Visit(n, tries) => self.visit_quote(n, tries),
            Task::Forge(n) => self.forge_quote(n),
            Task::Flood(n) => self.flood_quote(n),
        }
    }

    /// A token for a page that is built again.
    pub(super) fn ask_token(&mut self, sale: usize, checkout: &str, call: Call) {
        let key = self.chance.key();
        let path = format!("/v1/checkouts/{checkout}/token");
        self.merchant_asks(sale, call, &path, &key, None);
    }

    /// One refund, or two that may be too much together.
    fn wish_for(&mut self, n: usize) {
        let times = if self.strikes(Kind::RefundTwice) { 2 } else { 1 };
        for _ in 0..times {
            let order = self.chance.below(2);
            let sale = &self.shop.sales[n];
            let order = usize::try_from(order).unwrap_or(0).min(sale.orders.len() - 1);
            let (id, amount) = sale.orders[order].clone();
            let mut body = json!({ "order_id": id, "reason": "returned" });
            if self.chance.in_thousand(500) {
                body["amount"] = (self.chance.between(1, amount / 1_000) * 1_000).into();
            }
            // Only a deposit needs it, and nobody else minds.
            body["refund_account"] =
                json!({ "bank": "88", "number": "110123456789", "holder": "Kim" });
            let key = self.chance.key();
            let nth = self.shop.sales[n].wishes.len();
            self.shop.sales[n].wishes.push(Wish { key, body, tries: 0, id: None });
            self.after(0, Event::Shop(Task::Wish(n, nth)));
        }
    }

    fn replay_dead(&mut self) {
        let graves: Vec<(String, String)> = self
            .book
            .dead
            .iter()
            .filter(|(_, grave)| grave.open)
            .map(|(id, grave)| (id.clone(), grave.checkout.clone()))
            .collect();
        for (id, checkout) in graves {
            let sale = self.shop.sales.iter().position(|s| s.checkout.as_ref() == Some(&checkout));
            let Some(sale) = sale else { continue };
            // Twice at once, with two keys: one effect.
            for _ in 0..2 {
                let key = self.chance.key();
                let path = format!("/v1/notices/{id}/replay");
                self.merchant_asks(sale, Call::Read(sale), &path, &key, None);
            }
        }
    }

    pub(super) fn shop_hears(&mut self, call: Call, answer: Option<&HttpAnswer>) {
        let code = answer.map_or(0, |answer| answer.code);
        let json = answer.map(HttpAnswer::json).unwrap_or_default();
        // Silence, gateways and what broke: nobody knows, so the same question again.
        let later = code == 429 || json["code"] == "request_in_progress";
        let unknown = code == 0 || code >= 500 || json.is_null() || later;
        let calm = self.weather.is_calm();
        match call {
            Call::Open(n) if unknown => {
                if self.shop.sales[n].tries < TRIES_MAX || calm {
                    let wait = self.chance.between(1_000, 30_000);
                    self.after(wait, Event::Shop(Task::Open(n)));
                }
            }
            Call::Open(n) if code == 201 => self.opened(n, &json),
            Call::Open(n) => {
                let refused = json["code"].as_str().unwrap_or_default().to_owned();
                if refused == "order_id_conflict" && self.loses(n) {
                    return;
                }
                self.notes.wrong("I-8", format!("sale {n} is refused with {refused}"));
                self.shop.sales[n].refused = true;
            }
            Call::ReuseKey(n) => {
                if code == 201 {
                    let text = format!("the key of sale {n} opened another content");
                    self.notes.wrong("I-8 F2", text);
                }
            }
            Call::Cancel(n) => {
                self.shop.sales[n].cancelled |= code == 200 && !unknown;
                if unknown && (self.shop.sales[n].cancel_tries < TRIES_MAX || calm) {
                    self.after(7_000, Event::Shop(Task::Cancel(n)));
                }
            }
            Call::Wish(n, nth) => {
                let wish = &mut self.shop.sales[n].wishes[nth];
                if unknown && (wish.tries < TRIES_MAX || calm) {
                    return self.after(9_000, Event::Shop(Task::Wish(n, nth)));
                }
                let id = json["refund"].as_str().map(ToOwned::to_owned).filter(|_| code == 201);
                let other = wish.id.is_some() && id.is_some() && wish.id != id;
                wish.id = id.or(wish.id.take());
                if other {
                    self.notes.wrong("I-8 I-12", format!("one key, two refunds of sale {n}"));
                }
            }
            Call::Read(n) => {
                if code == 200 && json["version"].is_u64() {
                    self.read(n, &json);
                }
            }
            Call::Exchange { .. } | Call::Flood(_) => self.quote_hears(call, code, &json, unknown),
            Call::Token(tab) => {
                let token = json["token"].as_str().map(ToOwned::to_owned);
                if let Some(token) = token.filter(|_| code == 200) {
                    self.build_again(tab, Some(token));
                }
            }
        }
    }

    fn opened(&mut self, n: usize, json: &Value) {
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        let (id, token) = (text("id"), text("token"));
        match &self.shop.sales[n].checkout {
            Some(known) if *known == id => return,
            Some(known) => {
                let text = format!("one key opened {known} and {id}");
                return self.notes.wrong("I-8 F1", text);
            }
            None => {}
        }
        if json["amount"].as_u64() != Some(self.shop.sales[n].amount) {
            self.notes.wrong("I-2", format!("{id} charges another amount than was set"));
        }
        self.shop.sales[n].checkout = Some(id.clone());
        self.open_page(n, &id, &token);
        if self.strikes(Kind::KeyReused) {
            self.open_with_another_key(n);
            let wait = self.chance.between(0, 100_000);
            self.after(wait, Event::Shop(Task::ReuseKey(n)));
        }
        if self.strikes(Kind::ShopCancels) {
            let wait = self.chance.between(0, 400_000);
            self.after(wait, Event::Shop(Task::Cancel(n)));
        }
    }

    /// The other shop reads and cancels a checkout that is not its own (I-15).
    pub(super) fn try_the_other_shop(&mut self, merchant: usize, checkout: &str) {
        let key = self.chance.key();
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let other = &ACCOUNTS[1 - merchant];
        let bearer = header("authorization", &format!("Bearer {}", other.key));
        let mut read = Http::get(format!("{EDGE}/v1/checkouts/{checkout}"));
        read.headers = vec![bearer.clone()];
        let json = header("content-type", "application/json");
        let cancel = Http {
            method: "POST",
            url: format!("{EDGE}/v1/checkouts/{checkout}/cancel"),
            headers: vec![bearer, json, header("idempotency-key", &key)],
            body: b"{}".to_vec(),
        };
        for request in [read, cancel] {
            self.send(Caller::Stranger("I-15", "another shop's key"), request, WAIT_MS);
        }
    }

    /// A shop that has lost its key opens a sale with another: the order has its checkout (I-8).
    fn open_with_another_key(&mut self, n: usize) {
        let sale = &self.shop.sales[n];
        let account = &ACCOUNTS[sale.deal.merchant];
        let body = sale.body.to_string().into_bytes();
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let headers = vec![
            header("authorization", &format!("Bearer {}", account.key)),
            header("content-type", "application/json"),
            header("idempotency-key", &self.chance.key()),
        ];
        let request = Http { method: "POST", url: format!("{EDGE}/v1/checkouts"), headers, body };
        self.send(Caller::Stranger("I-8", "an order that has a checkout"), request, WAIT_MS);
    }

    /// What is left to be done when nothing goes wrong any more.
    pub(super) fn finish_selling(&mut self) {
        for n in 0..self.shop.sales.len() {
            let sale = &self.shop.sales[n];
            let unopened = sale.checkout.is_none() && !sale.refused && sale.tries >= TRIES_MAX;
            let open = |wish: &Wish| wish.id.is_none() && wish.tries >= TRIES_MAX;
            let wishes: Vec<usize> =
                sale.wishes.iter().enumerate().filter(|(_, w)| open(w)).map(|(n, _)| n).collect();
            if unopened {
                self.after(1_000, Event::Shop(Task::Open(n)));
            }
            for nth in wishes {
                self.after(2_000, Event::Shop(Task::Wish(n, nth)));
            }
        }
        // After the dead shop lives again, and once more for what died meanwhile.
        for days in [6, 7, 13, 19] {
            self.after(days * 86_400_000, Event::Shop(Task::ReplayDead));
        }
    }
}

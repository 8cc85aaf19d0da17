//! The shop's inbox: notices come in, are checked as any customer's server would, and make it read the
//! checkout again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::network::{Http, HttpAnswer};
use super::shop::{ACCOUNTS, Task};
use super::weather::Kind;
use super::world::{Event, World};
use crate::sandbox::cipher;

/// A notice that the shop heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) version: u64,
    pub(super) kind: String,
    pub(super) standing: String,
    pub(super) refunded: u64,
}

impl World {
    /// The shop read a checkout: one version has one content.
    pub(super) fn read(&mut self, n: usize, json: &Value) {
        let version = json["version"].as_u64().unwrap_or(0);
        let standing = json["status"].as_str().unwrap_or_default().to_owned();
        let payment = &json["payment"];
        if let (Some(provider), Some(id)) =
            (payment["provider"].as_str(), payment["provider_payment_id"].as_str())
        {
            self.shop.sales[n].payment = Some((provider.to_owned(), id.to_owned()));
        }
        let sale = &mut self.shop.sales[n];
        if sale.newest.as_ref().is_none_or(|(known, _)| version > *known) {
            sale.newest = Some((version, standing.clone()));
        }
        if standing == "paid" && !sale.paid_once {
            sale.paid_once = true;
            if self.chance.in_thousand(350) {
                let wait = self.chance.pick(&[500, 5_000, 120_000, 3_000_000]);
                self.after(wait, Event::Shop(Task::GiveBack(n)));
            }
            if self.strikes(Kind::ConsoleCancel) {
                let wait = self.chance.between(100, 300_000);
                self.after(wait, Event::Shop(Task::Console(n)));
            }
        }
    }

    /// The shop's server: notices, and nothing else.
    pub(super) fn shop_takes(&mut self, call: u64, request: &Http) {
        let path = request.target().1;
        let Some(name) = path.strip_prefix("/notices/") else { return };
        let merchant = ACCOUNTS.iter().position(|account| account.id == name);
        let Some(merchant) = merchant else { return };
        let says = |code: u16| HttpAnswer { code, headers: Vec::new(), body: b"{}".to_vec() };
        if self.now < self.shop.dead_until || self.strikes(Kind::ShopFails) {
            return self.answer(call, says(500));
        }
        if self.strikes(Kind::ShopSilent) {
            return;
        }
        self.take_notice(merchant, request);
        let slow =
            if self.strikes(Kind::ShopSlow) { self.chance.between(5_000, 25_000) } else { 0 };
        self.answer_after(call, says(200), slow);
    }

    fn take_notice(&mut self, merchant: usize, request: &Http) {
        let header = |name: &str| {
            request.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
        };
        let (id, at) = (header("webhook-id").to_owned(), header("webhook-timestamp"));
        let body = String::from_utf8_lossy(&request.body);
        let key = STANDARD.decode(ACCOUNTS[merchant].notice_secret).unwrap_or_default();
        let mac = cipher::mac_base64(&key, format!("{id}.{at}.{body}").as_bytes());
        if header("webhook-signature") != format!("v1,{mac}") {
            return self.notes.wrong("I-15", format!("{id} is not signed for its shop"));
        }
        let json: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let data = &json["data"];
        let checkout = data["checkout"].as_str().unwrap_or_default();
        let heard = Heard {
            version: data["version"].as_u64().unwrap_or(0),
            kind: json["type"].as_str().unwrap_or_default().to_owned(),
            standing: data["status"].as_str().unwrap_or_default().to_owned(),
            refunded: data["refunded_amount"].as_u64().unwrap_or(0),
        };
        // A shop that lost the answer to its opening knows the sale by its order.
        let order = data["orders"][0].as_str().unwrap_or_default();
        let sale = self.sale_with(order);
        let Some(n) = sale.filter(|n| self.shop.sales[*n].deal.merchant == merchant) else {
            return self.notes.wrong("I-15", format!("{id} is about nobody's sale"));
        };
        if data["amount"].as_u64() != Some(self.shop.sales[n].amount) {
            self.notes.wrong("I-2", format!("{id} tells another amount than was set"));
        }
        self.tell(|| format!("  the shop hears {} v{} {checkout}", heard.kind, heard.version));
        self.notes.reached(&id, self.now);
        let sale = &mut self.shop.sales[n];
        if let Some(before) = sale.heard.insert(id.clone(), heard.clone())
            && before != heard
        {
            self.notes.wrong("I-14", format!("{id} came with two contents"));
        }
        self.after(1, Event::Shop(Task::Read(n)));
    }

    /// Since when everything goes well: the dead shop wants its dead notices a day after it lives again.
    pub(super) fn well_since(&self) -> u64 {
        let calm = self.calm_since();
        if self.shop.dead_until > 0 {
            self.shop.dead_until.max(calm) + 2 * 86_400_000
        } else {
            calm
        }
    }
}

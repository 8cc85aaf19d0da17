//! Order ids that a shop uses twice: a second cart names an order of another sale, under a key of its own.
//!
//! Whoever comes first has the order, and the other is refused for good (I-8). What else the refused one
//! named is nobody's then (I-20), and the shop sells it once more under another key.
//!
//! # Why that may be in vain
//! Nobody but an opening gives back what it claimed. While a repeat of the refused one is on its way, its
//! order is taken for a moment; and if that repeat is cut short, its call still travelling or its worker gone,
//! the order stays taken until the same opening is repeated, which a shop that has heard the refusal does not
//! do. So a shop may have to sell under another id then, and then alone.

use std::collections::BTreeMap;

use edge::row::Record;
use edge::serve::Visit;
use serde_json::Value;

use super::shop::{ACCOUNTS, Sale, Task};
use super::weather::Kind;
use super::world::{Event, World};

/// How often what was given back may be found taken when nothing is lost or late any more: each by what
/// was still on its way.
const REFUSALS_MAX: u32 = 10;
/// Between two tries to sell it once more, in milliseconds.
const PAUSE_MS: u64 = 60_000;

/// Who else names the orders of a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    /// Nobody.
    Nobody,
    /// This sale names one of them as well.
    Rival(usize),
    /// A refused one did; and so often the order was not free.
    Refused(u32),
}

impl World {
    /// Plans a cart with an order that is not another sale's, and then the first one that is.
    pub(super) fn plan_rival(&mut self, n: usize) {
        if !self.strikes(Kind::OrderReused) {
            return;
        }
        let mut deal = self.shop.sales[n].deal.clone();
        let (shop, common) = (deal.merchant * 3, deal.lines[0]);
        let more = 1 + usize::from(self.chance.in_thousand(500));
        deal.lines = vec![(shop + (common.0 - shop + more) % 3, 1), common];
        // At the same time, around it, or when the other was opened long ago.
        let wait = self.chance.pick(&[100, 100, 30_000, 400_000]);
        deal.at += self.chance.below(wait);
        let rival = self.shop.sales.len();
        let ids = vec![format!("x-{rival}"), self.shop.sales[n].orders[0].0.clone()];
        let mut sale = self.sale_of(rival, ids, deal);
        sale.beside = Beside::Rival(n);
        self.shop.sales[n].beside = Beside::Rival(rival);
        self.sell(sale, 0);
    }

    /// Plans to open a sale.
    fn sell(&mut self, sale: Sale, wait: u64) {
        let (n, at) = (self.shop.sales.len(), sale.deal.at);
        self.shop.sales.push(sale);
        self.after(at + wait, Event::Shop(Task::Open(n)));
    }

    /// An order of this sale is another checkout's, the edge says: whether it may be.
    pub(super) fn loses(&mut self, n: usize) -> bool {
        let calm = self.weather.is_calm();
        let sale = &mut self.shop.sales[n];
        match sale.beside {
            Beside::Nobody => false,
            _ if sale.checkout.is_some() => false,
            // Said twice.
            Beside::Rival(_) if sale.refused => true,
            Beside::Rival(rival) => {
                sale.refused = true;
                let free = self.leaves(n, rival);
                if self.shop.sales[rival].refused {
                    let text = format!("sales {n} and {rival} lose an order to each other");
                    self.notes.wrong("I-8 I-20", text);
                } else if let Some(sale) = free {
                    let wait = self.chance.pick(&[0, 500, 5_000, 90_000]);
                    self.sell(sale, wait);
                }
                true
            }
            Beside::Refused(times) if times >= REFUSALS_MAX => {
                let ((id, _), key) = (&sale.orders[0], &sale.key);
                let cut = self.notes.cut.iter().any(|(order, of)| order == id && of != key);
                sale.refused = true;
                cut
            }
            Beside::Refused(times) => {
                sale.beside = Beside::Refused(times + u32::from(calm));
                sale.key = self.chance.key();
                self.after(PAUSE_MS, Event::Shop(Task::Open(n)));
                true
            }
        }
    }

    /// What a refused sale named and its rival does not, as a sale of its own.
    fn leaves(&mut self, n: usize, rival: usize) -> Option<Sale> {
        let taken = &self.shop.sales[rival].orders;
        let sale = &self.shop.sales[n];
        let at = sale.orders.iter().position(|(id, _)| taken.iter().all(|(of, _)| of != id))?;
        let (id, mut deal) = (sale.orders[at].0.clone(), sale.deal.clone());
        (deal.lines, deal.at) = (vec![deal.lines[at]], 0);
        let mut sale = self.sale_of(self.shop.sales.len(), vec![id], deal);
        sale.beside = Beside::Refused(0);
        Some(sale)
    }

    /// An opening is cut short: whoever carried it out is gone, or has not heard what became of a call.
    pub(super) fn opening_ends(&mut self, visit: &Visit) {
        let key = visit.incoming.header("idempotency-key").unwrap_or_default();
        let body: Value = serde_json::from_slice(&visit.incoming.body).unwrap_or_default();
        for order in body["orders"].as_array().into_iter().flatten() {
            let order = order["order_id"].as_str().unwrap_or_default();
            self.notes.cut.insert((order.to_owned(), key.to_owned()));
        }
    }

    /// Whose sale an order belongs to.
    pub(super) fn sale_with(&self, first_order: &str) -> Option<usize> {
        let mut sales = self.shop.sales.iter();
        sales.position(|sale| sale.orders[0].0 == first_order && !sale.refused)
    }

    /// No order is in two checkouts (I-8), and what nobody has can be sold (I-20).
    pub(super) fn audit_orders(&mut self, records: &[Record]) {
        let mut found: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        for record in records {
            for order in &record.checkout.orders {
                let name = (record.checkout.merchant.as_str(), order.id.as_str());
                *found.entry(name).or_default() += 1;
            }
        }
        let mut wrong = Vec::new();
        for ((_, order), n) in found.iter().filter(|(_, n)| **n > 1) {
            wrong.push(("I-8", format!("one order, {n} checkouts: {order}")));
        }
        let cut = |id: &String| self.notes.cut.iter().any(|(order, _)| order == id);
        for sale in self.shop.sales.iter().filter(|sale| sale.beside != Beside::Nobody) {
            let merchant = ACCOUNTS[sale.deal.merchant].id;
            let sold = |id: &str| found.contains_key(&(merchant, id));
            let lost = sale.orders.iter().filter(|(id, _)| !sold(id) && !cut(id));
            wrong.extend(lost.map(|(id, _)| ("I-8 I-20", format!("{id} is refused and not sold"))));
        }
        for (rule, text) in wrong {
            self.notes.wrong(rule, text);
        }
    }
}

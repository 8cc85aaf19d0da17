//! The auditor: what must be true when everything has come to rest, by books of its own.
//!
//! It believes three witnesses: the shop, which knows what it set and what it was told; the engines, which
//! know what they really took and gave back; and the list of what was put into the queue. The edge's own
//! rows are what is held against them.
//!
//! # Why it also looks at the path
//! An end can be right by luck, because another layer repaired it. So a payment must have been looked up,
//! a token must have begun one attempt, and a page must not have said "paid" before the money was there.

use std::collections::{BTreeMap, BTreeSet};

use edge::row::Record;
use edge::shelf::Shelf as _;
use edge::stock;
use edge::view;
use shared::id::{AttemptId, CheckoutId, Sku};
use shared::payment::{Phase, Refund, RefundCause, RefundState};

use super::rules::{self, LATE_MS, for_a_person};
use super::shop::ACCOUNTS;
use super::world::World;
use crate::sandbox::BookLine;

/// What an engine took and kept of a request.
#[derive(Debug, Default, Clone, Copy)]
struct Taken {
    captured: u64,
    net: u64,
    captures: u32,
}

impl World {
    fn taken(&self) -> BTreeMap<String, Taken> {
        let mut taken: BTreeMap<String, Taken> = BTreeMap::new();
        for BookLine { request_id, captured, refunded, captures, .. } in self.sandbox.books() {
            let sum = taken.entry(request_id).or_default();
            sum.captured += captured;
            sum.net += captured - refunded;
            sum.captures += captures;
        }
        taken
    }

    /// A page says "paid".
    pub(super) fn paid_was_told(&mut self, sale: usize) {
        let Some(record) = self.record_of(sale) else { return };
        let amount = self.shop.sales[sale].amount;
        let taken = self.taken();
        let there = record.payment.attempts.iter().any(|attempt| {
            let taken = taken.get(&attempt.id.request_id().to_string());
            taken.is_some_and(|taken| taken.captured == amount)
        });
        if !there {
            let text = format!("a page says that {} is paid, and it is not", record.checkout.id);
            self.notes.wrong("I-2 I-18", text);
        }
    }

    pub(super) fn record_of(&self, sale: usize) -> Option<Record> {
        let id = CheckoutId::parse(self.shop.sales[sale].checkout.as_ref()?)?;
        self.objects[usize::from(id.home().shard)].shelf.record(id).ok()?
    }

    /// An hour after everything went well again: money that moved is paid for, or on its way back, or a
    /// person knows (I-3).
    pub(super) fn half_time(&mut self) {
        let taken = self.taken();
        let records: Vec<Record> =
            (0..self.shop.sales.len()).filter_map(|n| self.record_of(n)).collect();
        for record in records.iter().filter(|record| !for_a_person(&record.payment)) {
            let payment = &record.payment;
            let settled = |id: AttemptId| {
                matches!(payment.phase, Phase::Paid(paid, ..) if paid == id)
                    || payment.refunds.iter().any(|refund| refund.attempt == id)
            };
            let ids = payment.attempts.iter().map(|attempt| attempt.id);
            let holds = |request: &String| taken.get(request).is_some_and(|taken| taken.net > 0);
            let open = ids.filter(|id| !settled(*id)).map(|id| id.request_id().to_string());
            for request in open.filter(holds) {
                let text = format!("{request} holds money for an hour, and nobody knows of it");
                self.notes.wrong("I-3 F15", text);
            }
        }
    }

    /// Everything has come to rest.
    pub(super) fn audit(&mut self) {
        let taken = self.taken();
        let ids: Vec<(usize, CheckoutId, bool)> = (0..self.objects.len())
            .flat_map(|n| {
                let checkouts = self.objects[n].shelf.checkouts();
                checkouts.into_iter().map(move |(id, parked)| (n, id, parked))
            })
            .collect();
        let mut known = BTreeSet::new();
        let mut strangers = taken.clone();
        let mut records = Vec::new();
        for (object, id, parked) in ids {
            known.insert(id.to_string());
            let Ok(Some(record)) = self.objects[object].shelf.record(id) else {
                self.notes.wrong("I-9", format!("{id} cannot be read"));
                continue;
            };
            for attempt in &record.payment.attempts {
                strangers.remove(&attempt.id.request_id().to_string());
            }
            if parked {
                self.notes.wrong("I-16", format!("{id} is put aside"));
            }
            self.audit_checkout(&record, &taken);
            self.audit_versions(object, id);
            records.push(record);
        }
        self.audit_orders(&records);
        for (request_id, taken) in strangers.into_iter().filter(|(_, taken)| taken.net > 0) {
            let text = format!("{request_id} holds {} for no checkout", taken.net);
            self.notes.wrong("I-3", text);
        }
        for n in 0..self.shop.sales.len() {
            let sale = &self.shop.sales[n];
            match &sale.checkout {
                Some(id) if known.contains(id) => {}
                // A quote's checkout is stored with its first attempt, not before.
                Some(id) if sale.quoted && !self.notes.has_begun(id) => {}
                Some(id) => {
                    let text = format!("{id} was answered and is not there");
                    self.notes.wrong("I-9", text);
                }
                None if sale.refused || sale.quoted => {}
                None => self.notes.wrong("I-16", format!("sale {n} never got an answer")),
            }
        }
        self.audit_stock();
        self.audit_queue();
    }

    fn audit_checkout(&mut self, record: &Record, taken: &BTreeMap<String, Taken>) {
        let id = record.checkout.id.to_string();
        let order = record.checkout.orders.first().map(|order| order.id.to_string());
        let sale = order.and_then(|order| self.sale_with(&order));
        let Some(n) = sale.filter(|n| self.shop.sales[*n].checkout.as_ref() == Some(&id)) else {
            return self.notes.wrong("I-8", format!("{id} is nobody's: one order, two checkouts"));
        };
        rules::count_ends(record, &mut self.notes.ends);
        self.audit_money(n, record, taken);
        self.audit_rest(&id, record);
        self.audit_ledger(&id, record, taken);
        self.audit_told(n, record);
        let books: Vec<BookLine> = self.sandbox.books();
        self.audit_ends(record, &books);
        let cancelled = matches!(record.payment.phase, Phase::Cancelled(_));
        if self.shop.sales[n].cancelled && !cancelled && !for_a_person(&record.payment) {
            let phase = record.payment.phase.kind();
            self.notes.wrong("F38", format!("{id} was cancelled, and is {phase:?}"));
        }
        let shop = |refund: &&Refund| matches!(refund.cause, RefundCause::Shop(_));
        let wishes = self.shop.sales[n].wishes.len();
        if record.payment.refunds.iter().filter(shop).count() > wishes {
            self.notes.wrong("I-8 I-12", format!("{id} gives back more often than was wished"));
        }
    }

    /// Charged at most once, exactly the amount set, and nothing kept that must not be (I-1, I-2, I-3).
    fn audit_money(&mut self, n: usize, record: &Record, taken: &BTreeMap<String, Taken>) {
        let id = record.checkout.id;
        let person = for_a_person(&record.payment);
        let paid = match record.payment.phase {
            Phase::Paid(attempt, ..) => Some(attempt),
            _ => None,
        };
        for attempt in &record.payment.attempts {
            let request = attempt.id.request_id().to_string();
            let taken = taken.get(&request).copied().unwrap_or_default();
            if taken.captures > 1 {
                let text = format!("{request} of {id} was captured {} times", taken.captures);
                self.notes.wrong("I-1", text);
            }
            if paid == Some(attempt.id) {
                self.audit_paid(n, record, attempt.id, taken);
            } else if taken.net > 0 && !person {
                let text = format!("{request} of {id} keeps {} that nobody owes", taken.net);
                self.notes.wrong("I-3", text);
            }
        }
    }

    /// What was taken is what was set, less what went back; and the edge has asked for it.
    fn audit_paid(&mut self, n: usize, record: &Record, attempt: AttemptId, taken: Taken) {
        let (id, amount) = (record.checkout.id, self.shop.sales[n].amount);
        let done =
            |refund: &&Refund| refund.attempt == attempt && refund.state == RefundState::Done;
        let refunds = record.payment.refunds.iter().filter(done);
        let back: u64 = refunds.map(|refund| refund.amount.minor()).sum();
        if taken.captured != amount {
            let text = format!("{id} is paid with {} instead of {amount}", taken.captured);
            self.notes.wrong("I-2 F20", text);
        }
        if taken.net + back != amount && !for_a_person(&record.payment) {
            let text = format!(
                "{id}: the provider keeps {}, our books say {amount} less {back}",
                taken.net
            );
            self.notes.wrong("I-6 I-11", text);
        }
        if !self.notes.heard.contains_key(&attempt.request_id().to_string()) {
            self.notes.wrong("I-2", format!("{id} is paid and was never looked up"));
        }
    }

    /// Nothing is stuck, or a person knows.
    fn audit_rest(&mut self, id: &str, record: &Record) {
        let payment = &record.payment;
        if for_a_person(&record.payment) {
            return;
        }
        for (rule, what) in rules::unfinished(payment) {
            self.notes.wrong(rule, format!("{id} {what}"));
        }
    }

    /// Every entry sums to zero, and the provider's account is what the provider holds (I-5, I-6).
    fn audit_ledger(&mut self, id: &str, record: &Record, taken: &BTreeMap<String, Taken>) {
        let (mut entries, mut provider) = (BTreeMap::<&str, i128>::new(), 0_i128);
        for ((checkout, entry, _), line) in &self.book.postings {
            if checkout != id {
                continue;
            }
            let amount = i128::from(line.amount);
            let amount = if line.side == "debit" { amount } else { -amount };
            *entries.entry(entry).or_default() += amount;
            if line.account.starts_with("provider:") {
                provider += amount;
            }
        }
        let unbalanced: Vec<&str> =
            entries.iter().filter(|(_, sum)| **sum != 0).map(|(entry, _)| *entry).collect();
        if !unbalanced.is_empty() {
            let text = format!("{id}: {unbalanced:?} do not sum to zero");
            self.notes.wrong("I-5", text);
        }
        let requests = record.payment.attempts.iter().map(|a| a.id.request_id().to_string());
        let held: u64 = requests.filter_map(|id| taken.get(&id)).map(|taken| taken.net).sum();
        if provider != i128::from(held) && !for_a_person(&record.payment) {
            let text = format!("{id}: the ledger says {provider}, the provider holds {held}");
            self.notes.wrong("I-6", text);
        }
        let listed = self.book.checkouts.get(id);
        let (standing, refunded) = (view::standing(record), view::refunded(record).minor());
        if !listed.is_some_and(|row| row.standing == standing && row.refunded == refunded) {
            let row = listed.map(|row| (row.version, row.standing.clone()));
            let text = format!("{id} is {standing}, the list says {row:?}");
            self.notes.wrong("I-14", text);
        }
    }

    /// The shop knows (I-14).
    fn audit_told(&mut self, n: usize, record: &Record) {
        let id = record.checkout.id;
        let heard = &self.shop.sales[n].heard;
        let standing = view::standing(record);
        let mut missing: Vec<String> = rules::to_be_told(record)
            .map(shared::payment::Event::code)
            .filter(|kind| heard.values().all(|heard| heard.kind != *kind))
            .map(str::to_owned)
            .collect();
        let paid = heard.values().filter(|heard| heard.kind == "checkout.paid").count();
        if paid > 1 {
            let text = format!("the shop was told {paid} times that {id} is paid");
            self.notes.wrong("I-10", text);
        }
        let newest = heard.values().max_by_key(|heard| heard.version);
        let knows = newest.is_none_or(|newest| {
            newest.standing == standing && newest.refunded == view::refunded(record).minor()
        });
        if !knows {
            missing.push(format!("that it is {standing} (it knows {newest:?})"));
        }
        if !missing.is_empty() {
            let text = format!("the shop never learnt of {id}: {}", missing.join(", "));
            self.notes.wrong("I-14", text);
        }
    }

    /// No version ever falls (I-10).
    fn audit_versions(&mut self, object: usize, id: CheckoutId) {
        let journal = self.objects[object].shelf.journal(id).unwrap_or_default();
        let mut last = 0;
        for entry in journal {
            if entry.version < last {
                let text =
                    format!("{id}: version {} after {last} ({})", entry.version, entry.input);
                self.notes.wrong("I-10", text);
            }
            last = last.max(entry.version);
        }
    }

    /// No piece is sold twice, none is kept for nobody (I-4).
    fn audit_stock(&mut self) {
        let mut sold: BTreeMap<usize, u32> = BTreeMap::new();
        for n in 0..self.shop.sales.len() {
            let Some(record) = self.record_of(n) else { continue };
            if !matches!(record.payment.phase, Phase::Paid(..)) {
                continue;
            }
            for (goods, quantity) in &self.shop.sales[n].deal.lines {
                *sold.entry(*goods).or_default() += quantity;
            }
        }
        for (nth, goods) in self.plan.goods.clone().into_iter().enumerate() {
            let Some(units) = goods.units else { continue };
            let sold = sold.get(&nth).copied().unwrap_or(0);
            let name = stock::object_name(ACCOUNTS[goods.merchant].id, &goods.sku);
            let sku = Sku::parse(&goods.sku);
            let kept = self.stocks.get(&name).zip(sku).map(|((shelf, _), sku)| shelf.whole(&sku));
            let Some(kept) = kept else { continue };
            for what in rules::audit_stock(&kept, units, sold, self.time()) {
                self.notes.wrong("I-4", format!("{} {what}", goods.sku));
            }
        }
    }

    /// Every notice that left reached its shop (I-14, I-16).
    fn audit_queue(&mut self) {
        let heard: BTreeSet<String> =
            self.shop.sales.iter().flat_map(|sale| sale.heard.keys().cloned()).collect();
        let notices = self.notes.posted.clone();
        for (id, at) in notices {
            if !heard.contains(&id) {
                self.notes.wrong("I-14", format!("{id} left and never arrived"));
                continue;
            }
            // Once the world is calm and the shop lives, nothing excuses more than the plan's longest step.
            let excused = at.max(self.well_since());
            let late = self.notes.reached.get(&id).map_or(0, |at| at.saturating_sub(excused));
            if late > LATE_MS {
                let hours = late / 3_600_000;
                self.notes.wrong("I-14", format!("{id} reached the shop {hours} hours late"));
            }
        }
        if self.queue.len() > 0 {
            let text = format!("{} letters never came to an end", self.queue.len());
            self.notes.wrong("I-16", text);
        }
        for object in 0..self.objects.len() {
            let out = self.objects[object].shelf.payloads().len();
            if out > 0 {
                self.notes.wrong("I-14", format!("{out} messages never left owner {object}"));
            }
        }
    }
}

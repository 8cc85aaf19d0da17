//! What was acknowledged, by those who heard it: the books that the runtime is held against.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// A merchant of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merchant {
    /// Its key at the edge.
    pub key: &'static str,
}

/// A sale, as its shop and its buyer know it.
#[derive(Debug, Clone)]
pub struct Sale {
    /// Whose.
    pub merchant: Merchant,
    /// The order's id.
    pub order: String,
    /// The whole amount.
    pub amount: u64,
    /// The body with which it was opened, and the key.
    pub opening: (Value, String),
    /// The checkout, once its opening was answered.
    pub checkout: Option<String>,
    /// A piece of which there is one.
    pub last_piece: Option<String>,
    /// Attempts that were answered.
    pub attempts: BTreeSet<String>,
    /// Keys with which attempts were wanted.
    pub wanted: u64,
    /// The highest version that was told.
    pub version: u64,
    /// Somebody was told that it is paid.
    pub told_paid: bool,
    /// Refunds that were answered, with their amounts.
    pub refunds: BTreeMap<String, u64>,
    /// Refunds that were wanted, answered or not.
    pub wished: u64,
    /// The shop wanted to cancel it.
    pub cancels: bool,
    /// The shop was told that it is cancelled.
    pub cancelled: bool,
}

/// A notice that the shop took: what kind, of which version.
type Notice = (String, u64);

#[derive(Debug, Default)]
struct Inner {
    sales: Vec<Sale>,
    counts: BTreeMap<&'static str, u64>,
    /// By checkout, by id.
    notices: BTreeMap<String, BTreeMap<String, Notice>>,
    touched: BTreeSet<usize>,
    odd: Vec<String>,
}

/// Everything of a world that was acknowledged.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Inner>);

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A sale begins; its number.
    pub fn sells(&self, sale: Sale) -> usize {
        let mut inner = self.lock();
        inner.sales.push(sale);
        inner.sales.len() - 1
    }

    /// Something was acknowledged, and this is what the sale knows now.
    pub fn acknowledged(&self, kind: &'static str, sale: usize, change: impl FnOnce(&mut Sale)) {
        let mut inner = self.lock();
        *inner.counts.entry(kind).or_default() += 1;
        inner.touched.insert(sale);
        change(&mut inner.sales[sale]);
    }

    /// Something that is nobody's sale was acknowledged.
    pub fn counted(&self, kind: &'static str, times: u64) {
        *self.lock().counts.entry(kind).or_default() += times;
    }

    /// The sale changes without an answer: something is wanted.
    pub fn wants(&self, sale: usize, change: impl FnOnce(&mut Sale)) {
        change(&mut self.lock().sales[sale]);
    }

    /// The shop takes a notice.
    pub fn noticed(&self, id: &str, body: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (kind, version) = (text(&body["type"]), body["data"]["version"].as_u64());
        let mut inner = self.lock();
        *inner.counts.entry("notices").or_default() += 1;
        let of = inner.notices.entry(text(&body["data"]["checkout"])).or_default();
        of.insert(id.to_owned(), (kind, version.unwrap_or(0)));
    }

    /// An answer that nobody should have got.
    pub fn odd(&self, what: String) {
        self.lock().odd.push(what);
    }

    /// The sales about which something was acknowledged since the last time.
    pub fn touched(&self) -> Vec<usize> {
        std::mem::take(&mut self.lock().touched).into_iter().collect()
    }

    /// One sale.
    pub fn sale(&self, at: usize) -> Sale {
        self.lock().sales[at].clone()
    }

    /// Every sale.
    pub fn sales(&self) -> Vec<Sale> {
        self.lock().sales.clone()
    }

    /// The notices about a checkout.
    pub fn notices(&self, checkout: &str) -> BTreeMap<String, Notice> {
        self.lock().notices.get(checkout).cloned().unwrap_or_default()
    }

    /// How much was acknowledged, by kind.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.lock().counts.clone()
    }

    /// Answers that nobody should have got.
    pub fn odds(&self) -> Vec<String> {
        self.lock().odd.clone()
    }
}

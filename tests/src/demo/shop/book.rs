//! What the shop remembers: its checkouts, which order is in which, and the notices it received.
//! In memory, because the edge can be asked again about everything.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{catalog::Item, edge::Merchant};

/// Older notices leave the list first.
const NOTICES_MAX: usize = 500;
/// A token lives 15 minutes; one is handed out again only while it has a minute left.
const TOKEN_LIFE_MS: i64 = 14 * 60 * 1000;

/// One checkout as the shop knows it.
#[derive(Clone)]
pub struct Checkout {
    pub merchant: &'static Merchant,
    pub buyer_id: String,
    pub buyer_name: String,
    pub items: Vec<Item>,
    /// What `POST /api/checkouts` answered, for a page that asks again. Holds the buyer's token.
    pub opened: Value,
    pub opened_ms: i64,
    /// The checkout as the edge's API last gave it.
    pub seen: Value,
    pub seen_ms: i64,
    /// Verified notices about it, newest version first heard.
    pub told: u64,
    /// A verified notice said that it is paid.
    pub told_paid: bool,
}

impl Checkout {
    /// The version of what we know.
    pub fn version(&self) -> u64 {
        self.seen["version"].as_u64().unwrap_or(0)
    }

    /// Nothing more will happen to it by itself.
    pub fn is_final(&self) -> bool {
        matches!(
            self.seen["status"].as_str(),
            Some("paid" | "partially_refunded" | "refunded" | "cancelled" | "expired")
        )
    }

    fn can_go_on(&self, now_ms: i64) -> bool {
        let begun = self.seen["attempts"].as_array().is_some_and(|all| !all.is_empty());
        !self.opened.is_null()
            && !self.is_final()
            && (begun || now_ms - self.opened_ms < TOKEN_LIFE_MS)
    }
}

/// What a notice's version means beside the version that we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Newer than what we know, or the same: read the checkout again.
    Read,
    /// Overtaken on its way: acknowledged and left.
    Older,
}

/// Notices may arrive in any order: only the version says which one is the later.
pub fn judge(known: u64, told: u64) -> Word {
    if told < known { Word::Older } else { Word::Read }
}

/// All that the shop remembers.
#[derive(Default)]
pub struct Book {
    pub checkouts: BTreeMap<String, Checkout>,
    orders: BTreeMap<String, String>,
    /// The page's idempotency key, what it asked for, and what it was answered.
    answers: BTreeMap<String, (String, Value)>,
    pub notices: Vec<Value>,
    notice_count: u64,
    /// Notices that were taken, by their `webhook-id`.
    burnt: BTreeSet<String>,
    /// Tests make this many of the next notices fail.
    pub fail_next: u64,
    pub stock_ready: bool,
}

impl Book {
    /// Which checkout holds that order.
    pub fn checkout_of(&self, order: &str) -> Option<String> {
        self.orders.get(order).cloned()
    }

    /// Keeps what the edge's API said, unless something newer is known.
    pub fn see(&mut self, id: &str, merchant: &'static Merchant, seen: Value, now_ms: i64) {
        for order in seen["orders"].as_array().into_iter().flatten() {
            if let Some(order) = order["order_id"].as_str() {
                self.orders.insert(order.to_owned(), id.to_owned());
            }
        }
        let known = self.checkouts.entry(id.to_owned()).or_insert_with(|| Checkout {
            merchant,
            buyer_id: seen["buyer_id"].as_str().unwrap_or_default().to_owned(),
            buyer_name: String::new(),
            items: Vec::new(),
            opened: Value::Null,
            opened_ms: now_ms,
            seen: Value::Null,
            seen_ms: 0,
            told: 0,
            told_paid: false,
        });
        if seen["version"].as_u64().unwrap_or(0) >= known.version() {
            known.seen = seen;
        }
        known.seen_ms = now_ms;
    }

    /// The same buyer's checkout over the same articles that can still be paid.
    pub fn unfinished(
        &self,
        buyer: &str,
        items: &[Item],
        now_ms: i64,
    ) -> Option<(&String, &Checkout)> {
        self.checkouts
            .iter()
            .filter(|(_, one)| one.buyer_id == buyer && one.items == items && one.can_go_on(now_ms))
            .max_by_key(|(_, one)| one.opened_ms)
    }

    /// What was answered under that key.
    ///
    /// # Errors
    /// When the key was used for something else.
    pub fn answered(&self, key: &str, asked: &str) -> Result<Option<Value>, ()> {
        match self.answers.get(key) {
            None => Ok(None),
            Some((before, answer)) if before == asked => Ok(Some(answer.clone())),
            Some(_) => Err(()),
        }
    }

    /// Keeps the answer for a repeat of the same call.
    pub fn keep_answer(&mut self, key: &str, asked: &str, answer: &Value) {
        self.answers.insert(key.to_owned(), (asked.to_owned(), answer.clone()));
    }

    /// Burns a notice's id; `false` when it was burnt before.
    pub fn burn(&mut self, webhook_id: &str) -> bool {
        self.burnt.insert(webhook_id.to_owned())
    }

    /// Gives an id back, because its notice could not be used and will be sent again.
    pub fn unburn(&mut self, webhook_id: &str) {
        self.burnt.remove(webhook_id);
    }

    /// Writes a received notice down, believed or not.
    pub fn note(&mut self, mut row: Value, now_ms: i64) {
        self.notice_count += 1;
        row["n"] = json!(self.notice_count);
        row["received_ms"] = json!(now_ms);
        if self.notices.len() >= NOTICES_MAX {
            self.notices.remove(0);
        }
        self.notices.push(row);
    }
}

/// What the buyer's pages may see of a checkout: no token, no attempts, no other buyer.
pub fn view(id: &str, one: &Checkout) -> Value {
    let seen = &one.seen;
    let payment = match &seen["payment"] {
        Value::Null => Value::Null,
        paid => json!({
            "provider": paid["provider"], "channel": paid["channel"], "method": paid["method"],
            "provider_payment_id": paid["provider_payment_id"],
            "captured_amount": paid["captured_amount"], "paid_at": paid["paid_at"],
        }),
    };
    json!({
        "checkout": id, "merchant": one.merchant.id,
        "status": seen["status"], "phase": seen["phase"], "version": one.version(),
        "amount": seen["amount"], "refunded_amount": seen["refunded_amount"],
        "currency": seen["currency"], "label": seen["label"], "orders": seen["orders"],
        "payment": payment, "refunds": seen["refunds"],
        "created_at": seen["created_at"], "expires_at": seen["expires_at"],
        "buyer_name": one.buyer_name, "opened_ms": one.opened_ms,
        "told": one.told, "told_paid": one.told_paid,
    })
}

#[cfg(test)]
mod tests {
    use super::{super::edge::MERCHANTS, *};

    #[test]
    fn an_overtaken_notice_changes_nothing() {
        assert_eq!(judge(7, 6), Word::Older);
        assert_eq!(judge(7, 7), Word::Read);
        assert_eq!(judge(7, 8), Word::Read);
        assert_eq!(judge(0, 0), Word::Read);
    }

    #[test]
    fn an_older_reading_does_not_replace_a_newer_one() {
        let mut book = Book::default();
        let at = |version: u64, status: &str| json!({"version": version, "status": status});
        book.see("chk_1", &MERCHANTS[0], at(3, "paid"), 1);
        book.see("chk_1", &MERCHANTS[0], at(2, "open"), 2);
        assert_eq!(book.checkouts["chk_1"].seen["status"], "paid");
        book.see("chk_1", &MERCHANTS[0], at(4, "refunded"), 3);
        assert_eq!(book.checkouts["chk_1"].seen["status"], "refunded");
    }

    #[test]
    fn a_notice_id_burns_once_until_it_is_given_back() {
        let mut book = Book::default();
        assert!(book.burn("evt_1"));
        assert!(!book.burn("evt_1"));
        book.unburn("evt_1");
        assert!(book.burn("evt_1"));
    }

    #[test]
    fn a_key_answers_the_same_question_only() {
        let mut book = Book::default();
        book.keep_answer("k", "film", &json!(1));
        assert_eq!(book.answered("k", "film"), Ok(Some(json!(1))));
        assert_eq!(book.answered("k", "camera"), Err(()));
        assert_eq!(book.answered("other", "film"), Ok(None));
    }

    #[test]
    fn a_view_holds_neither_token_nor_attempts() {
        let mut book = Book::default();
        book.see("chk_1", &MERCHANTS[0], json!({"version": 1, "attempts": [1]}), 1);
        book.checkouts.get_mut("chk_1").unwrap().opened = json!({"token": "secret"});
        let text = view("chk_1", &book.checkouts["chk_1"]).to_string();
        assert!(!text.contains("secret") && !text.contains("attempts"));
    }
}

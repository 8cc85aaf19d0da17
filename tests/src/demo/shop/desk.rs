//! The shop's work: opens checkouts, answers its pages, refunds and cancels.

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Answer, Config,
    book::{Book, view},
    catalog::{Catalog, Item, Lang},
    edge::{Edge, MERCHANTS, Merchant, Problem, merchant, now_ms},
    strict::Strict,
};

/// A page that waits for its receipt makes us read the edge again at most this often.
const READ_AGAIN_MS: i64 = 1000;
/// How often the stock is tried at start, and the pause between two tries: two minutes in all.
const STOCK_TRIES_MAX: u32 = 240;
const STOCK_PAUSE: Duration = Duration::from_millis(500);
/// Letters of an order's number: none that is easily read as another.
const ORDER_LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Who buys: a random id from the page's own storage (no log-in), and a name that stays with the shop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buyer {
    pub id: String,
    pub name: Option<String>,
}

/// `POST /api/checkouts`: one article, or a cart. A price is an unknown field, and refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRequest {
    sku: Option<String>,
    quantity: Option<u64>,
    items: Option<Vec<Item>>,
    buyer: Buyer,
    /// The page asks for the unfinished checkout over the same cart, if there is one.
    #[serde(default)]
    resume: bool,
    /// In which language the goods are named.
    #[serde(default)]
    lang: Lang,
}

/// `POST /api/admin/refund`: an order in full, or an amount of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundRequest {
    order: String,
    amount: Option<u64>,
    reason: Option<String>,
    refund_account: Option<Value>,
}

/// Everything the routes need.
pub struct Desk {
    pub config: Config,
    catalog: Catalog,
    pub(super) edge: Edge,
    book: Mutex<Book>,
    strict: Mutex<Strict>,
}

impl Desk {
    /// # Errors
    /// A sentence, when there is no catalogue.
    pub fn new(config: &Config) -> Result<Self, String> {
        Ok(Self {
            config: config.clone(),
            catalog: Catalog::load(Path::new(&config.public_dir))?,
            edge: Edge::new(&config.edge_server),
            book: Mutex::default(),
            strict: Mutex::new(Strict::new(config)),
        })
    }

    /// The book, for a moment: never held across a call to the edge.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The headers of its pages.
    pub fn strict(&self) -> MutexGuard<'_, Strict> {
        self.strict.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a checkout at the edge for a priced cart.
    pub fn open(&self, key: &str, asked: &OpenRequest) -> Answer {
        let items = match (&asked.items, &asked.sku) {
            (Some(items), None) => items.clone(),
            (None, Some(sku)) => {
                vec![Item { sku: sku.clone(), quantity: asked.quantity.unwrap_or(1) }]
            }
            _ => return Err(Problem::new(422, "cart_empty", "name one sku, or a list of items")),
        };
        if asked.buyer.id.is_empty() || asked.buyer.id.len() > 64 {
            return Err(Problem::new(422, "buyer_invalid", "buyer.id has 1 to 64 characters"));
        }
        let plan = self.catalog.plan(&items, asked.lang).map_err(|refused| {
            let (code, detail) = refused.problem();
            Problem::new(422, code, &detail)
        })?;
        let account = merchant(&plan.merchant)
            .ok_or_else(|| Problem::new(500, "internal", "an article without a merchant"))?;
        let question = format!("{items:?} {:?}", asked.buyer);
        match self.book().answered(key, &question) {
            Ok(None) => {}
            Ok(Some(answer)) => return Ok((200, answer)),
            Err(()) => {
                let detail = "this Idempotency-Key was used for another cart";
                return Err(Problem::new(409, "idempotency_key_reused", detail));
            }
        }
        if asked.resume
            && let Some(answer) = self.unfinished(&asked.buyer.id, &items)
        {
            return Ok((200, answer));
        }
        self.refuse_when_taken(&items)?;
        let orders: Vec<Value> = (0_u8..)
            .zip(&plan.parts)
            .map(|(nth, part)| {
                json!({
                    "order_id": order_id(key, nth), "seller": part.seller,
                    "lines": part.lines, "amount": part.amount,
                })
            })
            .collect();
        let body = json!({
            "buyer": { "id": asked.buyer.id }, "orders": orders, "amount": plan.amount,
            "currency": "KRW", "label": plan.label,
            "return_url": format!("{}/return.html", self.config.shop_origin),
        });
        let made = self.edge.post(account, "/v1/checkouts", key, &body)?;
        let id = made["id"].as_str().unwrap_or_default().to_owned();
        let answer = json!({
            "checkout": id, "token": made["token"], "token_expires_at": made["token_expires_at"],
            "merchant": plan.merchant, "amount": plan.amount, "currency": "KRW",
            "label": plan.label, "orders": orders,
        });
        let mut seen = made;
        if let Some(map) = seen.as_object_mut() {
            map.remove("token");
        }
        let mut book = self.book();
        book.see(&id, account, seen, now_ms());
        book.keep_answer(key, &question, &answer);
        if let Some(one) = book.checkouts.get_mut(&id) {
            one.buyer_id = asked.buyer.id.clone();
            one.buyer_name = asked.buyer.name.clone().unwrap_or_default();
            one.items = items;
            one.opened = answer.clone();
        }
        Ok((201, answer))
    }

    /// The last piece can be refused before anything is opened: the hold itself starts with the
    /// first attempt, at the edge, and is decided there.
    fn refuse_when_taken(&self, items: &[Item]) -> Result<(), Problem> {
        let counted = |sku: &str| self.catalog.product(sku).is_some_and(|one| one.units.is_some());
        for item in items.iter().filter(|item| counted(&item.sku)) {
            let stock = self.stock(&item.sku)?;
            if stock["can_enter"] != json!(false) {
                continue;
            }
            let code = if stock["until"].is_null() { "sold_out" } else { "held" };
            let mut problem = Problem::new(409, code, &format!("{}: {code}", item.sku));
            problem.body["sku"] = json!(item.sku);
            problem.body["until"] = stock["until"].clone();
            return Err(problem);
        }
        Ok(())
    }

    /// The buyer's unfinished checkout over the same cart, after one more look at the edge.
    fn unfinished(&self, buyer: &str, items: &[Item]) -> Option<Value> {
        let (id, account) = {
            let book = self.book();
            let (id, one) = book.unfinished(buyer, items, now_ms())?;
            (id.clone(), one.merchant)
        };
        self.read(account, &id).ok()?;
        let book = self.book();
        let (still, one) = book.unfinished(buyer, items, now_ms())?;
        (*still == id).then(|| one.opened.clone())
    }

    /// Reads a checkout at the edge and keeps it.
    pub(super) fn read(&self, account: &'static Merchant, id: &str) -> Result<(), Problem> {
        let seen = self.edge.get(account, &format!("/v1/checkouts/{}", plain(id)?))?;
        self.book().see(id, account, seen, now_ms());
        Ok(())
    }

    /// A checkout for its buyer's pages; read again while it is not final.
    pub fn checkout(&self, id: &str) -> Result<Value, Problem> {
        let known = self.book().checkouts.get(id).map(|one| {
            let due = !one.is_final() && now_ms() - one.seen_ms >= READ_AGAIN_MS;
            (one.merchant, due)
        });
        match known {
            // What we know is still an answer when the edge is not.
            Some((account, true)) => drop(self.read(account, id)),
            Some((_, false)) => {}
            None => self.adopt(id)?,
        }
        let book = self.book();
        let one = book.checkouts.get(id).ok_or_else(unknown)?;
        Ok(view(id, one))
    }

    /// A checkout that this process did not open (it was restarted, or a test opened it by API).
    fn adopt(&self, id: &str) -> Result<(), Problem> {
        for account in &MERCHANTS {
            if self.read(account, id).is_ok() {
                return Ok(());
            }
        }
        Err(unknown())
    }

    /// One order: its part of the checkout, and the checkout it is in.
    pub fn order(&self, order: &str) -> Result<Value, Problem> {
        let id = self.book().checkout_of(order).ok_or_else(unknown)?;
        let whole = self.checkout(&id)?;
        let part = whole["orders"]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["order_id"] == json!(order)))
            .cloned();
        Ok(json!({
            "order": order, "checkout": id, "merchant": whole["merchant"],
            "status": whole["status"], "phase": whole["phase"], "version": whole["version"],
            "part": part, "told": whole["told"], "told_paid": whole["told_paid"],
            "payment": whole["payment"],
        }))
    }

    /// Whether a piece can be had now, as the edge says, without how many there are.
    pub fn stock(&self, sku: &str) -> Result<Value, Problem> {
        let product = self.catalog.product(sku).ok_or_else(unknown)?;
        if product.units.is_none() {
            return Ok(json!({"sku": sku, "tracked": false, "can_enter": true, "until": null}));
        }
        let account = merchant(&product.merchant).ok_or_else(unknown)?;
        let said = self.edge.get(account, &format!("/v1/stock/{}", product.sku))?;
        Ok(json!({
            "sku": sku, "tracked": said["tracked"], "available": said["available"],
            "can_enter": said["can_enter"], "until": said["until"],
        }))
    }

    /// The same for every counted article; one that cannot be asked about is left out.
    pub fn stock_of_all(&self) -> Value {
        let all: Vec<Value> =
            self.catalog.counted().filter_map(|(one, _)| self.stock(&one.sku).ok()).collect();
        json!({ "stock": all })
    }

    /// Sets every counted article to what the catalogue says.
    ///
    /// # Errors
    /// The edge's first problem.
    pub fn fill_stock(&self) -> Result<(), Problem> {
        for (product, units) in self.catalog.counted() {
            let account = merchant(&product.merchant).ok_or_else(unknown)?;
            let path = format!("/v1/stock/{}", product.sku);
            self.edge.put(account, &path, &json!({ "units": units }))?;
        }
        self.book().stock_ready = true;
        Ok(())
    }

    /// Every checkout the shop knows, newest first.
    pub fn orders(&self) -> Value {
        let book = self.book();
        let mut all: Vec<_> = book.checkouts.iter().collect();
        all.sort_by_key(|(_, one)| std::cmp::Reverse(one.opened_ms));
        let rows: Vec<Value> = all
            .into_iter()
            .map(|(id, one)| {
                let mut row = view(id, one);
                row["attempts"] = one.seen["attempts"].clone();
                row["cases"] = one.seen["cases"].clone();
                row
            })
            .collect();
        json!({ "checkouts": rows })
    }

    /// The edge's own timeline of a checkout, and with it a fresh reading of it.
    pub fn journal(&self, id: &str) -> Result<Value, Problem> {
        let account = self.account_of(id)?;
        let entries = self.edge.get(account, &format!("/v1/checkouts/{}/journal", plain(id)?))?;
        self.read(account, id)?;
        Ok(entries)
    }

    /// Gives an order's money back, in full or in part.
    pub fn refund(&self, key: &str, asked: &RefundRequest) -> Answer {
        let id = self.book().checkout_of(&asked.order).ok_or_else(unknown)?;
        let account = self.account_of(&id)?;
        let mut body = json!({
            "order_id": asked.order,
            "reason": asked.reason.as_deref().unwrap_or("refund by the shop"),
        });
        if let Some(amount) = asked.amount {
            body["amount"] = json!(amount);
        }
        if let Some(to) = &asked.refund_account {
            body["refund_account"] = to.clone();
        }
        let path = format!("/v1/checkouts/{}/refunds", plain(&id)?);
        let refund = self.edge.post(account, &path, key, &body)?;
        drop(self.read(account, &id));
        Ok((201, refund))
    }

    /// Cancels a checkout, before or after it was paid: the edge decides what that means.
    pub fn cancel(&self, key: &str, id: &str, reason: &str) -> Answer {
        let account = self.account_of(id)?;
        let path = format!("/v1/checkouts/{}/cancel", plain(id)?);
        let answer = self.edge.post(account, &path, key, &json!({ "reason": reason }))?;
        drop(self.read(account, id));
        Ok((200, answer))
    }

    fn account_of(&self, id: &str) -> Result<&'static Merchant, Problem> {
        if !self.book().checkouts.contains_key(id) {
            self.adopt(id)?;
        }
        self.book().checkouts.get(id).map(|one| one.merchant).ok_or_else(unknown)
    }
}

/// Fills the stock as soon as the edge answers, on a thread of its own.
pub fn fill_stock_when_up(desk: &Arc<Desk>) {
    let desk = Arc::downgrade(desk);
    thread::spawn(move || {
        for _ in 0..STOCK_TRIES_MAX {
            let Some(desk) = desk.upgrade() else { return };
            if desk.fill_stock().is_ok() {
                return;
            }
            drop(desk);
            thread::sleep(STOCK_PAUSE);
        }
    });
}

pub(super) fn unknown() -> Problem {
    Problem::new(404, "not_found", "the shop knows nothing of that name")
}

/// An id that may stand in a path.
fn plain(id: &str) -> Result<&str, Problem> {
    let fits = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if fits && !id.is_empty() && id.len() <= 64 { Ok(id) } else { Err(unknown()) }
}

/// The same key gives the same numbers, so that a repeated call is the same call for the edge too.
fn order_id(key: &str, nth: u8) -> String {
    let hash = Sha256::new().chain_update(key).chain_update([nth]).finalize();
    let letters = hash.iter().take(10).map(|b| char::from(ORDER_LETTERS[usize::from(b % 32)]));
    format!("D-{}", letters.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_keeps_its_number_when_the_call_is_repeated() {
        assert_eq!(order_id("k", 0), order_id("k", 0));
        assert_ne!(order_id("k", 0), order_id("k", 1));
        assert_ne!(order_id("k", 0), order_id("j", 0));
        assert!(order_id("k", 0).len() <= 64);
    }

    #[test]
    fn only_a_plain_id_reaches_a_path() {
        assert!(plain("chk_g1s03_0123").is_ok());
        for id in ["", "../admin", "a/b", "a?b", "a%2e", "아"] {
            assert!(plain(id).is_err(), "{id}");
        }
    }
}

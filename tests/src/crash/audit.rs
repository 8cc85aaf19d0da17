//! Holds the runtime against what was acknowledged, and its books against the providers'.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ledger::{Merchant, Sale};
use super::page::request_of;
use super::scene::{BOOKS, CAMERA, Scene};
use super::story::is_an_end;

/// Sentences, each with what was seen; the same is said once, however often it is looked at.
pub type Lines = BTreeMap<String, String>;

/// What is wrong.
#[derive(Debug, Default, Clone)]
pub struct Findings {
    /// Acknowledged, and not there any more.
    pub lost: Lines,
    /// There twice.
    pub doubled: Lines,
    /// Orders without an end, or whose end needs a person.
    pub unended: Lines,
    /// Our books and somebody else's differ.
    pub unequal: Lines,
}

impl Findings {
    /// Whether nothing is.
    pub fn is_clean(&self) -> bool {
        self.all().is_empty()
    }

    /// Everything, each with its kind.
    pub fn all(&self) -> Vec<String> {
        let kinds = [
            ("lost", &self.lost),
            ("doubled", &self.doubled),
            ("without an end", &self.unended),
            ("unequal", &self.unequal),
        ];
        let lines = kinds.iter().flat_map(|(kind, lines)| lines.iter().map(move |l| (kind, l)));
        lines.map(|(kind, (line, seen))| format!("{kind}: {line}: {seen}")).collect()
    }

    /// Takes in another's.
    pub fn add(&mut self, other: Self) {
        self.lost.extend(other.lost);
        self.doubled.extend(other.doubled);
        self.unended.extend(other.unended);
        self.unequal.extend(other.unequal);
    }
}

/// What a provider holds of one request.
#[derive(Debug, Default, Clone, Copy)]
struct Taken {
    captured: u64,
    refunded: u64,
    captures: u64,
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn texts<'a>(rows: &'a Value, name: &'a str) -> impl Iterator<Item = String> + 'a {
    list(rows).filter_map(move |row| row[name].as_str().map(str::to_owned))
}

impl Scene {
    /// After a restart: everything that somebody was told of this sale is there, once.
    pub fn compare(&self, sale: &Sale, found: &mut Findings) {
        let Some(id) = &sale.checkout else { return };
        let path = format!("/v1/checkouts/{id}");
        // Who gets no answer at all looks again at the end.
        let Some(answer) = self.ask(|| self.shop(sale.merchant, "GET", &path)) else { return };
        let view = answer.json();
        if view["id"] != id.as_str() || view["amount"] != sale.amount {
            found.lost.insert(format!("{id} was opened"), view.to_string());
            return;
        }
        let attempts: BTreeSet<String> = texts(&view["attempts"], "attempt").collect();
        for attempt in sale.attempts.difference(&attempts) {
            found.lost.insert(format!("{attempt} of {id} was begun"), view.to_string());
        }
        if (attempts.len() as u64) > sale.wanted {
            let what = format!("{id} has more attempts than {}", sale.wanted);
            found.doubled.insert(what, view.to_string());
        }
        if view["version"].as_u64().unwrap_or(0) < sale.version {
            found.lost.insert(format!("{id} was at version {}", sale.version), view.to_string());
        }
        if sale.told_paid && view["payment"].is_null() {
            found.lost.insert(format!("{id} was told to be paid"), view.to_string());
        }
        let refunds: BTreeMap<String, u64> = list(&view["refunds"])
            .filter(|refund| refund["cause"] == "shop")
            .filter_map(|r| Some((r["refund"].as_str()?.to_owned(), r["amount"].as_u64()?)))
            .collect();
        for (refund, amount) in &sale.refunds {
            if refunds.get(refund) != Some(amount) {
                found.lost.insert(format!("{refund} of {id} was accepted"), view.to_string());
            }
        }
        if (refunds.len() as u64) > sale.wished {
            let what = format!("{id} has more refunds than {}", sale.wished);
            found.doubled.insert(what, view.to_string());
        }
    }

    /// After a restart: the key of an opening gives the same checkout again.
    pub fn open_again(&self, sale: &Sale, found: &mut Findings) {
        let Some(id) = &sale.checkout else { return };
        let (body, key) = &sale.opening;
        let again = || self.shop(sale.merchant, "POST", "/v1/checkouts").key(key).json(body);
        if let Some(answer) = self.ask(again)
            && answer.json()["id"] != id.as_str()
        {
            found.doubled.insert(format!("{id} by its key"), answer.body);
        }
    }

    /// What the providers hold, by request.
    fn taken(&self) -> BTreeMap<String, Taken> {
        let mut taken: BTreeMap<String, Taken> = BTreeMap::new();
        for line in list(&self.panel("/books")["payments"]) {
            let number = |name: &str| line[name].as_u64().unwrap_or(0);
            let Some(request) = line["request_id"].as_str() else { continue };
            let sum = taken.entry(request.to_owned()).or_default();
            sum.captured += number("captured");
            sum.refunded += number("refunded");
            sum.captures += number("captures");
        }
        taken
    }

    /// Those of these sales that have not come to their end, and how often they changed in all.
    pub fn still_open(&self, mut sales: Vec<Sale>) -> (Vec<Sale>, u64) {
        let mut versions = 0;
        sales.retain(|sale| {
            let Some(id) = &sale.checkout else { return false };
            let view = self.read(sale.merchant, &format!("/v1/checkouts/{id}"));
            let back = |refund: &Value| refund["state"] == "requested";
            let open = !is_an_end(&view["status"]) || list(&view["refunds"]).any(back);
            versions += if open { view["version"].as_u64().unwrap_or(0) } else { 0 };
            open
        });
        (sales, versions)
    }

    /// At the end: every order has one, and all books are equal.
    pub fn audit(&self) -> Findings {
        let mut found = Findings::default();
        let mut taken = self.taken();
        let listed = self.listed();
        let mut sold: BTreeMap<String, u64> = BTreeMap::new();
        for sale in self.ledger.sales() {
            self.compare(&sale, &mut found);
            let Some(id) = &sale.checkout else { continue };
            let view = self.read(sale.merchant, &format!("/v1/checkouts/{id}"));
            let mut sum = Taken::default();
            for attempt in texts(&view["attempts"], "attempt") {
                let of = taken.remove(&request_of(&attempt)).unwrap_or_default();
                sum.captured += of.captured;
                sum.refunded += of.refunded;
                sum.captures += of.captures;
            }
            end(&sale, &view, sum, &mut found);
            self.told(id, &view, &mut found);
            if listed.get(id)
                != view["status"].as_str().map(|status| vec![status.to_owned()]).as_ref()
            {
                let seen = format!("{} and {:?}", view["status"], listed.get(id));
                found.unequal.insert(format!("{id} and its row of the list"), seen);
            }
            if let Some(piece) = sale.last_piece.filter(|_| !view["payment"].is_null()) {
                *sold.entry(piece).or_default() += 1;
            }
        }
        for (request, of) in taken {
            if of.captured != of.refunded {
                found
                    .unequal
                    .insert(format!("{request} holds money for nobody"), format!("{of:?}"));
            }
        }
        self.pieces(&sold, &mut found);
        found
    }

    /// The book's row of every checkout: each has one, and it says the same.
    fn listed(&self) -> BTreeMap<String, Vec<String>> {
        let mut listed: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (id, status) in [CAMERA, BOOKS].into_iter().flat_map(|merchant| self.rows(merchant)) {
            listed.entry(id).or_default().push(status);
        }
        listed
    }

    /// A merchant's whole list, page by page: ids and statuses.
    fn rows(&self, merchant: Merchant) -> Vec<(String, String)> {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/v1/checkouts?limit=100&cursor={cursor}");
            let page = self.read(merchant, &path);
            rows.extend(list(&page["checkouts"]).map(|row| {
                let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
                (text("id"), text("status"))
            }));
            let Some(next) = page["next_cursor"].as_str() else { return rows };
            next.clone_into(&mut cursor);
        }
    }

    /// The shop was told of what happened, and of nothing twice under two names.
    fn told(&self, id: &str, view: &Value, found: &mut Findings) {
        let notices = self.ledger.notices(id);
        let mut kinds: BTreeMap<(String, u64), u64> = BTreeMap::new();
        for (kind, version) in notices.into_values() {
            *kinds.entry((kind, version)).or_default() += 1;
        }
        let paid: u64 =
            kinds.iter().filter(|((kind, _), _)| kind == "checkout.paid").map(|(_, n)| n).sum();
        let twice = kinds.iter().find(|(_, count)| **count > 1);
        if let Some(((kind, version), count)) = twice {
            let seen = format!("{count} of version {version}");
            found.doubled.insert(format!("the notice {kind} of {id}"), seen);
        }
        if paid > 1 {
            found.doubled.insert(format!("that {id} is paid was said"), paid.to_string());
        }
        if paid == 0 && !view["payment"].is_null() {
            let seen = format!("{kinds:?}");
            found.unequal.insert(format!("the shop never heard that {id} is paid"), seen);
        }
    }

    /// A piece of which there was one has one buyer at most, and is there when it has none.
    fn pieces(&self, sold: &BTreeMap<String, u64>, found: &mut Findings) {
        let pieces: BTreeSet<String> =
            self.ledger.sales().into_iter().filter_map(|sale| sale.last_piece).collect();
        for piece in pieces {
            let buyers = sold.get(&piece).copied().unwrap_or(0);
            if buyers > 1 {
                found.doubled.insert(format!("{piece} was sold"), buyers.to_string());
            }
            let stock = self.read(CAMERA, &format!("/v1/stock/{piece}"));
            if stock["units"] != 1 - buyers.min(1) || stock["available"] != stock["units"] {
                found.unequal.insert(format!("{piece} has {buyers} buyers"), stock.to_string());
            }
        }
    }

    /// How many webhooks of the providers we acknowledged.
    pub fn webhooks(&self) -> u64 {
        let letters = self.panel("/deliveries");
        let taken = list(&letters["deliveries"])
            .filter(|letter| letter["state"] == "accepted" && letter["forged"] == false);
        taken.count() as u64
    }
}

/// The checkout has its end, and what the provider holds is what it says.
fn end(sale: &Sale, view: &Value, sum: Taken, found: &mut Findings) {
    let (id, status) = (&view["id"], view["status"].as_str().unwrap_or_default());
    let seen = format!("the provider has {sum:?}, we {view}");
    if !is_an_end(&view["status"]) || list(&view["refunds"]).any(|r| r["state"] == "requested") {
        found.unended.insert(format!("{id} is {status}"), seen.clone());
    }
    // Money that came after a cancel goes back by itself, and a person reads of it.
    let told = |case: &&Value| !(sale.cancels && case["code"] == "late_capture");
    if list(&view["cases"]).any(|case| told(&case)) {
        found.unended.insert(format!("{id} needs a person"), seen.clone());
    }
    if sum.captures > 1 {
        found.doubled.insert(format!("{id} was captured {} times", sum.captures), seen.clone());
    }
    let back = view["refunded_amount"].as_u64().unwrap_or(0);
    let fits = if view["payment"].is_null() {
        sum.captured == sum.refunded
    } else {
        (sum.captured, sum.refunded) == (sale.amount, back)
    };
    if !fits {
        found.unequal.insert(format!("{id} and its provider"), seen.clone());
    }
    if sale.cancelled && !matches!(status, "cancelled" | "refunded") {
        found.lost.insert(format!("{id} was cancelled"), seen);
    }
}

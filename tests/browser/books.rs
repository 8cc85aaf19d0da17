//! What was written down: by the edge, by the provider, by the shop. A journey is right when these
//! three agree; the screen comes after.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::journey::PATIENCE;
use crate::world::{World, now, pause};

/// The keys of the demo's shops: each reads its own checkouts alone.
const KEYS: [&str; 3] = [
    "sk_test_camera_000000000000000000000000",
    "sk_test_books_0000000000000000000000000",
    "sk_test_poster_000000000000000000000000",
];

/// How long a notice may be on its way when the shop refused none.
const NOTICE_WAIT: Duration = PATIENCE;

/// A checkout, as both sides' books know it.
pub struct Checkout {
    world: &'static World,
    key: &'static str,
    /// Its id.
    pub id: String,
    /// What is to be paid.
    pub amount: u64,
}

impl Checkout {
    /// The checkout with that id.
    pub fn read(world: &'static World, id: &str) -> Self {
        let path = format!("/v1/checkouts/{id}");
        let known = KEYS.into_iter().find_map(|key| {
            let amount = world.edge(key, &path)["amount"].as_u64()?;
            Some((key, amount))
        });
        let (key, amount) = known.unwrap_or_else(|| panic!("{id} is nobody's checkout"));
        Self { world, key, id: id.to_owned(), amount }
    }

    /// As the shop's server reads it at the edge.
    pub fn view(&self) -> Value {
        self.world.edge(self.key, &format!("/v1/checkouts/{}", self.id))
    }

    /// The request ids of its attempts, oldest first.
    pub fn requests(&self) -> Vec<String> {
        let view = self.view();
        let attempts = view["attempts"].as_array().unwrap().iter();
        attempts.map(|one| one["request_id"].as_str().unwrap().to_owned()).collect()
    }

    /// The provider's lines about its attempts.
    pub fn lines(&self) -> Vec<Value> {
        let requests = self.requests();
        let books = self.world.psp("/books");
        let ours = |line: &&Value| requests.iter().any(|id| line["request_id"] == id.as_str());
        books["payments"].as_array().unwrap().iter().filter(ours).cloned().collect()
    }

    /// What the providers hold: captured, refunded, how often captured.
    pub fn money(&self) -> (u64, u64, u64) {
        self.lines().iter().fold((0, 0, 0), |(captured, refunded, times), line| {
            let number = |name: &str| line[name].as_u64().unwrap();
            (
                captured + number("captured"),
                refunded + number("refunded"),
                times + number("captures"),
            )
        })
    }

    /// The notices that the shop believed.
    pub fn notices(&self, kind: &str) -> Vec<Value> {
        let told = self.world.shop(&format!("/api/notices?checkout={}", self.id));
        let rows = told["notices"].as_array().unwrap().iter();
        rows.filter(|row| row["type"] == kind && row["verified"] == true).cloned().collect()
    }

    /// Waits for a notice.
    pub fn until_notice(&self, kind: &str) {
        self.until(NOTICE_WAIT, kind, || !self.notices(kind).is_empty());
    }

    fn until(&self, patience: Duration, what: &str, mut seen: impl FnMut() -> bool) {
        let begun = now();
        while !seen() {
            assert!(begun.elapsed() < patience, "not within {patience:?}: {what}: {}", self.view());
            thread::sleep(pause(begun));
        }
    }

    /// Waits until the edge says so.
    pub fn until_status(&self, status: &str) {
        self.until(PATIENCE, status, || self.view()["status"] == status);
    }

    /// Its journal at the edge.
    pub fn journal(&self) -> Vec<Value> {
        let told = self.world.edge(self.key, &format!("/v1/checkouts/{}/journal", self.id));
        told["entries"].as_array().unwrap_or_else(|| panic!("{told}")).clone()
    }

    /// All books agree: paid once, the whole amount, nothing went back, the shop was told once.
    pub fn assert_paid_once(&self, attempts: usize) {
        self.until_status("paid");
        let view = self.view();
        let payment = &view["payment"];
        assert_eq!(payment["captured_amount"], self.amount, "{view}");
        assert_eq!(view["refunded_amount"], 0);
        assert_eq!(view["refunds"], json!([]));
        assert_eq!(view["cases"], json!([]), "nobody has to look");
        self.assert_attempts(&view, attempts);
        self.assert_journal();
        self.assert_provider(payment);
        self.assert_told(&view);
    }

    /// One attempt paid, and it is the one that the payment names; the others ended without money.
    fn assert_attempts(&self, view: &Value, count: usize) {
        let attempts = view["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), count, "{view}");
        let paid: Vec<_> = attempts.iter().filter(|one| one["state"] == "paid").collect();
        assert_eq!(paid.len(), 1, "{view}");
        for name in ["request_id", "channel", "method", "provider_payment_id"] {
            assert_eq!(paid[0][name], view["payment"][name], "{name}: {view}");
        }
    }

    /// The journal tells of one way into `paid`, and the versions only rise.
    fn assert_journal(&self) {
        let journal = self.journal();
        let into_paid = journal
            .windows(2)
            .filter(|pair| pair[0]["phase"] != "paid" && pair[1]["phase"] == "paid")
            .count();
        assert_eq!(into_paid, 1, "{journal:?}");
        assert_eq!(journal.last().unwrap()["phase"], "paid", "{journal:?}");
        let version = |line: &Value| line["version"].as_u64().unwrap();
        assert!(journal.windows(2).all(|p| version(&p[0]) <= version(&p[1])), "{journal:?}");
    }

    /// The sandbox's own books: in all of them one payment with money, this one, exactly this amount.
    fn assert_provider(&self, payment: &Value) {
        let books = self.world.psp("/books");
        let lines = books["payments"].as_array().unwrap();
        let taken: Vec<_> = lines.iter().filter(|line| line["captures"] != 0).collect();
        assert_eq!(taken.len(), 1, "{books}");
        assert_eq!(taken[0]["request_id"], payment["request_id"], "{books}");
        assert_eq!(taken[0]["provider_payment_id"], payment["provider_payment_id"], "{books}");
        assert_eq!(taken[0]["amount"], self.amount, "{books}");
        assert_eq!(self.money(), (self.amount, 0, 1), "{books}");
    }

    /// The shop believed one signed notice, and knows the order as paid.
    fn assert_told(&self, view: &Value) {
        self.until_notice("checkout.paid");
        let told = self.notices("checkout.paid");
        assert_eq!(told.len(), 1, "{told:?}");
        assert_eq!(told[0]["data"]["amount"], self.amount, "{told:?}");
        assert_eq!(told[0]["data"]["status"], "paid", "{told:?}");
        assert_eq!(told[0]["data"]["orders"], json!([view["orders"][0]["order_id"]]), "{told:?}");
        assert_eq!(self.world.shop(&format!("/api/checkouts/{}", self.id))["status"], "paid");
    }

    /// All books agree: no money moved, the checkout can still be paid.
    pub fn assert_open(&self) {
        let view = self.view();
        assert_eq!(view["status"], "open", "{view}");
        assert_eq!(view["payment"], Value::Null);
        assert_eq!(self.money(), (0, 0, 0), "{:?}", self.lines());
        assert!(self.notices("checkout.paid").is_empty());
    }
}

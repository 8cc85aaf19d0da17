//! The whole demo on ports of its own: shop and sandbox in this process, the edge on the real runtime.
//!
//! Tests share one world. Those that need a clock, faults or quiet take one of a few others alone.
//! Everything ends with this process, however it ends: the runtime stops when its standard input closes.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::path::PathBuf;
use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::demo::{Config, psp, shop};
use ureq::Agent;

pub mod buyer;
pub mod runtime;
pub mod socket;

pub use buyer::Buyer;
pub use tests::http::{self, Answer, Call};

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks while waiting.
const LOOK_EVERY: Duration = Duration::from_millis(40);
/// Starting the runtime and its first answer.
pub const START_WAIT: Duration = Duration::from_secs(60);

/// A merchant of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Merchant {
    pub id: &'static str,
    pub key: &'static str,
    /// The provider's name of this merchant's contract.
    pub books: &'static str,
}

pub const CAMERA: Merchant = Merchant {
    id: "m_camera",
    key: "sk_test_camera_000000000000000000000000",
    books: "test_sk_camera",
};
pub const BOOKS: Merchant = Merchant {
    id: "m_books",
    key: "sk_test_books_0000000000000000000000000",
    books: "test_sk_books",
};

/// A shop without a server: its notices go by mail.
pub const POSTER: Merchant = Merchant {
    id: "m_poster",
    key: "sk_test_poster_000000000000000000000000",
    books: "test_sk_poster",
};

/// The three parties.
pub struct World {
    pub shop: String,
    pub psp: String,
    pub edge: String,
    pub shop_origin: String,
    agent: Agent,
    name: String,
    base: u16,
    runtime: Mutex<Child>,
}

/// The world that tests share.
static SHARED: OnceLock<World> = OnceLock::new();
/// Worlds that nobody is in, and how many were made.
static FREE: Mutex<(Vec<World>, usize)> = Mutex::new((Vec::new(), 0));
static LEFT: Condvar = Condvar::new();
/// So many tests can each have a world alone at a time; one that is made costs two seconds and its memory.
const WORLDS_ALONE: usize = 5;
static COUNT: AtomicU64 = AtomicU64::new(1);

/// The world beside other tests: no faults, no clock.
pub struct Together(&'static World);

impl Deref for Together {
    type Target = World;
    fn deref(&self) -> &World {
        self.0
    }
}

/// A world without other tests; left as it was found, even by a test that fails.
pub struct Alone(Option<World>);

impl Deref for Alone {
    type Target = World;
    fn deref(&self) -> &World {
        self.0.as_ref().expect("a world until it is left")
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let Some(world) = self.0.take() else { return };
        // Also after a test that failed; a second panic here would end the whole run. A world that does not
        // become quiet is given up, and another made for it.
        let quiet = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| world.quiet()));
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        match quiet {
            Ok(()) => free.0.push(world),
            Err(_) => free.1 -= 1,
        }
        LEFT.notify_one();
    }
}

/// Shares the world.
pub fn together() -> Together {
    Together(SHARED.get_or_init(|| World::start_with("world", &[])))
}

/// A world alone.
pub fn alone() -> Alone {
    let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
    let name = loop {
        if let Some(world) = free.0.pop() {
            return Alone(Some(world));
        }
        if free.1 < WORLDS_ALONE {
            free.1 += 1;
            break format!("alone-{}", free.1);
        }
        free = LEFT.wait(free).unwrap_or_else(PoisonError::into_inner);
    };
    drop(free);
    let world = World::start_with(&name, &[]);
    world.quiet();
    Alone(Some(world))
}

/// A number that no other test of this run has.
pub fn fresh() -> u64 {
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// A fresh idempotency key.
pub fn key() -> String {
    format!("it-key-{:08}-{}", fresh(), std::process::id())
}

/// Looks until there is something to see.
///
/// # Panics
/// After [`PATIENCE`], with `what`.
pub fn until<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    until_within(PATIENCE, what, look)
}

/// Looks until there is something to see, or `patience` ends.
pub fn until_within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(begun.elapsed() < patience, "not within {patience:?}: {what}");
        thread::sleep(LOOK_EVERY);
    }
}

#[expect(clippy::disallowed_methods, reason = "deadlines of tests are real time")]
fn now() -> Instant {
    Instant::now()
}

/// An opened checkout.
#[derive(Debug, Clone)]
pub struct Opened {
    pub id: String,
    pub token: String,
    pub order: String,
    pub buyer: String,
    pub amount: u64,
    pub merchant: Merchant,
}

impl World {
    /// A world of one's own, whose log has this name and whose runtime gets these words too.
    pub fn start_with(name: &str, words: &[&str]) -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
        let base = runtime::free_base();
        let config = Config::for_base(base, root.join("public"));
        serve(config.clone(), base);
        let runtime = runtime::start(name, base, "build-demo", words);
        let agent = http::agent();
        let at = |step: u16| format!("http://127.0.0.1:{}", base + step);
        let world = Self {
            shop: at(0),
            psp: at(1),
            edge: at(2),
            shop_origin: config.shop_origin,
            agent,
            name: name.to_owned(),
            base,
            runtime: Mutex::new(runtime),
        };
        world.wait();
        world
    }

    /// Stops the runtime in an orderly way, and starts it again with these words.
    pub fn restart_with(&self, words: &[&str]) {
        self.restart_when(words, || {});
    }

    /// The same, with something done in between.
    pub fn restart_when(&self, words: &[&str], meanwhile: impl FnOnce()) {
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        drop(runtime.stdin.take());
        runtime.wait().unwrap();
        meanwhile();
        *runtime = runtime::start(&self.name, self.base, "build-demo", words);
        drop(runtime);
        self.wait();
    }

    fn wait(&self) {
        until_within(START_WAIT, "the edge answers and the shop has filled its stock", || {
            let health = self.call("GET", &format!("{}/api/health", self.shop)).send();
            (health.json()["stock_ready"] == true).then_some(())
        });
        until_within(START_WAIT, "the edge answers", || {
            self.edge("GET", "/v1/health").try_send().filter(|answer| answer.code == 200)
        });
    }

    /// A request to any of the three.
    pub fn call(&self, method: &str, url: &str) -> Call<'_> {
        Call::new(&self.agent, method, &self.reachable(url))
    }

    /// A request to the edge.
    pub fn edge(&self, method: &str, path: &str) -> Call<'_> {
        Call::new(&self.agent, method, &format!("{}{path}", self.edge))
    }

    /// A request of a shop's server to the edge.
    pub fn shop_call(&self, merchant: Merchant, method: &str, path: &str) -> Call<'_> {
        self.edge(method, path).header("authorization", &format!("Bearer {}", merchant.key))
    }

    /// Resolvers do not know `*.localhost`; browsers do.
    fn reachable(&self, url: &str) -> String {
        ["shop", "psp", "edge"].iter().fold(url.to_owned(), |url, name| {
            url.replacen(&format!("http://{name}.localhost:"), "http://127.0.0.1:", 1)
        })
    }

    fn control(&self, path: &str, body: &Value) -> Value {
        let answer = self.call("POST", &format!("{}/control{path}", self.psp)).json(body).send();
        assert_eq!(answer.code, 200, "{path} {body}: {}", answer.body);
        answer.json()
    }

    /// A good day at every provider, the real time, a shop that listens.
    fn quiet(&self) {
        let known = self.call("GET", &format!("{}/control/faults", self.psp)).send().json();
        for provider in known.as_object().unwrap().keys() {
            self.control("/faults", &json!({ "provider": provider }));
        }
        self.clock(0);
        self.fail_notices(0);
    }

    /// Orders faults of a provider; absent ones are normal.
    pub fn faults(&self, provider: &str, faults: &Value) {
        let mut order = faults.clone();
        order["provider"] = provider.into();
        self.control("/faults", &order);
    }

    /// Moves the clocks of edge and providers; the edge looks at what is due.
    pub fn clock(&self, offset_ms: i64) {
        self.control("/clock", &json!({ "offset_ms": offset_ms }));
        let moved =
            self.edge("POST", "/v1/demo/clock").json(&json!({ "offset_ms": offset_ms })).send();
        assert_eq!(moved.code, 200, "{}", moved.body);
    }

    /// The runtime's own event of the schedule.
    pub fn scheduled(&self) {
        let mut runtime = self.runtime.lock().unwrap_or_else(PoisonError::into_inner);
        runtime.stdin.as_mut().unwrap().write_all(b"cron\n").unwrap();
    }

    /// Sweeps every shard, at any time.
    pub fn cron(&self) {
        assert_eq!(self.edge("POST", "/v1/demo/cron").send().code, 200);
    }

    /// Money arrives at a virtual account.
    pub fn deposit(&self, request_id: &str) {
        self.control("/deposit", &json!({ "request_id": request_id }));
    }

    /// Something happens to a payment, by hand of its provider's people, its seller or its buyer.
    pub fn happen(&self, request_id: &str, act: &str) {
        self.control("/act", &json!({ "request_id": request_id, "act": act }));
    }

    /// The shop answers the next notices with 500.
    pub fn fail_notices(&self, count: u64) {
        let url = format!("{}/api/admin/fail-notices", self.shop);
        let answer = self.call("POST", &url).json(&json!({ "count": count })).send();
        assert_eq!(answer.code, 200, "{}", answer.body);
    }

    /// The body of an order of one thing.
    pub fn order_body(&self, sku: &str, amount: u64) -> Value {
        let n = fresh();
        let order = format!("o-{n}-{}", std::process::id());
        json!({
            "buyer": { "id": format!("u-{n}") },
            "orders": [{
                "order_id": order, "seller": "s1", "amount": amount,
                "lines": [{ "sku": sku, "name": "Fujifilm X100V", "quantity": 1, "unit_amount": amount }],
            }],
            "amount": amount, "currency": "KRW",
            "return_url": format!("{}/return.html", self.shop_origin),
        })
    }

    /// Opens a checkout with this body.
    pub fn open_with(&self, merchant: Merchant, body: &Value) -> Opened {
        let answer =
            self.shop_call(merchant, "POST", "/v1/checkouts").key(&key()).json(body).send();
        assert_eq!(answer.code, 201, "{}", answer.body);
        let view = answer.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Opened {
            id: text(&view["id"]),
            token: text(&view["token"]),
            order: text(&body["orders"][0]["order_id"]),
            buyer: text(&body["buyer"]["id"]),
            amount: body["amount"].as_u64().unwrap(),
            merchant,
        }
    }

    /// Opens a checkout of one thing whose stock is not counted.
    pub fn open(&self, merchant: Merchant, amount: u64) -> Opened {
        self.open_with(merchant, &self.order_body(&format!("sku-{}", fresh()), amount))
    }

    /// The checkout as its shop reads it.
    pub fn read(&self, opened: &Opened) -> Value {
        let path = format!("/v1/checkouts/{}", opened.id);
        let answer = self.shop_call(opened.merchant, "GET", &path).send();
        assert_eq!(answer.code, 200, "{}", answer.body);
        answer.json()
    }

    /// Its journal.
    pub fn journal(&self, opened: &Opened) -> Vec<Value> {
        let path = format!("/v1/checkouts/{}/journal", opened.id);
        let answer = self.shop_call(opened.merchant, "GET", &path).send();
        assert_eq!(answer.code, 200, "{}", answer.body);
        answer.json()["entries"].as_array().unwrap().clone()
    }

    /// Reads the checkout until it has this status.
    pub fn until_standing(&self, opened: &Opened, standing: &str) -> Value {
        until(&format!("{} is {standing}", opened.id), || {
            let view = self.read(opened);
            (view["status"] == standing).then_some(view)
        })
    }

    /// Its row of the shop's list.
    pub fn listed(&self, opened: &Opened) -> Option<Value> {
        let answer =
            self.shop_call(opened.merchant, "GET", "/v1/checkouts?limit=100").send().json();
        let rows = answer["checkouts"].as_array().unwrap();
        rows.iter().find(|row| row["id"] == opened.id.as_str()).cloned()
    }

    /// The provider's books about every attempt of a checkout.
    pub fn books(&self, opened: &Opened) -> Vec<Value> {
        let mine: Vec<String> = self.read(opened)["attempts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|attempt| attempt["request_id"].as_str().unwrap().to_owned())
            .collect();
        let books = self.call("GET", &format!("{}/control/books", self.psp)).send().json();
        let lines = books["payments"].as_array().unwrap();
        let ours = |line: &&Value| mine.iter().any(|id| line["request_id"] == id.as_str());
        lines.iter().filter(ours).cloned().collect()
    }

    /// What the providers hold for a checkout: captured, refunded, how often captured.
    pub fn money(&self, opened: &Opened) -> (u64, u64, u64) {
        self.books(opened).iter().fold((0, 0, 0), |(captured, refunded, times), line| {
            let number = |name: &str| line[name].as_u64().unwrap();
            (
                captured + number("captured"),
                refunded + number("refunded"),
                times + number("captures"),
            )
        })
    }

    /// What the providers heard and said since entry `after`.
    pub fn heard(&self, after: u64) -> Vec<Value> {
        let url = format!("{}/control/journal?after={after}", self.psp);
        self.call("GET", &url).send().json()["entries"].as_array().unwrap().clone()
    }

    /// The events that the providers sent or will send about a request.
    pub fn deliveries(&self, request_id: &str) -> Vec<Value> {
        let all = self.call("GET", &format!("{}/control/deliveries", self.psp)).send().json();
        let lines = all["deliveries"].as_array().unwrap();
        lines.iter().filter(|line| line["request_id"] == request_id).cloned().collect()
    }

    /// The notices that the shop received about a checkout, oldest first.
    pub fn notices(&self, opened: &Opened) -> Vec<Value> {
        let url = format!("{}/api/notices?checkout={}", self.shop, opened.id);
        let mut rows = self.call("GET", &url).send().json()["notices"].as_array().unwrap().clone();
        rows.reverse();
        rows
    }

    /// Waits for a notice of this kind that the shop believed.
    pub fn until_notice(&self, opened: &Opened, kind: &str) -> Value {
        until(&format!("the notice {kind} about {}", opened.id), || {
            self.notices(opened).into_iter().find(|notice| {
                notice["type"] == kind
                    && notice["verified"] == true
                    && notice["result"] != "failed_on_demand"
            })
        })
    }

    /// Both books say: paid once, nothing went back; the shop was told.
    pub fn assert_paid_once(&self, opened: &Opened) -> Value {
        let view = self.until_standing(opened, "paid");
        assert_eq!(view["payment"]["captured_amount"], opened.amount);
        assert_eq!(view["refunded_amount"], 0);
        assert_eq!(view["cases"], json!([]), "nobody has to look");
        assert_eq!(self.money(opened), (opened.amount, 0, 1), "I-1, I-3: {:?}", self.books(opened));
        let notice = self.until_notice(opened, "checkout.paid");
        assert_eq!(notice["data"]["amount"], opened.amount);
        let paid = |notice: &&Value| notice["type"] == "checkout.paid";
        let ids: std::collections::BTreeSet<String> = self
            .notices(opened)
            .iter()
            .filter(paid)
            .map(|notice| notice["webhook_id"].to_string())
            .collect();
        assert_eq!(ids.len(), 1, "one event, however often it is delivered");
        view
    }

    /// Waits until the providers have nothing more to say about a checkout and nothing moves in it.
    pub fn until_still(&self, opened: &Opened) {
        until("every event is acknowledged", || {
            let lines = self.books(opened);
            let ids = lines.iter().filter_map(|line| line["request_id"].as_str());
            let all: Vec<Value> = ids.flat_map(|id| self.deliveries(id)).collect();
            all.iter().all(|one| one["state"] == "accepted").then_some(())
        });
        let mut before = (0, Value::Null);
        until("nothing moves any more", || {
            let journal = self.journal(opened);
            let now = json!([journal, self.read(opened)["version"]]);
            // What was asked is answered first, however long it takes.
            let asked = journal.last().is_some_and(|line| line["verdict"] == "Ask");
            let times = if now == before.1 && !asked { before.0 + 1 } else { 0 };
            before = (times, now);
            (times >= 8).then_some(())
        });
    }

    /// Both books say: no money is with us.
    pub fn assert_no_money(&self, opened: &Opened) {
        let (captured, refunded, _) = self.money(opened);
        assert_eq!(captured, refunded, "I-3: {:?}", self.books(opened));
        let view = self.read(opened);
        assert_ne!(view["status"], "paid");
        assert_eq!(view["payment"], Value::Null);
    }

    /// Everything of a checkout and its merchant that a refused request must leave as it was (I-20).
    pub fn snapshot(&self, opened: &Opened) -> BTreeMap<&'static str, Value> {
        let stock = |sku: &Value| {
            let path = format!("/v1/stock/{}", sku.as_str().unwrap());
            self.shop_call(opened.merchant, "GET", &path).send().json()
        };
        let view = self.read(opened);
        BTreeMap::from([
            ("stock", stock(&view["orders"][0]["lines"][0]["sku"])),
            ("journal", self.journal(opened).into()),
            ("books", self.books(opened).into()),
            ("view", view),
        ])
    }
}

/// Shop and sandbox in a thread of this process.
fn serve(config: Config, base: u16) {
    let (ready, wait) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let at = |step: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, base + step));
            let shop_port = tokio::net::TcpListener::bind(at(0)).await.unwrap();
            let psp_port = tokio::net::TcpListener::bind(at(1)).await.unwrap();
            let shop = axum::serve(shop_port, shop::router(&config)).into_future();
            let psp = axum::serve(psp_port, psp::router(&config)).into_future();
            ready.send(()).unwrap();
            tokio::select! { _ = shop => {}, _ = psp => {} }
        });
    });
    wait.recv().expect("shop and sandbox listen");
}

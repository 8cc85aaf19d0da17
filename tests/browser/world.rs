//! The whole demo on ports of its own.
//!
//! Shop and sandbox run in this process, the edge on the real runtime. Everything else ends with this
//! process, however it ends: the runtime when its standard input closes.
//!
//! # Why several
//! Clocks, faults and empty books belong to one journey at a time. So each journey takes a world for
//! itself, and as many worlds are started as journeys run beside each other.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use axum::response::IntoResponse as _;
use axum::routing::get;
use serde_json::{Value, json};
use tests::demo::{Config, psp, shop};
use ureq::Agent;

/// Starting the runtime or a driver, and its first answer.
pub const START_WAIT: Duration = Duration::from_secs(60);
/// Between two looks while waiting: each is a question to a browser that has better things to do.
pub const LOOK_EVERY: Duration = Duration::from_millis(50);
/// The longest pause between two looks.
const LOOK_SELDOM: Duration = Duration::from_millis(250);

/// Who is where, and how to speak to them between servers.
pub struct World {
    /// The parties as a browser sees them.
    pub config: Config,
    /// Where a journey's driver listens.
    pub driver_port: u16,
    /// Where its browser listens for the driver's other protocol, if it has one.
    pub socket_port: u16,
    /// Where the Next example listens, which the shop shows under `/next`.
    pub next_port: u16,
    shop: String,
    psp: String,
    edge: String,
    agent: Agent,
    _runtime: Child,
}

/// How many worlds run at most: each has a runtime and a browser.
const WORLDS_MAX: u16 = 6;

/// The worlds that nobody uses, and how many there are in all.
struct Pool {
    free: Vec<&'static World>,
    started: u16,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { free: Vec::new(), started: 0 });
static GIVEN_BACK: Condvar = Condvar::new();

/// A world of one's own, given back at the end.
pub struct Alone(&'static World);

impl Deref for Alone {
    type Target = &'static World;
    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        pool().free.push(self.0);
        GIVEN_BACK.notify_one();
    }
}

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A world for one journey: free, or new.
pub fn alone() -> Alone {
    let mut pool = pool();
    let taken = loop {
        if let Some(world) = pool.free.pop() {
            break Alone(world);
        }
        if pool.started < WORLDS_MAX {
            // Started under the lock, so that two never look for free ports at once.
            let world: &'static World = Box::leak(Box::new(World::start(pool.started + 1)));
            pool.started += 1;
            break Alone(world);
        }
        pool = GIVEN_BACK.wait(pool).unwrap_or_else(PoisonError::into_inner);
    };
    drop(pool);
    // A journey that failed has left nothing behind that the reset does not remove.
    taken.reset();
    taken
}

#[expect(clippy::disallowed_methods, reason = "deadlines of tests are real time")]
pub fn now() -> Instant {
    Instant::now()
}

/// Between two looks at what has been waited for since `begun`: a tenth of that, so that whatever takes long
/// is not asked for all the time.
pub fn pause(begun: Instant) -> Duration {
    (begun.elapsed() / 10).clamp(LOOK_EVERY, LOOK_SELDOM)
}

/// Where the evidence of a failed journey goes.
pub fn scratch() -> PathBuf {
    let folder = root().join("target/tmp/browser");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

impl World {
    fn start(nth: u16) -> Self {
        let root = root();
        let base = free_base();
        let config = Config::for_base(base, root.join("public"));
        serve(config.clone(), base);
        let runtime = runtime(&root, base, nth);
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .build()
            .into();
        let at = |step: u16| format!("http://127.0.0.1:{}", base + step);
        let world = Self {
            config,
            shop: at(0),
            psp: at(1),
            edge: at(2),
            agent,
            driver_port: base + 3,
            next_port: base + 4,
            socket_port: base + 5,
            _runtime: runtime,
        };
        let begun = now();
        let health = format!("{}/api/health", world.shop);
        while world.try_get(&health).is_none_or(|told| told["stock_ready"] != true) {
            assert!(begun.elapsed() < START_WAIT, "edge or shop did not start");
            thread::sleep(LOOK_EVERY);
        }
        world
    }

    /// A good day at both providers, empty books, the real time.
    fn reset(&self) {
        self.control("/reset", &json!({}));
        self.clock(0);
        self.headers(&json!({}));
    }

    /// Orders faults of a provider; absent ones are normal.
    pub fn faults(&self, provider: &str, mut faults: Value) {
        faults["provider"] = provider.into();
        self.control("/faults", &faults);
    }

    /// Moves the clocks of edge and providers.
    pub fn clock(&self, offset_ms: i64) {
        let body = json!({ "offset_ms": offset_ms });
        self.control("/clock", &body);
        self.post(&format!("{}/v1/demo/clock", self.edge), &body);
    }

    /// Money arrives at a virtual account.
    pub fn deposit(&self, request_id: &str) {
        self.control("/deposit", &json!({ "request_id": request_id }));
    }

    /// The shop ends a checkout.
    pub fn cancel(&self, checkout: &str) {
        self.post(&format!("{}/api/admin/cancel", self.shop), &json!({ "checkout": checkout }));
    }

    fn control(&self, path: &str, body: &Value) {
        self.post(&format!("{}/control{path}", self.psp), body);
    }

    fn post(&self, url: &str, body: &Value) {
        let sent = self
            .agent
            .post(url)
            .header("content-type", "application/json")
            .send(body.to_string())
            .unwrap_or_else(|error| panic!("{url}: {error}"));
        assert_eq!(sent.status(), 200, "{url} {body}");
    }

    /// Sends other header lines with the shop's pages; without `lines` the usual ones.
    pub fn headers(&self, asked: &Value) {
        self.post(&format!("{}/api/admin/headers", self.shop), asked);
    }

    /// What browsers reported of the shop's pages since.
    pub fn reports(&self) -> Vec<Value> {
        self.shop("/api/reports")["reports"].as_array().cloned().unwrap_or_default()
    }

    /// A page of the shop as it is answered: header lines and bytes.
    pub fn page(&self, path: &str) -> (Vec<(String, String)>, Vec<u8>) {
        let mut answer = self.agent.get(format!("{}{path}", self.shop)).call().unwrap();
        let text = |value: &ureq::http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
        let headers = answer.headers().iter();
        let headers = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
        (headers, answer.body_mut().read_to_vec().unwrap())
    }

    /// What the shop's server says.
    pub fn shop(&self, path: &str) -> Value {
        self.get(&format!("{}{path}", self.shop), "")
    }

    /// The shop's server, for calls between servers.
    pub fn shop_server(&self) -> &str {
        &self.shop
    }

    /// A page of the shop as its server writes it.
    pub fn written(&self, path: &str) -> String {
        let answer = self.agent.get(format!("{}{path}", self.shop)).call();
        answer.and_then(|mut answer| answer.body_mut().read_to_string()).unwrap_or_default()
    }

    /// What the sandbox says.
    pub fn psp(&self, path: &str) -> Value {
        self.get(&format!("{}/control{path}", self.psp), "")
    }

    /// What the edge says to the owner of `key`.
    pub fn edge(&self, key: &str, path: &str) -> Value {
        self.get(&format!("{}{path}", self.edge), key)
    }

    fn get(&self, url: &str, key: &str) -> Value {
        let answer = self
            .agent
            .get(url)
            .header("authorization", format!("Bearer {key}"))
            .call()
            .and_then(|mut answer| answer.body_mut().read_to_string())
            .unwrap_or_else(|error| panic!("{url}: {error}"));
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{url}: {answer}"))
    }

    fn try_get(&self, url: &str) -> Option<Value> {
        let text = self.agent.get(url).call().ok()?.body_mut().read_to_string().ok()?;
        serde_json::from_str(&text).ok()
    }
}

fn runtime(root: &Path, base: u16, nth: u16) -> Child {
    let node = std::env::var_os("HANBEON_NODE")
        .map_or_else(|| root.join("node_modules/.bin/node"), PathBuf::from);
    let log = std::fs::File::create(scratch().join(format!("edge-{nth}.log"))).unwrap();
    let mut child = Command::new(node)
        .arg(root.join("tests/runtime.mjs"))
        .args(["--base", &base.to_string(), "--build", "build-demo"])
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("node starts: run `cargo x build` first");
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    assert!(first.contains("\"ready\":true"), "the edge did not start: {first}");
    thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    child
}

/// Six free ports in a row.
fn free_base() -> u16 {
    // Below those that systems give to connections: one of them took a driver's, now and then.
    let start = 20_000 + u16::try_from(std::process::id() % 1_000).unwrap() * 6;
    let free = |base: &u16| {
        (*base..base + 6).all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
    };
    (start..start + 6_000).step_by(6).find(free).expect("six free ports in a row")
}

/// The shop is one origin, whatever writes its pages.
async fn next(port: u16, uri: axum::http::Uri) -> axum::response::Response {
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = ureq::get(format!("http://127.0.0.1:{port}{uri}")).call().ok()?;
        let kind = answer.headers().get("content-type").cloned();
        let body = answer.body_mut().read_to_vec().ok()?;
        let mut answer = axum::response::Response::new(body.into());
        answer.headers_mut().extend(kind.map(|kind| (axum::http::header::CONTENT_TYPE, kind)));
        Some(answer)
    });
    let nobody = || axum::http::StatusCode::BAD_GATEWAY.into_response();
    answer.await.ok().flatten().unwrap_or_else(nobody)
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
            let next = get(move |uri: axum::http::Uri| next(base + 4, uri));
            let router = shop::router(&config).route("/next", next.clone());
            let shop = axum::serve(shop_port, router.route("/next/{*path}", next)).into_future();
            let psp = axum::serve(psp_port, psp::router(&config)).into_future();
            ready.send(()).unwrap();
            tokio::select! { _ = shop => {}, _ = psp => {} }
        });
    });
    wait.recv().expect("shop and sandbox listen");
}

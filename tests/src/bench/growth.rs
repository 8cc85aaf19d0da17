//! What an order costs when so many are there already.
//!
//! Shards and book are filled first, by the turns of production at their own desk (`load.js`, and the edge's
//! feature `load`, which no release has). Then the release starts on what that left behind, and the same
//! orders go through it at every size, from the opening to the notice; the sizes take turns.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};
use shared::id::Home;

use super::Order;
use super::jobs::{CONNECTIONS, Storage};
use super::load::{Answer, Shot, fire};
use super::server::Server;
use super::worker::Worker;
use crate::demo::released;

/// The orders of each size come in so many turns.
const TURNS: u64 = 5;
/// One turn more goes before those, so that the module is compiled in earnest when the clock starts.
const WARM: u64 = 1;
/// The shards of the demo's configuration.
const SHARDS: u8 = 4;
/// Orders of one commit, over all shards.
const CHUNK: u32 = 1_000;
/// Rows of the book in one batch.
const BOOK_CHUNK: u32 = 20_000;
/// Requests of one order: opening, attempt, window, return, and the shop's look.
pub const REQUESTS: u32 = 5;

/// A size, and what an order costs there.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grown {
    /// Checkouts that were there before.
    pub size: u32,
    /// Of the runtime, for a whole order, in each turn: letters, book and alarms included.
    pub cpu: Vec<Duration>,
    /// Memory of the runtime after the last turn, in bytes.
    pub memory: u64,
    /// What the shards had on the disk before the first order, in bytes.
    pub shards: u64,
    /// What they grew by, with all orders and those of the warm-up.
    pub grew: u64,
    /// How many orders that were.
    pub orders: u64,
    /// What the book had, in bytes.
    pub book: u64,
    /// How long it took to fill them.
    pub filled: Duration,
}

impl Grown {
    /// The median turn.
    #[must_use]
    pub fn median(&self) -> Duration {
        let mut all = self.cpu.clone();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    }

    /// Bytes of a shard's file for each checkout that was there.
    #[must_use]
    pub fn bytes_each(&self) -> u64 {
        self.shards.checked_div(u64::from(self.size)).unwrap_or_default()
    }

    /// Bytes of a shard's file for each order of this run.
    #[must_use]
    pub fn bytes_more(&self) -> u64 {
        self.grew.checked_div(self.orders).unwrap_or_default()
    }
}

/// What an order costs at the last of these sizes, over what it costs at the first: the median of the turns'
/// ratios, because two turns that follow each other share their minute of the machine.
#[must_use]
pub fn cost_growth(all: &[Grown]) -> Option<f64> {
    let (first, last) = (all.first()?, all.last()?);
    let pairs = first.cpu.iter().zip(&last.cpu).filter(|_| first.size < last.size);
    let mut ratios: Vec<f64> =
        pairs.map(|(before, after)| after.as_secs_f64() / before.as_secs_f64()).collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied()
}

/// A folder that is gone in the end, whatever happened.
pub struct Folder(pub PathBuf);

impl Folder {
    /// An empty one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn fresh(path: PathBuf) -> Result<Self, String> {
        let _absent = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).map_err(|error| error.to_string())?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

/// A worker on a filled storage.
struct Size {
    grown: Grown,
    // Before the folder, so that it ends first.
    server: Server,
    folder: Folder,
    next: u64,
}

/// Fills a storage for each size, and lets the sizes take turns.
///
/// # Errors
/// What was wrong, in one sentence.
pub fn run(order: &Order, sizes: &[u32], say: &dyn Fn(&str)) -> Result<Vec<Grown>, String> {
    let storage = order.storage.unwrap_or(Storage::Disk);
    let mut all = Vec::new();
    for (port, size) in (order.base..).zip(sizes) {
        all.push(Size::filled(*size, storage, port, say)?);
    }
    let orders = (order.orders / TURNS).max(1);
    for turn in 0..WARM + TURNS {
        for size in &mut all {
            let cpu = size.orders(orders)?;
            let each = Duration::from_secs_f64(cpu.as_secs_f64() / orders as f64);
            let (there, us) = (size.grown.size, each.as_micros());
            if turn < WARM {
                say(&format!(
                    "{there} checkouts there: warmed up by {orders} orders, {us} us each"
                ));
                continue;
            }
            say(&format!("{there} checkouts there: turn {turn}/{TURNS}, {us} us of CPU an order"));
            size.grown.cpu.push(each);
        }
    }
    Ok(all.into_iter().map(Size::end).collect())
}

impl Size {
    fn filled(size: u32, storage: Storage, port: u16, say: &dyn Fn(&str)) -> Result<Self, String> {
        let folder = Folder::fresh(storage.folder(&format!("grown-{size}")))?;
        let begun = super::load::now();
        fill(&folder.0, port, size, say)?;
        let filled = begun.elapsed();
        let [shards, book] = ["CheckoutObject", "D1"].map(|of| on_disk(&folder.0, of));
        let grown = Grown { size, shards, book, filled, ..Grown::default() };
        say(&format!(
            "{size} checkouts filled in {:.0} s: {:.1} MB of shards, {:.1} MB of book",
            filled.as_secs_f64(),
            shards as f64 / 1e6,
            book as f64 / 1e6
        ));
        let server = released_on(&folder.0, port, &[])?;
        Ok(Self { grown, server, folder, next: 0 })
    }

    /// So many orders more, and what they cost the runtime.
    fn orders(&mut self, count: u64) -> Result<Duration, String> {
        let numbers = self.next..self.next + count;
        self.next += count;
        self.grown.orders += count;
        let before = self.server.cpu();
        orders(&self.server, numbers)?;
        Ok(self.server.cpu().saturating_sub(before))
    }

    fn end(mut self) -> Grown {
        self.grown.memory = self.server.memory();
        let shards = on_disk(&self.folder.0, "CheckoutObject");
        self.grown.grew = shards.saturating_sub(self.grown.shards);
        self.grown
    }
}

/// The runtime of the release, with a provider who approves and shops who take every notice.
///
/// # Errors
/// One sentence.
pub fn released_on(folder: &Path, port: u16, more: &[&str]) -> Result<Server, String> {
    let mut words = Worker::Ours.words();
    words.extend(["--outside", "tests/bench/outside.js"].map(str::to_owned));
    words.extend(more.iter().map(|word| (*word).to_owned()));
    let server = Server::start(&words, folder, port)?;
    server.wait(Worker::Ours.health())?;
    Ok(server)
}

/// Whole orders: opened by the shop, begun, shown, paid and told, and looked at by the shop once more.
///
/// # Errors
/// What is wrong with an answer.
pub fn orders(server: &Server, numbers: Range<u64>) -> Result<(), String> {
    let send =
        |shots: Vec<Shot>| fire(server.port, CONNECTIONS, shots).map(|volley| volley.answers);
    let opened = send(numbers.clone().map(Worker::open).collect())?;
    let opened = opened.iter().map(Worker::opened).collect::<Result<Vec<_>, _>>()?;
    let attempts = numbers.zip(&opened);
    let begun = send(attempts.map(|(n, (_, token))| Worker::Ours.attempt(n, token)).collect())?;
    let windows = begun.iter().map(Worker::window).collect::<Result<Vec<_>, _>>()?;
    let shown = send(windows.into_iter().map(|path| get(path, false)).collect())?;
    let ways = shown.iter().map(way_back).collect::<Result<Vec<_>, _>>()?;
    for answer in send(ways.into_iter().map(|path| get(path, false)).collect())? {
        if !matches!(answer.status, 200 | 303) {
            return Err(format!("the way back ends in {answer:?}"));
        }
    }
    rest(server);
    let looks = opened.iter().map(|(id, _)| get(format!("/v1/checkouts/{id}"), true));
    for answer in send(looks.collect())? {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status != 200 || body["status"] != "paid" {
            return Err(format!("an order is not paid: {} {body}", answer.status));
        }
    }
    rest(server);
    Ok(())
}

/// Waits until the runtime has nothing to do: letters and the book are part of an order.
fn rest(server: &Server) {
    let mut quiet = 0;
    let mut last = server.cpu();
    while quiet < 3 {
        sleep(Duration::from_millis(150));
        let now = server.cpu();
        quiet = if now.saturating_sub(last) <= Duration::from_millis(10) { quiet + 1 } else { 0 };
        last = now;
    }
}

/// Fills four shards and the book.
fn fill(folder: &Path, port: u16, size: u32, say: &dyn Fn(&str)) -> Result<(), String> {
    let config = format!("HANBEON_CONFIG={}", released());
    let words =
        ["--bare", "--entry", "tests/bench/load.js", "--build", "build-load", "--var", &config];
    let server = Server::start(&words.map(str::to_owned), folder, port)?;
    let done = filled_by(&server, size, say);
    server.kill();
    done
}

fn filled_by(server: &Server, size: u32, say: &dyn Fn(&str)) -> Result<(), String> {
    server.wait("/")?;
    let homes = (0..SHARDS).map(|shard| Home { generation: 1, shard }.object_name());
    let homes: Vec<String> = homes.collect();
    let ask = |home: &str, first: u32, count: u32| Shot {
        method: Method::POST,
        path: "/".to_owned(),
        headers: vec![("content-type", "application/json".to_owned())],
        body: json!({ "home": home, "first": first, "count": count }).to_string(),
    };
    let made = |shots: Vec<Shot>| -> Result<u64, String> {
        let mut sum = 0;
        for answer in fire(server.port, 1, shots)?.answers {
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let made = body["made"].as_u64().filter(|_| answer.status == 200);
            sum += made.ok_or_else(|| format!("nothing is filled: {}", text(&answer)))?;
        }
        Ok(sum)
    };
    let mut there = 0;
    for first in (0..size).step_by(CHUNK as usize) {
        let count = CHUNK.min(size - first);
        there += made(homes.iter().map(|home| ask(home, first, count)).collect())?;
        if (first + count).is_multiple_of(CHUNK * 50) {
            say(&format!("filling {size}: {there} checkouts are there"));
        }
    }
    if there != u64::from(size) {
        return Err(format!("{there} checkouts were made, not {size}"));
    }
    for first in (0..size).step_by(BOOK_CHUNK as usize) {
        made(vec![ask("book", first, BOOK_CHUNK.min(size - first))])?;
    }
    Ok(())
}

fn get(path: String, by_shop: bool) -> Shot {
    let headers = if by_shop { vec![Worker::key()] } else { Vec::new() };
    Shot { method: Method::GET, path, headers, body: String::new() }
}

/// Where the provider's window sends the buyer, with what a provider adds to it.
fn way_back(answer: &Answer) -> Result<String, String> {
    let page = text(answer);
    let found = page.split_once("/r/").map(|(_, rest)| rest);
    let key: String = found
        .unwrap_or_default()
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        .collect();
    if answer.status != 200 || key.is_empty() {
        return Err(format!("no window: {} {page}", answer.status));
    }
    let request = key.split('.').next().unwrap_or_default();
    Ok(format!(
        "/r/{key}?paymentType=NORMAL&paymentKey=pay_{request}&orderId={request}&amount=31000"
    ))
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// A log of what was written lately is emptied again and again, and says nothing of what is kept.
fn is_passing(path: &Path) -> bool {
    path.extension().is_none_or(|end| end != "sqlite")
}

/// Bytes of every database below a folder whose path names this.
fn on_disk(folder: &Path, named: &str) -> u64 {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sum += on_disk(&path, named);
        } else if path.to_string_lossy().contains(named) && !is_passing(&path) {
            sum += entry.metadata().map_or(0, |data| data.len());
        }
    }
    sum
}

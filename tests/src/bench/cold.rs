//! The cold start: from the spawn of the runtime to its first right answer.
//!
//! # Why a configuration of our own
//! What starts for the other measurements is a program that starts the runtime, with simulators of queue and
//! database beside the worker. Here the runtime is started as it is, with one worker, its objects' storage
//! and its bindings, and nothing else: ours with its four providers configured, the peers with their keys.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use hyper::Method;
use serde_json::{Map, Value};

use super::jobs::{Storage, tomorrow};
use super::load::{Answer, Shot, now};
use super::worker::Worker;
use crate::demo::released;
use crate::root;

/// Starts of each worker and question.
pub const STARTS: usize = 24;
/// Between two tries to reach a runtime that does not listen yet.
const TRY_AGAIN: Duration = Duration::from_micros(200);
/// A runtime that has not answered by then never will.
const TRIES_MAX: usize = 50_000;

/// What the first question is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum First {
    /// Whether it is there.
    Health,
    /// A signed quote for a one-time token: what the first buyer of a page asks.
    Issue,
}

impl First {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Health, Self::Issue];

    /// Its name in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Issue => "issue",
        }
    }
}

/// Who starts.
pub const STARTERS: [Worker; 3] = [Worker::Common, Worker::Ours, Worker::Twin];

/// One start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    pub worker: Worker,
    pub first: First,
    pub took: Duration,
}

/// The median of a worker's starts with this question, in milliseconds.
#[must_use]
pub fn median_ms(starts: &[Start], worker: Worker, first: First) -> Option<f64> {
    let mut all: Vec<Duration> = starts
        .iter()
        .filter(|start| (start.worker, start.first) == (worker, first))
        .map(|start| start.took)
        .collect();
    all.sort_unstable();
    all.get(all.len() / 2).map(|took| took.as_secs_f64() * 1_000.0)
}

/// How much later we are there than another, in milliseconds, with the question where we look worse.
#[must_use]
pub fn delta_ms(starts: &[Start], other: Worker) -> Option<f64> {
    let delta =
        |first| Some(median_ms(starts, Worker::Ours, first)? - median_ms(starts, other, first)?);
    First::ALL.into_iter().filter_map(delta).reduce(f64::max)
}

/// Starts all of them by turns.
///
/// # Errors
/// What was wrong, in one sentence.
pub fn run(port: u16, say: &dyn Fn(&str)) -> Result<Vec<Start>, String> {
    // In memory: what the disk takes to say that something is kept is another measurement.
    let folder = Storage::Memory.folder("cold");
    let done = starts(&folder, port, say);
    let _left = fs::remove_dir_all(&folder);
    done
}

fn starts(folder: &Path, port: u16, say: &dyn Fn(&str)) -> Result<Vec<Start>, String> {
    for worker in STARTERS {
        write(worker, &folder.join(worker.name()), port)?;
    }
    let mut all = Vec::new();
    // The first of each reads its files for everybody, and is not counted.
    for n in 0..=STARTS {
        if n.is_multiple_of(6) {
            say(&format!("cold start {n}/{STARTS} of three workers"));
        }
        for first in First::ALL {
            for at in 0..STARTERS.len() {
                let worker = STARTERS[(at + n) % STARTERS.len()];
                let took = start(worker, first, &folder.join(worker.name()), port)?;
                all.extend((n > 0).then_some(Start { worker, first, took }));
            }
        }
    }
    Ok(all)
}

/// One start on fresh storage.
fn start(worker: Worker, first: First, folder: &Path, port: u16) -> Result<Duration, String> {
    let failed = |what: &str| format!("{}, {}: {what}", worker.name(), first.name());
    let storage = folder.join("storage");
    let _absent = fs::remove_dir_all(&storage);
    fs::create_dir_all(&storage).map_err(|error| error.to_string())?;
    let shot = match first {
        First::Health => Shot {
            method: Method::GET,
            path: worker.health().to_owned(),
            headers: Vec::new(),
            body: String::new(),
        },
        First::Issue => worker.exchange(1, "free", tomorrow()),
    };
    let bytes = request(&shot, port);
    let mut command = Command::new(runtime()?);
    command.args(["serve", "--experimental"]).arg(folder.join("config.capnp"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = now();
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let answer = first_answer(&mut child, port, &bytes);
    let took = begun.elapsed();
    let _sent = child.kill();
    let _gone = child.wait();
    let answer = answer.ok_or_else(|| failed("no answer"))?;
    match first {
        First::Health if answer.status == 200 => Ok(took),
        First::Health => Err(failed(&format!("status {}", answer.status))),
        First::Issue => worker.token(&answer).map(|_| took).map_err(|why| failed(&why)),
    }
}

/// Knocks until somebody opens; `None` when the runtime has gone, or never answers.
fn first_answer(child: &mut Child, port: u16, request: &[u8]) -> Option<Answer> {
    for _ in 0..TRIES_MAX {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
            stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
            stream.write_all(request).ok()?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).ok()?;
            return read(&answer);
        }
        if child.try_wait().ok()?.is_some() {
            return None;
        }
        sleep(TRY_AGAIN);
    }
    None
}

fn request(shot: &Shot, port: u16) -> Vec<u8> {
    let mut text = format!("{} {} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n", shot.method, shot.path);
    for (name, value) in &shot.headers {
        text += &format!("{name}: {value}\r\n");
    }
    text +=
        &format!("content-length: {}\r\nconnection: close\r\n\r\n{}", shot.body.len(), shot.body);
    text.into_bytes()
}

/// Status and body of an answer that is there as a whole; one in pieces is put together.
fn read(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let in_pieces = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if in_pieces { whole(body) } else { body.to_owned() };
    Some(Answer { status, body: body.into(), took: Duration::ZERO })
}

fn whole(mut pieces: &str) -> String {
    let mut body = String::new();
    while let Some((size, rest)) = pieces.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        let (Some(piece), true) = (rest.get(..size), size > 0) else { break };
        body += piece;
        pieces = rest.get(size + 2..).unwrap_or_default();
    }
    body
}

/// The runtime itself.
fn runtime() -> Result<PathBuf, String> {
    let folder = root().join("node_modules/@cloudflare");
    let found = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut found =
        found.map(|entry| entry.path().join("bin/workerd")).filter(|path| path.is_file());
    found.next().ok_or_else(|| format!("no runtime below {}", folder.display()))
}

/// A worker's modules, and the runtime's configuration for it.
fn write(worker: Worker, folder: &Path, port: u16) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(failed)?;
    let home = match worker {
        Worker::Ours => root().join("edge"),
        Worker::Common | Worker::Twin | Worker::Floors => {
            root().join("tests/bench").join(worker.name())
        }
    };
    let modules: &[(&str, &str)] = match worker {
        Worker::Ours => &[
            ("entry.js", "esModule"),
            ("src/shell/host.js", "esModule"),
            ("build/index.js", "esModule"),
            ("build/index_bg.wasm", "wasm"),
        ],
        Worker::Common | Worker::Twin | Worker::Floors => &[("build/index.js", "esModule")],
    };
    for (name, _) in modules {
        let to = folder.join(name);
        fs::create_dir_all(to.parent().unwrap_or(folder)).map_err(failed)?;
        fs::copy(home.join(name), to).map_err(failed)?;
    }
    let text = config(worker, modules, &folder.join("storage"), port)?;
    fs::write(folder.join("config.capnp"), text).map_err(failed)
}

/// In the runtime's own language.
fn config(
    worker: Worker,
    modules: &[(&str, &str)],
    storage: &Path,
    port: u16,
) -> Result<String, String> {
    let modules: Vec<String> = modules
        .iter()
        .map(|(name, kind)| format!("(name = {}, {kind} = embed {})", quoted(name), quoted(name)))
        .collect();
    let mut bindings: Vec<String> = variables(worker)?
        .iter()
        .map(|(name, value)| format!("(name = {}, text = {})", quoted(name), quoted(value)))
        .collect();
    // What is elsewhere in the platform stands behind a name: nothing of it is asked at a start.
    let (objects, elsewhere): (_, &[&str]) = match worker {
        Worker::Ours => {
            (["CheckoutObject", "StockObject"], &["BOOK", "NOTICES", "EXCHANGES", "ASSETS"])
        }
        Worker::Common | Worker::Twin | Worker::Floors => (["Checkouts", "Stock"], &[]),
    };
    for (name, class) in ["CHECKOUTS", "STOCK"].into_iter().zip(objects) {
        bindings.push(format!(
            "(name = {}, durableObjectNamespace = {})",
            quoted(name),
            quoted(class)
        ));
    }
    bindings.extend(
        elsewhere.iter().map(|name| format!("(name = {}, service = \"elsewhere\")", quoted(name))),
    );
    let objects = objects.map(|class| {
        format!("(className = {0}, uniqueKey = {0}, enableSql = true)", quoted(class))
    });
    Ok(format!(
        "using Workerd = import \"/workerd/workerd.capnp\";
const config :Workerd.Config = (
  services = [
    (name = \"main\", worker = .main),
    (name = \"disk\", disk = (path = {}, writable = true)),
    (name = \"elsewhere\", external = (address = \"127.0.0.1:9\", http = ())),
  ],
  sockets = [(name = \"http\", address = \"127.0.0.1:{port}\", http = (), service = \"main\")],
);
const main :Workerd.Worker = (
  modules = [{}],
  compatibilityDate = \"2026-11-01\",
  bindings = [{}],
  durableObjectNamespaces = [{}],
  durableObjectStorage = (localDisk = \"disk\"),
);
",
        quoted(&storage.to_string_lossy()),
        modules.join(", "),
        bindings.join(", "),
        objects.join(", "),
    ))
}

/// Its variables, secrets among them: all public here.
fn variables(worker: Worker) -> Result<Vec<(String, String)>, String> {
    let vars = match worker {
        Worker::Ours => {
            let mut vars = object(&root().join("edge/testdata/demo-secrets.json"))?;
            vars.insert("HANBEON_CONFIG".to_owned(), released().into());
            vars
        }
        Worker::Common | Worker::Twin | Worker::Floors => {
            let file = root().join("tests/bench").join(worker.name()).join("wrangler.jsonc");
            let vars = object(&file)?.remove("vars");
            vars.and_then(|vars| vars.as_object().cloned()).unwrap_or_default()
        }
    };
    let text = |(name, value): (String, Value)| Some((name, value.as_str()?.to_owned()));
    Ok(vars.into_iter().filter_map(text).collect())
}

/// A document whose comments are lines of their own.
fn object(file: &Path) -> Result<Map<String, Value>, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let bare = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<String>();
    let document: Value = serde_json::from_str(&bare).map_err(|error| error.to_string())?;
    document.as_object().cloned().ok_or_else(|| format!("{} is no object", file.display()))
}

/// A text in the runtime's language, which writes its escapes as JSON does.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(worker: Worker, first: First, millis: u64) -> Start {
        Start { worker, first, took: Duration::from_millis(millis) }
    }

    #[test]
    fn a_cold_start_is_a_median_and_the_worse_question_counts() {
        let (ours, common) = (Worker::Ours, Worker::Common);
        let starts = [
            start(ours, First::Health, 50),
            start(ours, First::Health, 900),
            start(ours, First::Health, 52),
            start(common, First::Health, 45),
            start(ours, First::Issue, 60),
            start(common, First::Issue, 70),
        ];
        assert_eq!(median_ms(&starts, ours, First::Health), Some(52.0));
        assert_eq!(delta_ms(&starts, common), Some(7.0), "and not the -10 of the other question");
        assert_eq!(delta_ms(&starts, Worker::Twin), None, "nobody was asked");
    }

    #[test]
    fn an_answer_is_read_whole_or_in_pieces() {
        let read = |text: &str| {
            let answer = super::read(text.as_bytes())?;
            Some((answer.status, String::from_utf8_lossy(&answer.body).into_owned()))
        };
        let plain = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(read(plain), Some((200, "ok".to_owned())));
        let pieces =
            "HTTP/1.1 409 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        assert_eq!(read(pieces), Some((409, "abc".to_owned())));
        assert_eq!(read("HTTP/1.1 200 OK\r\n"), None);
    }

    #[test]
    fn a_text_of_the_configuration_keeps_its_quotes_and_lines() {
        assert_eq!(quoted("a \"b\"\n김"), r#""a \"b\"\n김""#);
    }
}

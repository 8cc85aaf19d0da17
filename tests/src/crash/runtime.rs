//! The edge's real runtime in a process group of its own, begun in a moment and killed in another.
//!
//! # Why one waits behind each that runs
//! Loading the runtime's library takes longer than everything that a life is for. So the next process has
//! loaded it before the present one is killed, and waits for the word.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::now;

/// Until nothing is left of what was killed.
const END_WAIT: Duration = Duration::from_secs(60);
/// Between two looks at a port.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What a runtime says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// It answers from now on.
    Ready,
    /// It will never answer.
    Broken,
    /// It wrote in this way for the first time in its life.
    Step(String),
    /// It stands still where it was asked to.
    Reached,
}

/// Where to stop: the `nth` time that `step` is reached, and on which side of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Object, verb and table.
    pub step: String,
    /// `before`, `after` or `durable`.
    pub when: &'static str,
    /// From 1.
    pub nth: u64,
}

/// Where everything of a world lies.
#[derive(Debug, Clone)]
pub struct Place {
    /// The repository.
    pub root: PathBuf,
    /// The first of three ports.
    pub base: u16,
    /// The runtime's storage.
    pub state: PathBuf,
    /// What it logs.
    pub log: PathBuf,
}

/// A process group with the runtime in it.
pub struct Runtime {
    child: Child,
    port: u16,
    log: PathBuf,
    is_killed: bool,
}

impl Runtime {
    /// A process that has loaded everything and runs nothing yet.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn standby(place: &Place) -> Result<Self, String> {
        let node = std::env::var_os("HANBEON_NODE")
            .map_or_else(|| place.root.join("node_modules/.bin/node"), PathBuf::from);
        let child = Command::new(node)
            .arg("tests/runtime.mjs")
            .args(["--base", &place.base.to_string(), "--build", "build-demo"])
            .args(["--between", "tests/src/crash/points.js", "--standby", "--state"])
            .arg(&place.state)
            .current_dir(&place.root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("node does not start: {error}"))?;
        Ok(Self { child, port: place.base + 2, log: place.log.clone(), is_killed: false })
    }

    /// Lets it live, until it reaches `stop`, and hears it from now on. It may stand still before it has
    /// ever answered.
    ///
    /// # Errors
    /// When it lives already.
    pub fn begin(
        &mut self,
        stop: Option<&Stop>,
        hears: &(impl Fn(Word) + Clone + Send + 'static),
    ) -> Result<(), String> {
        let at = stop.map_or(json!({}), |stop| {
            let at = json!({ "step": stop.step, "when": stop.when, "nth": stop.nth });
            json!({ "CRASH_AT": at.to_string() })
        });
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (&mut self.child.stdin, self.child.stdout.take(), self.child.stderr.take())
        else {
            return Err("a runtime lives once".to_owned());
        };
        writeln!(stdin, "start {at}").map_err(|error| format!("the runtime: {error}"))?;
        let (logged, log) = (hears.clone(), self.log.clone());
        thread::spawn(move || listen(BufReader::new(stderr), &log, &logged));
        let said = hears.clone();
        thread::spawn(move || {
            let mut lines = BufReader::new(stdout);
            let mut first = String::new();
            let _read = lines.read_line(&mut first);
            let is_ready = first.contains("\"ready\":true");
            said(if is_ready { Word::Ready } else { Word::Broken });
            std::io::copy(&mut lines, &mut std::io::sink())
        });
        Ok(())
    }

    /// Kills the whole group at once, as a machine that loses its power, and waits until nothing of it is
    /// left.
    ///
    /// # Errors
    /// When it does not go away.
    pub fn kill(mut self) -> Result<(), String> {
        self.end();
        let begun = now();
        while TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            if begun.elapsed() > END_WAIT {
                return Err("what was killed still listens".to_owned());
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    fn end(&mut self) {
        if !std::mem::replace(&mut self.is_killed, true) {
            let group = format!("-{}", self.child.id());
            let _sent = Command::new("kill").args(["-KILL", "--", &group]).status();
            let _ended = self.child.wait();
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        self.end();
    }
}

/// Reads what it logs: words for us, and lines for people.
fn listen(lines: impl std::io::BufRead, log: &Path, hears: &impl Fn(Word)) {
    let mut kept = std::fs::OpenOptions::new().create(true).append(true).open(log).ok();
    for line in lines.lines().map_while(Result::ok) {
        let said = line.split_once(": ").and_then(|(_, said)| serde_json::from_str(said).ok());
        let said: Value = said.unwrap_or_default();
        if said["reached"].is_string() {
            hears(Word::Reached);
        } else if let Some(step) = said["step"].as_str() {
            hears(Word::Step(step.to_owned()));
        } else if said["opened"].is_null()
            && let Some(kept) = &mut kept
        {
            let _written = writeln!(kept, "{line}");
        }
    }
}

/// A sender of words that are meant for one life.
pub fn words<T: From<Word> + Send + 'static>(
    life: u64,
    to: &Sender<(u64, T)>,
) -> impl Fn(Word) + Clone + Send + 'static {
    let to = to.clone();
    move |word| {
        let _heard = to.send((life, word.into()));
    }
}

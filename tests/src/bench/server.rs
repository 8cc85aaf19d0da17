//! A worker on the real runtime: started, measured, killed.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use hyper::Method;

use super::load::{Shot, fire};
use crate::root;

/// A worker that answers on a port, and where it keeps what it stores.
pub struct Server {
    child: Child,
    pub port: u16,
    /// The runtime itself, without the program that started it.
    runtime: u32,
    pub state: PathBuf,
}

impl Server {
    /// Starts the worker of this folder.
    ///
    /// # Errors
    /// One sentence.
    pub fn start(worker: &[String], state: &Path, port: u16) -> Result<Self, String> {
        let root = root();
        let node = std::env::var_os("HANBEON_NODE")
            .map_or_else(|| root.join("node_modules/.bin/node"), PathBuf::from);
        let mut child = Command::new(node)
            .arg(root.join("tests/runtime.mjs"))
            .args(worker)
            .arg("--state")
            .arg(state)
            .args(["--port", &port.to_string()])
            .current_dir(&root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Workers log what goes wrong; in a benchmark that is seen in the answers.
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("node does not start: {error}"))?;
        let out = child.stdout.take().ok_or("the runtime has no stdout")?;
        let mut lines = BufReader::new(out);
        let mut first = String::new();
        lines.read_line(&mut first).map_err(|error| error.to_string())?;
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        if !first.contains("\"ready\":true") {
            return Err(format!("{} did not start", worker.join(" ")));
        }
        let runtime = runtime_of(child.id()).ok_or("the runtime's process is not found")?;
        Ok(Self { child, port, runtime, state: state.to_path_buf() })
    }

    /// What the runtime has spent in all its threads.
    ///
    /// # Panics
    /// When the runtime is gone.
    #[must_use]
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.runtime))
            .expect("the runtime runs");
        // After the name in brackets, which may hold anything.
        let fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
        let ticks: u64 =
            fields.split(' ').skip(11).take(2).filter_map(|f| f.parse::<u64>().ok()).sum();
        // Linux counts a hundred a second, on every machine that runs this.
        Duration::from_millis(ticks * 10)
    }

    /// What it has in memory, in bytes.
    #[must_use]
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.runtime));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kilobytes =
            line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
        kilobytes.unwrap_or_default() * 1_024
    }

    /// Waits for the first good answer of this path.
    ///
    /// # Errors
    /// When there is none for half a minute.
    pub fn wait(&self, path: &str) -> Result<(), String> {
        for _ in 0..600 {
            let shot = Shot {
                method: Method::GET,
                path: path.to_owned(),
                headers: Vec::new(),
                body: String::new(),
            };
            let answered = fire(self.port, 1, vec![shot]);
            if answered.is_ok_and(|volley| volley.answers.iter().all(|answer| answer.status == 200))
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Err(format!("no answer from {path}"))
    }

    /// Ends the runtime as a power cut would.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _sent = Command::new("kill").args(["-KILL", &self.runtime.to_string()]).status();
        let _sent = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// The runtime is the one child of the program that started it, beside helpers of that program.
fn runtime_of(parent: u32) -> Option<u32> {
    let entries = std::fs::read_dir("/proc").ok()?;
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(|id| {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{id}/{file}")).ok();
        let stat = read("stat").unwrap_or_default();
        let is_child = stat
            .rsplit_once(") ")
            .is_some_and(|(_, rest)| rest.split(' ').nth(1) == Some(&parent.to_string()));
        is_child && read("comm").is_some_and(|name| name.starts_with("workerd"))
    })
}

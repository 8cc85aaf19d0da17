//! Starts the edge on the real runtime, which ends with this process, however it ends.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;

/// Three free ports in a row, others at each call.
pub fn free_base() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = 21_000 + u16::try_from(std::process::id() % 3_000).unwrap() * 4;
    let free = |base: &u16| {
        (*base..base + 3).all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
    };
    (0..1_000)
        .map(|_| start + NEXT.fetch_add(4, Ordering::Relaxed))
        .find(free)
        .expect("three free ports in a row")
}

/// A process with all its children, ended together.
pub struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // To the group: its head alone would leave the runtime running.
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _ = self.0.wait();
    }
}

/// The release as its deployer's own tool runs it, on `base + 2`.
pub fn wrangler(base: u16, options: &[String]) -> Group {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let programs = root.join("node_modules/.bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(programs.clone()).chain(std::env::split_paths(&path));
    let state = root.join(format!("target/tmp/wrangler-{base}"));
    let logs = root.join("target/tmp");
    std::fs::create_dir_all(&logs).unwrap();
    let child = Command::new(programs.join("wrangler"))
        .args(["dev", "--local", "--inspector-port", "0", "--port", &(base + 2).to_string()])
        .arg("--persist-to")
        .arg(state)
        .args(options)
        .current_dir(root.join("edge"))
        .env("PATH", std::env::join_paths(paths).unwrap())
        .env("CI", "true")
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_HIDE_BANNER", "true")
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .stdin(Stdio::null())
        .stdout(File::create(logs.join("it-wrangler.log")).unwrap())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("wrangler starts: run `cargo x build` first");
    Group(child)
}

/// A program for node, below the repository's root.
pub fn node(program: &str) -> Command {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let node = std::env::var_os("HANBEON_NODE")
        .map_or_else(|| root.join("node_modules/.bin/node"), PathBuf::from);
    let mut command = Command::new(node);
    command.arg(root.join(program)).current_dir(root);
    command
}

fn log(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../target/tmp/it-{name}.log"))
}

/// Which owners of checkouts the runtime has opened up to now, each as often as it was: one that slept is
/// opened anew.
pub fn objects_opened(name: &str) -> Vec<String> {
    let text = std::fs::read_to_string(log(name)).unwrap();
    let opened = text.lines().filter_map(|line| line.split_once("\"opened\":\""));
    opened.map(|(_, rest)| rest.split('"').next().unwrap().to_owned()).collect()
}

/// One build of the edge (`build` or `build-demo`) on `base + 2`; its log lies in `target/tmp` under this
/// name.
pub fn start(name: &str, base: u16, build: &str, options: &[&str]) -> Child {
    let logs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/tmp");
    std::fs::create_dir_all(&logs).unwrap();
    let mut runtime = node("tests/runtime.mjs")
        .args(["--base", &base.to_string(), "--build", build])
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(File::create(log(name)).unwrap())
        .spawn()
        .expect("node starts: run `cargo x build` first");
    let mut lines = BufReader::new(runtime.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    assert!(first.contains("\"ready\":true"), "the edge did not start: {first}");
    thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    runtime
}

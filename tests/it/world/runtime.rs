//! Starts the edge on the real runtime, which ends with this process, however it ends.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

/// Three free ports in a row.
pub fn free_base() -> u16 {
    let start = 21_000 + u16::try_from(std::process::id() % 3_000).unwrap() * 4;
    let free = |base: &u16| {
        (*base..base + 3).all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
    };
    (start..start + 4_000).step_by(4).find(free).expect("three free ports in a row")
}

/// One build of the edge (`build` or `build-demo`) on `base + 2`; its log lies in `target/tmp`.
pub fn start(base: u16, build: &str, options: &[&str]) -> Child {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let node = std::env::var_os("HANBEON_NODE")
        .map_or_else(|| root.join("node_modules/.bin/node"), PathBuf::from);
    let logs = root.join("target/tmp");
    std::fs::create_dir_all(&logs).unwrap();
    let mut runtime = Command::new(node)
        .arg(root.join("tests/runtime.mjs"))
        .args(["--base", &base.to_string(), "--build", build])
        .args(options)
        .current_dir(&root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(File::create(logs.join(format!("it-{build}.log"))).unwrap())
        .spawn()
        .expect("node starts: run `cargo x build` first");
    let mut lines = BufReader::new(runtime.stdout.take().unwrap());
    let mut first = String::new();
    lines.read_line(&mut first).unwrap();
    assert!(first.contains("\"ready\":true"), "the edge did not start: {first}");
    thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    runtime
}

//! Shop, sandbox and edge on this machine: three origins, three ports, no network.
//!
//! `runtime.mjs` carries the edge on `BASE + 2`; the binary `demo` serves the shop on `BASE` and the
//! sandbox on `BASE + 1`.
//!
//! # Why
//!
//! Nothing outlives us, however we end. Ctrl-C reaches the whole process group. For every other end,
//! each child holds one end of a pipe to us: the runtime ends when its input closes, and the `demo`
//! binary, which knows nothing of this, runs under a guard of ours that does.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::args::Words;
use crate::build::{Edge, edge, widget};
use crate::run::{Failure, Stages, cargo, now, npm_bin, program, run, target, which};
use crate::setup::prepare;

/// The hidden task that ends a program when our end of its pipe closes.
pub const GUARD: &str = "guard-of-a-child";
const BASE: u16 = 4410;
/// From starting the processes to the first healthy answer, on a busy machine.
const START_WAIT: Duration = Duration::from_secs(60);
/// How often a starting or running process is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// One health question; longer means that the process hangs.
const HEALTH_WAIT: Duration = Duration::from_secs(5);

/// The task `demo`.
pub fn demo(words: &Words) -> Result<(), Failure> {
    let base = base(words)?;
    let ports = [base, base + 1, base + 2];
    free(&ports)?;
    let mut stages = Stages::begin();
    stages.stage("setup", prepare)?;
    stages.stage("edge", || edge(Edge::Demo))?;
    stages.stage("widget", widget)?;
    stages.stage("shop and sandbox", binary)?;
    let mut children = Vec::new();
    stages.stage("start", || {
        children.push(("shop and sandbox", guarded(&["--port", &base.to_string()])?));
        children.push(("edge", runtime(base)?));
        ready(&mut children, &ports)
    })?;
    let shop = format!("http://shop.localhost:{base}");
    println!();
    println!("  Hanbeon is running. Nothing here leaves this machine, and no money moves.");
    println!();
    println!("  Shop       {shop}");
    println!("  Sandbox    http://psp.localhost:{}/control", base + 1);
    println!("  Edge       http://edge.localhost:{}/v1/health", base + 2);
    println!();
    println!("  Ctrl-C stops everything.");
    println!();
    if !words.has("--no-open") {
        open(&shop);
    }
    watch(children)
}

/// The task `sandbox`.
pub fn sandbox(words: &Words) -> Result<(), Failure> {
    let base = base(words)?;
    free(&[base + 1])?;
    binary()?;
    let child = guarded(&["--port", &base.to_string(), "--only", "psp"])?;
    let mut children = vec![("sandbox", child)];
    ready(&mut children, &[base + 1])?;
    println!("  Sandbox    http://psp.localhost:{}/control", base + 1);
    println!("  Ctrl-C stops it.");
    watch(children)
}

/// The hidden task: runs the words as a program, and ends it when stdin closes.
pub fn guard(words: &Words) -> Result<(), Failure> {
    let Some((name, rest)) = words.free.split_first() else {
        return Err(Failure::usage("a guard needs a program"));
    };
    let mut child = Command::new(name)
        .args(rest)
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| Failure::new(format!("{name} cannot be started: {error}")))?;
    let closed = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&closed);
    std::thread::spawn(move || {
        // Nobody writes; whatever ends this read means that the parent is gone.
        std::io::stdin().read_to_end(&mut Vec::new()).ok();
        seen.store(true, Ordering::Release);
    });
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return match status.success() {
                true => Ok(()),
                false => Err(Failure::new(format!("{name} ended with {status}"))),
            };
        }
        if closed.load(Ordering::Acquire) {
            child.kill().ok();
            child.wait().ok();
            return Ok(());
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn base(words: &Words) -> Result<u16, Failure> {
    let Some(word) = words.value("--port") else { return Ok(BASE) };
    // Two more ports follow the first.
    let port = word.parse().ok().filter(|port| (1..=u16::MAX - 2).contains(port));
    port.ok_or_else(|| Failure::usage(format!("--port {word} is not a port from 1 to 65533")))
}

fn free(ports: &[u16]) -> Result<(), Failure> {
    for port in ports {
        if TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_err() {
            return Err(Failure::new(format!(
                "port {port} is in use: stop what listens there, or choose other ports with --port"
            )));
        }
    }
    Ok(())
}

/// Compiles the process that serves shop and sandbox.
fn binary() -> Result<(), Failure> {
    run(cargo().args(["build", "--package", "tests", "--features", "demo", "--bin", "demo"]))
}

fn guarded(words: &[&str]) -> Result<Child, Failure> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::new(format!("own path is unknown: {error}")))?;
    let mut command = program(own);
    command.arg(GUARD).arg(target().join("debug/demo")).args(words).stdin(Stdio::piped());
    command.spawn().map_err(|error| Failure::new(format!("demo cannot be started: {error}")))
}

/// Starts the edge and waits for its first line.
fn runtime(base: u16) -> Result<Child, Failure> {
    let mut child = program(npm_bin("node"))
        .args(["tests/runtime.mjs", "--base", &base.to_string(), "--build", Edge::Demo.folder()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::new(format!("the edge's runtime cannot be started: {error}")))?;
    let mut first = String::new();
    if let Some(output) = child.stdout.take() {
        let mut lines = BufReader::new(output);
        lines.read_line(&mut first).ok();
        // Kept open and emptied, or the runtime would stop at its next line.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    }
    if first.contains("\"ready\":true") {
        return Ok(child);
    }
    child.wait().ok();
    Err(Failure::new("the edge did not start; it says why above"))
}

/// Waits until every port answers, and the edge says that it is healthy.
fn ready(children: &mut [(&str, Child)], ports: &[u16]) -> Result<(), Failure> {
    let begun = now();
    let mut waiting = ports.to_vec();
    while !waiting.is_empty() {
        alive(children)?;
        waiting.retain(|port| !answers(*port));
        if begun.elapsed() > START_WAIT {
            return Err(Failure::new(format!(
                "port {waiting:?} gave no healthy answer within {} s",
                START_WAIT.as_secs()
            )));
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(())
}

/// Any answer below 500 to `GET /v1/health`: shop and sandbox may not know the page, but they live.
fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<String> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut stream = TcpStream::connect_timeout(&address, HEALTH_WAIT)?;
        stream.set_read_timeout(Some(HEALTH_WAIT))?;
        let question = format!(
            "GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(question.as_bytes())?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(line)
    };
    ask().is_ok_and(|line| {
        let status = line.split_whitespace().nth(1).and_then(|word| word.parse::<u16>().ok());
        status.is_some_and(|status| status < 500)
    })
}

fn alive(children: &mut [(&str, Child)]) -> Result<(), Failure> {
    for (name, child) in children {
        if let Ok(Some(status)) = child.try_wait() {
            return Err(Failure::new(format!("{name} ended with {status}; see above")));
        }
    }
    Ok(())
}

/// Until one of them ends, or we do. Dropping them closes their pipes, which ends them.
fn watch(mut children: Vec<(&str, Child)>) -> Result<(), Failure> {
    loop {
        std::thread::sleep(LOOK_EVERY);
        if let Err(failure) = alive(&mut children) {
            for (_, child) in &mut children {
                drop(child.stdin.take());
                child.wait().ok();
            }
            return Err(failure);
        }
    }
}

/// The user's browser, if this machine has a screen; the address is printed in any case.
fn open(address: &str) {
    let on_screen =
        ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if (on_screen || cfg!(target_os = "macos")) && which(opener).is_some() {
        let mut command = program(opener);
        command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().ok();
    }
}

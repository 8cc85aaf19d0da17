//! Shop, sandbox and edge on this machine: three origins, three ports, no network.
//!
//! `runtime.mjs` carries the edge on `BASE + 2`; the binary `demo` serves the shop on `BASE` and the
//! sandbox on `BASE + 1`.
//!
//! # Why
//!
//! Nothing outlives us, however we end: Ctrl-C reaches the whole process group, and for every other
//! end each child holds one end of a pipe to us and stops when it closes.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::args::Words;
use crate::build::{Edge, edge, widget};
use crate::run::{Failure, Stages, cargo, now, npm_bin, program, run, target, which};
use crate::setup::prepare;

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
        children.push(("shop and sandbox", native(&["--port", &base.to_string()])?));
        children.push(("edge", runtime(base)?));
        healthy(&mut children, base + 2)
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
    let child = native(&["--port", &base.to_string(), "--only", "psp"])?;
    println!("  Sandbox    http://psp.localhost:{}/control", base + 1);
    println!("  Ctrl-C stops it.");
    watch(vec![("sandbox", child)])
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

/// Starts the process of shop and sandbox and waits for its first line.
fn native(words: &[&str]) -> Result<Child, Failure> {
    let mut command = program(target().join("debug/demo"));
    command.args(words).arg("--exit-with-stdin");
    first_line("shop and sandbox", command)
}

/// Starts the edge and waits for its first line.
fn runtime(base: u16) -> Result<Child, Failure> {
    let mut command = program(npm_bin("node"));
    let base = base.to_string();
    command.args(["tests/runtime.mjs", "--base", &base, "--build", Edge::Demo.folder()]);
    first_line("the edge", command)
}

/// Both children speak the same way: a first line with `"ready":true`, an end when stdin closes.
fn first_line(name: &str, mut command: Command) -> Result<Child, Failure> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::new(format!("{name} cannot be started: {error}")))?;
    let mut first = String::new();
    if let Some(output) = child.stdout.take() {
        let mut lines = BufReader::new(output);
        lines.read_line(&mut first).ok();
        // Kept open and emptied, or the child would stop at its next line.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    }
    if first.contains("\"ready\":true") {
        return Ok(child);
    }
    drop(child.stdin.take());
    child.wait().ok();
    Err(Failure::new(format!("{name} did not start and says why above")))
}

/// Waits until the edge says that it is healthy: its module is loaded, its configuration is valid.
fn healthy(children: &mut [(&str, Child)], port: u16) -> Result<(), Failure> {
    let begun = now();
    loop {
        alive(children)?;
        let status = health(port).unwrap_or_default();
        if status.contains(" 200 ") {
            return Ok(());
        }
        if begun.elapsed() > START_WAIT {
            let waited = START_WAIT.as_secs();
            return Err(Failure::new(format!(
                "the edge is not healthy after {waited} s; its last answer: {:?}",
                status.trim()
            )));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// The status line of `GET /v1/health`.
fn health(port: u16) -> std::io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, HEALTH_WAIT)?;
    stream.set_read_timeout(Some(HEALTH_WAIT))?;
    write!(
        stream,
        "GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    )?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    Ok(line)
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

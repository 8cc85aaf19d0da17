//! Serves the demo shop and the provider sandbox. `cargo x demo` starts it beside the edge.

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use axum::Router;
use tests::demo::{BASE_PORT, Config, psp, shop};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const HELP: &str = "\
demo [--port BASE] [--edge URL] [--only psp|shop] [--public DIR] [--exit-with-stdin]

  --port BASE         the shop listens on BASE, the sandbox on BASE+1 (default 4410)
  --edge URL          where the edge is (default http://127.0.0.1:BASE+2)
  --only psp|shop     serve one of the two
  --public DIR        the shop's static pages (default public)
  --exit-with-stdin   end when the standard input is closed, so that no process stays behind

Prints one line of JSON with \"ready\":true when both are listening, on 127.0.0.1 only.";

/// What to serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    Both,
    Psp,
    Shop,
}

/// The command line.
struct Options {
    config: Config,
    port: u16,
    only: Only,
    exit_with_stdin: bool,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(sentence) => {
            eprintln!("demo: {sentence}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("the runtime does not start: {error}")),
    };
    let end = runtime.block_on(serve(options));
    // A thread may still be waiting for the standard input or for an answer of ten seconds.
    runtime.shutdown_background();
    match end {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => failed(&sentence),
    }
}

fn failed(sentence: &str) -> ExitCode {
    eprintln!("demo: {sentence}");
    ExitCode::FAILURE
}

fn options(mut words: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let (mut port, mut only, mut exit_with_stdin) = (BASE_PORT, Only::Both, false);
    let (mut edge, mut public_dir) = (None, PathBuf::from("public"));
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--port" => {
                let text = value()?;
                port = text.parse().map_err(|_| format!("--port {text} is not a port"))?;
            }
            "--edge" => edge = Some(value()?),
            "--public" => public_dir = PathBuf::from(value()?),
            "--only" => {
                only = match value()?.as_str() {
                    "psp" => Only::Psp,
                    "shop" => Only::Shop,
                    other => return Err(format!("--only {other}: psp or shop")),
                }
            }
            "--exit-with-stdin" => exit_with_stdin = true,
            "--help" | "-h" => return Ok(None),
            other => return Err(format!("{other} is not an option")),
        }
    }
    if port > u16::MAX - 2 {
        return Err(format!("--port {port}: two more ports follow it"));
    }
    let mut config = Config::for_base(port, public_dir);
    if let Some(edge) = edge {
        config = config.with_edge(&edge);
    }
    Ok(Some(Options { config, port, only, exit_with_stdin }))
}

async fn serve(options: Options) -> Result<(), String> {
    let Options { config, port, only, exit_with_stdin } = options;
    let mut servers = JoinSet::new();
    let mut ready = serde_json::json!({ "ready": true, "edge": config.edge_origin });
    if only != Only::Psp {
        let router = shop::router(&config);
        servers.spawn(listen(port, router).await?);
        ready["shop"] = config.shop_origin.clone().into();
    }
    if only != Only::Shop {
        servers.spawn(listen(port + 1, psp::router(&config)).await?);
        ready["psp"] = config.psp_origin.clone().into();
    }
    println!("{ready}");
    let stdin = async {
        if exit_with_stdin {
            let _ = tokio::task::spawn_blocking(until_closed).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        ended = servers.join_next() => Err(match ended {
            Some(Ok(Err(error))) => format!("a server ended: {error}"),
            Some(Ok(Ok(())) | Err(_)) | None => "a server ended".to_owned(),
        }),
        _ = tokio::signal::ctrl_c() => Ok(()),
        () = stdin => Ok(()),
    }
}

async fn listen(
    port: u16,
    router: Router,
) -> Result<impl Future<Output = std::io::Result<()>>, String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("{address} is not free: {error}"))?;
    Ok(axum::serve(listener, router).into_future())
}

/// Reads the standard input to its end.
fn until_closed() {
    let mut buffer = [0; 256];
    while matches!(std::io::stdin().read(&mut buffer), Ok(n) if n > 0) {}
}

//! The other parties as the runtime meets them: the providers' sandbox, and a shop that writes down what it
//! is told. Both outlive every kill.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use serde_json::Value;

use super::ledger::Ledger;
use super::moment::{Trip, Wire};
use crate::demo::{Config, psp};

/// A buyer's own request carries it: nobody is killed at those.
pub const BUYERS: &str = "x-buyer";
/// What is held back is never said: its connection ends with the runtime.
const HELD: Duration = Duration::from_secs(5);

/// Serves both on `base` and `base + 1` until this process ends.
pub fn serve(config: &Config, base: u16, trip: &Trip, ledger: &Arc<Ledger>) -> Result<(), String> {
    let (config, trip, ledger) = (config.clone(), trip.clone(), Arc::clone(ledger));
    let (ready, wait) = mpsc::channel();
    thread::spawn(move || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let Ok(runtime) = builder.worker_threads(2).enable_all().build() else { return };
        runtime.block_on(async {
            let at = |step: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, base + step));
            let shop_port = tokio::net::TcpListener::bind(at(0)).await;
            let psp_port = tokio::net::TcpListener::bind(at(1)).await;
            let (Ok(shop_port), Ok(psp_port)) = (shop_port, psp_port) else { return };
            let watched = from_fn_with_state(trip.clone(), provider);
            let psp = axum::serve(psp_port, psp::router(&config).layer(watched)).into_future();
            let shop =
                Router::new().route("/notices/{merchant}", post(notice)).with_state((trip, ledger));
            let shop = axum::serve(shop_port, shop).into_future();
            let _heard = ready.send(());
            tokio::select! { _ = shop => {}, _ = psp => {} }
        });
    });
    wait.recv().map_err(|_| "shop and sandbox do not listen".to_owned())
}

async fn provider(State(trip): State<Trip>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if request.headers().contains_key(BUYERS) || path.starts_with("/control") {
        return next.run(request).await;
    }
    if trip.stops(Wire::Asked) {
        return silence().await;
    }
    let response = next.run(request).await;
    if trip.stops(Wire::Done) {
        return silence().await;
    }
    trip.lets_go(Wire::Answered);
    response
}

async fn silence() -> Response {
    tokio::time::sleep(HELD).await;
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

async fn notice(
    State((trip, ledger)): State<(Trip, Arc<Ledger>)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    if trip.stops(Wire::Noticed) {
        return silence().await;
    }
    let id = headers.get("webhook-id").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body: Value = serde_json::from_str(&body).unwrap_or_default();
    ledger.noticed(id, &body);
    trip.lets_go(Wire::Taken);
    StatusCode::OK.into_response()
}

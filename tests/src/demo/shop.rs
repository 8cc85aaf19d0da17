//! The demo shop: the pages of `public/` and a small backend that holds the secret keys. It uses
//! only what a customer may use: the documented HTTP API, and the signed notices.
//!
//! Map: `catalog` prices a cart · `edge` calls the API · `desk` opens checkouts, refunds, cancels ·
//! `inbox` takes notices, `notice` checks their signature · `book` is what the shop remembers ·
//! `pages` serves files, `strict` with which headers · `poster` is a shop without a server. This file is the table of routes.
//!
//! # Why
//! Everything is in memory and the staff pages ask for no log-in: this is an offline demo whose
//! keys are printed in its configuration. A real shop keeps its book in its database and puts the
//! routes under `/api/admin` behind its own door.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{DefaultBodyLimit, Path, Query, State},
    http::{HeaderMap, Method, Response, StatusCode, Uri, header},
    routing::{get, post},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::Config;

mod book;
mod catalog;
mod desk;
mod edge;
mod inbox;
mod notice;
mod pages;
pub mod poster;
mod strict;

use desk::{Desk, OpenRequest, RefundRequest};
use edge::Problem;

/// A notice is a few hundred bytes, a cart a few thousand.
const BODY_BYTES_MAX: usize = 64 * 1024;

type Answer = Result<(u16, Value), Problem>;

/// The whole shop, ready to be served at its origin. Starts to fill the stock at the edge in the
/// background, and tries until the edge is up.
///
/// # Panics
/// When `public/products.json` cannot be read: a shop without goods is a mistake of the build.
pub fn router(config: &Config) -> Router {
    let desk = match Desk::new(config) {
        Ok(desk) => Arc::new(desk),
        Err(why) => panic!("{why}"),
    };
    desk::fill_stock_when_up(&desk);
    Router::new()
        .route("/api/health", get(health))
        .route("/api/checkouts", post(open))
        .route("/api/checkouts/{id}", get(checkout))
        .route("/api/orders/{order}", get(order))
        .route("/api/stock", get(stock_of_all))
        .route("/api/stock/{sku}", get(stock))
        .route("/api/notices", get(notices))
        .route("/notices/{merchant}", post(take_notice))
        .route("/mail/{merchant}", post(take_mail))
        .route("/api/admin/orders", get(orders))
        .route("/api/admin/journal/{checkout}", get(journal))
        .route("/api/admin/refund", post(refund))
        .route("/api/admin/cancel", post(cancel))
        .route("/api/admin/fail-notices", post(fail_notices))
        .route("/api/admin/reset-stock", post(reset_stock))
        .route("/api/admin/headers", post(set_headers))
        .route("/api/reports", get(reports).post(report))
        .fallback(page)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(desk)
}

/// Runs `work` where it may wait for the network, and turns its result into a response.
async fn apart(work: impl FnOnce() -> Answer + Send + 'static) -> Response<Body> {
    let result = tokio::task::spawn_blocking(work).await;
    let (code, kind, body) = match result {
        Ok(Ok((code, body))) => (code, "application/json", body),
        Ok(Err(problem)) => (problem.http, "application/problem+json", problem.body),
        Err(_) => {
            let bug = Problem::new(500, "internal", "the shop made a mistake");
            (500, "application/problem+json", bug.body)
        }
    };
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::BAD_GATEWAY);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// Reads a JSON body. The content type is asked for because a foreign page cannot send it without
/// our consent, so no form elsewhere can order or refund.
fn parse<T: DeserializeOwned>(headers: &HeaderMap, body: &[u8]) -> Result<T, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(Problem::new(415, "not_json", "the body is application/json"));
    }
    serde_json::from_slice(body)
        .map_err(|why| Problem::new(422, "body_invalid", &format!("reading the body: {why}")))
}

/// The page's idempotency key, or a fresh one for a caller that brings none.
fn key_of(headers: &HeaderMap) -> String {
    let given = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    given.map_or_else(edge::fresh_key, str::to_owned)
}

async fn health(State(desk): State<Arc<Desk>>) -> Response<Body> {
    apart(move || Ok((200, json!({"ok": true, "stock_ready": desk.book().stock_ready})))).await
}

async fn open(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let key = key_of(&headers);
    apart(move || desk.open(&key, &parse::<OpenRequest>(&headers, &body)?)).await
}

async fn checkout(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response<Body> {
    apart(move || Ok((200, desk.checkout(&id)?))).await
}

async fn order(State(desk): State<Arc<Desk>>, Path(order): Path<String>) -> Response<Body> {
    apart(move || Ok((200, desk.order(&order)?))).await
}

async fn stock(State(desk): State<Arc<Desk>>, Path(sku): Path<String>) -> Response<Body> {
    apart(move || Ok((200, desk.stock(&sku)?))).await
}

async fn stock_of_all(State(desk): State<Arc<Desk>>) -> Response<Body> {
    apart(move || Ok((200, desk.stock_of_all()))).await
}

#[derive(Deserialize)]
struct NoticeQuery {
    checkout: Option<String>,
}

async fn notices(
    State(desk): State<Arc<Desk>>,
    Query(asked): Query<NoticeQuery>,
) -> Response<Body> {
    apart(move || Ok((200, desk.notices(asked.checkout.as_deref())))).await
}

async fn take_notice(
    State(desk): State<Arc<Desk>>,
    Path(merchant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    apart(move || desk.take_notice(&merchant, &headers, &body)).await
}

async fn take_mail(
    State(desk): State<Arc<Desk>>,
    Path(merchant): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    apart(move || desk.take_mail(&merchant, &headers, &body)).await
}

async fn orders(State(desk): State<Arc<Desk>>) -> Response<Body> {
    apart(move || Ok((200, desk.orders()))).await
}

async fn journal(State(desk): State<Arc<Desk>>, Path(id): Path<String>) -> Response<Body> {
    apart(move || Ok((200, desk.journal(&id)?))).await
}

async fn refund(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let key = key_of(&headers);
    apart(move || desk.refund(&key, &parse::<RefundRequest>(&headers, &body)?)).await
}

#[derive(Deserialize)]
struct CancelRequest {
    checkout: String,
    reason: Option<String>,
}

async fn cancel(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let key = key_of(&headers);
    apart(move || {
        let asked: CancelRequest = parse(&headers, &body)?;
        let reason = asked.reason.as_deref().unwrap_or("cancelled by the shop");
        desk.cancel(&key, &asked.checkout, reason)
    })
    .await
}

#[derive(Deserialize)]
struct FailRequest {
    count: u64,
}

async fn fail_notices(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    apart(move || {
        let asked: FailRequest = parse(&headers, &body)?;
        desk.book().fail_next = asked.count;
        Ok((200, json!({"count": asked.count})))
    })
    .await
}

async fn reset_stock(State(desk): State<Arc<Desk>>) -> Response<Body> {
    apart(move || {
        desk.fill_stock()?;
        Ok((200, desk.stock_of_all()))
    })
    .await
}

async fn set_headers(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    apart(move || desk.strict().set(&desk.config, parse(&headers, &body)?)).await
}

async fn report(State(desk): State<Arc<Desk>>, body: Bytes) -> Response<Body> {
    apart(move || desk.strict().report(&body)).await
}

async fn reports(State(desk): State<Arc<Desk>>) -> Response<Body> {
    apart(move || Ok((200, desk.strict().told()))).await
}

async fn page(State(desk): State<Arc<Desk>>, method: Method, uri: Uri) -> Response<Body> {
    if method != Method::GET && method != Method::HEAD {
        return apart(|| Err(Problem::new(405, "method_not_allowed", "pages are read only"))).await;
    }
    let lines = desk.strict().lines();
    pages::serve(&desk.config, uri.path(), &lines)
}

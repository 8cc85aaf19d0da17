//! The only file with fetch: carries a question to the edge.

use std::time::Duration;

use gloo_net::http::{Method, RequestBuilder};
use web_sys::{AbortController, RequestCache, RequestCredentials};

use crate::question::{Reply, Request};
use crate::value;

/// How long one question may take; the edge itself waits for a provider within it.
const ANSWER_WAIT: Duration = Duration::from_secs(25);

/// Asks the edge at that origin.
pub(crate) async fn ask(edge: &str, request: Request) -> Reply {
    try_ask(edge, request).await.unwrap_or(Reply::Silence)
}

async fn try_ask(edge: &str, request: Request) -> Option<Reply> {
    let deadline = AbortController::new().ok()?;
    let signal = deadline.signal();
    let mut builder = RequestBuilder::new(&[edge, &request.path].concat())
        // No cookies, ever: nothing here may depend on what browsers do to third parties.
        .credentials(RequestCredentials::Omit)
        .cache(RequestCache::NoStore)
        .abort_signal(Some(&signal));
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    let request = match request.body {
        Some(members) => builder
            .method(Method::POST)
            .header("Content-Type", "application/json")
            .body(value::print(&members)),
        None => builder.build(),
    };
    let request = request.ok()?;
    let timer = leptos::prelude::set_timeout_with_handle(move || deadline.abort(), ANSWER_WAIT);
    let answer = async {
        let response = request.send().await.ok()?;
        Some((response.ok(), value::parse(&response.text().await.ok()?)?))
    }
    .await;
    if let Ok(timer) = timer {
        timer.clear();
    }
    match answer? {
        (true, value) => Some(Reply::Told(value)),
        (false, problem) => problem.get("code").owned().map(Reply::Refused),
    }
}

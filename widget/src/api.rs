//! The only file with fetch: carries a question to the edge.

use std::time::Duration;

use gloo_net::http::Request;
use web_sys::{AbortController, RequestCache, RequestCredentials, RequestInit};

use crate::question::{Reply, Request as Asked};
use crate::value;

/// How long one question may take; the edge itself waits for a provider within it.
const ANSWER_WAIT: Duration = Duration::from_secs(25);

/// Asks the edge at that origin.
pub(crate) async fn ask(edge: &str, request: Asked) -> Reply {
    try_ask(edge, request).await.unwrap_or(Reply::Silence)
}

async fn try_ask(edge: &str, request: Asked) -> Option<Reply> {
    let deadline = AbortController::new().ok()?;
    let init = RequestInit::new();
    // No cookies, ever: nothing here may depend on what browsers do to third parties.
    init.set_credentials(RequestCredentials::Omit);
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(&deadline.signal()));
    let mut headers: Vec<(&str, Option<String>)> =
        request.headers.into_iter().map(|(name, value)| (name, Some(value))).collect();
    if let Some(members) = request.body {
        headers.push(("Content-Type", Some("application/json".to_owned())));
        init.set_method("POST");
        init.set_body(&value::print(&members).into());
    }
    init.set_headers(&value::object(&headers));
    let url = [edge, &request.path].concat();
    // The browser's own request: the crate's builder for it brings formatting and addresses, 1 kB.
    let request = Request::from(web_sys::Request::new_with_str_and_init(&url, &init).ok()?);
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

//! Carries requests over the network, with a deadline. An answer, or silence; nothing is judged here.

use shared::time::Span;
use worker::wasm_bindgen::JsValue;
use worker::{
    AbortController, Delay, Env, Fetch, Headers, Method, Request, RequestInit, RequestRedirect,
};

use crate::provider::{ANSWER_BYTES_MAX, HttpRequest, HttpResponse, Road};

/// The binding of the private route (R24); without it the private address is reached like any other,
/// which is what a development machine has.
const PRIVATE_ROUTE: &str = "PRIVATE_ROUTE";

/// The answer, or `None` when none came in time.
pub(crate) async fn send(env: &Env, request: &HttpRequest) -> Option<HttpResponse> {
    let controller = AbortController::default();
    let signal = controller.signal();
    let millis = u64::min(request.deadline.as_millis(), 60_000);
    let deadline = Delay::from(std::time::Duration::from_millis(millis));
    let answer = std::pin::pin!(exchange(env, request, &signal));
    let deadline = std::pin::pin!(deadline);
    match futures_util::future::select(answer, deadline).await {
        futures_util::future::Either::Left((answer, _)) => answer.ok(),
        futures_util::future::Either::Right(_) => {
            controller.abort();
            None
        }
    }
}

async fn exchange(
    env: &Env,
    request: &HttpRequest,
    signal: &worker::AbortSignal,
) -> worker::Result<HttpResponse> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let mut init = RequestInit::new();
    init.with_headers(headers).with_redirect(RequestRedirect::Manual).with_method(
        match request.method {
            "POST" => Method::Post,
            _ => Method::Get,
        },
    );
    if !request.body.is_empty() {
        let bytes = js_sys::Uint8Array::from(request.body.as_slice());
        init.with_body(Some(JsValue::from(bytes)));
    }
    let outgoing = Request::new_with_init(&request.url, &init)?;
    let service = match request.road {
        Road::Private => env.service(PRIVATE_ROUTE).ok(),
        Road::Public => None,
    };
    let mut answer = match service {
        Some(service) => service.fetch_request(outgoing).await?,
        None => Fetch::Request(outgoing).send_with_signal(signal).await?,
    };
    let retry_after = answer
        .headers()
        .get("retry-after")?
        .and_then(|seconds| seconds.trim().parse().ok())
        .map(Span::seconds);
    let mut body = answer.bytes().await?;
    body.truncate(ANSWER_BYTES_MAX);
    Ok(HttpResponse { http_status: answer.status_code(), retry_after, body })
}

//! Carries requests over the network, with a deadline. An answer, or silence; nothing is judged here.

use js_sys::Promise;
use shared::time::Span;
use wasm_bindgen::JsValue;
use worker::Env;

use crate::envelope::{Binding, read as read_reply};
use crate::owner::Reply;
use crate::part::Part as _;
use crate::provider::{ANSWER_BYTES_MAX, HttpRequest, HttpResponse, Road};

use super::host::{self, Row};

/// The binding of the private route (R24); without it the private address is reached like any other,
/// which is what a development machine has.
const PRIVATE_ROUTE: &str = "PRIVATE_ROUTE";

/// A request that is on its way.
pub(super) struct Sent {
    answer: Promise,
    road: Road,
}

/// Sends a request, without waiting for what comes of it.
pub(super) fn send(env: &Env, request: &HttpRequest) -> Sent {
    let outside = match request.road {
        Road::Private => host::binding(env, PRIVATE_ROUTE),
        Road::Public | Road::Own => JsValue::UNDEFINED,
    };
    let answer = if request.road == Road::Own {
        host::called(env, Binding::Checkouts.name(), &request.url, request.body.clone())
    } else {
        host::exchange(
            &outside,
            request.method,
            &request.url,
            &host::lines(&request.headers),
            request.body.clone(),
            u32::try_from(request.deadline.as_millis()).unwrap_or(u32::MAX).min(60_000),
            ANSWER_BYTES_MAX,
        )
    };
    Sent { answer, road: request.road }
}

impl Sent {
    /// The answer, or `None` when none came in time: neither tells whether the request was heard.
    pub(super) async fn answer(self) -> Option<HttpResponse> {
        let answer = host::done(self.answer).await.ok().filter(|answer| !answer.is_null())?;
        if self.road == Road::Own { told(&answer) } else { read(&answer) }
    }
}

/// What one of our own objects said.
fn told(answer: &JsValue) -> Option<HttpResponse> {
    let Reply { http_status, body, .. } = read_reply(&host::bytes(answer), Reply::read).ok()?;
    Some(HttpResponse { http_status, retry_after: None, body: body.into_bytes() })
}

fn read(answer: &JsValue) -> Option<HttpResponse> {
    Row::read(answer, |answer| {
        let http_status = u16::try_from(answer.small()).unwrap_or_default();
        let retry_after = answer.text_or_none().and_then(|seconds| seconds.trim().parse().ok());
        let mut body = answer.bytes();
        body.truncate(ANSWER_BYTES_MAX);
        HttpResponse { http_status, retry_after: retry_after.map(Span::seconds), body }
    })
}

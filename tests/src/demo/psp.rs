//! Carries the sandbox over HTTP: answers requests, posts events, reads the clock. Decides nothing.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request as Incoming, State};
use axum::http::{Method as HttpMethod, StatusCode};
use axum::response::Response as Outgoing;
use ureq::Agent;

use crate::demo::Config;
use crate::sandbox::outbox::Delivery;
use crate::sandbox::{BODY_BYTES_MAX, Method, Request, Response, Sandbox};

/// How often the outbox is looked at.
const DELIVERY_PAUSE: Duration = Duration::from_millis(25);
/// How long an event waits for its answer: both providers give up after ten seconds.
const DELIVERY_WAIT: Duration = Duration::from_secs(10);
/// How long an answer waits for the event that must come first. Shorter than what a caller waits
/// for us, so that an edge that handles one thing after another cannot lock itself out.
const EARLY_WAIT: Duration = Duration::from_secs(3);
/// Bytes of an acknowledgement that are read; longer ones are wrong in any case.
const ACKNOWLEDGEMENT_BYTES_MAX: u64 = 64 * 1024;

/// The sandbox, shared by the requests and the delivery loop.
type Shared = Arc<Mutex<Sandbox>>;

/// The sandbox's router. Starts the delivery loop, so it is called inside a runtime; the loop ends
/// with the runtime.
pub fn router(config: &Config) -> Router {
    let shared = Arc::new(Mutex::new(Sandbox::demo(&config.edge_server)));
    tokio::spawn(deliver(Arc::clone(&shared)));
    Router::new().fallback(answer).with_state(shared)
}

/// A panic elsewhere has not torn the books: every turn is complete or was never begun.
fn locked(shared: &Shared) -> MutexGuard<'_, Sandbox> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(State(shared): State<Shared>, incoming: Incoming) -> Outgoing {
    let Some(request) = read(incoming).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large");
    };
    let response = locked(&shared).handle(&request, now_ms(), entropy());
    tokio::time::sleep(Duration::from_millis(response.delay_ms)).await;
    if let Some(id) = response.after_delivery {
        let tried = async {
            while !locked(&shared).was_tried(id) {
                tokio::time::sleep(DELIVERY_PAUSE).await;
            }
        };
        // Out of time is fine: the event is on its way and the answer follows.
        let _ = tokio::time::timeout(EARLY_WAIT, tried).await;
    }
    if response.dropped {
        // Unwinding ends this connection's task, which closes the socket without a byte; no panic
        // hook runs, so nothing is printed.
        std::panic::resume_unwind(Box::new("the answer is lost on demand"));
    }
    written(response)
}

async fn read(incoming: Incoming) -> Option<Request> {
    let (parts, body) = incoming.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.ok()?;
    let headers: BTreeMap<String, String> = parts
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    Some(Request {
        method: match parts.method {
            HttpMethod::GET | HttpMethod::HEAD => Method::Get,
            HttpMethod::POST => Method::Post,
            _ => Method::Other,
        },
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        body: body.to_vec(),
    })
}

fn written(response: Response) -> Outgoing {
    let mut builder = Outgoing::builder().status(response.status);
    for (name, value) in response.headers {
        builder = builder.header(name, value);
    }
    builder
        .body(Body::from(response.body))
        .unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR, "a header is not one"))
}

fn plain(status: StatusCode, text: &'static str) -> Outgoing {
    let mut response = Outgoing::new(Body::from(text));
    *response.status_mut() = status;
    response
}

/// Posts what is due, for ever. Several events may be on their way at once.
async fn deliver(shared: Shared) {
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(DELIVERY_WAIT))
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent("hanbeon-sandbox")
        .build()
        .into();
    loop {
        let due = locked(&shared).deliveries(now_ms());
        for delivery in due {
            let (shared, agent) = (Arc::clone(&shared), agent.clone());
            tokio::task::spawn_blocking(move || {
                let (status, body) = post(&agent, &delivery);
                locked(&shared).delivered(delivery.id, status, &body, now_ms());
            });
        }
        tokio::time::sleep(DELIVERY_PAUSE).await;
    }
}

/// The answer's status and body; status 0 when there was none.
fn post(agent: &Agent, delivery: &Delivery) -> (u16, Vec<u8>) {
    let mut request = agent.post(&delivery.url);
    for (name, value) in &delivery.headers {
        request = request.header(name, value);
    }
    let Ok(mut response) = request.send(&delivery.body[..]) else { return (0, Vec::new()) };
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(ACKNOWLEDGEMENT_BYTES_MAX).read_to_vec();
    body.map_or((0, Vec::new()), |body| (status, body))
}

/// Milliseconds since 1970: the one reader of the clock in this process's sandbox.
#[expect(clippy::disallowed_methods, reason = "the engines take time as an argument from here")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The standard library seeds its hashers from the system's generator.
fn entropy() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::path::PathBuf;

    use axum::routing::post as on_post;
    use tokio::net::TcpListener;

    use super::*;

    const ORDER: &str = "hb-g1s03-00112233445566778899aabbccddeeff";

    async fn listen(router: Router) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, router).into_future());
        format!("http://{address}")
    }

    /// The sandbox in front of an edge that acknowledges every event and counts them.
    async fn sandbox() -> (String, Arc<Mutex<u32>>) {
        let heard = Arc::new(Mutex::new(0));
        let count = Arc::clone(&heard);
        let hook = on_post(async move || *count.lock().unwrap() += 1);
        let edge = listen(Router::new().route("/v1/webhooks/toss", hook)).await;
        let config = Config::for_base(1, PathBuf::new()).with_edge(&edge);
        (listen(router(&config)).await, heard)
    }

    /// Sends a request; status 0 when the connection broke.
    async fn send(url: String, body: Option<String>) -> (u16, String) {
        let call = move || {
            let agent: Agent =
                Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
            // base64("test_sk_camera:")
            let key = "Basic dGVzdF9za19jYW1lcmE6";
            let answer = match &body {
                Some(body) => agent.post(&url).header("authorization", key).send(body),
                None => agent.get(&url).header("authorization", key).call(),
            };
            let Ok(mut answer) = answer else { return (0, String::new()) };
            (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap_or_default())
        };
        tokio::task::spawn_blocking(call).await.unwrap()
    }

    /// Opens the window and authenticates; the body of the confirm that may follow.
    async fn authenticated(psp: &str) -> String {
        let query = format!(
            "clientKey=test_ck_camera&method=CARD&amount=500&currency=KRW&orderId={ORDER}\
             &orderName=a&successUrl=http://e/&failUrl=http://e/"
        );
        let (status, page) = send(format!("{psp}/toss/window?{query}"), None).await;
        assert_eq!(status, 200);
        let (_, rest) = page.split_once(r#"name="payment_key" value=""#).unwrap();
        let key = rest.split('"').next().unwrap();
        let press = format!("payment_key={key}&action=approve");
        assert_eq!(send(format!("{psp}/toss/window"), Some(press)).await.0, 303);
        format!(r#"{{"paymentKey":"{key}","orderId":"{ORDER}","amount":500}}"#)
    }

    async fn fault(psp: &str, text: &str) {
        let order = format!(r#"{{"provider":"tosspayments",{text}}}"#);
        assert_eq!(send(format!("{psp}/control/faults"), Some(order)).await.0, 200);
    }

    #[tokio::test]
    async fn an_early_event_is_delivered_before_the_answer() {
        let (psp, heard) = sandbox().await;
        let confirm = authenticated(&psp).await;
        fault(&psp, r#""webhook":"early""#).await;
        let (status, _) = send(format!("{psp}/toss/v1/payments/confirm"), Some(confirm)).await;
        assert_eq!((status, *heard.lock().unwrap()), (200, 1));
    }

    #[tokio::test]
    async fn a_lost_answer_breaks_the_connection_and_the_next_request_is_served() {
        let (psp, _) = sandbox().await;
        let confirm = authenticated(&psp).await;
        fault(&psp, r#""answer_lost_after_capture":true"#).await;
        let (status, _) = send(format!("{psp}/toss/v1/payments/confirm"), Some(confirm)).await;
        assert_eq!(status, 0);
        let (status, payment) = send(format!("{psp}/toss/v1/payments/orders/{ORDER}"), None).await;
        assert_eq!((status, payment.contains(r#""status":"DONE""#)), (200, true));
    }

    #[tokio::test]
    async fn a_body_beyond_the_limit_is_refused() {
        let (psp, _) = sandbox().await;
        let body = "x".repeat(BODY_BYTES_MAX + 1);
        assert_eq!(send(format!("{psp}/kb/v1/register"), Some(body)).await.0, 413);
    }
}

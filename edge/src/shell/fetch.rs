//! The worker's doors. Every decision about a request is `serve`'s; here its plan is carried out.

use shared::problem::Code;
use wasm_bindgen::prelude::*;
use worker::Env;

use crate::door::{HEADERS, Incoming};
use crate::json::BODY_BYTES_MAX;
use crate::serve::{Answer, Fault, Plan, Visit, Wanted, finish, plan, readable, signed};

use super::host::{self, Batch, Broken};
use super::{clock, cron, log, queue, settings};

/// The worker's own doors, as `entry.js` holds them.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct Doors;

#[wasm_bindgen]
impl Doors {
    /// One for an instance of the module.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        #[cfg(feature = "demo")]
        console_error_panic_hook::set_once();
        Self
    }

    /// The most bytes that a body may have.
    pub fn limit(&self) -> usize {
        BODY_BYTES_MAX
    }

    /// The headers that are read of a request, a line each.
    pub fn headers(&self) -> String {
        HEADERS.join("\n")
    }

    /// A request: its method, path and query, a line each, then one for each of those headers, which is
    /// [`ABSENT`] where the request has none; and its body.
    pub fn fetch(&self, env: Env, request: JsValue, lines: &str, body: Vec<u8>) -> JsValue {
        let request_id = format!("req_{:032x}", clock::entropy());
        let visit = visit(&env, lines, body, &request_id);
        host::promise(Box::pin(async move {
            let answer = match visit {
                Ok(visit) => match serve(&visit, &env, &request).await {
                    Ok(Back::Socket(socket)) => return socket,
                    Ok(Back::Answer(answer)) => readable(&visit, answer),
                    Err(fault) => readable(&visit, told(&fault, &request_id)),
                },
                Err(broken) => told(&Fault::Broken(broken), &request_id),
            };
            response(&signed(answer, request_id))
        }))
    }

    /// A request whose body broke off.
    pub fn broken(&self, error: &str) -> JsValue {
        let request_id = format!("req_{:032x}", clock::entropy());
        let answer = told(&Fault::Broken(Broken(error.to_owned())), &request_id);
        response(&signed(answer, request_id))
    }

    /// A batch of the queue's letters.
    pub fn queue(&self, env: Env, batch: Batch) -> JsValue {
        host::promise(Box::pin(queue::take_all(env, batch)))
    }

    /// The scheduled turn of this time.
    pub fn scheduled(&self, env: Env, at: f64) -> JsValue {
        host::promise(Box::pin(cron::scheduled(env, at)))
    }
}

/// What goes back.
enum Back {
    /// An answer of ours.
    Answer(Answer),
    /// The other end of a socket, as the runtime made it.
    Socket(JsValue),
}

/// What the caller reads of a fault; what broke goes to the log.
fn told(fault: &Fault, request_id: &str) -> Answer {
    if let Fault::Broken(Broken(error)) = fault {
        log("error", &[("request_id", request_id), ("error", error)]);
    }
    fault.answer(request_id)
}

/// No header's value can be this.
const ABSENT: &str = "\r";

fn visit(env: &Env, lines: &str, body: Vec<u8>, request_id: &str) -> Result<Visit, Broken> {
    let mut lines = lines.split('\n').map(str::to_owned);
    let mut next = || lines.next().unwrap_or_default();
    let (method, path, query) = (next(), next(), next());
    let headers = HEADERS.iter().map(|name| (*name).to_owned()).zip(lines);
    let headers = headers.filter(|(_, value)| value != ABSENT).collect();
    let incoming = Incoming { method, path, query, headers, body };
    let config = settings::config(env)?;
    let (request_id, now) = (request_id.to_owned(), clock::now());
    Ok(Visit { config, incoming, request_id, now, entropy: Box::new(clock::entropy) })
}

fn response(answer: &Answer) -> JsValue {
    host::response(answer.http_status, &host::lines(&answer.headers), &answer.body)
}

async fn serve(visit: &Visit, env: &Env, request: &JsValue) -> Result<Back, Fault> {
    let answer = match plan(visit)? {
        Plan::Answer(answer) => Ok(answer),
        Plan::Ask(ask, then) => {
            let reply = ask.send(env).await?;
            finish(visit, &then, reply)
        }
        Plan::Open(mut opening) => loop {
            match opening.next(visit) {
                Ok(ask) => opening.hear(visit, ask.send(env).await?),
                Err(reply) => break Ok(reply.into()),
            }
        },
        Plan::List(page) => {
            let rows = host::done(page.query(env)).await?;
            Ok(page.answer(&rows)?)
        }
        Plan::Bounded(name, answer) => {
            let fits = host::is_among_first(&name, host::double(visit.now.as_seconds()))
                || host::done(host::exchange_fits(env, &name)).await?.is_truthy();
            if fits { Ok(answer) } else { Err(Code::RateLimited.into()) }
        }
        Plan::Listen(owner, checkout) => {
            let socket = host::done(host::joined(env, &owner, &checkout, request)).await?;
            let full = || Err(Code::RateLimited.into());
            return if socket.is_null() { full() } else { Ok(Back::Socket(socket)) };
        }
        Plan::Replay(wanted) => {
            let rows = host::done(wanted.query(env)).await?;
            Ok(wanted.ask(visit, Wanted::found(&rows)?)?.send(env).await?.into())
        }
        #[cfg(feature = "demo")]
        Plan::Demo => demo(visit, env).await,
        #[cfg(not(feature = "demo"))]
        Plan::Demo => Err(Code::NotFound.into()),
    };
    answer.map(Back::Answer)
}

#[cfg(feature = "demo")]
async fn demo(visit: &Visit, env: &Env) -> Result<Answer, Fault> {
    if visit.incoming.method == "POST" {
        if visit.incoming.path.ends_with("/clock") {
            let asked: serde_json::Value =
                serde_json::from_slice(&visit.incoming.body).map_err(|_| Code::JsonInvalid)?;
            let millis = asked.get("offset_ms").and_then(serde_json::Value::as_i64);
            clock::demo::set_offset(millis.ok_or(Code::JsonSchema)?);
        }
        cron::sweep(env).await;
    }
    let clock = serde_json::json!({
        "clock": clock::demo::MARK,
        "offset_ms": clock::demo::offset(),
        "now": clock::now().to_string(),
    });
    Ok(Answer::json(clock.to_string()))
}

//! The only file with fetch: questions to the edge, and its answers as records.

use gloo_net::http::{Method, RequestBuilder};
use js_sys::Object;
use std::time::Duration;
use web_sys::{AbortController, RequestCache, RequestCredentials};

use crate::flow::Intent;
use crate::options::{Device, Locale};
use crate::record::{AttemptAnswer, Presentation, Session, Status, Window};
use crate::value::{self, Value};

/// How long one question may take; the edge itself waits for a provider within it.
const ANSWER_WAIT: Duration = Duration::from_secs(25);

/// What came of a question.
pub(crate) enum Reply<T> {
    /// The answer.
    Told(T),
    /// The edge said no, with this code.
    Refused(String),
    /// No answer, or none that could be read.
    Silence,
}

/// Who asks.
pub(crate) enum Who<'a> {
    /// The holder of a one-time token.
    Token(&'a str),
    /// The browser that made the attempt.
    Key(&'a str),
}

/// The edge, for one checkout.
pub(crate) struct Api {
    /// Its origin.
    pub(crate) edge: String,
    /// The checkout.
    pub(crate) checkout: String,
    /// What kind of device asks.
    pub(crate) device: Device,
    /// The language of the provider's window.
    pub(crate) locale: Locale,
}

type Members<'a> = &'a [(&'a str, Option<String>)];

impl Api {
    /// What is to be paid, and where it stands.
    pub(crate) async fn session(&self, who: Who<'_>) -> Reply<Session> {
        let path = format!("/v1/session?device={}", self.device.word());
        self.ask(Method::GET, &path, who, &[], None).await.read(Session::read)
    }

    /// An attempt. `other` is the key of a tab that may have been quicker.
    pub(crate) async fn attempt(
        &self,
        intent: &Intent,
        other: Option<&str>,
    ) -> Reply<AttemptAnswer> {
        let mut headers = vec![("Idempotency-Key", intent.key.as_str())];
        headers.extend(other.map(|key| ("Hanbeon-State", key)));
        let body = [
            ("method", Some(intent.method.clone())),
            ("presentation", Some(intent.rung.word().to_owned())),
            ("device", Some(self.device.word().to_owned())),
            ("locale", Some(self.locale.tag().to_owned())),
        ];
        let who = Who::Token(&intent.token);
        let reply = self.ask(Method::POST, "/v1/attempts", who, &headers, Some(&body)).await;
        reply.read(|value| AttemptAnswer::read(value, &self.edge))
    }

    /// Another window for the open attempt.
    pub(crate) async fn window(
        &self,
        key: &str,
        attempt: &str,
        rung: Presentation,
    ) -> Reply<Window> {
        let path = format!("/v1/attempts/{attempt}/presentation");
        let body = [("presentation", Some(rung.word().to_owned()))];
        let reply = self.ask(Method::POST, &path, Who::Key(key), &[], Some(&body)).await;
        reply.read(|value| Window::read(value.get("presentation"), &self.edge))
    }

    /// Where it stands, as the edge knows it.
    pub(crate) async fn status(&self, key: &str) -> Reply<Status> {
        self.ask(Method::GET, "/v1/status", Who::Key(key), &[], None).await.read(Status::read)
    }

    /// Where it stands, as the provider knows it.
    pub(crate) async fn look(&self, key: &str) -> Reply<Status> {
        let reply = self.ask(Method::POST, "/v1/look", Who::Key(key), &[], Some(&[])).await;
        reply.read(Status::read)
    }

    /// The buyer gives the attempt up.
    pub(crate) async fn abandon(&self, key: &str, attempt: Option<String>) -> Reply<Status> {
        let body = [("attempt", attempt)];
        let reply = self.ask(Method::POST, "/v1/abandon", Who::Key(key), &[], Some(&body)).await;
        reply.read(Status::read)
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        who: Who<'_>,
        headers: &[(&str, &str)],
        body: Option<Members<'_>>,
    ) -> Reply<Value> {
        self.try_ask(method, path, who, headers, body).await.unwrap_or(Reply::Silence)
    }

    async fn try_ask(
        &self,
        method: Method,
        path: &str,
        who: Who<'_>,
        headers: &[(&str, &str)],
        body: Option<Members<'_>>,
    ) -> Option<Reply<Value>> {
        let authorization = match who {
            Who::Token(token) => format!("Bearer {token}"),
            Who::Key(key) => format!("State {}.{key}", self.checkout),
        };
        let deadline = AbortController::new().ok()?;
        let signal = deadline.signal();
        let mut builder = RequestBuilder::new(&format!("{}{path}", self.edge))
            .method(method)
            // No cookies, ever: nothing here may depend on what browsers do to third parties.
            .credentials(RequestCredentials::Omit)
            .cache(RequestCache::NoStore)
            .abort_signal(Some(&signal))
            .header("Authorization", &authorization);
        for (name, value) in headers {
            builder = builder.header(name, value);
        }
        let request = match body {
            Some(members) => {
                let text = js_sys::JSON::stringify(&Object::from(value::object(members))).ok()?;
                builder.header("Content-Type", "application/json").body(text).ok()?
            }
            None => builder.build().ok()?,
        };
        let timer = leptos::prelude::set_timeout_with_handle(move || deadline.abort(), ANSWER_WAIT);
        let answer = async {
            let response = request.send().await.ok()?;
            let text = response.text().await.ok()?;
            Some((response.ok(), value::parse(&text)?))
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
}

impl Reply<Value> {
    fn read<T>(self, read: impl FnOnce(&Value) -> Option<T>) -> Reply<T> {
        match self {
            Self::Told(value) => read(&value).map_or(Reply::Silence, Reply::Told),
            Self::Refused(code) => Reply::Refused(code),
            Self::Silence => Reply::Silence,
        }
    }
}

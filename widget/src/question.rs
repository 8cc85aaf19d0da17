//! What is asked of the edge, and what its answers mean: pure on both sides of the fetch.

use crate::flow::{Flow, Input, Intent, Memory};
use crate::options::Device;
use crate::record::{AttemptAnswer, Presentation, Session, Status, Window};
use crate::value::Value;

/// A question to the edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// What is to be paid, and where does it stand?
    Session {
        /// What this browser remembers.
        memory: Memory,
        /// The token, used when nothing is remembered.
        token: Option<String>,
        /// No other living tab pays.
        owner: bool,
    },
    /// May this wish begin?
    Attempt {
        /// The wish.
        intent: Intent,
        /// The key of a tab that may have been quicker.
        other: Option<String>,
    },
    /// Where does it stand, as the edge knows it?
    Status,
    /// Where does it stand, as the provider knows it?
    Look,
    /// Will you end the attempt that the buyer gives up?
    Abandon {
        /// The attempt.
        attempt: Option<String>,
    },
    /// May the open attempt have another window?
    Window {
        /// The attempt.
        attempt: String,
        /// Shown how.
        rung: Presentation,
    },
}

/// Who asks, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The edge's origin.
    pub edge: String,
    /// The checkout.
    pub checkout: String,
    /// What kind of device asks.
    pub device: Device,
    /// The language of the provider's window.
    pub locale: String,
}

/// Members of a JSON object whose values are texts or `null`.
pub type Members = Vec<(&'static str, Option<String>)>;

/// A question as the edge takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Below the edge's origin.
    pub path: String,
    /// Names and values of headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body of a POST; [`None`] is a GET.
    pub body: Option<Members>,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The answer.
    Told(Value),
    /// The edge said no, with this code.
    Refused(String),
    /// No answer, or none that could be read.
    Silence,
}

impl Question {
    /// The request; [`None`] when there is nothing with which to ask. `key` is this browser's.
    #[must_use]
    pub fn request(&self, asker: &Asker, key: Option<&str>) -> Option<Request> {
        let state = |key: &str| ("Authorization", ["State ", &asker.checkout, ".", key].concat());
        let bearer = |token: &str| ("Authorization", ["Bearer ", token].concat());
        let keyed = |path: &str, body| {
            Some(Request { path: path.to_owned(), headers: vec![state(key?)], body })
        };
        match self {
            Self::Session { memory, token, .. } => {
                let who = match &memory.state_key {
                    Some(key) => state(key),
                    None => bearer(token.as_deref()?),
                };
                let path = ["/v1/session?device=", asker.device.code()].concat();
                Some(Request { path, headers: vec![who], body: None })
            }
            Self::Attempt { intent, other } => {
                let mut headers =
                    vec![bearer(&intent.token), ("Idempotency-Key", intent.key.clone())];
                headers.extend(other.clone().map(|key| ("Hanbeon-State", key)));
                let body = vec![
                    ("method", Some(intent.method.clone())),
                    ("presentation", Some(intent.rung.code().to_owned())),
                    ("device", Some(asker.device.code().to_owned())),
                    ("locale", Some(asker.locale.clone())),
                ];
                Some(Request { path: "/v1/attempts".to_owned(), headers, body: Some(body) })
            }
            Self::Status => keyed("/v1/status", None),
            Self::Look => keyed("/v1/look", Some(Vec::new())),
            Self::Abandon { attempt } => {
                keyed("/v1/abandon", Some(vec![("attempt", attempt.clone())]))
            }
            Self::Window { attempt, rung } => keyed(
                &["/v1/attempts/", attempt, "/presentation"].concat(),
                Some(vec![("presentation", Some(rung.code().to_owned()))]),
            ),
        }
    }

    /// Whether it may be said again: no wish is, once the buyer has another or was refused this one (F6).
    #[must_use]
    pub fn stands(&self, flow: &Flow) -> bool {
        let Self::Attempt { intent, .. } = self else { return true };
        flow.memory.intent.as_ref().is_some_and(|wish| wish.key == intent.key)
    }

    /// What the reply means to the flow. An answer that cannot be read is silence.
    #[must_use]
    pub fn input(self, reply: Reply, edge: &str) -> Input {
        let value = match reply {
            Reply::Told(value) => value,
            Reply::Refused(code) => {
                let memory = match self {
                    Self::Session { memory, .. } => Some(memory),
                    Self::Attempt { .. }
                    | Self::Status
                    | Self::Look
                    | Self::Abandon { .. }
                    | Self::Window { .. } => None,
                };
                return Input::Refused { code, memory };
            }
            Reply::Silence => return Input::Silence,
        };
        let told = match self {
            Self::Session { memory, owner, .. } => {
                Session::read(&value).map(|session| Input::SessionTold { session, memory, owner })
            }
            Self::Attempt { .. } => AttemptAnswer::read(&value, edge).map(Input::AttemptTold),
            Self::Status | Self::Look | Self::Abandon { .. } => {
                Status::read(&value).map(Input::StatusTold)
            }
            Self::Window { .. } => {
                Window::read(value.get("presentation"), edge).map(Input::WindowTold)
            }
        };
        told.unwrap_or(Input::Silence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Outcome, Phase};

    const EDGE: &str = "http://edge.localhost:4412";

    fn asker() -> Asker {
        Asker {
            edge: EDGE.to_owned(),
            checkout: "chk_1".to_owned(),
            device: Device::Pc,
            locale: "ko".to_owned(),
        }
    }

    fn map(members: &[(&str, Value)]) -> Value {
        Value::Map(members.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn status() -> Value {
        map(&[
            ("checkout", text("chk_1")),
            ("version", Value::Whole(7)),
            ("phase", text("awaiting_deposit")),
            ("outcome", text("not_paid")),
            ("attempt", text("att_1")),
            ("decline", map(&[("code", text("a_new_code")), ("provider_code", Value::Null)])),
            ("token", Value::Null),
            ("deposit", map(&[("bank", text("KB")), ("account", text("X1"))])),
            ("paid_at", Value::Null),
            ("poll_after_ms", Value::Whole(1_500)),
        ])
    }

    fn presentation(url: &str) -> Value {
        map(&[("kind", text("popup")), ("url", text(url)), ("nonce", text("00ff"))])
    }

    #[test]
    fn a_remembered_key_is_preferred_to_a_burnt_token() {
        let ask = |state_key: Option<&str>, token: Option<&str>| {
            let memory = Memory { state_key: state_key.map(str::to_owned), ..Memory::default() };
            let token = token.map(str::to_owned);
            let request =
                Question::Session { memory, token, owner: true }.request(&asker(), None)?;
            assert_eq!(request.path, "/v1/session?device=pc");
            request.headers.first().map(|(_, value)| value.clone())
        };
        assert_eq!(ask(Some("ff"), Some("t")), Some("State chk_1.ff".to_owned()));
        assert_eq!(ask(None, Some("t")), Some("Bearer t".to_owned()));
        assert_eq!(ask(None, None), None);
        assert_eq!(Question::Status.request(&asker(), None), None);
    }

    #[test]
    fn a_status_is_read_whole_or_not_at_all() {
        let Input::StatusTold(read) = Question::Look.input(Reply::Told(status()), EDGE) else {
            panic!("not read")
        };
        assert_eq!((read.version, read.phase), (7, Phase::AwaitingDeposit));
        assert_eq!(read.outcome, Outcome::NotPaid);
        assert_eq!(read.decline, Some(crate::record::DeclineCode::Other), "a new code is known");
        for (name, wrong) in [
            ("version", text("7")),
            ("version", Value::Null),
            ("phase", text("finished")),
            ("outcome", text("PAID")),
            ("poll_after_ms", Value::Null),
        ] {
            let Value::Map(mut members) = status() else { panic!("a map") };
            members.retain(|(key, _)| key != name);
            members.push((name.to_owned(), wrong));
            let input = Question::Status.input(Reply::Told(Value::Map(members)), EDGE);
            assert_eq!(input, Input::Silence, "an unreadable {name} proves nothing");
        }
    }

    #[test]
    fn a_window_elsewhere_than_at_the_edge_is_not_shown() {
        let question =
            || Question::Window { attempt: "att_1".to_owned(), rung: Presentation::Popup };
        let ask = |url: &str| {
            question().input(Reply::Told(map(&[("presentation", presentation(url))])), EDGE)
        };
        assert!(matches!(ask("http://edge.localhost:4412/w/1"), Input::WindowTold(_)));
        for url in [
            "http://edge.localhost:4412.evil/w/1",
            "http://edge.localhost:44123/w/1",
            "javascript:alert(1)",
            "//edge.localhost:4412/w/1",
            "http://edge.localhost:4412",
        ] {
            assert_eq!(ask(url), Input::Silence, "{url}");
        }
    }

    #[test]
    fn a_read_only_view_has_neither_key_nor_window() {
        let intent = Intent {
            key: "k".to_owned(),
            method: "toss_card".to_owned(),
            rung: Presentation::Popup,
            token: "t".to_owned(),
        };
        let question = Question::Attempt { intent, other: Some("ff".to_owned()) };
        let request = question.request(&asker(), None).unwrap();
        assert!(request.headers.contains(&("Hanbeon-State", "ff".to_owned())));
        let body =
            map(&[("state_key", Value::Null), ("presentation", Value::Null), ("status", status())]);
        let Input::AttemptTold(answer) = question.input(Reply::Told(body), EDGE) else {
            panic!("not read")
        };
        assert_eq!((answer.state_key, answer.window), (None, None));
    }

    #[test]
    fn a_session_leaves_out_methods_that_it_cannot_name() {
        let method = |kind: &str, available: bool| {
            map(&[
                ("id", text("m")),
                ("method", text(kind)),
                ("presentations", Value::List(vec![text("hologram"), text("popup")])),
                ("available", Value::Bool(available)),
                ("reason", text("below_minimum")),
            ])
        };
        let body = |amount| {
            map(&[
                ("checkout", text("chk_1")),
                ("amount", Value::Whole(amount)),
                ("currency", text("KRW")),
                ("methods", Value::List(vec![method("card", true), method("seashells", true)])),
                ("status", Value::Null),
            ])
        };
        let ask = |amount| {
            let memory = Memory::default();
            let question = Question::Session { memory, token: None, owner: true };
            question.input(Reply::Told(body(amount)), EDGE)
        };
        let Input::SessionTold { session, .. } = ask(31_000) else { panic!("not read") };
        assert_eq!(session.methods.len(), 1);
        assert_eq!(session.methods[0].presentations, [Presentation::Popup]);
        assert_eq!(ask(0), Input::Silence, "an amount of nothing is no session");
    }
}

//! The only file that listens to messages: from the provider's window and from other tabs.
//!
//! # Why
//! Whatever comes from another window is a rumour. A message is let in only when its origin is the
//! edge's, its source is the window that we opened, its nonce is that window's, and its kind was not
//! heard from it before. Even then it only means "look now".

pub use shared::message::Kind;
use shared::message::VERSION;

use crate::value::Value;

/// What one window may say, and has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    edge: String,
    nonce: String,
    heard: Vec<Kind>,
}

impl Gate {
    /// A gate for the window with that nonce, whose pages come from `edge`.
    #[must_use]
    pub const fn new(edge: String, nonce: String) -> Self {
        Self { edge, nonce, heard: Vec::new() }
    }

    /// Lets a message in, once. `ours`: the source is the window that we opened.
    pub fn admit(&mut self, origin: &str, ours: bool, message: &Value) -> Option<Kind> {
        if origin != self.edge
            || !ours
            || message.get("hanbeon").whole() != Some(u64::from(VERSION))
        {
            return None;
        }
        if message.get("nonce").text() != Some(&self.nonce) {
            return None;
        }
        let said = Kind::parse(message.get("kind").text()?)?;
        if self.heard.contains(&said) {
            return None;
        }
        self.heard.push(said);
        Some(said)
    }
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use wasm_bindgen::prelude::Closure;
    use wasm_bindgen::{JsCast, JsValue};
    use web_sys::{BroadcastChannel, Event, EventTarget, MessageEvent};

    /// A listener that is removed with its owner.
    pub(crate) struct Listener {
        target: EventTarget,
        name: &'static str,
        closure: Closure<dyn FnMut(Event)>,
    }

    impl Listener {
        /// Listens to `name` at `target`.
        pub(crate) fn new(
            target: &EventTarget,
            name: &'static str,
            hear: impl FnMut(Event) + 'static,
        ) -> Self {
            let closure = Closure::<dyn FnMut(Event)>::new(hear);
            let _added =
                target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
            Self { target: target.clone(), name, closure }
        }
    }

    impl Drop for Listener {
        fn drop(&mut self) {
            let callback = self.closure.as_ref().unchecked_ref();
            let _removed = self.target.remove_event_listener_with_callback(self.name, callback);
        }
    }

    /// Hears the messages of all windows; the gate decides which count.
    pub(crate) fn hear(mut message: impl FnMut(MessageEvent) + 'static) -> Listener {
        Listener::new(&leptos::prelude::window(), "message", move |event| {
            if let Ok(event) = event.dyn_into::<MessageEvent>() {
                message(event);
            }
        })
    }

    /// The wire to the other tabs of this browser. It carries no content: they read for themselves.
    pub(crate) struct Tabs {
        channel: BroadcastChannel,
        _listener: Listener,
    }

    impl Tabs {
        /// Joins the tabs of a checkout; [`None`] where the browser has no such wire.
        pub(crate) fn join(name: &str, mut changed: impl FnMut() + 'static) -> Option<Self> {
            let channel = BroadcastChannel::new(name).ok()?;
            let listener = Listener::new(&channel, "message", move |_| changed());
            Some(Self { channel, _listener: listener })
        }

        /// Says that something changed.
        pub(crate) fn tell(&self) {
            let _told = self.channel.post_message(&JsValue::TRUE);
        }
    }

    impl Drop for Tabs {
        fn drop(&mut self) {
            self.channel.close();
        }
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) use browser::{Listener, Tabs, hear};

#[cfg(test)]
mod tests {
    use super::*;

    const EDGE: &str = "https://edge.example";

    fn message(kind: &str, nonce: &str) -> Value {
        Value::Map(vec![
            ("hanbeon".to_owned(), Value::Whole(1)),
            ("kind".to_owned(), Value::Text(kind.to_owned())),
            ("nonce".to_owned(), Value::Text(nonce.to_owned())),
        ])
    }

    fn gate() -> Gate {
        Gate::new(EDGE.to_owned(), "n1".to_owned())
    }

    #[test]
    fn a_message_counts_once() {
        let mut gate = gate();
        assert_eq!(gate.admit(EDGE, true, &message("ready", "n1")), Some(Kind::Ready));
        assert_eq!(gate.admit(EDGE, true, &message("look", "n1")), Some(Kind::Look));
        assert_eq!(gate.admit(EDGE, true, &message("look", "n1")), None);
        assert_eq!(gate.admit(EDGE, true, &message("ready", "n1")), None);
    }

    #[test]
    fn a_wrong_origin_source_nonce_or_kind_is_not_heard() {
        let good = message("look", "n1");
        for (origin, ours, message) in [
            ("https://edge.example.evil", true, good.clone()),
            ("https://edge.exampl", true, good.clone()),
            ("null", true, good.clone()),
            ("", true, good.clone()),
            (EDGE, false, good),
            (EDGE, true, message("look", "n2")),
            (EDGE, true, message("look", "")),
            (EDGE, true, message("paid", "n1")),
            (EDGE, true, Value::Text("look".to_owned())),
            (EDGE, true, Value::Null),
        ] {
            assert_eq!(gate().admit(origin, ours, &message), None, "{origin} {ours} {message:?}");
        }
    }
}

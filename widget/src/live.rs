//! The only file with a socket: hears from the edge that a checkout changed.
//!
//! # Why
//! The state key is the first message, never a part of the address, where logs would keep it. A socket can
//! die without a word (a tunnel, a sleeping laptop), so it is asked from time to time; the edge's runtime
//! answers by itself, without waking the checkout's owner. What is heard is a status like every other; that
//! the socket is gone is told once, and the flow asks by the clock again.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::Closure;
use web_sys::{Event, MessageEvent, WebSocket};

use crate::value::{self, Value};

/// A socket that was silent to so many questions is gone.
const SILENCES_MAX: u32 = 2;
const PING: &str = "ping";
const PONG: &str = "pong";

/// What a socket tells.
pub(crate) enum Heard {
    /// Something was said.
    Said(Value),
    /// It is gone. Told once.
    Gone,
}

/// An open socket; it closes when it is dropped.
pub(crate) struct Live {
    wire: Rc<Wire>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _others: Closure<dyn FnMut(Event)>,
}

/// Who hears it.
type Tell = Box<dyn FnMut(Heard)>;

struct Wire {
    socket: WebSocket,
    /// Questions since the last word.
    unanswered: Cell<u32>,
    tell: RefCell<Option<Tell>>,
}

impl Wire {
    /// Says it, and nothing after the end.
    fn tell(&self, heard: Heard) {
        let is_last = matches!(heard, Heard::Gone);
        // Taken out while it speaks: what it does may end this socket.
        let Some(mut tell) = self.tell.take() else { return };
        tell(heard);
        if !is_last {
            self.tell.replace(Some(tell));
        }
    }
}

impl Live {
    /// Opens one; `None` where the browser or the page's policy has none.
    pub(crate) fn open(
        edge: &str,
        checkout: &str,
        state_key: String,
        tell: impl FnMut(Heard) + 'static,
    ) -> Option<Self> {
        // `http` is `ws` and `https` is `wss`.
        let address = ["ws", edge.strip_prefix("http")?, "/v1/live/", checkout].concat();
        let socket = WebSocket::new(&address).ok()?;
        let tell: Tell = Box::new(tell);
        let wire =
            Rc::new(Wire { socket, unanswered: Cell::new(0), tell: RefCell::new(Some(tell)) });
        let heard = Rc::clone(&wire);
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            heard.unanswered.set(0);
            let text = event.data().as_string().unwrap_or_default();
            if text != PONG {
                heard.tell(Heard::Said(value::parse(&text).unwrap_or(Value::Null)));
            }
        });
        let noticed = Rc::clone(&wire);
        let others =
            Closure::<dyn FnMut(Event)>::new(move |event: Event| match event.type_().as_str() {
                "open" => drop(noticed.socket.send_with_str(&state_key)),
                _ => noticed.tell(Heard::Gone),
            });
        wire.socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        let handler = Some(others.as_ref().unchecked_ref());
        wire.socket.set_onopen(handler);
        wire.socket.set_onclose(handler);
        Some(Self { wire, _message: message, _others: others })
    }

    /// Asks whether it is still there; `false` when it has been silent for too long. The clock does it
    /// whenever it asks the edge as well.
    pub(crate) fn is_there(&self) -> bool {
        let unanswered = self.wire.unanswered.get();
        self.wire.unanswered.set(unanswered.saturating_add(1));
        let _sent = self.wire.socket.send_with_str(PING);
        unanswered < SILENCES_MAX
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.wire.tell.take();
        for end in [WebSocket::set_onmessage, WebSocket::set_onopen, WebSocket::set_onclose] {
            end(&self.wire.socket, None);
        }
        let _closed = self.wire.socket.close();
    }
}

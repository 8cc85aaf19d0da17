//! A window of its own, opened empty in the click's own turn: one that opens after an await is
//! blocked by browsers of the WebKit family.

use wasm_bindgen::JsCast;
use web_sys::{Document, Window};

use super::Driver;

/// A window of the size, in CSS pixels, for which Korean payment windows are drawn.
const FEATURES: &str = "popup,width=480,height=720";

/// The window.
pub(super) struct Popup {
    window: Window,
}

impl Popup {
    /// Opens the empty window; [`None`] when the browser refuses.
    pub(super) fn open(name: &str, greeting: &str) -> Option<Self> {
        let page = leptos::prelude::window();
        let window = page.open_with_url_and_target_and_features("", name, FEATURES).ok()??;
        if window.closed().unwrap_or(true) {
            return None;
        }
        // A window that stayed open over a reload is the same by its name, and lies at the provider by
        // now: its document throws at whoever asks for it.
        let document = js_sys::Reflect::get(&window, &"document".into());
        // Unchecked: documents of another window are no instances of ours.
        let document = document.ok().map(JsCast::unchecked_into::<Document>);
        if let Some(body) = document.as_ref().and_then(Document::body) {
            body.set_text_content(Some(greeting));
        }
        if let Some(document) = document {
            document.set_title(greeting);
        }
        Some(Self { window })
    }
}

impl Driver for Popup {
    fn show(&self, url: &str) {
        // `replace`: the empty page is no place to go back to.
        if self.window.location().replace(url).is_err() {
            let _moved = self.window.location().set_href(url);
        }
        let _front = self.window.focus();
    }

    fn focus(&self) {
        let _front = self.window.focus();
    }

    fn gone(&self) -> bool {
        self.window.closed().unwrap_or(true)
    }

    fn source(&self) -> Option<Window> {
        Some(self.window.clone())
    }

    fn close(&self) {
        let _closed = self.window.close();
    }
}

//! A window of its own, opened empty in the click's own turn: one that opens after an await is
//! blocked by browsers of the WebKit family.

use web_sys::Window;

use super::Driver;

/// The size of the window, in CSS pixels: what Korean payment windows are drawn for.
const WIDTH: i32 = 480;
/// See [`WIDTH`].
const HEIGHT: i32 = 720;

/// The window.
pub(super) struct Popup {
    window: Window,
}

impl Popup {
    /// Opens the empty window; [`None`] when the browser refuses.
    pub(super) fn open(name: &str, greeting: &str) -> Option<Self> {
        let page = leptos::prelude::window();
        let features = format!("popup,width={WIDTH},height={HEIGHT}");
        let window = page.open_with_url_and_target_and_features("", name, &features).ok()??;
        if window.closed().unwrap_or(true) {
            return None;
        }
        if let Some(document) = window.document() {
            document.set_title(greeting);
            if let Some(body) = document.body() {
                body.set_text_content(Some(greeting));
            }
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

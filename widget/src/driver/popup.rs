//! A window of its own, opened in the click's own turn: one that opens after an await is blocked by browsers of
//! the WebKit family.
//!
//! # Why it opens at the edge
//! It waits on a page of the edge's, not on an empty one: an empty page is of the shop's origin and policy, and
//! under `Cross-Origin-Opener-Policy: same-origin-allow-popups` WebKit cuts it off as soon as it leaves that.

use web_sys::Window;

use super::Driver;

/// A window of the size, in CSS pixels, for which Korean payment windows are drawn.
const FEATURES: &str = "popup,width=480,height=720";

/// The page that a popup waits on, in `edge/assets/window`.
const WAITING: &str = "/window/opening";

/// The window.
pub(super) struct Popup {
    window: Window,
}

impl Popup {
    /// Opens the window; [`None`] when the browser refuses.
    pub(super) fn open(edge: &str, name: &str) -> Option<Self> {
        let page = leptos::prelude::window();
        let url = [edge, WAITING].concat();
        let window = page.open_with_url_and_target_and_features(&url, name, FEATURES).ok()??;
        (!window.closed().unwrap_or(true)).then_some(Self { window })
    }
}

impl Driver for Popup {
    fn show(&self, url: &str) {
        // `replace`: the page that waits is no place to go back to.
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

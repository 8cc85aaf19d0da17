//! Leaves the page. What is needed to come back was remembered before.

use std::cell::RefCell;

use super::Driver;

/// The page itself.
#[derive(Default)]
pub(super) struct Redirect {
    url: RefCell<String>,
}

impl Driver for Redirect {
    fn show(&self, url: &str) {
        url.clone_into(&mut self.url.borrow_mut());
        self.focus();
    }

    /// Leaves again, for a buyer whom the network held back.
    fn focus(&self) {
        let url = self.url.borrow();
        let page = leptos::prelude::window();
        // The whole tab goes, also when the shop's page lies in a frame; where the browser forbids
        // that, at least the frame goes.
        let top = page.top().ok().flatten().unwrap_or_else(|| page.clone());
        if !url.is_empty() && top.location().set_href(&url).is_err() {
            let _moved = page.location().set_href(&url);
        }
    }

    fn gone(&self) -> bool {
        false
    }

    fn source(&self) -> Option<web_sys::Window> {
        None
    }

    fn close(&self) {}
}

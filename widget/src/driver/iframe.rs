//! A frame over the page, inside a dialog.
//!
//! # Why
//! The frame is a child of the element in the page's own tree, shown through a slot: providers
//! refuse to run inside a shadow root.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use leptos::prelude::document;
use wasm_bindgen::JsCast;
use web_sys::{HtmlDialogElement, HtmlElement, HtmlIFrameElement, ShadowRoot};

use super::{Driver, FRAME_MAY};
use crate::channel::Listener;
use crate::page::{STATUS, focus};

/// The frame and the dialog that shows it.
pub(super) struct Frame {
    frame: HtmlIFrameElement,
    dialog: Option<HtmlDialogElement>,
    focused: Option<HtmlElement>,
    root: ShadowRoot,
    loaded: Rc<Cell<bool>>,
    listener: RefCell<Option<Listener>>,
}

impl Frame {
    /// Opens the dialog with an empty frame.
    pub(super) fn open(host: &HtmlElement, title: &str) -> Option<Self> {
        let root = host.shadow_root()?;
        let dialog = root.query_selector("dialog").ok().flatten();
        let dialog = dialog.and_then(|dialog| dialog.dyn_into::<HtmlDialogElement>().ok());
        let frame: HtmlIFrameElement = document().create_element("iframe").ok()?.dyn_into().ok()?;
        frame.set_title(title);
        frame.set_attribute("slot", "window").ok()?;
        frame.set_attribute("sandbox", FRAME_MAY).ok()?;
        frame.set_attribute("allow", "payment *; publickey-credentials-get *").ok()?;
        let focused = root.active_element().and_then(|focused| focused.dyn_into().ok());
        host.append_child(&frame).ok()?;
        if let Some(dialog) = &dialog
            && !dialog.open()
        {
            dialog.show_modal().ok()?;
        }
        let (loaded, listener) = Default::default();
        Some(Self { frame, dialog, focused, root, loaded, listener })
    }
}

impl Driver for Frame {
    fn show(&self, url: &str) {
        // From now on: the empty frame has loaded, too.
        let loaded = Rc::clone(&self.loaded);
        let listener = Listener::new(&self.frame, "load", move |_| loaded.set(true));
        self.listener.replace(Some(listener));
        self.frame.set_src(url);
    }

    fn loaded(&self) -> bool {
        self.loaded.get()
    }

    fn focus(&self) {
        let _shown = self.frame.focus();
    }

    fn gone(&self) -> bool {
        !self.frame.is_connected()
    }

    fn source(&self) -> Option<web_sys::Window> {
        self.frame.content_window()
    }

    fn close(&self) {
        self.frame.remove();
        if let Some(dialog) = self.dialog.as_ref().filter(|dialog| dialog.open()) {
            dialog.close();
        }
        match self.focused.as_ref().filter(|focused| focused.is_connected()) {
            Some(focused) => {
                let _back = focused.focus();
            }
            None => focus(Some(&self.root), STATUS),
        }
    }
}

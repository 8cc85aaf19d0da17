//! What the shop's page sees of us besides the face: events, and where the focus is.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CustomEvent, CustomEventInit, HtmlElement, ShadowRoot};

use crate::value;

/// Where the focus goes when what had it is gone: to what is said now.
pub(crate) const STATUS: &str = ".say";

/// Moves the focus to the first element that fits.
pub(crate) fn focus(root: Option<&ShadowRoot>, selector: &str) {
    let found = root.and_then(|root| root.query_selector(selector).ok().flatten());
    if let Some(element) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        let _focused = element.focus();
    }
}

/// Tells the page; `false` when it said no.
pub(crate) fn dispatch(host: &HtmlElement, name: &str, detail: &JsValue, cancelable: bool) -> bool {
    let init = CustomEventInit::new();
    init.set_bubbles(true);
    init.set_composed(true);
    init.set_cancelable(cancelable);
    init.set_detail(detail);
    match CustomEvent::new_with_event_init_dict(name, &init) {
        Ok(event) => host.dispatch_event(&event).unwrap_or(true),
        Err(_) => true,
    }
}

/// Tells the page that something is wrong.
pub(crate) fn dispatch_error(host: &HtmlElement, code: &str) -> bool {
    dispatch(host, "hanbeon-error", &value::object(&[("code", Some(code.to_owned()))]), false)
}

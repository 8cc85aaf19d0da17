//! Which tab pays: a lock of the browser that one tab holds from its first attempt on.
//!
//! # Why
//! A mark in storage outlives a crashed tab, and a copied tab copies it. A lock ends with its page.
//! It only decides what is shown; that nobody pays twice is the edge's business. Where the browser
//! has no locks, every tab takes itself for the owner.

use std::cell::RefCell;

use js_sys::{Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

thread_local! {
    /// The locks of this page. They stay when the element is taken out and put in again.
    static CLAIMED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Takes the lock, or stands in the queue for it.
pub(crate) fn claim(name: &str) {
    if !is_claimed(name) {
        CLAIMED.with(|claimed| claimed.borrow_mut().push(name.to_owned()));
        // A promise that never ends: the lock is held until the page ends.
        let hold = Closure::once_into_js(|_: JsValue| Promise::new(&mut |_, _| {}));
        let _held = request(name, &Object::new(), &hold);
    }
}

/// Whether no other tab holds the lock.
pub(crate) async fn is_ours(name: &str) -> bool {
    if is_claimed(name) {
        return true;
    }
    let options = Object::new();
    let _set = Reflect::set(&options, &"ifAvailable".into(), &JsValue::TRUE);
    let free = Closure::once_into_js(|lock: JsValue| JsValue::from_bool(!lock.is_null()));
    match request(name, &options, &free) {
        Some(answer) => JsFuture::from(answer).await.ok().and_then(|free| free.as_bool()),
        None => None,
    }
    .unwrap_or(true)
}

fn is_claimed(name: &str) -> bool {
    CLAIMED.with(|claimed| claimed.borrow().iter().any(|claimed| claimed == name))
}

fn request(name: &str, options: &Object, held: &JsValue) -> Option<Promise> {
    let navigator = leptos::prelude::window().navigator();
    let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
    let request: Function = Reflect::get(&locks, &"request".into()).ok()?.dyn_into().ok()?;
    request.call3(&locks, &name.into(), options, held).ok()?.dyn_into().ok()
}

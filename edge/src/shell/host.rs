//! The border with the runtime: what `host.js` does for us, and the two shapes in which values cross.
//!
//! # Why so few types
//! Each typed interface of the runtime is code in the module, on every side of every call. Arrays of
//! texts, numbers and bytes are enough for all of them: [`Values`] is filled here, [`Row`] is read here.

use core::cell::Cell;
use core::fmt::Display;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

use js_sys::{Array, Promise, Uint8Array};
use shared::id::CheckoutId;
use shared::time::Timestamp;
use wasm_bindgen::prelude::*;
use worker::Env;

use crate::owner::Reply;
use crate::part;
pub(super) use crate::problem::Broken;

#[wasm_bindgen(module = "/src/shell/host.js")]
extern "C" {
    fn carried(work: Work, wait: Promise) -> Promise;
    pub(super) fn response(status: u16, headers: &str, body: &[u8]) -> JsValue;
    pub(super) fn exchange(
        road: &JsValue,
        method: &str,
        url: &str,
        headers: &str,
        body: Vec<u8>,
        wait: u32,
        max: usize,
    ) -> Promise;
    pub(super) fn called(env: &Env, binding: &str, name: &str, bytes: Vec<u8>) -> Promise;
    #[wasm_bindgen(catch)]
    pub(super) fn rows(sql: &Sql, query: &str, values: &Values) -> Result<Array, JsValue>;
    #[wasm_bindgen(catch)]
    pub(super) fn write(sql: &Sql, ctx: &Ctx, pairs: &Values) -> Result<(), JsValue>;
    /// The end of the turn: settles once for all who wait in it.
    #[wasm_bindgen(js_name = turnsEnd)]
    pub(super) fn turns_end(ctx: &Ctx) -> Promise;
    #[wasm_bindgen(js_name = bookRows)]
    pub(super) fn book_rows(env: &Env, query: &str, values: &Values) -> Promise;
    #[wasm_bindgen(catch, js_name = bookBatch)]
    pub(super) fn book_batch(env: &Env, pairs: &Values) -> Result<Promise, JsValue>;
    pub(super) fn joined(env: &Env, owner: &str, checkout: &str, request: &JsValue) -> Promise;
    pub(super) fn listeners(ctx: &Ctx, checkout: &str) -> u32;
    pub(super) fn tell(ctx: &Ctx, checkout: &str, version: f64, says: &str);
    #[cfg(feature = "demo")]
    #[wasm_bindgen(js_name = nameOf)]
    pub(super) fn name_of(ctx: &Ctx) -> String;
    pub(super) fn posted(ctx: &Ctx, env: &Env, letter: &str) -> Promise;
    #[wasm_bindgen(js_name = isAmongFirst)]
    pub(super) fn is_among_first(name: &str, seconds: f64) -> bool;
    #[wasm_bindgen(js_name = exchangeFits)]
    pub(super) fn exchange_fits(env: &Env, name: &str) -> Promise;
    pub(super) fn letters(batch: &Batch) -> Array;
    pub(super) fn settled(letter: &JsValue, again_in_seconds: Option<u32>);
    #[wasm_bindgen(js_name = textOf)]
    fn text_of(thrown: &JsValue) -> String;
}

#[wasm_bindgen]
extern "C" {
    /// `ctx.storage.sql` of an object.
    pub type Sql;

    /// `ctx` of an object.
    pub type Ctx;

    /// A batch of the queue's letters.
    pub type Batch;

    #[wasm_bindgen(method, getter)]
    pub(super) fn queue(this: &Batch) -> String;

    /// An array that is filled here and read by the runtime.
    #[wasm_bindgen(js_name = Array)]
    pub type Values;

    #[wasm_bindgen(constructor, js_class = "Array")]
    pub(super) fn new() -> Values;

    #[wasm_bindgen(method, js_class = "Array", js_name = push)]
    fn push_text(this: &Values, text: &str);

    #[wasm_bindgen(method, js_class = "Array", js_name = push)]
    fn push_number(this: &Values, number: f64);

    #[wasm_bindgen(method, js_class = "Array", js_name = push)]
    fn push_value(this: &Values, value: &JsValue);

    #[wasm_bindgen(js_namespace = console, js_name = log)]
    pub(super) fn log_line(text: &str);

    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub(super) fn error_line(text: &str);
}

impl From<JsValue> for Broken {
    fn from(thrown: JsValue) -> Self {
        Self(text_of(&thrown))
    }
}

/// Headers as they cross: a line for each name and each value, so that all are one text. A value that has a
/// line's end is no header, and is left out.
pub(super) fn lines(headers: &[(&'static str, String)]) -> String {
    let mut lines = String::new();
    for (name, value) in headers.iter().filter(|(_, value)| !value.contains('\n')) {
        for part in [*name, value] {
            lines.push_str(part);
            lines.push('\n');
        }
    }
    lines
}

/// What a promise brings. Whatever work waits for, it waits for by this.
pub(super) async fn done(promise: Promise) -> Result<JsValue, Broken> {
    let mut promise = Some(promise);
    core::future::poll_fn(|_| match promise.take() {
        Some(promise) => {
            WAIT.set(Some(promise));
            Poll::Pending
        }
        None => Poll::Ready(CAME.take().unwrap_or_else(|| Err(JsValue::UNDEFINED))),
    })
    .await
    .map_err(Broken::from)
}

thread_local! {
    /// What the work that goes on just now has begun to wait for.
    static WAIT: Cell<Option<Promise>> = const { Cell::new(None) };
    /// What its last wait has brought.
    static CAME: Cell<Option<Result<JsValue, JsValue>>> = const { Cell::new(None) };
}

/// Work that waits for the runtime now and then, one promise at a time.
///
/// # Why no crate's futures
/// They make two closures, a promise and a task of each wait, on both sides of the border. Here the runtime
/// waits, in a loop of five lines (`carried`), and calls again with what came.
#[wasm_bindgen]
#[expect(missing_debug_implementations, reason = "a future has nothing to show")]
pub struct Work {
    future: Pin<Box<dyn Future<Output = JsValue>>>,
    result: JsValue,
}

#[wasm_bindgen]
impl Work {
    /// Goes on with what the last wait brought: what to wait for next, or `undefined` when it is over.
    pub fn step(&mut self, came: bool, value: JsValue) -> Option<Promise> {
        CAME.set(Some(if came { Ok(value) } else { Err(value) }));
        match self.future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => WAIT.take(),
            Poll::Ready(result) => {
                self.result = result;
                None
            }
        }
    }

    /// What it came to.
    pub fn result(self) -> JsValue {
        self.result
    }
}

/// What work comes to: a promise, or the result where nothing had to be waited for. Boxed, so that the
/// module has this code once.
pub(super) fn promise(future: Pin<Box<dyn Future<Output = JsValue>>>) -> JsValue {
    let mut work = Work { future, result: JsValue::UNDEFINED };
    match work.step(true, JsValue::UNDEFINED) {
        Some(wait) => carried(work, wait).into(),
        None => work.result,
    }
}

/// A binding, or a variable; undefined when there is none of this name.
pub(super) fn binding(env: &Env, name: &str) -> JsValue {
    js_sys::Reflect::get(env, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// Bytes that crossed the border.
pub(super) fn bytes(value: &JsValue) -> Vec<u8> {
    Uint8Array::new(value).to_vec()
}

/// What an object's turn gives to `entry.js`: `[reply or null, checkout to drive or null, operation to
/// answer after it or null]`.
pub(super) fn parts(
    reply: Option<&Reply>,
    drive: Option<CheckoutId>,
    then: Option<&[u8]>,
) -> Array {
    let bytes = |bytes: &[u8]| JsValue::from(Uint8Array::from(bytes));
    let reply = reply.map(part::bytes);
    Array::of3(
        &reply.as_deref().map_or(JsValue::NULL, bytes),
        &drive.map_or(JsValue::NULL, |id| JsValue::from(id.to_string())),
        &then.map_or(JsValue::NULL, bytes),
    )
}

impl Values {
    /// One more text.
    pub(super) fn text(&self, text: &str) -> &Self {
        self.push_text(text);
        self
    }

    /// One more text, as it prints.
    pub(super) fn print(&self, value: &dyn Display) -> &Self {
        self.text(&value.to_string())
    }

    /// One more number.
    pub(super) fn number(&self, number: u64) -> &Self {
        self.push_number(double(number));
        self
    }

    /// One more time.
    pub(super) fn time(&self, at: Timestamp) -> &Self {
        self.number(at.as_millis())
    }

    /// One more number, or none.
    pub(super) fn number_or_null(&self, number: Option<u64>) -> &Self {
        match number {
            Some(number) => self.number(number),
            None => self.value(&JsValue::NULL),
        }
    }

    /// One more of anything.
    pub(super) fn value(&self, value: &JsValue) -> &Self {
        self.push_value(value);
        self
    }
}

/// One row's columns, taken one after the other. A column that is not what was asked for spoils the row.
pub(super) struct Row {
    columns: Array,
    at: u32,
    fits: bool,
}

impl Row {
    /// Reads a row; `None` when it is not what `read` asks for.
    pub(super) fn read<T>(columns: &JsValue, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let mut row = Self { columns: Array::from(columns), at: 0, fits: true };
        let record = read(&mut row);
        row.fits.then_some(record)
    }

    fn next(&mut self) -> JsValue {
        let value = self.columns.get(self.at);
        self.at = self.at.saturating_add(1);
        value
    }

    fn must<T: Default>(&mut self, value: Option<T>) -> T {
        self.fits = self.fits && value.is_some();
        value.unwrap_or_default()
    }

    pub(super) fn text(&mut self) -> String {
        let text = self.next().as_string();
        self.must(text)
    }

    /// Anything else than a text is none.
    pub(super) fn text_or_none(&mut self) -> Option<String> {
        self.next().as_string()
    }

    pub(super) fn number(&mut self) -> u64 {
        let number = whole(&self.next());
        self.must(number)
    }

    pub(super) fn number_or_none(&mut self) -> Option<u64> {
        let value = self.next();
        let number = whole(&value);
        self.fits = self.fits && (number.is_some() || value.is_null());
        number
    }

    pub(super) fn small(&mut self) -> u32 {
        let number = u32::try_from(self.number()).ok();
        self.must(number)
    }

    pub(super) fn time(&mut self) -> Timestamp {
        Timestamp::from_millis(self.number())
    }

    /// What `parse` makes of a text.
    pub(super) fn parsed<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let parsed = parse(&self.text());
        self.fits = self.fits && parsed.is_some();
        parsed
    }

    pub(super) fn bytes(&mut self) -> Vec<u8> {
        bytes(&self.next())
    }

    pub(super) fn any(&mut self) -> JsValue {
        self.next()
    }
}

/// A number for the runtime. Amounts, times and versions are below 2^53, so doubles hold them exactly.
#[expect(clippy::as_conversions, reason = "exact below 2^53")]
pub(super) const fn double(number: u64) -> f64 {
    number as f64
}

/// A number of ours: whole, not negative, below 2^53.
pub(super) fn whole(value: &JsValue) -> Option<u64> {
    value.as_f64().and_then(whole_number)
}

/// As above.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what does not survive the way there and back is refused"
)]
pub(super) fn whole_number(double: f64) -> Option<u64> {
    let whole = double as u64;
    (whole < 1 << 53 && whole as f64 == double).then_some(whole)
}

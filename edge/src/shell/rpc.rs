//! Calls to objects: bytes in, bytes out.

use serde::Serialize;
use shared::id::Home;
use wasm_bindgen::prelude::*;
use worker::{Env, Error, Result};

use crate::json::{self, Field, Limits};
use crate::owner::{Op, Reply};
use crate::stock::{self, StockOp};

#[wasm_bindgen]
extern "C" {
    /// An object's door, see `entry.js`.
    type Door;

    #[wasm_bindgen(method, catch)]
    async fn call(this: &Door, bytes: &[u8]) -> std::result::Result<JsValue, JsValue>;
}

/// What crosses the border: the operation, and the id under which the log knows the request.
#[derive(Serialize)]
pub(crate) struct Envelope<T> {
    /// Form of the envelope; an object refuses a newer one (F54).
    pub(crate) form: u32,
    /// Ours, for problems and the log.
    pub(crate) request_id: String,
    /// What is asked.
    pub(crate) op: T,
}

/// The form that this release speaks.
pub(crate) const FORM: u32 = 1;

async fn ask<T: Serialize>(
    env: &Env,
    binding: &str,
    name: &str,
    envelope: &Envelope<T>,
) -> Result<Reply> {
    let bytes = serde_json::to_vec(envelope)?;
    let door: Door = env.durable_object(binding)?.get_by_name(name)?.into_rpc();
    let reply = door.call(&bytes).await?;
    read(&js_sys::Uint8Array::new(&reply).to_vec(), Reply::of)
}

/// Reads bytes that crossed the border.
pub(crate) fn read<T>(bytes: &[u8], of: impl FnOnce(Field<'_>) -> T) -> Result<T> {
    json::read(bytes, Limits::OURS, of)
        .map_err(|refusal| Error::RustError(refusal.detail.to_owned()))
}

/// Reads a call.
pub(crate) fn read_call<T>(bytes: &[u8], op: impl FnOnce(Field<'_>) -> T) -> Result<Envelope<T>> {
    read(bytes, |call| Envelope {
        form: call.get("form").small(),
        request_id: call.get("request_id").text(),
        op: op(call.get("op")),
    })
}

/// Asks the owner of a checkout's home.
pub(crate) async fn checkout(env: &Env, home: Home, request_id: &str, op: Op) -> Result<Reply> {
    let envelope = Envelope { form: FORM, request_id: request_id.to_owned(), op };
    ask(env, "CHECKOUTS", &home.object_name(), &envelope).await
}

/// Asks the owner of an object's name, as a queue's message carries it.
pub(crate) async fn by_object(env: &Env, object: &str, op: Op) -> Result<Reply> {
    let envelope = Envelope { form: FORM, request_id: String::new(), op };
    ask(env, "CHECKOUTS", object, &envelope).await
}

/// Asks the owner of a SKU.
pub(crate) async fn stock(
    env: &Env,
    merchant: &str,
    sku: &str,
    request_id: &str,
    op: StockOp,
) -> Result<Reply> {
    let envelope = Envelope { form: FORM, request_id: request_id.to_owned(), op };
    ask(env, "STOCK", &stock::object_name(merchant, sku), &envelope).await
}

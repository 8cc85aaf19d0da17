//! Calls to objects: bytes in, bytes out.

use serde::Serialize;
use worker::Env;

use crate::json::{self, Field, Limits};
use crate::owner::{Op, Reply};
use crate::stock::{self, StockOp};

use super::host::{self, Broken};

/// What crosses the border: the operation, and the id under which the log knows the request.
#[derive(Serialize)]
pub(super) struct Envelope<T> {
    /// Form of the envelope; an object refuses a newer one (F54).
    pub(super) form: u32,
    /// Ours, for problems and the log.
    pub(super) request_id: String,
    /// What is asked.
    pub(super) op: T,
}

/// The form that this release speaks.
const FORM: u32 = 1;

/// An operation in its envelope.
pub(super) fn write_call(request_id: &str, op: &impl Serialize) -> Vec<u8> {
    let envelope = Envelope { form: FORM, request_id: request_id.to_owned(), op };
    // Texts and numbers: there is nothing in it that the writer could refuse.
    serde_json::to_vec(&envelope).unwrap_or_default()
}

/// Reads a call.
pub(super) fn read_call<T>(
    bytes: &[u8],
    op: impl FnOnce(Field<'_>) -> T,
) -> Result<Envelope<T>, Broken> {
    read(bytes, |call| Envelope {
        form: call.get("form").small(),
        request_id: call.get("request_id").text(),
        op: op(call.get("op")),
    })
}

/// Reads bytes that crossed the border.
pub(super) fn read<T>(bytes: &[u8], of: impl FnOnce(Field<'_>) -> T) -> Result<T, Broken> {
    json::read(bytes, Limits::OURS, of).map_err(|refusal| Broken(refusal.detail.to_owned()))
}

/// A call that is ready to be sent.
pub(super) struct Ask {
    binding: &'static str,
    object: String,
    bytes: Vec<u8>,
}

impl Ask {
    /// For the owner of checkouts that has this name.
    pub(super) fn checkout(object: &str, request_id: &str, op: &Op) -> Self {
        let bytes = write_call(request_id, op);
        Self { binding: "CHECKOUTS", object: object.to_owned(), bytes }
    }

    /// For the owner of a SKU.
    pub(super) fn stock(merchant: &str, sku: &str, request_id: &str, op: &StockOp) -> Self {
        let bytes = write_call(request_id, op);
        Self { binding: "STOCK", object: stock::object_name(merchant, sku), bytes }
    }

    /// The object's answer.
    pub(super) async fn send(self, env: &Env) -> Result<Reply, Broken> {
        let reply = host::done(host::called(env, self.binding, &self.object, self.bytes)).await?;
        read(&host::bytes(&reply), Reply::of)
    }
}

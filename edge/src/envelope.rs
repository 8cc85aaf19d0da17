//! Calls to objects as bytes: what the door sends and an object reads.

use serde::Serialize;

use crate::json::{self, Field, Limits};
use crate::owner::Op;
use crate::problem::Broken;
use crate::stock::{self, StockOp};

/// What crosses the border: the operation, and the id under which the log knows the request.
#[derive(Debug, Serialize)]
pub struct Envelope<T> {
    /// Form of the envelope; an object refuses a newer one (F54).
    pub form: u32,
    /// Ours, for problems and the log.
    pub request_id: String,
    /// What is asked.
    pub op: T,
}

/// The form that this release speaks.
const FORM: u32 = 1;

/// An operation in its envelope.
#[must_use]
pub fn write_call(request_id: &str, op: &impl Serialize) -> Vec<u8> {
    let envelope = Envelope { form: FORM, request_id: request_id.to_owned(), op };
    // Texts and numbers: there is nothing in it that the writer could refuse.
    serde_json::to_vec(&envelope).unwrap_or_default()
}

/// Reads a call.
///
/// # Errors
/// [`Broken`] when it is none.
pub fn read_call<T>(bytes: &[u8], op: impl FnOnce(Field<'_>) -> T) -> Result<Envelope<T>, Broken> {
    read(bytes, |call| Envelope {
        form: call.get("form").small(),
        request_id: call.get("request_id").text(),
        op: op(call.get("op")),
    })
}

/// Reads bytes that crossed the border.
///
/// # Errors
/// [`Broken`] when they are not what `of` asks for.
pub fn read<T>(bytes: &[u8], of: impl FnOnce(Field<'_>) -> T) -> Result<T, Broken> {
    json::read(bytes, Limits::OURS, of).map_err(|refusal| Broken(refusal.detail.to_owned()))
}

/// The kinds of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// Owners of checkouts.
    Checkouts,
    /// Owners of a SKU's stock.
    Stock,
}

impl Binding {
    /// Its name in `wrangler.jsonc`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Checkouts => "CHECKOUTS",
            Self::Stock => "STOCK",
        }
    }
}

/// A call that is ready to be sent.
#[derive(Debug, Clone)]
pub struct Ask {
    /// To an object of this kind.
    pub binding: Binding,
    /// With this name.
    pub object: String,
    /// The call.
    pub bytes: Vec<u8>,
}

impl Ask {
    /// For the owner of checkouts that has this name.
    #[must_use]
    pub fn checkout(object: &str, request_id: &str, op: &Op) -> Self {
        let bytes = write_call(request_id, op);
        Self { binding: Binding::Checkouts, object: object.to_owned(), bytes }
    }

    /// For the owner of a SKU.
    #[must_use]
    pub fn stock(merchant: &str, sku: &str, request_id: &str, op: &StockOp) -> Self {
        let bytes = write_call(request_id, op);
        Self { binding: Binding::Stock, object: stock::object_name(merchant, sku), bytes }
    }
}

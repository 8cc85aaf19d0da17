//! Calls to objects as bytes: what the door sends and an object reads.

use crate::json::{self, Field, Limits, Writer};
use crate::owner::Op;
use crate::part::Part;
use crate::problem::Broken;
use crate::stock::{self, StockOp};

/// What crosses the border: the operation, and the id under which the log knows the request.
#[derive(Debug)]
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
pub fn write_call(request_id: &str, op: &impl Part) -> Vec<u8> {
    let call = Writer::document(|call| {
        call.name("form").number(FORM.into());
        call.name("request_id").text(request_id);
        op.write(call.name("op"));
    });
    call.into_bytes()
}

/// Reads a call.
///
/// # Errors
/// [`Broken`] when it is none.
pub fn read_call<T: Part>(bytes: &[u8]) -> Result<Envelope<T>, Broken> {
    let call = read(bytes, |call| Envelope {
        form: call.get("form").small(),
        request_id: call.get("request_id").text(),
        op: T::read(call.get("op")),
    })?;
    if call.form > FORM { Err(Broken("a newer form of calls".to_owned())) } else { Ok(call) }
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

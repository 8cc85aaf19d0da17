//! The object that owns one SKU's stock.

use js_sys::Array;
use shared::problem::Code;
use wasm_bindgen::prelude::*;

use crate::envelope::read_call;
use crate::owner::{Failed, Reply};
use crate::problem::Refusal;
use crate::stock::{Owner, StockOp};

use super::host::{Sql, parts};
use super::stock_store::StockStore;
use super::{clock, log};

/// See `stock.rs`.
#[wasm_bindgen]
pub struct StockObject {
    store: StockStore,
    owner: Owner,
}

#[wasm_bindgen]
impl StockObject {
    /// Opens the object's database.
    #[wasm_bindgen(constructor)]
    pub fn new(sql: Sql) -> Self {
        Self { store: StockStore::open(sql), owner: Owner::default() }
    }

    /// Answers one operation: `[reply, null, null]`.
    #[expect(clippy::needless_pass_by_value, reason = "bytes cross the border by value")]
    pub fn answer(&self, call: Vec<u8>) -> Array {
        let reply = match read_call::<StockOp>(&call) {
            Ok(envelope) => self
                .owner
                .handle(&self.store, &envelope.op, clock::now())
                .unwrap_or_else(|failed| refused(&failed, &envelope.request_id)),
            Err(_) => Reply::refusal(&Refusal::new(Code::Internal), ""),
        };
        parts(Some(&reply), None, None)
    }
}

fn refused(failed: &Failed, request_id: &str) -> Reply {
    match failed {
        Failed::Refused(refusal) => Reply::refusal(refusal, request_id),
        Failed::Broken(error) => {
            log("error", &[("request_id", request_id), ("stock", &error.0)]);
            Reply::refusal(&Refusal::new(Code::Internal), request_id)
        }
    }
}

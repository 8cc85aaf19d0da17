//! The object that owns one SKU's stock.

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::owner::{Failed, Reply};
use crate::problem::Refusal;
use crate::stock::{self, StockOp};
use shared::problem::Code;

use super::rpc;
use super::store::StockStore;
use super::{clock, log};

/// See `stock.rs`.
#[durable_object(fetch)]
pub struct StockObject {
    store: Rc<StockStore>,
}

impl DurableObject for StockObject {
    fn new(state: State, _env: Env) -> Self {
        Self { store: Rc::new(StockStore::open(state.storage().sql())) }
    }

    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("called by RPC only", 404)
    }
}

#[wasm_bindgen]
impl StockObject {
    /// One turn: every call in order, synchronously.
    #[expect(clippy::needless_pass_by_value, reason = "arrays cross the border by value")]
    pub fn turn(&self, calls: Vec<js_sys::Uint8Array>) -> js_sys::Array {
        calls.iter().map(|call| self.answer(&call.to_vec())).collect()
    }

    /// It has no work of its own.
    pub fn drive(&self, _id: String) {}

    /// It has no alarm.
    pub fn alarm_at(&self) -> Option<f64> {
        None
    }

    /// It has nothing due.
    pub fn due(&self, _limit: u32) -> Vec<String> {
        Vec::new()
    }

    fn answer(&self, bytes: &[u8]) -> JsValue {
        let reply = match rpc::read_call(bytes, StockOp::of) {
            Ok(envelope) => {
                let handled = stock::handle(&*self.store, &envelope.op, clock::now());
                handled.unwrap_or_else(|failed| match failed {
                    Failed::Refused(refusal) => Reply::refusal(&refusal, &envelope.request_id),
                    Failed::Broken(error) => {
                        log("error", &[("request_id", &envelope.request_id), ("stock", &error.0)]);
                        Reply::refusal(&Refusal::new(Code::Internal), &envelope.request_id)
                    }
                })
            }
            Err(_) => Reply::refusal(&Refusal::new(Code::Internal), ""),
        };
        let bytes = serde_json::to_vec(&reply).unwrap_or_default();
        let bytes = JsValue::from(js_sys::Uint8Array::from(bytes.as_slice()));
        js_sys::Array::of3(&bytes, &JsValue::NULL, &JsValue::NULL).into()
    }
}

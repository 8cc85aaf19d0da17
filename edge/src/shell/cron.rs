//! The scheduled turn: wakes every shard. It decides nothing; a shard whose alarm was lost finds its due
//! work by itself when it is woken.

use js_sys::Promise;
use shared::id::Home;
use wasm_bindgen::prelude::*;
use worker::Env;

use crate::envelope::Ask;
use crate::owner::Op;

use super::host::{self, Broken};
use super::{log, settings};

/// The runtime's scheduled event.
#[wasm_bindgen]
#[expect(unreachable_pub, reason = "the runtime reaches it")]
pub fn scheduled(_event: &JsValue, env: Env) -> Promise {
    host::promise(Box::pin(async move {
        sweep(&env).await;
        JsValue::UNDEFINED
    }))
}

/// Wakes every shard of the present generation; one that fails does not keep the others from it.
pub(super) async fn sweep(env: &Env) {
    let Ok(config) = settings::config(env) else { return };
    for shard in 0..config.shards {
        let home = Home { generation: config.generation, shard };
        let ask = Ask::checkout(&home.object_name(), "sweep", &Op::Sweep);
        if let Err(Broken(error)) = ask.send(env).await {
            log("error", &[("sweep", &home.to_string()), ("error", &error)]);
        }
    }
}

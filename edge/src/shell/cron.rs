//! The scheduled turn: wakes every shard. It decides nothing: one owner tells which run works, and a shard
//! whose alarm was lost finds its due work by itself when it is woken.

use shared::id::Home;
use wasm_bindgen::JsValue;
use worker::Env;

use crate::envelope::Ask;
use crate::owner::{Op, SCHEDULE};

use super::host::{self, Broken};
use super::{clock, log, settings};

/// The runtime's scheduled event, of this time.
pub(super) async fn scheduled(env: Env, at: f64) -> JsValue {
    let at = host::whole_number(at).unwrap_or_else(|| clock::now().as_millis());
    if let Err(Broken(error)) = run(&env, at).await {
        log("error", &[("scheduled", &error)]);
    }
    JsValue::UNDEFINED
}

/// One run, unless another one has this window or works on it. A run that a shard did not hear says
/// nothing, and the next one catches up.
async fn run(env: &Env, scheduled_at: u64) -> Result<(), Broken> {
    let config = settings::config(env)?;
    let keeper = config.home_of_name(SCHEDULE).object_name();
    let ask = |op| Ask::checkout(&keeper, "cron", &op).send(env);
    let reply = ask(Op::Run { scheduled_at }).await?;
    if reply.http_status == 409 {
        return Ok(());
    }
    let all = sweep(env).await;
    // A keeper of the release before knows no runs: it is swept with the others, as it always was.
    match reply.body.parse() {
        Ok(fence) if all => ask(Op::Ran { fence }).await.map(|_| ()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Wakes every shard of the present generation, and whether all of them heard it; one that fails does not
/// keep the others from it.
pub(super) async fn sweep(env: &Env) -> bool {
    let Ok(config) = settings::config(env) else { return false };
    let mut all = true;
    for shard in 0..config.shards {
        let home = Home { generation: config.generation, shard };
        let ask = Ask::checkout(&home.object_name(), "sweep", &Op::Sweep);
        if let Err(Broken(error)) = ask.send(env).await {
            all = false;
            log("error", &[("sweep", &home.to_string()), ("error", &error)]);
        }
    }
    all
}

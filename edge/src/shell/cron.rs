//! The scheduled turn: wakes every shard. It decides nothing; a shard whose alarm was lost finds its due
//! work by itself when it is woken.

use shared::id::Home;
use worker::{Env, ScheduleContext, ScheduledEvent, event};

use crate::owner::Op;

use super::{log, rpc, settings};

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _ctx: ScheduleContext) {
    sweep(&env).await;
}

/// Wakes every shard of the present generation; one that fails does not keep the others from it.
pub(crate) async fn sweep(env: &Env) {
    let Ok(config) = settings::config(env) else { return };
    for shard in 0..config.shards {
        let home = Home { generation: config.generation, shard };
        if let Err(error) = rpc::checkout(env, home, "sweep", Op::Sweep).await {
            log("error", &[("sweep", &home.to_string()), ("error", &error.to_string())]);
        }
    }
}

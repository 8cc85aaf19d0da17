//! Calls to objects, carried.

use worker::Env;

use crate::envelope::{Ask, read};
use crate::owner::Reply;
use crate::part::Part as _;

use super::host::{self, Broken};

impl Ask {
    /// The object's answer.
    pub(super) async fn send(self, env: &Env) -> Result<Reply, Broken> {
        let called = host::called(env, self.binding.name(), &self.object, self.bytes);
        read(&host::bytes(&host::done(called).await?), Reply::read)
    }
}

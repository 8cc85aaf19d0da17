//! The configuration of this installation, read once an instance.

use std::rc::Rc;

use worker::{Env, Error, Result};

use crate::config::Config;

use super::log;

/// The variable that holds the configuration.
const DOCUMENT: &str = "HANBEON_CONFIG";

/// Reads and checks it; every problem goes to the log, none outside.
pub(crate) fn load(env: &Env) -> Result<Rc<Config>> {
    let document = env.var(DOCUMENT).map(|value| value.to_string()).unwrap_or_default();
    let secrets = |name: &str| env.secret(name).ok().map(|value| value.to_string());
    match Config::load(&document, &secrets, cfg!(feature = "demo")) {
        Ok(config) => Ok(Rc::new(config)),
        Err(problems) => {
            for problem in &problems {
                log("error", &[("config", problem)]);
            }
            Err(Error::RustError("the configuration is not usable; see the log".to_owned()))
        }
    }
}

thread_local! {
    static LOADED: std::cell::RefCell<Option<Rc<Config>>> = const { std::cell::RefCell::new(None) };
}

/// The configuration, loaded at the first use: bindings do not change while an instance lives.
pub(crate) fn config(env: &Env) -> Result<Rc<Config>> {
    if let Some(config) = LOADED.with_borrow(Clone::clone) {
        return Ok(config);
    }
    let config = load(env)?;
    LOADED.set(Some(Rc::clone(&config)));
    Ok(config)
}

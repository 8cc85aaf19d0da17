//! The configuration of this installation, read once an instance.

use std::cell::RefCell;
use std::rc::Rc;

use worker::Env;

use crate::config::Config;

use super::host::{self, Broken};
use super::log;

/// The variable that holds the configuration.
const DOCUMENT: &str = "HANBEON_CONFIG";

/// Reads and checks it; every problem goes to the log, none outside.
fn load(env: &Env) -> Result<Rc<Config>, Broken> {
    // A secret is a variable whose text is shown to nobody.
    let variable = |name: &str| host::binding(env, name).as_string();
    let document = variable(DOCUMENT).unwrap_or_default();
    match Config::load(&document, &variable, cfg!(feature = "demo")) {
        Ok(config) => Ok(Rc::new(config)),
        Err(problems) => {
            for problem in &problems {
                log("error", &[("config", problem)]);
            }
            Err(Broken("the configuration is not usable; see the log".to_owned()))
        }
    }
}

thread_local! {
    static LOADED: RefCell<Option<Rc<Config>>> = const { RefCell::new(None) };
}

/// The configuration, loaded at the first use: bindings do not change while an instance lives.
pub(super) fn config(env: &Env) -> Result<Rc<Config>, Broken> {
    if let Some(config) = LOADED.with_borrow(Clone::clone) {
        return Ok(config);
    }
    let config = load(env)?;
    LOADED.set(Some(Rc::clone(&config)));
    Ok(config)
}

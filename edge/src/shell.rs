//! The only folder that says `worker`: thin files that touch the world and decide nothing about money.
//!
//! Map: `clock` time and random bits · `host` the border, with `host.js` on its other side · `fetch`
//! requests in · `list` the shop's lists · `rpc` calls to objects · `checkout_object`, `stock_object` the
//! objects · `store`, `stock_store` their tables, over `sql`; `written` what is gathered for them · `http`
//! requests out · `queue` notices and the book · `cron` sweeps · `settings` the configuration of this
//! installation.

mod checkout_object;
mod clock;
mod cron;
mod fetch;
mod host;
mod http;
mod list;
mod queue;
mod rpc;
mod settings;
mod sql;
mod stock_object;
mod stock_store;
mod store;
mod written;

use crate::json::Writer;

/// One line of the log: JSON, without personal data and secrets.
fn log(level: &str, fields: &[(&'static str, &str)]) {
    let line = Writer::document(|line| {
        line.name("level").text(level);
        for (name, value) in fields {
            line.name(name).text(value);
        }
    });
    match level {
        "error" => host::error_line(&line),
        _ => host::log_line(&line),
    }
}

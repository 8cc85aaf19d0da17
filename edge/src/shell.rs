//! The only folder that says `worker`: thin files that touch the world and decide nothing about money.
//!
//! Map: `clock` time and random bits · `fetch` requests in · `rpc` calls to objects · `checkout_object`,
//! `stock_object` the objects · `window` pages around windows, returns, webhooks · `list` the shop's list ·
//! `store` their tables · `http` requests out · `queue` notices and the
//! book · `cron` sweeps · `settings` the configuration of this installation.

mod checkout_object;
mod clock;
mod cron;
mod fetch;
mod http;
mod list;
mod queue;
mod rpc;
mod settings;
mod stock_object;
mod store;
mod window;

/// One line of the log: JSON, without personal data and secrets.
pub(crate) fn log(level: &str, fields: &[(&str, &str)]) {
    let mut line = serde_json::Map::new();
    line.insert("level".to_owned(), level.into());
    for (name, value) in fields {
        line.insert((*name).to_owned(), (*value).into());
    }
    let text = serde_json::Value::Object(line).to_string();
    match level {
        "error" => worker::console_error!("{text}"),
        _ => worker::console_log!("{text}"),
    }
}

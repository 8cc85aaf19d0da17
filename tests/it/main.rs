//! HTTP tests against the running runtime, and the rules that keep the house tidy.

mod config;
mod conformance;
mod danal;
mod faults;
mod in_app;
mod live;
mod lost;
mod notices;
mod open;
mod package;
mod pay;
mod portone;
mod quotes;
mod refunds;
mod release;
mod rows;
mod shop;
mod stock;
mod tidy;
mod tokens;
mod unicro;
mod upgrade;
mod webhooks;
mod world;

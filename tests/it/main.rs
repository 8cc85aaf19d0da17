//! HTTP tests against the running runtime, and the rules that keep the house tidy.

mod open;
mod pay;
mod tidy;
mod tokens;
mod world;

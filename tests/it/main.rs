//! HTTP tests against the running runtime, and the rules that keep the house tidy.

mod faults;
mod open;
mod pay;
mod rows;
mod tidy;
mod tokens;
mod world;

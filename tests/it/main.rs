//! HTTP tests against the running runtime, and the rules that keep the house tidy.

mod pay;
mod tidy;
mod world;

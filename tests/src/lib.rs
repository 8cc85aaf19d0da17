//! Everything that doubts.
//!
//! Map: `sandbox` the other side of every provider, pure, with its own books · `demo` the native
//! process that serves the demo shop and carries the sandbox over HTTP · `it/` HTTP tests against
//! the running runtime · `browser/` journeys in real browsers · `order` how a module's functions lie ·
//! `unused` what the glue need not have ·
//! `bin/x.rs` the task runner.

#[cfg(feature = "demo")]
pub mod demo;
pub mod order;
#[cfg(feature = "demo")]
pub mod sandbox;
pub mod unused;

//! The edge: a payment verifier for Cloudflare Workers.
//!
//! Map, from the door inwards: [`route`] which call a request is · [`door`] its form ·
//! [`auth`] proofs of who calls · [`serve`] what a request comes to · [`envelope`] calls to objects, and
//! [`part`] what is in them ·
//! [`json`] strict documents · [`token`] one-time tokens · [`quote`] prices signed ahead of time ·
//! [`owner`] every operation on a checkout, as a
//! turn at its owner's desk · [`stock`] the same for a SKU · [`shelf`] what an owner keeps · [`row`] in
//! which form · [`view`] what callers read · [`provider`] the seam to the providers · [`breaker`] whether they answer · [`page`] the pages
//! around a provider's window · [`live`] who hears of changes · [`outbox`], [`mail`], [`book`] and [`letter`] what leaves by the queue ·
//! [`problem`] every
//! refusal · [`config`] the installation · [`address`] one spelling of every address · `shell` the runtime.
//!
//! Invariants, as absences: outside `shell` nothing awaits, reads a clock, draws a random bit or names
//! the runtime, and the native build has no dependency on it. Inside `shell` nothing compares amounts
//! or names a phase. No inner error text leaves by any other way than [`problem`].

pub mod address;
pub mod auth;
pub mod book;
pub mod breaker;
pub mod config;
pub mod door;
pub mod envelope;
pub mod json;
pub mod letter;
pub mod live;
pub mod mail;
pub mod outbox;
pub mod owner;
pub mod page;
pub mod part;
pub mod problem;
pub mod provider;
pub mod quote;
pub mod route;
pub mod row;
pub mod secret;
pub mod serve;
pub mod shelf;
pub mod signature;
pub mod stock;
pub mod token;
pub mod view;

#[cfg(any(test, feature = "memory"))]
pub mod shelf_memory;

#[cfg(target_arch = "wasm32")]
mod shell;

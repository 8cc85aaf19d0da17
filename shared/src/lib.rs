//! Hanbeon's pure domain: everything that decides, as functions of its arguments.
//!
//! Map, in reading order: [`money`] · [`time`] · [`calendar`] Seoul's days and months · [`id`] · [`fact`] what providers are asked and say · [`notes`] what is learnt on the way · [`checkout`] what is bought · [`terms`] what a contract says of money that goes back · [`payment`] the
//! machine · [`hold`] the claim on a piece of stock · [`posting`] the ledger's lines · [`claims`] the
//! one-time token's content · [`sorted`] a small map · [`wire`] the HTTP records · [`message`] what windows tell each other.
//!
//! Invariants, as absences: nothing here reads a clock, draws a random number, touches a network or a
//! storage, knows a provider, or uses a floating-point number. No type of the domain derives
//! `Serialize`; only `wire` and `claims` do, behind the feature `serde`.

pub mod calendar;
pub mod checkout;
pub mod claims;
pub mod fact;
pub mod hold;
pub mod id;
pub mod means;
pub mod message;
pub mod money;
pub mod notes;
pub mod payment;
pub mod posting;
pub mod problem;
pub mod quote;
pub mod raw_amount;
pub mod sorted;
pub mod terms;
pub mod time;

#[cfg(feature = "serde")]
pub mod wire;

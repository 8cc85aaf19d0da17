//! Fuzz targets: plain functions on bytes, each with what must hold of whatever a stranger sends.
//!
//! Map: `token`, `quote` what we or a shop signed · `json` documents · `door` whole requests, to the owner's
//! desk · `callback`, `answers`, `returns` what comes from providers and back through browsers · `message` what
//! windows tell the page, and what the page reads · `amount` numbers before anybody calls them money · `mutate`
//! new inputs from old ones · `drive` running them, and what a run may cost.
//!
//! Corpora lie in `tests/fuzz/<target>/`, one file an input: recorded answers, the hostile inputs of the field
//! book, and what once failed. Tests replay all of them on the stable compiler.
//!
//! # Why a mutator of our own
//! A fuzzer that is guided by coverage needs a compiler that counts branches, which the stable one does not, and
//! the front ends that run on it (`bolero`, `proptest`) make inputs from nothing. Ours bends inputs that reach
//! deep already, and the targets sign what they are given, so that it gets behind the signatures. A target is a
//! `fn(&[u8])`: whoever has the other compiler hands it to `libfuzzer-sys` in one line.

mod amount;
mod answers;
mod callback;
mod door;
mod drive;
mod json;
mod message;
mod mutate;
mod quote;
mod returns;
mod token;
mod world;

#[cfg(test)]
mod tests;

pub use drive::{Cost, Hunt, corpus, folder, hunt, replay};
pub use mutate::Mutator;

/// A function on bytes that panics when something that must hold does not.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, and its corpus's.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// The function; whether the input got past the first refusal.
    pub run: fn(&[u8]) -> bool,
    /// Words of its format, which mutations put in.
    pub words: &'static [&'static str],
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "token",
        about: "one-time tokens, raw and signed: one spelling, and what is read is what was written",
        run: token::target,
        words: token::WORDS,
    },
    Target {
        name: "quote",
        about: "quotes, raw and signed by the shop's key, to the token that they are exchanged for",
        run: quote::target,
        words: quote::WORDS,
    },
    Target {
        name: "json",
        about: "documents: whatever we read, another strict reader reads the same",
        run: json::target,
        words: json::WORDS,
    },
    Target {
        name: "door",
        about: "whole requests with good credentials: a closed code, and a store that a refusal leaves alone",
        run: door::target,
        words: door::WORDS,
    },
    Target {
        name: "callback",
        about: "webhooks of every provider, raw and signed: a signature covers each byte",
        run: callback::target,
        words: callback::WORDS,
    },
    Target {
        name: "answers",
        about: "what providers answer: facts of the kinds that the model check assumes, and no others",
        run: answers::target,
        words: answers::WORDS,
    },
    Target {
        name: "returns",
        about: "what a browser brings back from a window: a hint of bounded words, never a result",
        run: returns::target,
        words: returns::WORDS,
    },
    Target {
        name: "message",
        about: "messages of windows, and records that the page reads: once, and none that is not ours",
        run: message::target,
        words: message::WORDS,
    },
    Target {
        name: "amount",
        about: "numbers as they are written: in range and unrounded, or refused",
        run: amount::target,
        words: amount::WORDS,
    },
];

/// The target of this name.
#[must_use]
pub fn named(name: &str) -> Option<Target> {
    TARGETS.iter().find(|target| target.name == name).copied()
}

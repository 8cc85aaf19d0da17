//! What a request comes to, before anything is waited for.

use shared::problem::Code;

use crate::provider::Acknowledgement;

use super::list::{Page, Wanted};
use super::rpc::Ask;
use super::visit::Answer;

/// What is left to do for a request when everything that needs no waiting is decided.
pub(super) enum Plan {
    /// Nothing.
    Answer(Answer),
    /// Ask an object, and make the answer of its reply.
    Ask(Ask, Then),
    /// Claim these names, then ask.
    Open(Vec<Name>, Ask),
    /// Read the book.
    List(Page),
    /// Give this answer, unless this address asks too often.
    Bounded(String, Answer),
    /// Find a dead notice in the book, then ask its owner.
    Replay(Wanted),
    /// Wake every shard; only in demo builds.
    #[cfg(feature = "demo")]
    Sweep,
}

/// What an object's reply becomes.
pub(super) enum Then {
    /// The answer as it is.
    Reply,
    /// The page around the window of this request.
    Window(String),
    /// The way back to the shop.
    Return,
    /// What a provider wants to hear.
    Acknowledge(Acknowledgement),
}

/// A name that must be free, or this caller's already.
pub(super) struct Name {
    pub(super) name: String,
    pub(super) fingerprint: String,
    /// The refusal when it is somebody else's.
    pub(super) taken: Code,
}

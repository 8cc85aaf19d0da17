//! What a request comes to, before anything is waited for.

use shared::problem::Code;

use crate::envelope::Ask;
use crate::owner::Op;
use crate::provider::Acknowledgement;

use super::list::{Page, Wanted};
use super::visit::{Answer, Visit};

/// What is left to do for a request when everything that needs no waiting is decided.
#[derive(Debug)]
pub enum Plan {
    /// Nothing.
    Answer(Answer),
    /// Ask an object, and make the answer of its reply.
    Ask(Ask, Then),
    /// Claim these names, one after the other, then ask.
    Open(Vec<Name>, Ask),
    /// Read the book.
    List(Page),
    /// Give this answer, unless this address asks too often.
    Bounded(String, Answer),
    /// Hand the socket to the owner of this name, for this checkout.
    Listen(String, String),
    /// Find a dead notice in the book, then ask its owner.
    Replay(Wanted),
    /// Look at the clock, move it, wake every shard; found in demo builds only.
    Demo,
}

/// What an object's reply becomes.
#[derive(Debug)]
pub enum Then {
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
#[derive(Debug, Clone)]
pub struct Name {
    /// The name.
    pub name: String,
    /// What it is claimed for.
    pub fingerprint: String,
    /// The refusal when it is somebody else's.
    pub taken: Code,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// It was free.
    Fresh,
    /// It was this caller's already.
    Ours,
    /// It is not to be had: what was free before it is given back.
    Refused(Code),
}

impl Name {
    /// The claim, for the owner of the name.
    #[must_use]
    pub fn claim(&self, visit: &Visit) -> Ask {
        let (name, fingerprint) = (self.name.clone(), self.fingerprint.clone());
        visit.about(&self.name, &Op::Claim { name, fingerprint })
    }

    /// Gives it back.
    #[must_use]
    pub fn unclaim(&self, visit: &Visit) -> Ask {
        let (name, fingerprint) = (self.name.clone(), self.fingerprint.clone());
        visit.about(&self.name, &Op::Unclaim { name, fingerprint })
    }

    /// What the owner's answer to the claim means.
    #[must_use]
    pub const fn claimed(&self, http_status: u16) -> Claimed {
        match http_status {
            201 => Claimed::Fresh,
            200 => Claimed::Ours,
            409 => Claimed::Refused(self.taken),
            _ => Claimed::Refused(Code::Internal),
        }
    }
}

//! What a request comes to, before anything is waited for.

use shared::problem::Code;

use crate::envelope::Ask;
use crate::owner::{Op, Reply};
use crate::problem::Refusal;
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
    /// Claim names, one after the other, then ask.
    Open(Opening),
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

/// An opening on its way: names that must be free, then the question to the owner.
///
/// # Why a refusal is kept before a name is given back
/// The same opening may come twice at once, or again after a power cut, and a name that stood in one's way
/// may be free for the other. So the owner says first that this opening is refused for good; from then on
/// no repeat opens anything, and its names are nobody's (I-8, I-20, F4). Whoever comes after that finds the
/// refusal, and gives back what a repeat claimed in vain.
///
/// Given up: a repeat that is cut short between a claim and its return leaves the order taken, if nobody
/// repeats the same opening any more. The shop sells under another order id then.
#[derive(Debug)]
pub struct Opening {
    names: Vec<Name>,
    ask: Ask,
    /// Tells the owner that a name is somebody else's.
    refuse: Ask,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// This name is asked for.
    Claim(usize),
    /// All are ours, and the owner is asked.
    Ask,
    /// This one is not, and the owner is told.
    Refuse(usize),
    /// Nothing was opened: this name is given back, and those before it.
    GiveBack(usize, Reply),
    /// This is what came of it.
    Over(Reply),
}

impl Opening {
    /// With these names and this question for the owner; by the last one it is told of a refusal.
    #[must_use]
    pub const fn new(names: Vec<Name>, ask: Ask, refuse: Ask) -> Self {
        Self { names, ask, refuse, stage: Stage::Claim(0) }
    }

    /// What is to be asked now.
    ///
    /// # Errors
    /// Nothing is: the answer.
    pub fn next(&self, visit: &Visit) -> Result<Ask, Reply> {
        let about = |at: usize, claims: bool| {
            let Name { name, fingerprint, .. } = self.names.get(at)?.clone();
            let owner = name.clone();
            let op = if claims {
                Op::Claim { name, fingerprint }
            } else {
                Op::Unclaim { name, fingerprint }
            };
            Some(visit.about(&owner, &op))
        };
        let asked = match &self.stage {
            Stage::Over(reply) => return Err(reply.clone()),
            Stage::Claim(at) => about(*at, true),
            Stage::GiveBack(at, _) => about(*at, false),
            Stage::Refuse(_) => Some(self.refuse.clone()),
            Stage::Ask => None,
        };
        Ok(asked.unwrap_or_else(|| self.ask.clone()))
    }

    /// What was said to it.
    pub fn hear(&mut self, visit: &Visit, reply: Reply) {
        // The first name is the key's: it stays with the opening, refused or not.
        let give_back = |before: usize, reply| match before.checked_sub(1) {
            None | Some(0) => Stage::Over(reply),
            Some(last) => Stage::GiveBack(last, reply),
        };
        let status = reply.http_status;
        self.stage = match core::mem::replace(&mut self.stage, Stage::Ask) {
            Stage::Claim(at) if status == 409 => match self.names.get(at) {
                Some(_) if at > 0 => Stage::Refuse(at),
                Some(name) => {
                    let refusal = Refusal::new(name.taken);
                    Stage::Over(Reply::refusal(&refusal, &visit.request_id))
                }
                None => Stage::Over(reply),
            },
            Stage::Claim(at) if matches!(status, 200 | 201) => {
                let next = at.saturating_add(1);
                if next < self.names.len() { Stage::Claim(next) } else { Stage::Ask }
            }
            Stage::Ask if status == 409 => give_back(self.names.len(), reply),
            Stage::Refuse(at) if status == 409 => give_back(at, reply),
            Stage::GiveBack(at, kept) => give_back(at, kept),
            Stage::Claim(_) | Stage::Ask | Stage::Refuse(_) | Stage::Over(_) => Stage::Over(reply),
        };
    }
}

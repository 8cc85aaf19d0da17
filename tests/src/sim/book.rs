//! The book as the queue's consumer writes it: what the statements of `edge/src/shell/queue.rs` do, over
//! maps.

use std::collections::BTreeMap;

use edge::book::Message;
use edge::letter::UNDELIVERABLE;
use edge::serve::Dead;

/// A checkout's row in the list.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) version: u64,
    pub(super) standing: String,
    pub(super) refunded: u64,
}

/// One line of the ledger.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) account: String,
    pub(super) side: String,
    pub(super) amount: u64,
}

/// A dead letter.
#[derive(Debug, Clone)]
pub(super) struct Grave {
    pub(super) checkout: String,
    pub(super) merchant: String,
    message: String,
    why: String,
    pub(super) open: bool,
    replays: u32,
}

/// Lists, ledger and dead letters.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub(super) checkouts: BTreeMap<String, Row>,
    pub(super) postings: BTreeMap<(String, String, usize), Line>,
    pub(super) dead: BTreeMap<String, Grave>,
}

impl Book {
    /// The list's row, unless a newer one is there, and the ledger's lines, each once; and what is on its
    /// way is not among the dead.
    pub(super) fn copy(&mut self, message: &Message) {
        let listed = &message.listed;
        let known = self.checkouts.get(&message.checkout).map(|row| row.version);
        if known.is_none_or(|known| listed.version > known) {
            let row = Row {
                version: listed.version,
                standing: listed.standing.clone(),
                refunded: listed.refunded,
            };
            self.checkouts.insert(message.checkout.clone(), row);
        }
        if let Some(grave) = self.dead.get_mut(&message.id) {
            let older = grave.replays < message.replays;
            if older || (grave.replays == message.replays && grave.open) {
                (grave.open, grave.replays) = (false, message.replays);
            }
        }
        for (n, (entry, account, side, amount)) in message.postings.iter().enumerate() {
            let line = Line { account: account.clone(), side: side.clone(), amount: *amount };
            let name = (message.checkout.clone(), entry.clone(), n);
            self.postings.entry(name).or_insert(line);
        }
    }

    /// A dead letter is written down; `open` once it is dead.
    pub(super) fn bury(&mut self, message: &Message, text: &str, why: &str, open: bool) {
        let grave = Grave {
            checkout: message.checkout.clone(),
            merchant: message.merchant.clone(),
            message: text.to_owned(),
            why: why.to_owned(),
            open,
            replays: message.replays,
        };
        match self.dead.get_mut(&message.id) {
            None => drop(self.dead.insert(message.id.clone(), grave)),
            Some(known) if message.replays >= known.replays => {
                (known.open, known.replays) = (open, message.replays);
                if why != UNDELIVERABLE {
                    why.clone_into(&mut known.why);
                }
            }
            Some(_) => {}
        }
    }

    /// What it says of a notice that its merchant wants once more.
    pub(super) fn dead(&self, merchant: &str, notice: &str) -> Option<Dead> {
        let grave = self.dead.get(notice).filter(|grave| grave.merchant == merchant)?;
        Some(Dead {
            checkout: grave.checkout.clone(),
            message: grave.message.clone(),
            open: u32::from(grave.open),
            replays: grave.replays,
        })
    }
}

//! Who hears of a checkout's changes: pages with a state key, and whoever has the checkout's own link.

use shared::id::CheckoutId;
use shared::problem::Code;

use super::{Desk, Failed};
use crate::json::Writer;
use crate::live::{self, LINK_LIFE, Leave, Proof};
use crate::row::Record;
use crate::signature::{equal, unhex};
use crate::view;

/// A socket that has shown its proof.
#[derive(Debug)]
pub struct Listener {
    /// The version that it has been told.
    pub version: u64,
    /// Its first words.
    pub says: String,
    /// It came by the link: it hears that something changed, and not what.
    pub linked: bool,
}

impl Desk<'_> {
    /// The record, for whoever has its own link: a key that shows it and opens nothing else.
    pub(super) fn record_with_link(&self, checkout: &str, key: &str) -> Result<Record, Failed> {
        let record = self.record(checkout).map_err(|_| Code::StateMismatch)?;
        let right = live::link_key(self.config, record.checkout.id);
        let fits = unhex(key).is_some_and(|key| equal(&key, &right));
        let lives = self.now <= record.checkout.created_at.after(LINK_LIFE);
        if fits && lives { Ok(record) } else { Err(Code::StateMismatch.into()) }
    }

    /// What became of a socket's first message, while so many listen already.
    ///
    /// # Errors
    /// Why it is closed.
    pub fn listen(&self, checkout: &str, message: &str, listeners: u32) -> Result<Listener, Leave> {
        let unproven = |_| live::UNPROVEN;
        match live::first(message, listeners)? {
            Proof::State(key) => {
                let record = self.record_with_state(checkout, key).map_err(unproven)?;
                let (version, says) = self.live(record.checkout.id).map_err(unproven)?;
                Ok(Listener { version, says, linked: false })
            }
            Proof::Link(key) => {
                let record = self.record_with_link(checkout, key).map_err(unproven)?;
                let version = record.payment.version;
                let says = Writer::document(|told| told.name("version").number(version));
                Ok(Listener { version, says, linked: true })
            }
        }
    }

    /// What pages are told of a change: the version, and the status with its token.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn live(&self, id: CheckoutId) -> Result<(u64, String), Failed> {
        let mut record = self.record(&id.to_string())?;
        let token = self.page_token(&mut record)?;
        let mut says = Writer::default();
        view::status(&mut says, &record, self.config, token.as_deref(), self.now);
        Ok((record.payment.version, says.into_text()))
    }
}

//! The live status: who may listen to a checkout, and what the first message must be. Pure.
//!
//! # Why
//! A socket's address stands in logs, so it names the checkout and nothing else; the proof is the first
//! message. It is either a page's state key, or the key of the checkout's own link, which shows less. A
//! socket without a proof costs a place for ten seconds; places with and without one are counted apart,
//! so that strangers never take a buyer's. Whoever finds no place polls: nothing depends on a socket.

use shared::id::CheckoutId;
use shared::time::Span;

use crate::config::Config;
use crate::signature::{derive, hex};

/// Pages that listen to one checkout, with a proof; and as many that have not shown it yet.
pub const LISTENERS_MAX: u32 = 8;
/// Sockets without a proof at one owner: far below what the runtime allows in all (32,768).
pub const STRANGERS_MAX: u32 = 1_000;
/// Until when the proof must have come, in milliseconds.
pub const PROOF_WAIT_MS: u32 = 10_000;
/// The longest first message.
const PROOF_BYTES_MAX: usize = 64;
/// How long a checkout's own link shows it, after it was opened: longer than any deposit may take.
pub const LINK_LIFE: Span = Span::hours(24 * 30);
/// Before the key of a link.
const LINK: &str = "link.";

/// Why a socket is closed: its close code, and the word that goes with it. The codes are those of RFC 6455
/// and its registry.
pub type Leave = (u16, &'static str);

/// What a socket shows first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof<'a> {
    /// A page's state key.
    State(&'a str),
    /// The key of the checkout's own link.
    Link(&'a str),
}

/// There is no place: poll, and come again later.
pub const FULL: Leave = (1013, "rate_limited");
/// The proof is none, or came too late.
pub const UNPROVEN: Leave = (1008, "state_mismatch");

/// The key of a checkout's own link.
#[must_use]
pub fn link_key(config: &Config, id: CheckoutId) -> [u8; 16] {
    derive(&config.derive_secret, "link", &[id.to_string().as_bytes()])
}

/// The address of the page that shows a checkout to whoever has it. What comes after `#` stays in the
/// browser: no log has the key.
#[must_use]
pub fn link(config: &Config, id: CheckoutId) -> String {
    let (id_text, key) = (id.to_string(), hex(&link_key(config, id)));
    [config.public_origin.as_str(), "/window/pending#", &id_text, ".", &key].concat()
}

/// How long another socket may take to show its proof, in milliseconds; 0 when there is no place for it.
#[must_use]
pub const fn patience(strangers_here: u32, strangers_in_all: u32) -> u32 {
    if strangers_here < LISTENERS_MAX && strangers_in_all < STRANGERS_MAX {
        PROOF_WAIT_MS
    } else {
        0
    }
}

/// What the first message shows.
///
/// # Errors
/// [`UNPROVEN`] for what can be no proof, [`FULL`] when enough pages listen already.
pub fn first(message: &str, listeners: u32) -> Result<Proof<'_>, Leave> {
    if message.len() > PROOF_BYTES_MAX || message.is_empty() {
        return Err(UNPROVEN);
    }
    if listeners >= LISTENERS_MAX {
        return Err(FULL);
    }
    Ok(match message.strip_prefix(LINK) {
        Some(key) => Proof::Link(key),
        None => Proof::State(message),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_is_a_state_key_or_a_link_s_key() {
        let state = "000102030405060708090a0b0c0d0e0f";
        assert_eq!(first(state, 0), Ok(Proof::State(state)));
        assert_eq!(first(&format!("link.{state}"), 0), Ok(Proof::Link(state)));
    }

    #[test]
    fn what_can_be_no_proof_is_closed_before_anybody_is_asked() {
        for message in ["".to_owned(), "0".repeat(65), "link.".repeat(20)] {
            assert_eq!(first(&message, 0).err(), Some(UNPROVEN), "{message}");
        }
    }

    #[test]
    fn eight_pages_listen_and_strangers_take_no_page_s_place() {
        let key = "000102030405060708090a0b0c0d0e0f";
        assert!(first(key, 7).is_ok());
        assert_eq!(first(key, 8).err(), Some(FULL));
        assert_eq!(patience(7, 999), 10_000);
        assert_eq!((patience(8, 8), patience(0, 1_000)), (0, 0));
    }
}

//! Ids and nonces from entropy that the caller brought. The engines own no generator, so one seed
//! replays a whole run.

use sha2::{Digest, Sha256};

/// A bounded supply of bytes for one request.
#[derive(Debug, Clone)]
pub struct Dice {
    entropy: u64,
    turn: u64,
    drawn: u64,
}

impl Dice {
    /// `turn` counts the requests, so that equal entropy never makes two equal ids.
    #[must_use]
    pub fn new(entropy: u64, turn: u64) -> Self {
        Self { entropy, turn, drawn: 0 }
    }

    /// Thirty-two bytes nobody has seen before.
    pub fn bytes(&mut self) -> [u8; 32] {
        self.drawn += 1;
        let mut hash = Sha256::new();
        hash.update(b"hanbeon sandbox");
        for part in [self.entropy, self.turn, self.drawn] {
            hash.update(part.to_be_bytes());
        }
        hash.finalize().into()
    }

    /// Lower-case hex, at most 64 characters.
    pub fn hex(&mut self, length: usize) -> String {
        let mut text = super::cipher::hex(&self.bytes());
        text.truncate(length);
        text
    }

    /// Decimal digits, at most 32.
    pub fn digits(&mut self, length: usize) -> String {
        self.bytes().iter().take(length).map(|byte| char::from(b'0' + byte % 10)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids_and_another_turn_gives_others() {
        let first = Dice::new(7, 1).hex(32);
        assert_eq!(first.len(), 32);
        assert_eq!(first, Dice::new(7, 1).hex(32));
        assert_ne!(first, Dice::new(7, 2).hex(32));
        let mut dice = Dice::new(7, 1);
        assert_ne!(dice.digits(12), dice.digits(12));
    }
}

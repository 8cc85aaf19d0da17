//! New inputs from old ones, by a seed.

use rand_core::{Rng as _, SeedableRng as _};
use rand_xorshift::XorShiftRng;

/// What parsers trip over.
const PIECES: &[&str] = &[
    "\0",
    "\r\n",
    "\n",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\u{feff}",
    "\u{202e}",
    "é",
    "🙂",
    "%00",
    "%2e",
    "..",
    "//",
    "=",
    "==",
    "&",
    ",",
    ";",
    ".",
    "-",
    "+",
    " ",
    "\t",
    "[",
    "]",
    "{",
    "}",
    "[[",
    "{\"",
    ":",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "00",
    "1",
    "-1",
    "0.5",
    "1e30",
    "1E400",
    "NaN",
    "9007199254740991",
    "9007199254740992",
    "18446744073709551615",
    "18446744073709551616",
    "2147483648",
    "__proto__",
    "constructor",
    "<script>",
    "' OR 1=1",
    "${x}",
    "none",
    "HS256",
];
/// Inputs do not grow beyond this: twice what any parser takes.
const BYTES_MAX: usize = 140_000;

/// Bends inputs.
pub struct Mutator {
    chance: XorShiftRng,
    words: &'static [&'static str],
}

impl Mutator {
    /// The mutator of a seed.
    #[must_use]
    pub fn new(seed: u64, words: &'static [&'static str]) -> Self {
        Self { chance: XorShiftRng::seed_from_u64(seed ^ 0x9e37_79b9_7f4a_7c15), words }
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.chance.next_u64() % end.max(1) as u64).unwrap_or(0)
    }

    /// A part of an input: most are short, some are most of it.
    fn part(&mut self, bytes: &[u8]) -> (usize, usize) {
        let from = self.below(bytes.len() + 1);
        let most = bytes.len() - from;
        let length = if self.below(8) == 0 { most } else { most.min(12) };
        (from, from + self.below(length + 1))
    }

    /// A new input from one of the corpus, with parts of another.
    pub fn bend(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let pick = |mutator: &mut Self| corpus.get(mutator.below(corpus.len())).cloned();
        let mut bytes = pick(self).unwrap_or_default();
        let other = pick(self).unwrap_or_default();
        for _ in 0..=self.below(4) {
            self.once(&mut bytes, &other);
        }
        bytes.truncate(BYTES_MAX);
        bytes
    }

    fn once(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let (from, to) = self.part(bytes);
        match self.below(9) {
            0 => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte ^= 1 << (self.chance.next_u64() % 8);
                }
            }
            1 => {
                if let Some(byte) = bytes.get_mut(from) {
                    *byte = self.chance.next_u64().to_le_bytes()[0];
                }
            }
            2 => drop(bytes.drain(from..to)),
            3 => {
                let copy = bytes[from..to].to_vec();
                for _ in 0..=self.below(3) {
                    bytes.splice(from..from, copy.iter().copied());
                }
            }
            4 | 5 => {
                let list = if self.below(2) == 0 { PIECES } else { self.words };
                let word = list.get(self.below(list.len())).copied().unwrap_or_default();
                let end = if self.below(2) == 0 { from } else { to };
                bytes.splice(from..end, word.bytes());
            }
            6 => {
                let (start, end) = self.part(other);
                bytes.splice(from..to, other[start..end].iter().copied());
            }
            7 => bytes.truncate(from),
            _ => {
                let word = PIECES[self.below(PIECES.len())];
                let times = 1 << self.below(13);
                bytes.splice(from..from, word.repeat(times).into_bytes());
            }
        }
    }
}

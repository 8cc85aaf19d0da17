//! What our frames and windows tell the page they belong to. Not how it travels.
//!
//! A message carries no result: it only says "look now" (I-18). The page still accepts it only from the
//! right origin, the right window, with the right nonce, once.

/// The version of the messages: the value of the member `hanbeon`.
pub const VERSION: u32 = 1;

/// What a frame may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Our intermediate page has loaded: a sign of life.
    Ready,
    /// The buyer is back from the provider: ask the edge.
    Look,
}

impl Kind {
    /// The word on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Look => "look",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Ready, Self::Look].into_iter().find(|kind| kind.code() == code)
    }
}

//! Mistakes on purpose: the rules must find each, or they hold nothing.

/// A mistake in the world around the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// The stock says yes to everybody.
    StockSaysYes,
    /// Silence after an order to capture is heard as a no.
    SilenceIsNo,
    /// The provider carries out a cancel as often as it hears of it, and the balance guards nothing.
    KeysForgotten,
    /// An amount is not compared: what was taken is heard as what was asked.
    AmountBelieved,
    /// A question that was asked has no next time.
    AskedOnce,
}

impl Plant {
    /// Every mistake, with a scene that has room for it and the rule that finds it.
    pub const ALL: [(Self, &'static str, &'static str); 5] = [
        (Self::StockSaysYes, "two-toss", "I-4 a piece has one winner"),
        (Self::SilenceIsNo, "one-toss", "I-3 no money stays with a no"),
        (Self::KeysForgotten, "one-toss", "I-11 I-12 no more goes back than was taken"),
        (Self::AmountBelieved, "one-kb", "every step keeps to the rules"),
        (Self::AskedOnce, "one-kb", "I-16 F54 whatever is open is asked again"),
    ];
}

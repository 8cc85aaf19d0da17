//! The other sides as the model has them: a provider with books of its own that are honest, or one that
//! says whatever its adapter can make of an answer.
//!
//! # Why the words follow a list
//! A pair of phase and input is called unreachable when no answer that an adapter can give leads there. So
//! whoever says anything says it in the kinds of `answers`, to which a fuzz target holds the adapters.

use shared::fact::{
    AskKind, Decline, DeclineCode, Deposit, Fact, FactKind, ProviderPaymentId, Sighting,
};
use shared::hold::Command;
use shared::id::{AttemptId, RefundId};
use shared::money::{Currency, Total};
use shared::payment::Style;
use shared::time::Timestamp;

use crate::answers::{Question, decisive};

/// What a checkout costs.
pub const PRICE: u64 = 10_000;
/// A part of it.
pub const PART: u64 = 4_000;
/// What a provider takes that takes the wrong amount.
pub const WRONG: u64 = 9_000;

/// One thing to do in the world: the model's short form of `Work`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Errand {
    /// A command to the piece of stock, of this claim.
    Stock(AttemptId, Command),
    /// A question about an attempt that is no order to give money back.
    Ask(u8, AskKind),
    /// An account into which nobody has paid is cancelled.
    Void(u8),
    /// Whatever a capture of unknown outcome took is given back.
    Undo(u8),
    /// Money goes back.
    GiveBack {
        /// Whose.
        attempt: u8,
        /// By which key.
        refund: RefundId,
        /// How much.
        amount: u64,
        /// What went back before, as we know it.
        before: u64,
    },
}

impl Errand {
    /// The attempt that it is about.
    pub const fn attempt(self) -> usize {
        match self {
            Self::Stock(claim, _) => claim.bits() as usize - 1,
            Self::Ask(n, _) | Self::Void(n) | Self::Undo(n) => n as usize,
            Self::GiveBack { attempt, .. } => attempt as usize,
        }
    }
}

/// What the world says to an errand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Word {
    /// The stock's yes or no.
    Stock(bool),
    /// The window may be shown, with a token or without.
    Prepared(bool),
    /// No such payment.
    NotFound,
    /// Known, nothing moved.
    Waiting,
    /// Authenticated for this amount.
    Authenticated(u64),
    /// An account for this amount.
    Issued(u64),
    /// This was taken, and this went back.
    Captured(u64, u64),
    /// Ended without money.
    Declined,
    /// Can never be paid any more.
    Closed,
    /// The cancel is done.
    Cancelled,
    /// The cancel is refused.
    Refused,
    /// Somebody else's payment.
    Foreign,
    /// No answer, or one that decides nothing.
    Silence,
}

impl Word {
    /// As the adapter tells it.
    pub fn fact(self, id: AttemptId, until: Timestamp) -> Fact {
        let seen = |amount, cancelled| sighting(id, amount, cancelled);
        match self {
            Self::Prepared(token) => Fact::Prepared { token: token.then(|| "t".to_owned()) },
            Self::NotFound => Fact::NotFound,
            Self::Waiting => Fact::Waiting,
            Self::Authenticated(amount) => Fact::Authenticated(seen(amount, 0)),
            Self::Issued(amount) => Fact::DepositIssued(
                seen(amount, 0),
                Deposit {
                    bank: String::new(),
                    account: String::new(),
                    holder: String::new(),
                    until,
                },
            ),
            Self::Captured(amount, back) => Fact::Captured(seen(amount, back)),
            Self::Declined => {
                Fact::Declined(Decline { code: DeclineCode::Other, provider_code: None })
            }
            Self::Closed => Fact::Closed,
            Self::Cancelled => Fact::Cancelled { cancelled: None },
            Self::Refused => Fact::CancelRefused { provider_code: String::new() },
            Self::Foreign => {
                let request_id = "hb-g1s00-ffffffffffffffffffffffffffffffff".to_owned();
                Fact::Captured(Sighting { request_id, ..seen(PRICE, 0) })
            }
            Self::Silence | Self::Stock(_) => Fact::Silence,
        }
    }
}

fn sighting(id: AttemptId, amount: u64, cancelled: u64) -> Sighting {
    let total = |minor| Total::from_minor(minor, Currency::Krw).unwrap();
    Sighting {
        request_id: id.request_id().to_string(),
        merchant: None,
        provider_payment_id: ProviderPaymentId::parse("p").unwrap(),
        amount: total(amount),
        cancelled: total(cancelled),
    }
}

/// Everything that can be heard about an errand from a provider of this style, lies included.
pub fn words(style: Style, errand: Errand) -> Vec<Word> {
    let question = match errand {
        Errand::Stock(..) => return vec![Word::Silence, Word::Stock(true), Word::Stock(false)],
        Errand::Ask(_, kind) => Question::Of(kind),
        Errand::Void(_) => Question::Void,
        Errand::Undo(_) | Errand::GiveBack { .. } => Question::Of(AskKind::Cancel),
    };
    let given_back = question == Question::Of(AskKind::LookUp);
    let mut words = vec![Word::Silence];
    // No adapter of ours; but one that announces to the buyer's phone may be told that it is paid already.
    if question == Question::Of(AskKind::Prepare) && !style.captures_itself && style.prepares {
        words.extend([Word::Captured(PRICE, 0), Word::Captured(WRONG, 0)]);
    }
    for kind in decisive(style, question) {
        match kind {
            FactKind::Prepared => {
                words.extend((style.closes || style.joins).then_some(Word::Prepared(true)));
                words.extend((!style.closes).then_some(Word::Prepared(false)));
            }
            FactKind::Captured => {
                words.extend([Word::Foreign, Word::Captured(PRICE, 0), Word::Captured(WRONG, 0)]);
                if given_back {
                    words.extend([PART, PRICE].map(|back| Word::Captured(PRICE, back)));
                }
            }
            FactKind::Authenticated => words.extend([PRICE, WRONG].map(Word::Authenticated)),
            FactKind::DepositIssued => words.extend([PRICE, WRONG].map(Word::Issued)),
            FactKind::NotFound => words.push(Word::NotFound),
            FactKind::Waiting => words.push(Word::Waiting),
            FactKind::Declined => words.push(Word::Declined),
            FactKind::Closed => words.push(Word::Closed),
            FactKind::Cancelled => words.push(Word::Cancelled),
            FactKind::CancelRefused => words.push(Word::Refused),
            // Steps on the way decide nothing, and neither does what is as good as silence.
            FactKind::More | FactKind::Busy | FactKind::Unclear | FactKind::Silence => {}
        }
    }
    words
}

/// How far a payment is in the provider's own books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Never heard of.
    Unknown,
    /// Announced, or its window is open.
    Open,
    /// The buyer has authenticated.
    Authenticated,
    /// An account waits.
    Issued,
    /// The money was taken.
    Captured,
    /// Ended without money.
    Declined,
    /// Closed for good.
    Closed,
}

/// A payment in the provider's own books.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pay {
    /// How far.
    pub stage: Stage,
    /// For how much.
    pub amount: u64,
    /// What went back.
    pub back: u64,
    /// Keys of cancels that were carried out.
    pub keys: Vec<RefundId>,
    /// Whether its window was ever shown.
    pub shown: bool,
    /// Money moved, and the provider has not told us yet.
    pub news: bool,
}

impl Pay {
    /// Nobody knows of it.
    pub const fn new() -> Self {
        Self {
            stage: Stage::Unknown,
            amount: PRICE,
            back: 0,
            keys: Vec::new(),
            shown: false,
            news: false,
        }
    }

    /// Forgets what its stage has no use for.
    pub fn forget(&mut self) {
        let moved = matches!(self.stage, Stage::Authenticated | Stage::Issued | Stage::Captured);
        if !moved {
            self.amount = PRICE;
        }
        if self.stage >= Stage::Captured {
            self.shown = false;
        }
    }

    /// Money of the buyer's that is still there.
    pub const fn holds(&self) -> u64 {
        match self.stage {
            Stage::Captured => self.amount - self.back,
            Stage::Unknown
            | Stage::Open
            | Stage::Authenticated
            | Stage::Issued
            | Stage::Declined
            | Stage::Closed => 0,
        }
    }

    /// The money is taken.
    pub const fn take(&mut self) {
        self.stage = Stage::Captured;
        self.news = true;
    }

    /// The true answer to a look-up.
    pub const fn seen(&self, style: Style) -> Word {
        match self.stage {
            Stage::Unknown => Word::NotFound,
            Stage::Open if style.joins => Word::NotFound,
            Stage::Open => Word::Waiting,
            Stage::Authenticated => Word::Authenticated(self.amount),
            Stage::Issued => Word::Issued(self.amount),
            Stage::Captured => Word::Captured(self.amount, self.back),
            Stage::Declined => Word::Declined,
            Stage::Closed if style.closes => Word::Closed,
            Stage::Closed => Word::Declined,
        }
    }

    /// What a copy that lags may still say.
    pub fn stale(&self, style: Style) -> Vec<Word> {
        let mut words = Vec::new();
        if self.stage > Stage::Open {
            words.push(Word::NotFound);
            words.extend((!style.joins).then_some(Word::Waiting));
        }
        if self.stage == Stage::Captured {
            words.extend((!style.captures_itself).then_some(Word::Authenticated(self.amount)));
            words.extend((self.back > 0).then_some(Word::Captured(self.amount, 0)));
        }
        words
    }

    /// An order reaches the provider; its answer. `yes` is what it decides where the decision is its own.
    pub fn obey(&mut self, style: Style, errand: Errand, yes: bool) -> Word {
        match errand {
            Errand::Stock(..) => Word::Silence,
            Errand::Ask(_, AskKind::Prepare) => match (self.stage, yes) {
                (Stage::Unknown, false) if style.joins => Word::Prepared(false),
                (Stage::Unknown, false) => Word::Declined,
                _ => {
                    self.stage = self.stage.max(Stage::Open);
                    Word::Prepared(style.closes || style.joins)
                }
            },
            Errand::Ask(_, AskKind::LookUp | AskKind::Cancel) => self.seen(style),
            Errand::Ask(_, AskKind::Capture) => {
                match (self.stage, yes) {
                    (Stage::Authenticated, true) => self.take(),
                    (Stage::Authenticated, false) => self.stage = Stage::Declined,
                    _ => {}
                }
                self.seen(style)
            }
            Errand::Ask(_, AskKind::Close) => match self.stage {
                Stage::Unknown => Word::NotFound,
                Stage::Captured => Word::Silence,
                _ => {
                    self.stage = Stage::Closed;
                    Word::Closed
                }
            },
            Errand::Void(_) => match self.stage {
                Stage::Issued | Stage::Closed => {
                    self.stage = Stage::Closed;
                    Word::Closed
                }
                _ => Word::Silence,
            },
            Errand::Undo(_) => match self.stage {
                Stage::Captured => {
                    self.back = self.amount;
                    Word::Cancelled
                }
                Stage::Authenticated | Stage::Closed => {
                    self.stage = Stage::Closed;
                    Word::Closed
                }
                _ => Word::Silence,
            },
            Errand::GiveBack { refund, amount, before, .. } => {
                if self.keys.contains(&refund) {
                    return Word::Cancelled;
                }
                // The order names the balance that it expects; where it is another, nothing is decided.
                if before != self.back {
                    return Word::Silence;
                }
                if self.holds() < amount {
                    return Word::Refused;
                }
                self.back += amount;
                self.keys.push(refund);
                Word::Cancelled
            }
        }
    }
}

//! What the edge answers, as plain records read from a [`Value`].
//!
//! # Why
//! No derived serde here: it would cost 13 kB of brotli in every buyer's page. A record that cannot
//! be read whole is [`None`], and the flow treats it like silence: an unreadable answer proves
//! nothing about a payment.

pub use shared::fact::DeclineCode;
pub use shared::means::{Means, Presentation};
use shared::money::{Amount, Currency};

use crate::value::Value;

/// The longest identifier or key that is believed, in bytes.
const NAME_BYTES_MAX: usize = 128;

/// Declares a closed set of words of the wire.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every word of the set.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word on the wire.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads a word of the wire.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }
        }
    };
}

words! {
    /// Where a checkout stands, in the edge's words.
    Phase {
        /// Nothing is open; an attempt may start.
        Open = "open",
        /// The provider is being asked to prepare a window.
        Preparing = "preparing",
        /// The provider's window may be shown.
        Presented = "presented",
        /// The provider is being asked what happened.
        Checking = "checking",
        /// An account number was issued; the money has not come.
        AwaitingDeposit = "awaiting_deposit",
        /// The money moved.
        Paid = "paid",
        /// The shop ended it.
        Cancelled = "cancelled",
        /// Its time ended.
        Expired = "expired",
        /// The money went back.
        Refunded = "refunded",
        /// A person has to look.
        Review = "review",
    }
}

words! {
    /// The only three things a buyer is ever told.
    Outcome {
        /// No money moved.
        NotPaid = "not_paid",
        /// Nobody knows yet.
        Checking = "checking",
        /// The money moved.
        Paid = "paid",
    }
}

words! {
    /// Why a method cannot be taken for this amount.
    Unavailable {
        /// The amount is too small for it.
        BelowMinimum = "below_minimum",
        /// The amount is too large for it.
        AboveMaximum = "above_maximum",
        /// Any other reason.
        Other = "other",
    }
}

/// One row of the list of methods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Method {
    /// The channel's name for it, such as `toss_card`.
    pub id: String,
    /// What it is.
    pub kind: Means,
    /// The rungs allowed on this device, best first.
    pub presentations: Vec<Presentation>,
    /// Why it cannot be taken; [`None`] when it can.
    pub unavailable: Option<Unavailable>,
}

/// An account number that waits for the buyer's money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    /// The bank.
    pub bank: String,
    /// The account number.
    pub account: String,
    /// In whose name the account is held.
    pub holder: String,
    /// Until when, as RFC 3339 in UTC; empty when not told.
    pub until: String,
}

/// Where the checkout stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Rises with every change; a lower one is old news.
    pub version: u64,
    /// In the edge's words.
    pub phase: Phase,
    /// In the buyer's words.
    pub outcome: Outcome,
    /// The attempt that is open, or was last.
    pub attempt: Option<String>,
    /// Why the last attempt did not pay.
    pub decline: Option<DeclineCode>,
    /// A fresh token, when a new attempt may start.
    pub token: Option<String>,
    /// The account that waits for money.
    pub deposit: Option<Deposit>,
    /// When the money moved, as RFC 3339 in UTC.
    pub paid_at: Option<String>,
    /// When to ask again, in milliseconds; 0 when there is nothing left to ask.
    pub poll_after_ms: u64,
    /// The page that shows the same later and on any device.
    pub link: Option<String>,
}

/// What is to be paid, and how it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The checkout's id.
    pub checkout: String,
    /// What is to be paid.
    pub amount: Amount,
    /// What is bought, in the shop's words.
    pub label: String,
    /// Who sells.
    pub merchant: String,
    /// Who sells, in English; empty when not told.
    pub merchant_en: String,
    /// No real money moves.
    pub test_mode: bool,
    /// The ways to pay, in the shop's order.
    pub methods: Vec<Method>,
    /// Where it stands, once an attempt was made.
    pub status: Option<Status>,
}

/// A window that the edge lets us show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// How.
    pub kind: Presentation,
    /// What it loads.
    pub url: String,
    /// What its messages must carry.
    pub nonce: String,
}

/// The answer to a new attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptAnswer {
    /// Proves this browser to the edge from now on; [`None`] on a read-only view.
    pub state_key: Option<String>,
    /// What to show; [`None`] when there is nothing (any more).
    pub window: Option<Window>,
    /// Where it stands.
    pub status: Status,
}

impl Status {
    /// Reads a status.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        Some(Self {
            version: value.get("version").whole()?,
            phase: Phase::parse(value.get("phase").text()?)?,
            outcome: Outcome::parse(value.get("outcome").text()?)?,
            attempt: value.get("attempt").owned(),
            decline: value
                .get("decline")
                .get("code")
                .text()
                .map(|code| DeclineCode::parse(code).unwrap_or(DeclineCode::Other)),
            token: value.get("token").owned(),
            deposit: Deposit::read(value.get("deposit")),
            paid_at: value.get("paid_at").owned(),
            poll_after_ms: value.get("poll_after_ms").whole()?,
            link: value.get("status_url").owned().filter(|link| link.starts_with("http")),
        })
    }
}

impl Deposit {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            bank: value.get("bank").owned()?,
            account: value.get("account").owned()?,
            holder: value.get("holder").owned().unwrap_or_default(),
            until: value.get("until").owned().unwrap_or_default(),
        })
    }
}

impl Method {
    /// Reads a row; a method that this version cannot name is left out by the caller.
    fn read(value: &Value) -> Option<Self> {
        let unavailable = match value.get("available").is_true() {
            true => None,
            false => Some(
                value
                    .get("reason")
                    .text()
                    .and_then(Unavailable::parse)
                    .unwrap_or(Unavailable::Other),
            ),
        };
        Some(Self {
            id: value.get("id").owned()?,
            kind: Means::parse(value.get("method").text()?)?,
            presentations: value
                .get("presentations")
                .items()
                .iter()
                .filter_map(|rung| Presentation::parse(rung.text()?))
                .collect(),
            unavailable,
        })
    }

    /// Whether the buyer may take it.
    #[must_use]
    pub const fn available(&self) -> bool {
        self.unavailable.is_none() && !self.presentations.is_empty()
    }
}

impl Session {
    /// Reads a session; a status that is there but unreadable makes the whole unreadable.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        let currency = Currency::parse(value.get("currency").text()?)?;
        let status = match value.get("status") {
            Value::Null => None,
            told @ (Value::Bool(_)
            | Value::Whole(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_)) => Some(Status::read(told)?),
        };
        Some(Self {
            checkout: value.get("checkout").owned()?,
            amount: Amount::from_minor(value.get("amount").whole()?, currency).ok()?,
            label: value.get("label").owned().unwrap_or_default(),
            merchant: value.get("merchant_name").owned().unwrap_or_default(),
            merchant_en: value.get("merchant_name_en").owned().unwrap_or_default(),
            test_mode: value.get("test_mode").is_true(),
            methods: value.get("methods").items().iter().filter_map(Method::read).collect(),
            status,
        })
    }
}

impl Window {
    /// Reads a window whose page lies on `edge`; any other page is refused.
    #[must_use]
    pub fn read(value: &Value, edge: &str) -> Option<Self> {
        let url = value.get("url").text()?;
        let path = url.strip_prefix(edge)?;
        path.starts_with('/').then_some(())?;
        Some(Self {
            kind: Presentation::parse(value.get("kind").text()?)?,
            url: url.to_owned(),
            nonce: name(value.get("nonce"))?,
        })
    }
}

impl AttemptAnswer {
    /// Reads the answer to a new attempt of the edge at `edge`.
    #[must_use]
    pub fn read(value: &Value, edge: &str) -> Option<Self> {
        let window = match value.get("presentation") {
            Value::Null => None,
            told @ (Value::Bool(_)
            | Value::Whole(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_)) => Some(Window::read(told, edge)?),
        };
        Some(Self {
            state_key: name(value.get("state_key")),
            window,
            status: Status::read(value.get("status"))?,
        })
    }
}

/// A short identifier of letters, digits, `-` and `_`: what we are ready to put into a header.
#[must_use]
pub fn name(value: &Value) -> Option<String> {
    let text = value.text()?;
    let plain =
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    (plain && !text.is_empty() && text.len() <= NAME_BYTES_MAX).then(|| text.to_owned())
}

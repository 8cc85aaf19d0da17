//! What providers are asked and what they say, in words that belong to no provider.
//!
//! An adapter turns [`Ask`] into its provider's request and the answer into a [`Fact`]. A fact is what
//! the provider *said*; whether it fits our books is decided by `payment`. The unknown has names
//! ([`Fact::NotFound`], [`Fact::Unclear`], [`Fact::Silence`]) and is never a failure.

use crate::id::RequestId;
use crate::money::{Amount, Total};
use crate::notes::Learnt;
use crate::time::{Span, Timestamp};

/// The provider's own id of a payment (tid, imp_uid, paymentKey): bounded text, opaque to us.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderPaymentId(String);

impl ProviderPaymentId {
    /// Takes 1 to 200 printable ASCII bytes (Toss's paymentKey may have 200).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let good = (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        good.then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where the money of a cash-like payment is sent back to (R62). Personal data: the journal and the
/// logs must not hold it, so it prints as dots.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RefundAccount {
    /// The bank, by the provider's code.
    pub bank: String,
    /// Digits only.
    pub number: String,
    /// The holder's name.
    pub holder: String,
}

impl core::fmt::Debug for RefundAccount {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("RefundAccount(…)")
    }
}

/// A question or an order to a provider. Each is repeated word for word until it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Announce the payment before its window is shown; answered by [`Fact::Prepared`].
    Prepare {
        /// The attempt's id at the provider.
        request_id: RequestId,
        /// What is to be paid.
        amount: Amount,
        /// What the buyer sees, at most 100 characters.
        goods_name: String,
        /// The shop's id of the buyer.
        buyer: String,
    },
    /// What is true now?
    LookUp {
        /// The attempt's id at the provider.
        request_id: RequestId,
        /// The provider's id, once known.
        provider_payment_id: Option<ProviderPaymentId>,
    },
    /// Take the money of an authenticated payment.
    Capture {
        /// The attempt's id at the provider.
        request_id: RequestId,
        /// The provider's id.
        provider_payment_id: ProviderPaymentId,
        /// What is to be taken; equal to what was authenticated.
        amount: Amount,
    },
    /// Make sure that this attempt can never be paid any more; answered by [`Fact::Closed`] or
    /// [`Fact::Captured`].
    Close {
        /// The attempt's id at the provider.
        request_id: RequestId,
    },
    /// Give captured money back, in full or in part.
    Cancel {
        /// The attempt's id at the provider.
        request_id: RequestId,
        /// The provider's id.
        provider_payment_id: ProviderPaymentId,
        /// What is given back.
        amount: Amount,
        /// What was captured in all; nothing for an account that is to be voided before anybody has
        /// paid into it.
        captured: Total,
        /// What was given back before this.
        cancelled_before: Total,
        /// Stable name of this cancel: the idempotency key of every repeat.
        key: String,
        /// Why, for the provider's console; at most 200 characters.
        reason: String,
        /// Only for methods that cannot be reversed by the provider alone.
        account: Option<RefundAccount>,
    },
}

/// The kinds of [`Ask`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AskKind {
    /// [`Ask::Prepare`]
    Prepare,
    /// [`Ask::LookUp`]
    LookUp,
    /// [`Ask::Capture`]
    Capture,
    /// [`Ask::Close`]
    Close,
    /// [`Ask::Cancel`]
    Cancel,
}

impl Ask {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> AskKind {
        match self {
            Self::Prepare { .. } => AskKind::Prepare,
            Self::LookUp { .. } => AskKind::LookUp,
            Self::Capture { .. } => AskKind::Capture,
            Self::Close { .. } => AskKind::Close,
            Self::Cancel { .. } => AskKind::Cancel,
        }
    }

    /// The attempt's id at the provider.
    #[must_use]
    pub const fn request_id(&self) -> RequestId {
        match self {
            Self::Prepare { request_id, .. }
            | Self::LookUp { request_id, .. }
            | Self::Capture { request_id, .. }
            | Self::Close { request_id }
            | Self::Cancel { request_id, .. } => *request_id,
        }
    }
}

/// A payment as the provider describes it: everything that is compared before anything is believed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sighting {
    /// The request id as the provider printed it; compared with ours as text.
    pub request_id: String,
    /// The merchant as the provider named it, where it does.
    pub merchant: Option<String>,
    /// The provider's id.
    pub provider_payment_id: ProviderPaymentId,
    /// The whole amount of the payment.
    pub amount: Total,
    /// What was given back up to now.
    pub cancelled: Total,
}

/// A virtual account that waits for the buyer's deposit (R35).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Deposit {
    /// The bank, as the buyer knows it.
    pub bank: String,
    /// The account's number.
    pub account: String,
    /// The account's holder, where the provider tells it.
    pub holder: String,
    /// When the provider stops taking the deposit.
    pub until: Timestamp,
}

/// Why an attempt did not lead to a payment, in the closed list that buyers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclineCode {
    /// The card company or bank said no.
    CardDeclined,
    /// The buyer pressed cancel in the window.
    BuyerCancelled,
    /// A limit of the method, the card or the buyer.
    LimitExceeded,
    /// The window's or the approval's time ran out.
    Expired,
    /// The last piece went to somebody else.
    SoldOut,
    /// The provider holds another amount, currency or merchant than we asked for.
    AmountMismatch,
    /// The provider could not begin.
    ProviderUnavailable,
    /// Anything else that the provider named.
    Other,
}

impl DeclineCode {
    /// Every code.
    pub const ALL: [Self; 8] = [
        Self::CardDeclined,
        Self::BuyerCancelled,
        Self::LimitExceeded,
        Self::Expired,
        Self::SoldOut,
        Self::AmountMismatch,
        Self::ProviderUnavailable,
        Self::Other,
    ];

    /// The code on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CardDeclined => "card_declined",
            Self::BuyerCancelled => "buyer_cancelled",
            Self::LimitExceeded => "limit_exceeded",
            Self::Expired => "expired",
            Self::SoldOut => "sold_out",
            Self::AmountMismatch => "amount_mismatch",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::Other => "other",
        }
    }

    /// Reads the code on the wire.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.code() == code)
    }
}

/// A refusal with the provider's own word for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decline {
    /// What the buyer is told.
    pub code: DeclineCode,
    /// The provider's code, for the shop's staff.
    pub provider_code: Option<String>,
}

/// What a provider said, or that it did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// One step on the way to an answer: this is kept, and then the same question is put again.
    More(Learnt),
    /// It knows no such payment. While our own question may still travel this proves nothing.
    NotFound,
    /// The window may be shown; the provider's token, where it has one (R49). Without one, a provider whose
    /// buyers have to join it first shows the window in which they do, and is asked again meanwhile.
    Prepared {
        /// Carried into the window.
        token: Option<String>,
    },
    /// Known, and no money has moved nor can we move it yet.
    Waiting,
    /// The buyer has authenticated; the money moves when we capture.
    Authenticated(Sighting),
    /// A virtual account was issued; the money comes when the buyer pays in.
    DepositIssued(Sighting, Deposit),
    /// The money has moved.
    Captured(Sighting),
    /// The provider's explicit word that this attempt ended without money.
    Declined(Decline),
    /// This attempt can never be paid any more.
    Closed,
    /// The cancel was carried out; what is given back in all.
    Cancelled {
        /// Everything given back up to now, where the provider tells it.
        cancelled: Option<Total>,
    },
    /// The provider refuses the cancel, by its explicit word.
    CancelRefused {
        /// The provider's code.
        provider_code: String,
    },
    /// Too many questions, or the same one is still being worked on: ask again after this.
    Busy {
        /// How long to wait.
        retry_after: Span,
    },
    /// An answer that decides nothing: 5xx, another format, a word we do not know.
    Unclear {
        /// For the log; never personal data.
        detail: String,
    },
    /// No answer came.
    Silence,
}

/// The kinds of [`Fact`], for tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactKind {
    /// [`Fact::More`]
    More,
    /// [`Fact::NotFound`]
    NotFound,
    /// [`Fact::Prepared`]
    Prepared,
    /// [`Fact::Waiting`]
    Waiting,
    /// [`Fact::Authenticated`]
    Authenticated,
    /// [`Fact::DepositIssued`]
    DepositIssued,
    /// [`Fact::Captured`]
    Captured,
    /// [`Fact::Declined`]
    Declined,
    /// [`Fact::Closed`]
    Closed,
    /// [`Fact::Cancelled`]
    Cancelled,
    /// [`Fact::CancelRefused`]
    CancelRefused,
    /// [`Fact::Busy`]
    Busy,
    /// [`Fact::Unclear`]
    Unclear,
    /// [`Fact::Silence`]
    Silence,
}

impl Fact {
    /// What the provider showed of its payment, where it showed one.
    #[must_use]
    pub const fn sighting(&self) -> Option<&Sighting> {
        match self {
            Self::Authenticated(sighting)
            | Self::DepositIssued(sighting, _)
            | Self::Captured(sighting) => Some(sighting),
            Self::More(_)
            | Self::NotFound
            | Self::Prepared { .. }
            | Self::Waiting
            | Self::Declined(_)
            | Self::Closed
            | Self::Cancelled { .. }
            | Self::CancelRefused { .. }
            | Self::Busy { .. }
            | Self::Unclear { .. }
            | Self::Silence => None,
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> FactKind {
        match self {
            Self::More(_) => FactKind::More,
            Self::NotFound => FactKind::NotFound,
            Self::Prepared { .. } => FactKind::Prepared,
            Self::Waiting => FactKind::Waiting,
            Self::Authenticated(_) => FactKind::Authenticated,
            Self::DepositIssued(..) => FactKind::DepositIssued,
            Self::Captured(_) => FactKind::Captured,
            Self::Declined(_) => FactKind::Declined,
            Self::Closed => FactKind::Closed,
            Self::Cancelled { .. } => FactKind::Cancelled,
            Self::CancelRefused { .. } => FactKind::CancelRefused,
            Self::Busy { .. } => FactKind::Busy,
            Self::Unclear { .. } => FactKind::Unclear,
            Self::Silence => FactKind::Silence,
        }
    }
}

//! What a payment is made of: its phases, its attempts, and what each of them knows.

use crate::fact::{Decline, Deposit, ProviderPaymentId, Sighting};
use crate::id::{AttemptId, ChannelId, MethodId};
use crate::means::{Device, Means, Presentation};
use crate::notes::Notes;
use crate::time::Timestamp;

/// What the core needs to know of the attempt's provider; copied from its capabilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Style {
    /// Must announce the payment before the window.
    pub prepares: bool,
    /// Can close a session for good.
    pub closes: bool,
    /// The provider takes the money in its window.
    pub captures_itself: bool,
    /// Could give a part back when it began; what holds now, its provider's terms say. The release before
    /// goes by it.
    pub partial_cancel: bool,
    /// The buyer may have to join in a window of its own before the one that pays can be shown.
    pub joins: bool,
    /// The provider keeps the money after it was paid, and people there may give it back.
    pub escrow: bool,
}

impl Style {
    /// Whether a window of this provider can still be paid after we let go of its attempt: it takes the
    /// money itself, and no call of it closes the window.
    #[must_use]
    pub const fn stays_open(self) -> bool {
        self.captures_itself && !self.closes
    }
}

/// One try at one provider's window.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attempt {
    /// Its id; its request id follows from it.
    pub id: AttemptId,
    /// Which contract.
    pub channel: ChannelId,
    /// What the buyer chose.
    pub method: MethodId,
    /// How the buyer pays.
    pub means: Means,
    /// On what.
    pub device: Device,
    /// How the window is shown now.
    pub presentation: Presentation,
    /// How often the presentation changed: the newest window key wins.
    pub rung: u32,
    /// `ko` or `en`.
    pub locale: String,
    /// The provider's ways.
    pub style: Style,
    /// How the provider names the merchant, where its answers do.
    pub merchant: Option<String>,
    /// Digest of the token's `jti` and the request's key: a repeat has the same.
    pub begun_by: [u8; 32],
    /// When it began.
    pub started_at: Timestamp,
    /// When its window's life ends.
    pub ends_at: Timestamp,
    /// The provider's token, stored before its page is shown (R49).
    pub token: Option<String>,
    /// What the adapter learnt on the way.
    pub notes: Notes,
    /// How many steps were taken on the way to the next answer.
    pub steps: u32,
    /// The provider's id, learnt by look-up.
    pub payment_id: Option<ProviderPaymentId>,
    /// How it ended, if it ended without money.
    pub decline: Option<Decline>,
}

impl Attempt {
    /// Whether its window is still the one in which the buyer joins: nothing can be paid there.
    #[must_use]
    pub const fn joins(&self) -> bool {
        self.style.joins && self.token.is_none()
    }
}

/// Why an attempt is being closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// The buyer left the window and wants another method.
    BuyerLeft,
    /// The shop cancels the checkout.
    ShopCancels,
    /// The attempt's clock ran out.
    Over,
}

/// What is to be asked next while capturing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaptureTurn {
    /// Tell it to take the money, with the attempt's key.
    Capture,
    /// Ask what became of it.
    LookUp,
}

/// Where the payment stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Nobody pays at the moment.
    Open,
    /// The attempt is recorded, the stock is being asked.
    Holding(AttemptId),
    /// The provider is asked to begin.
    Preparing(AttemptId),
    /// The window may be shown.
    Presented(AttemptId),
    /// Authenticated; the stock is being secured before the money moves.
    Rechecking(AttemptId, Sighting),
    /// Told to take the money; outcome unknown until the provider says.
    Capturing(AttemptId, Sighting, CaptureTurn),
    /// A virtual account waits for the deposit.
    AwaitingDeposit(AttemptId, Sighting, Deposit),
    /// The attempt is being closed; an unpaid virtual account has to be cancelled first.
    Closing(AttemptId, Why, Option<Sighting>),
    /// The provider has the money; the stock is being secured.
    Securing(AttemptId, Sighting),
    /// Paid.
    Paid(AttemptId, Sighting, Timestamp),
    /// Cancelled by the shop.
    Cancelled(Timestamp),
    /// Nobody paid in time.
    Expired(Timestamp),
}

/// The names of the phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PhaseKind {
    /// [`Phase::Open`]
    Open,
    /// [`Phase::Holding`]
    Holding,
    /// [`Phase::Preparing`]
    Preparing,
    /// [`Phase::Presented`]
    Presented,
    /// [`Phase::Rechecking`]
    Rechecking,
    /// [`Phase::Capturing`]
    Capturing,
    /// [`Phase::AwaitingDeposit`]
    AwaitingDeposit,
    /// [`Phase::Closing`]
    Closing,
    /// [`Phase::Securing`]
    Securing,
    /// [`Phase::Paid`]
    Paid,
    /// [`Phase::Cancelled`]
    Cancelled,
    /// [`Phase::Expired`]
    Expired,
}

impl PhaseKind {
    /// Every phase, in the order of the enum.
    pub const ALL: [Self; 12] = [
        Self::Open,
        Self::Holding,
        Self::Preparing,
        Self::Presented,
        Self::Rechecking,
        Self::Capturing,
        Self::AwaitingDeposit,
        Self::Closing,
        Self::Securing,
        Self::Paid,
        Self::Cancelled,
        Self::Expired,
    ];
}

impl Phase {
    /// Its name.
    #[must_use]
    pub const fn kind(&self) -> PhaseKind {
        match self {
            Self::Open => PhaseKind::Open,
            Self::Holding(_) => PhaseKind::Holding,
            Self::Preparing(_) => PhaseKind::Preparing,
            Self::Presented(_) => PhaseKind::Presented,
            Self::Rechecking(..) => PhaseKind::Rechecking,
            Self::Capturing(..) => PhaseKind::Capturing,
            Self::AwaitingDeposit(..) => PhaseKind::AwaitingDeposit,
            Self::Closing(..) => PhaseKind::Closing,
            Self::Securing(..) => PhaseKind::Securing,
            Self::Paid(..) => PhaseKind::Paid,
            Self::Cancelled(_) => PhaseKind::Cancelled,
            Self::Expired(_) => PhaseKind::Expired,
        }
    }

    /// The attempt it is about.
    #[must_use]
    pub const fn attempt(&self) -> Option<AttemptId> {
        match self {
            Self::Open | Self::Cancelled(_) | Self::Expired(_) => None,
            Self::Holding(attempt)
            | Self::Preparing(attempt)
            | Self::Presented(attempt)
            | Self::Rechecking(attempt, _)
            | Self::Capturing(attempt, ..)
            | Self::AwaitingDeposit(attempt, ..)
            | Self::Closing(attempt, ..)
            | Self::Securing(attempt, _)
            | Self::Paid(attempt, ..) => Some(*attempt),
        }
    }

    /// Where the buyer pays in, while that is waited for.
    #[must_use]
    pub const fn deposit(&self) -> Option<&Deposit> {
        if let Self::AwaitingDeposit(_, _, deposit) = self { Some(deposit) } else { None }
    }

    /// When it was paid, if it is.
    #[must_use]
    pub const fn paid_at(&self) -> Option<Timestamp> {
        if let Self::Paid(_, _, at) = self { Some(*at) } else { None }
    }

    /// What the provider showed us last, where this phase rests on it.
    #[must_use]
    pub const fn sighting(&self) -> Option<&Sighting> {
        match self {
            Self::Rechecking(_, sighting)
            | Self::Capturing(_, sighting, _)
            | Self::AwaitingDeposit(_, sighting, _)
            | Self::Closing(_, _, Some(sighting))
            | Self::Securing(_, sighting)
            | Self::Paid(_, sighting, _) => Some(sighting),
            Self::Open
            | Self::Holding(_)
            | Self::Preparing(_)
            | Self::Presented(_)
            | Self::Closing(_, _, None)
            | Self::Cancelled(_)
            | Self::Expired(_) => None,
        }
    }
}

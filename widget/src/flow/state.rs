//! States, inputs and effects with their data.

use super::kind::{Answer, News, Sign, StateKind};
use crate::record::{AttemptAnswer, Outcome, Phase, Presentation, Session, Status, Window};

/// One wish to pay: repeated word for word until somebody answers, so that it can pay only once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The idempotency key.
    pub key: String,
    /// The method's id.
    pub method: String,
    /// The rung that is asked for.
    pub rung: Presentation,
    /// The token that it uses; never written down.
    pub token: String,
}

/// What this browser remembers of a checkout across reloads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    /// Proves this browser to the edge.
    pub state_key: Option<String>,
    /// The last wish; answered once `state_key` is there.
    pub intent: Option<Intent>,
    /// The attempt that is open, or was last.
    pub attempt: Option<String>,
}

/// What became of the window that was opened in the click, while the edge was still asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blank {
    /// It waits for its address.
    Open,
    /// The browser refused it.
    Blocked,
    /// It was closed, or none was opened.
    Gone,
}

/// The line over which the edge tells by itself. Nothing depends on it: without one it is asked more often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// None is wanted.
    Closed,
    /// It is being opened.
    Asked,
    /// The edge has spoken on it.
    Open,
    /// It is gone, for so many turns of the clock.
    Lost(u32),
}

/// Where the widget stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// See [`StateKind::Loading`].
    Loading {
        /// The buyer pressed before anything was known.
        pressed: bool,
    },
    /// See [`StateKind::Unreachable`].
    Unreachable,
    /// See [`StateKind::Choosing`].
    Choosing {
        /// Why the last try was refused.
        notice: Option<String>,
    },
    /// See [`StateKind::Opening`].
    Opening {
        /// What is asked for.
        intent: Intent,
        /// The window that waits.
        blank: Blank,
    },
    /// See [`StateKind::Failed`].
    Failed {
        /// What was asked for.
        intent: Intent,
    },
    /// See [`StateKind::Away`].
    Away,
    /// See [`StateKind::Blocked`].
    Blocked {
        /// The rung that is offered.
        next: Presentation,
    },
    /// See [`StateKind::Climbing`].
    Climbing {
        /// The window that waits.
        blank: Blank,
    },
    /// See [`StateKind::Interrupted`].
    Interrupted,
    /// See [`StateKind::Confirming`].
    Confirming {
        /// How often the clock made us ask.
        asked: u32,
        /// So often it is asked again before an open attempt counts as interrupted.
        patience: u32,
    },
    /// See [`StateKind::Viewer`].
    Viewer,
    /// See [`StateKind::Deposit`].
    Deposit,
    /// See [`StateKind::Declined`].
    Declined,
    /// See [`StateKind::Review`].
    Review,
    /// See [`StateKind::Paid`].
    Paid,
    /// See [`StateKind::Cancelled`].
    Cancelled,
    /// See [`StateKind::Expired`].
    Expired,
    /// See [`StateKind::Refunded`].
    Refunded,
    /// See [`StateKind::Refused`].
    Refused {
        /// The edge's code, or ours.
        code: String,
    },
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The buyer pressed the button that pays.
    Pressed {
        /// A fresh idempotency key, used when a new wish begins.
        key: String,
    },
    /// The buyer chose a method.
    Chosen {
        /// Its id.
        method: String,
    },
    /// The buyer wants another try.
    Retry,
    /// The buyer goes on with the open attempt.
    Continue,
    /// The buyer closes the window or gives the attempt up.
    Abandon,
    /// The edge told the session.
    SessionTold {
        /// The session.
        session: Session,
        /// What this browser remembered when it asked.
        memory: Memory,
        /// No other living tab pays for this checkout.
        owner: bool,
    },
    /// The edge answered the attempt.
    AttemptTold(AttemptAnswer),
    /// The edge gave another window for the open attempt.
    WindowTold(Window),
    /// The edge told where the checkout stands.
    StatusTold(Status),
    /// The edge told the same by itself, over the line that is open.
    Pushed(Status),
    /// The edge refused a question.
    Refused {
        /// Its code.
        code: String,
        /// What this browser remembered when it asked; [`None`] when that played no part.
        memory: Option<Memory>,
    },
    /// No answer, or none that could be read.
    Silence,
    /// Something was noticed.
    Noticed(Sign),
}

/// What the page is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The session is there.
    Ready,
    /// Something changed.
    State {
        /// In the edge's words.
        phase: Phase,
        /// In the buyer's words.
        outcome: Outcome,
        /// Rises with every change.
        version: u64,
    },
    /// The money moved.
    Paid,
    /// Something is wrong that the page may want to know.
    Error(String),
}

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Read the memory anew and ask the edge for the session.
    AskSession,
    /// Ask the edge where it stands.
    AskStatus,
    /// Have the edge ask the provider.
    AskLook,
    /// Tell the edge that the buyer gives the attempt up.
    AskAbandon,
    /// Ask for an attempt.
    AskAttempt(Intent),
    /// Ask for another window for the open attempt.
    AskWindow(Presentation),
    /// Open an empty window now, in the buyer's own click.
    OpenWindow(Presentation),
    /// Give the window its address.
    ShowWindow(Window),
    /// Bring the window to the front.
    FocusWindow,
    /// Close the window, wherever it is.
    CloseWindow,
    /// Keep this across reloads.
    Remember(Memory),
    /// Forget everything about the checkout.
    Forget,
    /// Say to other tabs that this one pays.
    Claim,
    /// Say to other tabs that something changed.
    TellTabs,
    /// Feed a tick after so many milliseconds; replaces the one before.
    Wake(u64),
    /// No tick any more.
    Sleep,
    /// Open the line over which the edge tells by itself; replaces the one before.
    Listen,
    /// Close it.
    Hush,
    /// Move the focus to the list of methods.
    FocusMethods,
    /// Tell the page.
    Tell(Event),
}

impl State {
    /// The state's name.
    #[must_use]
    pub const fn kind(&self) -> StateKind {
        match self {
            Self::Loading { .. } => StateKind::Loading,
            Self::Unreachable => StateKind::Unreachable,
            Self::Choosing { .. } => StateKind::Choosing,
            Self::Opening { .. } => StateKind::Opening,
            Self::Failed { .. } => StateKind::Failed,
            Self::Away => StateKind::Away,
            Self::Blocked { .. } => StateKind::Blocked,
            Self::Climbing { .. } => StateKind::Climbing,
            Self::Interrupted => StateKind::Interrupted,
            Self::Confirming { .. } => StateKind::Confirming,
            Self::Viewer => StateKind::Viewer,
            Self::Deposit => StateKind::Deposit,
            Self::Declined => StateKind::Declined,
            Self::Review => StateKind::Review,
            Self::Paid => StateKind::Paid,
            Self::Cancelled => StateKind::Cancelled,
            Self::Expired => StateKind::Expired,
            Self::Refunded => StateKind::Refunded,
            Self::Refused { .. } => StateKind::Refused,
        }
    }
}

/// The name of what a status says.
pub(super) const fn news(status: &Status, owner: bool) -> News {
    match status.phase {
        Phase::Open => match status.decline {
            Some(_) => News::Declined,
            None => News::Open,
        },
        Phase::Preparing | Phase::Presented => match owner {
            true => News::Presented,
            false => News::Elsewhere,
        },
        Phase::Checking => News::Checking,
        Phase::AwaitingDeposit => News::Deposit,
        Phase::Paid => News::Paid,
        Phase::Cancelled => News::Cancelled,
        Phase::Expired => News::Expired,
        Phase::Refunded => News::Refunded,
        Phase::Review => News::Review,
    }
}

/// What a refusal means for the buyer, by the edge's code. `known`: this browser has a key, so that
/// it can ask what became of an attempt.
pub(super) fn refusal(code: &str, known: bool) -> Answer {
    match code {
        "attempt_open" | "checkout_paid" | "checkout_closed" => match known {
            true => Answer::RefusedOpen,
            false => Answer::RefusedForGood,
        },
        passing if is_passing(passing) => Answer::Silence,
        "unauthorized" | "origin_not_allowed" | "not_found" | "state_mismatch" => {
            Answer::RefusedForGood
        }
        other if other.starts_with("token_") || other.starts_with("quote_") => {
            Answer::RefusedForGood
        }
        _ => Answer::RefusedHere,
    }
}

/// A refusal that only means "ask again soon".
#[must_use]
pub fn is_passing(code: &str) -> bool {
    matches!(code, "request_in_progress" | "rate_limited" | "internal")
}

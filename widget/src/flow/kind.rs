//! The names of states and inputs, without their data: the two axes of the table.

/// Declares an enum with the list of its values and their names.
macro_rules! axis {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant),)+ }
            }
        }
    };
}

axis! {
    /// A state's name.
    StateKind {
        /// The edge is asked what is to be paid and where it stands.
        Loading,
        /// The edge did not answer that; it is asked again.
        Unreachable,
        /// The buyer chooses how to pay. Nothing is open.
        Choosing,
        /// The attempt is asked for; the empty window is open already.
        Opening,
        /// Nobody answered whether the attempt exists; only the very same question may be repeated.
        Failed,
        /// The provider's window is shown.
        Away,
        /// The window could not be shown; the next rung is offered.
        Blocked,
        /// Another window for the same attempt is asked for.
        Climbing,
        /// The window is gone and the attempt still open: go on with it, or give it up.
        Interrupted,
        /// The edge finds out what happened. No second payment starts here.
        Confirming,
        /// Another tab pays; this one looks on.
        Viewer,
        /// An account number waits for the buyer's money.
        Deposit,
        /// The last attempt did not pay; another may start.
        Declined,
        /// A person at the shop looks into it.
        Review,
        /// Paid.
        Paid,
        /// The shop ended the checkout.
        Cancelled,
        /// The checkout's time is over.
        Expired,
        /// The money went back.
        Refunded,
        /// The edge refuses this page; only the shop's page can help.
        Refused,
    }
}

axis! {
    /// What the buyer does.
    Buyer {
        /// The button that pays.
        Pressed,
        /// A method of the list.
        Chosen,
        /// "Try again".
        Retry,
        /// "Go on" with the attempt that is open.
        Continue,
        /// Close the window, or give the attempt up.
        Abandon,
    }
}

axis! {
    /// What the edge answers to a question, apart from news about the checkout.
    Answer {
        /// A session in which nothing is open.
        SessionFresh,
        /// The attempt, and a window for it.
        AttemptGiven,
        /// The attempt as it stands, with nothing to show.
        AttemptNews,
        /// Another tab's attempt, to look on.
        AttemptSeen,
        /// Another window for the same attempt.
        WindowGiven,
        /// This try is refused; another method or a later try may do.
        RefusedHere,
        /// An attempt is open already.
        RefusedOpen,
        /// This page's token is of no use.
        RefusedForGood,
        /// No answer, or none that could be read.
        Silence,
    }
}

axis! {
    /// What the edge says about the checkout.
    News {
        /// Nothing is open.
        Open,
        /// Nothing is open, and the last attempt did not pay.
        Declined,
        /// An attempt is open in another tab.
        Elsewhere,
        /// An attempt of this tab is open.
        Presented,
        /// The provider is being asked.
        Checking,
        /// An account waits for money.
        Deposit,
        /// Paid.
        Paid,
        /// Ended by the shop.
        Cancelled,
        /// Ended by time.
        Expired,
        /// The money went back.
        Refunded,
        /// A person looks into it.
        Review,
    }
}

axis! {
    /// What is noticed: reasons to ask, never answers.
    Sign {
        /// The browser did not open the window, or something closed it at once.
        WindowBlocked,
        /// The frame gave no sign of life in time.
        WindowSilent,
        /// The window is gone.
        WindowClosed,
        /// The window says: look now.
        Look,
        /// The page came out of the back-forward cache.
        Shown,
        /// Another tab says that something changed.
        TabSpoke,
        /// The buyer looks at the page again, or the network is back.
        Nudged,
        /// The time to ask again.
        Tick,
        /// The line over which the edge tells by itself is gone.
        Parted,
    }
}

/// An input's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputKind {
    /// By the buyer.
    Buyer(Buyer),
    /// By the edge, to a question.
    Answer(Answer),
    /// By the edge, about the checkout.
    Heard(News),
    /// Noticed.
    Sign(Sign),
}

impl InputKind {
    /// Every input's name.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut all = Vec::new();
        all.extend(Buyer::ALL.iter().copied().map(Self::Buyer));
        all.extend(Answer::ALL.iter().copied().map(Self::Answer));
        all.extend(News::ALL.iter().copied().map(Self::Heard));
        all.extend(Sign::ALL.iter().copied().map(Self::Sign));
        all
    }
}

impl StateKind {
    /// A provider's window (or the empty one that becomes it) is open in this state.
    #[must_use]
    pub const fn has_window(self) -> bool {
        match self {
            Self::Opening | Self::Away | Self::Climbing => true,
            Self::Loading
            | Self::Unreachable
            | Self::Choosing
            | Self::Failed
            | Self::Blocked
            | Self::Interrupted
            | Self::Confirming
            | Self::Viewer
            | Self::Deposit
            | Self::Declined
            | Self::Review
            | Self::Paid
            | Self::Cancelled
            | Self::Expired
            | Self::Refunded
            | Self::Refused => false,
        }
    }

    /// The edge is asked from time to time in this state.
    #[must_use]
    pub const fn polls(self) -> bool {
        match self {
            Self::Unreachable
            | Self::Away
            | Self::Climbing
            | Self::Blocked
            | Self::Interrupted
            | Self::Confirming
            | Self::Viewer
            | Self::Deposit
            | Self::Review => true,
            Self::Loading
            | Self::Choosing
            | Self::Opening
            | Self::Failed
            | Self::Declined
            | Self::Paid
            | Self::Cancelled
            | Self::Expired
            | Self::Refunded
            | Self::Refused => false,
        }
    }

    /// Nothing that the buyer can do here changes anything.
    #[must_use]
    pub const fn is_over(self) -> bool {
        match self {
            Self::Paid | Self::Cancelled | Self::Expired | Self::Refunded | Self::Refused => true,
            Self::Loading
            | Self::Unreachable
            | Self::Choosing
            | Self::Opening
            | Self::Failed
            | Self::Away
            | Self::Blocked
            | Self::Climbing
            | Self::Interrupted
            | Self::Confirming
            | Self::Viewer
            | Self::Deposit
            | Self::Declined
            | Self::Review => false,
        }
    }
}

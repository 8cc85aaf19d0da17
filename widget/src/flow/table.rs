//! The transition table: which state follows which input. Nothing else decides that.
//!
//! # Why
//! The double-click guard, the second return of a window and the late message are rows here, so that
//! each is read, reviewed and tested natively; a disabled button is only their shadow. The golden
//! matrix `testdata/flow.txt` prints every row: a change of behaviour is a changed line.

use super::kind::{Answer, Buyer, InputKind, News, Sign, StateKind as K};

/// What an input does to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing happens.
    Same,
    /// The state stays; its data is renewed or a question is asked again.
    Keep,
    /// The next state.
    Go(K),
}

use Verdict::{Go, Keep, Same};

/// What `input` does in `state`.
#[must_use]
pub const fn verdict(state: K, input: InputKind) -> Verdict {
    match input {
        InputKind::Buyer(input) => buyer(state, input),
        InputKind::Answer(input) => answer(state, input),
        InputKind::Heard(news) => heard(state, news),
        InputKind::Sign(input) => sign(state, input),
    }
}

/// What the buyer does. A press counts only where no payment can be under way.
const fn buyer(state: K, input: Buyer) -> Verdict {
    match state {
        K::Loading => match input {
            Buyer::Pressed => Keep,
            Buyer::Chosen | Buyer::Retry | Buyer::Continue | Buyer::Abandon => Same,
        },
        K::Unreachable => match input {
            Buyer::Retry => Go(K::Loading),
            Buyer::Pressed | Buyer::Chosen | Buyer::Continue | Buyer::Abandon => Same,
        },
        K::Choosing => match input {
            Buyer::Pressed => Go(K::Opening),
            Buyer::Chosen => Keep,
            Buyer::Retry | Buyer::Continue | Buyer::Abandon => Same,
        },
        K::Declined => match input {
            Buyer::Pressed => Go(K::Opening),
            Buyer::Chosen => Keep,
            Buyer::Retry => Go(K::Choosing),
            Buyer::Continue | Buyer::Abandon => Same,
        },
        K::Failed => match input {
            Buyer::Retry => Go(K::Opening),
            Buyer::Pressed | Buyer::Chosen | Buyer::Continue | Buyer::Abandon => Same,
        },
        K::Away => match input {
            Buyer::Continue => Keep,
            Buyer::Abandon => Go(K::Confirming),
            Buyer::Pressed | Buyer::Chosen | Buyer::Retry => Same,
        },
        K::Blocked | K::Interrupted => match input {
            Buyer::Continue => Go(K::Climbing),
            Buyer::Abandon => Go(K::Confirming),
            Buyer::Pressed | Buyer::Chosen | Buyer::Retry => Same,
        },
        K::Climbing => match input {
            Buyer::Abandon => Go(K::Confirming),
            Buyer::Pressed | Buyer::Chosen | Buyer::Retry | Buyer::Continue => Same,
        },
        K::Viewer => match input {
            Buyer::Continue => Go(K::Climbing),
            Buyer::Pressed | Buyer::Chosen | Buyer::Retry | Buyer::Abandon => Same,
        },
        K::Opening
        | K::Confirming
        | K::Deposit
        | K::Review
        | K::Paid
        | K::Cancelled
        | K::Expired
        | K::Refunded
        | K::Refused => match input {
            Buyer::Pressed | Buyer::Chosen | Buyer::Retry | Buyer::Continue | Buyer::Abandon => {
                Same
            }
        },
    }
}

/// What the edge answers to a question, apart from news.
const fn answer(state: K, input: Answer) -> Verdict {
    match state {
        K::Loading | K::Unreachable => match input {
            Answer::SessionFresh => Go(K::Choosing),
            Answer::RefusedHere | Answer::RefusedOpen | Answer::RefusedForGood => Go(K::Refused),
            Answer::Silence if matches!(state, K::Unreachable) => Keep,
            Answer::Silence => Go(K::Unreachable),
            Answer::AttemptGiven
            | Answer::AttemptNews
            | Answer::AttemptSeen
            | Answer::WindowGiven => Same,
        },
        K::Choosing | K::Declined => match input {
            Answer::SessionFresh => Keep,
            Answer::RefusedForGood => Go(K::Refused),
            Answer::RefusedHere
            | Answer::RefusedOpen
            | Answer::Silence
            | Answer::AttemptGiven
            | Answer::AttemptNews
            | Answer::AttemptSeen
            | Answer::WindowGiven => Same,
        },
        K::Opening => match input {
            Answer::AttemptGiven => Go(K::Away),
            Answer::AttemptNews | Answer::RefusedOpen => Go(K::Confirming),
            Answer::AttemptSeen => Go(K::Viewer),
            Answer::RefusedHere => Go(K::Choosing),
            Answer::RefusedForGood => Go(K::Refused),
            Answer::Silence => Go(K::Failed),
            Answer::SessionFresh | Answer::WindowGiven => Same,
        },
        K::Climbing => match input {
            Answer::WindowGiven => Go(K::Away),
            Answer::RefusedHere | Answer::RefusedOpen | Answer::RefusedForGood => Go(K::Confirming),
            Answer::Silence => Go(K::Blocked),
            Answer::SessionFresh
            | Answer::AttemptGiven
            | Answer::AttemptNews
            | Answer::AttemptSeen => Same,
        },
        K::Viewer | K::Confirming => match input {
            Answer::SessionFresh => Go(K::Choosing),
            Answer::RefusedHere
            | Answer::RefusedOpen
            | Answer::RefusedForGood
            | Answer::Silence => Keep,
            Answer::AttemptGiven
            | Answer::AttemptNews
            | Answer::AttemptSeen
            | Answer::WindowGiven => Same,
        },
        K::Away | K::Blocked | K::Interrupted | K::Deposit | K::Review => match input {
            Answer::RefusedHere
            | Answer::RefusedOpen
            | Answer::RefusedForGood
            | Answer::Silence => Keep,
            Answer::SessionFresh
            | Answer::AttemptGiven
            | Answer::AttemptNews
            | Answer::AttemptSeen
            | Answer::WindowGiven => Same,
        },
        K::Failed | K::Paid | K::Cancelled | K::Expired | K::Refunded | K::Refused => Same,
    }
}

/// What the edge says about the checkout. The edge is right wherever the page stands.
const fn heard(state: K, news: News) -> Verdict {
    match news {
        News::Open => match state {
            K::Loading | K::Unreachable | K::Away | K::Climbing => Go(K::Choosing),
            K::Blocked | K::Interrupted | K::Confirming => Go(K::Choosing),
            K::Viewer | K::Deposit | K::Review => Go(K::Choosing),
            K::Choosing | K::Declined | K::Opening | K::Failed => Same,
            K::Paid | K::Cancelled | K::Expired | K::Refunded | K::Refused => Same,
        },
        News::Declined => match state {
            K::Loading | K::Unreachable | K::Away | K::Climbing => Go(K::Declined),
            K::Blocked | K::Interrupted | K::Confirming => Go(K::Declined),
            K::Viewer | K::Deposit | K::Review => Go(K::Declined),
            K::Choosing | K::Declined | K::Opening | K::Failed => Same,
            K::Paid | K::Cancelled | K::Expired | K::Refunded | K::Refused => Same,
        },
        News::Elsewhere => match state {
            K::Loading | K::Unreachable | K::Choosing | K::Declined => Go(K::Viewer),
            K::Confirming | K::Review => Go(K::Viewer),
            K::Viewer | K::Away | K::Blocked | K::Interrupted | K::Deposit => Keep,
            K::Opening | K::Climbing | K::Failed => Same,
            K::Paid | K::Cancelled | K::Expired | K::Refunded | K::Refused => Same,
        },
        News::Presented => match state {
            // A page that has just come (back) asks the provider before it offers anything.
            K::Loading | K::Unreachable => Go(K::Confirming),
            K::Choosing | K::Declined | K::Confirming | K::Review => Go(K::Interrupted),
            K::Away | K::Blocked | K::Interrupted | K::Viewer | K::Deposit => Keep,
            K::Opening | K::Climbing | K::Failed => Same,
            K::Paid | K::Cancelled | K::Expired | K::Refunded | K::Refused => Same,
        },
        News::Checking => match state {
            K::Loading | K::Unreachable | K::Choosing | K::Declined => Go(K::Confirming),
            K::Blocked | K::Interrupted | K::Climbing => Go(K::Confirming),
            K::Viewer | K::Deposit | K::Review => Go(K::Confirming),
            K::Confirming | K::Away => Keep,
            K::Opening | K::Failed => Same,
            K::Paid | K::Cancelled | K::Expired | K::Refunded | K::Refused => Same,
        },
        News::Deposit => match state {
            K::Deposit => Keep,
            K::Opening | K::Paid | K::Cancelled | K::Expired | K::Refunded | K::Refused => Same,
            K::Loading | K::Unreachable | K::Choosing | K::Declined | K::Failed => Go(K::Deposit),
            K::Away | K::Climbing | K::Blocked | K::Interrupted => Go(K::Deposit),
            K::Confirming | K::Viewer | K::Review => Go(K::Deposit),
        },
        News::Paid | News::Cancelled | News::Expired | News::Refunded | News::Review => {
            ended(state, news)
        }
    }
}

/// News that end a checkout, or take it out of the buyer's hands.
const fn ended(state: K, news: News) -> Verdict {
    match state {
        K::Refused | K::Refunded => Same,
        K::Paid => match news {
            News::Refunded => Go(K::Refunded),
            News::Cancelled => Go(K::Cancelled),
            News::Paid | News::Expired | News::Review => Same,
            News::Open | News::Declined | News::Elsewhere | News::Presented => Same,
            News::Checking | News::Deposit => Same,
        },
        K::Cancelled | K::Expired => match news {
            // Money that came late is still money; the edge gives it back and says so.
            News::Paid => Go(K::Paid),
            News::Refunded => Go(K::Refunded),
            News::Review => Go(K::Review),
            News::Cancelled | News::Expired => Same,
            News::Open | News::Declined | News::Elsewhere | News::Presented => Same,
            News::Checking | News::Deposit => Same,
        },
        K::Review => match news {
            News::Review => Keep,
            News::Paid => Go(K::Paid),
            News::Cancelled => Go(K::Cancelled),
            News::Expired => Go(K::Expired),
            News::Refunded => Go(K::Refunded),
            News::Open | News::Declined | News::Elsewhere | News::Presented => Same,
            News::Checking | News::Deposit => Same,
        },
        K::Loading
        | K::Unreachable
        | K::Choosing
        | K::Opening
        | K::Failed
        | K::Away
        | K::Blocked
        | K::Climbing
        | K::Interrupted
        | K::Confirming
        | K::Viewer
        | K::Deposit
        | K::Declined => match news {
            News::Paid => Go(K::Paid),
            News::Cancelled => Go(K::Cancelled),
            News::Expired => Go(K::Expired),
            News::Refunded => Go(K::Refunded),
            News::Review => Go(K::Review),
            News::Open | News::Declined | News::Elsewhere | News::Presented => Same,
            News::Checking | News::Deposit => Same,
        },
    }
}

/// What windows, other tabs, the page and the clock let us notice. Never an answer, only a reason to ask.
const fn sign(state: K, input: Sign) -> Verdict {
    match input {
        Sign::WindowBlocked => match state {
            K::Opening | K::Climbing => Keep,
            K::Away => Go(K::Blocked),
            K::Loading | K::Unreachable | K::Choosing | K::Failed | K::Blocked => Same,
            K::Interrupted | K::Confirming | K::Viewer | K::Deposit | K::Declined => Same,
            K::Review | K::Paid | K::Cancelled | K::Expired | K::Refunded | K::Refused => Same,
        },
        Sign::WindowSilent => match state {
            K::Away => Go(K::Blocked),
            K::Opening | K::Climbing => Same,
            K::Loading | K::Unreachable | K::Choosing | K::Failed | K::Blocked => Same,
            K::Interrupted | K::Confirming | K::Viewer | K::Deposit | K::Declined => Same,
            K::Review | K::Paid | K::Cancelled | K::Expired | K::Refunded | K::Refused => Same,
        },
        Sign::WindowClosed => match state {
            K::Opening | K::Climbing => Keep,
            K::Away => Go(K::Confirming),
            K::Loading | K::Unreachable | K::Choosing | K::Failed | K::Blocked => Same,
            K::Interrupted | K::Confirming | K::Viewer | K::Deposit | K::Declined => Same,
            K::Review | K::Paid | K::Cancelled | K::Expired | K::Refunded | K::Refused => Same,
        },
        Sign::Look => match state {
            K::Away | K::Blocked | K::Interrupted => Go(K::Confirming),
            K::Confirming => Keep,
            K::Loading | K::Unreachable | K::Choosing | K::Opening | K::Failed | K::Climbing => {
                Same
            }
            K::Viewer | K::Deposit | K::Declined => Same,
            K::Review | K::Paid | K::Cancelled | K::Expired | K::Refunded | K::Refused => Same,
        },
        Sign::Shown => match state {
            // Whatever a page from the back-forward cache shows is as old as the cache.
            K::Choosing | K::Declined | K::Unreachable => Go(K::Loading),
            K::Away | K::Climbing | K::Blocked | K::Interrupted => Go(K::Confirming),
            K::Loading | K::Confirming | K::Viewer | K::Deposit | K::Review => Keep,
            K::Paid | K::Cancelled | K::Expired => Keep,
            K::Opening | K::Failed | K::Refunded | K::Refused => Same,
        },
        Sign::TabSpoke => match state {
            K::Choosing | K::Declined | K::Unreachable | K::Viewer | K::Confirming => Keep,
            K::Away | K::Blocked | K::Interrupted | K::Deposit | K::Review => Keep,
            K::Paid | K::Cancelled | K::Expired => Keep,
            K::Loading | K::Opening | K::Climbing | K::Failed | K::Refunded | K::Refused => Same,
        },
        Sign::Nudged | Sign::Tick | Sign::Parted => match state {
            K::Unreachable | K::Viewer | K::Confirming | K::Deposit | K::Review => Keep,
            K::Away | K::Climbing | K::Blocked | K::Interrupted => Keep,
            K::Loading | K::Choosing | K::Declined | K::Opening | K::Failed => Same,
            K::Paid | K::Cancelled | K::Expired | K::Refunded | K::Refused => Same,
        },
    }
}

//! The element's face as plain data: a function of the flow's state and the texts.
//!
//! # Why
//! No fetch and no decisions here, and no browser either: the face of every state is tested natively
//! against `testdata/face.txt`. As data it also costs a third of what typed views cost: each of those
//! carries its own code for drawing and drawing again, together 12 kB of brotli in every buyer's
//! page. `draw` makes Leptos draw it; only what differs touches the page.

mod deposit;
mod icon;
mod methods;
mod piece;

use crate::flow::{Flow, StateKind};
use crate::record::Presentation;
use crate::text::Text;
use icon::{Icon, picture};
pub use piece::{Act, Parts, Piece};

/// What the face needs besides the flow: sentences, and what only a browser can print.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The sentences.
    pub text: &'a Text,
    /// The amount, printed.
    pub amount: &'a str,
    /// When it was paid, printed.
    pub paid_at: &'a str,
    /// Until when a deposit may come, printed.
    pub until: &'a str,
}

/// How a state feels: decides the sign and its colour.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Quiet,
    Busy,
    Good,
    Bad,
    Calm,
}

impl Mood {
    const fn of(kind: StateKind) -> Self {
        match kind {
            StateKind::Loading | StateKind::Choosing => Self::Quiet,
            StateKind::Opening
            | StateKind::Away
            | StateKind::Climbing
            | StateKind::Confirming
            | StateKind::Viewer => Self::Busy,
            StateKind::Paid => Self::Good,
            StateKind::Declined
            | StateKind::Refused
            | StateKind::Expired
            | StateKind::Unreachable
            | StateKind::Failed => Self::Bad,
            StateKind::Blocked
            | StateKind::Interrupted
            | StateKind::Deposit
            | StateKind::Review
            | StateKind::Cancelled
            | StateKind::Refunded => Self::Calm,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Busy => "busy",
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Calm => "calm",
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Self::Quiet | Self::Busy => Icon::Spinner,
            Self::Good => Icon::Check,
            Self::Bad => Icon::Alert,
            Self::Calm => Icon::Info,
        }
    }
}

/// Whether the list of methods is shown.
const fn has_form(kind: StateKind) -> bool {
    match kind {
        StateKind::Loading | StateKind::Choosing | StateKind::Opening | StateKind::Declined => true,
        StateKind::Unreachable
        | StateKind::Failed
        | StateKind::Away
        | StateKind::Blocked
        | StateKind::Climbing
        | StateKind::Interrupted
        | StateKind::Confirming
        | StateKind::Viewer
        | StateKind::Deposit
        | StateKind::Review
        | StateKind::Paid
        | StateKind::Cancelled
        | StateKind::Expired
        | StateKind::Refunded
        | StateKind::Refused => false,
    }
}

/// The whole face.
#[must_use]
pub fn face(desk: &Desk<'_>, flow: &Flow) -> Piece {
    let kind = flow.kind();
    // A decline without a fresh token can start nothing, so it offers nothing.
    let form = has_form(kind) && (kind != StateKind::Declined || flow.token.is_some());
    let test = flow.session.as_ref().is_some_and(|session| session.test_mode);
    let ribbon = || Piece::new("p.ribbon part=ribbon").says(desk.text.line("test_mode"));
    Piece::new("div.card part=card")
        .holds("lang", desk.text.language())
        .with("data-stage", if has_form(kind) { "form" } else { "panel" })
        .maybe(test.then(ribbon))
        .kid(header(desk, flow))
        .kid(status(desk, flow))
        .maybe(deposit::account(desk, flow))
        .maybe(form.then(|| methods::list(desk, flow)))
        .maybe(form.then(|| methods::pay(desk, flow)))
        .kid(actions(desk, flow))
        .kid(
            Piece::new("p.safe part=footer")
                .kid(picture(Icon::Lock))
                .kid(Piece::new("span").says(desk.text.line("safe"))),
        )
        .kid(overlay(desk, flow))
}

fn header(desk: &Desk<'_>, flow: &Flow) -> Piece {
    let (merchant, label) = match &flow.session {
        Some(told) if desk.text.window() != "ko" && !told.merchant_en.is_empty() => {
            (told.merchant_en.as_str(), told.label.as_str())
        }
        Some(told) => (told.merchant.as_str(), told.label.as_str()),
        None => ("", ""),
    };
    Piece::new("header.head part=header")
        .kid(Piece::new("p.merchant").says(merchant))
        .kid(Piece::new("p.label").says(label))
        .kid(Piece::new("p.amount part=amount").says(desk.amount))
}

/// The one live region: what is so, and what it means.
fn status(desk: &Desk<'_>, flow: &Flow) -> Piece {
    let say = desk.text.say(flow);
    // A refused try is told inside the list, with the sign of a refusal.
    let refused = flow.kind() == StateKind::Choosing && !say.title.is_empty();
    let mood = if refused { Mood::Bad } else { Mood::of(flow.kind()) };
    let paid_at = flow.kind() == StateKind::Paid && !desk.paid_at.is_empty();
    let detail = match paid_at {
        true => &[desk.text.line("paid_at"), " ", desk.paid_at].concat(),
        false => say.detail,
    };
    let live = "div.say part=status role=status aria-live=polite aria-atomic=true tabindex=-1 data-testid=state";
    Piece::new(live)
        .with("data-outcome", flow.outcome().word())
        .with("data-phase", flow.phase().word())
        .with("data-mood", mood.word())
        .kid(Piece::new("span.sign").kid(picture(mood.icon())))
        .kid(
            Piece::new("div.words")
                .kid(Piece::new("p.title").says(say.title))
                .kid(Piece::new("p.detail").says(detail)),
        )
}

/// What is offered in a state besides the list of methods.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Offer {
    /// Go on with the open attempt.
    go_on: bool,
    /// Try again: the class of the button.
    retry: Option<&'static str>,
    /// Give the open attempt up.
    give_up: bool,
}

impl Offer {
    const NONE: Self = Self { go_on: false, retry: None, give_up: false };

    const fn of(kind: StateKind) -> Self {
        match kind {
            StateKind::Away | StateKind::Blocked | StateKind::Interrupted => {
                Self { go_on: true, give_up: true, ..Self::NONE }
            }
            StateKind::Viewer => Self { go_on: true, ..Self::NONE },
            StateKind::Failed | StateKind::Unreachable => {
                Self { retry: Some("main"), ..Self::NONE }
            }
            StateKind::Declined => Self { retry: Some("quiet"), ..Self::NONE },
            StateKind::Loading
            | StateKind::Choosing
            | StateKind::Opening
            | StateKind::Climbing
            | StateKind::Confirming
            | StateKind::Deposit
            | StateKind::Review
            | StateKind::Paid
            | StateKind::Cancelled
            | StateKind::Expired
            | StateKind::Refunded
            | StateKind::Refused => Self::NONE,
        }
    }
}

/// The buttons below what is said.
fn actions(desk: &Desk<'_>, flow: &Flow) -> Piece {
    let text = desk.text;
    let kind = flow.kind();
    let offer = match (kind, flow.rung()) {
        // The frame has its own button that closes it.
        (StateKind::Away, Presentation::Iframe) => Offer::NONE,
        // Without a fresh token there is nothing to try with.
        (StateKind::Declined, _) if flow.token.is_none() => Offer::NONE,
        (_, _) => Offer::of(kind),
    };
    let go_on = if kind == StateKind::Blocked {
        text.of("climb", flow.offered_rung().code()).title
    } else if kind == StateKind::Interrupted {
        text.line("resume")
    } else if kind == StateKind::Viewer {
        text.line("take_over")
    } else {
        text.line("focus")
    };
    // Mostly the buyer only waits here for the other tab.
    let main = if kind == StateKind::Viewer { "quiet" } else { "main" };
    let retry = if kind == StateKind::Failed {
        text.line("retry")
    } else if kind == StateKind::Unreachable {
        text.line("reload")
    } else {
        text.line("another")
    };
    let mut row = Piece::new("div.actions part=actions");
    if kind == StateKind::Viewer {
        row = row.with("data-testid", "viewer");
    }
    row.maybe(offer.go_on.then(|| button("continue", main, go_on, Act::Continue)))
        .maybe(offer.retry.map(|class| button("retry", class, retry, Act::Retry)))
        .maybe(offer.give_up.then(|| button("close", "quiet", text.line("abandon"), Act::Abandon)))
}

fn button(name: &'static str, class: &'static str, words: &str, act: Act) -> Piece {
    Piece::new("button type=button part=button")
        .with("class", class)
        .with("data-testid", name)
        .says(words)
        .on("click", act)
}

/// The dialog over the page, in which the provider's frame shows through the slot.
fn overlay(desk: &Desk<'_>, flow: &Flow) -> Piece {
    let shown = flow.kind() == StateKind::Away && flow.rung() == Presentation::Iframe;
    let title = desk.text.line("frame");
    let close = || {
        Piece::new("button.shut type=button data-testid=close")
            .holds("aria-label", desk.text.line("close"))
            .kid(picture(Icon::Close))
            .on("click", Act::Abandon)
    };
    Piece::new("dialog.overlay part=overlay")
        .holds("aria-label", title)
        .on("cancel", Act::Escape)
        .kid(Piece::new("div.bar").kid(Piece::new("span").says(title)).maybe(shown.then(close)))
        .kid(
            Piece::new("div.pane")
                .kid(Piece::new("span.sign").kid(picture(Icon::Spinner)))
                .kid(Piece::new("slot name=window")),
        )
}

#[cfg(test)]
mod tests;

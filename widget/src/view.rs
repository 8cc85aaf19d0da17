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

use crate::flow::{Flow, Input, Sign, StateKind};
use crate::options::Locale;
use crate::record::Presentation;
use crate::text::Text;
use icon::{Icon, picture};
pub use piece::{Act, Piece};

/// What the face needs besides the flow: sentences, and what only a browser can print.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The sentences.
    pub text: &'static Text,
    /// The language.
    pub locale: Locale,
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
    let ribbon = Piece::new("p").has(&[("class", "ribbon"), ("part", "ribbon")]);
    Piece::new("div")
        .has(&[("class", "card"), ("part", "card")])
        .with("lang", desk.locale.tag())
        .with("data-stage", if has_form(kind) { "form" } else { "panel" })
        .maybe(test.then(|| ribbon.says(desk.text.test_mode)))
        .kid(header(desk, flow))
        .kid(status(desk, flow))
        .maybe(deposit::account(desk, flow))
        .maybe(form.then(|| methods::list(desk, flow)))
        .maybe(form.then(|| methods::pay(desk, flow)))
        .kid(actions(desk, flow))
        .kid(
            Piece::new("p")
                .has(&[("class", "safe"), ("part", "footer")])
                .kid(picture(Icon::Lock))
                .kid(Piece::new("span").says(desk.text.safe)),
        )
        .kid(overlay(desk, flow))
}

fn header(desk: &Desk<'_>, flow: &Flow) -> Piece {
    let (merchant, label) = match &flow.session {
        Some(told) if desk.locale == Locale::En && !told.merchant_en.is_empty() => {
            (told.merchant_en.clone(), told.label.clone())
        }
        Some(told) => (told.merchant.clone(), told.label.clone()),
        None => (String::new(), String::new()),
    };
    let amount = Piece::new("p").has(&[("class", "amount"), ("part", "amount")]);
    Piece::new("header")
        .has(&[("class", "head"), ("part", "header")])
        .kid(Piece::new("p").with("class", "merchant").says(merchant))
        .kid(Piece::new("p").with("class", "label").says(label))
        .kid(amount.says(desk.amount.to_owned()))
}

/// The one live region: what is so, and what it means.
fn status(desk: &Desk<'_>, flow: &Flow) -> Piece {
    let say = desk.text.say(flow);
    // A refused try is told inside the list, with the sign of a refusal.
    let refused = flow.kind() == StateKind::Choosing && !say.title.is_empty();
    let mood = if refused { Mood::Bad } else { Mood::of(flow.kind()) };
    let paid_at = flow.kind() == StateKind::Paid && !desk.paid_at.is_empty();
    let detail = match paid_at {
        true => [desk.text.paid_at, " ", desk.paid_at].concat(),
        false => say.detail.to_owned(),
    };
    Piece::new("div")
        .has(&[
            ("class", "say"),
            ("part", "status"),
            ("role", "status"),
            ("aria-live", "polite"),
            ("aria-atomic", "true"),
            ("tabindex", "-1"),
            ("data-testid", "state"),
            ("data-outcome", flow.outcome().word()),
            ("data-phase", flow.phase().word()),
            ("data-mood", mood.word()),
        ])
        .kid(Piece::new("span").with("class", "sign").kid(picture(mood.icon())))
        .kid(
            Piece::new("div")
                .with("class", "words")
                .kid(Piece::new("p").with("class", "title").says(say.title))
                .kid(Piece::new("p").with("class", "detail").says(detail)),
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
        (text.climb)(flow.offered_rung())
    } else if kind == StateKind::Interrupted {
        text.resume
    } else if kind == StateKind::Viewer {
        text.take_over
    } else {
        text.focus
    };
    // Mostly the buyer only waits here for the other tab.
    let main = if kind == StateKind::Viewer { "quiet" } else { "main" };
    let retry = if kind == StateKind::Failed {
        text.retry
    } else if kind == StateKind::Unreachable {
        text.reload
    } else {
        text.another
    };
    let mut row = Piece::new("div").has(&[("class", "actions"), ("part", "actions")]);
    if kind == StateKind::Viewer {
        row = row.with("data-testid", "viewer");
    }
    row.maybe(offer.go_on.then(|| button("continue", main, go_on, Input::Continue)))
        .maybe(offer.retry.map(|class| button("retry", class, retry, Input::Retry)))
        .maybe(offer.give_up.then(|| button("close", "quiet", text.abandon, Input::Abandon)))
}

fn button(name: &'static str, class: &'static str, words: &'static str, input: Input) -> Piece {
    Piece::new("button")
        .has(&[("type", "button"), ("class", class), ("part", "button"), ("data-testid", name)])
        .says(words)
        .on("click", Act::feed(input))
}

/// The dialog over the page, in which the provider's frame shows through the slot.
fn overlay(desk: &Desk<'_>, flow: &Flow) -> Piece {
    let shown = flow.kind() == StateKind::Away && flow.rung() == Presentation::Iframe;
    let title = desk.text.frame;
    let close = Piece::new("button")
        .has(&[
            ("type", "button"),
            ("class", "shut"),
            ("data-testid", "close"),
            ("aria-label", desk.text.close),
        ])
        .kid(picture(Icon::Close))
        .on("click", Act::feed(Input::Abandon));
    Piece::new("dialog")
        .has(&[("class", "overlay"), ("part", "overlay"), ("aria-label", title)])
        // Escape asks what happened instead of giving up: the buyer may have paid a moment ago.
        .on("cancel", Act::feed(Input::Noticed(Sign::WindowClosed)))
        .kid(
            Piece::new("div")
                .with("class", "bar")
                .kid(Piece::new("span").says(title))
                .maybe(shown.then_some(close)),
        )
        .kid(
            Piece::new("div")
                .with("class", "pane")
                .kid(Piece::new("span").with("class", "sign").kid(picture(Icon::Spinner)))
                .kid(Piece::new("slot").with("name", "window")),
        )
}

#[cfg(test)]
mod tests;

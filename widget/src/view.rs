//! The element's face: functions of the flow's state. No fetch, no decisions.

mod deposit;
mod icon;
mod methods;

use std::rc::Rc;

use leptos::prelude::*;
use send_wrapper::SendWrapper;
use web_sys::Event;

use crate::drive::Drive;
use crate::flow::{Flow, Input, Sign, State, StateKind};
use crate::money;
use crate::options::Locale;
use crate::record::Presentation;
use crate::text::Text;
use icon::{Icon, picture};

/// What every part of the face gets.
#[derive(Clone)]
pub(crate) struct Desk {
    /// The sentences.
    pub(crate) text: &'static Text,
    /// The language.
    pub(crate) locale: Locale,
    /// Where inputs go.
    pub(crate) drive: SendWrapper<Rc<Drive>>,
}

impl Desk {
    /// A handler that feeds `input`.
    fn feeds<E>(&self, input: Input) -> impl FnMut(E) + 'static + use<E> {
        let drive = self.drive.clone();
        move |_| drive.feed(input.clone())
    }
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

/// The whole face, drawn again whenever the flow changes. Only what differs touches the page.
///
/// # Why
/// One closure instead of one for each changing word: each would carry its own copy of the reactive
/// machinery, together more than the rest of the widget.
pub(crate) fn card(desk: Desk) -> impl IntoView {
    move || {
        desk.drive.track();
        desk.drive.read(|flow| face(&desk, flow))
    }
}

fn face(desk: &Desk, flow: &Flow) -> impl IntoView + use<> {
    let kind = flow.kind();
    let text = desk.text;
    let test = flow.session.as_ref().is_some_and(|session| session.test_mode);
    view! {
        <div
            class="card"
            part="card"
            lang=desk.locale.tag()
            data-stage=if has_form(kind) { "form" } else { "panel" }
        >
            {test.then(|| view! { <p class="ribbon" part="ribbon">{text.test_mode}</p> })}
            {header(desk, flow)}
            {status(desk, flow)}
            {deposit::account(desk, flow)}
            {can_form(flow).then(|| methods::form(desk, flow))}
            {actions(desk, flow)}
            <p class="safe" part="footer">{picture(Icon::Lock)} {text.safe}</p>
            {overlay(desk, flow)}
        </div>
    }
}

/// A decline without a fresh token can start nothing, so it offers nothing.
fn can_form(flow: &Flow) -> bool {
    has_form(flow.kind()) && (flow.kind() != StateKind::Declined || flow.token.is_some())
}

fn header(desk: &Desk, flow: &Flow) -> impl IntoView + use<> {
    let (merchant, label, amount) = match &flow.session {
        Some(told) => {
            let amount = money::show(desk.locale, told.amount);
            (told.merchant.clone(), told.label.clone(), amount)
        }
        None => (String::new(), String::new(), String::new()),
    };
    view! {
        <header class="head" part="header">
            <p class="merchant">{merchant}</p>
            <p class="label">{label}</p>
            <p class="amount" part="amount">{amount}</p>
        </header>
    }
}

/// The one live region: what is so, and what it means.
fn status(desk: &Desk, flow: &Flow) -> impl IntoView + use<> {
    let say = desk.text.say(flow);
    // A refused try is told inside the list, with the sign of a refusal.
    let mood = match flow.kind() {
        StateKind::Choosing if !say.title.is_empty() => Mood::Bad,
        other => Mood::of(other),
    };
    let paid_at = match &flow.status {
        Some(status) if flow.kind() == StateKind::Paid => status.paid_at.as_deref(),
        Some(_) | None => None,
    };
    let detail = match paid_at {
        Some(time) => format!("{} {}", desk.text.paid_at, money::moment(desk.locale, time)),
        None => say.detail.to_owned(),
    };
    view! {
        <div
            class="say"
            part="status"
            role="status"
            aria-live="polite"
            aria-atomic="true"
            tabindex="-1"
            data-testid="state"
            data-outcome=flow.outcome().word()
            data-phase=flow.phase().word()
            data-mood=mood.word()
        >
            <span class="sign">{picture(mood.icon())}</span>
            <div class="words">
                <p class="title">{say.title}</p>
                <p class="detail">{detail}</p>
            </div>
        </div>
    }
}

/// The buttons below what is said.
fn actions(desk: &Desk, flow: &Flow) -> impl IntoView + use<> {
    let text = desk.text;
    let framed = flow.rung() == Presentation::Iframe;
    let go_on = match &flow.state {
        State::Away if !framed => Some(text.focus),
        State::Interrupted => Some(text.resume),
        State::Blocked { next } => Some((text.climb)(*next)),
        State::Viewer => Some(text.take_over),
        _ => None,
    };
    let retry = match flow.kind() {
        StateKind::Failed => Some(("main", text.retry)),
        StateKind::Unreachable => Some(("main", text.reload)),
        StateKind::Declined if flow.token.is_some() => Some(("quiet", text.another)),
        _ => None,
    };
    let give_up = match flow.kind() {
        StateKind::Interrupted | StateKind::Blocked => true,
        StateKind::Away => !framed,
        _ => false,
    };
    let viewer = (flow.kind() == StateKind::Viewer).then_some("viewer");
    let mut buttons = Vec::new();
    buttons.extend(go_on.map(|words| button(desk, "continue", "main", words, Input::Continue)));
    buttons.extend(retry.map(|(class, words)| button(desk, "retry", class, words, Input::Retry)));
    buttons.extend(give_up.then(|| button(desk, "close", "quiet", text.abandon, Input::Abandon)));
    view! { <div class="actions" part="actions" data-testid=viewer>{buttons}</div> }
}

fn button(
    desk: &Desk,
    name: &'static str,
    class: &'static str,
    words: &'static str,
    input: Input,
) -> impl IntoView + use<> {
    view! {
        <button type="button" class=class part="button" data-testid=name on:click=desk.feeds(input)>
            {words}
        </button>
    }
}

/// The dialog over the page, in which the provider's frame shows through the slot.
fn overlay(desk: &Desk, flow: &Flow) -> impl IntoView + use<> {
    let text = desk.text;
    let shown = flow.kind() == StateKind::Away && flow.rung() == Presentation::Iframe;
    // Escape asks what happened instead of giving up: the buyer may have paid a moment ago.
    let drive = desk.drive.clone();
    let escape = move |event: Event| {
        event.prevent_default();
        drive.feed(Input::Noticed(Sign::WindowClosed));
    };
    let close = shown.then(|| {
        view! {
            <button
                type="button"
                class="shut"
                data-testid="close"
                aria-label=text.close
                on:click=desk.feeds(Input::Abandon)
            >
                {picture(Icon::Close)}
            </button>
        }
    });
    view! {
        <dialog class="overlay" part="overlay" aria-label=text.frame on:cancel=escape>
            <div class="bar"><span>{text.frame}</span>{close}</div>
            <div class="pane">
                <span class="sign">{picture(Icon::Spinner)}</span>
                <slot name="window"></slot>
            </div>
        </dialog>
    }
}

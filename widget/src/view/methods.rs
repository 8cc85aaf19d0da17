//! The list of methods and the button that pays.

use leptos::prelude::*;

use super::Desk;
use super::icon::{Icon, picture};
use crate::flow::{Flow, Input, StateKind};
use crate::money;
use crate::record::Method;

/// The list as a real radio group, and the button.
pub(super) fn form(desk: &Desk, flow: &Flow) -> impl IntoView + use<> {
    let text = desk.text;
    let session = flow.session.as_ref();
    let rows: Vec<_> = session
        .map_or(&[][..], |session| &session.methods)
        .iter()
        .map(|method| row(desk, method, flow.chosen.as_deref() == Some(&method.id)))
        .collect();
    let bones: Vec<_> =
        (0..3).filter(|_| session.is_none()).map(|_| view! { <p class="bone"></p> }).collect();
    let words = match session {
        Some(session) => (text.pay)(&money::show(desk.locale, session.amount)),
        None => text.pay_soon.to_owned(),
    };
    let opening = flow.kind() == StateKind::Opening;
    let busy = opening || flow.kind() == StateKind::Loading;
    let drive = desk.drive.clone();
    view! {
        <fieldset class="methods" part="methods" disabled=opening>
            <legend>{text.methods}</legend>
            {rows}
            {bones}
        </fieldset>
        <button
            type="button"
            class="main pay"
            part="pay-button"
            data-testid="pay"
            disabled=session.is_some() && flow.chosen.is_none()
            aria-disabled=opening.then_some("true")
            aria-busy=busy.then_some("true")
            on:click=move |_| drive.press()
        >
            {opening.then(|| picture(Icon::Spinner))}
            <span>{words}</span>
        </button>
    }
}

fn row(desk: &Desk, method: &Method, chosen: bool) -> impl IntoView + use<> {
    let reason = method.unavailable.map(desk.text.unavailable);
    let choose = desk.feeds(Input::Chosen { method: method.id.clone() });
    view! {
        <label class="method" part="method">
            <input
                type="radio"
                name="hanbeon-method"
                data-testid=format!("method-{}", method.id)
                disabled=!method.available()
                prop:checked=chosen
                on:change=choose
            />
            {picture(Icon::Method(method.kind))}
            <span class="name">
                {(desk.text.method)(method.kind)}
                {reason.map(|reason| view! { <small>{reason}</small> })}
            </span>
        </label>
    }
}

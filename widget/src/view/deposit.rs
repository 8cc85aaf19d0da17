//! The account into which the buyer pays.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{MouseEvent, Node};

use super::Desk;
use crate::flow::{Flow, StateKind};
use crate::money;
use crate::record::Deposit;

/// The box with the account, while money is waited for.
pub(super) fn account(desk: &Desk, flow: &Flow) -> impl IntoView + use<> {
    let waits = flow.kind() == StateKind::Deposit;
    let deposit = flow.status.as_ref().and_then(|status| status.deposit.as_ref());
    let amount = flow.session.as_ref().map(|session| money::show(desk.locale, session.amount));
    deposit.filter(|_| waits).map(|deposit| card(desk, deposit, amount.unwrap_or_default()))
}

fn card(desk: &Desk, deposit: &Deposit, amount: String) -> impl IntoView + use<> {
    let text = desk.text;
    let until = match deposit.until.is_empty() {
        true => String::new(),
        false => money::moment(desk.locale, &deposit.until),
    };
    let row = |name, value: String| view! { <div><dt>{name}</dt><dd>{value}</dd></div> };
    let above: Vec<_> =
        [(text.amount, amount), (text.bank, deposit.bank.clone())].map(|(n, v)| row(n, v)).into();
    let below: Vec<_> = [(text.holder, deposit.holder.clone()), (text.until, until)]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| row(name, value))
        .collect();
    let number = deposit.account.clone();
    let copy = move |event: MouseEvent| {
        // Digits only: that is what a bank's app takes.
        let digits: String = number.chars().filter(char::is_ascii_alphanumeric).collect();
        let _written = window().navigator().clipboard().write_text(&digits);
        if let Some(button) = event.target().and_then(|target| target.dyn_into::<Node>().ok()) {
            button.set_text_content(Some(text.copied));
        }
    };
    view! {
        <dl class="deposit" part="deposit" data-testid="deposit">
            {above}
            <div>
                <dt>{text.account}</dt>
                <dd class="number">
                    <b>{deposit.account.clone()}</b>
                    <button type="button" class="copy" part="button" on:click=copy>{text.copy}</button>
                </dd>
            </div>
            {below}
        </dl>
    }
}

//! The list of methods and the button that pays.

use super::icon::{Icon, picture};
use super::{Act, Desk, Piece};
use crate::flow::{Flow, StateKind};
use crate::record::Method;

/// Places of methods that are drawn before the methods are known.
const PLACES: usize = 3;

/// The list, as a real radio group.
pub(super) fn list(desk: &Desk<'_>, flow: &Flow) -> Piece {
    let mut list = Piece::new("fieldset.methods part=methods")
        .when("disabled", flow.kind() == StateKind::Opening)
        .kid(Piece::new("legend").says(desk.text.line("methods")));
    match &flow.session {
        Some(session) => {
            for method in &session.methods {
                let chosen = flow.chosen.as_deref() == Some(&method.id);
                list = list.kid(row(desk, method, chosen));
            }
        }
        None => {
            for _ in 1..PLACES {
                list = list.kid(Piece::new("p.bone"));
            }
        }
    }
    list
}

/// The button that pays.
pub(super) fn pay(desk: &Desk<'_>, flow: &Flow) -> Piece {
    let opening = flow.kind() == StateKind::Opening;
    let words = match &flow.session {
        Some(_) => &desk.text.fill("pay", desk.amount),
        None => desk.text.line("pay_soon"),
    };
    // Before the session is there a press only leads to the list, so the button has another name.
    let name = if flow.session.is_some() { "pay" } else { "pay-early" };
    Piece::new("button type=button part=pay-button")
        .with("class", "main pay")
        .with("data-testid", name)
        .when("disabled", flow.session.is_some() && flow.chosen.is_none())
        .when("aria-disabled", opening)
        .when("aria-busy", opening || flow.kind() == StateKind::Loading)
        .maybe(opening.then(|| picture(Icon::Spinner)))
        .kid(Piece::new("span").says(words))
        .on("click", Act::Press)
}

fn row(desk: &Desk<'_>, method: &Method, chosen: bool) -> Piece {
    let mut radio = Piece::new("input type=radio name=hanbeon-method")
        .holds("data-testid", &["method-", &method.id].concat())
        .when("disabled", !method.available())
        .on("change", Act::Choose(method.id.clone()));
    radio.checked = Some(chosen);
    let reason = method.unavailable.map(|it| desk.text.of("unavailable", it.word()).title);
    Piece::new("label.method part=method").kid(radio).kid(picture(Icon::Method(method.kind))).kid(
        Piece::new("span.name")
            .kid(Piece::new("span").says(desk.text.of("method", method.kind.code()).title))
            .maybe(reason.map(|reason| Piece::new("small").says(reason))),
    )
}

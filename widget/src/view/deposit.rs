//! The account into which the buyer pays.

use super::{Act, Desk, Piece};
use crate::flow::{Flow, StateKind};

/// The box with the account, while money is waited for.
pub(super) fn account(desk: &Desk<'_>, flow: &Flow) -> Option<Piece> {
    let waits = flow.kind() == StateKind::Deposit;
    let deposit = flow.status.as_ref()?.deposit.as_ref().filter(|_| waits)?;
    let text = desk.text;
    // Letters and digits only: that is what a bank's app takes.
    let number: String = deposit.account.chars().filter(char::is_ascii_alphanumeric).collect();
    let copy = Piece::new("button.copy type=button part=button")
        .says(text.line("copy"))
        .on("click", Act::Copy { text: number, said: text.line("copied").to_owned() });
    let number = Piece::new("dd.number").kid(Piece::new("b").says(&deposit.account)).kid(copy);
    let plain = |words: &str| Some(Piece::new("dd").says(words));
    let rows = [
        ("amount", plain(desk.amount)),
        ("bank", plain(&deposit.bank)),
        ("account", Some(number)),
        ("holder", plain(&deposit.holder).filter(|_| !deposit.holder.is_empty())),
        ("until", plain(desk.until).filter(|_| !desk.until.is_empty())),
    ];
    let mut list = Piece::new("dl.deposit part=deposit data-testid=deposit");
    for (name, value) in rows {
        list =
            list.maybe(value.map(|value| {
                Piece::new("div").kid(Piece::new("dt").says(text.line(name))).kid(value)
            }));
    }
    // For a buyer who pays in at the bank, on another device, tomorrow.
    let later = flow.status.as_ref().and_then(|status| status.link.as_deref()).map(|link| {
        Piece::new("a.later part=link target=_blank rel=noopener data-testid=later")
            .holds("href", link)
            .says(text.line("later"))
    });
    Some(Piece::new("div").kid(list).maybe(later))
}

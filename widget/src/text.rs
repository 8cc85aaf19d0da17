//! Every sentence of the widget: one field each, so that a missing translation does not compile.

mod en;
mod ko;
#[cfg(test)]
mod status;

use crate::flow::{Flow, State, StateKind};
use crate::options::Locale;
use crate::record::{DeclineCode, Means, Presentation, Unavailable};

/// A sentence with a smaller one below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Say {
    /// What is so.
    pub title: &'static str,
    /// What that means for the buyer; may be empty.
    pub detail: &'static str,
}

/// The sentences of one language.
#[derive(Debug)]
pub struct Text {
    /// Money in won: `31,000원`; `number` is grouped already.
    pub won: fn(number: &str) -> String,
    /// The button that pays.
    pub pay: fn(amount: &str) -> String,
    /// The button before the amount is known.
    pub pay_soon: &'static str,
    /// The mark of a test shop.
    pub test_mode: &'static str,
    /// Above the list.
    pub methods: &'static str,
    /// A method's name.
    pub method: fn(Means) -> &'static str,
    /// Why a method cannot be taken.
    pub unavailable: fn(Unavailable) -> &'static str,
    /// Where the flow stands.
    pub state: fn(StateKind) -> Say,
    /// While a window is shown, by its kind.
    pub away: fn(Presentation) -> Say,
    /// After many questions without an answer.
    pub confirming_long: Say,
    /// Why the last attempt did not pay.
    pub decline: fn(DeclineCode) -> Say,
    /// Why a try was refused, by the edge's code.
    pub refused_here: fn(code: &str) -> &'static str,
    /// Why this page is refused, by the edge's code.
    pub refused: fn(code: &str) -> Say,
    /// Nothing in the list can be taken.
    pub no_method: &'static str,
    /// The button of another try.
    pub retry: &'static str,
    /// The button after a decline.
    pub another: &'static str,
    /// The button that asks for the session again.
    pub reload: &'static str,
    /// Back to an open window.
    pub focus: &'static str,
    /// Go on with the open attempt.
    pub resume: &'static str,
    /// Open by the next rung.
    pub climb: fn(Presentation) -> &'static str,
    /// Give the attempt up.
    pub abandon: &'static str,
    /// Pay here instead of in the other tab.
    pub take_over: &'static str,
    /// Names of the deposit's rows.
    pub bank: &'static str,
    /// The account number.
    pub account: &'static str,
    /// The holder of the account.
    pub holder: &'static str,
    /// Until when.
    pub until: &'static str,
    /// The amount to pay in.
    pub amount: &'static str,
    /// Copies the account number.
    pub copy: &'static str,
    /// It is copied.
    pub copied: &'static str,
    /// Leads to the page that shows the same later.
    pub later: &'static str,
    /// When it was paid.
    pub paid_at: &'static str,
    /// The title of the provider's frame.
    pub frame: &'static str,
    /// The button that closes the frame.
    pub close: &'static str,
    /// In the empty window.
    pub opening: &'static str,
    /// The line at the bottom.
    pub safe: &'static str,
}

/// What `<hanbeon-status>` says besides; none of it is in the widget's module (see [`status`]).
#[derive(Debug)]
pub struct Standing {
    /// Nothing is paid and nothing is under way.
    pub open: Say,
    /// A provider's window is open somewhere.
    pub under_way: Say,
    /// A deposit is awaited; the account may stand below, or not be shown.
    pub deposit: Say,
    /// Nothing here proves that the checkout may be shown.
    pub hidden: Say,
    /// Who sells.
    pub merchant: &'static str,
    /// What is bought.
    pub label: &'static str,
    /// The amount.
    pub amount: &'static str,
    /// With what it is or was paid.
    pub means: &'static str,
    /// With what it can be paid.
    pub offered: &'static str,
    /// The way back to the shop.
    pub back: &'static str,
    /// Somebody else pays for the last piece; `#` is the time until when.
    pub held: Say,
    /// This browser pays for it; `#` is the time until when.
    pub mine: Say,
    /// There is no piece left.
    pub sold: Say,
}

/// The texts of a language.
#[must_use]
pub const fn of(locale: Locale) -> &'static Text {
    match locale {
        Locale::Ko => &ko::TEXT,
        Locale::En => &en::TEXT,
    }
}

/// What the status element says in a language, besides.
#[must_use]
pub const fn standing(locale: Locale) -> &'static Standing {
    match locale {
        Locale::Ko => &ko::STANDING,
        Locale::En => &en::STANDING,
    }
}

/// Questions without news before the buyer is told that it takes long.
const LONG_AFTER: u32 = 5;

impl Text {
    /// What is said where the flow stands.
    #[must_use]
    pub fn say(&self, flow: &Flow) -> Say {
        let plain = |title| Say { title, detail: "" };
        if let State::Refused { code } = &flow.state {
            (self.refused)(code)
        } else if let State::Choosing { notice: Some(code) } = &flow.state {
            plain((self.refused_here)(code))
        } else if flow.kind() == StateKind::Choosing && flow.chosen.is_none() {
            plain(self.no_method)
        } else if let (State::Declined, Some(code)) = (&flow.state, flow.decline()) {
            (self.decline)(code)
        } else if matches!(flow.state, State::Confirming { asked, .. } if asked >= LONG_AFTER) {
            self.confirming_long
        } else if flow.kind() == StateKind::Away {
            (self.away)(flow.rung())
        } else {
            (self.state)(flow.kind())
        }
    }
}

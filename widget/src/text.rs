//! Every sentence of the widget in one language, as the page fetched them: `widget/text/<language>.json`.
//!
//! # Why
//! A buyer reads one language, so one is fetched: as constants of this module both cost every buyer twice as much. What the
//! compiler can then no longer see, the tests below do: each language says all that the Korean does, and every state
//! is read against the golden face. A language is one file. Besides what is said here it has what `status.js`
//! (`standing`), the loader and `inapp.js` say; the build takes those apart.

use crate::flow::{Flow, State, StateKind};
use crate::value::Value;

/// Where a value stands in a sentence.
const PLACE: u8 = b'#';

/// A sentence with a smaller one below it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Say<'a> {
    /// What is so.
    pub title: &'a str,
    /// What that means for the buyer; may be empty.
    pub detail: &'a str,
}

/// The sentences of one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text(Value);

/// Questions without news before the buyer is told that it takes long.
const LONG_AFTER: u32 = 5;

impl Text {
    /// The sentences of a file.
    #[must_use]
    pub const fn new(file: Value) -> Self {
        Self(file)
    }

    /// The language's tag, as browsers take it.
    #[must_use]
    pub fn language(&self) -> &str {
        self.line("language")
    }

    /// The language of the provider's window: those speak Korean and English.
    #[must_use]
    pub fn window(&self) -> &str {
        self.line("window")
    }

    /// The sentence of that name.
    #[must_use]
    pub fn line(&self, name: &str) -> &str {
        self.0.get(name).text().unwrap_or_default()
    }

    /// The sentence of that name with a value in its place.
    #[must_use]
    pub fn fill(&self, name: &str, value: &str) -> String {
        let (before, after) = cut(self.line(name), PLACE);
        [before, value, after].concat()
    }

    /// What a group says to a name; to one that it does not know, what it says to `other`.
    #[must_use]
    pub fn of(&self, group: &str, name: &str) -> Say<'_> {
        let group = self.0.get(group);
        let said = match group.get(name) {
            Value::Null => group.get("other"),
            known @ (Value::Bool(_)
            | Value::Whole(_)
            | Value::Text(_)
            | Value::List(_)
            | Value::Map(_)) => known,
        };
        let mut lines = said.items().iter().map(|line| line.text().unwrap_or_default());
        let title = lines.next().unwrap_or_default();
        Say { title, detail: lines.next().unwrap_or_default() }
    }

    /// What is said where the flow stands.
    #[must_use]
    pub fn say(&self, flow: &Flow) -> Say<'_> {
        let kind = flow.kind();
        if let State::Refused { code } = &flow.state {
            self.of("refused", code)
        } else if let State::Choosing { notice: Some(code) } = &flow.state {
            // Neither can be had now; the difference is ours.
            let is_rung = code == "presentation_unavailable";
            self.of("refused_here", if is_rung { "method_unavailable" } else { code })
        } else if kind == StateKind::Choosing && flow.chosen.is_none() {
            Say { title: self.line("no_method"), detail: "" }
        } else if let (State::Declined, Some(code)) = (&flow.state, flow.decline()) {
            self.of("decline", code.code())
        } else if matches!(flow.state, State::Confirming { asked, .. } if asked >= LONG_AFTER) {
            self.of("state", "ConfirmingLong")
        } else if kind == StateKind::Away {
            self.of("away", flow.rung().code())
        } else {
            self.of("state", kind.name())
        }
    }
}

/// What is before and after a byte; all before it, and nothing after, where there is none.
pub(crate) fn cut(text: &str, at: u8) -> (&str, &str) {
    let place = text.bytes().position(|byte| byte == at).unwrap_or(text.len());
    let after = text.get(place.saturating_add(1)..).unwrap_or_default();
    (text.get(..place).unwrap_or_default(), after)
}

#[cfg(test)]
pub(crate) mod tests;

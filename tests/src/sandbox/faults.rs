//! Faults on demand: what a provider does to us on a bad day, one record per provider.
//!
//! A fault stays until it is set again; only `errors_5xx` counts itself down.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What happens to the events a provider sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Webhook {
    /// A moment after the answer.
    #[default]
    Normal,
    /// Before the answer to the capture, or before the browser is sent back.
    Early,
    /// Thirty seconds later.
    Late,
    /// Two equal copies at nearly the same time.
    Twice,
    /// Never.
    Lost,
    /// The real one, and one of somebody else who claims that it is paid.
    Forged,
    /// Only the one of somebody else.
    ForgedOnly,
}

/// What is left of an answer that got lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remains {
    /// The connection is dropped without a byte.
    #[default]
    Dropped,
    /// A gateway answers 504 with a page of HTML.
    Html,
    /// The provider answers 400 with a code that says neither yes nor no.
    Error,
}

/// One provider's faults; the default is a good day.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// What happens to events.
    pub webhook: Webhook,
    /// The money moves, the answer that says so never arrives. A repeat of the call is answered.
    pub answer_lost_after_capture: bool,
    /// The same for a refund.
    pub answer_lost_after_refund: bool,
    /// What the caller sees instead of a lost answer.
    pub answer_lost_as: Remains,
    /// How many of the next server calls fail before they do anything.
    pub errors_5xx: u32,
    /// The amount that is captured instead of the one agreed.
    pub wrong_amount: Option<u64>,
    /// How long every server call takes, in milliseconds.
    pub slow_ms: u64,
    /// The window finishes and never sends the browser back.
    pub return_lost: bool,
}

impl Faults {
    /// Takes one of the failures that were ordered.
    pub fn fails_now(&mut self) -> bool {
        let fails = self.errors_5xx > 0;
        self.errors_5xx = self.errors_5xx.saturating_sub(1);
        fails
    }
}

/// `POST /control/faults`: whose, and what. Absent fields are normal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Whose faults are replaced.
    pub provider: String,
    /// What they become.
    pub faults: Faults,
}

impl Order {
    /// Reads an order; a field that does not exist is refused, so that no fault is set by mistake.
    ///
    /// # Errors
    /// A sentence that says what could not be read.
    pub fn parse(body: &[u8]) -> Result<Self, String> {
        let mut fields: serde_json::Map<String, Value> =
            serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let provider = fields.remove("provider").unwrap_or_default();
        Ok(Self {
            provider: serde_json::from_value(provider).map_err(|error| error.to_string())?,
            faults: serde_json::from_value(Value::Object(fields))
                .map_err(|error| error.to_string())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_fields_are_normal() {
        let order = Order::parse(br#"{"provider":"kb","wrong_amount":1}"#).unwrap();
        let faults = Faults { wrong_amount: Some(1), ..Faults::default() };
        assert_eq!(order, Order { provider: "kb".to_owned(), faults });
    }

    #[test]
    fn a_misspelt_fault_is_refused() {
        for text in [r#"{"provider":"kb","webhok":"late"}"#, r#"{"provider":1}"#, "{}", "[]"] {
            assert!(Order::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn ordered_failures_run_out() {
        let mut faults = Faults { errors_5xx: 2, ..Faults::default() };
        assert_eq!([(); 4].map(|()| faults.fails_now()), [true, true, false, false]);
    }
}

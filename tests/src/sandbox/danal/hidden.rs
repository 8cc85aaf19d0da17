//! What must not be read in a log: it prints as dots, whatever it is.

use std::fmt;

/// A secret, or something about a person.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Hidden<T>(T);

impl<T> Hidden<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, where it is needed.
    pub(super) const fn shown(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Hidden<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

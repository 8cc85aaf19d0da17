//! Secrets and personal data as types that cannot be printed, serialised or cloned by accident.

use core::fmt;

/// A key, a password, a signing secret. `Debug` prints dots; there is no `Display`, no `Serialize` and
/// no `Clone`.
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value, at the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        let printed = format!("{:?}", Secret::new("canary-7f3a".to_owned()));
        assert!(!printed.contains("canary"), "{printed}");
    }
}

//! The words after a program's name. `cargo x` knows which there are and refuses the others; here they are
//! only found.

use std::str::FromStr;

/// The words that this program was started with.
#[derive(Debug)]
pub struct Words(Vec<String>);

impl Words {
    /// Those of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self(std::env::args().skip(1).collect())
    }

    /// Whether this one is among them.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|word| word == name)
    }

    /// The one that follows this one.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let at = self.0.iter().position(|word| word == name)?;
        self.0.get(at.checked_add(1)?).map(String::as_str)
    }

    /// The same as a number; `None` also where it is none.
    #[must_use]
    pub fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.value(name)?.parse().ok()
    }
}

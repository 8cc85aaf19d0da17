//! What an adapter has learnt about an attempt on its way to an answer: a provider that wants several
//! calls for one question is asked step by step, and each step is kept before the next one is taken.
//!
//! # Why
//! A crash between two calls must not lose what the first one gave (a member's key, an item's number), and
//! a look-up a day later needs some of it. So what is learnt lies with the attempt, named by its adapter,
//! opaque to everybody else, with the time at which it was learnt: tokens grow old.

use core::fmt;

use crate::time::{Span, Timestamp};

/// The one name that is no secret: the provider's own word for where the payment stands. The journal shows
/// it, so that the states of an escrow between "paid" and its end are kept.
pub const STANDING: &str = "standing";

/// Under this name an adapter finds its provider's token of
/// [`Fact::Prepared`](crate::fact::Fact::Prepared) again. The attempt has it in a place of its own, so it is
/// put beside the notes for as long as a question takes, and never written down among them.
pub const TOKEN: &str = "token";

/// All notes of an attempt together, in bytes: a handful of tokens. What comes after them is not kept.
const BYTES_MAX: usize = 8 * 1024;

/// What is known of an attempt, one line a note: name, milliseconds, value. A text, because it is written
/// down as often as its attempt is and read by a few questions alone.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Notes(String);

impl Notes {
    /// Nothing.
    #[must_use]
    pub const fn none() -> Self {
        Self(String::new())
    }

    /// As it was written down.
    #[must_use]
    pub const fn written(text: String) -> Self {
        Self(text)
    }

    /// To be written down.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Time and value of a note.
    fn find(&self, name: &str) -> Option<(&str, &str)> {
        let rest =
            |line: &'_ str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '));
        let line = self.0.lines().find(|line| rest(line))?;
        line.split_once(' ')?.1.split_once(' ')
    }

    /// What is known under this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name).map(|(_, value)| value)
    }

    /// The same, if it was learnt less than `life` before `now`.
    #[must_use]
    pub fn fresh(&self, name: &str, now: Timestamp, life: Span) -> Option<&str> {
        let (at, value) = self.find(name)?;
        let at = Timestamp::from_millis(at.parse().ok()?);
        (now < at.after(life)).then_some(value)
    }

    /// Keeps it, in place of what was known; an empty value forgets.
    pub fn keep(&mut self, name: &str, value: &str, at: Timestamp) {
        let mut text = String::new();
        for line in self.0.lines().filter(|line| line.split(' ').next() != Some(name)) {
            text.push_str(line);
            text.push('\n');
        }
        let room = text.len().saturating_add(value.len()) <= BYTES_MAX;
        if room && !value.is_empty() && !value.contains('\n') {
            text.push_str(name);
            text.push(' ');
            text.push_str(&at.as_millis().to_string());
            text.push(' ');
            text.push_str(value);
            text.push('\n');
        }
        self.0 = text;
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notes(…)")
    }
}

/// What one answer taught; an empty value forgets.
#[derive(Clone, PartialEq, Eq)]
pub struct Learnt {
    /// Under which name it is kept.
    pub name: &'static str,
    /// The value.
    pub value: String,
}

impl Learnt {
    /// The name, and the one value that is no secret.
    #[must_use]
    pub fn shown(&self) -> String {
        let value = if self.name == STANDING { self.value.as_str() } else { "" };
        [self.name, " ", value].concat()
    }
}

impl fmt::Debug for Learnt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: Timestamp = Timestamp::from_seconds(1_000);

    #[test]
    fn a_note_grows_old_is_renewed_and_is_forgotten() {
        let mut notes = Notes::none();
        notes.keep("token", "abc", T);
        let later = T.after(Span::hours(1));
        assert_eq!(notes.fresh("token", later, Span::hours(2)), Some("abc"));
        assert_eq!(notes.fresh("token", later, Span::hours(1)), None);
        assert_eq!(notes.get("token"), Some("abc"));
        notes.keep("token", "def", later);
        assert_eq!(notes.fresh("token", later, Span::hours(1)), Some("def"));
        notes.keep("token", "", later);
        assert_eq!((notes.get("token"), notes.fresh("token", later, Span::hours(1))), (None, None));
    }

    #[test]
    fn notes_are_told_apart_by_their_whole_names_and_read_back_as_written() {
        let mut notes = Notes::none();
        notes.keep("key", "u-1 $2a$10$x y", T);
        notes.keep("ke", "2", T);
        let again = Notes::written(notes.as_str().to_owned());
        assert_eq!((again.get("key"), again.get("ke")), (Some("u-1 $2a$10$x y"), Some("2")));
        assert_eq!((again.get("k"), again.get("")), (None, None));
        notes.keep("ke", "3", T);
        assert_eq!(notes.as_str().lines().count(), 2);
        notes.keep("line", "a\nkey 0 forged", T);
        assert_eq!((notes.get("line"), notes.get("key")), (None, Some("u-1 $2a$10$x y")));
    }

    #[test]
    fn i16_notes_are_bounded_as_a_whole() {
        let mut notes = Notes::none();
        notes.keep("long", &"x".repeat(BYTES_MAX + 1), T);
        assert_eq!(notes.as_str(), "");
        for n in 0..100 {
            notes.keep(&format!("n{n}"), &"x".repeat(1_000), T);
        }
        assert!(notes.as_str().len() < BYTES_MAX + 1_000, "{}", notes.as_str().len());
    }

    #[test]
    fn what_is_learnt_is_not_printed_except_where_a_payment_stands() {
        let learnt = |name, value: &str| Learnt { name, value: value.to_owned() };
        assert_eq!(learnt("token", "secret-1").shown(), "token ");
        assert_eq!(learnt(STANDING, "PAY_APPROVED").shown(), "standing PAY_APPROVED");
        let mut notes = Notes::none();
        notes.keep("token", "secret-1", T);
        let printed = format!("{:?} {notes:?}", learnt("token", "secret-1"));
        assert!(!printed.contains("secret-1"), "{printed}");
    }
}

//! A piece of the face as plain data: an element, its attributes, what it says, what it does.
//!
//! # Why
//! A piece lies in a box and is told its tag and its fixed attributes by one text: each step that makes the face is
//! then a call with a pointer or two, and the face half as much code as with structs that are moved and tables of
//! pairs.

use std::borrow::Cow;
use std::ops::{Deref, DerefMut};

use crate::flow::{Input, Sign};
use crate::text::cut;

/// What a piece does when the buyer acts on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The button that pays.
    Press,
    /// A method is chosen, by its id.
    Choose(String),
    /// Tries again.
    Retry,
    /// Goes on with what is open.
    Continue,
    /// Gives it up.
    Abandon,
    /// Escape asks what happened instead of giving up: the buyer may have paid a moment ago.
    Escape,
    /// Puts a text on the clipboard and says so.
    Copy {
        /// The text.
        text: String,
        /// What the button says afterwards.
        said: String,
    },
}

impl Act {
    /// What the flow hears of it; nothing where more is to be done first, or nothing but this.
    #[must_use]
    pub fn input(&self) -> Option<Input> {
        match self {
            Self::Press | Self::Copy { .. } => None,
            Self::Choose(id) => Some(Input::Chosen { method: id.clone() }),
            Self::Retry => Some(Input::Retry),
            Self::Continue => Some(Input::Continue),
            Self::Abandon => Some(Input::Abandon),
            Self::Escape => Some(Input::Noticed(Sign::WindowClosed)),
        }
    }
}

/// An element of the face.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece(Box<Parts>);

/// What an element is made of.
#[derive(Debug, PartialEq, Eq)]
pub struct Parts {
    /// The element's name; `svg` and `path` are drawn in their own namespace.
    pub tag: &'static str,
    /// Names and values of attributes.
    pub attributes: Vec<(&'static str, Cow<'static, str>)>,
    /// Whether a radio button is chosen.
    pub checked: Option<bool>,
    /// What it says; only where there are no kids.
    pub words: String,
    /// The elements within. An absent one keeps its place, so that its neighbours stay what they are.
    pub kids: Vec<Option<Piece>>,
    /// The event, and what it does.
    pub act: Option<(&'static str, Act)>,
}

impl Piece {
    /// An element by its shape: `button.quiet type=button` is a button of the class `quiet`, with its type.
    #[inline(never)]
    #[must_use]
    pub fn new(shape: &'static str) -> Self {
        let (head, mut rest) = cut(shape, b' ');
        let (tag, class) = cut(head, b'.');
        let mut attributes = Vec::new();
        if !class.is_empty() {
            attributes.push(("class", Cow::Borrowed(class)));
        }
        while !rest.is_empty() {
            let (attribute, after) = cut(rest, b' ');
            let (name, value) = cut(attribute, b'=');
            attributes.push((name, Cow::Borrowed(value)));
            rest = after;
        }
        let (words, kids) = (String::new(), Vec::new());
        Self(Box::new(Parts { tag, attributes, checked: None, words, kids, act: None }))
    }

    /// With an attribute.
    #[must_use]
    pub fn with(self, name: &'static str, value: &'static str) -> Self {
        self.set(name, Cow::Borrowed(value))
    }

    /// With an attribute that is not known beforehand.
    #[must_use]
    pub fn holds(self, name: &'static str, value: &str) -> Self {
        self.set(name, Cow::Owned(value.to_owned()))
    }

    #[inline(never)]
    fn set(mut self, name: &'static str, value: Cow<'static, str>) -> Self {
        self.attributes.push((name, value));
        self
    }

    /// With an attribute that has no value, if it holds.
    #[must_use]
    pub fn when(self, name: &'static str, holds: bool) -> Self {
        match holds {
            true => self.with(name, if name.starts_with("aria") { "true" } else { "" }),
            false => self,
        }
    }

    /// Saying something.
    #[inline(never)]
    #[must_use]
    pub fn says(mut self, words: &str) -> Self {
        self.words = words.to_owned();
        self
    }

    /// With an element within.
    #[must_use]
    pub fn kid(self, kid: Self) -> Self {
        self.maybe(Some(kid))
    }

    /// With an element within, or its empty place.
    #[inline(never)]
    #[must_use]
    pub fn maybe(mut self, kid: Option<Self>) -> Self {
        self.kids.push(kid);
        self
    }

    /// Doing something on an event.
    #[inline(never)]
    #[must_use]
    pub fn on(mut self, event: &'static str, act: Act) -> Self {
        self.act = Some((event, act));
        self
    }

    /// The value of an attribute.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_ref())
    }
}

impl Deref for Piece {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl DerefMut for Piece {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.0
    }
}

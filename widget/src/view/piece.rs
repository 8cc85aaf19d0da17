//! A piece of the face as plain data: an element, its attributes, what it says, what it does.

use std::borrow::Cow;

use crate::flow::Input;

/// What a piece does when the buyer acts on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The button that pays.
    Press,
    /// Anything else that the flow hears.
    Feed(Box<Input>),
    /// Puts a text on the clipboard and says so.
    Copy {
        /// The text.
        text: String,
        /// What the button says afterwards.
        said: &'static str,
    },
}

impl Act {
    /// Feeds an input to the flow.
    #[must_use]
    pub fn feed(input: Input) -> Self {
        Self::Feed(Box::new(input))
    }
}

/// An element of the face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The element's name; `svg` and `path` are drawn in their own namespace.
    pub tag: &'static str,
    /// Names and values of attributes.
    pub attributes: Vec<(&'static str, Cow<'static, str>)>,
    /// Whether a radio button is chosen.
    pub checked: Option<bool>,
    /// What it says; only where there are no kids.
    pub words: Cow<'static, str>,
    /// The elements within. An absent one keeps its place, so that its neighbours stay what they are.
    pub kids: Vec<Option<Self>>,
    /// The event, and what it does.
    pub act: Option<(&'static str, Act)>,
}

impl Piece {
    /// An element with a class.
    #[must_use]
    pub const fn new(tag: &'static str) -> Self {
        Self {
            tag,
            attributes: Vec::new(),
            checked: None,
            words: Cow::Borrowed(""),
            kids: Vec::new(),
            act: None,
        }
    }

    /// With an attribute.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    /// With attributes.
    #[must_use]
    pub fn has(mut self, attributes: &[(&'static str, &'static str)]) -> Self {
        self.attributes
            .extend(attributes.iter().map(|(name, value)| (*name, Cow::Borrowed(*value))));
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
    #[must_use]
    pub fn says(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.words = words.into();
        self
    }

    /// With an element within.
    #[must_use]
    pub fn kid(self, kid: Self) -> Self {
        self.maybe(Some(kid))
    }

    /// With an element within, or its empty place.
    #[must_use]
    pub fn maybe(mut self, kid: Option<Self>) -> Self {
        self.kids.push(kid);
        self
    }

    /// Doing something on an event.
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

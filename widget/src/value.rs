//! A JSON value as plain data, so that reading the edge's answers is tested without a browser.

/// One JSON value; numbers are whole, because the wire has no others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`, and whatever is not one of the others (a fraction, for example).
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from 0 to 2^64 − 1.
    Whole(u64),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Self>),
    /// An object, in the order in which it was written.
    Map(Vec<(String, Self)>),
}

impl Value {
    /// The member `name` of an object; [`Value::Null`] when there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &Self {
        match self {
            Self::Map(members) => {
                members.iter().find(|(key, _)| key == name).map_or(&Self::Null, |(_, value)| value)
            }
            Self::Null | Self::Bool(_) | Self::Whole(_) | Self::Text(_) | Self::List(_) => {
                &Self::Null
            }
        }
    }

    /// The text, when it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Whole(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The text as an own string, when it is one.
    #[must_use]
    pub fn owned(&self) -> Option<String> {
        self.text().map(str::to_owned)
    }

    /// The number, when it is one.
    #[must_use]
    pub const fn whole(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => Some(*number),
            Self::Null | Self::Bool(_) | Self::Text(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// Whether it is `true`.
    #[must_use]
    pub const fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// Whether it is `null` (or absent).
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The items of a list; none when it is not one.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            Self::Null | Self::Bool(_) | Self::Whole(_) | Self::Text(_) | Self::Map(_) => &[],
        }
    }
}

//! A document's values, as a record asks for them.

use core::cell::Cell;

use shared::raw_amount::RawAmount;

use super::{Tree, digits};

const MISSING: &str = "a member is missing";
const TYPE: &str = "a value has another type than expected";
const WORD: &str = "a word is not one of those that are known here";
const UNKNOWN: &str = "a member is unknown";
const LENGTH: &str = "a list has another length than expected";
const RANGE: &str = "a value is not one that is allowed here";

/// A value of a document, or the place of one that is missing.
///
/// # Why no `Result`
/// A field that does not fit gives an empty value and spoils the whole reading, which `json::read` then
/// refuses: a branch for each field would be the greater part of the module's bytes.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    value: Option<&'a Tree>,
    misfit: &'a Cell<Option<&'static str>>,
}

impl core::fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Field(…)")
    }
}

impl<'a> Field<'a> {
    pub(super) const fn new(value: &'a Tree, misfit: &'a Cell<Option<&'static str>>) -> Self {
        Self { value: Some(value), misfit }
    }

    const fn with(self, value: Option<&'a Tree>) -> Self {
        Self { value, misfit: self.misfit }
    }

    /// Spoils the reading; the first reason is the one that is told.
    fn spoil(self, why: &'static str) {
        self.misfit.set(Some(self.misfit.get().unwrap_or(why)));
    }

    fn another_type(self) {
        self.spoil(if self.value.is_none() { MISSING } else { TYPE });
    }

    /// Spoils the reading: this word is not one of those that are known.
    pub fn refuse(self) {
        self.spoil(WORD);
    }

    fn members(self) -> &'a [(String, Tree)] {
        if let Some(Tree::Object(members)) = self.value {
            members
        } else {
            self.another_type();
            &[]
        }
    }

    /// This object, which may have no other members than these: a misspelt one must not be a default.
    #[must_use]
    pub fn only(self, names: &[&str]) -> Self {
        if !self.members().iter().all(|(name, _)| names.contains(&name.as_str())) {
            self.spoil(UNKNOWN);
        }
        self
    }

    /// A member of this object.
    #[must_use]
    pub fn get(self, name: &str) -> Self {
        let found = self.members().iter().find(|(each, _)| each == name);
        self.with(found.map(|(_, value)| value))
    }

    /// The members of this object; none when it is missing.
    #[must_use]
    pub fn entries_or_none(self) -> Vec<(&'a str, Self)> {
        let members = if self.value.is_some() { self.members() } else { &[] };
        members.iter().map(|(name, value)| (name.as_str(), self.with(Some(value)))).collect()
    }

    /// The values of this list.
    #[must_use]
    pub fn list(self) -> Vec<Self> {
        let Some(Tree::List(items)) = self.value else {
            self.another_type();
            return Vec::new();
        };
        items.iter().map(|item| self.with(Some(item))).collect()
    }

    /// The values of this list; none when it is missing.
    pub fn list_or_none(self) -> impl Iterator<Item = Self> {
        self.option().map(Self::list).unwrap_or_default().into_iter()
    }

    /// The texts of this list.
    #[must_use]
    pub fn texts(self) -> Vec<String> {
        self.list().into_iter().map(Self::text).collect()
    }

    /// The values of this list of just so many.
    #[must_use]
    pub fn items<const N: usize>(self) -> [Self; N] {
        self.list().try_into().unwrap_or_else(|_| {
            self.spoil(LENGTH);
            [self.with(None); N]
        })
    }

    /// The name and the content of an enum's value: a word alone, or an object with one member.
    #[must_use]
    pub fn variant(self) -> (&'a str, Self) {
        if let Some(Tree::Text(word)) = self.value {
            return (word, self.with(None));
        }
        if let [(name, value)] = self.members() {
            return (name, self.with(Some(value)));
        }
        self.refuse();
        ("", self.with(None))
    }

    /// `None` for `null` and for what is missing.
    #[must_use]
    pub fn option(self) -> Option<Self> {
        (!matches!(self.value, None | Some(Tree::Null))).then_some(self)
    }

    /// A text.
    #[must_use]
    pub fn str(self) -> &'a str {
        if let Some(Tree::Text(text)) = self.value {
            text
        } else {
            self.another_type();
            ""
        }
    }

    /// A text of its own.
    #[must_use]
    pub fn text(self) -> String {
        self.str().to_owned()
    }

    /// A text, or `null`, or missing.
    #[must_use]
    pub fn text_or_none(self) -> Option<String> {
        self.option().map(Self::text)
    }

    /// A text within the document, or `null`, or missing.
    #[must_use]
    pub fn str_or_none(self) -> Option<&'a str> {
        self.option().map(Self::str)
    }

    /// A whole number from 0.
    #[must_use]
    pub fn number(self) -> u64 {
        if let Some(Tree::Unsigned(number)) = self.value {
            *number
        } else {
            self.another_type();
            0
        }
    }

    /// The same, where fewer fit.
    #[must_use]
    pub fn small<T: TryFrom<u64> + Default>(self) -> T {
        T::try_from(self.number()).unwrap_or_else(|_| {
            self.spoil(RANGE);
            T::default()
        })
    }

    /// The same, or this one when there is none.
    #[must_use]
    pub fn small_or<T: TryFrom<u64> + Default>(self, absent: T) -> T {
        self.option().map_or(absent, Self::small)
    }

    /// A number, as it is written.
    #[must_use]
    pub fn digits(self) -> String {
        let digits = self.value.map(digits).unwrap_or_default();
        if digits.is_empty() {
            self.another_type();
        }
        digits
    }

    /// A text, or a number as it is written, since some do not decide which; `None` for anything else.
    #[must_use]
    pub fn word_or_none(self) -> Option<String> {
        let value = self.value?;
        let text = if let Tree::Text(text) = value { text.clone() } else { digits(value) };
        Some(text).filter(|text| !text.is_empty())
    }

    /// Any scalar where an amount is expected; what is wrong with it is said later.
    #[must_use]
    pub fn amount(self) -> RawAmount {
        match self.value {
            Some(Tree::Unsigned(number)) => RawAmount::Integer(*number),
            Some(Tree::Number(text)) => RawAmount::from_written(text),
            Some(Tree::Text(_) | Tree::Bool(_) | Tree::Null) => RawAmount::NotANumber,
            Some(Tree::List(_) | Tree::Object(_)) | None => {
                self.another_type();
                RawAmount::NotANumber
            }
        }
    }

    /// `true` or `false`.
    #[must_use]
    pub fn flag(self) -> bool {
        if let Some(Tree::Bool(flag)) = self.value {
            *flag
        } else {
            self.another_type();
            false
        }
    }
}

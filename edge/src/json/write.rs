//! Writes documents, piece by piece.
//!
//! # Why not derived
//! A derived writer is code for each record and each type of member. Here every member is one call of a
//! function that is there once, and a value goes from the domain into the text without a record in
//! between.

use core::fmt::Display;

use super::print_text;

/// A document in the making. Whether a comma is missing, its last letter tells.
#[derive(Debug, Default)]
pub struct Writer {
    text: String,
}

impl Writer {
    /// The document that is one object.
    #[must_use]
    pub fn document(members: impl FnOnce(&mut Self)) -> String {
        let mut writer = Self::default();
        writer.object(members);
        writer.text
    }

    /// What was written.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// Where the next value goes.
    fn place(&mut self) -> &mut String {
        if !self.text.is_empty() && !self.text.ends_with(['{', '[', ':']) {
            self.text.push(',');
        }
        &mut self.text
    }

    /// A member's name; its value comes next.
    pub fn name(&mut self, name: &'static str) -> &mut Self {
        self.text(name);
        self.text.push(':');
        self
    }

    /// A text.
    pub fn text(&mut self, value: &str) {
        print_text(value, self.place());
    }

    /// A text, as it is shown.
    pub fn shown(&mut self, value: &dyn Display) {
        self.text(&value.to_string());
    }

    /// A whole number.
    pub fn number(&mut self, value: u64) {
        self.place().push_str(itoa::Buffer::new().format(value));
    }

    /// `true` or `false`.
    pub fn flag(&mut self, value: bool) {
        self.place().push_str(if value { "true" } else { "false" });
    }

    /// Nothing.
    pub fn null(&mut self) {
        self.place().push_str("null");
    }

    /// A text or nothing.
    pub fn text_or_null(&mut self, value: Option<&str>) {
        match value {
            Some(value) => self.text(value),
            None => self.null(),
        }
    }

    /// A value or nothing.
    pub fn or_null<T>(&mut self, value: Option<T>, each: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => each(self, value),
            None => self.null(),
        }
    }

    /// An object of these members.
    pub fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.place().push('{');
        members(self);
        self.text.push('}');
    }

    /// A list of values of different kinds.
    pub fn tuple(&mut self, values: impl FnOnce(&mut Self)) {
        self.place().push('[');
        values(self);
        self.text.push(']');
    }

    /// A list.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) {
        self.tuple(|list| {
            for item in items {
                each(list, item);
            }
        });
    }
}

/// The same JSON, harmless inside a script element.
#[must_use]
pub fn for_script(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        match c {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            _ => out.push(c),
        }
        out
    })
}

//! The one JSON parser at the border: strict, bounded, and unable to echo what it read.
//!
//! # Why
//! serde_json alone takes a member twice, takes `[100]` for a record with one field, and nests 128
//! deep. Two readers who differ about such a document are an attack (the first `amount` here, the
//! second there). So bytes become a tree in one pass that refuses repeated members and deep nesting,
//! and records are read from the tree field by field (`field`). Derived readers would do the same in
//! five times the bytes.

mod field;
mod write;

pub use field::Field;
pub use write::Writer;

use core::cell::Cell;
use core::fmt;
use std::collections::BTreeSet;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use shared::problem::Code;

use crate::problem::Refusal;

/// The longest body, in bytes: a checkout with a hundred lines has 20 KiB.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// The deepest nesting: the deepest wire record has 5 levels.
pub const DEPTH_MAX: usize = 16;

/// How large a document may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// In bytes.
    pub bytes: usize,
    /// In objects and arrays around one value; a document that is an object has 1.
    pub depth: usize,
}

impl Limits {
    /// What a request's body may be.
    pub const BODY: Self = Self { bytes: BODY_BYTES_MAX, depth: DEPTH_MAX };
    /// For what we wrote ourselves, and for answers whose length was bounded where they came in.
    pub const OURS: Self = Self { bytes: usize::MAX, depth: 64 };
}

/// Reads a record: `of` asks the document's [`Field`]s.
///
/// # Errors
/// [`Code::BodyTooLarge`], [`Code::JsonTooDeep`], [`Code::JsonDuplicateKey`], [`Code::JsonInvalid`];
/// [`Code::JsonSchema`] when a field was not what `of` asked for.
pub fn read<T>(
    bytes: &[u8],
    limits: Limits,
    of: impl FnOnce(Field<'_>) -> T,
) -> Result<T, Refusal> {
    let (document, misfit) = (tree(bytes, limits)?, Cell::new(None));
    let record = of(Field::new(&document, &misfit));
    match misfit.get() {
        None => Ok(record),
        Some(detail) => Err(Refusal::because(Code::JsonSchema, detail)),
    }
}

/// The document in canonical form: members sorted by name, no spaces.
///
/// # Errors
/// As [`read`], but for [`Code::JsonSchema`].
pub fn canonical(bytes: &[u8], limits: Limits) -> Result<String, Refusal> {
    let mut text = String::new();
    print(&tree(bytes, limits)?, &mut text);
    Ok(text)
}

fn tree(bytes: &[u8], limits: Limits) -> Result<Tree, Refusal> {
    if bytes.len() > limits.bytes {
        return Err(Refusal::new(Code::BodyTooLarge));
    }
    let fault = Cell::new(Code::JsonInvalid);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    Nested { room: limits.depth, fault: &fault }
        .deserialize(&mut reader)
        .and_then(|tree| reader.end().map(|()| tree))
        .map_err(|_| Refusal::new(fault.get()))
}

fn print(tree: &Tree, text: &mut String) {
    let mut mark = '[';
    match tree {
        Tree::List(items) => {
            for item in items {
                text.push(core::mem::replace(&mut mark, ','));
                print(item, text);
            }
            text.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Tree::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            mark = '{';
            for (name, value) in &sorted {
                text.push(core::mem::replace(&mut mark, ','));
                print_text(name, text);
                text.push(':');
                print(value, text);
            }
            text.push_str(if sorted.is_empty() { "{}" } else { "}" });
        }
        Tree::Text(value) => print_text(value, text),
        Tree::Null => text.push_str("null"),
        Tree::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Tree::Unsigned(_) | Tree::Signed(_) | Tree::Double(_) => text.push_str(&digits(tree)),
    }
}

fn print_text(value: &str, text: &mut String) {
    // Text always prints.
    text.push_str(&serde_json::to_string(value).unwrap_or_default());
}

/// A number as it is written in JSON, with a fraction for every double; nothing for another value.
fn digits(tree: &Tree) -> String {
    match tree {
        Tree::Unsigned(value) => value.to_string(),
        Tree::Signed(value) => value.to_string(),
        Tree::Double(value) => {
            serde_json::Number::from_f64(*value).map(|n| n.to_string()).unwrap_or_default()
        }
        Tree::Null | Tree::Bool(_) | Tree::Text(_) | Tree::List(_) | Tree::Object(_) => {
            String::new()
        }
    }
}

/// A JSON document. Objects keep the order of their members.
enum Tree {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Double(f64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// Reads one value that may hold `room` more levels; leaves the cause of a failure in `fault`.
#[derive(Clone, Copy)]
struct Nested<'a> {
    room: usize,
    fault: &'a Cell<Code>,
}

impl Nested<'_> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.room.checked_sub(1) {
            Some(room) => Ok(Self { room, ..self }),
            None => Err(self.fail(Code::JsonTooDeep)),
        }
    }

    fn fail<E: serde::de::Error>(self, code: Code) -> E {
        self.fault.set(code);
        E::custom(code.code())
    }
}

impl<'de> DeserializeSeed<'de> for Nested<'_> {
    type Value = Tree;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Tree, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Signed(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Double(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Tree, A::Error> {
        let inner = self.inner()?;
        let mut seen = BTreeSet::new();
        let mut object = Vec::new();
        while let Some(name) = members.next_key::<String>()? {
            if !seen.insert(name.clone()) {
                return Err(self.fail(Code::JsonDuplicateKey));
            }
            object.push((name, members.next_value_seed(inner)?));
        }
        Ok(Tree::Object(object))
    }
}

#[cfg(test)]
mod tests;

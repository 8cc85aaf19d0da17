//! The one JSON parser at the border: strict, bounded, and unable to echo what it read.
//!
//! # Why
//! serde_json alone takes a member twice, takes `[100]` for a record with one field, and nests 128
//! deep. Two readers who differ about such a document are an attack (the first `amount` here, the
//! second there). So bytes become a tree in one pass (`read`) that refuses repeated members and deep
//! nesting, and records are read from the tree field by field (`field`). Derived readers would do the
//! same in five times the bytes. Numbers that are no whole ones stay as they are written: no code that
//! turns decimals into doubles ships. The library is the oracle of the tests.

mod field;
mod read;
mod write;

pub use field::Field;
pub use write::{Writer, for_script};

use core::cell::Cell;

use shared::problem::Code;

use crate::problem::Refusal;
use read::Reader;

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

/// The document in canonical form: members sorted by name, no spaces, numbers as they are written.
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
    Reader::document(bytes, limits.depth).map_err(Refusal::new)
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
        Tree::Unsigned(_) | Tree::Number(_) => text.push_str(&digits(tree)),
    }
}

/// A text in its quotes. Quotes, backslashes and control characters are escaped in the shortest way.
fn print_text(value: &str, text: &mut String) {
    let marked = |b: u8| b < b' ' || matches!(b, b'"' | b'\\');
    let mut rest = value;
    text.push('"');
    while let Some((plain, tail)) =
        rest.bytes().position(marked).and_then(|at| rest.split_at_checked(at))
    {
        text.push_str(plain);
        let mut letters = tail.chars();
        let letter = letters.next().unwrap_or_default();
        rest = letters.as_str();
        text.push('\\');
        match letter {
            '"' | '\\' => text.push(letter),
            '\u{8}' => text.push('b'),
            '\t' => text.push('t'),
            '\n' => text.push('n'),
            '\u{c}' => text.push('f'),
            '\r' => text.push('r'),
            _ => {
                let code = u32::from(letter);
                text.push_str(if code < 16 { "u000" } else { "u001" });
                text.push(char::from_digit(code & 15, 16).unwrap_or_default());
            }
        }
    }
    text.push_str(rest);
    text.push('"');
}

/// A number as it is written; nothing for another value.
fn digits(tree: &Tree) -> String {
    match tree {
        Tree::Unsigned(value) => value.to_string(),
        Tree::Number(text) => text.clone(),
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
    /// Any other number, as it is written: nothing here counts with it.
    Number(String),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

#[cfg(test)]
mod tests;

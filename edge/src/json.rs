//! The one JSON parser at the border: strict, bounded, and unable to echo what it read.
//!
//! # Why
//! serde_json alone takes a member twice, takes `[100]` for a record with one field, and nests 128
//! deep. Two readers who differ about such a document are an attack (the first `amount` here, the
//! second there). So bytes become a tree in one pass that refuses repeated members and deep nesting,
//! and records are read from the tree by a deserializer that knows a record only as an object.
//!
//! Records that are reached through serde's own buffers (`flatten`, tagged enums) lose that last
//! rule; the wire uses neither.

use core::cell::Cell;
use core::fmt;
use std::collections::BTreeSet;

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
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
}

/// Reads a record.
///
/// # Errors
/// [`Code::BodyTooLarge`], [`Code::JsonTooDeep`], [`Code::JsonDuplicateKey`], [`Code::JsonInvalid`],
/// [`Code::JsonSchema`].
pub fn parse<T: DeserializeOwned>(bytes: &[u8], limits: Limits) -> Result<T, Refusal> {
    if bytes.len() > limits.bytes {
        return Err(Refusal::new(Code::BodyTooLarge));
    }
    let fault = Cell::new(Code::JsonInvalid);
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let tree = Nested { room: limits.depth, fault: &fault }
        .deserialize(&mut reader)
        .and_then(|tree| reader.end().map(|()| tree))
        .map_err(|_| Refusal::new(fault.get()))?;
    T::deserialize(tree).map_err(|Mismatch(detail)| Refusal::because(Code::JsonSchema, detail))
}

/// A JSON document. Objects keep the order of their members.
#[derive(Debug, Clone, PartialEq)]
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

/// Why a tree is not the record: one of our own sentences, so that nothing of the input is in it.
#[derive(Debug)]
struct Mismatch(&'static str);

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Mismatch {}

impl serde::de::Error for Mismatch {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self("a value is not one that is allowed here")
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self("a value has another type than expected")
    }

    fn invalid_length(_: usize, _: &dyn serde::de::Expected) -> Self {
        Self("a list has another length than expected")
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self("a word is not one of those that are known here")
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self("a member is unknown")
    }

    fn missing_field(_: &'static str) -> Self {
        Self("a member is missing")
    }

    fn duplicate_field(_: &'static str) -> Self {
        Self("a member occurs twice")
    }
}

impl<'de> IntoDeserializer<'de, Mismatch> for Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> serde::Deserializer<'de> for Tree {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Unsigned(value) => visitor.visit_u64(value),
            Self::Signed(value) => visitor.visit_i64(value),
            Self::Double(value) => visitor.visit_f64(value),
            Self::Text(value) => visitor.visit_string(value),
            Self::List(items) => {
                let mut items = SeqDeserializer::new(items.into_iter());
                let value = visitor.visit_seq(&mut items)?;
                items.end().map(|()| value)
            }
            Self::Object(members) => {
                let mut members = MapDeserializer::new(members.into_iter());
                let value = visitor.visit_map(&mut members)?;
                members.end().map(|()| value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self == Self::Null { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        if !matches!(self, Self::Object(_)) {
            return Err(Mismatch("an object was expected"));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self {
            Self::Text(word) => visitor.visit_enum(word.into_deserializer()),
            Self::Object(members) if members.len() == 1 => visitor
                .visit_enum(MapAccessDeserializer::new(MapDeserializer::new(members.into_iter()))),
            Self::Object(_)
            | Self::Null
            | Self::Bool(_)
            | Self::Unsigned(_)
            | Self::Signed(_)
            | Self::Double(_)
            | Self::List(_) => Err(Mismatch::custom("")),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests;

//! What crosses between door and owner, written and read by one rule: a record's definition is the only
//! list of its members.
//!
//! # Why macros
//! A derived writer weighs a kilobyte and a half of the upload, and a reader by hand beside it may forget
//! what the writer says. Here both are the definition, and each member is one call on either side.

use crate::json::{Field, Writer};

/// A value in a call.
pub trait Part: Sized {
    /// Writes it.
    fn write(&self, call: &mut Writer);
    /// Reads it; what does not fit spoils the reading.
    fn read(field: Field<'_>) -> Self;

    /// Writes it as a member. Not inlined: each record has many.
    #[inline(never)]
    fn write_member(&self, name: &'static str, call: &mut Writer) {
        self.write(call.name(name));
    }

    /// Reads it as a member.
    #[inline(never)]
    fn read_member(of: Field<'_>, name: &str) -> Self {
        Self::read(of.get(name))
    }
}

/// The bytes of one.
#[must_use]
pub fn bytes(part: &impl Part) -> Vec<u8> {
    let mut writer = Writer::default();
    part.write(&mut writer);
    writer.into_text().into_bytes()
}

impl Part for String {
    fn write(&self, call: &mut Writer) {
        call.text(self);
    }

    fn read(field: Field<'_>) -> Self {
        field.text()
    }
}

impl Part for Option<String> {
    fn write(&self, call: &mut Writer) {
        call.text_or_null(self.as_deref());
    }

    fn read(field: Field<'_>) -> Self {
        field.text_or_none()
    }
}

impl Part for Vec<String> {
    fn write(&self, call: &mut Writer) {
        call.list(self, |list, text| list.text(text));
    }

    fn read(field: Field<'_>) -> Self {
        field.list().into_iter().map(Field::text).collect()
    }
}

impl Part for bool {
    fn write(&self, call: &mut Writer) {
        call.flag(*self);
    }

    fn read(field: Field<'_>) -> Self {
        field.flag()
    }
}

impl Part for u64 {
    fn write(&self, call: &mut Writer) {
        call.number(*self);
    }

    fn read(field: Field<'_>) -> Self {
        field.number()
    }
}

macro_rules! smaller {
    ($($type:ty),*) => {
        $(impl Part for $type {
            fn write(&self, call: &mut Writer) {
                call.number((*self).into());
            }

            fn read(field: Field<'_>) -> Self {
                field.small()
            }
        })*
    };
}
smaller!(u16, u32);

/// A record that crosses as an object of its members.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[$doc:meta])* pub $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        pub struct $name {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl $crate::part::Part for $name {
            fn write(&self, call: &mut $crate::json::Writer) {
                call.object(|call| {
                    $($crate::part::Part::write_member(&self.$field, stringify!($field), call);)*
                });
            }

            fn read(field: $crate::json::Field<'_>) -> Self {
                Self { $($field: $crate::part::Part::read_member(field, stringify!($field)),)* }
            }
        }
    };
}

/// A choice that crosses as an object of one member, which has the variant's word as its name; a variant
/// without content crosses as its word alone. A member with a value behind `=` may be missing: the release
/// before does not write it.
macro_rules! choice {
    ($(#[$meta:meta])* pub enum $name:ident {
        $($(#[$doc:meta])* $word:literal => $variant:ident {
            $($(#[$note:meta])* $field:ident: $type:ty $(= $absent:expr)?,)*
        })*
        $(record $(#[$whole_doc:meta])* $whole_word:literal => $whole:ident($whole_type:ty))*
        $(word $(#[$alone_doc:meta])* $alone_word:literal => $alone:ident)*
    } refused as $refused:expr) => {
        $(#[$meta])*
        pub enum $name {
            $($(#[$doc])* $variant { $($(#[$note])* $field: $type,)* },)*
            $($(#[$whole_doc])* $whole($whole_type),)*
            $($(#[$alone_doc])* $alone,)*
        }

        impl $name {
            const fn word(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => $word,)*
                    $(Self::$whole(_) => $whole_word,)*
                    $(Self::$alone => $alone_word,)*
                }
            }

            fn write_members(&self, call: &mut $crate::json::Writer) {
                match self {
                    $(Self::$variant { $($field,)* } => {
                        $($crate::part::Part::write_member($field, stringify!($field), call);)*
                    })*
                    $(Self::$whole(_) => {})*
                    $(Self::$alone => {})*
                }
            }
        }

        impl $crate::part::Part for $name {
            fn write(&self, call: &mut $crate::json::Writer) {
                $(if let Self::$alone = self {
                    return call.text($alone_word);
                })*
                call.object(|call| {
                    let call = call.name(self.word());
                    $(if let Self::$whole(whole) = self {
                        return $crate::part::Part::write(whole, call);
                    })*
                    call.object(|call| self.write_members(call));
                });
            }

            fn read(field: $crate::json::Field<'_>) -> Self {
                let (word, of) = field.variant();
                match word {
                    $($word => Self::$variant {
                        $($field: $crate::part::member!(of, stringify!($field) $(, $absent)?),)*
                    },)*
                    $($whole_word => Self::$whole($crate::part::Part::read(of)),)*
                    $($alone_word => Self::$alone,)*
                    _ => {
                        field.refuse();
                        $refused
                    }
                }
            }
        }
    };
}

macro_rules! member {
    ($of:expr, $name:expr) => {
        $crate::part::Part::read_member($of, $name)
    };
    ($of:expr, $name:expr, $absent:expr) => {
        $of.get($name).option().map_or($absent, $crate::part::Part::read)
    };
}

pub(crate) use {choice, member, record};

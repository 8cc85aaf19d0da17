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

#[cfg(target_arch = "wasm32")]
mod browser {
    use js_sys::{Array, JSON, Object, Reflect};
    use wasm_bindgen::{JsCast, JsValue};

    use super::Value;

    /// Deeper values than this are none of ours.
    const DEPTH_MAX: u32 = 8;

    /// Reads JSON.
    pub(crate) fn parse(text: &str) -> Option<Value> {
        JSON::parse(text).ok().map(|value| of_js(&value, DEPTH_MAX))
    }

    /// A value of the browser as plain data.
    pub(crate) fn of_message(value: &JsValue) -> Value {
        of_js(value, DEPTH_MAX)
    }

    fn of_js(value: &JsValue, depth: u32) -> Value {
        let Some(below) = depth.checked_sub(1) else { return Value::Null };
        if let Some(text) = value.as_string() {
            Value::Text(text)
        } else if let Some(flag) = value.as_bool() {
            Value::Bool(flag)
        } else if value.as_f64().is_some() {
            let printed = JSON::stringify(value).ok().and_then(|text| text.as_string());
            printed.and_then(|text| text.parse().ok()).map_or(Value::Null, Value::Whole)
        } else if let Some(list) = value.dyn_ref::<Array>() {
            Value::List(list.iter().map(|item| of_js(&item, below)).collect())
        } else if let Some(object) = value.dyn_ref::<Object>() {
            let keys = Object::keys(object);
            let members = keys.iter().filter_map(|key| {
                let member = Reflect::get(object, &key).ok()?;
                Some((key.as_string()?, of_js(&member, below)))
            });
            Value::Map(members.collect())
        } else {
            Value::Null
        }
    }

    /// An object of the browser with these members; an absent one is `null`.
    pub(crate) fn object(members: &[(&str, Option<String>)]) -> Object {
        let object = Object::new();
        for (key, value) in members {
            let value = value.as_deref().map_or(JsValue::NULL, JsValue::from_str);
            let _set = Reflect::set(&object, &JsValue::from_str(key), &value);
        }
        object
    }

    /// Prints an object as JSON.
    pub(crate) fn print(members: &[(&str, Option<String>)]) -> String {
        JSON::stringify(&object(members)).map(String::from).unwrap_or_default()
    }
}

#[cfg(target_arch = "wasm32")]
pub(crate) use browser::{object, of_message, parse, print};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_kind_is_nothing() {
        let map = Value::Map(vec![("a".to_owned(), Value::Whole(1))]);
        assert_eq!(map.get("a").whole(), Some(1));
        assert_eq!(map.get("a").text(), None);
        assert!(map.get("b").is_null());
        assert!(Value::Text("x".to_owned()).get("a").is_null());
        assert_eq!(Value::Bool(true).items(), []);
        assert!(!Value::Null.is_true());
    }
}

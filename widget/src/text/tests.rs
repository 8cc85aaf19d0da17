//! The files of the languages: read as browsers read them, and compared with the Korean.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::record::{DeclineCode, Means, Presentation, Unavailable};

/// Every language that has a file: the Korean, the English, and then the others.
pub(crate) fn all() -> Vec<Text> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("text");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let text = |file| Text::new(read(&std::fs::read_to_string(file).unwrap()));
    let mut all: Vec<Text> = files.iter().map(text).collect();
    all.sort_by_key(|text| (text.language() != "ko", text.language() != "en"));
    all
}

/// The sentences of a language.
pub(crate) fn text(language: &str) -> Text {
    all().into_iter().find(|text| text.language() == language).unwrap()
}

fn read(file: &str) -> Value {
    plain(&serde_json::from_str(file).unwrap())
}

fn plain(value: &serde_json::Value) -> Value {
    if let Some(members) = value.as_object() {
        return Value::Map(members.iter().map(|(key, it)| (key.clone(), plain(it))).collect());
    }
    match value.as_array() {
        Some(items) => Value::List(items.iter().map(plain).collect()),
        None => Value::Text(value.as_str().unwrap().to_owned()),
    }
}

/// The sentences by their names, such as `refused.token_expired.1`.
fn sentences(value: &Value, name: &str, into: &mut BTreeMap<String, String>) {
    let under = |key: &str| [name, ".", key].concat();
    match value {
        Value::Text(text) => drop(into.insert(name.to_owned(), text.clone())),
        Value::List(items) => {
            for (place, item) in items.iter().enumerate() {
                sentences(item, &under(&place.to_string()), into);
            }
        }
        Value::Map(members) => {
            for (key, value) in members {
                sentences(value, &under(key), into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Whole(_) => panic!("{name} is no sentence"),
    }
}

#[test]
fn a_language_is_one_file_and_says_all_that_the_korean_says() {
    let said = |text: &Text| {
        let mut said = BTreeMap::new();
        sentences(&text.0, "", &mut said);
        said
    };
    let korean = said(&text("ko"));
    let all = all();
    assert!(all.len() >= 3, "the third proves that one file is enough");
    for text in all {
        let language = text.language().to_owned();
        let said = said(&text);
        assert!(said.keys().eq(korean.keys()), "{language} says other things than the Korean");
        for (name, sentence) in said {
            assert!(!sentence.trim().is_empty(), "{language}: {name} is empty");
            let places = |sentence: &str| sentence.bytes().filter(|byte| *byte == PLACE).count();
            assert_eq!(places(&sentence), places(&korean[&name]), "{language}: {name}");
        }
        assert!(["ko", "en"].contains(&text.window()), "{language}: no provider speaks it");
    }
}

#[test]
fn every_word_of_a_closed_set_has_its_own_sentence() {
    let korean = text("ko");
    let own = |group: &str, name: &str| !korean.0.get(group).get(name).is_null();
    for kind in StateKind::ALL {
        // What is chosen speaks for itself.
        assert_eq!(own("state", kind.name()), *kind != StateKind::Choosing, "{kind:?}");
    }
    for means in Means::ALL {
        assert!(own("method", means.code()), "{means:?}");
    }
    for rung in [Presentation::Iframe, Presentation::Popup, Presentation::Redirect] {
        assert!(own("away", rung.code()) && own("climb", rung.code()), "{rung:?}");
    }
    for code in DeclineCode::ALL {
        assert!(own("decline", code.code()), "{code:?}");
    }
    for reason in Unavailable::ALL {
        assert!(own("unavailable", reason.word()), "{reason:?}");
    }
}

#[test]
fn a_sentence_takes_its_value_where_its_language_puts_it() {
    assert_eq!(text("ko").fill("pay", "31,000원"), "31,000원 결제하기");
    assert_eq!(text("en").fill("pay", "₩31,000"), "Pay ₩31,000");
}

#[test]
fn an_unknown_code_is_said_as_any_other() {
    let english = text("en");
    assert_eq!(english.of("refused", "x").title, "The payment cannot start");
    assert_eq!(english.of("state", "x"), Say::default());
}

//! What each script of the widget says, taken from the files of the languages: `widget/text/<language>.json`.
//!
//! # Why
//! A language is translated once, in one file. Who needs a few of its words gets those: the loader two of every
//! language, since it draws before anything is fetched; the page the element's sentences in one; `<hanbeon-status>`
//! its own.

use serde_json::{Map, Value, json};

/// What a page fetches with the element, in a language: all but what others say.
#[must_use]
pub fn page(file: &Value) -> Value {
    let mut said = file.as_object().cloned().unwrap_or_default();
    for other in ["standing", "inapp"] {
        said.remove(other);
    }
    Value::Object(said)
}

/// The loader's two, by language: the button, and the button after a failure.
#[must_use]
pub fn loader(files: &[Value]) -> Value {
    by_language(files, |file| json!([file["pay_soon"], file["reload"]]))
}

/// What is said in the browsers of apps, by language.
#[must_use]
pub fn inapp(files: &[Value]) -> Value {
    by_language(files, |file| file["inapp"].clone())
}

/// What the elements without the module say (`<hanbeon-status>`, `<hanbeon-availability>`), in a language.
#[must_use]
pub fn status(file: &Value) -> Value {
    let standing = &file["standing"];
    let state = |name: &str| pair(&file["state"][name]);
    json!({
        "won": file["won"],
        "stock": {
            "held": pair(&standing["held"]),
            "mine": pair(&standing["mine"]),
            "sold": pair(&standing["sold"]),
        },
        "back": standing["back"],
        "said": {
            "open": standing["open"],
            "presented": standing["under_way"],
            "hidden": standing["hidden"],
            "checking": state("Confirming"),
            "awaiting_deposit": standing["deposit"],
            "paid": state("Paid"),
            "cancelled": state("Cancelled"),
            "expired": state("Expired"),
            "refunded": state("Refunded"),
            "review": state("Review"),
            "silent": state("Unreachable"),
            "loading": state("Loading"),
        },
        "declined": each(&file["decline"], pair),
        "by": each(&file["method"], |said| said[0].clone()),
        "merchant": standing["merchant"],
        "label": standing["label"],
        "amount": standing["amount"],
        "means": standing["means"],
        "offered": standing["offered"],
        "paid_at": file["paid_at"],
        "bank": file["bank"],
        "account": file["account"],
        "holder": file["holder"],
        "until": file["until"],
        "test": file["test_mode"],
    })
}

/// A sentence, and the smaller one below it, which may be empty.
fn pair(said: &Value) -> Value {
    json!([said[0], said.get(1).unwrap_or(&json!(""))])
}

fn each(group: &Value, read: impl Fn(&Value) -> Value) -> Value {
    let members = group.as_object().into_iter().flatten();
    Value::Object(members.map(|(name, said)| (name.clone(), read(said))).collect())
}

fn by_language(files: &[Value], read: impl Fn(&Value) -> Value) -> Value {
    Value::Object(files.iter().map(|file| (language(file), read(file))).collect::<Map<_, _>>())
}

/// The tag of a file's language.
#[must_use]
pub fn language(file: &Value) -> String {
    file["language"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<Value> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../widget/text");
        let entries = std::fs::read_dir(folder).unwrap();
        let read = |path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        entries.map(|entry| read(entry.unwrap().path())).collect()
    }

    fn says_all(value: &Value, name: &str) {
        if let Some(members) = value.as_object() {
            members.iter().for_each(|(key, value)| says_all(value, &format!("{name}.{key}")));
        } else if let Some(items) = value.as_array() {
            assert_eq!(items.len(), 2, "{name}");
            items.iter().for_each(|item| says_all(item, name));
        } else {
            assert!(value.is_string(), "{name}: {value}");
        }
    }

    #[test]
    fn every_script_has_its_words_in_every_language() {
        let files = files();
        for file in &files {
            says_all(&status(file), "status");
            let page = page(file);
            assert!(page["standing"].is_null() && page["inapp"].is_null());
            assert!(page["state"].is_object());
        }
        for said in [loader(&files), inapp(&files)] {
            assert_eq!(said.as_object().map(Map::len), Some(files.len()));
            says_all(&said, "said");
        }
    }

    #[test]
    fn the_loader_says_what_the_element_will_say() {
        assert_eq!(loader(&files())["ko"], json!(["결제하기", "다시 불러오기"]));
    }

    #[test]
    fn the_status_element_says_what_the_element_says() {
        let korean = files().into_iter().find(|file| language(file) == "ko").unwrap();
        let said = status(&korean);
        assert_eq!(said["said"]["loading"], json!(["결제 정보를 불러오고 있습니다", ""]));
        assert_eq!(said["declined"]["sold_out"], korean["decline"]["sold_out"]);
        assert_eq!(said["by"]["card"], "신용·체크카드");
    }
}

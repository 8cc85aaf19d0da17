//! What is published: one version, types and manifest that say the same, files that are what their integrity
//! lines say, and an import that does nothing on a server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha384};

fn widget() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../widget")
}

fn text(file: &str) -> String {
    let file = widget().join(file);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn document(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap()
}

#[test]
fn each_file_of_the_package_is_what_its_integrity_line_says() {
    let list = document("dist/widget/sri.json");
    assert_eq!(list["version"], env!("CARGO_PKG_VERSION"), "one version for crates and package");
    assert_eq!(list["version"], document("package.json")["version"]);
    let files = list["files"].as_object().unwrap();
    for needed in [
        "element.js",
        "hanbeon.js",
        "hanbeon_bg.wasm",
        "status.js",
        "availability.js",
        "status/ko.json",
    ] {
        assert!(files.contains_key(needed), "{needed} has no line");
    }
    for (file, line) in files {
        let bytes = fs::read(widget().join("dist/widget").join(file)).unwrap();
        let sum = STANDARD.encode(Sha384::digest(bytes));
        assert_eq!(line.as_str(), Some(format!("sha384-{sum}").as_str()), "{file}");
    }
}

#[test]
fn f48_the_package_can_be_imported_on_a_server() {
    let node = std::env::var_os("HANBEON_NODE").unwrap_or_else(|| "node".into());
    let script = "
        await import('./dist/widget/status.js');
        await import('./dist/widget/availability.js');
        const { load, loadStatus } = await import('./index.js');
        await load('https://pay.example.com');
        await loadStatus('https://pay.example.com');
    ";
    let told = Command::new(node)
        .current_dir(widget())
        .args(["--input-type=module", "-e", script])
        .output()
        .expect("node starts");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
}

#[test]
fn types_manifest_and_elements_name_the_same_attributes_and_events() {
    let types = text("index.d.ts");
    for module in document("custom-elements.json")["modules"].as_array().unwrap() {
        let element = &module["declarations"][0];
        let source = module["path"].as_str().unwrap().replace("dist/widget/", "");
        let source = text(&source) + &text("form.js");
        let names = |list: &str| -> Vec<String> {
            let items = element[list].as_array().into_iter().flatten();
            items.filter_map(|item| item["name"].as_str().map(str::to_owned)).collect()
        };
        for attribute in names("attributes") {
            assert!(source.contains(&format!("\"{attribute}\"")) || attribute == "name");
            let is_typed = types.contains(&format!("  {attribute}?: "))
                || types.contains(&format!("  \"{attribute}\"?: "));
            assert!(is_typed, "index.d.ts does not know the attribute {attribute}");
        }
        for event in names("events") {
            assert!(types.contains(&format!("\"{event}\": CustomEvent<")), "{event} has no type");
        }
        for member in names("members") {
            assert!(types.contains(&format!("\n  {member}: ")), "{member} has no type");
        }
        let tag = element["tagName"].as_str().unwrap();
        assert!(types.contains(&format!("\"{tag}\": Hanbeon")), "{tag} has no type");
    }
}

#[test]
fn every_file_that_the_package_exports_is_there() {
    let package = document("package.json");
    let exports = package["exports"].as_object().unwrap();
    let mut named = Vec::new();
    for way in exports.values() {
        match way {
            Value::Object(ways) => named.extend(ways.values().filter_map(Value::as_str)),
            other => named.extend(other.as_str()),
        }
    }
    for file in named.into_iter().filter(|file| !file.contains('*')) {
        assert!(widget().join(file).is_file(), "{file} is exported and not there");
    }
}

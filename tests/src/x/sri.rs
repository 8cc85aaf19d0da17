//! What each file of the package must be: `widget/dist/widget/sri.json` with the version and a line of integrity
//! (SHA-384, as browsers take it) for every file that a page can fetch. The edge serves it beside them.

use std::path::PathBuf;

use serde_json::Value;

use crate::run::{Failure, npm_bin, program, quiet, read, root};

/// Node has the digest, and is here anyway.
const SUM: &str = r#"
const { createHash } = require("node:crypto");
const { readdirSync, readFileSync, writeFileSync } = require("node:fs");
const [folder, list, manifest] = process.argv.slice(1);
const { name, version } = JSON.parse(readFileSync(manifest));
const sum = (file) => `sha384-${createHash("sha384").update(readFileSync(`${folder}/${file}`)).digest("base64")}`;
const found = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1))
  .filter((file) => file !== "sri.json")
  .sort();
const files = Object.fromEntries(found.map((file) => [file, sum(file)]));
writeFileSync(list, `${JSON.stringify({ name, version, files }, null, 2)}\n`);
"#;

/// The list.
pub fn list() -> PathBuf {
    root().join("widget/dist/widget/sri.json")
}

/// Writes the list of what was built.
///
/// # Errors
///
/// When a file cannot be read.
pub fn write_list() -> Result<(), Failure> {
    let mut node = program(npm_bin("node"));
    node.args(["-e", SUM, "--"]).arg(root().join("widget/dist/widget")).arg(list());
    quiet(node.arg(root().join("widget/package.json"))).map(|_| ())
}

/// Prints the version and the lines.
///
/// # Errors
///
/// When there is no list.
pub fn print() -> Result<(), Failure> {
    let told: Value = serde_json::from_slice(&read(&list())?)
        .map_err(|error| Failure::new(format!("{}: {error}", list().display())))?;
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    println!("{} {}", word(&told["name"]), word(&told["version"]));
    for (file, sum) in told["files"].as_object().into_iter().flatten() {
        println!("  {file:<18} {}", word(sum));
    }
    Ok(())
}

//! What an order does, counted: what a price list asks for.
//!
//! A module stands between the doors and the built one (`tests/bench/count.js`) and counts calls, rows and
//! letters while orders run one after the other. Nothing here is measured in time, so every run says the same.

use hyper::Method;
use serde_json::{Map, Value};

use super::growth::{Folder, orders, released_on};
use super::jobs::Storage;
use super::load::{Shot, fire};
use super::server::Server;

/// Orders that are counted, after one that finds everything new.
const ORDERS: u64 = 20;

/// How often an order does each thing.
pub type Counts = Vec<(String, f64)>;

/// Counts.
///
/// # Errors
/// What was wrong, in one sentence.
pub fn run(port: u16, say: &dyn Fn(&str)) -> Result<Counts, String> {
    say("counting what an order does");
    let folder = Folder::fresh(Storage::Memory.folder("count"))?;
    let server = released_on(&folder.0, port, &["--between", "tests/bench/count.js"])?;
    orders(&server, 0..1)?;
    let before = sums(&server)?;
    for n in 1..=ORDERS {
        orders(&server, n..n + 1)?;
    }
    Ok(each(&before, &sums(&server)?, ORDERS))
}

fn sums(server: &Server) -> Result<Map<String, Value>, String> {
    let (path, headers, body) = ("/count".to_owned(), Vec::new(), String::new());
    let asked = Shot { method: Method::GET, path, headers, body };
    let answer = fire(server.port, 1, vec![asked])?.answers.pop().unwrap_or_default();
    serde_json::from_slice(&answer.body).map_err(|error| format!("no counts: {error}"))
}

/// What each of so many orders added.
fn each(before: &Map<String, Value>, after: &Map<String, Value>, orders: u64) -> Counts {
    let number = |sums: &Map<String, Value>, name: &str| {
        sums.get(name).and_then(Value::as_f64).unwrap_or_default()
    };
    let added = |name: &String| (number(after, name) - number(before, name)) / orders as f64;
    let all = after.keys().map(|name| (name.clone(), added(name)));
    all.filter(|(_, count)| *count > 0.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_has_its_share_of_what_was_added() {
        let sums = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap();
        let before = sums(r#"{"rows written": 70, "starts": 1}"#);
        let after = sums(r#"{"letters": 60, "rows written": 1490, "starts": 1}"#);
        let counts = each(&before, &after, 20);
        assert_eq!(counts, [("letters".to_owned(), 3.0), ("rows written".to_owned(), 71.0)]);
    }
}

//! The shop's list, read from the book. Lists may be a moment behind; nothing is decided from them.

use js_sys::{Array, Promise};
use serde::Serialize;
use shared::id::CheckoutId;
use shared::problem::Code;
use wasm_bindgen::JsValue;
use worker::Env;

use super::host::{self, Broken, Row, Values};
use super::visit::{Answer, Fault, Visit};

/// At most this many in a page.
const LIMIT_MAX: u32 = 100;
/// When the caller names none.
const LIMIT_DEFAULT: u32 = 20;

/// Newest first. The cursor is the last id of the page before: opaque to callers, and another
/// merchant's finds nothing (row 76, I-15).
const QUERY: &str = "
    SELECT id, version, status, amount, refunded, currency, label, created_at
    FROM checkouts WHERE merchant = ?1 AND (?2 = '' OR (created_at, id) <
        (SELECT created_at, id FROM checkouts WHERE id = ?2 AND merchant = ?1))
    ORDER BY created_at DESC, id DESC LIMIT ?3";

#[derive(Serialize)]
struct Item {
    id: String,
    version: u64,
    #[serde(rename = "status")]
    standing: String,
    amount: u64,
    refunded_amount: u64,
    currency: String,
    label: String,
    created_at: String,
}

#[derive(Serialize)]
struct Listing {
    checkouts: Vec<Item>,
    /// Pass it as `cursor` for what follows; `null` at the end.
    next_cursor: Option<String>,
}

/// Which part of whose list.
pub(super) struct Page {
    merchant: String,
    cursor: String,
    limit: u32,
}

/// The page that a request asks for.
pub(super) fn page(visit: &Visit) -> Result<Page, Fault> {
    let merchant = visit.merchant()?;
    let limit = match visit.incoming.parameter("limit")? {
        Some(text) => text.parse::<u32>().map_err(|_| Code::CursorInvalid)?.clamp(1, LIMIT_MAX),
        None => LIMIT_DEFAULT,
    };
    let cursor = visit.incoming.parameter("cursor")?.unwrap_or("").to_owned();
    if !cursor.is_empty() && CheckoutId::parse(&cursor).is_none() {
        return Err(Code::CursorInvalid.into());
    }
    Ok(Page { merchant, cursor, limit })
}

impl Page {
    /// Asks the book.
    pub(super) fn query(&self, env: &Env) -> Promise {
        let values = Values::new();
        values.text(&self.merchant).text(&self.cursor).number(u64::from(self.limit));
        host::book_rows(env, QUERY, &values)
    }

    /// What the book answered, as the caller reads it.
    pub(super) fn answer(&self, rows: &JsValue) -> Result<Answer, Broken> {
        let mut checkouts = Vec::new();
        for row in Array::from(rows) {
            checkouts.push(item(&row).ok_or_else(|| Broken("a row of the book".to_owned()))?);
        }
        let full = u32::try_from(checkouts.len()).is_ok_and(|count| count == self.limit);
        let next_cursor = checkouts.last().filter(|_| full).map(|row| row.id.clone());
        let listing = serde_json::to_string(&Listing { checkouts, next_cursor });
        Ok(Answer::json(listing.unwrap_or_default()))
    }
}

/// The columns in the query's order; `None` when one is not what the table says.
fn item(row: &JsValue) -> Option<Item> {
    Row::read(row, |row| Item {
        id: row.text(),
        version: row.number(),
        standing: row.text(),
        amount: row.number(),
        refunded_amount: row.number(),
        currency: row.text(),
        label: row.text(),
        created_at: row.time().to_string(),
    })
}

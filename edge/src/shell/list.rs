//! The shop's list, read from the book. Lists may be a moment behind; nothing is decided from them.

use serde::Serialize;
use shared::id::CheckoutId;
use shared::problem::Code;
use wasm_bindgen::JsValue;
use worker::{Error, Response};

use super::fetch::{Answered, Visit, text};

/// At most this many in a page.
const LIMIT_MAX: u32 = 100;
/// When the caller names none.
const LIMIT_DEFAULT: u32 = 20;

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
struct Page {
    checkouts: Vec<Item>,
    /// Pass it as `cursor` for what follows; `null` at the end.
    next_cursor: Option<String>,
}

/// Newest first. The cursor is the last id of the page before: opaque to callers, and another
/// merchant's finds nothing (row 76, I-15).
pub(super) async fn checkouts(visit: &Visit) -> Answered {
    let merchant = visit.merchant()?;
    let limit = match visit.incoming.parameter("limit")? {
        Some(text) => text.parse::<u32>().map_err(|_| Code::CursorInvalid)?.clamp(1, LIMIT_MAX),
        None => LIMIT_DEFAULT,
    };
    let cursor = visit.incoming.parameter("cursor")?.unwrap_or("");
    if !cursor.is_empty() && CheckoutId::parse(cursor).is_none() {
        return Err(Code::CursorInvalid.into());
    }
    let found = visit
        .env
        .d1("BOOK")?
        .prepare(
            "SELECT id, version, status, amount, refunded, currency, label, created_at
             FROM checkouts WHERE merchant = ?1 AND (?2 = '' OR (created_at, id) <
                 (SELECT created_at, id FROM checkouts WHERE id = ?2 AND merchant = ?1))
             ORDER BY created_at DESC, id DESC LIMIT ?3",
        )
        .bind(&[text(&merchant), text(cursor), limit.into()])?
        .raw_js_value()
        .await?;
    let rows: Option<Vec<Item>> = found.iter().map(item).collect();
    let checkouts = rows.ok_or_else(|| Error::RustError("a row of the book".to_owned()))?;
    let full = u32::try_from(checkouts.len()).is_ok_and(|count| count == limit);
    let next_cursor = checkouts.last().filter(|_| full).map(|row| row.id.clone());
    Ok(Response::from_json(&Page { checkouts, next_cursor })?)
}

/// The columns in the query's order; `None` when one is not what the table says.
fn item(row: &JsValue) -> Option<Item> {
    let row = js_sys::Array::from(row);
    let (text, number) = (|n| row.get(n).as_string(), |n| row.get(n).as_f64().map(whole));
    Some(Item {
        id: text(0)?,
        version: number(1)?,
        standing: text(2)?,
        amount: number(3)?,
        refunded_amount: number(4)?,
        currency: text(5)?,
        label: text(6)?,
        created_at: shared::time::Timestamp::from_millis(number(7)?).to_string(),
    })
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "D1 hands numbers over as doubles; every one was written from an integer below 2^53"
)]
const fn whole(value: f64) -> u64 {
    value as u64
}

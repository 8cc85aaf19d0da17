//! The shop's lists, read from the book. They may be a moment behind; nothing is decided from them.

use js_sys::{Array, Promise};
use wasm_bindgen::JsValue;
use worker::Env;

use crate::json::Writer;
use crate::serve::list::Kind;
use crate::serve::{Answer, Dead, Page, Wanted};

use super::host::{self, Broken, Row, Values};

/// How a list is read. Newest first.
struct Reading {
    name: &'static str,
    query: &'static str,
    /// Writes an item of a row's columns, in the query's order, and hands out its id.
    item: fn(&mut Row, &mut Writer) -> String,
}

static CHECKOUTS: Reading = Reading {
    name: "checkouts",
    query: "
        SELECT id, version, status, amount, refunded, currency, label, created_at
        FROM checkouts WHERE merchant = ?1 AND (?2 = '' OR (created_at, id) <
            (SELECT created_at, id FROM checkouts WHERE id = ?2 AND merchant = ?1))
        ORDER BY created_at DESC, id DESC LIMIT ?3",
    item: checkout,
};

static DEAD_NOTICES: Reading = Reading {
    name: "notices",
    query: "
        SELECT id, json_extract(json_extract(message, '$.notice'), '$.type'), checkout,
            json_extract(message, '$.listed.version'), json_extract(message, '$.at'), at, why, replays
        FROM dead_letters WHERE merchant = ?1 AND open = 1 AND (?2 = '' OR (at, id) <
            (SELECT at, id FROM dead_letters WHERE id = ?2 AND merchant = ?1))
        ORDER BY at DESC, id DESC LIMIT ?3",
    item: dead_notice,
};

const fn reading(kind: Kind) -> &'static Reading {
    match kind {
        Kind::Checkouts => &CHECKOUTS,
        Kind::DeadNotices => &DEAD_NOTICES,
    }
}

impl Page {
    /// Asks the book.
    pub(super) fn query(&self, env: &Env) -> Promise {
        let values = Values::new();
        values.text(&self.merchant).text(&self.cursor).number(u64::from(self.limit));
        host::book_rows(env, reading(self.kind).query, &values)
    }

    /// What the book answered, as the caller reads it.
    pub(super) fn answer(&self, rows: &JsValue) -> Result<Answer, Broken> {
        let rows = Array::from(rows);
        let full = rows.length() == self.limit;
        let (mut fits, mut last) = (true, None);
        let listing = Writer::document(|listing| {
            listing.name(reading(self.kind).name).list(rows, |list, row| {
                last = self.item(&row, list);
                fits = fits && last.is_some();
            });
            let next = last.as_deref().filter(|_| full);
            listing.name("next_cursor").text_or_null(next);
        });
        if fits { Ok(Answer::json(listing)) } else { Err(Broken("a row of the book".to_owned())) }
    }

    /// Writes one item; its id, or `None` when a column is not what the table says.
    fn item(&self, row: &JsValue, list: &mut Writer) -> Option<String> {
        let mut id = None;
        list.object(|item| id = Row::read(row, |row| (reading(self.kind).item)(row, item)));
        id
    }
}

fn checkout(row: &mut Row, item: &mut Writer) -> String {
    let id = row.text();
    item.name("id").text(&id);
    item.name("version").number(row.number());
    item.name("status").text(&row.text());
    item.name("amount").number(row.number());
    item.name("refunded_amount").number(row.number());
    item.name("currency").text(&row.text());
    item.name("label").text(&row.text());
    item.name("created_at").shown(&row.time());
    id
}

fn dead_notice(row: &mut Row, item: &mut Writer) -> String {
    let id = row.text();
    item.name("id").text(&id);
    item.name("type").text_or_null(row.text_or_none().as_deref());
    item.name("checkout").text(&row.text());
    item.name("version").number(row.number());
    item.name("created_at").shown(&row.time());
    item.name("dead_since").shown(&row.time());
    item.name("last_error").text(&row.text());
    item.name("replays").number(row.number());
    id
}

impl Wanted {
    /// Asks the book. Another merchant's does not exist for the caller (I-15).
    pub(super) fn query(&self, env: &Env) -> Promise {
        let values = Values::new();
        values.text(&self.notice).text(&self.merchant);
        let query = "SELECT checkout, message, open, replays FROM dead_letters
             WHERE id = ? AND merchant = ?";
        host::book_rows(env, query, &values)
    }

    /// What the book answered; `None` when it knows no such notice of this merchant's.
    pub(super) fn found(rows: &JsValue) -> Result<Option<Dead>, Broken> {
        let row = Array::from(rows).get(0);
        if row.is_undefined() {
            return Ok(None);
        }
        let dead = Row::read(&row, |row| Dead {
            checkout: row.text(),
            message: row.text(),
            open: row.small(),
            replays: row.small(),
        });
        dead.map(Some).ok_or_else(|| Broken("a row of the book".to_owned()))
    }
}

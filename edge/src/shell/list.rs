//! The shop's lists, read from the book. They may be a moment behind; nothing is decided from them.

use js_sys::{Array, Promise};
use shared::id::{CheckoutId, NoticeId};
use shared::problem::Code;
use wasm_bindgen::JsValue;
use worker::Env;

use crate::json::Writer;
use crate::owner::{Op, Replay};

use super::host::{self, Broken, Row, Values};
use super::rpc::Ask;
use super::visit::{Answer, Fault, Visit};

/// At most this many in a page.
const LIMIT_MAX: u32 = 100;
/// When the caller names none.
const LIMIT_DEFAULT: u32 = 20;

/// What is listed. Newest first. The cursor is the last id of the page before: opaque to callers, and
/// another merchant's finds nothing (row 76, I-15).
struct Kind {
    name: &'static str,
    query: &'static str,
    knows: fn(&str) -> bool,
    /// Writes an item of a row's columns, in the query's order, and hands out its id.
    item: fn(&mut Row, &mut Writer) -> String,
}

const CHECKOUTS: Kind = Kind {
    name: "checkouts",
    query: "
        SELECT id, version, status, amount, refunded, currency, label, created_at
        FROM checkouts WHERE merchant = ?1 AND (?2 = '' OR (created_at, id) <
            (SELECT created_at, id FROM checkouts WHERE id = ?2 AND merchant = ?1))
        ORDER BY created_at DESC, id DESC LIMIT ?3",
    knows: |cursor| CheckoutId::parse(cursor).is_some(),
    item: checkout,
};

const DEAD_NOTICES: Kind = Kind {
    name: "notices",
    query: "
        SELECT id, json_extract(json_extract(message, '$.notice'), '$.type'), checkout,
            json_extract(message, '$.listed.version'), json_extract(message, '$.at'), at, why, replays
        FROM dead_letters WHERE merchant = ?1 AND open = 1 AND (?2 = '' OR (at, id) <
            (SELECT at, id FROM dead_letters WHERE id = ?2 AND merchant = ?1))
        ORDER BY at DESC, id DESC LIMIT ?3",
    knows: |cursor| NoticeId::parse(cursor).is_some(),
    item: dead_notice,
};

/// Which part of whose list.
pub(super) struct Page {
    kind: &'static Kind,
    merchant: String,
    cursor: String,
    limit: u32,
}

/// The page of checkouts that a request asks for.
pub(super) fn checkouts(visit: &Visit) -> Result<Page, Fault> {
    page(visit, &CHECKOUTS)
}

/// The page of dead notices that a request asks for.
pub(super) fn dead_notices(visit: &Visit) -> Result<Page, Fault> {
    page(visit, &DEAD_NOTICES)
}

fn page(visit: &Visit, kind: &'static Kind) -> Result<Page, Fault> {
    let merchant = visit.merchant()?;
    let limit = match visit.incoming.parameter("limit")? {
        Some(text) => text.parse::<u32>().map_err(|_| Code::CursorInvalid)?.clamp(1, LIMIT_MAX),
        None => LIMIT_DEFAULT,
    };
    let cursor = visit.incoming.parameter("cursor")?.unwrap_or("").to_owned();
    if !cursor.is_empty() && !(kind.knows)(&cursor) {
        return Err(Code::CursorInvalid.into());
    }
    Ok(Page { kind, merchant, cursor, limit })
}

impl Page {
    /// Asks the book.
    pub(super) fn query(&self, env: &Env) -> Promise {
        let values = Values::new();
        values.text(&self.merchant).text(&self.cursor).number(u64::from(self.limit));
        host::book_rows(env, self.kind.query, &values)
    }

    /// What the book answered, as the caller reads it.
    pub(super) fn answer(&self, rows: &JsValue) -> Result<Answer, Broken> {
        let rows = Array::from(rows);
        let full = rows.length() == self.limit;
        let (mut fits, mut last) = (true, None);
        let listing = Writer::document(|listing| {
            listing.name(self.kind.name).list(rows, |list, row| {
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
        list.object(|item| id = Row::read(row, |row| (self.kind.item)(row, item)));
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

/// A dead notice that its shop wants once more: the book knows it, its checkout's owner decides.
pub(super) struct Wanted {
    merchant: String,
    notice: String,
    key: String,
    fingerprint: String,
}

/// The replay that a request asks for.
pub(super) fn wanted(visit: &Visit, notice: &str) -> Result<Wanted, Fault> {
    let merchant = visit.merchant()?;
    let key = visit.incoming.idempotency_key()?.as_str().to_owned();
    let (notice, fingerprint) = (notice.to_owned(), format!("POST {}", visit.incoming.path));
    Ok(Wanted { merchant, notice, key, fingerprint })
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

    /// The question for the owner; one that is no longer dead is not sent again.
    pub(super) fn ask(self, visit: &Visit, rows: &JsValue) -> Result<Ask, Fault> {
        let row = Array::from(rows).get(0);
        if row.is_undefined() {
            return Err(Code::NotFound.into());
        }
        let read = |row: &mut Row| (row.text(), row.text(), row.small(), row.small());
        let (checkout, message, open, replays) =
            Row::read(&row, read).ok_or_else(|| Broken("a row of the book".to_owned()))?;
        // Its last try has failed, and it is not dead yet.
        if replays.saturating_add(open) == 0 {
            return Err(Code::NotFound.into());
        }
        let Self { merchant, notice, key, fingerprint } = self;
        let home = CheckoutId::parse(&checkout).ok_or(Code::NotFound)?.home();
        let replay = Replay {
            merchant,
            notice,
            checkout,
            replays: replays.saturating_add(open),
            message: (open == 1).then_some(message),
            key,
            fingerprint,
        };
        visit.at(home, &Op::Replay(replay))
    }
}

//! What goes to the queue: the notice for the shop, and the book's copy (lists and ledger in D1). The
//! book never decides; it is written from here, idempotently.

use shared::id::NoticeId;
use shared::posting::Entry;
use shared::time::Timestamp;

use crate::json::{Field, Writer};
use crate::row::Record;
use crate::view;

/// One message of the queue.
#[derive(Debug, Clone)]
pub struct Message {
    /// Form of the message; a consumer refuses a newer one, so that it is retried (F54).
    pub form: u32,
    /// Its id: the notice's `webhook-id`, and what the owner clears.
    pub id: String,
    /// Whose object sent it.
    pub home: String,
    /// Which checkout.
    pub checkout: String,
    /// Whose.
    pub merchant: String,
    /// The notice's bytes, if the shop is told.
    pub notice: Option<String>,
    /// The list's row.
    pub listed: Listed,
    /// The ledger's lines: entry, account, side, amount.
    pub postings: Vec<(String, String, String, u64)>,
    /// When.
    pub at: u64,
    /// How often it was replayed before.
    pub replays: u32,
}

/// A checkout's row in the list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// A lower version never overwrites a higher one.
    pub version: u64,
    /// The status on the wire.
    pub standing: String,
    /// What is charged.
    pub amount: u64,
    /// What went back.
    pub refunded: u64,
    /// ISO 4217.
    pub currency: String,
    /// What is bought.
    pub label: String,
    /// When it was opened.
    pub created_at: u64,
}

impl Message {
    /// Reads it from the queue.
    #[must_use]
    pub fn of(field: Field<'_>) -> Self {
        let text = |name: &str| field.get(name).text();
        let line = |line: Field<'_>| {
            let [entry, account, side, amount] = line.items();
            (entry.text(), account.text(), side.text(), amount.number())
        };
        Self {
            form: field.get("form").small(),
            id: text("id"),
            home: text("home"),
            checkout: text("checkout"),
            merchant: text("merchant"),
            notice: field.get("notice").text_or_none(),
            listed: Listed::of(field.get("listed")),
            postings: field.get("postings").list().into_iter().map(line).collect(),
            at: field.get("at").number(),
            replays: field.get("replays").small_or(0),
        }
    }
}

impl Listed {
    fn of(field: Field<'_>) -> Self {
        let (text, number) =
            (|name: &str| field.get(name).text(), |name: &str| field.get(name).number());
        Self {
            version: number("version"),
            standing: text("standing"),
            amount: number("amount"),
            refunded: number("refunded"),
            currency: text("currency"),
            label: text("label"),
            created_at: number("created_at"),
        }
    }
}

/// The form that this release writes.
pub const FORM: u32 = 1;

/// The message of a change, as [`Message::of`] reads it.
#[must_use]
pub fn message(
    record: &Record,
    id: NoticeId,
    notice: Option<&str>,
    entries: &[Entry],
    at: Timestamp,
) -> String {
    let checkout = &record.checkout;
    let lines =
        entries.iter().flat_map(|entry| entry.lines().iter().map(move |line| (entry, line)));
    Writer::document(|message| {
        message.name("form").number(FORM.into());
        message.name("id").shown(&id);
        message.name("home").text(&checkout.id.home().object_name());
        message.name("checkout").shown(&checkout.id);
        message.name("merchant").text(checkout.merchant.as_str());
        message.name("notice").text_or_null(notice);
        message.name("listed").object(|listed| {
            listed.name("version").number(record.payment.version);
            listed.name("standing").text(view::standing(record));
            listed.name("amount").number(checkout.amount.minor());
            listed.name("refunded").number(view::refunded(record).minor());
            listed.name("currency").text(checkout.currency().code());
            listed.name("label").text(&checkout.label);
            listed.name("created_at").number(checkout.created_at.as_millis());
        });
        message.name("postings").list(lines, |list, (entry, posting)| {
            list.tuple(|line| {
                line.text(&entry.name);
                line.shown(&posting.account);
                line.text(posting.side.code());
                line.number(posting.amount.minor());
            });
        });
        message.name("at").number(at.as_millis());
    })
}

/// A dead message once more, as replay number `replays`: the same id, the same notice.
#[must_use]
pub fn again(message: &str, replays: u32) -> String {
    let mut again = message.strip_suffix('}').unwrap_or(message).to_owned();
    again.push_str(",\"replays\":");
    again.push_str(&replays.to_string());
    again.push('}');
    again
}

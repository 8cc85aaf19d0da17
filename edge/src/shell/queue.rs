//! The consumer of the queue: the book's copy first, then the shop's notice; and the consumer of the
//! dead letters, so that none vanishes unread (I-14, I-16, F47 to F49).

use js_sys::Array;
use shared::time::Span;
use wasm_bindgen::JsValue;
use worker::Env;

use crate::book::Message;
use crate::envelope::Ask;
use crate::letter::{self, BROKEN_WAIT, Fate, LAST_WAIT, Told, UNDELIVERABLE};

use super::host::{self, Batch, Broken, Row, Values};
use super::{clock, http, log, settings};

/// The queue of letters that exhausted their plan.
const DEAD: &str = "hanbeon-notices-dead";

/// Takes every letter of a batch. Each is answered for itself: one that fails does not bring the others back.
pub(super) async fn take_all(env: Env, batch: Batch) -> JsValue {
    let dead = batch.queue() == DEAD;
    for pair in host::letters(&batch) {
        let pair = Array::from(&pair);
        let (text, tries) = Row::read(&pair, |row| (row.text(), row.small())).unwrap_or_default();
        let letter = Letter { text: &text, tries, dead };
        let again = take(&env, &letter).await.unwrap_or_else(|Broken(error)| {
            log("error", &[("queue", &error)]);
            Some(BROKEN_WAIT)
        });
        let seconds = |wait: Span| u32::try_from(wait.as_seconds()).unwrap_or(u32::MAX);
        host::settled(&pair.get(2), again.map(seconds));
    }
    JsValue::UNDEFINED
}

/// A letter as the queue brings it.
struct Letter<'a> {
    text: &'a str,
    /// How often it was brought, this time included.
    tries: u32,
    /// Whether it comes from the dead ones.
    dead: bool,
}

/// Takes one letter; `None` when it may go, or when it is to come again.
async fn take(env: &Env, letter: &Letter<'_>) -> Result<Option<Span>, Broken> {
    let config = settings::config(env)?;
    let message = letter::open(letter.text)?;
    let (fate, why) = if letter.dead {
        (Fate::Dead, UNDELIVERABLE.to_owned())
    } else {
        host::done(host::book_batch(env, &book_copy(&message))?).await?;
        let told = match letter::notice(&config, &message, clock::now(), cfg!(feature = "demo")) {
            None => Told::Nothing,
            Some(Ok(request)) => Told::asked(http::send(env, &request).await.as_ref()),
            Some(Err(())) => Told::asked(None),
        };
        letter::fate(&message, letter.tries, told)
    };
    // A dead letter is written down and its owner told; then it may go. The last try writes down what it
    // met, because the queue does not tell the consumer of its dead letters.
    if matches!(fate, Fate::Last | Fate::Dead) {
        let open = matches!(fate, Fate::Dead);
        host::done(host::book_batch(env, &dead_letter(&message, letter.text, &why, open))?).await?;
    }
    match fate {
        Fate::Again(wait) => return Ok(Some(demo_wait(wait))),
        Fate::Last => return Ok(Some(demo_wait(LAST_WAIT))),
        Fate::Dead => {
            log("error", &[("dead_letter", &message.id), ("checkout", &message.checkout)]);
        }
        Fate::Done => {}
    }
    if let Some(op) = letter::report(&message, fate, &why) {
        Ask::checkout(&message.home, "", &op).send(env).await?;
    }
    Ok(None)
}

/// Demo builds wait seconds where a release waits minutes: nobody watches a demo for three days.
fn demo_wait(wait: Span) -> Span {
    if cfg!(feature = "demo") { wait.min(Span::seconds(1)) } else { wait }
}

/// A statement that writes a dead letter down; `open` once it is dead. A repeat of an earlier death never
/// opens what was replayed since, and what the last try met is not overwritten by less.
fn dead_letter(message: &Message, text: &str, why: &str, open: bool) -> Values {
    let (statements, values) = (Values::new(), Values::new());
    values.text(&message.id).text(&message.checkout).text(&message.merchant).text(text);
    values.text(why).time(clock::now()).number(open.into()).number(message.replays.into());
    values.text(UNDELIVERABLE);
    statements
        .text(
            "INSERT INTO dead_letters (id, checkout, merchant, message, why, at, open, replays)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (id) DO UPDATE SET at = excluded.at, open = excluded.open,
                 replays = excluded.replays,
                 why = CASE excluded.why WHEN ?9 THEN dead_letters.why ELSE excluded.why END
             WHERE excluded.replays >= dead_letters.replays",
        )
        .value(&values);
    statements
}

/// Statements for the list's row, unless a newer one is there, and the ledger's lines, each once; and what
/// is on its way is not among the dead.
fn book_copy(message: &Message) -> Values {
    let (statements, values) = (Values::new(), Values::new());
    let listed = &message.listed;
    values.text(&message.checkout).text(&message.merchant).number(listed.version);
    values.text(&listed.standing).number(listed.amount).number(listed.refunded);
    values.text(&listed.currency).text(&listed.label).number(listed.created_at).number(message.at);
    statements
        .text(
            "INSERT INTO checkouts (id, merchant, version, status, amount, refunded, currency, label,
                                    created_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET version = excluded.version, status = excluded.status,
                 refunded = excluded.refunded, updated_at = excluded.updated_at
             WHERE excluded.version > checkouts.version",
        )
        .value(&values);
    let values = Values::new();
    values.text(&message.id).number(message.replays.into());
    statements
        .text(
            "UPDATE dead_letters SET open = 0, replays = ?2
             WHERE id = ?1 AND (replays < ?2 OR (replays = ?2 AND open = 1))",
        )
        .value(&values);
    for (n, (entry, account, side, amount)) in (0_u64..).zip(&message.postings) {
        let values = Values::new();
        values.text(&message.checkout).text(entry).number(n).text(account).text(side);
        values.number(*amount).text(&listed.currency).number(message.at);
        statements
            .text(
                "INSERT INTO postings (checkout, entry, n, account, side, amount, currency, at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (checkout, entry, n) DO NOTHING",
            )
            .value(&values);
    }
    statements
}

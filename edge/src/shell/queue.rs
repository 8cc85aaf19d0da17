//! The consumer of the queue: the book's copy first, then the shop's notice; and the consumer of the
//! dead letters, so that none vanishes unread (I-14, I-16, F47 to F49).

use shared::time::Span;
use wasm_bindgen::JsValue;
use worker::Env;

use crate::book::Message;
use crate::config::Config;
use crate::envelope::Ask;
use crate::json::Writer;
use crate::letter::{self, BROKEN_WAIT, Fate, LAST_WAIT, Told, UNDELIVERABLE};
use crate::owner::Op;

use super::host::{self, Batch, Broken, Row, Values};
use super::{clock, http, log, settings};

/// The queue of letters that exhausted their plan.
const DEAD: &str = "hanbeon-notices-dead";

/// So many shops are told at once: the runtime opens six connections at a time, and more would use up their
/// patience in line.
const TOLD_AT_ONCE: usize = 5;

/// Takes a batch. Each letter is answered for itself: one that fails does not bring the others back.
pub(super) async fn take_all(env: Env, batch: Batch) -> JsValue {
    let dead = batch.queue() == DEAD;
    let mut letters: Vec<Letter> =
        host::letters(&batch).iter().map(|brought| Letter::read(&brought)).collect();
    match settings::config(&env) {
        Ok(_) if dead => bury(&env, &mut letters).await,
        Ok(config) => take(&env, &config, &mut letters).await,
        Err(broken) => broke(&broken),
    }
    report(&env, &mut letters).await;
    for letter in &letters {
        let seconds = |wait: Span| u32::try_from(wait.as_seconds()).unwrap_or(u32::MAX);
        host::settled(&letter.handle, letter.again().map(seconds));
    }
    JsValue::UNDEFINED
}

/// A letter as the queue brings it, and what has become of it.
struct Letter {
    text: String,
    /// How often it was brought, this time included.
    tries: u32,
    /// The runtime's.
    handle: JsValue,
    /// What it says, if that can be read.
    message: Option<Message>,
    /// Nothing, while it could not be worked on.
    fate: Option<Fate>,
    why: String,
    /// Whether its owner knows.
    is_told: bool,
}

impl Letter {
    fn read(brought: &JsValue) -> Self {
        let read = Row::read(brought, |row| (row.text(), row.small(), row.any()));
        let (text, tries, handle) = read.unwrap_or_default();
        let message = letter::open(&text);
        if let Err(broken) = &message {
            broke(broken);
        }
        let message = message.ok();
        Self { text, tries, handle, message, fate: None, why: String::new(), is_told: false }
    }

    /// When it is to come again; `None` when it may go.
    fn again(&self) -> Option<Span> {
        match self.fate {
            None => Some(BROKEN_WAIT),
            Some(Fate::Again(wait)) => Some(demo_wait(wait)),
            Some(Fate::Last) => Some(demo_wait(LAST_WAIT)),
            Some(Fate::Done | Fate::Dead) => None,
        }
    }

    /// Its message, if its owner is to hear that it is done, and nothing else.
    fn done(&self) -> Option<&Message> {
        let is_done = self.fate == Some(Fate::Done) && !self.is_told;
        self.message.as_ref().filter(|message| is_done && message.replays == 0)
    }
}

fn broke(Broken(error): &Broken) {
    log("error", &[("queue", error)]);
}

/// Takes letters that are alive: first all of them into the book, then to the shops.
async fn take(env: &Env, config: &Config, letters: &mut [Letter]) {
    if let Err(broken) = keep(env, letters).await {
        broke(&broken);
        if letters.len() > 1 {
            // One of them may be what the book does not take.
            for letter in letters {
                Box::pin(take(env, config, core::slice::from_mut(letter))).await;
            }
        }
        return;
    }
    let now = clock::now();
    for some in letters.chunks_mut(TOLD_AT_ONCE) {
        let mut asked = Vec::new();
        for letter in some {
            let Some(message) = &letter.message else { continue };
            let notice = letter::notice(config, message, now, cfg!(feature = "demo"));
            let sent = notice.map(|notice| notice.ok().map(|it| http::send(env, &it)));
            asked.push((letter, sent));
        }
        for (letter, sent) in asked {
            let told = match sent {
                None => Told::Nothing,
                Some(None) => Told::asked(None),
                Some(Some(sent)) => Told::asked(sent.answer().await.as_ref()),
            };
            let Some(message) = &letter.message else { continue };
            let (fate, why) = letter::fate(message, letter.tries, told);
            // The last try writes down what it met: the queue tells nobody of what it gives up.
            let is_lost = match fate {
                Fate::Last => Some(false),
                Fate::Dead => Some(true),
                Fate::Done | Fate::Again(_) => None,
            };
            let written = match is_lost {
                Some(open) => written(env, message, &letter.text, &why, open).await,
                None => true,
            };
            (letter.fate, letter.why) = (written.then_some(fate), why);
        }
    }
}

/// Takes letters that are dead: each is written down, then its owner is told; then it may go.
async fn bury(env: &Env, letters: &mut [Letter]) {
    for letter in letters {
        let Some(message) = &letter.message else { continue };
        let written = written(env, message, &letter.text, UNDELIVERABLE, true).await;
        (letter.fate, letter.why) = (written.then_some(Fate::Dead), UNDELIVERABLE.to_owned());
    }
}

/// Tells the owners what became of their letters: of those that are done, all of an owner's at once. Who
/// could not be told hears it when the letter comes again.
async fn report(env: &Env, letters: &mut [Letter]) {
    let mut homes: Vec<String> = Vec::new();
    for message in letters.iter().filter_map(Letter::done) {
        if !homes.contains(&message.home) {
            homes.push(message.home.clone());
        }
    }
    for home in homes {
        let of_home = |letter: &Letter| letter.done().is_some_and(|message| message.home == home);
        let done = letters.iter().filter(|letter| of_home(letter)).filter_map(Letter::done);
        let notices: Vec<String> = done.map(|message| message.id.clone()).collect();
        if notices.len() > 1 {
            let told = Ask::checkout(&home, "", &Op::NoticesDone { notices }).send(env).await;
            // The release before knows no more than one at a time.
            let all = told.is_ok_and(|reply| reply.http_status == 200);
            for letter in letters.iter_mut().filter(|letter| of_home(letter)) {
                letter.is_told = all;
            }
        }
    }
    for letter in letters.iter_mut().filter(|letter| !letter.is_told) {
        let Some((message, fate)) = letter.message.as_ref().zip(letter.fate) else { continue };
        if fate == Fate::Dead {
            log("error", &[("dead_letter", &message.id), ("checkout", &message.checkout)]);
        }
        let Some(op) = letter::report(message, fate, &letter.why) else { continue };
        if let Err(broken) = Ask::checkout(&message.home, "", &op).send(env).await {
            broke(&broken);
            letter.fate = None;
        }
    }
}

/// Demo builds wait seconds where a release waits minutes: nobody watches a demo for three days.
fn demo_wait(wait: Span) -> Span {
    if cfg!(feature = "demo") { wait.min(Span::seconds(1)) } else { wait }
}

/// Whether a dead letter could be written down.
async fn written(env: &Env, message: &Message, text: &str, why: &str, open: bool) -> bool {
    let done = match host::book_batch(env, &dead_letter(message, text, why, open)) {
        Ok(batch) => host::done(batch).await.map(|_| ()),
        Err(thrown) => Err(thrown.into()),
    };
    done.inspect_err(broke).is_ok()
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

/// Writes what letters bring into the book, all or nothing: the list's row, unless a newer one is there; the
/// ledger's lines, each once; and what is on its way is not among the dead.
async fn keep(env: &Env, letters: &[Letter]) -> Result<(), Broken> {
    let messages = || letters.iter().filter_map(|letter| letter.message.as_ref());
    let (mut rows, mut alive, mut lines) =
        (Writer::default(), Writer::default(), Writer::default());
    rows.list(messages(), |rows, message| {
        let listed = &message.listed;
        rows.tuple(|row| {
            row.text(&message.checkout);
            row.text(&message.merchant);
            row.number(listed.version);
            row.text(&listed.standing);
            row.number(listed.amount);
            row.number(listed.refunded);
            row.text(&listed.currency);
            row.text(&listed.label);
            row.number(listed.created_at);
            row.number(message.at);
        });
    });
    alive.list(messages(), |alive, message| {
        alive.tuple(|row| {
            row.text(&message.id);
            row.number(message.replays.into());
        });
    });
    let postings = messages().flat_map(|message| {
        (0_u64..).zip(&message.postings).map(move |(n, posting)| (message, n, posting))
    });
    let mut any = false;
    lines.list(postings, |lines, (message, n, (entry, account, side, amount))| {
        any = true;
        lines.tuple(|row| {
            row.text(&message.checkout);
            row.text(entry);
            row.number(n);
            row.text(account);
            row.text(side);
            row.number(*amount);
            row.text(&message.listed.currency);
            row.number(message.at);
        });
    });
    let statements = Values::new();
    for (query, rows) in
        [(LISTED, Some(rows)), (ALIVE, Some(alive)), (POSTED, any.then_some(lines))]
    {
        if let Some(rows) = rows {
            let values = Values::new();
            values.text(&rows.into_text());
            statements.text(query).value(&values);
        }
    }
    host::done(host::book_batch(env, &statements)?).await.map(|_| ())
}

const LISTED: &str = "
    INSERT INTO checkouts (id, merchant, version, status, amount, refunded, currency, label,
                           created_at, updated_at)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
           value ->> 7, value ->> 8, value ->> 9
    FROM json_each(?) WHERE true
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, status = excluded.status,
        refunded = excluded.refunded, updated_at = excluded.updated_at
    WHERE excluded.version > checkouts.version";

const ALIVE: &str = "
    UPDATE dead_letters SET open = 0, replays = alive.value ->> 1 FROM json_each(?) AS alive
    WHERE dead_letters.id = alive.value ->> 0 AND (replays < alive.value ->> 1
        OR (replays = alive.value ->> 1 AND open = 1))";

const POSTED: &str = "
    INSERT INTO postings (checkout, entry, n, account, side, amount, currency, at)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
           value ->> 7
    FROM json_each(?) WHERE true
    ON CONFLICT (checkout, entry, n) DO NOTHING";

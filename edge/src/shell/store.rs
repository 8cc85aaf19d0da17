//! The tables of a shard of checkouts: rows in, rows out, one statement a method.

use core::cell::{self, RefCell};

use shared::id::{AttemptId, CheckoutId, NoticeId};
use shared::sorted::Sorted;
use shared::time::Timestamp;
use shared::wire::JournalEntry;

use crate::breaker::Breakers;
use crate::json::Writer;
use crate::row::{self, Record};
use crate::shelf::{Answer, Kept, Line, Outgoing, Shelf, ShelfError};

use super::host::{self, Broken, Ctx, Row, Sql, Values};
use super::written::{Cell, Table, Written};

/// The tables of a shard. A new release adds entries at the end; what is there never changes.
const CHECKOUT_MIGRATIONS: [&str; 2] = ["
    CREATE TABLE checkout (id TEXT PRIMARY KEY, row TEXT NOT NULL, due INTEGER, parked TEXT) WITHOUT ROWID;
    CREATE INDEX checkout_due ON checkout (due) WHERE due IS NOT NULL;
    CREATE TABLE attempt (id TEXT PRIMARY KEY, checkout TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE journal (checkout TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL,
        input TEXT NOT NULL, detail TEXT NOT NULL, phase TEXT NOT NULL, verdict TEXT NOT NULL,
        version INTEGER NOT NULL, PRIMARY KEY (checkout, n)) WITHOUT ROWID;
    CREATE TABLE outgoing (id TEXT PRIMARY KEY, checkout TEXT NOT NULL, payload TEXT NOT NULL,
        next_at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX outgoing_of ON outgoing (checkout, next_at);
    CREATE INDEX outgoing_next ON outgoing (next_at);
    CREATE TABLE answer (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, result TEXT NOT NULL,
        at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE claim (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE heard (event TEXT PRIMARY KEY, attempt TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX heard_of ON heard (attempt);
    CREATE TABLE velocity (name TEXT NOT NULL, slot INTEGER NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY (name, slot)) WITHOUT ROWID;
", "CREATE INDEX checkout_parked ON checkout (id) WHERE parked IS NOT NULL;"];

/// The storage of a shard of checkouts.
///
/// # Why records stay in memory
/// This object alone writes them, so what it has read stays true as long as it lives; a record is read by
/// every turn of its checkout, several times in some.
pub(crate) struct CheckoutStore {
    sql: Sql,
    ctx: Ctx,
    records: RefCell<Sorted<CheckoutId, Box<Known>>>,
    written: RefCell<Written>,
    /// How often something was written.
    writes: cell::Cell<u64>,
    /// How often what was written was lost.
    losses: cell::Cell<u64>,
    /// Whether what was written last may not be kept.
    is_spoilt: cell::Cell<bool>,
    /// Written since somebody last asked, each once.
    changed: RefCell<Vec<CheckoutId>>,
    /// Records of which the disk does not know everything: a look at all of them would cost as much as they
    /// are many.
    unwritten: RefCell<Vec<CheckoutId>>,
    /// When something is due next, at the latest: asked for once, then kept up with what is written. What is
    /// done since may have been it.
    next: cell::Cell<Option<Option<Timestamp>>>,
    breakers: Breakers,
}

/// A record in memory.
struct Known {
    record: Record,
    /// When it wants to be looked at.
    due: Option<Timestamp>,
    /// Whether its row is older.
    is_newer: bool,
    /// So many lines of its journal are written and not on the disk.
    lines: u64,
}

/// So many records stay in memory; each takes a few kilobytes.
const RECORDS_MAX: usize = 512;

impl CheckoutStore {
    /// Opens and migrates.
    pub(super) fn open(sql: Sql, ctx: Ctx) -> Self {
        sql.migrate(&CHECKOUT_MIGRATIONS);
        Self {
            sql,
            ctx,
            records: RefCell::default(),
            written: RefCell::default(),
            writes: cell::Cell::default(),
            losses: cell::Cell::default(),
            is_spoilt: cell::Cell::default(),
            changed: RefCell::default(),
            unwritten: RefCell::default(),
            next: cell::Cell::default(),
            breakers: Breakers::default(),
        }
    }

    /// What was written since the last time; everything is flushed by now.
    pub(super) fn take_changed(&self) -> Vec<CheckoutId> {
        if self.records.borrow().len() > RECORDS_MAX {
            self.records.take();
        }
        self.changed.take()
    }

    /// Grows with everything that is written.
    pub(super) const fn writes(&self) -> u64 {
        self.writes.get()
    }

    /// How often what was written was lost: whoever waits for it to be kept compares.
    pub(super) const fn losses(&self) -> u64 {
        self.losses.get()
    }

    /// Something broke when half of it was written: nothing of this turn is kept, and memory knows what the
    /// disk knows.
    pub(super) fn spoil(&self) {
        self.records.take();
        self.written.take();
        self.unwritten.take();
        self.next.set(None);
        self.losses.set(self.losses.get().saturating_add(1));
        self.is_spoilt.set(true);
    }

    /// When something is due; while somebody works on what is due, whatever is known of it will do.
    pub(super) fn next_due_known(&self, now: Timestamp, works: bool) -> Kept<Option<Timestamp>> {
        if let Some(known) = self.next.get()
            && known.is_none_or(|next| works || next > now)
        {
            return Ok(known);
        }
        let next = self.next_due()?;
        self.next.set(Some(next));
        Ok(next)
    }

    /// Something is due at this time.
    fn is_due_at(&self, at: Timestamp) {
        if let Some(known) = self.next.get() {
            self.next.set(Some(Some(known.map_or(at, |next| next.min(at)))));
        }
    }

    /// The runtime's side of the object.
    pub(super) const fn ctx(&self) -> &Ctx {
        &self.ctx
    }

    /// Where something is written now.
    fn wrote(&self) -> cell::RefMut<'_, Written> {
        self.writes.set(self.writes.get().saturating_add(1));
        self.written.borrow_mut()
    }

    /// Hands everything that was written to SQLite, all or nothing. The runtime holds back whatever leaves
    /// the object after this until it is on disk.
    ///
    /// # Errors
    /// [`ShelfError`], after which nothing of this turn is kept.
    pub(super) fn flush(&self) -> Kept<()> {
        if self.is_spoilt.take() {
            return Err(ShelfError("something else of this turn broke".to_owned()));
        }
        let done = self.write();
        if done.is_err() {
            self.spoil();
            self.is_spoilt.set(false);
        }
        done
    }

    fn write(&self) -> Kept<()> {
        let statements = Values::new();
        let mut records = self.records.borrow_mut();
        for id in self.unwritten.take() {
            let Some(known) = records.get_mut(&id) else { continue };
            known.lines = 0;
            if core::mem::take(&mut known.is_newer) {
                let values = Values::new();
                values.print(&id).text(&row::write(&known.record));
                values.number_or_null(known.due.map(Timestamp::as_millis));
                statements.text(KEEP).value(&values);
            }
        }
        self.written.take().statements(&statements);
        let done = host::write(&self.sql, &self.ctx, &statements);
        done.map_err(|thrown| ShelfError(Broken::from(thrown).0))
    }

    /// The database with everything in it.
    fn whole(&self) -> Kept<&Sql> {
        self.flush()?;
        Ok(&self.sql)
    }
}

const KEEP: &str = "
    INSERT INTO checkout (id, row, due) VALUES (?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET row = excluded.row, due = excluded.due, parked = NULL";

impl Shelf for CheckoutStore {
    fn record(&self, id: CheckoutId) -> Kept<Option<Record>> {
        if let Some(record) = self.records.borrow().get(&id) {
            return Ok(Some(record.record.clone()));
        }
        let found = self.sql.row(
            "SELECT row FROM checkout WHERE id = ?",
            Values::new().print(&id),
            Row::text,
        )?;
        let read = |found: String| {
            row::read(&found).map_err(|error| ShelfError(format!("{id}: {}", error.0)))
        };
        let record = found.map(read).transpose()?;
        if let Some(record) = &record {
            let (record, due) = (record.clone(), None);
            let known = Box::new(Known { record, due, is_newer: false, lines: 0 });
            self.records.borrow_mut().insert(id, known);
        }
        Ok(record)
    }

    fn keep(&self, record: &Record, due: Option<Timestamp>) -> Kept<()> {
        let id = record.checkout.id;
        let mut changed = self.changed.borrow_mut();
        if !changed.contains(&id) {
            changed.push(id);
        }
        let mut records = self.records.borrow_mut();
        let lines = records.get(&id).map_or(0, |known| known.lines);
        if let Some(at) = due {
            self.is_due_at(at);
        }
        let known = Known { record: record.clone(), due, is_newer: true, lines };
        records.insert(id, Box::new(known));
        self.unwritten.borrow_mut().push(id);
        self.wrote();
        Ok(())
    }

    fn note(&self, id: CheckoutId, line: &Line) -> Kept<()> {
        let mut records = self.records.borrow_mut();
        let nth = records.get_mut(&id).map_or(1, |known| {
            known.lines = known.lines.saturating_add(1);
            known.lines
        });
        self.unwritten.borrow_mut().push(id);
        let [input, detail, phase, verdict] =
            [&line.input, &line.detail, &line.phase, &line.verdict].map(|text| Cell::Text(text));
        let [nth, at, version] = [nth, line.at.as_millis(), line.version].map(Cell::Number);
        let row = [Cell::Text(&id.to_string()), nth, at, input, detail, phase, verdict, version];
        self.wrote().add(Table::Journal, &row);
        Ok(())
    }

    fn journal(&self, id: CheckoutId) -> Kept<Vec<JournalEntry>> {
        let entry = |row: &mut Row| JournalEntry {
            n: row.number(),
            at: row.time().to_string(),
            input: row.text(),
            detail: row.text(),
            phase: row.text(),
            verdict: row.text(),
            version: row.number(),
        };
        self.whole()?.rows(
            "SELECT n, at, input, detail, phase, verdict, version FROM journal
             WHERE checkout = ? ORDER BY n LIMIT 1000",
            Values::new().print(&id),
            entry,
        )
    }

    fn put_out(&self, id: CheckoutId, outgoing: &Outgoing) -> Kept<()> {
        self.is_due_at(Timestamp::default());
        let (letter, id) = (outgoing.id.to_string(), id.to_string());
        let row = [&letter, &id, &outgoing.payload].map(|text| Cell::Text(text));
        self.wrote().add(Table::Outgoing, &row);
        Ok(())
    }

    fn take_out(&self, id: CheckoutId, now: Timestamp, again: Timestamp) -> Kept<Vec<Outgoing>> {
        self.is_due_at(again);
        let rows = self.whole()?.rows(
            "UPDATE outgoing SET next_at = ?3 WHERE checkout = ?1 AND next_at <= ?2
             RETURNING id, payload",
            Values::new().print(&id).time(now).time(again),
            |row| Some(Outgoing { id: row.parsed(NoticeId::parse)?, payload: row.text() }),
        )?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn clear_out(&self, id: NoticeId) -> Kept<Option<CheckoutId>> {
        let cleared = self.whole()?.row(
            "DELETE FROM outgoing WHERE id = ? RETURNING checkout",
            Values::new().print(&id),
            |row| row.parsed(CheckoutId::parse),
        )?;
        Ok(cleared.flatten())
    }

    fn clear_all_out(&self, ids: &[String]) -> Kept<()> {
        let mut rows = Writer::default();
        rows.list(ids, |rows, id| rows.text(id));
        self.whole()?.run(
            "DELETE FROM outgoing WHERE id IN (SELECT value FROM json_each(?))",
            Values::new().text(&rows.into_text()),
        )
    }

    fn retry_out(&self, id: NoticeId, at: Timestamp) -> Kept<()> {
        self.is_due_at(at);
        let row = [Cell::Text(&id.to_string()), Cell::Number(at.as_millis())];
        self.wrote().add(Table::Again, &row);
        Ok(())
    }

    fn answer(&self, name: &str) -> Kept<Option<Answer>> {
        let written = self.written.borrow();
        if let Some((result, fingerprint)) =
            written.find("answer", name).and_then(|found| found.split_once('\n'))
        {
            let (result, fingerprint) = (result.to_owned(), fingerprint.to_owned());
            return Ok(Some(Answer { fingerprint, result }));
        }
        self.sql.row(
            "SELECT fingerprint, result FROM answer WHERE name = ?",
            Values::new().text(name),
            |row| Answer { fingerprint: row.text(), result: row.text() },
        )
    }

    fn keep_answer(&self, name: &str, answer: &Answer, now: Timestamp) -> Kept<()> {
        match self.answer(name)? {
            Some(_) => Ok(()),
            None => self.keep_first_answer(name, answer, now),
        }
    }

    fn keep_first_answer(&self, name: &str, answer: &Answer, now: Timestamp) -> Kept<()> {
        let Answer { fingerprint, result } = answer;
        let [of, by, what] = [name, fingerprint, result].map(Cell::Text);
        let mut written = self.wrote();
        written.add(Table::Answer, &[of, by, what, Cell::Number(now.as_millis())]);
        written.name("answer", name, [result, "\n", fingerprint].concat());
        Ok(())
    }

    fn claim(&self, name: &str, fingerprint: &str, now: Timestamp) -> Kept<(bool, String)> {
        let here = self.written.borrow().find("claim", name).map(str::to_owned);
        let query = "SELECT fingerprint FROM claim WHERE name = ?";
        let held = match here {
            Some(holder) => Some(holder),
            None => self.sql.row(query, Values::new().text(name), Row::text)?,
        };
        if held.is_none() {
            let row = [Cell::Text(name), Cell::Text(fingerprint), Cell::Number(now.as_millis())];
            let mut written = self.wrote();
            written.add(Table::Claim, &row);
            written.name("claim", name, fingerprint.to_owned());
        }
        Ok((held.is_none(), held.unwrap_or_else(|| fingerprint.to_owned())))
    }

    fn unclaim(&self, name: &str, fingerprint: &str) -> Kept<()> {
        let query = "DELETE FROM claim WHERE name = ? AND fingerprint = ?";
        self.whole()?.run(query, Values::new().text(name).text(fingerprint))
    }

    fn checkout_of(&self, attempt: AttemptId) -> Kept<Option<CheckoutId>> {
        let here =
            self.written.borrow().find("attempt", &attempt.to_string()).and_then(CheckoutId::parse);
        if here.is_some() {
            return Ok(here);
        }
        let found = self.sql.row(
            "SELECT checkout FROM attempt WHERE id = ?",
            Values::new().print(&attempt),
            |row| row.parsed(CheckoutId::parse),
        )?;
        Ok(found.flatten())
    }

    fn link(&self, attempt: AttemptId, id: CheckoutId) -> Kept<()> {
        let (attempt, id) = (attempt.to_string(), id.to_string());
        let mut written = self.wrote();
        written.add(Table::Attempt, &[Cell::Text(&attempt), Cell::Text(&id)]);
        written.name("attempt", &attempt, id);
        Ok(())
    }

    fn hear(&self, event: &str, attempt: AttemptId, now: Timestamp) -> Kept<bool> {
        let query = "SELECT event FROM heard WHERE event = ?";
        let before = self.written.borrow().find("heard", event).is_some()
            || self.sql.row(query, Values::new().text(event), Row::text)?.is_some();
        if !before {
            let attempt = attempt.to_string();
            let row = [Cell::Text(event), Cell::Text(&attempt), Cell::Number(now.as_millis())];
            let mut written = self.wrote();
            written.add(Table::Heard, &row);
            written.name("heard", event, attempt);
        }
        Ok(!before)
    }

    fn unpark(&self, prefix: &str) -> Kept<Vec<String>> {
        self.whole()?.rows(
            // `EXISTS`, not `IN`: that would be asked once for each attempt that the shard has.
            "DELETE FROM heard WHERE event >= ?1 AND event < ?1 || '~'
             AND EXISTS (SELECT 1 FROM attempt WHERE id = heard.attempt) RETURNING event",
            Values::new().text(prefix),
            Row::text,
        )
    }

    fn count(&self, names: &[(String, u64)]) -> Kept<Vec<u32>> {
        let mut rows = Writer::default();
        rows.list(names, |rows, (name, window)| {
            rows.tuple(|row| {
                row.text(name);
                row.number(*window);
            });
        });
        self.sql.rows(
            "INSERT INTO velocity (name, slot, n)
             SELECT value ->> 0, value ->> 1, 1 FROM json_each(?) WHERE true
             ON CONFLICT (name, slot) DO UPDATE SET n = n + 1 RETURNING n",
            Values::new().text(&rows.into_text()),
            Row::small,
        )
    }

    fn due(&self, now: Timestamp, limit: u32) -> Kept<Vec<CheckoutId>> {
        let ids = self.whole()?.rows(
            "SELECT id FROM (
                 SELECT id, due FROM checkout WHERE due <= ?1 AND parked IS NULL
                 UNION SELECT checkout, next_at FROM outgoing WHERE next_at <= ?1
             ) GROUP BY id ORDER BY min(due) LIMIT ?2",
            Values::new().time(now).number(u64::from(limit)),
            |row| row.parsed(CheckoutId::parse),
        )?;
        Ok(ids.into_iter().flatten().collect())
    }

    fn next_due(&self) -> Kept<Option<Timestamp>> {
        let next = self.whole()?.row(
            "SELECT min(due) AS due FROM (
                 SELECT min(due) AS due FROM checkout WHERE due IS NOT NULL AND parked IS NULL
                 UNION ALL SELECT min(next_at) FROM outgoing)",
            &Values::new(),
            Row::number_or_none,
        )?;
        Ok(next.flatten().map(Timestamp::from_millis))
    }

    fn park(&self, id: CheckoutId, why: &str, now: Timestamp) -> Kept<()> {
        self.next.set(None);
        self.whole()?.run(
            "UPDATE checkout SET parked = ?, due = NULL WHERE id = ?",
            Values::new().text(&format!("{now} {why}")).print(&id),
        )?;
        let again = now.after(shared::time::Span::hours(24));
        self.sql.run(
            "UPDATE outgoing SET next_at = ? WHERE checkout = ? AND next_at = 0",
            Values::new().time(again).print(&id),
        )
    }

    fn breakers(&self) -> &Breakers {
        &self.breakers
    }

    fn take_up_parked(&self) -> Kept<()> {
        self.next.set(None);
        let query = "UPDATE checkout SET due = 0, parked = NULL WHERE parked IS NOT NULL";
        self.whole()?.run(query, &Values::new())
    }

    fn tidy(&self, before: Timestamp) -> Kept<()> {
        self.flush()?;
        for table in ["answer", "heard"] {
            self.sql
                .run(&format!("DELETE FROM {table} WHERE at < ?"), Values::new().time(before))?;
        }
        let slot = before.as_millis().checked_div(600_000).unwrap_or_default();
        self.sql.run("DELETE FROM velocity WHERE slot < ?", Values::new().number(slot))
    }
}

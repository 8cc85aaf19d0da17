//! The objects' tables: rows in, rows out, one statement a method. Forward-only numbered migrations.
//!
//! # Why integers above 2^53 never meet a column
//! The runtime's SQL interface hands numbers over as doubles. Amounts and times are below 2^53 by type;
//! ids and digests are text.

use core::cell::RefCell;

use js_sys::Array;
use shared::hold::{Claim, HOLD_LIFE};
use shared::id::{AttemptId, CheckoutId, NoticeId, Sku};
use shared::time::Timestamp;
use shared::wire::JournalEntry;

use crate::breaker::Breakers;
use crate::row::{self, Record};
use crate::shelf::{Answer, Kept, Line, Outgoing, Shelf, ShelfError, StockShelf};

use super::host::{self, Broken, Row, Sql, Values};

/// The tables of a shard. A new release adds entries at the end; what is there never changes.
const CHECKOUT_MIGRATIONS: [&str; 1] = ["
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
"];

/// The tables of a SKU.
const STOCK_MIGRATIONS: [&str; 2] = [
    "
    CREATE TABLE stock (sku TEXT PRIMARY KEY, units INTEGER) WITHOUT ROWID;
    CREATE TABLE claim (attempt TEXT PRIMARY KEY, kind TEXT NOT NULL, quantity INTEGER NOT NULL,
        at INTEGER NOT NULL) WITHOUT ROWID;
",
    "CREATE INDEX claim_of ON claim (kind, at, quantity);",
];

impl Sql {
    /// Every row as an array of its columns, in the order of the query.
    fn found(&self, query: &str, values: &Values) -> Kept<Array> {
        let found = host::rows(self, query, values);
        found.map_err(|thrown| ShelfError(Broken::from(thrown).0))
    }

    fn run(&self, query: &str, values: &Values) -> Kept<()> {
        self.found(query, values).map(|_| ())
    }

    /// Shows every row to `read`; one that is not what it asks for fails them all.
    fn each(&self, query: &str, values: &Values, read: &mut dyn FnMut(&mut Row)) -> Kept<()> {
        for columns in self.found(query, values)? {
            Row::read(&columns, &mut *read)
                .ok_or_else(|| ShelfError("a row has another form than expected".to_owned()))?;
        }
        Ok(())
    }

    fn rows<T>(&self, query: &str, values: &Values, read: impl Fn(&mut Row) -> T) -> Kept<Vec<T>> {
        let mut found = Vec::new();
        self.each(query, values, &mut |row| found.push(read(row)))?;
        Ok(found)
    }

    /// The row, if there is one.
    fn row<T>(
        &self,
        query: &str,
        values: &Values,
        read: impl Fn(&mut Row) -> T,
    ) -> Kept<Option<T>> {
        let mut found = None;
        self.each(query, values, &mut |row| found = Some(read(row)))?;
        Ok(found)
    }

    /// Brings the tables to this release's form. A database that cannot be brought there answers every
    /// later statement with an error, which the caller reports as `internal`.
    fn migrate(&self, migrations: &[&str]) {
        if let Err(error) = self.apply(migrations) {
            super::log("error", &[("migration", &error.0)]);
        }
    }

    fn apply(&self, migrations: &[&str]) -> Kept<()> {
        let none = Values::new();
        self.run("CREATE TABLE IF NOT EXISTS form (n INTEGER NOT NULL)", &none)?;
        let done = self.row("SELECT max(n) FROM form", &none, Row::number_or_none)?;
        let done = usize::try_from(done.flatten().unwrap_or(0)).unwrap_or(usize::MAX);
        for (n, migration) in (1..).zip(migrations).skip(done) {
            self.run(migration, &none)?;
            self.run("INSERT INTO form (n) VALUES (?)", Values::new().number(n))?;
        }
        Ok(())
    }
}

/// The storage of a shard of checkouts.
pub(crate) struct CheckoutStore {
    sql: Sql,
    /// Stored since somebody last asked, each once.
    changed: RefCell<Vec<CheckoutId>>,
    breakers: Breakers,
}

impl CheckoutStore {
    /// Opens and migrates.
    pub(super) fn open(sql: Sql) -> Self {
        sql.migrate(&CHECKOUT_MIGRATIONS);
        Self { sql, changed: RefCell::default(), breakers: Breakers::default() }
    }

    /// What was stored since the last time.
    pub(super) fn take_changed(&self) -> Vec<CheckoutId> {
        self.changed.take()
    }
}

impl Shelf for CheckoutStore {
    fn record(&self, id: CheckoutId) -> Kept<Option<Record>> {
        let found = self.sql.row(
            "SELECT row FROM checkout WHERE id = ?",
            Values::new().print(&id),
            Row::text,
        )?;
        let read = |found: String| {
            row::read(&found).map_err(|error| ShelfError(format!("{id}: {}", error.0)))
        };
        found.map(read).transpose()
    }

    fn keep(&self, record: &Record, due: Option<Timestamp>) -> Kept<()> {
        let mut changed = self.changed.borrow_mut();
        if !changed.contains(&record.checkout.id) {
            changed.push(record.checkout.id);
        }
        self.sql.run(
            "INSERT INTO checkout (id, row, due) VALUES (?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET row = excluded.row, due = excluded.due, parked = NULL",
            Values::new()
                .print(&record.checkout.id)
                .text(&row::write(record))
                .number_or_null(due.map(Timestamp::as_millis)),
        )
    }

    fn note(&self, id: CheckoutId, line: &Line) -> Kept<()> {
        self.sql.run(
            "INSERT INTO journal (checkout, n, at, input, detail, phase, verdict, version)
             VALUES (?1, (SELECT coalesce(max(n), 0) + 1 FROM journal WHERE checkout = ?1),
                     ?2, ?3, ?4, ?5, ?6, ?7)",
            Values::new()
                .print(&id)
                .time(line.at)
                .text(&line.input)
                .text(&line.detail)
                .text(&line.phase)
                .text(&line.verdict)
                .number(line.version),
        )
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
        self.sql.rows(
            "SELECT n, at, input, detail, phase, verdict, version FROM journal
             WHERE checkout = ? ORDER BY n LIMIT 1000",
            Values::new().print(&id),
            entry,
        )
    }

    fn put_out(&self, id: CheckoutId, outgoing: &Outgoing) -> Kept<()> {
        self.sql.run(
            "INSERT INTO outgoing (id, checkout, payload, next_at) VALUES (?, ?, ?, 0)",
            Values::new().print(&outgoing.id).print(&id).text(&outgoing.payload),
        )
    }

    fn take_out(&self, id: CheckoutId, now: Timestamp, again: Timestamp) -> Kept<Vec<Outgoing>> {
        let rows = self.sql.rows(
            "UPDATE outgoing SET next_at = ?3 WHERE checkout = ?1 AND next_at <= ?2
             RETURNING id, payload",
            Values::new().print(&id).time(now).time(again),
            |row| Some(Outgoing { id: row.parsed(NoticeId::parse)?, payload: row.text() }),
        )?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn clear_out(&self, id: NoticeId) -> Kept<Option<CheckoutId>> {
        let cleared = self.sql.row(
            "DELETE FROM outgoing WHERE id = ? RETURNING checkout",
            Values::new().print(&id),
            |row| row.parsed(CheckoutId::parse),
        )?;
        Ok(cleared.flatten())
    }

    fn retry_out(&self, id: NoticeId, at: Timestamp) -> Kept<()> {
        self.sql
            .run("UPDATE outgoing SET next_at = ? WHERE id = ?", Values::new().time(at).print(&id))
    }

    fn answer(&self, name: &str) -> Kept<Option<Answer>> {
        self.sql.row(
            "SELECT fingerprint, result FROM answer WHERE name = ?",
            Values::new().text(name),
            |row| Answer { fingerprint: row.text(), result: row.text() },
        )
    }

    fn keep_answer(&self, name: &str, answer: &Answer, now: Timestamp) -> Kept<()> {
        self.sql.run(
            "INSERT INTO answer (name, fingerprint, result, at) VALUES (?, ?, ?, ?)
             ON CONFLICT (name) DO NOTHING",
            Values::new().text(name).text(&answer.fingerprint).text(&answer.result).time(now),
        )
    }

    fn claim(&self, name: &str, fingerprint: &str, now: Timestamp) -> Kept<(bool, String)> {
        let fresh = self.sql.row(
            "INSERT INTO claim (name, fingerprint, at) VALUES (?, ?, ?)
             ON CONFLICT (name) DO NOTHING RETURNING fingerprint",
            Values::new().text(name).text(fingerprint).time(now),
            Row::text,
        )?;
        if let Some(holder) = fresh {
            return Ok((true, holder));
        }
        let query = "SELECT fingerprint FROM claim WHERE name = ?";
        let held = self.sql.row(query, Values::new().text(name), Row::text)?;
        held.map(|holder| (false, holder))
            .ok_or_else(|| ShelfError("a claim returned nothing".to_owned()))
    }

    fn unclaim(&self, name: &str, fingerprint: &str) -> Kept<()> {
        let query = "DELETE FROM claim WHERE name = ? AND fingerprint = ?";
        self.sql.run(query, Values::new().text(name).text(fingerprint))
    }

    fn checkout_of(&self, attempt: AttemptId) -> Kept<Option<CheckoutId>> {
        let found = self.sql.row(
            "SELECT checkout FROM attempt WHERE id = ?",
            Values::new().print(&attempt),
            |row| row.parsed(CheckoutId::parse),
        )?;
        Ok(found.flatten())
    }

    fn link(&self, attempt: AttemptId, id: CheckoutId) -> Kept<()> {
        self.sql.run(
            "INSERT INTO attempt (id, checkout) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
            Values::new().print(&attempt).print(&id),
        )
    }

    fn hear(&self, event: &str, attempt: AttemptId, now: Timestamp) -> Kept<bool> {
        let fresh = self.sql.row(
            "INSERT INTO heard (event, attempt, at) VALUES (?, ?, ?)
             ON CONFLICT (event) DO NOTHING RETURNING event",
            Values::new().text(event).print(&attempt).time(now),
            Row::text,
        )?;
        Ok(fresh.is_some_and(|heard| heard == event))
    }

    fn unpark(&self, prefix: &str) -> Kept<Vec<String>> {
        self.sql.rows(
            "DELETE FROM heard WHERE event >= ?1 AND event < ?1 || '~'
             AND attempt IN (SELECT id FROM attempt) RETURNING event",
            Values::new().text(prefix),
            Row::text,
        )
    }

    fn count(&self, name: &str, window: u64) -> Kept<u32> {
        let counted = self.sql.row(
            "INSERT INTO velocity (name, slot, n) VALUES (?, ?, 1)
             ON CONFLICT (name, slot) DO UPDATE SET n = n + 1 RETURNING n",
            Values::new().text(name).number(window),
            Row::small,
        )?;
        Ok(counted.unwrap_or(0))
    }

    fn due(&self, now: Timestamp, limit: u32) -> Kept<Vec<CheckoutId>> {
        let ids = self.sql.rows(
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
        let next = self.sql.row(
            "SELECT min(due) AS due FROM (
                 SELECT min(due) AS due FROM checkout WHERE due IS NOT NULL AND parked IS NULL
                 UNION ALL SELECT min(next_at) FROM outgoing)",
            &Values::new(),
            Row::number_or_none,
        )?;
        Ok(next.flatten().map(Timestamp::from_millis))
    }

    fn park(&self, id: CheckoutId, why: &str, now: Timestamp) -> Kept<()> {
        self.sql.run(
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

    fn tidy(&self, before: Timestamp) -> Kept<()> {
        for table in ["answer", "heard"] {
            self.sql
                .run(&format!("DELETE FROM {table} WHERE at < ?"), Values::new().time(before))?;
        }
        let slot = before.as_millis().checked_div(600_000).unwrap_or_default();
        self.sql.run("DELETE FROM velocity WHERE slot < ?", Values::new().number(slot))?;
        // What was put aside is tried again at every sweep: its cause may be gone by now.
        self.sql.run(
            "UPDATE checkout SET due = 0, parked = NULL WHERE parked IS NOT NULL",
            &Values::new(),
        )
    }
}

/// The storage of a SKU's stock.
pub(crate) struct StockStore {
    sql: Sql,
}

impl StockStore {
    /// Opens and migrates.
    pub(super) fn open(sql: Sql) -> Self {
        sql.migrate(&STOCK_MIGRATIONS);
        Self { sql }
    }
}

const fn claim_row(claim: Claim) -> (&'static str, u32, Timestamp) {
    match claim {
        Claim::Held { quantity, until } => ("held", quantity, until),
        Claim::Secured { quantity, at } => ("secured", quantity, at),
        Claim::Committed { at } => ("committed", 0, at),
        Claim::Released { at } => ("released", 0, at),
    }
}

fn read_claim(row: &mut Row) -> Option<Claim> {
    let (quantity, at) = (row.small(), row.time());
    row.parsed(|kind| match kind {
        "held" => Some(Claim::Held { quantity, until: at }),
        "secured" => Some(Claim::Secured { quantity, at }),
        "committed" => Some(Claim::Committed { at }),
        "released" => Some(Claim::Released { at }),
        _ => None,
    })
}

impl StockStore {
    /// The one number that a query comes to.
    fn number(&self, query: &str, values: &Values) -> Kept<Option<u64>> {
        Ok(self.sql.row(query, values, Row::number_or_none)?.flatten())
    }

    fn pieces(&self, query: &str, values: &Values) -> Kept<u32> {
        let pieces = self.number(query, values)?.unwrap_or(0);
        Ok(u32::try_from(pieces).unwrap_or(u32::MAX))
    }
}

// An object knows one SKU, so its claims need not name it.
impl StockShelf for StockStore {
    fn units(&self, sku: &Sku) -> Kept<Option<u32>> {
        let query = "SELECT units FROM stock WHERE sku = ?";
        let units = self.number(query, Values::new().text(sku.as_str()))?;
        Ok(units.and_then(|units| u32::try_from(units).ok()))
    }

    fn keep_units(&self, sku: &Sku, units: Option<u32>) -> Kept<()> {
        self.sql.run(
            "INSERT INTO stock (sku, units) VALUES (?1, ?2)
             ON CONFLICT (sku) DO UPDATE SET units = excluded.units",
            Values::new().text(sku.as_str()).number_or_null(units.map(u64::from)),
        )
    }

    fn claim(&self, _: &Sku, attempt: AttemptId) -> Kept<Option<Claim>> {
        let query = "SELECT quantity, at, kind FROM claim WHERE attempt = ?";
        Ok(self.sql.row(query, Values::new().print(&attempt), read_claim)?.flatten())
    }

    fn keep_claim(&self, _: &Sku, attempt: AttemptId, claim: Option<Claim>) -> Kept<()> {
        let Some(claim) = claim else {
            let query = "DELETE FROM claim WHERE attempt = ?";
            return self.sql.run(query, Values::new().print(&attempt));
        };
        let (kind, quantity, at) = claim_row(claim);
        self.sql.run(
            "INSERT INTO claim (attempt, kind, quantity, at) VALUES (?, ?, ?, ?)
             ON CONFLICT (attempt) DO UPDATE SET kind = excluded.kind,
                 quantity = excluded.quantity, at = excluded.at",
            Values::new().print(&attempt).text(kind).number(u64::from(quantity)).time(at),
        )
    }

    fn taken(&self, _: &Sku, now: Timestamp) -> Kept<u32> {
        self.pieces(
            "SELECT sum(quantity) FROM claim WHERE kind = 'secured' OR kind = 'held' AND at > ?",
            Values::new().time(now),
        )
    }

    fn lapsed(&self, _: &Sku, after: Timestamp, to: Timestamp) -> Kept<u32> {
        self.pieces(
            "SELECT sum(quantity) FROM claim WHERE kind = 'held' AND at > ? AND at <= ?",
            Values::new().time(after).time(to),
        )
    }

    fn next_lapse(&self, _: &Sku, now: Timestamp) -> Kept<Option<Timestamp>> {
        let query = "SELECT min(at) FROM claim WHERE kind = 'held' AND at > ?";
        Ok(self.number(query, Values::new().time(now))?.map(Timestamp::from_millis))
    }

    fn latest(&self, _: &Sku) -> Kept<Timestamp> {
        let query = "SELECT max(CASE kind WHEN 'held' THEN at - ? ELSE at END) FROM claim";
        let life = Values::new();
        let latest = self.number(query, life.number(HOLD_LIFE.as_millis()))?;
        Ok(Timestamp::from_millis(latest.unwrap_or(0)))
    }

    fn forget(&self, _: &Sku, before: Timestamp) -> Kept<()> {
        self.sql.run(
            "DELETE FROM claim WHERE kind IN ('held', 'committed', 'released') AND at < ?",
            Values::new().time(before),
        )
    }
}

//! The objects' tables: rows in, rows out, one statement a method. Forward-only numbered migrations.
//!
//! # Why integers above 2^53 never meet a column
//! The runtime's SQL interface hands numbers over as doubles. Amounts and times are below 2^53 by type;
//! ids and digests are text.

use shared::hold::{Claim, Stock};
use shared::id::{AttemptId, CheckoutId, NoticeId, Sku};
use shared::time::Timestamp;
use shared::wire::JournalEntry;
use worker::{SqlStorage, SqlStorageValue};

use crate::row::{self, Record};
use crate::shelf::{Answer, Kept, Line, Outgoing, Shelf, ShelfError, StockShelf};

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
const STOCK_MIGRATIONS: [&str; 1] = ["
    CREATE TABLE stock (sku TEXT PRIMARY KEY, units INTEGER) WITHOUT ROWID;
    CREATE TABLE claim (attempt TEXT PRIMARY KEY, kind TEXT NOT NULL, quantity INTEGER NOT NULL,
        at INTEGER NOT NULL) WITHOUT ROWID;
"];

/// One database with its statements.
struct Sql(SqlStorage);

fn broken(error: &impl ToString) -> ShelfError {
    ShelfError(error.to_string())
}

fn integer(value: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(i64::try_from(value).unwrap_or(i64::MAX))
}

fn time(at: Timestamp) -> SqlStorageValue {
    integer(at.as_millis())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "ids are copied, texts borrowed: callers read better"
)]
fn text(value: impl ToString) -> SqlStorageValue {
    SqlStorageValue::String(value.to_string())
}

impl Sql {
    fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Kept<()> {
        self.0.exec(query, values).map(|_| ()).map_err(|error| broken(&error))
    }

    /// Every row as its columns, in the order of the query.
    fn rows<T>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
        read: impl Fn(&mut Columns) -> T,
    ) -> Kept<Vec<T>> {
        self.columns(query, values)?.into_iter().map(|mut row| row.read(&read)).collect()
    }

    fn row<T>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
        read: impl Fn(&mut Columns) -> T,
    ) -> Kept<Option<T>> {
        let first = self.columns(query, values)?.into_iter().next();
        first.map(|mut row| row.read(&read)).transpose()
    }

    fn columns(&self, query: &str, values: Vec<SqlStorageValue>) -> Kept<Vec<Columns>> {
        let cursor = self.0.exec(query, values).map_err(|error| broken(&error))?;
        let columns = |row: worker::Result<Vec<SqlStorageValue>>| match row {
            Ok(values) => Ok(Columns { values: values.into_iter(), fits: true }),
            Err(error) => Err(broken(&error)),
        };
        cursor.raw().map(columns).collect()
    }

    /// Brings the tables to this release's form. A database that cannot be brought there answers every
    /// later statement with an error, which the caller reports as `internal`.
    fn migrate(&self, migrations: &[&str]) -> Kept<()> {
        self.run("CREATE TABLE IF NOT EXISTS form (n INTEGER NOT NULL)", Vec::new())?;
        let done = self.row("SELECT max(n) FROM form", Vec::new(), Columns::number_or_none)?;
        let done = usize::try_from(done.flatten().unwrap_or(0)).unwrap_or(usize::MAX);
        for (at, migration) in migrations.iter().enumerate().skip(done) {
            self.run(migration, Vec::new())?;
            let n = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1);
            self.run("INSERT INTO form (n) VALUES (?)", vec![integer(n)])?;
        }
        Ok(())
    }
}

/// One row's columns, taken one after the other. A column that is not what was asked for spoils the row.
struct Columns {
    values: std::vec::IntoIter<SqlStorageValue>,
    fits: bool,
}

impl Columns {
    fn read<T>(&mut self, read: impl Fn(&mut Self) -> T) -> Kept<T> {
        let record = read(self);
        let misfit = || ShelfError("a row has another form than expected".to_owned());
        self.fits.then_some(record).ok_or_else(misfit)
    }

    fn text(&mut self) -> String {
        if let Some(SqlStorageValue::String(text)) = self.values.next() {
            text
        } else {
            self.fits = false;
            String::new()
        }
    }

    fn number_or_none(&mut self) -> Option<u64> {
        match self.values.next() {
            Some(SqlStorageValue::Integer(number)) => {
                self.fits = self.fits && number >= 0;
                u64::try_from(number).ok()
            }
            Some(SqlStorageValue::Null) => None,
            _ => {
                self.fits = false;
                None
            }
        }
    }

    fn number(&mut self) -> u64 {
        let number = self.number_or_none();
        self.fits = self.fits && number.is_some();
        number.unwrap_or_default()
    }

    fn small(&mut self) -> u32 {
        let number = u32::try_from(self.number());
        self.fits = self.fits && number.is_ok();
        number.unwrap_or_default()
    }

    fn time(&mut self) -> Timestamp {
        Timestamp::from_millis(self.number())
    }
}

/// The storage of a shard of checkouts.
pub(crate) struct CheckoutStore {
    sql: Sql,
}

impl CheckoutStore {
    /// Opens and migrates.
    pub(crate) fn open(sql: SqlStorage) -> Self {
        let sql = Sql(sql);
        if let Err(error) = sql.migrate(&CHECKOUT_MIGRATIONS) {
            super::log("error", &[("migration", &error.0)]);
        }
        Self { sql }
    }
}

fn checkout_id(id: &str) -> Kept<CheckoutId> {
    CheckoutId::parse(id).ok_or_else(|| ShelfError("a row's checkout id cannot be read".to_owned()))
}

impl Shelf for CheckoutStore {
    fn record(&self, id: CheckoutId) -> Kept<Option<Record>> {
        let found =
            self.sql.row("SELECT row FROM checkout WHERE id = ?", vec![text(id)], Columns::text)?;
        let read = |found: String| {
            row::read(&found).map_err(|error| ShelfError(format!("{id}: {}", error.0)))
        };
        found.map(read).transpose()
    }

    fn keep(&self, record: &Record, due: Option<Timestamp>) -> Kept<()> {
        self.sql.run(
            "INSERT INTO checkout (id, row, due) VALUES (?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET row = excluded.row, due = excluded.due, parked = NULL",
            vec![
                text(record.checkout.id),
                text(row::write(record)),
                due.map_or(SqlStorageValue::Null, time),
            ],
        )
    }

    fn note(&self, id: CheckoutId, line: &Line) -> Kept<()> {
        self.sql.run(
            "INSERT INTO journal (checkout, n, at, input, detail, phase, verdict, version)
             VALUES (?1, (SELECT coalesce(max(n), 0) + 1 FROM journal WHERE checkout = ?1),
                     ?2, ?3, ?4, ?5, ?6, ?7)",
            vec![
                text(id),
                time(line.at),
                text(&line.input),
                text(&line.detail),
                text(&line.phase),
                text(&line.verdict),
                integer(line.version),
            ],
        )
    }

    fn journal(&self, id: CheckoutId) -> Kept<Vec<JournalEntry>> {
        let entry = |row: &mut Columns| JournalEntry {
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
            vec![text(id)],
            entry,
        )
    }

    fn put_out(&self, id: CheckoutId, outgoing: &Outgoing) -> Kept<()> {
        self.sql.run(
            "INSERT INTO outgoing (id, checkout, payload, next_at) VALUES (?, ?, ?, 0)",
            vec![text(outgoing.id), text(id), text(&outgoing.payload)],
        )
    }

    fn take_out(&self, id: CheckoutId, now: Timestamp, again: Timestamp) -> Kept<Vec<Outgoing>> {
        let rows = self.sql.rows(
            "UPDATE outgoing SET next_at = ?3 WHERE checkout = ?1 AND next_at <= ?2
             RETURNING id, payload",
            vec![text(id), time(now), time(again)],
            |row| (row.text(), row.text()),
        )?;
        let outgoing = |(id, payload): (String, String)| -> Kept<Outgoing> {
            let id = NoticeId::parse(&id)
                .ok_or_else(|| ShelfError("a notice's id cannot be read".to_owned()))?;
            Ok(Outgoing { id, payload })
        };
        rows.into_iter().map(outgoing).collect()
    }

    fn clear_out(&self, id: NoticeId) -> Kept<Option<CheckoutId>> {
        let cleared = self.sql.row(
            "DELETE FROM outgoing WHERE id = ? RETURNING checkout",
            vec![text(id)],
            Columns::text,
        )?;
        cleared.map(|id| checkout_id(&id)).transpose()
    }

    fn retry_out(&self, id: NoticeId, at: Timestamp) -> Kept<()> {
        self.sql.run("UPDATE outgoing SET next_at = ? WHERE id = ?", vec![time(at), text(id)])
    }

    fn answer(&self, name: &str) -> Kept<Option<Answer>> {
        self.sql.row(
            "SELECT fingerprint, result FROM answer WHERE name = ?",
            vec![text(name)],
            |row| Answer { fingerprint: row.text(), result: row.text() },
        )
    }

    fn keep_answer(&self, name: &str, answer: &Answer, now: Timestamp) -> Kept<()> {
        self.sql.run(
            "INSERT INTO answer (name, fingerprint, result, at) VALUES (?, ?, ?, ?)
             ON CONFLICT (name) DO NOTHING",
            vec![text(name), text(&answer.fingerprint), text(&answer.result), time(now)],
        )
    }

    fn claim(&self, name: &str, fingerprint: &str, now: Timestamp) -> Kept<(bool, String)> {
        let fresh = self.sql.row(
            "INSERT INTO claim (name, fingerprint, at) VALUES (?, ?, ?)
             ON CONFLICT (name) DO NOTHING RETURNING fingerprint",
            vec![text(name), text(fingerprint), time(now)],
            Columns::text,
        )?;
        if let Some(holder) = fresh {
            return Ok((true, holder));
        }
        let query = "SELECT fingerprint FROM claim WHERE name = ?";
        let held = self.sql.row(query, vec![text(name)], Columns::text)?;
        held.map(|holder| (false, holder))
            .ok_or_else(|| ShelfError("a claim returned nothing".to_owned()))
    }

    fn unclaim(&self, name: &str, fingerprint: &str) -> Kept<()> {
        let query = "DELETE FROM claim WHERE name = ? AND fingerprint = ?";
        self.sql.run(query, vec![text(name), text(fingerprint)])
    }

    fn checkout_of(&self, attempt: AttemptId) -> Kept<Option<CheckoutId>> {
        let found = self.sql.row(
            "SELECT checkout FROM attempt WHERE id = ?",
            vec![text(attempt)],
            Columns::text,
        )?;
        found.map(|id| checkout_id(&id)).transpose()
    }

    fn link(&self, attempt: AttemptId, id: CheckoutId) -> Kept<()> {
        self.sql.run(
            "INSERT INTO attempt (id, checkout) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
            vec![text(attempt), text(id)],
        )
    }

    fn hear(&self, event: &str, attempt: AttemptId, now: Timestamp) -> Kept<bool> {
        let fresh = self.sql.row(
            "INSERT INTO heard (event, attempt, at) VALUES (?, ?, ?)
             ON CONFLICT (event) DO NOTHING RETURNING event",
            vec![text(event), text(attempt), time(now)],
            Columns::text,
        )?;
        Ok(fresh.is_some_and(|heard| heard == event))
    }

    fn count(&self, name: &str, window: u64) -> Kept<u32> {
        let counted = self.sql.row(
            "INSERT INTO velocity (name, slot, n) VALUES (?, ?, 1)
             ON CONFLICT (name, slot) DO UPDATE SET n = n + 1 RETURNING n",
            vec![text(name), integer(window)],
            Columns::small,
        )?;
        Ok(counted.unwrap_or(0))
    }

    fn due(&self, now: Timestamp, limit: u32) -> Kept<Vec<CheckoutId>> {
        let ids = self.sql.rows(
            "SELECT id FROM (
                 SELECT id, due FROM checkout WHERE due <= ?1 AND parked IS NULL
                 UNION SELECT checkout, next_at FROM outgoing WHERE next_at <= ?1
             ) GROUP BY id ORDER BY min(due) LIMIT ?2",
            vec![time(now), integer(u64::from(limit))],
            Columns::text,
        )?;
        ids.iter().map(|id| checkout_id(id)).collect()
    }

    fn next_due(&self) -> Kept<Option<Timestamp>> {
        let next = self.sql.row(
            "SELECT min(due) AS due FROM (
                 SELECT min(due) AS due FROM checkout WHERE due IS NOT NULL AND parked IS NULL
                 UNION ALL SELECT min(next_at) FROM outgoing)",
            Vec::new(),
            Columns::number_or_none,
        )?;
        Ok(next.flatten().map(Timestamp::from_millis))
    }

    fn park(&self, id: CheckoutId, why: &str, now: Timestamp) -> Kept<()> {
        self.sql.run(
            "UPDATE checkout SET parked = ?, due = NULL WHERE id = ?",
            vec![text(format!("{now} {why}")), text(id)],
        )?;
        let again = time(now.after(shared::time::Span::hours(24)));
        self.sql.run(
            "UPDATE outgoing SET next_at = ? WHERE checkout = ? AND next_at = 0",
            vec![again, text(id)],
        )
    }

    fn tidy(&self, before: Timestamp) -> Kept<()> {
        for table in ["answer", "heard"] {
            self.sql.run(&format!("DELETE FROM {table} WHERE at < ?"), vec![time(before)])?;
        }
        let slot = before.as_millis().checked_div(600_000).unwrap_or_default();
        self.sql.run("DELETE FROM velocity WHERE slot < ?", vec![integer(slot)])?;
        // What was put aside is tried again at every sweep: its cause may be gone by now.
        self.sql
            .run("UPDATE checkout SET due = 0, parked = NULL WHERE parked IS NOT NULL", Vec::new())
    }
}

/// The storage of a SKU's stock.
pub(crate) struct StockStore {
    sql: Sql,
}

impl StockStore {
    /// Opens and migrates.
    pub(crate) fn open(sql: SqlStorage) -> Self {
        let sql = Sql(sql);
        if let Err(error) = sql.migrate(&STOCK_MIGRATIONS) {
            super::log("error", &[("migration", &error.0)]);
        }
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

type ClaimRow = (String, String, u32, Timestamp);

fn read_claim((attempt, kind, quantity, at): ClaimRow) -> Kept<(AttemptId, Claim)> {
    let claim = match kind.as_str() {
        "held" => Claim::Held { quantity, until: at },
        "secured" => Claim::Secured { quantity, at },
        "committed" => Claim::Committed { at },
        "released" => Claim::Released { at },
        _ => return Err(ShelfError("a claim's kind cannot be read".to_owned())),
    };
    let attempt = AttemptId::parse(&attempt);
    let attempt =
        attempt.ok_or_else(|| ShelfError("a claim's attempt cannot be read".to_owned()))?;
    Ok((attempt, claim))
}

impl StockShelf for StockStore {
    fn stock(&self, sku: &Sku) -> Kept<Stock> {
        let units =
            self.sql.row("SELECT units FROM stock WHERE sku = ?", vec![text(sku)], |row| {
                row.number_or_none().and_then(|units| u32::try_from(units).ok())
            })?;
        let rows = self.sql.rows(
            "SELECT attempt, kind, quantity, at FROM claim",
            Vec::new(),
            |row| -> ClaimRow { (row.text(), row.text(), row.small(), row.time()) },
        )?;
        let claims = rows.into_iter().map(read_claim).collect::<Kept<_>>()?;
        Ok(Stock { units: units.flatten(), claims })
    }

    fn keep_stock(&self, sku: &Sku, stock: &Stock) -> Kept<()> {
        let units = stock.units.map_or(SqlStorageValue::Null, |n| integer(u64::from(n)));
        self.sql.run(
            "INSERT INTO stock (sku, units) VALUES (?1, ?2)
             ON CONFLICT (sku) DO UPDATE SET units = excluded.units",
            vec![text(sku), units],
        )?;
        let before = self.stock(sku)?;
        for attempt in before.claims.keys().filter(|id| !stock.claims.contains_key(id)) {
            self.sql.run("DELETE FROM claim WHERE attempt = ?", vec![text(attempt)])?;
        }
        let changed = |(id, claim): &(&AttemptId, &Claim)| before.claims.get(id) != Some(claim);
        for (attempt, claim) in stock.claims.iter().filter(changed) {
            let (kind, quantity, at) = claim_row(*claim);
            self.sql.run(
                "INSERT INTO claim (attempt, kind, quantity, at) VALUES (?, ?, ?, ?)
                 ON CONFLICT (attempt) DO UPDATE SET kind = excluded.kind,
                     quantity = excluded.quantity, at = excluded.at",
                vec![text(attempt), text(kind), integer(u64::from(quantity)), time(at)],
            )?;
        }
        Ok(())
    }
}

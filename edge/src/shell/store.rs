//! The objects' tables: rows in, rows out, one statement a method. Forward-only numbered migrations.
//!
//! # Why integers above 2^53 never meet a column
//! The runtime's SQL interface hands numbers over as doubles. Amounts and times are below 2^53 by type;
//! ids and digests are text.

use serde::Deserialize;
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

    fn rows<T: for<'de> Deserialize<'de>>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
    ) -> Kept<Vec<T>> {
        let cursor = self.0.exec(query, values).map_err(|error| broken(&error))?;
        cursor.to_array().map_err(|error| broken(&error))
    }

    fn row<T: for<'de> Deserialize<'de>>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
    ) -> Kept<Option<T>> {
        Ok(self.rows(query, values)?.into_iter().next())
    }

    /// Brings the tables to this release's form. A database that cannot be brought there answers every
    /// later statement with an error, which the caller reports as `internal`.
    fn migrate(&self, migrations: &[&str]) -> Kept<()> {
        #[derive(Deserialize)]
        struct Form {
            n: u32,
        }
        self.run("CREATE TABLE IF NOT EXISTS form (n INTEGER NOT NULL)", Vec::new())?;
        let form: Option<Form> =
            self.row("SELECT max(n) AS n FROM form HAVING n IS NOT NULL", Vec::new())?;
        let done = usize::try_from(form.map_or(0, |form| form.n)).unwrap_or(usize::MAX);
        for (at, migration) in migrations.iter().enumerate().skip(done) {
            self.run(migration, Vec::new())?;
            let n = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1);
            self.run("INSERT INTO form (n) VALUES (?)", vec![integer(n)])?;
        }
        Ok(())
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

#[derive(Deserialize)]
struct RowText {
    row: String,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

#[derive(Deserialize)]
struct Outgone {
    id: String,
    payload: String,
}

#[derive(Deserialize)]
struct Fingerprint {
    fingerprint: String,
}

#[derive(Deserialize)]
struct Kind {
    fingerprint: String,
    result: String,
}

#[derive(Deserialize)]
struct Checkout {
    checkout: String,
}

#[derive(Deserialize)]
struct Count {
    n: u32,
}

#[derive(Deserialize)]
struct Due {
    due: Option<f64>,
}

#[derive(Deserialize)]
struct JournalRow {
    n: u32,
    at: f64,
    input: String,
    detail: String,
    phase: String,
    verdict: String,
    version: u32,
}

/// A time that the SQL interface handed over as a double; times are below 2^53, so it is exact.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and every time in the tables was written from milliseconds below 2^53"
)]
const fn read_time(millis: f64) -> Timestamp {
    Timestamp::from_millis(millis as u64)
}

fn checkout_id(id: &str) -> Kept<CheckoutId> {
    CheckoutId::parse(id).ok_or_else(|| ShelfError("a row's checkout id cannot be read".to_owned()))
}

impl Shelf for CheckoutStore {
    fn record(&self, id: CheckoutId) -> Kept<Option<Record>> {
        let found: Option<RowText> =
            self.sql.row("SELECT row FROM checkout WHERE id = ?", vec![text(id)])?;
        let read = |found: RowText| {
            row::read(&found.row).map_err(|error| ShelfError(format!("{id}: {}", error.0)))
        };
        found.map(read).transpose()
    }

    fn keep(&self, record: &Record, due: Option<Timestamp>) -> Kept<()> {
        self.sql.run(
            "INSERT INTO checkout (id, row, due) VALUES (?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET row = excluded.row, due = excluded.due",
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
        let rows: Vec<JournalRow> = self.sql.rows(
            "SELECT n, at, input, detail, phase, verdict, version FROM journal
             WHERE checkout = ? ORDER BY n LIMIT 1000",
            vec![text(id)],
        )?;
        let entry = |row: JournalRow| JournalEntry {
            n: u64::from(row.n),
            at: read_time(row.at).to_string(),
            input: row.input,
            detail: row.detail,
            phase: row.phase,
            verdict: row.verdict,
            version: u64::from(row.version),
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    fn put_out(&self, id: CheckoutId, outgoing: &Outgoing) -> Kept<()> {
        self.sql.run(
            "INSERT INTO outgoing (id, checkout, payload, next_at) VALUES (?, ?, ?, 0)",
            vec![text(outgoing.id), text(id), text(&outgoing.payload)],
        )
    }

    fn take_out(&self, id: CheckoutId, now: Timestamp, again: Timestamp) -> Kept<Vec<Outgoing>> {
        let rows: Vec<Outgone> = self.sql.rows(
            "UPDATE outgoing SET next_at = ?3 WHERE checkout = ?1 AND next_at <= ?2
             RETURNING id, payload",
            vec![text(id), time(now), time(again)],
        )?;
        let outgoing = |row: Outgone| -> Kept<Outgoing> {
            let id = NoticeId::parse(&row.id)
                .ok_or_else(|| ShelfError("a notice's id cannot be read".to_owned()))?;
            Ok(Outgoing { id, payload: row.payload })
        };
        rows.into_iter().map(outgoing).collect()
    }

    fn clear_out(&self, id: NoticeId) -> Kept<Option<CheckoutId>> {
        let cleared: Option<Checkout> =
            self.sql.row("DELETE FROM outgoing WHERE id = ? RETURNING checkout", vec![text(id)])?;
        cleared.map(|row| checkout_id(&row.checkout)).transpose()
    }

    fn retry_out(&self, id: NoticeId, at: Timestamp) -> Kept<()> {
        self.sql.run("UPDATE outgoing SET next_at = ? WHERE id = ?", vec![time(at), text(id)])
    }

    fn answer(&self, name: &str) -> Kept<Option<Answer>> {
        let found: Option<Kind> = self
            .sql
            .row("SELECT fingerprint, result FROM answer WHERE name = ?", vec![text(name)])?;
        Ok(found.map(|row| Answer { fingerprint: row.fingerprint, result: row.result }))
    }

    fn keep_answer(&self, name: &str, answer: &Answer, now: Timestamp) -> Kept<()> {
        self.sql.run(
            "INSERT INTO answer (name, fingerprint, result, at) VALUES (?, ?, ?, ?)
             ON CONFLICT (name) DO NOTHING",
            vec![text(name), text(&answer.fingerprint), text(&answer.result), time(now)],
        )
    }

    fn claim(&self, name: &str, fingerprint: &str, now: Timestamp) -> Kept<String> {
        let held: Option<Fingerprint> = self.sql.row(
            "INSERT INTO claim (name, fingerprint, at) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING fingerprint",
            vec![text(name), text(fingerprint), time(now)],
        )?;
        held.map(|row| row.fingerprint)
            .ok_or_else(|| ShelfError("a claim returned nothing".to_owned()))
    }

    fn checkout_of(&self, attempt: AttemptId) -> Kept<Option<CheckoutId>> {
        let found: Option<Checkout> =
            self.sql.row("SELECT checkout FROM attempt WHERE id = ?", vec![text(attempt)])?;
        found.map(|row| checkout_id(&row.checkout)).transpose()
    }

    fn link(&self, attempt: AttemptId, id: CheckoutId) -> Kept<()> {
        self.sql.run(
            "INSERT INTO attempt (id, checkout) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
            vec![text(attempt), text(id)],
        )
    }

    fn hear(&self, event: &str, attempt: AttemptId, now: Timestamp) -> Kept<bool> {
        let fresh: Option<Id> = self.sql.row(
            "INSERT INTO heard (event, attempt, at) VALUES (?, ?, ?)
             ON CONFLICT (event) DO NOTHING RETURNING event AS id",
            vec![text(event), text(attempt), time(now)],
        )?;
        Ok(fresh.is_some_and(|row| row.id == event))
    }

    fn count(&self, name: &str, window: u64) -> Kept<u32> {
        let counted: Option<Count> = self.sql.row(
            "INSERT INTO velocity (name, slot, n) VALUES (?, ?, 1)
             ON CONFLICT (name, slot) DO UPDATE SET n = n + 1 RETURNING n",
            vec![text(name), integer(window)],
        )?;
        Ok(counted.map_or(0, |row| row.n))
    }

    fn due(&self, now: Timestamp, limit: u32) -> Kept<Vec<CheckoutId>> {
        let rows: Vec<Id> = self.sql.rows(
            "SELECT id FROM (
                 SELECT id, due FROM checkout WHERE due <= ?1 AND parked IS NULL
                 UNION SELECT checkout, next_at FROM outgoing WHERE next_at <= ?1
             ) GROUP BY id ORDER BY min(due) LIMIT ?2",
            vec![time(now), integer(u64::from(limit))],
        )?;
        rows.iter().map(|row| checkout_id(&row.id)).collect()
    }

    fn next_due(&self) -> Kept<Option<Timestamp>> {
        let next: Option<Due> = self.sql.row(
            "SELECT min(due) AS due FROM (
                 SELECT min(due) AS due FROM checkout WHERE due IS NOT NULL AND parked IS NULL
                 UNION ALL SELECT min(next_at) FROM outgoing)",
            Vec::new(),
        )?;
        Ok(next.and_then(|row| row.due).map(read_time))
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
        self.sql.run("DELETE FROM velocity WHERE slot < ?", vec![integer(slot)])
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

#[derive(Deserialize)]
struct Units {
    units: Option<u32>,
}

#[derive(Deserialize)]
struct ClaimRow {
    attempt: String,
    kind: String,
    quantity: u32,
    at: f64,
}

const fn claim_row(claim: Claim) -> (&'static str, u32, Timestamp) {
    match claim {
        Claim::Held { quantity, until } => ("held", quantity, until),
        Claim::Secured { quantity, at } => ("secured", quantity, at),
        Claim::Committed { at } => ("committed", 0, at),
        Claim::Released { at } => ("released", 0, at),
    }
}

fn read_claim(row: &ClaimRow) -> Kept<(AttemptId, Claim)> {
    let (quantity, at) = (row.quantity, read_time(row.at));
    let claim = match row.kind.as_str() {
        "held" => Claim::Held { quantity, until: at },
        "secured" => Claim::Secured { quantity, at },
        "committed" => Claim::Committed { at },
        "released" => Claim::Released { at },
        _ => return Err(ShelfError("a claim's kind cannot be read".to_owned())),
    };
    let attempt = AttemptId::parse(&row.attempt);
    let attempt =
        attempt.ok_or_else(|| ShelfError("a claim's attempt cannot be read".to_owned()))?;
    Ok((attempt, claim))
}

impl StockShelf for StockStore {
    fn stock(&self, sku: &Sku) -> Kept<Stock> {
        let units: Option<Units> =
            self.sql.row("SELECT units FROM stock WHERE sku = ?", vec![text(sku)])?;
        let rows: Vec<ClaimRow> =
            self.sql.rows("SELECT attempt, kind, quantity, at FROM claim", Vec::new())?;
        let claims = rows.iter().map(read_claim).collect::<Kept<_>>()?;
        Ok(Stock { units: units.and_then(|row| row.units), claims })
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

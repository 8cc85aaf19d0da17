//! The tables of a SKU's stock: rows in, rows out, one statement a method.

use shared::hold::{Claim, HOLD_LIFE};
use shared::id::{AttemptId, Sku};
use shared::time::Timestamp;

use crate::shelf::{Kept, StockShelf};

use super::host::{Row, Sql, Values};

/// The tables of a SKU.
const STOCK_MIGRATIONS: [&str; 2] = [
    "
    CREATE TABLE stock (sku TEXT PRIMARY KEY, units INTEGER) WITHOUT ROWID;
    CREATE TABLE claim (attempt TEXT PRIMARY KEY, kind TEXT NOT NULL, quantity INTEGER NOT NULL,
        at INTEGER NOT NULL) WITHOUT ROWID;
",
    "CREATE INDEX claim_of ON claim (kind, at, quantity);",
];

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

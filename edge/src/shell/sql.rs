//! An object's own database: a statement with its values, and its rows. Forward-only numbered migrations.
//!
//! # Why integers above 2^53 never meet a column
//! The runtime's SQL interface hands numbers over as doubles. Amounts and times are below 2^53 by type;
//! ids and digests are text.

use js_sys::Array;

use crate::shelf::{Kept, ShelfError};

use super::host::{self, Broken, Row, Sql, Values};

impl Sql {
    /// Every row as an array of its columns, in the order of the query.
    pub(super) fn found(&self, query: &str, values: &Values) -> Kept<Array> {
        let found = host::rows(self, query, values);
        found.map_err(|thrown| ShelfError(Broken::from(thrown).0))
    }

    pub(super) fn run(&self, query: &str, values: &Values) -> Kept<()> {
        self.found(query, values).map(|_| ())
    }

    /// Shows every row to `read`; one that is not what it asks for fails them all.
    pub(super) fn each(
        &self,
        query: &str,
        values: &Values,
        read: &mut dyn FnMut(&mut Row),
    ) -> Kept<()> {
        for columns in self.found(query, values)? {
            Row::read(&columns, &mut *read)
                .ok_or_else(|| ShelfError("a row has another form than expected".to_owned()))?;
        }
        Ok(())
    }

    pub(super) fn rows<T>(
        &self,
        query: &str,
        values: &Values,
        read: impl Fn(&mut Row) -> T,
    ) -> Kept<Vec<T>> {
        let mut found = Vec::new();
        self.each(query, values, &mut |row| found.push(read(row)))?;
        Ok(found)
    }

    /// The row, if there is one.
    pub(super) fn row<T>(
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
    pub(super) fn migrate(&self, migrations: &[&str]) {
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

//! What a turn has written and the disk has not.
//!
//! # Why
//! Calls that arrive together share a turn and its commit (`entry.js`). What they write is gathered here, and
//! goes to the disk as one statement a table: the way to it costs more than a row does. Nobody outside
//! hears of anything that still lies here, because answers, requests and messages wait for
//! [`CheckoutStore::flush`](super::store::CheckoutStore::flush); whoever reads in the same turn looks here
//! first.

use shared::sorted::Sorted;

use crate::json::Writer;

use super::host::Values;

/// A table, as its statement reads its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Journal,
    Outgoing,
    /// What is out, once more.
    Again,
    Answer,
    Claim,
    Heard,
    Attempt,
}

const STATEMENTS: [(Table, &str); 7] = [
    (
        Table::Journal,
        "INSERT INTO journal (checkout, n, at, input, detail, phase, verdict, version)
         SELECT value ->> 0,
                (SELECT coalesce(max(n), 0) FROM journal WHERE checkout = value ->> 0) + (value ->> 1),
                value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
         FROM json_each(?)",
    ),
    (
        Table::Outgoing,
        "INSERT INTO outgoing (id, checkout, payload, next_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, 0 FROM json_each(?)",
    ),
    (
        Table::Again,
        "UPDATE outgoing SET next_at = again.value ->> 1 FROM json_each(?) AS again
         WHERE outgoing.id = again.value ->> 0",
    ),
    (
        Table::Answer,
        "INSERT INTO answer (name, fingerprint, result, at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)",
    ),
    (
        Table::Claim,
        "INSERT INTO claim (name, fingerprint, at)
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)",
    ),
    (
        Table::Heard,
        "INSERT INTO heard (event, attempt, at)
         SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)",
    ),
    (
        Table::Attempt,
        "INSERT INTO attempt (id, checkout)
         SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
         ON CONFLICT (id) DO NOTHING",
    ),
];

/// A value of a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell<'a> {
    Text(&'a str),
    Number(u64),
}

/// See above.
#[derive(Debug, Default)]
pub(super) struct Written {
    rows: Vec<(Table, Writer)>,
    /// What whoever looks for a name would find.
    found: Sorted<String, String>,
}

impl Written {
    /// One more row.
    pub(super) fn add(&mut self, table: Table, row: &[Cell<'_>]) {
        if self.rows.iter().all(|(of, _)| *of != table) {
            self.rows.push((table, Writer::default()));
        }
        let Some((_, rows)) = self.rows.iter_mut().find(|(of, _)| *of == table) else { return };
        rows.list(row, |row, cell| match cell {
            Cell::Text(text) => row.text(text),
            Cell::Number(number) => row.number(*number),
        });
    }

    /// What is found under this name from now on.
    pub(super) fn name(&mut self, table: &str, name: &str, value: String) {
        self.found.insert([table, name].concat(), value);
    }

    /// What was written under this name.
    pub(super) fn find(&self, table: &str, name: &str) -> Option<&str> {
        self.found.get([table, name].concat().as_str()).map(String::as_str)
    }

    /// A statement for each table that is written to, with its rows, behind those that are there.
    pub(super) fn statements(self, statements: &Values) {
        for (table, rows) in self.rows {
            let query = STATEMENTS.iter().find(|(of, _)| *of == table);
            let (values, rows) = (Values::new(), rows.into_text());
            values.text(&["[", &rows, "]"].concat());
            statements.text(query.map_or("", |(_, query)| query)).value(&values);
        }
    }
}

//! The shelves over maps, for tests and the simulator: the same answers as the tables in
//! `shell/store.rs`. A record is kept as its row, so whoever keeps one also writes and reads it; the
//! simulator does without in most of its runs, because rows are half of their time.

use std::cell::RefCell;
use std::collections::BTreeMap;

use shared::hold::{Claim, Stock};
use shared::id::{AttemptId, CheckoutId, NoticeId, Sku};
use shared::time::{Span, Timestamp};
use shared::wire::JournalEntry;

use crate::breaker::Breakers;
use crate::row::{self, Record};
use crate::shelf::{Answer, Kept, Line, Outgoing, Shelf, ShelfError, StockShelf};

/// A checkout's row, with what stands beside it.
struct Row {
    form: Form,
    due: Option<Timestamp>,
    parked: bool,
}

/// In which form a record lies in memory.
enum Form {
    Text(String),
    Record(Box<Record>),
}

struct Out {
    checkout: CheckoutId,
    payload: String,
    next_at: Timestamp,
}

#[derive(Default)]
struct Tables {
    checkouts: BTreeMap<CheckoutId, Row>,
    attempts: BTreeMap<AttemptId, CheckoutId>,
    journal: BTreeMap<CheckoutId, Vec<Line>>,
    outgoing: BTreeMap<NoticeId, Out>,
    answers: BTreeMap<String, (Answer, Timestamp)>,
    claims: BTreeMap<String, (String, Timestamp)>,
    heard: BTreeMap<String, (AttemptId, Timestamp)>,
    velocity: BTreeMap<(String, u64), u32>,
}

/// The storage of a shard.
#[derive(Default)]
pub struct Memory {
    tables: RefCell<Tables>,
    as_records: bool,
    breakers: Breakers,
}

impl Memory {
    /// A storage that keeps records as they are.
    #[must_use]
    pub fn of_records() -> Self {
        Self { as_records: true, ..Self::default() }
    }

    /// How often an attempt was heard of.
    #[must_use]
    pub fn heard(&self, attempt: AttemptId) -> usize {
        self.tables.borrow().heard.values().filter(|(of, _)| *of == attempt).count()
    }

    /// How many attempts are known.
    #[must_use]
    pub fn attempts(&self) -> usize {
        self.tables.borrow().attempts.len()
    }

    /// Everything that is out, oldest id first.
    #[must_use]
    pub fn payloads(&self) -> Vec<String> {
        self.tables.borrow().outgoing.values().map(|out| out.payload.clone()).collect()
    }

    /// The row of a checkout; empty when there is none.
    #[must_use]
    pub fn row(&self, id: CheckoutId) -> String {
        match self.tables.borrow().checkouts.get(&id).map(|row| &row.form) {
            Some(Form::Text(text)) => text.clone(),
            Some(Form::Record(record)) => row::write(record),
            None => String::new(),
        }
    }

    /// Every checkout, and whether it is put aside.
    #[must_use]
    pub fn checkouts(&self) -> Vec<(CheckoutId, bool)> {
        self.tables.borrow().checkouts.iter().map(|(id, row)| (*id, row.parked)).collect()
    }
}

impl Shelf for Memory {
    fn record(&self, id: CheckoutId) -> Kept<Option<Record>> {
        let tables = self.tables.borrow();
        let read = |row: &Row| match &row.form {
            Form::Text(text) => row::read(text).map_err(|error| ShelfError(error.0.to_owned())),
            Form::Record(record) => Ok(Record::clone(record)),
        };
        tables.checkouts.get(&id).map(read).transpose()
    }

    fn keep(&self, record: &Record, due: Option<Timestamp>) -> Kept<()> {
        let form = match self.as_records {
            true => Form::Record(Box::new(record.clone())),
            false => Form::Text(row::write(record)),
        };
        let row = Row { form, due, parked: false };
        self.tables.borrow_mut().checkouts.insert(record.checkout.id, row);
        Ok(())
    }

    fn note(&self, id: CheckoutId, line: &Line) -> Kept<()> {
        self.tables.borrow_mut().journal.entry(id).or_default().push(line.clone());
        Ok(())
    }

    fn journal(&self, id: CheckoutId) -> Kept<Vec<JournalEntry>> {
        let entry = |(n, line): (u64, &Line)| JournalEntry {
            n,
            at: line.at.to_string(),
            input: line.input.clone(),
            detail: line.detail.clone(),
            phase: line.phase.clone(),
            verdict: line.verdict.clone(),
            version: line.version,
        };
        let tables = self.tables.borrow();
        Ok((1..).zip(tables.journal.get(&id).into_iter().flatten()).map(entry).collect())
    }

    fn put_out(&self, id: CheckoutId, outgoing: &Outgoing) -> Kept<()> {
        let next_at = Timestamp::from_millis(0);
        let out = Out { checkout: id, payload: outgoing.payload.clone(), next_at };
        match self.tables.borrow_mut().outgoing.insert(outgoing.id, out) {
            None => Ok(()),
            Some(_) => Err(ShelfError("a notice's id occurs twice".to_owned())),
        }
    }

    fn take_out(&self, id: CheckoutId, now: Timestamp, again: Timestamp) -> Kept<Vec<Outgoing>> {
        let mut tables = self.tables.borrow_mut();
        let due = tables.outgoing.iter_mut().filter(|(_, o)| o.checkout == id && o.next_at <= now);
        let take = |(id, out): (&NoticeId, &mut Out)| {
            out.next_at = again;
            Outgoing { id: *id, payload: out.payload.clone() }
        };
        Ok(due.map(take).collect())
    }

    fn clear_out(&self, id: NoticeId) -> Kept<Option<CheckoutId>> {
        Ok(self.tables.borrow_mut().outgoing.remove(&id).map(|out| out.checkout))
    }

    fn clear_all_out(&self, ids: &[String]) -> Kept<()> {
        let mut tables = self.tables.borrow_mut();
        for id in ids.iter().filter_map(|id| NoticeId::parse(id)) {
            tables.outgoing.remove(&id);
        }
        Ok(())
    }

    fn retry_out(&self, id: NoticeId, at: Timestamp) -> Kept<()> {
        if let Some(out) = self.tables.borrow_mut().outgoing.get_mut(&id) {
            out.next_at = at;
        }
        Ok(())
    }

    fn answer(&self, name: &str) -> Kept<Option<Answer>> {
        Ok(self.tables.borrow().answers.get(name).map(|(answer, _)| answer.clone()))
    }

    fn keep_answer(&self, name: &str, answer: &Answer, now: Timestamp) -> Kept<()> {
        let mut tables = self.tables.borrow_mut();
        tables.answers.entry(name.to_owned()).or_insert_with(|| (answer.clone(), now));
        Ok(())
    }

    fn keep_first_answer(&self, name: &str, answer: &Answer, now: Timestamp) -> Kept<()> {
        match self.tables.borrow_mut().answers.insert(name.to_owned(), (answer.clone(), now)) {
            None => Ok(()),
            Some(_) => Err(ShelfError(format!("there is an answer {name} already"))),
        }
    }

    fn claim(&self, name: &str, fingerprint: &str, now: Timestamp) -> Kept<(bool, String)> {
        let mut tables = self.tables.borrow_mut();
        let fresh = !tables.claims.contains_key(name);
        let held = tables.claims.entry(name.to_owned());
        Ok((fresh, held.or_insert_with(|| (fingerprint.to_owned(), now)).0.clone()))
    }

    fn unclaim(&self, name: &str, fingerprint: &str) -> Kept<()> {
        let mut tables = self.tables.borrow_mut();
        if tables.claims.get(name).is_some_and(|(holder, _)| holder == fingerprint) {
            tables.claims.remove(name);
        }
        Ok(())
    }

    fn checkout_of(&self, attempt: AttemptId) -> Kept<Option<CheckoutId>> {
        Ok(self.tables.borrow().attempts.get(&attempt).copied())
    }

    fn link(&self, attempt: AttemptId, id: CheckoutId) -> Kept<()> {
        self.tables.borrow_mut().attempts.entry(attempt).or_insert(id);
        Ok(())
    }

    fn hear(&self, event: &str, attempt: AttemptId, now: Timestamp) -> Kept<bool> {
        let mut tables = self.tables.borrow_mut();
        let fresh = !tables.heard.contains_key(event);
        if fresh {
            tables.heard.insert(event.to_owned(), (attempt, now));
        }
        Ok(fresh)
    }

    fn unpark(&self, prefix: &str) -> Kept<Vec<String>> {
        let mut tables = self.tables.borrow_mut();
        let Tables { heard, attempts, .. } = &mut *tables;
        let known =
            |event: &String, attempt| event.starts_with(prefix) && attempts.contains_key(attempt);
        let found = heard.iter().filter(|(event, (attempt, _))| known(event, attempt));
        let found: Vec<String> = found.map(|(event, _)| event.clone()).collect();
        heard.retain(|event, _| !found.contains(event));
        Ok(found)
    }

    fn count(&self, names: &[(String, u64)]) -> Kept<Vec<u32>> {
        let mut tables = self.tables.borrow_mut();
        let mut one = |name: &(String, u64)| {
            let count = tables.velocity.entry(name.clone()).or_default();
            *count = count.saturating_add(1);
            *count
        };
        Ok(names.iter().map(&mut one).collect())
    }

    fn due(&self, now: Timestamp, limit: u32) -> Kept<Vec<CheckoutId>> {
        let tables = self.tables.borrow();
        let rows = tables.checkouts.iter().filter(|(_, row)| !row.parked);
        let mut due: Vec<(Timestamp, CheckoutId)> =
            rows.filter_map(|(id, row)| Some((row.due.filter(|at| *at <= now)?, *id))).collect();
        let out = tables.outgoing.values().filter(|out| out.next_at <= now);
        due.extend(out.map(|out| (out.next_at, out.checkout)));
        due.sort_unstable();
        let mut ids: Vec<CheckoutId> = Vec::new();
        for (_, id) in due {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(ids)
    }

    fn next_due(&self) -> Kept<Option<Timestamp>> {
        let tables = self.tables.borrow();
        let rows = tables.checkouts.values().filter(|row| !row.parked);
        let out = tables.outgoing.values().map(|out| out.next_at);
        Ok(rows.filter_map(|row| row.due).chain(out).min())
    }

    fn park(&self, id: CheckoutId, _why: &str, now: Timestamp) -> Kept<()> {
        let mut tables = self.tables.borrow_mut();
        if let Some(row) = tables.checkouts.get_mut(&id) {
            (row.parked, row.due) = (true, None);
        }
        let again = now.after(Span::hours(24));
        let unsent = |out: &&mut Out| out.checkout == id && out.next_at.as_millis() == 0;
        tables.outgoing.values_mut().filter(unsent).for_each(|out| out.next_at = again);
        Ok(())
    }

    fn breakers(&self) -> &Breakers {
        &self.breakers
    }

    fn take_up_parked(&self) -> Kept<()> {
        let mut tables = self.tables.borrow_mut();
        for row in tables.checkouts.values_mut().filter(|row| row.parked) {
            (row.parked, row.due) = (false, Some(Timestamp::default()));
        }
        Ok(())
    }

    fn tidy(&self, before: Timestamp) -> Kept<()> {
        let mut tables = self.tables.borrow_mut();
        tables.answers.retain(|_, (_, at)| *at >= before);
        tables.heard.retain(|_, (_, at)| *at >= before);
        let slot = before.as_millis().checked_div(600_000).unwrap_or_default();
        tables.velocity.retain(|(_, window), _| *window >= slot);
        Ok(())
    }
}

/// The storage of every SKU.
#[derive(Default)]
pub struct StockMemory(RefCell<BTreeMap<Sku, Stock>>);

impl StockMemory {
    /// Everything about a SKU.
    #[must_use]
    pub fn whole(&self, sku: &Sku) -> Stock {
        self.0.borrow().get(sku).cloned().unwrap_or_default()
    }

    /// Puts something else in its place.
    pub fn put(&self, sku: &Sku, stock: Stock) {
        self.0.borrow_mut().insert(sku.clone(), stock);
    }

    fn holds(&self, sku: &Sku) -> Vec<(Timestamp, u32)> {
        let held = |claim: &Claim| match *claim {
            Claim::Held { quantity, until } => Some((until, quantity)),
            Claim::Secured { .. } | Claim::Committed { .. } | Claim::Released { .. } => None,
        };
        self.whole(sku).claims.values().filter_map(held).collect()
    }
}

impl StockShelf for StockMemory {
    fn units(&self, sku: &Sku) -> Kept<Option<u32>> {
        Ok(self.whole(sku).units)
    }

    fn keep_units(&self, sku: &Sku, units: Option<u32>) -> Kept<()> {
        self.0.borrow_mut().entry(sku.clone()).or_default().units = units;
        Ok(())
    }

    fn claim(&self, sku: &Sku, attempt: AttemptId) -> Kept<Option<Claim>> {
        Ok(self.0.borrow().get(sku).and_then(|stock| stock.claims.get(&attempt).copied()))
    }

    fn keep_claim(&self, sku: &Sku, attempt: AttemptId, claim: Option<Claim>) -> Kept<()> {
        let mut all = self.0.borrow_mut();
        let claims = &mut all.entry(sku.clone()).or_default().claims;
        match claim {
            Some(claim) => drop(claims.insert(attempt, claim)),
            None => claims.retain(|id, _| *id != attempt),
        }
        Ok(())
    }

    fn taken(&self, sku: &Sku, now: Timestamp) -> Kept<u32> {
        let whole = self.whole(sku);
        Ok(whole.claims.values().map(|claim| claim.keeps(now)).fold(0, u32::saturating_add))
    }

    fn lapsed(&self, sku: &Sku, after: Timestamp, to: Timestamp) -> Kept<u32> {
        let lapsed = self.holds(sku).into_iter().filter(|(at, _)| *at > after && *at <= to);
        Ok(lapsed.map(|(_, pieces)| pieces).fold(0, u32::saturating_add))
    }

    fn next_lapse(&self, sku: &Sku, now: Timestamp) -> Kept<Option<Timestamp>> {
        Ok(self.holds(sku).into_iter().map(|(at, _)| at).filter(|at| *at > now).min())
    }

    fn latest(&self, sku: &Sku) -> Kept<Timestamp> {
        Ok(self.whole(sku).latest())
    }

    fn forget(&self, sku: &Sku, before: Timestamp) -> Kept<()> {
        let over = |claim: &Claim| match *claim {
            Claim::Held { until: at, .. } | Claim::Committed { at } | Claim::Released { at } => {
                at < before
            }
            Claim::Secured { .. } => false,
        };
        let mut all = self.0.borrow_mut();
        all.entry(sku.clone()).or_default().claims.retain(|_, claim| !over(claim));
        Ok(())
    }
}

//! The store of production, whose letters have all arrived: what is loaded leaves none behind. So nothing has
//! to go to the disk before they are taken out, and hundreds of checkouts go there together.

use core::cell::RefCell;

use shared::id::{AttemptId, CheckoutId, NoticeId};
use shared::time::Timestamp;
use shared::wire::JournalEntry;

use crate::breaker::Breakers;
use crate::row::Record;
use crate::shelf::{Answer, Kept, Line, Outgoing, Shelf};

use super::CheckoutStore;

/// See above.
pub(super) struct Told<'a> {
    store: &'a CheckoutStore,
    /// Letters on their way.
    out: RefCell<Vec<(CheckoutId, Outgoing)>>,
}

impl<'a> Told<'a> {
    pub(super) const fn new(store: &'a CheckoutStore) -> Self {
        Self { store, out: RefCell::new(Vec::new()) }
    }
}

impl Shelf for Told<'_> {
    fn put_out(&self, id: CheckoutId, outgoing: &Outgoing) -> Kept<()> {
        self.out.borrow_mut().push((id, outgoing.clone()));
        Ok(())
    }

    fn take_out(&self, id: CheckoutId, _: Timestamp, _: Timestamp) -> Kept<Vec<Outgoing>> {
        let all = self.out.take();
        let (taken, left) = all.into_iter().partition(|(of, _)| *of == id);
        self.out.replace(left);
        let taken: Vec<(CheckoutId, Outgoing)> = taken;
        Ok(taken.into_iter().map(|(_, letter)| letter).collect())
    }

    fn clear_out(&self, _: NoticeId) -> Kept<Option<CheckoutId>> {
        Ok(None)
    }

    fn clear_all_out(&self, _: &[String]) -> Kept<()> {
        Ok(())
    }

    fn retry_out(&self, _: NoticeId, _: Timestamp) -> Kept<()> {
        Ok(())
    }

    fn record(&self, id: CheckoutId) -> Kept<Option<Record>> {
        self.store.record(id)
    }

    fn keep(&self, record: &Record, due: Option<Timestamp>) -> Kept<()> {
        self.store.keep(record, due)
    }

    fn note(&self, id: CheckoutId, line: &Line) -> Kept<()> {
        self.store.note(id, line)
    }

    fn journal(&self, id: CheckoutId) -> Kept<Vec<JournalEntry>> {
        self.store.journal(id)
    }

    fn answer(&self, name: &str) -> Kept<Option<Answer>> {
        self.store.answer(name)
    }

    fn keep_answer(&self, name: &str, answer: &Answer, now: Timestamp) -> Kept<()> {
        self.store.keep_answer(name, answer, now)
    }

    fn keep_first_answer(&self, name: &str, answer: &Answer, now: Timestamp) -> Kept<()> {
        self.store.keep_first_answer(name, answer, now)
    }

    fn claim(&self, name: &str, fingerprint: &str, now: Timestamp) -> Kept<(bool, String)> {
        self.store.claim(name, fingerprint, now)
    }

    fn unclaim(&self, name: &str, fingerprint: &str) -> Kept<()> {
        self.store.unclaim(name, fingerprint)
    }

    fn checkout_of(&self, attempt: AttemptId) -> Kept<Option<CheckoutId>> {
        self.store.checkout_of(attempt)
    }

    fn link(&self, attempt: AttemptId, id: CheckoutId) -> Kept<()> {
        self.store.link(attempt, id)
    }

    fn hear(&self, event: &str, attempt: AttemptId, now: Timestamp) -> Kept<bool> {
        self.store.hear(event, attempt, now)
    }

    fn unpark(&self, prefix: &str) -> Kept<Vec<String>> {
        self.store.unpark(prefix)
    }

    fn count(&self, names: &[(String, u64)]) -> Kept<Vec<u32>> {
        self.store.count(names)
    }

    fn due(&self, now: Timestamp, limit: u32) -> Kept<Vec<CheckoutId>> {
        self.store.due(now, limit)
    }

    fn next_due(&self) -> Kept<Option<Timestamp>> {
        self.store.next_due()
    }

    fn park(&self, id: CheckoutId, why: &str, now: Timestamp) -> Kept<()> {
        self.store.park(id, why, now)
    }

    fn breakers(&self) -> &Breakers {
        self.store.breakers()
    }

    fn take_up_parked(&self) -> Kept<()> {
        self.store.take_up_parked()
    }

    fn tidy(&self, before: Timestamp) -> Kept<()> {
        self.store.tidy(before)
    }
}

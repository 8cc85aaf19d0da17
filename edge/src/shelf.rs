//! What an owner keeps, as a trait: SQLite in the runtime, maps in the tests. Every method is one
//! synchronous statement; the calls of one turn are one transaction.

use shared::hold::Claim;
use shared::id::{AttemptId, CheckoutId, NoticeId, Sku};
use shared::time::Timestamp;
use shared::wire::JournalEntry;

use crate::breaker::Breakers;
use crate::row::Record;

/// The storage failed, or holds what this release cannot read. The turn is given up; nothing is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShelfError(pub String);

/// The result of a storage call.
pub type Kept<T> = Result<T, ShelfError>;

/// A line of the journal before it has its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub input: String,
    /// With which evidence; no personal data.
    pub detail: String,
    /// Where it led.
    pub phase: String,
    /// What the table said.
    pub verdict: String,
    /// The version after it.
    pub version: u64,
}

/// Something for the queue: stays until its delivery is confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Its id.
    pub id: NoticeId,
    /// The queue's message.
    pub payload: String,
}

/// An answer that a repeated request gets again (I-8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Digest of what was asked.
    pub fingerprint: String,
    /// `ok:<id>` or `refused:<code>`.
    pub result: String,
}

/// The storage of one checkout object.
pub trait Shelf {
    /// The checkout of this id.
    ///
    /// # Errors
    /// [`ShelfError`], like every method here.
    fn record(&self, id: CheckoutId) -> Kept<Option<Record>>;
    /// Keeps it, with the time at which it wants to be looked at next.
    fn keep(&self, record: &Record, due: Option<Timestamp>) -> Kept<()>;
    /// Adds a line to its journal.
    fn note(&self, id: CheckoutId, line: &Line) -> Kept<()>;
    /// Its journal, oldest first.
    fn journal(&self, id: CheckoutId) -> Kept<Vec<JournalEntry>>;
    /// Puts something out for the queue.
    fn put_out(&self, id: CheckoutId, outgoing: &Outgoing) -> Kept<()>;
    /// What is out for the queue and due, of this checkout; marked as sent until `again`.
    fn take_out(&self, id: CheckoutId, now: Timestamp, again: Timestamp) -> Kept<Vec<Outgoing>>;
    /// Its delivery is confirmed, or given up.
    fn clear_out(&self, id: NoticeId) -> Kept<Option<CheckoutId>>;
    /// As above, of all of these.
    fn clear_all_out(&self, ids: &[String]) -> Kept<()>;
    /// Sends it once more, from this time on.
    fn retry_out(&self, id: NoticeId, at: Timestamp) -> Kept<()>;
    /// The answer kept under this name.
    fn answer(&self, name: &str) -> Kept<Option<Answer>>;
    /// Keeps an answer.
    fn keep_answer(&self, name: &str, answer: &Answer, now: Timestamp) -> Kept<()>;
    /// Keeps an answer under a name that cannot have one: nobody looks.
    fn keep_first_answer(&self, name: &str, answer: &Answer, now: Timestamp) -> Kept<()>;
    /// Claims a name for a fingerprint; whether it was free, and the fingerprint that holds it now.
    fn claim(&self, name: &str, fingerprint: &str, now: Timestamp) -> Kept<(bool, String)>;
    /// Gives a name back that this fingerprint holds.
    fn unclaim(&self, name: &str, fingerprint: &str) -> Kept<()>;
    /// Which checkout this attempt belongs to.
    fn checkout_of(&self, attempt: AttemptId) -> Kept<Option<CheckoutId>>;
    /// Remembers it.
    fn link(&self, attempt: AttemptId, id: CheckoutId) -> Kept<()>;
    /// Remembers a webhook's event for this attempt; `false` when it was heard before (F27).
    fn hear(&self, event: &str, attempt: AttemptId, now: Timestamp) -> Kept<bool>;
    /// Forgets events whose names begin so and whose attempts are known by now; those names.
    fn unpark(&self, prefix: &str) -> Kept<Vec<String>>;
    /// Counts one more of each name in its window; their counts.
    fn count(&self, names: &[(String, u64)]) -> Kept<Vec<u32>>;
    /// Checkouts whose time has come, earliest first.
    fn due(&self, now: Timestamp, limit: u32) -> Kept<Vec<CheckoutId>>;
    /// When the next one's time comes.
    fn next_due(&self) -> Kept<Option<Timestamp>>;
    /// Puts a checkout aside whose row cannot be worked on, so that it blocks nobody.
    fn park(&self, id: CheckoutId, why: &str, now: Timestamp) -> Kept<()>;
    /// Whether its channels' providers answer; kept in memory alone.
    fn breakers(&self) -> &Breakers;
    /// What was put aside is due again: its cause may be gone by now.
    fn take_up_parked(&self) -> Kept<()>;
    /// Forgets what nobody can ask for any more.
    fn tidy(&self, before: Timestamp) -> Kept<()>;
}

/// The storage of one stock object. Every question costs the same however many claims there are, but the
/// two that say otherwise.
#[expect(clippy::missing_errors_doc, reason = "all fail alike: `ShelfError`")]
pub trait StockShelf {
    /// How many there are; `None` when nobody counts.
    fn units(&self, sku: &Sku) -> Kept<Option<u32>>;
    /// Keeps that.
    fn keep_units(&self, sku: &Sku, units: Option<u32>) -> Kept<()>;
    /// An attempt's claim.
    fn claim(&self, sku: &Sku, attempt: AttemptId) -> Kept<Option<Claim>>;
    /// Keeps it; `None` forgets it.
    fn keep_claim(&self, sku: &Sku, attempt: AttemptId, claim: Option<Claim>) -> Kept<()>;
    /// Pieces of all claims that lapse later than this, or never. Reads all of those.
    fn taken(&self, sku: &Sku, now: Timestamp) -> Kept<u32>;
    /// Pieces of holds that lapse after the first time and no later than the second. Reads those.
    fn lapsed(&self, sku: &Sku, after: Timestamp, to: Timestamp) -> Kept<u32>;
    /// When the next hold lapses.
    fn next_lapse(&self, sku: &Sku, now: Timestamp) -> Kept<Option<Timestamp>>;
    /// The newest time at which a claim was made. Reads all of them.
    fn latest(&self, sku: &Sku) -> Kept<Timestamp>;
    /// Forgets claims that keep nothing, and of which nobody has spoken since.
    fn forget(&self, sku: &Sku, before: Timestamp) -> Kept<()>;
}

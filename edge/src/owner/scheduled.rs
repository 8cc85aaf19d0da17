//! The scheduled turn: one run at a time, and none forgotten.
//!
//! # Why windows
//! The runtime promises neither that a scheduled turn comes nor that it comes once. So time is cut into
//! windows, and one owner keeps the last one whose work is done. A run takes the lease and works for every
//! window since; one that finds the lease taken, or its window done, leaves. A run that dies keeps nobody
//! from the work: its lease ends, and its windows are still open (F50).

use shared::problem::Code;
use shared::time::Span;

use super::{Desk, Done, Failed, Outcome, Reply};

/// The length of a window: the runtime's schedule, `wrangler.jsonc`.
const WINDOW: Span = Span::minutes(5);
/// A run of a thousand shards takes seconds. Shorter than a window, so that the next run catches up.
const LEASE: Span = Span::minutes(4);

/// Where the number of the last window that is done is kept, and who runs: since when, and for which.
/// Both are claims, whose fingerprints are their values.
const DONE: &str = "cron/done";
const RUNS: &str = "cron/runs";

/// The object of this name keeps them.
pub const SCHEDULE: &str = "cron";

impl Desk<'_> {
    /// A run that was scheduled for this time begins: 200 with its fence, or 409 when there is nothing to
    /// do for it.
    pub(super) fn run(&self, scheduled_at: u64) -> Done {
        // A schedule that lies in the future would make every run until then one that is done.
        let at = scheduled_at.min(self.now.as_millis());
        let window = at.checked_div(WINDOW.as_millis()).unwrap_or_default();
        let run = [self.now.as_millis().to_string(), window.to_string()].join(" ");
        let (_, done) = self.shelf.claim(DONE, "0", self.now)?;
        if window <= first(&done) {
            return Err(Code::RequestInProgress.into());
        }
        let (mut ours, holder) = self.shelf.claim(RUNS, &run, self.now)?;
        let since = first(&holder);
        let ends = since.saturating_add(LEASE.as_millis());
        if !ours && !(since..ends).contains(&self.now.as_millis()) {
            self.replace(RUNS, &holder, &run)?;
            ours = true;
        }
        if !ours {
            return Err(Code::RequestInProgress.into());
        }
        Ok(Outcome::Reply(Reply::new(200, self.now.as_millis().to_string())))
    }

    /// The run with this fence has done its work; one that lost its lease says nothing by that.
    pub(super) fn ran(&self, fence: u64) -> Done {
        let (_, holder) = self.shelf.claim(RUNS, "", self.now)?;
        let (_, done) = self.shelf.claim(DONE, "0", self.now)?;
        let window = holder.split_once(' ').map_or("", |(_, window)| window);
        if first(&holder) == fence && first(window) > first(&done) {
            self.replace(DONE, &done, window)?;
            self.shelf.unclaim(RUNS, &holder)?;
        }
        Ok(Outcome::Reply(Reply::empty(200)))
    }

    fn replace(&self, name: &str, old: &str, new: &str) -> Result<(), Failed> {
        self.shelf.unclaim(name, old)?;
        self.shelf.claim(name, new, self.now)?;
        Ok(())
    }
}

fn first(text: &str) -> u64 {
    text.split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

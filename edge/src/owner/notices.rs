//! What became of notices: delivered, dead, and dead ones that the shop wants once more.
//!
//! # Why the owner replays
//! The book lists dead letters and decides nothing. Here the mark of a replay and the message for the
//! queue are one transaction: two replays at once leave one message, and a crash loses none.

use shared::id::NoticeId;
use shared::problem::Code;

use super::shop::ok;
use super::{Desk, Done, Op, Outcome, Replay, Reply};
use crate::book;
use crate::json::Writer;
use crate::shelf::{Kept, Line, Outgoing};

impl Desk<'_> {
    /// The shop has it, or the book, if it was for nobody else.
    pub(super) fn notice_done(&self, notice: &str, replays: u32) -> Done {
        let id = NoticeId::parse(notice).ok_or(Code::NotFound)?;
        let checkout = self.shelf.clear_out(id)?;
        // Only what had died before has a case.
        if let Some(checkout) = checkout.filter(|_| replays > 0) {
            let mut record = self.record(&checkout.to_string())?;
            record.payment.notice_arrived(id);
            self.keep(&record)?;
            let line = self.line("notice_delivered", notice.to_owned(), record.payment.version);
            self.shelf.note(checkout, &line)?;
        }
        Ok(Outcome::Reply(Reply::empty(200)))
    }

    /// As above, of several that had not died.
    pub(super) fn notices_done(&self, notices: &[String]) -> Done {
        self.shelf.clear_all_out(notices)?;
        Ok(Outcome::Reply(Reply::empty(200)))
    }

    /// The shop is told that a notice could not be delivered, where it looks: in the checkout itself.
    pub(super) fn notice_dead(&self, notice: &str, replays: u32, why: &str) -> Done {
        let id = NoticeId::parse(notice).ok_or(Code::NotFound)?;
        // F48: the queue may bring a letter's end twice, the second time after the shop replayed it.
        let replayed = self.is_replayed(notice, replays.saturating_add(1))?;
        if !replayed && let Some(checkout) = self.shelf.clear_out(id)? {
            let mut record = self.record(&checkout.to_string())?;
            record.payment.notice_died(id, why, self.now);
            self.keep(&record)?;
            let detail = format!("{notice} {why}");
            self.shelf.note(checkout, &self.line("notice_dead", detail, record.payment.version))?;
        }
        Ok(Outcome::Reply(Reply::empty(200)))
    }

    /// R53: once more, with the same id and the same body. Who comes second, with whichever key, gets the
    /// same answer, and nothing is sent twice.
    pub(super) fn replay(&self, replay: &Replay) -> Done {
        let record = self.record_of(&replay.merchant, &replay.checkout)?;
        let id = NoticeId::parse(&replay.notice).ok_or(Code::NotFound)?;
        let checkout = record.checkout.id;
        let name = format!("replay/{}/{}", replay.merchant, replay.key);
        if let Some(replays) = self.earlier(&name, &replay.fingerprint)? {
            let replays = replays.parse().map_err(|_| Code::Internal)?;
            let body = replayed(replay, replays);
            return Ok(Outcome::Reply(Reply { replayed: true, ..Reply::new(200, body) }));
        }
        if let Some(message) = &replay.message
            && !self.is_replayed(&replay.notice, replay.replays)?
        {
            let mark = replay_mark(&replay.notice, replay.replays);
            self.shelf.keep_answer(&mark, &ok("", &replay.notice), self.now)?;
            // A death of which the owner was not told yet may have left the message out.
            self.shelf.clear_out(id)?;
            let payload = book::again(message, replay.replays);
            self.shelf.put_out(checkout, &Outgoing { id, payload })?;
            let detail = replay.notice.clone();
            let line = self.line("notice_replayed", detail, record.payment.version);
            self.shelf.note(checkout, &line)?;
            let then = Op::Replay(Replay { message: None, ..replay.clone() });
            return Ok(Outcome::DriveLater(checkout, Box::new(then)));
        }
        let result = replay.replays.to_string();
        self.shelf.keep_answer(&name, &ok(&replay.fingerprint, &result), self.now)?;
        Ok(Outcome::Reply(Reply::new(200, replayed(replay, replay.replays))))
    }

    fn is_replayed(&self, notice: &str, replays: u32) -> Kept<bool> {
        Ok(self.shelf.answer(&replay_mark(notice, replays))?.is_some())
    }

    fn line(&self, input: &str, detail: String, version: u64) -> Line {
        Line {
            at: self.now,
            input: input.to_owned(),
            detail,
            phase: String::new(),
            verdict: "Note".to_owned(),
            version,
        }
    }
}

/// The name under which the first of equal replays leaves its mark.
fn replay_mark(notice: &str, replays: u32) -> String {
    format!("replayed/{notice}/{replays}")
}

fn replayed(replay: &Replay, replays: u32) -> String {
    Writer::document(|body| {
        body.name("id").text(&replay.notice);
        body.name("checkout").text(&replay.checkout);
        body.name("replays").number(replays.into());
    })
}

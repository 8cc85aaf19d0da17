//! Notices and the book: what leaves with the state that caused it, the queue, and the shop's ear. What an
//! answer means, and when a notice is sent again, is `edge::outbox`'s.

use edge::letter::{BROKEN_WAIT, LAST_WAIT};
use edge::outbox::Outcome;
use edge::view;
use shared::id::NoticeId;
use shared::payment::Event as Happened;
use shared::posting::{Account, Entry, Posting, Side};
use shared::time::{Span, Timestamp};

use super::owner::Op;
use super::people::Sale;
use super::{Event, World};
use crate::sim::weather::Kind;

/// See `edge::owner::drive`: sent again, when nobody knows whether the queue took it.
const OUT_UNSURE: Span = Span::minutes(2);
/// And when the queue took it and nobody confirmed it.
const OUT_AGAIN: Span = Span::hours(24 * 4);
/// The queue did not take it.
const OUT_REFUSED: Span = Span::seconds(30);
/// A letter is brought so often at most, the first time included (`max_retries` in `wrangler.jsonc`).
const TRIES_MAX: u8 = 11;

/// Something for the shop and the book.
#[derive(Debug)]
pub(super) struct Out {
    pub(super) kind: Option<Happened>,
    entries: Vec<Entry>,
    version: u64,
    standing: &'static str,
    refunded: u64,
    /// When it happened, by the world's clock.
    pub(super) at: u64,
    next_at: Timestamp,
    pub(super) out: bool,
    pub(super) dead: bool,
    replays: u8,
    booked: bool,
    /// When the shop first heard it.
    pub(super) reached: Option<u64>,
}

impl Out {
    /// What is for the book.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The shop wants it once more.
    pub(super) fn replay(&mut self) {
        if std::mem::take(&mut self.dead) {
            (self.out, self.next_at) = (true, Timestamp::default());
            self.replays += 1;
        }
    }
}

/// What the shop was told, and what the book holds.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Kinds of events, one bit each.
    pub(super) kinds: u8,
    /// The newest version, with the standing and the sum given back that it named.
    pub(super) newest: Option<(u64, &'static str, u64)>,
    /// Names of entries in the book.
    pub(super) names: Vec<String>,
    /// What the providers owe by the book.
    pub(super) provider: i128,
}

impl Sale {
    /// Something for the shop or the book: stored with the state that caused it (I-9, I-14).
    pub(super) fn tell(&mut self, kind: Option<Happened>, entries: Vec<Entry>, at: u64) {
        self.outs.push(Out {
            kind,
            entries,
            version: self.record.payment.version,
            standing: view::standing(&self.record),
            refunded: view::refunded(&self.record).minor(),
            at,
            next_at: Timestamp::default(),
            out: true,
            dead: false,
            replays: 0,
            booked: false,
            reached: None,
        });
    }

    /// When the next of them is to be sent.
    pub(super) fn next_out(&self) -> Option<Timestamp> {
        self.outs.iter().filter(|out| out.out).map(|out| out.next_at).min()
    }

    /// What is to be sent now; marked as sent for a while.
    pub(super) fn take_out(&mut self, now: Timestamp) -> Vec<u16> {
        let mut taken = Vec::new();
        for (n, out) in self.outs.iter_mut().enumerate() {
            if out.out && out.next_at <= now {
                out.next_at = now.after(OUT_UNSURE);
                taken.push(n as u16);
            }
        }
        taken
    }

    pub(super) fn notice_done(&mut self, n: usize, _now: Timestamp) {
        let was_out = std::mem::take(&mut self.outs[n].out);
        if was_out && self.outs[n].replays > 0 {
            self.record.payment.notice_arrived(NoticeId::new(n as u128));
        }
    }

    pub(super) fn notice_dead(&mut self, n: usize, now: Timestamp) {
        if std::mem::take(&mut self.outs[n].out) {
            self.outs[n].dead = true;
            self.record.payment.notice_died(NoticeId::new(n as u128), "no answer", now);
        }
    }
}

impl World {
    /// Gives letters to the queue.
    pub(super) fn send_letters(&mut self, sale: u8, letters: &[u16]) {
        for n in letters.iter().copied() {
            let at = usize::from(n);
            let now = self.time();
            if self.strikes(Kind::QueueRefused) {
                self.sales[usize::from(sale)].outs[at].next_at = now.after(OUT_REFUSED);
                continue;
            }
            let times = if self.strikes(Kind::LetterTwice) { 2 } else { 1 };
            for _ in 0..times {
                let most = [400, 900_000][usize::from(self.strikes(Kind::LetterLate))];
                let wait = self.chance.between(10, most);
                self.after(wait, Event::Letter { sale, n, tries: 1 });
            }
            if self.strikes(Kind::CrashAfterAct) {
                return self.evict();
            }
            self.sales[usize::from(sale)].outs[at].next_at = now.after(OUT_AGAIN);
        }
    }

    /// The queue brings a letter.
    pub(super) fn bring(&mut self, sale: u8, n: u16, tries: u8) {
        if self.strikes(Kind::BookFails) {
            return self.again(sale, n, tries, BROKEN_WAIT);
        }
        self.copy(sale, n);
        if self.sales[usize::from(sale)].outs[usize::from(n)].kind.is_none() {
            return self.called(Op::Done { sale, n });
        }
        let http_status = self.shop_hears(sale, n);
        if self.strikes(Kind::ConsumerCrash) {
            return self.again(sale, n, tries, BROKEN_WAIT);
        }
        match Outcome::read(http_status, None) {
            Outcome::Delivered => self.called(Op::Done { sale, n }),
            Outcome::Gone => self.called(Op::Dead { sale, n }),
            outcome @ (Outcome::Failed | Outcome::Slower { .. }) => {
                let wait = outcome.wait(u32::from(tries), u64::from(n) * 7_919);
                self.again(sale, n, tries, wait.unwrap_or(LAST_WAIT));
            }
        }
    }

    /// It comes again, as long as the queue brings it; then it is dead.
    fn again(&mut self, sale: u8, n: u16, tries: u8, wait: Span) {
        if tries < TRIES_MAX {
            self.after(wait.as_millis(), Event::Letter { sale, n, tries: tries + 1 });
        } else {
            self.after(1_000, Event::Call(Op::Dead { sale, n }));
        }
    }

    /// The book's copy; the same entry twice is one.
    fn copy(&mut self, sale: u8, n: u16) {
        let sale = &mut self.sales[usize::from(sale)];
        let out = &mut sale.outs[usize::from(n)];
        if std::mem::replace(&mut out.booked, true) {
            return;
        }
        for entry in &out.entries {
            if sale.told.names.contains(&entry.name) {
                continue;
            }
            sale.told.names.push(entry.name.clone());
            sale.told.provider += entry.lines().iter().map(owed_by_provider).sum::<i128>();
        }
    }

    /// What the shop's server answers.
    fn shop_hears(&mut self, n: u8, at: u16) -> Option<u16> {
        if self.now < self.shop.dead_until || self.strikes(Kind::ShopSilent) {
            return None;
        }
        if self.strikes(Kind::ShopFails) {
            return Some(self.chance.pick(&[500, 503, 404]));
        }
        let sale = &mut self.sales[usize::from(n)];
        let out = &mut sale.outs[usize::from(at)];
        out.reached.get_or_insert(self.now);
        let bit = out.kind.map_or(0, |kind| 1 << (kind as u8));
        let (version, standing, refunded) = (out.version, out.standing, out.refunded);
        let fresh = sale.told.kinds & bit == 0;
        sale.told.kinds |= bit;
        // A notice that is older than what the shop knows is old news.
        if sale.told.newest.is_none_or(|(known, ..)| known <= version) {
            sale.told.newest = Some((version, standing, refunded));
        }
        if fresh && bit == 1 << (Happened::Paid as u8) {
            self.shop_is_paid(n);
        }
        Some(200)
    }
}

/// What a line adds to what the providers owe.
fn owed_by_provider(line: &Posting) -> i128 {
    let minor = i128::from(line.amount.minor());
    match (&line.account, line.side) {
        (Account::Provider(_), Side::Debit) => minor,
        (Account::Provider(_), Side::Credit) => -minor,
        (Account::Seller(_) | Account::Suspense, _) => 0,
    }
}

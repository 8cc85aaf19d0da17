//! The owner of the checkouts: turns, alarms, and its deaths, as `edge/entry.js` and
//! `edge/src/shell/checkout_object.rs` carry them out. What a turn decides is `shared::payment`'s.
//!
//! # Why the door is so short here
//! Who may begin is decided at the owner's desk from tokens and keys, and the worlds of bytes try that.
//! Here a token is a number: the one that is out begins, any other shows what is there.

use edge::row::Grant;
use shared::claims::TOKEN_LIFE;
use shared::id::{AttemptId, Home, Jti, RefundId};
use shared::means::Presentation;
use shared::payment::{
    Input, Phase, PhaseKind, Refund, RefundCause, RefundPlan, RefundState, Retry, Step, Verdict,
};
use shared::time::{Span, Timestamp};

use super::drives::{After, Lane};
use super::people::attempt;
use super::{Event, World};
use crate::sim::weather::Kind;
use crate::sim::workload::Layer;

/// A token is renewed when less than this is left of it.
const RENEW_BEFORE: Span = Span::minutes(5);
/// A provider posts its event again so long after it was not taken, in milliseconds.
const POST_AGAIN_MS: u64 = 20_000;

/// What the owner is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Begin { tab: u8, key: u32, jti: u32 },
    Look { tab: u8 },
    Abandon { tab: u8, attempt: u8 },
    Present { tab: u8, attempt: u8 },
    Returned { sale: u8, attempt: u8, left: bool },
    Webhook { sale: u8, attempt: u8, event: u32 },
    Cancel { sale: u8 },
    Refund { sale: u8, wish: u8 },
    Done { sale: u8, n: u16 },
    Dead { sale: u8, n: u16 },
    Replay { sale: u8, n: u16 },
    Sweep,
}

impl Op {
    /// For the trace.
    pub(super) fn code(self) -> u64 {
        let of = |n: u64, a: u8, b: u64| n | u64::from(a) << 4 | b << 12;
        match self {
            Self::Begin { tab, key, .. } => of(0, tab, u64::from(key)),
            Self::Look { tab } => of(1, tab, 0),
            Self::Abandon { tab, attempt } => of(2, tab, u64::from(attempt)),
            Self::Present { tab, attempt } => of(3, tab, u64::from(attempt)),
            Self::Returned { sale, attempt, .. } => of(4, sale, u64::from(attempt)),
            Self::Webhook { sale, event, .. } => of(5, sale, u64::from(event)),
            Self::Cancel { sale } => of(6, sale, 0),
            Self::Refund { sale, wish } => of(7, sale, u64::from(wish)),
            Self::Done { sale, n } => of(8, sale, u64::from(n)),
            Self::Dead { sale, n } => of(9, sale, u64::from(n)),
            Self::Replay { sale, n } => of(10, sale, u64::from(n)),
            Self::Sweep => 11,
        }
    }
}

/// How a turn goes on.
enum Then {
    Answer,
    /// First the work, then the answer.
    Drive(u8),
    /// The answer now, and the work meanwhile.
    Later(u8),
}

/// An owner's instance, and what the platform keeps for it.
#[derive(Debug, Default)]
pub(super) struct Owner {
    /// Ends with its instance; what is stored stays.
    pub(super) life: u32,
    pub(super) lanes: Vec<Lane>,
    /// The stored alarm's number.
    alarm: u32,
    /// When the alarm rings, as this instance knows it.
    armed: Option<Option<Timestamp>>,
    /// Drives that the alarm's handler waits for.
    ringing: u32,
    /// One rang meanwhile.
    rang: bool,
    jtis: u32,
}

impl Owner {
    /// A token that nobody had before.
    pub(super) fn new_grant(&mut self, now: Timestamp) -> (u32, Grant) {
        self.jtis += 1;
        (self.jtis, Grant { jti: Jti::new(u128::from(self.jtis)), issued_at: now })
    }

    /// One more checkout.
    pub(super) fn opened(&mut self) {
        self.lanes.push(Lane::default());
    }
}

impl World {
    pub(super) fn called(&mut self, op: Op) {
        if self.strikes(Kind::Evicted) {
            self.evict();
        }
        if self.strikes(Kind::CrashBeforeStore) {
            self.evict();
            return self.not_taken(op);
        }
        if self.strikes(Kind::ClockJump) {
            self.ahead = self.chance.between(60_000, 2_700_000);
            let back = self.chance.between(60_000, 1_800_000);
            self.after(back, Event::ClockBack);
        }
        let ahead = self.ahead;
        if self.strikes(Kind::ClockSkew) {
            self.ahead += self.chance.between(1_000, 60_000);
        }
        self.tell(|| format!("  {op:?}"));
        let then = self.turn(op);
        self.ahead = ahead;
        self.arm();
        if self.strikes(Kind::CrashBeforeAct) {
            self.evict();
            return self.not_taken(op);
        }
        match then {
            Then::Answer => self.answered(op),
            Then::Drive(sale) => self.drive(sale, After::Answer(op)),
            Then::Later(sale) => {
                self.answered(op);
                self.drive(sale, After::Nothing);
            }
        }
    }

    /// Whoever asked hears nothing. A page and the shop ask again by their own clocks.
    fn not_taken(&mut self, op: Op) {
        match op {
            Op::Webhook { .. } | Op::Done { .. } | Op::Dead { .. } | Op::Replay { .. } => {
                self.after(POST_AGAIN_MS, Event::Call(op));
            }
            Op::Begin { .. }
            | Op::Look { .. }
            | Op::Abandon { .. }
            | Op::Present { .. }
            | Op::Returned { .. }
            | Op::Cancel { .. }
            | Op::Refund { .. }
            | Op::Sweep => {}
        }
    }

    fn turn(&mut self, op: Op) -> Then {
        match op {
            Op::Begin { tab, key, jti } => self.begin_attempt(tab, key, jti),
            Op::Look { tab } => {
                let sale = self.tabs[usize::from(tab)].sale;
                let payment = self.payment(sale);
                if let Some(attempt) = payment.phase.attempt()
                    && payment.phase.kind() != PhaseKind::Paid
                {
                    self.feed(sale, Input::LookNow { attempt, source: "buyer" });
                }
                Then::Drive(sale)
            }
            Op::Abandon { tab, attempt } => {
                let sale = self.tabs[usize::from(tab)].sale;
                self.feed(sale, Input::Abandon(self.attempt_id(sale, attempt)));
                Then::Drive(sale)
            }
            Op::Present { tab, attempt } => {
                let sale = self.tabs[usize::from(tab)].sale;
                let id = self.attempt_id(sale, attempt);
                if self.payment(sale).phase == Phase::Presented(id) {
                    self.feed(sale, Input::Presentation(id, Presentation::Redirect));
                }
                Then::Answer
            }
            Op::Returned { sale, attempt, left } => {
                let id = self.attempt_id(sale, attempt);
                self.feed(
                    sale,
                    if left {
                        Input::Abandon(id)
                    } else {
                        Input::LookNow { attempt: id, source: "return" }
                    },
                );
                Then::Later(sale)
            }
            Op::Webhook { sale, attempt, event } => self.callback(sale, attempt, event),
            Op::Cancel { sale } => match self.feed(sale, Input::ShopCancel).verdict {
                Verdict::Refuse(_) => Then::Answer,
                _ => Then::Drive(sale),
            },
            Op::Refund { sale, wish } => self.refund(sale, wish),
            Op::Done { sale, n } => {
                let now = self.time();
                self.sales[usize::from(sale)].notice_done(usize::from(n), now);
                Then::Answer
            }
            Op::Dead { sale, n } => {
                let now = self.time();
                self.sales[usize::from(sale)].notice_dead(usize::from(n), now);
                Then::Answer
            }
            Op::Replay { sale, n } => {
                self.sales[usize::from(sale)].outs[usize::from(n)].replay();
                Then::Later(sale)
            }
            Op::Sweep => Then::Answer,
        }
    }

    pub(super) fn attempt_id(&self, sale: u8, attempt: u8) -> AttemptId {
        self.sales[usize::from(sale)].accounts[usize::from(attempt)].attempt
    }

    fn begin_attempt(&mut self, tab: u8, key: u32, jti: u32) -> Then {
        let (n, now) = (self.tabs[usize::from(tab)].sale, self.time());
        let sale = &self.sales[usize::from(n)];
        let mut begun_by = [0; 32];
        begun_by[..4].copy_from_slice(&key.to_be_bytes());
        begun_by[4..8].copy_from_slice(&jti.to_be_bytes());
        if sale.record.payment.attempts.iter().any(|known| known.begun_by == begun_by) {
            return Then::Drive(n);
        }
        let granted = sale.record.grant.filter(|grant| grant.jti == Jti::new(u128::from(jti)));
        let Some(grant) = granted else { return Then::Answer };
        let at = sale.accounts.len();
        let (ways, deposits) = self.plan.deals[sale.deal].ways_of(at);
        let home = Home { generation: 1, shard: 0 };
        // As far apart as random ones: an id of a refund is an attempt's and a sum's (`Payment::external`).
        let id = AttemptId::new(home, (u128::from(n) << 64 | (at as u128 + 1)) << 56);
        self.sales[usize::from(n)].record.grant = None;
        let step = self.feed(n, Input::Begin(attempt(id, ways, begun_by, now)));
        let sale = &mut self.sales[usize::from(n)];
        if let Verdict::Refuse(_) = step.verdict {
            sale.record.grant = Some(grant);
            return Then::Answer;
        }
        sale.begun(id, ways, deposits, jti, self.now);
        Then::Drive(n)
    }

    fn callback(&mut self, sale: u8, attempt: u8, event: u32) -> Then {
        let account = &mut self.sales[usize::from(sale)].accounts[usize::from(attempt)];
        // A named event is remembered; what has no name is looked into each time.
        let bit = 1_u32.checked_shl(event).unwrap_or(0);
        if event > 0 && account.heard_events & bit != 0 {
            return Then::Answer;
        }
        account.heard_events |= bit & !1;
        let attempt = account.attempt;
        self.feed(sale, Input::LookNow { attempt, source: "webhook" });
        Then::Later(sale)
    }

    fn refund(&mut self, n: u8, wish: u8) -> Then {
        let now = self.time();
        let sale = &mut self.sales[usize::from(n)];
        if sale.wishes[usize::from(wish)].id.is_some() {
            return Then::Drive(n);
        }
        let record = &sale.record;
        let Phase::Paid(attempt, ..) = &record.payment.phase else { return Then::Answer };
        let wished = &sale.wishes[usize::from(wish)];
        let order = record.checkout.orders[wished.order].id.clone();
        let Some(account) = sale.accounts.iter().position(|a| a.attempt == *attempt) else {
            return Then::Answer;
        };
        let terms = sale.accounts[account].ways.refunds();
        let asked = (&order, wished.amount);
        let plan = record.payment.plan_refund(&record.checkout, asked, &terms, now);
        self.audit_window(n, account, plan);
        let Ok(RefundPlan { amount, .. }) = plan else { return Then::Answer };
        let sale = &mut self.sales[usize::from(n)];
        let record = &sale.record;
        let Phase::Paid(attempt, sighting, _) = &record.payment.phase else { return Then::Answer };
        let id = RefundId::new(u128::from(n) << 64 | u128::from(wish) << 32 | 1 << 100);
        let refund = Refund {
            id,
            cause: RefundCause::Shop(order),
            attempt: *attempt,
            payment_id: sighting.provider_payment_id.clone(),
            amount,
            captured: sighting.amount,
            state: RefundState::Requested,
            reason: String::new(),
            account: None,
            retry: Retry::now(now),
            at: now,
        };
        sale.wishes[usize::from(wish)].id = Some(id);
        self.feed(n, Input::Refund(refund));
        Then::Drive(n)
    }

    /// One input: step, and everything that came of it is stored with it.
    pub(super) fn feed(&mut self, n: u8, input: Input) -> Step {
        let (now, real) = (self.time(), self.now);
        if self.tells {
            let phase = self.payment(n).phase.kind();
            let text = format!("  {n} in {phase:?}: {input:?}");
            self.tell(|| text.chars().take(180).collect());
        }
        self.heard_a_step(n, &input);
        let watched = self.watched(n, &input);
        let sale = &mut self.sales[usize::from(n)];
        let record = &mut sale.record;
        let before = record.payment.phase.kind();
        let mut step = record.payment.step(&record.checkout, input, now);
        if step.changed {
            let (version, phase) = (record.payment.version, record.payment.phase.kind());
            self.trace.mark(version, 0x2000 + phase as u64);
        }
        sale.grant_anew(now, &mut self.owner);
        for event in &step.events {
            sale.tell(Some(*event), Vec::new(), real);
        }
        if !step.entries.is_empty() {
            sale.tell(None, std::mem::take(&mut step.entries), real);
        }
        if let Some(kind) = step.seen {
            self.pairs.reach((before, kind));
        }
        self.watch(n, &watched, &step);
        step
    }

    /// An instance ends: whatever only it knew is gone.
    pub(super) fn evict(&mut self) {
        let owner = &mut self.owner;
        owner.life += 1;
        owner.armed = None;
        owner.rang = false;
        let (rings, n) = (std::mem::take(&mut owner.ringing) > 0, owner.alarm);
        owner.lanes.iter_mut().for_each(Lane::ends);
        // A handler that did not come to its end is called again, six times.
        if rings && (self.plan.off == Some(Layer::Cron) || !self.strikes(Kind::AlarmGivenUp)) {
            self.after(2_000, Event::Alarm(n));
        }
    }

    /// When a checkout wants to be looked at.
    fn due(&self, n: usize) -> Option<Timestamp> {
        let sale = &self.sales[n];
        let payment = sale.record.payment.due(&sale.record.checkout);
        payment.into_iter().chain(sale.next_out()).min()
    }

    /// One alarm: the earliest time that any checkout wants.
    pub(super) fn arm(&mut self) {
        let at = (0..self.sales.len()).filter_map(|n| self.due(n)).min();
        if self.owner.armed == Some(at) {
            return;
        }
        self.owner.armed = Some(at);
        self.owner.alarm += 1;
        let n = self.owner.alarm;
        let Some(at) = at else { return };
        let mut wait = at.since(self.time()).as_millis().max(1);
        // Where no scheduled turn comes either, nothing at all would wake it.
        if self.plan.off != Some(Layer::Cron)
            && (self.strikes(Kind::AlarmLost) || self.strikes(Kind::AlarmGivenUp))
        {
            return;
        }
        if self.strikes(Kind::AlarmLate) {
            wait += self.chance.between(1_000, 120_000);
        }
        self.after(wait, Event::Alarm(n));
        if self.strikes(Kind::AlarmTwice) {
            let later = wait + self.chance.between(0, 5_000);
            self.after(later, Event::Alarm(n));
        }
    }

    pub(super) fn alarm(&mut self, n: u32) {
        if self.owner.alarm != n {
            return;
        }
        if self.owner.ringing > 0 {
            self.owner.rang = true;
            return;
        }
        if self.strikes(Kind::Evicted) {
            self.evict();
        }
        self.owner.armed = None;
        self.owner.ringing = 1;
        let now = self.time();
        for n in 0..self.sales.len() {
            if self.due(n).is_some_and(|due| due <= now) {
                self.owner.ringing += 1;
                self.drive(n as u8, After::Alarm);
            }
        }
        self.rung();
    }

    /// One of the drives of an alarm has ended.
    pub(super) fn rung(&mut self) {
        let owner = &mut self.owner;
        owner.ringing = owner.ringing.saturating_sub(1);
        if owner.ringing > 0 {
            return;
        }
        if std::mem::take(&mut owner.rang) {
            let n = owner.alarm;
            self.after(1, Event::Alarm(n));
        }
        self.arm();
    }

    /// Wakes the owner. An instance that did nothing for minutes is long gone by then.
    pub(super) fn sweep(&mut self) {
        if self.owner.lanes.iter().all(|lane| !lane.busy) {
            self.evict();
        }
        self.called(Op::Sweep);
    }
}

impl super::people::Sale {
    /// A new token whenever a new attempt may begin and none is out.
    fn grant_anew(&mut self, now: Timestamp, owner: &mut Owner) {
        let record = &mut self.record;
        if !record.payment.may_begin(&record.checkout, now) {
            record.grant = None;
            return;
        }
        if record.payment.attempts.is_empty() && record.grant.is_some() {
            return;
        }
        let lasts = |grant: &Grant| now <= grant.issued_at.after(TOKEN_LIFE).before(RENEW_BEFORE);
        record.grant = record.grant.filter(lasts);
        if record.grant.is_none() {
            let (jti, grant) = owner.new_grant(now);
            (self.jti, self.record.grant) = (jti, Some(grant));
        }
    }
}

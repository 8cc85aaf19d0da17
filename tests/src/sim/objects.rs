//! The edge's objects: turns, drives, alarms, and their deaths. What a turn does is `edge::owner`'s and
//! `edge::stock`'s; here it is carried out, as `edge/entry.js` and `edge/src/shell/checkout_object.rs` do
//! on the runtime.
//!
//! # Why a turn that was not stored is a turn that was not
//! The runtime holds every answer and every request of a turn until its rows are on the disk (the output
//! gate). So an object that dies before has done nothing at all, and one that dies after has stored
//! everything and told nobody.

use std::collections::BTreeMap;

use edge::envelope::{Ask, Binding, read_call};
use edge::owner::{Desk, Failed, Op, Reply};
use edge::shelf::Shelf as _;
use edge::shelf_memory::Memory;
use edge::stock::{self, StockOp};
use shared::id::{CheckoutId, Home};

use super::door::Continued;
use super::drives::{After, DriveRef, Lane};
use super::weather::Kind;
use super::workload::Layer;
use super::world::{Event, World};

/// At most this many checkouts are worked on at once after an alarm (`entry.js`).
const DRIVES_MAX: u32 = 16;

/// Who waits for an object's reply.
#[derive(Debug)]
pub(super) enum Pending {
    /// A request at the door.
    Door(u64, Continued),
    /// A drive that asks for a piece of stock.
    Piece(DriveRef),
    /// A drive that asks what a callback told.
    Told(DriveRef),
    /// The queue's consumer, which told a letter's owner what became of it.
    Letter(u64),
    /// The scheduled turn.
    Sweep,
}

/// An owner of checkouts.
pub(super) struct Object {
    name: String,
    pub(super) shelf: Memory,
    /// Ends with its instance; what is stored stays.
    pub(super) life: u64,
    pub(super) lanes: BTreeMap<CheckoutId, Lane>,
    /// The stored alarm's number.
    alarm: u64,
    /// When the alarm rings, as this instance knows it.
    armed: Option<Option<u64>>,
    /// Drives that the alarm's handler waits for: until they end no other alarm rings.
    ringing: u32,
    /// One rang meanwhile.
    rang: bool,
}

impl Object {
    /// The owner of a home.
    pub(super) fn new(generation: u8, shard: u8, rows: bool) -> Self {
        Self {
            name: Home { generation, shard }.object_name(),
            shelf: if rows { Memory::default() } else { Memory::of_records() },
            life: 0,
            lanes: BTreeMap::new(),
            alarm: 0,
            armed: None,
            ringing: 0,
            rang: false,
        }
    }
}

impl World {
    /// Calls an object.
    pub(super) fn call(&mut self, pending: Pending, ask: Ask) {
        let rpc = self.number();
        self.pending.insert(rpc, pending);
        let delay = self.chance.between(1, 12);
        if self.strikes(Kind::CallLost) {
            return self.after(delay, Event::Reply { rpc, reply: None });
        }
        if self.strikes(Kind::CallLate) {
            let late = self.chance.between(100, 120_000);
            self.after(late, Event::Call { rpc, ask });
            return self.after(delay, Event::Reply { rpc, reply: None });
        }
        self.after(delay, Event::Call { rpc, ask });
    }

    pub(super) fn called(&mut self, rpc: u64, ask: &Ask) {
        match ask.binding {
            Binding::Stock => self.stock_called(rpc, ask),
            Binding::Checkouts => {
                let object = self.objects.iter().position(|object| object.name == ask.object);
                match (object, read_call::<Op>(&ask.bytes)) {
                    (Some(object), Ok(call)) => {
                        self.owner_called(object, rpc, call.op, &call.request_id);
                    }
                    _ => {
                        self.notes.wrong("F54", format!("a call to {} is lost", ask.object));
                        self.reply(rpc, None);
                    }
                }
            }
        }
    }

    fn stock_called(&mut self, rpc: u64, ask: &Ask) {
        let Ok(call) = read_call::<StockOp>(&ask.bytes) else { return self.reply(rpc, None) };
        if self.strikes(Kind::CrashBeforeStore) {
            self.stocks.entry(ask.object.clone()).or_default().1 = stock::Owner::default();
            return self.reply(rpc, None);
        }
        let now = self.time();
        let (shelf, owner) = self.stocks.entry(ask.object.clone()).or_default();
        let reply = match owner.handle(shelf, &call.op, now) {
            Ok(reply) => reply,
            Err(Failed::Refused(refusal)) => Reply::refusal(&refusal, &call.request_id),
            Err(Failed::Broken(error)) => {
                self.notes.wrong("I-9", format!("a stock's shelf broke: {error:?}"));
                return self.reply(rpc, None);
            }
        };
        if let StockOp::Command { command, attempt, .. } = &call.op
            && stock::said_yes(&reply)
        {
            self.notes.stocked(&ask.object, command, attempt);
        }
        self.tell(|| format!("  {} {:?} → {}", ask.object, command_of(&call.op), reply.body));
        let reply = (!self.strikes(Kind::CrashBeforeAct)).then_some(reply);
        self.reply(rpc, reply);
    }

    fn owner_called(&mut self, object: usize, rpc: u64, op: Op, request_id: &str) {
        if self.strikes(Kind::Evicted) {
            self.evict(object);
        }
        if self.strikes(Kind::CrashBeforeStore) {
            self.evict(object);
            return self.reply(rpc, None);
        }
        self.tell(|| format!("  {} {}", self_name(object), name_of(&op)));
        let promise = self.promise(object, &op);
        let turn = self.at_desk(object, |desk| desk.turn(op, request_id));
        self.kept(object, promise);
        if let Some(broken) = &turn.broken {
            self.notes.wrong("I-9", format!("an owner's shelf broke: {broken:?}"));
        }
        if self.strikes(Kind::CrashBeforeAct) {
            self.arm(object);
            self.evict(object);
            return self.reply(rpc, None);
        }
        self.arm(object);
        let answer =
            |op| After::Answer { rpc, op: Box::new(op), request_id: request_id.to_owned() };
        let after = turn.then.map_or(After::Nothing, answer);
        if let Some(reply) = turn.reply {
            self.reply(rpc, Some(reply));
        }
        if let Some(checkout) = turn.drive {
            self.drive(object, checkout, after);
        }
    }

    /// One turn at an owner's desk.
    pub(super) fn at_desk<T>(&self, object: usize, work: impl FnOnce(&Desk<'_>) -> T) -> T {
        let entropy = || self.bits.borrow_mut().id();
        work(&Desk {
            config: &self.config,
            shelf: &self.objects[object].shelf,
            now: self.time(),
            entropy: &entropy,
        })
    }

    pub(super) fn reply(&mut self, rpc: u64, reply: Option<Reply>) {
        let delay = self.chance.between(1, 8);
        let reply = if self.strikes(Kind::CallAnswerLost) { None } else { reply };
        self.after(delay, Event::Reply { rpc, reply });
    }

    pub(super) fn replied(&mut self, rpc: u64, reply: Option<Reply>) {
        let Some(pending) = self.pending.remove(&rpc) else { return };
        match pending {
            Pending::Door(call, continued) => self.door_hears(call, continued, reply),
            Pending::Piece(drive) => self.piece_heard(drive, reply.as_ref()),
            Pending::Told(drive) => self.told_heard(drive, reply),
            Pending::Letter(n) => self.letter_reported(n, reply.is_some()),
            Pending::Sweep => {}
        }
    }

    /// An instance ends: whatever only it knew is gone, and whoever waited for it hears that.
    pub(super) fn evict(&mut self, at: usize) {
        let object = &mut self.objects[at];
        object.life += 1;
        object.armed = None;
        object.rang = false;
        let (rings, n) = (std::mem::take(&mut object.ringing) > 0, object.alarm);
        let lanes = std::mem::take(&mut object.lanes);
        let ends = |lane: Lane| lane.drive.map(|drive| drive.after).into_iter().chain(lane.waiting);
        for after in lanes.into_values().flat_map(ends) {
            if let After::Answer { rpc, .. } = after {
                self.after(5, Event::Reply { rpc, reply: None });
            }
        }
        // A handler that did not come to its end is called again.
        if rings {
            self.after(2_000, Event::Alarm { object: at, n });
        }
    }

    /// One alarm an object: the earliest time that any of its checkouts wants.
    pub(super) fn arm(&mut self, object: usize) {
        let at = self.objects[object].shelf.next_due().ok().flatten();
        let at = at.map(shared::time::Timestamp::as_millis);
        if self.objects[object].armed == Some(at) && at.is_none_or(|at| at > self.now) {
            return;
        }
        self.objects[object].armed = Some(at);
        self.objects[object].alarm += 1;
        let n = self.objects[object].alarm;
        let Some(at) = at else { return };
        let mut wait = at.saturating_sub(self.now).max(1);
        // Where no scheduled turn comes either, nothing at all would wake it.
        if self.plan.off != Some(Layer::Cron) && self.strikes(Kind::AlarmLost) {
            return;
        }
        if self.strikes(Kind::AlarmLate) {
            wait += self.chance.between(1_000, 120_000);
        }
        self.after(wait, Event::Alarm { object, n });
        if self.strikes(Kind::AlarmTwice) {
            let later = wait + self.chance.between(0, 5_000);
            self.after(later, Event::Alarm { object, n });
        }
    }

    pub(super) fn alarm(&mut self, at: usize, n: u64) {
        let object = &mut self.objects[at];
        if object.alarm != n {
            return;
        }
        if object.ringing > 0 {
            object.rang = true;
            return;
        }
        if self.strikes(Kind::Evicted) {
            self.evict(at);
        }
        self.objects[at].armed = None;
        let due = self.objects[at].shelf.due(self.time(), DRIVES_MAX).unwrap_or_default();
        self.tell(|| format!("  {} alarm, {} due", self_name(at), due.len()));
        self.objects[at].ringing = 1;
        for checkout in due {
            self.objects[at].ringing += 1;
            self.drive(at, checkout, After::Alarm);
        }
        self.rung(at);
    }

    /// One of the drives of an alarm has ended.
    pub(super) fn rung(&mut self, at: usize) {
        let object = &mut self.objects[at];
        object.ringing = object.ringing.saturating_sub(1);
        if object.ringing > 0 {
            return;
        }
        if std::mem::take(&mut object.rang) {
            let n = object.alarm;
            self.after(1, Event::Alarm { object: at, n });
        }
        self.arm(at);
    }

    /// Wakes every shard. An instance that did nothing for minutes is long gone by then.
    pub(super) fn sweep(&mut self) {
        for shard in 0..self.objects.len() {
            if self.objects[shard].lanes.is_empty() {
                self.evict(shard);
            }
            let name = self.objects[shard].name.clone();
            self.call(Pending::Sweep, Ask::checkout(&name, "sweep", &Op::Sweep));
        }
    }
}

fn self_name(object: usize) -> String {
    format!("owner {object}:")
}

/// The operation's name for the story.
fn name_of(op: &Op) -> String {
    let text = format!("{op:?}");
    text.split([' ', '(']).next().unwrap_or_default().to_owned()
}

fn command_of(op: &StockOp) -> String {
    match op {
        StockOp::Command { command, attempt, .. } => {
            format!("{command} {}", &attempt[attempt.len().saturating_sub(6)..])
        }
        StockOp::Outlook { .. } => "outlook".to_owned(),
        StockOp::Set { .. } => "set".to_owned(),
    }
}

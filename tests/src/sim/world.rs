//! One world under one seed: its clock, its events in order, and who is in it.
//!
//! # Why events and no tasks
//! Everything that takes time is an event in one ordered list, and everything that waits is a record by
//! its number. So a run is a function of its seed, a crash is the loss of records, and a story can be told.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use edge::config::Config;
use edge::envelope::Ask;
use edge::owner::Reply;
use shared::time::Timestamp;

use super::book::Book;
use super::browser::{Browser, TabRef};
use super::chance::Chance;
use super::network::{Caller, Http, HttpAnswer};
use super::notes::Notes;
use super::objects::{Object, Pending};
use super::pairs::Pairs;
use super::queue::Queue;
use super::shop::{Shop, Task};
use super::shopper::Doing;
use super::trace::Trace;
use super::weather::{Kind, Weather};
use super::workload::{Layer, Plan};
use super::{How, Outcome};
use crate::sandbox::Sandbox;

/// When every world begins: a morning in Seoul, early in a month, because phone bills know no other unit.
const BEGIN: u64 = 1_796_083_200_000;
/// More events than any honest run has.
const EVENTS_MAX: u64 = 60_000;
/// A scheduled turn comes this often while anything goes wrong, in milliseconds (`wrangler.jsonc`).
const CRON_MS: u64 = 300_000;
/// Later, when nothing can be lost any more, ever rarer ones are enough, in milliseconds.
const CRON_CALM_MAX_MS: u64 = 2 * 86_400_000;
/// The auditor looks for unknown money so long after the world has calmed down, in milliseconds: the last
/// buyers leave after 25 minutes, and I-3 grants 50 from then on.
const HALF_TIME_MS: u64 = 76 * 60_000;
/// How long a world goes on after it has calmed down, in milliseconds: longer than an account waits for
/// its deposit (7 days), a notice for its shop (3 days) and a letter for its confirmation (4 days).
const REST_MS: u64 = 24 * 86_400_000;

/// Something that happens at a time.
#[derive(Debug)]
pub(super) enum Event {
    /// A request reaches its server.
    Arrive { call: u64, request: Http },
    /// An answer reaches its caller; `None` when it has waited long enough.
    Answer { call: u64, answer: Option<HttpAnswer> },
    /// A call reaches its object.
    Call { rpc: u64, ask: Ask },
    /// An object's answer; `None` when the call broke.
    Reply { rpc: u64, reply: Option<Reply> },
    /// An object's alarm rings.
    Alarm { object: usize, n: u64 },
    /// The scheduled turn.
    Cron,
    /// The queue brings a letter.
    Letter(u64),
    /// A provider's event is due.
    Outbox,
    /// The providers change their ways.
    Engines,
    /// A deposit arrives.
    Deposit { request_id: String, amount: Option<u64> },
    /// An old event of a provider's comes once more.
    Stale(Http),
    /// Somebody else uses a token.
    Steal(String, Http),
    /// The shop does something.
    Shop(Task),
    /// A buyer, or a buyer's browser, does something.
    Tab(TabRef, Doing),
    /// Nothing goes wrong from here on.
    Calm,
    /// An hour after that the auditor comes for the first time.
    HalfTime,
    /// The auditor comes for the last time.
    LastLook,
}

/// Everything that is there.
pub(super) struct World {
    pub(super) config: Rc<Config>,
    pub(super) now: u64,
    events: BTreeMap<(u64, u64), Event>,
    seq: u64,
    pub(super) numbers: u64,
    pub(super) chance: Chance,
    pub(super) bits: Rc<RefCell<Chance>>,
    pub(super) weather: Weather,
    pub(super) plan: Plan,
    pub(super) trace: Trace,
    pub(super) calls: BTreeMap<u64, Caller>,
    pub(super) pending: BTreeMap<u64, Pending>,
    pub(super) objects: Vec<Object>,
    /// What is kept of each piece, and its owner's memory while it lives.
    pub(super) stocks: BTreeMap<String, (edge::shelf_memory::StockMemory, edge::stock::Owner)>,
    pub(super) sandbox: Sandbox,
    pub(super) outbox_at: Option<u64>,
    /// The latest answer to each look-up of ours.
    pub(super) looked_up: BTreeMap<(String, Vec<u8>), HttpAnswer>,
    /// When what was done in a console shows in every look-up.
    pub(super) copies_agree_at: Option<u64>,
    pub(super) queue: Queue,
    pub(super) book: Book,
    pub(super) shop: Shop,
    pub(super) browsers: Vec<Browser>,
    pub(super) notes: Notes,
}

impl World {
    /// The world of a seed before anything happens.
    pub(super) fn new(config: Rc<Config>, seed: u64, how: &How) -> Self {
        let mut chance = Chance::of(seed, 0);
        let weather = Weather::of_wire(&mut chance, how.cuts);
        let plan = Plan::of(&mut chance, how.cuts);
        let objects = (0..config.shards).map(|n| Object::new(config.generation, n, how.rows));
        let mut world = Self {
            now: BEGIN,
            events: BTreeMap::new(),
            seq: 0,
            numbers: 0,
            bits: Rc::new(RefCell::new(Chance::of(seed, 1))),
            chance,
            weather,
            plan,
            trace: Trace::new(BEGIN, how.tells),
            calls: BTreeMap::new(),
            pending: BTreeMap::new(),
            objects: objects.collect(),
            stocks: BTreeMap::new(),
            sandbox: Sandbox::demo("http://127.0.0.1:4412"),
            outbox_at: None,
            looked_up: BTreeMap::new(),
            copies_agree_at: None,
            queue: Queue::default(),
            book: Book::default(),
            shop: Shop::default(),
            browsers: Vec::new(),
            notes: Notes::default(),
            config,
        };
        world.sandbox.forget_journal();
        world.begin();
        world
    }

    /// Lets everything happen, and says what the auditor found.
    pub(super) fn run(mut self) -> Outcome {
        let mut events = 0_u64;
        while let Some(((at, _), event)) = self.events.pop_first() {
            self.now = at;
            events += 1;
            if events > EVENTS_MAX {
                self.notes.wrong("I-16", format!("more than {EVENTS_MAX} events: it never ends"));
                break;
            }
            let last = matches!(event, Event::LastLook);
            self.happen(event);
            if last {
                break;
            }
        }
        self.audit();
        Outcome {
            hash: self.trace.hash(),
            events,
            counts: *self.weather.counts(),
            strikes: self.weather.struck_in_all(),
            sales: self.plan.deals.len(),
            violations: self.notes.take(),
            ends: std::mem::take(&mut self.notes.ends),
            pairs: Pairs::default(),
            story: self.trace.story(),
        }
    }

    fn happen(&mut self, event: Event) {
        self.trace.mark(self.now, kind_of(&event));
        match event {
            Event::Arrive { call, request } => self.arrive(call, request),
            Event::Answer { call, answer } => self.answered(call, answer),
            Event::Call { rpc, ask } => self.called(rpc, &ask),
            Event::Reply { rpc, reply } => self.replied(rpc, reply),
            Event::Alarm { object, n } => self.alarm(object, n),
            Event::Cron => self.cron(),
            Event::Letter(n) => self.bring(n),
            Event::Outbox => self.post(),
            Event::Engines => self.change_engines(),
            Event::Deposit { request_id, amount } => self.deposit(&request_id, amount),
            Event::Stale(request) => self.send(Caller::Nobody, request, 10_000),
            Event::Steal(token, request) => self.send(Caller::Thief(token), request, 30_000),
            Event::Shop(task) => self.shop_does(task),
            Event::Tab(tab, doing) => self.tab_does(tab, doing),
            Event::Calm => self.calm_down(),
            Event::HalfTime => self.half_time(),
            Event::LastLook => self.tell(|| "── the auditor comes".to_owned()),
        }
    }

    fn cron(&mut self) {
        if !self.strikes(Kind::CronMissed) && self.plan.off != Some(Layer::Cron) {
            self.sweep();
        }
        let end = self.plan.calm_at + REST_MS;
        let calm = (self.now - BEGIN).saturating_sub(self.plan.calm_at);
        let next = calm.clamp(CRON_MS, CRON_CALM_MAX_MS);
        if self.now + next < BEGIN + end {
            self.after(next, Event::Cron);
        }
    }

    fn begin(&mut self) {
        self.begin_shop();
        self.after(CRON_MS, Event::Cron);
        self.after(0, Event::Engines);
        self.after(self.plan.calm_at, Event::Calm);
        self.after(self.plan.calm_at + HALF_TIME_MS, Event::HalfTime);
        self.after(self.plan.calm_at + REST_MS, Event::LastLook);
    }

    fn calm_down(&mut self) {
        self.weather.calm_down();
        self.trace.tell(self.now, || "── from here on nothing goes wrong".to_owned());
        self.change_engines();
        self.finish_shopping();
        self.finish_selling();
    }

    /// Puts an event so many milliseconds into the future.
    pub(super) fn after(&mut self, millis: u64, event: Event) {
        self.seq += 1;
        self.events.insert((self.now + millis, self.seq), event);
    }

    /// A number that was not given out before.
    pub(super) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// Whether a fault strikes now; counted, and told.
    pub(super) fn strikes(&mut self, kind: Kind) -> bool {
        let strikes = self.weather.strikes(kind, &mut self.chance);
        if strikes {
            self.trace.mark(self.now, 0x1000 + kind as u64);
            self.trace.tell(self.now, || format!("  ⚡ {}", kind.name()));
        }
        strikes
    }

    /// A line of the story.
    pub(super) fn tell(&mut self, line: impl FnOnce() -> String) {
        self.trace.tell(self.now, line);
    }

    /// When nothing goes wrong any more.
    pub(super) fn calm_since(&self) -> u64 {
        BEGIN + self.plan.calm_at
    }

    /// The time as the edge's objects read it.
    pub(super) fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now)
    }

    /// The time as the providers read it.
    pub(super) fn millis(&self) -> i64 {
        i64::try_from(self.now).unwrap_or(i64::MAX)
    }
}

fn kind_of(event: &Event) -> u64 {
    match event {
        Event::Arrive { call, .. } => 1 + (call << 8),
        Event::Answer { call, .. } => 2 + (call << 8),
        Event::Call { rpc, .. } => 3 + (rpc << 8),
        Event::Reply { rpc, .. } => 4 + (rpc << 8),
        Event::Alarm { n, .. } => 5 + (n << 8),
        Event::Cron => 6,
        Event::Letter(n) => 7 + (n << 8),
        Event::Outbox => 8,
        Event::Engines => 9,
        Event::Deposit { .. } => 10,
        Event::Stale(_) => 11,
        Event::Shop(_) => 12,
        Event::Tab(tab, _) => 13 + ((tab.browser as u64) << 8),
        Event::Calm => 14,
        Event::LastLook => 15,
        Event::HalfTime => 17,
        Event::Steal(..) => 16,
    }
}

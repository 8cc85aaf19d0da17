//! The small world: the same machines as everywhere, and engines that speak facts.
//!
//! What decides is production's: `shared::payment` (`step`, `take_work`, `due`), `shared::hold`,
//! `edge::outbox` (what an answer to a notice means, and when it is sent again) and `edge::view` (what the
//! shop is told). What is the simulator's: engines of every capture style, the way between, stock's and
//! owner's instances with their alarms and deaths, buyers, the shop, the queue, and an auditor.
//!
//! Map: this file, the clock and the events · `plan` what a seed is about · `engine` providers · `owner`
//! turns, alarms · `drives` · `errands` what is asked and what comes back · `people` sales and buyers ·
//! `window` what happens at the provider without us · `shop` · `letters` notices and the book · `audit` what must be true.
//!
//! # Why a second world
//! Where everything travels as bytes, a schedule costs milliseconds, most of them for what the adapters'
//! own tests know as well. The rare meetings of faults are found by number: so fifteen seeds of sixteen
//! are run here, some hundred times faster, and the sixteenth with every byte. Given up here: tokens,
//! JSON, signatures, the widget's own machine and the owner's desk. The desk was measured first: a turn of
//! it, over records instead of rows, costs twenty times the step inside it, for texts (journal, notices,
//! answers) that nobody reads here.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use shared::hold::Stock;
use shared::id::AttemptId;
use shared::payment::Payment;
use shared::time::Timestamp;

use super::chance::Chance;
use super::notes::Violation;
use super::pairs::Pairs;
use super::rules::Ends;
use super::trace::Trace;
use super::weather::{Kind, Weather};
use super::workload::Layer;
use super::{How, Outcome};

mod audit;
mod drives;
mod engine;
mod errands;
mod letters;
mod owner;
mod people;
mod plan;
mod shop;
mod window;

use errands::Sent;
use owner::{Op, Owner};
use people::{Sale, Tab};
use plan::{GOODS, HOUR, MINUTE, Plan};
use shop::Shop;

/// More events than any honest run has.
const EVENTS_MAX: u32 = 20_000;
/// A scheduled turn comes this often while anything goes wrong.
const CRON_MS: u64 = 5 * MINUTE;
/// The auditor looks for unknown money so long after the world has calmed down (I-3).
const HALF_TIME_MS: u64 = 76 * MINUTE;
/// How long a world goes on after it has calmed down: longer than an account waits for its money, an
/// attempt is watched and an escrow is left alone.
const REST_MS: u64 = 30 * HOUR;

/// Something that happens, by numbers alone: what it needs lies with whom it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Call(Op),
    Heard(u32),
    Late(u32),
    Alarm(u32),
    Letter { sale: u8, n: u16, tries: u8 },
    Open(u8),
    Tab(u8, people::Doing),
    Window { sale: u8, attempt: u8, act: window::Act },
    Deposit { sale: u8, attempt: u8 },
    Shop(u8, shop::Task),
    ClockBack,
    Moods,
    Cron(u32),
    Calm,
    HalfTime,
    LastLook,
}

/// An event with its time; the number keeps the order of what happens at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Timed {
    at: u64,
    n: u32,
    event: Event,
}

impl Ord for Timed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.n).cmp(&(other.at, other.n))
    }
}

impl PartialOrd for Timed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Everything there is under one seed.
pub(super) struct World {
    now: u64,
    /// How far the edge's clock is ahead.
    ahead: u64,
    events: BinaryHeap<Reverse<Timed>>,
    n: u32,
    chance: Chance,
    weather: Weather,
    plan: Plan,
    trace: Trace,
    tells: bool,
    owner: Owner,
    stocks: [Stock; 3],
    /// Claims that were given back: at whose stock, by which attempt.
    released: Vec<(u8, AttemptId)>,
    /// What is on its way to a provider or to the stock, or back.
    sent: Vec<Sent>,
    moods: errands::Moods,
    sales: Vec<Sale>,
    tabs: Vec<Tab>,
    shop: Shop,
    violations: Vec<Violation>,
    ends: Ends,
    pairs: Pairs,
}

/// Runs one seed.
pub(super) fn run(seed: u64, how: &How) -> Outcome {
    World::new(seed, how).run()
}

impl World {
    fn new(seed: u64, how: &How) -> Self {
        let mut chance = Chance::of(seed, 2);
        let mut weather = Weather::of_facts(&mut chance, how.cuts);
        let plan = Plan::of(&mut chance, &mut weather, how.cuts);
        let begin = plan.begin;
        let mut world = Self {
            now: begin,
            ahead: 0,
            events: BinaryHeap::with_capacity(64),
            n: 0,
            chance,
            weather,
            plan,
            trace: Trace::new(begin, how.tells),
            tells: how.tells,
            owner: Owner::default(),
            stocks: GOODS.map(|units| Stock { units, ..Stock::default() }),
            released: Vec::new(),
            sent: Vec::with_capacity(64),
            moods: errands::Moods::default(),
            sales: Vec::with_capacity(4),
            tabs: Vec::with_capacity(8),
            shop: Shop::default(),
            violations: Vec::new(),
            ends: BTreeMap::new(),
            pairs: Pairs::default(),
        };
        world.begin();
        world
    }

    fn begin(&mut self) {
        for n in 0..self.plan.deals.len() {
            self.after(self.plan.deals[n].at, Event::Open(n as u8));
        }
        self.shop_begins();
        self.after(0, Event::Moods);
        self.after(CRON_MS, Event::Cron(0));
        self.after(self.plan.calm_at, Event::Calm);
        self.after(self.plan.calm_at + HALF_TIME_MS, Event::HalfTime);
        let dead = self.shop.dead_until.saturating_sub(self.plan.begin + self.plan.calm_at);
        self.after(self.plan.calm_at + dead + REST_MS, Event::LastLook);
    }

    fn run(mut self) -> Outcome {
        let mut events = 0_u32;
        while let Some(Reverse(Timed { at, event, .. })) = self.events.pop() {
            self.now = at;
            events += 1;
            if events > EVENTS_MAX {
                self.wrong("I-16", || format!("more than {EVENTS_MAX} events: it never ends"));
                break;
            }
            if event == Event::LastLook {
                break;
            }
            self.happen(event);
        }
        self.tell(|| "── the auditor comes".to_owned());
        self.audit();
        self.audit_pairs();
        Outcome {
            hash: self.trace.hash(),
            events: u64::from(events),
            violations: self.violations,
            counts: *self.weather.counts(),
            strikes: self.weather.struck_in_all(),
            sales: self.plan.deals.len(),
            ends: self.ends,
            pairs: self.pairs,
            story: self.trace.story(),
        }
    }

    fn happen(&mut self, event: Event) {
        self.trace.mark(self.now, code_of(event));
        match event {
            Event::Call(op) => self.called(op),
            Event::Heard(n) => self.heard(n),
            Event::Late(n) => self.arrives_late(n),
            Event::Alarm(n) => self.alarm(n),
            Event::Letter { sale, n, tries } => self.bring(sale, n, tries),
            Event::Open(n) => self.open(usize::from(n)),
            Event::Tab(tab, doing) => self.tab_does(usize::from(tab), doing),
            Event::Window { sale, attempt, act } => self.in_window(sale, attempt, act),
            Event::Deposit { sale, attempt } => self.deposit(sale, attempt),
            Event::Shop(sale, task) => self.shop_does(sale, task),
            Event::ClockBack => self.ahead = 0,
            Event::Moods => self.change_moods(),
            Event::Cron(n) => self.cron(n),
            Event::Calm => self.calm_down(),
            Event::HalfTime => self.half_time(),
            Event::LastLook => {}
        }
    }

    /// A scheduled turn; when nothing can be lost any more, ever rarer ones are enough.
    fn cron(&mut self, n: u32) {
        if !self.strikes(Kind::CronMissed) && self.plan.off != Some(Layer::Cron) {
            self.sweep();
        }
        let calm = self.weather.is_calm();
        let wait = if calm { CRON_MS << n.min(8) } else { CRON_MS };
        self.after(wait, Event::Cron(if calm { n + 1 } else { 0 }));
    }

    fn calm_down(&mut self) {
        self.tell(|| "── from here on nothing goes wrong".to_owned());
        self.weather.calm_down();
        self.change_moods();
        self.ahead = 0;
        self.finish_shopping();
        // Two scheduled turns that the calm world is sure of.
        self.after(1, Event::Cron(8));
    }

    /// Puts an event so many milliseconds into the future.
    fn after(&mut self, millis: u64, event: Event) {
        self.n += 1;
        self.events.push(Reverse(Timed { at: self.now + millis, n: self.n, event }));
    }

    /// Whether a fault strikes now; counted, and told.
    #[inline]
    fn strikes(&mut self, kind: Kind) -> bool {
        let strikes = self.weather.strikes(kind, &mut self.chance);
        if strikes {
            self.trace.mark(self.now, 0x1000 + kind as u64);
            self.tell(|| format!("  ⚡ {}", kind.name()));
        }
        strikes
    }

    /// A line of the story.
    #[inline]
    fn tell(&mut self, line: impl FnOnce() -> String) {
        if self.tells {
            self.trace.tell(self.now, line);
        }
    }

    #[cold]
    fn wrong(&mut self, rule: &'static str, text: impl FnOnce() -> String) {
        let violation = Violation { rule, text: text() };
        self.tell(|| format!("✗ {}: {}", violation.rule, violation.text));
        self.violations.push(violation);
    }

    /// The time as the owner reads it.
    const fn time(&self) -> Timestamp {
        Timestamp::from_millis(self.now + self.ahead)
    }

    fn payment(&self, sale: u8) -> &Payment {
        &self.sales[usize::from(sale)].record.payment
    }
}

fn code_of(event: Event) -> u64 {
    let two = |a: u8, b: u8| u64::from(a) << 8 | u64::from(b) << 16;
    match event {
        Event::Call(op) => 1 | op.code() << 8,
        Event::Heard(n) => 2 | u64::from(n) << 8,
        Event::Late(n) => 3 | u64::from(n) << 8,
        Event::Alarm(n) => 4 | u64::from(n) << 8,
        Event::Letter { sale, n, tries } => 5 | two(sale, tries) | u64::from(n) << 24,
        Event::Open(n) => 6 | two(n, 0),
        Event::Tab(tab, doing) => 7 | two(tab, doing as u8),
        Event::Window { sale, attempt, act } => 8 | two(sale, attempt) | (act as u64) << 24,
        Event::Deposit { sale, attempt } => 9 | two(sale, attempt),
        Event::Shop(sale, _) => 10 | two(sale, 0),
        Event::ClockBack => 11,
        Event::Moods => 12,
        Event::Cron(_) => 13,
        Event::Calm => 14,
        Event::HalfTime => 15,
        Event::LastLook => 16,
    }
}

//! When to kill: at any time, on a wire, or at a write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::runtime::{Stop, Word};

/// A life without its moment is ended all the same.
pub const LIFE_MAX: Duration = Duration::from_millis(2_500);
/// A kill at any time comes within so long after the first answer, in milliseconds.
const ANY_TIME_MS: u64 = 400;

/// Sides of a write.
const SIDES: [&str; 3] = ["before", "after", "durable"];
/// Steps that a shard takes once in its life: they have the first turns, or none.
const ONCE: [&str; 3] =
    ["checkout: create checkout", "checkout: create checkout_parked", "checkout: insert form"];

/// What happens on a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// A provider has a question, and has not looked at it.
    Asked,
    /// A provider has done what was asked, and has not said so.
    Done,
    /// A provider's answer is on its way.
    Answered,
    /// The shop has a notice, and has not written it down.
    Noticed,
    /// The shop has said that it took a notice.
    Taken,
}

impl Wire {
    const ALL: [Self; 5] = [Self::Asked, Self::Done, Self::Answered, Self::Noticed, Self::Taken];

    fn label(self) -> &'static str {
        match self {
            Self::Asked => "provider: asked",
            Self::Done => "provider: done, not said",
            Self::Answered => "provider: answered",
            Self::Noticed => "shop: noticed",
            Self::Taken => "shop: notice taken",
        }
    }
}

/// When to kill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// So long after the first answer.
    AnyTime(Duration),
    /// The so-manieth time on this wire.
    Wire(Wire, u64),
    /// Where the runtime writes.
    Write(Stop),
}

impl Moment {
    /// Where the runtime is to stop for it.
    pub fn stop(&self) -> Option<&Stop> {
        match self {
            Self::Write(stop) => Some(stop),
            Self::AnyTime(_) | Self::Wire(..) => None,
        }
    }

    fn label(&self) -> String {
        match self {
            Self::AnyTime(_) => "any time".to_owned(),
            Self::Wire(wire, _) => wire.label().to_owned(),
            Self::Write(stop) => format!("{}, {}", stop.step, stop.when),
        }
    }
}

/// What the one who kills hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// That the runtime answers.
    Ready,
    /// That it never will.
    Broken,
    /// Of a way to write.
    Step(String),
    /// That its moment has come.
    Now,
}

impl From<Word> for Heard {
    fn from(word: Word) -> Self {
        match word {
            Word::Ready => Self::Ready,
            Word::Broken => Self::Broken,
            Word::Step(step) => Self::Step(step),
            Word::Reached => Self::Now,
        }
    }
}

/// What waits for something on a wire.
#[derive(Debug)]
struct Armed {
    wire: Wire,
    left: u64,
    life: u64,
    to: Sender<(u64, Heard)>,
}

/// A wire that tells when the moment has come.
#[derive(Debug, Clone, Default)]
pub struct Trip(Arc<Mutex<Option<Armed>>>);

impl Trip {
    /// Waits for this moment, if it is one of a wire; for nothing otherwise.
    pub fn arm(&self, moment: &Moment, life: u64, to: &Sender<(u64, Heard)>) {
        *self.lock() = match moment {
            Moment::Wire(wire, left) => {
                Some(Armed { wire: *wire, left: *left, life, to: to.clone() })
            }
            Moment::AnyTime(_) | Moment::Write(_) => None,
        };
    }

    /// Something happens there; whoever it was waited for.
    fn passes(&self, wire: Wire) -> Option<(u64, Sender<(u64, Heard)>)> {
        let mut armed = self.lock();
        let waits = armed.as_mut().filter(|armed| armed.wire == wire)?;
        waits.left = waits.left.saturating_sub(1);
        if waits.left > 0 {
            return None;
        }
        armed.take().map(|armed| (armed.life, armed.to))
    }

    /// Something happens there, and nothing comes after it when it was waited for.
    pub fn stops(&self, wire: Wire) -> bool {
        let waits = self.passes(wire);
        if let Some((life, to)) = &waits {
            let _heard = to.send((*life, Heard::Now));
        }
        waits.is_some()
    }

    /// Something happens there, and goes on for a moment yet.
    pub fn lets_go(&self, wire: Wire) {
        if let Some((life, to)) = self.passes(wire) {
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                let _heard = to.send((life, Heard::Now));
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Armed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which moments there are, and how often each had its turn.
#[derive(Debug, Default)]
pub struct Moments {
    steps: BTreeSet<String>,
    /// Label to how often it was waited for, and how often it came.
    turns: BTreeMap<String, (u64, u64)>,
}

impl Moments {
    /// There is this way to write.
    pub fn knows(&mut self, step: &str) {
        self.steps.insert(step.to_owned());
    }

    /// The next: by turns any time, a write, a wire, and of these the one that had the fewest turns.
    pub fn next(&mut self, n: u64, dice: u64) -> Moment {
        let moment = self.once().or_else(|| match n % 4 {
            0 => None,
            1 | 3 => self.write(dice),
            _ => self.wire(dice),
        });
        let any = Moment::AnyTime(Duration::from_millis(dice % ANY_TIME_MS));
        let moment = moment.unwrap_or(any);
        self.turns.entry(moment.label()).or_default().0 += 1;
        moment
    }

    /// What was waited for in vain is rare, and has to wait.
    fn turns(&self, moment: &Moment) -> u64 {
        let (waited, came) = self.turns.get(&moment.label()).copied().unwrap_or_default();
        came + 3 * (waited - came)
    }

    fn once(&self) -> Option<Moment> {
        let all = ONCE.into_iter().flat_map(|step| SIDES.map(|when| write(step, when, 1)));
        all.into_iter().find(|moment| self.turns(moment) == 0)
    }

    fn write(&self, dice: u64) -> Option<Moment> {
        let steps = self.steps.iter().filter(|step| !ONCE.contains(&step.as_str()));
        // Rare steps are not reached a second time.
        let nth = |moment: &Moment| match self.turns.get(&moment.label()) {
            Some((waited, came)) if waited > came => 1,
            Some(_) | None => 1 + dice % 3,
        };
        let all = steps.flat_map(|step| SIDES.map(|when| (step, when)));
        let least = all.min_by_key(|(step, when)| self.turns(&write(step, when, 1)));
        least.map(|(step, when)| write(step, when, nth(&write(step, when, 1))))
    }

    fn wire(&self, dice: u64) -> Option<Moment> {
        let all = Wire::ALL.map(|wire| Moment::Wire(wire, 1 + dice % 4));
        all.into_iter().min_by_key(|moment| self.turns(moment))
    }

    /// It came.
    pub fn came(&mut self, moment: &Moment) {
        self.turns.entry(moment.label()).or_default().1 += 1;
    }

    /// How often each came, those that never did included.
    pub fn kills(&self) -> BTreeMap<String, u64> {
        let mut kills: BTreeMap<String, u64> = BTreeMap::new();
        for step in &self.steps {
            kills.extend(SIDES.map(|when| (write(step, when, 1).label(), 0)));
        }
        kills.extend(Wire::ALL.map(|wire| (wire.label().to_owned(), 0)));
        kills.extend(self.turns.iter().map(|(label, (_, came))| (label.clone(), *came)));
        kills
    }
}

fn write(step: &str, when: &'static str, nth: u64) -> Moment {
    Moment::Write(Stop { step: step.to_owned(), when, nth })
}

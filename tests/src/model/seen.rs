//! What the walks came by: pairs of phase and input, and the ends that a scene must be able to reach.

use std::sync::atomic::{AtomicBool, Ordering};

use shared::payment::{Event, InputKind, PhaseKind, Step};

const PHASES: usize = PhaseKind::ALL.len();
const INPUTS: usize = InputKind::ALL.len();

/// Marks that are set once and never taken back; the same whatever the order in which threads walk.
pub struct Seen {
    pairs: [[AtomicBool; INPUTS]; PHASES],
    called: AtomicBool,
}

impl Default for Seen {
    /// Nothing yet.
    fn default() -> Self {
        Self {
            pairs: [const { [const { AtomicBool::new(false) }; INPUTS] }; PHASES],
            called: AtomicBool::new(false),
        }
    }
}

impl Seen {
    /// A step, from this phase.
    pub fn step(&self, phase: PhaseKind, step: &Step) {
        if let Some(input) = step.seen {
            self.pairs[phase as usize][input as usize].store(true, Ordering::Relaxed);
        }
        if step.events.contains(&Event::Review) {
            self.called.store(true, Ordering::Relaxed);
        }
    }

    /// Whether this input was met in this phase.
    pub fn pair(&self, phase: PhaseKind, input: InputKind) -> bool {
        self.pairs[phase as usize][input as usize].load(Ordering::Relaxed)
    }

    /// Whether a person was called.
    pub fn called(&self) -> bool {
        self.called.load(Ordering::Relaxed)
    }
}

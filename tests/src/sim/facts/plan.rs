//! What a seed is about: goods, sales, how each buyer is disposed, how long it goes wrong, and which layer
//! is missing.

use super::engine::{WAYS, Ways};
use crate::sim::chance::Chance;
use crate::sim::weather::{Cuts, Kind, Weather};
use crate::sim::workload::Layer;

/// When most worlds begin: 2026-12-01, nine o'clock in the morning in Seoul.
const BEGIN: u64 = 1_796_083_200_000;
/// Midnight before it, when November was over there.
const MONTH_OVER: u64 = BEGIN - 9 * HOUR;
/// It is over so long after the beginning at most, in milliseconds.
const MONTH_OVER_IN: u64 = 90 * MINUTE;
/// A minute in milliseconds.
pub(super) const MINUTE: u64 = 60_000;
/// An hour in milliseconds.
pub(super) const HOUR: u64 = 60 * MINUTE;
/// Pieces of goods: one, a few, and one that nobody counts.
pub(super) const GOODS: [Option<u32>; 3] = [Some(1), Some(3), None];
/// A buyer gives up after so many attempts.
const ATTEMPTS_MAX: u8 = 3;

/// A sale that the shop opens.
#[derive(Debug, Clone)]
pub(super) struct Deal {
    /// Which goods and how many of each; one order each.
    pub(super) lines: Vec<(usize, u32)>,
    pub(super) amounts: Vec<u64>,
    /// When, and how long it can be paid, in milliseconds.
    pub(super) at: u64,
    pub(super) life: u64,
    /// The provider's ways, by attempt.
    pub(super) ways: [&'static Ways; ATTEMPTS_MAX as usize],
    /// Whether the buyer pays into an account, by attempt.
    pub(super) deposits: [bool; ATTEMPTS_MAX as usize],
    /// How often the buyer tries at most.
    pub(super) tries: u8,
    /// Whether the shop will want money back.
    pub(super) gives_back: bool,
}

/// What a seed is about.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) deals: Vec<Deal>,
    /// When the world begins.
    pub(super) begin: u64,
    /// When nothing goes wrong any more, in milliseconds from the beginning.
    pub(super) calm_at: u64,
    pub(super) off: Option<Layer>,
}

impl Plan {
    /// The plan of a seed.
    pub(super) fn of(chance: &mut Chance, weather: &mut Weather, cuts: Cuts) -> Self {
        let calm_at = chance.between(3, 50) * MINUTE;
        let off = Layer::drawn(chance);
        let count = chance.pick(&[1_usize, 1, 1, 1, 2, 2, 3]);
        let same = chance.below(GOODS.len() as u64) as usize;
        let deals: Vec<Deal> = (0..count).map(|_| Deal::of(chance, same, calm_at)).collect();
        let mut begin = BEGIN;
        let bills = deals.iter().any(|deal| deal.ways.iter().any(|ways| ways.bills));
        if bills && weather.strikes(Kind::MonthOver, chance) {
            begin = MONTH_OVER - chance.below(MONTH_OVER_IN);
        }
        Self { deals: cuts.kept(deals), begin, calm_at, off }
    }
}

impl Deal {
    fn of(chance: &mut Chance, same: usize, calm_at: u64) -> Self {
        // Mostly buyers who want the same thing.
        let other = chance.in_thousand(250);
        let first = if other { chance.below(GOODS.len() as u64) as usize } else { same };
        let mut lines = vec![(first, 1)];
        if chance.in_thousand(200) {
            lines.push(((first + 1) % GOODS.len(), 1 + chance.below(2) as u32));
        }
        let amounts = lines.iter().map(|_| chance.between(1, 60) * 1_000).collect();
        let mut ways =
            [0; ATTEMPTS_MAX as usize].map(|_| &WAYS[chance.below(WAYS.len() as u64) as usize]);
        // Mostly the same provider again, with another card.
        if chance.in_thousand(700) {
            ways = [ways[0]; ATTEMPTS_MAX as usize];
        }
        let deposits = ways.map(|ways| ways.has_accounts && chance.in_thousand(250));
        Self {
            lines,
            amounts,
            at: chance.below(calm_at * 2 / 3),
            life: if chance.in_thousand(250) { chance.between(2, 60) * MINUTE } else { HOUR },
            ways,
            deposits,
            tries: chance.pick(&[1, 2, 2, ATTEMPTS_MAX]),
            gives_back: chance.in_thousand(250),
        }
    }
}

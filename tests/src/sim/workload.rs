//! What a seed is about: which goods, which sales, how long it goes wrong, and which layer is missing.
//!
//! # Why a layer is missing in some seeds
//! Where return, webhook, poll and sweep all repair the same thing, a mistake in one of them never shows.
//! So some seeds have to do without one of them from the beginning to the end.

use super::chance::Chance;
use super::weather::Cuts;

/// One of the ways by which the edge learns that something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    /// No browser ever comes back to the edge.
    Returns,
    /// No provider's event ever arrives.
    Webhooks,
    /// No page ever asks by the clock.
    Polls,
    /// No scheduled turn ever comes.
    Cron,
}

impl Layer {
    /// The layer that a seed has to do without, if it has.
    pub(super) fn drawn(chance: &mut Chance) -> Option<Self> {
        match chance.below(10) {
            0 => Some(Self::Returns),
            1 => Some(Self::Webhooks),
            2 => Some(Self::Polls),
            3 => Some(Self::Cron),
            _ => None,
        }
    }
}

/// A piece of goods of a merchant.
#[derive(Debug, Clone)]
pub(super) struct Goods {
    pub(super) merchant: usize,
    pub(super) sku: String,
    /// How many there are; `None` when nobody counts.
    pub(super) units: Option<u32>,
    pub(super) price: u64,
}

/// A sale that the shop opens.
#[derive(Debug, Clone)]
pub(super) struct Deal {
    pub(super) merchant: usize,
    /// When, in milliseconds from the beginning.
    pub(super) at: u64,
    /// Pieces of goods and how many of each; one order each.
    pub(super) lines: Vec<(usize, u32)>,
    /// How long the checkout lives, in seconds; the edge's own measure when absent.
    pub(super) life: Option<u64>,
}

/// A quote that a shop signs ahead of time.
#[derive(Debug, Clone)]
pub(super) struct Quoted {
    pub(super) goods: usize,
    /// For one buyer, or for every visitor.
    pub(super) once: bool,
    /// How long it can be used, in seconds.
    pub(super) life: u64,
    /// When a visitor comes by it, in milliseconds from the beginning.
    pub(super) at: u64,
}

/// What a seed is about.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub(super) goods: Vec<Goods>,
    pub(super) deals: Vec<Deal>,
    pub(super) offers: Vec<Quoted>,
    /// When nothing goes wrong any more, in milliseconds from the beginning.
    pub(super) calm_at: u64,
    pub(super) off: Option<Layer>,
}

impl Plan {
    /// The plan of a seed.
    pub(super) fn of(chance: &mut Chance, cuts: Cuts) -> Self {
        let calm_at = chance.between(5, 75) * 60_000;
        let off = Layer::drawn(chance);
        let mut goods = Vec::new();
        for merchant in 0..2 {
            for (sku, units) in [("last", Some(1)), ("few", Some(3)), ("many", None)] {
                let price = chance.between(1, 60) * 1_000;
                // Both shops have the same names for their things.
                goods.push(Goods { merchant, sku: sku.to_owned(), units, price });
            }
        }
        let merchant = chance.below(2);
        let deals: Vec<Deal> = (0..chance.pick(&[1, 1, 1, 2, 2, 3, 4]))
            .map(|_| {
                // Mostly buyers of one shop who want the same thing.
                let other = chance.in_thousand(200);
                let merchant = usize::try_from(if other { 1 - merchant } else { merchant });
                Self::deal(chance, merchant.unwrap_or(0), calm_at)
            })
            .collect();
        let offers = (0..chance.pick(&[0, 0, 0, 1, 2]))
            .map(|_| Quoted {
                goods: usize::try_from(merchant * 3 + chance.below(3)).unwrap_or(0),
                once: chance.in_thousand(500),
                life: chance.pick(&[300, 1_200, 7_200, 86_400]),
                at: chance.below(calm_at / 2),
            })
            .collect();
        Self { goods, deals: cuts.kept(deals), offers, calm_at, off }
    }

    fn deal(chance: &mut Chance, merchant: usize, calm_at: u64) -> Deal {
        let first = chance.pick(&[0, 0, 0, 1, 2]);
        let mut lines = vec![(merchant * 3 + first, 1)];
        if chance.in_thousand(250) {
            let second = (first + 1 + usize::try_from(chance.below(2)).unwrap_or(0)) % 3;
            lines.push((merchant * 3 + second, u32::try_from(chance.between(1, 2)).unwrap_or(1)));
        }
        let life = chance.in_thousand(200).then(|| chance.between(300, 3_600));
        Deal { merchant, at: chance.below(calm_at * 2 / 3), lines, life }
    }
}

//! Chance from one seed.

use rand_core::{Rng as _, SeedableRng as _};
use rand_xorshift::XorShiftRng;

/// A generator. Whoever draws from it draws in a fixed order.
#[derive(Debug, Clone)]
pub struct Chance(XorShiftRng);

impl Chance {
    /// The generator of a seed; `stream` tells the seed's generators apart.
    #[must_use]
    pub fn of(seed: u64, stream: u64) -> Self {
        Self(XorShiftRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ stream))
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// 128 bits, for ids.
    pub fn id(&mut self) -> u128 {
        u128::from(self.bits()) << 64 | u128::from(self.bits())
    }

    /// A number below `end`; 0 when `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias of a remainder is far below what any of our figures shows.
        self.bits().checked_rem(end).unwrap_or(0)
    }

    /// A number from `from` to `to`, both included.
    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to.saturating_sub(from) + 1)
    }

    /// Whether it strikes, with so many chances in a thousand.
    pub fn in_thousand(&mut self, chances: u64) -> bool {
        self.below(1_000) < chances
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        let at = self.below(u64::try_from(of.len()).unwrap_or(1));
        of[usize::try_from(at).unwrap_or(0)]
    }

    /// A key in the shape of a version 4 UUID.
    pub fn key(&mut self) -> String {
        let (a, b) = (self.bits(), self.bits());
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            a >> 32,
            a >> 16 & 0xffff,
            a & 0xfff,
            b >> 52,
            b & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i19_a_seed_gives_the_same_numbers_and_another_gives_others() {
        let draw = |seed, stream| {
            let mut chance = Chance::of(seed, stream);
            (0..8).map(|_| chance.below(1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, 0), draw(7, 0));
        assert_ne!(draw(7, 0), draw(8, 0));
        assert_ne!(draw(7, 0), draw(7, 1));
    }
}

//! Chance that is the same each time: splitmix64 (Steele, Lea, Flood 2014).

/// Dice of their own for one matter, so that a roll more in one place changes nothing in another.
pub(super) struct Dice(u64);

impl Dice {
    /// Those of a seed that are rolled about something.
    pub(super) fn new(seed: u64, about: &str, day: usize) -> Dice {
        let named = about.bytes().fold(seed, |state, byte| mixed(state ^ u64::from(byte)));
        Dice(mixed(named ^ day as u64))
    }

    /// 0 to `n` - 1.
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(STEP);
        ((u128::from(mix(self.0)) * n as u128) >> 64) as usize
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, n: usize) -> bool {
        self.below(100) < n
    }

    /// One of them, each as likely as its weight.
    pub(super) fn weighted<T: Copy>(&mut self, all: &[(T, usize)]) -> T {
        let mut roll = self.below(all.iter().map(|(_, weight)| weight).sum());
        let found = all.iter().find(|(_, weight)| {
            let hit = roll < *weight;
            roll = roll.saturating_sub(*weight);
            hit
        });
        found.unwrap_or(&all[0]).0
    }

    /// One of them.
    pub(super) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

fn mixed(state: u64) -> u64 {
    mix(state.wrapping_add(STEP))
}

fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dice_are_those_that_are_known() {
        // The first numbers of splitmix64 from seed 0.
        let mut dice = Dice(0);
        let mut next = || {
            dice.0 = dice.0.wrapping_add(STEP);
            mix(dice.0)
        };
        assert_eq!([next(), next()], [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4]);
    }

    #[test]
    fn rolls_lie_in_range_and_reach_all_of_it() {
        let mut dice = Dice::new(1, "range", 0);
        let mut seen = [0; 6];
        (0..600).for_each(|_| seen[dice.below(6)] += 1);
        assert!(seen.iter().all(|n| (60..140).contains(n)), "{seen:?}");
        let heavy = (0..1000).filter(|_| dice.weighted(&[("a", 9), ("b", 1)]) == "a").count();
        assert!((850..950).contains(&heavy), "{heavy}");
    }
}

//! How much is tried, and by which dice.
//!
//! `LAKESMITH_TIER` is `quick`, `ci` (if unset) or `soak`. `LAKESMITH_SEED` is a number; what fails names the seed and the case,
//! and the same seed rolls the same dice again. `LAKESMITH_TALLY` names a file to which each test adds what it did, a JSON object a line.

use std::io::Write;

/// How much is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    Quick,
    Ci,
    Soak,
}

/// The tier of this run.
pub(crate) fn tier() -> Tier {
    match std::env::var("LAKESMITH_TIER").as_deref() {
        Ok("quick") => Tier::Quick,
        Ok("soak") => Tier::Soak,
        Ok("ci") | Err(_) => Tier::Ci,
        Ok(other) => panic!("LAKESMITH_TIER is quick, ci or soak, not {other}"),
    }
}

/// The amount for the tier of this run.
pub(crate) fn amount(quick: usize, ci: usize, soak: usize) -> usize {
    match tier() {
        Tier::Quick => quick,
        Tier::Ci => ci,
        Tier::Soak => soak,
    }
}

/// The seed of this run.
pub(crate) fn seed() -> u64 {
    std::env::var("LAKESMITH_SEED").map_or(20_240_301, |text| text.parse().expect("LAKESMITH_SEED is a number"))
}

/// Numbers by chance: SplitMix64, Steele and others, "Fast splittable pseudorandom number generators", 2014.
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of one case: cases do not depend on each other.
    pub(crate) fn of(test: &str, case: usize) -> Dice {
        let name = test.bytes().fold(seed(), |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let mut dice = Dice(name.wrapping_add(case as u64));
        dice.roll();
        dice
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// One of so many.
    pub(crate) fn below(&mut self, sides: usize) -> usize {
        (self.roll() % sides.max(1) as u64) as usize
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(crate) fn pick<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[self.below(several.len())]
    }

    /// From 0 up to 1.
    pub(crate) fn share(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Notes what a test did: counts by what is counted.
pub(crate) fn tally(test: &str, counts: &[(&str, usize)]) {
    let counts: serde_json::Map<String, serde_json::Value> =
        counts.iter().map(|(what, n)| ((*what).to_owned(), (*n).into())).collect();
    let line = serde_json::json!({ "test": test, "seed": seed(), "counts": counts });
    println!("{line}");
    if let Some(path) = std::env::var_os("LAKESMITH_TALLY") {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

//! How much is run, and by which chances.
#![allow(clippy::disallowed_methods)] // A test has no one to pass it its settings but the environment.

use std::env;

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tier {
    /// At every change.
    Quick,
    /// Before a change is taken.
    Ci,
    /// By the hour.
    Soak,
}

impl Tier {
    /// As `LAKESMITH_TIER` says.
    pub(super) fn get() -> Tier {
        match env::var("LAKESMITH_TIER").as_deref() {
            Ok("quick") => Tier::Quick,
            Ok("soak") => Tier::Soak,
            Ok("ci") | Err(_) => Tier::Ci,
            Ok(other) => panic!("LAKESMITH_TIER is `{other}`: it is quick, ci or soak"),
        }
    }

    /// One of three amounts.
    pub(super) fn of<T>(self, quick: T, ci: T, soak: T) -> T {
        match self {
            Tier::Quick => quick,
            Tier::Ci => ci,
            Tier::Soak => soak,
        }
    }
}

/// As `LAKESMITH_SEED` says.
pub(super) fn seed() -> u64 {
    env::var("LAKESMITH_SEED").map_or(20_240_301, |text| text.parse().expect("LAKESMITH_SEED is a number"))
}

/// Whether a case is to be run: all are, unless `LAKESMITH_CASE` names one.
pub(super) fn wanted(case: &str) -> bool {
    env::var("LAKESMITH_CASE").map_or(true, |wanted| case.starts_with(&wanted))
}

/// The folder for traces, if they are asked for.
pub(super) fn traces() -> Option<std::path::PathBuf> {
    env::var_os("LAKESMITH_TRACES").map(Into::into)
}

/// Numbers by chance, the same ones for the same seed (splitmix64).
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// 0 to `sides` - 1.
    pub(super) fn below(&mut self, sides: usize) -> usize {
        (self.next() % sides.max(1) as u64) as usize
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    pub(super) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

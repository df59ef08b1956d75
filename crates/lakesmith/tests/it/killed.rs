//! C2: the real binary is killed at a moment that the dice choose, once or several times in a row.

use crate::contents::{Contents, assert_same, contents};
use crate::house::{Deliveries, House};
use crate::tier::{Dice, amount, seed, tally};
use std::time::{Duration, Instant};

/// A project before one of its deliveries is run, how long that takes, and what the tables say then.
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) before: House,
    pub(crate) takes: Duration,
    pub(crate) expected: Contents,
}

/// First loads and later deliveries of the projects that processes are killed in.
pub(crate) fn stages() -> Vec<Stage> {
    let retail = Deliveries::of_example("retail", &["_d1_", "_d2_"]);
    let mut stages = vec![];
    for (name, deliveries) in [("shop", Deliveries::of_house("shop")), ("retail", retail)] {
        let house = House::new(&deliveries);
        for n in 0..deliveries.len() {
            house.deliver(n);
            let (before, clock) = (house.copy(), Instant::now());
            house.run();
            let takes = clock.elapsed();
            stages.push(Stage { name: format!("{name}, delivery {}", n + 1), before, takes, expected: contents(&house) });
        }
    }
    stages
}

#[test]
fn c2_kill_at_a_random_moment() {
    let stages = stages();
    let kills = amount(12, 40, 500);
    let (mut hit, mut case) = (0, 0);
    while hit < kills {
        let mut dice = Dice::of("kill", case);
        let stage = &stages[case % stages.len()];
        let house = stage.before.copy();
        let mut moments = vec![];
        // A run that is killed more than once goes on with what the one before it left.
        for _ in 0..=dice.below(3) {
            let run = house.start(None);
            let moment = stage.takes.mul_f64(dice.share() * 1.1);
            std::thread::sleep(moment);
            hit += usize::from(run.kill());
            moments.push(moment);
        }
        house.run();
        let case_is = format!("{}, case {case}, killed after {moments:?}, seed {}", stage.name, seed());
        assert_same(&contents(&house), &stage.expected, &case_is);
        case += 1;
        assert!(case < 10 * kills, "only {hit} of {case} runs were still there to be killed");
    }
    tally("c2_kill_at_a_random_moment", &[("cases", case), ("kills", hit)]);
}

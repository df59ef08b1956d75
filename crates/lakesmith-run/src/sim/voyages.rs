//! Voyages: runners come and go, deliveries arrive, calls fail, clocks differ, processes die. All by one seed.

use super::clocks::skewed;
use super::contents::Contents;
use super::dice::{Dice, Tier, seed, wanted};
use super::gate::{AFTER_EACH_STEP, BEFORE_EACH_PUT, Led};
use super::scenario::{Runner, Scenario, Select};
use super::store::{Disk, Fault, Weather, Wire};
use chrono::Duration;
use std::sync::Arc;

const FAULTS: &[Fault] = &[
    Fault::Refused,
    Fault::AnswerLost,
    Fault::SentTwice,
    Fault::Late,
    Fault::Conflict,
    Fault::Muddled,
    Fault::Dies,
    Fault::DiesAfter,
];

/// Runners that are on their way at the same time.
const RUNNERS: usize = 3;
/// Moves of one voyage.
const MOVES: usize = 90;

#[derive(Debug, Default)]
struct Tally {
    runners: usize,
    killed: usize,
    failed: usize,
}

async fn voyage(scenario: &Arc<Scenario>, seed: u64, expected: &Contents, tally: &mut Tally) {
    let mut dice = Dice::new(seed);
    let disk = Arc::new(Disk::default());
    scenario.deliver(&disk, 0).await;
    let mut delivered = 1;
    let mut under_way: Vec<Led> = vec![];
    for _ in 0..MOVES {
        match dice.below(20) {
            0 if delivered < scenario.deliveries.len() => {
                scenario.deliver(&disk, delivered).await;
                delivered += 1;
            }
            1..=2 if under_way.len() < RUNNERS => {
                tally.runners += 1;
                let share = dice.pick(&[0, 0, 1, 3]);
                let weather = Weather::Share(share, FAULTS, Dice::new(dice.next()));
                let wire = Wire::new(&disk, &format!("r{}", tally.runners), weather);
                let minutes = dice.pick(&[0, 0, -5, 5, -60]);
                let runner = Runner::new(wire).with_clock(skewed(Duration::minutes(minutes)));
                under_way.push(runner.led(scenario, &Select::all(), dice.pick(&[AFTER_EACH_STEP, BEFORE_EACH_PUT])));
            }
            3 if !under_way.is_empty() && dice.percent(40) => {
                let killed = under_way.swap_remove(dice.below(under_way.len()));
                killed.kill().await;
                tally.killed += 1;
            }
            _ if !under_way.is_empty() => {
                let chosen = dice.below(under_way.len());
                under_way[chosen].step().await;
                if under_way[chosen].has_ended() {
                    tally.failed += usize::from(!under_way.swap_remove(chosen).ended().await);
                }
            }
            _ => {}
        }
    }
    for late in delivered..scenario.deliveries.len() {
        scenario.deliver(&disk, late).await;
    }
    for runner in under_way {
        tally.failed += usize::from(!runner.ended().await);
    }
    scenario.check(&disk, &Select::all(), expected, &format!("{} voyage {seed}", scenario.name)).await;
}

#[tokio::test]
async fn w1_w2_s1_s3_c1_c2_voyages_end_where_nothing_went_wrong() {
    let mut tally = Tally::default();
    let count = Tier::get().of(2, 20, 300);
    for scenario in Scenario::all() {
        let scenario = Arc::new(scenario());
        let expected = scenario.undisturbed().await;
        for n in 0..count {
            let seed = seed() + n;
            if wanted(&format!("{} voyage {seed}", scenario.name)) {
                voyage(&scenario, seed, &expected, &mut tally).await;
            }
        }
    }
    println!("{} voyages: {tally:?}", count * Scenario::all().len() as u64);
}

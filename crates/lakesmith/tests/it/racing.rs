//! W1, W2: two real processes run the same project at once; some are killed, some frozen. A process that ends with 0 has seen the
//! batch in the tables.

use crate::contents::{assert_same, contents};
use crate::house::{Deliveries, House, Running};
use crate::killed::stages;
use crate::tier::{Dice, amount, seed, tally};
use std::time::{Duration, Instant};

#[test]
fn w1_two_processes_race() {
    let stages = stages();
    let races = amount(3, 10, 50);
    let (mut kills, mut freezes) = (0, 0);
    for case in 0..races {
        let mut dice = Dice::of("race", case);
        let stage = &stages[case % stages.len()];
        let house = stage.before.copy();
        let told = format!("{}, race {case}, seed {}", stage.name, seed());
        let moment = |dice: &mut Dice| stage.takes.mul_f64(dice.share());
        let mut first = house.start(None);
        std::thread::sleep(moment(&mut dice).mul_f64(0.5));
        let second = house.start(None);
        match case % 3 {
            0 => first.report().map(drop).unwrap_or_else(|error| panic!("{told}: the first ended so: {error}")),
            1 => {
                std::thread::sleep(moment(&mut dice));
                kills += usize::from(first.kill());
            }
            _ => {
                std::thread::sleep(moment(&mut dice));
                freezes += usize::from(first.signal("STOP"));
                std::thread::sleep(Duration::from_secs(1 + dice.below(3) as u64));
                first.signal("CONT");
                first.report().map(drop).unwrap_or_else(|error| panic!("{told}: the frozen one ended so: {error}"));
            }
        }
        second.report().map(drop).unwrap_or_else(|error| panic!("{told}: the second ended so: {error}"));
        // Before another run: who ended with 0 left nothing undone.
        assert_same(&contents(&house), &stage.expected, &told);
        house.run();
        assert_same(&contents(&house), &stage.expected, &told);
    }
    tally("w1_two_processes_race", &[("cases", races), ("kills", kills), ("freezes", freezes)]);
}

/// A project in whose second delivery one runner stands still, and what the tables say at the end.
fn frozen_at(step: &str) -> (House, Running) {
    let house = House::after(&Deliveries::of_house("shop"), 1);
    house.deliver(1);
    let mut first = house.start(Some(&format!("freeze {step}")));
    first.frozen();
    (house, first)
}

fn expected() -> crate::contents::Contents {
    contents(&House::after(&Deliveries::of_house("shop"), 2))
}

/// Frozen after its record, the first runner is waited for until three beats are missed; frozen before, it is not. It wakes up when
/// everything is done.
#[test]
fn w2_a_frozen_runner_is_taken_over_and_fenced_when_it_wakes() {
    let expected = expected();
    let steps = [
        ("computing silver.sales_orders 2", false),
        ("files-closed gold.fact_sales 2", false),
        ("recorded silver.sales_orders 2", true),
        ("committing bronze.shop_orders 2 bronze.shop_orders", true),
    ];
    std::thread::scope(|scope| {
        for (step, waited) in steps {
            let expected = &expected;
            scope.spawn(move || {
                let (house, mut first) = frozen_at(step);
                let clock = Instant::now();
                let output = house.start(None).output();
                let told = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{step}: {told}");
                assert_eq!(told.contains("waiting for it"), waited, "{step}: {told}");
                assert!(!waited || clock.elapsed() > Duration::from_secs(14), "{step}: {:?}", clock.elapsed());
                assert_same(&contents(&house), expected, step);
                assert!(first.signal("CONT"), "{step}");
                first.report().unwrap_or_else(|error| panic!("{step}: the frozen one ended so: {error}"));
                assert_same(&contents(&house), expected, step);
                house.run();
                assert_same(&contents(&house), expected, step);
            });
        }
    });
    tally("w2_a_frozen_runner_is_taken_over_and_fenced_when_it_wakes", &[("cases", steps.len()), ("freezes", steps.len())]);
}

/// The second runner waits for a runner that lives, says for whom, and ends with 0 when that one has committed.
#[test]
fn w1_the_second_runner_waits_and_ends_with_the_first() {
    let step = "recorded silver.sales_orders 2";
    let (house, mut first) = frozen_at(step);
    let mut second = house.start(None);
    assert!(second.says("silver.sales_orders: batch 2 is with process"));
    assert!(!second.ended(), "it waits");
    assert!(first.signal("CONT"));
    first.report().unwrap();
    second.report().unwrap();
    assert_same(&contents(&house), &expected(), step);
    let left = std::fs::read_dir(house.root().join(".lake/_lakesmith/runs")).unwrap().count();
    assert_eq!(left, 0, "heartbeats of runs that have ended");
}

/// A runner that dies while it is waited for is gone at once.
#[test]
fn w1_the_second_runner_takes_over_from_a_killed_one() {
    let step = "recorded silver.sales_orders 2";
    let (house, first) = frozen_at(step);
    let mut second = house.start(None);
    assert!(second.says("waiting for it"));
    let clock = Instant::now();
    assert!(first.kill());
    second.report().unwrap();
    assert!(clock.elapsed() < Duration::from_secs(10), "{:?}", clock.elapsed());
    assert_same(&contents(&house), &expected(), step);
    let left = std::fs::read_dir(house.root().join(".lake/_lakesmith/runs")).unwrap().count();
    assert_eq!(left, 0, "what the killed one left behind is swept");
}

//! Bad weather: many calls fail, listings are muddled. A run ends, well or with a reason; a later one puts all right.

use super::dice::{Dice, Tier, seed};
use super::scenario::{Runner, Scenario, Select};
use super::store::{Disk, Fault, Weather, Wire};
use std::sync::Arc;

/// The most calls that a run may make, measured by those of a calm one: retries are bounded.
const PATIENCE: usize = 60;

const BUSY: &[Fault] = &[Fault::Refused, Fault::AnswerLost];

async fn calm_calls(scenario: &Scenario) -> usize {
    let disk = Arc::new(Disk::default());
    scenario.deliver(&disk, 0).await;
    let wire = Wire::calm(&disk);
    scenario.run(&Runner::new(wire.clone()), &Select::all()).await.unwrap();
    wire.calls().len()
}

#[tokio::test]
async fn s1_a_share_of_calls_fails_and_a_later_run_puts_all_right() {
    let scenario = Scenario::shop();
    let expected = scenario.undisturbed().await;
    let most = calm_calls(&scenario).await * PATIENCE;
    let (mut ended_well, mut failed) = (0, 0);
    for (share, worlds) in Tier::get().of([(30, 1), (2, 1)], [(30, 8), (2, 6)], [(30, 100), (2, 100)]) {
        for world in 0..worlds {
            let seed = seed() + world;
            let disk = Arc::new(Disk::default());
            for delivery in 0..scenario.deliveries.len() {
                scenario.deliver(&disk, delivery).await;
                for run in 0..3 {
                    let weather = Weather::Share(share, BUSY, Dice::new(seed << 8 | run));
                    let wire = Wire::new(&disk, &format!("r{delivery}{run}"), weather);
                    match scenario.run(&Runner::new(wire.clone()), &Select::all()).await {
                        Ok(report) if report.succeeded() => ended_well += 1,
                        Ok(report) => {
                            failed += 1;
                            let reasons: Vec<String> = report.flows.into_iter().filter_map(|flow| flow.error).collect();
                            assert!(reasons.iter().any(|reason| names_the_storage(reason)), "seed {seed}: {reasons:?}");
                            disk.trace.ended(&wire.runner, "fail");
                        }
                        Err(error) => {
                            failed += 1;
                            assert!(names_the_storage(&error.to_string()), "seed {seed}: {error}");
                            disk.trace.ended(&wire.runner, "fail");
                        }
                    }
                    assert!(wire.calls().len() < most, "seed {seed}: {} calls", wire.calls().len());
                }
            }
            scenario.check(&disk, &Select::all(), &expected, &format!("{share} of a hundred calls, seed {seed}")).await;
        }
    }
    println!("{ended_well} runs ended well, {failed} failed with a reason");
}

fn names_the_storage(reason: &str) -> bool {
    reason.contains("simulated")
}

#[tokio::test]
async fn s5_listings_in_any_order_and_twice_change_nothing() {
    let scenario = Scenario::shop();
    let expected = scenario.undisturbed().await;
    let disk = Arc::new(Disk::default());
    for delivery in 0..scenario.deliveries.len() {
        scenario.deliver(&disk, delivery).await;
        let runner = Runner::new(Wire::new(&disk, "a", Weather::All(Fault::Muddled)));
        let report = scenario.run(&runner, &Select::all()).await.unwrap();
        assert!(report.succeeded(), "{report:?}");
    }
    scenario.check(&disk, &Select::all(), &expected, "muddled listings").await;
}

#[tokio::test]
async fn s2_a_storage_that_always_conflicts_ends_the_run_with_a_reason() {
    let scenario = Scenario::shop();
    let most = calm_calls(&scenario).await * PATIENCE;
    let disk = Arc::new(Disk::default());
    scenario.deliver(&disk, 0).await;
    let wire = Wire::new(&disk, "a", Weather::All(Fault::Conflict));
    match scenario.run(&Runner::new(wire.clone()), &Select::one("bronze.shop_orders")).await {
        Ok(report) => assert!(report.flows.iter().all(|flow| flow.error.as_ref().is_some_and(|error| error.contains("409")))),
        Err(error) => assert!(error.to_string().contains("409"), "{error}"),
    }
    assert!(wire.calls().len() < most, "{} calls", wire.calls().len());
    let expected = scenario.settle(&disk.fork(), &Select::all(), "calm again").await;
    scenario.check(&disk, &Select::all(), &expected, "always a conflict").await;
}

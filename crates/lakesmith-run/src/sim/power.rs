//! The process is killed, or the power goes: at each call to the storage, and at each phase of a batch.

use super::dice::{Dice, Tier, seed};
use super::gate::AFTER_EACH_STEP;
use super::nth_call::Broken;
use super::scenario::{Runner, Scenario, Select};
use super::store::{Disk, Fault, Wire};
use super::{audit, contents};
use std::sync::Arc;

/// One flow of each kind of write: append, replace keys twice (with and without a record), replace all.
pub(super) const KINDS: [&str; 4] = ["bronze.shop_orders", "silver.sales_orders", "gold.fact_orders", "gold.dim_date"];

async fn at_each_call(flow: &str) {
    let scenario = Scenario::shop();
    let mut dice = Dice::new(seed());
    let share = Tier::get().of(15, 50, 100);
    let mut cases = 0;
    for later in [false, true] {
        let broken = Broken::flow(&scenario, flow, later).await;
        for (fault, share) in [(Fault::DiesAfter, 100), (Fault::Dies, share)] {
            for n in broken.each(fault) {
                if dice.percent(share) {
                    cases += usize::from(broken.at(n, fault).await);
                }
            }
        }
    }
    println!("{flow}: {cases} cases");
}

#[tokio::test]
async fn c2_the_power_goes_at_each_call_of_an_append() {
    at_each_call("bronze.shop_orders").await;
}

#[tokio::test]
async fn c2_the_power_goes_at_each_call_of_a_replacement_of_keys() {
    at_each_call("silver.sales_orders").await;
}

#[tokio::test]
async fn c2_the_power_goes_at_each_call_of_a_replacement_of_all() {
    at_each_call("gold.dim_date").await;
}

#[tokio::test]
async fn c2_the_power_goes_while_a_whole_project_runs() {
    let scenario = Scenario::shop();
    let mut dice = Dice::new(seed());
    let share = Tier::get().of(2, 8, 50);
    let mut cases = 0;
    let disk = Arc::new(Disk::default());
    for delivery in 0..scenario.deliveries.len() {
        scenario.deliver(&disk, delivery).await;
        let name = format!("{} whole run {}", scenario.name, delivery + 1);
        let broken = Broken::new(&scenario, name, disk.fork(), Select::all()).await;
        for fault in [Fault::Dies, Fault::DiesAfter] {
            for n in broken.each(fault).filter(|_| dice.percent(share)) {
                cases += usize::from(broken.at(n, fault).await);
            }
        }
        scenario.settle(&disk, &Select::all(), "preparing").await;
    }
    println!("whole runs: {cases} cases");
}

#[tokio::test]
async fn c2_a_disk_that_forgets_to_sync_is_found_out() {
    let scenario = Scenario::shop();
    let disk = Arc::new(Disk::unsynced(".parquet"));
    scenario.deliver(&disk, 0).await;
    scenario.settle(&disk, &Select::one("bronze.shop_orders"), "a disk that forgets").await;
    assert_eq!(audit::audit(&disk).await, Vec::<String>::new());
    disk.power_loss().await;
    let faults = audit::audit(&disk).await;
    assert!(faults.iter().any(|fault| fault.contains("which is lost")), "{faults:?}");
}

#[tokio::test]
async fn c1_a_run_that_is_killed_at_each_phase_is_finished_once() {
    let scenario = Arc::new(Scenario::shop());
    let mut cases = 0;
    for flow in KINDS {
        for later in [false, true] {
            let ready = scenario.ready(flow, later).await;
            let expected = scenario.settle(&ready.fork(), &Select::one(flow), flow).await;
            for phase in AFTER_EACH_STEP {
                let disk = ready.fork();
                let runner = Runner::new(Wire::calm(&disk));
                let mut led = runner.led(&scenario, &Select::one(flow), AFTER_EACH_STEP);
                if !led.until(flow, *phase).await {
                    continue; // a flow without companions has no record
                }
                led.kill().await;
                let case = format!("{flow} {} killed at {phase}", if later { "later" } else { "first" });
                scenario.check(&disk, &Select::one(flow), &expected, &case).await;
                cases += 1;
            }
        }
    }
    println!("{cases} cases");
}

#[tokio::test]
async fn a_row_that_is_lost_or_doubled_is_found_out() {
    let scenario = Scenario::shop();
    let disk = Arc::new(Disk::default());
    scenario.deliver(&disk, 0).await;
    let expected = scenario.settle(&disk, &Select::all(), "one delivery").await;
    let mut doubled = expected.clone();
    let rows = doubled.get_mut("gold.fact_orders").unwrap();
    rows.push(rows[0].clone());
    assert!(contents::difference(&expected, &doubled).unwrap().contains("gold.fact_orders"));
    assert!(contents::difference(&doubled, &expected).unwrap().contains("gold.fact_orders"));
    assert_eq!(contents::difference(&expected, &expected), None);
}

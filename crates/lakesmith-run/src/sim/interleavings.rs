//! Two runners, step by step, in every order.
//!
//! Each stops six times on its way through one batch, so that their steps can be shuffled in 12!/(6!·6!) = 924 ways.

use super::clocks::skewed;
use super::contents::Contents;
use super::dice::{Dice, Tier, seed, wanted};
use super::gate::{AFTER_EACH_STEP, BEFORE_EACH_PUT, Gates};
use super::power::KINDS;
use super::scenario::{Runner, Scenario, Select};
use super::store::{Disk, Weather, Wire};
use crate::phase::Phase;
use chrono::Duration;
use std::sync::Arc;

const STEPS: u32 = 6;

/// Every order of six steps of one and six of the other: bit n says whose the n-th step is.
fn orders() -> Vec<u16> {
    (0..1 << (2 * STEPS)).filter(|order: &u16| order.count_ones() == STEPS).collect()
}

/// Some of them by chance, or all.
fn some(count: usize, dice: &mut Dice) -> Vec<u16> {
    let mut all = orders();
    while all.len() > count {
        let left_out = dice.below(all.len());
        all.swap_remove(left_out);
    }
    all
}

struct Race {
    scenario: Arc<Scenario>,
    flow: &'static str,
    later: bool,
    ready: Arc<Disk>,
    expected: Contents,
    /// 1, or 0 where there is nothing to do.
    batches: usize,
}

impl Race {
    async fn new(flow: &'static str, later: bool) -> Race {
        let scenario = Arc::new(Scenario::shop());
        let ready = scenario.ready(flow, later).await;
        let undisturbed = ready.fork();
        let expected = scenario.settle(&undisturbed, &Select::one(flow), flow).await;
        let batches = undisturbed.trace.count("commit_target");
        Race { scenario, flow, later, ready, expected, batches }
    }

    /// Runs one order. Both runners end well, and there is one batch. By `minutes` the second one's clock is ahead.
    async fn run(&self, order: u16, gates: Gates, minutes: i64) {
        let batch = if self.later { "later" } else { "first" };
        let case = format!("{} {batch} gates {} order {order:012b} clock {minutes:+}", self.flow, gates.len());
        if !wanted(&case) {
            return;
        }
        let disk = self.ready.fork();
        let select = Select::one(self.flow);
        let runner = |name| Runner::new(Wire::new(&disk, name, Weather::Calm));
        let mut a = runner("a").led(&self.scenario, &select, gates);
        let mut b = runner("b").with_clock(skewed(Duration::minutes(minutes))).led(&self.scenario, &select, gates);
        for step in 0..2 * STEPS {
            match order >> step & 1 {
                0 => a.step().await,
                _ => b.step().await,
            };
        }
        for (name, report) in [("a", a.finish().await), ("b", b.finish().await)] {
            let report = report.unwrap_or_else(|error| panic!("{case}: {name}: {error}"));
            assert!(report.succeeded(), "{case}: {name}: {:?}\n{}", report.flows[0].error, disk.trace.end());
        }
        assert_eq!(disk.trace.count("commit_target"), self.batches, "{case}:\n{}", disk.trace.end());
        self.scenario.check(&disk, &select, &self.expected, &case).await;
    }
}

#[tokio::test]
async fn w1_two_runners_in_every_order_make_one_batch() {
    let mut dice = Dice::new(seed());
    let race = Race::new("silver.sales_orders", true).await;
    let chosen = some(Tier::get().of(60, 924, 924), &mut dice);
    for order in &chosen {
        race.run(*order, AFTER_EACH_STEP, 0).await;
    }
    println!("{} orders", chosen.len());
}

#[tokio::test]
async fn w1_two_runners_of_every_kind_of_flow_make_one_batch() {
    let mut dice = Dice::new(seed() ^ 1);
    let count = Tier::get().of(2, 12, 231);
    let mut orders = 0;
    for flow in KINDS {
        for later in [false, true] {
            let race = Race::new(flow, later).await;
            for gates in [AFTER_EACH_STEP, BEFORE_EACH_PUT] {
                for order in some(count, &mut dice) {
                    race.run(order, gates, 0).await;
                    orders += 1;
                }
            }
        }
    }
    println!("{orders} orders");
}

#[tokio::test]
async fn w1_w8_two_runners_on_hosts_whose_clocks_differ_make_one_batch() {
    let mut dice = Dice::new(seed() ^ 2);
    let count = Tier::get().of(2, 15, 200);
    for flow in ["bronze.shop_orders", "silver.sales_orders"] {
        let race = Race::new(flow, true).await;
        for minutes in [-5, 5, -60] {
            for order in some(count, &mut dice) {
                race.run(order, BEFORE_EACH_PUT, minutes).await;
            }
        }
    }
}

/// A runner stops at a phase; another takes over, and does the next delivery too; the first one wakes.
async fn frozen(scenario: &Arc<Scenario>, flow: &str, phase: Phase, expected: &Contents) -> bool {
    let disk = Arc::new(Disk::default());
    for delivery in 0..2 {
        scenario.deliver(&disk, delivery).await;
        if delivery == 0 {
            scenario.settle(&disk, &Select::all(), "preparing").await;
        }
    }
    let mut first = Runner::new(Wire::new(&disk, "a", Weather::Calm)).led(scenario, &Select::all(), BOTH);
    if !first.until(flow, phase).await {
        return false;
    }
    let other = Runner::new(Wire::new(&disk, "b", Weather::Calm)).with_clock(skewed(Duration::minutes(10)));
    assert!(scenario.run(&other, &Select::all()).await.unwrap().succeeded());
    scenario.deliver(&disk, 2).await;
    assert!(scenario.run(&other, &Select::all()).await.unwrap().succeeded());
    let report = first.finish().await.unwrap();
    let case = format!("{flow} frozen at {phase}");
    assert!(report.succeeded(), "{case}: {report:?}");
    scenario.check(&disk, &Select::all(), expected, &case).await;
    true
}

const BOTH: Gates = &[
    Phase::Planned,
    Phase::Computing,
    Phase::FilesClosed,
    Phase::Recorded,
    Phase::Committing,
    Phase::CompanionCommitted,
    Phase::TargetCommitted,
];

#[tokio::test]
async fn w2_a_runner_that_was_frozen_is_fenced_by_the_commit() {
    let scenario = Arc::new(Scenario::shop());
    let expected = scenario.undisturbed().await;
    let mut cases = 0;
    for flow in Tier::get().of(&KINDS[1..2], &KINDS[..], &KINDS[..]) {
        for phase in BOTH {
            cases += usize::from(frozen(&scenario, flow, *phase, &expected).await);
        }
    }
    println!("{cases} cases");
}

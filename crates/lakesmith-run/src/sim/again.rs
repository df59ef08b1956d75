//! Tables that are computed again by today's project: what that gives is what a new lake would hold, whatever happens on
//! the way. The oracle is a lake that never knew another project.

use super::contents::{self, Contents};
use super::dice::{Dice, Tier, seed};
use super::gate::AFTER_EACH_STEP;
use super::scenario::{Runner, Scenario, Select};
use super::store::{Disk, LAKE, Weather, Wire};
use crate::refresh::Again;
use chrono::DateTime;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Files of the project, with what somebody edits in them: rules that judge otherwise, columns that say something else,
/// rows whose key is another one.
type Edits = &'static [(&'static str, &'static str, &'static str)];

const SHOP: Edits = &[
    ("silver/sales/orders.yaml", "check: amount > 0", "check: amount < 8"),
    ("silver/sales/orders.yaml", "{ from: customer, type: string }", "{ expr: \"upper(customer)\", type: string }"),
    ("silver/sales/customers.yaml", "{ from: id, type: string }", "{ expr: \"upper(id)\", type: string }"),
];
const MARKET: Edits = &[
    ("silver/sales/products.yaml", "label <> 'x'", "label <> 'two'"),
    ("silver/sales/order_lines.yaml", "{ from: line.Qty, type: int }", "{ expr: \"line.Qty * 10\", type: int }"),
    ("silver/sales/orders.yaml", "{ from: Day, type: date }", "{ expr: \"date_add(CAST(Day AS DATE), 1)\", type: date }"),
];
const EXCHANGE: Edits = &[
    ("silver/sales/orders.yaml", "order_date IS NOT NULL", "customer_id <> 'c7'"),
    ("silver/sales/orders.yaml", "{ from: Id, type: string }", "{ expr: \"lower(Id)\", type: string }"),
    (
        "silver/sales/customers.yaml",
        "{ from: Segment, type: string, default: none }",
        "{ expr: \"upper(Segment)\", type: string }",
    ),
    ("silver/sales/countries.yaml", "region: { type: string }", "region: { expr: \"upper(region)\", type: string }"),
];

fn scenarios() -> [(fn() -> Scenario, Edits); 3] {
    [(Scenario::shop, SHOP), (Scenario::market, MARKET), (Scenario::exchange, EXCHANGE)]
}

const WHOLE: Again = Again::Whole;

fn from_the_beginning() -> Again {
    Again::Since(DateTime::UNIX_EPOCH)
}

/// A lake after all deliveries.
async fn filled(scenario: &Scenario) -> Arc<Disk> {
    let disk = Arc::new(Disk::default());
    for delivery in 0..scenario.deliveries.len() {
        scenario.deliver(&disk, delivery).await;
        scenario.settle(&disk, &Select::all(), "preparing").await;
    }
    disk
}

async fn data_files(disk: &Disk) -> BTreeSet<String> {
    disk.objects(LAKE).await.into_keys().filter(|name| name.ends_with(".parquet") && !name.contains("_delta_log/")).collect()
}

/// Rows that were bad in a former state of their parent's row are kept, and no one reads that state again.
fn judged_today(contents: &Contents, scenario: &Scenario) -> Contents {
    let follows = |table: &String| scenario.name != "shop" && table == "silver.sales_order_lines_quarantine";
    contents.iter().filter(|(table, _)| !follows(table)).map(|(table, rows)| (table.clone(), rows.clone())).collect()
}

fn assert_same(expected: &Contents, found: &Contents, case: &str) {
    let differs = contents::difference(expected, found);
    assert!(differs.is_none(), "{case}: {}", differs.unwrap());
}

#[tokio::test]
async fn what_is_computed_again_by_the_same_definition_writes_no_data_file() {
    for (scenario, _) in scenarios() {
        let scenario = scenario();
        let disk = filled(&scenario).await;
        let before = scenario.settle(&disk, &Select::all(), "before").await;
        let files = data_files(&disk).await;
        for again in [WHOLE, from_the_beginning()] {
            let case = format!("{} {again:?}", scenario.name);
            let after = scenario.settle(&disk, &Select::again(again), &case).await;
            assert_same(&before, &after, &case);
            assert_eq!(data_files(&disk).await, files, "{case}");
        }
        // Nor do those who read the tables.
        let objects = disk.objects(LAKE).await.len();
        scenario.settle(&disk, &Select::all(), "after").await;
        assert_eq!(disk.objects(LAKE).await.len(), objects, "{}", scenario.name);
    }
}

#[tokio::test]
async fn a_full_refresh_gives_what_a_new_lake_would_hold() {
    for (scenario, edits) in scenarios() {
        let scenario = scenario();
        let disk = filled(&scenario).await;
        let edited = scenario.edited(edits);
        let new = filled(&edited).await;
        let expected = edited.settle(&new, &Select::all(), "a new lake").await;
        for again in [WHOLE, from_the_beginning()] {
            let case = format!("{} {again:?}", scenario.name);
            let found = edited.settle(&disk.fork(), &Select::again(again), &case).await;
            assert_same(&judged_today(&expected, &edited), &judged_today(&found, &edited), &case);
        }
        // Until somebody asks for it, rows stay as they were computed.
        let told = edited.settle(&disk.fork(), &Select::all(), "a plain run").await;
        assert!(contents::difference(&expected, &told).is_some(), "{}: the edits change nothing", scenario.name);
    }
}

#[tokio::test]
async fn c1_a_refresh_that_is_killed_at_each_phase_is_finished_or_begun_again() {
    let mut cases = 0;
    for (scenario, edits) in scenarios() {
        let scenario = scenario();
        let disk = filled(&scenario).await;
        let edited = Arc::new(scenario.edited(edits));
        for again in [WHOLE, from_the_beginning()] {
            let select = Select::again(again);
            let expected = edited.settle(&disk.fork(), &select, "undisturbed").await;
            for flow in ["silver.sales_orders", "silver.sales_customers", "gold.dim_customer"] {
                for phase in AFTER_EACH_STEP {
                    let disk = disk.fork();
                    let mut led = Runner::new(Wire::new(&disk, "a", Weather::Calm)).led(&edited, &select, AFTER_EACH_STEP);
                    if !led.until(flow, *phase).await {
                        continue;
                    }
                    led.kill().await;
                    // A plain run finishes what is recorded; what was not is asked for again.
                    edited.settle(&disk, &Select::all(), "the next run").await;
                    let case = format!("{} {again:?} {flow} killed at {phase}", scenario.name);
                    edited.check(&disk, &select, &expected, &case).await;
                    cases += 1;
                }
            }
        }
    }
    assert!(cases > 40, "{cases} cases");
    println!("{cases} cases");
}

#[tokio::test]
async fn w1_two_runners_refresh_at_once_or_one_of_them_goes_on() {
    let mut dice = Dice::new(seed() ^ 7);
    let mut orders = 0;
    for (scenario, edits) in scenarios() {
        let scenario = scenario();
        let ready = filled(&scenario).await;
        let edited = Arc::new(scenario.edited(edits));
        let expected = edited.settle(&ready.fork(), &Select::again(WHOLE), "undisturbed").await;
        for n in 0..Tier::get().of(4, 20, 200) {
            let disk = ready.fork();
            let runner = |name| Runner::new(Wire::new(&disk, name, Weather::Calm));
            let other = if n % 2 == 0 { Select::again(WHOLE) } else { Select::all() };
            let mut a = runner("a").led(&edited, &Select::again(WHOLE), AFTER_EACH_STEP);
            let mut b = runner("b").led(&edited, &other, AFTER_EACH_STEP);
            while !(a.has_ended() && b.has_ended()) {
                match dice.below(2) {
                    0 => a.step().await,
                    _ => b.step().await,
                };
            }
            let case = format!("{} order {n}", scenario.name);
            for led in [a, b] {
                let report = led.finish().await.unwrap_or_else(|error| panic!("{case}: {error}"));
                assert!(report.succeeded(), "{case}: {report:?}");
            }
            edited.check(&disk, &Select::all(), &expected, &case).await;
            orders += 1;
        }
    }
    println!("{orders} orders");
}

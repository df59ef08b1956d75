//! C1: the real binary dies at every step of a batch, and the next run makes the tables what they would have been.

use crate::contents::{Contents, assert_same, contents};
use crate::house::{Deliveries, House};
use crate::tier::{Dice, Tier, amount, seed, tally, tier};

/// Flows of the shop by how they write, and whether they have a companion.
const FLOWS: [(&str, &str, Option<&str>); 5] = [
    ("append", "bronze.shop_orders", Some("bronze.shop_orders_receipts")),
    ("replace keys", "silver.sales_orders", Some("silver.sales_orders_quarantine")),
    ("replace keys", "gold.dim_customer", None),
    ("replace keys", "gold.fact_sales", None),
    ("replace all", "gold.dim_date", None),
];

/// The steps of a batch, as `LAKESMITH_ABORT_AT` has them.
fn steps(flow: &str, companion: Option<&str>, batch: usize) -> Vec<String> {
    let mut steps: Vec<String> =
        ["planned", "computing", "files-closed"].iter().map(|phase| format!("{phase} {flow} {batch}")).collect();
    if let Some(companion) = companion {
        steps.push(format!("recorded {flow} {batch}"));
        steps.push(format!("committing {flow} {batch} {companion}"));
        steps.push(format!("companion-committed {flow} {batch} {companion}"));
    }
    steps.push(format!("committing {flow} {batch} {flow}"));
    steps.push(format!("target-committed {flow} {batch}"));
    steps
}

/// The shop before each delivery, and what its tables say after it.
fn shop() -> Vec<(House, Contents)> {
    let deliveries = Deliveries::of_house("shop");
    let house = House::new(&deliveries);
    let mut all = vec![];
    for n in 0..deliveries.len() {
        house.deliver(n);
        let before = house.copy();
        house.run();
        all.push((before, contents(&house)));
    }
    all
}

#[test]
fn c1_abort_at_every_step_of_a_batch() {
    let shop = shop();
    let mut cases: Vec<(usize, &str, String)> = vec![];
    for batch in 1..=2 {
        for (write, flow, companion) in FLOWS {
            cases.extend(steps(flow, companion, batch).into_iter().map(|step| (batch, write, step)));
        }
    }
    if tier() == Tier::Quick {
        let mut dice = Dice::of("steps", 0);
        while cases.len() > 12 {
            cases.remove(dice.below(cases.len()));
        }
    }
    for (batch, write, step) in &cases {
        let (before, expected) = &shop[batch - 1];
        let house = before.copy();
        let case = format!("{write}, {step}, seed {}", seed());
        assert!(house.run_and_abort(step), "{case}: the run did not come there");
        house.run();
        assert_same(&contents(&house), expected, &case);
    }
    tally("c1_abort_at_every_step_of_a_batch", &[("cases", cases.len()), ("aborts", cases.len())]);
}

/// A definition is edited, and the process dies while its table is computed again.
#[test]
fn c1_abort_at_every_step_of_a_refresh() {
    let deliveries = Deliveries::of_house("shop");
    let before = House::after(&deliveries, deliveries.len());
    let orders = "silver/sales/orders.yaml";
    let edited =
        before.text(orders).replace("amount > 0", "amount < 20").replace("{ from: customer,", "{ expr: \"upper(customer)\",");
    before.write(orders, &edited);
    let whole = before.copy();
    whole.refresh(None).report().unwrap();
    let expected = contents(&whole);
    assert_ne!(contents(&before), expected, "the edit changes nothing");
    let batches = |house: &House, flow: &str| -> u64 {
        let status = house.json(&["status", "--format", "json"]);
        let flows = status.as_array().or_else(|| status["flows"].as_array()).unwrap();
        flows.iter().find(|one| one["flow"] == flow).unwrap()["batch"].as_u64().unwrap()
    };
    let mut cases = vec![];
    for (_, flow, companion) in FLOWS.into_iter().filter(|(_, flow, _)| !flow.starts_with("bronze.")) {
        cases.extend(steps(flow, companion, batches(&before, flow) as usize + 1));
    }
    for step in &cases {
        let house = before.copy();
        let died = house.refresh(Some(step)).output();
        assert!(!died.status.success(), "{step}: the run did not come there");
        // A plain run finishes what is recorded. What was not is asked for again.
        house.run();
        house.refresh(None).report().unwrap();
        assert_same(&contents(&house), &expected, step);
    }
    tally("c1_abort_at_every_step_of_a_refresh", &[("cases", cases.len()), ("aborts", cases.len())]);
}

/// Before the first write of a run, before the second …, until a run passes; likewise with half a data file.
#[test]
fn c1_abort_at_the_nth_write() {
    let shop = shop();
    // Of the writes of each kind every n-th is tried, beginning with one that the dice choose.
    let stride = amount(16, 4, 1);
    let (mut aborts, mut writes) = (0, 0);
    for (kind, word) in [("before", ""), ("after", ""), ("half", ".parquet")] {
        for (delivery, (before, expected)) in shop.iter().enumerate().take(2) {
            let mut nth = 1 + Dice::of(kind, delivery).below(stride);
            loop {
                let words = format!("{kind} {nth} {word}");
                let house = before.copy();
                let aborted = house.run_and_abort(&words);
                if aborted {
                    house.run();
                }
                assert_same(&contents(&house), expected, &format!("delivery {}, {words}, seed {}", delivery + 1, seed()));
                if !aborted {
                    break;
                }
                (aborts, nth) = (aborts + 1, nth + stride);
            }
            writes += nth;
        }
    }
    assert!(aborts >= writes / stride / 2, "{aborts} aborts");
    tally("c1_abort_at_the_nth_write", &[("cases", aborts), ("aborts", aborts)]);
}

/// Twice in a row, the second time while the first one's batch is being finished.
#[test]
fn c1_abort_while_a_recorded_batch_is_finished() {
    let shop = shop();
    let (before, expected) = &shop[1];
    let (flow, companion) = ("silver.sales_orders", "silver.sales_orders_quarantine");
    let first = format!("recorded {flow} 2");
    let second = [
        format!("found {flow} 2"),
        format!("committing {flow} 2 {companion}"),
        format!("companion-committed {flow} 2 {companion}"),
        format!("committing {flow} 2 {flow}"),
        format!("target-committed {flow} 2"),
    ];
    for step in &second {
        let house = before.copy();
        assert!(house.run_and_abort(&first) && house.run_and_abort(step), "{step}");
        house.run();
        assert_same(&contents(&house), expected, step);
    }
    tally("c1_abort_while_a_recorded_batch_is_finished", &[("cases", second.len()), ("aborts", 2 * second.len())]);
}

/// Batches enough for a checkpoint: one file each.
#[test]
fn c1_abort_at_a_checkpoint() {
    let deliveries = Deliveries::of_house("shop");
    let house = House::new(&deliveries);
    house.deliver(0);
    house.write(
        "lakehouse.yaml",
        "lakehouse: shop\ncalendar: { start: 2024-03-01, end: 2024-03-10 }\ndefaults: { max_batch: 1B }\n",
    );
    for n in 0..24 {
        let row = format!(
            "{{\"id\":\"x{n}\",\"customer\":\"c1\",\"day\":\"2024-03-02\",\"amount\":{},\"updated\":\"2024-03-02 08:00:00\",\"Lines\":[]}}\n",
            n + 1
        );
        house.write(&format!("landing/orders/x{n:02}.json"), &row);
    }
    let before = house.copy();
    house.run();
    let expected = contents(&house);
    // Receipts and rows have one checkpoint each: the data of it, then the hint that names it.
    let mut steps = vec![];
    for kind in ["before", "after"] {
        for word in [".checkpoint.", "_last_checkpoint"] {
            steps.extend((1..=2).map(|nth| format!("{kind} {nth} {word}")));
        }
    }
    steps.truncate(amount(2, 8, 8));
    for words in &steps {
        let house = before.copy();
        assert!(house.run_and_abort(words), "{words}: no checkpoint is written");
        house.run();
        assert_same(&contents(&house), &expected, words);
    }
    tally("c1_abort_at_a_checkpoint", &[("cases", steps.len()), ("aborts", steps.len())]);
}

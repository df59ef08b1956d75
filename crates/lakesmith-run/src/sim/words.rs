//! What the project says of its tables is committed over a storage that fails, and beside a runner that says it otherwise.

use super::contents;
use super::gate::AFTER_EACH_STEP;
use super::nth_call::each_call;
use super::scenario::{Runner, Scenario, Select};
use super::store::{Disk, Weather, Wire};
use crate::phase::Phase;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The shop, and the same with other words.
fn shops() -> (Arc<Scenario>, Arc<Scenario>) {
    let text = include_str!("shop.txt");
    let edited = text
        .replace("--- silver/sales/orders.yaml\n", "--- silver/sales/orders.yaml\ndescription: What is ordered\n")
        .replace("order_id: { from: id, type: string }", "order_id: { from: id, type: string, description: The bill }")
        .replace("segment: { type: string }", "segment: { type: string, description: How large }")
        .replace("amount: { unit: EUR }", "amount: { unit: EUR, description: What it cost }");
    assert_ne!(text, edited);
    (Arc::new(Scenario::parse("shop", text)), Arc::new(Scenario::parse("words", &edited)))
}

/// Version of each table, and what it and its columns say of themselves.
async fn words(scenario: &Scenario, disk: &Arc<Disk>) -> BTreeMap<String, (i64, String)> {
    let lake = scenario.lake(&Runner::calm(disk)).await.unwrap();
    let mut all = BTreeMap::new();
    for (_, table) in lake.plan().tables() {
        let Some(held) = lake.snapshot(&table.name).await.unwrap() else { continue };
        let schema = held.schema();
        let comments = schema.fields().iter().map(|field| {
            let comment = field.metadata().get("comment").cloned().unwrap_or_default();
            format!("{}: {comment}", field.name())
        });
        let said = format!("{:?}; {}", held.metadata().description, comments.collect::<Vec<_>>().join("; "));
        all.insert(table.name.to_string(), (held.version(), said));
    }
    all
}

#[tokio::test]
async fn s3_words_are_committed_once_whichever_call_fails() {
    let (shop, edited) = shops();
    let ready = Arc::new(Disk::default());
    shop.deliver(&ready, 0).await;
    shop.settle(&ready, &Select::all(), "preparing").await;
    let before = words(&shop, &ready).await;
    let undisturbed = ready.fork();
    let expected = edited.settle(&undisturbed, &Select::all(), "undisturbed").await;
    let after = words(&edited, &undisturbed).await;
    let changed: Vec<&str> =
        after.iter().filter(|(name, words)| before[*name] != **words).map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        changed,
        [
            "gold.dim_customer",
            "gold.fact_orders",
            "silver.sales_customers",
            "silver.sales_customers_quarantine",
            "silver.sales_orders",
            "silver.sales_orders_quarantine"
        ]
    );
    for name in changed {
        assert_eq!(after[name].0, before[name].0 + 1, "{name}: one commit");
    }
    assert!(after["silver.sales_orders"].1.starts_with("Some(\"What is ordered\"); order_id: The bill;"), "{after:?}");

    let run = async |runner: &Runner| edited.run(runner, &Select::all()).await;
    let cases = each_call("words", &ready, run, async |disk, _, case| {
        let found = edited.settle(disk, &Select::all(), case).await;
        let differs = contents::difference(&expected, &found);
        assert!(differs.is_none(), "{case}: {}", differs.unwrap());
        assert_eq!(words(&edited, disk).await, after, "{case}");
    })
    .await;
    assert!(cases > 0 || std::env::var_os("LAKESMITH_CASE").is_some());
}

#[tokio::test]
async fn a_batch_under_way_stands_whoever_changes_the_words() {
    let (shop, edited) = shops();
    let expected = {
        let disk = Arc::new(Disk::default());
        for delivery in 0..2 {
            shop.deliver(&disk, delivery).await;
            shop.settle(&disk, &Select::all(), "undisturbed").await;
        }
        shop.settle(&disk, &Select::all(), "undisturbed").await
    };
    for flow in ["silver.sales_orders", "gold.fact_orders"] {
        for phase in [Phase::Planned, Phase::FilesClosed, Phase::Recorded, Phase::CompanionCommitted] {
            let case = format!("{flow} at {phase}");
            let disk = Arc::new(Disk::default());
            shop.deliver(&disk, 0).await;
            shop.settle(&disk, &Select::all(), &case).await;
            shop.deliver(&disk, 1).await;
            let mut led = Runner::new(Wire::new(&disk, "a", Weather::Calm)).led(&shop, &Select::all(), AFTER_EACH_STEP);
            if !led.until(flow, phase).await {
                // A flow without companions records nothing.
                continue;
            }
            edited.settle(&disk, &Select::one(flow), &case).await;
            assert!(led.ended().await, "{case}: {}", disk.trace.end());
            // Whoever runs last has the last word; nobody loses a row by it.
            for last in [&shop, &edited] {
                last.check(&disk, &Select::all(), &expected, &case).await;
            }
            let held = words(&edited, &disk).await;
            assert!(held["silver.sales_orders"].1.contains("order_id: The bill;"), "{case}: {held:?}");
        }
    }
}

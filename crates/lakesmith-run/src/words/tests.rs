//! Words that change, on real tables.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::batch::tests::{deliver, interrupted, objects, open, project, put, run_all};
use crate::report::FlowStatus;
use lakesmith_compile::TableName;
use std::fs;
use std::path::Path;

async fn held(root: &Path, table: &str) -> Snapshot {
    open(root).await.snapshot(&TableName::parse(table).unwrap()).await.unwrap().unwrap()
}

async fn comment(root: &Path, table: &str, column: &str) -> Option<String> {
    held(root, table).await.schema().field_with_name(column).unwrap().metadata().get("comment").cloned()
}

fn edit(root: &Path, path: &str, from: &str, to: &str) {
    let text = fs::read_to_string(root.join(path)).unwrap();
    assert!(text.contains(from), "{path}: {from}");
    put(root, path, &text.replace(from, to));
}

const ORDERS: &str = "silver/sales/orders.yaml";
const ID: &str = "order_id: { from: id, type: string }";

#[tokio::test]
async fn a_changed_description_is_one_commit_without_rows_and_concerns_nobody() {
    let folder = project();
    let root = folder.path();
    deliver(root, 0);
    assert!(run_all(root).await.succeeded());
    let versions = |names: &'static [&'static str]| async move {
        let mut all = vec![];
        for name in names {
            all.push(held(root, name).await.version());
        }
        all
    };
    const WITH: &[&str] = &["silver.sales_orders", "silver.sales_orders_quarantine", "gold.fact_orders"];
    const WITHOUT: &[&str] =
        &["bronze.shop_orders", "bronze.shop_orders_receipts", "silver.sales_customers", "gold.dim_customer", "gold.dim_date"];
    let before = (versions(WITH).await, versions(WITHOUT).await);
    let rows: Vec<_> = held(root, "gold.fact_orders").await.files().await.unwrap().iter().map(|file| file.path.clone()).collect();

    edit(root, ORDERS, "from: bronze.shop_orders", "description: What is ordered\nfrom: bronze.shop_orders");
    edit(root, ORDERS, ID, "order_id: { from: id, type: string, description: \"The bill's \\\"number\\\"\" }");
    let report = run_all(root).await;
    assert!(report.flows.iter().all(|flow| flow.status == FlowStatus::UpToDate), "{report:?}");
    assert_eq!(versions(WITH).await, before.0.iter().map(|version| version + 1).collect::<Vec<_>>());
    assert_eq!(versions(WITHOUT).await, before.1);
    for table in WITH {
        assert_eq!(comment(root, table, "order_id").await.as_deref(), Some("The bill's \"number\""), "{table}");
    }
    let orders = held(root, "silver.sales_orders").await;
    assert_eq!(orders.metadata().description.as_deref(), Some("What is ordered"));
    let files: Vec<_> =
        held(root, "gold.fact_orders").await.files().await.unwrap().iter().map(|file| file.path.clone()).collect();
    assert_eq!(files, rows);
    let lake = open(root).await;
    let newest = lake.history("silver.sales_orders", 1).await.unwrap().remove(0);
    assert_eq!((newest.operation.as_deref(), newest.files_added, newest.metadata), (Some(OPERATION), 0, true));
    assert_eq!(newest.parameters["columns"], "[\"order_id\"]");

    let before = objects(root);
    run_all(root).await;
    assert_eq!(objects(root), before, "what is said already is not said again");

    // Nothing that is gone from the project stays in the tables.
    edit(root, ORDERS, "description: What is ordered\n", "");
    run_all(root).await;
    assert_eq!(held(root, "silver.sales_orders").await.metadata().description, None);
    assert_eq!(comment(root, "silver.sales_orders", "order_id").await.as_deref(), Some("The bill's \"number\""));
}

#[tokio::test]
async fn words_come_with_the_batch_and_after_one_that_is_recorded() {
    let folder = project();
    let root = folder.path();
    deliver(root, 0);
    run_all(root).await;
    deliver(root, 1);
    let selected = |lake: &Lake| {
        std::collections::BTreeSet::from(
            ["bronze.shop_orders"].map(|name| lake.plan().flow(&TableName::parse(name).unwrap()).unwrap().name.clone()),
        )
    };
    let mut lake = open(root).await;
    let bronze = selected(&lake);
    assert!(lake.execute(&bronze, std::sync::Arc::new(|_| {})).await.unwrap().succeeded());
    interrupted(root, "silver.sales_orders", 0).await;
    edit(root, ORDERS, ID, "order_id: { from: id, type: string, description: The bill }");
    let report = run_all(root).await;
    assert!(report.succeeded(), "{report:?}");
    let orders = report.flows.iter().find(|flow| flow.flow.to_string() == "silver.sales_orders").unwrap();
    assert_eq!(orders.batches, [2], "the batch is finished as it was recorded");
    assert_eq!(comment(root, "silver.sales_orders", "order_id").await.as_deref(), Some("The bill"));
    assert_eq!(comment(root, "gold.fact_orders", "order_id").await.as_deref(), Some("The bill"));
    let before = objects(root);
    run_all(root).await;
    assert_eq!(objects(root), before);
}

#[tokio::test]
async fn who_is_slower_goes_on_without_a_word() {
    let folder = project();
    let root = folder.path();
    deliver(root, 0);
    run_all(root).await;
    edit(root, ORDERS, ID, "order_id: { from: id, type: string, description: The bill }");
    let lake = open(root).await;
    let flow = lake.plan().flow(&TableName::parse("silver.sales_orders").unwrap()).unwrap().clone();
    let seen = lake.snapshot(&flow.name).await.unwrap().unwrap();
    run_all(root).await;
    let version = held(root, "silver.sales_orders").await.version();
    assert_eq!(version, seen.version() + 1);
    let kept = keep(&lake, &flow, seen.clone(), 1).await.unwrap();
    assert_eq!(kept.version(), seen.version(), "the batch is planned on what was seen");
    assert_eq!(held(root, "silver.sales_orders").await.version(), version);
    // Before the first batch a table is as it was made: a first batch that failed may change it as a whole.
    edit(root, ORDERS, "description: The bill", "description: Other");
    let lake = open(root).await;
    let now = lake.snapshot(&flow.name).await.unwrap().unwrap();
    let flow = lake.plan().flow(&flow.name).unwrap().clone();
    assert_eq!(keep(&lake, &flow, now, 0).await.unwrap().version(), version);
}

#[tokio::test]
async fn words_of_others_stay_where_the_project_cannot_say_any() {
    let folder = project();
    let root = folder.path();
    deliver(root, 0);
    run_all(root).await;
    let lake = open(root).await;
    let bronze = held(root, "bronze.shop_orders").await;
    let by_hand = |name: &str| (name == "amount").then(|| Some("In euros".to_owned()));
    let (metadata, _) = bronze.metadata().commented(bronze.table(), None, by_hand).unwrap().unwrap();
    let info = CommitInfo { operation: "CHANGE COLUMN".to_owned(), parameters: BTreeMap::new(), info: BTreeMap::new() };
    lake.engine().commit(bronze.table(), bronze.version() + 1, &[Action::Metadata(metadata)], &info).await.unwrap();
    run_all(root).await;
    assert_eq!(comment(root, "bronze.shop_orders", "amount").await.as_deref(), Some("In euros"));
    let before = objects(root);
    run_all(root).await;
    assert_eq!(objects(root), before);
}

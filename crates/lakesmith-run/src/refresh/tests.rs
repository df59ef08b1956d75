//! What is computed again, row by row.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::batch::tests::{deliver, objects, open, project, put, run_all};
use crate::report::{FlowStatus, Report};
use arrow::util::pretty::pretty_format_batches;
use chrono::TimeDelta;
use lakesmith_compile::Selection;
use lakesmith_engine::delta::{Action, CommitInfo};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const ORDERS: &str = "silver/sales/orders.yaml";

/// A run that goes through, of which these are asked to read again.
async fn again(root: &Path, again: Again, select: &[&str]) -> Report {
    let mut lake = open(root).await;
    let select: Vec<String> = select.iter().map(|s| (*s).to_owned()).collect();
    let chosen = Selection { select: select.clone(), exclude: vec![] }.resolve(lake.plan(), lake.project()).unwrap();
    lake.read_again(again, &chosen, &select).unwrap();
    let report = lake.execute(&chosen, Arc::new(|_| {})).await.unwrap();
    assert!(report.succeeded(), "{report:?}");
    assert!(report.flows.iter().all(|flow| flow.outcomes.add_up()), "{report:?}");
    report
}

async fn refused(root: &Path, again: Again, select: &[&str]) -> (String, String) {
    let mut lake = open(root).await;
    let select: Vec<String> = select.iter().map(|s| (*s).to_owned()).collect();
    let chosen = Selection { select: select.clone(), exclude: vec![] }.resolve(lake.plan(), lake.project()).unwrap();
    match lake.read_again(again, &chosen, &select) {
        Err(RunError::NotAgain { reason, help }) => (reason, help),
        other => panic!("{other:?}"),
    }
}

async fn rows(root: &Path, sql: &str) -> String {
    let rows = open(root).await.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    let text = pretty_format_batches(&rows.batches).unwrap().to_string();
    let lines = text.lines().filter(|line| line.starts_with('|')).skip(1);
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}

fn edit(root: &Path, path: &str, from: &str, to: &str) {
    let text = fs::read_to_string(root.join(path)).unwrap();
    assert!(text.contains(from), "{path}: {from}");
    put(root, path, &text.replace(from, to));
}

async fn two_days() -> TempDir {
    let folder = project();
    for day in 0..2 {
        deliver(folder.path(), day);
        assert!(run_all(folder.path()).await.succeeded());
    }
    folder
}

fn data_files(root: &Path) -> Vec<String> {
    objects(root).into_iter().filter(|path| path.ends_with(".parquet")).collect()
}

/// Every row of the dimension with its key and its stamps, and the facts with theirs.
async fn keys(root: &Path) -> String {
    let members = "SELECT customer_id, effective_start_date, customer_key, _created_timestamp, _batch_id FROM gold.dim_customer ORDER BY customer_id, effective_start_date";
    let facts = "SELECT order_id, customer_key, _batch_id FROM gold.fact_orders ORDER BY order_id";
    rows(root, members).await + "\n" + &rows(root, facts).await
}

#[tokio::test]
async fn a_full_refresh_keeps_surrogate_keys_and_writes_no_data_file_where_nothing_differs() {
    let folder = two_days().await;
    let root = folder.path();
    let (files, before) = (data_files(root), keys(root).await);
    let report = again(root, Again::Whole, &[]).await;
    assert_eq!(data_files(root), files);
    assert_eq!(keys(root).await, before);
    for flow in &report.flows {
        let (name, status) = (flow.flow.to_string(), flow.status);
        let expected = if name.starts_with("bronze.") { FlowStatus::UpToDate } else { FlowStatus::Updated };
        assert_eq!(status, expected, "{name}");
        let out = flow.outcomes;
        assert_eq!((out.inserted, out.updated, out.removed), (0, 0, 0), "{name}: {out:?}");
    }
    // It was one batch of each, of which nobody hears.
    let objects_before = objects(root);
    let report = run_all(root).await;
    assert!(report.flows.iter().all(|flow| flow.status == FlowStatus::UpToDate), "{report:?}");
    assert_eq!(objects(root), objects_before);
    let history = open(root).await.history("silver.sales_orders", 1).await.unwrap();
    assert_eq!(history[0].info["again"], serde_json::json!("full_refresh"));
}

#[tokio::test]
async fn after_an_edit_only_the_rows_that_differ_are_written_again() {
    let folder = two_days().await;
    let root = folder.path();
    let stamps = "SELECT order_id, amount, _batch_id FROM silver.sales_orders ORDER BY order_id";
    assert_eq!(rows(root, stamps).await, "| A | 12.00 | 2 |\n| C | 5.50 | 1 |");
    let quarantined = "SELECT order_id, _failed_rules, _batch_id FROM silver.sales_orders_quarantine ORDER BY order_id";
    assert_eq!(rows(root, quarantined).await, "| B | [amount_positive] | 1 |\n| D | [order_date does not parse] | 2 |");
    // C says something else, B is good by now, the newest state of A is bad.
    edit(root, ORDERS, "{ from: amount, type", "{ expr: \"CASE WHEN id = 'C' THEN 6 ELSE amount END\", type");
    edit(root, ORDERS, "check: amount > 0", "check: amount < 11");
    again(root, Again::Whole, &["silver.sales_orders"]).await;
    assert_eq!(rows(root, stamps).await, "| A | 10.00 | 3 |\n| B | -1.00 | 3 |\n| C | 6.00 | 3 |");
    // So are two rows of A; what is known of D stands where it stood.
    let a = "| A | [amount_positive] | 3 |";
    assert_eq!(rows(root, quarantined).await, format!("{a}\n{a}\n| D | [order_date does not parse] | 2 |"));
}

#[tokio::test]
async fn a_window_reads_the_keys_that_reached_bronze_since_again() {
    let folder = project();
    let root = folder.path();
    deliver(root, 0);
    run_all(root).await;
    let between = chrono::Utc::now();
    deliver(root, 1);
    run_all(root).await;
    edit(root, ORDERS, "{ from: amount, type", "{ expr: \"amount * 2\", type");
    edit(root, ORDERS, "check: amount > 0", "check: amount < 23");
    again(root, Again::Since(between), &["silver.sales_orders+"]).await;
    // The newest state of A is bad by now: the one before it stays, which reached bronze earlier. C was not read again.
    let silver = "SELECT order_id, amount FROM silver.sales_orders ORDER BY order_id";
    assert_eq!(rows(root, silver).await, "| A | 20.00 |\n| C | 5.50 |");
    let quarantined = "SELECT order_id, amount, _failed_rules FROM silver.sales_orders_quarantine ORDER BY order_id";
    assert_eq!(
        rows(root, quarantined).await,
        "| A | 24.00 | [amount_positive] |\n| B | -1.00 | [amount_positive] |\n| D | 14.00 | [order_date does not parse] |"
    );
    // Gold takes what differs.
    let gold = "SELECT order_id, amount FROM gold.fact_orders ORDER BY order_id";
    assert_eq!(rows(root, gold).await, "| A | 20.00 |\n| C | 5.50 |");
    // With a window of everything it is the full refresh.
    again(root, Again::Since(between - TimeDelta::days(1)), &["silver.sales_orders+"]).await;
    let files = data_files(root);
    assert_eq!(rows(root, silver).await, "| A | 20.00 |\n| B | -2.00 |\n| C | 11.00 |");
    again(root, Again::Whole, &["silver.sales_orders+"]).await;
    assert_eq!(data_files(root), files);
}

#[tokio::test]
async fn a_version_that_goes_and_comes_back_has_another_key() {
    let folder = two_days().await;
    let root = folder.path();
    let versions = "SELECT effective_start_date, customer_key FROM gold.dim_customer WHERE customer_id = 'c1' ORDER BY 1";
    let before = rows(root, versions).await;
    let path = "silver/sales/customers.yaml";
    edit(root, path, "segment: { type: string }", "segment: { expr: \"'all'\", type: string }");
    again(root, Again::Whole, &["silver.sales_customers+"]).await;
    let first = before.lines().next().unwrap();
    assert_eq!(rows(root, versions).await, first, "one version, of the key that it had");
    edit(root, path, "segment: { expr: \"'all'\", type: string }", "segment: { type: string }");
    again(root, Again::Whole, &["silver.sales_customers+"]).await;
    let after = rows(root, versions).await;
    let key = |line: &str| line.split('|').nth(2).unwrap().trim().parse::<i64>().unwrap();
    let (old, new) = (before.lines().map(key).collect::<Vec<_>>(), after.lines().map(key).collect::<Vec<_>>());
    assert_eq!((old.len(), new.len(), new[0]), (2, 2, old[0]), "{after}");
    assert!(new[1] > 4, "a key that was given is never given again: {after}");
}

#[tokio::test]
async fn what_cannot_be_read_again_says_so_by_name() {
    let folder = two_days().await;
    let root = folder.path();
    let (reason, help) = refused(root, Again::Whole, &["bronze.shop_orders"]).await;
    assert!(reason.contains("`bronze.shop_orders` keeps rows as they came"), "{reason}");
    assert!(help.contains("`bronze.shop_orders+`") && help.contains("--from-source"), "{help}");
    let (reason, _) = refused(root, Again::Whole, &["layer:bronze"]).await;
    assert!(reason.contains("`bronze.shop_orders`"), "{reason}");
    let (reason, _) = refused(root, Again::Since(chrono::Utc::now()), &["gold.fact_orders"]).await;
    assert!(reason.contains("`gold.fact_orders` does not read bronze"), "{reason}");
    let (reason, _) = refused(root, Again::Since(chrono::Utc::now() + TimeDelta::days(1)), &[]).await;
    assert!(reason.contains("is yet to come"), "{reason}");
    put(root, "silver/web/visits.yaml", "from: bronze.shop_customers\nhistory: append\ncolumns:\n  id: { type: string }\n");
    let (reason, _) = refused(root, Again::Whole, &["silver.web_visits"]).await;
    assert!(reason.contains("`silver.web_visits` keeps every row as it came"), "{reason}");
    // Beside others they run as ever.
    let report = again(root, Again::Whole, &[]).await;
    assert_eq!(rows(root, "SELECT count(*) AS n FROM silver.web_visits").await, "| 4 |", "{report:?}");
    let report = again(root, Again::Whole, &[]).await;
    let visits = report.flows.iter().find(|flow| flow.flow.to_string() == "silver.web_visits").unwrap();
    assert_eq!(visits.status, FlowStatus::UpToDate);
}

#[tokio::test]
async fn what_bronze_has_lost_is_not_taken_from_silver() {
    let folder = two_days().await;
    let root = folder.path();
    let lake = open(root).await;
    let name = TableName::parse("bronze.shop_orders").unwrap();
    let held = lake.snapshot(&name).await.unwrap().unwrap();
    let files = held.files().await.unwrap();
    // Bronze lets nobody delete rows; so it says that they were moved.
    let mut remove = files[0].to_remove(0);
    if let Action::Remove(remove) = &mut remove {
        remove.data_change = false;
    }
    let info = CommitInfo { operation: "OPTIMIZE".to_owned(), ..CommitInfo::default() };
    lake.engine().commit(&lake.path(&name).unwrap(), held.version() + 1, &[remove], &info).await.unwrap();
    let before = rows(root, "SELECT * FROM silver.sales_orders ORDER BY order_id").await;
    let mut lake = open(root).await;
    let chosen: BTreeSet<TableName> = [TableName::parse("silver.sales_orders").unwrap()].into();
    lake.read_again(Again::Whole, &chosen, &[]).unwrap();
    let report = lake.execute(&chosen, Arc::new(|_| {})).await.unwrap();
    let said = report.flows[0].error.clone().unwrap();
    assert!(said.contains("`bronze.shop_orders` holds 3 rows, and its receipts tell of 6"), "{said}");
    assert_eq!(rows(root, "SELECT * FROM silver.sales_orders ORDER BY order_id").await, before);
}

/// Receipts alone are a batch of bronze, and nobody else's.
#[tokio::test]
async fn files_that_are_passed_over_concern_no_other_flow() {
    let folder = two_days().await;
    let root = folder.path();
    for round in 0..3_u64 {
        for path in ["orders/1.csv", "customers/2.csv"] {
            let file = fs::File::options().write(true).open(root.join("landing").join(path)).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(60 * (round + 1))).unwrap();
        }
        let report = run_all(root).await;
        for flow in &report.flows {
            let bronze = flow.flow.to_string().starts_with("bronze.");
            assert_eq!(flow.status == FlowStatus::Updated, bronze, "{flow:?}");
        }
        let standing = open(root).await.status().await.unwrap();
        assert!(standing.iter().all(|flow| flow.behind.is_empty()), "{standing:?}");
        let before = objects(root);
        assert!(run_all(root).await.flows.iter().all(|flow| flow.status == FlowStatus::UpToDate));
        assert_eq!(objects(root), before);
    }
    // What comes after them arrives.
    put(root, "landing/orders/3.csv", "id,customer,day,amount,updated\nE,c1,2024-03-05,3,2024-03-05 08:00:00\n");
    run_all(root).await;
    assert_eq!(rows(root, "SELECT amount FROM gold.fact_orders WHERE order_id = 'E'").await, "| 3.00 |");
}

//! A lake that reads the tables of another one: what it has after each of their versions, and why it stops.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::accept::Acceptance;
use crate::batch::tests::{compact, deliver, interrupted, objects, open, project, put, run_all};
use crate::report::{FlowReport, FlowStatus};
use arrow::util::pretty::pretty_format_batches;
use lakesmith_sql::DataType;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A lake whose source is a folder of tables.
fn reader(tables: &Path, yaml: &str, silver: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    put(folder.path(), "lakehouse.yaml", "lakehouse: copy\n");
    put(folder.path(), "sources/up.yaml", &format!("source: up\ntype: delta\npath: {}\ntables:\n{yaml}", tables.display()));
    for (path, text) in silver {
        put(folder.path(), path, text);
    }
    folder
}

async fn rows(root: &Path, sql: &str) -> String {
    pretty_format_batches(&open(root).await.query(sql).await.unwrap().batches).unwrap().to_string()
}

async fn flow(root: &Path, name: &str) -> FlowReport {
    let report = run_all(root).await;
    report.flows.into_iter().find(|flow| flow.flow.to_string() == name).unwrap()
}

/// Fails unless a flow stops with a reason and a help.
async fn stops(root: &Path, name: &str, reason: &str, help: &str) {
    let report = flow(root, name).await;
    assert_eq!(report.status, FlowStatus::Failed, "{report:?}");
    let fault = report.fault.unwrap();
    let said = fault.help.as_ref().map(ToString::to_string).unwrap_or_default();
    assert!(fault.message.contains(reason) && said.contains(help), "{} / {said}", fault.message);
}

const LATEST: &str = "from: bronze.up_orders\nkey: [order_id]\ncolumns:\n  order_id: {}\n  amount: {}\n";
const ORDERS: &str = "SELECT order_id, amount FROM silver.sales_orders ORDER BY order_id";

/// Gives the orders a further state: `line` as the files have it.
fn state(upstream: &Path, file: &str, line: &str) {
    put(&upstream.join("landing"), &format!("orders/{file}.csv"), &format!("id,customer,day,amount,updated\n{line}\n"));
}

#[tokio::test]
async fn a_table_that_is_appended_to_is_read_version_by_version() {
    let up = project();
    deliver(up.path(), 0);
    run_all(up.path()).await;
    let copy = reader(&up.path().join(".lake"), "  orders: { path: bronze/shop/orders }\n", &[]);
    let sql = "SELECT id, amount FROM bronze.up_orders ORDER BY id, amount";
    let theirs = "SELECT id, amount FROM bronze.shop_orders ORDER BY id, amount";
    let first = flow(copy.path(), "bronze.up_orders").await;
    assert_eq!((first.batches, first.outcomes.inserted), (vec![1], 3));
    assert_eq!(rows(copy.path(), sql).await, rows(up.path(), theirs).await);

    let before = objects(copy.path());
    assert_eq!(flow(copy.path(), "bronze.up_orders").await.status, FlowStatus::UpToDate);
    assert_eq!(objects(copy.path()), before, "nothing new, nothing written");

    deliver(up.path(), 1);
    run_all(up.path()).await;
    state(up.path(), "3", "E,c1,2024-03-05,1,2024-03-05 08:00:00");
    run_all(up.path()).await;
    let then = flow(copy.path(), "bronze.up_orders").await;
    assert_eq!((then.batches, then.outcomes.inserted, then.counts.get("versions")), (vec![2], 4, Some(&2)));
    assert_eq!(rows(copy.path(), sql).await, rows(up.path(), theirs).await);

    let places = "SELECT _source_file, count(*) AS n, min(_source_position) AS low, max(_source_position) AS high, \
                  count(DISTINCT _source_modified) AS moments FROM bronze.up_orders GROUP BY _source_file ORDER BY _source_file";
    let expected = "\
+-----------------------+---+-----+------+---------+
| _source_file          | n | low | high | moments |
+-----------------------+---+-----+------+---------+
| bronze/shop/orders@v1 | 3 | 0   | 2    | 1       |
| bronze/shop/orders@v2 | 3 | 0   | 2    | 1       |
| bronze/shop/orders@v3 | 1 | 0   | 0    | 1       |
+-----------------------+---+-----+------+---------+";
    assert_eq!(rows(copy.path(), places).await, expected);
    let receipts = "SELECT r.version, r.reading, r.rows, r.operation, r.modified = max(b._source_modified) AS same \
                    FROM bronze.up_orders_receipts r JOIN bronze.up_orders b ON r.path = b._source_file \
                    GROUP BY r.version, r.reading, r.rows, r.operation, r.modified ORDER BY r.version";
    let expected = "\
+---------+----------+------+-----------+------+
| version | reading  | rows | operation | same |
+---------+----------+------+-----------+------+
| 1       | snapshot | 3    |           | true |
| 2       | appends  | 3    | WRITE     | true |
| 3       | appends  | 1    | WRITE     | true |
+---------+----------+------+-----------+------+";
    assert_eq!(rows(copy.path(), receipts).await, expected);
    // The names of lakesmith's own columns are taken: theirs got others.
    assert!(
        rows(copy.path(), "SELECT DISTINCT _source_system_2 AS theirs, _source_system AS ours FROM bronze.up_orders")
            .await
            .contains("| shop   | up   |")
    );
}

#[tokio::test]
async fn rows_of_a_file_that_was_compacted_since_are_read_as_they_were_appended() {
    let up = project();
    deliver(up.path(), 0);
    run_all(up.path()).await;
    let copy = reader(&up.path().join(".lake"), "  orders: { path: bronze/shop/orders }\n", &[]);
    run_all(copy.path()).await;
    deliver(up.path(), 1);
    run_all(up.path()).await;
    // The file of either version may be the one.
    compact(up.path(), "bronze.shop_orders", "compacted.parquet").await;
    compact(up.path(), "bronze.shop_orders", "compacted-too.parquet").await;
    let then = flow(copy.path(), "bronze.up_orders").await;
    assert_eq!((then.status, then.outcomes.inserted), (FlowStatus::Updated, 3));
    let versions =
        rows(copy.path(), "SELECT _source_file, count(*) AS n FROM bronze.up_orders GROUP BY _source_file ORDER BY 1").await;
    assert!(versions.contains("@v1 | 3 |") && versions.contains("@v2 | 3 |") && !versions.contains("@v3"), "{versions}");
    assert_eq!(flow(copy.path(), "bronze.up_orders").await.status, FlowStatus::UpToDate, "the compactions are behind us too");
}

#[tokio::test]
async fn change_data_makes_the_same_table_as_it_came_from() {
    let up = project();
    deliver(up.path(), 0);
    run_all(up.path()).await;
    let yaml = "  orders: { path: silver/sales/orders, change_capture: cdc }\n";
    let copy = reader(&up.path().join(".lake"), yaml, &[("silver/sales/orders.yaml", LATEST)]);
    for day in 0..3 {
        match day {
            0 => {}
            1 => deliver(up.path(), 1),
            _ => state(up.path(), "3", "A,c1,2024-03-01,13,2024-03-09 08:00:00"),
        }
        run_all(up.path()).await;
        assert!(run_all(copy.path()).await.succeeded());
        assert_eq!(rows(copy.path(), ORDERS).await, rows(up.path(), ORDERS).await, "day {day}");
    }
    let words = rows(
        copy.path(),
        "SELECT order_id, amount, _operation FROM bronze.up_orders WHERE order_id = 'A' ORDER BY _source_modified",
    )
    .await;
    let expected = "\
| A        | 10.00  | insert     |
| A        | 12.00  | update     |
| A        | 13.00  | update     |";
    assert!(words.contains(expected), "{words}");
}

#[tokio::test]
async fn rewritten_rows_stop_who_expects_appends_unless_it_says_otherwise() {
    let up = project();
    deliver(up.path(), 0);
    run_all(up.path()).await;
    let yaml = "  orders: { path: silver/sales/orders }\n  again: { path: silver/sales/orders, on_change: new_version }\n  passed: { path: silver/sales/orders, on_change: ignore }\n";
    let again = LATEST.replace("up_orders", "up_again");
    let copy = reader(&up.path().join(".lake"), yaml, &[("silver/sales/orders.yaml", &again)]);
    run_all(copy.path()).await;
    deliver(up.path(), 1);
    run_all(up.path()).await;
    stops(copy.path(), "bronze.up_orders", "(MERGE) rewrote or deleted rows", "`change_capture: cdc`").await;
    assert_eq!(rows(copy.path(), ORDERS).await, rows(up.path(), ORDERS).await);
    let passed = rows(copy.path(), "SELECT reading, rows FROM bronze.up_passed_receipts ORDER BY version").await;
    assert!(passed.contains("| snapshot    | 2    |") && passed.contains("| passed_over | 0    |"), "{passed}");
}

#[tokio::test]
async fn whole_snapshots_delete_what_they_lack() {
    let up = project();
    deliver(up.path(), 0);
    // A full load at the source: each file is one snapshot.
    put(
        up.path(),
        "sources/shop.yaml",
        "source: shop\ntype: files\npath: landing/\ntables:\n  orders: { path: \"orders/*.csv\", format: csv, change_capture: full, deletes: missing_keys, max_delete_fraction: 1 }\n  customers: { path: \"customers/*.csv\", format: csv }\n",
    );
    run_all(up.path()).await;
    let yaml = "  orders: { path: silver/sales/orders, change_capture: full, deletes: missing_keys, max_delete_fraction: 1 }\n";
    let copy = reader(&up.path().join(".lake"), yaml, &[("silver/sales/orders.yaml", LATEST)]);
    assert!(run_all(copy.path()).await.succeeded());
    assert!(rows(copy.path(), ORDERS).await.contains("| C        | 5.50   |"));
    state(up.path(), "9", "A,c1,2024-03-01,14,2024-03-09 08:00:00");
    assert!(run_all(up.path()).await.succeeded());
    assert!(run_all(copy.path()).await.succeeded());
    let now = rows(copy.path(), ORDERS).await;
    assert_eq!(now, rows(up.path(), ORDERS).await);
    assert!(now.contains("| A        | 14.00  |") && !now.contains("| C "), "{now}");
    // A compaction changes no rows: no further snapshot.
    compact(up.path(), "silver.sales_orders", "compacted.parquet").await;
    assert_eq!(flow(copy.path(), "bronze.up_orders").await.status, FlowStatus::UpToDate);
}

#[tokio::test]
async fn w5_history_that_is_gone_is_told_and_a_whole_load_goes_on() {
    let up = project();
    deliver(up.path(), 0);
    run_all(up.path()).await;
    let yaml = "  orders: { path: bronze/shop/orders }\n  whole: { path: bronze/shop/orders, change_capture: full }\n";
    let copy = reader(&up.path().join(".lake"), yaml, &[]);
    run_all(copy.path()).await;
    deliver(up.path(), 1);
    run_all(up.path()).await;
    // A vacuumed file.
    let table = up.path().join(".lake/bronze/shop/orders");
    let added = open(up.path()).await.storage().commit_actions(&"bronze/shop/orders".into(), 2).await.unwrap();
    let path = added.into_iter().find_map(|action| match action {
        lakesmith_engine::delta::Action::Add(add) => Some(add.path),
        _ => None,
    });
    let (file, aside) = (table.join(path.unwrap()), up.path().join("aside"));
    fs::rename(&file, &aside).unwrap();
    stops(copy.path(), "bronze.up_orders", "is gone, which version 2 names", "run more often than it is vacuumed").await;
    fs::rename(&aside, &file).unwrap();
    // A log that was cleaned up behind a checkpoint.
    for n in 0..20 {
        state(up.path(), &format!("more-{n}"), &format!("M{n},c1,2024-03-05,1,2024-03-05 08:00:00"));
        run_all(up.path()).await;
    }
    assert!(table.join("_delta_log/_last_checkpoint").exists());
    for version in 0..=2 {
        fs::remove_file(table.join(format!("_delta_log/{version:020}.json"))).unwrap();
    }
    stops(copy.path(), "bronze.up_orders", "its log no longer has version 2", "give it another name").await;
    let sql = "SELECT max(_batch_id) AS batch, count(*) AS n FROM bronze.up_whole WHERE _batch_id = 2";
    assert!(rows(copy.path(), sql).await.contains("| 2     | 26 |"), "the whole table was taken");
}

#[tokio::test]
async fn w9_another_table_at_the_same_place_is_not_taken_for_the_one_that_was_read() {
    let up = project();
    deliver(up.path(), 0);
    run_all(up.path()).await;
    let copy = reader(&up.path().join(".lake"), "  orders: { path: bronze/shop/orders }\n", &[]);
    run_all(copy.path()).await;
    fs::remove_dir_all(up.path().join(".lake")).unwrap();
    stops(copy.path(), "bronze.up_orders", "there is no Delta table at", "`_delta_log`").await;
    deliver(up.path(), 1);
    run_all(up.path()).await;
    stops(copy.path(), "bronze.up_orders", "another table lies there than the one that was read up to version 1", "another name")
        .await;
}

#[tokio::test]
async fn a_table_of_the_same_lake_is_no_source() {
    let up = project();
    deliver(up.path(), 0);
    run_all(up.path()).await;
    put(
        up.path(),
        "sources/self.yaml",
        "source: self\ntype: delta\npath: .lake\ntables: { orders: { path: silver/sales/orders } }\n",
    );
    stops(up.path(), "bronze.self_orders", "it is `silver.sales_orders`, a table of this lake", "`from: silver.sales_orders`")
        .await;
    assert!(run_all(up.path()).await.flows.iter().filter(|flow| flow.status == FlowStatus::Failed).count() == 1);
}

#[tokio::test]
async fn c7_a_recorded_batch_of_versions_is_finished_once_or_computed_again_from_the_same_versions() {
    for commits in 0..=2 {
        let up = project();
        deliver(up.path(), 0);
        run_all(up.path()).await;
        let copy = reader(&up.path().join(".lake"), "  orders: { path: bronze/shop/orders }\n", &[]);
        run_all(copy.path()).await;
        deliver(up.path(), 1);
        run_all(up.path()).await;
        interrupted(copy.path(), "bronze.up_orders", commits).await;
        // More came in between: it belongs to the next batch.
        state(up.path(), "3", "E,c1,2024-03-05,1,2024-03-05 08:00:00");
        run_all(up.path()).await;
        if commits == 0 {
            // The recorded files went with the table: both batches are computed again.
            fs::remove_dir_all(copy.path().join(".lake/bronze/up/orders")).unwrap();
        }
        assert!(run_all(copy.path()).await.succeeded());
        let batches =
            rows(copy.path(), "SELECT _batch_id, count(*) AS n FROM bronze.up_orders GROUP BY _batch_id ORDER BY 1").await;
        let expected = "| 1         | 3 |\n| 2         | 3 |\n| 3         | 1 |";
        assert!(batches.contains(expected), "{commits}: {batches}");
    }
}

/// The commands' own way to accept columns.
async fn accept(root: &Path, what: &str, ty: Option<DataType>) {
    let acceptance = Acceptance { what: what.to_owned(), ty, ..Acceptance::default() };
    open(root).await.accept(&acceptance).await.unwrap();
}

#[tokio::test]
async fn new_columns_follow_the_policy() {
    let up = project();
    deliver(up.path(), 0);
    run_all(up.path()).await;
    let yaml = ["add_columns", "rescue", "none", "fail"]
        .map(|policy| format!("  t_{policy}: {{ path: bronze/shop/orders, schema_evolution: {policy} }}\n"))
        .concat();
    let copy = reader(&up.path().join(".lake"), &yaml, &[]);
    assert!(run_all(copy.path()).await.succeeded());
    let more = "id,customer,day,amount,updated,note\nE,c1,2024-03-05,1,2024-03-05 08:00:00,hello\n";
    put(&up.path().join("landing"), "orders/3.csv", more);
    run_all(up.path()).await;

    stops(copy.path(), "bronze.up_t_fail", "new column `note` STRING", "`lakesmith schema accept bronze.up_t_fail`").await;
    let added = rows(copy.path(), "SELECT id, note FROM bronze.up_t_add_columns WHERE note IS NOT NULL").await;
    assert!(added.contains("| E  | hello |"), "{added}");
    for (policy, kept) in [("rescue", r#"| E  | {"note":"hello"} |"#), ("none", "| E  |               |")] {
        let sql = format!("SELECT id, _rescued_data FROM bronze.up_t_{policy} WHERE id = 'E'");
        let row = rows(copy.path(), &sql).await;
        assert!(row.contains(kept), "{policy}: {row}");
    }
    assert!(!rows(copy.path(), "SELECT * FROM bronze.up_t_none").await.contains("hello"));

    // With consent the column is there, and what was rescued is in it.
    accept(copy.path(), "bronze.up_t_fail", None).await;
    accept(copy.path(), "bronze.up_t_rescue.note", Some(DataType::String)).await;
    assert!(run_all(copy.path()).await.succeeded());
    for policy in ["fail", "rescue"] {
        let sql = format!("SELECT id, note FROM bronze.up_t_{policy} WHERE note IS NOT NULL");
        let row = rows(copy.path(), &sql).await;
        assert!(row.contains("| E  | hello |"), "{policy}: {row}");
    }
}

#[tokio::test]
async fn a_type_that_does_not_fit_stops_the_flow_until_it_is_accepted() {
    let up = project();
    deliver(up.path(), 0);
    run_all(up.path()).await;
    let yaml = "  orders: { path: bronze/shop/orders, change_capture: full }\n";
    let copy = reader(&up.path().join(".lake"), yaml, &[]);
    assert!(run_all(copy.path()).await.succeeded());
    accept(up.path(), "bronze.shop_orders.amount", Some(DataType::String)).await;
    deliver(up.path(), 1);
    run_all(up.path()).await;
    let command = "`lakesmith schema accept bronze.up_orders.amount --type string`";
    stops(copy.path(), "bronze.up_orders", "`amount` widened from DOUBLE to STRING", command).await;
    accept(copy.path(), "bronze.up_orders.amount", Some(DataType::String)).await;
    let then = flow(copy.path(), "bronze.up_orders").await;
    assert_eq!((then.status, then.outcomes.inserted), (FlowStatus::Updated, 6));
    assert_eq!(flow(copy.path(), "bronze.up_orders").await.status, FlowStatus::UpToDate);
}

#[test]
fn times_go_on_with_the_versions_whatever_clocks_say() {
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    let version = |number, seconds| Version { number, modified: at(seconds), operation: None, bytes: None, passed_over: false };
    let mut versions = [version(4, 50), version(5, 100), version(6, 99), version(7, 100)];
    forward(&mut versions, Some(at(60)));
    let micros: Vec<i64> = versions.iter().map(|version| version.modified.timestamp_micros()).collect();
    assert_eq!(micros, [60_000_001, 100_000_000, 100_000_001, 100_000_002]);
}

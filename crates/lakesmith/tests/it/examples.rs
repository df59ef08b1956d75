//! The examples, run as a newcomer runs them; and other programs that read their tables.

use crate::{lakesmith, read_alike};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A copy of an example, with the landing files that `arrived` lets through.
pub(crate) fn example(name: &str, arrived: impl Fn(&str) -> bool) -> TempDir {
    let copy = TempDir::new().unwrap();
    deliver(name, copy.path(), arrived);
    copy
}

pub(crate) fn deliver(name: &str, to: &Path, arrived: impl Fn(&str) -> bool) {
    let root = PathBuf::from(REPOSITORY).join("examples").join(name);
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            let relative = path.strip_prefix(&root).unwrap();
            if entry.file_name() == ".lake" || to.join(relative).is_file() {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if !relative.starts_with("landing") || arrived(&relative.display().to_string()) {
                let target = to.join(relative);
                fs::create_dir_all(target.parent().unwrap()).unwrap();
                fs::copy(&path, &target).unwrap();
            }
        }
    }
}

pub(crate) fn run(project: &Path) {
    let output = lakesmith().current_dir(project).args(["run", "--format", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    for flow in report["flows"].as_array().unwrap() {
        let count = |word: &str| flow["outcomes"][word].as_u64().unwrap();
        let outcomes = ["inserted", "updated", "unchanged", "superseded", "quarantined", "dropped", "deleted"];
        assert_eq!(count("read"), outcomes.iter().map(|word| count(word)).sum::<u64>(), "{flow}");
    }
}

pub(crate) fn query(project: &Path, sql: &str) -> Vec<Value> {
    let output = lakesmith().current_dir(project).args(["query", "--format", "json", sql]).output().unwrap();
    assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn files(project: &Path) -> BTreeMap<PathBuf, u64> {
    let (mut all, mut folders) = (BTreeMap::new(), vec![project.join(".lake")]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => drop(all.insert(entry.path(), entry.metadata().unwrap().len())),
            }
        }
    }
    all
}

#[test]
fn superstore_answers_with_its_known_totals_and_a_second_run_writes_nothing() {
    let project = example("superstore", |_| true);
    run(project.path());
    let totals = "SELECT count(*) AS lines, count(DISTINCT order_id) AS orders, sum(sales) AS sales, sum(profit) AS profit FROM gold.fact_sales";
    let expected = serde_json::json!([{ "lines": 9994, "orders": 5009, "sales": "2297200.8603", "profit": "286397.0217" }]);
    assert_eq!(Value::from(query(project.path(), totals)), expected);
    let products = "SELECT count(*) AS pairs, count(DISTINCT product_id) AS ids FROM gold.dim_product WHERE product_key <> -1";
    assert_eq!(Value::from(query(project.path(), products)), serde_json::json!([{ "pairs": 1894, "ids": 1862 }]));
    let missing = "SELECT count(*) AS n FROM gold.fact_sales WHERE -1 IN (date_key, ship_date_key, customer_key, product_key, geography_key)";
    assert_eq!(Value::from(query(project.path(), missing)), serde_json::json!([{ "n": 0 }]));
    let before = files(project.path());
    run(project.path());
    assert_eq!(files(project.path()), before);
}

/// What the README shows of a project with two slips is what is said of it, no fault more.
#[test]
fn the_readme_shows_the_faults_that_are_said() {
    let project = example("retail", |_| true);
    let file = project.path().join("silver/sales/orders.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let slips = text
        .replace("{ from: TotalAmount, type:", "{ from: TotalAmount, typ:")
        .replace("check: order_amount >=", "check: order_amont >=");
    assert_ne!(slips, text);
    fs::write(&file, slips).unwrap();
    let output = lakesmith().current_dir(project.path()).arg("validate").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let readme = fs::read_to_string(Path::new(REPOSITORY).join("README.md")).unwrap();
    assert!(said.ends_with("\n2 errors\n") && readme.contains(&said), "{said}");
}

/// Every format and every flaw: the tables and the receipts are those of `expected/`, also after a second run.
#[test]
fn files_of_every_format_arrive_as_expected() {
    let project = example("files", |_| true);
    for _ in 0..2 {
        run(project.path());
        let mut compared = 0;
        for entry in fs::read_dir(project.path().join("expected")).unwrap().map(Result::unwrap) {
            let (name, expected) =
                (entry.path().file_stem().unwrap().display().to_string(), fs::read_to_string(entry.path()).unwrap());
            let layer = if name.starts_with("drop_") { "bronze" } else { "silver" };
            let columns: Vec<String> = expected.lines().next().unwrap().split(',').map(|column| format!("`{column}`")).collect();
            let order = match name.as_str() {
                "sales_orders" => "order_id",
                name if name.ends_with("_receipts") => "path",
                _ => "_source_file, _source_position",
            };
            let sql = format!("SELECT {} FROM {layer}.{name} ORDER BY {order}", columns.join(", "));
            let output = lakesmith().current_dir(project.path()).args(["query", "--format", "csv", &sql]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{name}: {}", String::from_utf8_lossy(&output.stderr));
            compared += 1;
        }
        assert_eq!(compared, 21);
    }
}

/// What the retail tables say, keys and stamps aside.
fn retail(project: &Path) -> BTreeMap<&'static str, Vec<Value>> {
    retail_by(|sql| query(project, sql))
}

/// The same, by any way to ask.
pub(crate) fn retail_by(query: impl Fn(&str) -> Vec<Value>) -> BTreeMap<&'static str, Vec<Value>> {
    let tables = [
        ("customers", "SELECT customer_id, customer_name, customer_email, customer_segment, updated_at FROM silver.sales_customers ORDER BY customer_id, updated_at"),
        ("orders", "SELECT order_id, customer_id, order_date, order_amount, updated_at FROM silver.sales_orders ORDER BY order_id"),
        ("lines", "SELECT order_id, order_line_number, product_id, quantity, total_amount FROM silver.sales_order_lines ORDER BY order_id, order_line_number"),
        ("bad orders", "SELECT order_id, _failed_rules, _raw FROM silver.sales_orders_quarantine ORDER BY _raw"),
        ("versions", "SELECT customer_id, customer_segment, customer_email, effective_start_date, effective_end_date, is_current FROM gold.dim_customer ORDER BY customer_id, effective_start_date"),
        (
            "facts",
            "SELECT f.order_id, f.order_line_number, f.date_key, c.customer_id, c.effective_start_date, p.product_id, f.total_amount
             FROM gold.fact_sales f JOIN gold.dim_customer c ON f.customer_key = c.customer_key
             JOIN gold.dim_product p ON f.product_key = p.product_key ORDER BY f.order_id, f.order_line_number",
        ),
    ];
    tables.into_iter().map(|(name, sql)| (name, raw_without_stamps(query(sql)))).collect()
}

/// `_raw` holds the row as bronze has it, with the batch and the time it came in.
fn raw_without_stamps(mut rows: Vec<Value>) -> Vec<Value> {
    for row in &mut rows {
        let Some(raw) = row.get("_raw").and_then(Value::as_str) else { continue };
        let mut raw: Value = serde_json::from_str(raw).unwrap();
        raw.as_object_mut().unwrap().retain(|name, _| !name.starts_with('_'));
        row["_raw"] = raw;
    }
    rows.sort_by_key(ToString::to_string);
    rows
}

#[test]
fn retail_is_the_same_in_two_deliveries_and_in_one() {
    let once = example("retail", |_| true);
    run(once.path());
    let twice = example("retail", |file| file.contains("_d1_"));
    run(twice.path());
    deliver("retail", twice.path(), |_| true);
    run(twice.path());
    let (once, twice) = (retail(once.path()), retail(twice.path()));
    for (name, rows) in &once {
        assert!(!rows.is_empty(), "{name}");
        assert_eq!(rows, &twice[name], "{name}");
    }
}

/// Every table at every version: first what came in one delivery, then what a second one changed.
#[test]
fn duckdb_polars_and_delta_rs_read_the_same_rows() {
    for (name, first) in [("superstore", ""), ("retail", "_d1_")] {
        let project = example(name, |file| file.contains(first));
        run(project.path());
        if !first.is_empty() {
            deliver(name, project.path(), |_| true);
            run(project.path());
        }
        read_alike(project.path());
    }
}

#[test]
fn generated_pages_are_fresh() {
    for (command, page) in [("reference", "docs/src/reference/project.md"), ("cli-reference", "docs/src/reference/cli.md")] {
        let output = lakesmith().arg(command).output().unwrap();
        let path = PathBuf::from(REPOSITORY).join(page);
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &output.stdout).unwrap();
        }
        let held = fs::read_to_string(&path).unwrap();
        assert!(held.as_bytes() == output.stdout, "{page} is stale: UPDATE=1 cargo test -p lakesmith writes it anew");
    }
}

#[test]
fn what_compile_prints_is_what_ran() {
    let project = example("retail", |_| true);
    let output = lakesmith().current_dir(project.path()).args(["compile", "--format", "json"]).output().unwrap();
    let compiled: Value = serde_json::from_slice(&output.stdout).unwrap();
    run(project.path());
    let mut compared = 0;
    for flow in compiled["flows"].as_array().unwrap() {
        let name = flow["name"].as_str().unwrap();
        let Ok(record) = fs::read(project.path().join(".lake/_lakesmith/flows").join(name).join("1")) else { continue };
        let record: Value = serde_json::from_slice(&record).unwrap();
        let printed = if flow["first_step"].is_null() { &flow["step"] } else { &flow["first_step"] };
        for part in ["with", "select", "write", "quarantine", "outcomes"] {
            assert_eq!(record["step"][part], printed[part], "{name}: {part}");
        }
        compared += 1;
    }
    assert_eq!(compared, 7, "every flow with companions has a record");
}

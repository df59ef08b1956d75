//! How a project begins: with a template, or with nothing but files and what `lakesmith add` makes of them.

use crate::examples::{REPOSITORY, query};
use crate::lakesmith;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// What a command prints; it must end well.
fn done(project: &Path, arguments: &[&str]) -> String {
    let output = lakesmith().current_dir(project).args(arguments).output().unwrap();
    let (said, stderr) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "lakesmith {}\n{said}\n{stderr}", arguments.join(" "));
    said
}

#[test]
fn every_template_runs_and_answers() {
    for (template, dimensions) in [("minimal", 1), ("retail", 2), ("jaffle", 4)] {
        let folder = TempDir::new().unwrap();
        let said = done(folder.path(), &["init", "shop", "--template", template]);
        let project = folder.path().join("shop");
        assert_eq!(fs::read_to_string(project.join(".gitignore")).unwrap(), ".lake/\n");
        assert!(done(&project, &["validate"]).ends_with("no faults\n"), "{template}");
        done(&project, &["run"]);
        // The question that is offered has an answer.
        let question = said.lines().find_map(|line| line.trim().strip_prefix("lakesmith query \"")).unwrap();
        assert!(query(&project, question.trim_end_matches('"')).len() > 1, "{template}");
        assert!(fs::read_dir(project.join(".lake/gold/dimensions")).unwrap().count() > dimensions, "{template}");
        // Byte by byte what the repository has, but for the name.
        let example = Path::new(REPOSITORY).join("examples").join(template);
        for path in ["README.md", "lakehouse.yaml"] {
            let (written, held) =
                (fs::read_to_string(project.join(path)).unwrap(), fs::read_to_string(example.join(path)).unwrap());
            assert_eq!(written, held.replace("lakehouse: minimal", "lakehouse: shop"), "{template}: {path}");
        }
    }
}

/// A project of nothing but an example's landing files.
fn landed(example: &str, calendar: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("lakehouse.yaml"), format!("lakehouse: begun\ncalendar: {calendar}\n")).unwrap();
    let root = Path::new(REPOSITORY).join("examples").join(example);
    let mut folders = vec![root.join("landing")];
    while let Some(from) = folders.pop() {
        for entry in fs::read_dir(&from).unwrap().map(Result::unwrap) {
            let to = folder.path().join(entry.path().strip_prefix(&root).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    folder
}

/// Adds a file; the project has no fault afterwards, and runs.
fn added(project: &Path, arguments: &[&str]) {
    done(project, &[&["add"][..], arguments].concat());
    let said = done(project, &["validate"]);
    assert!(said.contains("no faults") || said.contains("no errors"), "{arguments:?}: {said}");
    done(project, &["run"]);
}

#[test]
fn an_online_shop_is_made_of_its_files() {
    let folder = landed("retail", "{ start: 2024-01-01, end: 2025-12-31 }");
    let project = folder.path();
    added(project, &["source", "shop", "--path", "landing/"]);
    added(project, &["silver", "sales.customers", "--from", "bronze.shop_customers", "--history", "changes"]);
    added(project, &["silver", "sales.products", "--from", "bronze.shop_products"]);
    added(project, &["silver", "sales.orders", "--from", "bronze.shop_orders"]);
    added(project, &["dimension", "customer", "--type2"]);
    added(project, &["dimension", "product"]);
    added(project, &["fact", "sales", "--from", "silver.sales_orders"]);
    added(project, &["aggregate", "daily_sales", "--from", "gold.fact_sales"]);
    let keys = |table: &str| {
        let entity = fs::read_to_string(project.join(format!("silver/sales/{table}.yaml"))).unwrap();
        entity.lines().find(|line| line.starts_with("key:")).unwrap().split("   #").next().unwrap().to_owned()
    };
    assert_eq!(
        ["customers", "products", "orders"].map(keys),
        ["key: [customer_id]", "key: [product_id]", "key: [order_id]"],
        "the keys that the example has by hand"
    );
    let rows =
        query(project, "SELECT count(*) AS n, sum(CASE WHEN customer_key > 0 THEN 1 ELSE 0 END) AS known FROM gold.fact_sales");
    let count = |name: &str| rows[0][name].as_u64().unwrap();
    assert!(count("n") > 100 && count("known") > count("n") / 2, "{rows:?}");
    let rows = query(project, "SELECT sum(facts) AS facts FROM gold.daily_sales");
    assert_eq!(rows[0]["facts"].as_u64(), Some(count("n")));
}

#[test]
fn a_sandwich_shop_is_made_of_its_files() {
    let folder = landed("jaffle", "{ start: 2018-09-01, end: 2019-08-31 }");
    let project = folder.path();
    added(project, &["source", "jaffle", "--path", "landing/"]);
    for table in ["customers", "stores", "products", "orders", "items", "supplies", "tweets"] {
        done(project, &["add", "silver", table, "--from", &format!("bronze.jaffle_{table}")]);
    }
    assert!(done(project, &["validate"]).contains("no faults"));
    added(project, &["dimension", "customer"]);
    added(project, &["dimension", "store", "--from", "silver.jaffle_stores"]);
    added(project, &["fact", "orders", "--from", "silver.jaffle_orders"]);
    added(project, &["aggregate", "monthly", "--from", "gold.fact_orders", "--by", "store_key"]);
    let rows = query(project, "SELECT count(*) AS n, sum(subtotal) AS cents FROM gold.fact_orders");
    assert_eq!((rows[0]["n"].as_u64(), rows[0]["cents"].as_f64()), (Some(9_000), Some(9_091_000.0)), "{rows:?}");
    assert_eq!(query(project, "SELECT sum(facts) AS n FROM gold.monthly")[0]["n"].as_u64(), Some(9_000));
}

#[test]
fn tables_of_another_lake_are_a_source() {
    let other = TempDir::new().unwrap();
    done(other.path(), &["init"]);
    done(other.path(), &["run"]);
    let folder = TempDir::new().unwrap();
    let project = folder.path();
    fs::write(project.join("lakehouse.yaml"), "lakehouse: begun\n").unwrap();
    let gold = other.path().join(".lake/gold");
    added(project, &["source", "old", "--path", gold.to_str().unwrap()]);
    added(project, &["silver", "shop.products", "--from", "bronze.old_dimensions_dim_product"]);
    added(project, &["dimension", "product"]);
    let rows = query(project, "SELECT product, category FROM gold.dim_product WHERE product_key > 0 AND product = 'Rye bread'");
    assert_eq!(rows, [serde_json::json!({ "product": "Rye bread", "category": "bread" })]);
    // The folder may be one table.
    let table = gold.join("facts/fact_sales");
    let proposed = done(project, &["add", "source", "sales", "--path", table.to_str().unwrap(), "--dry-run"]);
    assert!(proposed.contains("type: delta") && proposed.contains("  fact_sales:"), "{proposed}");
}

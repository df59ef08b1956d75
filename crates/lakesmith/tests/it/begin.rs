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
    fs::write(project.join("silver/sales/order_lines.yaml"), ORDER_LINES).unwrap();
    added(project, &["dimension", "customer", "--type2"]);
    added(project, &["dimension", "product"]);
    added(project, &["fact", "sales", "--from", "silver.sales_order_lines"]);
    added(project, &["fact", "customer-activity", "--from", "silver.sales_orders"]);
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
    // What the fact has is what a question to silver says, under the names that everybody looks for.
    alike(
        project,
        "SELECT count(*) AS n, sum(quantity) AS quantity, sum(total_amount) AS total, sum(discount_amount) AS discount, \
         count(DISTINCT sales_key) AS facts FROM gold.fact_sales",
        "SELECT count(*) AS n, sum(qty) AS quantity, sum(CAST(line_amount AS DECIMAL(18,2))) AS total, \
         sum(CAST(qty * unit_price * discount_pct / 100 AS DECIMAL(18,2))) AS discount, count(*) AS facts \
         FROM silver.sales_order_lines",
    );
    alike(
        project,
        "SELECT p.category, sum(f.quantity) AS quantity FROM gold.fact_sales f JOIN gold.dim_product p \
         ON f.product_key = p.product_key WHERE p.product_key > 0 GROUP BY p.category ORDER BY p.category",
        "SELECT p.category, sum(l.qty) AS quantity FROM silver.sales_order_lines l JOIN silver.sales_products p \
         ON l.product_id = p.product_id GROUP BY p.category ORDER BY p.category",
    );
    alike(
        project,
        "SELECT customer_id, period_start AS day, orders, order_amount FROM gold.fact_customer_activity WHERE events > 0 \
         ORDER BY customer_id, day",
        "SELECT customer_id, order_date AS day, count(DISTINCT order_id) AS orders, sum(total_amount) AS order_amount \
         FROM silver.sales_orders GROUP BY customer_id, order_date ORDER BY customer_id, day",
    );
    let rows = query(project, "SELECT count(*) AS n FROM gold.fact_customer_activity WHERE events = 0 AND orders = 0");
    assert!(rows[0]["n"].as_u64().unwrap() > 10_000, "days on which nothing happened: {rows:?}");
    alike(
        project,
        "SELECT sum(facts) AS facts, sum(total_amount) AS total FROM gold.daily_sales",
        "SELECT count(*) AS facts, sum(total_amount) AS total FROM gold.fact_sales",
    );
}

/// The lines of orders, as somebody writes them whose orders hold them as a list.
const ORDER_LINES: &str = "\
from: silver.sales_orders
explode: { line: lines }
key: [order_id, line_no]
columns:
  order_id:     {}
  line_no:      { from: line.LineNo, type: int }
  customer_id:  {}
  order_date:   {}
  product_id:   { from: line.ProductID, type: string }
  qty:          { from: line.Qty, type: int }
  unit_price:   { from: line.UnitPrice, type: \"decimal(18,2)\" }
  discount_pct: { from: line.DiscountPct, type: int }
  line_amount:  { from: line.LineAmount, type: double }
";

/// Two questions have one answer, and there is one.
fn alike(project: &Path, one: &str, other: &str) {
    let (one, other) = (query(project, one), query(project, other));
    assert!(one.last().is_some_and(|row| row.as_object().unwrap().values().all(|value| !value.is_null())), "{one:?}");
    assert_eq!(one, other);
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
    added(project, &["aggregate", "monthly", "--from", "fact_orders", "--by", "store_key"]);
    let rows = query(project, "SELECT count(*) AS n, sum(subtotal) AS cents FROM gold.fact_orders");
    assert_eq!((rows[0]["n"].as_u64(), rows[0]["cents"].as_f64()), (Some(9_000), Some(9_091_000.0)), "{rows:?}");
    assert_eq!(query(project, "SELECT sum(facts) AS n FROM gold.monthly")[0]["n"].as_u64(), Some(9_000));
    // The templates: columns are called otherwise, and the customer is found by `customer`.
    added(project, &["fact", "sales", "--from", "silver.jaffle_orders"]);
    added(project, &["fact", "customer-activity", "--from", "silver.jaffle_orders"]);
    alike(
        project,
        "SELECT count(*) AS n, sum(total_amount) AS total, sum(tax_amount) AS tax, count(DISTINCT customer_key) AS customers \
         FROM gold.fact_sales WHERE customer_key > 0",
        "SELECT count(*) AS n, CAST(sum(order_total) AS DECIMAL(28,2)) AS total, CAST(sum(tax_paid) AS DECIMAL(28,2)) AS tax, \
         count(DISTINCT customer) AS customers FROM silver.jaffle_orders",
    );
    // The calendar ends before the snapshot does, and was there before it: it grows.
    let unknown = query(project, "SELECT count(*) AS n FROM gold.fact_customer_activity WHERE date_key = -1");
    assert_eq!(unknown[0]["n"].as_u64(), Some(0));
    alike(
        project,
        "SELECT customer, period_start AS day, orders, order_amount FROM gold.fact_customer_activity WHERE events > 0 \
         ORDER BY customer, day LIMIT 500",
        "SELECT customer, ordered_date AS day, count(*) AS orders, CAST(sum(order_total) AS DECIMAL(18,2)) AS order_amount \
         FROM silver.jaffle_orders GROUP BY customer, ordered_date ORDER BY customer, day LIMIT 500",
    );
}

#[test]
fn a_web_site_is_made_of_its_page_views() {
    let folder = TempDir::new().unwrap();
    let project = folder.path();
    let put = |path: &str, text: &str| {
        fs::create_dir_all(project.join(path).parent().unwrap()).unwrap();
        fs::write(project.join(path), text).unwrap();
    };
    put("lakehouse.yaml", "lakehouse: site\ncalendar: { start: 2025-05-01, end: 2025-05-31, time: minute }\n");
    put("landing/customers/1.csv", "Customer ID,Name\nC1,Anna\nC2,Ben\n");
    put(
        "landing/page_views/2025-05-01.json",
        concat!(
            r#"{"view_id":"v1","visit_id":"s1","cust_id":"C1","viewed_at":"2025-05-01T08:00:05Z","url":"/","ref":"https://search.example","load_ms":420,"seconds":12}"#,
            "\n",
            r#"{"view_id":"v2","visit_id":"s1","cust_id":"C1","viewed_at":"2025-05-01T08:00:17Z","url":"/bread","ref":"/","load_ms":180,"seconds":40}"#,
            "\n",
            r#"{"view_id":"v3","visit_id":"s2","cust_id":null,"viewed_at":"2025-05-01T23:59:59Z","url":"/","ref":null,"load_ms":300,"seconds":5}"#,
            "\n",
        ),
    );
    added(project, &["source", "web", "--path", "landing/"]);
    added(project, &["silver", "customers", "--from", "bronze.web_customers"]);
    added(project, &["silver", "page_views", "--from", "bronze.web_page_views"]);
    added(project, &["dimension", "customer"]);
    added(project, &["fact", "web-events", "--from", "silver.web_page_views"]);
    added(project, &["fact", "customer-activity", "--from", "silver.web_page_views"]);
    let rows = query(
        project,
        "SELECT f.view_id AS view, f.date_key, f.time_key, c.name AS customer, f.visit_id AS visit, f.url, f.duration_seconds AS seconds, \
         f.page_load_ms AS ms FROM gold.fact_web_events f JOIN gold.dim_customer c ON f.customer_key = c.customer_key ORDER BY view",
    );
    let row = |view: &str, time: u64, customer: &str, visit: &str, url: &str, seconds: u64, ms: u64| {
        serde_json::json!({
            "view": view, "date_key": 20_250_501, "time_key": time, "customer": customer, "visit": visit, "url": url,
            "seconds": seconds, "ms": ms,
        })
    };
    let expected = [
        row("v1", 80_000, "Anna", "s1", "/", 12, 420),
        row("v2", 80_000, "Anna", "s1", "/bread", 40, 180),
        row("v3", 235_900, "(unknown)", "s2", "/", 5, 300),
    ];
    assert_eq!(rows, expected);
    alike(
        project,
        "SELECT count(*) AS n, sum(sessions) AS sessions, sum(page_views) AS views FROM gold.fact_customer_activity WHERE cust_id = 'C1' \
         AND events > 0",
        "SELECT 1 AS n, count(DISTINCT visit_id) AS sessions, count(url) AS views FROM silver.web_page_views WHERE cust_id = 'C1'",
    );
}

/// Without a number there is nothing to be measured: that it took place is the fact.
#[test]
fn events_without_a_number_are_a_fact_without_measures() {
    let folder = TempDir::new().unwrap();
    let project = folder.path();
    fs::write(project.join("lakehouse.yaml"), "lakehouse: site\ncalendar: { start: 2025-05-01, end: 2025-05-31 }\n").unwrap();
    fs::create_dir_all(project.join("landing/likes")).unwrap();
    let likes = "event_id,cust_id,happened_on,page\nl1,C2,2025-05-02,/bread\nl2,C1,2025-05-03,/\n";
    fs::write(project.join("landing/likes/1.csv"), likes).unwrap();
    added(project, &["source", "web", "--path", "landing/"]);
    added(project, &["silver", "likes", "--from", "bronze.web_likes"]);
    added(project, &["fact", "web-events", "--from", "silver.web_likes"]);
    let fact = fs::read_to_string(project.join("gold/fact_web_events.yaml")).unwrap();
    assert!(fact.contains("\nkind: factless") && fact.contains("\n# measures:\n"), "{fact}");
    let wanted = "#   customer_key: { dimension: dim_customer, on: cust_id }";
    assert!(fact.contains(wanted) && fact.contains("`lakesmith add dimension customer`"), "{fact}");
    let rows = query(project, "SELECT event_id, date_key, page FROM gold.fact_web_events ORDER BY event_id");
    let row = |id: &str, day: u64, page: &str| serde_json::json!({ "event_id": id, "date_key": day, "page": page });
    assert_eq!(rows, [row("l1", 20_250_502, "/bread"), row("l2", 20_250_503, "/")]);
}

/// Files of every format make a source; what cannot be read is told and stops nothing.
#[test]
fn files_of_every_format_are_a_source() {
    let folder = landed("files", "{ start: 2025-01-01, end: 2025-12-31 }");
    let project = folder.path();
    let put = |path: &str, bytes: &[u8]| {
        fs::create_dir_all(project.join(path).parent().unwrap()).unwrap();
        fs::write(project.join(path), bytes).unwrap();
    };
    let bytes: Vec<u8> = (0..3_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    put("landing/logo/logo.parquet", &bytes);
    put("landing/scan/scan.txt", &bytes);
    put("landing/empty/empty.csv", b"");
    put("landing/what/photo.png", &bytes);
    let output = lakesmith().current_dir(project).args(["add", "source", "drop", "--path", "landing"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    for left_out in [
        "left out, of no known format: what/photo.png\n",
        "left out, as it is no text: scan/*.txt\n",
        "that matches `logo/*.parquet` can be read as parquet for `logo`: logo/logo.parquet: ",
        "left out: no file in `landing/` that matches `empty/*.csv` has rows that can be read as csv for `empty`\n",
    ] {
        assert!(said.contains(left_out), "{left_out}: {said}");
    }
    let source = fs::read_to_string(project.join("sources/drop.yaml")).unwrap();
    let formats: Vec<&str> = source.lines().filter_map(|line| line.strip_prefix("    format: ")).collect();
    assert_eq!(formats, ["excel", "json", "xml", "text", "text", "csv", "json", "csv", "avro", "parquet"], "{source}");
    done(project, &["run"]);
    for (table, rows) in [("clicks", 11), ("countries", 3), ("orders", 14), ("sensors", 2), ("stock", 3), ("returns", 3)] {
        let counted = query(project, &format!("SELECT count(*) AS n FROM bronze.drop_{table}"));
        assert_eq!(counted[0]["n"].as_u64(), Some(rows), "{table}");
    }
    // Where nothing else is there, it is an error that says what to do.
    let refused = |path: &str| {
        let output = lakesmith().current_dir(project).args(["add", "source", "other", "--path", path]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{path}");
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused("landing/logo");
    assert!(
        said.contains("can be read as parquet for `logo`: logo.parquet: ") && said.contains("--table NAME=PATTERN"),
        "{said}"
    );
    let said = refused("landing/empty/empty.csv");
    assert!(said.contains("is a file, and a source is a folder: `--path landing/empty --table \"NAME=empty.csv\"`"), "{said}");
    for path in ["landing/what", "landing/scan"] {
        assert!(refused(path).contains("there are no files in"), "{path}");
    }
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

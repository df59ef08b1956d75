//! The demo: its screen is the same each time, and what it tells is so.

use crate::examples::query;
use crate::lakesmith;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// What the demo prints on standard output, run below `folder`.
fn screen(folder: &Path, arguments: &[&str]) -> String {
    let output = lakesmith().current_dir(folder).arg("demo").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_demo_shows_the_same_each_time() {
    let folder = TempDir::new().unwrap();
    let first = screen(folder.path(), &["--threads", "1"]);
    assert_eq!(first, screen(folder.path(), &["--threads", "4"]), "again in the same folder, with other threads");
    assert!(first.lines().all(|line| line.chars().count() <= 98 || line.contains("lakesmith query")), "{first}");
}

/// With another seed other numbers come of it, and the same stories.
#[test]
fn the_stories_are_told_with_any_seed() {
    let folder = TempDir::new().unwrap();
    let said = screen(folder.path(), &["other", "--seed", "20250303"]);
    let project = folder.path().join("other");
    let versions = "SELECT customer_city, customer_segment, is_current FROM gold.dim_customer WHERE customer_id = 'C-0007' ORDER BY effective_start_date";
    let of = |city: &str, segment: &str, current: bool| json!({ "customer_city": city, "customer_segment": segment, "is_current": current });
    let expected = [of("Vienna", "consumer", false), of("Berlin", "consumer", false), of("Berlin", "corporate", true)];
    assert_eq!(query(&project, versions), expected);
    assert_eq!(query(&project, "SELECT quantity FROM gold.fact_sales WHERE order_id = 'O-20017'"), [json!({ "quantity": 3 })]);
    let unknown = "SELECT count(*) AS n FROM gold.fact_sales WHERE -1 IN (customer_key, product_key, date_key)";
    assert_eq!(query(&project, unknown), [json!({ "n": 0 })], "the late customer's sales have their key");
    assert_eq!(said.matches("2 at customer_key -1").count(), 2, "after day 2 and after day 3: {said}");
    // Nothing is lost: each order that arrived is in the table, or was rejected and never came whole.
    let lost = "SELECT count(*) AS n FROM (SELECT DISTINCT OrderID FROM bronze.shop_orders WHERE OrderID IS NOT NULL) b \
                LEFT ANTI JOIN silver.sales_orders s ON b.OrderID = s.order_id \
                LEFT ANTI JOIN silver.sales_orders_quarantine q ON b.OrderID = q.order_id";
    assert_eq!(query(&project, lost), [json!({ "n": 0 })]);
    let sums = |sql: &str| query(&project, sql)[0]["n"].clone();
    let facts: Value = sums("SELECT sum(total_amount) AS n FROM gold.fact_sales");
    assert_eq!(facts, sums("SELECT sum(revenue) AS n FROM gold.daily_sales"));
    assert_eq!(facts, sums("SELECT sum(total_amount) AS n FROM silver.sales_order_lines"));
}

#![allow(clippy::unwrap_used)]

use super::*;
use std::fs;

const FILES: [(&str, &str); 4] = [
    ("lakehouse.yaml", "lakehouse: acme\ncalendar: { start: 2025-01-01, end: 2025-01-31 }\n"),
    (
        "sources/shop.yaml",
        "source: shop\ntype: files\npath: landing/\ntables:\n  orders: { path: \"orders/*.json\", format: json }\n",
    ),
    (
        "silver/sales/orders.yaml",
        "from: bronze.shop_orders\nkey: [order_id]\nsequence_by: updated_at\ncolumns:\n  order_id: { from: OrderID, type: string }\n  \
         customer_id: { from: CustomerID, type: string }\n  order_date: { from: OrderDate, type: date }\n  \
         amount: { from: Amount, type: \"decimal(18,2)\" }\n  updated_at: { from: UpdatedAt, type: timestamp }\n\
         expect:\n  amount_positive: { check: amount > 0, message: amount must be positive }\n",
    ),
    (
        "gold/fact_orders.yaml",
        "fact: fact_orders\ngrain_key: [order_id]\nfrom: silver.sales_orders\ndimensions:\n  date_key: { dimension: dim_date, on: order_date }\n\
         degenerate: [order_id]\nmeasures:\n  amount: { unit: EUR }\n",
    ),
];

/// A chain of a test: its number makes other values of the same columns.
fn test(n: usize) -> String {
    let order = |amount: usize, day: usize| {
        format!("{{ OrderID: O{n}, OrderDate: 2025-01-02, Amount: {amount}, UpdatedAt: 2025-01-{day:02} }}")
    };
    match n % 3 {
        0 => format!(
            "  - test: order {n}\n    given: {{ bronze.shop_orders: [ {} ] }}\n    expect: {{ silver.sales_orders: [ {{ order_id: O{n}, amount: {n}.00 }} ] }}\n    \
             quarantine: {{ silver.sales_orders: [] }}\n",
            order(n, 1)
        ),
        1 => format!(
            "  - test: order {n}\n    batches:\n      - given: {{ bronze.shop_orders: [ {} ] }}\n      - given: {{ bronze.shop_orders: [ {} ] }}\n    \
             expect: {{ gold.fact_orders: [ {{ order_id: O{n}, date_key: 20250102, amount: {}.00 }} ] }}\n",
            order(n, 1),
            order(n + 1, 2),
            n + 1
        ),
        _ => format!(
            "  - test: order {n}\n    given:\n      silver.sales_orders: [ {{ order_id: O{n}, order_date: 2025-01-03, amount: {n} }} ]\n    \
             expect: {{ gold.fact_orders: [ {{ order_id: O{n}, date_key: 20250103, amount: {n}.00 }} ] }}\n"
        ),
    }
}

/// The tests of a project, `count` of them.
fn tests(count: usize) -> UnitTests {
    let folder = tempfile::tempdir().unwrap();
    let cases = (1..=count).map(test).collect::<String>();
    let cases = format!("tests:\n{cases}");
    for (path, text) in FILES.iter().chain(&[("tests/cases.yaml", cases.as_str())]) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let (project, faults) = lakesmith_project::load(folder.path());
    assert!(!faults.has_errors(), "{}", lakesmith_text::render(&faults, &project.sources_text, false));
    UnitTests::new(project)
}

/// How often the project was compiled and a query planned, once that many tests have run and passed.
async fn made(count: usize) -> (usize, usize) {
    let tests = tests(count);
    let shared = Shared::new(&tests.flows);
    let chosen: Vec<usize> = (0..count).collect();
    let reports = tests.run_with(shared.clone(), &chosen, 1, |_| {}).await.unwrap();
    for report in &reports {
        assert_eq!(report.status, TestStatus::Passed, "{report:#?}");
    }
    let names: Vec<String> = reports.into_iter().map(|report| report.test).collect();
    assert_eq!(names, (1..=count).map(|n| format!("order {n}")).collect::<Vec<_>>());
    (shared.compilations(), shared.prepared.made())
}

#[tokio::test]
async fn more_tests_of_the_same_tables_compile_and_plan_nothing_more() {
    let few = made(6).await;
    assert!(few.0 > 0 && few.1 > 0, "{few:?}");
    assert_eq!(made(18).await, few);
}

#[tokio::test]
async fn tests_side_by_side_end_as_one_after_the_other() {
    let tests = tests(12);
    let chosen: Vec<usize> = (0..12).collect();
    let mut told = vec![];
    let reports = tests.run(&chosen, 4, |report| told.push(report.test.clone())).await.unwrap();
    assert!(reports.iter().all(|report| report.status == TestStatus::Passed), "{reports:#?}");
    assert_eq!(told, (1..=12).map(|n| format!("order {n}")).collect::<Vec<_>>());
}

//! Unit tests of flows: those of the examples, and how many of them run in a second.

use crate::examples::example;
use crate::lakesmith;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::time::Instant;

const EXAMPLES: [(&str, usize); 4] = [("retail", 8), ("superstore", 4), ("jaffle", 5), ("demo", 7)];

/// Runs the tests of a project: exit code and report.
fn tested(project: &Path) -> (i32, Value) {
    let output = lakesmith().current_dir(project).args(["test", "--format", "json"]).output().unwrap();
    let report = serde_json::from_slice(&output.stdout);
    (output.status.code().unwrap(), report.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr))))
}

/// In a copy without landing files: a test needs none.
#[test]
fn the_tests_of_the_examples_pass() {
    for (name, count) in EXAMPLES {
        let project = example(name, |_| false);
        let (code, report) = tested(project.path());
        assert_eq!((code, report["passed"].as_u64()), (0, Some(count as u64)), "{name}: {report:#}");
        assert!(!project.path().join(".lake").exists(), "{name}: a test writes nothing");
    }
}

/// Every test of the examples shows something: with another amount, day or name in what is expected it fails.
#[test]
fn a_test_that_is_changed_fails() {
    let project = example("retail", |_| false);
    let path = project.path().join("tests/orders.yaml");
    let text = fs::read_to_string(&path).unwrap();
    for (from, to) in [
        ("product_id: P1, quantity: 1", "product_id: P1, quantity: 2"),
        ("superseded: 1", "superseded: 0"),
        ("- { order_id: O2,", "- { order_id: O3,"),
    ] {
        let (before, after) = text.rsplit_once(from).unwrap();
        fs::write(&path, format!("{before}{to}{after}")).unwrap();
        let (code, report) = tested(project.path());
        assert_eq!((code, report["failed"].as_u64(), report["faulty"].as_u64()), (1, Some(1), Some(0)), "{to}: {report:#}");
    }
}

/// Faults in tests keep no run from its work.
#[test]
fn a_wrong_test_does_not_stop_a_run() {
    let project = example("retail", |file| file.contains("_d1_"));
    fs::write(project.path().join("tests/wrong.yaml"), "tst: x\n").unwrap();
    let said = |arguments: &[&str]| lakesmith().current_dir(project.path()).args(arguments).output().unwrap().status.code();
    assert_eq!((said(&["validate"]), said(&["test"]), said(&["run", "-q"])), (Some(2), Some(2), Some(0)));
}

/// What small tests are made of, by the chain that they run: rows that are given, and those that are expected.
const CHAINS: [(&str, &str); 5] = [
    (
        "bronze to silver",
        "    given: { bronze.shop_orders: [ { OrderID: O#, OrderDate: 2025-01-01, TotalAmount: # } ] }
    expect: { silver.sales_orders: [ { order_id: O#, order_amount: #.00 } ] }
",
    ),
    (
        "bronze to silver, two batches",
        "    batches:
      - given: { bronze.shop_orders: [ { OrderID: O#, OrderDate: 2025-01-01, TotalAmount: #, UpdatedAt: 2025-01-02 } ] }
      - given: { bronze.shop_orders: [ { OrderID: O#, OrderDate: 2025-01-01, TotalAmount: 1, UpdatedAt: 2025-01-01 } ] }
        counts: { silver.sales_orders: { read: 1, superseded: 1 } }
    expect: { silver.sales_orders: [ { order_id: O#, order_amount: #.00 } ] }
",
    ),
    (
        "bronze to quarantine",
        "    given: { bronze.shop_orders: [ { OrderID: O#, OrderDate: 2025-01-01, TotalAmount: -1, UpdatedAt: 2025-01-02 } ] }
    expect: { silver.sales_orders: [] }
    quarantine: { silver.sales_orders: [ { order_id: O#, reasons: [ order_amount must not be negative ] } ] }
",
    ),
    (
        "silver to dimension",
        "    given:
      silver.sales_customers:
        - { customer_id: C#, customer_segment: consumer, updated_at: 2025-01-01 }
        - { customer_id: C#, customer_segment: corporate, updated_at: 2025-03-01 }
    expect:
      gold.dim_customer: |
        customer_id,customer_segment,effective_start_date,effective_end_date,is_current
        C#,consumer,2025-01-01,2025-03-01,false
        C#,corporate,2025-03-01,9999-12-31,true
",
    ),
    (
        "silver and dimension to fact",
        "    given:
      gold.dim_customer: |
        customer_key,customer_id,customer_city,effective_start_date,effective_end_date
        7,C#,Rome,2025-01-01,2025-03-01
        8,C#,Lyon,2025-03-01,9999-12-31
      silver.sales_order_lines: |
        order_id,order_line_number,customer_id,order_date,total_amount
        O1,1,C#,2025-02-28,10
        O2,1,C#,2025-03-01,10
    expect:
      gold.fact_sales: |
        order_id,customer_key
        O1,7
        O2,8
",
    ),
];

/// How long so many small tests take, and those of each chain: `UNIT_TESTS=1000 cargo test -p lakesmith many_tests -- --nocapture`.
#[test]
fn many_tests_run_side_by_side() {
    let count: usize = std::env::var("UNIT_TESTS").ok().and_then(|count| count.parse().ok()).unwrap_or(20);
    let project = example("retail", |_| false);
    fs::remove_dir_all(project.path().join("tests")).unwrap();
    fs::create_dir(project.path().join("tests")).unwrap();
    let mut file = String::from("tests:\n");
    for n in 0..count {
        let (chain, test) = CHAINS[n % CHAINS.len()];
        file += &format!("  - test: {chain} {n}\n{}", test.replace('#', &n.to_string()));
    }
    fs::write(project.path().join("tests/many.yaml"), file).unwrap();
    let clock = Instant::now();
    let (code, report) = tested(project.path());
    let seconds = clock.elapsed().as_secs_f64();
    assert_eq!((code, report["passed"].as_u64()), (0, Some(count as u64)), "{report:#}");
    println!("{count} tests in {seconds:.1} s: {:.0} a second", count as f64 / seconds);
    let took: Vec<f64> =
        report["tests"].as_array().unwrap().iter().map(|test| test["duration_seconds"].as_f64().unwrap()).collect();
    for (n, (chain, _)) in CHAINS.iter().enumerate() {
        let of_chain: Vec<f64> = took.iter().skip(n).step_by(CHAINS.len()).map(|seconds| seconds * 1000.0).collect();
        let (Some(first), rest) = (of_chain.first(), of_chain.get(1..).unwrap_or_default()) else { continue };
        let mean = rest.iter().sum::<f64>() / rest.len().max(1) as f64;
        println!("{chain}: the first in {first:.0} ms, each further one in {mean:.1} ms");
    }
}

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

/// How long so many small tests take: `UNIT_TESTS=1000 cargo test -p lakesmith many_tests -- --nocapture`.
#[test]
fn many_tests_run_side_by_side() {
    let count: usize = std::env::var("UNIT_TESTS").ok().and_then(|count| count.parse().ok()).unwrap_or(20);
    let project = example("retail", |_| false);
    fs::remove_dir_all(project.path().join("tests")).unwrap();
    fs::create_dir(project.path().join("tests")).unwrap();
    let mut file = String::from("tests:\n");
    for n in 0..count {
        file += &format!(
            "  - test: order {n}\n    given: {{ bronze.shop_orders: [ {{ OrderID: O{n}, OrderDate: 2025-01-01, TotalAmount: {n} }} ] }}\n    \
             expect: {{ silver.sales_orders: [ {{ order_id: O{n}, order_amount: {n}.00 }} ] }}\n"
        );
    }
    fs::write(project.path().join("tests/many.yaml"), file).unwrap();
    let clock = Instant::now();
    let (code, report) = tested(project.path());
    assert_eq!((code, report["passed"].as_u64()), (0, Some(count as u64)), "{report:#}");
    println!("{count} tests in {:.1} s", clock.elapsed().as_secs_f64());
}

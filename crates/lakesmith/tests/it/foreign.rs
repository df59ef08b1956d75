//! Existing Delta tables as sources: the golden tables, and tables that delta-rs writes while they are read.

#[path = "../../../lakesmith-engine/src/delta/tests/golden/unpack.rs"]
mod unpack;

use crate::examples::query;
use crate::lakesmith;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Runs a project: the exit code, and its flows by name.
fn run(project: &Path) -> (i32, Vec<Value>) {
    let output = lakesmith().current_dir(project).args(["run", "--format", "json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("no report: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().expect("it ends by itself"), report["flows"].as_array().unwrap().clone())
}

fn flow<'a>(flows: &'a [Value], name: &str) -> &'a Value {
    flows.iter().find(|flow| flow["flow"] == name).unwrap_or_else(|| panic!("no flow {name}"))
}

/// Golden tables that are refused, with what is said.
const REFUSED: &[(&str, &str)] = &[
    ("canonicalized-paths-normal-a", "is gone"),
    ("canonicalized-paths-normal-b", "is gone"),
    ("canonicalized-paths-special-a", "is gone"),
    ("canonicalized-paths-special-b", "is gone"),
    ("checkpoint", "footer"),
    ("data-reader-absolute-paths-escaped-chars", "does not say what the table's columns"),
    ("delete-re-add-same-file-different-transactions", "footer"),
    ("deltalog-commit-info", "non-nullable StructArray"),
    ("deltalog-invalid-protocol-version", "Invalid protocol action"),
    ("deltalog-state-reconstruction-from-checkpoint-missing-metadata", "does not say what the table's columns"),
    ("deltalog-state-reconstruction-from-checkpoint-missing-protocol", "non-nullable StructArray"),
    ("deltalog-state-reconstruction-without-metadata", "does not say what the table's columns"),
    ("deltalog-state-reconstruction-without-protocol", "does not say what the table's columns"),
    ("hive", "there is no Delta table at"),
    ("log-replay-special-characters-b", "is gone"),
    ("no-delta-log-folder", "there is no Delta table at"),
    ("update-deleted-directory", "non-nullable StructArray"),
    ("versions-not-contiguous", "versions are missing in its log"),
];

#[test]
fn w7_golden_tables_are_sources_or_refused_and_those_refused_stop_no_other() {
    let folder = TempDir::new().unwrap();
    let names = unpack::names();
    let mut tables = String::new();
    for name in &names {
        unpack::unpack(name, &folder.path().join("tables"));
        let table = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        tables += &format!("  t_{table}: {{ path: {name}/delta }}\n");
    }
    fs::write(folder.path().join("lakehouse.yaml"), "lakehouse: golden\n").unwrap();
    fs::create_dir(folder.path().join("sources")).unwrap();
    fs::write(folder.path().join("sources/g.yaml"), format!("source: g\ntype: delta\npath: tables\ntables:\n{tables}")).unwrap();
    let (code, flows) = run(folder.path());
    assert_eq!((code, flows.len()), (1, names.len()));
    let mut wrong = vec![];
    for name in &names {
        let table = format!("bronze.g_t_{}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
        let flow = flow(&flows, &table);
        let refused = REFUSED.iter().find(|(refused, _)| refused == name).map(|(_, said)| *said);
        let fits = match (refused, flow["status"].as_str().unwrap()) {
            (None, "updated") => flow["outcomes"]["inserted"] == flow["outcomes"]["read"],
            (Some(said), "failed") => flow["error"].as_str().unwrap().contains(said),
            _ => false,
        };
        if !fits {
            wrong.push(format!("{name}: {} {}", flow["status"], flow["error"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let (_, again) = run(folder.path());
    assert!(again.iter().all(|flow| flow["batches"] == json!([])), "nothing new, no batch");
}

/// Lets delta-rs do a step; the orders as it reads them then.
fn step(python: &str, folder: &Path, name: &str) -> Vec<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/foreign.py");
    let output = Command::new(python).arg(script).arg(folder).arg(name).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn w7_tables_of_delta_rs_are_followed_through_appends_updates_overwrites_and_vacuum() {
    let Ok(python) = std::env::var("LAKESMITH_PYTHON") else { return };
    let folder = TempDir::new().unwrap();
    let (tables, project) = (folder.path().join("their tables"), folder.path().join("project"));
    for (path, text) in [
        ("lakehouse.yaml", "lakehouse: copy\n".to_owned()),
        (
            "sources/up.yaml",
            "source: up\ntype: delta\npath: ../their tables\ntables:\n  orders: { path: or ders, change_capture: cdc }\n  events: { path: events }\n".to_owned(),
        ),
        (
            "silver/sales/orders.yaml",
            "from: bronze.up_orders\nkey: [order_id]\ncolumns:\n  order_id: {}\n  amount: {}\n  country: {}\n  lines: {}\n".to_owned(),
        ),
    ] {
        let place = project.join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    let orders = "SELECT order_id, amount, country FROM silver.sales_orders ORDER BY order_id";
    for (name, read) in [("create", (3, 2)), ("append", (1, 2)), ("update", (3, 0)), ("overwrite", (5, 0))] {
        let wanted = step(&python, &tables, name);
        let (code, flows) = run(&project);
        let rows = |table: &str| flow(&flows, table)["outcomes"]["read"].as_u64().unwrap();
        assert_eq!((code, rows("bronze.up_orders"), rows("bronze.up_events")), (0, read.0, read.1), "{name}");
        assert_eq!(query(&project, orders), wanted, "{name}");
    }
    let kinds = query(&project, "SELECT id, kind FROM bronze.up_events ORDER BY id");
    let wanted = json!([{"id": 1, "kind": null}, {"id": 2, "kind": null}, {"id": 3, "kind": null}, {"id": 4, "kind": "late"}]);
    assert_eq!(Value::from(kinds), wanted);
    let clock = query(
        &project,
        "SELECT clock, tags['k'] AS tag, country FROM bronze.up_orders WHERE order_id = 2 AND _operation = 'insert'",
    );
    assert_eq!(Value::from(clock), json!([{"clock": "2024-03-01T08:30:00Z", "tag": "v2", "country": "fr é/%"}]));

    let said = |name: &str| {
        step(&python, &tables, name);
        let (code, flows) = run(&project);
        assert_eq!(code, 1, "{name}");
        flow(&flows, "bronze.up_events")["error"].as_str().unwrap().to_owned()
    };
    let gone = said("vacuum");
    assert!(gone.contains("is gone") && gone.contains("data file"), "{gone}");
    assert_eq!(query(&project, "SELECT count(*) AS n FROM bronze.up_events"), [json!({"n": 4})]);
    let rewritten = said("rewrite");
    assert!(rewritten.contains("(DELETE) rewrote or deleted rows"), "{rewritten}");
}

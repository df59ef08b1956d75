//! What tables say of themselves, as a program reads it that knows nothing of lakesmith.

use crate::examples::example;
use crate::lakesmith;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Prints `{ "table": { "description": …, "columns": { name: comment } } }` of every Delta table below a folder.
const SCRIPT: &str = r#"
import json, os, sys
from deltalake import DeltaTable
found = {}
for folder, folders, _ in os.walk(sys.argv[1]):
    if "_delta_log" in folders:
        folders.clear()
        table = DeltaTable(folder)
        fields = json.loads(table.schema().to_json())["fields"]
        found[os.path.relpath(folder, sys.argv[1]).replace(os.sep, "/")] = {
            "description": table.metadata().description,
            "columns": {field["name"]: field["metadata"].get("comment") for field in fields},
        }
print(json.dumps(found))
"#;

/// What delta-rs reads of the tables' own words; `None` where there is no Python to ask.
fn read(project: &Path) -> Option<Value> {
    let python = std::env::var("LAKESMITH_PYTHON").ok()?;
    let output = Command::new(python).args(["-c", SCRIPT]).arg(project.join(".lake")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn run(project: &Path) {
    let output = lakesmith().current_dir(project).args(["run", "-q"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn delta_rs_reads_the_words_of_tables_and_columns_and_how_they_change() {
    let project = example("retail", |_| true);
    let root = project.path();
    run(root);
    let Some(said) = read(root) else { return };
    let fact = &said["gold/facts/fact_sales"];
    assert_eq!(fact["description"], "What was sold");
    assert_eq!(fact["columns"]["total_amount"], "What the line costs, discount taken off, in USD");
    assert_eq!(said["gold/dimensions/dim_date"]["columns"]["week_start"], "The Monday of its week");
    assert_eq!(said["silver/sales/orders_quarantine"]["columns"]["_raw"], "The row as it was read, as JSON");
    for (table, words) in said.as_object().unwrap() {
        for (column, comment) in words["columns"].as_object().unwrap().iter().filter(|(name, _)| name.starts_with('_')) {
            assert!(comment.is_string(), "{table}.{column} does not say what it is");
        }
    }

    let file = root.join("gold/fact_sales.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("description: What was sold", "description: Lines of orders")).unwrap();
    run(root);
    assert_eq!(read(root).unwrap()["gold/facts/fact_sales"]["description"], "Lines of orders");
    let log = fs::read_dir(root.join(".lake/gold/facts/fact_sales/_delta_log")).unwrap().map(|entry| entry.unwrap().path());
    let newest = log.filter(|path| path.extension().is_some_and(|end| end == "json")).max().unwrap();
    let entry = fs::read_to_string(newest).unwrap();
    assert!(entry.contains("\"operation\":\"COMMENT\"") && entry.contains("\"metaData\""), "{entry}");
    assert!(!entry.contains("\"add\"") && !entry.contains("\"remove\"") && !entry.contains("\"txn\""), "{entry}");
}

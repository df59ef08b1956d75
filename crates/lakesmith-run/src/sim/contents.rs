//! All rows of all tables, without what may differ: stamps, batch numbers and surrogate keys.
//!
//! A surrogate key in a fact stands for the member's version it points at.

use crate::lake::Lake;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use lakesmith_compile::{FlowKind, Layer, TableName};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The rows of each table, sorted.
pub(super) type Contents = BTreeMap<String, Vec<String>>;

/// Columns that tell when and by which batch a row was written.
const STAMPS: [&str; 12] = [
    "_ingestion_timestamp",
    "_ingestion_date",
    "_processing_timestamp",
    "_created_timestamp",
    "_updated_timestamp",
    "_source_modified",
    "_batch_id",
    "_quarantined_at",
    "_row_id",
    "modified",
    "etag",
    "_read_at",
];

/// What the tables of the chosen flows hold, as readers see them.
pub(super) async fn read(lake: &Lake, flows: &BTreeSet<TableName>) -> Contents {
    let mut all = Contents::new();
    let mut members: HashMap<String, HashMap<String, String>> = HashMap::new();
    for (flow, table) in lake.plan().tables().filter(|(flow, _)| flows.contains(&flow.name)) {
        let Some(held) = lake.snapshot(&table.name).await.unwrap() else { continue };
        let columns: Vec<String> = held.schema().fields().iter().map(|field| field.name().clone()).collect();
        let mut keys: HashMap<String, String> = HashMap::new();
        let mut left_out: Vec<&str> = STAMPS.to_vec();
        match flow.kind {
            FlowKind::Dimension { .. } => {
                let dimension = lake.project().dimensions.iter().find(|d| d.name.value == flow.name.name()).unwrap();
                left_out.push(&dimension.surrogate_key.value);
            }
            // Facts, and what is made of them.
            _ if flow.name.layer() == Layer::Gold => {
                for fact in &lake.project().facts {
                    left_out.extend(fact.surrogate_key.iter().map(|key| key.value.as_str()));
                    let pointed = fact.dimensions.iter().filter(|pointed| pointed.dimension.value != "dim_date");
                    for pointed in pointed.filter(|pointed| columns.contains(&pointed.key.value)) {
                        let name = pointed.dimension.value.clone();
                        if !members.contains_key(&name) {
                            members.insert(name.clone(), versions(lake, &name).await);
                        }
                        keys.insert(pointed.key.value.clone(), name);
                    }
                }
            }
            _ => {}
        }
        let kept: Vec<&String> = columns.iter().filter(|name| !left_out.contains(&name.as_str())).collect();
        let mut rows = vec![];
        for batch in select(lake, &kept, &table.name.to_string()).await {
            for row in texts(&batch) {
                let cells = kept.iter().zip(row).map(|(name, text)| match keys.get(*name) {
                    Some(dimension) => {
                        let version = members[dimension].get(&text).cloned();
                        format!("{name}={}", version.unwrap_or_else(|| "a version that is not there".to_owned()))
                    }
                    None if *name == "_raw" => format!("{name}={}", unstamped(&text)),
                    None => format!("{name}={text}"),
                });
                rows.push(cells.collect::<Vec<_>>().join(" | "));
            }
        }
        rows.sort();
        all.insert(table.name.to_string(), rows);
    }
    all
}

/// A row as it was read, without the stamps in it.
fn unstamped(raw: &str) -> String {
    let Ok(Value::Object(mut row)) = serde_json::from_str(raw) else { return raw.to_owned() };
    row.retain(|name, _| !STAMPS.contains(&name.as_str()));
    Value::Object(row).to_string()
}

/// The versions of a dimension's members, by their surrogate keys.
async fn versions(lake: &Lake, name: &str) -> HashMap<String, String> {
    let dimension = lake.project().dimensions.iter().find(|dimension| dimension.name.value == name).unwrap();
    let mut columns: Vec<String> = vec![dimension.surrogate_key.value.clone()];
    columns.extend(dimension.natural_key.iter().map(|key| key.value.clone()));
    let table = format!("gold.{name}");
    let held = lake.snapshot(&TableName::parse(&table).unwrap()).await.unwrap().unwrap();
    let start = held.schema().fields().iter().map(|field| field.name().clone()).find(|name| name == "effective_start_date");
    columns.extend(start);
    let batches = select(lake, &columns.iter().collect::<Vec<_>>(), &table).await;
    let rows = batches.iter().flat_map(texts);
    rows.map(|mut row| (row.remove(0), row.join("@"))).collect()
}

async fn select(lake: &Lake, columns: &[&String], table: &str) -> Vec<RecordBatch> {
    let columns: Vec<String> = columns.iter().map(|name| format!("`{name}`")).collect();
    let sql = format!("SELECT {} FROM {table}", columns.join(", "));
    lake.query(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}")).batches
}

fn texts(batch: &RecordBatch) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let columns: Vec<_> =
        batch.columns().iter().map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap()).collect();
    (0..batch.num_rows()).map(|row| columns.iter().map(|column| column.value(row).to_string()).collect()).collect()
}

/// What differs, in words; `None` if nothing does.
pub(super) fn difference(expected: &Contents, found: &Contents) -> Option<String> {
    let mut words = vec![];
    for table in expected.keys().chain(found.keys().filter(|name| !expected.contains_key(*name))) {
        let (Some(wanted), Some(has)) = (expected.get(table), found.get(table)) else {
            words.push(format!("`{table}` is there on one side only"));
            continue;
        };
        if wanted != has {
            let mut surplus = has.clone();
            let mut missing = vec![];
            for row in wanted {
                match surplus.iter().position(|other| other == row) {
                    Some(at) => _ = surplus.remove(at),
                    None => missing.push(row),
                }
            }
            words.push(format!("`{table}` differs: missing {missing:#?}, too many {surplus:#?}"));
        }
    }
    (!words.is_empty()).then(|| words.join("\n"))
}

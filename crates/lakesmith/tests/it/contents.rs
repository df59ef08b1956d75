//! What the tables of a lake say, so that two lakes can be compared: rows without stamps, and members in the place of their keys.

use crate::house::House;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// When, and in which batch, a row was made: it differs from lake to lake.
const STAMPS: [&str; 13] = [
    "_batch_id",
    "_ingestion_timestamp",
    "_ingestion_date",
    "_source_modified",
    "_processing_timestamp",
    "_quarantined_at",
    "_row_id",
    "_resolved_at",
    "_created_timestamp",
    "_updated_timestamp",
    "modified",
    "etag",
    "_read_at",
];

/// The rows of every table, sorted.
pub(crate) type Contents = BTreeMap<String, Vec<String>>;

/// A table of the plan.
struct Shape {
    name: String,
    columns: Vec<String>,
    /// Its own surrogate key.
    key: Option<String>,
    /// Columns that hold the key of a member, with the dimension.
    members: BTreeMap<String, String>,
}

/// What every table says. Each key of a member is that of exactly one row of its dimension.
pub(crate) fn contents(house: &House) -> Contents {
    let shapes = shapes(house);
    let mut dimensions: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut rows: BTreeMap<&str, Vec<Map<String, Value>>> = BTreeMap::new();
    let mut all = read(house, &shapes);
    for shape in &shapes {
        let mut read = all.remove(&shape.name).unwrap_or_default();
        if let Some(key) = &shape.key {
            let mut members = BTreeMap::new();
            for row in &mut read {
                let id = row.shift_remove(key).unwrap().to_string();
                let text = Value::from(row.clone()).to_string();
                assert!(members.insert(id.clone(), text).is_none(), "{}: the key {id} is there twice", shape.name);
            }
            dimensions.insert(shape.name.clone(), members);
        }
        rows.insert(&shape.name, read);
    }
    let mut all = Contents::new();
    for shape in &shapes {
        let mut lines = vec![];
        for mut row in rows.remove(shape.name.as_str()).unwrap() {
            for (column, dimension) in &shape.members {
                let Some(members) = dimensions.get(dimension) else { continue };
                let id = row[column].to_string();
                let member = members.get(&id).unwrap_or_else(|| panic!("{}: no member has the key {id}", shape.name));
                row[column] = Value::from(member.clone());
            }
            lines.push(Value::from(row).to_string());
        }
        lines.sort();
        all.insert(shape.name.clone(), lines);
    }
    all
}

/// Two lakes say the same.
pub(crate) fn assert_same(said: &Contents, expected: &Contents, case: &str) {
    assert_eq!(said.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "{case}");
    for (table, rows) in expected {
        let count = |rows: &[String]| {
            let mut bag: BTreeMap<String, usize> = BTreeMap::new();
            rows.iter().for_each(|row| *bag.entry(row.clone()).or_default() += 1);
            bag
        };
        let (has, wants) = (count(&said[table]), count(rows));
        let differ = |a: &BTreeMap<String, usize>, b: &BTreeMap<String, usize>| {
            let more = a.iter().filter(|(row, n)| b.get(*row).unwrap_or(&0) < *n);
            more.take(3).map(|(row, n)| format!("{n} × {row}")).collect::<Vec<_>>().join("\n  ")
        };
        assert!(has == wants, "{case}: {table} differs\n more:\n  {}\n less:\n  {}", differ(&has, &wants), differ(&wants, &has));
    }
}

/// All rows of all tables, by one question: a process for each table would take longer than what is tried.
fn read(house: &House, shapes: &[Shape]) -> BTreeMap<String, Vec<Map<String, Value>>> {
    let selects = shapes.iter().map(|Shape { name, columns, .. }| {
        let pairs: Vec<String> = columns.iter().map(|column| format!("'{column}', `{column}`")).collect();
        format!("SELECT '{name}' AS name, to_json(named_struct({})) AS content FROM {name}", pairs.join(", "))
    });
    let mut rows: BTreeMap<String, Vec<Map<String, Value>>> = BTreeMap::new();
    for row in house.query(&selects.collect::<Vec<_>>().join(" UNION ALL ")) {
        let text = row["content"].as_str().unwrap();
        rows.entry(row["name"].as_str().unwrap().to_owned())
            .or_default()
            .push(without_stamps(serde_json::from_str(text).unwrap()));
    }
    rows
}

fn without_stamps(mut row: Map<String, Value>) -> Map<String, Value> {
    row.retain(|name, _| !STAMPS.contains(&name.as_str()));
    if let Some(raw) = row.get("_raw").and_then(Value::as_str) {
        // The row as bronze has it, with the batch and the time it came in.
        let mut raw: Map<String, Value> = serde_json::from_str(raw).unwrap();
        raw.retain(|name, _| !STAMPS.contains(&name.as_str()));
        row["_raw"] = Value::from(raw);
    }
    row
}

/// Every table that exists, companions too. Which columns hold keys is told by what the plan says of them.
fn shapes(house: &House) -> Vec<Shape> {
    let existing = house.json(&["tables", "--format", "json"]);
    let existing: BTreeSet<&str> = existing
        .as_array()
        .unwrap()
        .iter()
        .filter(|table| table["exists"] == true)
        .map(|t| t["table"].as_str().unwrap())
        .collect();
    let plan = house.json(&["compile", "--format", "json"]);
    let mut shapes = vec![];
    for flow in plan["flows"].as_array().unwrap() {
        for table in std::iter::once(&flow["target"]).chain(flow["companions"].as_array().unwrap()) {
            let name = table["name"].as_str().unwrap();
            if !existing.contains(name) {
                continue;
            }
            let mut shape = Shape { name: name.to_owned(), columns: vec![], key: None, members: BTreeMap::new() };
            for column in table["columns"].as_array().unwrap() {
                let (column, says) = (column["name"].as_str().unwrap(), column["description"].as_str().unwrap_or_default());
                shape.columns.push(column.to_owned());
                if says.starts_with("Surrogate key") {
                    shape.key = Some(column.to_owned());
                } else if let Some(member) = says.strip_prefix("Member of ") {
                    let dimension = member.split(';').next().unwrap_or(member).trim();
                    shape.members.insert(column.to_owned(), dimension.to_owned());
                }
            }
            shapes.push(shape);
        }
    }
    shapes
}

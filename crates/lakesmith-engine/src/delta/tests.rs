//! The module as a whole: tables created, committed to, read back and scanned, over real files and over a store that lies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clouds;
mod golden;
mod local;
mod log;
mod probe;
mod requests;
mod scan;
mod servers;
mod store;
mod write;
mod writers;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array, ListArray,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type, Schema, SchemaRef, TimeUnit};
use arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use tempfile::TempDir;

use super::*;

/// A folder whose name has to be encoded in a URL.
const LAKE: &str = "the läke";

fn field(name: &str, data_type: DataType) -> Field {
    Field::new(name, data_type, true)
}

fn schema(fields: Vec<Field>) -> SchemaRef {
    Arc::new(Schema::new(fields))
}

fn rows(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap()
}

fn ids(values: impl IntoIterator<Item = i64>) -> RecordBatch {
    rows(vec![("id", Arc::new(Int64Array::from_iter_values(values)))])
}

fn spec(path: &str, schema: SchemaRef, partition_by: &[&str]) -> TableSpec {
    TableSpec {
        path: path.into(),
        name: path.replace('/', "."),
        description: Some("a table of the tests".to_owned()),
        schema,
        partition_by: partition_by.iter().map(|c| (*c).to_owned()).collect(),
        properties: BTreeMap::new(),
        stats_columns: Vec::new(),
    }
}

fn id_spec(path: &str) -> TableSpec {
    spec(path, schema(vec![Field::new("id", DataType::Int64, false)]), &[])
}

fn info(operation: &str) -> CommitInfo {
    CommitInfo { operation: operation.to_owned(), ..CommitInfo::default() }
}

async fn local() -> (TempDir, Storage) {
    let dir = tempfile::tempdir().unwrap();
    let storage = Storage::open(LAKE, dir.path()).unwrap();
    (dir, storage)
}

async fn add(storage: &Storage, snapshot: &Snapshot, batch: &RecordBatch) -> Vec<Action> {
    let options = WriterOptions::default();
    let by = snapshot.partition_columns();
    let mut writer = FileWriter::new(storage, snapshot.table(), &snapshot.schema(), by, options).unwrap();
    writer.write(batch).await.unwrap();
    writer.close().await.unwrap().into_iter().map(Action::Add).collect()
}

async fn append(storage: &Storage, snapshot: &Snapshot, batch: &RecordBatch) -> Snapshot {
    let actions = add(storage, snapshot, batch).await;
    storage.commit(snapshot.table(), snapshot.version() + 1, &actions, &info("WRITE")).await.unwrap()
}

/// The answer as text, and how many files were opened and pruned for it. The table is `t`.
async fn query(storage: &Storage, snapshot: &Snapshot, mut options: ScanOptions, sql: &str) -> (String, Arc<ScanCounts>) {
    let counts = Arc::new(ScanCounts::default());
    options.counts = Some(counts.clone());
    let context = SessionContext::new();
    storage.register(&context.runtime_env());
    context.register_table("t", provider(storage, snapshot, options).await.unwrap()).unwrap();
    let batches = context.sql(sql).await.unwrap().collect().await.unwrap();
    (pretty_format_batches(&batches).unwrap().to_string(), counts)
}

/// The rows of a text table, without its frame.
fn cells(table: &str) -> Vec<Vec<String>> {
    let lines = table.lines().filter(|l| l.starts_with('|')).skip(1);
    lines.map(|l| l.trim_matches('|').split('|').map(|c| c.trim().to_owned()).collect()).collect()
}

fn paths(files: &Files) -> Vec<String> {
    let mut paths: Vec<String> = files.iter().map(|f| format!("{} {} {:?}", f.path, f.size, f.stats_json)).collect();
    paths.sort();
    paths
}

//! Bronze: every row as it came, with where it came from.

use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind};
use crate::select::{items, literal, named, quote};
use crate::step::{Step, Write, parameter};
use crate::table::{Column, Table};
use lakesmith_project::{Source, SourceTable};
use lakesmith_sql::DataType;

/// The columns that lakesmith adds to what the source has.
pub fn metadata() -> Vec<Column> {
    let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
    vec![
        column("_ingestion_timestamp", DataType::Timestamp, "When the batch that read the row ran, UTC"),
        column("_ingestion_date", DataType::Date, "The day of _ingestion_timestamp, UTC"),
        column("_source_file", DataType::String, "The file the row stood in, relative to the source"),
        column("_source_modified", DataType::Timestamp, "When that file was last changed, UTC"),
        column("_source_position", DataType::BigInt, "The row's number in the file, from 0"),
        column("_source_system", DataType::String, "The source's name"),
        column("_rescued_data", DataType::String, "What of the row did not fit its columns, as JSON"),
        column("_batch_id", DataType::BigInt, "The batch that wrote the row"),
    ]
}

/// The relation whose rows are those of the files that a batch reads.
pub(crate) fn landing(table: &TableName) -> String {
    format!("`landing`.`{}`", table.name())
}

pub(crate) fn name(source: &Source, table: &SourceTable) -> TableName {
    TableName::new(Layer::Bronze, format!("{}_{}", source.name.value, table.name.value))
}

/// The flow that fills one bronze table; `data` are the source's columns, once they are known.
pub(crate) fn flow(source: &Source, table: &SourceTable, place: (usize, usize), data: Option<&[Column]>) -> Flow {
    let name = name(source, table);
    let path = format!("bronze/{}/{}", source.name.value, table.name.value);
    let columns = data.map(|data| [data, &metadata()].concat());
    let target = Table {
        name: name.clone(),
        path: path.clone(),
        description: table.description.as_ref().map(|words| words.value.clone()),
        columns: columns.clone().unwrap_or_default(),
        partition_by: vec!["_ingestion_date".to_owned()],
        cluster_by: vec![],
        append_only: true,
        change_data: false,
    };
    Flow {
        step: data.map(|data| step(&name, &source.name.value, data)),
        first: None,
        rebuilds: false,
        kind: FlowKind::Bronze { source: place.0, table: place.1 },
        at: table.name.span,
        tags: table.tags.iter().chain(&source.tags).map(|tag| tag.value.clone()).collect(),
        inputs: vec![],
        companions: vec![receipts(&name, &path)],
        columns_known: columns.is_some(),
        definition: Default::default(),
        lineage: Default::default(),
        fingerprint: None,
        name,
        target,
    }
}

fn step(name: &TableName, source: &str, data: &[Column]) -> Step {
    let mut select: Vec<String> = data.iter().map(|column| quote(&column.name)).collect();
    let now = format!(":{}", parameter::NOW);
    select.extend([
        named(&now, "_ingestion_timestamp"),
        named(&format!("CAST({now} AS DATE)"), "_ingestion_date"),
        quote("_source_file"),
        quote("_source_modified"),
        quote("_source_position"),
        named(&literal(source), "_source_system"),
        quote("_rescued_data"),
        named(&format!(":{}", parameter::BATCH), "_batch_id"),
    ]);
    Step {
        with: vec![],
        select: format!("SELECT\n  {}\nFROM {}", items(&select), landing(name)),
        write: Write::Append,
        companions: vec![],
        outcomes: None,
        checks: vec![],
        counts: vec![],
        places: vec![],
    }
}

/// What each batch took from the source: one row per file.
fn receipts(of: &TableName, path: &str) -> Table {
    let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
    Table {
        name: of.companion("receipts"),
        path: format!("{path}_receipts"),
        description: Some(format!("The files that {of} has read: one row per file and batch")),
        columns: vec![
            column("path", DataType::String, "The file, relative to the source"),
            column("size", DataType::BigInt, "Bytes"),
            column("modified", DataType::Timestamp, "When the file was last changed, UTC"),
            column("etag", DataType::String, "The store's own mark of the content, where it gives one"),
            column("hash", DataType::String, "SHA-256 of the content"),
            column("rows", DataType::BigInt, "Rows read"),
            column("rescued", DataType::BigInt, "Rows of which something did not fit its column"),
            column("error", DataType::String, "Why the file could not be read; none of its rows are in the table"),
            column("_read_at", DataType::Timestamp, "When the batch ran, UTC"),
            column("_batch_id", DataType::BigInt, "The batch that read the file"),
        ],
        partition_by: vec![],
        cluster_by: vec![],
        append_only: true,
        change_data: false,
    }
}

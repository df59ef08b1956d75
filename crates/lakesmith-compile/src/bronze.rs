//! Bronze: every row as it came, with where it came from.

mod operation;
mod timestamp;

use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind};
use crate::select::{items, literal, named, quote};
use crate::step::{Cte, Step, Write, parameter};
use crate::table::{Column, Table};
use lakesmith_project::{Source, SourceTable};
use lakesmith_sql::DataType;
use lakesmith_text::Diagnostics;
use timestamp::Extract;

/// The column in which bronze says what a row of a change feed is.
pub(crate) const OPERATION: &str = "_operation";

/// The columns that lakesmith adds to what a source's table has.
pub fn added_columns(table: &SourceTable) -> Vec<Column> {
    let words = "What the row is, as `operation` of the source's table tells: insert, update, delete or upsert";
    let operation = table.operation.as_ref();
    let operation = operation.map(|_| Column::new(OPERATION, DataType::String).described(Some(words.to_owned())));
    operation.into_iter().chain(metadata()).collect()
}

/// The columns that lakesmith adds to what any source has.
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
pub(crate) fn flow(
    source: &Source,
    table: &SourceTable,
    place: (usize, usize),
    data: Option<&[Column]>,
    faults: &mut Diagnostics,
) -> Flow {
    let name = name(source, table);
    let path = format!("bronze/{}/{}", source.name.value, table.name.value);
    // Columns that are told and not there make the table one of which nothing is known yet.
    let steps = data.and_then(|data| Landed { name: &name, source: &source.name.value, table, data }.steps(faults));
    let columns = data.filter(|_| steps.is_some()).map(|data| [data, &added_columns(table)].concat());
    let (step, first) = steps.map_or((None, None), |(step, first)| (Some(step), first));
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
        step,
        first,
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

/// A source's table whose columns are known.
struct Landed<'a> {
    name: &'a TableName,
    source: &'a str,
    table: &'a SourceTable,
    data: &'a [Column],
}

impl Landed<'_> {
    /// The step of every batch and, where it is another, that of the first one.
    fn steps(&self, faults: &mut Diagnostics) -> Option<(Step, Option<Step>)> {
        let operation = match &self.table.operation {
            Some(operation) => Some(operation::value(operation, self.data, faults)?),
            None => None,
        };
        let columns = self.columns(operation.as_deref());
        let Some(timestamp) = &self.table.timestamp else {
            let select = format!("SELECT\n  {}\nFROM {}", items(&columns), landing(self.name));
            return Some((append(vec![], select), None));
        };
        let extract = Extract::new(self.name, self.data, timestamp, faults)?;
        Some((extract.step(&columns, false), Some(extract.step(&columns, true))))
    }

    /// The target's columns, over the source's and where each row stood.
    fn columns(&self, operation: Option<&str>) -> Vec<String> {
        let mut columns: Vec<String> = self.data.iter().map(|column| quote(&column.name)).collect();
        columns.extend(operation.map(|value| named(value, OPERATION)));
        let now = format!(":{}", parameter::NOW);
        columns.extend([
            named(&now, "_ingestion_timestamp"),
            named(&format!("CAST({now} AS DATE)"), "_ingestion_date"),
            quote("_source_file"),
            quote("_source_modified"),
            quote("_source_position"),
            named(&literal(self.source), "_source_system"),
            quote("_rescued_data"),
            named(&format!(":{}", parameter::BATCH), "_batch_id"),
        ]);
        columns
    }
}

fn append(with: Vec<Cte>, select: String) -> Step {
    let write = Write::Append;
    Step { with, select, write, companions: vec![], outcomes: None, checks: vec![], counts: vec![], places: vec![] }
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
            column(
                "status",
                DataType::String,
                "read, new_version, touched, older_snapshot, failed or passed_over: what became of the file",
            ),
            column("same_as", DataType::String, "A file that was read before and holds the same"),
            column("note", DataType::String, "What was guessed of the file: its character set"),
            column("_read_at", DataType::Timestamp, "When the batch ran, UTC"),
            column("_batch_id", DataType::BigInt, "The batch that read the file"),
        ],
        partition_by: vec![],
        cluster_by: vec![],
        append_only: true,
        change_data: false,
    }
}

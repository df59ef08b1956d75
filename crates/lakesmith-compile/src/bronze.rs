//! Bronze: every row as it came, with where it came from.

mod operation;
mod timestamp;

use crate::name::{Layer, TableName};
use crate::plan::{Flow, FlowKind};
use crate::select::{items, literal, named, quote};
use crate::step::{Cte, Step, Write, parameter};
use crate::table::{Column, Table};
use lakesmith_project::{ChangeCapture, Source, SourceKind, SourceTable};
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics};
use timestamp::Extract;

/// The column in which bronze says what a row of a change feed is.
pub(crate) const OPERATION: &str = "_operation";

/// The columns that lakesmith adds to what a source's table has.
pub fn added_columns(table: &SourceTable) -> Vec<Column> {
    [operation_of(table), metadata()].concat()
}

/// The column that says what a row is, where the project tells how to find that out.
fn operation_of(table: &SourceTable) -> Vec<Column> {
    let words = "What the row is, as `operation` of the source's table tells: insert, update, delete or upsert";
    let operation = table.operation.as_ref();
    operation.map(|_| Column::new(OPERATION, DataType::String).described(Some(words.to_owned()))).into_iter().collect()
}

/// The columns that lakesmith adds to what any source has.
pub fn metadata() -> Vec<Column> {
    metadata_of(SourceKind::Files)
}

fn metadata_of(kind: SourceKind) -> Vec<Column> {
    let (file, modified, position) = match kind {
        SourceKind::Files => (
            "The file the row stood in, relative to the source",
            "When that file was last changed, UTC",
            "The row's number in the file, from 0",
        ),
        SourceKind::Delta => (
            "The table the row stood in, relative to the source, and its version: orders@v12",
            "When that version was committed, UTC; never before an earlier version that was read",
            "The row's number among those read of that version, from 0; deletes of a change feed count down from -1",
        ),
    };
    let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
    vec![
        column("_ingestion_timestamp", DataType::Timestamp, "When the batch that read the row ran, UTC"),
        column("_ingestion_date", DataType::Date, "The day of _ingestion_timestamp, UTC"),
        column("_source_file", DataType::String, file),
        column("_source_modified", DataType::Timestamp, modified),
        column("_source_position", DataType::BigInt, position),
        column("_source_system", DataType::String, "The source's name"),
        column("_rescued_data", DataType::String, "What of the row did not fit its columns, as JSON"),
        column("_batch_id", DataType::BigInt, "The batch that wrote the row"),
    ]
}

/// The relation whose rows are those of the files or versions that a batch reads.
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
    // What a Delta table gains is known from its log, and not from a column.
    if source.kind == SourceKind::Delta && table.change_capture == ChangeCapture::Timestamp {
        let help = "`incremental` reads what commits append, once; `cdc` reads change data; `full` whole versions";
        let fault = Diagnostic::error("unsupported", "`change_capture: timestamp` is for files, not for Delta tables");
        faults.push(fault.at(table.name.span).help(help));
    }
    let name = name(source, table);
    let path = format!("bronze/{}/{}", source.name.value, table.name.value);
    // Columns that are told and not there make the table one of which nothing is known yet.
    let steps = data.and_then(|data| Landed { name: &name, source: &source.name.value, table, data }.steps(faults));
    let added = [operation_of(table), metadata_of(source.kind)].concat();
    let columns = data.filter(|_| steps.is_some()).map(|data| [data, &added].concat());
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
        whole: None,
        window: None,
        rebuilds: false,
        kind: FlowKind::Bronze { source: place.0, table: place.1 },
        at: table.name.span,
        tags: table.tags.iter().chain(&source.tags).map(|tag| tag.value.clone()).collect(),
        inputs: vec![],
        companions: vec![receipts(source.kind, &name, &path)],
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

/// What each batch took from the source: one row per file, or per version of a table.
fn receipts(kind: SourceKind, of: &TableName, path: &str) -> Table {
    let (description, mut columns) = match kind {
        SourceKind::Files => (format!("The files that {of} has read: one row per file and batch"), of_files()),
        SourceKind::Delta => (format!("The versions of its source that {of} has read: one row per version"), of_versions()),
    };
    columns.push(Column::new("_read_at", DataType::Timestamp).described(Some("When the batch ran, UTC".to_owned())));
    columns.push(Column::new("_batch_id", DataType::BigInt).described(Some(match kind {
        SourceKind::Files => "The batch that read the file".to_owned(),
        SourceKind::Delta => "The batch that read the version".to_owned(),
    })));
    Table {
        name: of.companion("receipts"),
        path: format!("{path}_receipts"),
        description: Some(description),
        columns,
        partition_by: vec![],
        cluster_by: vec![],
        append_only: true,
        change_data: false,
    }
}

fn of_files() -> Vec<Column> {
    let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
    vec![
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
    ]
}

/// A version that cannot be read gets no receipt: its flow stops.
fn of_versions() -> Vec<Column> {
    let column = |name: &str, ty, words: &str| Column::new(name, ty).described(Some(words.to_owned()));
    vec![
        column("path", DataType::String, "The table, relative to the source, and its version, as rows have it in _source_file"),
        column("version", DataType::BigInt, "The version of the source's table"),
        column("modified", DataType::Timestamp, "When it was committed, UTC; never before an earlier version that was read"),
        column("operation", DataType::String, "What its writer calls the commit: WRITE, MERGE, …"),
        column("reading", DataType::String, "What was read: snapshot, appends or changes; or passed_over"),
        column("size", DataType::BigInt, "Bytes of the data files that were read, as the log has them"),
        column("rows", DataType::BigInt, "Rows read"),
    ]
}

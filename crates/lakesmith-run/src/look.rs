//! What a person asks about tables: which there are, what they hold, what happened to them.

use chrono::{DateTime, Utc};
use lakesmith_compile::{Column, TableName};
use lakesmith_engine::delta::HistoryEntry;
use serde::Serialize;

/// One table, in short.
#[derive(Clone, Debug, Serialize)]
pub struct TableSummary {
    /// Its name.
    pub table: TableName,
    /// Whether it has been created.
    pub exists: bool,
    /// Its newest version.
    pub version: Option<i64>,
    /// The batches that its flow has committed.
    pub batches: Option<i64>,
    /// Rows, from the files' statistics.
    pub rows: Option<u64>,
    /// Data files.
    pub files: Option<u64>,
    /// Bytes of the data files.
    pub size_bytes: Option<u64>,
    /// What it holds.
    pub description: Option<String>,
}

/// One table, in full.
#[derive(Clone, Debug, Serialize)]
pub struct TableDescription {
    /// The same in short.
    pub summary: TableSummary,
    /// The flow that fills it.
    pub flow: TableName,
    /// Where it lies, relative to the storage.
    pub path: String,
    /// What its flow reads, and up to which batch.
    pub inputs: Vec<InputPosition>,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// What makes a row unique, if anything does.
    pub key: Vec<String>,
    /// Columns whose values make folders.
    pub partition_by: Vec<String>,
    /// Columns by which files are sorted.
    pub cluster_by: Vec<String>,
    /// Of a fact: how many of its rows stand at member -1, by role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown_members: Vec<UnknownMembers>,
    /// Of a dimension with members that facts need inferred: how many are inferred now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferred_members: Option<u64>,
}

/// The rows of a fact that have no member in a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownMembers {
    /// The fact's column that holds the member's key.
    pub key: String,
    /// How many rows have -1 there.
    pub facts: u64,
}

/// How far a flow has read one of its inputs.
#[derive(Clone, Debug, Serialize)]
pub struct InputPosition {
    /// The table.
    pub table: TableName,
    /// The last of its batches that was read.
    pub read_to: i64,
    /// The last batch it has; that which was read, if those after it changed no row.
    pub has: i64,
}

/// Where one flow stands.
#[derive(Clone, Debug, Serialize)]
pub struct FlowStanding {
    /// The flow.
    pub flow: TableName,
    /// Its last batch; 0 before the first.
    pub batch: i64,
    /// When its table last changed, UTC.
    pub changed: Option<DateTime<Utc>>,
    /// Inputs that have batches it has not read.
    pub behind: Vec<TableName>,
    /// A batch that is recorded and not committed everywhere: the next run finishes it.
    pub unfinished: Option<i64>,
}

/// A version of a table.
pub type Version = HistoryEntry;

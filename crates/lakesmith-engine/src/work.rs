//! What goes into an engine and what comes out.

use crate::delta::{Action, Cdc, CommitInfo, Snapshot, TablePath};
use crate::error::EngineError;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use datafusion::execution::SendableRecordBatchStream;
use lakesmith_compile::{Flow, Step, Table, TableName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A table at one version, and the range of its batches that a step reads.
#[derive(Clone, Debug)]
pub struct Pinned {
    /// The table's name in the step's SQL.
    pub table: TableName,
    /// The version that is read.
    pub snapshot: Snapshot,
    /// `_batch_id` above which rows are new, `:after_n`.
    pub after: i64,
    /// `_batch_id` up to which they are read, `:upto_n`.
    pub upto: i64,
    /// The version at which the flow read the table before, `:since_n`: -1 where that is not known.
    pub since: Option<i64>,
    /// The change data of the commits since then, `changes_n`, where the step reads it.
    pub changes: Vec<Cdc>,
}

/// One batch of one flow.
#[derive(Clone)]
pub struct Work<'a> {
    /// The flow.
    pub flow: &'a Flow,
    /// Its step, or the simpler one of an empty target.
    pub step: &'a Step,
    /// The batch's number.
    pub batch: i64,
    /// The batch's time; `current_timestamp()` is this.
    pub now: DateTime<Utc>,
    /// The target at the version on which the batch is to be committed.
    pub target: Snapshot,
    /// The companions that the step writes or reads, likewise.
    pub companions: Vec<Snapshot>,
    /// What is read, in the order of the flow's inputs.
    pub inputs: Vec<Pinned>,
    /// The highest surrogate key given so far.
    pub key_mark: i64,
    /// Of a batch that reads again what reached bronze at this time or later, `:ingested_since`.
    pub ingested_since: Option<DateTime<Utc>>,
    /// The first day of the period in which the last batch ran, `:period_before`.
    pub period_before: Option<NaiveDate>,
}

/// What became of the rows read; they add up. For a table of gold, `read` counts the rows it computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcomes {
    /// Rows read.
    pub read: u64,
    /// New in the target.
    pub inserted: u64,
    /// In place of a row with the same key.
    pub updated: u64,
    /// Equal to what is there.
    pub unchanged: u64,
    /// Another row of the same key counts for more.
    pub superseded: u64,
    /// Gone to the quarantine with their reasons.
    pub quarantined: u64,
    /// Left out by a rule that says so.
    pub dropped: u64,
    /// Rows that say that their key is gone.
    #[serde(default)]
    pub deleted: u64,
    /// Rows of the target that are gone. They were not read in this batch.
    pub removed: u64,
}

impl Outcomes {
    /// Whether every row read has exactly one outcome.
    pub fn add_up(&self) -> bool {
        self.read == self.ended()
    }

    /// The rows read of which it is known what became of them.
    pub fn ended(&self) -> u64 {
        [self.inserted, self.updated, self.unchanged, self.superseded, self.quarantined, self.dropped, self.deleted].iter().sum()
    }
}

impl std::ops::AddAssign for Outcomes {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.superseded += other.superseded;
        self.quarantined += other.quarantined;
        self.dropped += other.dropped;
        self.deleted += other.deleted;
        self.removed += other.removed;
    }
}

/// What a batch does to one table.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Output {
    /// The table.
    pub table: TablePath,
    /// The table's identity in its log: a table that was made anew at the same path is another one.
    pub table_id: String,
    /// The version it was computed on.
    pub base: i64,
    /// Whether it stands in the place of rows that the table held at that version, or would have: it holds only while no
    /// others came and none of the files that it takes away went.
    pub replaces: bool,
    /// Files added and removed, and metadata if the schema grows; without `txn`, which the commit adds.
    pub actions: Vec<Action>,
    /// Rows added.
    pub rows: u64,
}

impl Output {
    /// Whether rows of the table go, if only to be written again.
    pub fn takes_away(&self) -> bool {
        self.actions.iter().any(|action| matches!(action, Action::Remove(_)))
    }
}

/// A computed batch: data files lie in the storage, nothing is committed.
#[derive(Clone, Debug)]
pub struct Computed {
    /// Companions first, the target last.
    pub outputs: Vec<Output>,
    /// What became of the rows.
    pub outcomes: Outcomes,
    /// The highest surrogate key given, this batch included.
    pub key_mark: i64,
    /// What the step counts beside the outcomes: `unknown customer_key`.
    pub counts: BTreeMap<String, u64>,
    /// What was read of tables for it.
    pub scanned: Scanned,
}

/// What was read of data files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scanned {
    /// Different files that were opened.
    pub files: u64,
    /// Bytes of their columns.
    pub bytes: u64,
}

impl std::ops::AddAssign for Scanned {
    fn add_assign(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
    }
}

/// How the rows of a table are written again under other columns.
#[derive(Clone, Debug)]
pub struct Rewriting {
    /// The table's name, for what is said of it.
    pub name: String,
    /// The table's names of columns that are to have another name, by that other name.
    pub renamed: BTreeMap<String, String>,
    /// Columns, each with the fields that lead into it, that take their values out of `_rescued_data`.
    pub moved: Vec<Vec<String>>,
    /// The batch of a row that gained a value in this way; `None`: it keeps its own.
    pub batch: Option<i64>,
    /// Whether those who follow the table's log are told that its rows have changed.
    pub changes: bool,
    /// When the files that go were given up.
    pub now: DateTime<Utc>,
}

/// A table written again: data files lie in the storage, nothing is committed.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// What a commit makes of it.
    pub output: Output,
    /// Rows that gained a value.
    pub moved: u64,
    /// By column, how many values are not the same under its new type.
    pub lost: BTreeMap<String, u64>,
}

/// A query that has passed the gate: what every read of a surface is made of.
#[derive(Clone, Debug)]
pub struct Read {
    /// Spark SQL.
    pub sql: String,
    /// The tables that may be named, each at the version to read.
    pub tables: BTreeMap<TableName, Snapshot>,
    /// The lakehouse's name, which may stand before a table's.
    pub lakehouse: String,
    /// What `current_timestamp()` is.
    pub now: DateTime<Utc>,
}

/// The answer of a query.
#[derive(Clone, Debug)]
pub struct Rows {
    /// Its columns.
    pub schema: SchemaRef,
    /// Its rows, in order.
    pub batches: Vec<RecordBatch>,
}

impl Rows {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Runs steps and queries. Nothing else in the program knows which engine it is.
#[async_trait]
pub trait Engine: Send + Sync {
    /// The newest version of a table; `None` if it does not exist.
    async fn snapshot(&self, table: &TablePath) -> Result<Option<Snapshot>, EngineError>;
    /// Makes sure that a table exists, and keeps change data if it is to: creates it empty, if it does not.
    async fn ensure(&self, table: &Table) -> Result<Snapshot, EngineError>;
    /// Computes a batch and writes its data files. Commits nothing. `landing`: the rows of a source, for a bronze flow.
    async fn compute(&self, work: Work<'_>, landing: Option<SendableRecordBatchStream>) -> Result<Computed, EngineError>;
    /// Writes rows to a companion and gives its output. Commits nothing.
    async fn append(&self, table: &Table, base: &Snapshot, rows: Vec<RecordBatch>) -> Result<Output, EngineError>;
    /// Writes the rows of a table again, as the columns of `table`. Commits nothing.
    async fn rewrite(&self, table: &Table, base: &Snapshot, rewriting: &Rewriting) -> Result<Rewritten, EngineError>;
    /// Commits actions at exactly `version`.
    async fn commit(
        &self,
        table: &TablePath,
        version: i64,
        actions: &[Action],
        info: &CommitInfo,
    ) -> Result<Snapshot, EngineError>;
    /// Answers a query, row by row as they are computed.
    async fn stream(&self, read: &Read) -> Result<SendableRecordBatchStream, EngineError>;
    /// Answers a query.
    async fn query(&self, read: &Read) -> Result<Rows, EngineError>;
}

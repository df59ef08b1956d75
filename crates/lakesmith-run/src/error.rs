//! What keeps a run from starting, or a flow from going on.

use crate::versions::TableFault;
use lakesmith_compile::{Change, TableName};
use lakesmith_engine::EngineError;
use lakesmith_engine::delta::DeltaError;
use lakesmith_sql::DataType;
use lakesmith_text::{Diagnostic, Diagnostics, Span};
use thiserror::Error;

/// An error of the runner.
#[derive(Debug, Error)]
pub enum RunError {
    /// The project has faults; nothing ran.
    #[error("the project has faults")]
    Project(Diagnostics),
    /// A target that the project does not define.
    #[error("there is no target `{name}`; the project defines: {known}")]
    UnknownTarget {
        /// As asked for.
        name: String,
        /// Those that exist.
        known: String,
    },
    /// An engine that this binary cannot use yet.
    #[error("target `{target}` wants {engine}, which is not built yet; the embedded engine is")]
    UnsupportedEngine {
        /// The target.
        target: String,
        /// The engine.
        engine: String,
    },
    /// A table that the project does not define.
    #[error("there is no table `{name}`{}", .near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    UnknownTable {
        /// As asked for.
        name: String,
        /// The nearest name.
        near: Option<String>,
    },
    /// A table that exists in the project and not yet in the storage.
    #[error("table `{0}` has no data yet: run `lakesmith run {0}`")]
    NotThereYet(TableName),
    /// A table that reads no files.
    #[error("`{table}` reads no files: only bronze tables do; it reads {from}")]
    NoFiles {
        /// The table.
        table: TableName,
        /// What it reads.
        from: String,
    },
    /// Files whose columns differ from the table's, where the project says that the flow then stops.
    #[error("the files for `{table}` differ from its columns: {}", listed(.changes))]
    SourceChanged {
        /// The bronze table.
        table: TableName,
        /// What differs.
        changes: Vec<Change>,
        /// The command that accepts it.
        accept: String,
        /// The source's table in the project.
        at: Span,
    },
    /// A table whose columns the project has changed in a way that may lose values.
    #[error("the project changes columns of `{table}`: {}", listed(.changes))]
    ColumnsChanged {
        /// The table.
        table: TableName,
        /// What differs.
        changes: Vec<Change>,
        /// Where the project defines it.
        at: Span,
    },
    /// Columns that are not accepted as they were asked for.
    #[error("{reason}")]
    Unacceptable {
        /// Why.
        reason: String,
        /// What to do instead.
        help: String,
    },
    /// A table that reads nothing again.
    #[error("{reason}")]
    NotAgain {
        /// Why.
        reason: String,
        /// What to do instead.
        help: String,
    },
    /// Bronze has lost rows, and what is to be computed again from it would lose them too.
    #[error("`{table}` holds {rows} rows, and its receipts tell of {told}: the others would be gone from what is computed again")]
    BronzeLost {
        /// The bronze table.
        table: TableName,
        /// How many rows it holds.
        rows: u64,
        /// How many rows were read into it.
        told: u64,
    },
    /// The engine, while a flow ran or a query was answered.
    #[error(transparent)]
    Engine(Box<EngineError>),
    /// A source that could not be listed or read.
    #[error("source of `{table}`: {source}")]
    Source {
        /// The bronze table.
        table: TableName,
        /// Why.
        source: Box<lakesmith_connect::ConnectError>,
    },
    /// The folders of sources cannot be watched.
    #[error(transparent)]
    Watch(#[from] lakesmith_connect::WatchError),
    /// A type of `schema_hints` that no file is read into.
    #[error("`schema_hints` of `{table}` says {ty} for `{column}`, and files are not read into a {kind}")]
    UnreadableHint {
        /// The bronze table.
        table: TableName,
        /// The column of the hint.
        column: String,
        /// The type as Spark writes it.
        ty: DataType,
        /// What of it: MAP or BINARY.
        kind: &'static str,
        /// Where the hint is written.
        at: Span,
    },
    /// An existing table as a source that could not be read.
    #[error("source of `{table}`: {fault}")]
    SourceTable {
        /// The bronze table.
        table: TableName,
        /// Why.
        fault: Box<TableFault>,
        /// Where the project names it.
        at: Span,
    },
    /// A record in the storage that does not say what a record says.
    #[error("the record `{path}` cannot be read: {reason}")]
    Record {
        /// Its place in the storage.
        path: String,
        /// Why.
        reason: String,
    },
    /// The storage itself.
    #[error("storage: {0}")]
    Storage(#[from] object_store::Error),
    /// A batch in which not every row that was read has exactly one outcome: rows would be lost, or be there twice.
    #[error(
        "the outcomes of batch {batch} of `{flow}` do not add up: {read} rows were read, and {ended} have an outcome; nothing of it was committed"
    )]
    Unbalanced {
        /// The flow.
        flow: TableName,
        /// The batch.
        batch: i64,
        /// Rows that were read.
        read: u64,
        /// Rows of which it is known what became of them.
        ended: u64,
    },
    /// Other runners got ahead each time.
    #[error("`{flow}` lost to other runners {tries} times in a row")]
    Contended {
        /// The flow.
        flow: TableName,
        /// How often it planned again.
        tries: usize,
    },
}

impl From<EngineError> for RunError {
    fn from(error: EngineError) -> Self {
        RunError::Engine(Box::new(error))
    }
}

impl From<DeltaError> for RunError {
    fn from(error: DeltaError) -> Self {
        RunError::Engine(Box::new(error.into()))
    }
}

impl RunError {
    /// As something to be shown with its place, where there is one.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            RunError::Engine(error) => of_engine(error),
            RunError::Source { .. } => Diagnostic::error("source-failed", self.to_string()),
            RunError::SourceChanged { accept, at, .. } => Diagnostic::error("schema-drift", self.to_string())
                .at(*at)
                .help(format!("nothing of them was read; accept the change with `{accept}`, or mend the files")),
            RunError::ColumnsChanged { table, at, .. } => Diagnostic::error("columns-changed", self.to_string())
                .at(*at)
                .help(format!("nothing was written; accept the change with `lakesmith schema accept {table}`, or take it back")),
            RunError::Unacceptable { help, .. } => Diagnostic::error("columns-changed", self.to_string()).help(help.clone()),
            RunError::NotAgain { help, .. } => Diagnostic::error("not-refreshed", self.to_string()).help(help.clone()),
            RunError::BronzeLost { .. } => Diagnostic::error("not-refreshed", self.to_string()).help(
                "nothing was written; `--from DATE` computes again the keys of what reached bronze since, and leaves the others",
            ),
            RunError::UnreadableHint { at, .. } => Diagnostic::error("source-failed", self.to_string())
                .at(*at)
                .help("nothing was read; say STRING, and take values out with `get_json_object`, or name the fields of a STRUCT"),
            RunError::SourceTable { fault, at, .. } => {
                Diagnostic::error(fault.code(), self.to_string()).at(*at).help(fault.help())
            }
            RunError::UnknownTarget { .. } => Diagnostic::error("unknown-target", self.to_string()),
            RunError::UnsupportedEngine { .. } => Diagnostic::error("unsupported", self.to_string()),
            RunError::UnknownTable { .. } | RunError::NotThereYet(_) | RunError::NoFiles { .. } => {
                Diagnostic::error("unknown-table", self.to_string())
            }
            RunError::Unbalanced { .. } => Diagnostic::error("run-failed", self.to_string()).help(
                "this is a fault of lakesmith: please report it with the flow's definition, `lakesmith compile` prints its step",
            ),
            RunError::Project(_)
            | RunError::Watch(_)
            | RunError::Record { .. }
            | RunError::Storage(_)
            | RunError::Contended { .. } => Diagnostic::error("run-failed", self.to_string()),
        }
    }
}

fn listed(changes: &[Change]) -> String {
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn of_engine(error: &EngineError) -> Diagnostic {
    match error {
        EngineError::Delta(DeltaError::Unsafe { .. }) => Diagnostic::error("unsafe-storage", error.to_string())
            .help("nothing was written there but the objects of the trial; name another storage, or switch on what it lacks"),
        EngineError::Delta(DeltaError::Location { .. }) => Diagnostic::error("run-failed", error.to_string()),
        EngineError::Check { code, message, help, at } => {
            let fault = Diagnostic::error(code, message.clone()).help(help.clone());
            at.map_or(fault.clone(), |at| fault.at(at))
        }
        EngineError::Compute { reason, at: Some(at) } => Diagnostic::error("step-failed", reason.clone())
            .at(*at)
            .help("mend the expression and run again: nothing of this batch was written"),
        EngineError::TypeChanged { .. } => {
            Diagnostic::error("type-changed", error.to_string()).help("keep the type, or give the new one another column name")
        }
        _ => Diagnostic::error("step-failed", error.to_string()),
    }
}

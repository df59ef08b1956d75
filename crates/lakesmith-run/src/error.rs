//! What keeps a run from starting, or a flow from going on.

use crate::versions::TableFault;
use lakesmith_compile::TableName;
use lakesmith_engine::EngineError;
use lakesmith_engine::delta::DeltaError;
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
            RunError::SourceTable { fault, at, .. } => {
                Diagnostic::error("source-failed", self.to_string()).at(*at).help(fault.help())
            }
            RunError::UnknownTarget { .. } => Diagnostic::error("unknown-target", self.to_string()),
            RunError::UnsupportedEngine { .. } => Diagnostic::error("unsupported", self.to_string()),
            RunError::UnknownTable { .. } | RunError::NotThereYet(_) => Diagnostic::error("unknown-table", self.to_string()),
            RunError::Project(_) | RunError::Record { .. } | RunError::Storage(_) | RunError::Contended { .. } => {
                Diagnostic::error("run-failed", self.to_string())
            }
        }
    }
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

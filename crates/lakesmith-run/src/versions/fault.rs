//! Why a source's table is not read, or not read on, and what to do about it.

use super::columns::holds;
use crate::accept;
use crate::drift;
use crate::error::RunError;
use crate::lake::Lake;
use lakesmith_compile::{Change, ChangeKind, Flow};
use lakesmith_engine::delta::DeltaError;
use lakesmith_project::SchemaEvolution;
use lakesmith_sql::DataType;
use thiserror::Error;

/// A reason. Nothing of the batch was committed.
#[derive(Debug, Error)]
pub enum TableFault {
    /// No table lies where the project says.
    #[error("there is no Delta table at `{location}`")]
    NoTable {
        /// The folder or URL.
        location: String,
    },
    /// The project's own table: what it would fill is what it reads, sooner or later.
    #[error("it is `{table}`, a table of this lake")]
    Own {
        /// The table.
        table: String,
    },
    /// It could not be asked for its columns, and now it can.
    #[error("it could not be read when the run began, and can be now")]
    Late,
    /// Another table has taken its place.
    #[error("another table lies there than the one that was read up to version {read}")]
    Another {
        /// The version that was read.
        read: i64,
    },
    /// It has fewer versions than were read.
    #[error("it has no version beyond {has} and was read up to version {read}")]
    WentBack {
        /// The version that was read.
        read: i64,
        /// Its newest version.
        has: i64,
    },
    /// Its log no longer tells what happened.
    #[error("it was read up to version {read}, and its log no longer has version {missing}")]
    HistoryGone {
        /// The version that was read.
        read: i64,
        /// The first one that is missing.
        missing: i64,
    },
    /// Rows were rewritten or deleted, which appends do not tell.
    #[error("version {version}{} rewrote or deleted rows", .operation.as_ref().map(|words| format!(" ({words})")).unwrap_or_default())]
    Rewritten {
        /// The version.
        version: i64,
        /// What its writer calls it.
        operation: Option<String>,
        /// Whether it kept change data.
        keeps: bool,
    },
    /// Columns differ in a way that the bronze table does not follow by itself.
    #[error("its columns differ from those of the bronze table: {}", .changes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    ColumnsDiffer {
        /// What is different.
        changes: Vec<Change>,
        /// The command that makes the bronze table follow, at least the first of them, if there is one.
        accept: Option<String>,
    },
    /// A column came up that the run does not know.
    #[error("its column `{column}` came up while it was read")]
    Unknown {
        /// The column.
        column: String,
    },
    /// A value that does not fit its column.
    #[error("its column `{column}`: {reason}")]
    Misfit {
        /// The column.
        column: String,
        /// Why, without the value.
        reason: String,
    },
    /// The log, the files, the store.
    #[error(transparent)]
    Delta(#[from] DeltaError),
}

const ANOTHER_NAME: &str = "give the table another name under `tables:` to read it anew";
const ANEW: &str = "give it another name under `tables:` to read it anew, or load whole versions with `change_capture: full`";

impl TableFault {
    /// The diagnostic's code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            TableFault::ColumnsDiffer { .. } => "schema-drift",
            _ => "source-failed",
        }
    }

    /// What to do next.
    pub(crate) fn help(&self) -> String {
        match self {
            TableFault::NoTable { .. } => {
                "`path` of the table names the folder that holds `_delta_log`, relative to `path` of the source".to_owned()
            }
            TableFault::Own { table } => format!("read it by its name: `from: {table}`"),
            TableFault::Late | TableFault::Unknown { .. } => "run again".to_owned(),
            TableFault::Another { .. } | TableFault::WentBack { .. } => ANEW.to_owned(),
            TableFault::HistoryGone { .. } => {
                format!("run more often than its log is cleaned up (`delta.logRetentionDuration`); now, {ANEW}")
            }
            TableFault::Rewritten { keeps: true, .. } => {
                "it keeps change data: `change_capture: cdc` updates and deletes rows as it does; or say with `on_change` \
                 whether such commits are read again or passed over"
                    .to_owned()
            }
            TableFault::Rewritten { keeps: false, .. } => {
                "`change_capture: full` loads whole versions; `cdc` needs `delta.enableChangeDataFeed` on the table; \
                 `on_change: new_version` reads rewritten rows again and `ignore` passes such commits over, and neither \
                 sees deletes"
                    .to_owned()
            }
            TableFault::ColumnsDiffer { accept: Some(accept), .. } => {
                format!("nothing of it was read; accept the change with `{accept}`, or {ANOTHER_NAME}")
            }
            TableFault::ColumnsDiffer { accept: None, .. } => format!("nothing of it was read; {ANOTHER_NAME}"),
            TableFault::Misfit { .. } => "mend the table, or give the column another name there".to_owned(),
            TableFault::Delta(DeltaError::NoChangeData { .. }) => {
                format!("set `delta.enableChangeDataFeed` on the table, for commits to come; now, {ANEW}")
            }
            TableFault::Delta(DeltaError::FileGone { .. } | DeltaError::Missing { .. }) => {
                format!("run more often than it is vacuumed; now, {ANEW}")
            }
            TableFault::Delta(DeltaError::UnsupportedFeature { .. }) => {
                "its rows would be read wrong, so none is read; leave the column out or the feature off in a copy or a view \
                 of it"
                    .to_owned()
            }
            TableFault::Delta(_) => "see that other programs can read it; nothing of it was read".to_owned(),
        }
    }
}

/// Whether the bronze table can take what the source's table has by now: its types hold the values, and it takes new columns
/// in, or leaves them out without stopping.
pub(super) fn columns(lake: &Lake, flow: &Flow) -> Result<(), RunError> {
    let Some(learnt) = lake.learnt(flow) else { return Ok(()) };
    let stops = lake.policy(flow) == Some(SchemaEvolution::Fail);
    let refused = learnt.refused.iter().filter(|_| stops);
    let changes: Vec<Change> = learnt.unfit.iter().chain(refused).cloned().collect();
    if changes.is_empty() {
        return Ok(());
    }
    let accept = match learnt.unfit.is_empty() {
        true => Some(accept::suggested(&flow.name, &changes)),
        false => accepts(flow, &learnt.unfit),
    };
    Err(of(flow)(TableFault::ColumnsDiffer { changes, accept }))
}

/// The command that makes the first of these changes, if the bronze table can follow it.
fn accepts(flow: &Flow, changes: &[Change]) -> Option<String> {
    let change = changes.first()?;
    let to = match &change.kind {
        ChangeKind::Added { to } | ChangeKind::Widened { to, .. } => to,
        ChangeKind::Retyped { from: DataType::BigInt, to: DataType::Double } => &DataType::Double,
        ChangeKind::Retyped { from, to } if from.is_atomic() && holds(&DataType::String, to) => &DataType::String,
        ChangeKind::Retyped { .. } | ChangeKind::Recased { .. } | ChangeKind::Removed { .. } => return None,
    };
    Some(drift::command(&flow.name, &change.column, Some(to)))
}

/// The runner's error of a flow, from a reason.
pub(crate) fn of(flow: &Flow) -> impl Fn(TableFault) -> RunError + '_ {
    |fault| RunError::SourceTable { table: flow.name.clone(), fault: Box::new(fault), at: flow.at }
}

//! Why a source's table is not read, or not read on, and what to do about it.

use crate::error::RunError;
use lakesmith_compile::Flow;
use lakesmith_engine::delta::DeltaError;
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
    /// A column has another type than before.
    #[error("its column `{column}` is {now} now and {held} in the bronze table")]
    TypeChanged {
        /// The column, as the source calls it.
        column: String,
        /// The bronze table's type.
        held: String,
        /// The source's type.
        now: String,
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

const ANEW: &str = "give it another name under `tables:` to read it anew, or load whole versions with `change_capture: full`";

impl TableFault {
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
            TableFault::TypeChanged { .. } => "give the table another name under `tables:` to read it anew".to_owned(),
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

/// The runner's error of a flow, from a reason.
pub(super) fn of(flow: &Flow) -> impl Fn(TableFault) -> RunError + '_ {
    |fault| RunError::SourceTable { table: flow.name.clone(), fault: Box::new(fault), at: flow.at }
}

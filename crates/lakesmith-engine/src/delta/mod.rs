//! The one place that reads and writes Delta logs.
//!
//! A [`Storage`] is the root of a target's tables. From it come a [`Snapshot`] (what a table holds at one version),
//! an empty table ([`Storage::create`]), a commit by compare-and-swap at an exact version ([`Storage::commit`]), data files
//! with statistics ([`FileWriter`]) and a scan for DataFusion ([`provider`]). Tables of others are read as [`ForeignTable`]s.
//!
//! What it relies on:
//! - a commit is one object put if absent: whoever puts version *n* first has it, everyone else plans again;
//! - after any error the outcome of a commit is unknown until the log was read; our own commit is known by its id;
//! - tables stay at reader version 1: a table that needs more is refused by the name of the feature.
//!
//! The Delta kernel replays logs and writes checkpoints. The kernel's API blocks: it is only called from blocking threads.
//! What a step, a batch or a flow is, this module does not know.

mod action;
pub(crate) mod change;
pub(crate) mod comments;
mod commit;
mod create;
mod error;
mod file;
mod foreign;
mod history;
mod kernel;
mod protocol;
mod scan;
mod schema;
mod snapshot;
mod storage;
mod value;
mod writer;

#[cfg(test)]
mod tests;

pub use action::{Action, Add, Cdc, CommitInfo, Format, Metadata, Protocol, Remove, Txn};
pub use change::{CHANGE_TYPE, change_provider};
pub use create::TableSpec;
pub use error::{CommitError, DeltaError};
pub use file::{DataFile, Stats};
pub use foreign::{AddedFile, ForeignCommit, ForeignRows, ForeignTable, OPERATION, RowStream, fit};
pub use history::HistoryEntry;
pub use scan::{ScanCounts, ScanOptions, provider};
pub use snapshot::{Files, Snapshot};
pub use storage::{Storage, TablePath};
pub use writer::{FileWriter, WriterOptions};

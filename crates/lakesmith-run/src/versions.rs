//! What a bronze flow reads next of an existing Delta table: the versions that were committed since it read last.
//!
//! The position is in the bronze table's own log: `<flow>/at/source` is the version that was read, `<flow>/from/source`
//! tells the source's table from another one that is made at the same place.
//!
//! ```text
//! no position ── the whole table at its newest version                              snapshot
//! a position  ── full: the whole table again, if its rows changed                   snapshot
//!                incremental: the rows of the files that commits added              appends
//!                cdc: the same while nothing else happened, else its change data    changes
//! ```
//!
//! The version is pinned when the run learns the columns, so that no row has a column that the run does not know.

mod columns;
mod fault;
mod learn;
mod place;
mod rescue;
mod rows;

pub use fault::TableFault;
pub(crate) use fault::of as failed;
pub(crate) use learn::{Learning, ask_again, learn};
pub(crate) use rows::Reports;

use crate::batch::position;
use crate::error::RunError;
use crate::lake::Lake;
use crate::read;
use chrono::{DateTime, TimeDelta, Utc};
use lakesmith_compile::{Flow, FlowKind, TableName};
use lakesmith_engine::delta::{DeltaError, ForeignCommit, ForeignTable, Snapshot};
use lakesmith_project::{ChangeCapture, OnChange, SchemaEvolution, Source, SourceKind, SourceTable};
use serde::{Deserialize, Serialize};

/// How the rows of a batch are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reading {
    /// All rows of the table.
    Snapshot,
    /// The rows of files that commits added.
    Appends,
    /// The rows that commits inserted, updated and deleted.
    Changes,
}

/// What a batch takes of a table: what a record keeps, so that the batch can be computed again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Range {
    /// The version that was read before; commits after it are read.
    pub(crate) since: Option<i64>,
    /// The version up to which is read.
    pub(crate) version: i64,
    /// The table's identity.
    pub(crate) table_id: String,
    /// How.
    pub(crate) reading: Reading,
}

/// One version that a batch reads.
#[derive(Clone, Debug)]
struct Version {
    number: i64,
    /// When it was committed, and never before the version that was read before it: part of the order of arrival.
    modified: DateTime<Utc>,
    operation: Option<String>,
    /// Bytes of its data files, where only those are read.
    bytes: Option<u64>,
    /// Whether its rows are left out, as the project wants it.
    passed_over: bool,
}

/// What arrived of a table.
#[derive(Clone)]
pub(crate) struct Versions {
    table: ForeignTable,
    /// As the project writes it.
    name: String,
    pub(crate) range: Range,
    versions: Vec<Version>,
    /// Commits whose rows are read, each part in its own way.
    parts: Vec<(Reading, Vec<ForeignCommit>)>,
    /// Whether rows say what became of them.
    feed: bool,
    /// Whether values of columns that the bronze table does not have are kept beside its columns.
    rescues: bool,
}

/// Where a bronze flow has come in its source's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    version: i64,
    table: i64,
}

impl Position {
    async fn of(flow: &Flow, target: &Snapshot) -> Result<Option<Position>, RunError> {
        let version = target.txn(&position::at_source(&flow.name)).await?;
        let table = target.txn(&position::from_source(&flow.name)).await?;
        Ok(version.zip(table).map(|(version, table)| Position { version, table }))
    }
}

impl Range {
    /// The table's identity as a position.
    pub(crate) fn fingerprint(&self) -> i64 {
        fingerprint(&self.table_id)
    }
}

fn fingerprint(id: &str) -> i64 {
    // FNV-1a: the same on every machine and in every version of this program.
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    (hash >> 1) as i64
}

/// The source of a bronze flow that reads an existing table.
pub(crate) fn source<'a>(lake: &'a Lake, flow: &Flow) -> Option<(&'a Source, &'a SourceTable)> {
    let FlowKind::Bronze { source, table } = flow.kind else { return None };
    let source = lake.project().sources.get(source)?;
    (source.kind == SourceKind::Delta).then_some((source, source.tables.get(table)?))
}

/// What a flow has not read of its source's table, after its batch `last`. `None` where that is nothing, and for a flow
/// that reads no table.
///
/// # Errors
/// [`RunError::SourceTable`] where it cannot be read on: see [`TableFault`].
pub(crate) async fn arriving(lake: &Lake, flow: &Flow, target: &Snapshot, last: i64) -> Result<Option<Versions>, RunError> {
    let Some((_, wanted)) = source(lake, flow) else { return Ok(None) };
    let Some(table) = lake.foreign(flow) else { return ask_again(lake, flow).await.map(|()| None) };
    let versions = gained(lake, flow, wanted, table, target, last).await?;
    if versions.is_some() {
        fault::columns(lake, flow)?;
    }
    Ok(versions)
}

async fn gained(
    lake: &Lake,
    flow: &Flow,
    wanted: &SourceTable,
    table: &ForeignTable,
    target: &Snapshot,
    last: i64,
) -> Result<Option<Versions>, RunError> {
    let failed = fault::of(flow);
    let (table_id, version) = (table.id().to_owned(), table.version());
    let range = |since, version, reading| Range { since, version, table_id: table_id.clone(), reading };
    let full = wanted.change_capture == ChangeCapture::Full;
    let Some(position) = Position::of(flow, target).await? else {
        return gather(lake, flow, range(None, version, Reading::Snapshot), vec![], last).await.map(Some);
    };
    let since = position.version;
    let same = position.table == fingerprint(&table_id);
    if same && since == version {
        return Ok(None);
    }
    if !same || since > version {
        return match full {
            true => gather(lake, flow, range(Some(since), version, Reading::Snapshot), vec![], last).await.map(Some),
            false if same => Err(failed(TableFault::WentBack { read: since, has: version })),
            false => Err(failed(TableFault::Another { read: since })),
        };
    }
    let commits = match table.commits(since).await {
        Ok(commits) => commits,
        Err(DeltaError::Missing { .. }) if full => {
            return gather(lake, flow, range(Some(since), version, Reading::Snapshot), vec![], last).await.map(Some);
        }
        Err(DeltaError::Missing { version: Some(missing), .. }) => {
            return Err(failed(TableFault::HistoryGone { read: since, missing }));
        }
        Err(error) => return Err(failed(error.into())),
    };
    if full {
        return match commits.iter().any(ForeignCommit::changes_rows) {
            true => gather(lake, flow, range(Some(since), version, Reading::Snapshot), vec![], last).await.map(Some),
            false => Ok(None),
        };
    }
    let commits = up_to(commits, lake.max_batch());
    if wanted.change_capture != ChangeCapture::Cdc
        && wanted.on_change == OnChange::Error
        && let Some(commit) = commits.iter().find(|commit| rewrites(commit))
    {
        let keeps = commit.change_data;
        return Err(failed(TableFault::Rewritten { version: commit.version, operation: commit.operation.clone(), keeps }));
    }
    let upto = commits.last().map_or(version, |commit| commit.version);
    let reading = match wanted.change_capture == ChangeCapture::Cdc && commits.iter().any(rewrites) {
        true => Reading::Changes,
        false => Reading::Appends,
    };
    gather(lake, flow, range(Some(since), upto, reading), commits, last).await.map(Some)
}

/// What a recorded batch took, to be read again.
pub(crate) async fn recorded(lake: &Lake, flow: &Flow, range: &Range, last: i64) -> Result<Versions, RunError> {
    let failed = fault::of(flow);
    let table = at(lake, flow, range.version).await?;
    if table.id() != range.table_id {
        return Err(failed(TableFault::Another { read: range.version }));
    }
    let commits = match (range.reading, range.since) {
        (Reading::Snapshot, _) | (_, None) => vec![],
        (_, Some(since)) => table.commits(since).await.map_err(|error| failed(error.into()))?,
    };
    gather(lake, flow, range.clone(), commits, last).await
}

/// The source's table at a version: at hand if that is the one that the run reads up to.
async fn at(lake: &Lake, flow: &Flow, version: i64) -> Result<ForeignTable, RunError> {
    let failed = fault::of(flow);
    if let Some(table) = lake.foreign(flow).filter(|table| table.version() == version) {
        return Ok(table.clone());
    }
    let (source, wanted) = source(lake, flow).ok_or_else(|| failed(TableFault::Late))?;
    place::open(lake, source, wanted, Some(version)).await.map_err(failed)
}

/// What asks for the versions that were read up to a batch, newest first. One that could not be read has no receipt.
pub(crate) fn receipts_query(receipts: &TableName, last: i64, failed: bool, limit: usize) -> String {
    let none = if failed { " AND false" } else { "" };
    format!(
        "SELECT path, reading, _batch_id AS batch, _read_at AS read_at, size AS size_bytes, modified, rows, version, operation
FROM {}
WHERE _batch_id <= {last}{none}
ORDER BY version DESC
LIMIT {limit}",
        receipts.quoted()
    )
}

/// Whether a commit did more than to add rows.
fn rewrites(commit: &ForeignCommit) -> bool {
    commit.removes || commit.change_data
}

/// The first commits that hold about so many bytes, at least one.
fn up_to(commits: Vec<ForeignCommit>, max_bytes: u64) -> Vec<ForeignCommit> {
    let mut bytes = 0_u64;
    let fits = |commit: &ForeignCommit| {
        let first = bytes == 0;
        bytes = bytes.saturating_add(commit.bytes);
        first || bytes <= max_bytes
    };
    commits.into_iter().take_while(fits).collect()
}

/// The versions of a range, with their times, and which of their commits are read.
async fn gather(lake: &Lake, flow: &Flow, range: Range, commits: Vec<ForeignCommit>, last: i64) -> Result<Versions, RunError> {
    let failed = fault::of(flow);
    let (_, wanted) = source(lake, flow).ok_or_else(|| failed(TableFault::Late))?;
    let table = at(lake, flow, range.version).await?;
    let name = wanted.path.value.trim_end_matches('/').to_owned();
    let mut versions = vec![];
    if range.reading == Reading::Snapshot {
        let modified = table.committed_at().await.map_err(|error| failed(error.into()))?;
        versions.push(Version { number: range.version, modified, operation: None, bytes: None, passed_over: false });
    }
    let ignores = range.reading == Reading::Appends && wanted.on_change == OnChange::Ignore;
    versions.extend(commits.iter().map(|commit| Version {
        number: commit.version,
        modified: commit.at,
        operation: commit.operation.clone(),
        bytes: Some(commit.bytes),
        passed_over: ignores && rewrites(commit),
    }));
    forward(&mut versions, read::last_arrival(lake, flow, last).await?);
    let kept: Vec<ForeignCommit> = commits.into_iter().filter(|commit| !(ignores && rewrites(commit))).collect();
    let feed = wanted.change_capture == ChangeCapture::Cdc;
    let rescues = wanted.schema_evolution != SchemaEvolution::AddColumns;
    Ok(Versions { table, name, parts: parts(range.reading, kept), range, versions, feed, rescues })
}

/// Commits that are read in one way, one part after the other. Change data tells only of commits since a table keeps it:
/// what was appended before is read as such.
fn parts(reading: Reading, commits: Vec<ForeignCommit>) -> Vec<(Reading, Vec<ForeignCommit>)> {
    if reading != Reading::Changes {
        return vec![(reading, commits)];
    }
    let mut parts: Vec<Vec<ForeignCommit>> = vec![];
    for commit in commits {
        match parts.last_mut() {
            Some(part) if commit.schema.is_none() => part.push(commit),
            _ => parts.push(vec![commit]),
        }
    }
    let way = |part: Vec<ForeignCommit>| match part.iter().any(rewrites) {
        true => (Reading::Changes, part),
        false => (Reading::Appends, part),
    };
    parts.into_iter().map(way).collect()
}

/// Makes times go on with the versions, and after `before`: clocks of writers go back, the order of commits does not.
fn forward(versions: &mut [Version], before: Option<DateTime<Utc>>) {
    let mut before = before;
    for version in versions {
        version.modified = crate::files::micros(version.modified);
        if let Some(before) = before {
            version.modified = version.modified.max(before.checked_add_signed(TimeDelta::microseconds(1)).unwrap_or(before));
        }
        before = Some(version.modified);
    }
}

#[cfg(test)]
#[path = "versions/tests.rs"]
mod tests;

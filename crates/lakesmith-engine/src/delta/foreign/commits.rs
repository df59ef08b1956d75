//! What each commit did to a foreign table, from the log alone.

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use delta_kernel::schema::StructType;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStoreExt;
use serde_json::Value;

use super::super::action::{Action, Metadata};
use super::super::storage::{Log, store_error};
use super::super::{DeltaError, TablePath};
use super::{ForeignTable, types};

/// Commits that are asked for side by side.
const AT_ONCE: usize = 8;

/// One commit, as far as a reader of changes cares.
#[derive(Clone, Debug)]
pub struct ForeignCommit {
    /// The version it made.
    pub version: i64,
    /// When it was made: as the commit itself says, else when its file was written.
    pub at: DateTime<Utc>,
    /// What its writer calls it: `WRITE`, `MERGE`, `DELETE` …
    pub operation: Option<String>,
    /// Data files with rows that were not in the table before, or that were rewritten; none of a compaction.
    pub added: Vec<AddedFile>,
    /// Whether it took rows away: whole files, or rows of files.
    pub removes: bool,
    /// Whether it names files of change data.
    pub change_data: bool,
    /// Bytes of its data files and files of change data.
    pub bytes: u64,
    /// The table's columns, where the commit says what they are.
    pub schema: Option<SchemaRef>,
}

impl ForeignCommit {
    /// Whether the table holds other rows since.
    pub fn changes_rows(&self) -> bool {
        self.removes || self.change_data || !self.added.is_empty()
    }
}

/// A data file that a commit added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedFile {
    /// As it stands in the log.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// Whether rows of it are deleted.
    pub deletion_vector: bool,
}

impl ForeignTable {
    /// The commits after `since` up to this version, oldest first.
    ///
    /// # Errors
    /// [`DeltaError::Missing`] with the version whose commit is not in the log any more; otherwise what the store or the
    /// log gives.
    pub async fn commits(&self, since: i64) -> Result<Vec<ForeignCommit>, DeltaError> {
        let log = &self.inner.log;
        stream::iter(since + 1..=self.version()).map(|version| commit(log, version)).buffered(AT_ONCE).try_collect().await
    }

    /// When this version was made.
    ///
    /// # Errors
    /// What the store gives; [`DeltaError::Log`] for a damaged commit.
    pub async fn committed_at(&self) -> Result<DateTime<Utc>, DeltaError> {
        let (log, version) = (&self.inner.log, self.version());
        match log.actions(version).await {
            Ok((_, info)) => time(log, version, info.as_ref()).await,
            // A checkpoint may be all that is left.
            Err(DeltaError::Missing { .. }) => {
                let (kernel, engine) = (self.inner.kernel.clone(), log.engine.clone());
                let known = super::kernel::blocking(log, move || Ok(kernel.get_timestamp(engine.as_ref()).ok())).await?;
                Ok(known.and_then(DateTime::from_timestamp_millis).unwrap_or_default())
            }
            Err(error) => Err(error),
        }
    }
}

async fn commit(log: &Log, version: i64) -> Result<ForeignCommit, DeltaError> {
    let (actions, info) = log.actions(version).await?;
    let at = time(log, version, info.as_ref()).await?;
    let operation = info.as_ref().and_then(|info| info.get("operation")).and_then(Value::as_str).map(str::to_owned);
    let mut commit =
        ForeignCommit { version, at, operation, added: vec![], removes: false, change_data: false, bytes: 0, schema: None };
    for action in actions {
        match action {
            Action::Add(add) if add.data_change => {
                let bytes = u64::try_from(add.size).unwrap_or_default();
                commit.bytes += bytes;
                commit.added.push(AddedFile { path: add.path, bytes, deletion_vector: add.deletion_vector.is_some() });
            }
            Action::Remove(remove) => commit.removes |= remove.data_change,
            Action::Cdc(cdc) => {
                commit.change_data = true;
                commit.bytes += u64::try_from(cdc.size).unwrap_or_default();
            }
            Action::Metadata(metadata) => commit.schema = Some(schema(&log.table, version, &metadata)?),
            Action::Add(_) | Action::Protocol(_) | Action::Txn(_) => {}
        }
    }
    Ok(commit)
}

fn schema(table: &TablePath, version: i64, metadata: &Metadata) -> Result<SchemaRef, DeltaError> {
    let parsed: StructType = serde_json::from_str(&metadata.schema_string).map_err(|error| DeltaError::Log {
        table: table.clone(),
        version,
        reason: format!("its schema cannot be read: {error}"),
    })?;
    types::schema(table, &parsed)
}

/// The commit's own time, which goes with the table wherever it is copied; else that of its file.
async fn time(log: &Log, version: i64, info: Option<&Value>) -> Result<DateTime<Utc>, DeltaError> {
    let said = |key: &str| info.and_then(|info| info.get(key)).and_then(Value::as_i64);
    if let Some(millis) = said("inCommitTimestamp").or_else(|| said("timestamp"))
        && let Some(time) = DateTime::from_timestamp_millis(millis)
    {
        return Ok(time);
    }
    let object = log.commit(version);
    let meta = log.store.head(&object).await.map_err(|error| store_error(&log.table, &object, error))?;
    Ok(meta.last_modified)
}

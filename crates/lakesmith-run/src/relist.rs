//! When everything was last listed.
//!
//! Where a table's listing leaves names out (dates in its path, names in order, a queue that tells of new files), what comes
//! late or is never told of is found by listing everything now and then. When that was is kept beside the tables. It is a
//! saving and no more: where the note is missing, of another path or from the future, everything is listed.

use crate::error::RunError;
use crate::lake::Lake;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use lakesmith_compile::TableName;
use object_store::ObjectStoreExt;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const FORMAT_VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Note {
    format_version: u32,
    /// What was listed.
    of: String,
    at: DateTime<Utc>,
}

/// Whether everything is to be listed. `of` says what everything is.
pub(crate) async fn is_due(lake: &Lake, table: &TableName, of: &str, every: Duration) -> Result<bool, RunError> {
    let bytes = match lake.storage().store().get(&path(lake, table)?).await {
        Ok(found) => found.bytes().await?,
        Err(object_store::Error::NotFound { .. }) => return Ok(true),
        Err(error) => return Err(error.into()),
    };
    let Ok(note) = serde_json::from_slice::<Note>(&bytes) else { return Ok(true) };
    let since = (lake.now() - note.at).to_std();
    Ok(note.format_version != FORMAT_VERSION || note.of != of || since.is_ok_and(|since| since >= every) || since.is_err())
}

/// Notes that everything was listed at `at`, and that all of it has been read.
pub(crate) async fn note(lake: &Lake, table: &TableName, of: &str, at: DateTime<Utc>) -> Result<(), RunError> {
    let note = Note { format_version: FORMAT_VERSION, of: of.to_owned(), at };
    let bytes = serde_json::to_vec(&note).map(Bytes::from).unwrap_or_default();
    lake.storage().store().put(&path(lake, table)?, bytes.into()).await?;
    Ok(())
}

/// Forgets when everything was listed: the next run does it anew.
pub(crate) async fn forget(lake: &Lake, table: &TableName) -> Result<(), RunError> {
    match lake.storage().store().delete(&path(lake, table)?).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn path(lake: &Lake, table: &TableName) -> Result<object_store::path::Path, RunError> {
    Ok(lake.storage().path(&format!("_lakesmith/listings/{table}"))?)
}

//! Records: what makes a computed batch binding before it is committed.
//!
//! A record lies at `_lakesmith/flows/<flow>/<batch>`; one that takes its place for what is not committed yet at
//! `<batch>.<n>`. It is put if absent, once, and never changed.

use crate::drift::Drift;
use crate::error::RunError;
use crate::refresh::Again;
use crate::versions::Range;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use lakesmith_compile::{Definition, Step, Table, TableName};
use lakesmith_engine::delta::Storage;
use lakesmith_engine::{Outcomes, Output, Scanned};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A later version of this format is refused by name, not guessed at.
const FORMAT_VERSION: u32 = 1;
/// The format of a record that writes its table again under other columns: who does not know it must not compute it again.
const REWRITES_VERSION: u32 = 2;

/// The format of a record that reads again what earlier batches have read, and replaces rows of companions.
const AGAIN_VERSION: u32 = 3;

/// What one input was read at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RecordedInput {
    pub(crate) table: TableName,
    /// The version of the table.
    pub(crate) version: i64,
    /// Its batches above this one were read.
    pub(crate) after: i64,
    /// Up to this one.
    pub(crate) upto: i64,
    /// The version at which it was read before, where that is known.
    #[serde(default)]
    pub(crate) since: Option<i64>,
}

/// A computed batch.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) format_version: u32,
    pub(crate) run_id: String,
    pub(crate) flow: TableName,
    pub(crate) batch: i64,
    /// Which record of this batch it is, from 1.
    pub(crate) attempt: u32,
    /// The batch's time.
    pub(crate) now: DateTime<Utc>,
    pub(crate) inputs: Vec<RecordedInput>,
    /// What was taken of an existing table that is the flow's source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<Range>,
    /// The definition that the batch was computed by.
    pub(crate) fingerprint: Option<i64>,
    pub(crate) outcomes: Outcomes,
    /// What this process read of tables to compute it.
    #[serde(skip)]
    pub(crate) scanned: Scanned,
    pub(crate) counts: BTreeMap<String, u64>,
    pub(crate) key_mark: i64,
    /// What there is to say of the source's columns and of the definition.
    #[serde(default, skip_serializing_if = "Drift::is_empty")]
    pub(crate) drift: Drift,
    /// The definition part by part, where it is another than before.
    #[serde(default, skip_serializing_if = "Definition::is_empty")]
    pub(crate) definition: Definition,
    pub(crate) step: Step,
    /// The target and the companions with the columns that the step was made for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) tables: Vec<Table>,
    /// What the batch was asked to read again, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) again: Option<Again>,
    /// The columns that were accepted, if the batch writes its table again under other columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) accepted: Vec<String>,
    /// Companions first, the target last.
    pub(crate) outputs: Vec<Output>,
}

impl Record {
    /// Where it lies in the storage.
    pub(crate) fn path(&self) -> String {
        path(&self.flow, self.batch, self.attempt)
    }

    /// The format of a record of such a batch and step: who does not know how companions are replaced must not compute it
    /// again.
    pub(crate) fn format(batch: i64, again: Option<Again>, step: &Step) -> u32 {
        let replaces = batch > 1 && step.companions.iter().any(|beside| beside.replaces.is_some());
        if replaces || again.is_some() { AGAIN_VERSION } else { FORMAT_VERSION }
    }

    /// The format of a record that writes its table again.
    pub(crate) fn rewriting() -> u32 {
        REWRITES_VERSION
    }

    /// A table as the batch was computed for it, whatever the project says by now.
    pub(crate) fn table(&self, path: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.path == path)
    }
}

fn path(flow: &TableName, batch: i64, attempt: u32) -> String {
    match attempt {
        1 => format!("_lakesmith/flows/{flow}/{batch}"),
        n => format!("_lakesmith/flows/{flow}/{batch}.{n}"),
    }
}

/// The record that binds a batch: of several the last.
pub(crate) async fn latest(storage: &Storage, flow: &TableName, batch: i64) -> Result<Option<Record>, RunError> {
    let first = read(storage, flow, batch, 1).await?;
    if first.is_none() {
        return Ok(None);
    }
    let folder = storage.path(&format!("_lakesmith/flows/{flow}"))?;
    let names: Vec<Path> = storage.store().list(Some(&folder)).map_ok(|object| object.location).try_collect().await?;
    let prefix = format!("{batch}.");
    let later = names.iter().filter_map(|path| path.filename()?.strip_prefix(&prefix)?.parse::<u32>().ok()).max();
    match later {
        Some(attempt) => read(storage, flow, batch, attempt).await,
        None => Ok(first),
    }
}

async fn read(storage: &Storage, flow: &TableName, batch: i64, attempt: u32) -> Result<Option<Record>, RunError> {
    let name = path(flow, batch, attempt);
    let bytes = match storage.store().get(&storage.path(&name)?).await {
        Ok(found) => found.bytes().await?,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let unreadable = |reason: String| RunError::Record { path: name.clone(), reason };
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| unreadable(error.to_string()))?;
    let version = value.get("format_version").and_then(serde_json::Value::as_u64);
    if !version.is_some_and(|version| (FORMAT_VERSION..=AGAIN_VERSION).any(|known| u64::from(known) == version)) {
        return Err(unreadable(format!(
            "its format is {}, this lakesmith knows {AGAIN_VERSION}; use the newer binary",
            version.unwrap_or(0)
        )));
    }
    serde_json::from_value(value).map(Some).map_err(|error| unreadable(error.to_string()))
}

/// Puts a record if no other one has its place; `false` if one has.
pub(crate) async fn put(storage: &Storage, record: &Record) -> Result<bool, RunError> {
    let name = record.path();
    let bytes = serde_json::to_vec(record).map_err(|error| RunError::Record { path: name.clone(), reason: error.to_string() })?;
    Ok(storage.put_if_absent(&storage.path(&name)?, &bytes.into()).await?)
}

//! A data file of a snapshot, with what its statistics promise about its rows.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::action::{Action, Add, Remove};

/// A data file that belongs to a table at one version.
#[derive(Debug, Clone)]
pub struct DataFile {
    /// The path of its `add`: relative to the table, URL-encoded. The file's identity within the table.
    pub path: String,
    /// Bytes.
    pub size: i64,
    /// Milliseconds since 1970.
    pub modification_time: i64,
    /// Partition column to serialised value; `None` is NULL.
    pub partition_values: BTreeMap<String, Option<String>>,
    /// The statistics as they stand in the log.
    pub stats_json: Option<String>,
    /// Free tags.
    pub tags: BTreeMap<String, Option<String>>,
    stats: OnceLock<Option<Box<Stats>>>,
}

/// Statistics of one data file. Values are kept as JSON text, so that a decimal of 38 digits stays exact.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Rows in the file.
    #[serde(default)]
    pub num_records: Option<i64>,
    /// Column to a value that no row is below. Timestamps are cut to milliseconds, long strings to a prefix.
    #[serde(default, rename = "minValues")]
    pub min: BTreeMap<String, Box<RawValue>>,
    /// Column to a value that no row is above, timestamps aside: foreign writers cut them to milliseconds.
    #[serde(default, rename = "maxValues")]
    pub max: BTreeMap<String, Box<RawValue>>,
    /// Column to the number of NULLs; nested columns hold an object.
    #[serde(default)]
    pub null_count: BTreeMap<String, Box<RawValue>>,
}

impl Stats {
    /// NULLs in a top-level column, if counted.
    pub fn nulls(&self, column: &str) -> Option<u64> {
        self.null_count.get(column)?.get().parse().ok()
    }
}

impl DataFile {
    /// The statistics, parsed once. `None` when the file has none, or none that can be read.
    pub fn stats(&self) -> Option<&Stats> {
        self.stats.get_or_init(|| self.stats_json.as_deref().and_then(|text| serde_json::from_str(text).ok())).as_deref()
    }

    /// Rows in the file, if its statistics say so.
    pub fn num_records(&self) -> Option<u64> {
        self.stats()?.num_records?.try_into().ok()
    }

    /// The action that takes this file out of the table. `now` in milliseconds since 1970.
    pub fn to_remove(&self, now: i64) -> Action {
        Action::Remove(Remove {
            path: self.path.clone(),
            deletion_timestamp: Some(now),
            data_change: true,
            extended_file_metadata: Some(true),
            partition_values: Some(self.partition_values.clone()),
            size: Some(self.size),
            tags: (!self.tags.is_empty()).then(|| self.tags.clone()),
            deletion_vector: None,
        })
    }

    pub(super) fn new(
        path: String,
        size: i64,
        modification_time: i64,
        partition_values: BTreeMap<String, Option<String>>,
        stats_json: Option<String>,
        tags: BTreeMap<String, Option<String>>,
    ) -> Self {
        Self { path, size, modification_time, partition_values, stats_json, tags, stats: OnceLock::new() }
    }
}

impl From<&Add> for DataFile {
    fn from(add: &Add) -> Self {
        Self::new(
            add.path.clone(),
            add.size,
            add.modification_time,
            add.partition_values.clone(),
            add.stats.clone(),
            add.tags.clone().unwrap_or_default(),
        )
    }
}

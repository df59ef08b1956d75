//! The actions of a Delta commit, serialised exactly as the protocol's JSON says.
//!
//! A commit file holds one action a line: `{"add":{…}}`. Batch records keep lists of them and read them back.
//! See the Delta transaction log protocol, "Actions".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One line of a commit. `commitInfo` is not among them: it is told by [`CommitInfo`] and read by `history`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Which features readers and writers must know.
    #[serde(rename = "protocol")]
    Protocol(Protocol),
    /// Schema, partitioning and properties.
    #[serde(rename = "metaData")]
    Metadata(Metadata),
    /// A data file joins the table.
    #[serde(rename = "add")]
    Add(Add),
    /// A data file leaves the table.
    #[serde(rename = "remove")]
    Remove(Remove),
    /// How far an application has come.
    #[serde(rename = "txn")]
    Txn(Txn),
    /// A file of change data.
    #[serde(rename = "cdc")]
    Cdc(Cdc),
}

/// What a client must know to read and to write the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Protocol {
    /// Lowest reader version.
    pub min_reader_version: i32,
    /// Lowest writer version.
    pub min_writer_version: i32,
    /// Features by name, from reader version 3 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reader_features: Option<Vec<String>>,
    /// Features by name, from writer version 7 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer_features: Option<Vec<String>>,
}

/// The encoding of data files: always Parquet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// `parquet`.
    pub provider: String,
    /// Empty.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

impl Default for Format {
    fn default() -> Self {
        Self { provider: "parquet".to_owned(), options: BTreeMap::new() }
    }
}

/// Schema, partitioning and properties of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// The table's identity; it stays the same for the life of the table.
    pub id: String,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the table holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Encoding of the data files.
    #[serde(default)]
    pub format: Format,
    /// The schema in Delta's JSON.
    pub schema_string: String,
    /// Partition columns in order.
    #[serde(default)]
    pub partition_columns: Vec<String>,
    /// Table properties.
    #[serde(default)]
    pub configuration: BTreeMap<String, String>,
    /// Milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_time: Option<i64>,
}

/// A data file that belongs to the table from this commit on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Add {
    /// Path relative to the table, URL-encoded.
    pub path: String,
    /// Partition column to serialised value; `None` is NULL.
    pub partition_values: BTreeMap<String, Option<String>>,
    /// Bytes.
    pub size: i64,
    /// Milliseconds since 1970.
    pub modification_time: i64,
    /// False when the commit only rearranges rows.
    pub data_change: bool,
    /// Statistics as JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<String>,
    /// Free tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, Option<String>>>,
    /// Kept as it is in foreign commits; tables that use it are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_vector: Option<Value>,
}

/// A data file that no longer belongs to the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remove {
    /// As in the file's `add`.
    pub path: String,
    /// Milliseconds since 1970; vacuum counts from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_timestamp: Option<i64>,
    /// False when the commit only rearranges rows.
    pub data_change: bool,
    /// Whether the three fields below are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_file_metadata: Option<bool>,
    /// As in the file's `add`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_values: Option<BTreeMap<String, Option<String>>>,
    /// As in the file's `add`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// As in the file's `add`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, Option<String>>>,
    /// Kept as it is in foreign commits; tables that use it are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_vector: Option<Value>,
}

/// How far an application has come in this table. The newest wins, whatever its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Txn {
    /// The application: a flow, or one of its positions.
    pub app_id: String,
    /// Its number.
    pub version: i64,
    /// Milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<i64>,
}

/// A file of change data under `_change_data/`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cdc {
    /// Path relative to the table, URL-encoded.
    pub path: String,
    /// Partition column to serialised value; `None` is NULL.
    pub partition_values: BTreeMap<String, Option<String>>,
    /// Bytes.
    pub size: i64,
    /// Always false: the rows are in the `add` and `remove` actions too.
    pub data_change: bool,
    /// Free tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, Option<String>>>,
}

impl Action {
    /// `txn(app_id, version)`, stamped with `now` (milliseconds since 1970).
    pub fn txn(app_id: impl Into<String>, version: i64, now: i64) -> Self {
        Self::Txn(Txn { app_id: app_id.into(), version, last_updated: Some(now) })
    }
}

/// What a commit says about itself. Kept in the commit and shown by `history`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CommitInfo {
    /// The operation's name as Delta's tools know it: `WRITE`, `MERGE`, `CREATE TABLE`, `OPTIMIZE` …
    pub operation: String,
    /// Its parameters, shown by `DESCRIBE HISTORY`.
    pub parameters: BTreeMap<String, String>,
    /// lakesmith's own facts: the batch, its record, the run. Written as `commitInfo.lakesmith`.
    pub info: BTreeMap<String, Value>,
}

/// Reads a commit file: its actions and its `commitInfo`. Actions that are not among [`Action`]'s are left out.
pub(super) fn parse_commit(bytes: &[u8]) -> Result<(Vec<Action>, Option<Value>), serde_json::Error> {
    const KNOWN: [&str; 6] = ["protocol", "metaData", "add", "remove", "txn", "cdc"];
    let mut actions = Vec::new();
    let mut info = None;
    for line in bytes.split(|b| *b == b'\n').filter(|l| !l.trim_ascii().is_empty()) {
        let Value::Object(mut entry) = serde_json::from_slice::<Value>(line)? else {
            continue;
        };
        if let Some(found) = entry.remove("commitInfo") {
            info = Some(found);
        }
        entry.retain(|key, value| KNOWN.contains(&key.as_str()) && !value.is_null());
        if !entry.is_empty() {
            actions.push(serde_json::from_value(Value::Object(entry))?);
        }
    }
    Ok((actions, info))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_foreign_commit_are_read_and_written_back() {
        let lines = concat!(
            r#"{"commitInfo":{"timestamp":5,"operation":"WRITE"}}"#,
            "\n",
            r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"#,
            "\n",
            r#"{"domainMetadata":{"domain":"d","configuration":"","removed":false}}"#,
            "\n",
            r#"{"txn":{"appId":"flow","version":7}}"#,
            "\n",
            r#"{"add":{"path":"a%2520b","partitionValues":{"p":null},"size":1,"modificationTime":2,"dataChange":true}}"#,
            "\n",
            r#"{"remove":{"path":"x","dataChange":false,"deletionTimestamp":3}}"#,
            "\n",
        );
        let (actions, info) = parse_commit(lines.as_bytes()).unwrap();
        assert_eq!(info.unwrap()["operation"], "WRITE");
        assert_eq!(actions.len(), 4);
        for (action, line) in actions.iter().zip([1, 3, 4, 5]) {
            let written = serde_json::to_value(action).unwrap();
            let read: Value = serde_json::from_str(lines.lines().nth(line).unwrap()).unwrap();
            assert_eq!(written, read);
        }
    }

    #[test]
    fn a_torn_line_is_an_error() {
        assert!(parse_commit(br#"{"add":{"path":"a""#).is_err());
    }
}

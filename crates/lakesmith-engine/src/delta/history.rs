//! Who did what to a table, newest first: from the `commitInfo` of its commits.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt};
use serde_json::Value;

use super::DeltaError;
use super::action::Action;
use super::file::DataFile;
use super::storage::{Storage, TablePath, store_error};

/// One commit, as its writer describes it and its actions show it.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryEntry {
    /// The version it made.
    pub version: i64,
    /// Milliseconds since 1970: the writer's clock, or the store's where the writer says nothing.
    pub timestamp: i64,
    /// `WRITE`, `MERGE` … ; `None` when the writer does not say.
    pub operation: Option<String>,
    /// The operation's parameters.
    pub parameters: BTreeMap<String, String>,
    /// lakesmith's own facts, as given in `CommitInfo::info`, with the commit's `id`. Empty for foreign commits.
    pub info: BTreeMap<String, Value>,
    /// The program that wrote it.
    pub engine: Option<String>,
    /// Data files added.
    pub files_added: u64,
    /// Data files removed.
    pub files_removed: u64,
    /// Rows in the added files; `None` when a file does not say.
    pub rows_added: Option<u64>,
    /// Bytes of the added files.
    pub bytes_added: i64,
    /// Whether it sets the table's columns or properties.
    pub metadata: bool,
}

impl Storage {
    /// What lakesmith said of the commit that made `version`, as given in `CommitInfo::info`. Empty for a foreign commit.
    ///
    /// # Errors
    /// [`DeltaError::Missing`] when the commit is no longer in the log, [`DeltaError::Log`] when it is damaged.
    pub async fn commit_facts(&self, path: &TablePath, version: i64) -> Result<BTreeMap<String, Value>, DeltaError> {
        let (_, info) = self.log(path)?.actions(version).await?;
        let own = info.as_ref().and_then(|info| info.get("lakesmith")).and_then(Value::as_object);
        Ok(own.cloned().unwrap_or_default().into_iter().collect())
    }

    /// The newest `limit` commits that are still in the log, newest first. Empty when there is no table.
    ///
    /// # Errors
    /// What the store gives; [`DeltaError::Log`] for a damaged commit.
    pub async fn history(&self, path: &TablePath, limit: usize) -> Result<Vec<HistoryEntry>, DeltaError> {
        let log = self.log(path)?;
        let folder = log.folder();
        let mut commits: Vec<(i64, i64)> = log
            .store
            .list(Some(&folder))
            .try_filter_map(|object| async move {
                let version = object.location.filename().and_then(commit_version);
                Ok(version.map(|v| (v, object.last_modified.timestamp_millis())))
            })
            .try_collect()
            .await
            .map_err(|e| store_error(path, &folder, e))?;
        commits.sort_unstable_by(|a, b| b.cmp(a));
        commits.dedup_by_key(|(version, _)| *version);
        commits.truncate(limit);
        let log = &log;
        futures::stream::iter(commits)
            .map(|(version, modified)| async move {
                let (actions, info) = log.actions(version).await?;
                Ok(entry(version, modified, &actions, info.unwrap_or_default()))
            })
            .buffered(8)
            .try_collect()
            .await
    }
}

/// `00000000000000000007.json` is version 7; checkpoints and compacted logs are none.
fn commit_version(name: &str) -> Option<i64> {
    let digits = name.strip_suffix(".json")?;
    (digits.len() == 20).then(|| digits.parse().ok()).flatten()
}

fn entry(version: i64, modified: i64, actions: &[Action], info: Value) -> HistoryEntry {
    let object = |key: &str| info.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    let text = |key: &str| info.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut found = HistoryEntry {
        version,
        timestamp: info.get("timestamp").and_then(Value::as_i64).unwrap_or(modified),
        operation: text("operation"),
        parameters: object("operationParameters")
            .into_iter()
            .map(|(key, value)| match value {
                Value::String(text) => (key, text),
                other => (key, other.to_string()),
            })
            .collect(),
        info: object("lakesmith").into_iter().collect(),
        engine: text("engineInfo"),
        files_added: 0,
        files_removed: 0,
        rows_added: Some(0),
        bytes_added: 0,
        metadata: false,
    };
    for action in actions {
        match action {
            Action::Add(add) => {
                found.files_added += 1;
                found.bytes_added += add.size;
                found.rows_added = found.rows_added.zip(DataFile::from(add).num_records()).map(|(a, b)| a + b);
            }
            Action::Remove(_) => found.files_removed += 1,
            Action::Metadata(_) => found.metadata = true,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn only_commit_files_have_a_version() {
        assert_eq!(commit_version("00000000000000000007.json"), Some(7));
        for other in [
            "00000000000000000007.checkpoint.parquet",
            "_last_checkpoint",
            "7.json",
            "00000000000000000001.00000000000000000005.compacted.json",
        ] {
            assert_eq!(commit_version(other), None, "{other}");
        }
    }
}

//! The commit: one object, put if absent at an exact version.
//!
//! A store may answer with an error although the object is there: a request that was sent again after a lost answer
//! meets its own result. So each commit carries an id of its own, and after an error the log is read to learn what happened.
//! Delta transaction log protocol, "Delta log entries" and "Commit provenance information".

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::action::{Action, CommitInfo};
use super::file::DataFile;
use super::storage::{Log, PutError, Storage, TablePath, if_absent, store_error};
use super::{CommitError, DeltaError, Snapshot, kernel, protocol};

const CHECKPOINT_INTERVAL: i64 = 20;

impl Storage {
    /// Commits `actions` as exactly `version`, on top of `version - 1`, and gives the table as it then is.
    ///
    /// Where the version is a multiple of the table's checkpoint interval, a checkpoint is written; if that fails,
    /// the commit stands and a warning is logged.
    ///
    /// # Errors
    /// See [`CommitError`]. Only `Failed` means that nothing was, or will be, committed.
    pub async fn commit(
        &self,
        path: &TablePath,
        version: i64,
        actions: &[Action],
        info: &CommitInfo,
    ) -> Result<Snapshot, CommitError> {
        let failed = |source| CommitError::Failed { table: path.clone(), version, source: Box::new(source) };
        // Whoever commits has just looked: what was seen then is at hand.
        let seen = self.cache().get(path).filter(|seen| seen.version() == version - 1);
        let base = match seen {
            Some(seen) => seen,
            None => self.snapshot_at(path, version - 1).await.map_err(failed)?,
        };
        let log = base.log();
        // What this commit makes of the table counts, and what it was: a rule cannot be dropped and broken in one commit.
        protocol::check_writable(path, base.protocol(), base.metadata(), actions).map_err(failed)?;
        for action in actions {
            match action {
                Action::Metadata(metadata) => protocol::check_writable(path, base.protocol(), metadata, actions),
                Action::Protocol(protocol) => protocol::check_writable(path, protocol, base.metadata(), actions),
                _ => Ok(()),
            }
            .map_err(failed)?;
        }
        let bytes = encode(version, actions, info, log.now())
            .map_err(|e| failed(DeltaError::Log { table: path.clone(), version, reason: e.to_string() }))?;
        put_commit(log, version, bytes).await?;

        let committed = self.after_commit(&base, version, actions).await;
        committed.map_err(|source| CommitError::Unknown { table: path.clone(), version, source: Box::new(source) })
    }

    async fn after_commit(&self, base: &Snapshot, version: i64, actions: &[Action]) -> Result<Snapshot, DeltaError> {
        let (engine, from) = (base.log().engine.clone(), base.kernel().clone());
        let interval = base.properties().get("delta.checkpointInterval").and_then(|v| v.parse().ok());
        let due = version % interval.filter(|i| *i > 0).unwrap_or(CHECKPOINT_INTERVAL) == 0;
        let at = u64::try_from(version).unwrap_or_default();
        let table = base.table().to_string();
        let kernel = kernel::blocking(base.log(), move || {
            let snapshot = delta_kernel::Snapshot::builder_from(from).at_version(at).build(engine.as_ref())?;
            if !due {
                return Ok(snapshot);
            }
            match snapshot.checkpoint(engine.as_ref(), None) {
                Ok((_, checkpointed)) => Ok(checkpointed),
                Err(error) => {
                    tracing::warn!(table, version, %error, "a checkpoint could not be written");
                    Ok(snapshot)
                }
            }
        })
        .await?;
        let snapshot = base.after(kernel, actions)?;
        self.cache().put(&snapshot);
        Ok(snapshot)
    }
}

/// The commit file: `commitInfo` first, then one action a line.
pub(super) fn encode(version: i64, actions: &[Action], info: &CommitInfo, now: i64) -> Result<Bytes, serde_json::Error> {
    let id = Uuid::new_v4().to_string();
    let mut own = json!({ "id": id });
    if let Value::Object(own) = &mut own {
        own.extend(info.info.clone());
    }
    let appends_only = actions.iter().all(|a| !matches!(a, Action::Remove(_) | Action::Metadata(_) | Action::Protocol(_)));
    let mut commit_info = json!({
        "timestamp": now,
        "operation": info.operation,
        "operationParameters": info.parameters,
        "operationMetrics": metrics(actions),
        "isBlindAppend": appends_only && info.operation == "WRITE",
        "engineInfo": concat!("lakesmith/", env!("CARGO_PKG_VERSION")),
        "txnId": id,
        "lakesmith": own,
    });
    if let Value::Object(fields) = &mut commit_info
        && version > 0
    {
        fields.insert("readVersion".to_owned(), (version - 1).into());
    }
    let mut bytes = serde_json::to_vec(&json!({ "commitInfo": commit_info }))?;
    for action in actions {
        bytes.push(b'\n');
        serde_json::to_writer(&mut bytes, action)?;
    }
    bytes.push(b'\n');
    Ok(bytes.into())
}

/// Counts under the names that Delta's own tools use. All are text, as they are there.
fn metrics(actions: &[Action]) -> BTreeMap<&'static str, String> {
    let (mut files, mut rows, mut bytes, mut removed) = (0_u64, Some(0_u64), 0_i64, 0_u64);
    for action in actions {
        match action {
            Action::Add(add) => {
                files += 1;
                bytes += add.size;
                rows = rows.zip(DataFile::from(add).num_records()).map(|(a, b)| a + b);
            }
            Action::Remove(_) => removed += 1,
            _ => {}
        }
    }
    let mut metrics = BTreeMap::from([("numFiles", files.to_string()), ("numOutputBytes", bytes.to_string())]);
    if let Some(rows) = rows {
        metrics.insert("numOutputRows", rows.to_string());
    }
    if removed > 0 {
        metrics.insert("numRemovedFiles", removed.to_string());
    }
    metrics
}

/// Puts a commit file if absent, and finds out what became of it if the store does not say.
pub(super) async fn put_commit(log: &Log, version: i64, bytes: Bytes) -> Result<(), CommitError> {
    let (table, object) = (log.table.clone(), log.commit(version));
    let source = |error| Box::new(store_error(&log.table, &object, error));
    match if_absent(log.store.as_ref(), &object, &bytes).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(CommitError::VersionExists { table, version }),
        Err(PutError::Refused(error)) => Err(CommitError::Failed { table, version, source: source(error) }),
        Err(PutError::Unknown(error)) => Err(CommitError::Unknown { table, version, source: source(error) }),
    }
}

//! What a table holds at one version.
//!
//! The kernel replays the log. What is costly to know, the list of files and the `txn` of an application, is asked for once and kept;
//! a snapshot that follows another one takes the files over and applies the commits in between.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, AsArray, MapArray, RecordBatch};
use arrow::datatypes::{Int64Type, SchemaRef};
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::snapshot::SnapshotRef;
use futures::StreamExt;
use tokio::sync::OnceCell;

use super::action::{Action, Metadata, Protocol};
use super::storage::{Log, Storage, TablePath};
use super::{DataFile, DeltaError, kernel, protocol, schema};

/// The data files of a snapshot, in no particular order.
pub type Files = Arc<Vec<Arc<DataFile>>>;

/// Past this many commits between two snapshots the list of files is read anew.
const COMMITS_APPLIED: i64 = 50;

/// A table at one version. Cheap to clone.
#[derive(Clone)]
pub struct Snapshot {
    inner: Arc<Inner>,
}

struct Inner {
    log: Log,
    version: i64,
    kernel: SnapshotRef,
    schema: SchemaRef,
    protocol: Protocol,
    metadata: Metadata,
    files: OnceCell<Files>,
    /// The files at an earlier version: the commits since then lead to ours.
    earlier: Option<(i64, Files)>,
    txns: Mutex<HashMap<String, Option<i64>>>,
}

/// The newest snapshot of each table that this process has seen.
#[derive(Default)]
pub(super) struct Cache(Mutex<HashMap<TablePath, Snapshot>>);

impl Cache {
    pub(super) fn get(&self, table: &TablePath) -> Option<Snapshot> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(table).cloned()
    }

    pub(super) fn put(&self, snapshot: &Snapshot) {
        let table = snapshot.table().clone();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(table, snapshot.clone());
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("table", self.table()).field("version", &self.version()).finish_non_exhaustive()
    }
}

impl Storage {
    /// The newest snapshot of a table; `None` when there is no table. With `newer_than`, only what came after it is read.
    ///
    /// # Errors
    /// [`DeltaError::UnsupportedFeature`] for a table that we cannot read right; otherwise what the store or the log gives.
    pub async fn snapshot(&self, path: &TablePath, newer_than: Option<&Snapshot>) -> Result<Option<Snapshot>, DeltaError> {
        let log = self.log(path)?;
        let loaded = match Snapshot::load(log.clone(), newer_than, None).await {
            Err(DeltaError::Kernel { .. }) if !has_log(&log).await? => return Ok(None),
            // The kernel's failure on a missing table also comes up while another runner makes it.
            Err(DeltaError::Kernel { .. }) => Snapshot::load(log, newer_than, None).await?,
            loaded => loaded?,
        };
        self.cache().put(&loaded);
        Ok(Some(loaded))
    }

    /// The table as it was at `version`.
    ///
    /// # Errors
    /// [`DeltaError::Missing`] when there is no such table; [`DeltaError::Kernel`] when its log has no such version.
    pub async fn snapshot_at(&self, path: &TablePath, version: i64) -> Result<Snapshot, DeltaError> {
        let log = self.log(path)?;
        let missing = || DeltaError::Missing { table: path.clone(), version: Some(version) };
        if version < 0 {
            return Err(missing());
        }
        // A snapshot already at hand saves the listing of everything before it.
        let base = self.cache().get(path).filter(|cached| cached.version() <= version);
        match Snapshot::load(log.clone(), base.as_ref(), Some(version)).await {
            Err(DeltaError::Kernel { .. }) if !has_log(&log).await? => Err(missing()),
            loaded => loaded,
        }
    }

    /// The actions of one commit, without its `commitInfo`.
    ///
    /// # Errors
    /// [`DeltaError::Missing`] when the commit file is not there (any more), [`DeltaError::Log`] when it is damaged.
    pub async fn commit_actions(&self, path: &TablePath, version: i64) -> Result<Vec<Action>, DeltaError> {
        Ok(self.log(path)?.actions(version).await?.0)
    }
}

pub(super) async fn has_log(log: &Log) -> Result<bool, DeltaError> {
    let folder = log.folder();
    match log.store.list(Some(&folder)).next().await {
        None | Some(Err(object_store::Error::NotFound { .. })) => Ok(false),
        Some(Ok(_)) => Ok(true),
        Some(Err(source)) => Err(super::storage::store_error(&log.table, &folder, source)),
    }
}

impl Snapshot {
    /// Reads the table at `at`, or its newest version, starting from `base` if given.
    pub(super) async fn load(log: Log, base: Option<&Self>, at: Option<i64>) -> Result<Self, DeltaError> {
        let (engine, url) = (log.engine.clone(), log.url.clone());
        let from = base.map(|b| b.inner.kernel.clone());
        let kernel = kernel::blocking(&log, move || {
            let builder = match from {
                Some(base) => delta_kernel::Snapshot::builder_from(base),
                None => delta_kernel::Snapshot::builder_for(url),
            };
            match at.and_then(|v| u64::try_from(v).ok()) {
                Some(version) => builder.at_version(version).build(engine.as_ref()),
                None => builder.build(engine.as_ref()),
            }
        })
        .await?;
        match base {
            Some(base) if to_version(kernel.version()) == base.version() => Ok(base.clone()),
            _ => Self::new(log, kernel, base, OnceCell::new(), HashMap::new()),
        }
    }

    /// The snapshot that `actions` made of this one. What was known about files and transactions goes on being known.
    pub(super) fn after(&self, kernel: SnapshotRef, actions: &[Action]) -> Result<Self, DeltaError> {
        let files = match self.inner.files.get() {
            Some(files) => OnceCell::new_with(Some(apply(files, actions))),
            None => OnceCell::new(),
        };
        let mut txns = self.inner.txns.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for action in actions {
            if let Action::Txn(txn) = action {
                txns.insert(txn.app_id.clone(), Some(txn.version));
            }
        }
        Self::new(self.inner.log.clone(), kernel, Some(self), files, txns)
    }

    fn new(
        log: Log,
        kernel: SnapshotRef,
        base: Option<&Self>,
        files: OnceCell<Files>,
        txns: HashMap<String, Option<i64>>,
    ) -> Result<Self, DeltaError> {
        let version = to_version(kernel.version());
        let configuration = kernel.table_configuration();
        let protocol = configuration.protocol();
        let names = |features: Option<&[delta_kernel::table_features::TableFeature]>| {
            features.map(|list| list.iter().map(|f| f.as_ref().to_owned()).collect())
        };
        let protocol = Protocol {
            min_reader_version: protocol.min_reader_version(),
            min_writer_version: protocol.min_writer_version(),
            reader_features: names(protocol.reader_features()),
            writer_features: names(protocol.writer_features()),
        };
        let metadata: Metadata = serde_json::to_value(configuration.metadata())
            .and_then(serde_json::from_value)
            .map_err(|e| DeltaError::Log { table: log.table.clone(), version, reason: e.to_string() })?;
        protocol::check_readable(&log.table, &protocol, &metadata)?;
        let schema = schema::from_kernel(&log.table, &kernel.schema())?;
        let earlier = base
            .and_then(|base| match base.inner.files.get() {
                Some(files) => Some((base.version(), files.clone())),
                None => base.inner.earlier.clone(),
            })
            .filter(|(from, _)| files.get().is_none() && *from <= version && version - from <= COMMITS_APPLIED);
        let txns = Mutex::new(txns);
        Ok(Self { inner: Arc::new(Inner { log, version, kernel, schema, protocol, metadata, files, earlier, txns }) })
    }

    /// The table.
    pub fn table(&self) -> &TablePath {
        &self.inner.log.table
    }

    /// The version, from 0.
    pub fn version(&self) -> i64 {
        self.inner.version
    }

    /// All columns in order, those that partition the table too. Timestamps are microseconds in UTC; field metadata is kept.
    pub fn schema(&self) -> SchemaRef {
        self.inner.schema.clone()
    }

    /// The columns that partition the table, outermost first.
    pub fn partition_columns(&self) -> &[String] {
        &self.inner.metadata.partition_columns
    }

    /// Table properties, such as `delta.appendOnly`.
    pub fn properties(&self) -> &BTreeMap<String, String> {
        &self.inner.metadata.configuration
    }

    /// The table's metadata, to be shown, or to be committed again with a change.
    pub fn metadata(&self) -> &Metadata {
        &self.inner.metadata
    }

    /// The table's protocol.
    pub fn protocol(&self) -> &Protocol {
        &self.inner.protocol
    }

    /// The version that application `app_id` last recorded in this table.
    ///
    /// # Errors
    /// What the store or the log gives.
    pub async fn txn(&self, app_id: &str) -> Result<Option<i64>, DeltaError> {
        if let Some(known) = self.inner.txns.lock().unwrap_or_else(PoisonError::into_inner).get(app_id) {
            return Ok(*known);
        }
        let (kernel, engine) = (self.inner.kernel.clone(), self.inner.log.engine.clone());
        let app = app_id.to_owned();
        let found = kernel::blocking(&self.inner.log, move || kernel.get_app_id_version(&app, engine.as_ref())).await?;
        self.inner.txns.lock().unwrap_or_else(PoisonError::into_inner).insert(app_id.to_owned(), found);
        Ok(found)
    }

    /// The data files, read once per snapshot.
    ///
    /// # Errors
    /// [`DeltaError::UnsupportedFeature`] when a file has a deletion vector; otherwise what the store or the log gives.
    pub async fn files(&self) -> Result<Files, DeltaError> {
        let files = self.inner.files.get_or_try_init(|| async {
            match self.files_from_earlier().await {
                Some(files) => Ok(files),
                None => self.files_from_log().await,
            }
        });
        Ok(files.await?.clone())
    }

    /// `None` when there is nothing to start from, or a commit in between is gone.
    async fn files_from_earlier(&self) -> Option<Files> {
        let (from, files) = self.inner.earlier.as_ref()?;
        let mut files = files.clone();
        for version in from + 1..=self.version() {
            let (actions, _) = self.inner.log.actions(version).await.ok()?;
            files = apply(&files, &actions);
        }
        Some(files)
    }

    async fn files_from_log(&self) -> Result<Files, DeltaError> {
        let (kernel, engine) = (self.inner.kernel.clone(), self.inner.log.engine.clone());
        let batches = kernel::blocking(&self.inner.log, move || {
            let scan = kernel.scan_builder().without_row_transforms().build()?;
            let mut batches = Vec::new();
            for found in scan.scan_metadata(engine.as_ref())? {
                let (data, selected) = found?.scan_files.into_parts();
                batches.push((ArrowEngineData::try_from_engine_data(data)?.record_batch().clone(), selected));
            }
            Ok(batches)
        })
        .await?;
        let mut files = Vec::new();
        for (batch, selected) in &batches {
            self.read_files(batch, selected, &mut files)?;
        }
        Ok(Arc::new(files))
    }

    /// One row per file, as the kernel's scan gives them. Rows past the end of `selected` are selected.
    fn read_files(&self, batch: &RecordBatch, selected: &[bool], files: &mut Vec<Arc<DataFile>>) -> Result<(), DeltaError> {
        let unexpected = || DeltaError::Log {
            table: self.table().clone(),
            version: self.version(),
            reason: "the kernel's list of files has another form than expected".to_owned(),
        };
        let text = |name| batch.column_by_name(name).and_then(|c| c.as_string_opt::<i32>()).ok_or_else(unexpected);
        let long = |name| batch.column_by_name(name).and_then(|c| c.as_primitive_opt::<Int64Type>()).ok_or_else(unexpected);
        let (paths, stats) = (text("path")?, text("stats")?);
        let (sizes, times) = (long("size")?, long("modificationTime")?);
        let constants = batch.column_by_name("fileConstantValues").and_then(|c| c.as_struct_opt()).ok_or_else(unexpected)?;
        let map = |name| constants.column_by_name(name).and_then(|c| c.as_map_opt()).ok_or_else(unexpected);
        let (partitions, tags) = (map("partitionValues")?, map("tags")?);
        let vectors = batch.column_by_name("deletionVector").and_then(|c| c.as_struct_opt());
        let vector = |row| {
            vectors.is_some_and(|v| v.is_valid(row) && v.column_by_name("storageType").is_some_and(|kind| kind.is_valid(row)))
        };
        for row in 0..batch.num_rows() {
            if !selected.get(row).copied().unwrap_or(true) || paths.is_null(row) {
                continue;
            }
            if vector(row) {
                return Err(DeltaError::UnsupportedFeature {
                    table: self.table().clone(),
                    feature: "deletionVectors".to_owned(),
                    access: "read",
                });
            }
            files.push(Arc::new(DataFile::new(
                paths.value(row).to_owned(),
                sizes.value(row),
                times.value(row),
                entries(partitions, row),
                stats.is_valid(row).then(|| stats.value(row).to_owned()),
                entries(tags, row),
            )));
        }
        Ok(())
    }

    pub(super) fn log(&self) -> &Log {
        &self.inner.log
    }

    pub(super) fn kernel(&self) -> &SnapshotRef {
        &self.inner.kernel
    }
}

pub(super) fn to_version(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

fn entries(map: &MapArray, row: usize) -> BTreeMap<String, Option<String>> {
    if map.is_null(row) {
        return BTreeMap::new();
    }
    let pairs = map.value(row);
    let (Some(keys), Some(values)) = (pairs.column(0).as_string_opt::<i32>(), pairs.column(1).as_string_opt::<i32>()) else {
        return BTreeMap::new();
    };
    keys.iter().zip(values).filter_map(|(key, value)| Some((key?.to_owned(), value.map(str::to_owned)))).collect()
}

/// The files after a commit. A file that is removed and added again in one commit stays, as it was added.
fn apply(files: &Files, actions: &[Action]) -> Files {
    let mut gone = HashSet::new();
    let mut added = Vec::new();
    for action in actions {
        match action {
            Action::Add(add) => {
                gone.insert(add.path.as_str());
                added.push(Arc::new(DataFile::from(add)));
            }
            Action::Remove(remove) => {
                gone.insert(remove.path.as_str());
            }
            _ => {}
        }
    }
    if gone.is_empty() {
        return files.clone();
    }
    let kept = files.iter().filter(|f| !gone.contains(f.path.as_str())).cloned();
    Arc::new(kept.chain(added).collect())
}

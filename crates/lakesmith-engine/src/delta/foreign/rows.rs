//! Rows of data files, in the order of their versions and their files: the same rows in the same order whenever they are
//! read.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::scan::state::{ScanFile, transform_to_logical};
use delta_kernel::scan::{Scan, StatsOptions};
use delta_kernel::snapshot::SnapshotRef;
use delta_kernel::{DeltaResult, Engine, EngineData, Error as KernelError, FileMeta};
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc::{self, Sender};

use super::super::DeltaError;
use super::super::kernel::KernelEngine;
use super::super::storage::TablePath;
use super::{AddedFile, ForeignCommit, ForeignTable, fault};

/// Batches that are read before they are asked for.
const AHEAD: usize = 4;

/// Rows that one version of a table holds, gained or changed.
#[derive(Clone, Debug)]
pub struct ForeignRows {
    /// The version.
    pub version: i64,
    /// Columns by their names in the table, in the kernel's types: [`fit`](super::fit) brings them to ours.
    pub batch: RecordBatch,
}

/// Rows one batch after the other.
pub type RowStream = BoxStream<'static, Result<ForeignRows, DeltaError>>;

impl ForeignTable {
    /// All rows that the table holds at its version.
    pub fn rows(&self) -> RowStream {
        let (kernel, engine, version) = (self.inner.kernel.clone(), self.inner.log.engine.clone(), self.version());
        streamed(self.table().clone(), Some(version), move |out| {
            let scan = scan(&kernel)?;
            let files = files(&scan, &engine)?;
            in_order(&scan, &engine, files, version, out)
        })
    }

    /// The rows of the files that commits added, each file as its commit left it. The commits are of this table, up to
    /// this version; where they rewrote files, the rewritten rows are among them.
    pub fn appended(&self, commits: &[ForeignCommit]) -> RowStream {
        let (kernel, engine) = (self.inner.kernel.clone(), self.inner.log.engine.clone());
        let url = self.inner.log.url.clone();
        let wanted: Vec<(i64, Vec<AddedFile>)> = commits.iter().map(|commit| (commit.version, commit.added.clone())).collect();
        streamed(self.table().clone(), Some(self.version()), move |out| {
            let scan_now = scan(&kernel)?;
            let paths: HashSet<&str> = wanted.iter().flat_map(|(_, files)| files).map(|file| file.path.as_str()).collect();
            let mut held = HashMap::new();
            for file in files(&scan_now, &engine)? {
                if paths.contains(file.path.as_str()) {
                    held.insert(file.path.clone(), file);
                }
            }
            for (version, added) in &wanted {
                // A file that has never lost a row is still what its commit made it.
                let as_it_was = |file: &&AddedFile| {
                    !file.deletion_vector && held.get(&file.path).is_some_and(|held| !held.dv_info.has_vector())
                };
                let (now, then): (Vec<&AddedFile>, Vec<&AddedFile>) = added.iter().partition(as_it_was);
                let now = now.into_iter().filter_map(|file| held.get(&file.path).cloned()).collect();
                in_order(&scan_now, &engine, now, *version, out)?;
                if then.is_empty() {
                    continue;
                }
                // Compacted or rewritten since: the table as it was right after that commit still names them.
                let at = u64::try_from(*version).map_err(|_| KernelError::MissingVersion)?;
                let former = delta_kernel::Snapshot::builder_for(url.clone()).at_version(at).build(engine.as_ref())?;
                let scan_then = scan(&former)?;
                let mut found = files(&scan_then, &engine)?;
                found.retain(|file| then.iter().any(|added| added.path == file.path));
                in_order(&scan_then, &engine, found, *version, out)?;
            }
            Ok(())
        })
    }
}

/// Who takes the rows of a thread that reads them.
pub(super) struct Out(Sender<Result<ForeignRows, DeltaError>>);

impl Out {
    /// Gives rows away. An error when nobody wants them any more.
    pub(super) fn give(&mut self, version: i64, batch: RecordBatch) -> DeltaResult<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.0.blocking_send(Ok(ForeignRows { version, batch })).map_err(|_| KernelError::generic("nobody reads on"))
    }
}

/// The rows that `work` gives, read on a thread of their own, a few batches ahead.
pub(super) fn streamed(
    table: TablePath,
    version: Option<i64>,
    work: impl FnOnce(&mut Out) -> DeltaResult<()> + Send + 'static,
) -> RowStream {
    let (sender, receiver) = mpsc::channel(AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        let mut out = Out(sender);
        work(&mut out)
    });
    stream::unfold((receiver, Some(reading)), move |(mut receiver, reading)| {
        let table = table.clone();
        async move {
            if let Some(rows) = receiver.recv().await {
                return Some((rows, (receiver, reading)));
            }
            let failed = match reading?.await {
                Ok(Ok(())) => return None,
                Ok(Err(error)) => fault::of_kernel(table, version, error),
                Err(stopped) => DeltaError::Interrupted { table, reason: stopped.to_string() },
            };
            Some((Err(failed), (receiver, None)))
        }
    })
    .boxed()
}

fn scan(kernel: &SnapshotRef) -> DeltaResult<Scan> {
    kernel.clone().scan_builder().with_stats(StatsOptions::none()).build()
}

fn files(scan: &Scan, engine: &Arc<KernelEngine>) -> DeltaResult<Vec<ScanFile>> {
    let mut files = vec![];
    for found in scan.scan_metadata(engine.as_ref())? {
        files = found?.visit_scan_files(files, |files: &mut Vec<ScanFile>, file| files.push(file))?;
    }
    Ok(files)
}

/// Gives the rows of data files, ordered by path.
fn in_order(scan: &Scan, engine: &Arc<KernelEngine>, mut files: Vec<ScanFile>, version: i64, out: &mut Out) -> DeltaResult<()> {
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.into_iter().try_for_each(|file| read(scan, engine, file, version, out))
}

/// Gives the rows of one data file, without those that its deletion vector takes out.
fn read(scan: &Scan, engine: &Arc<KernelEngine>, file: ScanFile, version: i64, out: &mut Out) -> DeltaResult<()> {
    let root = scan.table_root();
    let location = root.join(&file.path)?;
    // A log may name any URL; nothing but the table's own store is asked.
    if (location.scheme(), location.host_str(), location.port()) != (root.scheme(), root.host_str(), root.port()) {
        return Err(KernelError::unsupported("data files in another store than the table"));
    }
    let engine: Arc<dyn Engine> = engine.clone();
    let deleted = file.dv_info.get_selection_vector(engine.as_ref(), root)?;
    let size = u64::try_from(file.size).map_err(|_| KernelError::generic("a data file has a size below zero"))?;
    let meta = FileMeta { location, last_modified: 0, size };
    let mut row = 0;
    for physical in engine.parquet_handler().read_parquet_files(&[meta], scan.physical_schema().clone(), None)? {
        let logical = transform_to_logical(
            engine.as_ref(),
            physical?,
            scan.physical_schema(),
            scan.logical_schema(),
            file.transform.clone(),
        )?;
        let batch = arrow_batch(logical)?;
        let rows = batch.num_rows();
        let kept = match &deleted {
            None => batch,
            // Rows past its end are in the table.
            Some(kept) => {
                let keep: BooleanArray = (row..row + rows).map(|row| Some(kept.get(row).copied().unwrap_or(true))).collect();
                filter_record_batch(&batch, &keep)?
            }
        };
        row += rows;
        out.give(version, kept)?;
    }
    Ok(())
}

pub(super) fn arrow_batch(data: Box<dyn EngineData>) -> DeltaResult<RecordBatch> {
    Ok(ArrowEngineData::try_from_engine_data(data)?.record_batch().clone())
}

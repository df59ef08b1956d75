//! How many files a scan considered, pruned and opened: shown by `plan`, asked by tests.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::Result as DataFusionResult;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use parquet::arrow::async_reader::AsyncFileReader;

/// Counts over all scans that share it.
#[derive(Debug, Default)]
pub struct ScanCounts {
    considered: AtomicUsize,
    selected: AtomicUsize,
    opened: Mutex<HashSet<String>>,
}

impl ScanCounts {
    /// Files that the scans could have read.
    pub fn considered(&self) -> usize {
        self.considered.load(Ordering::Relaxed)
    }

    /// Files that partition values, statistics or a limit excluded.
    pub fn pruned(&self) -> usize {
        self.considered().saturating_sub(self.selected.load(Ordering::Relaxed))
    }

    /// Different files that were opened.
    pub fn opened(&self) -> usize {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) fn planned(&self, considered: usize, selected: usize) {
        self.considered.fetch_add(considered, Ordering::Relaxed);
        self.selected.fetch_add(selected, Ordering::Relaxed);
    }
}

/// Notes each file that is opened.
#[derive(Debug)]
pub(super) struct CountingReader<F> {
    reader: F,
    counts: Arc<ScanCounts>,
}

impl<F> CountingReader<F> {
    pub(super) fn new(reader: F, counts: Arc<ScanCounts>) -> Self {
        Self { reader, counts }
    }
}

impl<F: ParquetFileReaderFactory> ParquetFileReaderFactory for CountingReader<F> {
    fn create_reader(
        &self,
        partition_index: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> DataFusionResult<Box<dyn AsyncFileReader + Send>> {
        let location = file.object_meta.location.to_string();
        self.counts.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(location);
        self.reader.create_reader(partition_index, file, metadata_size_hint, metrics)
    }
}

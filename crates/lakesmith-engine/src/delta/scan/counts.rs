//! How many files a scan considered, pruned and opened, and how many bytes of them it read: told by a run, asked by tests.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use datafusion::common::Result as DataFusionResult;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::ParquetMetaData;

/// Counts over all scans that share it.
#[derive(Debug, Default)]
pub struct ScanCounts {
    considered: AtomicUsize,
    selected: AtomicUsize,
    opened: Mutex<HashSet<String>>,
    bytes: AtomicU64,
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

    /// Bytes of their columns that were fetched; what files say of themselves does not count.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn planned(&self, considered: usize, selected: usize) {
        self.considered.fetch_add(considered, Ordering::Relaxed);
        self.selected.fetch_add(selected, Ordering::Relaxed);
    }
}

/// Notes each file that is opened, and what is fetched of it.
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
        let reader = self.reader.create_reader(partition_index, file, metadata_size_hint, metrics)?;
        Ok(Box::new(Counted { reader, location: Some(location), counts: self.counts.clone() }))
    }
}

/// A file of which it is counted what is fetched. One that is told by its bounds to hold nothing is never asked.
struct Counted {
    reader: Box<dyn AsyncFileReader + Send>,
    /// Until it is first asked.
    location: Option<String>,
    counts: Arc<ScanCounts>,
}

impl Counted {
    fn asked(&mut self) {
        if let Some(location) = self.location.take() {
            self.counts.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(location);
        }
    }
}

impl AsyncFileReader for Counted {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        self.asked();
        let counts = self.counts.clone();
        let fetched = self.reader.get_bytes(range);
        async move {
            let bytes = fetched.await?;
            counts.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            Ok(bytes)
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        self.asked();
        let counts = self.counts.clone();
        let fetched = self.reader.get_byte_ranges(ranges);
        async move {
            let all = fetched.await?;
            counts.bytes.fetch_add(all.iter().map(|bytes| bytes.len() as u64).sum(), Ordering::Relaxed);
            Ok(all)
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        self.asked();
        self.reader.get_metadata(options)
    }
}

//! What is told of each file of a batch: in its receipt, and in the run's summary.

use super::receipt::{ContentHash, NameHash, Receipts, Status};
use crate::error::RunError;
use crate::lake::Lake;
use arrow::array::{ArrayRef, Int64Builder, StringBuilder, TimestampMicrosecondBuilder};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use lakesmith_compile::{Flow, Table};
use lakesmith_connect::{FileEntry, FileFault, FileReport};
use lakesmith_engine::arrow_schema;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// What became of one file.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) file: FileEntry,
    pub(super) report: FileReport,
    pub(super) status: Status,
    /// Why none of its rows were read.
    pub(super) error: Option<String>,
    /// Whether its receipt had an error and it is the same file.
    pub(super) retried: bool,
}

impl Told {
    /// A file that was opened: failed, if that is its report.
    pub(super) fn of(file: &FileEntry, report: FileReport, seen: &Receipts) -> Told {
        let status = if report.error.is_some() { Status::Failed } else { Status::Read };
        let error = report.error.as_ref().map(ToString::to_string);
        let retried = seen.of(&file.path).is_some_and(|former| former.status == Status::Failed && seen.is_same(&former, file));
        Told { file: file.clone(), report, status, error, retried }
    }

    /// What has the name of a file and is not read.
    pub(super) fn passed_over(file: &FileEntry, fault: &FileFault) -> Told {
        let report = FileReport { error: Some(fault.clone()), ..FileReport::default() };
        Told { file: file.clone(), report, status: Status::PassedOver, error: Some(fault.to_string()), retried: false }
    }

    /// The same of a file whose rows are not taken.
    pub(super) fn without_rows(self, status: Status, error: Option<&str>) -> Told {
        let report = FileReport { rows: 0, rescued_rows: 0, ..self.report };
        Told { report, status, error: error.map(str::to_owned), ..self }
    }

    /// Whether it gets no receipt: it changed under the reader, or is gone.
    fn waits(&self) -> bool {
        self.report.error.as_ref().is_some_and(lakesmith_connect::FileFault::is_transient)
    }
}

/// The file that held a content first.
enum Original<'a> {
    /// One of the same batch.
    Here(&'a str),
    /// One of a batch before.
    Earlier(NameHash),
}

impl Original<'_> {
    fn earlier(&self) -> Option<NameHash> {
        match self {
            Original::Here(_) => None,
            Original::Earlier(name) => Some(*name),
        }
    }
}

/// What was found out about each file while its rows were read.
#[derive(Clone)]
pub(crate) struct Reports {
    told: Arc<Mutex<Vec<Told>>>,
    seen: Arc<Receipts>,
}

impl Reports {
    pub(super) fn new(seen: Arc<Receipts>) -> Reports {
        Reports { told: Arc::default(), seen }
    }

    pub(super) fn tell(&self, told: Told) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(told);
    }

    /// In order of arrival.
    fn told(&self) -> Vec<Told> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        told.sort_by(|a, b| (a.file.modified, &a.file.path).cmp(&(b.file.modified, &b.file.path)));
        told
    }

    /// Files that changed under the reader or are gone: they wait for the next run.
    pub(crate) fn waiting(&self) -> BTreeSet<String> {
        self.paths(Told::waits)
    }

    /// Files that could not be read.
    pub(crate) fn failed(&self) -> BTreeSet<String> {
        self.paths(|told| told.status == Status::Failed && !told.waits())
    }

    /// The files that gave no rows, each with the reason.
    pub(crate) fn faults(&self) -> Vec<(String, String)> {
        self.told().into_iter().filter_map(|told| Some((told.file.path, told.error?))).collect()
    }

    fn paths(&self, of: impl Fn(&Told) -> bool) -> BTreeSet<String> {
        self.told().into_iter().filter(of).map(|told| told.file.path).collect()
    }

    /// Whether nothing of the batch is to be kept: every file waits, or one of a snapshot that counts as a whole.
    pub(crate) fn nothing(&self, whole: bool) -> bool {
        let (told, waiting) = (self.told().len(), self.waiting().len());
        waiting > 0 && (whole || waiting == told)
    }

    /// Of files that hold what another one held before them, that one.
    fn copies<'a>(&self, told: &'a [Told]) -> HashMap<&'a str, Original<'a>> {
        let mut first: HashMap<ContentHash, &str> = HashMap::new();
        let mut copies = HashMap::new();
        for one in told.iter().filter(|told| told.status.is_read() && told.report.rows > 0) {
            let path = one.file.path.as_str();
            let Some(hash) = ContentHash::of(&one.report.hash) else { continue };
            match (self.seen.first_with(hash), first.get(&hash).copied()) {
                (Some(original), _) if original != self.seen.name(path) => {
                    copies.insert(path, Original::Earlier(original));
                }
                (Some(_), _) => {}
                (None, Some(original)) => {
                    copies.insert(path, Original::Here(original));
                }
                (None, None) => {
                    first.insert(hash, path);
                }
            }
        }
        copies
    }

    /// Counts for the run's summary.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let told: Vec<Told> = self.told().into_iter().filter(|told| !told.waits()).collect();
        let count = |of: &dyn Fn(&Told) -> bool| told.iter().filter(|told| of(told)).count() as u64;
        let status = |status: Status| count(&|told| told.status == status);
        let rare = [
            ("failed files", status(Status::Failed)),
            ("passed over files", status(Status::PassedOver)),
            ("touched files", status(Status::Touched)),
            ("new versions", status(Status::NewVersion)),
            ("files of older snapshots", status(Status::OlderSnapshot)),
            ("files with the same content", self.copies(&told).len() as u64),
            ("retried files", count(&|told| told.retried)),
            ("files with a note", count(&|told| !told.report.notes.is_empty())),
            ("rescued rows", told.iter().map(|told| told.report.rescued_rows).sum()),
        ];
        let rare = rare.into_iter().filter(|(_, count)| *count > 0);
        std::iter::once(("files", told.len() as u64)).chain(rare).map(|(what, count)| (what.to_owned(), count)).collect()
    }

    /// One row a file, as the receipts table has it. A file that changed under the reader gets none: it waits.
    pub(crate) async fn receipts(
        &self,
        lake: &Lake,
        flow: &Flow,
        table: &Table,
        now: DateTime<Utc>,
        batch: i64,
    ) -> Result<RecordBatch, RunError> {
        let told: Vec<Told> = self.told().into_iter().filter(|told| !told.waits()).collect();
        let copies = self.copies(&told);
        let earlier: HashSet<NameHash> = copies.values().filter_map(Original::earlier).collect();
        let earlier = self.seen.names(lake, flow, &earlier).await?;
        let same_as_of = |path: &str| match copies.get(path)? {
            Original::Here(name) => Some((*name).to_owned()),
            Original::Earlier(name) => earlier.get(name).cloned(),
        };
        let texts = StringBuilder::new;
        let (mut path, mut etag, mut hash, mut error, mut status, mut same_as, mut note) =
            (texts(), texts(), texts(), texts(), texts(), texts(), texts());
        let (mut size, mut rows, mut rescued, mut batches) =
            (Int64Builder::new(), Int64Builder::new(), Int64Builder::new(), Int64Builder::new());
        let stamps = || TimestampMicrosecondBuilder::new().with_timezone("UTC");
        let (mut modified, mut read_at) = (stamps(), stamps());
        for Told { file, report, status: became, error: reason, .. } in &told {
            path.append_value(&file.path);
            size.append_value(file.size as i64);
            modified.append_value(file.modified.timestamp_micros());
            etag.append_option(file.etag.as_ref());
            hash.append_option((!report.hash.is_empty()).then_some(&report.hash));
            rows.append_value(report.rows as i64);
            rescued.append_value(report.rescued_rows as i64);
            error.append_option(reason.as_ref());
            status.append_value(became.as_str());
            same_as.append_option(same_as_of(&file.path));
            note.append_option((!report.notes.is_empty()).then(|| report.notes.join("; ")));
            read_at.append_value(now.timestamp_micros());
            batches.append_value(batch);
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(path.finish()),
            Arc::new(size.finish()),
            Arc::new(modified.finish()),
            Arc::new(etag.finish()),
            Arc::new(hash.finish()),
            Arc::new(rows.finish()),
            Arc::new(rescued.finish()),
            Arc::new(error.finish()),
            Arc::new(status.finish()),
            Arc::new(same_as.finish()),
            Arc::new(note.finish()),
            Arc::new(read_at.finish()),
            Arc::new(batches.finish()),
        ];
        let batch = RecordBatch::try_new(arrow_schema(&table.columns), columns);
        batch.map_err(|error| RunError::Source { table: table.name.clone(), source: Box::new(error.into()) })
    }
}

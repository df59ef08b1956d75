//! The rows of a batch's files, each with where it stood.

use super::arriving::Arriving;
use super::receipt::{ContentHash, Status};
use super::told::{Reports, Told};
use arrow::array::{ArrayRef, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use lakesmith_connect::{ConnectError, FileEntry, FileReport, FileRows};
use lakesmith_project::OnChange;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Why a file that changed is not read.
const CHANGED: &str = "the file changed after it was read, and `on_change: error` says not to read it again; \
     to read it, say `on_change: new_version` and run with `--retry-files`";

type Batches = BoxStream<'static, Result<RecordBatch, ConnectError>>;

/// What all files of a batch are read with.
struct Reading {
    arriving: Arriving,
    /// The table's data columns.
    data: SchemaRef,
    /// They, and where each row stood.
    out: SchemaRef,
    reports: Reports,
    /// The time of the snapshot, where rows have that of their snapshot and not of their file.
    time: Option<DateTime<Utc>>,
    /// Whether the snapshot says what it said before.
    same: bool,
    /// Megabytes of files that may be held at a time.
    room: Arc<Semaphore>,
}

/// Megabytes of files that are held at a time, however many are asked for.
const ROOM: usize = 256;
/// The same for each thread.
const ROOM_OF_A_THREAD: usize = 64;

impl Arriving {
    /// Their rows, with where they stood; and what to say of each file once all rows are taken.
    pub(crate) fn rows(&self, data: SchemaRef, threads: usize) -> (SchemaRef, Batches, Reports) {
        let out = landing_schema(&data);
        let reports = Reports::new(self.seen.clone());
        self.passed_over.iter().for_each(|(file, fault)| reports.tell(Told::passed_over(file, fault)));
        let time = self.snapshot_time();
        let side_by_side = threads.max(self.requests);
        let room = Arc::new(Semaphore::new(ROOM.max(threads * ROOM_OF_A_THREAD)));
        let (arriving, reports_too) = (self.clone(), reports.clone());
        let mut reading = Reading { arriving, data, out: out.clone(), reports: reports_too, time, same: false, room };
        let rows = stream::once(async move {
            reading.same = reading.says_the_same().await?;
            let (files, reading) = (reading.arriving.files.clone(), Arc::new(reading));
            let opened = stream::iter(files).map(move |file| open(reading.clone(), file)).buffered(side_by_side);
            Ok::<_, ConnectError>(opened.try_flatten())
        });
        (out, rows.try_flatten().boxed(), reports)
    }
}

impl Reading {
    /// Opens a file on a thread of its own, and decodes its first rows if they are wanted.
    async fn opened(&self, file: &FileEntry, ahead: bool) -> Result<FileRows, ConnectError> {
        let opening = self.arriving.source.open(file.clone(), self.data.clone());
        let opened = tokio::spawn(async move {
            let mut rows = opening.await?;
            if ahead {
                rows.look_ahead().await?;
            }
            Ok(rows)
        });
        opened.await.map_err(|error| stopped(file, &error.to_string()))?
    }

    /// Whether the snapshot is a folder that was read before, and every file of it says what it said then: somebody has
    /// touched it. Otherwise it is read again as a whole.
    async fn says_the_same(&self) -> Result<bool, ConnectError> {
        let Arriving { files, seen, .. } = &self.arriving;
        let read = |file: &FileEntry| seen.of(&file.path).and_then(|receipt| receipt.read);
        if !self.arriving.is_whole() || !files.iter().all(|file| read(file).is_some()) {
            return Ok(false);
        }
        for file in files {
            if read(file) != ContentHash::of(&self.opened(file, false).await?.report().hash) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What becomes of a file that can be read, by its content.
    fn judged(&self, file: &FileEntry, hash: &str) -> Result<Status, &'static str> {
        let Arriving { seen, newest, on_change, .. } = &self.arriving;
        let read = seen.of(&file.path).and_then(|receipt| receipt.read);
        let hash = ContentHash::of(hash);
        let older = newest.as_ref().is_some_and(|newest| newest.is_after(file));
        match read {
            Some(read) if Some(read) == hash && (self.same || older || !self.arriving.is_whole()) => Ok(Status::Touched),
            _ if older => Ok(Status::OlderSnapshot),
            Some(read) if Some(read) != hash && *on_change == OnChange::Error => Err(CHANGED),
            Some(read) if Some(read) != hash => Ok(Status::NewVersion),
            _ => Ok(Status::Read),
        }
    }

    fn time_of(&self, file: &FileEntry) -> i64 {
        self.time.unwrap_or(file.modified).timestamp_micros()
    }
}

async fn open(reading: Arc<Reading>, file: FileEntry) -> Result<Batches, ConnectError> {
    // Held for as long as the file, or its rows, are.
    let megabytes = (file.size >> 20).clamp(1, ROOM as u64) as u32;
    let held = reading.room.clone().acquire_many_owned(megabytes).await.ok();
    let rows = reading.opened(&file, true).await?;
    let mut report = rows.report();
    if let Some(fault) = reading.arriving.broken.fault(&file.path) {
        report = FileReport { rows: 0, rescued_rows: 0, error: Some(fault), ..report };
    }
    let told = Told::of(&file, report, &reading.arriving.seen);
    if told.status == Status::Failed {
        reading.reports.tell(told);
        return Ok(stream::empty().boxed());
    }
    let status = match reading.judged(&file, &told.report.hash) {
        Ok(status) if status.is_read() => status,
        Ok(status) => {
            reading.reports.tell(told.without_rows(status, None));
            return Ok(stream::empty().boxed());
        }
        Err(reason) => {
            reading.reports.tell(told.without_rows(Status::Failed, Some(reason)));
            return Ok(stream::empty().boxed());
        }
    };
    let rows = stream::try_unfold((rows, file, Told { status, ..told }, reading), step);
    Ok(rows
        .inspect(move |_| {
            let _ = &held;
        })
        .boxed())
}

type Open = (FileRows, FileEntry, Told, Arc<Reading>);

async fn step((mut rows, file, told, reading): Open) -> Result<Option<(RecordBatch, Open)>, ConnectError> {
    match rows.next().await {
        Ok(Some(batch)) => {
            let batch = reading.placed(&batch, &file)?;
            Ok(Some((batch, (rows, file, told, reading))))
        }
        Ok(None) => {
            reading.reports.tell(Told { report: rows.report(), ..told });
            Ok(None)
        }
        Err(error) => {
            if let ConnectError::Broken { path, fault } = &error {
                reading.arriving.broken.add(path, fault);
            }
            Err(error)
        }
    }
}

fn stopped(file: &FileEntry, reason: &str) -> ConnectError {
    let source = object_store::Error::Generic { store: "files", source: reason.to_owned().into() };
    ConnectError::Store { path: file.path.clone(), source }
}

/// The source's columns, then where each row stood.
pub(crate) fn landing_schema(data: &Schema) -> SchemaRef {
    let timestamp = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let mut fields: Vec<Field> = data.fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.extend([
        Field::new("_source_file", DataType::Utf8, true),
        Field::new("_source_modified", timestamp, true),
        Field::new("_source_position", DataType::Int64, true),
        Field::new("_rescued_data", DataType::Utf8, true),
    ]);
    Arc::new(Schema::new(fields))
}

impl Reading {
    fn placed(&self, batch: &RecordBatch, file: &FileEntry) -> Result<RecordBatch, ConnectError> {
        let rows = batch.num_rows();
        let mut columns: Vec<ArrayRef> = vec![];
        for field in self.out.fields() {
            columns.push(match field.name().as_str() {
                "_source_file" => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(&file.path, rows))),
                "_source_modified" => {
                    Arc::new(TimestampMicrosecondArray::from_value(self.time_of(file), rows).with_timezone("UTC"))
                }
                name => match batch.column_by_name(name) {
                    Some(column) => column.clone(),
                    None => arrow::array::new_null_array(field.data_type(), rows),
                },
            });
        }
        Ok(RecordBatch::try_new(self.out.clone(), columns)?)
    }
}

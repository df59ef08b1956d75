//! What a bronze flow reads next: files that have no receipt yet, or that changed since.

use crate::error::RunError;
use crate::landing::Landing;
use crate::receipts::{ContentHash, Receipt, Receipts};
use arrow::array::{ArrayRef, Int64Builder, StringArray, StringBuilder, TimestampMicrosecondArray, TimestampMicrosecondBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, NaiveDateTime, Utc};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use lakesmith_compile::{Table, TableName};
use lakesmith_connect::{
    Arrivals, Ask, ConnectError, CsvOptions, FileEntry, FileFault, FileReport, FileRows, FileSource, Format, Wanted,
};
use lakesmith_engine::{arrow_schema, arrow_type};
use lakesmith_project::{ChangeCapture, FileFormat, OnChange, Project, SourceTable};
use lakesmith_sql::parse_type;
use object_store::ObjectStoreExt;
use object_store::path::Path;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// The field in which a change feed says what a row is.
const OPERATION: &str = "_operation";

/// A source's table with what arrived for it.
#[derive(Clone)]
pub(crate) struct Arriving {
    pub(crate) source: FileSource,
    pub(crate) files: Vec<FileEntry>,
    /// What has the name of a file of the source and is not read, with the reason.
    pub(crate) passed_over: Vec<(FileEntry, FileFault)>,
    /// Whether nothing was left out of the listing.
    pub(crate) full: bool,
    /// When it began, by the clock of this machine.
    pub(crate) listed: DateTime<Utc>,
    /// How many of them are asked for at a time.
    pub(crate) requests: usize,
    /// Hashes of files that were read before, to tell a touched file from a changed one.
    pub(crate) former: BTreeMap<String, ContentHash>,
    /// Whether each file is a batch of its own: a whole snapshot.
    pub(crate) snapshots: bool,
    /// The newest snapshot that was read: an older one changes nothing.
    pub(crate) newest: Option<(DateTime<Utc>, String)>,
}

/// The source of a bronze table, as the project describes it.
pub(crate) fn source(project: &Project, table: (usize, usize), landing: &Landing) -> Option<(FileSource, &SourceTable)> {
    let source = project.sources.get(table.0)?;
    let table = source.tables.get(table.1)?;
    let format = match &table.format {
        FileFormat::Json => Format::Json,
        FileFormat::Csv(options) => Format::Csv(CsvOptions {
            delimiter: u8::try_from(options.delimiter).unwrap_or(b','),
            quote: u8::try_from(options.quote).unwrap_or(b'"'),
            escape: options.escape.and_then(|c| u8::try_from(c).ok()),
            header: options.header,
            null_value: options.null_value.as_ref().map(|text| text.value.clone()),
        }),
    };
    let hint = |(name, ty): &(lakesmith_text::Spanned<String>, lakesmith_text::Spanned<String>)| {
        Some((name.value.clone(), arrow_type(&parse_type(&ty.value).ok()?)))
    };
    // A change feed says in this field what a row is, also where the first files hold no delete.
    let told = table.schema_hints.iter().any(|(name, _)| name.value == OPERATION);
    let operation = (table.change_capture == ChangeCapture::Cdc && !told).then(|| (OPERATION.to_owned(), DataType::Utf8));
    let source = FileSource {
        store: landing.store.clone(),
        root: landing.root.clone(),
        pattern: table.path.value.clone(),
        format,
        hints: table.schema_hints.iter().filter_map(hint).chain(operation).collect(),
    };
    Some((source, table))
}

/// Files that are kept of one listing, the earliest ones: the others are found by the next one.
const MOST_FILES: usize = 500_000;
/// Files of one batch: what is known of each is held until it is committed.
const BATCH_FILES: usize = 50_000;

/// What of a source is listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extent {
    /// Only folders of dates from here on.
    pub(crate) since: Option<NaiveDateTime>,
    /// Only names above this one.
    pub(crate) after: Option<String>,
}

/// What was found of a source, and when its listing began by the clock of this machine.
pub(crate) struct Found {
    pub(crate) arrivals: Arrivals,
    /// Whether nothing was left out.
    pub(crate) full: bool,
    pub(crate) listed: DateTime<Utc>,
}

/// Which files the receipts do not know, or know otherwise.
pub(crate) fn wanted(table: &SourceTable, landing: &Landing, seen: &Arc<Receipts>) -> Wanted {
    let (seen, ignores_changes, exact) = (seen.clone(), table.on_change == OnChange::Ignore, landing.bucket.is_none());
    Arc::new(move |file| match seen.get(&file.path) {
        None | Some(Receipt { hash: None, .. }) => true,
        Some(receipt) => !ignores_changes && !is_same(&receipt, file, exact),
    })
}

/// Lists the source.
pub(crate) async fn list(
    source: &FileSource,
    landing: &Landing,
    extent: Extent,
    wanted: Wanted,
    listed: DateTime<Utc>,
) -> Result<Found, ConnectError> {
    let full = extent.since.is_none() && extent.after.is_none();
    let Extent { since, after } = extent;
    let arrivals = source.arrivals(&Ask { place: landing.place.clone(), since, after, most: MOST_FILES, wanted }).await?;
    Ok(Found { full: full && !arrivals.more, arrivals, listed })
}

/// What was found and is to be read.
pub(crate) async fn arriving(
    source: FileSource,
    table: &SourceTable,
    landing: &Landing,
    seen: &Receipts,
    found: Found,
) -> Arriving {
    let (ignores_changes, exact) = (table.on_change == OnChange::Ignore, landing.bucket.is_none());
    let Found { arrivals, full, listed } = found;
    let (mut files, mut former) = (Vec::with_capacity(arrivals.files.len()), BTreeMap::new());
    for file in arrivals.files {
        match seen.get(&file.path) {
            None => files.push(file),
            Some(Receipt { hash: Some(hash), .. }) => {
                former.insert(file.path.clone(), hash);
                files.push(file);
            }
            Some(receipt) if !ignores_changes && !is_same(&receipt, &file, exact) => files.push(file),
            Some(_) if opens(&source, &file).await => files.push(file),
            Some(_) => {}
        }
    }
    let is_new = |file: &FileEntry| seen.get(&file.path).is_none_or(|receipt| !is_same(&receipt, file, exact));
    let passed_over = arrivals.passed_over.into_iter().filter(|(file, _)| is_new(file)).collect();
    let snapshots = table.change_capture == ChangeCapture::Full;
    let newest = seen.newest_read.clone().filter(|_| snapshots);
    Arriving { source, files, passed_over, full, listed, requests: landing.requests(1), former, snapshots, newest }
}

/// Whether a file looks as it did when it was read. Buckets tell the time of an object in whole seconds when they are asked for
/// it alone, and some more exactly when they list it.
fn is_same(receipt: &Receipt, file: &FileEntry, exact: bool) -> bool {
    let (then, now) = (receipt.modified, micros(file.modified));
    let whole = |time: DateTime<Utc>| time.timestamp_subsec_nanos() == 0;
    let same_second = !exact && (whole(then) || whole(now)) && then.timestamp() == now.timestamp();
    receipt.size == file.size && (then == now || same_second)
}

/// Whether a file can be opened now that could not be when its receipt was written.
async fn opens(source: &FileSource, file: &FileEntry) -> bool {
    let Ok(path) = Path::parse(format!("{}/{}", source.root, file.path)) else { return false };
    source.store.get(&path).await.is_ok()
}

/// Stores give nanoseconds, tables keep microseconds.
fn micros(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

impl Arriving {
    /// Whether there is nothing to tell.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty() && self.passed_over.is_empty()
    }

    /// The files of one batch, in order of arrival: up to about so many bytes, at least one. And what is left for the next
    /// ones, where that is known: which of several snapshots counts is told by the one before.
    pub(crate) fn split(mut self, max_bytes: u64) -> (Arriving, Option<Arriving>) {
        let mut bytes = 0;
        let fits = |file: &&FileEntry| {
            let first = bytes == 0;
            bytes += file.size.max(1);
            first || (bytes <= max_bytes && !self.snapshots)
        };
        let count = self.files.iter().take_while(fits).count().min(BATCH_FILES);
        let rest = self.files.split_off(count);
        let rest =
            (!rest.is_empty() && !self.snapshots).then(|| Arriving { files: rest, passed_over: vec![], ..self.without_files() });
        (self, rest)
    }

    fn without_files(&self) -> Arriving {
        let Arriving { source, full, listed, requests, former, snapshots, newest, .. } = self;
        let (source, former, newest) = (source.clone(), former.clone(), newest.clone());
        let (full, listed, requests, snapshots) = (*full, *listed, *requests, *snapshots);
        Arriving { source, files: vec![], passed_over: vec![], full, listed, requests, former, snapshots, newest }
    }

    /// Their rows, with where they stood; and what to say of each file once all rows are taken.
    pub(crate) fn rows(
        &self,
        data: SchemaRef,
        threads: usize,
    ) -> (SchemaRef, BoxStream<'static, Result<RecordBatch, ConnectError>>, Reports) {
        let schema = landing_schema(&data);
        let reports = Reports::default();
        self.passed_over.iter().for_each(|(file, fault)| {
            reports.tell(file.clone(), FileReport { error: Some(fault.clone()), ..FileReport::default() });
        });
        let this = self.without_files();
        let (out, told) = (schema.clone(), reports.clone());
        let room = Arc::new(Semaphore::new(ROOM.max(threads * ROOM_OF_A_THREAD)));
        let rows = stream::iter(self.files.clone())
            .map(move |file| this.clone().open(file, data.clone(), out.clone(), told.clone(), room.clone()))
            .buffered(threads.max(self.requests))
            .try_flatten();
        (schema, rows.boxed(), reports)
    }

    async fn open(
        self,
        file: FileEntry,
        data: SchemaRef,
        out: SchemaRef,
        reports: Reports,
        room: Arc<Semaphore>,
    ) -> Result<BoxStream<'static, Result<RecordBatch, ConnectError>>, ConnectError> {
        // Held for as long as the file, or its rows, are.
        let megabytes = (file.size >> 20).clamp(1, ROOM as u64) as u32;
        let held = room.acquire_many_owned(megabytes).await.ok();
        let opened = tokio::spawn(self.source.open(file.clone(), data));
        let mut rows = opened.await.map_err(|error| stopped(&file, &error.to_string()))??;
        // A file that was touched and says the same as before gets a receipt, and its rows are not read again.
        let report = rows.report();
        if self.former.get(&file.path).is_some_and(|hash| Some(*hash) == ContentHash::of(&report.hash)) {
            reports.tell(file, FileReport { rows: 0, rescued_rows: 0, ..report });
            return Ok(stream::empty().boxed());
        }
        if self.newest.as_ref().is_some_and(|newest| (micros(file.modified), &file.path) < (newest.0, &newest.1)) {
            reports.tell(file, FileReport { rows: 0, rescued_rows: 0, error: Some(FileFault::OlderSnapshot), ..report });
            return Ok(stream::empty().boxed());
        }
        if file.size <= DECODED_AT_ONCE {
            let work = tokio::spawn(async move {
                let mut batches = vec![];
                while let Some(batch) = rows.next().await? {
                    batches.push(batch);
                }
                Ok::<_, ConnectError>((batches, rows.report()))
            });
            let (batches, report) = work.await.map_err(|error| stopped(&file, &error.to_string()))??;
            let placed: Vec<_> = batches.into_iter().map(|batch| placed(&batch, &file, &out)).collect();
            reports.tell(file, report);
            return Ok(stream::iter(placed)
                .inspect(move |_| {
                    let _ = &held;
                })
                .boxed());
        }
        Ok(stream::try_unfold((rows, file, out, reports), step)
            .inspect(move |_| {
                let _ = &held;
            })
            .boxed())
    }
}

/// Megabytes of files that are held at a time, however many are asked for.
const ROOM: usize = 256;
/// The same for each thread.
const ROOM_OF_A_THREAD: usize = 64;
/// Files up to this size are decoded on their own thread, whole.
const DECODED_AT_ONCE: u64 = 16 << 20;

type Open = (FileRows, FileEntry, SchemaRef, Reports);

async fn step((mut rows, file, out, reports): Open) -> Result<Option<(RecordBatch, Open)>, ConnectError> {
    match rows.next().await? {
        Some(batch) => {
            let batch = placed(&batch, &file, &out)?;
            Ok(Some((batch, (rows, file, out, reports))))
        }
        None => {
            reports.tell(file, rows.report());
            Ok(None)
        }
    }
}

fn stopped(file: &FileEntry, reason: &str) -> ConnectError {
    let source = object_store::Error::Generic { store: "files", source: reason.to_owned().into() };
    ConnectError::Store { path: file.path.clone(), source }
}

fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The source's columns, then where each row stood.
fn landing_schema(data: &Schema) -> SchemaRef {
    let mut fields: Vec<Field> = data.fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.extend([
        Field::new("_source_file", DataType::Utf8, true),
        Field::new("_source_modified", timestamp(), true),
        Field::new("_source_position", DataType::Int64, true),
        Field::new("_rescued_data", DataType::Utf8, true),
    ]);
    Arc::new(Schema::new(fields))
}

fn placed(batch: &RecordBatch, file: &FileEntry, out: &SchemaRef) -> Result<RecordBatch, ConnectError> {
    let rows = batch.num_rows();
    let mut columns: Vec<ArrayRef> = vec![];
    for field in out.fields() {
        columns.push(match field.name().as_str() {
            "_source_file" => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(&file.path, rows))),
            "_source_modified" => {
                Arc::new(TimestampMicrosecondArray::from_value(file.modified.timestamp_micros(), rows).with_timezone("UTC"))
            }
            name => match batch.column_by_name(name) {
                Some(column) => column.clone(),
                None => arrow::array::new_null_array(field.data_type(), rows),
            },
        });
    }
    Ok(RecordBatch::try_new(out.clone(), columns)?)
}

/// What was found out about each file while its rows were read.
#[derive(Clone, Default)]
pub(crate) struct Reports(Arc<Mutex<Vec<(FileEntry, FileReport)>>>);

impl Reports {
    fn tell(&self, file: FileEntry, report: FileReport) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((file, report));
    }

    /// Counts for the run's summary.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut counts = BTreeMap::from([("files".to_owned(), told.len() as u64)]);
        let failed = told.iter().filter(|(_, report)| report.error.is_some()).count() as u64;
        let rescued: u64 = told.iter().map(|(_, report)| report.rescued_rows).sum();
        counts.extend((failed > 0).then(|| ("failed files".to_owned(), failed)));
        counts.extend((rescued > 0).then(|| ("rescued rows".to_owned(), rescued)));
        counts
    }

    /// One row a file, as the receipts table has it. A file that changed under the reader gets none: it waits.
    pub(crate) fn receipts(&self, table: &Table, now: DateTime<Utc>, batch: i64) -> Result<RecordBatch, RunError> {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        told.retain(|(_, report)| report.error.as_ref().is_none_or(|fault| !fault.is_transient()));
        told.sort_by(|(a, _), (b, _)| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
        let (mut path, mut etag, mut hash, mut error) =
            (StringBuilder::new(), StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
        let (mut size, mut rows, mut rescued, mut batches) =
            (Int64Builder::new(), Int64Builder::new(), Int64Builder::new(), Int64Builder::new());
        let stamps = || TimestampMicrosecondBuilder::new().with_timezone("UTC");
        let (mut modified, mut read_at) = (stamps(), stamps());
        for (file, report) in &told {
            path.append_value(&file.path);
            size.append_value(file.size as i64);
            modified.append_value(file.modified.timestamp_micros());
            etag.append_option(file.etag.as_ref());
            hash.append_option((!report.hash.is_empty()).then_some(&report.hash));
            rows.append_value(report.rows as i64);
            rescued.append_value(report.rescued_rows as i64);
            error.append_option(report.error.as_ref().map(ToString::to_string));
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
            Arc::new(read_at.finish()),
            Arc::new(batches.finish()),
        ];
        let batch = RecordBatch::try_new(arrow_schema(&table.columns), columns);
        batch.map_err(|error| RunError::Source { table: table.name.clone(), source: Box::new(error.into()) })
    }
}

/// The source's failure, with the table it stopped.
pub(crate) fn failed(table: &TableName) -> impl Fn(ConnectError) -> RunError {
    let table = table.clone();
    move |source| RunError::Source { table: table.clone(), source: Box::new(source) }
}

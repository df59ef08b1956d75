//! What a bronze flow reads next: files that have no receipt yet, or that changed since.

use crate::error::RunError;
use arrow::array::{ArrayRef, Int64Builder, StringArray, StringBuilder, TimestampMicrosecondArray, TimestampMicrosecondBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use lakesmith_compile::{Table, TableName};
use lakesmith_connect::{ConnectError, CsvOptions, FileEntry, FileFault, FileReport, FileRows, FileSource, Format};
use lakesmith_engine::{arrow_schema, arrow_type};
use lakesmith_project::{ChangeCapture, FileFormat, OnChange, Project, SourceTable};
use lakesmith_sql::parse_type;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// What is remembered of a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Receipt {
    pub(crate) size: u64,
    pub(crate) modified: DateTime<Utc>,
    /// Of the content; `None` for a file that could not even be opened.
    pub(crate) hash: Option<String>,
    /// Whether its rows were read.
    pub(crate) read: bool,
}

/// The field in which a change feed says what a row is.
const OPERATION: &str = "_operation";

/// The newest receipt of every file that was read.
pub(crate) type Receipts = HashMap<String, Receipt>;

/// A source's table with what arrived for it.
#[derive(Clone)]
pub(crate) struct Arriving {
    pub(crate) source: FileSource,
    pub(crate) files: Vec<FileEntry>,
    /// Hashes of files that were read before, to tell a touched file from a changed one.
    pub(crate) former: BTreeMap<String, String>,
    /// Whether each file is a batch of its own: a whole snapshot.
    pub(crate) snapshots: bool,
    /// The newest snapshot that was read: an older one changes nothing.
    pub(crate) newest: Option<(DateTime<Utc>, String)>,
}

/// The source of a bronze table, as the project describes it.
pub(crate) fn source(
    project: &Project,
    table: (usize, usize),
    store: Arc<dyn ObjectStore>,
) -> Option<(FileSource, &SourceTable)> {
    let source = project.sources.get(table.0)?;
    let table = source.tables.get(table.1)?;
    let root = project.root.canonicalize().unwrap_or_else(|_| project.root.clone()).join(&source.path.value);
    let format = match table.format.as_ref()? {
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
        store,
        root: Path::from_absolute_path(&root).ok()?,
        pattern: table.path.value.clone(),
        format,
        hints: table.schema_hints.iter().filter_map(hint).chain(operation).collect(),
    };
    Some((source, table))
}

/// Lists the source and leaves out what its receipts know.
pub(crate) async fn arriving(source: FileSource, table: &SourceTable, seen: &Receipts) -> Result<Arriving, ConnectError> {
    let (mut files, mut former) = (vec![], BTreeMap::new());
    for file in source.list().await? {
        match seen.get(&file.path) {
            Some(receipt) if receipt.hash.is_none() && opens(&source, &file).await => files.push(file),
            Some(receipt) if receipt.size == file.size && receipt.modified == micros(file.modified) => {}
            Some(_) if table.on_change == OnChange::Ignore => {}
            Some(receipt) => {
                former.extend(receipt.hash.clone().map(|hash| (file.path.clone(), hash)));
                files.push(file);
            }
            None => files.push(file),
        }
    }
    let snapshots = table.change_capture == ChangeCapture::Full;
    let newest = match snapshots {
        true => seen.iter().filter(|(_, receipt)| receipt.read).map(|(path, receipt)| (receipt.modified, path.clone())).max(),
        false => None,
    };
    Ok(Arriving { source, files, former, snapshots, newest })
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
    /// The files of one batch: in order of arrival, up to about so many bytes, at least one.
    pub(crate) fn batch(&self, max_bytes: u64) -> Arriving {
        let mut bytes = 0;
        let fits = |file: &&FileEntry| {
            let first = bytes == 0;
            bytes += file.size.max(1);
            first || (bytes <= max_bytes && !self.snapshots)
        };
        Arriving { files: self.files.iter().take_while(fits).cloned().collect(), ..self.clone() }
    }

    /// Their rows, with where they stood; and what to say of each file once all rows are taken.
    pub(crate) fn rows(
        &self,
        data: SchemaRef,
        threads: usize,
    ) -> (SchemaRef, BoxStream<'static, Result<RecordBatch, ConnectError>>, Reports) {
        let schema = landing_schema(&data);
        let reports = Reports::default();
        let this = self.clone();
        let (out, told) = (schema.clone(), reports.clone());
        let rows = stream::iter(self.files.clone())
            .map(move |file| this.clone().open(file, data.clone(), out.clone(), told.clone()))
            .buffered(threads.max(1))
            .try_flatten();
        (schema, rows.boxed(), reports)
    }

    async fn open(
        self,
        file: FileEntry,
        data: SchemaRef,
        out: SchemaRef,
        reports: Reports,
    ) -> Result<BoxStream<'static, Result<RecordBatch, ConnectError>>, ConnectError> {
        let opened = tokio::spawn(self.source.open(file.clone(), data));
        let mut rows = opened.await.map_err(|error| stopped(&file, &error.to_string()))??;
        // A file that was touched and says the same as before gets a receipt, and its rows are not read again.
        let report = rows.report();
        if self.former.get(&file.path).is_some_and(|hash| *hash == report.hash) {
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
            return Ok(stream::iter(placed).boxed());
        }
        Ok(stream::try_unfold((rows, file, out, reports), step).boxed())
    }
}

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
pub(crate) fn landing_schema(data: &Schema) -> SchemaRef {
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

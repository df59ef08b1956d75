//! Data files: rows in, `add` actions out.
//!
//! A file belongs to nothing until a commit names it: what is left behind by a crash are files that no one reads.
//! Names are unique, so that two runners never write the same object.
//!
//! One writer encodes on one task; a step that has several partitions of rows gives each its own writer.

mod align;
mod partition;
mod stats;

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use futures::{StreamExt, stream};
use object_store::ObjectStoreExt;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use parquet::arrow::AsyncArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;
use uuid::Uuid;

use self::partition::{Partitioning, Values};
use self::stats::FileStats;
use super::action::Add;
use super::storage::{Log, Storage, TablePath, store_error};
use super::{DeltaError, change, schema};

/// Delta's default number of columns with statistics.
const DEFAULT_STATS_COLUMNS: usize = 32;

/// Files that are put side by side when a writer closes: each waits for its store, or its disk.
const FINISHED_AT_ONCE: usize = 8;

/// How data files are written.
#[derive(Debug, Clone)]
pub struct WriterOptions {
    /// A file is closed once it has grown to about so many bytes. Default 128 MiB.
    pub target_file_bytes: usize,
    /// Rows in a row group, at most. Default 131,072.
    pub row_group_rows: usize,
    /// Bytes in a row group, about, and so the memory that an open file takes. Default 32 MiB.
    pub row_group_bytes: usize,
    /// Files open at once; with more partitions than this the largest is closed early. Default 64.
    pub open_files: usize,
    /// zstd level. Default 1.
    pub zstd_level: i32,
    /// Dictionary encoding. Default on.
    pub dictionary: bool,
    /// Columns with statistics. Empty: the first 32 that do not partition the table.
    pub stats_columns: Vec<String>,
    /// What the `add` actions say: false when the rows were in the table before. Default true.
    pub data_change: bool,
    /// Whether the rows are change data, which lie in a folder of their own. Default false.
    pub change_data: bool,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self {
            target_file_bytes: 128 << 20,
            row_group_rows: 128 << 10,
            row_group_bytes: 32 << 20,
            open_files: 64,
            zstd_level: 1,
            dictionary: true,
            stats_columns: Vec::new(),
            data_change: true,
            change_data: false,
        }
    }
}

/// Writes rows of one table to data files.
pub struct FileWriter {
    log: Log,
    /// All columns of the table.
    schema: SchemaRef,
    /// The columns that a file holds, and where they are in `schema`.
    file_schema: SchemaRef,
    file_columns: Vec<usize>,
    partitioning: Partitioning,
    properties: WriterProperties,
    options: WriterOptions,
    open: HashMap<Values, OpenFile>,
    done: Vec<Add>,
    id: Uuid,
    files: usize,
}

struct OpenFile {
    writer: AsyncArrowWriter<BufWriter>,
    stats: FileStats,
    /// Relative to the table, as it lies in the storage.
    path: String,
}

impl OpenFile {
    fn bytes(&self) -> usize {
        self.writer.bytes_written() + self.writer.in_progress_size()
    }

    /// Encodes what is left and puts the file.
    async fn sealed(mut self, table: &TablePath) -> Result<Self, DeltaError> {
        match self.writer.finish().await {
            Ok(_) => Ok(self),
            Err(source) => Err(DeltaError::Parquet { table: table.clone(), source: Box::new(source) }),
        }
    }
}

impl FileWriter {
    /// A writer for the table at `table` with `schema` (all columns, those of `partition_by` too).
    ///
    /// # Errors
    /// [`DeltaError::Schema`] for a schema that a table cannot have.
    pub fn new(
        storage: &Storage,
        table: &TablePath,
        schema: &SchemaRef,
        partition_by: &[String],
        options: WriterOptions,
    ) -> Result<Self, DeltaError> {
        let schema = schema::normalise(table, schema)?;
        schema::check_partitioning(table, &schema, partition_by)?;
        let mut columns = Vec::with_capacity(partition_by.len());
        for name in partition_by {
            if let Some((index, field)) = schema.column_with_name(name) {
                columns.push((name.clone(), index, field.is_nullable()));
            }
        }
        let file_columns: Vec<usize> =
            (0..schema.fields().len()).filter(|i| !partition_by.contains(schema.field(*i).name())).collect();
        // Field metadata belongs to the table's schema in the log: a file does not repeat it.
        let file_fields: Vec<_> = file_columns.iter().map(|i| schema.field(*i).clone().with_metadata(HashMap::new())).collect();
        let level = ZstdLevel::try_new(options.zstd_level)
            .map_err(|e| DeltaError::Parquet { table: table.clone(), source: Box::new(e) })?;
        let log = storage.log(table)?;
        // In memory it is not worth its while: what it takes is the same for three rows as for thousands.
        let compression = if log.at_once { Compression::UNCOMPRESSED } else { Compression::ZSTD(level) };
        let mut properties = WriterProperties::builder()
            .set_compression(compression)
            .set_dictionary_enabled(options.dictionary && !log.at_once)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_max_row_group_row_count(Some(options.row_group_rows.max(1)))
            .set_max_row_group_bytes(Some(options.row_group_bytes.max(1)))
            .set_created_by(concat!("lakesmith version ", env!("CARGO_PKG_VERSION")).to_owned());
        for float in file_fields.iter().flat_map(|field| floats(Vec::new(), field)) {
            properties = properties.set_column_statistics_enabled(float, EnabledStatistics::None);
        }
        let properties = properties.build();
        Ok(Self {
            log,
            schema,
            file_schema: Arc::new(Schema::new(file_fields)),
            file_columns,
            partitioning: Partitioning(columns),
            properties,
            options,
            open: HashMap::new(),
            done: Vec::new(),
            id: Uuid::new_v4(),
            files: 0,
        })
    }

    /// Takes rows. Columns are found by name and cast to the table's; a missing nullable column is NULL.
    ///
    /// # Errors
    /// [`DeltaError::Rows`] for rows that do not fit; [`DeltaError::Parquet`] when a file cannot be put.
    /// After an error the writer is of no more use: [`Self::abort`] it.
    pub async fn write(&mut self, batch: &RecordBatch) -> Result<(), DeltaError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let table = self.log.table.clone();
        let batch = align::align(&table, batch, &self.schema)?;
        for (values, rows) in self.partitioning.split(&table, &batch)? {
            let columns = self.file_columns.iter().map(|i| rows.column(*i).clone()).collect();
            let rows = RecordBatch::try_new(self.file_schema.clone(), columns).map_err(|_| DeltaError::Rows {
                table: table.clone(),
                column: "*".to_owned(),
                reason: "the columns do not form the file's schema".to_owned(),
            })?;
            self.write_partition(values, &rows).await?;
        }
        Ok(())
    }

    async fn write_partition(&mut self, values: Values, rows: &RecordBatch) -> Result<(), DeltaError> {
        let mut file = match self.open.remove(&values) {
            Some(file) => file,
            None => {
                self.make_room().await?;
                self.open_file(&values)?
            }
        };
        if let Err(error) = file.writer.write(rows).await {
            // To be taken back with the others.
            self.open.insert(values, file);
            return Err(self.parquet(error));
        }
        file.stats.update(rows);
        if file.bytes() >= self.options.target_file_bytes {
            self.finish(&values, file).await
        } else {
            self.open.insert(values, file);
            Ok(())
        }
    }

    /// Closes the largest open file if another one would be too many.
    async fn make_room(&mut self) -> Result<(), DeltaError> {
        if self.open.len() < self.options.open_files.max(1) {
            return Ok(());
        }
        let largest = self.open.iter().max_by_key(|(_, file)| file.bytes()).map(|(values, _)| values.clone());
        if let Some(values) = largest
            && let Some(file) = self.open.remove(&values)
        {
            self.finish(&values, file).await?;
        }
        Ok(())
    }

    fn open_file(&mut self, values: &[Option<String>]) -> Result<OpenFile, DeltaError> {
        let number = self.files;
        self.files += 1;
        let (top, kind) = if self.options.change_data { (change::FOLDER, "cdc") } else { ("", "part") };
        let ending = if self.log.at_once { "parquet" } else { "zstd.parquet" };
        let path = format!("{top}{}{kind}-{number:05}-{}-c000.{ending}", self.partitioning.folder(values), self.id);
        let sink = BufWriter::new(self.log.store.clone(), self.object(&path)?);
        let writer = AsyncArrowWriter::try_new(sink, self.file_schema.clone(), Some(self.properties.clone()))
            .map_err(|e| self.parquet(e))?;
        let named = &self.options.stats_columns;
        let stats = FileStats::new(&self.file_schema, |index, name| match named.is_empty() {
            true => index < DEFAULT_STATS_COLUMNS,
            false => named.iter().any(|n| n == name),
        });
        Ok(OpenFile { writer, stats, path })
    }

    async fn finish(&mut self, values: &[Option<String>], file: OpenFile) -> Result<(), DeltaError> {
        let file = file.sealed(&self.log.table).await?;
        self.done.push(self.add(values, &file));
        Ok(())
    }

    fn add(&self, values: &[Option<String>], file: &OpenFile) -> Add {
        Add {
            // The path as it lies in the storage is encoded once more: only its `%` need it.
            path: file.path.replace('%', "%25"),
            partition_values: self.partitioning.values(values),
            size: i64::try_from(file.writer.bytes_written()).unwrap_or(i64::MAX),
            modification_time: self.log.now(),
            data_change: self.options.data_change,
            stats: Some(file.stats.json()),
            tags: None,
            deletion_vector: None,
        }
    }

    /// Bytes written so far, with those still in memory.
    pub fn bytes(&self) -> u64 {
        let done: u64 = self.done.iter().map(|a| u64::try_from(a.size).unwrap_or_default()).sum();
        done + self.open.values().map(|f| f.bytes() as u64).sum::<u64>()
    }

    /// Finishes all files. No rows, no files; and none where one of them cannot be finished.
    ///
    /// # Errors
    /// [`DeltaError::Parquet`] when a file cannot be put.
    pub async fn close(mut self) -> Result<Vec<Add>, DeltaError> {
        let mut open: Vec<_> = self.open.drain().collect();
        open.sort_by(|a, b| a.1.path.cmp(&b.1.path));
        let table = &self.log.table;
        let sealed = stream::iter(open).map(|(values, file)| async move { (values, file.sealed(table).await) });
        let sealed: Vec<(Values, Result<OpenFile, DeltaError>)> = sealed.buffered(FINISHED_AT_ONCE).collect().await;
        let mut fault = None;
        for (values, file) in sealed {
            match file {
                Ok(file) => self.done.push(self.add(&values, &file)),
                Err(error) => {
                    fault.get_or_insert(error);
                }
            }
        }
        match fault {
            None => Ok(self.done),
            Some(fault) => {
                self.abort().await;
                Err(fault)
            }
        }
    }

    /// Gives up. What was begun is taken back, so that a store keeps no open upload, and files that were finished but never
    /// handed out are deleted, as far as the store lets us.
    pub async fn abort(mut self) {
        for (_, file) in self.open.drain() {
            if let Err(error) = file.writer.into_inner().abort().await {
                tracing::warn!(%error, "an upload that is not needed could not be taken back");
            }
        }
        for add in &self.done {
            let path = add.path.replace("%25", "%");
            let Ok(object) = self.log.object(&path) else {
                continue;
            };
            if let Err(error) = self.log.store.delete(&object).await {
                let error = store_error(&self.log.table, &object, error);
                tracing::warn!(%error, "a data file that is not needed could not be deleted");
            }
        }
    }

    fn object(&self, path: &str) -> Result<Path, DeltaError> {
        self.log.object(path)
    }

    fn parquet(&self, source: parquet::errors::ParquetError) -> DeltaError {
        DeltaError::Parquet { table: self.log.table.clone(), source: Box::new(source) }
    }
}

/// The floating point columns in a field. Parquet leaves NaN out of a column's range, and readers then skip row groups
/// that hold one, although NaN is the largest value to them: such columns get no range.
fn floats(mut parents: Vec<String>, field: &Field) -> Vec<ColumnPath> {
    parents.push(field.name().clone());
    match field.data_type() {
        DataType::Float32 | DataType::Float64 => vec![ColumnPath::new(parents)],
        DataType::Struct(fields) => fields.iter().flat_map(|inner| floats(parents.clone(), inner)).collect(),
        _ => Vec::new(),
    }
}

//! Reading a snapshot with DataFusion.
//!
//! The snapshot's list of files is known when the provider is made, so planning does no I/O, and files whose partition values or
//! statistics exclude the filters are never opened. Every filter is checked again above the scan: statistics only exclude.
//! A column that a file does not have, because it was added to the table later, reads as NULL.

mod counts;
mod prune;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use async_trait::async_trait;
use chrono::DateTime;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::TableParquetOptions;
use datafusion::common::stats::Precision;
use datafusion::common::{DFSchema, Result as DataFusionResult, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::{PhysicalExpr, conjunction_opt};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

pub use self::counts::ScanCounts;
use super::value::{Bound, partition_scalar, percent_decode};
use super::{DataFile, DeltaError, Snapshot, Storage};

/// What a scan reads, apart from projection and filters.
#[derive(Debug, Clone, Default)]
pub struct ScanOptions {
    /// Only these files, by [`DataFile::path`]. `None`: all files of the snapshot.
    pub files: Option<Vec<String>>,
    /// Adds a last column of this name: the [`DataFile::path`] of the row's file, Utf8, not nullable.
    pub file_column: Option<String>,
    /// The columns to read the files as, found by name, also within structs: what a file does not have is NULL, another
    /// type is cast. `None`: the snapshot's own.
    pub schema: Option<SchemaRef>,
    /// Counts files considered, pruned and opened.
    pub counts: Option<Arc<ScanCounts>>,
}

/// The rows of `snapshot` as a table of DataFusion: its columns in order, then the file column if asked for.
/// The session must know the storage: [`Storage::register`].
///
/// # Errors
/// [`DeltaError::NoSuchFile`] when a file asked for is not in the snapshot; otherwise what reading the list of files gives.
pub async fn provider(
    storage: &Storage,
    snapshot: &Snapshot,
    options: ScanOptions,
) -> Result<Arc<dyn TableProvider>, DeltaError> {
    let all = snapshot.files().await?;
    let mut files = Vec::with_capacity(all.len());
    match &options.files {
        None => files.extend(all.iter().cloned()),
        Some(paths) => {
            let mut wanted: HashSet<&str> = paths.iter().map(String::as_str).collect();
            files.extend(all.iter().filter(|f| wanted.remove(f.path.as_str())).cloned());
            if let Some(path) = wanted.into_iter().next() {
                let file = path.rsplit('/').next().unwrap_or(path).to_owned();
                return Err(DeltaError::NoSuchFile { table: snapshot.table().clone(), version: snapshot.version(), file });
            }
        }
    }
    let schema = options.schema.clone().unwrap_or_else(|| snapshot.schema());
    over(storage, snapshot, &schema, files, options)
}

/// The rows of certain files, whose columns are those of `schema`: the table's, or some beside them.
pub(super) fn over(
    storage: &Storage,
    snapshot: &Snapshot,
    schema: &SchemaRef,
    files: Vec<Arc<DataFile>>,
    options: ScanOptions,
) -> Result<Arc<dyn TableProvider>, DeltaError> {
    let files = files.into_iter().map(|f| ScanFile::new(snapshot, f, &options)).collect::<Result<Vec<_>, _>>()?;
    // What the log says of a column, such as its comment, is nothing to compute with: DataFusion takes two columns that
    // differ in it for columns of two kinds, and fails where they meet in a UNION.
    let plain = |field: &FieldRef| Arc::new(field.as_ref().clone().with_metadata(HashMap::new()));
    let schema: SchemaRef = Arc::new(Schema::new(schema.fields().iter().map(plain).collect::<Vec<_>>()));
    let partitions = snapshot.partition_columns();
    let (mut constant, mut stored): (Vec<FieldRef>, Vec<FieldRef>) = (Vec::new(), Vec::new());
    for name in partitions {
        if let Ok(field) = schema.field_with_name(name) {
            constant.push(Arc::new(field.clone()));
        }
    }
    stored.extend(schema.fields().iter().filter(|f| !partitions.contains(f.name())).cloned());
    let mut fields: Vec<FieldRef> = schema.fields().to_vec();
    if let Some(name) = &options.file_column {
        let field = Arc::new(Field::new(name, DataType::Utf8, false));
        constant.push(field.clone());
        fields.push(field);
    }
    let table_schema = TableSchema::builder(Arc::new(Schema::new(stored))).with_table_partition_cols(constant).build();
    Ok(Arc::new(DeltaScan {
        schema: Arc::new(Schema::new(fields)),
        table_schema,
        files,
        store: storage.store().clone(),
        url: storage.object_store_url(),
        counts: options.counts.unwrap_or_default(),
    }))
}

/// A file with what DataFusion has to know of it.
#[derive(Clone)]
struct ScanFile {
    file: Arc<DataFile>,
    location: Path,
    /// One per constant column: the partition columns, then the file column.
    constants: Vec<ScalarValue>,
}

impl ScanFile {
    fn new(snapshot: &Snapshot, file: Arc<DataFile>, options: &ScanOptions) -> Result<Self, DeltaError> {
        let table = snapshot.table().clone();
        let damaged = |reason: String| DeltaError::Log { table: table.clone(), version: snapshot.version(), reason };
        let path = percent_decode(&file.path).ok_or_else(|| damaged("the path of a data file is not UTF-8".to_owned()))?;
        if path.contains("://") {
            let feature = "data files outside the table's folder".to_owned();
            return Err(DeltaError::UnsupportedFeature { table, feature, access: "read" });
        }
        let location = snapshot.log().object(&path)?;
        let schema = snapshot.schema();
        let mut constants = Vec::with_capacity(snapshot.partition_columns().len() + 1);
        for name in snapshot.partition_columns() {
            let text = file.partition_values.get(name).and_then(Option::as_deref);
            let value = schema.field_with_name(name).ok().and_then(|f| partition_scalar(text, f.data_type()));
            constants.push(value.ok_or_else(|| damaged(format!("a value of partition column `{name}` cannot be read")))?);
        }
        if options.file_column.is_some() {
            constants.push(ScalarValue::Utf8(Some(file.path.clone())));
        }
        Ok(Self { file, location, constants })
    }

    fn partitioned(&self) -> PartitionedFile {
        let meta = ObjectMeta {
            location: self.location.clone(),
            last_modified: DateTime::from_timestamp_millis(self.file.modification_time).unwrap_or_default(),
            size: self.size(),
            e_tag: None,
            version: None,
        };
        PartitionedFile::new_from_meta(meta).with_partition_values(self.constants.clone())
    }

    /// The same with the bounds of the columns read: a join that finds out only while it runs which keys there are does
    /// not open the files that hold none of them. How many values are NULL is left out: a file all of whose values are alike
    /// would be taken for one with that value, and bounds of long texts are no values.
    fn bounded(&self, schema: &TableSchema, columns: &HashSet<&str>) -> PartitionedFile {
        let stored = schema.file_schema();
        let mut statistics = Statistics::new_unknown(stored);
        for (field, known) in stored.fields().iter().zip(&mut statistics.column_statistics) {
            if columns.contains(field.name().as_str()) {
                let bound = |bound| prune::bound(&self.file, field, bound).map_or(Precision::Absent, Precision::Exact);
                known.min_value = bound(Bound::Min);
                known.max_value = bound(Bound::Max);
            }
        }
        self.partitioned().with_statistics(Arc::new(statistics))
    }

    fn size(&self) -> u64 {
        u64::try_from(self.file.size).unwrap_or_default()
    }
}

struct DeltaScan {
    /// As the reader sees it.
    schema: SchemaRef,
    /// As DataFusion's file scan has it: stored columns, then constant ones.
    table_schema: TableSchema,
    files: Vec<ScanFile>,
    store: Arc<dyn ObjectStore>,
    url: ObjectStoreUrl,
    counts: Arc<ScanCounts>,
}

impl fmt::Debug for DeltaScan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeltaScan").field("files", &self.files.len()).finish_non_exhaustive()
    }
}

#[async_trait]
impl TableProvider for DeltaScan {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(statistics(&self.files, &self.schema))
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let scan_schema = self.table_schema.table_schema();
        let predicate = predicate(state, scan_schema, filters)?;
        let mut files = match &predicate {
            Some(predicate) => prune::prune(&self.files, &self.table_schema, predicate),
            None => self.files.clone(),
        };
        if filters.is_empty() {
            files = first_rows(files, limit);
        }
        self.counts.planned(self.files.len(), files.len());

        let columns: Vec<usize> = match projection {
            Some(projection) => projection.clone(),
            None => (0..self.schema.fields().len()).collect(),
        };
        if files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(&columns)?))));
        }
        let indices =
            columns.iter().map(|i| scan_schema.index_of(self.schema.field(*i).name())).collect::<Result<Vec<_>, _>>()?;

        let metadata_cache = state.runtime_env().cache_manager.get_file_metadata_cache();
        let reader = CachedParquetFileReaderFactory::new(self.store.clone(), metadata_cache);
        let mut parquet_options =
            TableParquetOptions { global: state.config_options().execution.parquet.clone(), ..Default::default() };
        if predicate.as_ref().is_some_and(|p| prune::on_floats(p, scan_schema)) {
            parquet_options.global.pruning = false;
            parquet_options.global.enable_page_index = false;
        }
        let mut source = ParquetSource::new(self.table_schema.clone())
            .with_table_parquet_options(parquet_options)
            .with_parquet_file_reader_factory(Arc::new(counts::CountingReader::new(reader, self.counts.clone())));
        if let Some(predicate) = predicate {
            source = source.with_predicate(predicate);
        }
        let statistics = statistics(&files, scan_schema);
        let read: HashSet<&str> = columns.iter().map(|i| self.schema.field(*i).name().as_str()).collect();
        let partitioned = |file: &ScanFile| file.bounded(&self.table_schema, &read);
        let config = FileScanConfigBuilder::new(self.url.clone(), Arc::new(source))
            .with_file_groups(group(files, state.config().target_partitions(), partitioned))
            .with_statistics(statistics)
            .with_projection_indices(Some(indices))?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// The filters as one expression over `schema`. A filter that cannot be evaluated here is left to the plan above.
fn predicate(state: &dyn Session, schema: &SchemaRef, filters: &[Expr]) -> DataFusionResult<Option<Arc<dyn PhysicalExpr>>> {
    let schema = DFSchema::try_from(schema.clone())?;
    Ok(conjunction_opt(filters.iter().filter_map(|f| state.create_physical_expr(f.clone(), &schema).ok())))
}

/// As many files as surely hold `limit` rows.
fn first_rows(files: Vec<ScanFile>, limit: Option<usize>) -> Vec<ScanFile> {
    let Some(limit) = limit else { return files };
    let mut rows = 0_u64;
    let enough = files.iter().position(|f| {
        rows = rows.saturating_add(f.file.num_records().unwrap_or_default());
        rows >= limit as u64
    });
    match enough {
        Some(last) => files.into_iter().take(last + 1).collect(),
        None => files,
    }
}

/// At most `target` groups of about the same size: the largest file goes to the group that is smallest so far.
fn group(mut files: Vec<ScanFile>, target: usize, partitioned: impl Fn(&ScanFile) -> PartitionedFile) -> Vec<FileGroup> {
    files.sort_by(|a, b| b.size().cmp(&a.size()).then_with(|| a.location.cmp(&b.location)));
    let count = target.clamp(1, files.len().max(1));
    let mut groups: Vec<(u64, Vec<PartitionedFile>)> = vec![(0, Vec::new()); count];
    for file in files {
        if let Some((size, group)) = groups.iter_mut().min_by_key(|(size, _)| *size) {
            *size += file.size();
            group.push(partitioned(&file));
        }
    }
    groups.into_iter().map(|(_, group)| FileGroup::new(group)).collect()
}

/// The number of rows is exact when every file says it; the size in memory is a guess from the size on disk.
fn statistics(files: &[ScanFile], schema: &Schema) -> Statistics {
    let rows: Option<u64> = files.iter().map(|f| f.file.num_records()).sum();
    let bytes: u64 = files.iter().map(ScanFile::size).sum();
    let mut statistics = Statistics::new_unknown(schema);
    if let Some(rows) = rows.and_then(|r| usize::try_from(r).ok()) {
        statistics.num_rows = Precision::Exact(rows);
    }
    if let Ok(bytes) = usize::try_from(bytes) {
        statistics.total_byte_size = Precision::Inexact(bytes);
    }
    statistics
}

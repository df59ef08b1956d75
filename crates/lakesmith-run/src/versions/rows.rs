//! Rows of a table's versions on their way into bronze, and the receipts of the versions.

use super::columns::is_told;
use super::rescue::rescued;
use super::{Reading, TableFault, Version, Versions};
use crate::drift::Watch;
use crate::error::RunError;
use crate::files::landing_schema;
use crate::lake::Lake;
use arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, Int64Builder, RecordBatch, StringArray, StringBuilder, TimestampMicrosecondArray,
    TimestampMicrosecondBuilder, new_null_array,
};
use arrow::datatypes::{Field, SchemaRef};
use chrono::{DateTime, Utc};
use futures::stream::{self as streams, BoxStream, StreamExt};
use lakesmith_compile::{Flow, Table};
use lakesmith_connect::{RESERVED_COLUMNS, source_name};
use lakesmith_engine::delta::{ForeignCommit, ForeignRows, OPERATION, RowStream, fit};
use lakesmith_engine::{Computed, StreamError, Work, arrow_schema, stream};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// What a row is that a change feed would call so, of a table that is read whole or appended to.
const INSERT: &str = "insert";
const DELETE: &str = "delete";

impl Versions {
    /// Computes a batch of their rows, at which `watch` looks.
    pub(crate) async fn land(
        self,
        lake: &Lake,
        work: Work<'_>,
        data: &SchemaRef,
        watch: &Watch,
    ) -> Result<(Computed, Reports), RunError> {
        let flow = work.flow;
        let (schema, rows, reports) = self.rows(data);
        let watching = watch.clone();
        let rows = rows.map(move |batch| batch.map(|batch| watching.see(batch)));
        let computed = lake.engine().compute(work, Some(stream(schema, rows))).await;
        // The reason in more than the engine's words.
        let computed = computed.map_err(|error| reports.fault(flow).unwrap_or_else(|| error.into()))?;
        Ok((computed, reports))
    }

    /// Their rows, with where they stood; and what to say of each version once all rows are taken.
    fn rows(self, data: &SchemaRef) -> (SchemaRef, BoxStream<'static, Result<RecordBatch, StreamError>>, Reports) {
        let schema = landing_schema(data);
        let reports = Reports::new(&self);
        let (out, told) = (schema.clone(), reports.clone());
        let (name, feed, rescues) = (self.name.clone(), self.feed, self.rescues);
        let rows = self.read().map(move |rows| {
            let placed = match rows {
                Ok(rows) => told.place(&rows, &name, (feed, rescues), &out),
                Err(error) => Err(error.into()),
            };
            placed.map_err(|fault| told.fail(fault))
        });
        (schema, rows.boxed(), reports)
    }

    fn read(self) -> RowStream {
        if self.range.reading == Reading::Snapshot {
            return self.table.rows();
        }
        let table = self.table;
        let part = move |(reading, commits): (Reading, Vec<ForeignCommit>)| match reading {
            Reading::Changes => table.changes(&commits),
            Reading::Snapshot | Reading::Appends => table.appended(&commits),
        };
        streams::iter(self.parts).flat_map(part).boxed()
    }
}

/// What was found out while the rows were read.
#[derive(Clone)]
pub(crate) struct Reports(Arc<Mutex<Told>>);

struct Told {
    path: String,
    reading: Reading,
    versions: Vec<Version>,
    counts: BTreeMap<i64, Count>,
    fault: Option<TableFault>,
}

/// The rows of one version so far.
#[derive(Clone, Copy, Default)]
struct Count {
    rows: i64,
    deletes: i64,
}

impl Reports {
    fn new(versions: &Versions) -> Reports {
        Reports(Arc::new(Mutex::new(Told {
            path: versions.name.clone(),
            reading: versions.range.reading,
            versions: versions.versions.clone(),
            counts: BTreeMap::new(),
            fault: None,
        })))
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reason why no further rows came, if that is so.
    fn fault(&self, flow: &Flow) -> Option<RunError> {
        self.told().fault.take().map(super::fault::of(flow))
    }

    fn fail(&self, fault: TableFault) -> StreamError {
        let said = StreamError::new(fault.to_string());
        self.told().fault = Some(fault);
        said
    }

    fn place(
        &self,
        rows: &ForeignRows,
        name: &str,
        (feed, rescues): (bool, bool),
        out: &SchemaRef,
    ) -> Result<RecordBatch, TableFault> {
        let batch = &rows.batch;
        let count = batch.num_rows();
        let mut told = self.told();
        let modified = told.versions.iter().find(|version| version.number == rows.version).map(|version| version.modified);
        // Of a change feed the word comes last: the table may have a column of that name itself.
        let words = match told.reading {
            Reading::Changes => batch.columns().last().filter(|_| is_last(batch, OPERATION)),
            Reading::Snapshot | Reading::Appends => None,
        };
        let positions = positions(told.counts.entry(rows.version).or_default(), count, words);
        drop(told);
        let unknown = unknown(batch, out, feed, words.is_some());
        if let Some(column) = unknown.first().filter(|_| !rescues) {
            let column = batch.schema().field(*column).name().clone();
            return Err(TableFault::Unknown { column });
        }
        let misfit = |column: &str, reason: String| TableFault::Misfit { column: column.to_owned(), reason };
        let mut columns: Vec<ArrayRef> = vec![];
        for field in out.fields() {
            columns.push(match field.name().as_str() {
                "_source_file" => {
                    let path = path(name, rows.version);
                    Arc::new(StringArray::from_iter_values(std::iter::repeat_n(path.as_str(), count)))
                }
                "_source_modified" => Arc::new(
                    TimestampMicrosecondArray::from(vec![modified.map(|at| at.timestamp_micros()); count]).with_timezone("UTC"),
                ),
                "_source_position" => Arc::new(positions.clone()),
                "_rescued_data" if unknown.is_empty() => new_null_array(field.data_type(), count),
                "_rescued_data" => rescued(batch, &unknown).map_err(|error| misfit("_rescued_data", error.to_string()))?,
                _ if is_told(field, feed) => match words {
                    Some(words) => words.clone(),
                    None => Arc::new(StringArray::from_iter_values(std::iter::repeat_n(INSERT, count))),
                },
                _ => match batch.column_by_name(source_name(field)) {
                    Some(column) => fit(column, field.data_type()).map_err(|reason| misfit(source_name(field), reason))?,
                    None => new_null_array(field.data_type(), count),
                },
            });
        }
        RecordBatch::try_new(out.clone(), columns).map_err(|error| misfit("*", error.to_string()))
    }

    /// Counts for the run's summary.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let told = self.told();
        let passed_over = told.versions.iter().filter(|version| version.passed_over).count() as u64;
        let mut counts = BTreeMap::from([("versions".to_owned(), told.versions.len() as u64)]);
        counts.extend((passed_over > 0).then(|| ("versions passed over".to_owned(), passed_over)));
        counts
    }

    /// One row a version, as the receipts table has it.
    pub(crate) fn receipts(&self, table: &Table, now: DateTime<Utc>, batch: i64) -> Result<RecordBatch, TableFault> {
        let told = self.told();
        let (mut paths, mut operations, mut readings) = (StringBuilder::new(), StringBuilder::new(), StringBuilder::new());
        let (mut versions, mut sizes, mut rows, mut batches) =
            (Int64Builder::new(), Int64Builder::new(), Int64Builder::new(), Int64Builder::new());
        let stamps = || TimestampMicrosecondBuilder::new().with_timezone("UTC");
        let (mut modified, mut read_at) = (stamps(), stamps());
        for version in &told.versions {
            let count = told.counts.get(&version.number).copied().unwrap_or_default();
            paths.append_value(path(&told.path, version.number));
            versions.append_value(version.number);
            modified.append_value(version.modified.timestamp_micros());
            operations.append_option(version.operation.as_ref());
            readings.append_value(match (version.passed_over, told.reading) {
                (true, _) => "passed_over",
                (false, Reading::Snapshot) => "snapshot",
                (false, Reading::Appends) => "appends",
                (false, Reading::Changes) => "changes",
            });
            sizes.append_option(version.bytes.and_then(|bytes| i64::try_from(bytes).ok()));
            rows.append_value(count.rows + count.deletes);
            read_at.append_value(now.timestamp_micros());
            batches.append_value(batch);
        }
        let columns: Vec<ArrayRef> = vec![
            Arc::new(paths.finish()),
            Arc::new(versions.finish()),
            Arc::new(modified.finish()),
            Arc::new(operations.finish()),
            Arc::new(readings.finish()),
            Arc::new(sizes.finish()),
            Arc::new(rows.finish()),
            Arc::new(read_at.finish()),
            Arc::new(batches.finish()),
        ];
        RecordBatch::try_new(arrow_schema(&table.columns), columns)
            .map_err(|error| TableFault::Misfit { column: "*".to_owned(), reason: error.to_string() })
    }
}

/// Where a version's rows stood: as Delta's tools write a table at a version.
fn path(name: &str, version: i64) -> String {
    format!("{name}@v{version}")
}

fn is_last(batch: &RecordBatch, name: &str) -> bool {
    batch.schema().fields().last().is_some_and(|field| field.name() == name)
}

/// Numbers of a version's rows, the next ones. What a commit deletes comes before what it puts in its place.
fn positions(count: &mut Count, rows: usize, words: Option<&ArrayRef>) -> Int64Array {
    let words = words.and_then(|words| words.as_string_opt::<i32>());
    (0..rows)
        .map(|row| match words.is_some_and(|words| words.is_valid(row) && words.value(row) == DELETE) {
            true => {
                count.deletes += 1;
                -count.deletes
            }
            false => {
                count.rows += 1;
                count.rows - 1
            }
        })
        .collect::<Vec<i64>>()
        .into()
}

/// The columns of a batch that have no place. `told`: its last one says what became of a row.
fn unknown(batch: &RecordBatch, out: &SchemaRef, feed: bool, told: bool) -> Vec<usize> {
    let schema = batch.schema();
    let own = |field: &Field| RESERVED_COLUMNS.contains(&field.name().as_str()) || is_told(field, feed);
    let known = |name: &str| out.fields().iter().any(|field| !own(field) && source_name(field) == name);
    let columns = schema.fields().iter().take(batch.num_columns() - usize::from(told)).enumerate();
    columns.filter(|(_, field)| !known(field.name())).map(|(index, _)| index).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn deletes_of_a_commit_come_before_its_other_rows() {
        let words: ArrayRef = Arc::new(StringArray::from(vec!["insert", "delete", "update", "delete"]));
        let mut count = Count::default();
        assert_eq!(positions(&mut count, 4, Some(&words)), Int64Array::from(vec![0, -1, 1, -2]));
        assert_eq!(positions(&mut count, 1, None), Int64Array::from(vec![2]));
    }
}

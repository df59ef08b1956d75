//! A table under other columns: every row is written again, in one commit.
//!
//! Rows keep all that they say, `_batch_id` too, so that nobody who read them reads them again. Only a row into whose
//! columns a value moves from `_rescued_data` may be given to a new batch: it says more than before.

mod rescued;
mod values;

pub use rescued::{Entry, entries, matched, object};

use super::{Embedded, table as tables};
use crate::delta::{Action, Add, FileWriter, Snapshot, TablePath, WriterOptions};
use crate::embedded::relations::Relations;
use crate::error::EngineError;
use crate::types::{arrow_schema, spark_type};
use crate::work::{Output, Rewriting, Rewritten};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, StringBuilder};
use arrow::compute::{filter_record_batch, not};
use arrow::datatypes::{Int64Type, SchemaRef};
use arrow::record_batch::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::ExecutionPlanProperties;
use futures::TryStreamExt;
use lakesmith_compile::{ChangeKind, Table, changes};
use std::collections::BTreeMap;
use std::sync::Arc;

const RESCUED: &str = "_rescued_data";
const BATCH: &str = "_batch_id";
const ROWS: &str = "rewritten";

/// Writes the rows of `base` again as the columns of `table`. Commits nothing.
pub(super) async fn rewrite(
    engine: &Embedded,
    table: &Table,
    base: &Snapshot,
    rewriting: &Rewriting,
) -> Result<Rewritten, EngineError> {
    let schema = arrow_schema(&table.columns);
    let metadata = base.metadata().with_schema(base.table(), &schema, &tables::stats_columns(table))?;
    let held: Vec<_> = base.schema().fields().iter().map(|field| crate::column(field)).collect();
    let adds_alone = changes(&held, &table.columns).iter().all(|change| matches!(change.kind, ChangeKind::Added { .. }));
    let files: Vec<_> = (base.files().await?.iter())
        .filter(|file| {
            // A file in which nothing was rescued has nothing to move, and lacks the new columns as old files do.
            let nothing = file.stats().is_some_and(|s| s.nulls(RESCUED).is_some() && s.nulls(RESCUED) == file.num_records());
            !adds_alone || (!nothing && !rewriting.moved.is_empty())
        })
        .cloned()
        .collect();
    let mut relations = Relations::new(engine);
    let paths = files.iter().map(|file| file.path.clone()).collect();
    relations.add_table(&engine.storage, &[ROWS], base, Some(paths), None).await?;
    let plan = relations.plan(&format!("SELECT * FROM `{ROWS}`")).await?;
    let making = Arc::new(Making { schema: schema.clone(), rewriting: rewriting.clone() });
    let mut tasks = tokio::task::JoinSet::new();
    for partition in 0..plan.output_partitioning().partition_count() {
        let stream = plan.execute(partition, relations.context())?;
        let options =
            |data_change| WriterOptions { stats_columns: tables::stats_columns(table), data_change, ..WriterOptions::default() };
        let writer = |data_change| {
            FileWriter::new(&engine.storage, &TablePath::new(&table.path), &schema, &table.partition_by, options(data_change))
        };
        tasks.spawn(making.clone().write(stream, writer(rewriting.changes)?, writer(true)?));
    }
    let mut done = Done::default();
    while let Some(written) = tasks.join_next().await {
        let written = written.map_err(EngineError::from)??;
        done.added.extend(written.added);
        done.rows += written.rows;
        done.moved += written.moved;
        for (column, lost) in written.lost {
            *done.lost.entry(column).or_default() += lost;
        }
    }
    let now = rewriting.now.timestamp_millis();
    let mut actions = vec![Action::Metadata(metadata)];
    for file in &files {
        if let Action::Remove(remove) = file.to_remove(now) {
            actions.push(Action::Remove(crate::delta::Remove { data_change: rewriting.changes, ..remove }));
        }
    }
    actions.extend(done.added.into_iter().map(Action::Add));
    let output = Output {
        table: TablePath::new(&table.path),
        table_id: base.metadata().id.clone(),
        base: base.version(),
        replaces: true,
        actions,
        rows: done.rows,
    };
    Ok(Rewritten { output, moved: done.moved, lost: done.lost })
}

/// What one partition gave.
#[derive(Default)]
struct Done {
    added: Vec<Add>,
    rows: u64,
    moved: u64,
    lost: BTreeMap<String, u64>,
}

struct Making {
    schema: SchemaRef,
    rewriting: Rewriting,
}

impl Making {
    async fn write(
        self: Arc<Self>,
        mut stream: SendableRecordBatchStream,
        mut stay: FileWriter,
        mut again: FileWriter,
    ) -> Result<Done, EngineError> {
        let mut done = Done::default();
        while let Some(batch) = stream.try_next().await? {
            done.rows += batch.num_rows() as u64;
            let (batch, moved) = self.batch(&batch, &mut done.lost)?;
            done.moved += moved.true_count() as u64;
            if self.rewriting.batch.is_none() || moved.true_count() == 0 {
                stay.write(&batch).await?;
                continue;
            }
            stay.write(&filter_record_batch(&batch, &not(&moved)?)?).await?;
            again.write(&filter_record_batch(&batch, &moved)?).await?;
        }
        done.added = stay.close().await?;
        done.added.extend(again.close().await?);
        Ok(done)
    }

    /// The rows as the columns to be, and which of them gained a value.
    fn batch(&self, batch: &RecordBatch, lost: &mut BTreeMap<String, u64>) -> Result<(RecordBatch, BooleanArray), EngineError> {
        let mut columns: Vec<ArrayRef> = vec![];
        for field in self.schema.fields() {
            let from = self.rewriting.renamed.get(field.name()).unwrap_or(field.name());
            let converted = match batch.column_by_name(from) {
                Some(held) => {
                    let (converted, gone) = values::converted(held, field.data_type()).map_err(|_| {
                        let (held, wanted) = (spark_type(held.data_type()), spark_type(field.data_type()));
                        EngineError::TypeChanged {
                            table: self.rewriting.name.clone(),
                            column: field.name().clone(),
                            held: held.to_string(),
                            wanted: wanted.to_string(),
                        }
                    })?;
                    if gone > 0 {
                        *lost.entry(field.name().clone()).or_default() += gone;
                    }
                    converted
                }
                None => arrow::array::new_null_array(field.data_type(), batch.num_rows()),
            };
            columns.push(converted);
        }
        let moved = self.moved(&mut columns)?;
        let batch = RecordBatch::try_new(self.schema.clone(), columns)?;
        Ok((batch, moved))
    }

    /// Moves what was rescued into its columns, and says of which rows.
    fn moved(&self, columns: &mut [ArrayRef]) -> Result<BooleanArray, EngineError> {
        let rows = columns.first().map_or(0, |column| column.len());
        let mut moved = vec![false; rows];
        let Ok(kept) = self.schema.index_of(RESCUED) else { return Ok(moved.into()) };
        if self.rewriting.moved.is_empty() {
            return Ok(moved.into());
        }
        let texts = columns[kept].as_string::<i32>().clone();
        let mut rest: Vec<Option<Vec<Entry>>> = texts.iter().map(|text| text.and_then(entries)).collect();
        for path in &self.rewriting.moved {
            let Some(at) = path.first().and_then(|name| self.schema.index_of(name).ok()) else { continue };
            let named = rescued::named(&self.schema, path);
            let mut fixes = vec![];
            for (row, found) in rest.iter().enumerate() {
                for (entry, (key, value)) in found.iter().flatten().enumerate() {
                    if let Some(places) = matched(key, &named) {
                        fixes.push(values::Fix { row, entry, places, text: rescued::text(value.get()) });
                    }
                }
            }
            if fixes.is_empty() {
                continue;
            }
            let (column, taken) = values::put(&columns[at], &path[1..], &fixes)?;
            columns[at] = column;
            let mut gone: Vec<(usize, usize)> = taken.iter().map(|fix| (fixes[*fix].row, fixes[*fix].entry)).collect();
            gone.sort_unstable();
            for (row, entry) in gone.into_iter().rev() {
                moved[row] = true;
                if let Some(entries) = &mut rest[row] {
                    entries.remove(entry);
                }
            }
        }
        let mut kept_texts = StringBuilder::new();
        for (row, text) in texts.iter().enumerate() {
            match &rest[row] {
                Some(entries) if moved[row] => kept_texts.append_option(object(entries)),
                _ => kept_texts.append_option(text),
            }
        }
        columns[kept] = Arc::new(kept_texts.finish());
        let moved: BooleanArray = moved.into();
        if let (Some(number), Ok(at)) = (self.rewriting.batch, self.schema.index_of(BATCH)) {
            let held = columns[at].as_primitive::<Int64Type>();
            let numbers: Int64Array =
                (held.iter().zip(&moved)).map(|(held, moved)| if moved == Some(true) { Some(number) } else { held }).collect();
            columns[at] = Arc::new(numbers);
        }
        Ok(moved)
    }
}

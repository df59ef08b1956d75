//! Rows into data files.

use super::{Embedded, table};
use crate::delta::{Action, Add, Cdc, FileWriter, Snapshot, TablePath, WriterOptions, change};
use crate::error::EngineError;
use crate::work::Output;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use lakesmith_compile::Table;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Appends the rows of a plan to a table.
pub(super) async fn stream(
    engine: &Embedded,
    table: &Table,
    base: &Snapshot,
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
) -> Result<(Output, u64), EngineError> {
    let (schema, metadata) = table::grown(table, base).await?;
    let (mut actions, rows) = files(engine, table, &schema, one(plan), context).await?;
    actions.splice(0..0, metadata);
    let output = Output {
        table: TablePath::new(&table.path),
        table_id: base.metadata().id.clone(),
        base: base.version(),
        replaces: false,
        actions,
        rows,
    };
    Ok((output, rows))
}

/// Appends batches to a table.
pub(super) async fn append(
    engine: &Embedded,
    table: &Table,
    base: &Snapshot,
    batches: Vec<RecordBatch>,
) -> Result<Output, EngineError> {
    let (schema, metadata) = table::grown(table, base).await?;
    let rows = futures::stream::iter(batches.into_iter().map(Ok)).boxed();
    let (added, rows) = filled(writer(engine, table, &schema)?, rows, &AtomicBool::new(false)).await?;
    let mut actions: Vec<Action> = metadata.into_iter().collect();
    actions.extend(added.into_iter().map(Action::Add));
    Ok(Output {
        table: TablePath::new(&table.path),
        table_id: base.metadata().id.clone(),
        base: base.version(),
        replaces: false,
        actions,
        rows,
    })
}

/// All partitions of a plan as one, for rows that fit one file.
pub(super) fn one(plan: Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
    match plan.output_partitioning().partition_count() {
        1 => plan,
        _ => Arc::new(CoalescePartitionsExec::new(plan)),
    }
}

/// Writes the rows of a plan into new files of a table and gives their `add` actions and the number of rows. Each
/// partition of the plan has a writer of its own.
pub(super) async fn files(
    engine: &Embedded,
    table: &Table,
    schema: &SchemaRef,
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
) -> Result<(Vec<Action>, u64), EngineError> {
    let partitions = plan.output_partitioning().partition_count();
    let mut tasks = tokio::task::JoinSet::new();
    let failed = Arc::new(AtomicBool::new(false));
    for partition in 0..partitions {
        let stream = plan.execute(partition, context.clone())?;
        let (writer, failed) = (writer(engine, table, schema)?, failed.clone());
        tasks.spawn(async move { write(writer, stream, &failed).await });
    }
    let (mut actions, mut rows, mut fault) = (vec![], 0, None);
    // After a fault the others are waited for: each takes back what it began.
    while let Some(done) = tasks.join_next().await {
        match done.map_err(EngineError::from).and_then(|done| done) {
            Ok((added, written)) => {
                actions.extend(added.into_iter().map(Action::Add));
                rows += written;
            }
            Err(error) => {
                failed.store(true, Ordering::Release);
                fault.get_or_insert(error);
            }
        }
    }
    match fault {
        Some(fault) => Err(fault),
        None => Ok((actions, rows)),
    }
}

/// Writes rows of change data into new files and gives their `cdc` actions.
pub(super) async fn changes(
    engine: &Embedded,
    table: &Table,
    schema: &SchemaRef,
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
) -> Result<Vec<Action>, EngineError> {
    let options = WriterOptions { change_data: true, ..WriterOptions::default() };
    let path = TablePath::new(&table.path);
    let writer = FileWriter::new(&engine.storage, &path, &change::schema(schema), &table.partition_by, options)?;
    let (added, _) = write(writer, one(plan).execute(0, context)?, &AtomicBool::new(false)).await?;
    let cdc = |add: Add| {
        let Add { path, partition_values, size, tags, .. } = add;
        Action::Cdc(Cdc { path, partition_values, size, data_change: false, tags })
    };
    Ok(added.into_iter().map(cdc).collect())
}

async fn write(
    writer: FileWriter,
    stream: SendableRecordBatchStream,
    failed: &AtomicBool,
) -> Result<(Vec<Add>, u64), EngineError> {
    filled(writer, stream.map_err(EngineError::from).boxed(), failed).await
}

/// Writes all rows, or nothing stays of what was begun: also if another writer of the same rows has `failed` meanwhile.
async fn filled(
    mut writer: FileWriter,
    mut stream: BoxStream<'_, Result<RecordBatch, EngineError>>,
    failed: &AtomicBool,
) -> Result<(Vec<Add>, u64), EngineError> {
    let mut rows = 0;
    let fault = loop {
        match stream.try_next().await {
            Ok(None) => return Ok((writer.close().await?, rows)),
            Ok(Some(_)) if failed.load(Ordering::Acquire) => {
                break EngineError::Compute { reason: "another part of the rows could not be written".to_owned(), at: None };
            }
            Ok(Some(batch)) => {
                rows += batch.num_rows() as u64;
                if let Err(error) = writer.write(&batch).await {
                    break error.into();
                }
            }
            Err(error) => break error,
        }
    };
    writer.abort().await;
    Err(fault)
}

fn writer(engine: &Embedded, table: &Table, schema: &SchemaRef) -> Result<FileWriter, EngineError> {
    let options = WriterOptions { stats_columns: table::stats_columns(table), ..WriterOptions::default() };
    Ok(FileWriter::new(&engine.storage, &TablePath::new(&table.path), schema, &table.partition_by, options)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::delta::Storage;
    use arrow::array::Int64Array;
    use arrow::datatypes::{DataType, Field, Schema};

    #[tokio::test(flavor = "multi_thread")]
    async fn nothing_stays_of_rows_that_are_not_written_to_their_end() {
        let dir = tempfile::tempdir().unwrap();
        let storage = Storage::open("lake", dir.path()).unwrap();
        let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        let numbers = || Arc::new(Int64Array::from_iter_values((0..10_000).map(|n| n * 7919 % 1_000_003)));
        let batch = || Ok(RecordBatch::try_new(schema.clone(), vec![numbers()]).unwrap());
        let files = || walk(dir.path()).into_iter().filter(|path| path.ends_with("parquet")).count();
        let ended = Err(EngineError::Compute { reason: "overflow".to_owned(), at: None });
        for (failed, last, written) in [(false, None, true), (false, Some(ended), false), (true, None, false)] {
            let options = WriterOptions { target_file_bytes: 20_000, row_group_rows: 1000, ..WriterOptions::default() };
            let writer = FileWriter::new(&storage, &TablePath::new("silver/t"), &schema, &[], options).unwrap();
            let rows = futures::stream::iter((0..5).map(|_| batch()).chain(last)).boxed();
            let before = files();
            let done = filled(writer, rows, &AtomicBool::new(failed)).await;
            assert_eq!((done.is_ok(), files() > before), (written, written));
        }
    }

    fn walk(folder: &std::path::Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path.display().to_string()] }).collect()
    }
}

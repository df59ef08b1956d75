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
use futures::{StreamExt, TryStreamExt};
use lakesmith_compile::Table;
use std::sync::Arc;

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
    let mut writer = writer(engine, table, &schema)?;
    let mut rows = 0;
    for batch in batches {
        rows += batch.num_rows() as u64;
        writer.write(&batch).await?;
    }
    let mut actions: Vec<Action> = metadata.into_iter().collect();
    actions.extend(writer.close().await?.into_iter().map(Action::Add));
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
    for partition in 0..partitions {
        let stream = plan.execute(partition, context.clone())?;
        tasks.spawn(write(writer(engine, table, schema)?, stream));
    }
    let (mut actions, mut rows) = (vec![], 0);
    while let Some(done) = tasks.join_next().await {
        let (added, written) = done.map_err(|error| EngineError::Compute { reason: error.to_string(), at: None })??;
        actions.extend(added.into_iter().map(Action::Add));
        rows += written;
    }
    Ok((actions, rows))
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
    let (added, _) = write(writer, one(plan).execute(0, context)?).await?;
    let cdc = |add: Add| {
        let Add { path, partition_values, size, tags, .. } = add;
        Action::Cdc(Cdc { path, partition_values, size, data_change: false, tags })
    };
    Ok(added.into_iter().map(cdc).collect())
}

async fn write(mut writer: FileWriter, stream: SendableRecordBatchStream) -> Result<(Vec<Add>, u64), EngineError> {
    let mut rows = 0;
    let mut stream = stream.map_err(EngineError::from).boxed();
    while let Some(batch) = stream.try_next().await? {
        rows += batch.num_rows() as u64;
        writer.write(&batch).await?;
    }
    Ok((writer.close().await?, rows))
}

fn writer(engine: &Embedded, table: &Table, schema: &SchemaRef) -> Result<FileWriter, EngineError> {
    let options = WriterOptions { stats_columns: table::stats_columns(table), ..WriterOptions::default() };
    Ok(FileWriter::new(&engine.storage, &TablePath::new(&table.path), schema, &table.partition_by, options)?)
}

//! Rows of a query that several later queries read: computed once and held in memory.

use crate::error::EngineError;
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, collect_partitioned};
use std::sync::Arc;

/// The rows of a kept query, by partition.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) schema: SchemaRef,
    pub(super) partitions: Vec<Vec<RecordBatch>>,
}

impl Kept {
    /// Runs a plan to its end.
    pub(super) async fn compute(plan: Arc<dyn ExecutionPlan>, context: Arc<TaskContext>) -> Result<Self, EngineError> {
        let schema = plan.schema();
        let partitions = collect_partitioned(plan, context).await?;
        Ok(Kept { schema, partitions })
    }

    /// Rows that are there already.
    pub(super) fn of(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Kept { schema, partitions: vec![batches] }
    }

    /// As a table that queries read.
    pub(super) fn provider(&self) -> Result<Arc<dyn TableProvider>, EngineError> {
        Ok(Arc::new(MemTable::try_new(self.schema.clone(), self.partitions.clone())?))
    }

    pub(super) fn batches(&self) -> impl Iterator<Item = &RecordBatch> {
        self.partitions.iter().flatten()
    }

    pub(super) fn rows(&self) -> usize {
        self.batches().map(RecordBatch::num_rows).sum()
    }
}

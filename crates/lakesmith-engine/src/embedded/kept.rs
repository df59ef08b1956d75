//! Rows of a query that several later queries read: computed once, held in memory as far as that goes, and beyond it in
//! a file of the system's temporary folder.

use crate::error::EngineError;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatch;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::DFSchema;
use datafusion::datasource::{MemTable, ViewTable};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{EmptyRelation, LogicalPlan};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::{StreamExt, TryStreamExt, stream};
use std::fmt;
use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tempfile::NamedTempFile;

/// Bytes that kept rows may still hold in memory. Shared by all batches of an engine, which run side by side.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<AtomicUsize>);

/// Bytes that were taken off a budget; dropped, they are given back.
#[derive(Debug)]
struct Taken {
    budget: Budget,
    bytes: usize,
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.budget.0.fetch_add(self.bytes, Ordering::AcqRel);
    }
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Budget(Arc::new(AtomicUsize::new(bytes)))
    }

    /// Takes bytes off, if there are so many left.
    fn take(&self, bytes: usize, taken: &mut Taken) -> bool {
        let there = self.0.try_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(bytes)).is_ok();
        taken.bytes += if there { bytes } else { 0 };
        there
    }

    /// Bytes that are left.
    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.0.load(Ordering::Acquire)
    }
}

/// The rows of a kept query, by partition. Their memory counts until the last copy of it is dropped.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) schema: SchemaRef,
    partitions: Vec<Arc<Partition>>,
}

/// Rows in the order in which they came: first those in memory, then those in the file.
struct Partition {
    schema: SchemaRef,
    held: Vec<RecordBatch>,
    /// The memory of `held`.
    _taken: Taken,
    spilled: Option<NamedTempFile>,
    rows: usize,
}

impl fmt::Debug for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partition").field("rows", &self.rows).field("spilled", &self.spilled.is_some()).finish()
    }
}

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>> + Send>;

impl Partition {
    fn batches(&self) -> Result<Batches, ArrowError> {
        let held = self.held.clone().into_iter().map(Ok);
        match &self.spilled {
            None => Ok(Box::new(held)),
            Some(file) => {
                let reader = FileReader::try_new(BufReader::new(file.reopen()?), None)?;
                Ok(Box::new(held.chain(reader)))
            }
        }
    }
}

impl PartitionStream for Partition {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches: Batches = self.batches().unwrap_or_else(|error| Box::new(std::iter::once(Err(error))));
        let batches = stream::iter(batches).map_err(Into::into);
        Box::pin(RecordBatchStreamAdapter::new(self.schema.clone(), batches))
    }
}

/// Takes rows in, for one partition.
pub(super) struct Keeping {
    schema: SchemaRef,
    taken: Taken,
    held: Vec<RecordBatch>,
    spill: Option<(NamedTempFile, FileWriter<File>)>,
    rows: usize,
}

impl Keeping {
    pub(super) fn new(schema: SchemaRef, budget: &Budget) -> Self {
        Keeping { schema, taken: Taken { budget: budget.clone(), bytes: 0 }, held: vec![], spill: None, rows: 0 }
    }

    pub(super) fn push(&mut self, batch: RecordBatch) -> Result<(), EngineError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.rows += batch.num_rows();
        let budget = self.taken.budget.clone();
        if self.spill.is_none() && budget.take(batch.get_array_memory_size(), &mut self.taken) {
            self.held.push(batch);
            return Ok(());
        }
        let (_, writer) = match &mut self.spill {
            Some(spill) => spill,
            None => {
                let file = NamedTempFile::new().map_err(ArrowError::from)?;
                let writer = FileWriter::try_new(file.reopen().map_err(ArrowError::from)?, &self.schema)?;
                self.spill.insert((file, writer))
            }
        };
        Ok(writer.write(&batch)?)
    }

    pub(super) fn finish(self) -> Result<Kept, EngineError> {
        let schema = self.schema.clone();
        Ok(Kept { schema, partitions: vec![Arc::new(self.partition()?)] })
    }

    fn partition(self) -> Result<Partition, EngineError> {
        let spilled = match self.spill {
            None => None,
            Some((file, mut writer)) => {
                writer.finish()?;
                Some(file)
            }
        };
        Ok(Partition { schema: self.schema, held: self.held, _taken: self.taken, spilled, rows: self.rows })
    }
}

impl Kept {
    /// Runs a plan to its end, its partitions side by side.
    pub(super) async fn compute(
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
        budget: &Budget,
    ) -> Result<Self, EngineError> {
        let schema = plan.schema();
        let mut tasks = tokio::task::JoinSet::new();
        for partition in 0..plan.output_partitioning().partition_count() {
            let mut stream = plan.execute(partition, context.clone())?;
            let mut keeping = Keeping::new(schema.clone(), budget);
            tasks.spawn(async move {
                while let Some(batch) = stream.next().await {
                    keeping.push(batch?)?;
                }
                Ok::<_, EngineError>((partition, keeping.partition()?))
            });
        }
        let mut partitions = vec![];
        while let Some(done) = tasks.join_next().await {
            partitions.push(done.map_err(EngineError::from)??);
        }
        partitions.sort_by_key(|(number, _)| *number);
        let partitions = partitions.into_iter().map(|(_, partition)| Arc::new(partition)).collect();
        Ok(Kept { schema, partitions })
    }

    /// As a table that queries read, as often as they like. Of rows in memory the planner knows how many there are, and
    /// builds its joins on the smaller side.
    pub(super) fn provider(&self) -> Result<Arc<dyn TableProvider>, EngineError> {
        if self.rows() == 0 {
            // What joins with nothing is not computed: the planner sees that there is nothing.
            let schema = Arc::new(DFSchema::try_from(self.schema.as_ref().clone())?);
            let nothing = LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema });
            return Ok(Arc::new(ViewTable::new(nothing, None)));
        }
        if self.partitions.iter().all(|partition| partition.spilled.is_none()) {
            let held = self.partitions.iter().map(|partition| partition.held.clone()).collect();
            return Ok(Arc::new(MemTable::try_new(self.schema.clone(), held)?));
        }
        let partitions = self.partitions.iter().map(|partition| Arc::clone(partition) as Arc<dyn PartitionStream>).collect();
        Ok(Arc::new(StreamingTable::try_new(self.schema.clone(), partitions)?))
    }

    /// Every batch, one after the other.
    pub(super) fn batches(&self) -> impl Iterator<Item = Result<RecordBatch, EngineError>> {
        let each = |partition: &Arc<Partition>| partition.batches().unwrap_or_else(|error| Box::new(std::iter::once(Err(error))));
        self.partitions.iter().flat_map(each).map(|batch| batch.map_err(EngineError::from))
    }

    /// The same rows, batch by batch turned into others of the same schema.
    pub(super) fn map(
        &self,
        budget: &Budget,
        mut change: impl FnMut(RecordBatch) -> Result<RecordBatch, EngineError>,
    ) -> Result<Kept, EngineError> {
        let mut partitions = vec![];
        for partition in &self.partitions {
            let mut keeping = Keeping::new(self.schema.clone(), budget);
            for batch in partition.batches()? {
                keeping.push(change(batch?)?)?;
            }
            partitions.push(Arc::new(keeping.partition()?));
        }
        Ok(Kept { schema: self.schema.clone(), partitions })
    }

    pub(super) fn rows(&self) -> usize {
        self.partitions.iter().map(|partition| partition.rows).sum()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use arrow::array::{AsArray, Int64Array};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};

    #[test]
    fn rows_beyond_the_budget_go_to_a_file_and_come_back_in_order() {
        let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, false)]));
        let batch = |from: i64| {
            RecordBatch::try_new(schema.clone(), vec![Arc::new(Int64Array::from_iter_values(from..from + 1000))]).unwrap()
        };
        let budget = Budget::new(3 * batch(0).get_array_memory_size());
        let mut keeping = Keeping::new(schema.clone(), &budget);
        (0..10).for_each(|n| keeping.push(batch(n * 1000)).unwrap());
        let kept = keeping.finish().unwrap();
        assert_eq!(kept.partitions[0].held.len(), 3);
        assert!(kept.partitions[0].spilled.is_some());
        for _ in 0..2 {
            let numbers: Vec<i64> =
                kept.batches().flat_map(|batch| batch.unwrap().column(0).as_primitive::<Int64Type>().values().to_vec()).collect();
            assert_eq!(numbers, (0..10_000).collect::<Vec<_>>());
        }
        assert_eq!(kept.rows(), 10_000);
        assert_eq!(budget.left(), 0);
        let copy = kept.clone();
        drop(kept);
        assert_eq!(budget.left(), 0);
        drop(copy);
        assert_eq!(budget.left(), 3 * batch(0).get_array_memory_size());
    }
}

//! Rows on their way into batches: where each stood in its file, and what of it did not fit.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Builder, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

use crate::column::Column;
use crate::error::ConnectError;
use crate::rescue::Rescue;

/// Rows of a batch, unless they are so large that fewer fill [`BYTES_PER_BATCH`].
pub const ROWS_PER_BATCH: usize = 8192;
/// Text taken from a file after which a batch is closed, whatever its rows.
pub(crate) const BYTES_PER_BATCH: usize = 64 << 20;
/// The largest row that is read; beyond it lie the 32-bit offsets of Arrow's strings.
pub(crate) const MAX_ROW_BYTES: usize = 1 << 30;
/// The column that numbers a file's rows from 0.
pub const SOURCE_POSITION: &str = "_source_position";
/// The column that keeps what did not fit.
pub const RESCUED_DATA: &str = "_rescued_data";

/// The batches of one file, being filled.
#[derive(Debug)]
pub(crate) struct Rows {
    schema: SchemaRef,
    /// The data columns, in the order of the schema.
    pub(crate) columns: Vec<Column>,
    /// What of the current row did not fit.
    pub(crate) rescue: Rescue,
    positions: Int64Builder,
    rescued: StringBuilder,
    in_batch: usize,
    bytes: usize,
    /// Rows ended so far.
    pub(crate) count: u64,
    /// Those of them with something rescued.
    pub(crate) rescued_count: u64,
    ready: VecDeque<RecordBatch>,
}

impl Rows {
    /// Batches of `columns`, which fill the fields of `data` in their order.
    pub(crate) fn new(data: &Schema, columns: Vec<Column>) -> Rows {
        let mut fields = data.fields().to_vec();
        fields.push(Arc::new(Field::new(SOURCE_POSITION, DataType::Int64, false)));
        fields.push(Arc::new(Field::new(RESCUED_DATA, DataType::Utf8, true)));
        Rows {
            schema: Arc::new(Schema::new(fields)),
            columns,
            rescue: Rescue::default(),
            positions: Int64Builder::new(),
            rescued: StringBuilder::new(),
            in_batch: 0,
            bytes: 0,
            count: 0,
            rescued_count: 0,
            ready: VecDeque::new(),
        }
    }

    /// Ends the row whose columns have each been given one value, read from `bytes` bytes of the file.
    pub(crate) fn end_row(&mut self, bytes: usize) -> Result<(), ConnectError> {
        self.positions.append_value(self.count as i64);
        if self.rescue.is_empty() {
            self.rescued.append_null();
        } else {
            self.rescued.append_value(self.rescue.take());
            self.rescued_count += 1;
        }
        self.count += 1;
        self.in_batch += 1;
        self.bytes += bytes;
        if self.in_batch == ROWS_PER_BATCH || self.bytes >= BYTES_PER_BATCH { self.close_batch() } else { Ok(()) }
    }

    /// Closes the batch that is being filled, if it has rows.
    pub(crate) fn close_batch(&mut self) -> Result<(), ConnectError> {
        if self.in_batch == 0 {
            return Ok(());
        }
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len() + 2);
        for column in &mut self.columns {
            arrays.push(column.finish()?);
        }
        arrays.push(Arc::new(self.positions.finish()));
        arrays.push(Arc::new(self.rescued.finish()));
        self.ready.push_back(RecordBatch::try_new(self.schema.clone(), arrays)?);
        self.in_batch = 0;
        self.bytes = 0;
        Ok(())
    }

    /// Takes the first of the batches that have been closed.
    pub(crate) fn take_batch(&mut self) -> Option<RecordBatch> {
        self.ready.pop_front()
    }
}

//! Rows on their way into batches: where each stood in its file, and what of it did not fit.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

use crate::column::Column;
use crate::content::TextPiece;
use crate::error::ConnectError;
use crate::rescue::Rescue;

/// Rows of a batch, unless they are so large that fewer fill [`BYTES_PER_BATCH`].
pub const ROWS_PER_BATCH: usize = 8192;
/// Text taken from a file after which a batch is closed, whatever its rows.
pub(crate) const BYTES_PER_BATCH: usize = 64 << 20;
/// The largest row that is read. A row is held several times while it is read, and Arrow's strings end at 2 GiB.
pub(crate) const MAX_ROW_BYTES: usize = 256 << 20;
/// The column that numbers a file's rows from 0.
pub const SOURCE_POSITION: &str = "_source_position";
/// The column that keeps what did not fit.
pub const RESCUED_DATA: &str = "_rescued_data";

/// Rows of some part of a file, being filled.
#[derive(Debug)]
pub(crate) struct Rows {
    schema: SchemaRef,
    /// The data columns, in the order of the schema.
    pub(crate) columns: Vec<Column>,
    /// What of the current row did not fit.
    pub(crate) rescue: Rescue,
    rescued: StringBuilder,
    in_batch: usize,
    bytes: usize,
    decoded: Decoded,
}

/// Rows of some part of a file.
#[derive(Debug, Default)]
pub(crate) struct Decoded {
    /// The data columns, then `_rescued_data`.
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) rows: u64,
    /// Those of them with something rescued.
    pub(crate) rescued_rows: u64,
}

impl Rows {
    /// Rows of `columns`, which fill the fields of `data` in their order.
    pub(crate) fn new(data: &Schema, columns: Vec<Column>) -> Rows {
        Rows {
            schema: with_rescued(data),
            columns,
            rescue: Rescue::default(),
            rescued: StringBuilder::new(),
            in_batch: 0,
            bytes: 0,
            decoded: Decoded::default(),
        }
    }

    /// Ends the row that stood in this range of `piece`.
    pub(crate) fn end_row_of(&mut self, piece: &TextPiece, range: Range<usize>) -> Result<(), ConnectError> {
        let bytes = range.len();
        piece.rescue_bytes(range, &mut self.rescue);
        self.end_row(bytes)
    }

    /// Ends the row whose columns have each been given one value, read from `bytes` bytes of the file.
    pub(crate) fn end_row(&mut self, bytes: usize) -> Result<(), ConnectError> {
        if self.rescue.is_empty() {
            self.rescued.append_null();
        } else {
            self.rescued.append_value(self.rescue.take());
            self.decoded.rescued_rows += 1;
        }
        self.decoded.rows += 1;
        self.in_batch += 1;
        self.bytes += bytes;
        if self.in_batch == ROWS_PER_BATCH || self.bytes >= BYTES_PER_BATCH { self.close_batch() } else { Ok(()) }
    }

    /// What has been decoded.
    pub(crate) fn finish(mut self) -> Result<Decoded, ConnectError> {
        self.close_batch()?;
        Ok(self.decoded)
    }

    fn close_batch(&mut self) -> Result<(), ConnectError> {
        if self.in_batch == 0 {
            return Ok(());
        }
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len() + 1);
        for column in &mut self.columns {
            arrays.push(column.finish()?);
        }
        arrays.push(Arc::new(self.rescued.finish()));
        self.decoded.batches.push(RecordBatch::try_new(self.schema.clone(), arrays)?);
        self.in_batch = 0;
        self.bytes = 0;
        Ok(())
    }
}

/// The columns of decoded rows: those of `data`, then `_rescued_data`.
pub(crate) fn with_rescued(data: &Schema) -> SchemaRef {
    let mut fields = data.fields().to_vec();
    fields.push(Arc::new(Field::new(RESCUED_DATA, DataType::Utf8, true)));
    Arc::new(Schema::new(fields))
}

/// Decoded rows as they are handed out: `_source_position` counts on from `first`, and stands before `_rescued_data`.
pub(crate) fn positioned(batch: &RecordBatch, first: u64) -> Result<RecordBatch, ConnectError> {
    let last = batch.num_columns() - 1;
    let (mut fields, mut columns) = (batch.schema().fields().to_vec(), batch.columns().to_vec());
    fields.insert(last, Arc::new(Field::new(SOURCE_POSITION, DataType::Int64, false)));
    let first = first as i64;
    columns.insert(last, Arc::new(Int64Array::from_iter_values(first..first + batch.num_rows() as i64)));
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

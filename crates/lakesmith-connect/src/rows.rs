//! Rows on their way into batches: where each stood in its file, and what of it did not fit.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;

use crate::column::Column;
use crate::content::TextPiece;
use crate::error::ConnectError;
use crate::format::Piece;
use crate::rescue::Rescue;

/// Rows of a batch, unless they are so large that fewer fill [`BYTES_PER_BATCH`].
pub const ROWS_PER_BATCH: usize = 8192;
/// Values of a batch after which it is closed: rows may be many times as large in columns as in the text that they leave empty.
const VALUES_PER_BATCH: usize = 4 << 20;
/// Values that are decoded from a piece of text before what they are in is handed out.
const VALUES_PER_PIECE: usize = 16 << 20;
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
    /// Rows after which a batch is closed.
    rows_per_batch: usize,
    /// Rows after which no more are wanted.
    wanted: u64,
    stopped: Option<usize>,
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
    /// What is to be decoded after them, before the next piece.
    pub(crate) rest: Option<Rest>,
}

/// The part of a piece that was not decoded.
pub(crate) struct Rest(pub(crate) Piece);

impl std::fmt::Debug for Rest {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Rest")
    }
}

impl Rows {
    /// Rows of `columns`, which fill the fields of `data` in their order.
    pub(crate) fn new(data: &Schema, columns: Vec<Column>) -> Rows {
        let leaves = columns.iter().map(Column::leaves).sum::<usize>().max(1);
        Rows {
            schema: with_rescued(data),
            columns,
            rescue: Rescue::default(),
            rescued: StringBuilder::new(),
            in_batch: 0,
            bytes: 0,
            rows_per_batch: (VALUES_PER_BATCH / leaves).clamp(1, ROWS_PER_BATCH),
            wanted: (VALUES_PER_PIECE / leaves).max(1) as u64,
            stopped: None,
            decoded: Decoded::default(),
        }
    }

    /// Whether so much has been decoded that it should be handed out before more is.
    pub(crate) fn is_full(&self) -> bool {
        self.decoded.rows >= self.wanted
    }

    /// Notes that the rows end at this byte of the piece: what follows is still to be decoded.
    pub(crate) fn stop(&mut self, at: usize) {
        self.stopped = Some(at);
    }

    /// The byte of the piece at which the decoder stopped; `None` if it did not.
    pub(crate) fn stopped(&self) -> Option<usize> {
        self.stopped
    }

    /// Takes back the values of a row that was begun.
    pub(crate) fn undo_row(&mut self) {
        let in_batch = self.in_batch;
        self.columns.iter_mut().for_each(|column| column.truncate(in_batch));
    }

    /// Ends the row that stood in this range of `piece`.
    pub(crate) fn end_row_of(&mut self, piece: &TextPiece, range: Range<usize>) -> Result<(), ConnectError> {
        let bytes = range.len();
        piece.rescue_bytes(range, &mut self.rescue);
        self.end_row(bytes)
    }

    /// Ends the row whose columns have each been given one value, read from `bytes` bytes of the file.
    pub(crate) fn end_row(&mut self, bytes: usize) -> Result<(), ConnectError> {
        self.count_row(bytes);
        self.close_full_batch()
    }

    /// How many rows the columns may be given before [`Rows::close_full_batch`] is called.
    pub(crate) fn room(&self) -> usize {
        self.rows_per_batch - self.in_batch
    }

    /// Counts a row read from `bytes` bytes of the file, with what of it is to be rescued.
    pub(crate) fn count_row(&mut self, bytes: usize) {
        if self.rescue.is_empty() {
            return self.count_clean_rows(1, bytes);
        }
        self.rescued.append_value(self.rescue.take());
        self.decoded.rescued_rows += 1;
        self.decoded.rows += 1;
        self.in_batch += 1;
        self.bytes += bytes;
    }

    /// Counts rows of which nothing is to be rescued.
    pub(crate) fn count_clean_rows(&mut self, rows: usize, bytes: usize) {
        self.rescued.append_nulls(rows);
        self.decoded.rows += rows as u64;
        self.in_batch += rows;
        self.bytes += bytes;
    }

    /// Ends the batch if the rows counted fill it.
    pub(crate) fn close_full_batch(&mut self) -> Result<(), ConnectError> {
        if self.in_batch >= self.rows_per_batch || self.bytes >= BYTES_PER_BATCH { self.close_batch() } else { Ok(()) }
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

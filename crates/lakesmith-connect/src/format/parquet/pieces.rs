//! The row groups of a Parquet file, to be decoded side by side.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::error::ArrowError;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection, RowSelector};
use parquet::file::metadata::RowGroupMetaData;

use super::{File, PARQUET, fault, reason};
use crate::error::FileFault;
use crate::format::typed::{Lost, add_batch, guarded};
use crate::format::{FileReader, Piece, Stop, Target};
use crate::rows::{BYTES_PER_BATCH, Decoded, ROWS_PER_BATCH};

/// Bytes of values, unpacked, that are decoded at once.
const PIECE: u64 = 32 << 20;
/// The same where what lies before a part has to be unpacked to pass over it: where lists are.
const PIECE_OF_LISTS: u64 = 128 << 20;
/// How many times its size a row group may unpack to beyond 64 MiB.
const TIMES: u64 = 500;
const ALWAYS: u64 = 64 << 20;
/// Rows that a file may have however small it is, and how many more for each of its bytes. A million equal values take
/// a few bytes.
const ROWS: u64 = 64 << 20;
const ROWS_A_BYTE: u64 = 1_000;

/// Hands out the row groups of a file.
pub(super) struct Pieces {
    file: File,
    target: Arc<Target>,
    parts: VecDeque<Part>,
}

/// Some rows of a row group.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part {
    group: usize,
    /// Where in the file its row group begins.
    offset: u64,
    skip: usize,
    rows: usize,
    /// Rows of its row group.
    of: usize,
    rows_per_batch: usize,
}

impl Pieces {
    /// # Errors
    /// A footer whose numbers cannot be.
    pub(super) fn new(file: File, target: Arc<Target>) -> Result<Pieces, FileFault> {
        let metadata = file.metadata.metadata().clone();
        let mut parts = VecDeque::new();
        let mut all_rows = 0_u64;
        // A file without columns has no rows that could be told apart, however many it says it has.
        for (index, group) in metadata.row_groups().iter().enumerate().filter(|(_, group)| group.num_columns() > 0) {
            let offset = group.column(0).byte_range().0;
            let rows = usize::try_from(group.num_rows());
            let rows = rows.map_err(|_| damaged(offset, "a row group has a negative number of rows".to_owned()))?;
            all_rows = all_rows.saturating_add(rows as u64);
            if all_rows > ROWS.saturating_add(file.blob.length().saturating_mul(ROWS_A_BYTE)) {
                return Err(damaged(offset, format!("{all_rows} rows in a file of {} bytes", file.blob.length())));
            }
            parts.extend(Part::of_group(index, group, rows, offset)?);
        }
        Ok(Pieces { file, target, parts })
    }
}

impl FileReader for Pieces {
    fn next(&mut self) -> Result<Option<Piece>, FileFault> {
        let Some(part) = self.parts.pop_front() else { return Ok(None) };
        let (file, target) = (self.file.clone(), self.target.clone());
        Ok(Some(Box::new(move || guarded(PARQUET, || part.decode(file, &target)))))
    }
}

impl Part {
    /// The parts of row group `index`.
    fn of_group(index: usize, group: &RowGroupMetaData, rows: usize, offset: u64) -> Result<Vec<Part>, FileFault> {
        let (mut packed, mut unpacked, mut lists) = (0_u64, 0_u64, false);
        for column in group.columns() {
            let size = column.uncompressed_size().max(column.unencoded_byte_array_data_bytes().unwrap_or(0));
            packed = packed.saturating_add(u64::try_from(column.compressed_size()).unwrap_or(0));
            unpacked = unpacked.saturating_add(u64::try_from(size).unwrap_or(0));
            lists |= column.column_descr().max_rep_level() > 0;
        }
        if unpacked > packed.saturating_mul(TIMES).max(ALWAYS) {
            return Err(FileFault::Bomb { times: TIMES, offset });
        }
        let bytes_a_row = (unpacked / (rows.max(1) as u64)).max(1);
        let rows_per_batch = (BYTES_PER_BATCH as u64 / bytes_a_row).clamp(1, ROWS_PER_BATCH as u64) as usize;
        let parts = unpacked.div_ceil(if lists { PIECE_OF_LISTS } else { PIECE }).max(1);
        let rows_a_part = rows.div_ceil(parts as usize).next_multiple_of(rows_per_batch).max(1);
        let part = |skip| Part { group: index, offset, skip, rows: rows_a_part.min(rows - skip), of: rows, rows_per_batch };
        Ok((0..rows).step_by(rows_a_part).map(part).collect())
    }

    fn decode(self, file: File, target: &Target) -> Result<Decoded, Stop> {
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file.blob, file.metadata)
            .with_row_groups(vec![self.group])
            .with_batch_size(self.rows_per_batch);
        let builder = if self.rows == self.of {
            builder.with_limit(self.rows)
        } else {
            builder.with_row_selection(RowSelection::from(vec![RowSelector::skip(self.skip), RowSelector::select(self.rows)]))
        };
        let reader = builder.build().map_err(|error| fault(self.offset, &error))?;
        let broken = |error: ArrowError| damaged(self.offset, reason(&error.to_string()));
        let mut decoded = Decoded::default();
        for batch in reader {
            let batch = batch.map_err(broken)?;
            add_batch(&file.fields, batch.columns(), batch.num_rows(), target, Lost::default(), &mut decoded).map_err(broken)?;
        }
        if decoded.rows != self.rows as u64 {
            let told = format!("a row group has fewer rows than it says: {} of {}", self.skip as u64 + decoded.rows, self.of);
            return Err(damaged(self.offset, told).into());
        }
        Ok(decoded)
    }
}

fn damaged(offset: u64, reason: String) -> FileFault {
    FileFault::Damaged { what: PARQUET, offset, reason }
}

//! The bytes of a file that is at hand into batches, on the thread of the caller.

use std::collections::VecDeque;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;

use super::FileSource;
use super::read::contents;
use crate::content::{Blob, Content, Notes};
use crate::error::ConnectError;
use crate::format::{FileReader, Format, Piece, Stop, Target};
use crate::rows::{Rest, positioned};

/// The batches of a file that is at hand, one after the other.
pub struct Decoding {
    format: Format,
    target: Arc<Target>,
    waiting: VecDeque<Content>,
    opened: Option<Box<dyn FileReader>>,
    rest: Option<Piece>,
    ready: VecDeque<RecordBatch>,
    rows: u64,
}

impl FileSource {
    /// Decodes the bytes of a file into the columns of `schema`: the batches are those of [`FileSource::read`].
    ///
    /// # Errors
    /// [`ConnectError::UnsupportedType`] as there; [`ConnectError::Broken`] if something is wrong with the file, which may
    /// turn out after batches of it have been handed out.
    pub fn decode(&self, bytes: Bytes, schema: SchemaRef) -> Result<Decoding, ConnectError> {
        let target = self.target(schema)?;
        let format = self.format.clone();
        let found = contents(&Blob::Held(bytes), "", self, format.reader().wants(), &Notes::default());
        let waiting = found.map_err(|fault| failed(Stop::Fault(fault)))?.into();
        Ok(Decoding { format, target, waiting, opened: None, rest: None, ready: VecDeque::new(), rows: 0 })
    }
}

fn failed(stop: Stop) -> ConnectError {
    match stop {
        Stop::Fault(fault) => ConnectError::Broken { path: String::new(), fault },
        Stop::Failed(error) => error,
    }
}

impl std::fmt::Debug for Decoding {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Decoding").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Decoding {
    fn piece(&mut self) -> Result<Option<Piece>, Stop> {
        if let Some(rest) = self.rest.take() {
            return Ok(Some(rest));
        }
        loop {
            if let Some(reader) = &mut self.opened
                && let Some(piece) = reader.next()?
            {
                return Ok(Some(piece));
            }
            let Some(content) = self.waiting.pop_front() else { return Ok(None) };
            self.opened = Some(self.format.reader().open(content, self.target.clone())?);
        }
    }

    fn batch(&mut self) -> Result<Option<RecordBatch>, Stop> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            let Some(piece) = self.piece()? else { return Ok(None) };
            let decoded = piece()?;
            self.rest = decoded.rest.map(|Rest(piece)| piece);
            for batch in &decoded.batches {
                self.ready.push_back(positioned(batch, self.rows)?);
                self.rows += batch.num_rows() as u64;
            }
        }
    }
}

impl Iterator for Decoding {
    type Item = Result<RecordBatch, ConnectError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.batch().map_err(failed).transpose()
    }
}

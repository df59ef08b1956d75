//! One file into batches.
//!
//! A file is cut into pieces in its order, the pieces are decoded side by side, and the batches come out in the order of
//! the file. Rows of a file that turns out to be unreadable are not handed out: the first 16 MiB or so are decoded before
//! the first batch is; where a larger file breaks later, the error says so and the batch is read again without it.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use tokio::task::JoinHandle;

use super::fetch::Remote;
use super::{FileEntry, FileRead, FileReport, FileSource};
use crate::column::Hints;
use crate::content::{Blob, Content, Notes, TextStream, Wants, parts};
use crate::error::{ConnectError, FileFault};
use crate::format::{FileReader, Format, Stop, Target};
use crate::rows::{Decoded, Rest, positioned};

/// The largest file whose bytes are held.
pub(super) const HELD_BYTES: u64 = 64 << 20;
/// Bytes of rows that are decoded before the first of them is handed out.
const AHEAD: usize = 16 << 20;

impl FileSource {
    /// Reads a whole file into the columns of `schema`, the table's data columns.
    ///
    /// A field goes to the column of its source name, or else of that name in another case. What has no column, or
    /// does not fit its type, goes to `_rescued_data`; a line or an element that is no JSON object or not well-formed XML
    /// too (`_corrupt_record`), what stands beyond the fields of a CSV or fixed-width row (`_extra`), and a row with bytes
    /// that are no characters (`_invalid_bytes`). A number fits an inferred type only as it would be written back: `007`
    /// is no BIGINT. If the column has a hint, blanks, a plus, leading zeros and numbers in JSON strings fit too. Dates are
    /// `yyyy-MM-dd`; timestamps `yyyy-MM-dd[ T]HH:mm:ss[.ffffff][Z|±hh:mm]`, UTC without a zone; unless
    /// [`FileSource::notation`] says otherwise.
    ///
    /// The future borrows nothing, so that it can be spawned. All rows are held: for files that may be large use
    /// [`FileSource::open`].
    ///
    /// # Errors
    /// [`ConnectError::UnsupportedType`] for a type that files are not read into; [`ConnectError::Store`] if the store
    /// fails. What is wrong with the file itself is in the report.
    pub fn read(
        &self,
        file: FileEntry,
        schema: SchemaRef,
    ) -> impl Future<Output = Result<FileRead, ConnectError>> + Send + use<> {
        let opened = self.open(file, schema);
        async move {
            let mut rows = opened.await?;
            let mut batches = Vec::new();
            loop {
                match rows.next().await {
                    Ok(Some(batch)) => batches.push(batch),
                    Ok(None) => return Ok(FileRead { batches, report: rows.report() }),
                    Err(ConnectError::Broken { fault, .. }) => {
                        rows.give_up(fault);
                        return Ok(FileRead { batches: Vec::new(), report: rows.report() });
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }

    /// Opens a file, to be read batch by batch in bounded memory, on a Tokio runtime. Columns and errors are those of
    /// [`FileSource::read`].
    pub fn open(
        &self,
        file: FileEntry,
        schema: SchemaRef,
    ) -> impl Future<Output = Result<FileRows, ConnectError>> + Send + use<> {
        self.open_held(file, schema, HELD_BYTES)
    }

    /// The columns of `schema`, into which this source's files can be read.
    pub(super) fn target(&self, schema: SchemaRef) -> Result<Arc<Target>, ConnectError> {
        let target = Target::new(schema, Hints::new(&self.hints).written(&self.notation));
        self.format.reader().check(&target)?;
        Ok(Arc::new(target))
    }

    /// Opens a file whose bytes are held if they are at most `held_bytes`.
    fn open_held(
        &self,
        file: FileEntry,
        schema: SchemaRef,
        held_bytes: u64,
    ) -> impl Future<Output = Result<FileRows, ConnectError>> + Send + use<> {
        let source = self.clone();
        async move {
            let target = source.target(schema)?;
            let remote = Remote { store: source.store.clone(), location: source.locate(&file.path)?, entry: file };
            let (notes, format) = (Notes::default(), source.format.clone());
            let mut rows = FileRows {
                opened: None,
                waiting: VecDeque::new(),
                running: VecDeque::new(),
                ready: VecDeque::new(),
                side_by_side: std::thread::available_parallelism().map_or(1, usize::from) + 1,
                looked_ahead: false,
                report: FileReport::default(),
                notes,
                format,
                target,
                remote,
            };
            let found = rows.remote.blob(held_bytes).await.and_then(|(blob, hash)| {
                rows.report.hash = hash;
                Ok(contents(&blob, &rows.remote.entry.path, &source, rows.format.reader().wants(), &rows.notes)?)
            });
            match found {
                Ok(contents) => rows.waiting = contents.into(),
                Err(Stop::Fault(fault)) => rows.report.error = Some(fault),
                Err(Stop::Failed(error)) => return Err(error),
            }
            Ok(rows)
        }
    }
}

/// What a format reads of `blob`: each file in it.
pub(super) fn contents(
    blob: &Blob,
    path: &str,
    source: &FileSource,
    wants: Wants,
    notes: &Notes,
) -> Result<Vec<Content>, FileFault> {
    let head = blob.slice(0, 8).map_err(crate::content::fault)?;
    let compression = source.compression.of(&head, path);
    if wants == Wants::Blob && compression == crate::content::Compression::None {
        return Ok(vec![Content::Blob(blob.clone())]);
    }
    let content = |reader| match wants {
        Wants::Text => Ok(Content::Text(TextStream::new(reader, source.charset, true, notes.clone()))),
        Wants::Blob => {
            let mut reader = reader;
            Blob::take_all(&mut reader, HELD_BYTES).map(Content::Blob).map_err(crate::content::fault)
        }
    };
    parts(blob, compression)?.into_iter().map(|part| content(part.reader)).collect()
}

/// The rows of one file, batch by batch.
pub struct FileRows {
    remote: Remote,
    format: Format,
    target: Arc<Target>,
    /// What is to be read, one after the other: an archive holds several.
    waiting: VecDeque<Content>,
    opened: Option<Box<dyn FileReader>>,
    running: VecDeque<JoinHandle<Result<Decoded, Stop>>>,
    side_by_side: usize,
    /// Batches to be handed out.
    ready: VecDeque<RecordBatch>,
    looked_ahead: bool,
    report: FileReport,
    notes: Notes,
}

impl std::fmt::Debug for FileRows {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("FileRows").field("file", &self.remote.entry.path).field("report", &self.report).finish_non_exhaustive()
    }
}

impl FileRows {
    /// The next batch, or `None` after the last one (at once, if the file has a fault).
    ///
    /// # Errors
    /// [`ConnectError::Broken`] if the file turns out to be unreadable after rows of it have been handed out: the batch
    /// they went to must not be committed.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, ConnectError> {
        self.look_ahead().await?;
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(Some(batch));
            }
            match self.advance().await {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::Fault(fault)) => {
                    return Err(ConnectError::Broken { path: self.remote.entry.path.clone(), fault });
                }
            }
        }
    }

    /// What the file's receipt says; complete once [`FileRows::next`] has returned `None`. The hash is known from the
    /// beginning.
    pub fn report(&self) -> FileReport {
        FileReport { notes: self.notes.all(), ..self.report.clone() }
    }

    /// Decodes the first rows, if that was not done: most faults are known before any row is handed out.
    ///
    /// # Errors
    /// Those of the store. What is wrong with the file is in the report.
    pub async fn look_ahead(&mut self) -> Result<(), ConnectError> {
        if std::mem::replace(&mut self.looked_ahead, true) {
            return Ok(());
        }
        let mut held = 0;
        while held < AHEAD {
            match self.advance().await {
                Ok(true) => held = self.ready.iter().map(RecordBatch::get_array_memory_size).sum(),
                Ok(false) => return Ok(()),
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::Fault(fault)) => {
                    self.give_up(fault);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Counts no row of the file.
    fn give_up(&mut self, fault: FileFault) {
        self.waiting.clear();
        self.opened = None;
        self.running.clear();
        self.ready.clear();
        self.report = FileReport { hash: std::mem::take(&mut self.report.hash), error: Some(fault), ..FileReport::default() };
    }

    /// Takes the rows of the next piece. False after the last.
    async fn advance(&mut self) -> Result<bool, Stop> {
        while self.running.len() < self.side_by_side && self.start()? {}
        let Some(piece) = self.running.pop_front() else {
            return Ok(false);
        };
        let decoded = match piece.await {
            Ok(decoded) => decoded?,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is shutting down.
            Err(_) => return Ok(false),
        };
        if let Some(Rest(piece)) = decoded.rest {
            self.running.push_front(tokio::spawn(async move { piece() }));
        }
        let mut first = self.report.rows;
        for batch in &decoded.batches {
            self.ready.push_back(positioned(batch, first)?);
            first += batch.num_rows() as u64;
        }
        self.report.rows += decoded.rows;
        self.report.rescued_rows += decoded.rescued_rows;
        if self.running.is_empty() && self.opened.is_none() && self.waiting.is_empty() {
            // What was read piece by piece must still be what was hashed.
            self.remote.check_unchanged().await?;
        }
        Ok(true)
    }

    /// Starts to decode the next piece. False if there is none.
    fn start(&mut self) -> Result<bool, FileFault> {
        loop {
            if let Some(reader) = &mut self.opened {
                if let Some(piece) = reader.next()? {
                    self.running.push_back(tokio::spawn(async move { piece() }));
                    return Ok(true);
                }
                self.opened = None;
            }
            let Some(content) = self.waiting.pop_front() else { return Ok(false) };
            self.opened = Some(self.format.reader().open(content, self.target.clone())?);
        }
    }
}

impl Drop for FileRows {
    fn drop(&mut self) {
        self.running.iter().for_each(JoinHandle::abort);
    }
}

#[cfg(test)]
mod tests;

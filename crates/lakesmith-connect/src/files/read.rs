//! One file into batches.
//!
//! A file is either read or not: rows of a file that turns out to be unreadable are never handed out. Up to 64 MiB
//! the bytes are held and checked before the first row; a larger file is read twice, piece by piece, first to check
//! it and then to decode it, and the hash of both readings must agree.

use std::future::Future;

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;

use super::fetch::Remote;
use super::text::{self, Text};
use super::{FileEntry, FileRead, FileReport, FileSource};
use crate::column::{Column, Hints};
use crate::error::{ConnectError, FileFault};
use crate::format::{Checker, Decoder, Format, Stop};
use crate::rows::Rows;

/// The largest file whose bytes are held.
const HELD_BYTES: u64 = 64 << 20;
/// Bytes of a held file that are decoded at once.
const PIECE: usize = 4 << 20;

impl FileSource {
    /// Reads a whole file into the columns of `schema`, the table's data columns.
    ///
    /// A field goes to the column of its source name, or else of that name in another case. What has no column, or
    /// does not fit its type, goes to `_rescued_data`, a line that is no JSON object too (`_corrupt_record`), and the
    /// fields of a CSV row beyond the header (`_extra`). A number fits an inferred type only as it would be written
    /// back: `007` is no BIGINT. If the column has a hint, blanks, a plus, leading zeros and numbers in JSON strings
    /// fit too. Dates are `yyyy-MM-dd`; timestamps `yyyy-MM-dd[ T]HH:mm:ss[.ffffff][Z|±hh:mm]`, UTC without a zone.
    ///
    /// The future borrows nothing, so that it can be spawned. Decoding runs on the task that polls it. All rows are
    /// held: for files that may be large use [`FileSource::open`].
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
            while let Some(batch) = rows.next().await? {
                batches.push(batch);
            }
            Ok(FileRead { batches, report: rows.report() })
        }
    }

    /// Checks a file and opens it, to be read batch by batch in bounded memory. Columns and errors are those of
    /// [`FileSource::read`].
    pub fn open(
        &self,
        file: FileEntry,
        schema: SchemaRef,
    ) -> impl Future<Output = Result<FileRows, ConnectError>> + Send + use<> {
        self.open_held(file, schema, HELD_BYTES)
    }

    /// Opens a file whose bytes are held if they are at most `held_bytes`.
    fn open_held(
        &self,
        file: FileEntry,
        schema: SchemaRef,
        held_bytes: u64,
    ) -> impl Future<Output = Result<FileRows, ConnectError>> + Send + use<> {
        let columns = Column::for_schema(&schema, &Hints::new(&self.hints));
        let location = self.locate(&file.path);
        let (store, format) = (self.store.clone(), self.format.clone());
        async move {
            let remote = Remote { store, location: location?, entry: file };
            let rows = Rows::new(&schema, columns?);
            let mut report = FileReport::default();
            let input = match Input::open(&remote, &format, held_bytes, &mut report.hash).await {
                Ok(input) => input,
                Err(Stop::Fault(fault)) => {
                    report.error = Some(fault);
                    Input::Done
                }
                Err(Stop::Failed(error)) => return Err(error),
            };
            Ok(FileRows { path: remote.entry.path, input, decoder: format.decoder(&schema), rows, report })
        }
    }
}

/// The rows of one file that has been checked, batch by batch.
#[derive(Debug)]
pub struct FileRows {
    path: String,
    input: Input,
    decoder: Decoder,
    rows: Rows,
    report: FileReport,
}

impl FileRows {
    /// The next batch, or `None` after the last one (at once, if the file has a fault).
    ///
    /// # Errors
    /// [`ConnectError::ChangedWhileReading`] if a large file is not the one that was checked: rows of it have been
    /// handed out then, so the batch they went to must not be committed.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, ConnectError> {
        loop {
            if let Some(batch) = self.rows.take_batch() {
                return Ok(Some(batch));
            }
            if matches!(self.input, Input::Done) {
                return Ok(None);
            }
            match self.advance().await {
                Ok(()) => {}
                Err(Stop::Failed(error)) => return Err(error),
                // The file passed the check, so it is another one now.
                Err(Stop::Fault(_)) => {
                    return Err(ConnectError::ChangedWhileReading { path: self.path.clone() });
                }
            }
        }
    }

    /// What the file's receipt says; complete once [`FileRows::next`] has returned `None`.
    pub fn report(&self) -> FileReport {
        let (rows, rescued_rows) = (self.rows.count, self.rows.rescued_count);
        FileReport { rows, rescued_rows, ..self.report.clone() }
    }

    /// Decodes the next piece.
    async fn advance(&mut self) -> Result<(), Stop> {
        match &mut self.input {
            Input::Done => {}
            Input::Held { bytes, at } => {
                let rest = &bytes[*at..];
                let window = piece(rest);
                let last = window.len() == rest.len();
                let mut consumed = self.decoder.decode(text::checked(window, *at as u64)?, last, &mut self.rows)?;
                if consumed == 0 && !last {
                    // A row larger than a piece.
                    consumed = self.decoder.decode(text::checked(rest, *at as u64)?, true, &mut self.rows)?;
                }
                *at += consumed;
                if *at == bytes.len() {
                    self.end()?;
                }
            }
            Input::Stream { remote, stream, text } => match stream.next().await {
                Some(bytes) => {
                    text.push(&bytes.map_err(|error| remote.stop(error))?);
                    if let Some(ready) = text.ready(false)? {
                        let consumed = self.decoder.decode(ready, false, &mut self.rows)?;
                        text.consume(consumed);
                    }
                }
                None => {
                    let ready = text.ready(true)?.unwrap_or_default();
                    self.decoder.decode(ready, true, &mut self.rows)?;
                    if text.hash() != self.report.hash {
                        return Err(FileFault::Changed.into());
                    }
                    self.end()?;
                }
            },
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), ConnectError> {
        self.input = Input::Done;
        self.rows.close_batch()
    }
}

/// The beginning of `bytes` that is decoded next: complete lines.
fn piece(bytes: &[u8]) -> &[u8] {
    if bytes.len() <= PIECE {
        return bytes;
    }
    match bytes[..PIECE].iter().rposition(|byte| *byte == b'\n') {
        Some(newline) => &bytes[..=newline],
        None => bytes,
    }
}

/// Where the text of an open file comes from.
enum Input {
    Held { bytes: Bytes, at: usize },
    Stream { remote: Remote, stream: BoxStream<'static, object_store::Result<Bytes>>, text: Box<Text> },
    Done,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Input::Held { .. } => "Held",
            Input::Stream { .. } => "Stream",
            Input::Done => "Done",
        })
    }
}

impl Input {
    /// Checks the file and stands at its beginning. The hash is given also where the check fails.
    async fn open(remote: &Remote, format: &Format, held_bytes: u64, hash: &mut String) -> Result<Input, Stop> {
        let mut checker = format.checker();
        if remote.entry.size <= held_bytes {
            let bytes = remote.whole().await?;
            *hash = text::hash(&bytes);
            checker.check(text::checked(&bytes, 0)?, true)?;
            return Ok(Input::Held { bytes, at: 0 });
        }
        let (found, checked) = check(remote, checker).await?;
        *hash = found;
        checked?;
        let stream = remote.stream().await?;
        Ok(Input::Stream { remote: remote.clone(), stream, text: Box::default() })
    }
}

/// Reads a large file to its end: its hash, and whether it can be decoded.
async fn check(remote: &Remote, mut checker: Checker) -> Result<(String, Result<(), FileFault>), Stop> {
    let mut stream = remote.stream().await?;
    let mut text = Text::default();
    let mut checked = Ok(());
    let mut step = |text: &mut Text, last: bool| -> Result<(), FileFault> {
        let consumed = match text.ready(last)? {
            Some(ready) => checker.check(ready, last)?,
            None => return Ok(()),
        };
        text.consume(consumed);
        Ok(())
    };
    while let Some(bytes) = stream.next().await {
        text.push(&bytes.map_err(|error| remote.stop(error))?);
        match checked {
            Ok(()) => checked = step(&mut text, false),
            // Only the hash is still wanted.
            Err(_) => text.consume(text.pending_bytes()),
        }
    }
    if checked.is_ok() {
        checked = step(&mut text, true);
    }
    remote.check_unchanged().await?;
    Ok((text.hash(), checked))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::format::CsvOptions;
    use arrow::datatypes::{DataType, Field, Schema};
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{ObjectStore, ObjectStoreExt};
    use std::sync::Arc;

    async fn read(text: &str, format: Format, held_bytes: u64) -> (Option<RecordBatch>, FileReport) {
        let store = Arc::new(InMemory::new());
        store.put(&Path::from("in/a"), text.to_owned().into()).await.unwrap();
        let source = FileSource {
            store: store as Arc<dyn ObjectStore>,
            root: Path::from("in"),
            pattern: "*".to_owned(),
            format,
            hints: Vec::new(),
        };
        let fields = [Field::new("t", DataType::Utf8, true), Field::new("n", DataType::Int64, true)];
        let schema = Arc::new(Schema::new(fields.to_vec()));
        let file = source.list().await.unwrap().remove(0);
        let mut rows = source.open_held(file, schema, held_bytes).await.unwrap();
        let mut batches = Vec::new();
        while let Some(batch) = rows.next().await.unwrap() {
            batches.push(batch);
        }
        let whole = batches.first().map(|first| arrow::compute::concat_batches(&first.schema(), &batches).unwrap());
        (whole, rows.report())
    }

    /// A large file is read twice and never held; the outcome must not differ.
    #[tokio::test]
    async fn a_large_file_reads_as_a_small_one() {
        let long = "x\nü".repeat(500);
        let csv: String = (0..4000).map(|n| format!("\"{long}\",{}\r\n", if n % 7 == 0 { -1 } else { n })).collect();
        let wide = format!("t,n\n\"{}\",1\nb,2", "y\n".repeat(3 << 20));
        let json: String = (0..40_000).map(|n| format!("{{\"n\":{n},\"t\":\"{}\"}}\n", "ü".repeat(50))).collect();
        let csv_format = || Format::Csv(CsvOptions::default());
        for (text, format, rows) in [
            (format!("\u{feff}t,n\n{csv}short,oops"), csv_format(), 4001),
            (wide, csv_format(), 2),
            (format!("\u{feff}{json}not json\n\n{json}"), Format::Json, 80_001),
            (String::new(), Format::Json, 0),
        ] {
            let held = read(&text, format.clone(), u64::MAX).await;
            assert_eq!((held.1.rows, &held.1.error), (rows, &None));
            assert_eq!(read(&text, format, 0).await, held);
        }
    }

    #[tokio::test]
    async fn a_large_file_with_a_fault_has_no_rows() {
        let csv = format!("t,n\n{}", "some text,1\n".repeat(200_000));
        for (text, expected) in [
            (format!("{csv}\"open\n"), FileFault::UnbalancedQuote { line: 200_002 }),
            (format!("{csv}\0"), FileFault::BinaryNul { offset: csv.len() as u64 }),
        ] {
            let (rows, report) = read(&text, Format::Csv(CsvOptions::default()), 0).await;
            assert_eq!((rows, report.rows, report.error), (None, 0, Some(expected)));
            assert_eq!(report.hash, text::hash(text.as_bytes()));
        }
    }
}

//! Formats whose rows are found by looking at the text alone. The text is cut where rows end, which is quick, and the
//! pieces are decoded side by side.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::datatypes::Schema;

use super::shape::Shapes;
use super::{FileFormat, FileReader, Piece, Stop, Target};
use crate::content::{Content, TextPiece, TextStream, Wants};
use crate::error::FileFault;
use crate::rows::{Decoded, MAX_ROW_BYTES, Rest, Rows};

/// A format of lines, or of records as CSV has them.
pub(crate) trait LineFormat: Debug + Send + Sync {
    /// Adds up to `limit` rows of `text` to `shapes`; returns how many. Without `complete`, `text` is the beginning of a
    /// file and its last row may be cut.
    fn sample_text(&self, text: &str, complete: bool, limit: u64, shapes: &mut Shapes) -> u64;

    /// What finds the rows of one file.
    fn cutter(&self) -> Box<dyn Cutter>;

    /// What decodes the rows of one file into the columns of `schema`.
    fn decoder(&self, schema: &Schema) -> Box<dyn LineDecoder>;
}

/// Finds where the rows of a file end.
pub(crate) trait Cutter: Send {
    /// The length of the complete rows at the start of `text`, all of it if it is the `last`. Called with the text that
    /// was not complete before again, and more.
    fn cut(&mut self, text: &str, last: bool) -> Result<usize, FileFault>;
}

/// Decodes rows. Pieces of one file are decoded at the same time.
pub(crate) trait LineDecoder: Send + Sync {
    /// Takes what stands before the first row, as a header does, off the first complete rows of the file; returns its
    /// length.
    fn begin(&mut self, _text: &str) -> Result<usize, FileFault> {
        Ok(0)
    }

    /// Decodes `piece`, which is complete rows, or [stops](Rows::stop) within it if the rows [are full](Rows::is_full).
    fn decode(&self, piece: &TextPiece, rows: &mut Rows) -> Result<(), Stop>;
}

impl<F: LineFormat> FileFormat for F {
    fn wants(&self) -> Wants {
        Wants::Text
    }

    fn sample(&self, content: Content, limit: u64, shapes: &mut Shapes) -> Result<u64, FileFault> {
        let Content::Text(mut stream) = content else { return Ok(0) };
        let (text, complete) = (stream.rest()?.clean_lines(), stream.complete);
        Ok(self.sample_text(&text, complete, limit, shapes))
    }

    fn open(&self, content: Content, target: Arc<Target>) -> Result<Box<dyn FileReader>, FileFault> {
        let Content::Text(stream) = content else {
            return Err(FileFault::Unsupported { what: "bytes where text is read".to_owned() });
        };
        Ok(reader(self, stream, TextPiece::default(), target))
    }
}

/// Reads the lines of `rest`, which was read from `stream` before, and of what follows.
pub(crate) fn reader(format: &dyn LineFormat, stream: TextStream, rest: TextPiece, target: Arc<Target>) -> Box<dyn FileReader> {
    let decoder = Opening::New(format.decoder(&target.schema));
    Box::new(LineReader { stream, rest, at: 0, cutter: format.cutter(), decoder, target })
}

struct LineReader {
    stream: TextStream,
    /// Text that was read and not handed out.
    rest: TextPiece,
    /// Bytes of text before it.
    at: u64,
    cutter: Box<dyn Cutter>,
    decoder: Opening,
    target: Arc<Target>,
}

/// A decoder before and after it has seen the beginning of the file.
enum Opening {
    New(Box<dyn LineDecoder>),
    Begun(Arc<dyn LineDecoder>),
}

impl FileReader for LineReader {
    fn next(&mut self) -> Result<Option<Piece>, FileFault> {
        let mut wanted = self.target.piece_bytes;
        loop {
            let more = self.stream.fill(&mut self.rest, wanted)?;
            if self.rest.text.is_empty() {
                return Ok(None);
            }
            let length = self.cutter.cut(&self.rest.text, !more)?;
            if length > 0 {
                return self.piece(length).map(Some);
            }
            if self.rest.text.len() > MAX_ROW_BYTES || !more {
                return Err(FileFault::RowTooLarge { offset: self.at });
            }
            wanted = self.rest.text.len() * 2;
        }
    }
}

impl LineReader {
    fn piece(&mut self, length: usize) -> Result<Piece, FileFault> {
        let mut piece = self.rest.take(length);
        self.at += length as u64;
        let decoder = match &mut self.decoder {
            Opening::Begun(decoder) => decoder.clone(),
            Opening::New(decoder) => {
                let before = decoder.begin(&piece.text)?;
                piece.take(before);
                let begun: Arc<dyn LineDecoder> = Arc::from(std::mem::replace(decoder, Box::new(Nothing)));
                self.decoder = Opening::Begun(begun.clone());
                begun
            }
        };
        let target = self.target.clone();
        Ok(Box::new(move || decode(decoder, piece, target)))
    }
}

/// Decodes `piece`, or as much of it as one should.
fn decode(decoder: Arc<dyn LineDecoder>, mut piece: TextPiece, target: Arc<Target>) -> Result<Decoded, Stop> {
    let mut rows = target.rows()?;
    decoder.decode(&piece, &mut rows)?;
    let stopped = rows.stopped().filter(|at| *at < piece.text.len());
    let mut decoded = rows.finish()?;
    if let Some(at) = stopped {
        piece.take(at);
        decoded.rest = Some(Rest(Box::new(move || decode(decoder, piece, target))));
    }
    Ok(decoded)
}

/// Stands in for a moment where a decoder was.
struct Nothing;

impl LineDecoder for Nothing {
    fn decode(&self, _: &TextPiece, _: &mut Rows) -> Result<(), Stop> {
        Ok(())
    }
}

/// Cuts after line breaks: for formats whose rows hold none.
#[derive(Debug, Default)]
pub(crate) struct AfterLines;

impl Cutter for AfterLines {
    fn cut(&mut self, text: &str, last: bool) -> Result<usize, FileFault> {
        let whole = || memchr::memrchr(b'\n', text.as_bytes()).map_or(0, |newline| newline + 1);
        Ok(if last { text.len() } else { whole() })
    }
}

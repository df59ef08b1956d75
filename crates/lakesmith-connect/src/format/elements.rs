//! Formats whose rows stand within a text, as elements of a document. Rows are found first, which is quick and holds no
//! more of the text than a row is long; then they are decoded side by side.

use std::ops::Range;
use std::sync::Arc;

use super::{FileReader, Piece, Stop, Target};
use crate::content::{TextPiece, TextStream};
use crate::error::FileFault;
use crate::rows::{Decoded, MAX_ROW_BYTES, Rest, Rows};

/// Rows after which it is seen whether enough are decoded.
const ROWS_AT_ONCE: usize = 1024;

/// Finds the rows of one file.
pub(crate) trait Finder: Send {
    /// Adds the places of the complete rows of `text` to `found`; returns the length of what is done with, which the next
    /// call's text follows. `at` is how much text was done with before. The `last` text may be empty; all of it is done
    /// with then.
    ///
    /// # Errors
    /// What is wrong with the file as a whole. A row that cannot be read is a row all the same.
    fn find(&mut self, text: &str, at: u64, last: bool, found: &mut Vec<Range<usize>>) -> Result<usize, FileFault>;

    /// What is said of a file that has text and no rows.
    fn without_rows(&self) -> Option<String> {
        None
    }
}

/// Decodes rows. Pieces of one file are decoded at the same time.
pub(crate) trait ElementDecoder: Send + Sync {
    /// Decodes the rows of `piece` that stand at `found`.
    fn decode(&self, piece: &TextPiece, found: &[Range<usize>], rows: &mut Rows) -> Result<(), Stop>;
}

/// Reads the rows that `finder` finds in `rest`, which was read from `stream` before, and in what follows.
pub(crate) fn reader(
    stream: TextStream,
    rest: TextPiece,
    finder: Box<dyn Finder>,
    decoder: Arc<dyn ElementDecoder>,
    target: Arc<Target>,
) -> Box<dyn FileReader> {
    Box::new(ElementReader { stream, rest, at: 0, ended: false, any: false, finder, decoder, target })
}

struct ElementReader {
    stream: TextStream,
    /// Text that was read and is not done with.
    rest: TextPiece,
    /// Bytes of text before it.
    at: u64,
    ended: bool,
    /// Whether there was a row.
    any: bool,
    finder: Box<dyn Finder>,
    decoder: Arc<dyn ElementDecoder>,
    target: Arc<Target>,
}

impl FileReader for ElementReader {
    fn next(&mut self) -> Result<Option<Piece>, FileFault> {
        let mut wanted = self.target.piece_bytes;
        while !self.ended {
            let more = self.stream.fill(&mut self.rest, wanted)?;
            let mut found = Vec::new();
            let length = self.finder.find(&self.rest.text, self.at, !more, &mut found)?;
            self.ended = !more;
            let piece = self.rest.take(length);
            self.at += length as u64;
            if !found.is_empty() {
                self.any = true;
                return Ok(Some(self.piece(piece, found)));
            }
            if length == 0 && self.rest.text.len() > MAX_ROW_BYTES {
                return Err(FileFault::RowTooLarge { offset: self.at });
            }
            if self.ended && !self.any && self.at > 0 {
                self.finder.without_rows().into_iter().for_each(|note| self.stream.note(note));
            }
            wanted = self.target.piece_bytes.max(self.rest.text.len() * 2);
        }
        Ok(None)
    }
}

impl ElementReader {
    fn piece(&self, piece: TextPiece, found: Vec<Range<usize>>) -> Piece {
        let (decoder, target) = (self.decoder.clone(), self.target.clone());
        Box::new(move || decode(decoder, piece, found, target))
    }
}

/// Decodes the rows of `piece` that stand at `found`, or as many of them as one should.
fn decode(
    decoder: Arc<dyn ElementDecoder>,
    piece: TextPiece,
    mut found: Vec<Range<usize>>,
    target: Arc<Target>,
) -> Result<Decoded, Stop> {
    let mut rows = target.rows()?;
    let mut done = 0;
    while done < found.len() && !rows.is_full() {
        let until = found.len().min(done + ROWS_AT_ONCE);
        decoder.decode(&piece, &found[done..until], &mut rows)?;
        done = until;
    }
    let mut decoded = rows.finish()?;
    if done < found.len() {
        found.drain(..done);
        decoded.rest = Some(Rest(Box::new(move || decode(decoder, piece, found, target))));
    }
    Ok(decoded)
}

/// The rows that `finder` finds, the text handed over so many bytes more each time.
#[cfg(test)]
pub(crate) fn rows_found(finder: &mut dyn Finder, text: &str, at_once: usize) -> Result<Vec<String>, FileFault> {
    let (mut done, mut end, mut all) = (0, 0, Vec::new());
    loop {
        end = (end + at_once).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let (rest, mut found) = (&text[done..end], Vec::new());
        let length = finder.find(rest, done as u64, end == text.len(), &mut found)?;
        all.extend(found.into_iter().map(|row| rest[row].to_owned()));
        done += length;
        if end == text.len() {
            assert_eq!(done, end);
            return Ok(all);
        }
    }
}

//! JSON: one object a line (NDJSON), or documents: arrays of objects, objects over several lines, one after the other, or
//! objects somewhere within.
//!
//! Most rows go [`straight`] into columns, value by value. A row that turns out to be unusual is taken back and parsed as a
//! whole ([`tape`]), so that a bad one is known before any column has been touched; then its values go to their columns as
//! they stand in the file, number text and all, and what does not fit is rescued.

mod decode;
mod find;
mod layout;
mod sample;
mod straight;
mod tape;

use std::sync::Arc;

use arrow::datatypes::Schema;

use super::lines::{AfterLines, Cutter, LineDecoder, LineFormat};
use super::shape::Shapes;
use super::{FileFormat, FileReader, Target, elements, lines as line_format};
use crate::content::{Content, TextPiece, Wants};
use crate::error::FileFault;
use crate::format::elements::Finder;
use layout::Layout;

/// Where in a JSON file its rows are. By default each line is one, or, where the file begins with `[` or with an object of
/// several lines, each element of an array and each object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JsonOptions {
    /// The way to the rows from the top of each document, `$.data[*]`: rows are the elements of the array it ends at, or
    /// the one object there. Empty: the elements of an array, or the document itself.
    pub rows_at: Vec<PathStep>,
}

/// One step of the way to the rows of a JSON document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathStep {
    /// `.name`: into a field of an object.
    Field(String),
    /// `[*]`: into every element of an array. A value that is no array counts as an array of one.
    Elements,
}

impl PathStep {
    /// A path as it is written.
    fn show(path: &[PathStep]) -> String {
        let step = |step: &PathStep| match step {
            PathStep::Field(name) => format!(".{name}"),
            PathStep::Elements => "[*]".to_owned(),
        };
        format!("${}", path.iter().map(step).collect::<String>())
    }
}

/// Text by which the layout of a file is told.
const BEGINNING: usize = 64 << 10;

impl FileFormat for JsonOptions {
    fn wants(&self) -> Wants {
        Wants::Text
    }

    fn sample(&self, content: Content, limit: u64, shapes: &mut Shapes) -> Result<u64, FileFault> {
        let Content::Text(mut stream) = content else { return Ok(0) };
        let piece = stream.rest()?;
        if self.layout(&piece.text) == Layout::Lines {
            return Ok(sample::sample(&piece.clean_lines(), stream.complete, limit, shapes));
        }
        let text = piece.text;
        let mut found = Vec::new();
        // Where the document turns out to be damaged, the rows before tell their types all the same.
        let _ = find::Documents::new(&self.rows_at).find(&text, 0, stream.complete, &mut found);
        Ok(sample::rows(found.into_iter().map(|row| &text[row]), limit, shapes))
    }

    fn open(&self, content: Content, target: Arc<Target>) -> Result<Box<dyn FileReader>, FileFault> {
        let Content::Text(mut stream) = content else {
            return Err(FileFault::Unsupported { what: "bytes where text is read".to_owned() });
        };
        let mut beginning = TextPiece::default();
        stream.fill(&mut beginning, BEGINNING)?;
        if self.layout(&beginning.text) == Layout::Lines {
            return Ok(line_format::reader(&JsonLines, stream, beginning, target));
        }
        let decoder = Arc::new(decode::JsonDecoder::new(&target.schema));
        Ok(elements::reader(stream, beginning, Box::new(find::Documents::new(&self.rows_at)), decoder, target))
    }
}

impl JsonOptions {
    fn layout(&self, beginning: &str) -> Layout {
        if self.rows_at.is_empty() { Layout::of(beginning) } else { Layout::Documents }
    }
}

/// NDJSON.
#[derive(Debug)]
struct JsonLines;

impl LineFormat for JsonLines {
    fn sample_text(&self, text: &str, complete: bool, limit: u64, shapes: &mut Shapes) -> u64 {
        sample::sample(text, complete, limit, shapes)
    }

    fn cutter(&self) -> Box<dyn Cutter> {
        Box::new(AfterLines)
    }

    fn decoder(&self, schema: &Schema) -> Box<dyn LineDecoder> {
        Box::new(decode::JsonDecoder::new(schema))
    }
}

/// The lines of `text`, each with its end (after the line break) and without break or blanks around it. Without
/// `last`, what follows the last line break is left out.
fn lines(text: &str, last: bool) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        let end = match memchr::memchr(b'\n', rest.as_bytes()) {
            Some(length) => length + 1,
            None if last && !rest.is_empty() => rest.len(),
            None => return None,
        };
        at += end;
        Some((at, rest[..end].trim_matches([' ', '\t', '\r', '\n'])))
    })
}

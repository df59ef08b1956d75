//! Plain text: one column `value`, a row a line, or the whole file in one row.

use arrow::datatypes::Schema;

use super::Stop;
use super::lines::{AfterLines, Cutter, LineDecoder, LineFormat};
use super::shape::{Shape, Shapes};
use crate::content::TextPiece;
use crate::error::FileFault;
use crate::names::{fold, source_name};
use crate::rows::Rows;

/// The column that holds the text.
const VALUE: &str = "value";

/// How a text file becomes rows. The default is a row a line, empty lines included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextOptions {
    /// Whether the whole file is one row, line breaks included. An empty file has none.
    pub whole_file: bool,
}

impl LineFormat for TextOptions {
    fn sample_text(&self, text: &str, complete: bool, limit: u64, shapes: &mut Shapes) -> u64 {
        if let Some(Some(column)) = shapes.fields(&[VALUE]).first() {
            shapes.shape_mut(*column).see(Shape::Text);
        }
        let rows = if self.whole_file { u64::from(!text.is_empty()) } else { lines(text).count() as u64 };
        // A line that is cut is a line all the same.
        rows.min(limit).max(u64::from(!complete))
    }

    fn cutter(&self) -> Box<dyn Cutter> {
        if self.whole_file { Box::new(Whole) } else { Box::new(AfterLines) }
    }

    fn decoder(&self, schema: &Schema) -> Box<dyn LineDecoder> {
        let exact = schema.fields().iter().position(|field| source_name(field) == VALUE);
        let column = exact.or_else(|| schema.fields().iter().position(|field| fold(source_name(field)) == VALUE));
        Box::new(TextDecoder { whole_file: self.whole_file, column })
    }
}

/// The lines of `text`: where each begins and ends, the latter with its break.
fn lines(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        at += text[at..].find('\n').map_or(text.len() - at, |length| length + 1);
        (start < at).then_some((start, at))
    })
}

struct Whole;

impl Cutter for Whole {
    fn cut(&mut self, text: &str, last: bool) -> Result<usize, FileFault> {
        Ok(if last { text.len() } else { 0 })
    }
}

struct TextDecoder {
    whole_file: bool,
    /// Which column is `value`.
    column: Option<usize>,
}

impl LineDecoder for TextDecoder {
    fn decode(&self, piece: &TextPiece, rows: &mut Rows) -> Result<(), Stop> {
        if self.whole_file {
            self.row(&piece.text, rows);
            return Ok(rows.end_row_of(piece, 0..piece.text.len())?);
        }
        for (start, end) in lines(&piece.text) {
            if rows.is_full() {
                rows.stop(start);
                break;
            }
            let line = &piece.text[start..end];
            let line = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
            self.row(line, rows);
            rows.end_row_of(piece, start..end)?;
        }
        Ok(())
    }
}

impl TextDecoder {
    fn row(&self, text: &str, rows: &mut Rows) {
        for (index, column) in rows.columns.iter_mut().enumerate() {
            if Some(index) != self.column {
                column.append_null();
            } else if !column.append_text(text) {
                rows.rescue.keep_text(VALUE, text);
            }
        }
        if self.column.is_none() {
            rows.rescue.keep_text(VALUE, text);
        }
    }
}

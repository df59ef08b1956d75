//! Lines whose fields stand at fixed places, as mainframes and banks write them.

use arrow::datatypes::Schema;

use super::Stop;
use super::lines::{AfterLines, Cutter, LineDecoder, LineFormat};
use super::shape::{Shape, Shapes};
use crate::content::TextPiece;
use crate::error::FileFault;
use crate::names::{Lookup, source_name};
use crate::rows::Rows;

/// The key under which `_rescued_data` keeps what stands behind the last field.
const EXTRA: &str = "_extra";

/// How a file of fixed-width fields is written. Lines that are blank are no rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedWidthOptions {
    /// The fields. Characters between them are passed over; what stands behind the last of them is kept in
    /// `_rescued_data` as `_extra`, unless it is blank.
    pub fields: Vec<FixedField>,
    /// Whether blanks around a value are left out. A blank value is NULL either way.
    pub trim: bool,
    /// Lines at the top of the file that are no rows.
    pub skip_rows: u64,
}

/// A field at a fixed place of each line. In a line that ends before it, it is NULL; one that ends within it has what is
/// there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedField {
    /// What it is called.
    pub name: String,
    /// Its first character, counted from 1.
    pub start: usize,
    /// Its characters.
    pub width: usize,
}

impl LineFormat for FixedWidthOptions {
    fn sample_text(&self, text: &str, complete: bool, limit: u64, shapes: &mut Shapes) -> u64 {
        let names: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
        let columns = shapes.fields(&names);
        let mut rows = 0;
        let cut = AfterLines.cut(text, complete).unwrap_or(0);
        let before = skipped(text, self.skip_rows);
        for (_, _, line) in lines(&text[before.min(cut)..cut]).take(usize::try_from(limit).unwrap_or(usize::MAX)) {
            let line = Line::new(line);
            for (field, column) in self.fields.iter().zip(&columns) {
                if let (Some(value), Some(column)) = (self.value(&line, field), column) {
                    let shape = Shape::of_text(value, &shapes.notation);
                    shapes.shape_mut(*column).see(shape);
                }
            }
            rows += 1;
        }
        rows
    }

    fn cutter(&self) -> Box<dyn Cutter> {
        Box::new(AfterSkipped { skip_rows: self.skip_rows, begun: false })
    }

    fn decoder(&self, schema: &Schema) -> Box<dyn LineDecoder> {
        let found: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
        let names: Vec<String> = schema.fields().iter().map(|field| source_name(field).to_owned()).collect();
        let assigned = Lookup::new(names.iter().map(String::as_str)).assign(&found);
        let fields = (0..names.len()).map(|column| assigned.iter().position(|found| *found == Some(column))).collect();
        let unknown = (0..found.len()).filter(|field| assigned[*field].is_none()).collect();
        let end = self.fields.iter().map(|field| field.start.saturating_sub(1).saturating_add(field.width)).max().unwrap_or(0);
        Box::new(FixedWidthDecoder { options: self.clone(), fields, unknown, end })
    }
}

impl FixedWidthOptions {
    /// The text of a field; `None` for NULL.
    fn value<'t>(&self, line: &Line<'t>, field: &FixedField) -> Option<&'t str> {
        let value = line.characters(field.start.saturating_sub(1), field.width);
        let trimmed = value.trim();
        (!trimmed.is_empty()).then_some(if self.trim { trimmed } else { value })
    }
}

/// A line of which characters are taken by their number.
struct Line<'t> {
    text: &'t str,
    ascii: bool,
}

impl<'t> Line<'t> {
    fn new(text: &'t str) -> Line<'t> {
        Line { text, ascii: text.is_ascii() }
    }

    /// Up to `count` characters from number `first` (from 0) on.
    fn characters(&self, first: usize, count: usize) -> &'t str {
        let end = first.saturating_add(count);
        if self.ascii {
            let length = self.text.len();
            return &self.text[first.min(length)..end.min(length)];
        }
        let place = |number: usize| self.text.char_indices().nth(number).map_or(self.text.len(), |(at, _)| at);
        &self.text[place(first)..place(end)]
    }
}

/// The lines of `text` that are not blank: where each begins and ends, and its text.
fn lines(text: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    let mut at = 0;
    let all = std::iter::from_fn(move || {
        let start = at;
        at += text[at..].find('\n').map_or(text.len() - at, |length| length + 1);
        (start < at).then(|| (start, at, text[start..at].trim_end_matches(['\r', '\n'])))
    });
    all.filter(|(_, _, line)| !line.trim().is_empty())
}

/// The length of the first `count` lines of `text`.
fn skipped(text: &str, count: u64) -> usize {
    let Some(last) = count.checked_sub(1) else { return 0 };
    let mut breaks = memchr::memchr_iter(b'\n', text.as_bytes());
    breaks.nth(usize::try_from(last).unwrap_or(usize::MAX)).map_or(text.len(), |newline| newline + 1)
}

/// Cuts after line breaks, the first time after the lines that are skipped.
struct AfterSkipped {
    skip_rows: u64,
    begun: bool,
}

impl Cutter for AfterSkipped {
    fn cut(&mut self, text: &str, last: bool) -> Result<usize, FileFault> {
        let length = AfterLines.cut(text, last)?;
        if !self.begun && !last && skipped(&text[..length], self.skip_rows) == length && self.skip_rows > 0 {
            return Ok(0);
        }
        self.begun = true;
        Ok(length)
    }
}

struct FixedWidthDecoder {
    options: FixedWidthOptions,
    /// Per column of the schema its field.
    fields: Vec<Option<usize>>,
    /// Fields that no column takes.
    unknown: Vec<usize>,
    /// Characters of a line that belong to fields or stand between them.
    end: usize,
}

impl LineDecoder for FixedWidthDecoder {
    fn begin(&mut self, text: &str) -> Result<usize, FileFault> {
        Ok(skipped(text, self.options.skip_rows))
    }

    fn decode(&self, piece: &TextPiece, rows: &mut Rows) -> Result<(), Stop> {
        for (start, end, line) in lines(&piece.text) {
            if rows.is_full() {
                rows.stop(start);
                break;
            }
            self.row(&Line::new(line), rows);
            rows.end_row_of(piece, start..end)?;
        }
        Ok(())
    }
}

impl FixedWidthDecoder {
    fn row(&self, line: &Line<'_>, rows: &mut Rows) {
        let options = &self.options;
        for (column, field) in rows.columns.iter_mut().zip(&self.fields) {
            let field = field.map(|field| &options.fields[field]);
            match field.and_then(|field| Some((field, options.value(line, field)?))) {
                None => column.append_null(),
                Some((field, value)) => {
                    if !column.append_text(value) {
                        rows.rescue.keep_text(&field.name, value);
                    }
                }
            }
        }
        for field in self.unknown.iter().map(|field| &options.fields[*field]) {
            if let Some(value) = options.value(line, field) {
                rows.rescue.keep_text(&field.name, value);
            }
        }
        let extra = line.characters(self.end, usize::MAX).trim();
        if !extra.is_empty() {
            rows.rescue.keep_text(EXTRA, extra);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_not_bytes() {
        for text in ["abcdef", "äbcdéf"] {
            let line = Line::new(text);
            assert_eq!(line.characters(0, 1).chars().count(), 1);
            assert_eq!(line.characters(1, 2), "bc");
            assert_eq!(line.characters(5, 9).chars().count(), 1);
            assert_eq!(line.characters(6, 1), "");
            assert_eq!(line.characters(usize::MAX, usize::MAX), "");
        }
    }

    #[test]
    fn lines_at_the_top_are_skipped() {
        assert_eq!([skipped("a\nb\nc", 0), skipped("a\nb\nc", 2), skipped("a\nb\nc", 3), skipped("", 1)], [0, 4, 5, 0]);
        let mut cutter = AfterSkipped { skip_rows: 2, begun: false };
        let cuts = ["a\nb", "a\nb\n", "a\nb\nc\nd"].map(|text| cutter.cut(text, false).unwrap_or(9));
        assert_eq!(cuts, [0, 0, 6]);
    }
}

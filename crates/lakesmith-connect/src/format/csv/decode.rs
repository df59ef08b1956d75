//! The records of a CSV file into columns.

use arrow::datatypes::Schema;

use super::CsvOptions;
use super::record::{Record, Step};
use crate::content::TextPiece;
use crate::error::FileFault;
use crate::format::Stop;
use crate::format::lines::{Cutter, LineDecoder};
use crate::format::shape::MAX_COLUMNS;
use crate::names::{Lookup, source_name};
use crate::rows::Rows;

/// The key under which `_rescued_data` keeps the fields of a row that has more than the header.
const EXTRA: &str = "_extra";

/// Decodes the records of one file.
#[derive(Debug)]
pub(super) struct CsvDecoder {
    options: CsvOptions,
    /// How the source calls the columns of the schema.
    names: Vec<String>,
    header: Header,
}

/// How the fields of a file go to the columns of the schema.
#[derive(Debug)]
struct Header {
    /// Per column of the schema its field.
    fields: Vec<Option<usize>>,
    /// Fields that no column takes, and their names.
    unknown: Vec<(usize, String)>,
    /// Fields of the header.
    width: usize,
}

impl CsvDecoder {
    /// A decoder into the columns of `schema`.
    pub(super) fn new(options: CsvOptions, schema: &Schema) -> CsvDecoder {
        let names: Vec<String> = schema.fields().iter().map(|field| source_name(field).to_owned()).collect();
        CsvDecoder { options, header: Header::positional(&names), names }
    }
}

impl LineDecoder for CsvDecoder {
    fn begin(&mut self, text: &str) -> Result<usize, FileFault> {
        let mut records = Records::new(&self.options, text);
        records.skip(true);
        if !self.options.header {
            return Ok(records.at);
        }
        let Some((_, end)) = records.next(true)? else { return Ok(text.len()) };
        if records.record.len() > MAX_COLUMNS {
            return Err(FileFault::TooManyColumns { found: records.record.len(), most: MAX_COLUMNS });
        }
        self.header = Header::new(&self.options.names(&mut records.record, text), &self.names);
        Ok(end)
    }

    fn decode(&self, piece: &TextPiece, rows: &mut Rows) -> Result<(), Stop> {
        let mut records = Records::new(&self.options, &piece.text);
        while let Some((start, end)) = records.next(true)? {
            self.row(&mut records.record, &piece.text, rows);
            rows.end_row_of(piece, start..end)?;
        }
        Ok(())
    }
}

impl Header {
    /// Fields go to the columns of their names, wherever these stand.
    fn new(header: &[String], names: &[String]) -> Header {
        let found: Vec<&str> = header.iter().map(String::as_str).collect();
        let columns = Lookup::new(names.iter().map(String::as_str)).assign(&found);
        let mut fields = vec![None; names.len()];
        let mut unknown = Vec::new();
        for (index, column) in columns.into_iter().enumerate() {
            match column {
                Some(column) => fields[column] = Some(index),
                None => unknown.push((index, header[index].clone())),
            }
        }
        Header { fields, unknown, width: header.len() }
    }

    /// Without a header, `_c0`, `_c1`, … are the fields in their order, as many as the schema has.
    fn positional(names: &[String]) -> Header {
        let position = |name: &String| name.strip_prefix("_c")?.parse().ok();
        let fields: Vec<Option<usize>> = names.iter().map(position).collect();
        let width = fields.iter().flatten().max().map_or(0, |last| last + 1);
        Header { fields, unknown: Vec::new(), width }
    }
}

impl CsvDecoder {
    /// Gives each column its value of the record.
    fn row(&self, record: &mut Record, text: &str, rows: &mut Rows) {
        let CsvDecoder { options, names, header } = self;
        for ((column, field), name) in rows.columns.iter_mut().zip(&header.fields).zip(names) {
            match field.and_then(|field| options.value(record, text, field)) {
                None => column.append_null(),
                Some(value) => {
                    if !column.append_text(value) {
                        rows.rescue.keep_text(name, value);
                    }
                }
            }
        }
        for (field, name) in &header.unknown {
            if let Some(value) = options.value(record, text, *field) {
                rows.rescue.keep_text(name, value);
            }
        }
        if record.len() > header.width {
            let extra: Vec<String> =
                (header.width..record.len()).filter_map(|field| record.text(text, field).map(str::to_owned)).collect();
            if extra.iter().any(|value| !value.is_empty()) {
                rows.rescue.keep_texts(EXTRA, extra.iter().map(String::as_str));
            }
        }
    }
}

/// Finds where records end.
#[derive(Debug)]
pub(super) struct CsvCutter {
    options: CsvOptions,
    /// Line breaks before the current text.
    lines: u64,
    begun: bool,
}

impl CsvCutter {
    pub(super) fn new(options: CsvOptions) -> CsvCutter {
        CsvCutter { options, lines: 0, begun: false }
    }
}

impl Cutter for CsvCutter {
    fn cut(&mut self, text: &str, last: bool) -> Result<usize, FileFault> {
        let mut records = Records::new(&self.options, text);
        records.lines = self.lines;
        if !self.begun && !records.skip(last) {
            return Ok(0);
        }
        let mut any = false;
        while records.next(last)?.is_some() {
            any = true;
        }
        // The first piece holds the header.
        if !self.begun && !any && !last {
            return Ok(0);
        }
        self.begun = true;
        self.lines += text[..records.at].matches('\n').count() as u64;
        Ok(records.at)
    }
}

/// The records of a text, one after the other.
#[derive(Debug)]
pub(super) struct Records<'t> {
    text: &'t str,
    pub(super) record: Record,
    comment: Option<u8>,
    skip_rows: u64,
    /// Where the next record starts.
    at: usize,
    /// Line breaks before the text.
    lines: u64,
}

impl<'t> Records<'t> {
    pub(super) fn new(options: &CsvOptions, text: &'t str) -> Records<'t> {
        let (comment, skip_rows) = (options.comment, options.skip_rows);
        Records { text, record: Record::new(options), comment, skip_rows, at: 0, lines: 0 }
    }

    /// Passes over the lines at the top of the file. False if they are not complete.
    pub(super) fn skip(&mut self, last: bool) -> bool {
        for _ in 0..self.skip_rows {
            match self.record.line_end(self.text, self.at, last) {
                Some(end) if end > self.at => self.at = end,
                Some(_) => break,
                None => return false,
            }
        }
        true
    }

    /// Reads the next complete record that is neither blank nor a comment; where it starts and ends.
    pub(super) fn next(&mut self, last: bool) -> Result<Option<(usize, usize)>, FileFault> {
        while self.at < self.text.len() {
            let start = self.at;
            if self.comment.is_some() && self.text.as_bytes().get(start).copied() == self.comment {
                match self.record.line_end(self.text, start, last) {
                    Some(end) => self.at = end,
                    None => break,
                }
                continue;
            }
            match self.record.read(self.text, start, last) {
                Step::Record(end) => self.at = end,
                Step::Incomplete => break,
                Step::Unbalanced(open) => {
                    let line = self.lines + self.text[..open].matches('\n').count() as u64 + 1;
                    return Err(FileFault::UnbalancedQuote { line });
                }
            }
            if !self.record.is_blank() {
                return Ok(Some((start, self.at)));
            }
        }
        Ok(None)
    }
}

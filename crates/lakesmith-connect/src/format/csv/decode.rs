//! The records of a CSV file into columns.

use arrow::datatypes::Schema;

use super::CsvOptions;
use super::record::{Records, Step};
use crate::content::TextPiece;
use crate::error::FileFault;
use crate::format::Stop;
use crate::format::lines::LineDecoder;
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
        let mut records = Records::new(&self.options, text, true);
        records.skip(self.options.skip_rows);
        if !self.options.header {
            return Ok(records.next_start());
        }
        let Step::Record(end) = records.next() else { return Ok(text.len()) };
        if records.len() > MAX_COLUMNS {
            return Err(FileFault::TooManyColumns { found: records.len(), most: MAX_COLUMNS });
        }
        self.header = Header::new(&self.options.names(&mut records), &self.names);
        Ok(end)
    }

    fn decode(&self, piece: &TextPiece, rows: &mut Rows) -> Result<(), Stop> {
        let mut records = Records::new(&self.options, &piece.text, true);
        // What was cut has no quote that does not close.
        while let Step::Record(_) = records.next() {
            self.row(&mut records, rows);
            rows.end_row_of(piece, records.range())?;
            if rows.is_full() {
                rows.stop(records.next_start());
                break;
            }
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
    fn row(&self, records: &mut Records<'_>, rows: &mut Rows) {
        let CsvDecoder { options, names, header } = self;
        for ((column, field), name) in rows.columns.iter_mut().zip(&header.fields).zip(names) {
            match field.and_then(|field| options.value(records, field)) {
                None => column.append_null(),
                Some(value) => {
                    if !column.append_text(value) {
                        rows.rescue.keep_text(name, value);
                    }
                }
            }
        }
        for (field, name) in &header.unknown {
            if let Some(value) = options.value(records, *field) {
                rows.rescue.keep_text(name, value);
            }
        }
        if records.len() > header.width {
            let extra: Vec<String> = (header.width..records.len())
                .filter_map(|field| records.field(field).map(|(text, _)| text.to_owned()))
                .collect();
            if extra.iter().any(|value| !value.is_empty()) {
                rows.rescue.keep_texts(EXTRA, extra.iter().map(String::as_str));
            }
        }
    }
}

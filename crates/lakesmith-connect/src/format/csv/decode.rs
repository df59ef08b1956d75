//! The records of a CSV file into columns.

use std::ops::Range;

use arrow::datatypes::Schema;

use super::CsvOptions;
use super::chunk::Chunk;
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
        let mut chunk = Chunk::new(self.header.width);
        while !rows.is_full() {
            chunk.fill(&mut records, rows.room());
            if chunk.records.is_empty() {
                return Ok(());
            }
            self.rows(&chunk, piece, rows);
            rows.close_full_batch()?;
        }
        rows.stop(records.next_start());
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
    /// Gives each column its values, and keeps what does not fit.
    fn rows(&self, chunk: &Chunk, piece: &TextPiece, rows: &mut Rows) {
        let (header, text, null) = (&self.header, piece.text.as_str(), self.options.null_value.as_deref());
        let records = 0..chunk.records.len();
        // By record, and its column.
        let mut misfits: Vec<(usize, usize, &str)> = Vec::new();
        for (index, (column, field)) in rows.columns.iter_mut().zip(&header.fields).enumerate() {
            match *field {
                None => records.clone().for_each(|_| column.append_null()),
                Some(field) => {
                    let values = records.clone().map(|record| chunk.value(text, record, field, null));
                    column.append_texts(values, |record, value| misfits.push((record, index, value)));
                }
            }
        }
        if misfits.is_empty() && header.unknown.is_empty() && chunk.extra.is_empty() && piece.is_clean() {
            return rows.count_clean_rows(records.len(), chunk.records.iter().map(Range::len).sum());
        }
        misfits.sort_by_key(|(record, column, _)| (*record, *column));
        let mut misfits = misfits.into_iter().peekable();
        let mut extra = chunk.extra.iter().peekable();
        for (record, range) in chunk.records.iter().enumerate() {
            while let Some((_, column, value)) = misfits.next_if(|(at, _, _)| *at == record) {
                rows.rescue.keep_text(&self.names[column], value);
            }
            for (field, name) in &header.unknown {
                if let Some(value) = chunk.value(text, record, *field, null) {
                    rows.rescue.keep_text(name, value);
                }
            }
            if let Some((_, texts)) = extra.next_if(|(at, _)| *at == record) {
                rows.rescue.keep_texts(EXTRA, texts.iter().map(String::as_str));
            }
            piece.rescue_bytes(range.clone(), &mut rows.rescue);
            rows.count_row(range.len());
        }
    }
}

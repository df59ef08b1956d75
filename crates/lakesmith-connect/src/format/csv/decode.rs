//! The records of a CSV file into columns.

use arrow::datatypes::Schema;

use super::record::{Record, Step};
use crate::error::FileFault;
use crate::format::{CsvOptions, Stop};
use crate::names::{Lookup, source_name};
use crate::rows::Rows;

/// The key under which `_rescued_data` keeps the fields of a row that has more than the header.
const EXTRA: &str = "_extra";

/// Decodes one file.
#[derive(Debug)]
pub(crate) struct CsvDecoder {
    records: Records,
    /// How the source calls the columns of the schema.
    names: Vec<String>,
    header: Option<Header>,
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
    pub(crate) fn new(options: CsvOptions, schema: &Schema) -> CsvDecoder {
        let names = schema.fields().iter().map(|field| source_name(field).to_owned()).collect();
        CsvDecoder { records: Records::new(options), names, header: None }
    }

    /// Decodes the complete rows at the start of `text` (all of it, if it is the `last`) and returns their length.
    pub(crate) fn decode(&mut self, text: &str, last: bool, rows: &mut Rows) -> Result<usize, Stop> {
        let CsvDecoder { records, names, header } = self;
        records.each(text, last, |options, record, bytes| {
            if header.is_none() && options.header {
                *header = Some(Header::new(&options.names(record, text), names));
                return Ok(());
            }
            let header = header.get_or_insert_with(|| Header::positional(names));
            row(options, header, names, record, text, bytes, rows)
        })
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

fn row(
    options: &CsvOptions,
    header: &Header,
    names: &[String],
    record: &mut Record,
    text: &str,
    bytes: usize,
    rows: &mut Rows,
) -> Result<(), Stop> {
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
    Ok(rows.end_row(bytes)?)
}

/// Finds what would stop a [`CsvDecoder`], without decoding.
#[derive(Debug)]
pub(crate) struct CsvChecker(Records);

impl CsvChecker {
    pub(crate) fn new(options: CsvOptions) -> CsvChecker {
        CsvChecker(Records::new(options))
    }

    /// Checks the complete rows at the start of `text` (all of it, if it is the `last`) and returns their length.
    pub(crate) fn check(&mut self, text: &str, last: bool) -> Result<usize, FileFault> {
        self.0.each(text, last, |_, _, _| Ok(()))
    }
}

/// The records of a file, piece by piece.
#[derive(Debug)]
struct Records {
    options: CsvOptions,
    record: Record,
    started: bool,
    /// Line breaks before the current piece.
    lines: u64,
}

impl Records {
    fn new(options: CsvOptions) -> Records {
        Records { record: Record::new(&options), options, started: false, lines: 0 }
    }

    /// Calls `each` with every complete record of `text` that is not blank and its length; returns where they end.
    fn each<E: From<FileFault>>(
        &mut self,
        text: &str,
        last: bool,
        mut each: impl FnMut(&CsvOptions, &mut Record, usize) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mark = if self.started || !text.starts_with('\u{feff}') { 0 } else { '\u{feff}'.len_utf8() };
        let mut at = mark;
        while at < text.len() {
            let end = match self.record.read(text, at, last, self.options.delimiter) {
                Step::Record(end) => end,
                Step::Incomplete => break,
                Step::Unbalanced(open) => {
                    let line = self.lines + text[..open].matches('\n').count() as u64 + 1;
                    return Err(FileFault::UnbalancedQuote { line }.into());
                }
            };
            if !self.record.is_blank() {
                each(&self.options, &mut self.record, end - at)?;
            }
            at = end;
        }
        if at == mark && !last {
            return Ok(0);
        }
        self.started = true;
        self.lines += text[..at].matches('\n').count() as u64;
        Ok(at)
    }
}

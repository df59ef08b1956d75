//! File formats: how bytes become rows. Each format is one module.

mod csv;
mod grow;
mod json;
pub(crate) mod shape;

use arrow::datatypes::Schema;

use crate::error::{ConnectError, FileFault};
use crate::rows::Rows;
use shape::Shapes;

/// The format of a source's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, RFC 4180.
    Csv(CsvOptions),
    /// One JSON object per line (NDJSON).
    Json,
}

/// How a CSV file is written. The default is RFC 4180 with a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CsvOptions {
    /// Byte between fields. Default `,`.
    pub delimiter: u8,
    /// Byte around fields that hold a delimiter, a quote or a line break. Default `"`.
    pub quote: u8,
    /// Byte that takes the next quote (or itself) literally within quotes. Default none: quotes are doubled.
    pub escape: Option<u8>,
    /// Whether the first row names the columns. Default true; otherwise they are `_c0`, `_c1`, ….
    pub header: bool,
    /// Text that stands for NULL besides the empty unquoted field. Default none.
    pub null_value: Option<String>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions { delimiter: b',', quote: b'"', escape: None, header: true, null_value: None }
    }
}

/// Why the decoding of a file ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The file cannot be read.
    Fault(FileFault),
    /// Nothing can.
    Failed(ConnectError),
}

impl From<FileFault> for Stop {
    fn from(fault: FileFault) -> Stop {
        Stop::Fault(fault)
    }
}

impl From<ConnectError> for Stop {
    fn from(error: ConnectError) -> Stop {
        Stop::Failed(error)
    }
}

/// The decoder of one file.
#[derive(Debug)]
pub(crate) enum Decoder {
    Csv(csv::CsvDecoder),
    Json(json::JsonDecoder),
}

impl Format {
    /// A decoder of one file into the columns of `schema`.
    pub(crate) fn decoder(&self, schema: &Schema) -> Decoder {
        match self {
            Format::Csv(options) => Decoder::Csv(csv::CsvDecoder::new(options.clone(), schema)),
            Format::Json => Decoder::Json(json::JsonDecoder::new(schema)),
        }
    }

    /// A checker of one file, if files of this format can be unreadable though they are text.
    pub(crate) fn checker(&self) -> Checker {
        match self {
            Format::Csv(options) => Checker::Csv(csv::CsvChecker::new(options.clone())),
            Format::Json => Checker::Json,
        }
    }

    /// Adds up to `limit` rows of `text` to `shapes`; returns how many. Without `complete`, `text` is the beginning
    /// of a file.
    pub(crate) fn sample(&self, text: &str, complete: bool, limit: u64, shapes: &mut Shapes) -> u64 {
        match self {
            Format::Csv(options) => csv::sample(options, text, complete, limit, shapes),
            Format::Json => json::sample(text, complete, limit, shapes),
        }
    }
}

impl Decoder {
    /// Decodes the complete rows at the start of `text` (all of it, if it is the `last`) and returns their length.
    pub(crate) fn decode(&mut self, text: &str, last: bool, rows: &mut Rows) -> Result<usize, Stop> {
        match self {
            Decoder::Csv(decoder) => decoder.decode(text, last, rows),
            Decoder::Json(decoder) => decoder.decode(text, last, rows),
        }
    }
}

/// Finds what would stop a decoder, without decoding: rows of a large file are handed out before its end is seen.
#[derive(Debug)]
pub(crate) enum Checker {
    Csv(csv::CsvChecker),
    /// Every line is a row of its own, and every text one.
    Json,
}

impl Checker {
    /// Checks the complete rows at the start of `text` (all of it, if it is the `last`) and returns their length.
    pub(crate) fn check(&mut self, text: &str, last: bool) -> Result<usize, FileFault> {
        match self {
            Checker::Csv(checker) => checker.check(text, last),
            Checker::Json if last => Ok(text.len()),
            Checker::Json => Ok(text.rfind('\n').map_or(0, |newline| newline + 1)),
        }
    }
}

//! File formats: how the content of a file becomes rows. One module each, one trait: [`FileFormat`].
//!
//! A format reads a file in its order and hands out [`Piece`]s of it, each of which can be decoded on any thread beside
//! others. Formats whose rows are found by looking at the text alone are [`lines::LineFormat`]s: they say where rows end
//! and what a row holds, and leave the rest to [`lines`]. Where rows are elements of a document, [`elements`] does the
//! same.

mod avro;
mod csv;
mod elements;
mod excel;
mod fixed_width;
mod grow;
mod json;
mod lines;
mod parquet;
pub(crate) mod shape;
mod text;
pub(crate) mod typed;
mod xml;

use std::fmt::Debug;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;

use crate::column::{Column, Hints};
use crate::content::{Content, Wants};
use crate::error::{ConnectError, FileFault};
use crate::rows::{Decoded, Rows};
use shape::Shapes;

pub use csv::CsvOptions;
pub use excel::{CellRange, ExcelOptions, Sheet};
pub use fixed_width::{FixedField, FixedWidthOptions};
pub use json::{JsonOptions, PathStep};
pub use text::TextOptions;
pub use xml::XmlOptions;

/// The format of a source's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, RFC 4180, or any other delimited text.
    Csv(CsvOptions),
    /// JSON: one object a line (NDJSON), arrays of objects, or objects over several lines.
    Json(JsonOptions),
    /// XML, whose rows are the elements of one name.
    Xml(XmlOptions),
    /// Lines whose fields stand at fixed places.
    FixedWidth(FixedWidthOptions),
    /// Plain text: a row a line, or a row a file.
    Text(TextOptions),
    /// Parquet.
    Parquet,
    /// Avro object container files.
    Avro,
    /// A sheet of an Excel or OpenDocument spreadsheet.
    Excel(ExcelOptions),
}

impl Format {
    /// The list of formats: what is added here is read.
    pub(crate) fn reader(&self) -> &dyn FileFormat {
        match self {
            Format::Csv(options) => options,
            Format::Json(options) => options,
            Format::Xml(options) => options,
            Format::FixedWidth(options) => options,
            Format::Text(options) => options,
            Format::Parquet => &parquet::Parquet,
            Format::Avro => &avro::Avro,
            Format::Excel(options) => options,
        }
    }
}

/// How the content of a file becomes rows.
pub(crate) trait FileFormat: Debug + Send + Sync {
    /// What it reads from.
    fn wants(&self) -> Wants;

    /// Whether it reads into the columns of `target`.
    ///
    /// # Errors
    /// [`ConnectError::UnsupportedType`] for a column it does not read into.
    fn check(&self, target: &Target) -> Result<(), ConnectError> {
        target.rows().map(drop)
    }

    /// Adds up to `limit` rows of `content`, which may be only the beginning of a file, to `shapes`; returns how many.
    ///
    /// # Errors
    /// What is wrong with the file. What was seen before stays in `shapes`.
    fn sample(&self, content: Content, limit: u64, shapes: &mut Shapes) -> Result<u64, FileFault>;

    /// Opens a file, to be read into the columns of `target`.
    ///
    /// # Errors
    /// What is wrong with the file.
    fn open(&self, content: Content, target: Arc<Target>) -> Result<Box<dyn FileReader>, FileFault>;
}

/// An open file.
pub(crate) trait FileReader: Send {
    /// The next piece, in the order of the file; `None` after the last.
    ///
    /// # Errors
    /// What is wrong with the file from here on. No row of the file counts then.
    fn next(&mut self) -> Result<Option<Piece>, FileFault>;
}

/// Some rows of a file, to be decoded on any thread.
pub(crate) type Piece = Box<dyn FnOnce() -> Result<Decoded, Stop> + Send>;

/// The columns that a file is read into.
#[derive(Debug)]
pub(crate) struct Target {
    /// The table's data columns.
    pub(crate) schema: SchemaRef,
    /// The types that were told.
    pub(crate) hints: Hints,
    /// Bytes of text that are decoded at once, or a row if that is longer.
    pub(crate) piece_bytes: usize,
}

impl Target {
    /// The columns of `schema`, whose types and values are as `hints` say.
    pub(crate) fn new(schema: SchemaRef, hints: Hints) -> Target {
        Target { schema, hints, piece_bytes: 4 << 20 }
    }

    /// Empty rows of these columns.
    ///
    /// # Errors
    /// [`ConnectError::UnsupportedType`] for a type that files are not read into.
    pub(crate) fn rows(&self) -> Result<Rows, ConnectError> {
        Ok(Rows::new(&self.schema, Column::for_schema(&self.schema, &self.hints)?))
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

#[cfg(test)]
mod tests;

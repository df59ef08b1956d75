//! Parquet: columns that have names and types of their own.
//!
//! The footer is read once; then every row group, or part of a large one, is a piece that is decoded on any thread. Types
//! are those that the Parquet schema tells: what the writing program noted for itself beside it is not asked, so that a
//! file means to us what it means to everybody.
//!
//! As Spark reads it: INT96 is an instant, cut to microseconds; an instant that is not adjusted to UTC is taken as if it
//! were; lists may be written in any of the ways that were ever in use. An INT64 of nanoseconds is cut to microseconds too,
//! and kept with all its digits where it had more. Dates before 1582 are taken as they are stored.

mod footer;
mod pieces;
mod schema;

use std::io::BufReader;
use std::sync::Arc;

use bytes::Bytes;
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use super::shape::Shapes;
use super::typed::{guarded, observe};
use super::{FileFormat, FileReader, Target};
use crate::content::{Blob, BlobReader, Content, Wants};
use crate::error::{ConnectError, FileFault};

/// What faults name.
const PARQUET: &str = "Parquet";

/// Parquet.
#[derive(Debug)]
pub(crate) struct Parquet;

impl FileFormat for Parquet {
    fn wants(&self) -> Wants {
        Wants::Blob
    }

    fn check(&self, _: &Target) -> Result<(), ConnectError> {
        Ok(())
    }

    fn sample(&self, content: Content, limit: u64, shapes: &mut Shapes) -> Result<u64, FileFault> {
        let file = guarded(PARQUET, || File::open(content))?;
        let names: Vec<&str> = file.fields.iter().map(|field| field.name().as_str()).collect();
        for (place, field) in shapes.fields(&names).into_iter().zip(&file.fields) {
            if let Some(place) = place {
                observe(shapes.shape_mut(place), field);
            }
        }
        let rows = u64::try_from(file.metadata.metadata().file_metadata().num_rows()).unwrap_or(0);
        Ok(rows.min(limit))
    }

    fn open(&self, content: Content, target: Arc<Target>) -> Result<Box<dyn FileReader>, FileFault> {
        let pieces = guarded(PARQUET, || pieces::Pieces::new(File::open(content)?, target))?;
        Ok(Box::new(pieces))
    }
}

/// A file whose footer has been read.
#[derive(Debug, Clone)]
struct File {
    blob: Blob,
    metadata: ArrowReaderMetadata,
    /// Its columns.
    fields: arrow::datatypes::Fields,
}

impl File {
    fn open(content: Content) -> Result<File, FileFault> {
        let Content::Blob(blob) = content else {
            return Err(FileFault::Unsupported { what: "text where a Parquet file is read".to_owned() });
        };
        let footer = footer::check(&blob)?;
        let (metadata, fields) = schema::load(&blob).map_err(|error| fault(footer, &error))??;
        Ok(File { blob, metadata, fields })
    }
}

/// What the reader says of the file from `offset` on.
fn fault(offset: u64, error: &ParquetError) -> FileFault {
    match error {
        ParquetError::NYI(what) => FileFault::Unsupported { what: format!("Parquet: {what}") },
        ParquetError::General(text) if text.starts_with("Disabled feature at compile time") => {
            FileFault::Unsupported { what: format!("Parquet: {text}") }
        }
        error => FileFault::Damaged { what: PARQUET, offset, reason: reason(&error.to_string()) },
    }
}

/// The first line of what a reader says, without what could be a value of a row.
fn reason(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

impl Length for Blob {
    fn len(&self) -> u64 {
        self.length()
    }
}

impl ChunkReader for Blob {
    type T = BufReader<BlobReader>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(BufReader::new(self.reader(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let bytes = self.slice(start, length)?;
        if bytes.len() == length {
            return Ok(bytes);
        }
        Err(ParquetError::EOF(format!("{length} bytes were expected at offset {start}, and {} are there", bytes.len())))
    }
}

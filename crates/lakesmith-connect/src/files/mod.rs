//! Sources of type `files`: a folder of an object store, a pattern of names in it, and one format.

mod dates;
mod decode;
mod fetch;
mod infer;
mod list;
mod pattern;
mod read;
mod walk;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, SchemaRef};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use object_store::ObjectStore;
use object_store::path::Path;

pub use decode::Decoding;
pub use list::{Arrivals, Place, Scope, Wanted};
pub use pattern::Pattern;
pub use read::FileRows;

use crate::column::Notation;
use crate::content::{Charset, Compression};
use crate::error::FileFault;
use crate::format::Format;

/// One table of a source of files.
#[derive(Debug, Clone)]
pub struct FileSource {
    /// Where the files lie.
    pub store: Arc<dyn ObjectStore>,
    /// The source's folder within the store.
    pub root: Path,
    /// How the names in it are asked for.
    pub place: Place,
    /// Glob relative to `root`: `orders/*.json`, `orders/**/*.json`, `{a,b}/*.csv`; `{yyyy}`, `{MM}`, `{dd}` and `{HH}` are
    /// the digits of a date.
    pub pattern: String,
    /// How the content of a file becomes rows.
    pub format: Format,
    /// What the files are wrapped in.
    pub compression: Compression,
    /// The character set of their text. `None`: told by a byte order mark, else UTF-8; windows-1252 where that does not
    /// fit, which the report then says.
    pub charset: Option<Charset>,
    /// Types that are told rather than inferred, by the source's name of the column (a path with dots for nested
    /// fields: `Lines.Qty`). Values of hinted columns are read leniently: see [`FileSource::read`].
    pub hints: Vec<(String, DataType)>,
    /// How values are written as text in formats without types, and days and times in JSON too.
    pub notation: Notation,
}

impl FileSource {
    /// The files below `root` that match `pattern`, wrapped in what their bytes tell, without hints.
    /// Their names are asked of the store itself.
    pub fn new(store: Arc<dyn ObjectStore>, root: Path, pattern: &str, format: Format) -> FileSource {
        let pattern = pattern.to_owned();
        let (compression, notation) = (Compression::Auto, Notation::default());
        let place = Place::Store;
        FileSource { store, root, place, pattern, format, compression, charset: None, hints: Vec::new(), notation }
    }
}

/// A file that has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Path relative to the source's folder.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// When the store says it was last written.
    pub modified: DateTime<Utc>,
    /// The store's mark of this content, where it gives one.
    pub etag: Option<String>,
}

/// The schema of a table, from a sample of its files.
#[derive(Debug, Clone)]
pub struct Inferred {
    /// The data columns, all nullable: those already known as they are, then the new ones in order of appearance.
    /// A field whose name differs from the source's carries that in its metadata under [`crate::SOURCE_NAME`].
    pub schema: SchemaRef,
    /// Names of the columns that were not known before.
    pub added: Vec<String>,
    /// The known columns of which the sample has a value, each with the type that the sample alone would give it.
    pub seen: Vec<Field>,
    /// Rows that were looked at.
    pub sampled_rows: u64,
}

/// A whole file, read.
#[derive(Debug, Clone)]
pub struct FileRead {
    /// The rows in the file's order, at most [`crate::ROWS_PER_BATCH`] a batch: the columns of the schema asked for,
    /// then `_source_position` BIGINT (number of the row in the file, from 0) and `_rescued_data` STRING (one JSON
    /// object of what did not fit; NULL if all did).
    pub batches: Vec<RecordBatch>,
    /// What the file's receipt says.
    pub report: FileReport,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileReport {
    /// Rows read, corrupt lines included.
    pub rows: u64,
    /// Rows with something in `_rescued_data`.
    pub rescued_rows: u64,
    /// SHA-256 of the file's bytes, in hex; empty if they could not be fetched.
    pub hash: String,
    /// What else should be known of it: a character set that was guessed, files of an archive that were passed over.
    pub notes: Vec<String>,
    /// Why there are no rows.
    pub error: Option<FileFault>,
}

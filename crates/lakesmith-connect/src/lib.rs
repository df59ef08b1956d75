//! Sources outside the lakehouse, read as Arrow batches that know where each row stood.
//!
//! One source type so far, files: [`FileSource`] lists what has arrived, infers a schema from a sample and reads
//! a file into batches. Bad input never stops good input: a field that does not fit its column is NULL and its text
//! goes to `_rescued_data`, a line that is no record goes there whole, and a file that cannot be read says why in
//! its [`FileReport`] and yields no rows.
//!
//! What this crate leaves to others: which files are new (the receipts), what a batch is, and the columns that
//! come from the run rather than from the file (`_ingestion_timestamp`, `_source_file`, `_batch_id`, …).

mod column;
mod content;
mod error;
mod events;
mod files;
mod format;
mod names;
mod rescue;
mod rows;
mod scan;
mod watch;

pub use column::{DatePattern, Notation, UnknownLetters};
pub use content::{Charset, Compression};
pub use error::{ConnectError, FileFault};
pub use events::{AzureQueue, Message, Object, PubSub, Queue, Sqs, objects};
pub use files::{
    Arrivals, Decoding, FileEntry, FileRead, FileReport, FileRows, FileSource, Inferred, Pattern, Place, Scope, Wanted,
};
pub use format::{
    CellRange, CsvOptions, ExcelOptions, FixedField, FixedWidthOptions, Format, JsonOptions, PathStep, Sheet, TextOptions,
    XmlOptions,
};
pub use names::{Names, RESERVED_COLUMNS, SOURCE_NAME, source_name};
pub use rows::{RESCUED_DATA, ROWS_PER_BATCH, SOURCE_POSITION};
pub use watch::{FolderWatch, WatchError, Written};

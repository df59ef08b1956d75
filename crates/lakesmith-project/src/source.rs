//! `sources/*.yaml`: the systems outside and the bronze tables that follow from them.

mod arrival;
mod capture;
mod connection;
mod delta;
mod files;
mod keys;
mod pattern;
mod read;

pub use arrival::{Arrival, Events, Listing};
pub use capture::{Operation, Timestamp};
pub use connection::Connection;
pub(crate) use connection::plain;
pub use files::{
    CellRange, Compression, CsvOptions, Encoding, ExcelOptions, FileFormat, FixedField, FixedWidthOptions, JsonOptions, Notation,
    PathStep, Sheet, TextOptions, XmlOptions,
};
pub use pattern::{literal_folder, snapshot_folder};

pub(crate) use files::{path, pattern, range};
pub(crate) use keys::KEYS;
pub(crate) use read::read;

use lakesmith_text::{Span, Spanned};

/// A system outside. Each of its tables fills `bronze.<source>_<table>`.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name, the first part of its bronze tables' names.
    pub name: Spanned<String>,
    /// The place of its file's first key.
    pub at: Span,
    /// What kind of system it is.
    pub kind: SourceKind,
    /// Where its files or tables lie: a folder relative to the project, or a URL such as `s3://…`.
    pub path: Spanned<String>,
    /// How their store is reached, beyond what the environment says.
    pub connection: Option<Connection>,
    /// Who tells of new files.
    pub events: Option<Events>,
    /// Its tables in the order written.
    pub tables: Vec<SourceTable>,
    /// What it is.
    pub description: Option<Spanned<String>>,
    /// Who answers for it.
    pub owner: Option<Spanned<String>>,
    /// Words to select its tables by.
    pub tags: Vec<Spanned<String>>,
}

impl Source {
    /// The bronze table that one of its tables fills: `bronze.shop_orders`.
    pub fn bronze_table(&self, table: &SourceTable) -> String {
        format!("bronze.{}_{}", self.name, table.name)
    }
}

/// What kind of system a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Files in a folder or an object store.
    Files,
    /// Delta tables, whoever writes them.
    Delta,
}

/// One table of a source.
#[derive(Debug, Clone)]
pub struct SourceTable {
    /// Its name, the second part of its bronze table's name.
    pub name: Spanned<String>,
    /// Which files are its own: a glob relative to the source's path. Of a Delta table its folder, relative to the
    /// source's path or absolute, or its URL.
    pub path: Spanned<String>,
    /// How its new files are found.
    pub arrival: Arrival,
    /// How its files are written; `None` for a Delta table, which says it itself.
    pub format: Option<FileFormat>,
    /// How characters are written as bytes; else the bytes tell.
    pub encoding: Option<Encoding>,
    /// What its files are wrapped in.
    pub compression: Compression,
    /// How values are written as text.
    pub notation: Notation,
    /// Types of columns that inference would get wrong: the column's name in the source and a Spark SQL type.
    pub schema_hints: Vec<(Spanned<String>, Spanned<String>)>,
    /// What a file, or a version of a Delta table, holds of the table.
    pub change_capture: ChangeCapture,
    /// Under `change_capture: cdc`: what says what a row is; without it the field `_operation` does.
    pub operation: Option<Operation>,
    /// Under `change_capture: timestamp`: the column by which extracts were taken.
    pub timestamp: Option<Timestamp>,
    /// What happens with a column that was not there before.
    pub schema_evolution: SchemaEvolution,
    /// What happens with a file that changed under its old name, or with a commit that rewrote rows of a Delta table.
    pub on_change: OnChange,
    /// Under `change_capture: full`: what makes up one snapshot.
    pub snapshot: Snapshot,
    /// Under `snapshot: marker`: the name of the file that says that a folder is complete; `*` and `?` stand for any text.
    pub marker: Option<Spanned<String>>,
    /// Under `change_capture: full`: whether keys that a snapshot lacks are deleted.
    pub deletes: Deletes,
    /// The share of the keys that one snapshot may delete without consent, from 0 to 1.
    pub max_delete_fraction: f64,
    /// What is sensitive in it, such as `pii`.
    pub sensitivity: Vec<Spanned<String>>,
    /// What it holds.
    pub description: Option<Spanned<String>>,
    /// Who answers for it; else the source's owner.
    pub owner: Option<Spanned<String>>,
    /// Words to select it by.
    pub tags: Vec<Spanned<String>>,
    /// How often new data comes, in words.
    pub frequency: Option<Spanned<String>>,
    /// How much data comes, in words.
    pub volume: Option<Spanned<String>>,
}

/// What a file holds of its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChangeCapture {
    /// Every file, or folder of files, is the whole table.
    Full,
    /// Each file adds new rows or new states of rows.
    #[default]
    Incremental,
    /// A change feed: rows say whether they are deletes.
    Cdc,
    /// Each file is an extract by a column that grows with time; extracts may overlap.
    Timestamp,
    /// Events that never change.
    Event,
}

/// What happens with a column that was not there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SchemaEvolution {
    /// The bronze table gets the column; a struct gets the field.
    #[default]
    AddColumns,
    /// Its values go to `_rescued_data`, until somebody accepts the column.
    Rescue,
    /// The flow stops before it reads the files, until somebody accepts the change.
    Fail,
    /// It is left out, and the run says so.
    None,
}

/// What happens with a file that changed under its old name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnChange {
    /// It is read again, as a further version.
    #[default]
    NewVersion,
    /// It is not read again.
    Ignore,
    /// A file gets a receipt with an error; a table is not read on. What counts for Delta tables where nothing is said.
    Error,
}

/// What makes up one snapshot of a full load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Snapshot {
    /// Each file.
    #[default]
    File,
    /// All files of a folder.
    Folder,
    /// All files of a folder, once its marker file is there.
    Marker,
}

/// Whether keys that a snapshot lacks are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deletes {
    /// They stay.
    #[default]
    None,
    /// They are deleted.
    MissingKeys,
}

//! What the user wrote: a typed model, loaded and checked.
//!
//! [`load`] reads a project folder into a [`Project`] and says everything that is wrong with it at once, each fault at its
//! file, line and column. Every value keeps its place ([`Spanned`](lakesmith_text::Spanned), and
//! [`Located`](lakesmith_text::Located) for SQL), so that later stages can complain about the very line that was written.
//!
//! Which keys a file may have, of what type, with what meaning, stands in one table per file kind. The table drives the
//! checks, the JSON Schemas ([`schemas`]) and the reference page ([`reference`]).
//!
//! SQL is not parsed here, and what files say of each other is not checked beyond names that collide.

mod aggregate;
mod check;
mod choice;
mod collide;
mod dimension;
mod document;
mod entity;
mod fact;
mod fields;
mod folder;
mod lakehouse;
mod load;
mod names;
mod project;
mod reference;
mod scalar;
mod schema;
mod shape;
mod source;
mod unit_test;
mod yaml;

pub use aggregate::Aggregate;
pub use dimension::{Dimension, DimensionHistory, FirstVersion, Validity};
pub use entity::{
    Column, ColumnValue, Entity, Expectation, Explode, History, Lookup, NamedExpr, OnFail, QualityDimension, Scalar,
};
pub use fact::{Additivity, Fact, FactDimension, FactKind, Measure, MissingMember, OnDuplicate};
pub use lakehouse::{ByteSize, Calendar, Defaults, Engine, Lakehouse, Memory, Target};
pub use load::load;
pub use project::Project;
pub use reference::reference;
pub use schema::schemas;
pub use source::{
    CellRange, ChangeCapture, Compression, CsvOptions, Deletes, Encoding, ExcelOptions, FileFormat, FixedField,
    FixedWidthOptions, JsonOptions, Notation, OnChange, Operation, PathStep, SchemaEvolution, Sheet, Snapshot, Source,
    SourceKind, SourceTable, TextOptions, Timestamp, XmlOptions, literal_folder, snapshot_folder,
};
pub use unit_test::{ByTable, Expected, Given, TestBatch, TestRow, TestValue, UnitTest};

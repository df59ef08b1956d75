//! What the user wrote: a typed model, loaded and checked.
//!
//! [`load`] reads a project folder into a [`Project`] and says everything that is wrong with it at once, each fault at its
//! file, line and column. Every value keeps its place ([`Spanned`](lakesmith_text::Spanned), and
//! [`Located`](lakesmith_text::Located) for SQL), so that later stages can complain about the very line that was written.
//!
//! Which keys a file may have, of what type, with what meaning, stands in one table per file kind. The table drives the
//! checks, the JSON Schemas ([`schemas`]) and the reference page ([`reference`]).
//!
//! [`load_with`] reads it as it would be with files that are not there yet.
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
mod location;
mod names;
mod project;
mod reference;
mod scalar;
mod schema;
mod secret;
mod shape;
mod source;
mod stray;
mod unit_test;
mod yaml;

pub use aggregate::{Aggregate, MeasureWords};
pub use dimension::{Dimension, DimensionHistory, DimensionKind, FirstVersion, Validity};
pub use entity::{
    Column, ColumnValue, Entity, Expectation, Explode, History, Lookup, NamedExpr, OnFail, QualityDimension, Scalar,
};
pub use fact::{
    Additivity, Fact, FactDimension, FactKind, Measure, MeasureOver, Milestone, MissingMember, OnDuplicate, Period, PeriodLength,
};
pub use lakehouse::{
    ByteSize, Calendar, Defaults, Engine, Holiday, HolidayDays, HolidayFile, Lakehouse, Memory, Target, TimeGrain, Yearly,
};
pub use load::{load, load_with};
pub use location::{Bucket, Cloud, Location, LocationFault};
pub use project::Project;
pub use reference::reference;
pub use schema::schemas;
pub use secret::{SecretProvider, SecretRef, Setting};
pub use source::{
    Arrival, CellRange, ChangeCapture, Compression, Connection, CsvOptions, Deletes, Encoding, Events, ExcelOptions, FileFormat,
    FixedField, FixedWidthOptions, JsonOptions, Listing, Notation, OnChange, Operation, PathStep, SchemaEvolution, Sheet,
    Snapshot, Source, SourceKind, SourceTable, TextOptions, Timestamp, XmlOptions, literal_folder, snapshot_folder,
};
pub use unit_test::{ByTable, Expected, Given, TestBatch, TestRow, TestValue, UnitTest};

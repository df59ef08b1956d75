//! The whole of what the user wrote.

use crate::{Aggregate, Dimension, Entity, Fact, Lakehouse, Source, UnitTest};
use lakesmith_text::Sources;
use std::path::PathBuf;

/// A project folder, read and checked file by file. What the files say of each other (does a `from:` exist, may it be
/// read here) is not checked yet.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder that holds `lakehouse.yaml`.
    pub root: PathBuf,
    /// The texts of all files, for showing diagnostics.
    pub sources_text: Sources,
    /// `lakehouse.yaml`.
    pub lakehouse: Lakehouse,
    /// `sources/`, in the order of their paths.
    pub sources: Vec<Source>,
    /// `silver/`, in the order of their paths.
    pub entities: Vec<Entity>,
    /// The dimensions among `gold/`, in the order of their paths.
    pub dimensions: Vec<Dimension>,
    /// The facts among `gold/`, in the order of their paths.
    pub facts: Vec<Fact>,
    /// The aggregates among `gold/`, in the order of their paths.
    pub aggregates: Vec<Aggregate>,
    /// `tests/`, in the order of their paths.
    pub tests: Vec<UnitTest>,
    /// Tables, as `layer.name`, that a file is meant to fill but that are missing above because the file has faults that
    /// were reported. A reference to one of them is no fault of its own.
    pub incomplete: Vec<String>,
}

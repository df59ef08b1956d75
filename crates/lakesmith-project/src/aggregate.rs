//! `gold/*.yaml` with `aggregate:`: a fact summed up.

mod keys;
mod read;

pub(crate) use keys::KEYS;
pub(crate) use read::read;

use crate::NamedExpr;
use lakesmith_text::{Located, Span, Spanned};
use std::collections::BTreeMap;

/// An aggregate: one row per group. It fills `gold.<name>`.
#[derive(Debug, Clone)]
pub struct Aggregate {
    /// Its name.
    pub name: Spanned<String>,
    /// The place of its file's first key.
    pub at: Span,
    /// The gold table it reads, as `layer.name`.
    pub from: Spanned<String>,
    /// The columns that make a group.
    pub group_by: Vec<NamedExpr>,
    /// Name and Spark SQL aggregate expression of each measure, in the order written.
    pub measures: Vec<(Spanned<String>, Located)>,
    /// What is said of measures beside their expressions, by name; of a measure without such words nothing.
    pub words: BTreeMap<String, MeasureWords>,
    /// What its files are parted by.
    pub partition_by: Vec<NamedExpr>,
    /// What rows lie near each other by.
    pub cluster_by: Vec<NamedExpr>,
    /// What it is about.
    pub description: Option<Spanned<String>>,
    /// Who answers for it.
    pub owner: Option<Spanned<String>>,
    /// Words to select it by.
    pub tags: Vec<Spanned<String>>,
}

/// What is said of a measure beside its expression.
#[derive(Debug, Clone, Default)]
pub struct MeasureWords {
    /// What it is counted in, such as `USD`.
    pub unit: Option<Spanned<String>>,
    /// What it means.
    pub description: Option<Spanned<String>>,
}

impl Aggregate {
    /// The table it fills: `gold.daily_sales`.
    pub fn table(&self) -> String {
        format!("gold.{}", self.name)
    }
}

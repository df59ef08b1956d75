//! `gold/*.yaml` with `dimension:`: what facts are seen by, as in Kimball.

mod keys;
mod read;

pub(crate) use keys::KEYS;
pub(crate) use read::read;

use lakesmith_text::{Span, Spanned};

/// A dimension. It fills `gold.<name>`. The date dimension `dim_date` needs no file: it follows from the calendar.
#[derive(Debug, Clone)]
pub struct Dimension {
    /// Its name.
    pub name: Spanned<String>,
    /// The place of its file's first key.
    pub at: Span,
    /// The silver table it reads, as `layer.name`.
    pub from: Spanned<String>,
    /// The columns that name a member in the source system.
    pub natural_key: Vec<Spanned<String>>,
    /// The name of its BIGINT key, which facts hold.
    pub surrogate_key: Spanned<String>,
    /// What its members are.
    pub kind: DimensionKind,
    /// Whether it keeps versions of a member.
    pub history: DimensionHistory,
    /// The column that orders the states of a member.
    pub sequence_by: Option<Spanned<String>>,
    /// Under type 2: the attributes whose change opens a version. Empty: every one that is not in `overwrite`.
    pub track: Vec<Spanned<String>>,
    /// Under type 2: the attributes of which every version shows the newest value.
    pub overwrite: Vec<Spanned<String>>,
    /// Ways to drill down: name and levels of each, the coarsest first.
    pub hierarchies: Vec<(Spanned<String>, Vec<Spanned<String>>)>,
    /// The columns it keeps; none: every column of the input that does not begin with `_`.
    pub attributes: Option<Vec<Spanned<String>>>,
    /// How finely validity is told.
    pub validity: Validity,
    /// Where a member's first version starts.
    pub first_version: FirstVersion,
    /// What its files are parted by.
    pub partition_by: Vec<crate::NamedExpr>,
    /// What rows lie near each other by.
    pub cluster_by: Vec<crate::NamedExpr>,
    /// What one member is.
    pub description: Option<Spanned<String>>,
    /// Who answers for it.
    pub owner: Option<Spanned<String>>,
    /// Words to select it by.
    pub tags: Vec<Spanned<String>>,
}

impl Dimension {
    /// The table it fills: `gold.dim_customer`.
    pub fn table(&self) -> String {
        format!("gold.{}", self.name)
    }
}

/// What the members of a dimension are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DimensionKind {
    /// Things that have a key in the source system.
    #[default]
    Regular,
    /// Combinations of flags and codes: the columns themselves are the natural key, and any of them may be NULL.
    Junk,
}

/// Whether a dimension keeps versions of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DimensionHistory {
    /// The latest state of each member.
    #[default]
    Type1,
    /// A version per change, each with the time it was valid.
    Type2,
}

/// How finely the validity of versions is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Validity {
    /// By UTC day; of several changes on one day the last counts.
    #[default]
    Date,
    /// By instant.
    Timestamp,
}

/// Where a member's first version starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FirstVersion {
    /// At its first change.
    #[default]
    Change,
    /// At 1900-01-01.
    Beginning,
}

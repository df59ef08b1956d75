//! `gold/*.yaml` with `fact:`: what is measured, as in Kimball.

mod keys;
mod read;

pub(crate) use keys::KEYS;
pub(crate) use read::read;

use crate::NamedExpr;
use lakesmith_text::{Located, Span, Spanned};

/// A fact table. It fills `gold.<name>`. Exactly one of `from` and `sql` is there.
#[derive(Debug, Clone)]
pub struct Fact {
    /// Its name.
    pub name: Spanned<String>,
    /// The place of its file's first key.
    pub at: Span,
    /// How its rows come about.
    pub kind: FactKind,
    /// What one row is, in words.
    pub grain: Option<Spanned<String>>,
    /// The columns that tell its rows apart.
    pub grain_key: Vec<Spanned<String>>,
    /// The silver table it reads, as `layer.name`.
    pub from: Option<Spanned<String>>,
    /// The Spark SQL query over silver tables that it reads instead.
    pub sql: Option<Located>,
    /// Its keys to dimensions, in the order written.
    pub dimensions: Vec<FactDimension>,
    /// The columns it keeps beside keys and measures.
    pub degenerate: Vec<Spanned<String>>,
    /// The name of its own BIGINT key, if it has one.
    pub surrogate_key: Option<Spanned<String>>,
    /// What it measures, in the order written.
    pub measures: Vec<Measure>,
    /// What happens with rows of one grain key.
    pub on_duplicate: OnDuplicate,
    /// The periods of a periodic snapshot.
    pub period: Option<Period>,
    /// The steps of an accumulating snapshot that are read from the states of its input, in the order written.
    pub milestones: Vec<Milestone>,
    /// The column that orders the states of a row, where there are milestones.
    pub sequence_by: Option<Spanned<String>>,
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

impl Fact {
    /// The table it fills: `gold.fact_sales`.
    pub fn table(&self) -> String {
        format!("gold.{}", self.name)
    }
}

/// How a fact's rows come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FactKind {
    /// One row per event.
    #[default]
    Transaction,
    /// One row per member and period.
    PeriodicSnapshot,
    /// One row per process, from its beginning to its end.
    AccumulatingSnapshot,
    /// One row per event, of which nothing is measured.
    Factless,
}

/// The periods of a periodic snapshot.
#[derive(Debug, Clone)]
pub struct Period {
    /// How long one is.
    pub every: PeriodLength,
    /// The input's column that tells when something happened.
    pub on: Spanned<String>,
}

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeriodLength {
    /// A day.
    Day,
    /// From Monday to Sunday.
    Week,
    /// A calendar month.
    Month,
    /// A calendar quarter.
    Quarter,
    /// A calendar year.
    Year,
}

/// A step of a process: the first time that a state of it fulfils a condition.
#[derive(Debug, Clone)]
pub struct Milestone {
    /// The column that it makes.
    pub name: Spanned<String>,
    /// Which states reach it.
    pub when: Located,
    /// The time of such a state; that of `sequence_by` if left out.
    pub time: Option<Located>,
    /// The Spark SQL type the time is cast to, as written.
    pub ty: Option<Spanned<String>>,
}

/// Which rows a measure of a periodic snapshot sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeasureOver {
    /// Those of the period.
    Period,
    /// All up to its end.
    ToDate,
}

/// A fact's key to a dimension.
#[derive(Debug, Clone)]
pub struct FactDimension {
    /// The fact's column that holds the surrogate key.
    pub key: Spanned<String>,
    /// The dimension by its name, without a layer.
    pub dimension: Spanned<String>,
    /// The input's columns that are equal to the dimension's natural key, in its order; for `dim_date` the date.
    pub on: Vec<Spanned<String>>,
    /// The input's column whose time selects the version of a type 2 member; else the current one.
    pub as_of: Option<Spanned<String>>,
    /// What happens when there is no such member.
    pub missing: MissingMember,
}

/// What happens when a fact's member is not in the dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingMember {
    /// The key is -1 until the member arrives.
    #[default]
    Unknown,
    /// The dimension gets a member of which only the key is known.
    Inferred,
    /// The batch fails before anything is committed.
    Fail,
}

/// Something measured.
#[derive(Debug, Clone)]
pub struct Measure {
    /// Its column.
    pub name: Spanned<String>,
    /// The input's column; the one of the same name if `expr` is left out too.
    pub from: Option<Located>,
    /// A Spark SQL expression over the input's columns instead.
    pub expr: Option<Located>,
    /// The Spark SQL type it is cast to, as written.
    pub ty: Option<Spanned<String>>,
    /// What it is counted in, such as `USD`.
    pub unit: Option<Spanned<String>>,
    /// What it means.
    pub description: Option<Spanned<String>>,
    /// Along which dimensions it may be summed.
    pub additivity: Additivity,
    /// In a periodic snapshot: which rows it sums up, as written.
    pub over: Option<MeasureOver>,
}

impl Measure {
    /// Which rows it sums up: a stock is what came together up to the end of the period, a flow is what the period brought.
    pub fn over(&self) -> MeasureOver {
        self.over.unwrap_or(match self.additivity {
            Additivity::SemiAdditive => MeasureOver::ToDate,
            _ => MeasureOver::Period,
        })
    }
}

/// Along which dimensions a measure may be summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Additivity {
    /// Along all.
    #[default]
    Additive,
    /// Along all but time, such as a stock.
    SemiAdditive,
    /// Along none, such as a price.
    NonAdditive,
}

/// What happens with several input rows of one grain key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDuplicate {
    /// The batch fails before anything is committed.
    #[default]
    Fail,
    /// They go to the quarantine.
    Quarantine,
}

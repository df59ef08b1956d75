//! `lakehouse.yaml`: the project's name, its calendar, its targets and what holds everywhere.

pub(crate) mod holiday;
pub(crate) mod ics;
mod keys;
mod read;

pub use holiday::{Holiday, HolidayDays, HolidayFile, Yearly};
pub(crate) use keys::KEYS;
pub(crate) use read::read;

use chrono::{Month, NaiveDate};
use lakesmith_text::Spanned;

/// What `lakehouse.yaml` says.
#[derive(Debug, Clone)]
pub struct Lakehouse {
    /// The lakehouse's name, the first part of `acme.gold.fact_sales`.
    pub name: Spanned<String>,
    /// What it is for.
    pub description: Option<Spanned<String>>,
    /// The days that `dim_date` holds from the start; without it there is no `dim_date`.
    pub calendar: Option<Calendar>,
    /// What holds where a file says nothing.
    pub defaults: Defaults,
    /// The environments, at least one: without a `targets:` block it is `dev` with the storage `.lake`.
    pub targets: Vec<Target>,
}

impl Lakehouse {
    /// The target that is used when none is named: the one marked `default: true`, else the first.
    pub fn default_target(&self) -> Option<&Target> {
        self.targets.iter().find(|target| target.default).or(self.targets.first())
    }

    /// The target of this name.
    pub fn target(&self, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.name.value == name)
    }
}

/// The days of `dim_date`.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// The first day.
    pub start: Spanned<NaiveDate>,
    /// The last day, itself included.
    pub end: Spanned<NaiveDate>,
    /// The month a fiscal year begins with; January if left out.
    pub fiscal_year_start: Option<Spanned<Month>>,
    /// The holidays that `lakehouse.yaml` lists, and those of the files.
    pub holidays: Vec<Holiday>,
    /// The iCalendar files that are read for holidays.
    pub holiday_files: Vec<HolidayFile>,
    /// How finely `dim_time` tells the times of a day; without it there is no `dim_time`.
    pub time: Option<Spanned<TimeGrain>>,
}

/// How finely the times of a day are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeGrain {
    /// 24 rows.
    Hour,
    /// 1,440 rows.
    Minute,
    /// 86,400 rows.
    Second,
}

/// What holds where a file says nothing.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// Who answers for a table that names nobody.
    pub owner: Option<Spanned<String>>,
    /// How much memory a run may use.
    pub memory: Option<Spanned<Memory>>,
    /// How much one batch reads at most.
    pub max_batch: Option<Spanned<ByteSize>>,
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// A bound on memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Memory {
    /// A share of the machine's memory, above 0 up to 1.
    Share(f64),
    /// So many bytes.
    Bytes(ByteSize),
}

/// An environment: where the tables lie and what computes them.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name, such as `dev`.
    pub name: Spanned<String>,
    /// The root of all tables: a folder relative to the project, or a URL such as `s3://…`.
    pub storage: Spanned<String>,
    /// Whether it is used when none is named.
    pub default: bool,
    /// What runs the steps.
    pub engine: Engine,
}

/// What runs a target's steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Engine {
    /// This process.
    Embedded,
    /// Apache Spark, Databricks or Sail, at this Spark Connect address.
    Spark(Spanned<String>),
}

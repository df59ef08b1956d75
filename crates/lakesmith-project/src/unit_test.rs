//! `tests/*.yaml`: unit tests of flows, given rows and expected rows.

mod keys;
mod read;
mod rows;

pub(crate) use keys::{FILE, KEYS};
pub(crate) use read::read;

use chrono::{DateTime, Utc};
use lakesmith_text::{Span, Spanned};

/// What each of some tables is given, or is to hold: by the table's name, in the order written.
pub type ByTable<T> = Vec<(Spanned<String>, T)>;

/// A unit test: rows that arrive batch by batch, and what tables are to hold then.
#[derive(Debug, Clone)]
pub struct UnitTest {
    /// What it shows, in words.
    pub name: Spanned<String>,
    /// The place of its first key.
    pub at: Span,
    /// More about it.
    pub description: Option<Spanned<String>>,
    /// Words to select it by.
    pub tags: Vec<Spanned<String>>,
    /// The time of every run that has no own.
    pub now: Option<Spanned<DateTime<Utc>>>,
    /// Types of columns of bronze tables that the rows do not tell: table, column, Spark SQL type.
    pub types: ByTable<Vec<(Spanned<String>, Spanned<String>)>>,
    /// The runs, in order.
    pub batches: Vec<TestBatch>,
    /// What holds after the last of them.
    pub expect: Expected,
}

/// One run of a test: what arrives before it, and what holds after it.
#[derive(Debug, Clone)]
pub struct TestBatch {
    /// The place of its first key.
    pub at: Span,
    /// The time of the run.
    pub now: Option<Spanned<DateTime<Utc>>>,
    /// What arrives.
    pub given: ByTable<Given>,
    /// What holds after it.
    pub expect: Expected,
}

/// What arrives for a table.
#[derive(Debug, Clone)]
pub enum Given {
    /// Rows.
    Rows(Vec<TestRow>),
    /// A file of a bronze table's source, as its bytes.
    File(Spanned<String>),
}

/// What is to hold.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// All rows of a table, each by some of its columns.
    pub rows: ByTable<Vec<TestRow>>,
    /// All rows of a table's quarantine, likewise.
    pub quarantine: ByTable<Vec<TestRow>>,
    /// What became of the rows that the last run read for a table: `inserted: 1`.
    pub counts: ByTable<Vec<(Spanned<String>, u64)>>,
}

impl Expected {
    /// Whether nothing is expected.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.quarantine.is_empty() && self.counts.is_empty()
    }
}

/// A row of a test.
#[derive(Debug, Clone)]
pub struct TestRow {
    /// Where it stands.
    pub at: Span,
    /// Column and value, in the order written.
    pub cells: Vec<(Spanned<String>, Spanned<TestValue>)>,
}

impl TestRow {
    /// The value of a column; the case of names makes no difference.
    pub fn get(&self, column: &str) -> Option<&Spanned<TestValue>> {
        self.cells.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, value)| value)
    }
}

/// A value of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestValue {
    /// NULL.
    Null,
    /// A truth value.
    Bool(bool),
    /// A number, as it was written.
    Number(String),
    /// A text, a day, a time.
    Text(String),
    /// A list.
    List(Vec<Spanned<TestValue>>),
    /// A struct or a map.
    Map(Vec<(Spanned<String>, Spanned<TestValue>)>),
}

impl TestValue {
    /// A value that is no list and no map, as text; NULL is none.
    pub fn text(&self) -> Option<&str> {
        match self {
            TestValue::Bool(true) => Some("true"),
            TestValue::Bool(false) => Some("false"),
            TestValue::Number(text) | TestValue::Text(text) => Some(text),
            TestValue::Null | TestValue::List(_) | TestValue::Map(_) => None,
        }
    }
}

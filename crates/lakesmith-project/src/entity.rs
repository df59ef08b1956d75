//! `silver/<domain>/<entity>.yaml`: a cleansed table.

mod check;
mod keys;
mod read;

pub(crate) use keys::KEYS;
pub(crate) use read::read;

use lakesmith_text::{Located, Span, Spanned};

/// An entity. It fills `silver.<domain>_<name>`.
#[derive(Debug, Clone)]
pub struct Entity {
    /// The folder its file lies in.
    pub domain: String,
    /// Its file's name without `.yaml`.
    pub name: String,
    /// The place of its file's first key.
    pub at: Span,
    /// The table it reads, as `layer.name`; none if it reads a query.
    pub from: Option<Spanned<String>>,
    /// The query over entities of silver that it reads instead.
    pub sql: Option<Located>,
    /// The list it makes rows of, one row per element.
    pub explode: Option<Explode>,
    /// The columns that tell its rows apart; empty only under `history: append`.
    pub key: Vec<Spanned<String>>,
    /// The column that orders the states of one key; without it they are ordered by arrival.
    pub sequence_by: Option<Spanned<String>>,
    /// Which states of a key it keeps.
    pub history: History,
    /// Its columns in the order written, which is also the order of comparison between equal sequences.
    pub columns: Vec<Column>,
    /// Whether the columns that are not listed pass too, with names in snake_case.
    pub star: bool,
    /// Its rules.
    pub expect: Vec<Expectation>,
    /// The reference data joined in.
    pub lookup: Vec<Lookup>,
    /// What its files are parted by.
    pub partition_by: Vec<NamedExpr>,
    /// What rows lie near each other by.
    pub cluster_by: Vec<NamedExpr>,
    /// Who answers for it.
    pub owner: Option<Spanned<String>>,
    /// What one row is.
    pub description: Option<Spanned<String>>,
    /// Words to select it by.
    pub tags: Vec<Spanned<String>>,
}

impl Entity {
    /// The table it fills: `silver.sales_orders`.
    pub fn table(&self) -> String {
        format!("silver.{}_{}", self.domain, self.name)
    }

    /// The place where it says what it reads.
    pub fn reads_at(&self) -> Span {
        let sql = self.sql.as_ref().map(Located::span);
        self.from.as_ref().map(|from| from.span).or(sql).unwrap_or(self.at)
    }

    /// The column of this name among those listed.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name.value == name)
    }
}

/// A list whose elements become rows.
#[derive(Debug, Clone)]
pub struct Explode {
    /// What `from:` and `expr:` call one element.
    pub alias: Spanned<String>,
    /// The list: a column of the input, or a path into one, such as `payload.lines`.
    pub path: Located,
}

/// Which states of a key a table keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum History {
    /// The latest.
    #[default]
    None,
    /// Every state: one row per key and sequence.
    Changes,
    /// Every state with the span of time it was valid.
    Type2,
    /// Every row, as it comes.
    Append,
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name.
    pub name: Spanned<String>,
    /// Where its value comes from.
    pub value: ColumnValue,
    /// The Spark SQL type it is cast to, as written.
    pub ty: Option<Spanned<String>>,
    /// What stands in for NULL; it comes after the rules.
    pub default: Option<Spanned<Scalar>>,
    /// What it holds.
    pub description: Option<Spanned<String>>,
    /// Words about it, such as `pii.email`.
    pub tags: Vec<Spanned<String>>,
}

/// Where a column's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnValue {
    /// A column of the input by its name there, which may hold spaces or `-`, or a path into a struct: `line.LineNo`.
    From(Located),
    /// A Spark SQL expression over the input's columns.
    Expr(Located),
    /// The input's column of the same name.
    Same,
}

/// A literal value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// A number as it was written, such as `0.10`.
    Number(String),
    /// A truth value.
    Bool(bool),
}

/// A rule that every row should keep.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// Its name, by which quarantined rows are counted.
    pub name: Spanned<String>,
    /// A Spark SQL condition over the table's columns. A row passes only when it is TRUE.
    pub check: Located,
    /// What happens with a row that does not pass.
    pub on_fail: OnFail,
    /// What `_validation_errors` says of the row; else the rule's name.
    pub message: Option<Spanned<String>>,
    /// Which side of quality it is about.
    pub dimension: Option<QualityDimension>,
}

/// What happens with a row that does not pass a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnFail {
    /// It goes to the quarantine.
    #[default]
    Quarantine,
    /// It stays, marked `_is_valid = false`.
    Warn,
    /// It is left out and counted.
    Drop,
    /// The batch fails before anything is committed.
    Fail,
}

/// A side of data quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QualityDimension {
    /// Nothing is missing.
    Completeness,
    /// Nothing is there twice.
    Uniqueness,
    /// Values have the right form and lie in range.
    Validity,
    /// Values say what is so.
    Accuracy,
    /// Values agree with each other.
    Consistency,
    /// Values come in time.
    Timeliness,
}

/// Reference data joined in. It never drops or multiplies a row.
#[derive(Debug, Clone)]
pub struct Lookup {
    /// Its name.
    pub name: Spanned<String>,
    /// The table it reads, as `layer.name`.
    pub table: Spanned<String>,
    /// The columns that are equal on both sides, together unique in the table.
    pub on: Vec<Spanned<String>>,
    /// The columns taken over.
    pub columns: Vec<Spanned<String>>,
}

/// A column by name, or an expression under a name: `order_date`, or `month: date_trunc('MONTH', order_date)`.
#[derive(Debug, Clone)]
pub struct NamedExpr {
    /// The column, or what the expression is called.
    pub name: Spanned<String>,
    /// The Spark SQL expression; none for a plain column.
    pub expr: Option<Located>,
}

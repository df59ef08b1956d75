//! What a key's value looks like. One table of keys per kind of file drives what is accepted, the JSON Schema and the
//! reference page, so that they cannot drift apart.

use crate::choice::Words;

/// What a value looks like.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Any text.
    Text,
    /// A name: a letter or `_`, then letters, digits and `_`.
    Name,
    /// A column, or one of another table: `dim_product.category`.
    ColumnOf,
    /// A table: `layer.name`.
    Table,
    /// A Spark SQL expression or query.
    Sql,
    /// A Spark SQL type.
    SqlType,
    /// `true` or `false`.
    Bool,
    /// One character.
    Char,
    /// What stands between values: any text but none, of blanks too.
    Separator,
    /// One character within numbers.
    Mark,
    /// A whole number of at least so much.
    Whole(u64),
    /// A way into a JSON document.
    JsonPath,
    /// How days or times are written.
    DatePattern,
    /// A part of a spreadsheet's sheet.
    CellRange,
    /// A number from 0 to 1.
    Fraction,
    /// A day, `2025-01-31`.
    Date,
    /// A time, `2025-01-31T08:30:00Z`.
    Instant,
    /// Rows: a list of maps of columns, or a text of CSV or JSON.
    Rows,
    /// The name of a month.
    Month,
    /// A number of bytes, `4GiB`.
    Size,
    /// A span of time, `2 days`.
    Duration,
    /// A number of bytes or a share of the machine, `50%`.
    Memory,
    /// A text, a number or a truth value.
    Literal,
    /// Any scalar as it is written, `NULL` included.
    Verbatim,
    /// One of a few words.
    Choice(&'static Words),
    /// A list; a single value counts as a list of one.
    List(&'static Shape),
    /// A map of names that the user chooses, each with a value of one shape.
    Named(&'static Shape),
    /// The same, where `'*': snake_case` may stand among the names.
    Columns(&'static Shape),
    /// The same, where the names are those of something outside and may hold anything.
    Labelled(&'static Shape),
    /// A map with keys of its own.
    Object(&'static Object),
    /// A word, or a map.
    Or(&'static Shape, &'static Shape),
}

/// A map with keys of its own.
#[derive(Debug)]
pub(crate) struct Object {
    /// What it is, with its article: `an entity`.
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [Key],
    /// Whether nothing may stand for a map without keys.
    pub(crate) may_be_empty: bool,
}

/// A key of an object.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
    /// What holds when it is left out, as it would be written.
    pub(crate) default: Option<&'static str>,
    /// What it means: JSON Schema text, reference page and help.
    pub(crate) doc: &'static str,
}

impl Key {
    /// A key that must be there.
    pub(crate) const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, shape, required: true, default: None, doc }
    }

    /// A key that may be left out.
    pub(crate) const fn optional(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { name, shape, required: false, default: None, doc }
    }

    /// A key that may be left out, and then is as if it had this value.
    pub(crate) const fn defaulted(name: &'static str, shape: Shape, default: &'static str, doc: &'static str) -> Self {
        Self { name, shape, required: false, default: Some(default), doc }
    }
}

/// A list of names.
pub(crate) const NAMES: Shape = Shape::List(&Shape::Name);
/// A list of texts.
pub(crate) const TEXTS: Shape = Shape::List(&Shape::Text);
/// Columns or named expressions, as `partition_by` takes them.
pub(crate) const NAMED_EXPRS: Shape = Shape::List(&Shape::Or(&Shape::Name, &Shape::Named(&Shape::Sql)));

/// What every table may say of itself.
pub(crate) const DESCRIPTION: Key = Key::optional("description", Shape::Text, "What it holds, for people.");
/// Who answers for it.
pub(crate) const OWNER: Key =
    Key::optional("owner", Shape::Text, "Who answers for it. Left out: `defaults.owner` of the lakehouse.");
/// Words to select by.
pub(crate) const TAGS: Key = Key::optional("tags", TEXTS, "Words to select it by: `lakesmith run tag:…`.");
/// What files are parted by.
pub(crate) const PARTITION_BY: Key = Key::optional(
    "partition_by",
    NAMED_EXPRS,
    "What its files are parted by: columns, or `{ month: expression }`. Not built yet: use `cluster_by`.",
);
/// What rows lie near each other by.
pub(crate) const CLUSTER_BY: Key = Key::optional(
    "cluster_by",
    NAMED_EXPRS,
    "What rows lie near each other by, so that queries that filter by it read few files: columns. Expressions are not built \
     yet.",
);

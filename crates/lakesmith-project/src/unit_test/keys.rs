//! The keys of a unit test.

use crate::shape::{DESCRIPTION, Key, Object, Shape};

/// Rows by table.
const ROWS: Shape = Shape::Labelled(&Shape::Rows);

const NOW: Key = Key::defaulted(
    "now",
    Shape::Instant,
    "2025-01-01T00:00:00Z",
    "The time of the test: what `current_timestamp()` gives, and when rows arrive.",
);
const GIVEN: Key = Key::optional(
    "given",
    ROWS,
    "Rows that arrive, by table: a list of `{ column: value }`, or CSV or JSON as a text. Rows of a bronze table are those of \
     its source, with the source's names; a text is a file of it. Columns that are left out are NULL, lakesmith's own are \
     filled in.",
);
const EXPECT: Key = Key::optional(
    "expect",
    ROWS,
    "All rows that a table is to hold then, in any order; of each row the columns that are written are compared. Companions \
     are tables too: `silver.sales_orders_quarantine`.",
);
const QUARANTINE: Key = Key::optional(
    "quarantine",
    ROWS,
    "All rows that are to be in a table's quarantine then, with `reasons`: the messages of the rules that failed; or `rules`: \
     their names.",
);
const COUNTS: Key = Key::optional(
    "counts",
    Shape::Labelled(&Shape::Labelled(&Shape::Whole(0))),
    "What is to have become of the rows that the run read for a table: `read`, `inserted`, `updated`, `unchanged`, \
     `superseded`, `quarantined`, `dropped`, `deleted`, `removed`, and what else the run counts, such as `unknown customer_key`.",
);

/// One run of a test.
pub(crate) const BATCH: Object = Object {
    name: "a batch of a test",
    may_be_empty: false,
    keys: &[
        Key::optional(
            "now",
            Shape::Instant,
            "The time of this run. Left out: a minute after the one before, and of the first that of the test.",
        ),
        GIVEN,
        EXPECT,
        QUARANTINE,
        COUNTS,
    ],
};

/// A test.
pub(crate) const KEYS: Object = Object {
    name: "a unit test",
    may_be_empty: false,
    keys: &[
        Key::required("test", Shape::Text, "What it shows, in words: the test's name."),
        DESCRIPTION,
        Key::optional("tags", crate::shape::TEXTS, "Words to select it by: `lakesmith test tag:…`."),
        NOW,
        Key::optional(
            "types",
            Shape::Labelled(&Shape::Labelled(&Shape::SqlType)),
            "Spark SQL types of columns of bronze tables, by table and column, where the rows and `schema_hints` do not tell \
             them.",
        ),
        GIVEN,
        Key::optional(
            "batches",
            Shape::List(&Shape::Object(&BATCH)),
            "Several runs, one after the other, in place of `given`: what arrives before each, and what holds after it.",
        ),
        EXPECT,
        QUARANTINE,
        COUNTS,
    ],
};

/// A file with several tests.
pub(crate) const FILE: Object = Object {
    name: "a file of tests",
    may_be_empty: false,
    keys: &[Key::required("tests", Shape::List(&Shape::Object(&KEYS)), "The tests, each with the keys of a file with one.")],
};

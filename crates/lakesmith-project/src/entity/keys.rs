//! The keys of `silver/<domain>/<entity>.yaml`.

use super::{History, OnFail, QualityDimension};
use crate::choice::{Choice, choice};
use crate::shape::{CLUSTER_BY, DESCRIPTION, Key, NAMES, OWNER, Object, PARTITION_BY, Shape, TAGS, TEXTS};

/// The file.
pub(crate) const KEYS: Object = Object {
    name: "an entity",
    may_be_empty: false,
    keys: &[
        Key::optional(
            "from",
            Shape::Table,
            "The table it reads: bronze, or another entity of silver, whose rows it then follows. Either this or `sql` is needed.",
        ),
        Key::optional(
            "sql",
            Shape::Sql,
            "A Spark SQL query over entities of silver that it reads instead. Its columns are the entity's, unless `columns` says otherwise.",
        ),
        Key::optional(
            "explode",
            Shape::Named(&Shape::Sql),
            "A list whose elements become rows: `{ line: lines }` makes `line` one element of the column `lines`.",
        ),
        Key::optional("key", NAMES, "The columns that tell its rows apart. Needed unless `history: append`."),
        Key::optional(
            "sequence_by",
            Shape::Name,
            "The column that orders the states of one key. Left out: they are ordered by arrival.",
        ),
        Key::defaulted("history", Shape::Choice(&History::WORDS), "none", "Which states of a key it keeps."),
        Key::optional(
            "columns",
            Shape::Columns(&Shape::Object(&COLUMN)),
            "Its columns by name. Needed unless `sql` is there. Only what is listed is kept; `'*': snake_case` passes the rest. Their order decides between states of equal sequence.",
        ),
        Key::optional("expect", Shape::Named(&Shape::Object(&EXPECTATION)), "Its rules by name."),
        Key::optional(
            "lookup",
            Shape::Named(&Shape::Object(&LOOKUP)),
            "Reference data joined in, by name. It never drops or multiplies a row.",
        ),
        PARTITION_BY,
        CLUSTER_BY,
        DESCRIPTION,
        OWNER,
        TAGS,
    ],
};

/// One of `columns:`
pub(crate) const COLUMN: Object = Object {
    name: "a column",
    may_be_empty: true,
    keys: &[
        Key::optional(
            "from",
            Shape::Text,
            "The column of the input, or a path into a struct such as `line.LineNo`. Left out: the one of the same name.",
        ),
        Key::optional("expr", Shape::Sql, "A Spark SQL expression over the input's columns, in place of `from`."),
        Key::optional(
            "type",
            Shape::SqlType,
            "The type it is cast to. A value that does not parse sends its row to the quarantine.",
        ),
        Key::optional("default", Shape::Literal, "What stands in for NULL, after the rules were checked."),
        Key::optional("description", Shape::Text, "What it holds, for people."),
        Key::optional("tags", TEXTS, "Words about it, such as `pii.email`."),
    ],
};

/// One of `expect:`
pub(crate) const EXPECTATION: Object = Object {
    name: "an expectation",
    may_be_empty: false,
    keys: &[
        Key::required(
            "check",
            Shape::Sql,
            "A Spark SQL condition over the columns. A row passes only when it is TRUE; NULL fails.",
        ),
        Key::defaulted("on_fail", Shape::Choice(&OnFail::WORDS), "quarantine", "What happens with a row that does not pass."),
        Key::optional("message", Shape::Text, "What `_validation_errors` says of the row. Left out: the rule's name."),
        Key::optional("dimension", Shape::Choice(&QualityDimension::WORDS), "Which side of quality it is about."),
    ],
};

/// One of `lookup:`
pub(crate) const LOOKUP: Object = Object {
    name: "a lookup",
    may_be_empty: false,
    keys: &[
        Key::required("table", Shape::Table, "The table it reads."),
        Key::required("on", NAMES, "The columns that are equal on both sides, together unique in the table."),
        Key::required("columns", NAMES, "The columns taken over."),
    ],
};

choice! { pub History:
    "none" = None, "The latest state per key.";
    "changes" = Changes, "Every state: one row per key and sequence.";
    "type2" = Type2, "Every state with the span of time it was valid. Not built yet, and refused: keep `changes`, from which a type 2 dimension builds the versions.";
    "append" = Append, "Every row, as it comes.";
}
choice! { pub OnFail:
    "quarantine" = Quarantine, "It goes to the quarantine with its reasons.";
    "warn" = Warn, "It stays, marked `_is_valid = false`.";
    "drop" = Drop, "It is left out and counted.";
    "fail" = Fail, "The batch fails before anything is committed.";
}
choice! { pub QualityDimension:
    "completeness" = Completeness, "Nothing is missing.";
    "uniqueness" = Uniqueness, "Nothing is there twice.";
    "validity" = Validity, "Values have the right form and lie in range.";
    "accuracy" = Accuracy, "Values say what is so.";
    "consistency" = Consistency, "Values agree with each other.";
    "timeliness" = Timeliness, "Values come in time.";
}

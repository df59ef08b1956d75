//! The keys of a fact.

use super::{Additivity, FactKind, MissingMember, OnDuplicate};
use crate::choice::{Choice, choice};
use crate::shape::{CLUSTER_BY, DESCRIPTION, Key, NAMES, OWNER, Object, PARTITION_BY, Shape, TAGS};

/// The file.
pub(crate) const KEYS: Object = Object {
    name: "a fact",
    may_be_empty: false,
    keys: &[
        Key::required("fact", Shape::Name, "The fact's name: it fills `gold.<name>`."),
        Key::defaulted("kind", Shape::Choice(&FactKind::WORDS), "transaction", "How its rows come about."),
        Key::optional("grain", Shape::Text, "What one row is, in words: `one row per order line item`."),
        Key::required("grain_key", NAMES, "The columns that tell its rows apart."),
        Key::optional("from", Shape::Table, "The silver table it reads. Either this or `sql` is needed."),
        Key::optional("sql", Shape::Sql, "A Spark SQL query over silver tables that it reads instead."),
        Key::optional("dimensions", Shape::Named(&Shape::Object(&DIMENSION)), "Its keys to dimensions, by column."),
        Key::optional(
            "degenerate",
            NAMES,
            "The columns of the input it keeps beside keys and measures, such as an order's number.",
        ),
        Key::optional("surrogate_key", Shape::Name, "The name of a BIGINT key of its own."),
        Key::optional("measures", Shape::Named(&Shape::Object(&MEASURE)), "What it measures, by column."),
        Key::defaulted(
            "on_duplicate",
            Shape::Choice(&OnDuplicate::WORDS),
            "fail",
            "What happens with several rows of one grain key.",
        ),
        PARTITION_BY,
        CLUSTER_BY,
        DESCRIPTION,
        OWNER,
        TAGS,
    ],
};

/// One of `dimensions:`
pub(crate) const DIMENSION: Object = Object {
    name: "a dimension of a fact",
    may_be_empty: false,
    keys: &[
        Key::required(
            "dimension",
            Shape::Name,
            "The dimension by its name, such as `dim_customer`; `dim_date` follows from the calendar.",
        ),
        Key::required(
            "on",
            NAMES,
            "The input's columns that are equal to the natural key, in its order; for `dim_date` the date.",
        ),
        Key::optional(
            "as_of",
            Shape::Name,
            "The input's column whose time selects the version of a type 2 member. Left out: the current one.",
        ),
        Key::defaulted("missing", Shape::Choice(&MissingMember::WORDS), "unknown", "What happens when there is no such member."),
    ],
};

/// One of `measures:`
pub(crate) const MEASURE: Object = Object {
    name: "a measure",
    may_be_empty: true,
    keys: &[
        Key::optional("from", Shape::Text, "The column of the input. Left out: the one of the same name."),
        Key::optional("expr", Shape::Sql, "A Spark SQL expression over the input's columns, in place of `from`."),
        Key::optional("type", Shape::SqlType, "The type it is cast to."),
        Key::optional("unit", Shape::Text, "What it is counted in, such as `USD`."),
        Key::optional("description", Shape::Text, "What it means, for people."),
        Key::defaulted("additivity", Shape::Choice(&Additivity::WORDS), "additive", "Along which dimensions it may be summed."),
    ],
};

choice! { pub FactKind:
    "transaction" = Transaction, "One row per event.";
    later "periodic_snapshot", "accumulating_snapshot";
}
choice! { pub MissingMember:
    "unknown" = Unknown, "The key is -1 until the member arrives.";
    "inferred" = Inferred, "The dimension gets a member of which only the key is known.";
    "fail" = Fail, "The batch fails before anything is committed.";
}
choice! { pub Additivity:
    "additive" = Additive, "Along all.";
    "semi_additive" = SemiAdditive, "Along all but time, such as a stock.";
    "non_additive" = NonAdditive, "Along none, such as a price.";
}
choice! { pub OnDuplicate:
    "fail" = Fail, "The batch fails before anything is committed.";
    "quarantine" = Quarantine, "They go to the quarantine.";
}

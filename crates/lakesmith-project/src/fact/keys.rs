//! The keys of a fact.

use super::{Additivity, FactKind, MeasureOver, MissingMember, OnDuplicate, PeriodLength};
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
        Key::optional(
            "period",
            Shape::Object(&PERIOD),
            "The periods of a `periodic_snapshot`. Its rows have `period_start` and `period_end`, the first and the last day.",
        ),
        Key::optional(
            "milestones",
            Shape::Named(&Shape::Object(&MILESTONE)),
            "The steps of an `accumulating_snapshot` by column: the first time that a state of the row's key fulfils a condition. \
             Left out: the input has one row per process, with the times in columns.",
        ),
        Key::optional("sequence_by", Shape::Name, "Where there are `milestones`: the input's column that orders the states."),
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
        Key::defaulted(
            "additivity",
            Shape::Choice(&Additivity::WORDS),
            "additive",
            "Along which dimensions it may be summed. An aggregate that sums it along others is refused.",
        ),
        Key::optional(
            "over",
            Shape::Choice(&MeasureOver::WORDS),
            "In a `periodic_snapshot`: which rows it sums up. Left out: `to_date` for a semi-additive measure, else `period`.",
        ),
    ],
};

/// `period:`
pub(crate) const PERIOD: Object = Object {
    name: "a period",
    may_be_empty: false,
    keys: &[
        Key::required("every", Shape::Choice(&PeriodLength::WORDS), "How long a period is."),
        Key::required("on", Shape::Name, "The input's column that tells when something happened, a date or a timestamp."),
    ],
};

/// One of `milestones:`
pub(crate) const MILESTONE: Object = Object {
    name: "a milestone",
    may_be_empty: false,
    keys: &[
        Key::required("when", Shape::Sql, "Which states reach it: a condition over the input's columns."),
        Key::optional("time", Shape::Sql, "When a state reached it. Left out: the column of `sequence_by`."),
        Key::optional("type", Shape::SqlType, "The type the time is cast to, such as `date`."),
    ],
};

choice! { pub FactKind:
    "transaction" = Transaction, "One row per event.";
    "periodic_snapshot" = PeriodicSnapshot, "One row per member and period, from its first event to the batch's date, also where nothing happened.";
    "accumulating_snapshot" = AccumulatingSnapshot, "One row per process, whose milestones are filled as they come.";
    "factless" = Factless, "One row per event, of which nothing is measured: that it took place is the fact.";
}
choice! { pub PeriodLength:
    "day" = Day, "A day.";
    "week" = Week, "From Monday to Sunday.";
    "month" = Month, "A calendar month.";
    "quarter" = Quarter, "A calendar quarter.";
    "year" = Year, "A calendar year.";
}
choice! { pub MeasureOver:
    "period" = Period, "Those of the period.";
    "to_date" = ToDate, "All up to the end of the period: a stock, a balance.";
}
choice! { pub MissingMember:
    "unknown" = Unknown, "The key is -1 until the member arrives.";
    "inferred" = Inferred, "The dimension gets a member of which only the key is known. Not built yet, and refused: of facts with `sql`, and `as_of` a column that the input does not have, such as `period_end`.";
    "fail" = Fail, "The batch fails before anything is committed.";
}
choice! { pub Additivity:
    "additive" = Additive, "Along all.";
    "semi_additive" = SemiAdditive, "Along all but time, such as a stock.";
    "non_additive" = NonAdditive, "Along none, such as a price.";
}
choice! { pub OnDuplicate:
    "fail" = Fail, "The batch fails before anything is committed.";
    "quarantine" = Quarantine, "They go to the quarantine. Not built yet, and refused.";
}

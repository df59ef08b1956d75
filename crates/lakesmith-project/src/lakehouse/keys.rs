//! The keys of `lakehouse.yaml`.

use super::TimeGrain;
use crate::choice::{Choice, choice};
use crate::shape::{DESCRIPTION, Key, Object, Shape};

/// The file.
pub(crate) const KEYS: Object = Object {
    name: "`lakehouse.yaml`",
    may_be_empty: false,
    keys: &[
        Key::required("lakehouse", Shape::Name, "The lakehouse's name: the first part of `acme.gold.fact_sales`."),
        DESCRIPTION,
        Key::optional(
            "calendar",
            Shape::Object(&CALENDAR),
            "The days that `gold.dim_date` holds. Left out: there is no `dim_date`.",
        ),
        Key::optional("defaults", Shape::Object(&DEFAULTS), "What holds where a file says nothing."),
        Key::defaulted(
            "targets",
            Shape::Named(&Shape::Object(&TARGET)),
            "dev: { storage: .lake, default: true }",
            "The environments by name: where the tables lie and what computes them.",
        ),
    ],
};

/// `calendar:`
pub(crate) const CALENDAR: Object = Object {
    name: "a calendar",
    may_be_empty: false,
    keys: &[
        Key::required("start", Shape::Date, "The first day."),
        Key::required(
            "end",
            Shape::Date,
            "The last day. Days that facts use beyond the calendar are added as they come, and stay until a full refresh of `gold.dim_date`.",
        ),
        Key::defaulted("fiscal_year_start", Shape::Month, "january", "The month a fiscal year begins with."),
        Key::optional(
            "holidays",
            Shape::List(&Shape::Or(&Shape::Text, &Shape::Object(&HOLIDAY))),
            "The holidays: iCalendar files (`holidays/de.ics`, relative to the project), and days with a name.",
        ),
        Key::optional(
            "time",
            Shape::Choice(&TimeGrain::WORDS),
            "How finely `gold.dim_time` tells the times of a day. Left out: there is no `dim_time`.",
        ),
    ],
};

/// One of `holidays:`
pub(crate) const HOLIDAY: Object = Object {
    name: "a holiday",
    may_be_empty: false,
    keys: &[
        Key::optional("file", Shape::Text, "An iCalendar file of holidays, relative to the project. Either this or `date`."),
        Key::optional("date", Shape::Date, "The day, or the first one."),
        Key::optional("until", Shape::Date, "The last day, of several in a row."),
        Key::optional("name", Shape::Text, "What people call it."),
        Key::defaulted("yearly", Shape::Bool, "false", "Whether it comes back on that day of every later year."),
        Key::optional(
            "country",
            Shape::Text,
            "Where it is kept, as an ISO 3166 code such as `DE` or `DE-BY`: it gets columns of its own, `is_holiday_de` \
             and `holiday_name_de`. A part of a country keeps the holidays of the country too. Left out: everywhere.",
        ),
    ],
};

choice! { pub TimeGrain:
    "hour" = Hour, "24 rows.";
    "minute" = Minute, "1,440 rows.";
    "second" = Second, "86,400 rows.";
}

/// `defaults:`
pub(crate) const DEFAULTS: Object = Object {
    name: "`defaults`",
    may_be_empty: true,
    keys: &[
        Key::optional("owner", Shape::Text, "Who answers for a table that names nobody."),
        Key::optional("memory", Shape::Memory, "How much memory a run may use: a size, or a share of the machine."),
        Key::defaulted("max_batch", Shape::Size, "10GiB", "How much one batch reads at most; a first load is cut by it."),
    ],
};

/// One of `targets:`
pub(crate) const TARGET: Object = Object {
    name: "a target",
    may_be_empty: false,
    keys: &[
        Key::required(
            "storage",
            Shape::Text,
            "The root of all tables: a folder relative to the project, or a URL such as `s3://…`, `abfss://…`, `gs://…`.",
        ),
        Key::defaulted("default", Shape::Bool, "false", "Whether it is used when no target is named."),
        Key::defaulted(
            "engine",
            Shape::Or(&Shape::Choice(&super::read::EMBEDDED), &Shape::Object(&ENGINE)),
            "embedded",
            "What runs the steps: this process, or Spark by `{ spark: \"sc://…\" }`.",
        ),
    ],
};

/// `engine: { spark: … }`
pub(crate) const ENGINE: Object = Object {
    name: "an engine",
    may_be_empty: false,
    keys: &[Key::required("spark", Shape::Text, "The Spark Connect address, `sc://host:port`.")],
};

//! The keys of `lakehouse.yaml`.

use crate::shape::{DESCRIPTION, Key, Object, Shape, TEXTS};

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
        Key::required("end", Shape::Date, "The last day. Days that facts use beyond it are added as they come."),
        Key::defaulted("fiscal_year_start", Shape::Month, "january", "The month a fiscal year begins with."),
        Key::optional("holidays", TEXTS, "iCalendar files of public holidays, relative to the project."),
    ],
};

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

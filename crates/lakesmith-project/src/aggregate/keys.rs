//! The keys of an aggregate.

use crate::shape::{CLUSTER_BY, DESCRIPTION, Key, OWNER, Object, PARTITION_BY, Shape, TAGS};

/// The file.
pub(crate) const KEYS: Object = Object {
    name: "an aggregate",
    may_be_empty: false,
    keys: &[
        Key::required("aggregate", Shape::Name, "The aggregate's name: it fills `gold.<name>`."),
        Key::required("from", Shape::Table, "The gold table it reads."),
        Key::required(
            "group_by",
            Shape::List(&Shape::Or(&Shape::ColumnOf, &Shape::Named(&Shape::Sql))),
            "What makes a group, one row each: columns of the fact, attributes of its dimensions as `dim_product.category`, or \
             `{ month: expression }` over both. A dimension with several roles is named by the role: `ship_date.month` of `ship_date_key`.",
        ),
        Key::required(
            "measures",
            Shape::Named(&Shape::Or(&Shape::Sql, &Shape::Object(&MEASURE))),
            "Spark SQL aggregate expressions by column: `revenue: sum(total_amount)`, or with words \
             `revenue: { expr: sum(total_amount), unit: USD }`.",
        ),
        PARTITION_BY,
        CLUSTER_BY,
        DESCRIPTION,
        OWNER,
        TAGS,
    ],
};

/// One of `measures:`, where more is said of it than its expression.
pub(crate) const MEASURE: Object = Object {
    name: "a measure of an aggregate",
    may_be_empty: false,
    keys: &[
        Key::required("expr", Shape::Sql, "A Spark SQL aggregate expression over the columns of `from`."),
        Key::optional("unit", Shape::Text, "What it is counted in, such as `USD`."),
        Key::optional("description", Shape::Text, "What it means, for people. Left out: the expression stands for it."),
    ],
};

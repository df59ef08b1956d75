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
            Shape::Named(&Shape::Sql),
            "Spark SQL aggregate expressions by column: `revenue: sum(total_amount)`.",
        ),
        PARTITION_BY,
        CLUSTER_BY,
        DESCRIPTION,
        OWNER,
        TAGS,
    ],
};

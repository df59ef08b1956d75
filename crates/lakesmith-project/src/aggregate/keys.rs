//! The keys of an aggregate.

use crate::shape::{CLUSTER_BY, DESCRIPTION, Key, NAMES, OWNER, Object, PARTITION_BY, Shape, TAGS};

/// The file.
pub(crate) const KEYS: Object = Object {
    name: "an aggregate",
    may_be_empty: false,
    keys: &[
        Key::required("aggregate", Shape::Name, "The aggregate's name: it fills `gold.<name>`."),
        Key::required("from", Shape::Table, "The gold table it reads."),
        Key::required("group_by", NAMES, "The columns that make a group: one row each."),
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

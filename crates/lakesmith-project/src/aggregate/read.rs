//! From an aggregate's file as a tree to the model.

use super::Aggregate;
use super::keys::KEYS;
use crate::fields::{Fields, located};
use crate::names::{distinct, not_empty, not_reserved};
use crate::yaml::Node;
use lakesmith_text::Diagnostics;

/// The aggregate that a tree describes; none if what it is cannot be told.
pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<Aggregate> {
    let fields = Fields::of_file(node, &KEYS);
    let measures = fields.entries("measures").iter();
    let aggregate = Aggregate {
        name: fields.name("aggregate").unwrap_or_else(|| fields.nothing()),
        at: fields.at,
        from: fields.table("from").unwrap_or_else(|| fields.nothing()),
        group_by: fields.groups("group_by"),
        measures: measures.filter_map(|entry| Some((entry.key.clone(), located(&entry.value)?))).collect(),
        partition_by: fields.named_exprs("partition_by"),
        cluster_by: fields.named_exprs("cluster_by"),
        description: fields.text("description"),
        owner: fields.text("owner"),
        tags: fields.texts("tags"),
    };
    not_empty(&fields, "group_by", diagnostics);
    let columns: Vec<_> =
        aggregate.group_by.iter().map(|group| &group.name).chain(aggregate.measures.iter().map(|(name, _)| name)).collect();
    distinct(columns.iter().copied(), "the column", diagnostics);
    not_reserved(columns, diagnostics);
    (!aggregate.name.is_empty() && !aggregate.from.is_empty()).then_some(aggregate)
}

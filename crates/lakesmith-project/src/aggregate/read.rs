//! From an aggregate's file as a tree to the model.

use super::keys::{KEYS, MEASURE};
use super::{Aggregate, MeasureWords};
use crate::fields::{Fields, located};
use crate::names::{distinct, not_empty, not_reserved};
use crate::yaml::{Entry, Kind, Node};
use lakesmith_text::{Diagnostics, Located};

/// The aggregate that a tree describes; none if what it is cannot be told.
pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<Aggregate> {
    let fields = Fields::of_file(node, &KEYS);
    let measures = fields.entries("measures");
    let aggregate = Aggregate {
        name: fields.name("aggregate").unwrap_or_else(|| fields.nothing()),
        at: fields.at,
        from: fields.table("from").unwrap_or_else(|| fields.nothing()),
        group_by: fields.groups("group_by"),
        measures: measures.iter().filter_map(|entry| Some((entry.key.clone(), expression(entry)?))).collect(),
        words: measures.iter().filter_map(|entry| Some((entry.key.value.clone(), words(entry)?))).collect(),
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

/// A measure written as a map.
fn map(entry: &Entry) -> Option<Fields<'_>> {
    matches!(entry.value.kind, Kind::Map(_)).then(|| Fields::new(&entry.value, &MEASURE, entry.key.span))
}

/// A measure's expression: its whole value, or that of `expr`.
fn expression(entry: &Entry) -> Option<Located> {
    match map(entry) {
        Some(fields) => fields.sql("expr"),
        None => located(&entry.value),
    }
}

fn words(entry: &Entry) -> Option<MeasureWords> {
    let fields = map(entry)?;
    Some(MeasureWords { unit: fields.text("unit"), description: fields.text("description") })
}

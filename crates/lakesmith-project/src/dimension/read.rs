//! From a dimension's file as a tree to the model.

use super::keys::KEYS;
use super::{Dimension, DimensionHistory};
use crate::fields::Fields;
use crate::names::{distinct, known, no_effect, not_empty, not_reserved};
use crate::yaml::Node;
use lakesmith_text::Diagnostics;

/// The dimension that a tree describes; none if what it is cannot be told.
pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<Dimension> {
    let fields = Fields::of_file(node, &KEYS);
    let dimension = Dimension {
        name: fields.name("dimension").unwrap_or_else(|| fields.nothing()),
        at: fields.at,
        from: fields.table("from").unwrap_or_else(|| fields.nothing()),
        natural_key: fields.names("natural_key"),
        surrogate_key: fields.name("surrogate_key").unwrap_or_else(|| fields.nothing()),
        history: fields.choice("history").unwrap_or_default(),
        sequence_by: fields.name("sequence_by"),
        track: fields.names("track"),
        attributes: fields.has("attributes").then(|| fields.names("attributes")),
        validity: fields.choice("validity").unwrap_or_default(),
        first_version: fields.choice("first_version").unwrap_or_default(),
        partition_by: fields.named_exprs("partition_by"),
        cluster_by: fields.named_exprs("cluster_by"),
        description: fields.text("description"),
        owner: fields.text("owner"),
        tags: fields.texts("tags"),
    };
    check(&dimension, &fields, diagnostics);
    let needed = [&dimension.name, &dimension.from, &dimension.surrogate_key];
    needed.iter().all(|text| !text.is_empty()).then_some(dimension)
}

fn check(dimension: &Dimension, fields: &Fields<'_>, diagnostics: &mut Diagnostics) {
    not_empty(fields, "natural_key", diagnostics);
    distinct(dimension.natural_key.iter().chain([&dimension.surrogate_key]), "the column", diagnostics);
    not_reserved([&dimension.surrogate_key], diagnostics);
    distinct(&dimension.track, "the tracked attribute", diagnostics);
    if dimension.history == DimensionHistory::Type1 {
        for key in ["track", "validity", "first_version"] {
            no_effect(fields, key, "`history: type2`", diagnostics);
        }
    }
    if let Some(attributes) = &dimension.attributes {
        distinct(attributes, "the attribute", diagnostics);
        let kept: Vec<&str> = attributes.iter().map(|name| name.as_str()).collect();
        known(&dimension.track, &kept, "unknown-column", "track", "add `{}` to `attributes`", diagnostics);
    }
}

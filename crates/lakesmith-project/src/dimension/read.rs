//! From a dimension's file as a tree to the model.

use super::keys::KEYS;
use super::{Dimension, DimensionHistory, DimensionKind};
use crate::fields::Fields;
use crate::names::{distinct, known, no_effect, not_empty, not_reserved};
use crate::scalar::is_name;
use crate::yaml::{Entry, Node};
use lakesmith_text::{Diagnostic, Diagnostics, Spanned};

/// The dimension that a tree describes; none if what it is cannot be told.
pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<Dimension> {
    let fields = Fields::of_file(node, &KEYS);
    let dimension = Dimension {
        name: fields.name("dimension").unwrap_or_else(|| fields.nothing()),
        at: fields.at,
        from: fields.table("from").unwrap_or_else(|| fields.nothing()),
        natural_key: fields.names("natural_key"),
        surrogate_key: fields.name("surrogate_key").unwrap_or_else(|| fields.nothing()),
        kind: fields.choice("kind").unwrap_or_default(),
        history: fields.choice("history").unwrap_or_default(),
        sequence_by: fields.name("sequence_by"),
        track: fields.names("track"),
        overwrite: fields.names("overwrite"),
        hierarchies: fields.entries("hierarchies").iter().map(hierarchy).collect(),
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

/// A hierarchy: its name and its levels.
fn hierarchy(entry: &Entry) -> (Spanned<String>, Vec<Spanned<String>>) {
    let levels = entry.value.items().iter().filter_map(Node::text).filter(|level| is_name(level));
    (entry.key.clone(), levels.collect())
}

fn check(dimension: &Dimension, fields: &Fields<'_>, diagnostics: &mut Diagnostics) {
    not_empty(fields, "natural_key", diagnostics);
    distinct(dimension.natural_key.iter().chain([&dimension.surrogate_key]), "the column", diagnostics);
    not_reserved([&dimension.surrogate_key], diagnostics);
    distinct(&dimension.track, "the tracked attribute", diagnostics);
    if dimension.history == DimensionHistory::Type1 {
        for key in ["track", "overwrite", "validity", "first_version"] {
            no_effect(fields, key, "`history: type2`", diagnostics);
        }
    }
    distinct(&dimension.overwrite, "the overwriting attribute", diagnostics);
    for both in &dimension.overwrite {
        if let Some(tracked) = dimension.track.iter().find(|tracked| tracked.eq_ignore_ascii_case(both)) {
            diagnostics.push(
                Diagnostic::error("conflicting-keys", format!("`{both}` is both tracked and overwritten"))
                    .at(both.span)
                    .related(tracked.span, "tracked here")
                    .help("`track` keeps its former values in versions, `overwrite` puts the newest into all of them"),
            );
        }
    }
    for (name, levels) in &dimension.hierarchies {
        distinct(levels, "the level", diagnostics);
        if levels.len() < 2 {
            let fault = Diagnostic::error("invalid-value", format!("the hierarchy `{name}` has no two levels"));
            diagnostics
                .push(fault.at(name.span).help("name attributes from the coarsest to the finest: `[country, state, city]`"));
        }
    }
    if dimension.kind == DimensionKind::Junk {
        junk(dimension, fields, diagnostics);
    }
    if let Some(attributes) = &dimension.attributes {
        distinct(attributes, "the attribute", diagnostics);
        let kept: Vec<&str> = attributes.iter().map(|name| name.as_str()).collect();
        known(&dimension.track, &kept, "unknown-column", "track", "add `{}` to `attributes`", diagnostics);
        known(&dimension.overwrite, &kept, "unknown-column", "overwrite", "add `{}` to `attributes`", diagnostics);
        let kept: Vec<&str> = attributes.iter().chain(&dimension.natural_key).map(|name| name.as_str()).collect();
        let levels = dimension.hierarchies.iter().flat_map(|(_, levels)| levels);
        known(levels, &kept, "unknown-column", "hierarchies", "add `{}` to `attributes`", diagnostics);
    }
}

/// A junk dimension is its natural key and nothing else.
fn junk(dimension: &Dimension, fields: &Fields<'_>, diagnostics: &mut Diagnostics) {
    if dimension.history == DimensionHistory::Type2 {
        diagnostics.push(
            Diagnostic::error("conflicting-keys", "a junk dimension has no history: another combination is another member")
                .at(fields.place("history"))
                .related(fields.place("kind"), "`kind: junk` is here")
                .help("leave `history` out"),
        );
    }
    for key in ["attributes", "sequence_by"] {
        no_effect(fields, key, "`kind: regular`", diagnostics);
    }
}

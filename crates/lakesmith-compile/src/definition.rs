//! What a table is made by, part by part, as the project says it: so that an edit between two batches is seen, and named.
//!
//! The parts hold what was written, not what it is compiled to: another version of lakesmith, or a column that a source
//! gained, is no edit.

use crate::date::fingerprint;
use crate::plan::{Flow, FlowKind};
use lakesmith_project::{
    Aggregate, ColumnValue, Dimension, DimensionKind, Entity, Fact, FactDimension, FactKind, MissingMember, NamedExpr, Project,
    Scalar,
};
use lakesmith_text::{Located, Spanned};
use std::collections::BTreeMap;

/// A part, such as ``column `net` ``, and what was written of it.
pub type Definition = BTreeMap<String, String>;

/// A number that another definition does not share.
pub fn definition_number(definition: &Definition) -> i64 {
    fingerprint(&definition.iter().map(|(part, text)| format!("{part}\u{1f}{text}\u{1e}")).collect::<String>())
}

/// The parts that two definitions do not share, in order.
pub fn redefined(former: &Definition, now: &Definition) -> Vec<String> {
    let changed = now.iter().filter(|(part, text)| former.get(*part) != Some(*text)).map(|(part, _)| part);
    let mut parts: Vec<String> = changed.chain(former.keys().filter(|part| !now.contains_key(*part))).cloned().collect();
    parts.sort();
    parts
}

/// The definition of a flow's table; empty for bronze, which is as its source is, and for the calendar.
pub(crate) fn of(flow: &Flow, project: &Project) -> Definition {
    let name = flow.name.to_string();
    match flow.kind {
        FlowKind::Bronze { .. } | FlowKind::DateDimension | FlowKind::Dictionary => Definition::new(),
        FlowKind::Entity { .. } => project.entities.iter().find(|e| e.table() == name).map(entity).unwrap_or_default(),
        FlowKind::Dimension { .. } => {
            project.dimensions.iter().find(|d| d.table() == name).map(|d| dimension(d, project)).unwrap_or_default()
        }
        FlowKind::Fact => project.facts.iter().find(|f| f.table() == name).map(fact).unwrap_or_default(),
        FlowKind::Aggregate => project.aggregates.iter().find(|a| a.table() == name).map(aggregate).unwrap_or_default(),
    }
}

#[derive(Default)]
struct Parts(Definition);

impl Parts {
    fn add(&mut self, part: impl Into<String>, text: impl Into<String>) {
        self.0.insert(part.into(), text.into());
    }

    fn list(&mut self, part: &str, names: &[Spanned<String>]) {
        self.add(part, self::names(names));
    }
}

fn names(names: &[Spanned<String>]) -> String {
    names.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(", ")
}

fn of_part(kind: &str, name: &str) -> String {
    format!("{kind} `{name}`")
}

fn word(text: Option<&Spanned<String>>) -> &str {
    text.map_or("", |text| text.value.as_str())
}

fn value(from: Option<&Located>, expr: Option<&Located>) -> String {
    match (from, expr) {
        (_, Some(expr)) => format!("expr {}", expr.text()),
        (Some(from), None) => format!("from {}", from.text()),
        (None, None) => "same".to_owned(),
    }
}

fn entity(entity: &Entity) -> Definition {
    let mut parts = Parts::default();
    match (&entity.from, &entity.sql) {
        (_, Some(sql)) => parts.add("sql", sql.text()),
        (from, None) => parts.add("from", word(from.as_ref())),
    }
    parts.add("history", entity.history.as_str());
    parts.list("key", &entity.key);
    parts.add("sequence_by", word(entity.sequence_by.as_ref()));
    if let Some(explode) = &entity.explode {
        parts.add("explode", format!("{}: {}", explode.alias.value, explode.path.text()));
    }
    for column in &entity.columns {
        let value = match &column.value {
            ColumnValue::From(from) => value(Some(from), None),
            ColumnValue::Expr(expr) => value(None, Some(expr)),
            ColumnValue::Same => value(None, None),
        };
        let default = match column.default.as_ref().map(|default| &default.value) {
            None => String::new(),
            Some(Scalar::Text(text)) => format!(" default '{text}'"),
            Some(Scalar::Number(text)) => format!(" default {text}"),
            Some(Scalar::Bool(bool)) => format!(" default {bool}"),
        };
        parts.add(of_part("column", &column.name.value), format!("{value} {}{default}", word(column.ty.as_ref())));
    }
    for rule in &entity.expect {
        parts.add(of_part("rule", &rule.name.value), format!("{} {}", rule.check.text(), rule.on_fail.as_str()));
    }
    for lookup in &entity.lookup {
        let text = format!("{} on {}: {}", lookup.table.value, names(&lookup.on), names(&lookup.columns));
        parts.add(of_part("lookup", &lookup.name.value), text);
    }
    parts.0
}

fn dimension(dimension: &Dimension, project: &Project) -> Definition {
    let mut parts = Parts::default();
    parts.add("from", dimension.from.value.as_str());
    parts.list("natural_key", &dimension.natural_key);
    parts.add("surrogate_key", dimension.surrogate_key.value.as_str());
    parts.add("history", dimension.history.as_str());
    parts.add("sequence_by", word(dimension.sequence_by.as_ref()));
    parts.list("track", &dimension.track);
    parts.add("validity", dimension.validity.as_str());
    parts.add("first_version", dimension.first_version.as_str());
    // What is left out is no part, so that a version of lakesmith that knows of more keys sees no edit.
    if dimension.kind != DimensionKind::Regular {
        parts.add("kind", dimension.kind.as_str());
    }
    if !dimension.overwrite.is_empty() {
        parts.list("overwrite", &dimension.overwrite);
    }
    if let Some(attributes) = &dimension.attributes {
        parts.list("attributes", attributes);
    }
    // Members are inferred for as long as a fact asks for it.
    for fact in &project.facts {
        let asks = |to: &&FactDimension| {
            to.missing == MissingMember::Inferred && to.dimension.value.trim_start_matches("gold.") == dimension.name.value
        };
        for to in fact.dimensions.iter().filter(asks) {
            let text = format!("{} on {} as of {}", word(fact.from.as_ref()), names(&to.on), word(to.as_of.as_ref()));
            parts.add(of_part("inferred members", &format!("{}.{}", fact.name.value, to.key.value)), text);
        }
    }
    parts.0
}

fn fact(fact: &Fact) -> Definition {
    let mut parts = Parts::default();
    match (&fact.from, &fact.sql) {
        (_, Some(sql)) => parts.add("sql", sql.text()),
        (from, None) => parts.add("from", word(from.as_ref())),
    }
    parts.list("grain_key", &fact.grain_key);
    if let Some(key) = &fact.surrogate_key {
        parts.add("surrogate_key", key.value.as_str());
    }
    // What is left out is no part, so that a version of lakesmith that knows of more keys sees no edit.
    if matches!(fact.kind, FactKind::PeriodicSnapshot | FactKind::AccumulatingSnapshot) {
        parts.add("kind", fact.kind.as_str());
    }
    if let Some(period) = &fact.period {
        parts.add("period", format!("{} on {}", period.every.as_str(), period.on.value));
    }
    for milestone in &fact.milestones {
        let time = milestone.time.as_ref().map_or_else(|| word(fact.sequence_by.as_ref()), |time| time.text());
        let text = format!("{} at {time} {}", milestone.when.text(), word(milestone.ty.as_ref()));
        parts.add(of_part("milestone", &milestone.name.value), text);
    }
    for to in &fact.dimensions {
        let on = names(&to.on);
        let as_of = word(to.as_of.as_ref());
        let missing = if to.missing == MissingMember::Inferred { " inferred" } else { "" };
        parts.add(of_part("key", &to.key.value), format!("{} on {on} as of {as_of}{missing}", to.dimension.value));
    }
    parts.list("degenerate", &fact.degenerate);
    for measure in &fact.measures {
        let mut text = format!("{} {}", value(measure.from.as_ref(), measure.expr.as_ref()), word(measure.ty.as_ref()));
        if fact.period.is_some() {
            text += &format!(" over {}", measure.over().as_str());
        }
        parts.add(of_part("measure", &measure.name.value), text);
    }
    parts.0
}

fn aggregate(aggregate: &Aggregate) -> Definition {
    let mut parts = Parts::default();
    parts.add("from", aggregate.from.value.as_str());
    let group = |group: &NamedExpr| match &group.expr {
        Some(expr) => format!("{}: {}", group.name.value, expr.text()),
        None => group.name.value.clone(),
    };
    parts.add("group_by", aggregate.group_by.iter().map(group).collect::<Vec<_>>().join(", "));
    for (name, expr) in &aggregate.measures {
        parts.add(of_part("measure", &name.value), expr.text());
    }
    parts.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_definitions_do_not_share_is_named() {
        let definition = |parts: &[(&str, &str)]| -> Definition {
            parts.iter().map(|(part, text)| ((*part).to_owned(), (*text).to_owned())).collect()
        };
        let former = definition(&[("column `a`", "same"), ("column `b`", "expr x"), ("key", "id")]);
        let now = definition(&[("column `a`", "same"), ("column `b`", "expr y"), ("rule `r`", "a > 0")]);
        assert_eq!(redefined(&former, &now), ["column `b`", "key", "rule `r`"]);
        assert!(redefined(&now, &now).is_empty());
        assert_ne!(definition_number(&former), definition_number(&now));
    }
}

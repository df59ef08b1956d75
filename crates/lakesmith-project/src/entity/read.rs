//! From `silver/<domain>/<entity>.yaml` as a tree to the model.

use super::keys::{COLUMN, EXPECTATION, KEYS, LOOKUP};
use super::{Column, ColumnValue, Entity, Expectation, Explode, Lookup, check};
use crate::fields::{Fields, located};
use crate::names::conflict;
use crate::yaml::{Entry, Node};
use lakesmith_text::{Diagnostic, Diagnostics};

/// The entity that a tree describes; none if what it reads cannot be told.
pub(crate) fn read(domain: &str, name: &str, node: &Node, diagnostics: &mut Diagnostics) -> Option<Entity> {
    let fields = Fields::of_file(node, &KEYS);
    let columns = fields.entries("columns");
    let entity = Entity {
        domain: domain.to_owned(),
        name: name.to_owned(),
        at: fields.at,
        from: fields.table("from"),
        sql: fields.sql("sql"),
        explode: explode(&fields, diagnostics),
        key: fields.names("key"),
        sequence_by: fields.name("sequence_by"),
        history: fields.choice("history").unwrap_or_default(),
        star: columns.iter().any(|entry| entry.key.value == "*") || (fields.has("sql") && !fields.present("columns")),
        columns: columns.iter().filter(|entry| entry.key.value != "*").map(|entry| column(entry, diagnostics)).collect(),
        expect: fields.entries("expect").iter().filter_map(expectation).collect(),
        lookup: fields.entries("lookup").iter().filter_map(lookup).collect(),
        partition_by: fields.named_exprs("partition_by"),
        cluster_by: fields.named_exprs("cluster_by"),
        owner: fields.text("owner"),
        description: fields.text("description"),
        tags: fields.texts("tags"),
    };
    check::check(&entity, &fields, diagnostics);
    Some(entity).filter(|entity| entity.from.is_some() != entity.sql.is_some())
}

fn explode(fields: &Fields<'_>, diagnostics: &mut Diagnostics) -> Option<Explode> {
    let (first, rest) = fields.entries("explode").split_first()?;
    if let Some(second) = rest.first() {
        diagnostics.push(
            Diagnostic::error("unsupported", "an entity explodes one list")
                .at(second.key.span)
                .help("explode the second list in an entity of its own that reads this one"),
        );
    }
    Some(Explode { alias: first.key.clone(), path: located(&first.value)? })
}

fn column(entry: &Entry, diagnostics: &mut Diagnostics) -> Column {
    let fields = Fields::new(&entry.value, &COLUMN, entry.key.span);
    conflict(&fields, "from", "expr", "keep `from` for a column as it is, `expr` for an expression", diagnostics);
    let value = match (fields.sql("expr"), fields.sql("from")) {
        (Some(expr), _) => ColumnValue::Expr(expr),
        (None, Some(from)) => ColumnValue::From(from),
        (None, None) => ColumnValue::Same,
    };
    Column {
        name: entry.key.clone(),
        value,
        ty: fields.text("type"),
        default: fields.literal("default"),
        description: fields.text("description"),
        tags: fields.texts("tags"),
    }
}

fn expectation(entry: &Entry) -> Option<Expectation> {
    let fields = Fields::new(&entry.value, &EXPECTATION, entry.key.span);
    Some(Expectation {
        name: entry.key.clone(),
        check: fields.sql("check")?,
        on_fail: fields.choice("on_fail").unwrap_or_default(),
        message: fields.text("message"),
        dimension: fields.choice("dimension"),
    })
}

fn lookup(entry: &Entry) -> Option<Lookup> {
    let fields = Fields::new(&entry.value, &LOOKUP, entry.key.span);
    Some(Lookup {
        name: entry.key.clone(),
        table: fields.table("table")?,
        on: fields.names("on"),
        columns: fields.names("columns"),
    })
}

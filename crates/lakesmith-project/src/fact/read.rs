//! From a fact's file as a tree to the model.

use super::keys::{DIMENSION, KEYS, MEASURE};
use super::{Fact, FactDimension, Measure};
use crate::fields::Fields;
use crate::names::{conflict, distinct, known, not_empty, not_reserved};
use crate::yaml::{Entry, Node};
use lakesmith_text::{Diagnostic, Diagnostics};

/// The fact that a tree describes; none if it has no name or reads nothing.
pub(crate) fn read(node: &Node, diagnostics: &mut Diagnostics) -> Option<Fact> {
    let fields = Fields::of_file(node, &KEYS);
    let measures = fields.entries("measures").iter().map(|entry| measure(entry, diagnostics)).collect();
    let fact = Fact {
        name: fields.name("fact").unwrap_or_else(|| fields.nothing()),
        at: fields.at,
        kind: fields.choice("kind").unwrap_or_default(),
        grain: fields.text("grain"),
        grain_key: fields.names("grain_key"),
        from: fields.table("from"),
        sql: fields.sql("sql"),
        dimensions: fields.entries("dimensions").iter().filter_map(dimension).collect(),
        degenerate: fields.names("degenerate"),
        surrogate_key: fields.name("surrogate_key"),
        measures,
        on_duplicate: fields.choice("on_duplicate").unwrap_or_default(),
        partition_by: fields.named_exprs("partition_by"),
        cluster_by: fields.named_exprs("cluster_by"),
        description: fields.text("description"),
        owner: fields.text("owner"),
        tags: fields.texts("tags"),
    };
    check(&fact, &fields, diagnostics);
    (!fact.name.is_empty() && fact.from.is_some() != fact.sql.is_some()).then_some(fact)
}

fn dimension(entry: &Entry) -> Option<FactDimension> {
    let fields = Fields::new(&entry.value, &DIMENSION, entry.key.span);
    Some(FactDimension {
        key: entry.key.clone(),
        dimension: fields.name("dimension")?,
        on: fields.names("on"),
        as_of: fields.name("as_of"),
        missing: fields.choice("missing").unwrap_or_default(),
    })
}

fn measure(entry: &Entry, diagnostics: &mut Diagnostics) -> Measure {
    let fields = Fields::new(&entry.value, &MEASURE, entry.key.span);
    conflict(&fields, "from", "expr", "keep `from` for a column as it is, `expr` for an expression", diagnostics);
    Measure {
        name: entry.key.clone(),
        from: fields.sql("from"),
        expr: fields.sql("expr"),
        ty: fields.text("type"),
        unit: fields.text("unit"),
        description: fields.text("description"),
        additivity: fields.choice("additivity").unwrap_or_default(),
    }
}

fn check(fact: &Fact, fields: &Fields<'_>, diagnostics: &mut Diagnostics) {
    conflict(fields, "from", "sql", "keep `from` for one table, `sql` for a query over several", diagnostics);
    if !fields.present("from") && !fields.present("sql") {
        diagnostics.push(
            Diagnostic::error("missing-key", "a fact needs one of the keys `from` and `sql`")
                .at(fields.at)
                .help("`from`: the silver table it reads; `sql`: a query over several"),
        );
    }
    not_empty(fields, "grain_key", diagnostics);
    distinct(&fact.grain_key, "the grain key column", diagnostics);

    let keys = fact.dimensions.iter().map(|dimension| &dimension.key);
    let measures = fact.measures.iter().map(|measure| &measure.name);
    let columns: Vec<_> = fact.surrogate_key.iter().chain(keys).chain(&fact.degenerate).chain(measures).collect();
    distinct(columns.iter().copied(), "the column", diagnostics);
    not_reserved(columns.iter().copied(), diagnostics);
    let names: Vec<&str> = columns.iter().map(|name| name.as_str()).collect();
    // A query gives columns that this file does not name.
    if fact.sql.is_none() || fact.from.is_some() {
        known(&fact.grain_key, &names, "key-not-a-column", "grain_key", "add `{}` to `degenerate`", diagnostics);
    }
}

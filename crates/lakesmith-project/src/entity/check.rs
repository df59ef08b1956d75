//! What an entity's parts say of each other, as far as its own file tells it.

use super::{Entity, History};
use crate::fields::Fields;
use crate::names::{conflict, distinct, known, not_empty, not_reserved};
use lakesmith_text::{Diagnostic, Diagnostics};

/// Says what does not fit together in an entity.
pub(super) fn check(entity: &Entity, fields: &Fields<'_>, diagnostics: &mut Diagnostics) {
    conflict(fields, "from", "sql", "keep `from` for one table, `sql` for a query over several", diagnostics);
    if !fields.present("from") && !fields.present("sql") {
        diagnostics.push(
            Diagnostic::error("missing-key", "an entity needs one of the keys `from` and `sql`")
                .at(fields.at)
                .help("`from`: the table it reads; `sql`: a query over entities of silver"),
        );
    }
    if !fields.present("columns") && !fields.present("sql") {
        diagnostics.push(
            Diagnostic::error("missing-key", "an entity needs the key `columns`")
                .at(fields.at)
                .help("`columns`: its columns by name; `'*': snake_case` passes all"),
        );
    }
    if let (Some(explode), true) = (&entity.explode, fields.present("sql")) {
        diagnostics.push(
            Diagnostic::error("conflicting-keys", "`explode` has no place beside `sql`")
                .at(explode.alias.span)
                .help("write `LATERAL VIEW explode(…) t AS element` in the query"),
        );
    }
    if !fields.present("key") && entity.history != History::Append {
        diagnostics.push(
            Diagnostic::error("missing-key", "an entity needs the key `key`")
                .at(fields.at)
                .help("`key`: the columns that tell its rows apart; with `history: append` it may be left out"),
        );
    }
    not_empty(fields, "key", diagnostics);
    distinct(&entity.key, "the key column", diagnostics);

    let taken_over = entity.lookup.iter().flat_map(|lookup| &lookup.columns);
    let named = entity.partition_by.iter().chain(&entity.cluster_by);
    let columns = entity.columns.iter().map(|column| &column.name);
    distinct(columns.clone().chain(taken_over.clone()), "the column", diagnostics);
    let expressions = named.clone().filter(|column| column.expr.is_some()).map(|column| &column.name);
    not_reserved(columns.clone().chain(taken_over.clone()).chain(expressions), diagnostics);

    // With `'*'` or a parent, further columns exist that this file does not name.
    if entity.star || entity.columns.is_empty() {
        return;
    }
    let own: Vec<&str> = columns.map(|name| name.as_str()).collect();
    let all: Vec<&str> = own.iter().copied().chain(taken_over.map(|name| name.as_str())).collect();
    if entity.explode.is_none() {
        let add = "add `{}` to `columns`";
        known(&entity.key, &own, "key-not-a-column", "key", add, diagnostics);
        known(&entity.sequence_by, &own, "key-not-a-column", "sequence_by", add, diagnostics);
        for lookup in &entity.lookup {
            known(&lookup.on, &own, "unknown-column", "on", add, diagnostics);
        }
        for (key, columns) in [("partition_by", &entity.partition_by), ("cluster_by", &entity.cluster_by)] {
            let plain = columns.iter().filter(|column| column.expr.is_none()).map(|column| &column.name);
            known(plain, &all, "unknown-column", key, "name a column, or write `{ name: expression }`", diagnostics);
        }
    }
}

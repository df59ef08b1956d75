//! What a fact reads: a silver table, or a query over several.

use crate::deletes::Deletes;
use crate::name::TableName;
use crate::plan::{Input, Known};
use crate::queried::Queried;
use crate::select::{former, in_range, indent, list, same};
use crate::step::Cte;
use crate::table::Column;
use lakesmith_project::{Fact, FactKind};
use lakesmith_text::Diagnostics;
use std::borrow::Cow;

/// Where the rows of a fact's input come from.
pub(super) enum Origin<'a> {
    /// A silver table: the first input of the flow.
    Table(&'a TableName),
    /// A query over several: the first inputs.
    Query(Queried),
}

/// A fact's input.
pub(super) struct Source<'a> {
    pub(super) origin: Origin<'a>,
    pub(super) columns: Option<Cow<'a, [Column]>>,
    /// What tells its rows apart, as far as that is known.
    pub(super) identity: Vec<String>,
    /// Whether no two rows have the same.
    pub(super) unique: bool,
    pub(super) inputs: Vec<Input>,
    /// Which keys are gone, of an input of which each process is made that keeps what was deleted: the second input.
    pub(super) deletes: Option<Deletes>,
}

impl Origin<'_> {
    /// How faults call it.
    pub(super) fn words(&self) -> String {
        match self {
            Origin::Table(table) => format!("`{table}`"),
            Origin::Query(_) => "the query".to_owned(),
        }
    }

    /// All rows, as what stands after FROM.
    pub(super) fn all(&self) -> String {
        match self {
            Origin::Table(table) => format!("{} `s`", table.quoted()),
            Origin::Query(query) => format!("(\n{}\n) `s`", indent(&query.rows())),
        }
    }

    /// The rows of the keys in the relation `keys`, after the queries that they read.
    pub(super) fn of_keys(&self, grain: &[String]) -> (Vec<Cte>, String) {
        match self {
            Origin::Table(table) => {
                (vec![], format!("{} `s` LEFT SEMI JOIN `keys` ON {}", table.quoted(), same("s", "keys", grain)))
            }
            Origin::Query(query) => {
                let (with, sql) = query.rows_of("keys");
                (with, format!("(\n{}\n) `s`", indent(&sql)))
            }
        }
    }

    /// `keys`: of the rows that the input gained or lost, with those of `further` queries; after the queries it needs.
    pub(super) fn concerned(&self, grain: &[String], further: &[String]) -> Vec<Cte> {
        match self {
            Origin::Table(table) => {
                let new = format!("SELECT {}\nFROM {}\nWHERE {}", list(grain), table.quoted(), in_range(None, 1));
                let all: Vec<String> = [new, former(1, grain)].into_iter().chain(further.iter().cloned()).collect();
                vec![Cte { name: "keys".to_owned(), sql: all.join("\nUNION\n"), kept: true }]
            }
            Origin::Query(query) => query.concerned("keys", further),
        }
    }
}

/// What the fact reads.
pub(super) fn source<'a>(fact: &Fact, known: &'a Known, faults: &mut Diagnostics) -> Option<Source<'a>> {
    if let Some(sql) = &fact.sql {
        let query = Queried::of_silver(sql, &fact.grain_key, known, faults)?;
        let inputs = query.inputs.clone();
        let columns = query.columns.clone();
        // Nothing tells rows apart but what they say.
        let said = columns.iter().flatten().filter(|column| column.ty.is_atomic() && !column.name.starts_with('_'));
        let identity = said.map(|column| column.name.clone()).collect();
        let (origin, columns) = (Origin::Query(query), columns.map(Cow::Owned));
        return Some(Source { origin, columns, identity, unique: false, inputs, deletes: None });
    }
    let from = fact.from.as_ref()?;
    let (input, shape) = known.silver(from, faults)?;
    let processes = fact.kind == FactKind::AccumulatingSnapshot && !fact.milestones.is_empty();
    let deletes = processes.then(|| Deletes::of(&input.name, shape, known, 2)).flatten();
    let mut inputs = vec![Input::changes(input.name.clone(), from.span)];
    inputs.extend(deletes.iter().map(|deletes| deletes.input(from.span)));
    Some(Source {
        origin: Origin::Table(&input.name),
        columns: input.columns_known.then_some(Cow::Borrowed(input.target.columns.as_slice())),
        identity: shape.identity.clone(),
        unique: shape.unique,
        inputs,
        deletes,
    })
}

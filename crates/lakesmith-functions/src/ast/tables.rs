//! The tables that a query reads, told from the names that its `WITH` clauses give.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::ast::{Ident, ObjectName, Query, TableFactor};

use crate::error::PlanError;
use crate::plan::Tables;

/// A table that the query reads.
#[derive(Debug)]
pub(crate) struct Scan {
    /// The name in the query, by which its columns can be meant.
    pub(crate) name: TableReference,
    pub(crate) table: Arc<dyn TableProvider>,
}

/// The name under which table `n` stands in the query.
pub(crate) const TABLE: &str = "table#";

/// The names that the queries around a place give by `WITH`.
#[derive(Debug, Default)]
pub(super) struct Scopes(Vec<Scope>);

#[derive(Debug)]
struct Scope {
    names: Vec<String>,
    /// How many of the names can be meant by now: each one only after its own query.
    known: usize,
}

impl Scopes {
    /// Before anything in `query` is seen.
    pub(super) fn enter(&mut self, query: &Query) {
        let ctes = query.with.iter().flat_map(|with| &with.cte_tables);
        self.0.push(Scope { names: ctes.map(|cte| cte.alias.name.value.clone()).collect(), known: 0 });
    }

    /// After everything in a query is seen.
    pub(super) fn leave(&mut self) {
        self.0.pop();
        // The queries of a WITH clause are the first within the one that has it.
        if let Some(around) = self.0.last_mut() {
            around.known = (around.known + 1).min(around.names.len());
        }
    }

    fn knows(&self, name: &str) -> bool {
        self.0.iter().any(|scope| scope.names[..scope.known].iter().any(|known| known == name))
    }
}

/// Names the table of `factor` by its place in `found`; whatever is not a table stays as it is.
pub(super) fn find(
    factor: &mut TableFactor,
    scopes: &Scopes,
    tables: &dyn Tables,
    found: &mut Vec<Scan>,
) -> Result<(), PlanError> {
    let TableFactor::Table { name, .. } = factor else { return Ok(()) };
    let parts: Vec<String> = name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.clone()).collect();
    let reference = match parts.as_slice() {
        [table] if scopes.knows(table) => return Ok(()),
        [table] => TableReference::bare(table.as_str()),
        [schema, table] => TableReference::partial(schema.as_str(), table.as_str()),
        [catalog, schema, table] => TableReference::full(catalog.as_str(), schema.as_str(), table.as_str()),
        _ => return Err(PlanError::Unsupported("a table name of more than three parts".into())),
    };
    let Some(table) = tables.table(&parts) else {
        return Err(DataFusionError::Plan(format!("there is no table {reference}")).into());
    };
    *name = ObjectName::from(vec![Ident::new(format!("{TABLE}{}", found.len()))]);
    found.push(Scan { name: reference, table });
    Ok(())
}

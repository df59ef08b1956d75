//! Copies of syntax.
//!
//! `sqlparser`'s `clone` is compiled anew wherever it is called, with that of every type that a node may hold. Here is
//! where it is called.

use datafusion::sql::sqlparser::ast::{Expr, Query, TableWithJoins};

#[inline(never)]
pub(crate) fn expr(expr: &Expr) -> Expr {
    expr.clone()
}

#[inline(never)]
pub(crate) fn query(query: &Query) -> Query {
    query.clone()
}

#[inline(never)]
pub(crate) fn tables(tables: &TableWithJoins) -> TableWithJoins {
    tables.clone()
}

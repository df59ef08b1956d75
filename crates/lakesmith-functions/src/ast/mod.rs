//! Spark syntax that DataFusion reads otherwise, rewritten before it plans.
//!
//! One pass over the query, bottom-up. What it leaves behind is a query in the words of [`crate::registry`]: casts are
//! calls of `cast#n` (the type is entry `n` of [`Rewritten::types`]), a table is a scan of `table#n` (entry `n` of
//! [`Rewritten::tables`]), a generator is a scan of `lateral view#n` (entry `n` of [`Rewritten::views`]), integer literals
//! that fit are `INT`.

mod calls;
pub(crate) mod copy;
mod generators;
mod lambdas;
mod literals;
mod names;
mod syntax;
mod tables;
mod walk;

use std::ops::ControlFlow;

use datafusion::arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{Expr, Query, Select, SelectItem, SetExpr, TableFactor, VisitorMut};

pub(crate) use generators::{Generator, VIEW, View};
pub(crate) use names::told_apart;
pub(crate) use tables::{Scan, TABLE};

use crate::error::PlanError;
use crate::plan::Tables;

/// What the pass took out of the query.
#[derive(Default)]
pub(crate) struct Rewritten {
    /// The types that `cast#n` and `try_cast#n` cast to.
    pub(crate) types: Vec<DataType>,
    /// The tables that `table#n` stands for.
    pub(crate) tables: Vec<Scan>,
    /// The generators that `lateral view#n` stands for.
    pub(crate) views: Vec<View>,
}

/// Rewrites `query` in place.
pub(crate) fn rewrite(query: &mut Query, tables: &dyn Tables) -> Result<Rewritten, PlanError> {
    let mut rewriter = Rewriter { tables, out: Rewritten::default(), scopes: tables::Scopes::default(), fault: None };
    let _ = walk::query(query, &mut rewriter);
    match rewriter.fault {
        None => Ok(rewriter.out),
        Some(fault) => Err(fault),
    }
}

struct Rewriter<'a> {
    tables: &'a dyn Tables,
    out: Rewritten,
    scopes: tables::Scopes,
    /// Why the walk broke off.
    fault: Option<PlanError>,
}

impl Rewriter<'_> {
    fn flow(&mut self, result: Result<(), PlanError>) -> ControlFlow<()> {
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(fault) => {
                self.fault = Some(fault);
                ControlFlow::Break(())
            }
        }
    }

    fn refuse(&mut self, what: &str) -> ControlFlow<()> {
        self.flow(Err(PlanError::Unsupported(what.into())))
    }
}

impl VisitorMut for Rewriter<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        if query.with.as_ref().is_some_and(|with| with.recursive) {
            return self.refuse("WITH RECURSIVE");
        }
        self.scopes.enter(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        self.scopes.leave();
        if let SetExpr::Values(values) = query.body.as_mut() {
            for row in &mut values.rows {
                row.content.iter_mut().for_each(literals::narrow);
            }
        }
        for cte in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
            if matches!(cte.query.body.as_ref(), SetExpr::SetOperation { .. }) {
                names::derive(&mut cte.query);
            }
        }
        if !query.pipe_operators.is_empty() {
            return self.refuse("pipe syntax");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        names::keep(select);
        names::tell_apart(select);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        if !select.sort_by.is_empty() || !select.cluster_by.is_empty() || !select.distribute_by.is_empty() {
            return self.refuse("SORT BY, CLUSTER BY or DISTRIBUTE BY");
        }
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
                literals::narrow(expr);
            }
        }
        let lifted = generators::lift(select, &mut self.out.views);
        self.flow(lifted)
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        let known =
            syntax::refuse_relation(factor).and_then(|()| tables::find(factor, &self.scopes, self.tables, &mut self.out.tables));
        self.flow(known)
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        let rewritten = syntax::rewrite(expr, &mut self.out.types);
        self.flow(rewritten)
    }
}

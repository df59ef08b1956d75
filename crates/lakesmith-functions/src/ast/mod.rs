//! Spark syntax that DataFusion reads otherwise, rewritten before it plans.
//!
//! One pass over the query, bottom-up. What it leaves behind is a query in the words of [`crate::registry`]: casts are
//! calls of `cast#n` (the type is entry `n` of [`Rewritten::types`]), a generator is a scan of `lateral view#n` (entry `n`
//! of [`Rewritten::views`]), integer literals that fit are `INT`.

mod calls;
mod generators;
mod lambdas;
mod literals;
mod names;
mod syntax;

use std::ops::ControlFlow;

use datafusion::arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{Expr, Query, Select, SelectItem, SetExpr, TableFactor, VisitMut, VisitorMut};

pub(crate) use generators::{Generator, VIEW, View};

use crate::error::PlanError;

/// What the pass took out of the query.
#[derive(Debug, Default)]
pub(crate) struct Rewritten {
    /// The types that `cast#n` and `try_cast#n` cast to.
    pub(crate) types: Vec<DataType>,
    /// The generators that `lateral view#n` stands for.
    pub(crate) views: Vec<View>,
}

/// Rewrites `query` in place.
pub(crate) fn rewrite(query: &mut Query) -> Result<Rewritten, PlanError> {
    let mut rewriter = Rewriter(Rewritten::default());
    match VisitMut::visit(query, &mut rewriter) {
        ControlFlow::Continue(()) => Ok(rewriter.0),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Rewriter(Rewritten);

fn flow(result: Result<(), PlanError>) -> ControlFlow<PlanError> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(error),
    }
}

impl VisitorMut for Rewriter {
    type Break = PlanError;

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<PlanError> {
        if let SetExpr::Values(values) = query.body.as_mut() {
            for row in &mut values.rows {
                row.content.iter_mut().for_each(literals::narrow);
            }
        }
        for cte in query.with.iter_mut().flat_map(|with| &mut with.cte_tables) {
            if matches!(cte.query.body.as_ref(), SetExpr::SetOperation { .. }) {
                *cte.query = names::derived(cte.query.clone());
            }
        }
        if !query.pipe_operators.is_empty() {
            return ControlFlow::Break(PlanError::Unsupported("pipe syntax".into()));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<PlanError> {
        names::keep(select);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<PlanError> {
        if !select.sort_by.is_empty() || !select.cluster_by.is_empty() || !select.distribute_by.is_empty() {
            return ControlFlow::Break(PlanError::Unsupported("SORT BY, CLUSTER BY or DISTRIBUTE BY".into()));
        }
        for item in &mut select.projection {
            if let SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } = item {
                literals::narrow(expr);
            }
        }
        flow(generators::lift(select, &mut self.0.views))
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<PlanError> {
        flow(syntax::refuse_relation(factor))
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<PlanError> {
        flow(syntax::rewrite(expr, &mut self.0.types))
    }
}

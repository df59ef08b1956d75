//! The one way in: a resolved query and the tables it names become a logical plan.
//!
//! DataFusion's planner is generic over what it may ask, and all of it would be compiled again, here, for a type of this
//! crate. So the planner is the one that DataFusion has compiled for its own session; what the query needs beside the
//! session's functions is put into a copy of it.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::{Column, DFSchema, TableReference};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::expr::Exists;
use datafusion::logical_expr::{self, LogicalPlan, LogicalPlanBuilder, ScalarUDF};
use datafusion::sql::sqlparser::ast::{Expr, ExprWithAlias, Query};

use crate::ast::{self, Rewritten};
use crate::cast::{OnError, SparkCast};
use crate::error::PlanError;
use crate::relation::{Relations, with_types};

/// The tables that a query may read.
pub trait Tables {
    /// The table of that name, in its exact case: `["silver", "sales_orders"]`. `None`: there is none.
    fn table(&self, parts: &[String]) -> Option<Arc<dyn TableProvider>>;
}

/// Plans a resolved query.
///
/// In: a session of [`session_state`](crate::session_state); every table and column name in its exact case and quoted,
/// parameters bound, `current_timestamp()` and its like bound to literals. Out: a plan that is not optimised yet, whose
/// columns have the query's names and Spark's types, `TIMESTAMP` as microseconds in UTC. Of the session's catalog nothing
/// can be read.
///
/// Errors: [`PlanError`]; none of them holds a value of a row.
pub fn plan(state: &SessionState, query: &Query, tables: &dyn Tables) -> std::result::Result<LogicalPlan, PlanError> {
    let mut query = ast::copy::query(query);
    let Rewritten { types, tables, views } = ast::rewrite(&mut query, tables)?;
    let mut session = state.clone();
    for (at, to) in types.into_iter().enumerate() {
        for (verb, on_error) in [("cast", OnError::Raise), ("try_cast", OnError::Null)] {
            let cast = SparkCast::named(&format!("{verb}#{at}"), to.clone(), on_error);
            session.register_udf(Arc::new(ScalarUDF::new_from_impl(cast)))?;
        }
    }
    session.register_relation_planner(Arc::new(Relations::new(tables, views)))?;
    Ok(named(with_types(planned(&session, query)?, state.config_options())?)?)
}

/// The plan with its columns' own names, also where several have the same: each then belongs to a relation of its own.
fn named(plan: LogicalPlan) -> Result<LogicalPlan> {
    let schema = plan.schema().clone();
    if schema.fields().iter().all(|field| ast::told_apart(field.name()).is_none()) {
        return Ok(plan);
    }
    let columns = schema.iter().enumerate().map(|(n, (relation, field))| {
        let name = ast::told_apart(field.name()).unwrap_or(field.name());
        let column = logical_expr::Expr::Column(Column::from((relation, field)));
        column.alias_qualified(Some(TableReference::bare(format!("column {n}"))), name)
    });
    LogicalPlanBuilder::from(plan).project(columns.collect::<Vec<_>>())?.build()
}

/// The plan of a query whose every word the session knows.
///
/// A session plans whole statements with the tables of its catalog, in a future that is compiled where it is awaited;
/// expressions it plans at once, and `EXISTS (query)` is one that holds the query's plan as it is.
fn planned(session: &SessionState, query: Query) -> Result<LogicalPlan> {
    let expr = Expr::Exists { subquery: Box::new(query), negated: false };
    let exists = session.create_logical_expr_from_sql_expr(ExprWithAlias { expr, alias: None }, &DFSchema::empty())?;
    match exists {
        logical_expr::Expr::Exists(Exists { subquery, .. }) => Ok(Arc::unwrap_or_clone(subquery.subquery)),
        _ => Err(DataFusionError::Internal("EXISTS was planned as something else".into())),
    }
}

//! The types of totals that are totalled twice.

use std::sync::Arc;

use datafusion::common::tree_node::Transformed;
use datafusion::error::Result;
use datafusion::logical_expr::expr::Alias;
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, LogicalPlan, Projection};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

/// DataFusion's rule that groups by what is counted distinct, with the types that came out before it.
///
/// It makes `count(DISTINCT a), sum(b)` the sum of sums of groups. A decimal's sum has ten digits more than the decimal, so
/// the sum of sums would have twenty more. What the rule made fits the former type: it is the same total.
#[derive(Debug)]
pub(crate) struct KeepTypes(pub(crate) Arc<dyn OptimizerRule + Send + Sync>);

impl KeepTypes {
    /// The rule that this is about.
    pub(crate) const OF: &str = "single_distinct_aggregation_to_group_by";
}

impl OptimizerRule for KeepTypes {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.0.apply_order()
    }

    fn rewrite(&self, plan: LogicalPlan, config: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        let before = plan.schema().clone();
        let rewritten = self.0.rewrite(plan, config)?;
        if !rewritten.transformed {
            return Ok(rewritten);
        }
        rewritten.transform_data(|plan| match plan {
            LogicalPlan::Projection(projection) if projection.schema.fields().len() == before.fields().len() => {
                let input = projection.input;
                let typed = projection.expr.into_iter().zip(before.fields()).map(|(expr, field)| {
                    if expr.get_type(input.schema())? == *field.data_type() {
                        return Ok(expr);
                    }
                    let cast = |expr: Box<Expr>| Box::new(Expr::Cast(Cast::new(expr, field.data_type().clone())));
                    Ok(match expr {
                        Expr::Alias(Alias { expr, relation, name, .. }) => cast(expr).alias_qualified(relation, name),
                        other => {
                            let (relation, name) = other.qualified_name();
                            cast(Box::new(other)).alias_qualified(relation, name)
                        }
                    })
                });
                let typed = typed.collect::<Result<Vec<_>>>()?;
                Ok(Transformed::yes(LogicalPlan::Projection(Projection::try_new(typed, input)?)))
            }
            plan => Ok(Transformed::no(plan)),
        })
    }
}

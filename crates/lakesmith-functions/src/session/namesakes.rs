//! A filter that is handed down a plan goes to the column that it means.
//!
//! DataFusion hands filters down, those too that a join finds while it runs, and looks for each column by its *name* in the
//! input of the operator that it passes. Where that input has two columns of one name, as a join of two tables has, it takes
//! the first one: `GROUP BY a.sku, b.sku` below a join on `b.sku` would lose rows by a filter on `a.sku`. So such inputs are
//! guarded: a filter that names a column of which there are several stops there. It is applied above, where it comes from.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;
use datafusion::physical_plan::execution_plan::{CardinalityEffect, ChildrenPropertiesMode, ReplaceChildrenOptions};
use datafusion::physical_plan::filter_pushdown::{
    ChildFilterDescription, ChildPushdownResult, FilterDescription, FilterPushdownPhase, FilterPushdownPropagation,
};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

/// DataFusion's rules, those that hand filters down with guarded inputs.
pub(super) fn rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let careful = |rule: Arc<dyn PhysicalOptimizerRule + Send + Sync>| match rule.name().starts_with("FilterPushdown") {
        true => Arc::new(Careful(rule)) as Arc<dyn PhysicalOptimizerRule + Send + Sync>,
        false => rule,
    };
    PhysicalOptimizer::new().rules.into_iter().map(careful).collect()
}

#[derive(Debug)]
struct Careful(Arc<dyn PhysicalOptimizerRule + Send + Sync>);

impl PhysicalOptimizerRule for Careful {
    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, config: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        self.0.optimize(plan.transform_up(guarded).data()?, config)
    }

    fn name(&self) -> &str {
        self.0.name()
    }

    fn schema_check(&self) -> bool {
        self.0.schema_check()
    }
}

/// The operator over guarded inputs. A projection hands filters down by the place of a column: its input needs no guard.
fn guarded(plan: Arc<dyn ExecutionPlan>) -> Result<Transformed<Arc<dyn ExecutionPlan>>> {
    if plan.is::<ProjectionExec>() || plan.is::<Guard>() || !plan.children().into_iter().any(needs_guard) {
        return Ok(Transformed::no(plan));
    }
    let children = plan.children().into_iter().map(|child| match needs_guard(child) {
        true => Arc::new(Guard { input: child.clone() }) as Arc<dyn ExecutionPlan>,
        false => child.clone(),
    });
    let children = children.collect();
    let options = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Keep);
    plan.replace_children(children, options).map(Transformed::yes)
}

fn needs_guard(plan: &Arc<dyn ExecutionPlan>) -> bool {
    !plan.is::<Guard>() && alone(plan).len() < plan.schema().fields().len()
}

/// The places of the columns that share their name with no other one.
fn alone(plan: &Arc<dyn ExecutionPlan>) -> Vec<usize> {
    let schema = plan.schema();
    let mut named: HashMap<&str, usize> = HashMap::new();
    schema.fields().iter().for_each(|field| *named.entry(field.name()).or_default() += 1);
    let single = |name: &str| named.get(name) == Some(&1);
    schema.fields().iter().enumerate().filter(|(_, field)| single(field.name())).map(|(at, _)| at).collect()
}

/// Gives the rows of its input as they are.
#[derive(Debug)]
struct Guard {
    input: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for Guard {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guard: filters by unique names only")
    }
}

impl ExecutionPlan for Guard {
    fn name(&self) -> &str {
        "Guard"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(Guard { input })),
            _ => Err(DataFusionError::Internal("a guard has one input".to_owned())),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.input.execute(partition, context)
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }

    fn cardinality_effect(&self) -> CardinalityEffect {
        CardinalityEffect::Equal
    }

    fn gather_filters_for_pushdown(
        &self,
        _: FilterPushdownPhase,
        parent_filters: Vec<Arc<dyn PhysicalExpr>>,
        _: &ConfigOptions,
    ) -> Result<FilterDescription> {
        let alone = alone(&self.input).into_iter().collect();
        let child = ChildFilterDescription::from_child_with_allowed_indices(&parent_filters, alone, &self.input)?;
        Ok(FilterDescription::new().with_child(child))
    }

    fn handle_child_pushdown_result(
        &self,
        _: FilterPushdownPhase,
        result: ChildPushdownResult,
        _: &ConfigOptions,
    ) -> Result<FilterPushdownPropagation<Arc<dyn ExecutionPlan>>> {
        Ok(FilterPushdownPropagation::if_all(result))
    }
}

//! The session that optimises and runs the plans of this crate.

mod namesakes;

use std::sync::Arc;

use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::execution::{SessionState, config::SessionConfig};
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::optimizer::{Optimizer, OptimizerRule};

use crate::aggregate::KeepTypes;
use crate::floating::OneZero;
use crate::operators::SparkOperators;
use crate::registry::registry;

/// Spark's defaults as far as DataFusion has a setting for them: NULL smallest, names in their case, time zone UTC.
///
/// Statistics are not collected at planning (one footer read per file), batches have 8192 rows.
pub fn session_config(target_partitions: usize) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(target_partitions.max(1))
        .with_batch_size(8192)
        .with_collect_statistics(false)
        .with_information_schema(false)
        .with_create_default_catalog_and_schema(true);
    let options = config.options_mut();
    options.execution.time_zone = Some("UTC".into());
    options.execution.enable_ansi_mode = true;
    options.sql_parser.default_null_ordering = "nulls_min".into();
    options.sql_parser.enable_ident_normalization = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    options.sql_parser.parse_float_as_decimal = true;
    options.execution.parquet.pushdown_filters = true;
    config
}

/// A session with the functions of the [registry](crate::registry), Spark's operators, the default optimiser, and no table
/// functions, file formats or table factories: a plan can read only what [`crate::Tables`] handed over.
pub fn session_state(config: SessionConfig, runtime: Arc<RuntimeEnv>) -> SessionState {
    let registry = registry();
    SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_scalar_functions(registry.scalars.values().cloned().collect())
        .with_higher_order_functions(registry.higher_order.values().cloned().collect())
        .with_aggregate_functions(registry.aggregates.values().cloned().collect())
        .with_window_functions(registry.windows.values().cloned().collect())
        .with_expr_planners(planners())
        .with_analyzer_rule(Arc::new(OneZero))
        .with_physical_optimizer_rules(namesakes::rules())
        .with_optimizer_rules(optimizer())
        .build()
}

/// DataFusion's rules, each as it is but for the one that totals twice.
fn optimizer() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let own = |rule: Arc<dyn OptimizerRule + Send + Sync>| match rule.name() {
        KeepTypes::OF => Arc::new(KeepTypes(rule)),
        _ => rule,
    };
    Optimizer::new().rules.into_iter().map(own).collect()
}

/// What is asked for the meaning of an operator, an access or a special form, one after the other.
fn planners() -> Vec<Arc<dyn ExprPlanner>> {
    vec![
        Arc::new(SparkOperators),
        Arc::new(datafusion::functions::core::planner::CoreFunctionPlanner::default()),
        Arc::new(datafusion::functions_nested::planner::NestedFunctionPlanner),
        Arc::new(datafusion::functions_nested::planner::FieldAccessPlanner),
        Arc::new(datafusion::functions_aggregate::planner::AggregateFunctionPlanner),
        Arc::new(datafusion::functions_window::planner::WindowFunctionPlanner),
    ]
}

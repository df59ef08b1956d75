//! The one way in: a resolved query and the tables it names become a logical plan.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::config::ConfigOptions;
use datafusion::datasource::provider_as_source;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner, RelationPlanner};
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, LogicalPlan, ScalarUDF, TableSource, WindowUDF};
use datafusion::sql::planner::{NullOrdering, ParserOptions, SqlToRel};
use datafusion::sql::sqlparser::ast::{Query, Statement};

use crate::ast;
use crate::cast::{OnError, SparkCast};
use crate::error::PlanError;
use crate::operators::SparkOperators;
use crate::registry::{Registry, registry};
use crate::relation::{Relations, with_types};

/// The tables that a query may read.
pub trait Tables {
    /// The table of that name, in its exact case: `["silver", "sales_orders"]`. `None`: there is none.
    fn table(&self, parts: &[String]) -> Option<Arc<dyn TableProvider>>;
}

/// Plans a resolved query.
///
/// In: every table and column name in its exact case and quoted, parameters bound, `current_timestamp()` and its like
/// bound to literals. Out: a plan that is not optimised yet, whose columns have the query's names and
/// Spark's types, `TIMESTAMP` as microseconds in UTC.
///
/// Errors: [`PlanError`]; none of them holds a value of a row.
pub fn plan(state: &SessionState, query: &Query, tables: &dyn Tables) -> std::result::Result<LogicalPlan, PlanError> {
    let mut query = query.clone();
    let ast::Rewritten { types, views } = ast::rewrite(&mut query)?;
    let context = Context {
        options: state.config_options(),
        registry: registry(),
        tables,
        types,
        operators: vec![
            Arc::new(SparkOperators),
            Arc::new(datafusion::functions::core::planner::CoreFunctionPlanner::default()),
            Arc::new(datafusion::functions_nested::planner::NestedFunctionPlanner),
            Arc::new(datafusion::functions_nested::planner::FieldAccessPlanner),
            Arc::new(datafusion::functions_aggregate::planner::AggregateFunctionPlanner),
            Arc::new(datafusion::functions_window::planner::WindowFunctionPlanner),
        ],
        relations: vec![Arc::new(Relations::new(views))],
    };
    let options = ParserOptions {
        parse_float_as_decimal: true,
        enable_ident_normalization: false,
        map_string_types_to_utf8view: false,
        default_null_ordering: NullOrdering::NullsMin,
        ..ParserOptions::default()
    };
    let planned = SqlToRel::new_with_options(&context, options).sql_statement_to_plan(Statement::Query(Box::new(query)))?;
    Ok(with_types(planned, state.config_options())?)
}

/// What the planner may ask for: these tables, the functions of the registry, and nothing of the session's catalog.
struct Context<'a> {
    options: &'a ConfigOptions,
    registry: &'static Registry,
    tables: &'a dyn Tables,
    types: Vec<DataType>,
    operators: Vec<Arc<dyn ExprPlanner>>,
    relations: Vec<Arc<dyn RelationPlanner>>,
}

impl ContextProvider for Context<'_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>> {
        let parts = match &name {
            TableReference::Bare { table } => vec![table.to_string()],
            TableReference::Partial { schema, table } => vec![schema.to_string(), table.to_string()],
            TableReference::Full { catalog, schema, table } => {
                vec![catalog.to_string(), schema.to_string(), table.to_string()]
            }
        };
        self.tables
            .table(&parts)
            .map(provider_as_source)
            .ok_or_else(|| DataFusionError::Plan(format!("there is no table {name}")))
    }

    fn create_cte_work_table(&self, _name: &str, _schema: SchemaRef) -> Result<Arc<dyn TableSource>> {
        Err(DataFusionError::Plan("WITH RECURSIVE is not supported".into()))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.operators
    }

    fn get_relation_planners(&self) -> &[Arc<dyn RelationPlanner>] {
        &self.relations
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        if let Some((kind, at)) = name.split_once('#') {
            let to = self.types.get(at.parse::<usize>().ok()?)?.clone();
            let on_error = if kind == "try_cast" { OnError::Null } else { OnError::Raise };
            return Some(Arc::new(ScalarUDF::new_from_impl(SparkCast::named(name, to, on_error))));
        }
        self.registry.scalars.get(name).cloned()
    }

    fn get_higher_order_meta(&self, name: &str) -> Option<Arc<HigherOrderUDF>> {
        self.registry.higher_order.get(name).cloned()
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.registry.aggregates.get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.registry.windows.get(name).cloned()
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.options
    }

    fn udf_names(&self) -> Vec<String> {
        self.registry.scalars.keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        self.registry.higher_order.keys().cloned().collect()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.registry.aggregates.keys().cloned().collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.registry.windows.keys().cloned().collect()
    }
}

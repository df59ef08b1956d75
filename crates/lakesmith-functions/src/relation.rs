//! How relations are planned that DataFusion does not plan, or not with Spark's types.
//!
//! `table#n` is a table that the rewriting found. `lateral view#n` is the former FROM, unnested, with all its qualifiers.
//! A subquery that is a set operation has its
//! final types before the query around it is planned on them.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::arrow::datatypes::DataType;
use datafusion::common::TableReference;
use datafusion::common::{Column, NullHandling, UnnestOptions};
use datafusion::config::ConfigOptions;
use datafusion::datasource::provider_as_source;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::planner::{PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, lit};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::sql::sqlparser::ast::{ObjectName, SetExpr, TableFactor};

use crate::ast::{Generator, Scan, TABLE, VIEW, View, copy};
use crate::floating::doubles_in_lists;
use crate::registry::registry;

/// Plans the relations of one query.
pub(crate) struct Relations {
    /// The tables that the rewriting found in it.
    tables: Vec<Scan>,
    /// The generators that the rewriting took out of it.
    views: Vec<View>,
    /// The next relation is one that was handed back to the planner.
    handed_back: AtomicBool,
}

impl Relations {
    pub(crate) fn new(tables: Vec<Scan>, views: Vec<View>) -> Self {
        Self { tables, views, handed_back: AtomicBool::new(false) }
    }
}

/// The syntax of the views is left out: every node of it would have to be compiled for nothing but this.
impl fmt::Debug for Relations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relations").field("tables", &self.tables).finish_non_exhaustive()
    }
}

/// The plan with the types that its set operations come to.
pub(crate) fn with_types(plan: LogicalPlan, options: &ConfigOptions) -> Result<LogicalPlan> {
    TypeCoercion::new().analyze(doubles_in_lists(plan)?, options)
}

impl RelationPlanner for Relations {
    fn plan_relation(&self, relation: TableFactor, context: &mut dyn RelationPlannerContext) -> Result<RelationPlanning> {
        if let TableFactor::Table { name, .. } = &relation {
            let plan = if let Some(Scan { name, table }) = entry(name, TABLE, &self.tables) {
                Some(LogicalPlanBuilder::scan(name.clone(), provider_as_source(table.clone()), None)?.build()?)
            } else if let Some(view) = entry(name, VIEW, &self.views) {
                Some(unnested(view, context)?)
            } else {
                None
            };
            if let Some(plan) = plan {
                let alias = match relation {
                    TableFactor::Table { alias, .. } => alias,
                    _ => None,
                };
                return Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias))));
            }
        }
        if self.handed_back.swap(false, Ordering::Relaxed) {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        }
        match relation {
            TableFactor::Derived { lateral: false, subquery, alias, sample }
                if matches!(subquery.body.as_ref(), SetExpr::SetOperation { .. }) =>
            {
                self.handed_back.store(true, Ordering::Relaxed);
                let plan = context.plan(TableFactor::Derived { lateral: false, subquery, alias: None, sample })?;
                let plan = with_types(plan, context.context_provider().options())?;
                Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias))))
            }
            other => Ok(RelationPlanning::Original(Box::new(other))),
        }
    }
}

/// What a name stands for that the rewriting made: `prefix` and a place in `entries`.
fn entry<'a, T>(name: &ObjectName, prefix: &str, entries: &'a [T]) -> Option<&'a T> {
    let name = &name.0.first()?.as_ident()?.value;
    entries.get(name.strip_prefix(prefix)?.parse::<usize>().ok()?)
}

const LIST: &str = "generated list";
const POSITIONS: &str = "generated positions";

/// The input's columns, then those of the generator under the view's name; a row per element.
fn unnested(view: &View, context: &mut dyn RelationPlannerContext) -> Result<LogicalPlan> {
    let input = match &view.input {
        Some(table) if table.joins.is_empty() => context.plan(copy::tables(table).relation)?,
        Some(tables) => {
            context.plan(TableFactor::NestedJoin { table_with_joins: Box::new(copy::tables(tables)), alias: None })?
        }
        None => LogicalPlanBuilder::empty(true).build()?,
    };
    let schema = input.schema().clone();
    let argument = context.sql_to_expr(copy::expr(&view.argument), &schema)?;
    let (list, element, is_map) = match argument.get_type(&schema)? {
        DataType::List(field) | DataType::LargeList(field) => (argument, field.data_type().clone(), false),
        DataType::Map(entries, _) => (call("map_entries", argument)?, entries.data_type().clone(), true),
        DataType::Null => (argument, DataType::Null, false),
        other => {
            return Err(DataFusionError::Plan(format!(
                "explode takes an array or a map, not {}",
                crate::types::spark_name(&other)
            )));
        }
    };

    let kept: Vec<Expr> = schema.iter().map(|(qualifier, field)| Expr::Column(Column::from((qualifier, field)))).collect();
    let with_position = view.generator == Generator::PosExplode;
    let mut columns = kept.clone();
    columns.push(list.clone().alias(LIST));
    let mut unnest = vec![Column::from_name(LIST)];
    if with_position {
        columns.push(call("list_positions", list)?.alias(POSITIONS));
        unnest.push(Column::from_name(POSITIONS));
    }
    let null_handling = if view.outer { NullHandling::PreserveAndExpandEmpty } else { NullHandling::Drop };
    let rows = LogicalPlanBuilder::from(input)
        .project(columns)?
        .unnest_columns_with_options(unnest, UnnestOptions::new().with_null_handling(null_handling))?;

    let value = Expr::Column(Column::from_name(LIST));
    let mut made: Vec<(String, Expr)> = Vec::new();
    if with_position {
        made.push(("pos".into(), Expr::Column(Column::from_name(POSITIONS))));
    }
    match (&element, is_map, view.generator) {
        (DataType::Struct(kv), true, Generator::Explode | Generator::PosExplode) if kv.len() == 2 => {
            made.push(("key".into(), field(value.clone(), kv[0].name())?));
            made.push(("value".into(), field(value, kv[1].name())?));
        }
        (DataType::Struct(fields), false, Generator::Inline) => {
            for f in fields {
                made.push((f.name().clone(), field(value.clone(), f.name())?));
            }
        }
        (_, _, Generator::Inline) => return Err(DataFusionError::Plan("inline takes an array of structs".into())),
        _ => made.push(("col".into(), value)),
    }
    if !view.columns.is_empty() {
        if view.columns.len() != made.len() {
            return Err(DataFusionError::Plan(format!(
                "the generator makes {} columns, {} names are given",
                made.len(),
                view.columns.len()
            )));
        }
        for (column, name) in made.iter_mut().zip(&view.columns) {
            column.0.clone_from(name);
        }
    }
    let qualifier = (!view.name.is_empty()).then(|| TableReference::bare(view.name.clone()));
    let mut out = kept;
    out.extend(made.into_iter().map(|(name, expr)| expr.alias_qualified(qualifier.clone(), name)));
    rows.project(out)?.build()
}

fn field(value: Expr, name: &str) -> Result<Expr> {
    function("get_field", vec![value, lit(name)])
}

fn call(name: &str, argument: Expr) -> Result<Expr> {
    function(name, vec![argument])
}

fn function(name: &str, args: Vec<Expr>) -> Result<Expr> {
    let udf = registry().scalars.get(name).ok_or_else(|| DataFusionError::Internal(format!("{name} is not registered")))?;
    Ok(Expr::ScalarFunction(ScalarFunction::new_udf(udf.clone(), args)))
}

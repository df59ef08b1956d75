//! Floating numbers are compared as in Spark.
//!
//! Zero is one number: `-0.0 = 0.0`, and both are one key of a join, a group or a partition. Arrow compares floating numbers by their
//! order of bits, in which -0.0 comes before 0.0. So a comparison with a constant becomes one with the zero at its end of the two, which statistics can still prune by; other values lose the sign of a
//! zero by adding 0.0. NaN is one number in both.
//!
//! Beside other numbers in a list they are DOUBLEs, and not decimals, which hold neither NaN nor what is large.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{AggregateFunction, InList, InSubquery, WindowFunction};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Distinct, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Operator, lit, when,
};
use datafusion::optimizer::AnalyzerRule;

use crate::operators::convert;

/// `x IN (1.5, 2)` compares as `x = 1.5 OR x = 2` does. Before DataFusion finds a type for both.
pub(crate) fn doubles_in_lists(plan: LogicalPlan) -> Result<LogicalPlan> {
    let rewritten = plan.transform_up_with_subqueries(|plan| {
        let schema = merge_schema(&plan.inputs());
        let names = NamePreserver::new(&plan);
        plan.map_expressions(|expr| {
            let name = names.save(&expr);
            Ok(expr.transform_up(|expr| Ok(as_doubles(expr, &schema)))?.update_data(|expr| name.restore(expr)))
        })
    });
    rewritten.data()
}

fn as_doubles(expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let Expr::InList(InList { expr, list, negated }) = expr else { return Transformed::no(expr) };
    let all = || std::iter::once(&*expr).chain(&list);
    let types: Vec<DataType> = all().filter_map(|value| value.get_type(schema).ok()).collect();
    let mixed = types.iter().any(DataType::is_floating) && types.iter().any(|ty| *ty != DataType::Float32);
    if types.len() <= list.len() || !mixed || !types.iter().all(|ty| ty.is_numeric() || ty.is_null()) {
        return Transformed::no(Expr::InList(InList::new(expr, list, negated)));
    }
    let double = |(value, ty): (Expr, &DataType)| match ty {
        DataType::Float64 | DataType::Null => value,
        _ => convert(value, &DataType::Float64),
    };
    let list = list.into_iter().zip(&types[1..]).map(double).collect();
    Transformed::yes(Expr::InList(InList::new(Box::new(double((*expr, &types[0]))), list, negated)))
}

/// Zero is one number.
#[derive(Debug)]
pub(crate) struct OneZero;

impl AnalyzerRule for OneZero {
    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(node).data()
    }

    fn name(&self) -> &str {
        "one_zero"
    }
}

fn node(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    if let LogicalPlan::Distinct(Distinct::All(input)) = plan {
        return distinct(input);
    }
    let inputs = plan.inputs();
    if inputs.is_empty() {
        return Ok(Transformed::no(plan));
    }
    let schema = merge_schema(&inputs);
    let names = NamePreserver::new(&plan);
    let rewritten = plan.map_expressions(|expr| {
        let name = names.save(&expr);
        Ok(expr.transform_up(|expr| expression(expr, &schema))?.update_data(|expr| name.restore(expr)))
    })?;
    rewritten.transform_data(|plan| keys(plan, &schema))
}

/// What rows are grouped or joined by.
fn keys(plan: LogicalPlan, schema: &DFSchema) -> Result<Transformed<LogicalPlan>> {
    match plan {
        LogicalPlan::Join(mut join) => {
            let (left, right) = (join.left.schema().clone(), join.right.schema().clone());
            let mut changed = false;
            for (ours, theirs) in &mut join.on {
                changed |= is_floating(ours, &left) || is_floating(theirs, &right);
                *ours = unsigned_key(ours.clone(), &left);
                *theirs = unsigned_key(theirs.clone(), &right);
            }
            let join = LogicalPlan::Join(join);
            Ok(if changed { Transformed::yes(join) } else { Transformed::no(join) })
        }
        LogicalPlan::Aggregate(aggregate) if aggregate.group_expr.iter().any(|expr| is_floating(expr, schema)) => {
            let Aggregate { input, group_expr, aggr_expr, .. } = aggregate;
            let named = |expr: Expr| {
                let (relation, name) = expr.qualified_name();
                let key = unsigned_key(expr.clone().unalias(), schema);
                if is_floating(&expr, schema) { key.alias_qualified(relation, name) } else { expr }
            };
            let group_expr = group_expr.into_iter().map(named).collect();
            Ok(Transformed::yes(LogicalPlan::Aggregate(Aggregate::try_new(input, group_expr, aggr_expr)?)))
        }
        plan => Ok(Transformed::no(plan)),
    }
}

fn distinct(input: Arc<LogicalPlan>) -> Result<Transformed<LogicalPlan>> {
    if !input.schema().fields().iter().any(|field| field.data_type().is_floating()) {
        return Ok(Transformed::no(LogicalPlan::Distinct(Distinct::All(input))));
    }
    Ok(Transformed::yes(LogicalPlan::Distinct(Distinct::All(Arc::new(without_signs(input)?)))))
}

/// The same rows; no zero has a sign.
fn without_signs(input: Arc<LogicalPlan>) -> Result<LogicalPlan> {
    let schema = input.schema().clone();
    let columns = schema.columns().into_iter().map(|column| {
        let (relation, name) = (column.relation.clone(), column.name.clone());
        let column = Expr::Column(column);
        if is_floating(&column, &schema) { unsigned(column, &schema).alias_qualified(relation, name) } else { column }
    });
    LogicalPlanBuilder::from(input).project(columns)?.build()
}

fn expression(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::BinaryExpr(binary)
            if compares(binary.op) && is_floating(&binary.left, schema) && is_floating(&binary.right, schema) =>
        {
            comparison(binary, schema)
        }
        Expr::InList(list) if is_floating(&list.expr, schema) && !list.list.iter().all(is_other_than_zero) => {
            let InList { expr, list, negated } = list;
            let list = list.into_iter().map(|value| unsigned_key(value, schema)).collect();
            Ok(Transformed::yes(Expr::InList(InList::new(Box::new(unsigned(*expr, schema)), list, negated))))
        }
        Expr::InSubquery(within) if is_floating(&within.expr, schema) => {
            let InSubquery { expr, mut subquery, negated } = within;
            subquery.subquery = Arc::new(without_signs(subquery.subquery)?);
            Ok(Transformed::yes(Expr::InSubquery(InSubquery::new(Box::new(unsigned(*expr, schema)), subquery, negated))))
        }
        Expr::WindowFunction(mut window) if window.params.partition_by.iter().any(|key| is_floating(key, schema)) => {
            let WindowFunction { params, .. } = window.as_mut();
            let keys = std::mem::take(&mut params.partition_by);
            params.partition_by = keys.into_iter().map(|key| unsigned_key(key, schema)).collect();
            Ok(Transformed::yes(Expr::WindowFunction(window)))
        }
        Expr::AggregateFunction(AggregateFunction { func, mut params })
            if params.distinct && params.args.iter().any(|value| is_floating(value, schema)) =>
        {
            params.args = params.args.into_iter().map(|value| unsigned_key(value, schema)).collect();
            Ok(Transformed::yes(Expr::AggregateFunction(AggregateFunction { func, params })))
        }
        other => Ok(Transformed::no(other)),
    }
}

fn comparison(binary: BinaryExpr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let BinaryExpr { left, op, right } = binary;
    let (left, right) = (*left, *right);
    if is_other_than_zero(&left) || is_other_than_zero(&right) {
        return Ok(Transformed::no(compare(left, op, right)));
    }
    let (value, op, constant) = match (is_constant(&left), is_constant(&right)) {
        (false, true) => (left, op, right),
        (true, false) => match op.swap() {
            Some(swapped) => (right, swapped, left),
            None => return Ok(Transformed::yes(compare(unsigned(left, schema), op, unsigned(right, schema)))),
        },
        _ => return Ok(Transformed::yes(compare(unsigned(left, schema), op, unsigned(right, schema)))),
    };
    let rewritten = match op {
        Operator::Lt | Operator::GtEq => compare(value, op, lower(constant, schema)?),
        Operator::LtEq | Operator::Gt => compare(value, op, upper(constant, schema)),
        Operator::Eq => compare(value.clone(), Operator::GtEq, lower(constant.clone(), schema)?).and(compare(
            value,
            Operator::LtEq,
            upper(constant, schema),
        )),
        Operator::NotEq => compare(value.clone(), Operator::Lt, lower(constant.clone(), schema)?).or(compare(
            value,
            Operator::Gt,
            upper(constant, schema),
        )),
        op => compare(unsigned(value, schema), op, unsigned(constant, schema)),
    };
    Ok(Transformed::yes(rewritten))
}

fn compare(left: Expr, op: Operator, right: Expr) -> Expr {
    Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))
}

fn compares(op: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom)
}

/// A value that comes first of those that are equal to it.
fn lower(expr: Expr, schema: &DFSchema) -> Result<Expr> {
    let zero = |negative: f64| match expr.get_type(schema) {
        Ok(DataType::Float32) => lit(negative as f32),
        _ => lit(negative),
    };
    match &expr {
        Expr::Literal(..) if is_other_than_zero(&expr) => Ok(expr),
        Expr::Literal(..) => Ok(zero(-0.0)),
        _ if is_constant(&expr) => {
            let (negative, positive) = (zero(-0.0), zero(0.0));
            let value = unsigned(expr, schema);
            when(compare(value.clone(), Operator::Eq, positive), negative).otherwise(value)
        }
        _ => Ok(unsigned(expr, schema)),
    }
}

/// A value that comes last of those that are equal to it.
fn upper(expr: Expr, schema: &DFSchema) -> Expr {
    unsigned_key(expr, schema)
}

/// The same value; a zero has no sign.
fn unsigned(expr: Expr, schema: &DFSchema) -> Expr {
    match expr.get_type(schema) {
        Ok(DataType::Float32) => compare(expr, Operator::Plus, lit(0.0_f32)),
        Ok(DataType::Float64) => compare(expr, Operator::Plus, lit(0.0_f64)),
        _ => expr,
    }
}

/// The same, where that is not known already.
fn unsigned_key(expr: Expr, schema: &DFSchema) -> Expr {
    if is_other_than_zero(&expr) { expr } else { unsigned(expr, schema) }
}

fn is_floating(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).is_ok_and(|data_type| matches!(data_type, DataType::Float32 | DataType::Float64))
}

/// Whether it has the same value for every row.
fn is_constant(expr: &Expr) -> bool {
    !expr.is_volatile() && !expr.any_column_refs() && !expr.contains_outer() && !has_subquery(expr)
}

fn has_subquery(expr: &Expr) -> bool {
    expr.exists(|expr| Ok(matches!(expr, Expr::ScalarSubquery(_) | Expr::InSubquery(_) | Expr::Exists(_)))).unwrap_or(true)
}

/// Whether it is a literal, and no zero.
fn is_other_than_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(ScalarValue::Float32(value), _) => *value != Some(0.0),
        Expr::Literal(ScalarValue::Float64(value), _) => *value != Some(0.0),
        Expr::Literal(value, _) => value.is_null(),
        _ => false,
    }
}

//! Operators and field access, planned with Spark's types.
//!
//! Both sides get one type here, by Spark's rules, so that DataFusion's own coercion has nothing left to do.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr::{Cast, ScalarFunction};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr, RawFieldAccessExpr};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, GetFieldAccess, Operator, ScalarUDF, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;

use crate::arithmetic::{Arithmetic, Op};
use crate::cast::{OnError, SparkCast};
use crate::decimal;
use crate::guards::guarded;
use crate::registry::registry;
use crate::types::{spark_name, timestamp};

/// Spark's operators.
#[derive(Debug)]
pub(crate) struct SparkOperators;

impl ExprPlanner for SparkOperators {
    fn plan_binary_op(&self, expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let types = (expr.left.get_type(schema)?, expr.right.get_type(schema)?);
        if let Some((op, on_error)) = arithmetic_op(&expr.op) {
            return arithmetic(op, on_error, expr, types);
        }
        if expr.op == BinaryOperator::StringConcat {
            return call("concat", vec![expr.left, expr.right]).map(PlannerResult::Planned);
        }
        if let BinaryOperator::And | BinaryOperator::Or = expr.op {
            let op = if expr.op == BinaryOperator::And { Operator::And } else { Operator::Or };
            return Ok(match guarded(&expr.left, op, &expr.right)? {
                Some(case) => PlannerResult::Planned(case),
                None => PlannerResult::Original(expr),
            });
        }
        let op = match &expr.op {
            BinaryOperator::Eq => Operator::Eq,
            BinaryOperator::NotEq => Operator::NotEq,
            BinaryOperator::Lt => Operator::Lt,
            BinaryOperator::LtEq => Operator::LtEq,
            BinaryOperator::Gt => Operator::Gt,
            BinaryOperator::GtEq => Operator::GtEq,
            BinaryOperator::Spaceship => Operator::IsNotDistinctFrom,
            _ => return Ok(PlannerResult::Original(expr)),
        };
        let (left, right) = comparable(expr.left, expr.right, types)?;
        Ok(PlannerResult::Planned(Expr::BinaryExpr(BinaryExpr::new(Box::new(left), op, Box::new(right)))))
    }

    fn plan_field_access(&self, expr: RawFieldAccessExpr, schema: &DFSchema) -> Result<PlannerResult<RawFieldAccessExpr>> {
        let data_type = expr.expr.get_type(schema)?;
        let RawFieldAccessExpr { field_access, expr: value } = expr;
        match (field_access, data_type) {
            (GetFieldAccess::ListIndex { key }, _) => call("list_get", vec![value, *key]).map(PlannerResult::Planned),
            (GetFieldAccess::NamedStructField { name }, DataType::Map(_, _)) => {
                call("list_get", vec![value, Expr::Literal(name, None)]).map(PlannerResult::Planned)
            }
            (field_access, _) => Ok(PlannerResult::Original(RawFieldAccessExpr { field_access, expr: value })),
        }
    }
}

fn arithmetic_op(op: &BinaryOperator) -> Option<(Op, OnError)> {
    Some(match op {
        BinaryOperator::Plus => (Op::Add, OnError::Raise),
        BinaryOperator::Minus => (Op::Subtract, OnError::Raise),
        BinaryOperator::Multiply => (Op::Multiply, OnError::Raise),
        BinaryOperator::Divide => (Op::Divide, OnError::Raise),
        BinaryOperator::Modulo => (Op::Remainder, OnError::Raise),
        BinaryOperator::MyIntegerDivide | BinaryOperator::DuckIntegerDivide => (Op::IntegralDivide, OnError::Raise),
        BinaryOperator::Custom(name) => match name.as_str() {
            "pmod" => (Op::PositiveRemainder, OnError::Raise),
            "try_add" => (Op::Add, OnError::Null),
            "try_subtract" => (Op::Subtract, OnError::Null),
            "try_multiply" => (Op::Multiply, OnError::Null),
            "try_divide" => (Op::Divide, OnError::Null),
            "try_mod" => (Op::Remainder, OnError::Null),
            _ => return None,
        },
        _ => return None,
    })
}

fn arithmetic(
    op: Op,
    on_error: OnError,
    expr: RawBinaryExpr,
    (left_type, right_type): (DataType, DataType),
) -> Result<PlannerResult<RawBinaryExpr>> {
    let is_interval = |t: &DataType| matches!(t, DataType::Interval(_));
    let is_instant = |t: &DataType| matches!(t, DataType::Date32 | DataType::Timestamp(_, _));
    let name = match op {
        Op::Add => "date_add",
        _ => "date_sub",
    };
    if matches!(op, Op::Add | Op::Subtract) {
        if is_instant(&left_type) && is_interval(&right_type) {
            let name = if op == Op::Add { "add_interval" } else { "subtract_interval" };
            return call(name, vec![expr.left, expr.right]).map(PlannerResult::Planned);
        }
        if op == Op::Add && is_interval(&left_type) && is_instant(&right_type) {
            return call("add_interval", vec![expr.right, expr.left]).map(PlannerResult::Planned);
        }
        if left_type == DataType::Date32 && right_type.is_integer() {
            return call(name, vec![expr.left, expr.right]).map(PlannerResult::Planned);
        }
        if is_instant(&left_type) || is_instant(&right_type) || is_interval(&left_type) || is_interval(&right_type) {
            return Err(mismatch(&left_type, &right_type));
        }
    }
    let (left, right) = match (number(&left_type), number(&right_type)) {
        (Some(_), Some(_)) => operands(op, expr.left, expr.right, left_type, right_type)?,
        _ => return Err(mismatch(&left_type, &right_type)),
    };
    let udf = ScalarUDF::new_from_impl(Arithmetic::new(op, on_error));
    Ok(PlannerResult::Planned(Expr::ScalarFunction(ScalarFunction::new_udf(udf.into(), vec![left, right]))))
}

fn mismatch(left: &DataType, right: &DataType) -> DataFusionError {
    DataFusionError::Plan(format!("{} and {} do not go together here", spark_name(left), spark_name(right)))
}

/// Something that arithmetic takes, strings included.
fn number(data_type: &DataType) -> Option<()> {
    (data_type.is_numeric() || data_type.is_null() || is_string(data_type)).then_some(())
}

pub(crate) fn is_string(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// Both operands with the types that the operation takes: equal ones, but for decimals.
fn operands(op: Op, left: Expr, right: Expr, from_left: DataType, from_right: DataType) -> Result<(Expr, Expr)> {
    let (left_type, right_type) = (numeric(&from_left, &from_right), numeric(&from_right, &from_left));
    let double = (DataType::Float64, DataType::Float64);
    let (to_left, to_right) = match (&left_type, &right_type) {
        (DataType::Decimal128(_, _), other) | (other, DataType::Decimal128(_, _)) if other.is_floating() => double,
        (DataType::Decimal128(_, _), _) | (_, DataType::Decimal128(_, _)) => {
            (as_decimal(&left, &left_type), as_decimal(&right, &right_type))
        }
        _ if op == Op::Divide => double,
        (l, r) => {
            let common = wider(l, r);
            (common.clone(), common)
        }
    };
    Ok((converted(left, &from_left, &to_left), converted(right, &from_right, &to_right)))
}

/// A string beside a whole number is one, beside anything else a DOUBLE; NULL takes the other side's type.
fn numeric(data_type: &DataType, other: &DataType) -> DataType {
    if is_string(data_type) {
        if other.is_integer() { DataType::Int64 } else { DataType::Float64 }
    } else if data_type.is_null() {
        if other.is_numeric() { other.clone() } else { DataType::Float64 }
    } else {
        data_type.clone()
    }
}

/// The decimal that holds a number type, or exactly a literal.
fn as_decimal(expr: &Expr, data_type: &DataType) -> DataType {
    if let Some(n) = integer_literal(expr) {
        let digits = n.unsigned_abs().to_string().len() as u8;
        return DataType::Decimal128(digits, 0);
    }
    decimal::of_integer(data_type)
}

/// The wider of two number types.
pub(crate) fn wider(left: &DataType, right: &DataType) -> DataType {
    let rank = |t: &DataType| match t {
        DataType::Int8 => 0,
        DataType::Int16 => 1,
        DataType::Int32 => 2,
        DataType::Int64 => 3,
        DataType::Float32 => 4,
        _ => 5,
    };
    let widest = rank(left).max(rank(right));
    [DataType::Int8, DataType::Int16, DataType::Int32, DataType::Int64, DataType::Float32, DataType::Float64][widest].clone()
}

/// Both sides of a comparison with one type.
fn comparable(left: Expr, right: Expr, (left_type, right_type): (DataType, DataType)) -> Result<(Expr, Expr)> {
    if left_type == right_type || left_type.is_null() || right_type.is_null() {
        return Ok((left, right));
    }
    if is_string(&left_type) && is_string(&right_type) {
        return Ok((left, right));
    }
    let to = match (&left_type, &right_type) {
        (text, other) | (other, text) if is_string(text) => match other {
            t if t.is_integer() => DataType::Int64,
            t if t.is_numeric() => DataType::Float64,
            DataType::Timestamp(_, _) => timestamp(),
            other => other.clone(),
        },
        (DataType::Date32, DataType::Timestamp(_, _)) | (DataType::Timestamp(_, _), DataType::Date32) => timestamp(),
        (DataType::Timestamp(_, _), DataType::Timestamp(_, _)) => timestamp(),
        (l, r) if l.is_numeric() && r.is_numeric() => {
            if l.is_floating() || r.is_floating() {
                DataType::Float64
            } else if matches!(l, DataType::Decimal128(_, _)) || matches!(r, DataType::Decimal128(_, _)) {
                decimal::common(&as_decimal(&left, l), &as_decimal(&right, r))
            } else {
                wider(l, r)
            }
        }
        // Structs, lists and whatever else DataFusion can compare or refuse.
        _ if left_type.is_nested() && right_type.is_nested() => return Ok((left, right)),
        _ => return Err(mismatch(&left_type, &right_type)),
    };
    // A whole number beside a whole column is a literal of the column's type, so that statistics can prune by it.
    Ok((converted(left, &left_type, &to), converted(right, &right_type, &to)))
}

fn converted(expr: Expr, from: &DataType, to: &DataType) -> Expr {
    if from == to {
        expr
    } else if from.is_integer() && to.is_integer() && integer_literal(&expr).is_none() {
        // Only ever to a wider type, and DataFusion knows how to prune through its own casts.
        Expr::Cast(Cast::new(Box::new(expr), to.clone()))
    } else {
        convert(expr, to)
    }
}

/// The value of an integer literal, also one that was narrowed to INT.
pub(crate) fn integer_literal(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::Int64(n), _) => *n,
        Expr::Literal(ScalarValue::Int32(Some(n)), _) => Some(i64::from(*n)),
        Expr::Cast(Cast { expr, .. }) => match expr.as_ref() {
            Expr::Literal(ScalarValue::Int64(n), _) => *n,
            _ => None,
        },
        _ => None,
    }
}

/// Casts as Spark does; literals become literals of the type.
pub(crate) fn convert(expr: Expr, to: &DataType) -> Expr {
    if let Some(n) = integer_literal(&expr) {
        match to {
            DataType::Int32 => {
                if let Ok(n) = i32::try_from(n) {
                    return lit(n);
                }
            }
            DataType::Int64 => return lit(n),
            DataType::Float64 => return lit(n as f64),
            DataType::Decimal128(p, s) => {
                if let Some(value) = i128::from(n).checked_mul(10i128.pow(*s as u32)) {
                    return Expr::Literal(ScalarValue::Decimal128(Some(value), *p, *s), None);
                }
            }
            _ => {}
        }
    }
    let udf = ScalarUDF::new_from_impl(SparkCast::new(to.clone(), OnError::Raise));
    Expr::ScalarFunction(ScalarFunction::new_udf(udf.into(), vec![expr]))
}

fn call(name: &str, args: Vec<Expr>) -> Result<Expr> {
    let udf = registry().scalars.get(name).ok_or_else(|| DataFusionError::Internal(format!("{name} is not registered")))?;
    Ok(Expr::ScalarFunction(ScalarFunction::new_udf(udf.clone(), args)))
}

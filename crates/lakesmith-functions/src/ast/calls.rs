//! Function calls: Spark's names and argument orders brought to those of the registry.

use datafusion::arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{
    self, BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArguments, Ident, NullTreatment, ObjectName, OrderByExpr, OrderByOptions, Value,
};

use super::copy;
use super::literals::{call, narrow, plain_cast, string};
use super::syntax::{binary, cast};
use crate::error::PlanError;

/// Functions of which only the first argument gets `INT` for a literal: the rest is read as it stands.
const LITERALS_KEPT: &[&str] = &["lag", "lead", "nth_value", "round", "bround", "ceil", "floor"];

/// Rewrites one call whose arguments are rewritten already.
pub(super) fn rewrite(mut function: Function, types: &mut Vec<DataType>) -> Result<Expr, PlanError> {
    let name = function.name.to_string().trim_matches('`').to_ascii_lowercase();
    // Calls that this pass made itself.
    if name.contains('#') {
        return Ok(Expr::Function(function));
    }
    if super::generators::kind(&function).is_some() {
        return Ok(Expr::Function(function));
    }
    let star = has_wildcard(&function);
    let mut args = arguments(&mut function).ok_or_else(|| PlanError::Unsupported(format!("this form of {name}()")));
    if name == "struct" {
        return structure(args?);
    }
    if let Ok(args) = &mut args
        && name != "ntile"
    {
        let kept = if LITERALS_KEPT.contains(&name.as_str()) { 1 } else { args.len() };
        args.iter_mut().take(kept).for_each(narrow);
    }
    if star {
        return if name == "count" {
            rename(&mut function, "count");
            Ok(Expr::Function(function))
        } else {
            Err(PlanError::Arguments { function: name, reason: "takes no *".into() })
        };
    }
    let args = args?;
    let wrong = |reason: &str| PlanError::Arguments { function: name.clone(), reason: reason.to_owned() };
    let exactly =
        |n: usize| if args.len() == n { Ok(()) } else { Err(wrong(&format!("takes {n} arguments, not {}", args.len()))) };

    Ok(match name.as_str() {
        "now" | "current_timestamp" | "current_date" | "curdate" | "localtimestamp" => {
            return Err(PlanError::Unbound(format!("{name}()")));
        }
        "unix_timestamp" if args.is_empty() => return Err(PlanError::Unbound("unix_timestamp()".into())),
        "unnest" => return Err(PlanError::Unsupported("unnest()".into())),

        // Conditions.
        "nvl" | "ifnull" => call("coalesce", args),
        "if" => {
            exactly(3)?;
            let [condition, then, otherwise] = take(args);
            case(condition, then, Some(otherwise))
        }
        "nvl2" => {
            exactly(3)?;
            let [value, then, otherwise] = take(args);
            case(Expr::IsNotNull(Box::new(value)), then, Some(otherwise))
        }
        "nullif" => {
            exactly(2)?;
            let [left, right] = take(args);
            case(binary(copy::expr(&left), BinaryOperator::Eq, right), ast::Expr::Value(Value::Null.into()), Some(left))
        }
        "isnull" => {
            exactly(1)?;
            let [value] = take(args);
            Expr::IsNull(Box::new(value))
        }
        "isnotnull" => {
            exactly(1)?;
            let [value] = take(args);
            Expr::IsNotNull(Box::new(value))
        }

        // Arithmetic that has an operator.
        "mod" => {
            exactly(2)?;
            operator(BinaryOperator::Modulo, args)
        }
        "pmod" | "try_add" | "try_subtract" | "try_multiply" | "try_divide" | "try_mod" => {
            exactly(2)?;
            operator(BinaryOperator::Custom(name), args)
        }

        // Other names.
        "rlike" | "regexp" => call("regexp_like", args),
        "power" => call("pow", args),
        "ceiling" => call("ceil", args),
        "signum" => call("sign", args),
        "dayofmonth" => call("day", args),
        "char_length" | "character_length" | "len" => call("length", args),
        "substr" => call("substring", args),
        "ucase" => call("upper", args),
        "lcase" => call("lower", args),
        "char" => call("chr", args),
        "position" => call("locate", args),
        "instr" => {
            exactly(2)?;
            let [text, part] = take(args);
            call("locate", vec![part, text])
        }
        "cardinality" => call("size", args),
        "array" => call("make_array", args),
        "map" if args.is_empty() => call("empty_map", args),
        "map" => call("make_map", args),
        "transform" => lambda("array_transform", args),
        "filter" => lambda("array_filter", args),
        "exists" => call("array_any_match", args),
        "date_diff" => call("datediff", args),
        "dateadd" => call("date_add", args),
        "date" => one_cast(args, DataType::Date32, types)?,
        "timestamp" => one_cast(args, crate::types::timestamp(), types)?,
        "string" => one_cast(args, DataType::Utf8, types)?,
        "boolean" => one_cast(args, DataType::Boolean, types)?,
        "int" => one_cast(args, DataType::Int32, types)?,
        "bigint" => one_cast(args, DataType::Int64, types)?,
        "float" => one_cast(args, DataType::Float32, types)?,
        "double" => one_cast(args, DataType::Float64, types)?,

        // Aggregates and windows.
        "count" if args.len() > 1 => count_rows(function, args),
        "count_if" => {
            exactly(1)?;
            let [condition] = take(args);
            with_args(function, "count", vec![case(condition, Expr::Value(Value::Boolean(true).into()), None)])
        }
        "first" | "first_value" | "any_value" | "last" | "last_value" => edge_value(function, &name, args)?,
        "max_by" | "min_by" => {
            exactly(2)?;
            let [value, by] = take(args);
            extreme_by(function, name == "max_by", value, by)?
        }
        "array_agg" => with_args(function, "collect_list", args),
        "approx_count_distinct" => plain_cast(with_args(function, "approx_distinct", args), ast::DataType::BigInt(None)),
        "variance" | "var_samp" => with_args(function, "var", args),
        "stddev" | "stddev_samp" | "std" => with_args(function, "stddev", args),
        "row_number" | "rank" | "dense_rank" | "ntile" => plain_cast(with_args(function, &name, args), ast::DataType::Int(None)),
        _ => with_args(function, &name, args),
    })
}

/// A function of an array and a lambda, whose second parameter may be the element's place.
fn lambda(name: &str, args: Vec<Expr>) -> Expr {
    match <[Expr; 2]>::try_from(args) {
        Ok([list, Expr::Lambda(lambda)]) => super::lambdas::with_place(name, list, lambda),
        Ok(other) => call(name, other.into()),
        Err(args) => call(name, args),
    }
}

/// `struct(a, b AS c, d.e)`: fields named as in Spark, `col1` where an expression has no name.
pub(super) fn structure(values: Vec<Expr>) -> Result<Expr, PlanError> {
    let mut args = Vec::with_capacity(values.len() * 2);
    for (i, value) in values.into_iter().enumerate() {
        let (name, mut value) = match value {
            Expr::Named { expr, name } => (name.value, *expr),
            Expr::Identifier(name) => (name.value.clone(), Expr::Identifier(name)),
            Expr::CompoundIdentifier(parts) => {
                (parts.last().map(|p| p.value.clone()).unwrap_or_default(), Expr::CompoundIdentifier(parts))
            }
            other => (format!("col{}", i + 1), other),
        };
        narrow(&mut value);
        args.push(string(&name));
        args.push(value);
    }
    Ok(call("named_struct", args))
}

fn one_cast(args: Vec<Expr>, to: DataType, types: &mut Vec<DataType>) -> Result<Expr, PlanError> {
    match <[Expr; 1]>::try_from(args) {
        Ok([value]) => Ok(cast("cast", value, to, types)),
        Err(_) => Err(PlanError::Arguments { function: crate::types::spark_name(&to), reason: "takes one argument".into() }),
    }
}

/// `count(a, b)` counts the rows in which none is NULL.
fn count_rows(function: Function, args: Vec<Expr>) -> Expr {
    let condition = args
        .iter()
        .map(|a| Expr::IsNotNull(Box::new(copy::expr(a))))
        .reduce(|a, b| binary(a, BinaryOperator::And, b))
        .unwrap_or_else(|| Expr::Value(Value::Boolean(true).into()));
    let names = args.into_iter().enumerate().flat_map(|(i, a)| [string(&format!("c{i}")), a]).collect();
    with_args(function, "count", vec![case(condition, call("named_struct", names), None)])
}

/// `first(x [, ignoreNulls])` and its like.
fn edge_value(mut function: Function, name: &str, mut args: Vec<Expr>) -> Result<Expr, PlanError> {
    let to = if name.starts_with("last") { "last_value" } else { "first_value" };
    if args.len() == 2 {
        match args.pop() {
            Some(Expr::Value(v)) if v.value == Value::Boolean(true) => {
                function.null_treatment = Some(NullTreatment::IgnoreNulls);
            }
            Some(Expr::Value(v)) if v.value == Value::Boolean(false) => {}
            _ => {
                return Err(PlanError::Arguments {
                    function: name.into(),
                    reason: "the second argument is true or false".into(),
                });
            }
        }
    }
    if args.len() != 1 {
        return Err(PlanError::Arguments { function: name.into(), reason: "takes one or two arguments".into() });
    }
    Ok(with_args(function, to, args))
}

/// `max_by(x, y)`: the first `x` in descending order of `y`, among rows that have a `y`. Of several rows with the same `y` Spark
/// takes any; here it is the largest `x`, so that the order of rows does not matter.
fn extreme_by(mut function: Function, largest: bool, value: Expr, by: Expr) -> Result<Expr, PlanError> {
    if function.over.is_some() {
        return Err(PlanError::Unsupported("max_by or min_by as a window function".into()));
    }
    let present = Expr::IsNotNull(Box::new(copy::expr(&by)));
    function.filter = Some(Box::new(match function.filter.take() {
        Some(filter) => binary(Expr::Nested(filter), BinaryOperator::And, present),
        None => present,
    }));
    let order = |expr: Expr, asc: bool| {
        let options = OrderByOptions { asc: Some(asc), nulls_first: Some(false) };
        OrderByExpr { expr, options, with_fill: None }
    };
    let order = vec![order(by, !largest), order(copy::expr(&value), false)];
    let mut out = with_args(function, "first_value", vec![value]);
    if let Expr::Function(Function { args: FunctionArguments::List(list), .. }) = &mut out {
        list.clauses.push(FunctionArgumentClause::OrderBy(order));
    }
    Ok(out)
}

fn operator(op: BinaryOperator, args: Vec<Expr>) -> Expr {
    let [left, right] = take(args);
    Expr::Nested(Box::new(binary(Expr::Nested(Box::new(left)), op, Expr::Nested(Box::new(right)))))
}

fn case(condition: Expr, then: Expr, otherwise: Option<Expr>) -> Expr {
    let mut args = vec![condition, then];
    args.extend(otherwise);
    call("case_when", args)
}

/// The arguments as an array of the length that was checked before; missing ones are NULL.
fn take<const N: usize>(args: Vec<Expr>) -> [Expr; N] {
    let mut args = args.into_iter();
    std::array::from_fn(|_| args.next().unwrap_or_else(super::literals::null))
}

fn rename(function: &mut Function, name: &str) {
    function.name = ObjectName::from(vec![Ident::new(name)]);
}

fn with_args(mut function: Function, name: &str, args: Vec<Expr>) -> Expr {
    rename(&mut function, name);
    if let FunctionArguments::List(list) = &mut function.args {
        list.args = args.into_iter().map(|e| FunctionArg::Unnamed(FunctionArgExpr::Expr(e))).collect();
        // `DISTINCT` alone changes an answer.
        if list.duplicate_treatment == Some(DuplicateTreatment::All) {
            list.duplicate_treatment = None;
        }
    }
    Expr::Function(function)
}

fn has_wildcard(function: &Function) -> bool {
    matches!(&function.args, FunctionArguments::List(list)
        if list.args.iter().any(|a| matches!(a, FunctionArg::Unnamed(FunctionArgExpr::Wildcard))))
}

/// Takes the arguments out, if all are plain expressions.
fn arguments(function: &mut Function) -> Option<Vec<Expr>> {
    let list = match &mut function.args {
        FunctionArguments::None => return Some(vec![]),
        FunctionArguments::Subquery(_) => return None,
        FunctionArguments::List(list) => list,
    };
    if !list.args.iter().all(|arg| matches!(arg, FunctionArg::Unnamed(FunctionArgExpr::Expr(_)))) {
        return None;
    }
    let args = std::mem::take(&mut list.args).into_iter();
    let exprs = args.filter_map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    });
    Some(exprs.collect())
}

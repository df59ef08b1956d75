//! Special forms: what the parser has a node for, brought to calls and operators with Spark's meaning.

use datafusion::arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, BinaryOperator, CastKind, CeilFloorKind, DateTimeField, Expr, TableFactor, TrimWhereField, UnaryOperator,
    ValueWithSpan,
};

use super::literals::{call, double, integer, is_narrowed, narrow, nearest, null, string, value};
use super::{calls, copy};
use crate::error::PlanError;
use crate::types::arrow_type;

/// Relations that DataFusion would silently read as something else.
pub(super) fn refuse_relation(factor: &TableFactor) -> Result<(), PlanError> {
    let unsupported = |what: &str| Err(PlanError::Unsupported(what.to_owned()));
    match factor {
        TableFactor::Table { args, with_hints, version, with_ordinality, partitions, json_path, sample, index_hints, .. } => {
            if sample.is_some() {
                return unsupported("TABLESAMPLE");
            }
            if version.is_some() {
                return unsupported("reading a table AS OF a version or time");
            }
            if args.is_some() {
                return unsupported("a table function");
            }
            if *with_ordinality || json_path.is_some() {
                return unsupported("this form of table reference");
            }
            if !with_hints.is_empty() || !partitions.is_empty() || !index_hints.is_empty() {
                return unsupported("a hint on a table");
            }
            Ok(())
        }
        TableFactor::Derived { sample: Some(_), .. } => unsupported("TABLESAMPLE"),
        TableFactor::Derived { .. } | TableFactor::NestedJoin { .. } => Ok(()),
        TableFactor::Pivot { .. } | TableFactor::Unpivot { .. } => unsupported("PIVOT or UNPIVOT"),
        _ => unsupported("this form of table reference"),
    }
}

/// Rewrites one expression whose parts are rewritten already.
pub(super) fn rewrite(expr: &mut Expr, types: &mut Vec<DataType>) -> Result<(), PlanError> {
    if is_narrowed(expr) {
        return Ok(());
    }
    let taken = std::mem::replace(expr, null());
    *expr = rewritten(taken, types)?;
    Ok(())
}

fn rewritten(expr: Expr, types: &mut Vec<DataType>) -> Result<Expr, PlanError> {
    Ok(match expr {
        Expr::Value(_) => double(&expr).unwrap_or(expr),
        Expr::Function(function) => calls::rewrite(function, types)?,
        Expr::Cast { kind, expr, data_type, array: false, format: None } => {
            let name = match kind {
                CastKind::Cast | CastKind::DoubleColon => "cast",
                CastKind::TryCast | CastKind::SafeCast => "try_cast",
            };
            cast(name, *expr, arrow_type(&data_type)?, types)
        }
        Expr::TypedString(typed) => match typed.value.value.into_string() {
            Some(text) => cast("cast", string(&text), arrow_type(&typed.data_type)?, types),
            None => return Err(PlanError::Unsupported("a typed literal that is no string".into())),
        },
        Expr::BinaryOp { mut left, op, mut right } => {
            narrow(&mut left);
            narrow(&mut right);
            Expr::BinaryOp { left, op, right }
        }
        Expr::UnaryOp { op: UnaryOperator::BangNot, expr } => not(*expr),
        Expr::UnaryOp { op: UnaryOperator::BitwiseNot, .. } => {
            return Err(PlanError::Unsupported("the operator ~".into()));
        }
        Expr::UnaryOp { op: UnaryOperator::Plus, expr } => *expr,
        Expr::RLike { negated, expr, pattern, .. } => {
            let like = call("regexp_like", vec![*expr, *pattern]);
            if negated { not(like) } else { like }
        }
        Expr::Between { mut expr, negated, mut low, mut high } => {
            narrow(&mut expr);
            narrow(&mut low);
            narrow(&mut high);
            let between = Expr::Nested(Box::new(and(
                binary(copy::expr(&expr), BinaryOperator::GtEq, *low),
                binary(*expr, BinaryOperator::LtEq, *high),
            )));
            if negated { not(between) } else { between }
        }
        Expr::InList { mut expr, mut list, negated } => {
            narrow(&mut expr);
            list.iter_mut().for_each(narrow);
            Expr::InList { expr, list, negated }
        }
        Expr::Case { operand, conditions, else_result, .. } => {
            let mut args = Vec::with_capacity(conditions.len() * 2 + 1);
            for when in conditions {
                // `CASE x WHEN y` compares as `x = y` does.
                args.push(match &operand {
                    Some(operand) => {
                        let (mut left, mut right) = (copy::expr(operand), when.condition);
                        narrow(&mut left);
                        narrow(&mut right);
                        binary(left, BinaryOperator::Eq, right)
                    }
                    None => when.condition,
                });
                args.push(when.result);
            }
            args.extend(else_result.map(|e| *e));
            args.iter_mut().for_each(narrow);
            call("case_when", args)
        }
        Expr::CompoundFieldAccess { root, access_chain } => {
            let access_chain = access_chain.into_iter().map(|access| match access {
                // The planner takes a field by its text.
                AccessExpr::Dot(Expr::Identifier(name)) => AccessExpr::Dot(string(&name.value)),
                other => other,
            });
            Expr::CompoundFieldAccess { root, access_chain: access_chain.collect() }
        }
        Expr::Extract { field, expr, .. } => call(extract(&field)?, vec![*expr]),
        Expr::Ceil { expr, field } => rounding("ceil", *expr, field)?,
        Expr::Floor { expr, field } => rounding("floor", *expr, field)?,
        Expr::Position { expr, r#in } => call("locate", vec![*expr, *r#in]),
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            let mut args = vec![*expr, substring_from.map_or_else(|| integer(1), |e| *e)];
            args.extend(substring_for.map(|e| *e));
            call("substring", args)
        }
        Expr::Trim { trim_where, trim_what, expr, trim_characters } => {
            let name = match trim_where {
                None | Some(TrimWhereField::Both) => "trim",
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
            };
            let mut args = vec![*expr];
            args.extend(trim_what.map(|e| *e));
            if trim_characters.is_some() {
                return Err(PlanError::Unsupported("trim with a second argument".into()));
            }
            call(name, args)
        }
        Expr::Struct { values, fields } if fields.is_empty() => calls::structure(values)?,
        Expr::Array(array) => {
            let mut elements = array.elem;
            elements.iter_mut().for_each(narrow);
            call("make_array", elements)
        }
        Expr::Lambda(lambda) => {
            let mut lambda = super::lambdas::fields(lambda);
            narrow(&mut lambda.body);
            Expr::Lambda(lambda)
        }
        Expr::Interval(_) | Expr::Nested(_) => expr,
        Expr::AtTimeZone { .. } => return Err(PlanError::Unsupported("AT TIME ZONE".into())),
        Expr::Collate { .. } => return Err(PlanError::Unsupported("COLLATE".into())),
        Expr::JsonAccess { .. } => return Err(PlanError::Unsupported("the JSON path operator `:`".into())),
        other => other,
    })
}

/// A call of `cast#n` or `try_cast#n`.
pub(super) fn cast(name: &str, expr: Expr, to: DataType, types: &mut Vec<DataType>) -> Expr {
    if let Some(literal) = nearest(&expr, &to) {
        return literal;
    }
    let at = types.iter().position(|t| *t == to).unwrap_or_else(|| {
        types.push(to);
        types.len() - 1
    });
    let mut expr = expr;
    narrow(&mut expr);
    call(&format!("{name}#{at}"), vec![expr])
}

pub(super) fn not(expr: Expr) -> Expr {
    Expr::UnaryOp { op: UnaryOperator::Not, expr: Box::new(Expr::Nested(Box::new(expr))) }
}

pub(super) fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

fn and(left: Expr, right: Expr) -> Expr {
    binary(left, BinaryOperator::And, right)
}

fn rounding(name: &str, expr: Expr, field: CeilFloorKind) -> Result<Expr, PlanError> {
    match field {
        CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) => Ok(call(name, vec![expr])),
        CeilFloorKind::Scale(ValueWithSpan { value: scale, .. }) => Ok(call(name, vec![expr, value(scale)])),
        CeilFloorKind::DateTimeField(_) => Err(PlanError::Unsupported(format!("{name} to a unit of time"))),
    }
}

fn extract(field: &DateTimeField) -> Result<&'static str, PlanError> {
    Ok(match field.to_string().to_ascii_lowercase().trim_end_matches('s') {
        "year" => "year",
        "quarter" => "quarter",
        "month" => "month",
        "week" => "weekofyear",
        "day" => "day",
        "dayofweek" | "dow" => "dayofweek",
        "dayofweek_iso" | "dow_iso" | "isodow" => "isodow",
        "doy" | "dayofyear" => "dayofyear",
        "hour" => "hour",
        "minute" => "minute",
        "second" => "extract_second",
        _ => return Err(PlanError::Unsupported(format!("EXTRACT({field} …)"))),
    })
}

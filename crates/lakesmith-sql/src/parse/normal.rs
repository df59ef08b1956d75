//! One form for what can be written in several: calls with their own grammar (`EXTRACT(YEAR FROM d)`, `CEIL(x)`, `POSITION(a IN b)`)
//! become the plain calls that mean the same, so that everything behind the parser knows calls only.

use crate::SqlError;
use crate::rewrite::tree::{call, string};
use crate::syntax::bytes;
use crate::walk;
use sqlparser::ast::{self, CeilFloorKind, DateTimeField, Expr, Ident, Spanned, TrimWhereField, VisitMut};
use sqlparser::tokenizer::Span;
use std::ops::ControlFlow;

/// Brings a tree into the one form.
///
/// # Errors
/// `unsupported` for a field that `EXTRACT` does not have here.
pub(super) fn normalise<T: VisitMut>(tree: &mut T) -> Result<(), SqlError> {
    let mut outcome = Ok(());
    let _ = walk::expressions(tree, &mut |expr| match plain(expr) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            outcome = Err(error.at(bytes(expr.span())));
            ControlFlow::Break(())
        }
    });
    outcome
}

fn plain(expr: &mut Expr) -> Result<(), SqlError> {
    let new = match expr {
        Expr::Substring { expr, substring_from, substring_for, .. } => {
            let from = substring_from.as_deref().cloned();
            let length = substring_for.as_deref().cloned();
            call("substring", [Some((**expr).clone()), from, length].into_iter().flatten().collect())
        }
        Expr::Position { expr, r#in } => call("position", vec![(**expr).clone(), (**r#in).clone()]),
        Expr::Ceil { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
            call("ceil", vec![(**expr).clone()])
        }
        Expr::Floor { expr, field: CeilFloorKind::DateTimeField(DateTimeField::NoDateTime) } => {
            call("floor", vec![(**expr).clone()])
        }
        Expr::Trim { trim_where, trim_what, expr, trim_characters: None } => {
            let name = match trim_where {
                None | Some(TrimWhereField::Both) => "trim",
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
            };
            // `ltrim(chars, text)` is Spark's older order: with characters the SQL form stays.
            match trim_what {
                None => call(name, vec![(**expr).clone()]),
                Some(_) => return Ok(()),
            }
        }
        Expr::Extract { field, expr, .. } => call(part(field)?, vec![(**expr).clone()]),
        Expr::Struct { values, fields } if fields.is_empty() => named_struct(values),
        Expr::UnaryOp { op: op @ ast::UnaryOperator::BangNot, .. } => {
            *op = ast::UnaryOperator::Not;
            return Ok(());
        }
        Expr::Cast { kind: kind @ (ast::CastKind::DoubleColon | ast::CastKind::SafeCast), expr, .. } => {
            *kind = ast::CastKind::Cast;
            if let Expr::Nested(inner) = &mut **expr {
                **expr = std::mem::replace(&mut **inner, Expr::Tuple(Vec::new()));
            }
            return Ok(());
        }
        Expr::Function(function) => {
            synonym(function);
            return Ok(());
        }
        _ => return Ok(()),
    };
    *expr = placed(new, expr.span());
    Ok(())
}

/// Gives a call the place of what it was made from.
fn placed(mut call: Expr, span: Span) -> Expr {
    if let Expr::Function(function) = &mut call
        && let [ast::ObjectNamePart::Identifier(name)] = function.name.0.as_mut_slice()
    {
        name.span = span;
    }
    call
}

fn part(field: &DateTimeField) -> Result<&'static str, SqlError> {
    Ok(match field {
        DateTimeField::Year | DateTimeField::Years => "year",
        DateTimeField::Quarter => "quarter",
        DateTimeField::Month | DateTimeField::Months => "month",
        DateTimeField::Week(None) | DateTimeField::Weeks => "weekofyear",
        DateTimeField::Day | DateTimeField::Days => "day",
        DateTimeField::DayOfWeek | DateTimeField::Dow => "dayofweek",
        DateTimeField::DayOfYear | DateTimeField::Doy => "dayofyear",
        DateTimeField::Hour | DateTimeField::Hours => "hour",
        DateTimeField::Minute | DateTimeField::Minutes => "minute",
        DateTimeField::Second | DateTimeField::Seconds => {
            return Err(SqlError::unsupported("EXTRACT(SECOND ..) is not supported").help("`second(..)` gives the whole seconds"));
        }
        other => return Err(SqlError::unsupported(format!("EXTRACT({other} ..) is not supported"))),
    })
}

/// `struct(a, t.b, 1 AS c, 2)` is `named_struct('a', a, 'b', t.b, 'c', 1, 'col4', 2)`.
fn named_struct(values: &[Expr]) -> Expr {
    let mut arguments = Vec::with_capacity(values.len() * 2);
    for (index, value) in values.iter().enumerate() {
        let (name, value) = match value {
            Expr::Named { expr, name } => (name.value.clone(), (**expr).clone()),
            Expr::Identifier(name) => (name.value.clone(), value.clone()),
            Expr::CompoundIdentifier(parts) => (parts.last().map(|name| name.value.clone()).unwrap_or_default(), value.clone()),
            other => (format!("col{}", index + 1), other.clone()),
        };
        arguments.extend([string(&name), value]);
    }
    call("named_struct", arguments)
}

/// Function names in lower case, one name for each function.
fn synonym(function: &mut ast::Function) {
    let [ast::ObjectNamePart::Identifier(name)] = function.name.0.as_mut_slice() else { return };
    let lower = name.value.to_ascii_lowercase();
    let value = match lower.as_str() {
        "substr" => "substring",
        "ucase" => "upper",
        "lcase" => "lower",
        "character_length" | "len" | "char_length" => "length",
        "ceiling" => "ceil",
        "pow" => "power",
        "signum" => "sign",
        "chr" => "char",
        "ifnull" => "nvl",
        "dayofmonth" => "day",
        "date_diff" => "datediff",
        "dateadd" => "date_add",
        "now" => "current_timestamp",
        "mean" => "avg",
        "std" | "stddev_samp" => "stddev",
        "var_samp" => "variance",
        "array_agg" => "collect_list",
        "cardinality" => "size",
        "regexp" | "rlike" => "regexp_like",
        _ => lower.as_str(),
    };
    *name = Ident { value: value.to_owned(), quote_style: None, span: name.span };
    if let ast::FunctionArguments::None = function.args
        && matches!(value, "current_date" | "current_timestamp")
    {
        function.args = ast::FunctionArguments::List(ast::FunctionArgumentList {
            duplicate_treatment: None,
            args: Vec::new(),
            clauses: Vec::new(),
        });
    }
}

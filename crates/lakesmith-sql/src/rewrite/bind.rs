//! Fills in named parameters: a step's `:from` and `:to` become literals before it is run.

use crate::{Query, SqlError, walk};
use sqlparser::ast::{self, Value};
use sqlparser::tokenizer::Span;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// A typed value to put in a parameter's place.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `NULL`.
    Null,
    /// `BOOLEAN`.
    Boolean(bool),
    /// `INT`.
    Int(i32),
    /// `BIGINT`.
    BigInt(i64),
    /// `DOUBLE`.
    Double(f64),
    /// `STRING`.
    String(String),
    /// `DATE`, written `yyyy-MM-dd`.
    Date(String),
    /// `TIMESTAMP`, written `yyyy-MM-dd HH:mm:ss[.SSSSSS][Z]`.
    Timestamp(String),
}

/// Replaces every named parameter marker (`:name`, without regard to case) by its literal.
///
/// # Errors
/// `parameter` for the first marker that `params` has no value for, with its bytes.
pub fn bind(query: &Query, params: &BTreeMap<String, Literal>) -> Result<Query, SqlError> {
    let mut ast = query.ast().clone();
    let mut missing = None;
    let _ = walk::expressions(&mut ast, &mut |expr| {
        let ast::Expr::Value(value) = expr else { return ControlFlow::Continue(()) };
        let Value::Placeholder(marker) = &value.value else { return ControlFlow::Continue(()) };
        let name = marker.trim_start_matches(':');
        match params.iter().find(|(param, _)| param.eq_ignore_ascii_case(name)) {
            Some((_, literal)) => {
                *expr = literal.expr();
                ControlFlow::Continue(())
            }
            None => {
                let error = SqlError::new("parameter", format!("the parameter `:{name}` has no value"));
                missing = Some(error.at(crate::syntax::bytes(value.span)).suggest(name, params.keys().map(String::as_str)));
                ControlFlow::Break(())
            }
        }
    });
    match missing {
        Some(error) => Err(error),
        None => Ok(Query::new(ast)),
    }
}

impl Literal {
    /// The literal as an expression that has the literal's type wherever it stands.
    fn expr(&self) -> ast::Expr {
        match self {
            Literal::Null => value(Value::Null),
            Literal::Boolean(flag) => value(Value::Boolean(*flag)),
            Literal::Int(number) => signed(*number < 0, number.unsigned_abs().to_string(), false, "INT"),
            Literal::BigInt(number) => signed(*number < 0, number.unsigned_abs().to_string(), true, "BIGINT"),
            Literal::Double(number) => cast(format!("{number:?}"), ast::DataType::Double(ast::ExactNumberInfo::None)),
            Literal::String(text) => value(Value::SingleQuotedString(text.clone())),
            Literal::Date(text) => typed(text, ast::DataType::Date),
            Literal::Timestamp(text) => typed(text, ast::DataType::Timestamp(None, ast::TimezoneInfo::None)),
        }
    }
}

fn value(value: Value) -> ast::Expr {
    ast::Expr::Value(value.with_empty_span())
}

/// A negative number in parentheses, so that `a -:b` stays a subtraction. The smallest number has no positive counterpart: a cast.
fn signed(negative: bool, digits: String, long: bool, ty: &str) -> ast::Expr {
    if !negative {
        return value(Value::Number(digits, long));
    }
    if digits == i32::MIN.unsigned_abs().to_string() && !long {
        return cast(format!("-{digits}"), ast::DataType::Int(None));
    }
    if digits == i64::MIN.unsigned_abs().to_string() && ty == "BIGINT" {
        return cast(format!("-{digits}"), ast::DataType::BigInt(None));
    }
    let number = Box::new(value(Value::Number(digits, long)));
    ast::Expr::Nested(Box::new(ast::Expr::UnaryOp { op: ast::UnaryOperator::Minus, expr: number }))
}

fn cast(text: String, data_type: ast::DataType) -> ast::Expr {
    let expr = Box::new(value(Value::SingleQuotedString(text)));
    ast::Expr::Cast { kind: ast::CastKind::Cast, expr, data_type, array: false, format: None }
}

fn typed(text: &str, data_type: ast::DataType) -> ast::Expr {
    let value = ast::ValueWithSpan { value: Value::SingleQuotedString(text.to_owned()), span: Span::empty() };
    ast::Expr::TypedString(ast::TypedString { data_type, value, uses_odbc_syntax: false })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::parse_query;

    #[test]
    fn markers_become_literals() {
        let query = parse_query("SELECT :a, -:b, :c, :d, :e FROM t WHERE x IN (SELECT y FROM u WHERE z > :B)").unwrap();
        let params = BTreeMap::from([
            ("a".to_owned(), Literal::BigInt(5)),
            ("b".to_owned(), Literal::Int(-3)),
            ("c".to_owned(), Literal::String("it's \\".to_owned())),
            ("d".to_owned(), Literal::Date("2024-01-31".to_owned())),
            ("e".to_owned(), Literal::BigInt(i64::MIN)),
        ]);
        assert_eq!(
            bind(&query, &params).unwrap().to_string(),
            r"SELECT 5L, -(-3), 'it\'s \\', DATE '2024-01-31', CAST('-9223372036854775808' AS BIGINT) FROM t WHERE x IN (SELECT y FROM u WHERE z > (-3))"
        );
        let error = bind(&query, &BTreeMap::new()).unwrap_err();
        assert_eq!((error.code, error.range), ("parameter", Some(7..9)));
    }
}

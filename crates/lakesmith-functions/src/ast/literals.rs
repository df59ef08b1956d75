//! Number literals with Spark's types, and the small constructors that the rewriting needs.

use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName,
    UnaryOperator, Value, ValueWithSpan,
};
use datafusion::sql::sqlparser::tokenizer::Span;

/// Makes an integer literal `INT` where it fits, as Spark types it; DataFusion's would be `BIGINT`. A literal with an
/// exponent becomes `DOUBLE`, as does one after a minus sign.
pub(crate) fn narrow(expr: &mut Expr) {
    if let Some(text) = number(expr)
        && let Some(data_type) = literal_type(text)
    {
        let literal = std::mem::replace(expr, null());
        *expr = plain_cast(literal, data_type);
    }
}

fn literal_type(text: &str) -> Option<DataType> {
    if text.contains(['e', 'E']) {
        return Some(DataType::Double(datafusion::sql::sqlparser::ast::ExactNumberInfo::None));
    }
    // 2147483648 is one too many, but for its negation.
    text.parse::<i64>().ok().filter(|n| *n <= i64::from(i32::MAX)).map(|_| DataType::Int(None))
}

/// The digits of a number literal, also behind a minus sign.
fn number(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan { value: Value::Number(text, false), .. }) => Some(text),
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => match expr.as_ref() {
            Expr::Value(ValueWithSpan { value: Value::Number(text, false), .. }) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// Is this a cast that [`narrow`] made?
pub(crate) fn is_narrowed(expr: &Expr) -> bool {
    matches!(expr, Expr::Cast { kind: CastKind::DoubleColon, expr, .. } if number(expr).is_some())
}

/// A cast that stays DataFusion's own: for literals and for the unsigned results of its functions.
pub(crate) fn plain_cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::DoubleColon, expr: Box::new(expr), data_type, array: false, format: None }
}

pub(crate) fn null() -> Expr {
    value(Value::Null)
}

pub(crate) fn value(value: Value) -> Expr {
    Expr::Value(ValueWithSpan { value, span: Span::empty() })
}

pub(crate) fn string(text: &str) -> Expr {
    value(Value::SingleQuotedString(text.to_owned()))
}

pub(crate) fn integer(n: i64) -> Expr {
    value(Value::Number(n.to_string(), false))
}

pub(crate) fn quoted(name: &str) -> Ident {
    Ident::with_quote('`', name)
}

/// A call of a function of the registry.
pub(crate) fn call(name: &str, args: Vec<Expr>) -> Expr {
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: args.into_iter().map(|e| FunctionArg::Unnamed(FunctionArgExpr::Expr(e))).collect(),
            clauses: vec![],
        }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: vec![],
    })
}

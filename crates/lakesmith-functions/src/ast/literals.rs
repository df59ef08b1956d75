//! Number literals with Spark's types, and the small constructors that the rewriting needs.

use datafusion::arrow::datatypes::DataType as ArrowType;
use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, ExactNumberInfo, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments,
    Ident, ObjectName, UnaryOperator, Value, ValueWithSpan,
};
use datafusion::sql::sqlparser::tokenizer::Span;

/// Makes an integer literal `INT` where it fits, as Spark types it; DataFusion's would be `BIGINT`. One that has too many
/// digits for a `BIGINT` becomes the decimal of its digits, also after a minus sign.
pub(crate) fn narrow(expr: &mut Expr) {
    let Some(text) = number(expr) else {
        return match expr {
            Expr::Nested(inner) | Expr::UnaryOp { op: UnaryOperator::Minus, expr: inner } => narrow(inner),
            _ => {}
        };
    };
    match text.parse::<i64>() {
        // 2147483648 is one too many, but for its negation.
        Ok(number) if number <= i64::from(i32::MAX) => {
            let literal = std::mem::replace(expr, null());
            *expr = plain_cast(literal, DataType::Int(None));
        }
        Ok(_) => {}
        // DataFusion takes a number of up to 64 bits for an unsigned one.
        Err(_) if text.bytes().all(|b| b.is_ascii_digit()) && expr.to_string().parse::<i64>().is_err() => {
            let digits = text.trim_start_matches('0').len() as u64;
            *expr = plain_cast(string(&expr.to_string()), DataType::Decimal(ExactNumberInfo::PrecisionAndScale(digits, 0)));
        }
        Err(_) => {}
    }
}

/// A literal with an exponent as the nearest `DOUBLE`, which is made of its text: DataFusion would make a decimal of it
/// first, which rounds once more and does not reach as far.
pub(crate) fn double(expr: &Expr) -> Option<Expr> {
    let text = number(expr).filter(|text| text.contains(['e', 'E']))?;
    exact(text.parse().ok()?, DataType::Double(ExactNumberInfo::None))
}

/// A number literal that is cast to `DOUBLE` or `FLOAT`: the nearest one to what is written.
pub(crate) fn nearest(expr: &Expr, to: &ArrowType) -> Option<Expr> {
    if let Expr::Nested(inner) = expr {
        return nearest(inner, to);
    }
    number(expr)?;
    let text = expr.to_string();
    match to {
        ArrowType::Float64 => exact(text.parse().ok()?, DataType::Double(ExactNumberInfo::None)),
        ArrowType::Float32 => {
            let number: f32 = text.parse().ok()?;
            number.is_finite().then(|| plain_cast(string(&format!("{number:e}")), DataType::Float(ExactNumberInfo::None)))
        }
        _ => None,
    }
}

fn exact(number: f64, data_type: DataType) -> Option<Expr> {
    number.is_finite().then(|| plain_cast(string(&format!("{number:e}")), data_type))
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

//! The few kinds of node that rewrites put into a tree.

use sqlparser::ast::{
    self, BinaryOperator, CastKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident,
    ObjectName, Value,
};

/// `name(arguments)`.
pub(crate) fn call(name: &str, arguments: Vec<Expr>) -> Expr {
    let args = arguments.into_iter().map(|expr| FunctionArg::Unnamed(FunctionArgExpr::Expr(bare(expr)))).collect();
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(FunctionArgumentList { duplicate_treatment: None, args, clauses: Vec::new() }),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// `'text'`.
pub(crate) fn string(text: &str) -> Expr {
    Expr::Value(Value::SingleQuotedString(text.to_owned()).with_empty_span())
}

/// `TRUE` or `FALSE`.
pub(crate) fn boolean(value: bool) -> Expr {
    Expr::Value(Value::Boolean(value).with_empty_span())
}

/// `left op right`, each side in parentheses if it needs them.
pub(crate) fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp { left: Box::new(nested(left)), op, right: Box::new(nested(right)) }
}

/// `CAST(expr AS ty)`.
pub(crate) fn cast(kind: CastKind, expr: Expr, data_type: ast::DataType) -> Expr {
    Expr::Cast { kind, expr: Box::new(bare(expr)), data_type, array: false, format: None }
}

/// The expression in parentheses, unless no operator could tear it apart.
pub(crate) fn nested(expr: Expr) -> Expr {
    match expr {
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::CompoundFieldAccess { .. }
        | Expr::Value(_)
        | Expr::TypedString(_)
        | Expr::Function(_)
        | Expr::Cast { .. }
        | Expr::Nested(_)
        | Expr::Subquery(_)
        | Expr::Exists { negated: false, .. }
        | Expr::Case { .. } => expr,
        other => Expr::Nested(Box::new(other)),
    }
}

/// The expression without parentheses around it.
pub(crate) fn bare(expr: Expr) -> Expr {
    match expr {
        Expr::Nested(inner) => bare(*inner),
        other => other,
    }
}

/// The arguments of a call that are expressions.
pub(crate) fn arguments(function: &Function) -> impl Iterator<Item = &Expr> {
    let list = match &function.args {
        FunctionArguments::List(list) => list.args.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    })
}

/// The name of a call, in lower case; empty if it has several parts.
pub(crate) fn name(function: &Function) -> String {
    match function.name.0.as_slice() {
        [ast::ObjectNamePart::Identifier(ident)] => ident.value.to_ascii_lowercase(),
        _ => String::new(),
    }
}

/// The expressions directly within one. Subqueries are not entered.
pub(crate) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Nested(inner)
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::IsTrue(inner)
        | Expr::IsNotTrue(inner)
        | Expr::IsFalse(inner)
        | Expr::IsNotFalse(inner)
        | Expr::UnaryOp { expr: inner, .. }
        | Expr::Cast { expr: inner, .. }
        | Expr::InSubquery { expr: inner, .. } => vec![inner],
        Expr::Interval(interval) => vec![&interval.value],
        Expr::BinaryOp { left, right, .. } | Expr::IsDistinctFrom(left, right) | Expr::IsNotDistinctFrom(left, right) => {
            vec![left, right]
        }
        Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } | Expr::RLike { expr, pattern, .. } => {
            vec![expr, pattern]
        }
        Expr::Between { expr, low, high, .. } => vec![expr, low, high],
        Expr::InList { expr, list, .. } => std::iter::once(&**expr).chain(list).collect(),
        Expr::Trim { expr, trim_what, .. } => trim_what.iter().map(|what| &**what).chain([&**expr]).collect(),
        Expr::CompoundFieldAccess { root, access_chain } => {
            let inside = access_chain.iter().filter_map(|access| match access {
                ast::AccessExpr::Subscript(ast::Subscript::Index { index }) => Some(index),
                _ => None,
            });
            std::iter::once(&**root).chain(inside).collect()
        }
        Expr::Case { operand, conditions, else_result, .. } => {
            let whens = conditions.iter().flat_map(|when| [&when.condition, &when.result]);
            operand.iter().map(|operand| &**operand).chain(whens).chain(else_result.iter().map(|result| &**result)).collect()
        }
        Expr::Lambda(lambda) => vec![&lambda.body],
        Expr::Function(function) => {
            let mut all: Vec<&Expr> = arguments(function).collect();
            all.extend(function.filter.as_deref());
            if let Some(ast::WindowType::WindowSpec(window)) = &function.over {
                all.extend(&window.partition_by);
                all.extend(window.order_by.iter().map(|order| &order.expr));
            }
            all
        }
        _ => Vec::new(),
    }
}

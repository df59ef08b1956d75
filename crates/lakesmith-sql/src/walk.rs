//! The one walk over a tree's expressions.
//!
//! `sqlparser`'s walk is compiled anew, for each of its several hundred types, with every closure that it is given. So it is
//! given one visitor, which calls any closure by reference.

use sqlparser::ast::{Expr, Query, VisitMut, VisitorMut};
use std::ops::ControlFlow;

/// What is done with an expression; `Break` ends the walk.
type Each<'a> = dyn FnMut(&mut Expr) -> ControlFlow<()> + 'a;

struct Walk<'a, 'b>(&'a mut Each<'b>);

impl VisitorMut for Walk<'_, '_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        (self.0)(expr)
    }
}

/// Calls `each` with every expression of a tree, parts before wholes.
pub(crate) fn expressions<T: VisitMut>(tree: &mut T, each: &mut Each<'_>) -> ControlFlow<()> {
    tree.visit(&mut Walk(each))
}

/// Calls `each` with every expression of a query, parts before wholes, until it says `Break`.
///
/// Crates above walk by this one: `sqlparser`'s own walks would be compiled again in each of them.
pub fn each_expression(query: &mut Query, each: &mut dyn FnMut(&mut Expr) -> ControlFlow<()>) -> ControlFlow<()> {
    expressions(query, each)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn parts_come_before_wholes_until_a_break() {
        let mut query = crate::parse_query("SELECT a + b FROM t WHERE c IN (SELECT d FROM u)").unwrap().ast().clone();
        let mut seen = vec![];
        let end = each_expression(&mut query, &mut |expr| {
            seen.push(expr.to_string());
            if seen.len() == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!(seen, ["a", "b", "a + b", "c"]);
        assert_eq!(end, ControlFlow::Break(()));
    }
}

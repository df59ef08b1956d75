//! The one walk over a tree's expressions.
//!
//! `sqlparser`'s walk is compiled anew, for each of its several hundred types, with every closure that it is given. So it is
//! given one visitor, which calls any closure by reference.

use sqlparser::ast::{Expr, Ident, ObjectName, ObjectNamePart, Query, Spanned, VisitMut, VisitorMut};
use std::ops::ControlFlow;

/// What is done with an expression; `Break` ends the walk.
type Each<'a> = dyn FnMut(&mut Expr) -> ControlFlow<()> + 'a;

/// What is done with the name of a relation.
type Named<'a> = dyn FnMut(&mut ObjectName) + 'a;

struct Walk<'a, 'b, 'c, 'd> {
    each: &'a mut Each<'b>,
    named: &'c mut Named<'d>,
}

impl VisitorMut for Walk<'_, '_, '_, '_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        (self.each)(expr)
    }

    fn post_visit_relation(&mut self, name: &mut ObjectName) -> ControlFlow<()> {
        (self.named)(name);
        ControlFlow::Continue(())
    }
}

/// Calls `each` with every expression of a tree, parts before wholes.
pub(crate) fn expressions<T: VisitMut>(tree: &mut T, each: &mut Each<'_>) -> ControlFlow<()> {
    tree.visit(&mut Walk { each, named: &mut |_| {} })
}

/// The names after FROM and JOIN, as written, part by part; those of common table expressions too.
pub(crate) fn relations(query: &Query) -> Vec<Vec<String>> {
    let mut relations = vec![];
    each_relation(&mut query.clone(), &mut |name| relations.push(parts(name)));
    relations
}

/// Gives relations the names that `named` says, part by part; those for which it says none keep theirs.
pub(crate) fn rename_relations(query: &mut Query, named: &dyn Fn(&[String]) -> Option<Vec<String>>) {
    each_relation(query, &mut |name| {
        if let Some(other) = named(&parts(name)) {
            let span = name.span();
            let ident = |part: String| ObjectNamePart::Identifier(Ident::with_quote_and_span('`', span, part));
            name.0 = other.into_iter().map(ident).collect();
        }
    });
}

fn each_relation(query: &mut Query, named: &mut Named<'_>) {
    let _ = query.visit(&mut Walk { each: &mut |_| ControlFlow::Continue(()), named });
}

fn parts(name: &ObjectName) -> Vec<String> {
    name.0.iter().filter_map(|part| part.as_ident()).map(|ident| ident.value.clone()).collect()
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

//! The one walk over a query's tree.
//!
//! `sqlparser`'s walk is compiled anew, for each of its several hundred types, with every type of visitor that it is
//! given. So it is given one, and that one asks another by reference: a second visitor costs nothing.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, Query, Select, TableFactor, VisitMut, VisitorMut};

/// A visitor of any type, as far as this crate's visitors look: a hook that is not passed on here is never called.
struct Walk<'a>(&'a mut dyn VisitorMut<Break = ()>);

impl VisitorMut for Walk<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        self.0.pre_visit_query(query)
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        self.0.post_visit_query(query)
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        self.0.pre_visit_select(select)
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        self.0.post_visit_select(select)
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        self.0.pre_visit_table_factor(factor)
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.0.post_visit_expr(expr)
    }
}

/// Walks a whole query, until the visitor breaks off.
pub(super) fn query(query: &mut Query, visitor: &mut dyn VisitorMut<Break = ()>) -> ControlFlow<()> {
    query.visit(&mut Walk(visitor))
}

/// Calls `each` with every expression within `expr`, parts before wholes, itself last.
pub(super) fn expressions(expr: &mut Expr, each: &mut dyn FnMut(&mut Expr)) {
    struct Each<'a>(&'a mut dyn FnMut(&mut Expr));

    impl VisitorMut for Each<'_> {
        type Break = ();

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            (self.0)(expr);
            ControlFlow::Continue(())
        }
    }

    // It never breaks off.
    let _ = expr.visit(&mut Walk(&mut Each(each)));
}

//! What a query means: which columns its names stand for, which types come out, and whether it is understood at all.
//!
//! Resolution works on a copy of the tree and leaves it *definite*: names in their declared case and in backticks, functions in lower
//! case, aliases in GROUP BY, HAVING and QUALIFY replaced by what they stand for, and every conversion that can fail written out as a
//! CAST. An engine then needs no rules of its own about names or implicit casts.

mod access;
mod call;
mod expr;
mod face;
mod from;
mod group;
mod literal;
mod names;
mod operator;
mod query;
mod resolver;
mod select;

pub use face::{ColumnRef, OutputColumn, Resolved, ResolvedExpr, Schemas, Scope, resolve, resolve_expr, resolve_spelled};

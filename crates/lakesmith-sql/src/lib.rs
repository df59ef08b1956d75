//! The language: Spark SQL parsed, names resolved, typed by a table of signatures, and rewritten.
//!
//! A project's expressions and queries are Spark SQL. This crate says what they mean before any engine sees them: which columns
//! they read, which types come out, and which forms and functions are understood at all. What is not on the list is refused,
//! because an engine that answers differently without saying so is worse than one that does not answer.
//!
//! ```text
//! parse_query(text) -> Query            syntax only; every node knows its bytes in the text
//! bind(&Query, literals) -> Query       `:name` markers replaced
//! resolve(&Query, &Schemas) -> Resolved exact names, types, lineage; all faults at once
//! lenient(&Expr), fails(&Expr) -> Expr  "NULL instead of an error", and the test that says a value was lost that way
//! ```
//!
//! Nothing here runs a query, reads a file or knows an engine. `lakesmith-functions` implements what `signature` declares.

mod diagnostic;
mod error;
mod follow;
mod parse;
mod resolve;
mod rewrite;
mod signature;
mod syntax;
mod types;
mod walk;

pub use error::SqlError;
pub use follow::{Follow, Part, Read, Rows};
pub use parse::{parse_expr, parse_query};
pub use resolve::{ColumnRef, OutputColumn, Resolved, ResolvedExpr, Schemas, Scope, resolve, resolve_expr, resolve_spelled};
pub use rewrite::{Literal, bind, fails, lenient};
pub use signature::function_names;
pub use syntax::{Expr, Query, quoted};
pub use types::{DataType, Field, Schema, common_type, parse_type};
pub use walk::each_expression;

/// The syntax tree that [`Query`] and [`Expr`] wrap, for engines that take it apart.
pub use sqlparser::ast;

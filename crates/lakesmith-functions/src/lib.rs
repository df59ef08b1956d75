//! Spark's functions and semantics on DataFusion.
//!
//! A resolved Spark SQL query (exact names, quoted; parameters bound; only listed functions) comes in as a
//! `sqlparser` AST and leaves as a DataFusion [`LogicalPlan`](datafusion::logical_expr::LogicalPlan) that answers as
//! Spark 4 with ANSI mode on. DataFusion answers many Spark expressions differently *without an error* (`5/2`, `arr[0]`,
//! `date_format`, `avg(decimal)`, overflow), so nothing is left to its defaults: only what [`mod@registry`] lists can be
//! called, every operator and every cast is planned here.
//!
//! | module | its part |
//! | --- | --- |
//! | [`mod@plan`] | the one way in: query and tables to a plan |
//! | [`mod@session`] | the session that runs such plans |
//! | `ast` | Spark syntax that DataFusion reads otherwise, rewritten |
//! | `relation`, `operators` | what DataFusion asks while it plans: `LATERAL VIEW`, operators, field access |
//! | `cast`, `decimal`, `arithmetic` | conversion and number rules |
//! | `datetime`, `scalar`, `aggregate` | the functions |
//!
//! Errors name rules and types, never a value of a row.

mod aggregate;
mod arithmetic;
mod ast;
mod cast;
mod conditional;
mod datetime;
mod decimal;
mod error;
mod floating;
mod guards;
mod operators;
pub mod plan;
pub mod registry;
mod relation;
mod scalar;
pub mod session;
mod types;

pub use cast::{print, try_cast};
pub use error::PlanError;
pub use plan::{Tables, plan};
pub use session::{session_config, session_state};
pub use types::{arrow_type, spark_name};

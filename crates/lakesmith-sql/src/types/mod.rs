//! Spark's types: their names, how they are written, what they become when they meet.

mod common;
mod data_type;
mod decimal;
mod parse;
mod sql;

pub use common::common_type;
pub(crate) use common::{castable, comparable, implicit, loses};
pub(crate) use data_type::same_name;
pub use data_type::{DataType, Field, Schema};
pub(crate) use decimal::{arithmetic, as_decimal};
pub use parse::parse_type;
pub(crate) use sql::{from_sql, to_sql};

//! From a project to flows in order, each with its step.
//!
//! A *flow* fills one table. Its *step* is one `SELECT` in Spark SQL plus a [`Write`]: what `lakesmith compile`
//! prints is what an engine runs. This crate is pure: it reads no file, no clock and no table. What it must know of
//! the outside, the columns that bronze tables have, is handed in as [`Columns`].

mod additivity;
mod aggregate;
mod bronze;
mod conform;
mod date;
mod definition;
mod deletes;
mod dictionary;
mod dimension;
mod drift;
mod due;
mod entity;
mod expression;
mod fact;
mod gold;
mod graph;
mod layout;
mod lineage;
mod model;
mod name;
mod plan;
mod queried;
mod select;
mod show;
mod step;
mod table;

pub use bronze::{added_columns, metadata as bronze_metadata};
pub use definition::{Definition, definition_number, redefined};
pub use dimension::{INFERRED, inferred_members};
pub use drift::{Change, ChangeKind, Takes, changes, grown, read_as, widens};
pub use due::{first_day, period_number};
pub use entity::snake_case;
pub use fact::counted_keys;
pub use graph::{Selection, SelectionError};
pub use lineage::{Lineage, downstream};
pub use model::{ColumnRole, Hierarchy, Model, ModelColumn, ModelKind, ModelTable, Reference};
pub use name::{Layer, TableName};
pub use plan::{Columns, Flow, FlowKind, Input, Plan, compile};
pub use show::{show, show_json};
pub use step::{Beside, Check, Counted, Cte, Keyed, Place, Replaces, Step, Write, parameter};
pub use table::{Column, Table};

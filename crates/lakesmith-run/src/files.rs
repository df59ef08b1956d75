//! What a bronze flow reads next, and what is remembered of it.
//!
//! A source's files are listed against the *receipts* of those that were read ([`receipt`]). What is new makes the next
//! batch ([`arriving`]); of a full load a batch is one snapshot ([`snapshot`]). Its rows are read with where each stood
//! ([`rows`]), and what became of each file is told in a new receipt ([`told`]).

mod arriving;
mod receipt;
mod rows;
mod snapshot;
mod source;
mod told;

pub(crate) use arriving::{Arriving, Ask, Found, Judge, Notes, Tried, arriving};
pub(crate) use receipt::{Purpose, Receipts};
pub(crate) use rows::landing_schema;
pub(crate) use snapshot::Snapshots;
pub(crate) use source::{own_operation, readable, source};
pub(crate) use told::Reports;

use crate::error::RunError;
use chrono::{DateTime, Utc};
use lakesmith_compile::TableName;
use lakesmith_connect::ConnectError;

/// Stores give nanoseconds, tables keep microseconds.
pub(crate) fn micros(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time)
}

/// The source's failure, with the table it stopped.
pub(crate) fn failed(table: &TableName) -> impl Fn(ConnectError) -> RunError {
    let table = table.clone();
    move |source| RunError::Source { table: table.clone(), source: Box::new(source) }
}

#[cfg(test)]
mod tests;

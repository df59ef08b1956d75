//! Dates and times: the civil calendar, Java's patterns, and Spark's functions on them. All in UTC.

mod calendar;
mod fields;
mod format;
mod functions;
mod parse;
mod pattern;

pub(crate) use calendar::{add_months, date, days};
pub(crate) use functions::functions;

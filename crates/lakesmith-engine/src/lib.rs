//! Runs steps and queries, commits to Delta tables.
//!
//! An [`Engine`] computes one batch of one flow ([`Work`] in, [`Computed`] out: data files that lie in the storage, and
//! the log actions that make them part of the tables) and answers queries. [`delta`] is the only place in the program
//! that commits. What a batch is, when it runs and in which order its outputs are committed is the runner's business.

pub mod delta;
mod embedded;
mod error;
mod landing;
#[cfg(test)]
#[allow(clippy::expect_used)]
#[path = "../../lakesmith/tests/it/readers.rs"]
mod readers;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, dead_code)]
#[path = "../../lakesmith/tests/it/tier.rs"]
mod tier;
mod types;
mod work;

pub use embedded::rewrite::{Entry, entries, matched, object};
pub use embedded::{Embedded, Prepared, Settings};
pub use error::{EngineError, without_values};
pub use landing::{LandingStream, StreamError, stream};
pub use types::{arrow_schema, arrow_type, column, spark_type};
pub use work::{Computed, Engine, Outcomes, Output, Pinned, Read, Rewriting, Rewritten, Rows, Scanned, Work};

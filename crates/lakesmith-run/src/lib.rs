//! The runner: batches, exactly once.
//!
//! A [`Lake`] is a project over a target's storage. [`Lake::execute`] runs flows: each plans its next batch from its
//! table's own log, computes it once, records it and commits it; see [`batch`]. [`Lake::accept`] takes over changed
//! columns. The other functions only look.

mod accept;
mod arrived;
mod batch;
mod drift;
mod error;
#[cfg(debug_assertions)]
mod failpoint;
mod files;
mod format;
mod heartbeat;
mod inbox;
mod lake;
mod landing;
mod look;
mod phase;
mod preview;
mod read;
mod record;
mod refresh;
mod relist;
mod report;
mod sample;
mod schedule;
mod signals;
#[cfg(test)]
mod sim;
mod unit;
mod versions;
mod words;
mod world;

pub use accept::{Acceptance, Accepted};
pub use drift::{Drift, Unfit, Unknown};
pub use error::RunError;
pub use heartbeat::Process;
pub use inbox::Inboxes;
pub use lake::{Lake, Options};
pub use look::{FlowStanding, InputPosition, TableDescription, TableSummary, UnknownMembers, Version};
pub use preview::Preview;
pub use refresh::Again;
pub use report::{Event, FlowReport, FlowStatus, Report};
pub use sample::Sampled;
pub use signals::{Signals, SourceSignals, settled};
pub use unit::{Cell, Difference, DifferentRow, Finding, Mark, TestReport, TestStatus, UnitTests, What};
pub use versions::TableFault;

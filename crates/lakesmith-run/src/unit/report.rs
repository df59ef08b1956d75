//! How a test ended.

use super::compare::Difference;
use lakesmith_text::{Diagnostic, Diagnostics};
use serde::Serialize;
use std::time::Duration;

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TestStatus {
    /// All holds that is expected.
    Passed,
    /// Something does not.
    Failed,
    /// The test itself, or the project with what it gives, is not right.
    Faulty,
}

/// What does not hold.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The rows of a table are others.
    Rows(Difference),
    /// A count is another.
    Count {
        /// What is counted.
        count: String,
        /// How many there are to be.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// The flow failed.
    Failure {
        /// What the run says of it.
        message: String,
    },
}

/// Something that does not hold.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The table.
    pub table: String,
    /// The batch after which it was looked at, from 1.
    pub batch: usize,
    /// What it is.
    pub what: What,
    /// What the run says of a flow that failed, with its place.
    #[serde(skip)]
    pub fault: Option<Diagnostic>,
}

/// What became of a test.
#[derive(Clone, Debug, Serialize)]
pub struct TestReport {
    /// Its name.
    pub test: String,
    /// The file it stands in, relative to the project.
    pub path: String,
    /// The line it begins in, from 1.
    pub line: usize,
    /// How it ended.
    pub status: TestStatus,
    /// How long it took.
    #[serde(rename = "duration_seconds", serialize_with = "crate::report::seconds")]
    pub duration: Duration,
    /// How many batches it has.
    pub batches: usize,
    /// What does not hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What is wrong with the test, each with its place.
    #[serde(skip)]
    pub faults: Diagnostics,
}

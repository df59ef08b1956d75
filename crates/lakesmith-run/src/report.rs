//! What a run tells: while it runs, and when it is done.

use crate::drift::Drift;
use crate::heartbeat::Process;
use chrono::{DateTime, Utc};
use lakesmith_compile::TableName;
use lakesmith_engine::{Outcomes, Scanned};
use lakesmith_text::Diagnostic;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What is happening, for whoever shows progress.
#[derive(Clone, Debug)]
pub enum Event {
    /// A flow has begun.
    Started {
        /// The flow.
        flow: TableName,
    },
    /// Another run is about to commit a batch that it recorded: it is waited for.
    Waiting {
        /// The flow.
        flow: TableName,
        /// The batch's number.
        batch: i64,
        /// The process that runs it.
        runner: Process,
    },
    /// A batch of a flow is committed.
    Committed {
        /// The flow.
        flow: TableName,
        /// The batch's number.
        batch: i64,
        /// What became of its rows.
        outcomes: Outcomes,
    },
    /// A flow has ended, one way or the other.
    Finished(Box<FlowReport>),
}

/// How a flow ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowStatus {
    /// It committed at least one batch.
    Updated,
    /// Nothing was new: no batch, no commit.
    UpToDate,
    /// It stopped with an error.
    Failed,
    /// A flow that it reads failed.
    Skipped,
}

/// What one flow did in a run.
#[derive(Clone, Debug, Serialize)]
pub struct FlowReport {
    /// The flow.
    pub flow: TableName,
    /// How it ended.
    pub status: FlowStatus,
    /// The batches it committed.
    pub batches: Vec<i64>,
    /// What became of the rows read, all batches together.
    pub outcomes: Outcomes,
    /// What was read of tables: the files of inputs and of the table itself, not those of sources.
    pub scanned: Scanned,
    /// What is counted besides: `unknown customer_key`, `files`, `failed files`, `rescued rows`, `waiting folders`.
    pub counts: BTreeMap<String, u64>,
    /// How long it took.
    #[serde(rename = "duration_seconds", serialize_with = "seconds")]
    pub duration: Duration,
    /// What its batches have to say of their source's columns and of the table's definition.
    #[serde(skip_serializing_if = "Drift::is_empty")]
    pub drift: Drift,
    /// The same in words, and what else is to be known of its columns.
    #[serde(skip)]
    pub notes: Vec<Diagnostic>,
    /// Why it failed or was skipped.
    #[serde(skip)]
    pub fault: Option<Diagnostic>,
    /// The same in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What a whole run did.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Identity of the run.
    pub run_id: String,
    /// When it began, UTC.
    pub started: DateTime<Utc>,
    /// How long it took.
    #[serde(rename = "duration_seconds", serialize_with = "seconds")]
    pub duration: Duration,
    /// Every selected flow, in order.
    pub flows: Vec<FlowReport>,
}

impl Report {
    /// Whether no flow failed.
    pub fn succeeded(&self) -> bool {
        self.flows.iter().all(|flow| matches!(flow.status, FlowStatus::Updated | FlowStatus::UpToDate))
    }
}

pub(crate) fn seconds<S: serde::Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64((duration.as_secs_f64() * 1000.0).round() / 1000.0)
}

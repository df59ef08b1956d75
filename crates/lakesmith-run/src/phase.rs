//! The moments of a batch, each told before the next step is taken.
//!
//! In production they are logged. A test may hold a runner at any of them, drop it there, or write down what
//! it did. What happens inside the engine (a data file half written, a checkpoint) is seen at the store.

use crate::lake::Lake;
use crate::record::Record;
use futures::future::BoxFuture;
use lakesmith_compile::TableName;
use std::fmt;

/// What has just been done, or is about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// The inputs gained something: there is a batch to compute.
    Planned,
    /// A record of the next batch is there: it is to be finished.
    Found,
    /// The step is about to run. Its first rows are not read.
    Computing,
    /// Data files of every output lie in the storage. No table knows them.
    FilesClosed,
    /// The record is put: the batch is binding.
    Recorded,
    /// An output was looked at and may be committed. It is not.
    Committing,
    /// An output has the batch: a companion.
    CompanionCommitted,
    /// An output has the batch: the target.
    TargetCommitted,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::Planned => "planned",
            Phase::Found => "found",
            Phase::Computing => "computing",
            Phase::FilesClosed => "files-closed",
            Phase::Recorded => "recorded",
            Phase::Committing => "committing",
            Phase::CompanionCommitted => "companion-committed",
            Phase::TargetCommitted => "target-committed",
        })
    }
}

/// A phase of one batch of one flow.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) phase: Phase,
    pub(crate) flow: TableName,
    pub(crate) batch: i64,
    /// Which computation of the batch, from 1.
    pub(crate) attempt: u32,
    /// The table that is committed to, and the version that the commit makes of it.
    pub(crate) output: Option<(TableName, i64)>,
}

/// Who is told of each phase, and may hold the runner there.
pub(crate) trait Witness: Send + Sync {
    /// The batch goes on when the future is done.
    fn reached(&self, moment: Moment) -> BoxFuture<'_, ()>;
}

/// Writes each phase to the log, and holds nobody up.
pub(crate) struct Log;

impl Witness for Log {
    fn reached(&self, moment: Moment) -> BoxFuture<'_, ()> {
        let Moment { phase, flow, batch, attempt, output } = moment;
        let (table, version) = output.unzip();
        let table = table.map(|table| table.to_string());
        tracing::trace!(%phase, %flow, batch, attempt, table, version, "a batch has reached a phase");
        Box::pin(std::future::ready(()))
    }
}

impl Lake {
    /// Tells that a batch has reached a phase.
    pub(crate) async fn reached(&self, phase: Phase, flow: &TableName, batch: i64, attempt: u32) {
        self.world().witness.reached(Moment { phase, flow: flow.clone(), batch, attempt, output: None }).await;
    }

    /// Tells of a commit.
    pub(crate) async fn reached_commit(&self, phase: Phase, record: &Record, table: &TableName, version: i64) {
        let output = Some((table.clone(), version));
        let (flow, batch, attempt) = (record.flow.clone(), record.batch, record.attempt);
        self.world().witness.reached(Moment { phase, flow, batch, attempt, output }).await;
    }
}

//! What a source brings for a batch of a bronze flow, whatever kind of source it is.

use crate::error::RunError;
use crate::files::{self, Arriving};
use crate::lake::Lake;
use crate::read;
use crate::record::Record;
use crate::versions::{self, Range, Versions};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use lakesmith_compile::{Flow, Table};
use lakesmith_engine::delta::Snapshot;
use std::collections::BTreeMap;

/// What has not been read.
pub(crate) enum Arrived {
    /// Files.
    Files(Box<Arriving>),
    /// Versions of an existing table.
    Versions(Box<Versions>),
    /// Rows of a test, in place of what the flow would compute.
    Given(RecordBatch),
}

impl Arrived {
    /// What a bronze flow has not read of its source after its batch `last`; `None` where that is nothing, and for a flow
    /// that reads no source.
    pub(crate) async fn next(lake: &Lake, flow: &Flow, target: &Snapshot, last: i64) -> Result<Option<Arrived>, RunError> {
        if let Some(rows) = lake.stands_in(flow, last) {
            return Ok(Some(Arrived::Given(rows)));
        }
        if let Some(files) = lake.arriving(flow, last).await?.filter(|arriving| !arriving.is_empty()) {
            return Ok(Some(Arrived::Files(Box::new(files))));
        }
        let versions = versions::arriving(lake, flow, target, last).await?;
        Ok(versions.map(|versions| Arrived::Versions(Box::new(versions))))
    }

    /// What a recorded batch took, to be read again. Files whose receipts are committed already are its batch, all of
    /// them; others wait for the next one.
    pub(crate) async fn again(lake: &Lake, flow: &Flow, former: &Record) -> Result<Option<Arrived>, RunError> {
        if let Some(range) = &former.source {
            let versions = versions::recorded(lake, flow, range, former.batch - 1).await?;
            return Ok(Some(Arrived::Versions(Box::new(versions))));
        }
        if !flow.kind.is_bronze() {
            return Ok(None);
        }
        let taken = read::taken(lake, flow, former.batch).await?;
        let is_bound = !taken.is_empty();
        let arriving = lake.arriving_again(flow, former.batch - 1, taken).await?;
        Ok(arriving
            .map(|arriving| Arrived::Files(Box::new(if is_bound { arriving } else { arriving.split(lake.max_batch()).0 }))))
    }

    /// What makes one batch, of files no more than about so many bytes; and the files that are left for the next ones.
    pub(crate) fn split(self, max_bytes: u64) -> (Arrived, Option<Arriving>) {
        match self {
            Arrived::Files(arriving) => {
                let (now, rest) = arriving.split(max_bytes);
                (Arrived::Files(Box::new(now)), rest)
            }
            versions => (versions, None),
        }
    }

    /// What is taken of an existing table.
    pub(crate) fn range(&self) -> Option<Range> {
        match self {
            Arrived::Files(_) | Arrived::Given(_) => None,
            Arrived::Versions(versions) => Some(versions.range.clone()),
        }
    }
}

/// What was found out while rows were read.
pub(crate) enum Told {
    /// Of each file; and the files.
    Files(files::Reports, Box<Arriving>),
    /// Of each version.
    Versions(versions::Reports),
}

impl Told {
    /// Counts for the run's summary.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        match self {
            Told::Files(reports, _) => reports.counts(),
            Told::Versions(reports) => reports.counts(),
        }
    }

    /// The rows of the receipts table.
    pub(crate) async fn receipts(
        &self,
        lake: &Lake,
        flow: &Flow,
        table: &Table,
        now: DateTime<Utc>,
        batch: i64,
    ) -> Result<RecordBatch, RunError> {
        match self {
            Told::Files(reports, _) => reports.receipts(lake, flow, table, now, batch).await,
            Told::Versions(reports) => reports.receipts(table, now, batch).map_err(versions::failed(flow)),
        }
    }
}

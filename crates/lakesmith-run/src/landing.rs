//! What a source brings for a batch of a bronze flow, whatever kind of source it is.

use crate::error::RunError;
use crate::files::{self, Arriving};
use crate::lake::Lake;
use crate::versions::{self, Versions};
use arrow::record_batch::RecordBatch;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use lakesmith_compile::{Flow, Table};
use lakesmith_engine::{LandingStream, StreamError, stream};
use std::collections::BTreeMap;

/// Rows that have not been read.
pub(crate) enum Landing {
    /// Of files.
    Files(Arriving),
    /// Of an existing table.
    Versions(Versions),
}

impl Landing {
    /// Its rows as the step reads them, and who tells of them once they are taken.
    pub(crate) fn open(self, lake: &Lake, flow: &Flow) -> (LandingStream, Told) {
        let data = lake.data_schema(flow);
        match self {
            Landing::Files(arriving) => {
                let (schema, rows, told) = arriving.batch(lake.max_batch()).rows(data, lake.threads());
                let rows = rows.map(|batch| batch.map_err(|error| StreamError::new(error.to_string())));
                (stream(schema, rows), Told::Files(told))
            }
            Landing::Versions(versions) => {
                let (schema, rows, told) = versions.rows(&data);
                (stream(schema, rows), Told::Versions(told))
            }
        }
    }
}

/// What was found out while rows were read.
pub(crate) enum Told {
    /// Of each file.
    Files(files::Reports),
    /// Of each version.
    Versions(versions::Reports),
}

impl Told {
    /// Why rows stopped coming, in more than the engine's words.
    pub(crate) fn fault(&self, flow: &Flow) -> Option<RunError> {
        match self {
            Told::Files(_) => None,
            Told::Versions(reports) => reports.fault(flow),
        }
    }

    /// Counts for the run's summary.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        match self {
            Told::Files(reports) => reports.counts(),
            Told::Versions(reports) => reports.counts(),
        }
    }

    /// The rows of the receipts table.
    pub(crate) fn receipts(&self, flow: &Flow, table: &Table, now: DateTime<Utc>, batch: i64) -> Result<RecordBatch, RunError> {
        match self {
            Told::Files(reports) => reports.receipts(table, now, batch),
            Told::Versions(reports) => reports.receipts(table, now, batch).map_err(|fault| RunError::SourceTable {
                table: flow.name.clone(),
                fault: Box::new(fault),
                at: flow.at,
            }),
        }
    }
}

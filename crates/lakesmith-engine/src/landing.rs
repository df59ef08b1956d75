//! Rows of a source on their way into an engine.

use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{Stream, StreamExt};
use thiserror::Error;

/// Why a source gave no further rows.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct StreamError(String);

impl StreamError {
    /// In the source's own words, without values.
    pub fn new(reason: impl Into<String>) -> Self {
        StreamError(reason.into())
    }
}

/// The rows that a step reads, once.
pub type LandingStream = SendableRecordBatchStream;

/// Batches of one schema as the stream that a step reads.
pub fn stream(schema: SchemaRef, rows: impl Stream<Item = Result<RecordBatch, StreamError>> + Send + 'static) -> LandingStream {
    let rows = rows.map(|batch| batch.map_err(|error| DataFusionError::External(Box::new(error))));
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

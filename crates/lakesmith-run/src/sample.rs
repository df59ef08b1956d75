//! A look at rows, before anything is built on them.

use crate::error::RunError;
use crate::files;
use crate::lake::Lake;
use crate::read;
use arrow::record_batch::RecordBatch;
use futures::StreamExt;
use lakesmith_compile::TableName;
use lakesmith_connect::ConnectError;

/// Rows that were looked at.
#[derive(Debug, Default)]
pub struct Sampled {
    /// The rows. The columns are the table's, data columns first.
    pub batches: Vec<RecordBatch>,
    /// The files, relative to the source, that could not be read, each with the reason. None where the table has rows.
    pub unreadable: Vec<(String, String)>,
}

impl Lake {
    /// Up to `limit` rows of a bronze table: those it has; before its first batch those of files that have arrived, in their
    /// order. None of an existing table that is a source and has not been
    /// read. Nothing is written, and the lake is not to be run afterwards: the files that were found are taken.
    pub async fn sample(&self, table: &TableName, limit: usize) -> Result<Sampled, RunError> {
        let flow = self.plan().flow(table).ok_or_else(|| read::unknown(self.plan(), &table.to_string()))?;
        if self.last_batch(table).await? > 0 {
            let batches = self.query(&format!("SELECT * FROM {} LIMIT {limit}", table.quoted())).await?.batches;
            return Ok(Sampled { batches, unreadable: vec![] });
        }
        let Some(arriving) = self.arriving(flow, 0).await? else { return Ok(Sampled::default()) };
        let (_, mut rows, reports) = arriving.rows(self.data_schema(flow), 1);
        let (mut taken, mut left) = (vec![], limit);
        while let Some(batch) = rows.next().await {
            match batch {
                Ok(batch) => {
                    let batch = batch.slice(0, batch.num_rows().min(left));
                    left -= batch.num_rows();
                    taken.push(batch);
                }
                // A file that breaks in its midst gives what it gave so far.
                Err(ConnectError::Broken { .. }) => break,
                Err(error) => return Err(files::failed(table)(error)),
            }
            if left == 0 {
                break;
            }
        }
        Ok(Sampled { batches: taken, unreadable: reports.faults() })
    }
}

//! The rows that commits inserted, updated and deleted.
//!
//! The kernel reads change data while the table's columns stay as they are; where a commit says anew what they are, a
//! further reading begins with it.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Int64Type};
use delta_kernel::table_changes::TableChanges;
use delta_kernel::{DeltaResult, Engine, Error as KernelError};

use super::super::change::CHANGE_TYPE;
use super::rows::{Out, RowStream, arrow_batch, streamed};
use super::{ForeignCommit, ForeignTable};

const COMMIT_VERSION: &str = "_commit_version";
const COMMIT_TIMESTAMP: &str = "_commit_timestamp";
/// The former state of a row that was updated.
const PREIMAGE: &str = "update_preimage";

/// The column in which [`ForeignTable::changes`] says what became of a row: `insert`, `update` or `delete`.
pub const OPERATION: &str = "_operation";

impl ForeignTable {
    /// What commits that follow each other did, row by row: the table's columns and [`OPERATION`]. Of an updated row
    /// only the new state is among them.
    pub fn changes(&self, commits: &[ForeignCommit]) -> RowStream {
        let (engine, url) = (self.inner.log.engine.clone(), self.inner.log.url.clone());
        let ranges = ranges(commits);
        let version = commits.last().map(|commit| commit.version);
        streamed(self.table().clone(), version, move |out| {
            let engine: Arc<dyn Engine> = engine;
            for (from, to) in ranges {
                let (from, to) = (unsigned(from)?, unsigned(to)?);
                let changes = TableChanges::try_new(url.clone(), engine.as_ref(), from, Some(to))?;
                let scan = changes.into_scan_builder().build()?;
                for batch in scan.execute(engine.clone())? {
                    give(arrow_batch(batch?)?, out)?;
                }
            }
            Ok(())
        })
    }
}

fn unsigned(version: i64) -> DeltaResult<u64> {
    u64::try_from(version).map_err(|_| KernelError::MissingVersion)
}

/// Versions that are read at once, from first to last.
fn ranges(commits: &[ForeignCommit]) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = vec![];
    for commit in commits {
        match ranges.last_mut() {
            Some((_, to)) if commit.schema.is_none() && *to + 1 == commit.version => *to = commit.version,
            _ => ranges.push((commit.version, commit.version)),
        }
    }
    ranges
}

/// Gives the rows of a batch, which are of one commit.
fn give(batch: RecordBatch, out: &mut Out) -> DeltaResult<()> {
    let column = |name: &str| batch.column_by_name(name).ok_or_else(|| KernelError::missing_column(name));
    let versions = column(COMMIT_VERSION)?.as_primitive_opt::<Int64Type>().cloned();
    let Some(version) = versions.filter(|versions| !versions.is_empty()).map(|versions| versions.value(0)) else {
        return Ok(());
    };
    let words = arrow::compute::cast(column(CHANGE_TYPE)?, &DataType::Utf8)?;
    let words = words.as_string::<i32>();
    let keep: BooleanArray = words.iter().map(|word| Some(word != Some(PREIMAGE))).collect();
    let operations: StringArray = words.iter().map(|word| word.map(operation)).collect();
    let kept: Vec<usize> = (batch.schema().fields().iter().enumerate())
        .filter(|(_, field)| ![CHANGE_TYPE, COMMIT_VERSION, COMMIT_TIMESTAMP].contains(&field.name().as_str()))
        .map(|(index, _)| index)
        .collect();
    let mut columns = batch.project(&kept)?;
    let mut fields = columns.schema().fields().to_vec();
    fields.push(Arc::new(arrow::datatypes::Field::new(OPERATION, DataType::Utf8, true)));
    let mut arrays = columns.columns().to_vec();
    arrays.push(Arc::new(operations));
    columns = RecordBatch::try_new(Arc::new(arrow::datatypes::Schema::new(fields)), arrays)?;
    out.give(version, filter_record_batch(&columns, &keep)?)
}

/// A word of change data as a change feed has it.
fn operation(word: &str) -> &str {
    match word {
        "update_postimage" => "update",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::datatypes::{Schema, SchemaRef};

    fn commit(version: i64, schema: Option<SchemaRef>) -> ForeignCommit {
        ForeignCommit {
            version,
            at: Default::default(),
            operation: None,
            added: vec![],
            removes: false,
            change_data: true,
            bytes: 0,
            schema,
        }
    }

    #[test]
    fn a_commit_that_names_columns_begins_a_reading() {
        let named = || Some(Arc::new(Schema::empty()));
        let commits = [commit(3, None), commit(4, None), commit(5, named()), commit(6, None), commit(8, None)];
        assert_eq!(ranges(&commits), [(3, 4), (5, 6), (8, 8)]);
    }
}

//! Receipts: what became of each file that was read, as the receipts table has it.

use crate::error::RunError;
use crate::lake::Lake;
use crate::read;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Duration, Utc};
use lakesmith_compile::Flow;
use std::collections::{BTreeMap, HashMap};

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Its rows were read.
    Read,
    /// The same, of a file that had been read before and says something else now.
    NewVersion,
    /// It says what it said before: its rows are in the table.
    Touched,
    /// It belongs to a snapshot older than one that was read: it changes nothing.
    OlderSnapshot,
    /// None of its rows were read; its receipt says why.
    Failed,
}

impl Status {
    const ALL: [Status; 5] = [Status::Read, Status::NewVersion, Status::Touched, Status::OlderSnapshot, Status::Failed];

    /// As the receipts table has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Status::Read => "read",
            Status::NewVersion => "new_version",
            Status::Touched => "touched",
            Status::OlderSnapshot => "older_snapshot",
            Status::Failed => "failed",
        }
    }

    fn of(word: &str) -> Status {
        Status::ALL.into_iter().find(|status| status.as_str() == word).unwrap_or(Status::Failed)
    }

    /// Whether its rows were read in that batch.
    pub(crate) fn is_read(self) -> bool {
        matches!(self, Status::Read | Status::NewVersion)
    }
}

/// The newest receipt of a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Receipt {
    pub(crate) size: u64,
    pub(crate) modified: DateTime<Utc>,
    /// Of the content; `None` for a file that could not even be opened.
    pub(crate) hash: Option<String>,
    pub(crate) status: Status,
    /// Hash of the content whose rows were read last, by this batch or an earlier one.
    pub(crate) read: Option<String>,
}

/// What the receipts of earlier batches say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Receipts {
    newest: HashMap<String, Receipt>,
    /// Of each content that was read and has rows, the file in which it was first.
    contents: HashMap<String, String>,
    /// When the newest of the files that a batch read was changed.
    batches: BTreeMap<i64, DateTime<Utc>>,
}

impl Receipts {
    /// Those of batches up to `last`.
    pub(crate) async fn load(lake: &Lake, flow: &Flow, last: i64) -> Result<Receipts, RunError> {
        let mut all = Receipts::default();
        let Some(table) = flow.companions.first() else { return Ok(all) };
        let Some(snapshot) = lake.snapshot(&table.name).await? else { return Ok(all) };
        // A table that was filled before files had a status has none until its next batch.
        let status = match snapshot.schema().field_with_name("status") {
            Ok(_) => "coalesce(status, CASE WHEN error IS NULL THEN 'read' ELSE 'failed' END)",
            Err(_) => "CASE WHEN error IS NULL THEN 'read' ELSE 'failed' END",
        };
        let sql = format!(
            "SELECT path, size, modified, hash, {status} AS status, rows, _batch_id FROM {} WHERE _batch_id <= {last} ORDER BY _batch_id",
            table.name.quoted()
        );
        for batch in read::of_companion(lake, table, snapshot, sql).await?.batches {
            let text = |column: usize| {
                arrow::compute::cast(batch.column(column), &DataType::Utf8).map_err(lakesmith_engine::EngineError::from)
            };
            let (path, hash, status) = (text(0)?, text(3)?, text(4)?);
            let (path, hash, status) = (path.as_string::<i32>(), hash.as_string::<i32>(), status.as_string::<i32>());
            let number = |column: usize| batch.column(column).as_primitive::<Int64Type>();
            let modified = batch.column(2).as_primitive::<TimestampMicrosecondType>();
            for row in 0..batch.num_rows() {
                let receipt = Receipt {
                    size: number(1).value(row).max(0) as u64,
                    modified: DateTime::from_timestamp_micros(modified.value(row)).unwrap_or_default(),
                    hash: hash.is_valid(row).then(|| hash.value(row).to_owned()),
                    status: Status::of(status.value(row)),
                    read: None,
                };
                all.add(path.value(row), receipt, number(5).value(row) > 0, number(6).value(row));
            }
        }
        Ok(all)
    }

    /// Adds a receipt; those of earlier batches come before it.
    fn add(&mut self, path: &str, mut receipt: Receipt, has_rows: bool, batch: i64) {
        let former = self.newest.get(path).and_then(|former| former.read.clone());
        receipt.read = if receipt.status.is_read() { receipt.hash.clone() } else { former };
        if receipt.status.is_read() {
            let newest = self.batches.entry(batch).or_insert(receipt.modified);
            *newest = receipt.modified.max(*newest);
            if let Some(hash) = receipt.hash.as_ref().filter(|_| has_rows) {
                self.contents.entry(hash.clone()).or_insert_with(|| path.to_owned());
            }
        }
        self.newest.insert(path.to_owned(), receipt);
    }

    /// The newest receipt of a file.
    pub(crate) fn of(&self, path: &str) -> Option<&Receipt> {
        self.newest.get(path)
    }

    /// Every file with its newest receipt.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&String, &Receipt)> {
        self.newest.iter()
    }

    /// The file that was first read with this content.
    pub(crate) fn first_with(&self, hash: &str) -> Option<&str> {
        self.contents.get(hash).map(String::as_str)
    }

    /// The time of the last snapshot: each is later than the one before it, whatever the times of its files.
    pub(crate) fn last_snapshot(&self) -> Option<DateTime<Utc>> {
        self.batches.values().copied().reduce(|last, modified| modified.max(after(last)))
    }
}

/// The next time that a table can tell.
pub(crate) fn after(time: DateTime<Utc>) -> DateTime<Utc> {
    time + Duration::microseconds(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(hash: &str, status: Status, seconds: i64) -> Receipt {
        let modified = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        Receipt { size: 1, modified, hash: Some(hash.to_owned()), status, read: None }
    }

    #[test]
    fn what_was_read_of_a_file_outlasts_receipts_that_read_nothing() {
        let mut all = Receipts::default();
        all.add("a", receipt("1", Status::Read, 5), true, 1);
        all.add("a", receipt("2", Status::Failed, 6), true, 2);
        let of = |all: &Receipts| all.of("a").map(|receipt| (receipt.status, receipt.read.clone()));
        assert_eq!(of(&all), Some((Status::Failed, Some("1".to_owned()))));
        all.add("a", receipt("3", Status::NewVersion, 7), true, 3);
        assert_eq!(of(&all), Some((Status::NewVersion, Some("3".to_owned()))));
        assert_eq!((all.first_with("1"), all.first_with("2"), all.first_with("3")), (Some("a"), None, Some("a")));
    }

    #[test]
    fn snapshots_follow_each_other_in_time() {
        let mut all = Receipts::default();
        assert_eq!(all.last_snapshot(), None);
        all.add("a/1", receipt("1", Status::Read, 5), true, 1);
        all.add("a/2", receipt("2", Status::Read, 9), true, 1);
        all.add("b/1", receipt("3", Status::Read, 7), true, 2);
        all.add("b/2", receipt("4", Status::OlderSnapshot, 99), true, 3);
        let ninth = DateTime::from_timestamp(9, 0).unwrap_or_default();
        assert_eq!(all.last_snapshot(), Some(after(ninth)));
    }

    #[test]
    fn a_status_is_read_as_it_is_written() {
        for status in Status::ALL {
            assert_eq!(Status::of(status.as_str()), status);
        }
    }
}

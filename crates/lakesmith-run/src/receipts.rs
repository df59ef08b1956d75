//! What is remembered of the files that a table has read.
//!
//! A table may have read millions of them, and each listing asks after all. So a file takes 56 bytes here, whatever it is
//! called: its name and its content are known by 128 bits of hash. Names are hashed with keys of this process, so that nobody
//! can make two that are taken for one.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use lakesmith_connect::Pattern;
use std::hash::{BuildHasher, RandomState};

/// What is remembered of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Receipt {
    pub(crate) size: u64,
    pub(crate) modified: DateTime<Utc>,
    /// Of the content; `None` for a file that could not even be opened.
    pub(crate) hash: Option<ContentHash>,
}

/// The first half of a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentHash([u64; 2]);

impl ContentHash {
    /// Of a hash in hex.
    pub(crate) fn of(hex: &str) -> Option<ContentHash> {
        let half = |range| hex.get(range).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        Some(ContentHash([half(0..16)?, half(16..32)?]))
    }
}

/// The newest receipt of every file that was read.
pub(crate) struct Receipts {
    keys: [RandomState; 2],
    /// In the order of their names' hashes, once they are complete.
    rows: Vec<Row>,
    pattern: Option<Pattern>,
    /// The greatest name.
    pub(crate) last_name: Option<String>,
    /// The newest date that a folder of a file names. A date long after the file was written is a slip, and counts as the day
    /// after that.
    pub(crate) newest_date: Option<NaiveDateTime>,
    /// The newest file whose rows were read.
    pub(crate) newest_read: Option<(DateTime<Utc>, String)>,
}

#[derive(Clone, Copy)]
struct Row {
    name: [u64; 2],
    /// Zero for none.
    hash: [u64; 2],
    size: u64,
    /// Microseconds since 1970.
    modified: i64,
    batch: i64,
}

impl Receipts {
    /// None yet, of files whose names fit `pattern`.
    pub(crate) fn new(pattern: Option<Pattern>) -> Receipts {
        let keys = [RandomState::new(), RandomState::new()];
        Receipts { keys, rows: vec![], pattern, last_name: None, newest_date: None, newest_read: None }
    }

    /// What a query must select for [`Receipts::add`].
    pub(crate) const COLUMNS: &str = "path, size, modified, hash, error IS NULL, _batch_id";

    /// Takes rows of the receipts table, in any order.
    pub(crate) fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let text = |column: usize| arrow::compute::cast(batch.column(column), &DataType::Utf8);
        let (path, hash) = (text(0)?, text(3)?);
        let (path, hash) = (path.as_string::<i32>(), hash.as_string::<i32>());
        let (size, modified) =
            (batch.column(1).as_primitive::<Int64Type>(), batch.column(2).as_primitive::<TimestampMicrosecondType>());
        let (read, number) = (batch.column(4).as_boolean(), batch.column(5).as_primitive::<Int64Type>());
        for row in 0..batch.num_rows() {
            let name = path.value(row);
            let stamp = DateTime::from_timestamp_micros(modified.value(row)).unwrap_or_default();
            self.look_at(name, stamp, read.value(row));
            let content = hash.is_valid(row).then(|| ContentHash::of(hash.value(row))).flatten();
            self.rows.push(Row {
                name: self.hash(name),
                hash: content.map_or([0; 2], |content| content.0),
                size: size.value(row).max(0) as u64,
                modified: modified.value(row),
                batch: number.value(row),
            });
        }
        Ok(())
    }

    /// Must be called after the last [`Receipts::add`].
    pub(crate) fn complete(mut self) -> Receipts {
        self.rows.sort_unstable_by(|a, b| (a.name, b.batch).cmp(&(b.name, a.batch)));
        self.rows.dedup_by_key(|row| row.name);
        self.rows.shrink_to_fit();
        self
    }

    /// The newest receipt of a file.
    pub(crate) fn get(&self, name: &str) -> Option<Receipt> {
        let hash = self.hash(name);
        let row = self.rows.get(self.rows.binary_search_by_key(&hash, |row| row.name).ok()?)?;
        let modified = DateTime::from_timestamp_micros(row.modified).unwrap_or_default();
        Some(Receipt { size: row.size, modified, hash: (row.hash != [0; 2]).then_some(ContentHash(row.hash)) })
    }

    fn look_at(&mut self, name: &str, modified: DateTime<Utc>, read: bool) {
        if self.last_name.as_deref().is_none_or(|last| last < name) {
            self.last_name = Some(name.to_owned());
        }
        if let Some(date) = self.pattern.as_ref().and_then(|pattern| pattern.date_of(name)) {
            let date = date.min(modified.naive_utc() + Duration::days(1));
            self.newest_date = self.newest_date.max(Some(date));
        }
        if read && self.newest_read.as_ref().is_none_or(|(at, path)| (*at, path.as_str()) < (modified, name)) {
            self.newest_read = Some((modified, name.to_owned()));
        }
    }

    fn hash(&self, name: &str) -> [u64; 2] {
        [self.keys[0].hash_one(name), self.keys[1].hash_one(name)]
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, BooleanArray, Int64Array, StringArray, TimestampMicrosecondArray};
    use std::sync::Arc;

    fn batch(rows: &[(&str, i64, i64, Option<&str>, bool, i64)]) -> RecordBatch {
        let columns: [ArrayRef; 6] = [
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0))),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1))),
            Arc::new(TimestampMicrosecondArray::from_iter_values(rows.iter().map(|row| row.2)).with_timezone("UTC")),
            Arc::new(StringArray::from_iter(rows.iter().map(|row| row.3))),
            Arc::new(BooleanArray::from_iter(rows.iter().map(|row| Some(row.4)))),
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.5))),
        ];
        RecordBatch::try_from_iter(["path", "size", "modified", "hash", "read", "_batch_id"].into_iter().zip(columns)).unwrap()
    }

    #[test]
    fn the_newest_receipt_of_a_file_counts_in_whatever_order_they_come() {
        let (a, b) = ("a".repeat(64), "b".repeat(64));
        let newer = batch(&[("x.json", 2, 20, Some(&b), true, 7), ("y.json", 5, 50, None, false, 2)]);
        let older = batch(&[("x.json", 1, 10, Some(&a), true, 3)]);
        for batches in [[&older, &newer], [&newer, &older]] {
            let mut receipts = Receipts::new(None);
            batches.iter().for_each(|batch| receipts.add(batch).unwrap());
            let receipts = receipts.complete();
            let x = receipts.get("x.json").unwrap();
            assert_eq!((x.size, x.modified.timestamp_micros(), x.hash), (2, 20, ContentHash::of(&b)));
            assert_eq!(receipts.get("y.json").unwrap().hash, None);
            assert_eq!(receipts.get("z.json"), None);
            assert_eq!(receipts.last_name.as_deref(), Some("y.json"));
            assert_eq!(receipts.newest_read.as_ref().unwrap().1, "x.json");
        }
    }

    #[test]
    fn a_date_long_after_the_file_was_written_does_not_count() {
        let day = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros();
        let mut receipts = Receipts::new(Some(Pattern::new("{yyyy}/{MM}/{dd}/*").unwrap()));
        let good = ("2026/03/01/a", 1, day("2026-03-01T05:00:00Z"), None, true, 1);
        receipts.add(&batch(&[good, ("2099/01/01/a", 1, day("2026-03-01T06:00:00Z"), None, true, 1)])).unwrap();
        assert_eq!(receipts.newest_date.unwrap().to_string(), "2026-03-02 06:00:00");
        let mut receipts = Receipts::new(Some(Pattern::new("{yyyy}/{MM}/{dd}/*").unwrap()));
        receipts.add(&batch(&[good, ("2026/02/30/a", 1, day("2026-03-01T06:00:00Z"), None, true, 1)])).unwrap();
        assert_eq!(receipts.newest_date.unwrap().to_string(), "2026-03-01 00:00:00");
    }

    #[test]
    fn a_file_takes_56_bytes() {
        assert_eq!(size_of::<Row>(), 56);
    }
}

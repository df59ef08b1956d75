//! Receipts: what became of each file that was read, as the receipts table has it.
//!
//! A table may have read millions of files, and each listing asks after all of them. So a receipt takes 56 bytes here,
//! whatever its file is called: its name and its content are known by 128 bits of hash each. Names are hashed with keys of
//! this process, so that nobody can make two that are taken for one. What has to be told of a file by its name is asked of
//! the receipts table.

use super::snapshot::{Newest, Snapshots};
use crate::error::RunError;
use crate::lake::Lake;
use crate::read;
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use arrow::error::ArrowError;
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use futures::StreamExt;
use lakesmith_compile::{Flow, Table};
use lakesmith_connect::{FileEntry, Pattern};
use lakesmith_engine::EngineError;
use lakesmith_engine::delta::Snapshot;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};

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
    /// It has the name of a file and is none, or lies elsewhere; its receipt says what it is.
    PassedOver,
}

impl Status {
    const ALL: [Status; 6] =
        [Status::Read, Status::NewVersion, Status::Touched, Status::OlderSnapshot, Status::Failed, Status::PassedOver];

    /// As the receipts table has it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Status::Read => "read",
            Status::NewVersion => "new_version",
            Status::Touched => "touched",
            Status::OlderSnapshot => "older_snapshot",
            Status::Failed => "failed",
            Status::PassedOver => "passed_over",
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

/// The first half of a SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ContentHash([u64; 2]);

impl ContentHash {
    const NONE: ContentHash = ContentHash([0; 2]);

    /// Of a hash in hex; `None` if it is none.
    pub(crate) fn of(hex: &str) -> Option<ContentHash> {
        let half = |range| hex.get(range).and_then(|digits| u64::from_str_radix(digits, 16).ok());
        Some(ContentHash([half(0..16)?, half(16..32)?]))
    }

    fn is_there(self) -> Option<ContentHash> {
        (self != ContentHash::NONE).then_some(self)
    }
}

/// A file's name, as the receipts know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NameHash([u64; 2]);

/// The newest receipt of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Receipt {
    pub(crate) size: u64,
    pub(crate) modified: DateTime<Utc>,
    /// Of the content; `None` for a file that could not even be opened.
    pub(crate) hash: Option<ContentHash>,
    pub(crate) status: Status,
    /// Hash of the content whose rows were read last, by this batch or an earlier one.
    pub(crate) read: Option<ContentHash>,
}

/// What receipts are loaded for.
#[derive(Debug, Default)]
pub(crate) struct Purpose {
    /// The names of the source's files, where folders in them are dates.
    pub(crate) pattern: Option<Pattern>,
    /// What one snapshot is, of a full load.
    pub(crate) snapshots: Option<Snapshots>,
    /// Whether the store tells each file's time always alike. Buckets tell that of an object in whole seconds when they are
    /// asked for it alone, and some more exactly when they list it.
    pub(crate) exact: bool,
    /// Whether the names of failed files are kept.
    pub(crate) retry: bool,
}

/// What the receipts of earlier batches say.
#[derive(Debug)]
pub(crate) struct Receipts {
    keys: [RandomState; 2],
    purpose: Purpose,
    /// By name and then from the newest on, once they are complete: the newest of each file, and every one with rows.
    rows: Vec<Row>,
    /// Those of files with rows, by content and then from the oldest on.
    contents: Vec<u32>,
    /// How many rows there may be before those that say nothing more are dropped.
    room: usize,
    /// The greatest name.
    pub(crate) last_name: Option<String>,
    /// The newest date that a folder of a file names. A date long after the file was written is a slip, and counts as the
    /// day after that.
    pub(crate) newest_date: Option<NaiveDateTime>,
    /// The newest snapshot that was read.
    newest: Option<Newest>,
    /// When the newest of the files that a batch read was changed.
    batches: BTreeMap<i64, DateTime<Utc>>,
    /// Names of files with a failure.
    failed: BTreeMap<NameHash, String>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    name: NameHash,
    /// None: that of zeros.
    hash: ContentHash,
    size: u64,
    /// Microseconds since 1970.
    modified: i64,
    batch: u32,
    status: Status,
    has_rows: bool,
}

/// Receipts of so many files are looked through at first.
const ROOM: usize = 1 << 20;

impl Receipts {
    /// None.
    pub(crate) fn none(purpose: Purpose) -> Receipts {
        Receipts {
            keys: [RandomState::new(), RandomState::new()],
            purpose,
            rows: vec![],
            contents: vec![],
            room: ROOM,
            last_name: None,
            newest_date: None,
            newest: None,
            batches: BTreeMap::new(),
            failed: BTreeMap::new(),
        }
    }

    /// Those of batches up to `last`.
    pub(crate) async fn load(lake: &Lake, flow: &Flow, last: i64, purpose: Purpose) -> Result<Receipts, RunError> {
        let mut all = Receipts::none(purpose);
        all.fill(lake, flow, last).await?;
        Ok(all)
    }

    async fn fill(&mut self, lake: &Lake, flow: &Flow, last: i64) -> Result<(), RunError> {
        let Some((table, snapshot)) = table(lake, flow).await? else { return Ok(()) };
        // A table that was filled before files had a status has none until its next batch.
        let status = match snapshot.schema().field_with_name("status") {
            Ok(_) => "coalesce(status, CASE WHEN error IS NULL THEN 'read' ELSE 'failed' END)",
            Err(_) => "CASE WHEN error IS NULL THEN 'read' ELSE 'failed' END",
        };
        let sql = format!(
            "SELECT path, size, modified, hash, {status} AS status, rows, _batch_id FROM {} WHERE _batch_id <= {last}",
            table.name.quoted()
        );
        let mut rows = read::stream_companion(lake, table, snapshot, sql).await?;
        while let Some(batch) = rows.next().await {
            self.add(&batch.map_err(EngineError::from)?).map_err(EngineError::from)?;
        }
        self.complete();
        Ok(())
    }

    /// Takes rows of the receipts table, in any order.
    fn add(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        let text = |column: usize| arrow::compute::cast(batch.column(column), &DataType::Utf8);
        let (path, hash, status) = (text(0)?, text(3)?, text(4)?);
        let (path, hash, status) = (path.as_string::<i32>(), hash.as_string::<i32>(), status.as_string::<i32>());
        let number = |column: usize| batch.column(column).as_primitive::<Int64Type>();
        let (size, has_rows, batches) = (number(1), number(5), number(6));
        let modified = batch.column(2).as_primitive::<TimestampMicrosecondType>();
        for row in 0..batch.num_rows() {
            let name = path.value(row);
            let content = hash.is_valid(row).then(|| ContentHash::of(hash.value(row))).flatten();
            let receipt = Row {
                name: self.name(name),
                hash: content.unwrap_or(ContentHash::NONE),
                size: size.value(row).max(0) as u64,
                modified: modified.value(row),
                batch: u32::try_from(batches.value(row)).unwrap_or(u32::MAX),
                status: Status::of(status.value(row)),
                has_rows: has_rows.value(row) > 0,
            };
            self.look_at(name, &receipt);
            self.rows.push(receipt);
        }
        if self.rows.len() >= self.room {
            self.sort();
            self.room = ROOM.max(2 * self.rows.len());
        }
        Ok(())
    }

    /// What is remembered beside the rows.
    fn look_at(&mut self, name: &str, row: &Row) {
        let modified = time(row.modified);
        if self.last_name.as_deref().is_none_or(|last| last < name) {
            self.last_name = Some(name.to_owned());
        }
        if let Some(date) = self.purpose.pattern.as_ref().and_then(|pattern| pattern.date_of(name)) {
            let next_day = modified.naive_utc().checked_add_signed(Duration::days(1)).unwrap_or(NaiveDateTime::MAX);
            let date = date.min(next_day);
            self.newest_date = self.newest_date.max(Some(date));
        }
        if row.status.is_read() {
            let newest = self.batches.entry(row.batch.into()).or_insert(modified);
            *newest = modified.max(*newest);
        }
        if let Some(snapshots) = &self.purpose.snapshots {
            snapshots.take(&mut self.newest, name, modified, row.status);
        }
        if self.purpose.retry && row.status == Status::Failed {
            self.failed.insert(row.name, name.to_owned());
        }
    }

    /// By name, the newest first; drops what says nothing more.
    fn sort(&mut self) {
        self.rows.sort_unstable_by(|a, b| (a.name, b.batch).cmp(&(b.name, a.batch)));
        let mut last = None;
        self.rows.retain(|row| {
            let newest = last != Some(row.name);
            last = Some(row.name);
            newest || row.status.is_read()
        });
    }

    /// Must be called after the last [`Receipts::add`].
    fn complete(&mut self) {
        self.sort();
        self.rows.shrink_to_fit();
        let rows = &self.rows;
        let has_content = |row: &Row| row.status.is_read() && row.has_rows && row.hash != ContentHash::NONE;
        let mut contents: Vec<u32> = (0..).zip(rows).filter(|(_, row)| has_content(row)).map(|(at, _)| at).collect();
        contents.sort_unstable_by_key(|at| {
            let row = &rows[*at as usize];
            (row.hash, row.batch, row.modified, row.name)
        });
        self.contents = contents;
        let failed = std::mem::take(&mut self.failed).into_iter();
        self.failed = failed.filter(|(name, _)| self.is_failed(*name)).collect();
    }

    fn is_failed(&self, name: NameHash) -> bool {
        self.find(name).is_some_and(|at| self.rows[at].status == Status::Failed)
    }

    /// A file's name, as the receipts know it.
    pub(crate) fn name(&self, path: &str) -> NameHash {
        NameHash([self.keys[0].hash_one(path), self.keys[1].hash_one(path)])
    }

    /// Where the receipts of a file begin.
    fn find(&self, name: NameHash) -> Option<usize> {
        let at = self.rows.partition_point(|row| row.name < name);
        self.rows.get(at).filter(|row| row.name == name).map(|_| at)
    }

    /// The newest receipt of a file.
    pub(crate) fn of(&self, path: &str) -> Option<Receipt> {
        let at = self.find(self.name(path))?;
        let newest = self.rows[at];
        let mut own = self.rows[at..].iter().take_while(|row| row.name == newest.name);
        let read = own.find(|row| row.status.is_read()).and_then(|row| row.hash.is_there());
        let Row { size, modified, hash, status, .. } = newest;
        Some(Receipt { size, modified: time(modified), hash: hash.is_there(), status, read })
    }

    /// Whether a file looks as it did when its receipt was written.
    pub(crate) fn is_same(&self, receipt: &Receipt, file: &FileEntry) -> bool {
        let (then, now) = (receipt.modified, super::micros(file.modified));
        let whole = |time: DateTime<Utc>| time.timestamp_subsec_nanos() == 0;
        let same_second = !self.purpose.exact && (whole(then) || whole(now)) && then.timestamp() == now.timestamp();
        receipt.size == file.size && (then == now || same_second)
    }

    /// The file that was first read with this content.
    pub(crate) fn first_with(&self, hash: ContentHash) -> Option<NameHash> {
        let at = self.contents.partition_point(|at| self.rows[*at as usize].hash < hash);
        let row = &self.rows[*self.contents.get(at)? as usize];
        (row.hash == hash).then_some(row.name)
    }

    /// The newest snapshot that was read.
    pub(crate) fn newest_snapshot(&self) -> Option<&Newest> {
        self.newest.as_ref()
    }

    /// The time of the last snapshot: each is later than the one before it, whatever the times of its files.
    pub(crate) fn last_snapshot(&self) -> Option<DateTime<Utc>> {
        self.batches.values().copied().reduce(|last, modified| modified.max(after(last)))
    }

    /// The names of files, asked of the receipts table.
    pub(crate) async fn names(
        &self,
        lake: &Lake,
        flow: &Flow,
        of: &HashSet<NameHash>,
    ) -> Result<HashMap<NameHash, String>, RunError> {
        let mut names = HashMap::new();
        if of.is_empty() {
            return Ok(names);
        }
        let Some((table, snapshot)) = table(lake, flow).await? else { return Ok(names) };
        let sql = format!("SELECT path FROM {}", table.name.quoted());
        let mut rows = read::stream_companion(lake, table, snapshot, sql).await?;
        while let Some(batch) = rows.next().await {
            let batch = batch.map_err(EngineError::from)?;
            let paths = arrow::compute::cast(batch.column(0), &DataType::Utf8).map_err(EngineError::from)?;
            for path in paths.as_string::<i32>().iter().flatten() {
                let name = self.name(path);
                if of.contains(&name) {
                    names.insert(name, path.to_owned());
                }
            }
        }
        Ok(names)
    }

    /// Which of the files that have receipts a listing shows; none yet.
    pub(crate) fn shown(&self) -> Shown {
        Shown(self.rows.iter().map(|_| AtomicBool::new(false)).collect())
    }

    /// A listing shows a file.
    pub(crate) fn show(&self, path: &str, shown: &Shown) {
        if let Some(at) = self.find(self.name(path)) {
            shown.0[at].store(true, Ordering::Relaxed);
        }
    }

    /// How many files were read that a listing does not show.
    pub(crate) fn gone(&self, shown: &Shown) -> u64 {
        let mut at = 0;
        let mut gone = 0;
        for own in self.rows.chunk_by(|a, b| a.name == b.name) {
            let is_shown = shown.0[at].load(Ordering::Relaxed);
            gone += u64::from(!is_shown && own.iter().any(|row| row.status.is_read()));
            at += own.len();
        }
        gone
    }

    /// The failed files that a listing does not show, if their names are kept.
    pub(crate) fn failed_and_gone(&self, shown: &Shown) -> Vec<String> {
        let is_shown = |name: NameHash| self.find(name).is_some_and(|at| shown.0[at].load(Ordering::Relaxed));
        let mut names: Vec<String> =
            self.failed.iter().filter(|(name, _)| !is_shown(**name)).map(|(_, path)| path.clone()).collect();
        names.sort();
        names
    }
}

/// Files that a listing shows, by where their receipts begin.
#[derive(Debug)]
pub(crate) struct Shown(Vec<AtomicBool>);

/// The receipts table, if there is one.
async fn table<'a>(lake: &Lake, flow: &'a Flow) -> Result<Option<(&'a Table, Snapshot)>, RunError> {
    let Some(table) = flow.companions.first() else { return Ok(None) };
    Ok(lake.snapshot(&table.name).await?.map(|snapshot| (table, snapshot)))
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// The next time that a table can tell.
pub(crate) fn after(time: DateTime<Utc>) -> DateTime<Utc> {
    time.checked_add_signed(Duration::microseconds(1)).unwrap_or(time)
}

#[cfg(test)]
#[path = "receipt/tests.rs"]
mod tests;

//! That something may have arrived: what wakes a run that watches.
//!
//! A signal is a hint and nothing rests on it. What has arrived is decided by the listing of the run that it starts, and a
//! run is started now and then without one, so that a signal that was lost costs time and no file. Whoever else knows of
//! arrivals is a further implementation of [`Signals`].

use crate::error::RunError;
use crate::lake::Lake;
use async_trait::async_trait;
use lakesmith_compile::{FlowKind, TableName};
use lakesmith_connect::{FolderWatch, Written};
use lakesmith_project::{SourceKind, literal_folder};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, timeout_at};

/// Who knows that something may have arrived.
#[async_trait]
pub trait Signals: Send {
    /// Waits for the next signal: the bronze tables for which something may have arrived. Dropping the future loses none.
    ///
    /// # Errors
    /// Where there will be no more signals.
    async fn next(&mut self) -> Result<BTreeSet<TableName>, RunError>;
}

/// Waits for a signal, and then until there was none for `quiet`, but no longer than `longest`: files come in groups, and
/// one that is being written is better read once it is done.
///
/// # Errors
/// What [`Signals::next`] gives.
pub async fn settled(signals: &mut dyn Signals, quiet: Duration, longest: Duration) -> Result<BTreeSet<TableName>, RunError> {
    let mut tables = signals.next().await?;
    let end = Instant::now() + longest;
    while Instant::now() < end {
        match timeout_at(end.min(Instant::now() + quiet), signals.next()).await {
            Ok(more) => tables.extend(more?),
            Err(_) => break,
        }
    }
    Ok(tables)
}

/// The sources of a project: folders of this machine are watched; of buckets and their queues somebody asks again and again,
/// which the run does that follows from the signal.
#[derive(Debug)]
pub struct SourceSignals {
    watch: FolderWatch,
    /// Where the files of each table on this machine lie.
    folders: Vec<(PathBuf, TableName)>,
    /// Tables whose files lie in buckets.
    buckets: BTreeSet<TableName>,
    ask_again: Interval,
    /// Where the lake itself writes.
    storage: Option<PathBuf>,
}

impl SourceSignals {
    /// Watches the folders that the selected flows read, and asks again of buckets every `ask_again`. The run that comes next
    /// lists them again, whatever was found in them before.
    ///
    /// # Errors
    /// [`RunError::Watch`] where the operating system refuses.
    pub fn new(lake: &Lake, selection: &BTreeSet<TableName>, ask_again: Duration) -> Result<SourceSignals, RunError> {
        let (folders, buckets) = places(lake, selection);
        let url = lake.storage().url();
        let storage = url.to_file_path().ok().filter(|_| url.scheme() == "file");
        let watch = FolderWatch::new(folders.iter().map(|(folder, _)| folder.clone()).collect::<BTreeSet<PathBuf>>())?;
        let mut ask_again = interval_at(Instant::now() + ask_again, ask_again);
        // After a long run it is not made up for.
        ask_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        lake.forget_found();
        Ok(SourceSignals { watch, folders, buckets, ask_again, storage })
    }

    /// Whether these are the places that the selected flows read: a project may change.
    pub fn are_of(&self, lake: &Lake, selection: &BTreeSet<TableName>) -> bool {
        let (folders, buckets) = places(lake, selection);
        self.folders == folders && self.buckets == buckets
    }

    /// The tables whose files may lie at a path.
    fn concerned(&self, path: &Path) -> BTreeSet<TableName> {
        let own = self.storage.as_ref().is_some_and(|storage| path.starts_with(storage));
        let concerned = self.folders.iter().filter(|(folder, _)| !own && path.starts_with(folder));
        concerned.map(|(_, table)| table.clone()).collect()
    }

    fn told(&self, written: Written) -> BTreeSet<TableName> {
        match written {
            Written::Anywhere => self.folders.iter().map(|(_, table)| table.clone()).collect(),
            Written::Paths(paths) => paths.iter().flat_map(|path| self.concerned(path)).collect(),
        }
    }
}

/// Where the files of each table lie on this machine, and which tables have theirs in buckets. A source that cannot be opened
/// says so when its flow runs.
fn places(lake: &Lake, selection: &BTreeSet<TableName>) -> (Vec<(PathBuf, TableName)>, BTreeSet<TableName>) {
    let (mut folders, mut buckets) = (vec![], BTreeSet::new());
    for flow in lake.plan().flows.iter().filter(|flow| selection.contains(&flow.name)) {
        let FlowKind::Bronze { source, table: nth } = flow.kind else { continue };
        let Some(source) = lake.project().sources.get(source) else { continue };
        let Some(table) = source.tables.get(nth) else { continue };
        match lake.world().landing.of(lake.project(), source) {
            Ok(landing) if landing.bucket.is_none() && !table.path.contains("://") => {
                let root = Path::new("/").join(landing.root.as_ref());
                let folder = match source.kind {
                    SourceKind::Files => root.join(literal_folder(&table.path.value)),
                    SourceKind::Delta => root.join(&table.path.value).join("_delta_log"),
                };
                folders.push((folder, flow.name.clone()));
            }
            _ => drop(buckets.insert(flow.name.clone())),
        }
    }
    (folders, buckets)
}

#[async_trait]
impl Signals for SourceSignals {
    async fn next(&mut self) -> Result<BTreeSet<TableName>, RunError> {
        loop {
            let tables = tokio::select! {
                written = self.watch.written() => self.told(written?),
                _ = self.ask_again.tick(), if !self.buckets.is_empty() => self.buckets.clone(),
            };
            if !tables.is_empty() {
                return Ok(tables);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::VecDeque;

    /// Tables that are told after so many milliseconds each.
    struct Script(VecDeque<(u64, &'static str)>);

    #[async_trait]
    impl Signals for Script {
        async fn next(&mut self) -> Result<BTreeSet<TableName>, RunError> {
            let Some((after, table)) = self.0.front().copied() else { return std::future::pending().await };
            tokio::time::sleep(Duration::from_millis(after)).await;
            self.0.pop_front();
            Ok(BTreeSet::from([TableName::parse(table).unwrap()]))
        }
    }

    async fn heard(script: &[(u64, &'static str)]) -> Vec<String> {
        let mut script = Script(script.iter().copied().collect());
        let tables = settled(&mut script, Duration::from_millis(80), Duration::from_millis(400)).await.unwrap();
        tables.iter().map(ToString::to_string).collect()
    }

    #[tokio::test]
    async fn signals_that_come_together_are_one() {
        assert_eq!(heard(&[(1, "bronze.a_b"), (5, "bronze.a_c"), (5, "bronze.a_b")]).await, ["bronze.a_b", "bronze.a_c"]);
        assert_eq!(heard(&[(1, "bronze.a_b"), (2_000, "bronze.a_c")]).await, ["bronze.a_b"]);
    }

    #[tokio::test]
    async fn endless_writing_does_not_keep_a_run_waiting() {
        let endless: Vec<(u64, &'static str)> = (0..1_000).map(|_| (10, "bronze.a_b")).collect();
        let started = Instant::now();
        assert_eq!(heard(&endless).await, ["bronze.a_b"]);
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

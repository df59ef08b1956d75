//! Who runs: a run that works says so every few seconds, and another one waits for what it has recorded.
//!
//! The object `_lakesmith/runs/<run_id>` names the host, the process and its start. It is put when real work begins, so
//! that a run with nothing to do writes nothing, and taken away at the end. Whoever finds a batch that another run recorded
//! waits as long as that run lives, and finishes the batch if it is gone.
//!
//! This saves work; it keeps nothing right. What binds a batch is its record, what commits it is the version of the table:
//! a run that is taken for dead and wakes up loses both. So errors of the storage are logged here and nothing else.

mod process;

use crate::batch::position;
use crate::error::RunError;
use crate::lake::Lake;
use crate::record::Record;
use crate::report::Event;
use crate::world::World;
use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use lakesmith_compile::{Flow, TableName};
use lakesmith_engine::delta::Storage;
use object_store::{ObjectMeta, ObjectStoreExt};
pub use process::Process;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OnceCell, oneshot};
use tokio::task::JoinHandle;

/// How often a run says that it lives.
pub(crate) const EVERY: Duration = Duration::from_secs(5);
/// A run that was silent for so many beats is gone.
const MISSED: u32 = 3;
/// Between two looks at a run that is waited for: at first, and at most.
const LOOKS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// What a run left behind that nobody can ask any more is taken away after so long.
const STALE: TimeDelta = TimeDelta::days(1);

const FOLDER: &str = "_lakesmith/runs";

/// What the object says. Its reader looks for a change, not at the time: clocks differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Beat {
    run_id: String,
    #[serde(flatten)]
    process: Process,
    since: DateTime<Utc>,
    /// How often it was put.
    beats: u64,
    /// Flows that failed in this run: what it recorded of them it leaves to others.
    failed: BTreeSet<TableName>,
}

/// The heartbeat of one run. Silent until [`Heartbeat::work`].
pub(crate) struct Heartbeat {
    run_id: String,
    storage: Storage,
    /// `None`: it never beats, and waits for nobody.
    every: Option<Duration>,
    beat: Arc<Mutex<Beat>>,
    begun: OnceCell<()>,
    beating: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

impl Heartbeat {
    /// Of a run that has not begun to work.
    pub(crate) fn new(world: &World, run_id: String) -> Heartbeat {
        let (process, since) = (Process::this(), (world.clock)());
        let beat = Beat { run_id: run_id.clone(), process, since, beats: 0, failed: BTreeSet::new() };
        let (storage, every, beat) = (world.storage.clone(), world.heartbeat, Arc::new(Mutex::new(beat)));
        Heartbeat { run_id, storage, every, beat, begun: OnceCell::new(), beating: Mutex::default() }
    }

    /// The run.
    pub(crate) fn run_id(&self) -> &str {
        &self.run_id
    }

    /// Real work begins: when this returns, others can see it.
    pub(crate) async fn work(&self) {
        let Some(every) = self.every else { return };
        let begin = async || {
            put(&self.storage, &self.beat).await;
            let (storage, beat) = (self.storage.clone(), self.beat.clone());
            let (stop, mut stopped) = oneshot::channel();
            let task = tokio::spawn(async move {
                // It ends when it is told to, and when nobody is left to tell.
                while tokio::time::timeout(every, &mut stopped).await.is_err() {
                    put(&storage, &beat).await;
                }
            });
            *self.beating.lock().await = Some((stop, task));
        };
        self.begun.get_or_init(begin).await;
    }

    /// A flow failed: nobody is to wait for this run to finish its batch.
    pub(crate) async fn give_up(&self, flow: &TableName) {
        if self.begun.initialized() {
            self.beat.lock().await.failed.insert(flow.clone());
            put(&self.storage, &self.beat).await;
        }
    }

    /// The run has ended.
    pub(crate) async fn end(&self) {
        let Some((stop, task)) = self.beating.lock().await.take() else { return };
        let _ = stop.send(());
        let taken_away = async {
            let _ = task.await;
            remove(&self.storage, &self.run_id).await;
            sweep(&self.storage).await;
        };
        // A store that does not answer does not keep the run from its end.
        let _ = tokio::time::timeout(EVERY, taken_away).await;
    }

    /// Waits for another run to finish the batch it recorded: whether it did. If that run is gone, or was never seen,
    /// nothing is waited for.
    pub(crate) async fn wait(
        &self,
        lake: &Lake,
        flow: &Flow,
        record: &Record,
        events: &(dyn Fn(Event) + Send + Sync),
    ) -> Result<bool, RunError> {
        let Some(every) = self.every.filter(|_| record.run_id != self.run_id) else { return Ok(false) };
        let mut other = Other { flow: &flow.name, silence: every * MISSED, last: None };
        let mut pause = LOOKS.0;
        while let Some(beat) = get(&self.storage, &record.run_id).await
            && other.works(&beat)
        {
            tokio::time::sleep(pause).await;
            if has(lake, flow, record.batch).await? {
                return Ok(true);
            }
            if pause == LOOKS.0 {
                let (flow, batch, runner) = (flow.name.clone(), record.batch, beat.process);
                events(Event::Waiting { flow, batch, runner });
            }
            pause = (pause * 2).min(LOOKS.1);
        }
        // It may have finished between two looks.
        Ok(other.last.is_some() && has(lake, flow, record.batch).await?)
    }
}

/// A run that is waited for, as it was last heard of.
struct Other<'a> {
    flow: &'a TableName,
    silence: Duration,
    last: Option<(Beat, Instant)>,
}

impl Other<'_> {
    /// Whether it may still finish what it recorded.
    fn works(&mut self, beat: &Beat) -> bool {
        let silent = match &self.last {
            Some((last, since)) if last == beat => since.elapsed(),
            _ => {
                self.last = Some((beat.clone(), Instant::now()));
                Duration::ZERO
            }
        };
        silent < self.silence && !beat.process.is_gone() && !beat.failed.contains(self.flow)
    }
}

/// Whether the target of a flow has the batch.
async fn has(lake: &Lake, flow: &Flow, batch: i64) -> Result<bool, RunError> {
    let target = lake.engine().ensure(&flow.target).await?;
    Ok(target.txn(&position::batch(&flow.name)).await?.unwrap_or(0) >= batch)
}

/// Takes away what runs left behind: of processes that are known to be gone, and what is a day older than the newest by
/// the storage's own clock.
async fn sweep(storage: &Storage) {
    let Ok(folder) = storage.path(FOLDER) else { return };
    let Ok(found) = storage.store().list(Some(&folder)).try_collect::<Vec<ObjectMeta>>().await else { return };
    let newest = found.iter().map(|object| object.last_modified).max();
    for object in found {
        let Some(run_id) = object.location.filename() else { continue };
        let stale = newest.is_some_and(|newest| newest - object.last_modified > STALE);
        if stale || get(storage, run_id).await.is_some_and(|beat| beat.process.is_gone()) {
            remove(storage, run_id).await;
        }
    }
}

async fn put(storage: &Storage, beat: &Mutex<Beat>) {
    let mut beat = beat.lock().await;
    beat.beats += 1;
    let (Ok(place), Ok(bytes)) = (storage.path(&format!("{FOLDER}/{}", beat.run_id)), serde_json::to_vec(&*beat)) else { return };
    if let Err(error) = storage.store().put(&place, bytes.into()).await {
        tracing::warn!(%error, "the heartbeat could not be written");
    }
}

async fn get(storage: &Storage, run_id: &str) -> Option<Beat> {
    let place = storage.path(&format!("{FOLDER}/{run_id}")).ok()?;
    let found = storage.store().get(&place).await.ok()?;
    serde_json::from_slice(&found.bytes().await.ok()?).ok()
}

async fn remove(storage: &Storage, run_id: &str) {
    let Ok(place) = storage.path(&format!("{FOLDER}/{run_id}")) else { return };
    if let Err(error) = storage.store().delete(&place).await {
        tracing::debug!(%error, "a heartbeat could not be taken away");
    }
}

#[cfg(test)]
#[path = "heartbeat/tests.rs"]
mod tests;

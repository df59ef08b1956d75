//! Files that a queue tells of.
//!
//! The tables of a source share its queue. What a message tells of is looked up for each table whose files are called so, and
//! read if its receipts do not know it. Once they do, which is seen from what is committed, the message is deleted: a run that
//! dies before is told again by the queue, and what it is told twice it knows from the receipts.

use crate::files::Judge;
use crate::landing::Landing;
use futures::StreamExt;
use lakesmith_connect::{Arrivals, AzureQueue, ConnectError, FileEntry, Message, Pattern, PubSub, Queue, Sqs};
use lakesmith_project::{Events, Location, Source};
use lakesmith_store::Polite;
use object_store::client::HttpConnector;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStoreExt};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Mutex as AsyncMutex;

/// Messages that are held of one queue; the others are asked for once these are done with.
const MOST: usize = 10_000;
/// A queue that had no more messages is not asked again for so long: the tables of its source ask one after the other.
const EMPTY: Duration = Duration::from_secs(3);

/// Messages are held for so long; after that they are left to the queue, which hands them out again.
const HELD: Duration = Duration::from_secs(300);

/// What queues handed out, by source. Where one run follows another, they share it: what a queue has handed out it does not
/// hand out again for a while.
#[derive(Clone, Default)]
pub struct Inboxes(Arc<Mutex<HashMap<String, Arc<AsyncMutex<Inbox>>>>>);

impl std::fmt::Debug for Inboxes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inboxes").finish_non_exhaustive()
    }
}

/// What a queue handed out and was not committed by all tables yet.
struct Inbox {
    queue: Arc<dyn Queue>,
    held: Vec<Held>,
    empty_since: Option<Instant>,
}

struct Held {
    handle: String,
    since: Instant,
    /// Whether it also tells of objects of others, who read it too: it is left to the queue.
    shared: bool,
    /// Names relative to the source, each with the tables that have not read it.
    files: Vec<(String, BTreeSet<usize>)>,
}

impl Inboxes {
    /// The files that the queue of a source tells of and its n-th table has not read.
    pub(crate) async fn files(
        &self,
        source: &Source,
        events: &Events,
        n: usize,
        landing: &Landing,
        judge: &Judge,
    ) -> Result<Arrivals, ConnectError> {
        let inbox = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Another queue, or asked by somebody else: another inbox.
            let key = format!("{} {} {:?} {:?}", source.name.value, source.path.value, events, source.connection);
            match all.get(&key) {
                Some(inbox) => inbox.clone(),
                None => {
                    let inbox = Inbox { queue: queue(events, landing)?, held: vec![], empty_since: None };
                    let inbox = Arc::new(AsyncMutex::new(inbox));
                    all.insert(key, inbox.clone());
                    inbox
                }
            }
        };
        let mut inbox = inbox.lock().await;
        inbox.receive(source, landing).await?;
        let files = inbox.look_up(n, landing, judge).await?;
        inbox.settle().await?;
        Ok(Arrivals { files, ..Arrivals::default() })
    }
}

/// The queue of a source, asked by whoever asks for its objects.
fn queue(events: &Events, landing: &Landing) -> Result<Arc<dyn Queue>, ConnectError> {
    let queue = events.queue.value.as_str();
    let fail = |reason: String| ConnectError::Queue { queue: queue.to_owned(), reason };
    let bucket = landing.bucket.as_ref().ok_or_else(|| fail("the source lies in no bucket".to_owned()))?;
    let options = ClientOptions::new().with_allow_http(queue.starts_with("http://"));
    let client = Polite.connect(&options).map_err(|error| fail(error.to_string()))?;
    match (&bucket.amazon, &bucket.azure, &bucket.google) {
        (Some(credentials), ..) => {
            let region = events.region.as_ref().map(|region| region.value.as_str()).or(bucket.region.as_deref());
            Ok(Arc::new(Sqs::new(queue, region, client, credentials.clone())?))
        }
        (_, Some(credentials), _) => Ok(Arc::new(AzureQueue::new(queue, client, credentials.clone())?)),
        (.., Some(credentials)) => Ok(Arc::new(PubSub::new(queue, client, credentials.clone()))),
        (None, None, None) => Err(fail("queues of this cloud cannot be read".to_owned())),
    }
}

impl Inbox {
    /// Takes what the queue has now, up to what is held at a time.
    async fn receive(&mut self, source: &Source, landing: &Landing) -> Result<(), ConnectError> {
        self.held.retain(|held| held.since.elapsed() < HELD);
        if self.empty_since.is_some_and(|since| since.elapsed() < EMPTY) {
            return Ok(());
        }
        let patterns = source.tables.iter().map(|table| Pattern::new(&table.path)).collect::<Result<Vec<_>, _>>()?;
        let Ok(Location::Bucket(place)) = Location::parse(&source.path) else { return Ok(()) };
        // `s3://bucket`, `abfss://container@account`
        let bucket = place.root.split_once("://").map_or("", |(_, bucket)| bucket.split('@').next().unwrap_or(bucket));
        // Also a queue that hands out a message again at once comes to an end.
        for _ in 0..MOST {
            if self.held.len() >= MOST {
                return Ok(());
            }
            let messages = self.queue.receive().await?;
            if messages.is_empty() {
                self.empty_since = Some(Instant::now());
                return Ok(());
            }
            self.held.extend(messages.into_iter().filter_map(|message| held(message, bucket, landing.root.as_ref(), &patterns)));
        }
        Ok(())
    }

    /// Looks up what the n-th table has not read. What it has read by now, or is gone, is done with.
    async fn look_up(&mut self, n: usize, landing: &Landing, judge: &Judge) -> Result<Vec<FileEntry>, ConnectError> {
        let open = self.held.iter().flat_map(|held| &held.files).filter(|(_, tables)| tables.contains(&n));
        let names: BTreeSet<String> = open.map(|(name, _)| name.clone()).collect();
        let looked_up = futures::stream::iter(names)
            .map(|name| async move {
                let found = head(landing, &name).await;
                (name, found)
            })
            .buffer_unordered(landing.requests(1));
        let found: BTreeMap<String, Result<Option<FileEntry>, ConnectError>> = looked_up.collect().await;
        let mut files = vec![];
        let mut done = BTreeSet::new();
        for (name, found) in found {
            let Some(file) = found? else {
                done.insert(name);
                continue;
            };
            let (is_read, is_done) = judge.is_told(&file);
            if is_read {
                files.push(file);
            } else if is_done {
                done.insert(name);
            }
        }
        for (name, tables) in self.held.iter_mut().flat_map(|held| &mut held.files) {
            if done.contains(name) {
                tables.remove(&n);
            }
        }
        files.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
        Ok(files)
    }

    /// Deletes the messages of which nothing is left to read.
    async fn settle(&mut self) -> Result<(), ConnectError> {
        let is_done = |held: &Held| !held.shared && held.files.iter().all(|(_, tables)| tables.is_empty());
        let handles: Vec<String> = self.held.iter().filter(|held| is_done(held)).map(|held| held.handle.clone()).collect();
        if !handles.is_empty() {
            self.queue.delete(&handles).await?;
            self.held.retain(|held| !is_done(held));
        }
        Ok(())
    }
}

/// A message with the files that it tells of; `None` if it is left to the queue.
fn held(message: Message, bucket: &str, root: &str, patterns: &[Pattern]) -> Option<Held> {
    let Some(objects) = message.objects else {
        tracing::warn!("a message that is no notification of a bucket is left in its queue");
        return None;
    };
    let relative = |key: &str| {
        let below = if root.is_empty() { Some(key) } else { key.strip_prefix(root).and_then(|below| below.strip_prefix('/')) };
        below.map(str::to_owned)
    };
    let told = objects.len();
    let own = objects.into_iter().filter(|object| object.bucket == bucket).filter_map(|object| relative(&object.key));
    let files: Vec<(String, BTreeSet<usize>)> = own
        .map(|name| {
            let tables = patterns.iter().enumerate().filter(|(_, pattern)| pattern.matches(&name)).map(|(n, _)| n).collect();
            (name, tables)
        })
        .collect();
    if files.is_empty() && told > 0 {
        tracing::warn!(bucket, root, "a message that tells of nothing below the source's path is left in its queue");
        return None;
    }
    Some(Held { handle: message.handle, since: Instant::now(), shared: files.len() < told, files })
}

/// An object as a listing would show it; `None` if it is gone, or its name is no path.
async fn head(landing: &Landing, name: &str) -> Result<Option<FileEntry>, ConnectError> {
    let root = landing.root.as_ref();
    let whole = if root.is_empty() { name.to_owned() } else { format!("{root}/{name}") };
    let Ok(path) = Path::parse(&whole) else { return Ok(None) };
    match landing.store.head(&path).await {
        Ok(meta) => {
            Ok(Some(FileEntry { path: name.to_owned(), size: meta.size, modified: meta.last_modified, etag: meta.e_tag }))
        }
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(source) => Err(ConnectError::Store { path: whole, source }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use lakesmith_connect::Object;

    #[test]
    fn what_is_told_of_others_is_left_to_them() {
        let patterns = [Pattern::new("orders/*.json").unwrap()];
        let told = |objects: Option<&[(&str, &str)]>| {
            let object = |(bucket, key): &(&str, &str)| Object { bucket: (*bucket).to_owned(), key: (*key).to_owned() };
            let objects = objects.map(|all| all.iter().map(object).collect());
            let held = held(Message { handle: "h".to_owned(), objects }, "lake", "landing", &patterns)?;
            Some((held.shared, held.files.into_iter().map(|(name, tables)| (name, tables.len())).collect::<Vec<_>>()))
        };
        let file = |name: &str, tables: usize| (name.to_owned(), tables);
        assert_eq!(told(Some(&[("lake", "landing/orders/1.json")])), Some((false, vec![file("orders/1.json", 1)])));
        // No table reads it, and nobody else could.
        assert_eq!(told(Some(&[("lake", "landing/x.txt")])), Some((false, vec![file("x.txt", 0)])));
        assert_eq!(told(Some(&[("lake", "elsewhere/orders/1.json")])), None);
        assert_eq!(told(Some(&[("other", "landing/orders/1.json")])), None);
        let both = [("lake", "landing/orders/1.json"), ("lake", "elsewhere/2.json")];
        assert_eq!(told(Some(&both)), Some((true, vec![file("orders/1.json", 1)])));
        // A test of the queue tells of nothing.
        assert_eq!(told(Some(&[])), Some((false, vec![])));
        assert_eq!(told(None), None);
    }
}

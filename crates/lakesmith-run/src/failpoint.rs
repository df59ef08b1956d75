//! Places where the process dies as if the power went, for tests of the real binary. Release builds have none.
//!
//! In other builds the variable `LAKESMITH_ABORT_AT` names one:
//!
//! | words | the process aborts |
//! | --- | --- |
//! | `recorded silver.sales_orders 2` | when batch 2 of this flow reaches this [phase](crate::phase::Phase) |
//! | `committing silver.sales_orders 2 silver.sales_orders_quarantine` | the same, where it is about this table |
//! | `freeze recorded silver.sales_orders 2` | it stands still there, until it is told to go on (`SIGCONT`) |
//! | `before 7`, `after 7` | before the 7th object is written, or when it is |
//! | `half 2 .parquet` | when half of it is; only objects are counted whose path holds the word |

use crate::phase::{Log, Moment, Witness};
use crate::world::World;
use async_trait::async_trait;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use lakesmith_engine::delta::{DeltaError, Storage};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The same world, with a place in it where the process dies. Words that name none are told in the log.
pub(crate) fn armed(mut world: World, words: &str) -> std::result::Result<World, DeltaError> {
    let mut words: Vec<&str> = words.split_whitespace().collect();
    let freeze = words.first() == Some(&"freeze");
    if freeze {
        words.remove(0);
    }
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<usize>().ok());
    let holding = || words.get(2).copied().unwrap_or_default().to_owned();
    let when = match words.first() {
        Some(&"before") => Some(When::Before),
        Some(&"half") => Some(When::Half),
        Some(&"after") => Some(When::After),
        _ => None,
    };
    match (when, number(1), number(2)) {
        (Some(when), Some(nth), _) => {
            let (inner, url) = (world.storage.store().clone(), world.storage.url().clone());
            let store = Store { inner, when, nth, holding: holding(), written: AtomicUsize::new(0) };
            world.storage = Storage::with_store(Arc::new(store), url)?;
        }
        (None, _, Some(batch)) => {
            let word = |at: usize| words.get(at).copied().unwrap_or_default().to_owned();
            let table = words.get(3).map(|table| (*table).to_owned());
            world.witness = Arc::new(At { phase: word(0), flow: word(1), batch: batch as i64, table, freeze });
        }
        _ => tracing::error!(?words, "these words name no place to abort at"),
    }
    Ok(world)
}

/// A phase of a batch.
struct At {
    phase: String,
    flow: String,
    batch: i64,
    table: Option<String>,
    freeze: bool,
}

impl Witness for At {
    fn reached(&self, moment: Moment) -> BoxFuture<'_, ()> {
        let about = |table: &String| moment.output.as_ref().is_some_and(|(name, _)| name.to_string() == *table);
        let here = moment.phase.to_string() == self.phase
            && moment.flow.to_string() == self.flow
            && moment.batch == self.batch
            && self.table.as_ref().is_none_or(about);
        if here && !self.freeze {
            std::process::abort();
        } else if here {
            let this = std::process::id().to_string();
            if let Err(error) = std::process::Command::new("kill").args(["-STOP", &this]).status() {
                tracing::error!(%error, "the process cannot be frozen");
            }
        }
        Log.reached(moment)
    }
}

#[derive(Clone, Copy, Debug)]
enum When {
    Before,
    Half,
    After,
}

/// A store in whose n-th write the process dies.
#[derive(Debug)]
struct Store {
    inner: Arc<dyn ObjectStore>,
    when: When,
    nth: usize,
    holding: String,
    written: AtomicUsize,
}

impl Store {
    fn is_here(&self, location: &Path) -> bool {
        location.as_ref().contains(&self.holding) && self.written.fetch_add(1, Ordering::SeqCst) + 1 == self.nth
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Store {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        if !self.is_here(location) {
            return self.inner.put_opts(location, payload, opts).await;
        }
        let _ = match self.when {
            When::Before => std::process::abort(),
            When::Half => {
                let bytes: Vec<u8> = payload.iter().flatten().copied().collect();
                let half = bytes.len() / 2;
                self.inner.put(location, bytes.into_iter().take(half).collect::<Vec<u8>>().into()).await
            }
            When::After => self.inner.put_opts(location, payload, opts).await,
        };
        std::process::abort()
    }

    /// Large objects are written in parts: here the process dies before the first one.
    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        if self.is_here(location) {
            std::process::abort();
        }
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

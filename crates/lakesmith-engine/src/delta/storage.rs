//! A target's storage: the root under which all of its tables lie.

mod entries;
pub(super) mod local;
mod location;
mod probe;
mod put;

use std::fmt;
use std::path::Path as FsPath;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use url::Url;

use self::entries::Entries;
pub(super) use self::put::{PutError, if_absent};

use super::DeltaError;
use super::action::{Action, parse_commit};
use super::kernel::{self, KernelEngine};

/// Where a table lies, relative to the storage: `bronze/shop/orders`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TablePath(String);

impl TablePath {
    /// Slashes at either end are left out.
    pub fn new(path: impl AsRef<str>) -> Self {
        Self(path.as_ref().trim_matches('/').to_owned())
    }

    /// The path with `/` between its parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TablePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for TablePath {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

/// What time it is. Commits are stamped with it; no decision rests on it.
type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The root of a target's tables. Cheap to clone.
#[derive(Clone)]
pub struct Storage {
    inner: Arc<Inner>,
}

struct Inner {
    /// Rooted at the root of `url`, not at its path.
    store: Arc<dyn ObjectStore>,
    /// Ends with `/`.
    url: Url,
    root: Path,
    engine: Arc<KernelEngine>,
    cache: super::snapshot::Cache,
    clock: Clock,
    /// Whether every answer of the store is there at once.
    at_once: bool,
    /// Whether [`Storage::prove`] has been through.
    proven: OnceCell<()>,
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").field("url", &self.inner.url.as_str()).finish_non_exhaustive()
    }
}

impl Storage {
    /// Opens the storage written in the project. A path without a scheme is a folder, relative to `base_dir`; it is made if missing.
    ///
    /// # Errors
    /// [`DeltaError::Location`] for a scheme that is not handled, a folder that cannot be made, or credentials that do not fit.
    pub fn open(location: &str, base_dir: &FsPath) -> Result<Self, DeltaError> {
        let (store, url) = location::open(location, base_dir)?;
        Self::with_store(store, url)
    }

    /// Opens a place whose tables are only read. A path without a scheme is a folder, relative to `base_dir`; none is made.
    ///
    /// # Errors
    /// As [`Storage::open`]; also for a folder that is not there.
    pub fn existing(location: &str, base_dir: &FsPath) -> Result<Self, DeltaError> {
        let (store, url) = location::existing(location, base_dir)?;
        Self::with_store(store, url)
    }

    /// A storage over any store. Paths handed to `store` begin with the path of `url`.
    ///
    /// # Errors
    /// [`DeltaError::Location`] when `url` cannot be the root of tables.
    pub fn with_store(store: Arc<dyn ObjectStore>, url: Url) -> Result<Self, DeltaError> {
        Self::over(store, url, false)
    }

    /// A storage in memory, which is gone with its last clone. Nothing of it waits for another thread.
    ///
    /// # Errors
    /// None: as [`Storage::with_store`].
    pub fn in_memory() -> Result<Self, DeltaError> {
        let (location, reason) = ("memory:///lake".to_owned(), "not a URL".to_owned());
        let url = Url::parse(&location).map_err(|_| DeltaError::Location { location, reason })?;
        Self::over(Arc::new(InMemory::new()), url, true)
    }

    fn over(store: Arc<dyn ObjectStore>, mut url: Url, at_once: bool) -> Result<Self, DeltaError> {
        let fail = |reason: String| DeltaError::Location { location: url.to_string(), reason };
        if url.cannot_be_a_base() {
            return Err(fail("not a folder".to_owned()));
        }
        let root = Path::from_url_path(url.path()).map_err(|e| fail(e.to_string()))?;
        let store: Arc<dyn ObjectStore> = Arc::new(Entries::over(store));
        let engine = kernel::engine(store.clone()).map_err(|e| fail(e.to_string()))?;
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let (engine, cache, clock) = (Arc::new(engine), super::snapshot::Cache::default(), Arc::new(Utc::now));
        let proven = OnceCell::new();
        Ok(Self { inner: Arc::new(Inner { store, url, root, engine, cache, clock, at_once, proven }) })
    }

    /// The same storage, stamped by another clock.
    pub fn with_clock(&self, clock: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>) -> Self {
        let Inner { store, url, root, engine, at_once, .. } = &*self.inner;
        let (store, url, root, engine) = (store.clone(), url.clone(), root.clone(), engine.clone());
        let (cache, at_once, proven) = (super::snapshot::Cache::default(), *at_once, OnceCell::new());
        Self { inner: Arc::new(Inner { store, url, root, engine, cache, clock, at_once, proven }) }
    }

    /// The store, rooted at the root of [`Self::url`].
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.inner.store
    }

    /// The storage's URL; ends with `/`.
    pub fn url(&self) -> &Url {
        &self.inner.url
    }

    /// Where `relative` (parts joined by `/`) lies in [`Self::store`]: for records and releases beside the tables.
    ///
    /// # Errors
    /// [`DeltaError::Location`] for a part that is no name, such as `..`.
    pub fn path(&self, relative: &str) -> Result<Path, DeltaError> {
        let relative =
            Path::parse(relative).map_err(|e| DeltaError::Location { location: relative.to_owned(), reason: e.to_string() })?;
        Ok(self.inner.root.parts().chain(relative.parts()).collect())
    }

    /// Makes the storage known to DataFusion, so that [`provider`](super::provider)'s scans find their files.
    pub fn register(&self, runtime: &RuntimeEnv) {
        runtime.register_object_store(self.object_store_url().as_ref(), self.inner.store.clone());
    }

    pub(super) fn object_store_url(&self) -> ObjectStoreUrl {
        let root = &self.inner.url[..url::Position::BeforePath];
        ObjectStoreUrl::parse(root).unwrap_or_else(|_| ObjectStoreUrl::local_filesystem())
    }

    /// The log of a table, whether or not there is one.
    pub(super) fn log(&self, table: &TablePath) -> Result<Log, DeltaError> {
        let root = self.path(table.as_str())?;
        let mut url = self.inner.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(table.as_str().split('/')).push("");
        }
        let (store, engine, clock) = (self.inner.store.clone(), self.inner.engine.clone(), self.inner.clock.clone());
        let at_once = self.inner.at_once;
        Ok(Log { table: table.clone(), store, engine, root, url, clock, at_once })
    }

    pub(super) fn cache(&self) -> &super::snapshot::Cache {
        &self.inner.cache
    }
}

/// One table's place in the storage, and the means to read it. Holds no [`Storage`], so that snapshots may lie in its cache.
#[derive(Clone)]
pub(super) struct Log {
    pub(super) table: TablePath,
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) engine: Arc<KernelEngine>,
    root: Path,
    /// The table's root as the kernel wants it; ends with `/`.
    pub(super) url: Url,
    clock: Clock,
    /// Whether every answer of the store is there at once.
    pub(super) at_once: bool,
}

impl Log {
    /// Milliseconds since 1970.
    pub(super) fn now(&self) -> i64 {
        (self.clock)().timestamp_millis()
    }

    /// An object of the table. `relative` is decoded, not as it stands in the log.
    pub(super) fn object(&self, relative: &str) -> Result<Path, DeltaError> {
        let relative =
            Path::parse(relative).map_err(|e| DeltaError::Location { location: relative.to_owned(), reason: e.to_string() })?;
        Ok(self.root.parts().chain(relative.parts()).collect())
    }

    pub(super) fn folder(&self) -> Path {
        self.root.clone().join("_delta_log")
    }

    pub(super) fn commit(&self, version: i64) -> Path {
        self.folder().join(format!("{version:020}.json"))
    }

    /// A whole object; `None` when there is none.
    pub(super) async fn read(&self, object: &Path) -> Result<Option<bytes::Bytes>, DeltaError> {
        let found = match self.store.get(object).await {
            Ok(found) => found.bytes().await,
            Err(e) => Err(e),
        };
        match found {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(source) => Err(store_error(&self.table, object, source)),
        }
    }

    /// The actions of one commit.
    pub(super) async fn actions(&self, version: i64) -> Result<(Vec<Action>, Option<serde_json::Value>), DeltaError> {
        let missing = || DeltaError::Missing { table: self.table.clone(), version: Some(version) };
        let bytes = self.read(&self.commit(version)).await?.ok_or_else(missing)?;
        parse_commit(&bytes).map_err(|e| DeltaError::Log { table: self.table.clone(), version, reason: e.to_string() })
    }
}

pub(super) fn store_error(table: &TablePath, object: &Path, source: object_store::Error) -> DeltaError {
    DeltaError::Store { table: table.clone(), object: object.to_string(), source: Box::new(source) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let storage = Storage::open(".lake/a b", dir.path()).unwrap();
        assert!(dir.path().join(".lake/a b").is_dir());
        assert!(storage.url().as_str().ends_with("/.lake/a%20b/"));
        assert!(storage.log(&"gold/dim".into()).unwrap().url.as_str().ends_with("/.lake/a%20b/gold/dim/"));
    }

    #[test]
    fn paths_that_leave_the_storage_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let storage = Storage::open("", dir.path()).unwrap();
        assert!(storage.path("_lakesmith/flows/x/1").is_ok());
        assert!(storage.path("../x").is_err());
    }
}

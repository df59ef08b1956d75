//! Where the files of sources lie: folders of this machine, and buckets.

use lakesmith_connect::{ConnectError, Place};
use lakesmith_project::{Location, Project, Source};
use lakesmith_store::OpenBucket;
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Requests to a bucket that are under way at a time, for the files of one table: most of each is waiting.
const REQUESTS: usize = 16;

/// The stores of sources. A bucket is opened once.
#[derive(Clone)]
pub(crate) struct Landings {
    /// Folders, by absolute path.
    folders: Arc<dyn ObjectStore>,
    /// Whether they are this machine's own.
    own: bool,
    buckets: Arc<Mutex<HashMap<String, OpenBucket>>>,
}

/// Where the files of one source lie.
#[derive(Clone)]
pub(crate) struct Landing {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The source's folder in it.
    pub(crate) root: Path,
    /// How its names are asked for.
    pub(crate) place: Place,
    /// Of a bucket.
    pub(crate) bucket: Option<OpenBucket>,
}

impl Landings {
    /// Those of this machine.
    pub(crate) fn here() -> Landings {
        Landings { folders: Arc::new(LocalFileSystem::new()), own: true, buckets: Arc::default() }
    }

    /// A store that stands for this machine's folders.
    pub(crate) fn given(folders: Arc<dyn ObjectStore>) -> Landings {
        Landings { folders, own: false, buckets: Arc::default() }
    }

    /// Where a source's files lie. Nothing is asked yet.
    pub(crate) fn of(&self, project: &Project, source: &Source) -> Result<Landing, ConnectError> {
        let fail = |reason: String| ConnectError::NotOpened { location: source.path.value.clone(), reason };
        match Location::parse(&source.path).map_err(|fault| fail(fault.to_string()))? {
            Location::Folder(folder) => {
                let base = project.root.canonicalize().unwrap_or_else(|_| project.root.clone());
                let folder = base.join(folder);
                let root = Path::from_absolute_path(&folder).map_err(|error| fail(error.to_string()))?;
                let place = if self.own { Place::Folder(folder) } else { Place::Store };
                Ok(Landing { store: self.folders.clone(), root, place, bucket: None })
            }
            Location::Bucket(bucket) => {
                let root = Path::parse(&bucket.prefix).map_err(|error| fail(error.to_string()))?;
                let mut open = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
                let opened = match open.get(&source.name.value) {
                    Some(opened) => opened.clone(),
                    None => {
                        let opened = lakesmith_store::open(&bucket, source.connection.as_ref(), &project.root);
                        let opened = opened.map_err(|error| fail(error.to_string()))?;
                        open.insert(source.name.value.clone(), opened.clone());
                        opened
                    }
                };
                let place = Place::Pages(opened.pages.clone());
                Ok(Landing { store: opened.store.clone(), root, place, bucket: Some(opened) })
            }
        }
    }
}

impl Landing {
    /// How many files are asked for at a time.
    pub(crate) fn requests(&self, threads: usize) -> usize {
        if self.bucket.is_some() { threads.max(REQUESTS) } else { threads }
    }
}

//! Folders of this machine that are watched: something was written there.
//!
//! What is told is a hint. Events may be lost, come twice or come early; what has arrived is decided by listing.

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// Folders, with everything below them.
pub struct FolderWatch {
    watcher: RecommendedWatcher,
    told: mpsc::UnboundedReceiver<Told>,
    folders: Vec<(PathBuf, Cover)>,
}

/// Where something was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// These files or folders.
    Paths(BTreeSet<PathBuf>),
    /// It is not known where: events were lost, or a folder has just appeared.
    Anywhere,
}

/// Folders that cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("`{}` cannot be watched: {source}", .folder.display())]
pub struct WatchError {
    /// The folder.
    pub folder: PathBuf,
    /// What the operating system said.
    pub source: notify::Error,
}

type Told = Result<Event, notify::Error>;

/// How a folder is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cover {
    /// With all below it.
    Whole,
    /// It is not there yet: the nearest folder above it.
    Above(PathBuf),
    Not,
}

impl FolderWatch {
    /// Watches folders. One that is not there is watched for from the nearest one above it.
    ///
    /// # Errors
    /// [`WatchError`] where the operating system refuses, as where there are more folders than it watches.
    pub fn new(folders: impl IntoIterator<Item = PathBuf>) -> Result<FolderWatch, WatchError> {
        let (tell, told) = mpsc::unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: Told| {
            // Whoever listened is gone.
            let _ = tell.send(event);
        });
        let watcher = watcher.map_err(|source| WatchError { folder: PathBuf::new(), source })?;
        let folders = folders.into_iter().map(|folder| (folder, Cover::Not)).collect();
        let mut watch = FolderWatch { watcher, told, folders };
        watch.cover()?;
        Ok(watch)
    }

    /// Waits until something is written below one of the folders.
    ///
    /// # Errors
    /// [`WatchError`] where a folder that has appeared cannot be watched.
    pub async fn written(&mut self) -> Result<Written, WatchError> {
        loop {
            if self.cover()? {
                return Ok(Written::Anywhere);
            }
            let Some(told) = self.told.recv().await else { return std::future::pending().await };
            match told {
                Ok(event) if event.need_rescan() => return Ok(Written::Anywhere),
                Ok(event) if !writes(event.kind) => {}
                Ok(event) => {
                    let paths: BTreeSet<PathBuf> = event.paths.into_iter().filter(|path| self.holds(path)).collect();
                    if !paths.is_empty() {
                        return Ok(Written::Paths(paths));
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "a watched folder told an error");
                    return Ok(Written::Anywhere);
                }
            }
        }
    }

    fn holds(&self, path: &Path) -> bool {
        self.folders.iter().any(|(folder, _)| path.starts_with(folder))
    }

    /// Watches what is there of the folders; whether one has appeared, in which files may lie already.
    fn cover(&mut self) -> Result<bool, WatchError> {
        let mut appeared = false;
        for (folder, cover) in &mut self.folders {
            let before = cover.clone();
            let wanted = match folder.is_dir() {
                true => Cover::Whole,
                false => folder
                    .ancestors()
                    .skip(1)
                    .find(|above| above.is_dir())
                    .map_or(Cover::Not, |above| Cover::Above(above.to_owned())),
            };
            if wanted == before {
                continue;
            }
            let watched = match &wanted {
                Cover::Whole => self.watcher.watch(folder, RecursiveMode::Recursive),
                Cover::Above(above) => self.watcher.watch(above, RecursiveMode::NonRecursive),
                Cover::Not => Ok(()),
            };
            watched.map_err(|source| WatchError { folder: folder.clone(), source })?;
            appeared |= wanted == Cover::Whole && before != Cover::Not;
            *cover = wanted;
        }
        Ok(appeared)
    }
}

impl fmt::Debug for FolderWatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("FolderWatch").field("folders", &self.folders).finish_non_exhaustive()
    }
}

/// Whether an event is one of writing: reading a file tells events too.
fn writes(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_) | EventKind::Other => true,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;
    use std::time::Duration;
    use tokio::time::timeout;

    const SOON: Duration = Duration::from_secs(10);

    async fn written_at(watch: &mut FolderWatch, path: &Path) -> bool {
        loop {
            match timeout(SOON, watch.written()).await {
                Ok(Ok(Written::Paths(paths))) if paths.contains(path) => return true,
                Ok(Ok(_)) => {}
                _ => return false,
            }
        }
    }

    #[tokio::test]
    async fn what_is_written_below_a_folder_is_told_and_what_is_read_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("orders")).unwrap();
        let mut watch = FolderWatch::new([root.clone()]).unwrap();
        fs::write(root.join("orders/a.csv"), "x").unwrap();
        assert!(written_at(&mut watch, &root.join("orders/a.csv")).await);
        while timeout(Duration::from_millis(300), watch.written()).await.is_ok() {}
        fs::read(root.join("orders/a.csv")).unwrap();
        assert!(timeout(Duration::from_millis(300), watch.written()).await.is_err(), "reading is not writing");
    }

    #[tokio::test]
    async fn a_folder_that_appears_later_is_watched_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let landing = root.join("landing/orders");
        let mut watch = FolderWatch::new([landing.clone()]).unwrap();
        fs::create_dir_all(&landing).unwrap();
        assert_eq!(timeout(SOON, watch.written()).await.unwrap().unwrap(), Written::Anywhere);
        fs::write(landing.join("b.csv"), "x").unwrap();
        assert!(written_at(&mut watch, &landing.join("b.csv")).await);
    }
}

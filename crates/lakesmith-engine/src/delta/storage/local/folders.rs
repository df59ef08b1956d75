//! Folders that last: made if missing, and synced where they were made.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path as FsPath, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::disk::Disk;

/// The folders below a root, as far as this process knows them.
#[derive(Debug)]
pub(super) struct Folders {
    root: PathBuf,
    disk: Disk,
    lasting: Mutex<HashSet<PathBuf>>,
    syncs: Mutex<HashMap<PathBuf, Arc<Sync>>>,
}

/// The syncs of one folder. One that begins after a name was made covers that name, whoever asked for it.
#[derive(Debug, Default)]
struct Sync {
    asked: AtomicU64,
    done: tokio::sync::Mutex<u64>,
}

impl Folders {
    /// Nothing above `root` is touched.
    pub(super) fn below(root: PathBuf) -> Self {
        Self { root, disk: Disk::default(), lasting: Mutex::default(), syncs: Mutex::default() }
    }

    pub(super) fn root(&self) -> &FsPath {
        &self.root
    }

    pub(super) fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Makes a folder and those it lies in. Blocks.
    pub(super) fn make(&self, folder: &FsPath) -> io::Result<()> {
        let known = |folder| self.lasting.lock().unwrap_or_else(PoisonError::into_inner).contains(folder);
        if folder == self.root || !folder.starts_with(&self.root) || known(folder) {
            return Ok(());
        }
        let Some(parent) = folder.parent() else { return Ok(()) };
        self.make(parent)?;
        match self.disk.make(folder) {
            // A folder that we made, and that somebody took away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.forget(parent);
                self.make(parent)?;
                self.disk.make(folder)?;
            }
            made => made?,
        }
        // Also when it was there: whoever made it may have died before it was synced.
        self.disk.sync_folder(parent)?;
        self.lasting.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
        Ok(())
    }

    /// A folder, or one that it lies in, was taken away.
    pub(super) fn forget(&self, folder: &FsPath) {
        let mut lasting = self.lasting.lock().unwrap_or_else(PoisonError::into_inner);
        lasting.retain(|known| !folder.starts_with(known));
    }

    /// Makes the name of a file last that is in its place. Files of one folder share a sync where they can.
    pub(super) async fn sync(self: &Arc<Self>, file: &FsPath) -> io::Result<()> {
        let folder = file.parent().unwrap_or(file).to_owned();
        let shared = {
            let mut syncs = self.syncs.lock().unwrap_or_else(PoisonError::into_inner);
            syncs.entry(folder.clone()).or_default().clone()
        };
        let mine = shared.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let mut done = shared.done.lock().await;
        if *done >= mine {
            return Ok(());
        }
        let upto = shared.asked.load(Ordering::SeqCst);
        let this = self.clone();
        tokio::task::spawn_blocking(move || this.disk.sync_folder(&folder)).await.map_err(io::Error::other)??;
        *done = upto;
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn folders_are_made_once_and_again_when_they_are_gone() {
        let dir = tempfile::tempdir().unwrap();
        let folders = Folders::below(dir.path().to_owned());
        let deep = dir.path().join("a/b/c");
        folders.make(&deep).unwrap();
        assert_eq!(folders.lasting.lock().unwrap().len(), 3);
        fs::remove_dir_all(dir.path().join("a")).unwrap();
        folders.make(&deep).unwrap();
        assert!(!deep.is_dir(), "known: nobody looks");
        folders.forget(&deep);
        folders.make(&deep).unwrap();
        assert!(deep.is_dir());
    }

    /// Thirty-two names in one folder need fewer syncs than there are names, and none is answered before one that covers it.
    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn files_of_one_folder_share_their_syncs() {
        let dir = tempfile::tempdir().unwrap();
        let folders = Arc::new(Folders::below(dir.path().to_owned()));
        let file = dir.path().join("x");
        let waiting = (0..32).map(|_| {
            let (folders, file) = (folders.clone(), file.clone());
            tokio::spawn(async move { folders.sync(&file).await })
        });
        for one in waiting.collect::<Vec<_>>() {
            one.await.unwrap().unwrap();
        }
        let shared = folders.syncs.lock().unwrap()[dir.path()].clone();
        assert_eq!((shared.asked.load(Ordering::SeqCst), *shared.done.lock().await), (32, 32));
    }
}

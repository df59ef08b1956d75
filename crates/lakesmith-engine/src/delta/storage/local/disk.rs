//! The calls to the operating system whose order decides what outlasts a loss of power. Tests read in which order they
//! were made.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path as FsPath, PathBuf};

/// The disk, as the store of local files writes to it.
#[derive(Debug, Default)]
pub(in crate::delta) struct Disk {
    #[cfg(test)]
    journal: std::sync::Mutex<Vec<Call>>,
}

/// A call that went through, or an answer that was given.
#[cfg_attr(not(test), allow(dead_code, reason = "tests read them"))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::delta) enum Call {
    SyncFile(PathBuf),
    Link(PathBuf, PathBuf),
    Rename(PathBuf, PathBuf),
    MakeFolder(PathBuf),
    /// What was there when so many calls had been made is covered by it.
    SyncFolder(PathBuf, usize),
    Answer(PathBuf),
}

impl Disk {
    /// What was written to a file lasts.
    pub(super) fn sync_file(&self, file: &File, path: &FsPath) -> io::Result<()> {
        file.sync_data()?;
        self.note(|| Call::SyncFile(path.to_owned()));
        Ok(())
    }

    /// Gives a file a further name, which must not exist.
    pub(super) fn link(&self, file: &FsPath, name: &FsPath) -> io::Result<()> {
        fs::hard_link(file, name).map_err(|error| match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::Unsupported => io::Error::new(
                ErrorKind::Unsupported,
                format!("the file system has no hard links, and so no way to make a file only if there is none ({error})"),
            ),
            _ => error,
        })?;
        self.note(|| Call::Link(file.to_owned(), name.to_owned()));
        Ok(())
    }

    /// Gives a file another name, whether or not there is one of that name.
    pub(super) fn rename(&self, file: &FsPath, name: &FsPath) -> io::Result<()> {
        fs::rename(file, name)?;
        self.note(|| Call::Rename(file.to_owned(), name.to_owned()));
        Ok(())
    }

    /// Makes one folder; it may be there.
    pub(super) fn make(&self, folder: &FsPath) -> io::Result<()> {
        match fs::create_dir(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        self.note(|| Call::MakeFolder(folder.to_owned()));
        Ok(())
    }

    /// The names in a folder last. Windows cannot sync a folder; its file systems keep names in their journal.
    pub(super) fn sync_folder(&self, folder: &FsPath) -> io::Result<()> {
        #[cfg(test)]
        let before = self.journal().len();
        if cfg!(unix) {
            File::open(folder)?.sync_all()?;
        }
        #[cfg(test)]
        self.note(|| Call::SyncFolder(folder.to_owned(), before));
        Ok(())
    }

    /// A put is about to be answered.
    pub(super) fn answered(&self, place: &FsPath) {
        self.note(|| Call::Answer(place.to_owned()));
    }

    #[cfg(not(test))]
    fn note(&self, _: impl FnOnce() -> Call) {}

    #[cfg(test)]
    fn note(&self, call: impl FnOnce() -> Call) {
        if let Ok(mut journal) = self.journal.lock() {
            journal.push(call());
        }
    }

    #[cfg(test)]
    pub(in crate::delta) fn journal(&self) -> Vec<Call> {
        self.journal.lock().map(|journal| journal.clone()).unwrap_or_default()
    }
}

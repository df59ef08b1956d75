//! Files of this machine as a store that keeps what object stores keep: an answered put outlives a loss of power.
//!
//! [`LocalFileSystem`] reads and lists; what is written goes this way instead, one sync a file:
//!
//! ```text
//! write beside its place, under a name that no listing shows ── sync the file
//!       │ put if absent: link it to its name, which fails if there is one    │ otherwise: rename it
//!       └──────────── sync the folder, together with whoever writes there now ┘
//! ```
//!
//! So a file is whole as soon as it has its name, and it has its name for good as soon as the put has answered: the order in
//! which data files, records and log entries are put is the order in which they come to last. The folders on the way are
//! synced in theirs, once a process, also those that an earlier process made and may not have synced.

pub(in crate::delta) mod disk;
mod folders;
mod upload;

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use uuid::Uuid;

use self::folders::Folders;
use self::upload::Upload;

const STORE: &str = "local files";

/// Files below one folder, by absolute path.
#[derive(Debug)]
pub(in crate::delta) struct LocalFiles {
    inner: LocalFileSystem,
    folders: Arc<Folders>,
}

impl LocalFiles {
    /// A store for what lies below `root`, which exists.
    pub(in crate::delta) fn new(root: PathBuf) -> Self {
        Self { inner: LocalFileSystem::new(), folders: Arc::new(Folders::below(root)) }
    }

    /// The calls to the disk so far.
    #[cfg(test)]
    pub(in crate::delta) fn journal(&self) -> Vec<disk::Call> {
        self.folders.disk().journal()
    }
}

impl std::fmt::Display for LocalFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "local files below {}", self.folders.root().display())
    }
}

#[async_trait]
impl ObjectStore for LocalFiles {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let create = match options.mode {
            PutMode::Create => true,
            PutMode::Overwrite => false,
            PutMode::Update(_) => {
                return Err(Error::NotImplemented {
                    operation: "a put on condition of what is there".to_owned(),
                    implementer: self.to_string(),
                });
            }
        };
        let place = self.inner.path_to_filesystem(location)?;
        let (folders, to) = (self.folders.clone(), place.clone());
        let written = blocking(&place, move || {
            let (mut file, staged) = folders.stage(&to)?;
            let disk = folders.disk();
            let written = payload.iter().try_for_each(|part| file.write_all(part)).and_then(|()| disk.sync_file(&file, &staged));
            // Some file systems take over what was written when it is closed.
            drop(file);
            let placed = written.and_then(|()| if create { disk.link(&staged, &to) } else { disk.rename(&staged, &to) });
            if create || placed.is_err() {
                let _ = fs::remove_file(&staged);
            }
            placed
        })
        .await;
        // Whoever is told that an object is there already may rely on it as well.
        if matches!(written, Ok(()) | Err(Error::AlreadyExists { .. })) {
            self.folders.sync(&place).await.map_err(|source| failed(&place, source))?;
            self.folders.disk().answered(&place);
        }
        written.map(|()| PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(&self, location: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        let place = self.inner.path_to_filesystem(location)?;
        let (folders, to) = (self.folders.clone(), place.clone());
        let (file, staged) = blocking(&place, move || folders.stage(&to)).await?;
        Ok(Box::new(Upload::new(self.folders.clone(), file, staged, place)))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await?;
        let place = self.inner.path_to_filesystem(to)?;
        self.folders.sync(&place).await.map_err(|source| failed(&place, source))
    }
}

impl Folders {
    /// A new file beside `place`, in a folder that lasts. Its name ends in `#` and digits: no listing shows it.
    fn stage(&self, place: &FsPath) -> io::Result<(File, PathBuf)> {
        let mut staged = place.as_os_str().to_owned();
        staged.push(format!("#{}", Uuid::new_v4().as_u128()));
        let staged = PathBuf::from(staged);
        let folder = place.parent().unwrap_or(place);
        self.make(folder)?;
        let open = || OpenOptions::new().write(true).create_new(true).open(&staged);
        match open() {
            Err(gone) if gone.kind() == ErrorKind::NotFound => {
                // Somebody took the folder away since we made it.
                self.forget(folder);
                self.make(folder)?;
                open()
            }
            opened => opened,
        }
        .map(|file| (file, staged))
    }
}

async fn blocking<T: Send + 'static>(place: &FsPath, work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|source| failed(place, source)),
        Err(stopped) => Err(Error::JoinError { source: stopped }),
    }
}

fn failed(place: &FsPath, source: io::Error) -> Error {
    let path = place.display().to_string();
    match source.kind() {
        ErrorKind::AlreadyExists => Error::AlreadyExists { path, source: source.into() },
        ErrorKind::NotFound => Error::NotFound { path, source: source.into() },
        ErrorKind::PermissionDenied => Error::PermissionDenied { path, source: source.into() },
        ErrorKind::Unsupported => Error::NotSupported { source: source.into() },
        _ => Error::Generic { store: STORE, source: format!("{path}: {source}").into() },
    }
}

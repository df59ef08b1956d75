//! A large file, put in parts.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::FutureExt;
use object_store::{Error, MultipartUpload, PutPayload, PutResult, Result, UploadPart};

use super::folders::Folders;
use super::{STORE, blocking, failed};

/// Parts go to their place in a file beside the one that is meant, which gets its name once all are there and synced.
#[derive(Debug)]
pub(super) struct Upload {
    folders: Arc<Folders>,
    file: Arc<Mutex<File>>,
    /// `None` once it has its name or is given up.
    staged: Option<PathBuf>,
    place: PathBuf,
    length: u64,
}

impl Upload {
    pub(super) fn new(folders: Arc<Folders>, file: File, staged: PathBuf, place: PathBuf) -> Self {
        Self { folders, file: Arc::new(Mutex::new(file)), staged: Some(staged), place, length: 0 }
    }

    fn take(&mut self) -> Result<PathBuf> {
        self.staged.take().ok_or_else(|| Error::Generic { store: STORE, source: "the upload has ended".into() })
    }
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let (file, place, at) = (self.file.clone(), self.place.clone(), self.length);
        self.length += data.content_length() as u64;
        async move {
            blocking(&place, move || {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                file.seek(SeekFrom::Start(at))?;
                data.iter().try_for_each(|part| file.write_all(part))
            })
            .await
        }
        .boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let (staged, file, to) = (self.take()?, self.file.clone(), self.place.clone());
        let folders = self.folders.clone();
        blocking(&self.place, move || {
            let file = file.lock().unwrap_or_else(PoisonError::into_inner);
            let placed = folders.disk().sync_file(&file, &staged).and_then(|()| folders.disk().rename(&staged, &to));
            placed.inspect_err(|_| drop(fs::remove_file(&staged)))
        })
        .await?;
        self.folders.sync(&self.place).await.map_err(|source| failed(&self.place, source))?;
        self.folders.disk().answered(&self.place);
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn abort(&mut self) -> Result<()> {
        let staged = self.take()?;
        blocking(&self.place, move || fs::remove_file(&staged)).await
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(staged) = self.staged.take() {
            let _ = fs::remove_file(staged);
        }
    }
}

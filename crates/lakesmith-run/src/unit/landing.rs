//! What sources bring to a test: files in memory, each changed last at the time of the run that is to read it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Files with times that are told.
#[derive(Clone, Debug, Default)]
pub(super) struct Landing {
    files: Arc<InMemory>,
    modified: Arc<Mutex<BTreeMap<Path, DateTime<Utc>>>>,
}

impl Landing {
    /// Puts a file there.
    pub(super) async fn deliver(&self, path: &Path, bytes: String, modified: DateTime<Utc>) -> Result<()> {
        self.modified.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), modified);
        self.files.put(path, bytes.into_bytes().into()).await?;
        Ok(())
    }

    fn dated(&self, mut meta: ObjectMeta) -> ObjectMeta {
        let modified = self.modified.lock().unwrap_or_else(PoisonError::into_inner);
        meta.last_modified = modified.get(&meta.location).copied().unwrap_or(meta.last_modified);
        meta
    }
}

impl fmt::Display for Landing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the files of a test")
    }
}

#[async_trait]
impl ObjectStore for Landing {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.files.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(&self, location: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.files.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let result = self.files.get_opts(location, options).await?;
        Ok(GetResult { meta: self.dated(result.meta.clone()), ..result })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let landing = self.clone();
        self.files.list(prefix).map(move |meta| meta.map(|meta| landing.dated(meta))).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut listing = self.files.list_with_delimiter(prefix).await?;
        listing.objects = listing.objects.into_iter().map(|meta| self.dated(meta)).collect();
        Ok(listing)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await
    }
}

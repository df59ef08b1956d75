//! A store in memory whose answer to the next conditional put can be false.

use std::fmt;
use std::sync::Mutex;

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// What the store does with a conditional put, and what it says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Answer {
    DoneButExists,
    DoneButTimeout,
    NotDoneTimeout,
    Denied,
}

#[derive(Debug, Default)]
pub(super) struct LyingStore {
    inner: InMemory,
    next: Mutex<Option<Answer>>,
}

impl LyingStore {
    pub(super) fn next_create(&self, answer: Answer) {
        *self.next.lock().unwrap() = Some(answer);
    }
}

impl fmt::Display for LyingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LyingStore")
    }
}

#[async_trait]
impl ObjectStore for LyingStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let answer = match options.mode {
            PutMode::Create => self.next.lock().unwrap().take(),
            _ => None,
        };
        let timeout = || Error::Generic { store: "lying", source: "timed out".into() };
        let path = location.to_string();
        match answer {
            None => self.inner.put_opts(location, payload, options).await,
            Some(Answer::DoneButExists) => {
                self.inner.put_opts(location, payload, options).await?;
                Err(Error::AlreadyExists { path, source: "sent again".into() })
            }
            Some(Answer::DoneButTimeout) => {
                self.inner.put_opts(location, payload, options).await?;
                Err(timeout())
            }
            Some(Answer::NotDoneTimeout) => Err(timeout()),
            Some(Answer::Denied) => Err(Error::PermissionDenied { path, source: "read only".into() }),
        }
    }

    async fn put_multipart_opts(&self, location: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
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

//! A store in memory whose answers to the next conditional puts can be false.

use std::collections::VecDeque;
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
    /// None: as a store should.
    Kept,
    DoneButExists,
    DoneButTimeout,
    NotDoneTimeout,
    /// 409: another request for the object is under way, whatever will become of it.
    NotDoneConflict,
    Denied,
    /// Somebody else was there a moment before, with a commit of theirs.
    Overtaken,
    /// The condition is not kept, and nobody says so.
    WrittenOver,
    /// There is no such thing as a condition.
    NotThere,
}

#[derive(Debug, Default)]
pub(super) struct LyingStore {
    inner: InMemory,
    next: Mutex<VecDeque<Answer>>,
}

impl LyingStore {
    /// What becomes of the next conditional put that no answer is waiting for yet.
    pub(super) fn next_create(&self, answer: Answer) {
        self.next.lock().unwrap().push_back(answer);
    }

    pub(super) fn next_creates(&self, answers: impl IntoIterator<Item = Answer>) {
        self.next.lock().unwrap().extend(answers);
    }

    /// How many answers have not been given.
    pub(super) fn left(&self) -> usize {
        self.next.lock().unwrap().len()
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
            PutMode::Create => self.next.lock().unwrap().pop_front(),
            _ => None,
        };
        let timeout = || Error::Generic { store: "lying", source: "timed out".into() };
        let path = location.to_string();
        match answer {
            None | Some(Answer::Kept) => self.inner.put_opts(location, payload, options).await,
            Some(Answer::DoneButExists) => {
                self.inner.put_opts(location, payload, options).await?;
                Err(Error::AlreadyExists { path, source: "sent again".into() })
            }
            Some(Answer::DoneButTimeout) => {
                self.inner.put_opts(location, payload, options).await?;
                Err(timeout())
            }
            Some(Answer::NotDoneTimeout) => Err(timeout()),
            Some(Answer::NotDoneConflict) => Err(Error::AlreadyExists { path, source: "409 Conflict".into() }),
            Some(Answer::WrittenOver) => self.inner.put_opts(location, payload, PutOptions::default()).await,
            Some(Answer::Overtaken) => {
                let theirs = PutPayload::from_static(b"{\"commitInfo\":{\"timestamp\":0,\"operation\":\"WRITE\"}}\n");
                self.inner.put_opts(location, theirs, PutOptions::default()).await?;
                Err(Error::AlreadyExists { path, source: "theirs".into() })
            }
            Some(Answer::NotThere) => {
                Err(Error::NotImplemented { operation: "conditional put".to_owned(), implementer: self.to_string() })
            }
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

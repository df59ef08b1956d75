//! Log entries, fetched once.
//!
//! An entry of a Delta log never changes, and is asked for often: for a snapshot, for each application's `txn`, for the
//! files. On a cloud each of these is a request. So small entries that were fetched or put are kept, for as long as
//! listings show them as they were: a table that was deleted and made anew has other entries under the same names.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// Larger ones are fetched each time.
const LARGEST: usize = 1 << 20;
/// All of them together; beyond it they are forgotten.
const MOST: usize = 32 << 20;

/// A store that remembers log entries.
#[derive(Debug)]
pub(super) struct Entries {
    inner: Arc<dyn ObjectStore>,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: HashMap<Path, (ObjectMeta, Bytes)>,
    bytes: usize,
}

impl Kept {
    fn put(&mut self, meta: ObjectMeta, bytes: Bytes) {
        self.forget(&meta.location);
        if bytes.len() > LARGEST {
            return;
        }
        if self.bytes + bytes.len() > MOST {
            *self = Kept::default();
        }
        self.bytes += bytes.len();
        self.entries.insert(meta.location.clone(), (meta, bytes));
    }

    fn forget(&mut self, entry: &Path) {
        if let Some((_, bytes)) = self.entries.remove(entry) {
            self.bytes -= bytes.len();
        }
    }

    /// An entry that is listed otherwise than it was is another one.
    fn listed(&mut self, now: &ObjectMeta) {
        if self.entries.get(&now.location).is_some_and(|(held, _)| !is_same(held, now)) {
            self.forget(&now.location);
        }
    }
}

fn is_same(held: &ObjectMeta, now: &ObjectMeta) -> bool {
    let same_content = match (&held.e_tag, &now.e_tag) {
        (Some(held), Some(now)) => held == now,
        _ => held.last_modified == now.last_modified,
    };
    held.size == now.size && same_content
}

/// `…/_delta_log/00000000000000000017.json`
fn is_entry(path: &Path) -> bool {
    let mut parts = path.as_ref().rsplit('/');
    let is_numbered =
        |name: &str| name.strip_suffix(".json").is_some_and(|n| n.len() == 20 && n.bytes().all(|b| b.is_ascii_digit()));
    parts.next().is_some_and(is_numbered) && parts.next() == Some("_delta_log")
}

/// Whether the whole object is asked for, whatever it is.
fn is_plain(options: &GetOptions) -> bool {
    let GetOptions { if_match, if_none_match, if_modified_since, if_unmodified_since, range, version, head, .. } = options;
    let unconditional =
        if_match.is_none() && if_none_match.is_none() && if_modified_since.is_none() && if_unmodified_since.is_none();
    unconditional && range.is_none() && version.is_none() && !head
}

impl Entries {
    pub(super) fn over(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, kept: Arc::default() }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self, found: BoxStream<'static, Result<ObjectMeta>>) -> BoxStream<'static, Result<ObjectMeta>> {
        let kept = self.kept.clone();
        found
            .inspect(move |found| {
                if let Ok(found) = found {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).listed(found);
                }
            })
            .boxed()
    }
}

impl fmt::Display for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Entries {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if !is_entry(location) {
            return self.inner.put_opts(location, payload, options).await;
        }
        self.kept().forget(location);
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(&self, location: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if !is_entry(location) || !is_plain(&options) {
            return self.inner.get_opts(location, options).await;
        }
        let known = self.kept().entries.get(location).cloned();
        let (meta, bytes) = match known {
            Some(known) => known,
            None => {
                let found = self.inner.get_opts(location, options).await?;
                let meta = found.meta.clone();
                let bytes = found.bytes().await?;
                self.kept().put(meta.clone(), bytes.clone());
                (meta, bytes)
            }
        };
        let range = 0..bytes.len() as u64;
        let payload = GetResultPayload::Stream(stream::once(async move { Ok(bytes) }).boxed());
        Ok(GetResult { payload, meta, range, attributes: Attributes::default() })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.watch(self.inner.list(prefix))
    }

    fn list_with_offset(&self, prefix: Option<&Path>, offset: &Path) -> BoxStream<'static, Result<ObjectMeta>> {
        self.watch(self.inner.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let found = self.inner.list_with_delimiter(prefix).await?;
        found.objects.iter().for_each(|object| self.kept().listed(object));
        Ok(found)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.kept().forget(to);
        self.inner.copy_opts(from, to, options).await
    }
}

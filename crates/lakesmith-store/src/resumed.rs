//! A store whose long answers are taken up again where they broke off.
//!
//! Each request has half a minute, so that one that hangs ends. A large object over a slow line takes longer than that: what
//! came is kept, and the rest is asked for, on condition that the object is still the same. As long as bytes come it goes on;
//! after a few requests in a row that brought none it fails.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// How many requests in a row may bring nothing.
const FRUITLESS: u32 = 3;

/// A store whose long answers are taken up again.
#[derive(Debug)]
pub(crate) struct Resumed {
    inner: Arc<dyn ObjectStore>,
}

impl Resumed {
    pub(crate) fn over(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner }
    }
}

impl fmt::Display for Resumed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// The rest of an object that is being read.
struct Rest {
    store: Arc<dyn ObjectStore>,
    location: Path,
    options: GetOptions,
    e_tag: String,
    left: Range<u64>,
    body: BoxStream<'static, Result<Bytes>>,
    fruitless: u32,
}

impl Rest {
    async fn next(mut self) -> Result<Option<(Bytes, Rest)>> {
        loop {
            match self.body.next().await {
                Some(Ok(bytes)) => {
                    self.left.start += bytes.len() as u64;
                    self.fruitless = 0;
                    return Ok(Some((bytes, self)));
                }
                None if self.left.start >= self.left.end => return Ok(None),
                // The end came too early and nobody said so.
                None if self.fruitless == FRUITLESS => return Err(ended(&self.location)),
                None => {}
                Some(Err(error)) if self.fruitless == FRUITLESS || self.left.start >= self.left.end => return Err(error),
                Some(Err(error)) => {
                    tracing::debug!(object = %self.location, %error, "an answer broke off and is taken up again");
                }
            }
            self.fruitless += 1;
            let options = GetOptions {
                range: Some(GetRange::Bounded(self.left.clone())),
                if_match: Some(self.e_tag.clone()),
                ..self.options.clone()
            };
            self.body = self.store.get_opts(&self.location, options).await?.into_stream();
        }
    }
}

fn ended(location: &Path) -> object_store::Error {
    object_store::Error::Generic { store: "bucket", source: format!("the answer for `{location}` ended before its end").into() }
}

#[async_trait]
impl ObjectStore for Resumed {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(&self, location: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let found = self.inner.get_opts(location, options.clone()).await?;
        let Some(e_tag) = found.meta.e_tag.clone().filter(|_| !options.head) else { return Ok(found) };
        let GetResult { payload, meta, range, attributes } = found;
        let payload = match payload {
            GetResultPayload::Stream(body) => {
                let (store, location, left) = (self.inner.clone(), location.clone(), range.clone());
                let rest = Rest { store, location, options, e_tag, left, body, fruitless: 0 };
                GetResultPayload::Stream(stream::try_unfold(rest, Rest::next).boxed())
            }
            other => other,
        };
        Ok(GetResult { payload, meta, range, attributes })
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
        self.inner.copy_opts(from, to, options).await
    }
}

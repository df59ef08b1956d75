//! The bytes of one file, as it was listed or not at all.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt};

use super::FileEntry;
use crate::error::{ConnectError, FileFault};
use crate::format::Stop;

/// A file and where to get it.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    pub(super) store: Arc<dyn ObjectStore>,
    pub(super) location: Path,
    pub(super) entry: FileEntry,
}

impl Remote {
    /// The whole file.
    pub(super) async fn whole(&self) -> Result<Bytes, Stop> {
        let result = self.get(GetOptions::default()).await?;
        let local = matches!(result.payload, GetResultPayload::File(..));
        let bytes = result.bytes().await.map_err(|error| self.stop(error))?;
        if bytes.len() as u64 != self.entry.size {
            return Err(FileFault::Changed.into());
        }
        if local {
            // A local file can change under the reader; an object is what it was when the request was answered.
            self.check_unchanged().await?;
        }
        Ok(bytes)
    }

    /// The file piece by piece. Whether it changed meanwhile shows [`Remote::check_unchanged`].
    pub(super) async fn stream(&self) -> Result<BoxStream<'static, object_store::Result<Bytes>>, Stop> {
        Ok(self.get(GetOptions::default()).await?.into_stream().boxed())
    }

    /// The first `length` bytes, or all if there are fewer. The file may be another than was listed.
    pub(super) async fn beginning(&self, length: u64) -> Result<Bytes, Stop> {
        if self.entry.size == 0 {
            return Ok(Bytes::new());
        }
        let options = GetOptions { range: Some(GetRange::Bounded(0..length)), ..GetOptions::default() };
        let result = self.store.get_opts(&self.location, options).await.map_err(|error| self.stop(error))?;
        let pieces: Vec<Bytes> = result.into_stream().try_collect().await.map_err(|error| self.stop(error))?;
        Ok(pieces.concat().into())
    }

    /// Fails if the file is no longer the one that was listed.
    pub(super) async fn check_unchanged(&self) -> Result<(), Stop> {
        let now = self.store.head(&self.location).await.map_err(|error| self.stop(error))?;
        if self.is_same(&now) { Ok(()) } else { Err(FileFault::Changed.into()) }
    }

    /// Whether an error means this file only, and which fault it is.
    pub(super) fn stop(&self, error: object_store::Error) -> Stop {
        match error {
            object_store::Error::NotFound { .. } => FileFault::Vanished.into(),
            object_store::Error::Precondition { .. } => FileFault::Changed.into(),
            error => match refused_by_system(&error) {
                Some(reason) => FileFault::Unreadable { reason }.into(),
                None => ConnectError::Store { path: self.location.to_string(), source: error }.into(),
            },
        }
    }

    async fn get(&self, options: GetOptions) -> Result<GetResult, Stop> {
        let result = self.store.get_opts(&self.location, options).await.map_err(|error| self.stop(error))?;
        if self.is_same(&result.meta) { Ok(result) } else { Err(FileFault::Changed.into()) }
    }

    fn is_same(&self, now: &ObjectMeta) -> bool {
        let listed = &self.entry;
        let same_content = match (&listed.etag, &now.e_tag) {
            (Some(listed), Some(now)) => listed == now,
            _ => listed.modified == now.last_modified,
        };
        listed.size == now.size && same_content
    }
}

/// What the operating system says if it refuses this file (and not the whole disk).
fn refused_by_system(error: &object_store::Error) -> Option<String> {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(current) = cause {
        if let Some(io) = current.downcast_ref::<std::io::Error>() {
            let refused = matches!(io.kind(), std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::IsADirectory);
            return refused.then(|| io.kind().to_string());
        }
        cause = current.source();
    }
    None
}

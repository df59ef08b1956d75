//! The bytes of one file, as it was listed or not at all.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, GetResultPayload, ObjectMeta, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};

use super::FileEntry;
use crate::content::Blob;
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
    /// Its bytes at hand, and their SHA-256 in hex. Up to `held_bytes` they are held; a larger file is read where it
    /// lies, if it is on this machine, and else put into a temporary file.
    pub(super) async fn blob(&self, held_bytes: u64) -> Result<(Blob, String), Stop> {
        let result = self.get(GetOptions::default()).await?;
        let local = matches!(result.payload, GetResultPayload::File(..));
        let (blob, hash) = match result.payload {
            GetResultPayload::File(file, _) if self.entry.size > held_bytes => self.hashed(file)?,
            payload if self.entry.size <= held_bytes => {
                let bytes = GetResult { payload, ..result }.bytes().await.map_err(|error| self.stop(error))?;
                let hash = hex(&Sha256::digest(&bytes));
                (Blob::Held(bytes), hash)
            }
            payload => self.spool(GetResult { payload, ..result }).await?,
        };
        if blob.length() != self.entry.size {
            return Err(FileFault::Changed.into());
        }
        if local {
            // A local file can change under the reader; an object is what it was when the request was answered.
            self.check_unchanged().await?;
        }
        Ok((blob, hash))
    }

    fn hashed(&self, file: File) -> Result<(Blob, String), Stop> {
        let blob = Blob::File { file: Arc::new(file), length: self.entry.size };
        let mut hash = Sha256::new();
        let refused = |error: std::io::Error| Stop::Fault(FileFault::Unreadable { reason: error.to_string() });
        std::io::copy(&mut blob.reader(0), &mut hash).map_err(refused)?;
        Ok((blob, hex(&hash.finalize())))
    }

    async fn spool(&self, result: GetResult) -> Result<(Blob, String), Stop> {
        let refused =
            |source: std::io::Error| ConnectError::Spool { path: self.entry.path.clone(), size: self.entry.size, source };
        let mut file = tempfile::tempfile().map_err(refused)?;
        let (mut hash, mut length) = (Sha256::new(), 0);
        let mut pieces = result.into_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| self.stop(error))?;
            hash.update(&piece);
            length += piece.len() as u64;
            file.write_all(&piece).map_err(refused)?;
        }
        Ok((Blob::File { file: Arc::new(file), length }, hex(&hash.finalize())))
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
            (Some(listed), Some(now)) => bare(listed) == bare(now),
            _ => listed.modified == now.last_modified,
        };
        listed.size == now.size && same_content
    }
}

/// An entity tag without its quotes: Azure lists tags without and answers them with.
fn bare(etag: &str) -> &str {
    etag.trim_start_matches("W/").trim_matches('"')
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

fn hex(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Whether a storage keeps what commits rely on: of several puts of one object, the first is kept and the others are refused.
//!
//! There are stores that do not know `If-None-Match`, stores that accept and ignore it, and file systems without hard
//! links. On each of them two runners would write over each other's commits without a word. So an object is put twice, and
//! another one by several at once, before the first table is made. A storage that passed is marked, with the place it was
//! at: what was copied elsewhere is tried again.

use bytes::Bytes;
use futures::future::join_all;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::json;
use uuid::Uuid;

use super::Storage;
use super::put::{PutError, if_absent};
use crate::delta::DeltaError;

const MARKER: &str = "_lakesmith/storage";
const FORMAT_VERSION: u32 = 1;
/// How many put one object at once.
const RACERS: usize = 8;

impl Storage {
    /// Tries out the storage, unless it has passed before: then this is one request, or none if it was this process.
    ///
    /// # Errors
    /// [`DeltaError::Unsafe`] for a storage on which commits could be lost; [`DeltaError::Location`] when it does not answer.
    pub async fn prove(&self) -> Result<(), DeltaError> {
        self.inner.proven.get_or_try_init(|| self.marked_or_tried()).await.copied()
    }

    async fn marked_or_tried(&self) -> Result<(), DeltaError> {
        let marker = self.path(MARKER)?;
        let passed = json!({ "format_version": FORMAT_VERSION, "location": self.url().as_str() });
        match self.store().get(&marker).await {
            Ok(found) => {
                let bytes = found.bytes().await.map_err(|error| self.silent(&error))?;
                if serde_json::from_slice::<serde_json::Value>(&bytes).is_ok_and(|found| found == passed) {
                    return Ok(());
                }
            }
            Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(self.silent(&error)),
        }
        self.probe().await?;
        self.store().put(&marker, Bytes::from(passed.to_string()).into()).await.map_err(|error| self.silent(&error))?;
        Ok(())
    }

    async fn probe(&self) -> Result<(), DeltaError> {
        let object = |n: usize| self.path(&format!("_lakesmith/probe/{}-{n}", Uuid::new_v4()));
        let (twice, raced) = (object(1)?, object(2)?);
        let store = self.store().as_ref();
        let (first, second) = (Bytes::from_static(b"first"), Bytes::from_static(b"second"));
        let found = async {
            if !self.put(store, &twice, &first).await? || self.put(store, &twice, &second).await? {
                return Ok(Some("an object that was there was written over: the store does not keep `If-None-Match: *`"));
            }
            let racers: Vec<Bytes> = (0..RACERS).map(|n| Bytes::from(n.to_string())).collect();
            let mut won = 0;
            for ours in join_all(racers.iter().map(|bytes| self.put(store, &raced, bytes))).await {
                won += usize::from(ours?);
            }
            Ok((won != 1).then_some("of several that put one object at once, more than one was told that it has it"))
        }
        .await;
        for object in [&twice, &raced] {
            if let Err(error) = store.delete(object).await {
                tracing::debug!(%object, %error, "an object of the probe could not be deleted");
            }
        }
        match found? {
            Some(reason) => Err(DeltaError::Unsafe { location: self.url().to_string(), reason: reason.to_owned() }),
            None => Ok(()),
        }
    }

    async fn put(&self, store: &dyn ObjectStore, object: &object_store::path::Path, bytes: &Bytes) -> Result<bool, DeltaError> {
        use object_store::Error::{NotImplemented, NotSupported};
        if_absent(store, object, bytes).await.map_err(|error| match error {
            PutError::Refused(error @ (NotSupported { .. } | NotImplemented { .. })) => {
                DeltaError::Unsafe { location: self.url().to_string(), reason: error.to_string() }
            }
            PutError::Refused(error) | PutError::Unknown(error) => self.silent(&error),
        })
    }

    fn silent(&self, error: &object_store::Error) -> DeltaError {
        DeltaError::Location { location: self.url().to_string(), reason: error.to_string() }
    }
}

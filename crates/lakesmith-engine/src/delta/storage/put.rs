//! Put if absent, with the answer found out where the store does not give it.

use std::time::Duration;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutOptions};

use super::Storage;

/// How often an object is put whose answer says nothing and that is not there afterwards.
const TRIES: u32 = 5;
/// The pause before the third try; it doubles with each further one.
const PAUSE: Duration = Duration::from_millis(100);

/// Why it is not known that an object is there.
#[derive(Debug)]
pub(in crate::delta) enum PutError {
    /// The store refused it outright: it is not there, and will not be.
    Refused(Error),
    /// It may be there, or may still come.
    Unknown(Error),
}

impl Storage {
    /// Puts `bytes` at `object` if nothing is there: true if what is there now is ours.
    ///
    /// `bytes` must differ from what anyone else would put: it is told by them. They may be put more than once, as the store
    /// keeps the first; what is refused as conflicting with a request under way (409) is looked for and put again.
    ///
    /// # Errors
    /// The store's, after which the object may or may not be there.
    pub async fn put_if_absent(&self, object: &Path, bytes: &Bytes) -> Result<bool, Error> {
        if_absent(self.store().as_ref(), object, bytes)
            .await
            .map_err(|(PutError::Refused(error) | PutError::Unknown(error))| error)
    }
}

pub(in crate::delta) async fn if_absent(store: &dyn ObjectStore, object: &Path, bytes: &Bytes) -> Result<bool, PutError> {
    let mut tries = 0;
    loop {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let error = match store.put_opts(object, bytes.clone().into(), options).await {
            Ok(_) => return Ok(true),
            Err(error) if tries == 0 && is_refusal(&error) => return Err(PutError::Refused(error)),
            Err(error) => error,
        };
        match held(store, object).await {
            Ok(Some(found)) => return Ok(found == *bytes),
            Ok(None) => tries += 1,
            // A store that does not answer at all has been waited for already.
            Err(_) => tries += 2,
        }
        if tries >= TRIES {
            return Err(PutError::Unknown(error));
        }
        if tries > 1 {
            tokio::time::sleep(PAUSE * 2_u32.pow(tries - 2)).await;
        }
    }
}

async fn held(store: &dyn ObjectStore, object: &Path) -> Result<Option<Bytes>, Error> {
    match store.get(object).await {
        Ok(found) => found.bytes().await.map(Some),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_refusal(error: &Error) -> bool {
    matches!(
        error,
        Error::NotSupported { .. }
            | Error::NotImplemented { .. }
            | Error::InvalidPath { .. }
            | Error::PermissionDenied { .. }
            | Error::Unauthenticated { .. }
            | Error::UnknownConfigurationKey { .. }
    )
}

//! Queues that tell of new objects, so that a bucket need not be listed to find them.
//!
//! A message names objects; it does not say that they are still there, are new, or have not been told of before. So each is
//! looked up, and read as a listed one would be. A message is deleted only by [`Queue::delete`], once what it told of is
//! committed: until then the queue hands it out again. What a queue loses or never gets is found by listing.

mod azure;
mod base64;
mod notice;
mod pubsub;
mod sqs;
mod tries;

use async_trait::async_trait;

pub use azure::AzureQueue;
pub use notice::{Object, objects};
pub use pubsub::PubSub;
pub use sqs::Sqs;

use crate::error::ConnectError;

/// A message of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// By which it is deleted.
    pub handle: String,
    /// The objects that it tells of; `None` for a message that is none of a bucket's.
    pub objects: Option<Vec<Object>>,
}

/// A queue of messages about new objects.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Some messages. Empty: there are none now.
    ///
    /// # Errors
    /// [`ConnectError::Queue`] when it does not answer, or refuses.
    async fn receive(&self) -> Result<Vec<Message>, ConnectError>;

    /// Deletes messages by their handles.
    ///
    /// # Errors
    /// [`ConnectError::Queue`] when it does not answer, or refuses. They are handed out again then, which does no harm.
    async fn delete(&self, handles: &[String]) -> Result<(), ConnectError>;
}

//! What can go wrong: with the source as a whole, and with one file of it.
//!
//! The two are kept apart because they are answered differently. An error of the source stops the batch; a fault of
//! one file becomes its receipt, and the other files of the batch go on.

use arrow::datatypes::DataType;

/// A failure of the source as a whole. Nothing of the batch has been committed when one is returned.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The store could not be asked: the network, the credentials, the permission on the folder.
    #[error("the store cannot be read at `{path}`: {source}")]
    Store {
        /// The folder or file that was asked for, within the store.
        path: String,
        /// What the store said.
        source: object_store::Error,
    },
    /// The place of a source cannot be used: a secret that is not there, settings that do not fit together.
    #[error("`{location}` cannot be opened: {reason}")]
    NotOpened {
        /// As the project names it.
        location: String,
        /// Why.
        reason: String,
    },
    /// The queue that tells of new files does not answer, or refuses.
    #[error("the queue `{queue}` cannot be read: {reason}")]
    Queue {
        /// Its URL.
        queue: String,
        /// Why.
        reason: String,
    },
    /// The source's file pattern is no glob, or leads out of the source's folder.
    #[error("`{pattern}` is not a usable file pattern: {reason}")]
    Pattern {
        /// The pattern as written.
        pattern: String,
        /// Why it cannot be used.
        reason: String,
    },
    /// A column has a type that no file format is read into.
    #[error("column `{column}` has the type {data_type}, which files cannot be read into")]
    UnsupportedType {
        /// The column, with the path to the field for nested ones.
        column: String,
        /// The type asked for.
        data_type: DataType,
    },
    /// A large file turned out to be unreadable after rows of it had been handed out. The batch that they went to must
    /// not be committed; it is read again without the file, whose receipt says why.
    #[error("the file `{path}` cannot be read: {fault}")]
    Broken {
        /// The file, relative to the source's folder.
        path: String,
        /// What is wrong with it.
        fault: FileFault,
    },
    /// The temporary file that a large file is put into could not be written.
    #[error("the file `{path}` ({size} bytes) could not be put into a temporary file: {source}")]
    Spool {
        /// The file, relative to the source's folder.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// What the system said.
        source: std::io::Error,
    },
    /// Arrow refused the columns that were built.
    #[error("the rows of a file could not be put into a batch: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
}

impl ConnectError {
    /// Whether the same call may succeed later without anybody changing the project.
    pub fn is_retryable(&self) -> bool {
        match self {
            ConnectError::Store { source, .. } => !matches!(
                source,
                object_store::Error::PermissionDenied { .. }
                    | object_store::Error::Unauthenticated { .. }
                    | object_store::Error::NotSupported { .. }
                    | object_store::Error::NotImplemented { .. }
            ),
            ConnectError::Broken { .. } | ConnectError::Spool { .. } | ConnectError::Queue { .. } => true,
            ConnectError::NotOpened { .. }
            | ConnectError::Pattern { .. }
            | ConnectError::UnsupportedType { .. }
            | ConnectError::Arrow(_) => false,
        }
    }
}

/// Why one file yields no rows. Its text is what the file's receipt says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// A NUL byte: the file is binary, or was preallocated and never written.
    #[error("binary data: NUL byte at offset {offset}")]
    BinaryNul {
        /// Offset of the first NUL from the start of the file.
        offset: u64,
    },
    /// A CSV quote that is still open at the end of the file.
    #[error("the quote opened on line {line} is never closed")]
    UnbalancedQuote {
        /// Line of the opening quote, counted from 1.
        line: u64,
    },
    /// One row larger than 256 MiB.
    #[error("the row at offset {offset} of its text is larger than 256 MiB")]
    RowTooLarge {
        /// Offset of the row from the start of the file's text, in bytes of UTF-8.
        offset: u64,
    },
    /// What the file is wrapped in, or its format, is broken: torn off, or overwritten.
    #[error("damaged {what} at offset {offset}: {reason}")]
    Damaged {
        /// The wrapping or the format.
        what: &'static str,
        /// Where, in bytes of what was unwrapped or read before.
        offset: u64,
        /// What the reader says.
        reason: String,
    },
    /// It unpacks to so much more than its size that it is taken for an attack.
    #[error("it unpacks to more than {times} times its size (stopped at offset {offset})")]
    Bomb {
        /// The limit.
        times: u64,
        /// Bytes unpacked.
        offset: u64,
    },
    /// Something that is not read.
    #[error("not supported: {what}")]
    Unsupported {
        /// What it is, by name.
        what: String,
    },
    /// The file is not what the format says it is.
    #[error("{0}")]
    NotOfFormat(String),
    /// More columns than are read.
    #[error("{found} columns; at most {most} are read")]
    TooManyColumns {
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// One snapshot of a full load that is older than another one that was read already.
    #[error("a newer snapshot was read before it, so it says nothing new")]
    OlderSnapshot,
    /// The file was listed but is no longer there.
    #[error("the file is gone")]
    Vanished,
    /// The file is not the one that was listed, or changed while it was read. It waits for the next batch.
    #[error("the file changed while it was read")]
    Changed,
    /// What has the name of a file of the source, but is none, or lies elsewhere.
    #[error("passed over: {reason}")]
    PassedOver {
        /// What it is.
        reason: String,
    },
    /// The operating system refuses this one file.
    #[error("the file cannot be opened: {reason}")]
    Unreadable {
        /// What the system said.
        reason: String,
    },
}

impl FileFault {
    /// Whether the file should be looked at again by the next batch as it is, without a receipt for this reading.
    pub fn is_transient(&self) -> bool {
        matches!(self, FileFault::Vanished | FileFault::Changed)
    }
}

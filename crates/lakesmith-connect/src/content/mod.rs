//! The content of a file: its bytes at hand, what they are wrapped in, and their text.
//!
//! [`Blob`] is the bytes as they lie outside, [`unwrap`] takes gzip, zstd and zip off, and [`TextStream`] makes UTF-8
//! text of any character set. What is wrong with the content is a [`FileFault`] that names the place.

mod blob;
mod charset;
mod text;
mod unwrap;

pub(crate) use blob::{Blob, BlobReader};
pub use charset::Charset;
pub(crate) use text::{Notes, TextPiece, TextStream};
pub use unwrap::Compression;
pub(crate) use unwrap::{parts, stream as unwrapped};

use crate::error::FileFault;

/// What a format reads from.
pub(crate) enum Content {
    /// Text in the order of the file.
    Text(TextStream),
    /// Bytes at any place.
    Blob(Blob),
}

/// What a format wants to read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wants {
    Text,
    Blob,
}

/// The fault that an I/O error of a reader stands for: one that a layer below put in, or what the system said.
pub(crate) fn fault(error: std::io::Error) -> FileFault {
    match error.downcast::<FileFault>() {
        Ok(fault) => fault,
        Err(error) => FileFault::Unreadable { reason: error.to_string() },
    }
}

/// A fault on its way through layers that speak of I/O errors.
pub(crate) fn as_io(fault: FileFault) -> std::io::Error {
    std::io::Error::other(fault)
}

//! What a file is wrapped in: gzip, zstd, zip. A file is known by its first bytes, whatever its name ends in.

mod guard;
mod zip;

use std::io::{BufReader, Read};

use super::{Blob, as_io};
use crate::error::FileFault;
use guard::Guard;

/// What files are wrapped in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// Whatever the first bytes tell; a zip archive only where the name ends in `.zip`, since office files are such too.
    #[default]
    Auto,
    /// Nothing.
    None,
    /// gzip, RFC 1952, also of several members.
    Gzip,
    /// Zstandard, RFC 8878, also of several frames.
    Zstd,
    /// A zip archive: its files one after the other, by name. Directories and hidden files are passed over.
    Zip,
}

impl Compression {
    /// What a file that begins so and is called so is wrapped in.
    pub(crate) fn of(self, head: &[u8], path: &str) -> Compression {
        match (self, head) {
            (Compression::Auto, [0x1F, 0x8B, ..]) => Compression::Gzip,
            // The second is a frame to skip.
            (Compression::Auto, [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..]) => Compression::Zstd,
            (Compression::Auto, [b'P', b'K', 3 | 5, 4 | 6, ..]) if path.to_ascii_lowercase().ends_with(".zip") => {
                Compression::Zip
            }
            (Compression::Auto, _) => Compression::None,
            (declared, _) => declared,
        }
    }
}

/// One file within what was unwrapped.
pub(crate) struct Part {
    pub(crate) reader: Box<dyn Read + Send>,
}

/// The files in `blob`, in their order: one, or those of an archive.
///
/// # Errors
/// [`FileFault::Damaged`] if it is no such archive, [`FileFault::Unsupported`] for what archives may hold and is not read.
pub(crate) fn parts(blob: &Blob, compression: Compression) -> Result<Vec<Part>, FileFault> {
    match compression {
        Compression::Zip => zip::parts(blob),
        other => Ok(vec![Part { reader: stream(blob.reader(0), blob.length(), other) }]),
    }
}

/// The unwrapped bytes of what `reader` gives, whose length is `length`.
pub(crate) fn stream(reader: impl Read + Send + 'static, length: u64, compression: Compression) -> Box<dyn Read + Send> {
    match compression {
        Compression::Gzip => {
            let gzip = flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(1 << 16, reader));
            Box::new(Guard::new(gzip, length, "gzip"))
        }
        Compression::Zstd => match zstd::stream::read::Decoder::new(reader) {
            Ok(zstd) => Box::new(Guard::new(zstd, length, "zstd")),
            Err(error) => Box::new(Broken(error.to_string())),
        },
        _ => Box::new(reader),
    }
}

/// Only tells why it cannot be read.
struct Broken(String);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(as_io(FileFault::Unreadable { reason: self.0.clone() }))
    }
}

#[cfg(test)]
mod tests;

//! The bytes of one file, readable at any place and from several threads.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;

/// The bytes of one file: held, or in a file of this machine.
#[derive(Debug, Clone)]
pub(crate) enum Blob {
    Held(Bytes),
    File { file: Arc<File>, length: u64 },
}

impl Blob {
    /// Everything that `reader` gives: held up to `held_bytes`, beyond that in a temporary file.
    pub(crate) fn take_all(reader: &mut dyn Read, held_bytes: u64) -> Result<Blob> {
        let mut held = Vec::new();
        reader.take(held_bytes + 1).read_to_end(&mut held)?;
        if held.len() as u64 <= held_bytes {
            return Ok(Blob::Held(held.into()));
        }
        let mut file = tempfile::tempfile()?;
        std::io::Write::write_all(&mut file, &held)?;
        let more = std::io::copy(reader, &mut file)?;
        Ok(Blob::File { file: Arc::new(file), length: held.len() as u64 + more })
    }

    /// Its length in bytes.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Blob::Held(bytes) => bytes.len() as u64,
            Blob::File { length, .. } => *length,
        }
    }

    /// Reads some of the bytes from `at` on; 0 at the end.
    pub(crate) fn read_at(&self, at: u64, out: &mut [u8]) -> Result<usize> {
        match self {
            Blob::Held(bytes) => {
                let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
                let length = rest.len().min(out.len());
                out[..length].copy_from_slice(&rest[..length]);
                Ok(length)
            }
            Blob::File { file, length } => {
                let within = length.saturating_sub(at).min(out.len() as u64) as usize;
                read_file_at(file, at, &mut out[..within])
            }
        }
    }

    /// The bytes from `at` on, `length` of them or up to the end.
    pub(crate) fn slice(&self, at: u64, length: usize) -> Result<Bytes> {
        let within = self.length().saturating_sub(at).min(length as u64) as usize;
        if let (Blob::Held(bytes), Ok(start)) = (self, usize::try_from(at)) {
            let start = start.min(bytes.len());
            return Ok(bytes.slice(start..start + within));
        }
        let mut out = vec![0; within];
        BlobReader { blob: self.clone(), at }.read_exact(&mut out)?;
        Ok(out.into())
    }

    /// A reader of its own from `at` on.
    pub(crate) fn reader(&self, at: u64) -> BlobReader {
        BlobReader { blob: self.clone(), at }
    }
}

#[cfg(unix)]
fn read_file_at(file: &File, at: u64, out: &mut [u8]) -> Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, out, at)
}

#[cfg(windows)]
fn read_file_at(file: &File, at: u64, out: &mut [u8]) -> Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, out, at)
}

/// Reads a [`Blob`] from some place on; others may read it at the same time.
#[derive(Debug, Clone)]
pub(crate) struct BlobReader {
    blob: Blob,
    at: u64,
}

impl Read for BlobReader {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let length = self.blob.read_at(self.at, out)?;
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for BlobReader {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(offset) => self.blob.length().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.at.checked_add_signed(offset),
        };
        self.at = at.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn held_and_spooled_bytes_read_alike() {
        let text: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        for held_bytes in [0, 1000, 1 << 20] {
            let blob = Blob::take_all(&mut text.as_slice(), held_bytes).unwrap();
            assert_eq!(matches!(blob, Blob::Held(_)), held_bytes == 1 << 20);
            assert_eq!(blob.length(), 400_000);
            assert_eq!(blob.slice(4, 8).unwrap(), text[4..12]);
            assert_eq!(blob.slice(399_996, 100).unwrap(), text[399_996..]);
            assert!(blob.slice(400_001, 1).unwrap().is_empty());
            let mut reader = blob.reader(0);
            reader.seek(SeekFrom::End(-4)).unwrap();
            let mut end = Vec::new();
            reader.read_to_end(&mut end).unwrap();
            assert_eq!(end, text[399_996..]);
        }
    }
}

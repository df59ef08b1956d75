//! The files of a zip archive. The directory at its end is read by the crate `zip`; the files are read from their
//! places, so that nothing borrows the archive.

use std::io::{Read, Result};

use zip::{CompressionMethod, ZipArchive};

use super::Part;
use super::guard::Guard;
use crate::content::{Blob, as_io};
use crate::error::FileFault;

/// The most files of an archive.
const MAX_FILES: usize = 10_000;

pub(super) fn parts(blob: &Blob) -> std::result::Result<Vec<Part>, FileFault> {
    let damaged = |error: zip::result::ZipError| FileFault::Damaged { what: "zip", offset: 0, reason: error.to_string() };
    let mut archive = ZipArchive::new(blob.reader(0)).map_err(damaged)?;
    if archive.len() > MAX_FILES {
        return Err(FileFault::Unsupported { what: format!("a zip archive of {} files (at most {MAX_FILES})", archive.len()) });
    }
    let mut found = Vec::new();
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).map_err(damaged)?;
        let name = file.name().to_owned();
        let hidden = name.split('/').any(|step| step.starts_with(['.', '_']));
        if file.is_dir() || hidden {
            continue;
        }
        if file.encrypted() {
            return Err(FileFault::Unsupported { what: format!("the encrypted file `{name}` in a zip archive") });
        }
        let start = file.data_start().ok_or_else(|| FileFault::Damaged {
            what: "zip",
            offset: 0,
            reason: format!("the place of `{name}` cannot be told"),
        })?;
        let (packed, crc) = (file.compressed_size(), file.crc32());
        let raw = blob.reader(start).take(packed);
        let unpacked: Box<dyn Read + Send> = match file.compression() {
            CompressionMethod::Stored => Box::new(raw),
            CompressionMethod::Deflated => Box::new(Guard::new(flate2::read::DeflateDecoder::new(raw), packed, "zip")),
            CompressionMethod::Zstd => {
                let zstd = zstd::stream::read::Decoder::new(raw).map_err(|error| damaged(error.into()))?;
                Box::new(Guard::new(zstd, packed, "zip"))
            }
            method => {
                return Err(FileFault::Unsupported { what: format!("`{name}` in a zip archive, packed by {method}") });
            }
        };
        found.push((name, Part { reader: Box::new(Checked { inner: unpacked, hasher: flate2::Crc::new(), crc }) }));
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found.into_iter().map(|(_, part)| part).collect())
}

/// Compares the checksum once all is read.
struct Checked {
    inner: Box<dyn Read + Send>,
    hasher: flate2::Crc,
    crc: u32,
}

impl Read for Checked {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let length = self.inner.read(out)?;
        self.hasher.update(&out[..length]);
        if length == 0 && !out.is_empty() && self.hasher.sum() != self.crc {
            let reason = "the checksum differs".to_owned();
            return Err(as_io(FileFault::Damaged { what: "zip", offset: u64::from(self.hasher.amount()), reason }));
        }
        Ok(length)
    }
}

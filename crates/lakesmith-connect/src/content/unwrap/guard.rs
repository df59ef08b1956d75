//! What unwrapping may give: what is damaged is told as such, and what grows without measure is stopped.

use std::io::{Error, Read, Result};

use crate::content::as_io;
use crate::error::FileFault;

/// Up to so many bytes anything may unpack to.
const ALWAYS: u64 = 64 << 20;
/// How many times its size a file may unpack to beyond that. Text seldom reaches 100; gzip ends at 1032.
const TIMES: u64 = 500;

/// Reads from a decompressor.
pub(super) struct Guard<R> {
    inner: R,
    wrapping: &'static str,
    given: u64,
    limit: u64,
    packed: u64,
}

impl<R: Read> Guard<R> {
    /// Over the decompressor of `packed` bytes.
    pub(super) fn new(inner: R, packed: u64, wrapping: &'static str) -> Guard<R> {
        Guard { inner, wrapping, given: 0, limit: packed.saturating_mul(TIMES).max(ALWAYS), packed }
    }

    fn damaged(&self, error: &Error) -> Error {
        as_io(FileFault::Damaged { what: self.wrapping, offset: self.given, reason: error.to_string() })
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let length = match self.inner.read(out) {
            Ok(length) => length,
            Err(error) if error.get_ref().is_some_and(|inner| inner.is::<FileFault>()) => return Err(error),
            Err(error) => return Err(self.damaged(&error)),
        };
        self.given += length as u64;
        if self.given > self.limit {
            return Err(as_io(FileFault::Bomb { times: self.limit / self.packed.max(1), offset: self.limit }));
        }
        Ok(length)
    }
}

//! Bytes that arrive in pieces, as text that ends with a line break, and their hash.

use sha2::{Digest, Sha256};

use crate::error::FileFault;
use crate::rows::MAX_ROW_BYTES;

/// Bytes to gather before they are looked at.
const PIECE: usize = 1 << 20;

/// The bytes of a file on their way to rows.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// Bytes that have not been consumed.
    pending: Vec<u8>,
    /// Consumed bytes.
    offset: u64,
    /// How much must be pending before it is worth looking again.
    wanted: usize,
    hash: Sha256,
}

impl Text {
    /// Adds the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.pending.extend_from_slice(bytes);
    }

    /// The text that can be decoded: up to the last line break, or all of the `last`. `None` if more should be gathered.
    pub(super) fn ready(&self, last: bool) -> Result<Option<&str>, FileFault> {
        if self.pending.len() > MAX_ROW_BYTES {
            return Err(FileFault::RowTooLarge { offset: self.offset });
        }
        if last {
            return checked(&self.pending, self.offset).map(Some);
        }
        if self.pending.len() < PIECE.max(self.wanted) {
            return Ok(None);
        }
        match self.pending.iter().rposition(|byte| *byte == b'\n') {
            Some(newline) => checked(&self.pending[..=newline], self.offset).map(Some),
            None => Ok(None),
        }
    }

    /// Forgets the first `length` bytes, which are decoded. If that is nothing, twice as much is gathered next time.
    pub(super) fn consume(&mut self, length: usize) {
        self.pending.drain(..length);
        self.offset += length as u64;
        self.wanted = if length == 0 { self.pending.len() * 2 } else { 0 };
    }

    /// How much is pending.
    pub(super) fn pending_bytes(&self) -> usize {
        self.pending.len()
    }

    /// SHA-256 of everything pushed, in hex.
    pub(super) fn hash(&self) -> String {
        hex(self.hash.clone())
    }
}

/// `bytes` as text, if they are UTF-8 without NULs; `offset` is where they start in the file.
pub(super) fn checked(bytes: &[u8], offset: u64) -> Result<&str, FileFault> {
    let text = std::str::from_utf8(bytes).map_err(|error| FileFault::NotUtf8 { offset: offset + error.valid_up_to() as u64 })?;
    match text.find('\0') {
        Some(nul) => Err(FileFault::BinaryNul { offset: offset + nul as u64 }),
        None => Ok(text),
    }
}

/// SHA-256 of `bytes`, in hex.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn bad_bytes_are_named_by_their_place_in_the_file() {
        assert_eq!(checked(b"ab\xff", 10), Err(FileFault::NotUtf8 { offset: 12 }));
        assert_eq!(checked(b"a\0b", 10), Err(FileFault::BinaryNul { offset: 11 }));
    }

    #[test]
    fn text_is_ready_up_to_a_line_break() {
        let mut text = Text::default();
        text.push(&vec![b'a'; PIECE]);
        assert_eq!(text.ready(false), Ok(None));
        text.push("\nü".as_bytes());
        assert_eq!(text.ready(false).unwrap().unwrap().len(), PIECE + 1);
        text.consume(PIECE + 1);
        assert_eq!(text.ready(false), Ok(None));
        assert_eq!(text.ready(true), Ok(Some("ü")));
    }
}

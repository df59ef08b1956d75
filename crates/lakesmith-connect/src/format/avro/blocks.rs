//! The container: where its schema and its blocks lie. Source: the Avro specification, "Object Container Files".

use std::io::Read;
use std::sync::Arc;

use super::AVRO;
use super::layout::Layout;
use super::schema;
use crate::content::{Blob, Content, fault};
use crate::error::FileFault;

const MAGIC: &[u8; 4] = b"Obj\x01";
/// Bytes that are looked at first, and the largest header that is read.
const SMALL_HEADER: usize = 64 << 10;
const MAX_HEADER: usize = 16 << 20;
/// The largest block that is read, packed or unpacked.
const MAX_BLOCK: u64 = 256 << 20;
/// The largest block that cannot be measured before it is unpacked: its packing may be thousands of times smaller than it.
const MAX_UNMEASURED: u64 = 256 << 10;
const SYNC: usize = 16;

/// How the blocks of a file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Codec {
    Null,
    Deflate,
    Zstandard,
    Snappy,
    Bzip2,
    Xz,
}

/// A file whose header has been read, and how far its blocks have been found.
#[derive(Debug, Clone)]
pub(super) struct Container {
    blob: Blob,
    codec: Codec,
    codec_name: &'static str,
    schema: Arc<str>,
    layout: Arc<Layout>,
    sync: [u8; SYNC],
    at: u64,
}

/// Records that lie together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// Where its records begin.
    pub(super) offset: u64,
    /// Bytes of them, as they lie in the file.
    pub(super) size: u64,
    pub(super) count: usize,
}

impl Container {
    pub(super) fn open(content: Content) -> Result<Container, FileFault> {
        let Content::Blob(blob) = content else {
            return Err(FileFault::Unsupported { what: "text where an Avro file is read".to_owned() });
        };
        // Few headers are large.
        let small = Container::open_with(blob.clone(), SMALL_HEADER);
        if small.is_ok() || blob.length() <= SMALL_HEADER as u64 { small } else { Container::open_with(blob, MAX_HEADER) }
    }

    fn open_with(blob: Blob, header_bytes: usize) -> Result<Container, FileFault> {
        let head = blob.slice(0, header_bytes).map_err(fault)?;
        if !head.starts_with(MAGIC) {
            return Err(FileFault::NotOfFormat("not an Avro file: it does not begin with `Obj` and 1".to_owned()));
        }
        let mut cursor = Cursor { bytes: &head, at: MAGIC.len() };
        let header = cursor.header();
        let (schema, codec, sync) = header.ok_or_else(|| damaged(cursor.at as u64, "its header cannot be read"))?;
        let at = cursor.at as u64;
        let (codec, codec_name) = match codec {
            b"" | b"null" => (Codec::Null, "null"),
            b"deflate" => (Codec::Deflate, "deflate"),
            b"zstandard" => (Codec::Zstandard, "zstandard"),
            b"snappy" => (Codec::Snappy, "snappy"),
            b"bzip2" => (Codec::Bzip2, "bzip2"),
            b"xz" => (Codec::Xz, "xz"),
            other => {
                let name = String::from_utf8_lossy(other).chars().take(40).collect::<String>();
                return Err(FileFault::Unsupported { what: format!("the Avro codec `{name}`") });
            }
        };
        let (schema, layout) = schema::read(schema)?;
        Ok(Container { blob, codec, codec_name, schema: schema.into(), layout: Arc::new(layout), sync, at })
    }

    /// The next block; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Block>, FileFault> {
        if self.at == self.blob.length() {
            return Ok(None);
        }
        let head = self.blob.slice(self.at, 20).map_err(fault)?;
        let mut cursor = Cursor { bytes: &head, at: 0 };
        let sizes = cursor.long().zip(cursor.long());
        let broken = || damaged(self.at, "a block is cut off or overwritten");
        let (count, size) = sizes.ok_or_else(broken)?;
        let (count, size) = (usize::try_from(count).map_err(|_| broken())?, u64::try_from(size).map_err(|_| broken())?);
        let offset = self.at + cursor.at as u64;
        let end = offset.checked_add(size).filter(|end| *end <= self.blob.length().saturating_sub(SYNC as u64));
        let end = end.ok_or_else(broken)?;
        let limit = if matches!(self.codec, Codec::Bzip2 | Codec::Xz) { MAX_UNMEASURED } else { MAX_BLOCK };
        if size > limit {
            let what = format!("an Avro block of {size} bytes packed by {} (at most {limit})", self.codec_name);
            return Err(FileFault::Unsupported { what });
        }
        if self.blob.slice(end, SYNC).map_err(fault)?.as_ref() != self.sync {
            return Err(broken());
        }
        self.at = end + SYNC as u64;
        Ok(Some(Block { offset, size, count }))
    }

    /// The bytes of a block as they lie in the file.
    pub(super) fn packed(&self, block: &Block) -> Result<Vec<u8>, FileFault> {
        let bytes = self.blob.slice(block.offset, block.size as usize).map_err(fault)?;
        if self.codec == Codec::Snappy {
            // What it unpacks to is told at its beginning, and four bytes of checksum are at its end.
            let length = Cursor { bytes: &bytes, at: 0 }.varint();
            if bytes.len() < 5 || length.is_none_or(|length| length > MAX_BLOCK) {
                return Err(damaged(block.offset, "a block is not packed by snappy"));
            }
        }
        // Every record takes a byte at least, and nothing packs a record into less than a thousandth of one.
        if block.count as u64 > block.size.saturating_mul(100_000) {
            return Err(damaged(block.offset, "a block says it has more records than it can have"));
        }
        Ok(bytes.to_vec())
    }

    /// The records of a block, if its packing is one that can be unpacked within bounds. They are as many as it says.
    pub(super) fn unpacked(&self, block: &Block) -> Result<Option<Vec<u8>>, FileFault> {
        let packed = self.blob.reader(block.offset).take(block.size);
        let mut data = Vec::new();
        let broken =
            |error: std::io::Error| damaged(block.offset, &format!("a block is not packed by {}: {error}", self.codec_name));
        match self.codec {
            Codec::Null => packed.take(MAX_BLOCK + 1).read_to_end(&mut data),
            Codec::Deflate => flate2::read::DeflateDecoder::new(packed).take(MAX_BLOCK + 1).read_to_end(&mut data),
            Codec::Zstandard => zstd::Decoder::new(packed).and_then(|zstd| zstd.take(MAX_BLOCK + 1).read_to_end(&mut data)),
            _ => return Ok(None),
        }
        .map_err(broken)?;
        if data.len() as u64 > MAX_BLOCK {
            return Err(FileFault::Bomb { times: MAX_BLOCK / block.size.max(1), offset: block.offset });
        }
        if !self.layout.is_of(&data, block.count) {
            return Err(damaged(block.offset, "a block does not hold the records it says it holds"));
        }
        Ok(Some(data))
    }

    /// A file of one block.
    pub(super) fn of_one_block(&self, count: usize, data: &[u8], packed: bool) -> Vec<u8> {
        let mut file = Vec::with_capacity(data.len() + self.schema.len() + 100);
        file.extend(MAGIC);
        push_long(&mut file, 2);
        let codec = if packed { self.codec_name } else { "null" };
        for (key, value) in [("avro.schema", self.schema.as_ref()), ("avro.codec", codec)] {
            for text in [key, value] {
                push_long(&mut file, text.len() as i64);
                file.extend(text.as_bytes());
            }
        }
        push_long(&mut file, 0);
        file.extend(self.sync);
        if count > 0 {
            push_long(&mut file, count as i64);
            push_long(&mut file, data.len() as i64);
            file.extend(data);
            file.extend(self.sync);
        }
        file
    }
}

fn damaged(offset: u64, reason: &str) -> FileFault {
    FileFault::Damaged { what: AVRO, offset, reason: reason.to_owned() }
}

fn push_long(out: &mut Vec<u8>, value: i64) {
    let mut rest = (value << 1 ^ value >> 63) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

/// Reads the binary encoding. `None` at the end of the bytes.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    /// The schema, the codec (empty if none is told) and the mark between blocks.
    fn header(&mut self) -> Option<(&'a [u8], &'a [u8], [u8; SYNC])> {
        let (mut schema, mut codec) = (None, &b""[..]);
        loop {
            let count = self.long()?;
            if count == 0 {
                break;
            }
            if count < 0 {
                self.long()?;
            }
            for _ in 0..count.unsigned_abs() {
                let (key, value) = (self.sized()?, self.sized()?);
                match key {
                    b"avro.schema" => schema = Some(value),
                    b"avro.codec" => codec = value,
                    _ => {}
                }
            }
        }
        Some((schema?, codec, self.take(SYNC)?.try_into().ok()?))
    }

    pub(super) fn long(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(super) fn sized(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.long()?).ok()?;
        self.take(length)
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        Some(taken)
    }
}
